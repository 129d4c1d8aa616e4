// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Differences between two snapshots. */
#include "internal.h"

#define CPU_BITS	(DEVTHP_BIT_YOUNG | DEVTHP_BIT_DIRTY)

/* Facts that are one bit of an entry each. */
static const struct {
	uint32_t fact, bits;
} entry_bits[] = {
	{ DEVTHP_KNOWN_WRITE, DEVTHP_BIT_WRITE },
	{ DEVTHP_KNOWN_SOFT_DIRTY, DEVTHP_BIT_SOFT_DIRTY },
	{ DEVTHP_KNOWN_UFFD_WP, DEVTHP_BIT_UFFD_WP },
	{ DEVTHP_KNOWN_BITS, ~CPU_BITS },
};

static uint32_t differing_members(const struct devthp_page *a, const struct devthp_page *b)
{
	uint32_t facts = 0;

	facts |= a->location != b->location ? DEVTHP_KNOWN_LOCATION : 0;
	facts |= a->entry != b->entry ? DEVTHP_KNOWN_ENTRY : 0;
	facts |= a->level != b->level || a->entry_page != b->entry_page ? DEVTHP_KNOWN_LEVEL : 0;
	facts |= a->pfn != b->pfn ? DEVTHP_KNOWN_PFN : 0;
	facts |= a->folio != b->folio || a->index != b->index ? DEVTHP_KNOWN_FOLIO : 0;
	facts |= a->order != b->order ? DEVTHP_KNOWN_ORDER : 0;
	facts |= a->mapcount != b->mapcount ? DEVTHP_KNOWN_MAPCOUNT : 0;
	facts |= a->entire_mapcount != b->entire_mapcount ||
		 a->large_mapcount != b->large_mapcount ||
		 a->page_mapcount != b->page_mapcount ||
		 a->nr_pages_mapped != b->nr_pages_mapped ? DEVTHP_KNOWN_MAPCOUNTS : 0;
	facts |= a->refcount != b->refcount ? DEVTHP_KNOWN_REFCOUNT : 0;
	facts |= a->pincount != b->pincount ? DEVTHP_KNOWN_PINCOUNT : 0;
	facts |= a->flags != b->flags ? DEVTHP_KNOWN_FLAGS : 0;
	facts |= a->owner != b->owner ? DEVTHP_KNOWN_OWNER : 0;
	facts |= a->memcg != b->memcg ? DEVTHP_KNOWN_MEMCG : 0;
	facts |= a->prot != b->prot ? DEVTHP_KNOWN_PROT : 0;
	facts |= a->vma != b->vma ? DEVTHP_KNOWN_VMA : 0;
	return facts;
}

static void compare_pages(const struct devthp_page *a, const struct devthp_page *b,
			  uint32_t facts, struct devthp_difference *found)
{
	const uint32_t both = a->known & b->known & facts;
	size_t i;

	found->facts = differing_members(a, b) & both;
	found->bits = 0;
	for (i = 0; i < ARRAY_SIZE(entry_bits); i++) {
		uint32_t bits = (a->bits ^ b->bits) & entry_bits[i].bits;

		if (!(both & entry_bits[i].fact) || !bits)
			continue;
		found->facts |= entry_bits[i].fact;
		found->bits |= bits;
	}
}

int devthp_snapshot_compare(const struct devthp_snapshot *before,
			    const struct devthp_snapshot *after, size_t from, uint32_t facts,
			    struct devthp_difference *report)
{
	struct devthp_difference found = { .facts = 0 };
	size_t npages, i;
	int ret;

	ret = devthp_live(before);
	ret = ret ? ret : devthp_live(after);
	ret = ret ? ret : devthp_report_check(report);
	if (ret)
		return ret;
	npages = devthp_snapshot_pages(before);
	if (devthp_snapshot_pages(after) != npages || from > npages)
		return -ERANGE;
	for (i = from; i < npages && !found.facts; i++) {
		struct devthp_page a = { .size = sizeof(a) }, b = { .size = sizeof(b) };

		devthp_snapshot_page(before, i, &a);
		devthp_snapshot_page(after, i, &b);
		compare_pages(&a, &b, facts, &found);
		found.page = i;
	}
	if (!found.facts)
		return 0;
	devthp_report_put(report, &found, sizeof(found));
	return 1;
}
