// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Patterns: each kind of wrong data has its name. */
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "tap.h"

#define PAGES	6
#define FIRST	1000
#define VICTIM	3

static char *data;
static struct devthp_pattern_opts opts;
static struct devthp_pattern_report report;

static char *page(size_t i)
{
	return data + i * devthp_page_size();
}

static void refill(void)
{
	free(data);
	data = aligned_alloc(devthp_page_size(), PAGES * devthp_page_size());
	memset(data, 0xa5, PAGES * devthp_page_size());
	memset(&opts, 0, sizeof(opts));
	memset(&report, 0, sizeof(report));
	opts.size = sizeof(opts);
	opts.seed = 42;
	opts.generation = 5;
	report.size = sizeof(report);
	CHECK_CALL(devthp_pattern_fill(data, FIRST, PAGES, &opts), 0);
}

static void write_page(size_t i, uint64_t index, uint32_t generation, uint64_t seed)
{
	struct devthp_pattern_opts other = {
		.size = sizeof(other), .seed = seed, .generation = generation,
	};

	CHECK_CALL(devthp_pattern_fill(page(i), index, 1, &other), 0);
}

/* Exactly the victim is bad, and so. */
static void expect(unsigned int verdict)
{
	CHECK_CALL(devthp_pattern_verify(data, FIRST, PAGES, &opts, &report), 1);
	CHECK_INT(report.checked, PAGES);
	CHECK_INT(report.count[DEVTHP_GOOD], PAGES - 1);
	CHECK_INT(report.count[verdict], 1);
	CHECK_INT(report.bad_page, VICTIM);
	CHECK_INT(report.bad_verdict, verdict);
	CHECK_INT(report.expected_index, FIRST + VICTIM);
	CHECK_INT(report.expected_generation, 5);
}

static void good(void)
{
	refill();
	CHECK_CALL(devthp_pattern_verify(data, FIRST, PAGES, &opts, &report), 0);
	CHECK_INT(report.checked, PAGES);
	CHECK_INT(report.count[DEVTHP_GOOD], PAGES);
	CHECK(report.bad_page == DEVTHP_NONE);
	CHECK_CALL(devthp_pattern_verify(data, FIRST, PAGES, &opts, NULL), 0);
}

static void zero(void)
{
	refill();
	memset(page(VICTIM), 0, devthp_page_size());
	expect(DEVTHP_ZERO);
	CHECK(report.seen_index == DEVTHP_NONE);
}

static void stale(void)
{
	refill();
	write_page(VICTIM, FIRST + VICTIM, 4, 42);
	expect(DEVTHP_STALE);
	CHECK_INT(report.seen_generation, 4);
	CHECK_INT(report.seen_index, FIRST + VICTIM);
}

static void newer(void)
{
	refill();
	write_page(VICTIM, FIRST + VICTIM, 6, 42);
	expect(DEVTHP_NEWER);
	CHECK_INT(report.seen_generation, 6);
}

static void foreign(void)
{
	refill();
	memcpy(page(VICTIM), page(VICTIM + 1), devthp_page_size());
	expect(DEVTHP_FOREIGN);
	CHECK_INT(report.seen_index, FIRST + VICTIM + 1);
	CHECK_INT(report.bad_offset, 0);
}

static void torn(void)
{
	const size_t half = devthp_page_size() / 2;

	refill();
	memcpy(page(VICTIM) + half, page(VICTIM + 1) + half, half);
	expect(DEVTHP_TORN);
	CHECK_INT(report.bad_offset, half);

	refill();
	memset(page(VICTIM) + half, 0, 64);
	expect(DEVTHP_TORN);

	/* Half of it of the past. */
	refill();
	memcpy(page(VICTIM + 1), page(VICTIM), devthp_page_size());
	write_page(VICTIM, FIRST + VICTIM, 4, 42);
	memcpy(page(VICTIM), page(VICTIM + 1), half);
	write_page(VICTIM + 1, FIRST + VICTIM + 1, 5, 42);
	expect(DEVTHP_TORN);

	/* Words of the right page in the wrong places. */
	refill();
	memmove(page(VICTIM), page(VICTIM) + 64, 64);
	expect(DEVTHP_TORN);

	refill();
	page(VICTIM)[devthp_page_size() - 1] ^= 1;
	expect(DEVTHP_TORN);
	CHECK_INT(report.bad_offset, devthp_page_size() - sizeof(uint64_t));
}

static void garbage(void)
{
	uint64_t x = 88172645463325252ULL;
	size_t i;

	refill();
	for (i = 0; i < devthp_page_size(); i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		page(VICTIM)[i] = (char)x;
	}
	expect(DEVTHP_GARBAGE);

	refill();
	write_page(VICTIM, FIRST + VICTIM, 5, 43);
	expect(DEVTHP_GARBAGE);
}

static void never_written(void)
{
	refill();
	write_page(VICTIM, FIRST + VICTIM, 0, 42);
	CHECK_INT(page(VICTIM)[0], 0);
	expect(DEVTHP_ZERO);

	/* Zero expected: old data is of the past. */
	refill();
	opts.generation = 0;
	CHECK_CALL(devthp_pattern_verify(data, FIRST, PAGES, &opts, &report), PAGES);
	CHECK_INT(report.count[DEVTHP_STALE], PAGES);
	memset(data, 0, PAGES * devthp_page_size());
	CHECK_CALL(devthp_pattern_verify(data, FIRST, PAGES, &opts, &report), 0);
}

static void page_by_page(void)
{
	uint32_t generations[PAGES] = { 1, 2, 0, 4, 5, 6 };
	uint8_t skip[PAGES] = { [VICTIM] = 1 };

	refill();
	opts.generations = generations;
	opts.skip = skip;
	CHECK_CALL(devthp_pattern_fill(data, FIRST, PAGES, &opts), 0);
	CHECK_CALL(devthp_pattern_verify(data, FIRST, PAGES, &opts, &report), 0);
	CHECK_INT(report.checked, PAGES - 1);
	CHECK_INT(report.skipped, 1);
	/* The skipped page still has what refill() gave it. */
	opts.skip = NULL;
	CHECK_CALL(devthp_pattern_verify(data, FIRST, PAGES, &opts, &report), 1);
	CHECK_INT(report.bad_page, VICTIM);
	CHECK_INT(report.bad_verdict, DEVTHP_NEWER);
}

static void limits(void)
{
	refill();
	opts.generation = DEVTHP_PATTERN_MAX_GENERATION;
	CHECK_CALL(devthp_pattern_fill(data, DEVTHP_PATTERN_MAX_INDEX, 1, &opts), 0);
	CHECK_CALL(devthp_pattern_verify(data, DEVTHP_PATTERN_MAX_INDEX, 1, &opts, NULL), 0);
	CHECK_CALL(devthp_pattern_fill(data, DEVTHP_PATTERN_MAX_INDEX, 2, &opts), -ERANGE);
	CHECK_CALL(devthp_pattern_fill(data, DEVTHP_PATTERN_MAX_INDEX + 1ULL, 1, &opts), -ERANGE);
	opts.generation++;
	CHECK_CALL(devthp_pattern_fill(data, 0, 1, &opts), -ERANGE);
	CHECK_CALL(devthp_pattern_verify(data, 0, 1, &opts, NULL), -ERANGE);
}

static const struct tap_case cases[] = {
	{ "what was filled is good", good },
	{ "zero", zero },
	{ "stale", stale },
	{ "newer", newer },
	{ "foreign", foreign },
	{ "torn", torn },
	{ "garbage", garbage },
	{ "generation 0 is memory never written", never_written },
	{ "generations and holes page by page", page_by_page },
	{ "limits of index and generation", limits },
};

TAP_MAIN(cases)
