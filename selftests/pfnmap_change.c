// SPDX-License-Identifier: GPL-2.0
/*
 * What a driver maps by page frame number, when the process changes the mapping.
 *
 * Rules: fork() copies the entries, as there is no other place that tells of them
 * (vma_needs_copy()). mprotect() and mremap() keep an entry, and what it is, where all of
 * it is concerned; a part of it, by whatever call, takes the whole of it away, and what is
 * touched then is faulted in, in the size that the mapping still allows. Nothing is split:
 * __split_huge_pmd_locked() and __split_huge_pud_locked() zap what is not anonymous.
 */
#include <errno.h>
#include <sys/mman.h>

#include "common/harness.h"
#include "common/pagemap.h"
#include "common/pfnmap.h"
#include "common/pfnmap_child.h"

FIXTURE(changed)
{
	struct pfnmap map;
	enum folio_probe_level level;
	uint64_t faults;
};

FIXTURE_VARIANT(changed) { struct pfnmap_kind kind; };
FOR_EACH_KIND(PFNMAP_VARIANT, changed)

/* All is mapped, in the entries that are asked for. */
FIXTURE_SETUP(changed)
{
	struct pfnmap *map = &self->map;
	size_t at;

	SETUP_PFNMAP(map, &variant->kind);
	self->level = pfnmap_level(map->order);
	for (at = 0; at < map->mapped; at += pfnmap_size(self->level))
		*(volatile char *)(map->addr + at);
	ASSERT_RIGHT(pfnmap_entries_are(map, self->level, true));
	self->faults = pfnmap_fault_count(map);
}

FIXTURE_TEARDOWN(changed)
{
	TEARDOWN_PFNMAP(&self->map);
}

#define ASSERT_NO_FAULT() ASSERT_EQ(self->faults, pfnmap_fault_count(&self->map))

/* ---- fork() ---- */

static const char *child_has_it(struct pfnmap *map)
{
	const uint64_t faults = pfnmap_fault_count(map);

	CHECK(pfnmap_entries_are(map, pfnmap_level(map->order), true));
	CHECK(pfnmap_data(map));
	CHECK(pfnmap_write(map));
	return pfnmap_fault_count(map) == faults ? RIGHT : wrong("it took faults");
}

TEST_F(changed, by_fork)
{
	struct pfnmap *map = &self->map;

	ASSERT_RIGHT(pfnmap_in_child(map, child_has_it));
	ASSERT_RIGHT(pfnmap_entries_are(map, self->level, true));
	/* It is shared memory: what the child wrote is here. */
	map->value += 1ULL << 24;
	ASSERT_RIGHT(pfnmap_data(map));
	ASSERT_NO_FAULT();
}

static const char *child_has_it_read_only(struct pfnmap *map)
{
	CHECK(pfnmap_entries_are(map, pfnmap_level(map->order), false));
	CHECK(pfnmap_cannot_write(map->addr));
	return pfnmap_data(map);
}

TEST_F(changed, by_fork_and_read_only)
{
	ASSERT_EQ(0, mprotect(self->map.addr, self->map.mapped, PROT_READ));
	ASSERT_RIGHT(pfnmap_in_child(&self->map, child_has_it_read_only));
	ASSERT_NO_FAULT();
}

/* The parent's end is not the child's. */
static const char *child_unmaps_it(struct pfnmap *map)
{
	return went_well("munmap", munmap(map->addr, map->mapped));
}

TEST_F(changed, by_a_child_that_unmaps)
{
	ASSERT_RIGHT(pfnmap_in_child(&self->map, child_unmaps_it));
	ASSERT_RIGHT(pfnmap_entries_are(&self->map, self->level, true));
	ASSERT_RIGHT(pfnmap_data(&self->map));
	ASSERT_NO_FAULT();
}

/* ---- mprotect() ---- */

TEST_F(changed, by_mprotect)
{
	struct pfnmap *map = &self->map;

	ASSERT_EQ(0, mprotect(map->addr, map->mapped, PROT_READ));
	ASSERT_RIGHT(pfnmap_entries_are(map, self->level, false));
	ASSERT_RIGHT(pfnmap_cannot_write(map->addr + SIZE_4K));
	ASSERT_RIGHT(pfnmap_data(map));
	ASSERT_EQ(0, mprotect(map->addr, map->mapped, PROT_READ | PROT_WRITE));
	ASSERT_RIGHT(pfnmap_entries_are(map, self->level, true));
	ASSERT_RIGHT(pfnmap_write(map));
	ASSERT_RIGHT(pfnmap_data(map));
	ASSERT_NO_FAULT();
}

/*
 * Of all access. On processors that leak what is not present (L1TF) mprotect() looks at
 * each page frame first, and what is huge goes by that.
 */
TEST_F(changed, by_mprotect_of_all_access)
{
	struct pfnmap *map = &self->map;

	ASSERT_EQ(0, mprotect(map->addr, map->mapped, PROT_NONE));
	ASSERT_RIGHT(pfnmap_cannot_read(map->addr));
	ASSERT_EQ(0, mprotect(map->addr, map->mapped, PROT_READ | PROT_WRITE));
	ASSERT_RIGHT(pfnmap_data(map));
	ASSERT_RIGHT(pfnmap_write(map));
	ASSERT_RIGHT(pfnmap_entry_is(map, map->addr, self->level, true));
}

/* ---- A part of an entry ---- */

/* The page that something is done to, and another entry, if there is one. */
#define PART	(SIZE_2M / 2)
#define FAR	SIZE_2M

static enum folio_probe_level at_most_pmd(const FIXTURE_DATA(changed) *self)
{
	return self->level == FOLIO_PROBE_PTE ? FOLIO_PROBE_PTE : FOLIO_PROBE_PMD;
}

/* What is left at once: of a huge entry nothing. */
static const char *part_took_the_entry(const FIXTURE_DATA(changed) *self)
{
	const struct pfnmap *map = &self->map;

	if (self->level == FOLIO_PROBE_PTE)
		CHECK(pfnmap_entry_is(map, map->addr, FOLIO_PROBE_PTE, true));
	else
		CHECK(pfnmap_entry_is_none(map, map->addr));
	if (self->level == FOLIO_PROBE_PMD)
		return pfnmap_entry_is(map, map->addr + FAR, FOLIO_PROBE_PMD, true);
	if (self->level == FOLIO_PROBE_PUD)
		return pfnmap_entry_is_none(map, map->addr + FAR);
	return RIGHT;
}

/* What is faulted in then: as large as the mapping is cut now. */
static const char *rest_comes_back(const FIXTURE_DATA(changed) *self)
{
	const struct pfnmap *map = &self->map;

	CHECK(pfnmap_data_but(map, PART, SIZE_4K));
	CHECK(pfnmap_entry_is(map, map->addr, FOLIO_PROBE_PTE, true));
	CHECK(pfnmap_entry_is(map, map->addr + SIZE_2M - SIZE_4K, FOLIO_PROBE_PTE, true));
	if (self->level != FOLIO_PROBE_PTE)
		CHECK(pfnmap_entry_is(map, map->addr + FAR, FOLIO_PROBE_PMD, true));
	return RIGHT;
}

TEST_F(changed, by_munmap_of_a_page)
{
	struct pfnmap *map = &self->map;

	ASSERT_EQ(0, munmap(map->addr + PART, SIZE_4K));
	ASSERT_RIGHT(part_took_the_entry(self));
	ASSERT_RIGHT(rest_comes_back(self));
	ASSERT_RIGHT(pfnmap_cannot_read(map->addr + PART));
}

TEST_F(changed, by_mprotect_of_a_page)
{
	struct pfnmap *map = &self->map;

	ASSERT_EQ(0, mprotect(map->addr + PART, SIZE_4K, PROT_READ));
	ASSERT_RIGHT(part_took_the_entry(self));
	ASSERT_RIGHT(rest_comes_back(self));
	ASSERT_RIGHT(pfnmap_data(map));
	ASSERT_RIGHT(pfnmap_entry_is(map, map->addr + PART, FOLIO_PROBE_PTE, false));
	ASSERT_RIGHT(pfnmap_cannot_write(map->addr + PART));
}

TEST_F(changed, by_mremap_of_a_page)
{
	struct pfnmap *map = &self->map;
	char *to = mmap(NULL, SIZE_4K, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, to);
	ASSERT_EQ(to, mremap(map->addr + PART, SIZE_4K, SIZE_4K, MREMAP_MAYMOVE | MREMAP_FIXED,
			     to));
	ASSERT_RIGHT(part_took_the_entry(self));
	ASSERT_RIGHT(rest_comes_back(self));
	ASSERT_RIGHT(pfnmap_page_is_right(map, to, PART));
	ASSERT_RIGHT(pfnmap_cannot_read(map->addr + PART));
	ASSERT_EQ(0, munmap(to, SIZE_4K));
}

/* What is before the part of two megabytes: of a PUD nothing is left, others are as before. */
static const char *rest_is_mapped_by(const FIXTURE_DATA(changed) *self, size_t part)
{
	if (!part)
		return RIGHT;
	if (self->level == FOLIO_PROBE_PUD)
		return pfnmap_entry_is_none(&self->map, self->map.addr);
	return pfnmap_entry_is(&self->map, self->map.addr, self->level, true);
}

static const char *rest_comes_back_by(const FIXTURE_DATA(changed) *self, size_t part)
{
	if (!part)
		return RIGHT;
	return pfnmap_entry_is(&self->map, self->map.addr, at_most_pmd(self), true);
}

TEST_F(changed, by_munmap_of_two_megabytes)
{
	struct pfnmap *map = &self->map;
	const size_t hole = map->mapped - SIZE_2M;

	ASSERT_EQ(0, munmap(map->addr + hole, SIZE_2M));
	ASSERT_RIGHT(pfnmap_cannot_read(map->addr + hole));
	ASSERT_RIGHT(rest_is_mapped_by(self, hole));
	ASSERT_RIGHT(pfnmap_data_but(map, hole, SIZE_2M));
	ASSERT_RIGHT(rest_comes_back_by(self, hole));
}

TEST_F(changed, by_mprotect_of_two_megabytes)
{
	struct pfnmap *map = &self->map;
	const size_t part = map->mapped - SIZE_2M;

	ASSERT_EQ(0, mprotect(map->addr + part, SIZE_2M, PROT_READ));
	ASSERT_RIGHT(rest_is_mapped_by(self, part));
	ASSERT_RIGHT(pfnmap_data(map));
	ASSERT_RIGHT(rest_comes_back_by(self, part));
	ASSERT_RIGHT(pfnmap_entry_is(map, map->addr + map->mapped - SIZE_4K, at_most_pmd(self),
				     false));
	ASSERT_RIGHT(pfnmap_cannot_write(map->addr + part));
}

/* ---- mremap() of all of it ---- */

/* Room where such a mapping can be, apart from everything: it is free when it is given. */
static char *room_for(size_t bytes)
{
	char *room = mmap(NULL, 3 * SIZE_1G, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (room == MAP_FAILED)
		return NULL;
	munmap(room, 3 * SIZE_1G);
	return (char *)(((uintptr_t)room + SIZE_1G - 1) / SIZE_1G * SIZE_1G);
}

static const char *moved_to(struct pfnmap *map, char *to)
{
	char *from = map->addr;

	if (mremap(from, map->mapped, map->mapped, MREMAP_MAYMOVE | MREMAP_FIXED, to) != to)
		return went_well("mremap", -errno);
	map->addr = to;
	CHECK(pfnmap_cannot_read(from));
	return RIGHT;
}

static const char *entries_came_along(const FIXTURE_DATA(changed) *self, bool did)
{
	if (did)
		return pfnmap_entries_are(&self->map, self->level, true);
	return pfnmap_entries_are_none(&self->map);
}

TEST_F(changed, by_mremap)
{
	struct pfnmap *map = &self->map;
	char *to = room_for(map->mapped);

	ASSERT_NE(NULL, to);
	ASSERT_RIGHT(moved_to(map, to));
	ASSERT_RIGHT(pfnmap_entries_are(map, self->level, true));
	ASSERT_RIGHT(pfnmap_data(map));
	ASSERT_RIGHT(pfnmap_write(map));
	ASSERT_NO_FAULT();
}

/* Only 4 KiB fit at such an address. */
TEST_F(changed, by_mremap_to_an_odd_address)
{
	struct pfnmap *map = &self->map;
	char *to = room_for(map->mapped + SIZE_2M);

	ASSERT_NE(NULL, to);
	ASSERT_RIGHT(moved_to(map, to + SIZE_4K));
	ASSERT_RIGHT(entries_came_along(self, self->level == FOLIO_PROBE_PTE));
	ASSERT_RIGHT(pfnmap_data(map));
	ASSERT_RIGHT(pfnmap_entry_is(map, map->addr, FOLIO_PROBE_PTE, true));
	ASSERT_RIGHT(pfnmap_write(map));
}

/* 2 MiB fit, and 1 GiB does not. */
TEST_F(changed, by_mremap_to_another_two_megabytes)
{
	struct pfnmap *map = &self->map;
	char *to = room_for(map->mapped + SIZE_2M);

	ASSERT_NE(NULL, to);
	ASSERT_RIGHT(moved_to(map, to + SIZE_2M));
	ASSERT_RIGHT(entries_came_along(self, self->level != FOLIO_PROBE_PUD));
	ASSERT_RIGHT(pfnmap_data(map));
	ASSERT_RIGHT(pfnmap_entry_is(map, map->addr, at_most_pmd(self), true));
	ASSERT_RIGHT(pfnmap_write(map));
}

/* ---- Who tracks writes ---- */

/*
 * Entries that come after clear_refs are read-only, whatever the mapping is: a write is to
 * be seen. The driver makes such a one writable, in its size.
 */
TEST_F(changed, by_who_tracks_writes)
{
	struct pfnmap *map = &self->map;

	NEED(soft_dirty_needed);
	ASSERT_RIGHT(clear_refs(CLEAR_SOFT_DIRTY));
	ASSERT_RIGHT(pfnmap_evict(map, 0, map->bytes));
	ASSERT_RIGHT(pfnmap_data(map));
	ASSERT_RIGHT(pfnmap_entry_is(map, map->addr, self->level, false));
	ASSERT_RIGHT(pfnmap_write(map));
	ASSERT_RIGHT(pfnmap_entry_is(map, map->addr, self->level, true));
	ASSERT_RIGHT(pfnmap_data(map));
}

TEST_HARNESS_MAIN
