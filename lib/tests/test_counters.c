// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Counters: what is read where, and what differs. */
#include <stdio.h>
#include <string.h>

#include "mock.h"

#define STATS		"/sys/kernel/mm/transparent_hugepage/hugepages-"
#define CGROUP		"/sys/fs/cgroup/a b/c/"

static void give(const char *path, const char *text)
{
	mock_file(path, text, strlen(text), 0);
}

static void check_value(const struct devthp_counters *counters, unsigned int counter,
			uint64_t wanted)
{
	uint64_t value = 0;

	CHECK_CALL(devthp_counters_get(counters, counter, &value), 0);
	CHECK_INT(value, wanted);
}

static void check_unknown(const struct devthp_counters *counters, unsigned int counter)
{
	uint64_t value;

	CHECK_CALL(devthp_counters_get(counters, counter, &value), -ENODATA);
}

static void memcg(void)
{
	struct devthp_counters *counters;

	mock_start(0);
	give("/proc/self/cgroup", "1:cpu:/other\n0::/a b/c\n");
	give(CGROUP "memory.stat", "anon_thp 3\nanon 4096\npagetables 8192\n");
	give(CGROUP "memory.current", "123456\n");
	mock_file(CGROUP "memory.swap.current", NULL, 0, -ENOENT);
	CHECK_CALL(devthp_counters_take(&counters), 0);
	check_value(counters, DEVTHP_COUNT_MEMCG, 123456);
	check_value(counters, DEVTHP_COUNT_MEMCG_ANON, 4096);
	check_value(counters, DEVTHP_COUNT_MEMCG_ANON_HUGE, 3);
	check_value(counters, DEVTHP_COUNT_MEMCG_PAGE_TABLES, 8192);
	check_unknown(counters, DEVTHP_COUNT_MEMCG_SWAP);
	check_unknown(counters, DEVTHP_COUNT_MEMCG_KERNEL);
	devthp_counters_free(counters);
	mock_end();
}

/* Cgroup v1 only, or a group that cannot be seen from here. */
static void no_memcg(void)
{
	static const char *const groups[] = { "4:memory:/x\n", "0::\n", "", "0::/../elsewhere\n" };
	struct devthp_counters *counters;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(groups); i++) {
		mock_start(0);
		give("/proc/self/cgroup", groups[i]);
		CHECK_CALL(devthp_counters_take(&counters), 0);
		check_unknown(counters, DEVTHP_COUNT_MEMCG);
		check_unknown(counters, DEVTHP_COUNT_MEMCG_ANON);
		devthp_counters_free(counters);
		mock_end();
	}
}

static void sizes(void)
{
	const unsigned int kb = 4 * devthp_page_size() / 1024;
	struct devthp_counters *counters;
	char path[2][128];

	mock_start(0);
	snprintf(path[0], sizeof(path[0]), STATS "%ukB/stats/split_failed", kb);
	snprintf(path[1], sizeof(path[1]), STATS "%ukB/stats/nr_anon", kb);
	give(path[0], "17\n");
	mock_file(path[1], NULL, 0, -ENOENT);
	CHECK_CALL(devthp_counters_take(&counters), 0);
	check_value(counters, DEVTHP_COUNT_OF_ORDER(2, DEVTHP_SIZE_SPLIT_FAILED), 17);
	check_unknown(counters, DEVTHP_COUNT_OF_ORDER(2, DEVTHP_SIZE_NR_ANON));
	check_unknown(counters, DEVTHP_COUNT_OF_ORDER(0, DEVTHP_SIZE_NR_ANON));
	devthp_counters_free(counters);
	mock_end();
}

static void names(void)
{
	unsigned int order, i;

	for (order = 0; order < DEVTHP_COUNT_ORDERS; order++) {
		for (i = 0; i < DEVTHP_SIZE_COUNTERS; i++)
			CHECK(strcmp(devthp_counter_name(DEVTHP_COUNT_OF_ORDER(order, i)), "?"));
		CHECK(!strcmp(devthp_counter_name(DEVTHP_COUNT_OF_ORDER(order, i)), "?"));
	}
	CHECK(!strcmp(devthp_counter_name(DEVTHP_COUNT_OF_ORDER(order, 0)), "?"));
	CHECK(!strcmp(devthp_counter_name(DEVTHP_COUNT_OF_ORDER(0, 0) - 1), "?"));
	CHECK(!strcmp(devthp_counter_name(UINT32_MAX), "?"));
	CHECK(!strcmp(devthp_counter_name(DEVTHP_COUNT_OF_ORDER(4, DEVTHP_SIZE_SPLIT)),
		      "order-4 split"));
	CHECK(!strcmp(devthp_counter_name(DEVTHP_COUNT_OF_ORDER(15, DEVTHP_SIZE_NR_ANON)),
		      "order-15 nr_anon"));
}

static void pins(void)
{
	const uint32_t two[] = { DEVTHP_COUNT_PINS, DEVTHP_COUNT_PINS_TAKEN };
	const uint32_t wanted = DEVTHP_COUNT_PINS;
	struct devthp_counters *counters;

	mock_start(0);
	give("/proc/vmstat", "nr_foll_pin_acquired 70\nnr_foll_pin_released 30\n");
	CHECK_CALL(devthp_counters_take_some(&counters, &wanted, 1), 0);
	check_value(counters, DEVTHP_COUNT_PINS, 40);
	check_unknown(counters, DEVTHP_COUNT_PINS_TAKEN);
	check_unknown(counters, DEVTHP_COUNT_PINS_RELEASED);
	check_unknown(counters, DEVTHP_COUNT_RSS_ANON);
	devthp_counters_free(counters);
	mock_end();

	mock_start(0);
	give("/proc/vmstat", "nr_foll_pin_acquired 70\nnr_foll_pin_released 30\n");
	CHECK_CALL(devthp_counters_take_some(&counters, two, ARRAY_SIZE(two)), 0);
	check_value(counters, DEVTHP_COUNT_PINS, 40);
	check_value(counters, DEVTHP_COUNT_PINS_TAKEN, 70);
	check_unknown(counters, DEVTHP_COUNT_PINS_RELEASED);
	devthp_counters_free(counters);
	mock_end();

	mock_start(0);
	give("/proc/vmstat", "nr_foll_pin_acquired 70\n");
	CHECK_CALL(devthp_counters_take(&counters), 0);
	check_unknown(counters, DEVTHP_COUNT_PINS);
	devthp_counters_free(counters);
	mock_end();
}

/* What is no number, or too large a one, is unknown, and no other number. */
static void bad_numbers(void)
{
	static const char *const texts[] = {
		"RssAnon:", "RssAnon:\t", "RssAnon: -1 kB\n", "RssAnon: x\n", "RssAnon: 1x\n",
		"RssAnon: 18446744073709551616 kB\n", "RssAnon: 18446744073709551615 kB\n",
		"RssAnon:\n12 kB\n", "xRssAnon: 12 kB\n", "RssAnonymous: 12 kB\n", "",
	};
	struct devthp_counters *counters;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		mock_start(0);
		give("/proc/self/status", texts[i]);
		CHECK_CALL(devthp_counters_take(&counters), 0);
		check_unknown(counters, DEVTHP_COUNT_RSS_ANON);
		devthp_counters_free(counters);
		mock_end();
	}
}

static struct devthp_counters *status(const char *text)
{
	struct devthp_counters *counters = NULL;

	mock_start(0);
	give("/proc/self/status", text);
	CHECK_CALL(devthp_counters_take(&counters), 0);
	mock_end();
	return counters;
}

static void compare(void)
{
	const struct devthp_slack slacks[] = {
		{ .counter = DEVTHP_COUNT_RSS_ANON, .less = 1024, .more = 2048 },
		{ .counter = DEVTHP_COUNT_PAGE_TABLES },
		{ .counter = DEVTHP_COUNT_SWAP },
	};
	const size_t n = ARRAY_SIZE(slacks);
	struct devthp_count_difference found = { .size = sizeof(found) };
	struct devthp_counters *a = status("RssAnon: 10 kB\nVmSwap: 4 kB\n");
	struct devthp_counters *b = status("RssAnon: 12 kB\nVmSwap: 4 kB\n");
	struct devthp_counters *c = status("RssAnon: 13 kB\nVmPTE: 8 kB\nVmSwap: 3 kB\n");

	CHECK_CALL(devthp_counters_compare(a, b, slacks, n, 0, &found), 0);
	CHECK_CALL(devthp_counters_compare(b, a, slacks, n, 0, &found), 1);
	CHECK_INT(found.index, 0);
	CHECK_INT(found.counter, DEVTHP_COUNT_RSS_ANON);
	CHECK_INT(found.delta, -2048);
	CHECK_INT(found.before, 12 * 1024);
	CHECK_INT(found.after, 10 * 1024);
	CHECK_CALL(devthp_counters_compare(a, c, slacks, n, 0, NULL), 1);
	CHECK_CALL(devthp_counters_compare(a, c, slacks, 1, 0, &found), 1);
	CHECK_INT(found.delta, 3 * 1024);
	CHECK_CALL(devthp_counters_compare(a, c, slacks, n, 1, &found), 1);
	CHECK_INT(found.index, 1);
	CHECK_INT(found.counter, DEVTHP_COUNT_PAGE_TABLES);
	CHECK(found.before == DEVTHP_NONE);
	CHECK_INT(found.after, 8 * 1024);
	CHECK_INT(found.delta, 0);
	CHECK_CALL(devthp_counters_compare(a, c, slacks, n, 2, &found), 1);
	CHECK_INT(found.delta, -1024);
	CHECK_CALL(devthp_counters_compare(a, c, slacks, n, 3, &found), 0);
	devthp_counters_free(a);
	devthp_counters_free(b);
	devthp_counters_free(c);
}

static const struct tap_case cases[] = {
	{ "the cgroup of the process", memcg },
	{ "no cgroup to be seen", no_memcg },
	{ "statistics of each size", sizes },
	{ "names of all of them", names },
	{ "pages pinned, and nothing else", pins },
	{ "what is no number", bad_numbers },
	{ "what differs beyond its slack", compare },
};

TAP_MAIN(cases)
