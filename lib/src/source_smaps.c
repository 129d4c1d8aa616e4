// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Source: /proc/PID/smaps, for levels. It tells, mapping by mapping, how many bytes of
 * pages there are, and how many of them PMD entries map: if that is none or all, each
 * page that was counted is mapped in that way. What was not counted may be mapped in any:
 * the huge zero page, memory of devices that is mapped as PFNs or DAX does.
 */
#include <stdlib.h>

#include "source.h"
#include "text.h"

/* Pages [first, end) of the view. */
struct span {
	size_t first, end;
};

bool devthp_smaps_may_count(const struct devthp_page *page)
{
	return page->location == DEVTHP_LOC_SYSTEM || page->location == DEVTHP_LOC_DEVICE ||
	       page->location == DEVTHP_LOC_EXCLUSIVE ||
	       page->location == DEVTHP_LOC_MIGRATION || page->location == DEVTHP_LOC_UNKNOWN;
}

/* Memory of a device that holds files, which is mapped as what is no page may be. */
static bool is_dax(const struct devthp_page *page)
{
	const uint64_t flags = DEVTHP_FOLIO_ZONE_DEVICE | DEVTHP_FOLIO_ANON;

	return page->known & DEVTHP_KNOWN_FLAGS &&
	       (page->flags & flags) == DEVTHP_FOLIO_ZONE_DEVICE;
}

/* Of entries that are not present all that lead to pages are. */
bool devthp_smaps_counts(const struct devthp_page *page, const struct devthp_smap *smap)
{
	if (page->location == DEVTHP_LOC_SYSTEM)
		return page->known & DEVTHP_KNOWN_FOLIO && !smap->special && !is_dax(page);
	return devthp_smaps_may_count(page) && page->location != DEVTHP_LOC_UNKNOWN;
}

static struct span span_of(const struct devthp_view *view, const struct devthp_mapping *mapping)
{
	const uint64_t view_end = view->start + view->npages * view->page_size;
	uint64_t start = mapping->start > view->start ? mapping->start : view->start;
	uint64_t end = mapping->end < view_end ? mapping->end : view_end;

	if (start >= end)
		return (struct span){ 0, 0 };
	return (struct span){ (start - view->start) / view->page_size,
			      (end - view->start) / view->page_size };
}

/*
 * Did it count all that may be there? Only of anonymous pages, as what is not counted
 * as mapped by PMD entries may be of DAX.
 */
static bool all_counted(const struct devthp_view *view, const struct devthp_smap *smap,
			struct span span, size_t possible)
{
	const uint64_t bytes = smap->mapping.end - smap->mapping.start;

	if (smap->anonymous != smap->resident)
		return false;
	return smap->resident == bytes ||
	       ((span.end - span.first) * view->page_size == bytes &&
		smap->resident == possible * view->page_size);
}

/* Nobody told its level, and a device that saw something else does not contradict. */
static bool lacks_level(const struct devthp_page *page)
{
	return !(page->known & DEVTHP_KNOWN_LEVEL) &&
	       !(page->known & DEVTHP_KNOWN_PROT && page->prot & DEVTHP_PROT_PUD);
}

static bool is_told(const struct devthp_page *page, const struct devthp_smap *smap, bool all)
{
	return lacks_level(page) && (all ? devthp_smaps_may_count(page) : devthp_smaps_counts(page, smap));
}

/* The next page of the span that another entry maps, if they are of npages each. */
static size_t behind_entry(const struct devthp_view *view, size_t i, struct span span,
			   size_t npages)
{
	const size_t within = (view->start / view->page_size + i) % npages;

	return span.end - i < npages - within ? span.end : i + npages - within;
}

/* One entry maps pages [first, end) of the view, and what is beside it, or does not. */
static void mark_pmd(struct devthp_view *view, const struct devthp_smap *smap, size_t first,
		     size_t end, bool all)
{
	const uint64_t size = view->pmd_pages * view->page_size;
	const uint64_t addr = view->start + first * view->page_size, start = addr - addr % size;
	size_t i;

	if (start < smap->mapping.start || smap->mapping.end - start < size)
		return;
	for (i = first; i < end; i++) {
		const struct devthp_page *page = &view->pages[i];

		if (!is_told(page, smap, all) ||
		    (page->known & DEVTHP_KNOWN_ORDER && 1ULL << page->order < view->pmd_pages))
			return;
	}
	for (i = first; i < end; i++) {
		view->pages[i].known |= DEVTHP_KNOWN_LEVEL;
		view->pages[i].level = DEVTHP_LEVEL_PMD;
		view->pages[i].entry_page = devthp_entry_page(view, i, view->pmd_pages);
	}
}

static void fill_from_smap(struct devthp_view *view, const struct devthp_smap *smap)
{
	const struct span span = span_of(view, &smap->mapping);
	size_t i, next, possible = 0, counted = 0;
	bool all;

	/* Larger pages are those of hugetlb and of DAX devices, which are not counted here. */
	if (!smap->told || smap->page_bytes != view->page_size)
		return;
	for (i = span.first; i < span.end; i++) {
		possible += devthp_smaps_may_count(&view->pages[i]);
		counted += devthp_smaps_counts(&view->pages[i], smap);
	}
	/* It has changed since the others looked. */
	if (counted * view->page_size > smap->resident)
		return;
	all = all_counted(view, smap, span, possible);
	if (!smap->by_pmd) {
		for (i = span.first; i < span.end; i++) {
			if (is_told(&view->pages[i], smap, all)) {
				view->pages[i].known |= DEVTHP_KNOWN_LEVEL;
				view->pages[i].level = DEVTHP_LEVEL_PTE;
				view->pages[i].entry_page = i;
			}
		}
	} else if (smap->by_pmd == smap->resident && devthp_pmd_size()) {
		for (i = span.first; i < span.end; i = next) {
			next = behind_entry(view, i, span, view->pmd_pages);
			mark_pmd(view, smap, i, next, all);
		}
	}
}

bool devthp_smaps_could_tell(const struct devthp_view *view)
{
	size_t i;

	for (i = 0; i < view->npages; i++) {
		if (devthp_smaps_may_count(&view->pages[i]) && lacks_level(&view->pages[i]))
			return true;
	}
	return false;
}

int devthp_source_smaps(struct devthp_view *view)
{
	struct devthp_smap smap;
	char path[64], *text;
	const char *at;
	int ret;

	devthp_proc_path(path, sizeof(path), view->pid, "smaps");
	ret = devthp_read_text(path, &text);
	if (ret)
		return devthp_not_to_be_had(path, ret);
	for (at = text; at && *at;) {
		at = devthp_parse_smap(at, &smap);
		if (at)
			fill_from_smap(view, &smap);
	}
	free(text);
	return at ? 0 : -EIO;
}
