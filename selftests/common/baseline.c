// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <devthp.h>

#include "baseline.h"
#include "settle.h"
#include "textfile.h"
#include "verdict.h"

#define KB 1024

/*
 * How far a counter may be off. A huge folio's worth of any is far beyond. The
 * process that compares has a heap and a stack, which may have grown by a few
 * pages, and with them its page tables.
 */
static const struct {
	unsigned int counter;
	int64_t within_test;	/* the same process, a moment later */
	int64_t over_tests;	/* another process of the program, like it */
} allowed[] = {
	{ DEVTHP_COUNT_RSS_ANON, 512 * KB, 512 * KB },
	{ DEVTHP_COUNT_SWAP, 512 * KB, 512 * KB },
	{ DEVTHP_COUNT_PAGE_TABLES, 32 * KB, 48 * KB },
	{ DEVTHP_COUNT_SYS_ANON, 512 * KB, 512 * KB },
	{ DEVTHP_COUNT_SYS_ANON_HUGE, 0, 0 },
	{ DEVTHP_COUNT_SYS_PAGE_TABLES, 64 * KB, 64 * KB },
	{ DEVTHP_COUNT_SYS_MLOCKED, 0, 0 },
	{ DEVTHP_COUNT_NR_ANON, 0, 0 },
	{ DEVTHP_COUNT_PARTIALLY_MAPPED, 0, 0 },
};

/* One value of each counter; pins that are held are taken minus released. */
struct values {
	bool known[DEVTHP_COUNTERS];
	int64_t value[DEVTHP_COUNTERS];
	int64_t pins;
};

/* What the first test of this program found; its tests are its children. */
static struct first {
	bool taken;
	struct values values;
} *first;

static void __attribute__((constructor)) share_first(void)
{
	first = mmap(NULL, sizeof(*first), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (first == MAP_FAILED)
		abort();
}

static void get_values(const struct devthp_counters *counters,
		       struct values *values)
{
	unsigned int i;

	for (i = 0; i < DEVTHP_COUNTERS; i++) {
		uint64_t value = 0;

		values->known[i] = !devthp_counters_get(counters, i, &value);
		values->value[i] = value;
	}
	values->pins = values->value[DEVTHP_COUNT_PINS_TAKEN] -
		       values->value[DEVTHP_COUNT_PINS_RELEASED];
}

static const char *take(struct devthp_counters **counters)
{
	/* Collect what each CPU has counted; only root may, others go without. */
	file_write("/proc/sys/vm/stat_refresh", "1");
	return went_well("read counters", devthp_counters_take(counters));
}

static const char *compare(const struct values *before,
			   const struct values *now, bool over_tests)
{
	size_t i;

	for (i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
		const unsigned int counter = allowed[i].counter;
		const int64_t slack = over_tests ? allowed[i].over_tests :
						   allowed[i].within_test;
		const int64_t delta = now->value[counter] -
				      before->value[counter];

		if (!before->known[counter] || !now->known[counter])
			continue;
		if (delta < -slack || delta > slack)
			return wrong("%s is %" PRId64 ", was %" PRId64 " before",
				     devthp_counter_name(counter),
				     now->value[counter],
				     before->value[counter]);
	}
	if (now->pins != before->pins)
		return wrong("%" PRId64 " pages are pinned, were %" PRId64 " before",
			     now->pins, before->pins);
	return RIGHT;
}

static const char *compare_with_now(const struct values *before, bool over_tests)
{
	struct devthp_counters *counters;
	struct values now;

	CHECK(take(&counters));
	get_values(counters, &now);
	devthp_counters_free(counters);
	return compare(before, &now, over_tests);
}

static const char *nothing_is_left_over(const void *values)
{
	return compare_with_now(values, true);
}

static const char *nothing_is_left(const void *values)
{
	return compare_with_now(values, false);
}

/* What came before the first test may still be ending: until nothing changes. */
static const char *is_still(const void *arg)
{
	struct baseline *baseline = (struct baseline *)arg;
	struct values values;

	baseline_forget(baseline);
	CHECK(take(&baseline->before));
	get_values(baseline->before, &values);
	settle_batches();
	return compare_with_now(&values, false);
}

const char *baseline_take(struct baseline *baseline)
{
	const char *left_over;

	if (!first->taken) {
		CHECK(settles(is_still, baseline));
		get_values(baseline->before, &first->values);
		first->taken = true;
		return RIGHT;
	}
	left_over = settles(nothing_is_left_over, &first->values);
	if (!is_right(left_over))
		return wrong("left behind by tests before: %s", left_over);
	return take(&baseline->before);
}

const char *baseline_is_back(const struct baseline *baseline)
{
	struct values before;

	get_values(baseline->before, &before);
	return settles(nothing_is_left, &before);
}

void baseline_forget(struct baseline *baseline)
{
	devthp_counters_free(baseline->before);
	baseline->before = NULL;
}
