// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Rules that speak of a folio and all the entries that lead to it. */
#include <stdlib.h>

#include "rules.h"

/* A pin is that many references on a folio of one page, and one on a larger one. */
#define SMALL_PIN_REFS	1024

/* Per-CPU lists hold a folio that is not on the LRU list yet, or that is locked. */
#define BATCHED		1

struct tally {
	const struct devthp_use *first;	/* speaks for the folio */
	int64_t pmd_entries;
	int64_t pte_entries;
	int64_t exclusive_entries;	/* hold a reference, map nothing */
	int64_t folio_refs;
	int64_t pins;
};

static int by_folio(const void *a, const void *b)
{
	const struct devthp_use *x = a, *y = b;

	if (x->page.folio != y->page.folio)
		return x->page.folio < y->page.folio ? -1 : 1;
	if (x->page.pfn != y->page.pfn)
		return x->page.pfn < y->page.pfn ? -1 : 1;
	return x->region < y->region ? -1 : x->region > y->region;
}

static bool leads_to_a_folio(const struct devthp_use *use)
{
	/* Of hugetlb folios the kernel counts otherwise. */
	return devthp_knows(use, DEVTHP_KNOWN_FOLIO | DEVTHP_KNOWN_PFN | DEVTHP_KNOWN_ORDER |
			    DEVTHP_KNOWN_LEVEL) &&
	       !(use->page.flags & DEVTHP_FOLIO_HUGETLB) &&
	       (devthp_is_mapping(use) || use->page.location == DEVTHP_LOC_EXCLUSIVE);
}

/* Those that lead to a folio to the front, sorted; how many. */
static size_t sort_uses(struct devthp_look *look)
{
	size_t i, count = 0;

	for (i = 0; i < look->nuses; i++) {
		struct devthp_use use = look->uses[i];

		if (!leads_to_a_folio(&use))
			continue;
		look->uses[i] = look->uses[count];
		look->uses[count++] = use;
	}
	qsort(look->uses, count, sizeof(*look->uses), by_folio);
	return count;
}

static void add(struct tally *tally, const struct devthp_look *look, const struct devthp_use *use)
{
	const struct devthp_region *region = &look->regions[use->region];

	if (use->page.location == DEVTHP_LOC_EXCLUSIVE)
		tally->exclusive_entries++;
	else if (use->page.level == DEVTHP_LEVEL_PTE)
		tally->pte_entries++;
	else
		tally->pmd_entries += devthp_begins_entry(use);
	tally->pins += region->page_pins;
	if (tally->folio_refs < region->folio_refs)
		tally->folio_refs = region->folio_refs;
}

/* Equal, or at least that if the look does not show all there is. */
static int count_is(struct devthp_look *look, unsigned int rule, const struct devthp_use *use,
		    int64_t expected, int64_t seen)
{
	const bool complete = look->flags & DEVTHP_CHECK_COMPLETE;

	return devthp_apply(look, rule, use, complete ? seen == expected : seen >= expected,
			    expected, seen);
}

/* Its pages agree on what is the folio's. */
static int one_folio(struct devthp_look *look, const struct devthp_use *uses, size_t count)
{
	const struct devthp_page *first = &uses[0].page;
	int ret = 0;
	size_t i;

	for (i = 1; !ret && i < count; i++) {
		const struct devthp_page *page = &uses[i].page;

		ret = devthp_apply(look, DEVTHP_RULE_ONE_FOLIO, &uses[i],
				   page->order == first->order, first->order, page->order);
		if (ret || !(page->known & first->known & DEVTHP_KNOWN_OWNER))
			continue;
		ret = devthp_apply(look, DEVTHP_RULE_ONE_FOLIO, &uses[i],
				   page->owner == first->owner, (int64_t)first->owner,
				   (int64_t)page->owner);
	}
	return ret;
}

static int mapcounts(struct devthp_look *look, const struct tally *tally)
{
	const struct devthp_use *use = tally->first;
	int ret;

	if (!devthp_knows(use, DEVTHP_KNOWN_MAPCOUNTS) || !use->page.order)
		return 0;
	ret = count_is(look, DEVTHP_RULE_ENTIRE_MAPCOUNT, use, tally->pmd_entries,
		       use->page.entire_mapcount);
	return ret ? ret : count_is(look, DEVTHP_RULE_LARGE_MAPCOUNT, use,
				    tally->pmd_entries + tally->pte_entries,
				    use->page.large_mapcount);
}

/* Each page of the folio: as many as there are entries for it alone. */
static int page_mapcounts(struct devthp_look *look, const struct devthp_use *uses, size_t count)
{
	size_t i, begin = 0;
	int64_t entries = 0;
	int ret = 0;

	for (i = 0; !ret && i < count; i++) {
		entries += uses[i].page.level == DEVTHP_LEVEL_PTE && devthp_is_mapping(&uses[i]);
		if (i + 1 < count && uses[i + 1].page.pfn == uses[i].page.pfn)
			continue;
		if (devthp_knows(&uses[begin], DEVTHP_KNOWN_MAPCOUNTS))
			ret = count_is(look, DEVTHP_RULE_PAGE_MAPCOUNT, &uses[begin], entries,
				       uses[begin].page.page_mapcount);
		begin = i + 1;
		entries = 0;
	}
	return ret;
}

static int references(struct devthp_look *look, const struct tally *tally)
{
	const struct devthp_use *use = tally->first;
	const uint64_t flags = use->page.flags;
	int64_t expected = tally->pmd_entries + tally->pte_entries + tally->exclusive_entries +
			   tally->folio_refs;
	int64_t batched = 0;
	bool good;

	if (!devthp_knows(use, DEVTHP_KNOWN_REFCOUNT | DEVTHP_KNOWN_FLAGS))
		return 0;
	expected += tally->pins * (use->page.order ? 1 : SMALL_PIN_REFS);
	if (flags & DEVTHP_FOLIO_SWAPCACHE)
		expected += 1LL << use->page.order;
	if (!(flags & DEVTHP_FOLIO_ZONE_DEVICE) &&
	    (!(flags & DEVTHP_FOLIO_LRU) || flags & DEVTHP_FOLIO_MLOCKED))
		batched = BATCHED;
	/* The page cache's references, and more, are nobody's affair here. */
	good = look->flags & DEVTHP_CHECK_COMPLETE && flags & DEVTHP_FOLIO_ANON ?
	       use->page.refcount >= expected && use->page.refcount <= expected + batched :
	       use->page.refcount >= expected;
	return devthp_apply(look, DEVTHP_RULE_REFCOUNT, use, good, expected, use->page.refcount);
}

static int pins(struct devthp_look *look, const struct tally *tally)
{
	if (!devthp_knows(tally->first, DEVTHP_KNOWN_PINCOUNT))
		return 0;
	return count_is(look, DEVTHP_RULE_PINCOUNT, tally->first, tally->pins,
			tally->first->page.pincount);
}

static int rules_of_folio(struct devthp_look *look, const struct devthp_use *uses, size_t count)
{
	struct tally tally = { .first = uses };
	size_t i;
	int ret;

	for (i = 0; i < count; i++)
		add(&tally, look, &uses[i]);
	ret = one_folio(look, uses, count);
	ret = ret ? ret : mapcounts(look, &tally);
	ret = ret ? ret : page_mapcounts(look, uses, count);
	ret = ret ? ret : references(look, &tally);
	return ret ? ret : pins(look, &tally);
}

int devthp_rules_of_folios(struct devthp_look *look)
{
	const size_t count = sort_uses(look);
	size_t first, behind;
	int ret = 0;

	for (first = 0; !ret && first < count; first = behind) {
		behind = first + 1;
		while (behind < count &&
		       look->uses[behind].page.folio == look->uses[first].page.folio)
			behind++;
		ret = rules_of_folio(look, &look->uses[first], behind - first);
	}
	return ret;
}
