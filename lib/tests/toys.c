// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Two backends: one that can do all, and does nothing; and one that can do nothing. */
#include <string.h>

#include "calls.h"
#include "devthp_backend.h"
#include "tap.h"

unsigned int toy_calls;
int toy_result;

static int toy(void)
{
	toy_calls++;
	errno = EDOM;	/* members may do that */
	return toy_result;
}

static int toy_open(const struct devthp_backend_request *request,
		    struct devthp_backend_device *device)
{
	(void)request;
	device->window_pages = 1;
	device->caps = DEVTHP_CAP_PRIVATE;
	return 0;
}

/* All members but open() only note that they were called, whatever they take. */
#pragma GCC diagnostic ignored "-Wunused-parameter"
#define TOY(member, ...) \
	static int toy_##member(__VA_ARGS__) \
	{ \
		return toy(); \
	}
TOY(close, void *state)
TOY(migrate_to_device, void *state, uintptr_t addr, size_t npages, void *buf,
	uint64_t *entries)
TOY(migrate_to_system, void *state, uintptr_t addr, size_t npages, uint64_t *entries)
TOY(read, void *state, uintptr_t addr, size_t npages, void *buf, uint64_t *pages,
	uint64_t *faults)
TOY(write, void *state, uintptr_t addr, size_t npages, const void *buf, uint64_t *pages,
	uint64_t *faults)
TOY(fail_alloc, void *state, uint64_t nth)
TOY(evict, void *state)
TOY(drain, void *state, struct devthp_eviction *eviction)
TOY(usage, void *state, struct devthp_usage *usage)
TOY(times, void *state, struct devthp_times *times)
TOY(hold, void *state, uintptr_t addr, size_t npages, uint32_t flags, uint64_t *held)
TOY(unhold, void *state, uintptr_t addr, size_t npages, uint64_t *held)
TOY(hold_frames, void *state, uint64_t pfn, size_t npages, uint64_t *held)
TOY(unhold_frames, void *state, uint64_t pfn, size_t npages, uint64_t *held)
TOY(pause, void *state, unsigned int point)
TOY(pause_wait, void *state, unsigned int point, unsigned int timeout_ms)
TOY(resume, void *state, unsigned int point)
TOY(exclusive, void *state, uintptr_t addr, size_t npages, void *buf)
TOY(is_exclusive, void *state, uintptr_t addr, size_t npages)

static int toy_snapshot(void *state, uintptr_t addr, size_t npages, uint8_t *prot)
{
	memset(prot, DEVTHP_PROT_NONE, npages);
	return toy();
}

static int bare_close(void *state)
{
	(void)state;
	return 0;
}

void register_toys(void)
{
	static bool done;
	const struct devthp_backend bare = {
		.size = sizeof(bare), .name = "bare", .open = toy_open, .close = bare_close,
	};
	const struct devthp_backend all = {
		.size = sizeof(all),
		.name = "toy",
		.open = toy_open,
		.close = toy_close,
		.migrate_to_device = toy_migrate_to_device,
		.migrate_to_system = toy_migrate_to_system,
		.read = toy_read,
		.write = toy_write,
		.snapshot = toy_snapshot,
		.fail_alloc = toy_fail_alloc,
		.evict = toy_evict,
		.drain = toy_drain,
		.usage = toy_usage,
		.times = toy_times,
		.hold = toy_hold,
		.unhold = toy_unhold,
		.hold_frames = toy_hold_frames,
		.unhold_frames = toy_unhold_frames,
		.pause = toy_pause,
		.pause_wait = toy_pause_wait,
		.resume = toy_resume,
		.exclusive = toy_exclusive,
		.is_exclusive = toy_is_exclusive,
	};

	if (done)
		return;
	done = true;
	CHECK_CALL(devthp_backend_register(&bare), 0);
	CHECK_CALL(devthp_backend_register(&all), 0);
}
