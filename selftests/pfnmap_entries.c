// SPDX-License-Identifier: GPL-2.0
/*
 * What a driver maps by page frame number, in entries of every size.
 *
 * Rules: a fault inserts the largest entry that the driver wants, the addresses allow and
 * physical memory gives; the entry is special at every level; no struct page knows of it.
 */
#include <sys/mman.h>

#include "common/harness.h"
#include "common/pfnmap.h"

/* ---- One fault, one entry ---- */

FIXTURE(entry)
{
	struct pfnmap map;
};

PFNMAP_FIXTURE(entry)

static size_t distinct_entries(const struct pfnmap *map, size_t size)
{
	size_t last = SIZE_MAX, found = 0;
	const size_t *place;

	for_each_place_mapped(map, place) {
		found += *place / size != last;
		last = *place / size;
	}
	return found;
}

/* All of it is of one size, and faults only where something was touched. */
static const char *is_mapped(const struct pfnmap *map)
{
	const enum folio_probe_level level = pfnmap_level(map->order);
	const size_t faults = distinct_entries(map, pfnmap_size(level));
	struct huge_pfnmap_stats stats;
	const size_t *place;
	unsigned int i;

	for_each_place_mapped(map, place)
		CHECK(pfnmap_entry_is(map, pfnmap_at(map, *place), level, true));
	CHECK(pfnmap_stats(map, &stats));
	for (i = 0; i < HUGE_PFNMAP_LEVELS; i++)
		if (stats.entries[i] != (i == level ? faults : 0))
			return wrong("%llu entries of level %u for %zu faults of level %u",
				     (unsigned long long)stats.entries[i], i, faults, level);
	if (stats.faults[level] != faults)
		return wrong("%llu faults, not %zu", (unsigned long long)stats.faults[level],
			     faults);
	return RIGHT;
}

TEST_F(entry, read)
{
	ASSERT_RIGHT(pfnmap_entries_are_none(&self->map));
	ASSERT_RIGHT(pfnmap_data(&self->map));
	ASSERT_RIGHT(is_mapped(&self->map));
}

TEST_F(entry, written)
{
	ASSERT_RIGHT(pfnmap_write(&self->map));
	ASSERT_RIGHT(is_mapped(&self->map));
	ASSERT_RIGHT(pfnmap_data(&self->map));
}

/* The kernel faults as well, when it copies for read(2) and write(2). */
TEST_F(entry, copied_by_the_kernel)
{
	char page[SIZE_4K];
	int ends[2];

	ASSERT_EQ(0, pipe(ends));
	ASSERT_EQ(sizeof(page), write(ends[1], self->map.addr, sizeof(page)));
	ASSERT_EQ(sizeof(page), read(ends[0], page, sizeof(page)));
	ASSERT_RIGHT(pfnmap_page_is_right(&self->map, page, 0));
	ASSERT_EQ(sizeof(page), write(ends[1], page, sizeof(page)));
	ASSERT_EQ(sizeof(page), read(ends[0], self->map.addr + SIZE_4K, sizeof(page)));
	ASSERT_RIGHT(pfnmap_driver_reads(&self->map, SIZE_4K, page, sizeof(page)));
	ASSERT_RIGHT(pfnmap_page_is_right(&self->map, page, 0));
	close(ends[0]);
	close(ends[1]);
}

/* ---- The size that a fault chooses ---- */

FIXTURE(chosen)
{
	struct pfnmap map;
};

/* Nothing is mapped yet, and what is asked of faults is set by the test. */
static const struct pfnmap_kind reserved = { HUGE_PFNMAP_BARE, ORDER_1G, SIZE_1G };

FIXTURE_SETUP(chosen)
{
	pfnmap_none(&self->map);
	NEED(pfnmap_needed, &reserved);
	ASSERT_RIGHT(pfnmap_create(&self->map, &reserved));
}

FIXTURE_TEARDOWN(chosen)
{
	pfnmap_close(&self->map);
}

/* As many faults and entries of each level since the buffer was made. */
static const char *there_were(const struct pfnmap *map, unsigned int faults,
			      unsigned int ptes, unsigned int pmds, unsigned int puds)
{
	struct huge_pfnmap_stats stats;

	CHECK(pfnmap_stats(map, &stats));
	if (pfnmap_fault_count(map) != faults)
		return wrong("%llu faults, not %u",
			     (unsigned long long)pfnmap_fault_count(map), faults);
	if (stats.entries[HUGE_PFNMAP_PTE] != ptes || stats.entries[HUGE_PFNMAP_PMD] != pmds ||
	    stats.entries[HUGE_PFNMAP_PUD] != puds)
		return wrong("%llu PTEs, %llu PMDs and %llu PUDs, not %u, %u, %u",
			     (unsigned long long)stats.entries[HUGE_PFNMAP_PTE],
			     (unsigned long long)stats.entries[HUGE_PFNMAP_PMD],
			     (unsigned long long)stats.entries[HUGE_PFNMAP_PUD],
			     ptes, pmds, puds);
	return RIGHT;
}

static const char *entries_from_to(const struct pfnmap *map, size_t first, size_t end,
				   enum folio_probe_level level)
{
	for (; first < end; first += pfnmap_size(level))
		CHECK(pfnmap_entry_is(map, pfnmap_at(map, first), level, true));
	return RIGHT;
}

static char touch(const char *addr)
{
	return *(const volatile char *)addr;
}

/* 16 entries that begin where 16 begin. */
TEST_F(chosen, block)
{
	struct pfnmap *map = &self->map;

	ASSERT_RIGHT(pfnmap_faults(map, ORDER_64K, 0));
	ASSERT_RIGHT(pfnmap_map(map, 0, SIZE_2M));
	touch(map->addr + SIZE_64K + 5 * SIZE_4K);
	ASSERT_RIGHT(entries_from_to(map, SIZE_64K, 2 * SIZE_64K, FOLIO_PROBE_PTE));
	ASSERT_RIGHT(pfnmap_entry_is_none(map, map->addr + SIZE_64K - SIZE_4K));
	ASSERT_RIGHT(pfnmap_entry_is_none(map, map->addr + 2 * SIZE_64K));
	ASSERT_RIGHT(there_were(map, 1, 16, 0, 0));
	ASSERT_RIGHT(pfnmap_data(map));
}

/* No 16 of them before the mapping begins, or behind its end: one, then. */
TEST_F(chosen, no_room_for_a_block)
{
	struct pfnmap *map = &self->map;

	ASSERT_RIGHT(pfnmap_faults(map, ORDER_64K, 0));
	ASSERT_RIGHT(pfnmap_map(map, SIZE_4K, SIZE_2M));
	touch(pfnmap_at(map, SIZE_64K - SIZE_4K));
	ASSERT_RIGHT(there_were(map, 1, 1, 0, 0));
	touch(pfnmap_at(map, SIZE_64K));
	ASSERT_RIGHT(there_were(map, 2, 1 + 16, 0, 0));
	touch(pfnmap_at(map, SIZE_2M));
	ASSERT_RIGHT(there_were(map, 3, 1 + 16 + 1, 0, 0));
}

/* Without room for the largest the next one is taken. */
TEST_F(chosen, no_room_for_a_pud)
{
	struct pfnmap *map = &self->map;

	ASSERT_RIGHT(pfnmap_map_apart(map, SIZE_2M / 2, 2 * SIZE_2M));
	ASSERT_RIGHT(pfnmap_data(map));
	ASSERT_RIGHT(pfnmap_entry_is(map, map->addr, FOLIO_PROBE_PTE, true));
	ASSERT_RIGHT(pfnmap_entry_is(map, pfnmap_at(map, SIZE_2M), FOLIO_PROBE_PMD, true));
	touch(pfnmap_at(map, 2 * SIZE_2M));
	ASSERT_RIGHT(pfnmap_entry_is(map, pfnmap_at(map, 2 * SIZE_2M), FOLIO_PROBE_PTE, true));
	ASSERT_RIGHT(pfnmap_entry_is_none(map, pfnmap_at(map, 2 * SIZE_2M + SIZE_4K)));
}

/* Whoever asks for no address gets one where entries as large as the mapping can be. */
TEST_F(chosen, address)
{
	struct pfnmap *map = &self->map;

	ASSERT_RIGHT(pfnmap_map(map, 0, SIZE_1G));
	ASSERT_EQ(0, (uintptr_t)map->addr % SIZE_1G);
	ASSERT_RIGHT(pfnmap_map(map, 3 * SIZE_4K, SIZE_2M));
	ASSERT_EQ(3 * SIZE_4K, (uintptr_t)map->addr % SIZE_2M);
	ASSERT_RIGHT(pfnmap_map(map, SIZE_2M - SIZE_4K, SIZE_1G - SIZE_2M));
	ASSERT_EQ(SIZE_2M - SIZE_4K, (uintptr_t)map->addr % SIZE_2M);
}

/* An address that does not match that of the memory: small entries, and the right ones. */
TEST_F(chosen, address_does_not_match)
{
	struct pfnmap *map = &self->map;
	char *addr;

	ASSERT_RIGHT(pfnmap_map_apart(map, 0, 2 * SIZE_2M));
	addr = map->addr + SIZE_4K;
	ASSERT_EQ(addr, mmap(addr, SIZE_2M, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
			     map->file, 0));
	ASSERT_EQ(0, munmap(map->addr, SIZE_4K));
	ASSERT_EQ(0, munmap(addr + SIZE_2M, SIZE_2M - SIZE_4K));
	map->addr = addr;
	map->mapped = SIZE_2M;
	ASSERT_RIGHT(pfnmap_data(map));
	ASSERT_RIGHT(pfnmap_entry_is(map, addr, FOLIO_PROBE_PTE, true));
	ASSERT_RIGHT(there_were(map, 6, 6, 0, 0));
}

/* MADV_NOHUGEPAGE is obeyed, and MADV_HUGEPAGE takes it back. */
TEST_F(chosen, by_madvise)
{
	struct pfnmap *map = &self->map;

	ASSERT_RIGHT(pfnmap_map(map, 0, 2 * SIZE_2M));
	ASSERT_EQ(0, madvise(map->addr, SIZE_2M, MADV_NOHUGEPAGE));
	ASSERT_RIGHT(pfnmap_data(map));
	ASSERT_RIGHT(pfnmap_entry_is(map, map->addr, FOLIO_PROBE_PTE, true));
	ASSERT_RIGHT(pfnmap_entry_is(map, map->addr + SIZE_2M, FOLIO_PROBE_PMD, true));
	ASSERT_RIGHT(pfnmap_map(map, 0, 2 * SIZE_2M));
	ASSERT_EQ(0, madvise(map->addr, SIZE_2M, MADV_NOHUGEPAGE));
	ASSERT_EQ(0, madvise(map->addr, SIZE_2M, MADV_HUGEPAGE));
	touch(map->addr);
	ASSERT_RIGHT(pfnmap_entry_is(map, map->addr, FOLIO_PROBE_PMD, true));
}

/* ---- A range at once ---- */

TEST_F(chosen, range_in_one_pud)
{
	struct pfnmap *map = &self->map;

	ASSERT_RIGHT(pfnmap_faults(map, ORDER_1G, HUGE_PFNMAP_AROUND));
	ASSERT_RIGHT(pfnmap_map(map, 0, SIZE_1G));
	touch(map->addr + SIZE_1G / 2);
	ASSERT_RIGHT(pfnmap_entries_are(map, FOLIO_PROBE_PUD, true));
	ASSERT_RIGHT(there_were(map, 1, 0, 0, 1));
	ASSERT_RIGHT(pfnmap_data(map));
}

TEST_F(chosen, range_in_pmds)
{
	struct pfnmap *map = &self->map;

	ASSERT_RIGHT(pfnmap_faults(map, ORDER_2M, HUGE_PFNMAP_AROUND));
	ASSERT_RIGHT(pfnmap_map(map, 0, SIZE_1G));
	touch(map->addr + SIZE_1G / 2);
	ASSERT_RIGHT(pfnmap_entries_are(map, FOLIO_PROBE_PMD, true));
	ASSERT_RIGHT(there_were(map, 1, 0, 512, 0));
	ASSERT_RIGHT(pfnmap_data(map));
}

/*
 * What can be huge is, and the ends that cannot are not: whatever part was touched. But a
 * neighbour's page table would keep the driver from seeing more than that.
 */
static const char *range_with_ends(struct pfnmap *map, size_t where)
{
	CHECK(pfnmap_faults(map, ORDER_1G, HUGE_PFNMAP_AROUND));
	CHECK(pfnmap_map_apart(map, SIZE_2M - SIZE_64K, SIZE_64K + 2 * SIZE_2M + 3 * SIZE_4K));
	touch(pfnmap_at(map, where));
	CHECK(there_were(map, 1, 16 + 3, 2, 0));
	CHECK(entries_from_to(map, SIZE_2M - SIZE_64K, SIZE_2M, FOLIO_PROBE_PTE));
	CHECK(entries_from_to(map, SIZE_2M, 3 * SIZE_2M, FOLIO_PROBE_PMD));
	CHECK(entries_from_to(map, 3 * SIZE_2M, 3 * SIZE_2M + 3 * SIZE_4K, FOLIO_PROBE_PTE));
	return pfnmap_data(map);
}

TEST_F(chosen, range_from_its_beginning)
{
	ASSERT_RIGHT(range_with_ends(&self->map, SIZE_2M - SIZE_64K));
}

TEST_F(chosen, range_from_its_middle)
{
	ASSERT_RIGHT(range_with_ends(&self->map, 2 * SIZE_2M + SIZE_4K));
}

TEST_F(chosen, range_from_its_end)
{
	ASSERT_RIGHT(range_with_ends(&self->map, 3 * SIZE_2M + 2 * SIZE_4K));
}

/* Small entries only: as far as a page table reaches. */
TEST_F(chosen, range_in_ptes)
{
	struct pfnmap *map = &self->map;

	ASSERT_RIGHT(pfnmap_faults(map, ORDER_4K, HUGE_PFNMAP_AROUND));
	ASSERT_RIGHT(pfnmap_map(map, SIZE_2M / 2, 2 * SIZE_2M));
	touch(pfnmap_at(map, SIZE_2M + SIZE_64K));
	ASSERT_RIGHT(there_were(map, 1, 512, 0, 0));
	ASSERT_RIGHT(entries_from_to(map, SIZE_2M, 2 * SIZE_2M, FOLIO_PROBE_PTE));
	ASSERT_RIGHT(pfnmap_entry_is_none(map, pfnmap_at(map, SIZE_2M - SIZE_4K)));
	ASSERT_RIGHT(pfnmap_entry_is_none(map, pfnmap_at(map, 2 * SIZE_2M)));
	ASSERT_RIGHT(pfnmap_data(map));
}

/* Pieces of physical memory end the range: chunks of 64 KiB that are anywhere. */
FIXTURE(pieces)
{
	struct pfnmap map;
};

static const struct pfnmap_kind scattered = { HUGE_PFNMAP_SYSTEM, ORDER_64K, 2 * SIZE_2M };

FIXTURE_SETUP(pieces)
{
	SETUP_PFNMAP(&self->map, &scattered);
}

FIXTURE_TEARDOWN(pieces)
{
	TEARDOWN_PFNMAP(&self->map);
}

TEST_F(pieces, range)
{
	struct pfnmap *map = &self->map;
	const size_t place = SIZE_2M - SIZE_4K;

	ASSERT_RIGHT(pfnmap_faults(map, ORDER_4K, HUGE_PFNMAP_AROUND));
	touch(map->addr + place);
	ASSERT_RIGHT(entries_from_to(map, SIZE_2M - SIZE_64K, SIZE_2M, FOLIO_PROBE_PTE));
	ASSERT_RIGHT(pfnmap_data(map));
	ASSERT_RIGHT(pfnmap_write(map));
}

/* No entry of 2 MiB over pieces of 64 KiB, in one go or one by one. */
TEST_F(pieces, too_small_for_an_entry)
{
	struct pfnmap *map = &self->map;

	ASSERT_RIGHT(pfnmap_faults(map, ORDER_2M, 0));
	ASSERT_RIGHT(pfnmap_data(map));
	ASSERT_RIGHT(pfnmap_entry_is(map, map->addr, FOLIO_PROBE_PTE, true));
	ASSERT_RIGHT(pfnmap_evict(map, 0, map->bytes));
	ASSERT_RIGHT(pfnmap_faults(map, ORDER_2M, HUGE_PFNMAP_AROUND));
	ASSERT_RIGHT(pfnmap_data(map));
	ASSERT_RIGHT(pfnmap_write(map));
}

TEST_HARNESS_MAIN
