// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Device calls against a table of the ioctls they must make. */
#include <stdlib.h>
#include <string.h>

#include "mock.h"

#define PAGES 4
#define MINORS 4

static void *addr(void)
{
	return (void *)(uintptr_t)(devthp_page_size() * 1000);
}

static uint64_t at(void)
{
	return (uintptr_t)addr();
}

static void opening(void)
{
	struct devthp_device_info info = { .size = sizeof(info) };
	struct devthp_device *dev;

	mock_start(1);
	dev = mock_device();
	CHECK_CALL(devthp_device_query(dev, &info), 0);
	CHECK(!strcmp(info.path, "/dev/hmm_dmirror0"));
	CHECK(!strcmp(info.backend, "test_hmm"));
	CHECK(info.caps & DEVTHP_CAP_PRIVATE);
	CHECK(!(info.caps & DEVTHP_CAP_COHERENT));
	CHECK_INT(info.window_pages, 512);
	CHECK_CALL(devthp_device_close(dev), 0);
	mock_end();

	mock_start(2);
	dev = mock_device();
	CHECK_CALL(devthp_device_query(dev, &info), 0);
	CHECK(info.caps & DEVTHP_CAP_COHERENT);
	CHECK_CALL(devthp_device_close(dev), 0);
	mock_end();
}

static void opening_interrupted(void)
{
	mock_start(1);
	mock_interrupts(3);
	CHECK_CALL(devthp_device_close(mock_device()), 0);
	mock_end();
}

static void opening_refused(void)
{
	struct devthp_device_opts opts = { .size = sizeof(opts), .minor = 4 };
	const unsigned int majors[] = { 1, 2, 4, 142, 235, 242 };
	struct devthp_device *dev = (void *)&opts;
	char path[300];
	size_t i;

	mock_start(0);
	CHECK_CALL(devthp_device_open(&dev, &opts), -ENOENT);
	opts.minor = 0;
	opts.backend = "gpu";
	CHECK_CALL(devthp_device_open(&dev, &opts), -EPROTONOSUPPORT);
	opts.backend = NULL;
	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	opts.path = path;
	CHECK_CALL(devthp_device_open(&dev, &opts), -ENAMETOOLONG);
	opts.path = "/dev/absent";
	mock_file("/dev/absent", NULL, 0, -ENOENT);
	CHECK_CALL(devthp_device_open(&dev, &opts), -ENOENT);
	mock_end();

	mock_start(-ENODEV);
	CHECK_CALL(devthp_device_open(&dev, NULL), -ENODEV);
	mock_end();
	mock_start(MINORS);
	CHECK_CALL(devthp_device_open(&dev, NULL), -ENODEV);
	mock_end();
	/* Of others, of numbers like ours: they are not asked anything. */
	for (i = 0; i < ARRAY_SIZE(majors); i++) {
		mock_start(0);
		mock_major(majors[i]);
		CHECK_CALL(devthp_device_open(&dev, NULL), -ENODEV);
		mock_end();
	}
	CHECK(dev == (void *)&opts);
}

static void to_device(void)
{
	static const uint8_t before[PAGES] = { 0, 0x22, 2, 0xff };
	static const uint8_t after[PAGES] = { 0x26, 0x26, 0x26, 0x26 };
	const struct mock_ioctl calls[] = {
		{ HMM_SNAPSHOT, at(), PAGES, .out = before, .out_bytes = PAGES },
		{ HMM_TO_DEVICE, at(), PAGES, .cpages = PAGES },
		{ HMM_SNAPSHOT, at(), PAGES, .out = after, .out_bytes = PAGES },
		{ HMM_TO_DEVICE, at(), PAGES, .cpages = PAGES },
	};
	struct devthp_migration report = { .size = sizeof(report) };
	struct devthp_device *dev;

	mock_start(0);
	dev = mock_device();
	mock_expect(calls, ARRAY_SIZE(calls));
	CHECK_CALL(devthp_migrate_to_device(dev, addr(), PAGES, &report), 0);
	CHECK_INT(report.pages, 3);
	CHECK_INT(report.entries, PAGES);
	CHECK_CALL(devthp_migrate_to_device(dev, addr(), PAGES, NULL), 0);
	CHECK_CALL(devthp_device_close(dev), 0);
	mock_end();
}

static void to_device_in_part(void)
{
	static const uint8_t before[PAGES] = { 0 };
	static const uint8_t after[PAGES] = { 0x22, 0x21 };
	const struct mock_ioctl calls[] = {
		{ HMM_SNAPSHOT, at(), PAGES, .out = before, .out_bytes = PAGES },
		{ HMM_TO_DEVICE, at(), PAGES, .ret = -ENOENT },
		{ HMM_SNAPSHOT, at(), PAGES, .out = after, .out_bytes = PAGES },
		{ HMM_SNAPSHOT, at(), PAGES, .ret = -EBUSY },
		{ HMM_TO_DEVICE, at(), PAGES, .cpages = PAGES },
		{ HMM_SNAPSHOT, at(), PAGES, .out = after, .out_bytes = PAGES },
	};
	struct devthp_migration report = { .size = sizeof(report) };
	struct devthp_device *dev;

	mock_start(0);
	dev = mock_device();
	mock_expect(calls, ARRAY_SIZE(calls));
	CHECK_CALL(devthp_migrate_to_device(dev, addr(), PAGES, &report), -ENOENT);
	CHECK_INT(report.pages, 2);
	CHECK(report.entries == DEVTHP_NONE);
	CHECK_CALL(devthp_migrate_to_device(dev, addr(), PAGES, &report), 0);
	CHECK(report.pages == DEVTHP_NONE);
	CHECK_INT(report.entries, PAGES);
	CHECK_CALL(devthp_device_close(dev), 0);
	mock_end();
}

static void to_system(void)
{
	static const uint8_t before[PAGES] = { 0x26, 0x26, 0x26, 0x26 };
	static const uint8_t after[PAGES] = { 0, 0, 0, 0x22 };
	const struct mock_ioctl calls[] = {
		{ HMM_SNAPSHOT, at(), PAGES, .out = before, .out_bytes = PAGES },
		{ HMM_TO_SYSTEM, at(), PAGES, .cpages = 1 },
		{ HMM_SNAPSHOT, at(), PAGES, .out = after, .out_bytes = PAGES },
		{ HMM_TO_SYSTEM, at(), PAGES, .ret = -ENOMEM },
	};
	struct devthp_migration report = { .size = sizeof(report) };
	struct devthp_device *dev;

	mock_start(0);
	dev = mock_device();
	mock_expect(calls, ARRAY_SIZE(calls));
	CHECK_CALL(devthp_migrate_to_system(dev, addr(), PAGES, &report), 0);
	CHECK_INT(report.pages, 3);
	CHECK_INT(report.entries, 1);
	CHECK_CALL(devthp_migrate_to_system(dev, addr(), PAGES, NULL), -ENOMEM);
	CHECK_CALL(devthp_device_close(dev), 0);
	mock_end();
}

static void access_by_device(void)
{
	static const char data[] = "what the device holds";
	const struct mock_ioctl calls[] = {
		{ HMM_READ, at(), 1, .cpages = 1, .faults = 2,
		  .out = data, .out_bytes = sizeof(data) },
		{ HMM_WRITE, at(), 1, .cpages = 1, .in = data, .in_bytes = sizeof(data) },
		{ HMM_WRITE, at(), 1, .ret = -EPERM },
	};
	struct devthp_access report = { .size = sizeof(report) };
	char *buf = calloc(1, devthp_page_size());
	struct devthp_device *dev;

	mock_start(0);
	dev = mock_device();
	mock_expect(calls, ARRAY_SIZE(calls));
	CHECK_CALL(devthp_device_read(dev, addr(), 1, buf, &report), 0);
	CHECK(!strcmp(buf, data));
	CHECK_INT(report.pages, 1);
	CHECK_INT(report.faults, 2);
	CHECK_CALL(devthp_device_write(dev, addr(), 1, buf, &report), 0);
	CHECK_INT(report.faults, 0);
	CHECK_CALL(devthp_device_write(dev, addr(), 1, buf, NULL), -EPERM);
	CHECK_CALL(devthp_device_close(dev), 0);
	mock_end();
	free(buf);
}

static void failing_alloc(void)
{
	static const struct mock_ioctl calls[] = {
		{ .request = HMM_FLAGS, .npages = 1 },
		{ .request = HMM_FAIL_ALLOC, .addr = 16 },
		{ .request = HMM_FAIL_ALLOC, .addr = 16, .ret = -EINVAL },
		/* 0 would be refused: another flag than the one takes it back. */
		{ .request = HMM_FLAGS, .npages = 2 },
		{ .request = HMM_FLAGS, .npages = 1, .ret = -EINVAL },
	};
	struct devthp_device *dev;

	mock_start(0);
	dev = mock_device();
	mock_expect(calls, ARRAY_SIZE(calls));
	CHECK_CALL(devthp_device_fail_alloc(dev, 1), 0);
	CHECK_CALL(devthp_device_fail_alloc(dev, 2), 0);
	CHECK_CALL(devthp_device_fail_alloc(dev, 2), -EOPNOTSUPP);
	CHECK_CALL(devthp_device_fail_alloc(dev, 0), 0);
	CHECK_CALL(devthp_device_fail_alloc(dev, 1), -EOPNOTSUPP);
	CHECK_CALL(devthp_device_close(dev), 0);
	mock_end();
}

/* Another structure: its size is where others have addr, and so on. */
static void times(void)
{
	static const struct mock_ioctl calls[] = {
		{ .request = HMM_TIMES, .addr = 200, .cpages = 7, .faults = 8 },
		{ .request = HMM_TIMES, .addr = 200, .ret = -EINVAL },
	};
	struct devthp_times report = { .size = sizeof(report) };
	struct devthp_device *dev;

	mock_start(0);
	dev = mock_device();
	mock_expect(calls, ARRAY_SIZE(calls));
	CHECK_CALL(devthp_device_times(dev, NULL), -EINVAL);
	CHECK_CALL(devthp_device_times(dev, &report), 0);
	CHECK_INT(report.to_device.pages, 7);
	CHECK_INT(report.to_device.finalize, 8);
	CHECK_INT(report.evict.copy, 0);
	CHECK_CALL(devthp_device_times(dev, &report), -EOPNOTSUPP);
	CHECK_CALL(devthp_device_close(dev), 0);
	mock_end();
}

static void hold(void)
{
	const struct mock_ioctl calls[] = {
		{ HMM_HOLD, 32, PAGES, .cpages = 3 },
		{ HMM_HOLD, 32 | 5ULL << 32, PAGES, .ret = -EFAULT },
		{ HMM_HOLD, 32 | 3ULL << 32, PAGES, .cpages = PAGES },
		{ HMM_HOLD, 32, PAGES, .ret = -EINVAL },
		{ .request = HMM_STATS, .addr = 56 },
		{ HMM_UNHOLD, 32, PAGES, .cpages = 7 },
	};
	struct devthp_device *dev;
	uint64_t held = 99;

	mock_start(0);
	dev = mock_device();
	mock_expect(calls, ARRAY_SIZE(calls));
	CHECK_CALL(devthp_device_hold(dev, addr(), PAGES, DEVTHP_HOLD_WRITE, &held), -EINVAL);
	CHECK_CALL(devthp_device_hold(dev, addr(), PAGES, 8 | DEVTHP_HOLD_PIN, &held), -EINVAL);
	CHECK_CALL(devthp_device_hold(dev, addr(), PAGES, 0, &held), 0);
	CHECK_INT(held, 3);
	CHECK_CALL(devthp_device_hold(dev, addr(), PAGES, DEVTHP_HOLD_PIN | DEVTHP_HOLD_WRITE,
				      &held), -EFAULT);
	CHECK_INT(held, 3);
	CHECK_CALL(devthp_device_hold(dev, addr(), PAGES, DEVTHP_HOLD_PIN | DEVTHP_HOLD_LONGTERM,
				      NULL), 0);
	/* It knows the command, and nobody has the memory any more. */
	CHECK_CALL(devthp_device_hold(dev, addr(), PAGES, 0, NULL), -EINVAL);
	CHECK_CALL(devthp_device_unhold(dev, addr(), PAGES, &held), 0);
	CHECK_INT(held, 7);
	CHECK_CALL(devthp_device_close(dev), 0);
	mock_end();
}

static void hold_frames(void)
{
	static const struct mock_ioctl calls[] = {
		{ HMM_HOLD, 32 | 8ULL << 32, PAGES, .cpages = 3 },
		{ HMM_HOLD, 32 | 8ULL << 32, PAGES, .ret = -EFAULT },
		{ HMM_HOLD, 32 | 8ULL << 32, PAGES, .ret = -EINVAL },
		{ HMM_UNHOLD, 32 | 8ULL << 32, PAGES, .cpages = 7 },
		{ HMM_UNHOLD, 32 | 8ULL << 32, PAGES, .ret = -EINVAL },
	};
	const uint64_t last = UINT64_MAX / devthp_page_size();
	struct devthp_device *dev;
	uint64_t held = 99;

	mock_start(0);
	dev = mock_device();
	mock_expect(calls, ARRAY_SIZE(calls));
	CHECK_CALL(devthp_device_hold_frames(dev, 1, 0, &held), -EINVAL);
	CHECK_CALL(devthp_device_hold_frames(dev, last, 1, &held), -EINVAL);
	CHECK_CALL(devthp_device_hold_frames(dev, DEVTHP_NONE, 1, &held), -EINVAL);
	CHECK_CALL(devthp_device_hold_frames(dev, 1, SIZE_MAX, &held), -EINVAL);
	CHECK_CALL(devthp_device_unhold_frames(dev, 1, 0, &held), -EINVAL);
	CHECK_CALL(devthp_device_unhold_frames(dev, last, 1, &held), -EINVAL);
	CHECK_INT(held, 99);
	CHECK_CALL(devthp_device_hold_frames(dev, last - PAGES, PAGES, &held), 0);
	CHECK_INT(held, 3);
	CHECK_CALL(devthp_device_hold_frames(dev, 1, PAGES, &held), -EFAULT);
	CHECK_CALL(devthp_device_hold_frames(dev, 1, PAGES, NULL), -EOPNOTSUPP);
	CHECK_INT(held, 3);
	CHECK_CALL(devthp_device_unhold_frames(dev, 1, PAGES, &held), 0);
	CHECK_INT(held, 7);
	CHECK_CALL(devthp_device_unhold_frames(dev, 1, PAGES, NULL), -EOPNOTSUPP);
	CHECK_CALL(devthp_device_close(dev), 0);
	mock_end();
}

static void pausing(void)
{
	/* The third 64 bits are the timeout here. */
	static const struct mock_ioctl calls[] = {
		{ .request = HMM_PAUSE, .addr = 24 | 1ULL << 32 },
		{ .request = HMM_PAUSE, .addr = 24 | 1ULL << 32, .npages = 50, .ret = -ETIMEDOUT },
		{ .request = HMM_PAUSE, .addr = 24 | 9ULL << 32, .npages = 3600000 },
		{ .request = HMM_PAUSE, .addr = 24 | 9ULL << 32, .ret = -ENOENT },
	};
	struct devthp_device *dev;

	mock_start(0);
	dev = mock_device();
	mock_expect(calls, ARRAY_SIZE(calls));
	CHECK_CALL(devthp_device_pause(dev, 0), -EINVAL);
	CHECK_CALL(devthp_device_resume(dev, 11), -EINVAL);
	CHECK_CALL(devthp_device_pause(dev, DEVTHP_POINT_TO_DEVICE_SETUP), 0);
	CHECK_CALL(devthp_device_pause_wait(dev, DEVTHP_POINT_TO_DEVICE_SETUP, 50), -ETIMEDOUT);
	CHECK_CALL(devthp_device_pause_wait(dev, DEVTHP_POINT_EVICT_PAGES, -1), 0);
	CHECK_CALL(devthp_device_resume(dev, DEVTHP_POINT_EVICT_PAGES), -ENOENT);
	CHECK_CALL(devthp_device_close(dev), 0);
	mock_end();
}

static void drain_and_usage(void)
{
	static const struct mock_ioctl calls[] = {
		{ .request = HMM_EVICT, .addr = 24 },
		{ .request = HMM_EVICT, .addr = 24, .ret = -EINVAL },
		{ .request = HMM_STATS, .addr = 56, .cpages = 8, .faults = 9 },
		{ .request = HMM_STATS, .addr = 56, .ret = -EINVAL },
	};
	struct devthp_eviction eviction = { .size = sizeof(eviction), .left = 1 };
	struct devthp_usage usage = { .size = sizeof(usage) };
	struct devthp_device *dev;

	mock_start(0);
	dev = mock_device();
	mock_expect(calls, ARRAY_SIZE(calls));
	CHECK_CALL(devthp_device_drain(dev, &eviction), 0);
	CHECK_INT(eviction.left, 0);
	CHECK_CALL(devthp_device_drain(dev, NULL), -EOPNOTSUPP);
	CHECK_CALL(devthp_device_usage(dev, NULL), -EINVAL);
	CHECK_CALL(devthp_device_usage(dev, &usage), 0);
	CHECK_INT(usage.folios_free, 8);
	CHECK_INT(usage.allocated, 9);
	CHECK_CALL(devthp_device_usage(dev, &usage), -EOPNOTSUPP);
	CHECK_CALL(devthp_device_close(dev), 0);
	mock_end();
}

static void evict_and_exclusive(void)
{
	static const char data[] = "read exclusively";
	const struct mock_ioctl calls[] = {
		{ .request = HMM_RELEASE, .npages = 1 },
		{ HMM_EXCLUSIVE, at(), 1, .out = data, .out_bytes = sizeof(data) },
		{ HMM_EXCLUSIVE, at(), PAGES, .ret = -EFAULT },
		{ HMM_CHECK_EXCLUSIVE, at(), 1, .ret = -EPERM },
		{ HMM_CHECK_EXCLUSIVE, at(), 1, .ret = 0 },
		{ HMM_CHECK_EXCLUSIVE, at(), 1, .ret = -EFAULT },
		{ HMM_EXCLUSIVE, at(), 1, .ret = -EINVAL },
		{ HMM_CHECK_EXCLUSIVE, at(), 1, .ret = 0 },
		{ HMM_EXCLUSIVE, at(), 1, .ret = -EINVAL },
		{ HMM_CHECK_EXCLUSIVE, at(), 1, .ret = -EPERM },
	};
	char *buf = calloc(1, devthp_page_size());
	struct devthp_device *dev;

	mock_start(0);
	dev = mock_device();
	mock_expect(calls, ARRAY_SIZE(calls));
	CHECK_CALL(devthp_device_evict(dev), 0);
	CHECK_CALL(devthp_device_exclusive(dev, addr(), 1, buf), 0);
	CHECK(!strcmp(buf, data));
	CHECK_CALL(devthp_device_exclusive(dev, addr(), PAGES, NULL), -EFAULT);
	CHECK_CALL(devthp_device_is_exclusive(dev, addr(), 1), 1);
	CHECK_CALL(devthp_device_is_exclusive(dev, addr(), 1), 0);
	CHECK_CALL(devthp_device_is_exclusive(dev, addr(), 1), -EFAULT);
	/* As of holds. */
	CHECK_CALL(devthp_device_exclusive(dev, addr(), 1, buf), -EINVAL);
	CHECK_CALL(devthp_device_exclusive(dev, addr(), 1, buf), -EINVAL);
	CHECK_CALL(devthp_device_close(dev), 0);
	mock_end();
	free(buf);
}

/* What is asked because -EINVAL may be of a module that knows the command before. */
#define ASKED_BACK 1

/* One that says so to each command that it does not know. */
static void knows_nothing(int error)
{
	const struct mock_ioctl calls[] = {
		{ .request = HMM_FLAGS, .npages = 1, .ret = error },
		{ .request = HMM_FAIL_ALLOC, .addr = 16, .ret = error },
		{ .request = HMM_RELEASE, .npages = 1, .ret = error },
		{ .request = HMM_EVICT, .addr = 24, .ret = error },
		{ .request = HMM_STATS, .addr = 56, .ret = error },
		{ .request = HMM_TIMES, .addr = 200, .ret = error },
		{ HMM_HOLD, 32, PAGES, .ret = error },
		{ .request = HMM_STATS, .addr = 56, .ret = error, .faults = ASKED_BACK },
		{ HMM_UNHOLD, 32, PAGES, .ret = error },
		{ HMM_HOLD, 32 | 8ULL << 32, PAGES, .ret = error },
		{ HMM_UNHOLD, 32 | 8ULL << 32, PAGES, .ret = error },
		{ .request = HMM_PAUSE, .addr = 24 | 1ULL << 32, .ret = error },
		{ .request = HMM_PAUSE, .addr = 24 | 1ULL << 32, .npages = 50, .ret = error },
		{ .request = HMM_PAUSE, .addr = 24 | 1ULL << 32, .ret = error },
		{ HMM_EXCLUSIVE, at(), PAGES, .ret = error },
		{ HMM_CHECK_EXCLUSIVE, at(), PAGES, .ret = error, .faults = ASKED_BACK },
		{ HMM_CHECK_EXCLUSIVE, at(), PAGES, .ret = error },
	};
	struct devthp_usage usage = { .size = sizeof(usage) };
	struct devthp_times report = { .size = sizeof(report) };
	struct mock_ioctl answered[ARRAY_SIZE(calls)];
	struct devthp_device *dev;
	uint64_t held = 99;
	size_t i, count = 0;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		if (error == -EINVAL || calls[i].faults != ASKED_BACK)
			answered[count++] = calls[i];
	}
	mock_start(0);
	dev = mock_device();
	mock_expect(answered, count);
	CHECK_CALL(devthp_device_fail_alloc(dev, 1), -EOPNOTSUPP);
	CHECK_CALL(devthp_device_fail_alloc(dev, 2), -EOPNOTSUPP);
	CHECK_CALL(devthp_device_evict(dev), -EOPNOTSUPP);
	CHECK_CALL(devthp_device_drain(dev, NULL), -EOPNOTSUPP);
	CHECK_CALL(devthp_device_usage(dev, &usage), -EOPNOTSUPP);
	CHECK_CALL(devthp_device_times(dev, &report), -EOPNOTSUPP);
	CHECK_CALL(devthp_device_hold(dev, addr(), PAGES, 0, &held), -EOPNOTSUPP);
	CHECK_CALL(devthp_device_unhold(dev, addr(), PAGES, &held), -EOPNOTSUPP);
	CHECK_CALL(devthp_device_hold_frames(dev, 1, PAGES, &held), -EOPNOTSUPP);
	CHECK_CALL(devthp_device_unhold_frames(dev, 1, PAGES, &held), -EOPNOTSUPP);
	CHECK_CALL(devthp_device_pause(dev, DEVTHP_POINT_TO_DEVICE_SETUP), -EOPNOTSUPP);
	CHECK_CALL(devthp_device_pause_wait(dev, DEVTHP_POINT_TO_DEVICE_SETUP, 50), -EOPNOTSUPP);
	CHECK_CALL(devthp_device_resume(dev, DEVTHP_POINT_TO_DEVICE_SETUP), -EOPNOTSUPP);
	CHECK_CALL(devthp_device_exclusive(dev, addr(), PAGES, NULL), -EOPNOTSUPP);
	CHECK_CALL(devthp_device_is_exclusive(dev, addr(), PAGES), -EOPNOTSUPP);
	CHECK_INT(held, 99);
	CHECK_CALL(devthp_device_close(dev), 0);
	mock_end();
}

/* A trial finds out that it cannot let allocations fail, and goes on. */
static void tried(int knows, uint32_t wanted)
{
	const size_t npages = devthp_pmd_size() / devthp_page_size();
	const uint8_t *prot = calloc(1, npages);
	const struct mock_ioctl calls[] = {
		{ .request = HMM_FLAGS, .npages = 2, .ret = knows },
		{ HMM_SNAPSHOT, MOCK_ANYWHERE, npages, .out = prot, .out_bytes = npages },
		{ HMM_TO_DEVICE, MOCK_ANYWHERE, npages, .ret = -ENOMEM },
	};
	struct devthp_trial trial = { .size = sizeof(trial), .fail_alloc = 99 };
	struct devthp_device *dev;

	mock_start(0);
	dev = mock_device();
	mock_expect(calls, ARRAY_SIZE(calls));
	CHECK_CALL(devthp_device_try(dev, &trial), -ENOMEM);
	CHECK_INT(trial.fail_alloc, wanted);
	CHECK_CALL(devthp_device_close(dev), 0);
	mock_end();
	free((void *)prot);
}

static void old_module(void)
{
	knows_nothing(-EINVAL);
	knows_nothing(-ENOTTY);
	if (!devthp_pmd_size())
		return;
	tried(-EINVAL, 0);
	tried(-ENOTTY, 0);
	tried(0, 1);
}

static const struct tap_case cases[] = {
	{ "open and query", opening },
	{ "open is interrupted", opening_interrupted },
	{ "open refuses what is no device", opening_refused },
	{ "migrate to the device", to_device },
	{ "migrate to the device in part", to_device_in_part },
	{ "migrate to the system", to_system },
	{ "read and write", access_by_device },
	{ "allocation failure is set and taken back", failing_alloc },
	{ "times of migrations", times },
	{ "holding pages", hold },
	{ "holding pages by their number", hold_frames },
	{ "pausing migrations", pausing },
	{ "draining the device, use of its memory", drain_and_usage },
	{ "evict and exclusive access", evict_and_exclusive },
	{ "a module that is too old", old_module },
};

TAP_MAIN(cases)
