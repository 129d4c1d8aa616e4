// SPDX-License-Identifier: GPL-2.0
/*
 * A driver unmaps memory that it has mapped by page frame number, and puts other memory in
 * its place.
 *
 * Rules: unmap_mapping_range() of a part of a huge entry takes all of that entry away, in
 * every process; nothing is split. A touch brings back an entry of the same size, as no
 * page table was put there. Where there is a page table, though, it stays as long as the
 * mapping, and entries stay small (handle_pte_fault(), __handle_mm_fault()). What takes it
 * away: a new mapping of all that the table covers.
 */
#include <sys/mman.h>

#include "common/harness.h"
#include "common/pfnmap.h"
#include "common/pfnmap_child.h"

FIXTURE(evicted)
{
	struct pfnmap map;
	enum folio_probe_level level;
};

FIXTURE_VARIANT(evicted) { struct pfnmap_kind kind; };
FOR_EACH_KIND(PFNMAP_VARIANT, evicted)

static void touch_all(const struct pfnmap *map, enum folio_probe_level level)
{
	size_t at;

	for (at = 0; at < map->mapped; at += pfnmap_size(level))
		*(const volatile char *)(map->addr + at);
}

FIXTURE_SETUP(evicted)
{
	struct pfnmap *map = &self->map;

	SETUP_PFNMAP(map, &variant->kind);
	self->level = pfnmap_level(map->order);
	touch_all(map, self->level);
	ASSERT_RIGHT(pfnmap_entries_are(map, self->level, true));
}

FIXTURE_TEARDOWN(evicted)
{
	TEARDOWN_PFNMAP(&self->map);
}

/* ---- What goes ---- */

/* [first, first + bytes) is not mapped any more, and what is just outside is as before. */
static const char *only_that_is_gone(const FIXTURE_DATA(evicted) *self, size_t first,
				     size_t bytes)
{
	const struct pfnmap *map = &self->map;

	CHECK(pfnmap_entry_is_none(map, map->addr + first));
	CHECK(pfnmap_entry_is_none(map, map->addr + first + bytes - SIZE_4K));
	if (first)
		CHECK(pfnmap_entry_is(map, map->addr + first - SIZE_4K, self->level, true));
	if (first + bytes < map->mapped)
		CHECK(pfnmap_entry_is(map, map->addr + first + bytes, self->level, true));
	return RIGHT;
}

/* All comes back as it was, with one fault for each entry. */
static const char *comes_back(const FIXTURE_DATA(evicted) *self, size_t bytes)
{
	const struct pfnmap *map = &self->map;
	const uint64_t before = pfnmap_fault_count(map);
	const uint64_t want = bytes / pfnmap_size(self->level);

	touch_all(map, self->level);
	CHECK(pfnmap_entries_are(map, self->level, true));
	if (pfnmap_fault_count(map) - before != want)
		return wrong("%llu faults, not %llu",
			     (unsigned long long)(pfnmap_fault_count(map) - before),
			     (unsigned long long)want);
	return pfnmap_data(map);
}

/* What a part of it takes along: the whole entry. */
static const char *part_goes(const FIXTURE_DATA(evicted) *self, size_t part, size_t bytes)
{
	const size_t size = pfnmap_size(self->level);
	const size_t first = part / size * size;
	const size_t all = bytes < size ? size : bytes;

	CHECK(pfnmap_evict(&self->map, part, bytes));
	CHECK(only_that_is_gone(self, first, all));
	CHECK(comes_back(self, all));
	return pfnmap_is_untouched(&self->map);
}

TEST_F(evicted, a_page)
{
	ASSERT_RIGHT(part_goes(self, SIZE_2M / 2, SIZE_4K));
}

TEST_F(evicted, the_last_page)
{
	ASSERT_RIGHT(part_goes(self, self->map.mapped - SIZE_4K, SIZE_4K));
}

TEST_F(evicted, two_megabytes)
{
	ASSERT_RIGHT(part_goes(self, self->map.mapped - SIZE_2M, SIZE_2M));
}

TEST_F(evicted, everything)
{
	ASSERT_RIGHT(part_goes(self, 0, self->map.bytes));
}

/* What changed while nothing was mapped is seen. */
TEST_F(evicted, everything_and_filled_anew)
{
	ASSERT_RIGHT(pfnmap_evict(&self->map, 0, self->map.bytes));
	ASSERT_RIGHT(pfnmap_fill(&self->map));
	ASSERT_RIGHT(pfnmap_data(&self->map));
}

/* ---- Others that have it mapped ---- */

static const char *child_sees_it_go(struct pfnmap *map)
{
	CHECK(pfnmap_entries_are(map, pfnmap_level(map->order), true));
	CHECK(pfnmap_evict(map, 0, map->bytes));
	CHECK(pfnmap_entries_are_none(map));
	return pfnmap_data(map);
}

TEST_F(evicted, of_two_processes)
{
	ASSERT_RIGHT(pfnmap_in_child(&self->map, child_sees_it_go));
	ASSERT_RIGHT(pfnmap_entries_are_none(&self->map));
	ASSERT_RIGHT(comes_back(self, self->map.bytes));
}

/* Another mapping, of a part, at another place of the same process. */
TEST_F(evicted, of_two_mappings)
{
	struct pfnmap *map = &self->map;
	char *other = mmap(NULL, SIZE_2M, PROT_READ, MAP_SHARED, map->file, 0);

	ASSERT_NE(MAP_FAILED, other);
	ASSERT_RIGHT(pfnmap_page_is_right(map, other, 0));
	ASSERT_RIGHT(pfnmap_evict(map, 0, SIZE_4K));
	ASSERT_RIGHT(pfnmap_entry_is_none(map, other));
	ASSERT_RIGHT(pfnmap_entry_is_none(map, map->addr));
	ASSERT_RIGHT(pfnmap_page_is_right(map, other, 0));
	ASSERT_EQ(0, munmap(other, SIZE_2M));
}

/* Another buffer of the same memory is not concerned. */
TEST_F(evicted, of_this_buffer_only)
{
	struct pfnmap *map = &self->map, other;

	pfnmap_none(&other);
	ASSERT_RIGHT(pfnmap_create(&other, &variant->kind));
	ASSERT_RIGHT(pfnmap_map(&other, 0, SIZE_2M));
	ASSERT_RIGHT(pfnmap_data(&other));
	ASSERT_RIGHT(pfnmap_evict(map, 0, map->bytes));
	ASSERT_RIGHT(pfnmap_entries_are_none(map));
	ASSERT_RIGHT(pfnmap_data(&other));
	ASSERT_RIGHT(pfnmap_entry_is(&other, other.addr, self->level == FOLIO_PROBE_PTE ?
				     FOLIO_PROBE_PTE : FOLIO_PROBE_PMD, true));
	pfnmap_close(&other);
	ASSERT_RIGHT(pfnmap_fill(map));
}

/* ---- Other memory ---- */

/* There and back: what was written on the one side is on the other. */
static const char *moves_to(const FIXTURE_DATA(evicted) *self, struct pfnmap *map,
			    enum huge_pfnmap_backing backing)
{
	CHECK(pfnmap_write(map));
	CHECK(pfnmap_move(map, backing, map->order));
	CHECK(pfnmap_entries_are_none(map));
	if (pfnmap_moves_empty(map))
		CHECK(pfnmap_fill(map));
	CHECK(comes_back(self, map->bytes));
	return pfnmap_is_untouched(map);
}

static enum huge_pfnmap_backing another(const struct pfnmap *map)
{
	if (map->order == ORDER_1G)
		return map->backing == HUGE_PFNMAP_BARE ? HUGE_PFNMAP_PAGED : HUGE_PFNMAP_BARE;
	return (map->backing + 1) % HUGE_PFNMAP_BACKINGS;
}

TEST_F(evicted, for_other_memory)
{
	struct pfnmap *map = &self->map;
	const enum huge_pfnmap_backing first = map->backing;

	ASSERT_RIGHT(moves_to(self, map, another(map)));
	ASSERT_RIGHT(moves_to(self, map, first));
	ASSERT_RIGHT(pfnmap_write(map));
}

static const char *child_sees_it_move(struct pfnmap *map)
{
	CHECK(pfnmap_move(map, another(map), map->order));
	CHECK(pfnmap_entries_are_none(map));
	return pfnmap_write(map);
}

/* The parent finds what the child wrote to memory that was not there when it forked. */
TEST_F(evicted, for_other_memory_by_a_child)
{
	struct pfnmap *map = &self->map;

	ASSERT_RIGHT(pfnmap_in_child(map, child_sees_it_move));
	map->backing = another(map);
	map->value += 1ULL << 24;
	ASSERT_RIGHT(pfnmap_entries_are_none(map));
	ASSERT_RIGHT(pfnmap_data(map));
	ASSERT_RIGHT(pfnmap_pages(map, &map->before));
}

/* ---- A page table, once it is there ---- */

FIXTURE(small)
{
	struct pfnmap map;
	unsigned int smaller;		/* of what size its first entry was */
	enum folio_probe_level level;
};

FIXTURE_VARIANT(small)
{
	struct pfnmap_kind kind;
	unsigned int smaller;
};

FIXTURE_VARIANT_ADD(small, pte_in_pmd) {
	.kind = { HUGE_PFNMAP_BARE, ORDER_2M, 2 * SIZE_2M }, .smaller = ORDER_4K,
};

FIXTURE_VARIANT_ADD(small, pte_in_pmd_system) {
	.kind = { HUGE_PFNMAP_SYSTEM, ORDER_2M, 2 * SIZE_2M }, .smaller = ORDER_4K,
};

FIXTURE_VARIANT_ADD(small, pmd_in_pud) {
	.kind = { HUGE_PFNMAP_BARE, ORDER_1G, SIZE_1G }, .smaller = ORDER_2M,
};

FIXTURE_VARIANT_ADD(small, pmd_in_pud_paged) {
	.kind = { HUGE_PFNMAP_PAGED, ORDER_1G, SIZE_1G }, .smaller = ORDER_2M,
};

/* A smaller entry was there, and is gone: the table that it was in is not. */
FIXTURE_SETUP(small)
{
	struct pfnmap *map = &self->map;

	SETUP_PFNMAP(map, &variant->kind);
	self->smaller = variant->smaller;
	self->level = pfnmap_level(variant->smaller);
	ASSERT_RIGHT(pfnmap_faults(map, variant->smaller, 0));
	*(volatile char *)map->addr;
	ASSERT_RIGHT(pfnmap_entry_is(map, map->addr, self->level, true));
	ASSERT_RIGHT(pfnmap_faults(map, map->order, 0));
	ASSERT_RIGHT(pfnmap_evict(map, 0, map->bytes));
	ASSERT_RIGHT(pfnmap_entry_is_none(map, map->addr));
}

FIXTURE_TEARDOWN(small)
{
	TEARDOWN_PFNMAP(&self->map);
}

static const char *is_mapped_by(const struct pfnmap *map, enum folio_probe_level level)
{
	*(const volatile char *)map->addr;
	CHECK(pfnmap_entry_is(map, map->addr, level, true));
	return pfnmap_data(map);
}

TEST_F(small, when_touched_again)
{
	ASSERT_RIGHT(is_mapped_by(&self->map, self->level));
}

TEST_F(small, after_a_move)
{
	struct pfnmap *map = &self->map;

	ASSERT_RIGHT(pfnmap_move(map, another(map), map->order));
	ASSERT_RIGHT(pfnmap_fill(map));
	ASSERT_RIGHT(is_mapped_by(map, self->level));
}

/* mprotect() and madvise() of all of it do not look for empty tables. */
TEST_F(small, after_changes)
{
	struct pfnmap *map = &self->map;

	ASSERT_EQ(0, mprotect(map->addr, map->mapped, PROT_READ));
	ASSERT_EQ(0, mprotect(map->addr, map->mapped, PROT_READ | PROT_WRITE));
	ASSERT_EQ(0, madvise(map->addr, map->mapped, MADV_HUGEPAGE));
	ASSERT_RIGHT(is_mapped_by(map, self->level));
}

/* A range insert keeps out as well: for the entry next to it there is no table. */
TEST_F(small, when_a_range_is_inserted)
{
	struct pfnmap *map = &self->map;

	ASSERT_RIGHT(pfnmap_faults(map, map->order, HUGE_PFNMAP_AROUND));
	ASSERT_RIGHT(is_mapped_by(map, self->level));
	ASSERT_RIGHT(pfnmap_entry_is(map, map->addr + SIZE_2M, FOLIO_PROBE_PMD, true));
}

/* The first way back. */
TEST_F(small, but_not_in_a_new_mapping)
{
	struct pfnmap *map = &self->map;

	ASSERT_RIGHT(pfnmap_map(map, 0, map->bytes));
	ASSERT_RIGHT(is_mapped_by(map, pfnmap_level(map->order)));
}

/* The second: at the same address. What is unmapped for it takes its tables along. */
TEST_F(small, but_not_when_mapped_over)
{
	struct pfnmap *map = &self->map;

	ASSERT_EQ(map->addr, mmap(map->addr, map->mapped, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_FIXED, map->file, 0));
	ASSERT_RIGHT(is_mapped_by(map, pfnmap_level(map->order)));
}

/* The third: of just what one such entry maps. */
TEST_F(small, but_not_when_a_part_is_mapped_over)
{
	struct pfnmap *map = &self->map;
	const size_t size = pfnmap_size(pfnmap_level(map->order));

	ASSERT_EQ(map->addr, mmap(map->addr, size, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_FIXED, map->file, 0));
	ASSERT_RIGHT(is_mapped_by(map, pfnmap_level(map->order)));
}

TEST_HARNESS_MAIN
