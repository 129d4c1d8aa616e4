// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Rules that speak of one page and the entry that maps it. */
#include "rules.h"

static int at_rest(struct devthp_look *look, const struct devthp_use *use)
{
	if (!devthp_knows(use, DEVTHP_KNOWN_LOCATION))
		return 0;
	return devthp_apply(look, DEVTHP_RULE_AT_REST, use,
			    use->page.location != DEVTHP_LOC_MIGRATION, 0,
			    use->page.location == DEVTHP_LOC_MIGRATION);
}

/* The page is where its index says, in a folio that begins where folios may. */
static int continuity(struct devthp_look *look, const struct devthp_use *use)
{
	const struct devthp_page *page = &use->page;
	const uint64_t pages = 1ULL << page->order;
	int ret;

	if (!devthp_knows(use, DEVTHP_KNOWN_PFN | DEVTHP_KNOWN_FOLIO | DEVTHP_KNOWN_ORDER))
		return 0;
	ret = devthp_apply(look, DEVTHP_RULE_CONTINUITY, use, page->pfn == page->folio + page->index,
			   (int64_t)(page->folio + page->index), (int64_t)page->pfn);
	ret = ret ? ret : devthp_apply(look, DEVTHP_RULE_CONTINUITY, use, page->index < pages,
				       (int64_t)pages - 1, page->index);
	return ret ? ret : devthp_apply(look, DEVTHP_RULE_CONTINUITY, use, !(page->folio % pages), 0,
					(int64_t)(page->folio % pages));
}

/* The mapping allows what the entry does. */
static int write_allowed(struct devthp_look *look, const struct devthp_use *use)
{
	const bool writes = use->page.bits & DEVTHP_BIT_WRITE;
	const bool may = use->page.vma & DEVTHP_VMA_WRITE;

	if (!devthp_knows(use, DEVTHP_KNOWN_WRITE | DEVTHP_KNOWN_VMA) || !devthp_is_mapping(use))
		return 0;
	return devthp_apply(look, DEVTHP_RULE_WRITE_ALLOWED, use, may || !writes, may, writes);
}

/* An anonymous page that can be written is nobody else's. */
static int write_exclusive(struct devthp_look *look, const struct devthp_use *use)
{
	const bool exclusive = use->page.bits & DEVTHP_BIT_EXCLUSIVE;
	const uint64_t kind = DEVTHP_FOLIO_ANON | DEVTHP_FOLIO_KSM | DEVTHP_FOLIO_HUGETLB;

	if (!devthp_knows(use, DEVTHP_KNOWN_BITS | DEVTHP_KNOWN_FLAGS | DEVTHP_KNOWN_VMA) ||
	    !devthp_is_mapping(use) || !(use->page.bits & DEVTHP_BIT_WRITE) ||
	    (use->page.flags & kind) != DEVTHP_FOLIO_ANON)
		return 0;
	return devthp_apply(look, DEVTHP_RULE_WRITE_EXCLUSIVE, use, exclusive, 1, exclusive);
}

static int exclusive(struct devthp_look *look, const struct devthp_use *use)
{
	const int mapcount = use->page.mapcount;

	if (!devthp_knows(use, DEVTHP_KNOWN_BITS | DEVTHP_KNOWN_MAPCOUNT) ||
	    !devthp_is_mapping(use) || !(use->page.bits & DEVTHP_BIT_EXCLUSIVE))
		return 0;
	return devthp_apply(look, DEVTHP_RULE_EXCLUSIVE, use, mapcount == 1, 1, mapcount);
}

static int uffd_wp(struct devthp_look *look, const struct devthp_use *use)
{
	const uint32_t both = DEVTHP_BIT_WRITE | DEVTHP_BIT_UFFD_WP;
	const bool writes = (use->page.bits & both) == both;

	if (!devthp_knows(use, DEVTHP_KNOWN_WRITE | DEVTHP_KNOWN_UFFD_WP) ||
	    !devthp_is_mapping(use) || !(use->page.bits & DEVTHP_BIT_UFFD_WP))
		return 0;
	return devthp_apply(look, DEVTHP_RULE_UFFD_WP, use, !writes, 0, writes);
}

/* What an entry of device memory leads to, and what any other does not. */
static int folio_of_its_kind(struct devthp_look *look, const struct devthp_use *use)
{
	const uint64_t device = DEVTHP_FOLIO_ZONE_DEVICE | DEVTHP_FOLIO_DEVICE_PRIVATE |
				DEVTHP_FOLIO_ANON;
	const uint64_t system = DEVTHP_FOLIO_LRU | DEVTHP_FOLIO_SWAPCACHE | DEVTHP_FOLIO_MLOCKED |
				DEVTHP_FOLIO_UNEVICTABLE | DEVTHP_FOLIO_WRITEBACK;
	const uint64_t flags = use->page.flags;

	if (!devthp_knows(use, DEVTHP_KNOWN_LOCATION | DEVTHP_KNOWN_FLAGS))
		return 0;
	switch (use->page.location) {
	case DEVTHP_LOC_DEVICE:
		return devthp_apply(look, DEVTHP_RULE_DEVICE_FOLIO, use,
				    (flags & (device | system)) == device, (int64_t)device,
				    (int64_t)(flags & (device | system)));
	case DEVTHP_LOC_SYSTEM:
	case DEVTHP_LOC_EXCLUSIVE:
		return devthp_apply(look, DEVTHP_RULE_SYSTEM_FOLIO, use,
				    !(flags & DEVTHP_FOLIO_DEVICE_PRIVATE), 0,
				    (int64_t)(flags & DEVTHP_FOLIO_DEVICE_PRIVATE));
	default:
		return 0;
	}
}

/* A device that maps a page sees what the process's entry is. */
static int device_view(struct devthp_look *look, const struct devthp_use *use)
{
	const uint32_t access = DEVTHP_PROT_READ | DEVTHP_PROT_WRITE;
	const uint32_t seen = use->page.prot & (DEVTHP_PROT_WRITE | DEVTHP_PROT_PMD);
	uint32_t wanted = 0;

	if (!devthp_knows(use, DEVTHP_KNOWN_PROT | DEVTHP_KNOWN_ENTRY | DEVTHP_KNOWN_LEVEL) ||
	    use->page.prot == DEVTHP_PROT_ERROR || !(use->page.prot & access) ||
	    !devthp_is_mapping(use))
		return 0;
	wanted |= use->page.level == DEVTHP_LEVEL_PMD ? DEVTHP_PROT_PMD : 0;
	wanted |= use->page.bits & DEVTHP_BIT_WRITE ? DEVTHP_PROT_WRITE : 0;
	return devthp_apply(look, DEVTHP_RULE_DEVICE_VIEW, use, seen == wanted, wanted, seen);
}

int devthp_rules_of_pages(struct devthp_look *look)
{
	int ret = 0;
	size_t i;

	for (i = 0; !ret && i < look->nuses; i++) {
		const struct devthp_use *use = &look->uses[i];

		ret = at_rest(look, use);
		ret = ret ? ret : continuity(look, use);
		ret = ret ? ret : exclusive(look, use);
		ret = ret ? ret : write_allowed(look, use);
		ret = ret ? ret : write_exclusive(look, use);
		ret = ret ? ret : uffd_wp(look, use);
		ret = ret ? ret : folio_of_its_kind(look, use);
		ret = ret ? ret : device_view(look, use);
	}
	return ret;
}
