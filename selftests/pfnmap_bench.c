// SPDX-License-Identifier: GPL-2.0
/*
 * What it takes until 2 MiB and 1 GiB of a driver's memory are mapped: by a fault for each
 * 4 KiB, by one fault that inserts a range of entries of the next smaller size, and by one
 * huge entry. For "make bench", where an instruction takes the time that is given, always.
 *
 * pfnmap_bench NANOSECONDS: exit status 0 if all goals are reached.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <devthp.h>

#include "common/need.h"
#include "common/pfnmap.h"
#include "common/verdict.h"

/* Nothing of common/ that is linked in asks for a device of test_hmm here. */
unsigned int device_minor;

static const struct {
	const char *name;
	size_t bytes;
	unsigned int range_order, huge_order;
	/* How many times less than by 4 KiB, at least. */
	double range_goal, huge_goal;
} rows[] = {
	{ "2 MiB", SIZE_2M, ORDER_4K, ORDER_2M, 5, 200 },
	{ "1 GiB", SIZE_1G, ORDER_2M, ORDER_1G, 1000, 100000 },
};

#define ROUNDS 3	/* of which the last counts: the ones before warm up */

static uint64_t nanoseconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

/* A new mapping each time, as an old one has its page tables still. */
static const char *measure(struct pfnmap *map, unsigned int order, uint32_t flags,
			   size_t step, uint64_t *took)
{
	const char *at, *end;
	unsigned int round;
	uint64_t begin;

	CHECK(pfnmap_faults(map, order, flags));
	for (round = 0; round < ROUNDS; round++) {
		CHECK(pfnmap_map_apart(map, 0, map->bytes));
		end = map->addr + map->bytes;
		begin = nanoseconds();
		for (at = map->addr; at < end; at += step)
			*(const volatile char *)at;
		*took = nanoseconds() - begin;
	}
	return pfnmap_data(map);
}

static bool reached(const char *name, const char *what, double is, double wanted)
{
	printf("%s  %s, %s: %.1f times less than by 4 KiB, goal %.0f\n",
	       is >= wanted ? "ok  " : "FAIL", name, what, is, wanted);
	return is >= wanted;
}

static const char *compare(size_t row, unsigned int unit, bool *good)
{
	const struct pfnmap_kind kind = {
		HUGE_PFNMAP_BARE, rows[row].huge_order, rows[row].bytes,
	};
	uint64_t base, range, huge;
	struct pfnmap map;

	pfnmap_none(&map);
	CHECK(pfnmap_create(&map, &kind));
	CHECK(measure(&map, ORDER_4K, 0, SIZE_4K, &base));
	CHECK(measure(&map, rows[row].range_order, HUGE_PFNMAP_AROUND, rows[row].bytes, &range));
	CHECK(measure(&map, rows[row].huge_order, 0, rows[row].bytes, &huge));
	pfnmap_close(&map);
	printf("  %-34s%14" PRIu64 "%14" PRIu64 "%14" PRIu64 "\n", rows[row].name, base / unit,
	       range / unit, huge / unit);
	*good &= reached(rows[row].name, "a range", (double)base / range, rows[row].range_goal);
	*good &= reached(rows[row].name, "a huge entry", (double)base / huge,
			 rows[row].huge_goal);
	return RIGHT;
}

int main(int argc, char **argv)
{
	const unsigned int unit = argc > 1 ? atoi(argv[1]) : 1;
	const char *verdict = RIGHT;
	bool good = true;
	size_t row;

	printf("\nmapped by page frame number, %-7s%14s%14s%14s\n",
	       unit > 1 ? "instr." : "ns", "4 KiB faults", "a range", "a huge entry");
	for (row = 0; row < sizeof(rows) / sizeof(rows[0]) && is_right(verdict); row++)
		verdict = compare(row, unit ? unit : 1, &good);
	if (!is_right(verdict))
		printf("FAIL  %s\n", verdict);
	return is_right(verdict) && good ? 0 : 1;
}
