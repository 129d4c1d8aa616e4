// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "need.h"
#include "uffd.h"
#include "verdict.h"

int uffd_needed(const char **why)
{
	int uffd;

	if (!is_right(uffd_open(&uffd, UFFD_FEATURE_PAGEFAULT_FLAG_WP |
				UFFD_FEATURE_WP_ASYNC)))
		return missing("no userfaultfd that write-protects: CONFIG_USERFAULTFD is off, or run as root", why);
	close(uffd);
	return KSFT_PASS;
}

const char *uffd_open(int *uffd, uint64_t features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return went_well("open a userfaultfd", -errno);
	if (ioctl(fd, UFFDIO_API, &api)) {
		const char *verdict = went_well("UFFDIO_API", -errno);

		close(fd);
		return verdict;
	}
	*uffd = fd;
	return RIGHT;
}

const char *uffd_register(int uffd, const void *addr, size_t bytes,
			  uint64_t mode)
{
	struct uffdio_register reg = {
		.range = { (uintptr_t)addr, bytes },
		.mode = mode,
	};

	if (ioctl(uffd, UFFDIO_REGISTER, &reg))
		return went_well("UFFDIO_REGISTER", -errno);
	return RIGHT;
}

static const char *set_protection(int uffd, const void *addr, size_t bytes,
				  uint64_t mode)
{
	struct uffdio_writeprotect wp = {
		.range = { (uintptr_t)addr, bytes },
		.mode = mode,
	};

	if (ioctl(uffd, UFFDIO_WRITEPROTECT, &wp))
		return went_well("UFFDIO_WRITEPROTECT", -errno);
	return RIGHT;
}

const char *uffd_protect(int uffd, const void *addr, size_t bytes)
{
	return set_protection(uffd, addr, bytes, UFFDIO_WRITEPROTECT_MODE_WP);
}

const char *uffd_unprotect(int uffd, const void *addr, size_t bytes)
{
	return set_protection(uffd, addr, bytes, 0);
}
