// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Every public call with arguments that it must refuse, and sized structures. */
#include <stdlib.h>
#include <string.h>

#include "mock.h"

static char *page;	/* one page, aligned */

static void setup(void)
{
	if (!page)
		page = aligned_alloc(devthp_page_size(), devthp_page_size());
}

static void null_objects(void)
{
	struct devthp_device_info info = { .size = sizeof(info) };
	struct devthp_trial trial = { .size = sizeof(trial) };
	struct devthp_summary summary = { .size = sizeof(summary) };
	struct devthp_page facts = { .size = sizeof(facts) };
	uint64_t value;
	int64_t delta;

	setup();
	CHECK_CALL(devthp_system_query(NULL), -EINVAL);
	CHECK_CALL(devthp_device_open(NULL, NULL), -EINVAL);
	CHECK_CALL(devthp_device_close(NULL), 0);
	CHECK_CALL(devthp_device_query(NULL, &info), -EINVAL);
	CHECK_CALL(devthp_device_try(NULL, &trial), -EINVAL);
	CHECK_CALL(devthp_migrate_to_device(NULL, page, 1, NULL), -EINVAL);
	CHECK_CALL(devthp_migrate_to_system(NULL, page, 1, NULL), -EINVAL);
	CHECK_CALL(devthp_device_read(NULL, page, 1, page, NULL), -EINVAL);
	CHECK_CALL(devthp_device_write(NULL, page, 1, page, NULL), -EINVAL);
	CHECK_CALL(devthp_device_snapshot(NULL, page, 1, (uint8_t *)page), -EINVAL);
	CHECK_CALL(devthp_device_fail_alloc(NULL, 1), -EINVAL);
	CHECK_CALL(devthp_device_times(NULL, NULL), -EINVAL);
	CHECK_CALL(devthp_device_drain(NULL, NULL), -EINVAL);
	CHECK_CALL(devthp_device_usage(NULL, NULL), -EINVAL);
	CHECK_CALL(devthp_device_hold(NULL, page, 1, 0, NULL), -EINVAL);
	CHECK_CALL(devthp_device_unhold(NULL, page, 1, NULL), -EINVAL);
	CHECK_CALL(devthp_device_hold_frames(NULL, 1, 1, NULL), -EINVAL);
	CHECK_CALL(devthp_device_unhold_frames(NULL, 1, 1, NULL), -EINVAL);
	CHECK_CALL(devthp_device_pause(NULL, 1), -EINVAL);
	CHECK_CALL(devthp_device_pause_wait(NULL, 1, 0), -EINVAL);
	CHECK_CALL(devthp_device_resume(NULL, 1), -EINVAL);
	CHECK_CALL(devthp_device_evict(NULL), -EINVAL);
	CHECK_CALL(devthp_device_exclusive(NULL, page, 1, page), -EINVAL);
	CHECK_CALL(devthp_device_is_exclusive(NULL, page, 1), -EINVAL);
	CHECK_CALL(devthp_range_alloc(NULL, NULL), -EINVAL);
	CHECK_CALL(devthp_range_free(NULL), 0);
	CHECK(!devthp_range_addr(NULL));
	CHECK_INT(devthp_range_bytes(NULL), 0);
	CHECK_INT(devthp_range_pages(NULL), 0);
	CHECK_CALL(devthp_range_unmap(NULL, 0, 1), -EINVAL);
	CHECK_CALL(devthp_range_disown(NULL, 0, 1), -EINVAL);
	CHECK_CALL(devthp_pattern_fill(NULL, 0, 1, NULL), -EINVAL);
	CHECK_CALL(devthp_pattern_verify(NULL, 0, 1, NULL, NULL), -EINVAL);
	CHECK_CALL(devthp_snapshot_take(NULL, page, 1, NULL), -EINVAL);
	CHECK_CALL(devthp_snapshot_free(NULL), 0);
	CHECK_INT(devthp_snapshot_pages(NULL), 0);
	CHECK_INT(devthp_snapshot_sources(NULL), 0);
	CHECK_CALL(devthp_snapshot_page(NULL, 0, &facts), -EINVAL);
	CHECK_CALL(devthp_snapshot_summarize(NULL, 0, 1, &summary), -EINVAL);
	CHECK_CALL(devthp_counters_take(NULL), -EINVAL);
	CHECK_CALL(devthp_counters_free(NULL), 0);
	CHECK_CALL(devthp_counters_get(NULL, 0, &value), -EINVAL);
	CHECK_CALL(devthp_counters_delta(NULL, NULL, 0, &delta), -EINVAL);
}

static void null_results(void)
{
	struct devthp_counters *counters;
	struct devthp_snapshot *snap;
	struct devthp_device *dev;

	setup();
	mock_start(0);
	dev = mock_device();
	CHECK_CALL(devthp_device_query(dev, NULL), -EINVAL);
	CHECK_CALL(devthp_device_try(dev, NULL), -EINVAL);
	CHECK_CALL(devthp_device_read(dev, page, 1, NULL, NULL), -EINVAL);
	CHECK_CALL(devthp_device_write(dev, page, 1, NULL, NULL), -EINVAL);
	CHECK_CALL(devthp_device_snapshot(dev, page, 1, NULL), -EINVAL);
	CHECK_CALL(devthp_device_close(dev), 0);
	mock_end();

	CHECK_CALL(devthp_snapshot_take(&snap, page, 1, NULL), 0);
	CHECK_CALL(devthp_snapshot_page(snap, 0, NULL), -EINVAL);
	CHECK_CALL(devthp_snapshot_summarize(snap, 0, 1, NULL), -EINVAL);
	CHECK_CALL(devthp_snapshot_free(snap), 0);

	CHECK_CALL(devthp_counters_take(&counters), 0);
	CHECK_CALL(devthp_counters_get(counters, 0, NULL), -EINVAL);
	CHECK_CALL(devthp_counters_delta(counters, counters, 0, NULL), -EINVAL);
	CHECK_CALL(devthp_counters_free(counters), 0);
}

/* No such range may reach the device: nothing is expected of it. */
static void bad_ranges(void)
{
	char *last = (char *)(UINTPTR_MAX - devthp_page_size() + 1);
	struct devthp_snapshot *snap = (void *)page;
	struct devthp_device *dev;
	size_t i;

	setup();
	const struct {
		char *addr;
		size_t npages;
	} bad[] = {
		{ page, 0 },
		{ page + 1, 1 },
		{ page, SIZE_MAX },
		{ page, SIZE_MAX / devthp_page_size() },
		{ last, 1 },
		{ last, 2 },
	};

	mock_start(0);
	dev = mock_device();
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		char *addr = bad[i].addr;
		size_t n = bad[i].npages;

		CHECK_CALL(devthp_migrate_to_device(dev, addr, n, NULL), -EINVAL);
		CHECK_CALL(devthp_migrate_to_system(dev, addr, n, NULL), -EINVAL);
		CHECK_CALL(devthp_device_read(dev, addr, n, page, NULL), -EINVAL);
		CHECK_CALL(devthp_device_write(dev, addr, n, page, NULL), -EINVAL);
		CHECK_CALL(devthp_device_snapshot(dev, addr, n, (uint8_t *)page), -EINVAL);
		CHECK_CALL(devthp_device_exclusive(dev, addr, n, page), -EINVAL);
		CHECK_CALL(devthp_device_is_exclusive(dev, addr, n), -EINVAL);
		CHECK_CALL(devthp_snapshot_take(&snap, addr, n, NULL), -EINVAL);
	}
	CHECK_CALL(devthp_pattern_fill(page, 0, 0, NULL), -EINVAL);
	CHECK_CALL(devthp_pattern_fill(page + 1, 0, 1, NULL), -EINVAL);
	CHECK_CALL(devthp_pattern_verify(page + 4, 0, 1, NULL, NULL), -EINVAL);
	CHECK_CALL(devthp_device_close(dev), 0);
	mock_end();
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
	longer.opts.size = sizeof(longer) - 1;
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

/* Each structure is refused by its call, before anything else happens. */
static void every_size_is_checked(void)
{
	struct devthp_device_opts device_opts = { .size = 1 };
	struct devthp_device_info info = { .size = 1 };
	struct devthp_trial trial = { .size = 1 };
	struct devthp_migration migration = { .size = 1 };
	struct devthp_access access = { .size = 1 };
	struct devthp_pattern_opts pattern_opts = { .size = 1 };
	struct devthp_pattern_report pattern_report = { .size = 1 };
	struct devthp_snapshot_opts snapshot_opts = { .size = 1 };
	struct devthp_page facts = { .size = 1 };
	struct devthp_summary summary = { .size = 1 };
	struct devthp_snapshot *snap;
	struct devthp_device *dev;

	setup();
	mock_start(0);
	CHECK_CALL(devthp_device_open(&dev, &device_opts), -EINVAL);
	dev = mock_device();
	CHECK_CALL(devthp_device_query(dev, &info), -EINVAL);
	CHECK_CALL(devthp_device_try(dev, &trial), -EINVAL);
	CHECK_CALL(devthp_migrate_to_device(dev, page, 1, &migration), -EINVAL);
	CHECK_CALL(devthp_migrate_to_system(dev, page, 1, &migration), -EINVAL);
	CHECK_CALL(devthp_device_read(dev, page, 1, page, &access), -EINVAL);
	CHECK_CALL(devthp_device_write(dev, page, 1, page, &access), -EINVAL);
	CHECK_CALL(devthp_device_close(dev), 0);
	mock_end();
	CHECK_CALL(devthp_pattern_fill(page, 0, 1, &pattern_opts), -EINVAL);
	CHECK_CALL(devthp_pattern_verify(page, 0, 1, &pattern_opts, NULL), -EINVAL);
	CHECK_CALL(devthp_pattern_verify(page, 0, 1, NULL, &pattern_report), -EINVAL);
	CHECK_CALL(devthp_snapshot_take(&snap, page, 1, &snapshot_opts), -EINVAL);
	CHECK_CALL(devthp_snapshot_take(&snap, page, 1, NULL), 0);
	CHECK_CALL(devthp_snapshot_page(snap, 0, &facts), -EINVAL);
	CHECK_CALL(devthp_snapshot_summarize(snap, 0, 1, &summary), -EINVAL);
	CHECK_CALL(devthp_snapshot_free(snap), 0);
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
	{ "no object", null_objects },
	{ "no place for the result", null_results },
	{ "bad page ranges never reach the device", bad_ranges },
	{ "options of any size", options_of_any_size },
	{ "reports of any size", reports_of_any_size },
	{ "every structure's size is checked", every_size_is_checked },
	{ "names", names },
};

TAP_MAIN(cases)
