// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Values that single calls must refuse, and what a sized structure may be. What goes for
 * all calls alike is in test_calls.c.
 */
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "devthp_backend.h"
#include "mock.h"

/* The call with one wrong member of its options. */
#define WITH(type, ...) (&(const struct type){ .size = sizeof(struct type), __VA_ARGS__ })

static void devices(void)
{
	struct devthp_device *dev = NULL;

	mock_start(0);
	mock_file("/dev/absent", NULL, 0, -ENOENT);
	mock_file("/dev/closed", NULL, 0, -EACCES);
	CHECK_CALL(devthp_device_open(&dev, WITH(devthp_device_opts, .reserved = 1)), -EINVAL);
	CHECK_CALL(devthp_device_open(&dev, WITH(devthp_device_opts, .path = "/dev/x",
						 .minor = 1)), -EINVAL);
	CHECK_CALL(devthp_device_open(&dev, WITH(devthp_device_opts, .minor = 4)), -ENOENT);
	CHECK_CALL(devthp_device_open(&dev, WITH(devthp_device_opts, .backend = "none")),
		   -EPROTONOSUPPORT);
	CHECK_CALL(devthp_device_open(&dev, WITH(devthp_device_opts, .path = "/dev/absent")),
		   -ENOENT);
	CHECK_CALL(devthp_device_open(&dev, WITH(devthp_device_opts, .path = "/dev/closed")),
		   -EACCES);
	CHECK(!dev);
	mock_end();
}

static void of_a_device(void)
{
	struct devthp_device_opts opts = { .size = sizeof(opts), .backend = "toy" };
	struct devthp_device *dev;
	static char page[65536] __attribute__((aligned(65536)));
	const uint64_t last = UINT64_MAX / devthp_page_size();

	register_toys();
	toy_calls = 0;
	CHECK_CALL(devthp_device_open(&dev, &opts), 0);
	CHECK_CALL(devthp_device_read(dev, page, 1, NULL, NULL), -EINVAL);
	CHECK_CALL(devthp_device_write(dev, page, 1, NULL, NULL), -EINVAL);
	CHECK_CALL(devthp_device_hold(dev, page, 1, 8, NULL), -EINVAL);
	CHECK_CALL(devthp_device_hold(dev, page, 1, DEVTHP_HOLD_WRITE, NULL), -EINVAL);
	CHECK_CALL(devthp_device_hold(dev, page, 1, DEVTHP_HOLD_LONGTERM, NULL), -EINVAL);
	CHECK_CALL(devthp_device_hold_frames(dev, 1, 0, NULL), -EINVAL);
	CHECK_CALL(devthp_device_hold_frames(dev, last, 1, NULL), -EINVAL);
	CHECK_CALL(devthp_device_hold_frames(dev, UINT64_MAX, 2, NULL), -EINVAL);
	CHECK_CALL(devthp_device_unhold_frames(dev, 2, SIZE_MAX, NULL), -EINVAL);
	CHECK_CALL(devthp_device_pause(dev, 0), -EINVAL);
	CHECK_CALL(devthp_device_pause(dev, DEVTHP_POINT_CLEAR + 1), -EINVAL);
	CHECK_CALL(devthp_device_pause_wait(dev, 0, 1), -EINVAL);
	CHECK_CALL(devthp_device_resume(dev, UINT32_MAX), -EINVAL);
	CHECK_INT(toy_calls, 0);
	CHECK_CALL(devthp_device_close(dev), 0);
}

/* What is mapped where is for the driver to find out, be it at the beginning of all. */
static void at_address_0(void)
{
	struct devthp_device_opts opts = { .size = sizeof(opts), .backend = "toy" };
	uint8_t *buf = calloc(1, devthp_page_size());
	struct devthp_device *dev;

	register_toys();
	toy_result = 0;
	CHECK_CALL(devthp_device_open(&dev, &opts), 0);
	toy_calls = 0;
	CHECK_CALL(devthp_migrate_to_device(dev, NULL, 1, NULL), 0);
	CHECK_CALL(devthp_migrate_to_system(dev, NULL, 1, NULL), 0);
	CHECK_CALL(devthp_device_read(dev, NULL, 1, buf, NULL), 0);
	CHECK_CALL(devthp_device_write(dev, NULL, 1, buf, NULL), 0);
	CHECK_CALL(devthp_device_snapshot(dev, NULL, 1, buf), 0);
	CHECK_CALL(devthp_device_exclusive(dev, NULL, 1, buf), 0);
	CHECK_CALL(devthp_device_is_exclusive(dev, NULL, 1), 0);
	CHECK_CALL(devthp_device_hold(dev, NULL, 1, 0, NULL), 0);
	CHECK_CALL(devthp_device_unhold(dev, NULL, 1, NULL), 0);
	CHECK_INT(toy_calls, 9);
	toy_result = -EFAULT;
	CHECK_CALL(devthp_device_read(dev, NULL, 1, buf, NULL), -EFAULT);
	toy_result = 0;
	CHECK_CALL(devthp_device_close(dev), 0);
	free(buf);
}

static void ranges_and_patterns(void)
{
	const size_t size = devthp_page_size();
	static uint64_t data[65536 / 8];
	struct devthp_range *range = NULL;

	CHECK_CALL(devthp_range_alloc(&range, WITH(devthp_range_opts, .bytes = size + 1,
						   .advice = DEVTHP_ADVICE_NONE)), -EINVAL);
	CHECK_CALL(devthp_range_alloc(&range, WITH(devthp_range_opts, .bytes = size, .offset = 1,
						   .advice = DEVTHP_ADVICE_NONE)), -EINVAL);
	CHECK_CALL(devthp_range_alloc(&range, WITH(devthp_range_opts, .bytes = size,
						   .offset = SIZE_MAX / size * size,
						   .advice = DEVTHP_ADVICE_NONE)), -EINVAL);
	CHECK_CALL(devthp_range_alloc(&range, WITH(devthp_range_opts, .bytes = size,
						   .advice = DEVTHP_ADVICE_NONE + 1)), -EINVAL);
	CHECK_CALL(devthp_range_alloc(&range, WITH(devthp_range_opts, .bytes = size,
						   .advice = DEVTHP_ADVICE_NONE,
						   .reserved = 1)), -EINVAL);
	CHECK_CALL(devthp_range_alloc(&range, WITH(devthp_range_opts,
						   .bytes = SIZE_MAX / size * size,
						   .advice = DEVTHP_ADVICE_NONE)), -ENOMEM);
	CHECK(!range);
	CHECK_CALL(devthp_range_alloc(&range, WITH(devthp_range_opts, .bytes = 2 * size,
						   .advice = DEVTHP_ADVICE_NONE)), 0);
	CHECK_CALL(devthp_range_unmap(range, 0, 0), -EINVAL);
	CHECK_CALL(devthp_range_unmap(range, 0, 3), -ERANGE);
	CHECK_CALL(devthp_range_unmap(range, 2, 1), -ERANGE);
	CHECK_CALL(devthp_range_unmap(range, 1, SIZE_MAX), -ERANGE);
	CHECK_CALL(devthp_range_disown(range, 1, 2), -ERANGE);
	CHECK_CALL(devthp_range_unmap(range, 1, 1), 0);
	CHECK_CALL(devthp_range_unmap(range, 0, 2), -EINVAL);
	CHECK_CALL(devthp_range_free(range), 0);

	CHECK_CALL(devthp_pattern_fill(NULL, 0, 1, NULL), -EINVAL);
	CHECK_CALL(devthp_pattern_verify(NULL, 0, 1, NULL, NULL), -EINVAL);
	CHECK_CALL(devthp_pattern_fill(data, 0, 1, WITH(devthp_pattern_opts, .reserved = 1)),
		   -EINVAL);
	CHECK_CALL(devthp_pattern_fill(data, 0, 1, WITH(devthp_pattern_opts,
				       .generation = DEVTHP_PATTERN_MAX_GENERATION + 1)), -ERANGE);
	CHECK_CALL(devthp_pattern_fill(data, DEVTHP_PATTERN_MAX_INDEX + 1ULL, 1, NULL), -ERANGE);
	CHECK_CALL(devthp_pattern_verify(data, DEVTHP_PATTERN_MAX_INDEX, 2, NULL, NULL), -ERANGE);
}

static void looks(void)
{
	static char page[65536] __attribute__((aligned(65536)));
	const struct devthp_region *good = WITH(devthp_region, .addr = page, .npages = 1);
	const struct devthp_region *none = NULL;
	const struct devthp_region *bad[] = {
		WITH(devthp_region, .addr = page, .npages = 1, .pid = -1),
		WITH(devthp_region, .addr = page, .npages = 1, .reserved = 1),
		WITH(devthp_region, .addr = page + 1, .npages = 1),
		WITH(devthp_region, .addr = page),
		WITH(devthp_region, .addr = page, .npages = SIZE_MAX),
		WITH(devthp_region, .addr = page, .npages = 1, .pid = 1, .dev = (void *)page),
	};
	struct devthp_page facts = { .size = sizeof(facts) };
	struct devthp_summary sum = { .size = sizeof(sum) };
	struct devthp_findings *findings = NULL;
	struct devthp_snapshot *snap = NULL, *two;
	size_t i;

	CHECK_CALL(devthp_snapshot_take(&snap, page, 1, WITH(devthp_snapshot_opts, .pid = -1)),
		   -EINVAL);
	CHECK_CALL(devthp_snapshot_take(&snap, page, 1, WITH(devthp_snapshot_opts,
					.sources = DEVTHP_SOURCE_ALL + 1)), -EINVAL);
	CHECK_CALL(devthp_snapshot_take(&snap, page, 1, WITH(devthp_snapshot_opts,
					.dev = (void *)page)), -EBADF);
	CHECK(!snap);
	CHECK_CALL(devthp_check(NULL, 1, NULL, &findings), -EINVAL);
	CHECK_CALL(devthp_check(&good, 0, NULL, &findings), -EINVAL);
	CHECK_CALL(devthp_check(&none, 1, NULL, &findings), -EINVAL);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_CALL(devthp_check(&bad[i], 1, NULL, &findings), -EINVAL);
	CHECK_CALL(devthp_check(&good, 1, WITH(devthp_check_opts, .flags = 2), &findings),
		   -EINVAL);
	CHECK_CALL(devthp_check(&good, 1, WITH(devthp_check_opts, .rules = 1), &findings),
		   -EINVAL);
	CHECK_CALL(devthp_check(&good, 1, WITH(devthp_check_opts, .rules = 1U << DEVTHP_RULES),
				&findings), -EINVAL);
	CHECK_CALL(devthp_check(&good, 1, WITH(devthp_check_opts, .reserved = 1), &findings),
		   -EINVAL);
	CHECK(!findings);

	CHECK_CALL(devthp_snapshot_take(&snap, page, 1, NULL), 0);
	CHECK_CALL(devthp_snapshot_take(&two, page, 2, NULL), 0);
	CHECK_CALL(devthp_snapshot_page(snap, 1, &facts), -ERANGE);
	CHECK_CALL(devthp_snapshot_summarize(snap, 0, 0, &sum), -EINVAL);
	CHECK_CALL(devthp_snapshot_summarize(snap, 0, 2, &sum), -ERANGE);
	CHECK_CALL(devthp_snapshot_summarize(snap, 1, SIZE_MAX, &sum), -ERANGE);
	CHECK_CALL(devthp_snapshot_compare(snap, two, 0, UINT32_MAX, NULL), -ERANGE);
	CHECK_CALL(devthp_snapshot_compare(snap, snap, 2, UINT32_MAX, NULL), -ERANGE);
	CHECK_CALL(devthp_snapshot_compare(snap, snap, 1, UINT32_MAX, NULL), 0);
	CHECK_CALL(devthp_snapshot_compare(snap, NULL, 0, UINT32_MAX, NULL), -EINVAL);
	CHECK_CALL(devthp_snapshot_free(two), 0);
	CHECK_CALL(devthp_snapshot_compare(snap, two, 0, UINT32_MAX, NULL), -EBADF);
	CHECK_CALL(devthp_snapshot_compare(two, snap, 0, UINT32_MAX, NULL), -EBADF);
	CHECK_CALL(devthp_snapshot_free(snap), 0);
}

/* A region is a structure of its own, with a device of its own. */
static void regions(void)
{
	static char page[65536] __attribute__((aligned(65536)));
	struct devthp_device_opts opts = { .size = sizeof(opts), .backend = "toy" };
	struct {
		struct devthp_region region;
		char tail[64];
	} longer;
	const struct devthp_region *given[] = { &longer.region };
	struct devthp_device *dev;
	int ret;

	memset(&longer, 0, sizeof(longer));
	longer.region.addr = page;
	longer.region.npages = 1;
	longer.region.size = sizeof(longer);
	ret = devthp_check(given, 1, NULL, NULL);
	CHECK(!ret || ret == -ENODATA);
	longer.tail[sizeof(longer.tail) - 1] = 1;
	CHECK_CALL(devthp_check(given, 1, NULL, NULL), -E2BIG);
	longer.region.size = SIZE_MAX;
	CHECK_CALL(devthp_check(given, 1, NULL, NULL), -E2BIG);
	longer.region.size = 4096 + sizeof(size_t);
	CHECK_CALL(devthp_check(given, 1, NULL, NULL), -E2BIG);
	longer.region.size = sizeof(longer.region);
	register_toys();
	CHECK_CALL(devthp_device_open(&dev, &opts), 0);
	longer.region.dev = dev;
	ret = devthp_check(given, 1, NULL, NULL);
	CHECK(!ret || ret == -ENODATA);
	CHECK_CALL(devthp_device_close(dev), 0);
	toy_calls = 0;
	CHECK_CALL(devthp_check(given, 1, NULL, NULL), -EBADF);
	CHECK_INT(toy_calls, 0);
}

static void others_processes(void)
{
	struct devthp_snapshot_opts opts = { .size = sizeof(opts), .pid = 4711 };
	const struct devthp_region *region = WITH(devthp_region,
						  .addr = (void *)devthp_page_size(),
						  .npages = 1, .pid = 4711);
	static const int errors[] = { -EACCES, -EPERM };
	struct devthp_snapshot *snap = NULL;
	struct devthp_findings *findings = NULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		mock_start(0);
		mock_file("/proc/4711/maps", NULL, 0, errors[i]);
		mock_file("/proc/4711/smaps", NULL, 0, errors[i]);
		mock_file("/proc/4711/pagemap", NULL, 0, errors[i]);
		CHECK_CALL(devthp_snapshot_take(&snap, region->addr, 1, &opts), errors[i]);
		CHECK_CALL(devthp_check(&region, 1, NULL, &findings), errors[i]);
		mock_end();
	}
	CHECK(!snap && !findings);
}

static void the_probe(void)
{
	static const struct folio_probe_record none;
	struct devthp_system system = { .size = sizeof(system) };
	static const int errors[] = { -EACCES, -ENOENT };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		mock_start(0);
		mock_file("/dev/folio_probe", NULL, 0, errors[i]);
		CHECK_CALL(devthp_system_query(&system), 0);
		CHECK_INT(system.probe_error, errors[i]);
		CHECK_INT(system.probe_version, 0);
		mock_end();
	}
	mock_start(0);
	mock_probe(&none, 1, 1);
	CHECK_CALL(devthp_system_query(&system), 0);
	CHECK_INT(system.probe_error, 0);
	CHECK_INT(system.probe_version, FOLIO_PROBE_VERSION);
	mock_end();
}

static void counters(void)
{
	const uint32_t none[] = { DEVTHP_COUNT_SWAP, DEVTHP_COUNTERS };
	const struct devthp_slack bad[] = {
		{ .counter = DEVTHP_COUNTERS },
		{ .counter = DEVTHP_COUNT_SWAP, .reserved = 1 },
		{ .counter = DEVTHP_COUNT_SWAP, .less = -1 },
		{ .counter = DEVTHP_COUNT_SWAP, .more = -1 },
	};
	const struct devthp_slack good = { .counter = DEVTHP_COUNT_SWAP };
	struct devthp_counters *c = NULL, *closed;
	uint64_t value;
	int64_t delta;
	size_t i;

	CHECK_CALL(devthp_counters_take_some(&c, NULL, 1), -EINVAL);
	CHECK_CALL(devthp_counters_take_some(&c, none, 0), -EINVAL);
	CHECK_CALL(devthp_counters_take_some(&c, none, 2), -EINVAL);
	CHECK(!c);
	CHECK_CALL(devthp_counters_take(&c), 0);
	CHECK_CALL(devthp_counters_get(c, DEVTHP_COUNTERS, &value), -EINVAL);
	CHECK_CALL(devthp_counters_get(c, UINT32_MAX, &value), -EINVAL);
	CHECK_CALL(devthp_counters_delta(c, NULL, 0, &delta), -EINVAL);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_CALL(devthp_counters_compare(c, c, &bad[i], 1, 0, NULL), -EINVAL);
	CHECK_CALL(devthp_counters_compare(c, NULL, &good, 1, 0, NULL), -EINVAL);
	CHECK_CALL(devthp_counters_compare(c, c, NULL, 1, 0, NULL), -EINVAL);
	CHECK_CALL(devthp_counters_compare(c, c, &good, 1, 2, NULL), -ERANGE);
	CHECK_CALL(devthp_counters_compare(c, c, &good, 1, 1, NULL), 0);
	CHECK_CALL(devthp_counters_take(&closed), 0);
	CHECK_CALL(devthp_counters_free(closed), 0);
	CHECK_CALL(devthp_counters_compare(c, closed, &good, 1, 0, NULL), -EBADF);
	CHECK_CALL(devthp_counters_compare(closed, c, &good, 1, 0, NULL), -EBADF);
	CHECK_CALL(devthp_counters_delta(c, closed, DEVTHP_COUNT_SWAP, &delta), -EBADF);
	CHECK_CALL(devthp_counters_delta(closed, c, DEVTHP_COUNT_SWAP, &delta), -EBADF);
	CHECK_CALL(devthp_counters_free(c), 0);
	CHECK_CALL(devthp_log_set(NULL, NULL, DEVTHP_LOG_DEBUG + 1), -EINVAL);
}

static void options_of_any_size(void)
{
	struct {
		struct devthp_range_opts opts;
		char tail[64];
	} longer;
	struct devthp_range *range;
	size_t size;

	memset(&longer, 0, sizeof(longer));
	longer.opts.bytes = devthp_page_size();
	longer.opts.advice = DEVTHP_ADVICE_NONE;

	longer.opts.size = sizeof(longer);
	CHECK_CALL(devthp_range_alloc(&range, &longer.opts), 0);
	CHECK_CALL(devthp_range_free(range), 0);
	longer.tail[sizeof(longer.tail) - 1] = 1;
	CHECK_CALL(devthp_range_alloc(&range, &longer.opts), -E2BIG);
	longer.opts.size = sizeof(longer) - sizeof(size_t);
	CHECK_CALL(devthp_range_alloc(&range, &longer.opts), 0);
	CHECK_CALL(devthp_range_free(range), 0);

	for (size = 0; size < sizeof(size_t); size++) {
		longer.opts.size = size;
		CHECK_CALL(devthp_range_alloc(&range, &longer.opts), -EINVAL);
	}
	longer.opts.size = SIZE_MAX;
	CHECK_CALL(devthp_range_alloc(&range, &longer.opts), -E2BIG);

	/* Shorter: what is cut off counts as 0, here the offset and the advice. */
	if (!devthp_pmd_size())
		return;
	longer.opts.size = offsetof(struct devthp_range_opts, offset);
	longer.opts.offset = 1;
	longer.opts.reserved = 1;
	CHECK_CALL(devthp_range_alloc(&range, &longer.opts), 0);
	CHECK_CALL(devthp_range_free(range), 0);
}

/* Who was compiled with an older header knows nothing of what is behind, which is rubbish. */
#define OLDER(type, first_unknown, ...) \
	older(&(struct type){ .size = offsetof(struct type, first_unknown), __VA_ARGS__ }, \
	      sizeof(struct type))

static const void *older(void *opts, size_t size)
{
	size_t known;

	memcpy(&known, opts, sizeof(known));
	memset((char *)opts + known, 0xee, size - known);
	return opts;
}

static int older_open(const struct devthp_backend_request *request,
		      struct devthp_backend_device *device)
{
	CHECK(!request->path && !request->minor);
	device->window_pages = 1;
	return 0;
}

static int older_close(void *state)
{
	(void)state;
	return 0;
}

static void options_of_older_callers(void)
{
	static uint64_t page[65536 / 8] __attribute__((aligned(65536)));
	const struct devthp_region *region = OLDER(devthp_region, pid, .addr = page, .npages = 1);
	struct devthp_snapshot *snap;
	struct devthp_device *dev;
	int ret;

	CHECK_CALL(devthp_backend_register(OLDER(devthp_backend, migrate_to_device,
						 .name = "older", .open = older_open,
						 .close = older_close)), 0);
	CHECK_CALL(devthp_device_open(&dev, OLDER(devthp_device_opts, path,
						  .backend = "older")), 0);
	CHECK_CALL(devthp_device_evict(dev), -EOPNOTSUPP);
	CHECK_CALL(devthp_migrate_to_system(dev, page, 1, NULL), -EOPNOTSUPP);
	CHECK_CALL(devthp_device_close(dev), 0);

	CHECK_CALL(devthp_pattern_fill(page, 3, 1, OLDER(devthp_pattern_opts, generations,
							 .generation = 7)), 0);
	CHECK_CALL(devthp_pattern_verify(page, 3, 1, OLDER(devthp_pattern_opts, generations,
							   .generation = 7), NULL), 0);
	CHECK_CALL(devthp_pattern_verify(page, 3, 1, OLDER(devthp_pattern_opts, generations,
							   .generation = 8), NULL), 1);
	/* Seed alone: never written is what it says of the generation. */
	CHECK_CALL(devthp_pattern_verify(page, 3, 1, OLDER(devthp_pattern_opts, generation),
					 NULL), 1);

	CHECK_CALL(devthp_snapshot_take(&snap, page, 1, OLDER(devthp_snapshot_opts, dev)), 0);
	CHECK_CALL(devthp_snapshot_free(snap), 0);
	ret = devthp_check(&region, 1, OLDER(devthp_check_opts, rules), NULL);
	CHECK(!ret || ret == -ENODATA);
}

static void reports_of_any_size(void)
{
	struct {
		struct devthp_system system;
		unsigned char tail[64];
	} longer;
	size_t i;

	memset(&longer, 0xee, sizeof(longer));
	longer.system.size = sizeof(longer);
	CHECK_CALL(devthp_system_query(&longer.system), 0);
	CHECK_INT(longer.system.size, sizeof(longer));
	CHECK_INT(longer.system.page_size, devthp_page_size());
	CHECK_INT(longer.system.pmd_size, devthp_pmd_size());
	for (i = 0; i < sizeof(longer.tail); i++)
		CHECK_INT(longer.tail[i], 0);

	memset(&longer, 0xee, sizeof(longer));
	longer.system.size = offsetof(struct devthp_system, pmd_size);
	CHECK_CALL(devthp_system_query(&longer.system), 0);
	CHECK_INT(longer.system.page_size, devthp_page_size());
	CHECK_INT(longer.system.pmd_size, 0xeeeeeeeeeeeeeeeeULL);

	longer.system.size = sizeof(size_t) - 1;
	CHECK_CALL(devthp_system_query(&longer.system), -EINVAL);
	longer.system.size = SIZE_MAX;
	CHECK_CALL(devthp_system_query(&longer.system), -E2BIG);
}

static void names(void)
{
	unsigned int i;

	for (i = 0; i < DEVTHP_VERDICTS; i++)
		CHECK(strcmp(devthp_verdict_name(i), "?"));
	for (i = 0; i < DEVTHP_LOCATIONS; i++)
		CHECK(strcmp(devthp_location_name(i), "?"));
	for (i = 0; i < DEVTHP_COUNTERS; i++)
		CHECK(strcmp(devthp_counter_name(i), "?"));
	CHECK(!strcmp(devthp_verdict_name(DEVTHP_VERDICTS), "?"));
	CHECK(!strcmp(devthp_location_name(DEVTHP_LOCATIONS), "?"));
	CHECK(!strcmp(devthp_counter_name(DEVTHP_COUNTERS), "?"));
	CHECK(!strcmp(devthp_level_name(DEVTHP_LEVEL_PMD), "PMD"));
	CHECK(!strcmp(devthp_level_name(DEVTHP_LEVEL_PUD + 1), "?"));
}

static const struct tap_case cases[] = {
	{ "which device", devices },
	{ "values of calls of a device", of_a_device },
	{ "calls of a device at address 0", at_address_0 },
	{ "values of ranges and patterns", ranges_and_patterns },
	{ "values of looks", looks },
	{ "regions of any size, and of a device that was closed", regions },
	{ "processes that are not to be looked at", others_processes },
	{ "values of counters, and of the log", counters },
	{ "options of any size", options_of_any_size },
	{ "options of older callers", options_of_older_callers },
	{ "reports of any size", reports_of_any_size },
	{ "a probe that is there, missing, or not for us", the_probe },
	{ "names", names },
};

TAP_MAIN(cases)
