// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <devthp.h>

#include "baseline.h"
#include "explained.h"
#include "ready.h"
#include "settle.h"
#include "textfile.h"
#include "undo.h"
#include "verdict.h"

#define KB 1024

/* Of folios of 64 KiB, with base pages of 4 KiB: the medium size of these tests. */
#define MEDIUM_ORDER 4

/*
 * What remains of a counter when all that is mapped was taken from it. Of those of all
 * processes, another one that comes or goes meanwhile remains, too, for that moment.
 */
static struct {
	int64_t rss_anon, page_tables, all_anon, all_page_tables;
} remains;

/*
 * How far a counter may be off. On a machine of the tests' own, those that processes
 * change by what they do are compared with what there is in all processes, to the
 * byte. Elsewhere others come and go; a huge folio's worth is far beyond. What the
 * process that compares maps itself is known anywhere, and is no difference; elsewhere
 * each of many CPUs may keep some of that count. Swap entries are not collected from the
 * CPUs: each may have 31 of them.
 */
static const struct {
	unsigned int counter;
	int64_t here;
	int64_t elsewhere;
	const int64_t *remains;		/* here, if it is one of those */
	bool anywhere;
} allowed[] = {
	{ DEVTHP_COUNT_RSS_ANON, 0, 512 * KB, &remains.rss_anon, true },
	{ DEVTHP_COUNT_SWAP, 512 * KB, 512 * KB },
	{ DEVTHP_COUNT_PAGE_TABLES, 0, 48 * KB, &remains.page_tables },
	{ DEVTHP_COUNT_ANON_HUGE, 0, 0 },
	{ DEVTHP_COUNT_SYS_ANON, 0, 512 * KB, &remains.all_anon, true },
	{ DEVTHP_COUNT_SYS_ANON_HUGE, 0, 0 },
	{ DEVTHP_COUNT_SYS_PAGE_TABLES, 0, 64 * KB, &remains.all_page_tables },
	{ DEVTHP_COUNT_SYS_MLOCKED, 0, 0 },
	{ DEVTHP_COUNT_NR_ANON, 0, 0 },
	{ DEVTHP_COUNT_PARTIALLY_MAPPED, 0, 0 },
	{ DEVTHP_COUNT_OF_ORDER(MEDIUM_ORDER, DEVTHP_SIZE_NR_ANON), 0, 0 },
	{ DEVTHP_COUNT_OF_ORDER(MEDIUM_ORDER, DEVTHP_SIZE_PARTIALLY_MAPPED), 0, 0 },
	{ DEVTHP_COUNT_PINS, 0, 0 },
};

#define NR_ALLOWED (sizeof(allowed) / sizeof(allowed[0]))

static const int64_t *remains_of(size_t i)
{
	return nobody_else_is_here() || allowed[i].anywhere ? allowed[i].remains : NULL;
}

/* One value of each of them. */
struct values {
	bool known[NR_ALLOWED];
	int64_t value[NR_ALLOWED];
};

/*
 * What the first test of this program found, and whether the one before this has just
 * found it again, with all that it had freed; its tests are its children.
 */
static struct first {
	bool taken;
	bool is_back;
	struct values values;
} *first;

static void __attribute__((constructor)) share_first(void)
{
	first = mmap(NULL, sizeof(*first), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (first == MAP_FAILED)
		abort();
}

static const char *get_values(const struct baseline *baseline, struct values *values)
{
	size_t i;

	CHECK(rss_anon_remains(&remains.rss_anon));
	if (!nobody_else_is_here()) {
		CHECK(anon_of_others(&remains.all_anon));
	} else {
		CHECK(page_tables_remain(&remains.page_tables));
		CHECK(all_remain(&remains.all_anon, &remains.all_page_tables));
	}
	for (i = 0; i < NR_ALLOWED; i++) {
		uint64_t value = 0;

		values->known[i] = !devthp_counters_get(baseline->before,
							allowed[i].counter, &value);
		values->value[i] = remains_of(i) ? *remains_of(i) : (int64_t)value;
	}
	return RIGHT;
}

/*
 * What cannot be read cannot be compared: that is wrong on a kernel that has all
 * of them, and is said, once for a program, on another.
 */
static const char *is_unknown(const char *name)
{
	if (everything_is_required())
		return wrong("%s cannot be read", name);
	printf("# %s cannot be read, and is not compared\n", name);
	return RIGHT;
}

static const char *all_are_known(const struct values *values)
{
	size_t i;

	for (i = 0; i < NR_ALLOWED; i++)
		if (!values->known[i])
			CHECK(is_unknown(devthp_counter_name(allowed[i].counter)));
	return RIGHT;
}

static const char *take(struct baseline *baseline)
{
	uint32_t wanted[NR_ALLOWED];
	size_t i;

	for (i = 0; i < NR_ALLOWED; i++)
		wanted[i] = allowed[i].counter;
	/* What was freed, of large samples, is not to count as memory in use. */
	malloc_trim(0);
	/* Collect what each CPU has counted; only root may, others go without. */
	file_write("/proc/sys/vm/stat_refresh", "1");
	return went_well("read counters",
			 devthp_counters_take_some(&baseline->before, wanted, NR_ALLOWED));
}

static const char *compare(const struct values *before, const struct values *now)
{
	size_t i;

	for (i = 0; i < NR_ALLOWED; i++) {
		const int64_t slack = nobody_else_is_here() ? allowed[i].here :
								 allowed[i].elsewhere;
		const int64_t delta = now->value[i] - before->value[i];
		const char *name = devthp_counter_name(allowed[i].counter);

		if (before->known[i] != now->known[i])
			return wrong("%s cannot be read any more, or could not before",
				     name);
		if (delta < -slack || delta > slack)
			return wrong("%s is %" PRId64 "%s, was %" PRId64 " before", name,
				     now->value[i], remains_of(i) ? " more than is mapped" : "",
				     before->value[i]);
	}
	return RIGHT;
}

static const char *compare_with_now(const void *before)
{
	struct baseline baseline;
	struct values now;
	const char *verdict;

	CHECK(take(&baseline));
	verdict = get_values(&baseline, &now);
	baseline_forget(&baseline);
	CHECK(verdict);
	return compare(before, &now);
}

/* All of it is of some process, but for page tables of the kernel's own. */
static const char *is_explained(const struct values *values)
{
	size_t i;

	for (i = 0; nobody_else_is_here() && i < NR_ALLOWED; i++)
		if (allowed[i].remains && allowed[i].remains != &remains.all_page_tables &&
		    values->value[i])
			return wrong("%s has %" PRId64 " bytes that nobody has",
				     devthp_counter_name(allowed[i].counter),
				     values->value[i]);
	return RIGHT;
}

/* What came before the first test may still be ending: until nothing changes. */
static const char *is_still(const void *arg)
{
	struct baseline *baseline = (struct baseline *)arg;
	int looks;

	baseline_forget(baseline);
	CHECK(take(baseline));
	CHECK(get_values(baseline, &first->values));
	CHECK(is_explained(&first->values));
	for (looks = 0; looks < 3; looks++) {
		settle_batches();
		CHECK(compare_with_now(&first->values));
	}
	return RIGHT;
}

const char *baseline_take(struct baseline *baseline)
{
	const char *left_over = RIGHT;

	undo_all();
	if (!first->taken) {
		CHECK(settles(is_still, baseline));
		first->taken = true;
		return all_are_known(&first->values);
	}
	if (!first->is_back)
		left_over = settles(compare_with_now, &first->values);
	first->is_back = false;
	if (!is_right(left_over))
		return wrong("left behind by tests before: %s", left_over);
	return take(baseline);
}

const char *baseline_is_back(const struct baseline *baseline)
{
	const char *verdict;

	if (!baseline->before)
		return RIGHT;
	verdict = settles(compare_with_now, &first->values);
	first->is_back = is_right(verdict);
	return verdict;
}

void baseline_forget(struct baseline *baseline)
{
	devthp_counters_free(baseline->before);
	baseline->before = NULL;
}
