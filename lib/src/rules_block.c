// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * The rule of blocks of entries that arm64 maps as one: a naturally aligned block of
 * PTEs has the contiguous bit in all of its entries, or in none.
 */
#include "rules.h"

/* Entries of a block, of 64 KiB or 2 MiB. */
static size_t block_pages(void)
{
	switch (devthp_page_size()) {
	case 16384:
		return 128;
	case 65536:
		return 32;
	default:
		return 16;
	}
}

/*
 * What may differ within a block, as the hardware notes for all of it in any entry: that
 * it was accessed (bit 10), or written (read-only no more, bit 7). The kernel's own dirty
 * bit is 55.
 */
#define NOTED	(1ULL << 7 | 1ULL << 10 | 1ULL << 55)

static bool is_contiguous(const struct devthp_use *use)
{
	return use->page.bits & DEVTHP_BIT_CONTIGUOUS;
}

/* Of hugetlb the kernel keeps blocks by itself, and they have one record each. */
static bool is_pte(const struct devthp_use *use)
{
	return devthp_knows(use, DEVTHP_KNOWN_LEVEL | DEVTHP_KNOWN_BITS | DEVTHP_KNOWN_ENTRY) &&
	       use->page.level == DEVTHP_LEVEL_PTE && !(use->page.flags & DEVTHP_FOLIO_HUGETLB);
}

/* The entry behind another one, or what it would be if it went on like that. */
static int goes_on(struct devthp_look *look, const struct devthp_use *use,
		   const struct devthp_use *first)
{
	const uint64_t offset = use->number - first->number;
	const uint64_t entry = (first->page.entry & ~NOTED) + offset * devthp_page_size();
	const uint32_t same = DEVTHP_BIT_WRITE | DEVTHP_BIT_UFFD_WP | DEVTHP_BIT_SOFT_DIRTY;
	const struct devthp_page *page = &use->page;
	int ret;

	ret = devthp_apply(look, DEVTHP_RULE_CONTIGUOUS, use,
			   page->pfn == first->page.pfn + offset,
			   (int64_t)(first->page.pfn + offset), (int64_t)page->pfn);
	ret = ret ? ret : devthp_apply(look, DEVTHP_RULE_CONTIGUOUS, use,
				       page->folio == first->page.folio,
				       (int64_t)first->page.folio, (int64_t)page->folio);
	ret = ret ? ret : devthp_apply(look, DEVTHP_RULE_CONTIGUOUS, use,
				       (page->bits & same) == (first->page.bits & same),
				       first->page.bits & same, page->bits & same);
	return ret ? ret : devthp_apply(look, DEVTHP_RULE_CONTIGUOUS, use,
					(page->entry & ~NOTED) == entry, (int64_t)entry,
					(int64_t)(page->entry & ~NOTED));
}

/* Where the block begins in memory, so must the pages that it leads to. */
static int is_aligned(struct devthp_look *look, const struct devthp_use *first, size_t place)
{
	const uint64_t seen = first->page.pfn % block_pages();

	return devthp_apply(look, DEVTHP_RULE_CONTIGUOUS, first, seen == place, (int64_t)place,
			    (int64_t)seen);
}

static bool any_is_contiguous(const struct devthp_use *uses, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (is_pte(&uses[i]) && is_contiguous(&uses[i]))
			return true;
	}
	return false;
}

/* What a region has of one block, from that place in it on. */
static int rules_of_block(struct devthp_look *look, const struct devthp_use *uses, size_t count,
			  size_t place)
{
	int ret = 0;
	size_t i;

	if (!any_is_contiguous(uses, count))
		return 0;
	for (i = 0; !ret && i < count; i++) {
		const bool has = is_pte(&uses[i]) && is_contiguous(&uses[i]);

		ret = devthp_apply(look, DEVTHP_RULE_CONTIGUOUS, &uses[i], has, 1, has);
		if (!has || !is_pte(&uses[0]) || !is_contiguous(&uses[0]))
			continue;
		ret = ret ? ret : is_aligned(look, &uses[i], place + i);
		ret = ret ? ret : goes_on(look, &uses[i], &uses[0]);
	}
	return ret;
}

static int rules_of_region(struct devthp_look *look, const struct devthp_region *region,
			   const struct devthp_use *uses)
{
	const size_t start = (uintptr_t)region->addr / devthp_page_size();
	size_t first, count, place;
	int ret = 0;

	for (first = 0; !ret && first < region->npages; first += count) {
		place = (start + first) % block_pages();
		count = block_pages() - place;
		if (count > region->npages - first)
			count = region->npages - first;
		ret = rules_of_block(look, &uses[first], count, place);
	}
	return ret;
}

int devthp_rules_of_blocks(struct devthp_look *look)
{
	const struct devthp_use *uses = look->uses;
	int ret = 0;
	size_t i;

	for (i = 0; !ret && i < look->nregions; uses += look->regions[i++].npages)
		ret = rules_of_region(look, &look->regions[i], uses);
	return ret;
}
