// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* The library's own buffer is not where it would pass for memory of the caller's. */
#include <sys/mman.h>

#include "devthp_backend.h"
#include "internal.h"
#include "tap.h"

#define PAGES	4

static size_t bytes;
static const char *seen;	/* the buffer that the backend was given */

static int noting_open(const struct devthp_backend_request *request,
		       struct devthp_backend_device *device)
{
	(void)request;
	device->window_pages = 1;
	return 0;
}

static int noting_close(void *state)
{
	(void)state;
	return 0;
}

static int noting_exclusive(void *state, uintptr_t addr, size_t npages, void *buf)
{
	(void)state, (void)addr, (void)npages;
	seen = buf;
	return 0;
}

static int noting_is_exclusive(void *state, uintptr_t addr, size_t npages)
{
	(void)state, (void)addr, (void)npages;
	return 0;
}

static int noting_to_device(void *state, uintptr_t addr, size_t npages, void *buf,
			    uint64_t *entries)
{
	(void)entries;
	return noting_exclusive(state, addr, npages, buf);
}

static int noting_to_system(void *state, uintptr_t addr, size_t npages, uint64_t *entries)
{
	(void)entries;
	return noting_is_exclusive(state, addr, npages);
}

/* Where the kernel puts who maps as much next. */
static char *next_place(void)
{
	char *p = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(p != MAP_FAILED && !munmap(p, bytes));
	return p;
}

static bool apart(const char *addr)
{
	return seen && (addr + bytes <= seen || seen + bytes <= addr);
}

static void unmapped_range(void)
{
	const struct devthp_backend noting = {
		.size = sizeof(noting), .name = "noting",
		.open = noting_open, .close = noting_close,
		.migrate_to_device = noting_to_device, .migrate_to_system = noting_to_system,
		.exclusive = noting_exclusive, .is_exclusive = noting_is_exclusive,
	};
	struct devthp_device *dev = NULL;
	ptrdiff_t shift;
	char *addr;

	bytes = PAGES * devthp_page_size();
	CHECK_CALL(devthp_backend_register(&noting), 0);
	CHECK_CALL(devthp_device_open(&dev, NULL), 0);
	for (shift = -(ptrdiff_t)bytes; shift <= (ptrdiff_t)bytes; shift += bytes / 2) {
		addr = next_place() + shift;
		seen = NULL;
		CHECK_CALL(devthp_migrate_to_device(dev, addr, PAGES, NULL), 0);
		CHECK(apart(addr));
		addr = next_place() + shift;
		seen = NULL;
		CHECK_CALL(devthp_device_exclusive(dev, addr, PAGES, NULL), 0);
		CHECK(apart(addr));
	}
	CHECK_CALL(devthp_device_close(dev), 0);
}

static const struct tap_case cases[] = {
	{ "a range that is not mapped stays so", unmapped_range },
};

TAP_MAIN(cases)
