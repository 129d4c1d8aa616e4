// SPDX-License-Identifier: GPL-2.0
/* vmsplice(2) puts references to the pages into a pipe, FOLL_GET to the kernel. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include <devthp.h>

#include "pin_kind.h"
#include "verdict.h"

int pin_pipe_needed(const char **why)
{
	return KSFT_PASS;
}

static const char *fill(int end, struct pin *pin)
{
	struct iovec left = {
		pin->addr, pin->npages * devthp_page_size(),
	};

	if (fcntl(end, F_SETPIPE_SZ, left.iov_len) < 0)
		return went_well("make room in a pipe", -errno);
	while (left.iov_len) {
		ssize_t bytes = vmsplice(end, &left, 1, SPLICE_F_NONBLOCK);

		if (bytes <= 0)
			return went_well("vmsplice", bytes ? -errno : -EIO);
		left.iov_base += bytes;
		left.iov_len -= bytes;
	}
	return RIGHT;
}

const char *pin_pipe_take(struct pin *pin)
{
	int *ends = malloc(2 * sizeof(*ends));

	if (!ends || pipe2(ends, O_CLOEXEC)) {
		free(ends);
		return went_well("make a pipe", -errno);
	}
	pin->holder = ends;
	return fill(ends[1], pin);
}

const char *pin_pipe_drop(struct pin *pin, void *copy)
{
	size_t left = copy ? pin->npages * devthp_page_size() : 0;
	const char *verdict = RIGHT;
	int *ends = pin->holder;
	char *to = copy;

	while (left && is_right(verdict)) {
		ssize_t bytes = read(ends[0], to, left);

		if (bytes <= 0)
			verdict = went_well("read from a pipe",
					    bytes ? -errno : -EIO);
		to += bytes;
		left -= bytes;
	}
	close(ends[0]);
	close(ends[1]);
	free(ends);
	return verdict;
}
