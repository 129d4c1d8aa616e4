/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A buffer of the test device for huge pfnmaps, mapped as a test wants it. Only for
 * programs that the Makefile leaves out where the tree does not have the series.
 */
#ifndef PFNMAP_H
#define PFNMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <include/uapi/linux/folio_probe.h>
#include <lib/test_huge_pfnmap_uapi.h>

#define PFNMAP_NODE "/dev/huge_pfnmap"

#define SIZE_4K		(1UL << 12)
#define SIZE_64K	(1UL << 16)
#define SIZE_2M		(1UL << 21)
#define SIZE_1G		(1UL << 30)

#define ORDER_4K	0
#define ORDER_64K	4
#define ORDER_2M	9
#define ORDER_1G	18

/* What it is made of, and of which entries. */
struct pfnmap_kind {
	enum huge_pfnmap_backing backing;
	unsigned int order;	/* of the entries */
	size_t bytes;
};

/* As variants of a fixture: FOR_EACH_KIND(what, fixture), named after the memory. */
#define FOR_EACH_KIND(what, fixture)						\
	what(fixture, pte_bare, HUGE_PFNMAP_BARE, ORDER_4K, SIZE_2M)		\
	what(fixture, pte_paged, HUGE_PFNMAP_PAGED, ORDER_4K, SIZE_2M)		\
	what(fixture, pte_system, HUGE_PFNMAP_SYSTEM, ORDER_4K, SIZE_2M)	\
	what(fixture, pmd_bare, HUGE_PFNMAP_BARE, ORDER_2M, 2 * SIZE_2M)	\
	what(fixture, pmd_paged, HUGE_PFNMAP_PAGED, ORDER_2M, 2 * SIZE_2M)	\
	what(fixture, pmd_system, HUGE_PFNMAP_SYSTEM, ORDER_2M, 2 * SIZE_2M)	\
	what(fixture, pud_bare, HUGE_PFNMAP_BARE, ORDER_1G, SIZE_1G)		\
	what(fixture, pud_paged, HUGE_PFNMAP_PAGED, ORDER_1G, SIZE_1G)

#define PFNMAP_VARIANT(fixture, name, backing, order, bytes)			\
	FIXTURE_VARIANT_ADD(fixture, name) { .kind = { backing, order, bytes } };

/* For fixtures with a struct pfnmap map in them. */
#define PFNMAP_FIXTURE(fixture)							\
	FIXTURE_VARIANT(fixture) { struct pfnmap_kind kind; };			\
	FOR_EACH_KIND(PFNMAP_VARIANT, fixture)					\
	FIXTURE_SETUP(fixture)							\
	{									\
		SETUP_PFNMAP(&self->map, &variant->kind);			\
	}									\
	FIXTURE_TEARDOWN(fixture)						\
	{									\
		TEARDOWN_PFNMAP(&self->map);					\
	}

/* In FIXTURE_SETUP: the buffer is there, is filled and mapped, and not touched yet. */
#define SETUP_PFNMAP(map, kind)							\
do {										\
	pfnmap_none(map);							\
	NEED(pfnmap_needed, kind);						\
	ASSERT_RIGHT(pfnmap_create(map, kind));					\
	ASSERT_RIGHT(pfnmap_map(map, 0, (map)->bytes));				\
	ASSERT_RIGHT(pfnmap_pages(map, &(map)->before));			\
} while (0)

/* Nobody has touched a struct page, and nobody kept one. */
#define TEARDOWN_PFNMAP(map)							\
do {										\
	if (__test_passed(_metadata))						\
		EXPECT_RIGHT(pfnmap_is_untouched(map));				\
	pfnmap_close(map);							\
} while (0)

struct pfnmap {
	int file, probe;
	enum huge_pfnmap_backing backing;	/* now */
	unsigned int order;
	size_t bytes;		/* of the buffer */
	uint64_t value;		/* that the driver filled it with */
	char *addr;		/* where it is mapped, or NULL */
	size_t offset;		/* in the buffer, of what is mapped */
	size_t mapped;
	struct huge_pfnmap_pages before;	/* its struct pages, when it was made */
};

/* The device, that memory, and the probe; see need.h. */
int pfnmap_needed(const struct pfnmap_kind *kind, const char **why);

void pfnmap_none(struct pfnmap *map);

/* A buffer with known content at some places, and faults of that order. */
const char *pfnmap_create(struct pfnmap *map, const struct pfnmap_kind *kind);

/* Map a part of it for reading and writing, in place of what is mapped. */
const char *pfnmap_map(struct pfnmap *map, size_t offset, size_t bytes);
void pfnmap_close(struct pfnmap *map);

/* The same, with no other mapping in the 2 MiB at its ends, all in the same 1 GiB. */
const char *pfnmap_map_apart(struct pfnmap *map, size_t offset, size_t bytes);

/* Faults insert that, from now on. */
const char *pfnmap_faults(struct pfnmap *map, unsigned int order, uint32_t flags);

/* Unmap a part, everywhere; take other memory, without the content of 1 GiB. */
const char *pfnmap_evict(const struct pfnmap *map, size_t first, size_t bytes);
const char *pfnmap_move(struct pfnmap *map, enum huge_pfnmap_backing backing,
			unsigned int order);

bool pfnmap_moves_empty(const struct pfnmap *map);

/* New content at those places. */
const char *pfnmap_fill(struct pfnmap *map);

/*
 * The places: offsets of pages all over the buffer, at both sides of where entries begin
 * and end. NULL: no more. The same of those that are mapped.
 */
const size_t *pfnmap_place(const struct pfnmap *map, const size_t *last);
const size_t *pfnmap_place_mapped(const struct pfnmap *map, const size_t *last);
#define for_each_place_mapped(map, place)					\
	for (place = pfnmap_place_mapped(map, NULL); place;			\
	     place = pfnmap_place_mapped(map, place))

/* Where an offset of the buffer is mapped. */
static inline char *pfnmap_at(const struct pfnmap *map, size_t offset)
{
	return map->addr + (offset - map->offset);
}

/* What a page of the buffer holds as the driver filled it, wherever it is mapped. */
const char *pfnmap_page_is_right(const struct pfnmap *map, const char *at, size_t offset);

/* The CPU reads all places that are mapped; or writes them, and the driver sees that. */
const char *pfnmap_data(const struct pfnmap *map);
const char *pfnmap_data_but(const struct pfnmap *map, size_t hole, size_t bytes);
const char *pfnmap_write(struct pfnmap *map);

/* The driver reads its memory at an offset: what is there? */
const char *pfnmap_driver_reads(const struct pfnmap *map, size_t offset, void *to,
				size_t bytes);

/*
 * The entry that maps an address is of that level, special in kind and bit, and can be
 * written or not; or there is none.
 */
const char *pfnmap_entry_is(const struct pfnmap *map, const void *addr,
			    enum folio_probe_level level, bool writable);
const char *pfnmap_entry_is_none(const struct pfnmap *map, const void *addr);

/* The same for all that is mapped. */
const char *pfnmap_entries_are(const struct pfnmap *map, enum folio_probe_level level,
			       bool writable);
const char *pfnmap_entries_are_none(const struct pfnmap *map);

/* Of what level an entry of an order is, and how many bytes that maps. */
enum folio_probe_level pfnmap_level(unsigned int order);
size_t pfnmap_size(enum folio_probe_level level);

const char *pfnmap_stats(const struct pfnmap *map, struct huge_pfnmap_stats *stats);

/* Faults of all levels since the buffer was made. */
uint64_t pfnmap_fault_count(const struct pfnmap *map);
const char *pfnmap_pages(const struct pfnmap *map, struct huge_pfnmap_pages *pages);

/* Its struct pages are as they were when it was made, or moved. */
const char *pfnmap_is_untouched(const struct pfnmap *map);

#endif
