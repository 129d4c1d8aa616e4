// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * The toy (lib/skeleton/toy.c), whose memory is a file: the kernel may transfer less than
 * it was asked for, as it does beyond 2 GiB. Nothing of what is moved may get lost by that.
 * The linker leads what the toy calls to the __wrap_ functions here.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"
#include "tap.h"

#define PAGES	3

ssize_t __real_pread64(int fd, void *buf, size_t bytes, off_t offset);
ssize_t __real_pwrite64(int fd, const void *buf, size_t bytes, off_t offset);
ssize_t __wrap_pread64(int fd, void *buf, size_t bytes, off_t offset);
ssize_t __wrap_pwrite64(int fd, const void *buf, size_t bytes, off_t offset);

static size_t at_once = 1000;
static unsigned int pieces;

static size_t cut(size_t bytes)
{
	pieces += bytes > at_once;
	return bytes < at_once ? bytes : at_once;
}

ssize_t __wrap_pread64(int fd, void *buf, size_t bytes, off_t offset)
{
	return __real_pread64(fd, buf, cut(bytes), offset);
}

ssize_t __wrap_pwrite64(int fd, const void *buf, size_t bytes, off_t offset)
{
	return __real_pwrite64(fd, buf, cut(bytes), offset);
}

/* No two pages alike, nor two pieces. */
static void fill(unsigned char *p, unsigned int seed)
{
	size_t i;

	for (i = 0; i < PAGES * devthp_page_size(); i++)
		p[i] = (unsigned char)((i * 7 + (i >> 8) + seed) % 251);
}

static void in_pieces(void)
{
	const size_t bytes = PAGES * devthp_page_size();
	unsigned char *range = aligned_alloc(devthp_page_size(), bytes);
	unsigned char *wanted = malloc(bytes), *buf = malloc(bytes);
	struct devthp_device_opts opts = { .size = sizeof(opts), .backend = "toy" };
	struct devthp_device *dev = NULL;

	CHECK_CALL(devthp_device_open(&dev, &opts), 0);
	fill(range, 1);
	fill(wanted, 1);
	CHECK_CALL(devthp_migrate_to_device(dev, range, PAGES, NULL), 0);
	CHECK(!memcmp(range, wanted, bytes));
	memset(buf, 0, bytes);
	CHECK_CALL(devthp_device_read(dev, range, PAGES, buf, NULL), 0);
	CHECK(!memcmp(buf, wanted, bytes));
	fill(wanted, 2);
	CHECK_CALL(devthp_device_write(dev, range, PAGES, wanted, NULL), 0);
	CHECK(!memcmp(range, wanted, bytes));
	CHECK_CALL(devthp_migrate_to_system(dev, range, PAGES, NULL), 0);
	CHECK(!memcmp(range, wanted, bytes));
	CHECK(pieces > 0);

	/* A device that can transfer nothing leaves all where it is. */
	at_once = 0;
	errno = 0;
	CHECK(devthp_migrate_to_device(dev, range, PAGES, NULL) < 0);
	CHECK(!memcmp(range, wanted, bytes));
	at_once = 1000;
	CHECK_CALL(devthp_device_close(dev), 0);
	free(range);
	free(wanted);
	free(buf);
}

static const struct tap_case cases[] = {
	{ "what is moved in pieces arrives whole", in_pieces },
};

TAP_MAIN(cases)
