// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Snapshots: ask the sources, keep what they say, count it. */
#include <stdlib.h>
#include <string.h>

#include "source.h"

struct devthp_snapshot {
	unsigned int sources;
	size_t npages;
	struct devthp_page pages[];
};

_Static_assert(DEVTHP_LOCATIONS <= ARRAY_SIZE(((struct devthp_summary *)0)->pages),
	       "a summary has room for every location");

/* Note a source as used, or pass over one that is not to be had. */
static int note(struct devthp_snapshot *s, unsigned int source, int ret)
{
	if (!ret)
		s->sources |= source;
	return ret == -ENODATA ? 0 : ret;
}

static int ask_sources(struct devthp_snapshot *s, struct devthp_view *view,
		       const struct devthp_snapshot_opts *opts)
{
	unsigned int allowed = opts->sources ? opts->sources : DEVTHP_SOURCE_ALL;
	int ret;

	ret = devthp_source_maps(view);
	if (!ret && allowed & DEVTHP_SOURCE_PROBE)
		ret = note(s, DEVTHP_SOURCE_PROBE, devthp_source_probe(view));
	if (!ret && allowed & DEVTHP_SOURCE_PAGEMAP && !s->sources)
		ret = note(s, DEVTHP_SOURCE_PAGEMAP, devthp_source_pagemap(view));
	if (!ret && allowed & DEVTHP_SOURCE_KPAGE && s->sources == DEVTHP_SOURCE_PAGEMAP)
		ret = note(s, DEVTHP_SOURCE_KPAGE, devthp_source_kpage(view));
	if (!ret && allowed & DEVTHP_SOURCE_DEVICE && opts->dev)
		ret = note(s, DEVTHP_SOURCE_DEVICE, devthp_source_device(view, opts->dev));
	if (!ret && allowed & DEVTHP_SOURCE_SMAPS && !(s->sources & DEVTHP_SOURCE_PROBE) &&
	    devthp_smaps_could_tell(view))
		ret = note(s, DEVTHP_SOURCE_SMAPS, devthp_source_smaps(view));
	if (!ret && !s->sources)
		ret = -ENODATA;
	if (ret)
		devthp_log(DEVTHP_LOG_ERROR, ret, "no snapshot of process %d: %m", (int)view->pid);
	else
		devthp_log(DEVTHP_LOG_DEBUG, 0, "snapshot of %zu pages at %#lx by%s%s%s%s%s",
			   view->npages, (unsigned long)view->start,
			   s->sources & DEVTHP_SOURCE_PROBE ? " probe" : "",
			   s->sources & DEVTHP_SOURCE_PAGEMAP ? " pagemap" : "",
			   s->sources & DEVTHP_SOURCE_KPAGE ? " kpageflags" : "",
			   s->sources & DEVTHP_SOURCE_DEVICE ? " device" : "",
			   s->sources & DEVTHP_SOURCE_SMAPS ? " smaps" : "");
	return ret;
}

int devthp_snapshot_take(struct devthp_snapshot **snap, const void *addr, size_t npages,
			 const struct devthp_snapshot_opts *given)
{
	DEVTHP_KEEP_ERRNO;
	struct devthp_snapshot_opts opts;
	struct devthp_snapshot *s;
	struct devthp_view view;
	size_t i, pmd_size;
	int ret;

	ret = devthp_opts_get(&opts, sizeof(opts), given);
	ret = ret ? ret : devthp_check_pages(addr, npages);
	if (ret)
		return ret;
	if (!snap)
		return -EINVAL;
	if (opts.pid < 0)
		return DEVTHP_REFUSE("pid");
	if (opts.sources & ~DEVTHP_SOURCE_ALL)
		return DEVTHP_REFUSE("sources");
	if (opts.pid && opts.dev)
		return DEVTHP_REFUSE("dev together with pid");
	if (opts.dev && devthp_live(opts.dev))
		return devthp_live(opts.dev);
	ret = devthp_find_pmd_size(&pmd_size);
	if (ret)
		return ret;
	if (npages > (SIZE_MAX - sizeof(*s)) / sizeof(s->pages[0]))
		return -ENOMEM;
	s = calloc(1, sizeof(*s) + npages * sizeof(s->pages[0]));
	if (!s)
		return -ENOMEM;
	s->npages = npages;
	for (i = 0; i < npages; i++)
		s->pages[i].entry_page = i;

	view.pid = opts.pid;
	view.start = (uintptr_t)addr;
	view.npages = npages;
	view.page_size = devthp_page_size();
	/* Without THP nobody says, but there still are page tables of a page each. */
	view.pmd_pages = pmd_size ? pmd_size / view.page_size : view.page_size / sizeof(uint64_t);
	view.pages = s->pages;
	ret = ask_sources(s, &view, &opts);
	ret = ret ? ret : devthp_live_add(s);
	if (ret) {
		free(s);
		return ret;
	}
	*snap = s;
	return 0;
}

int devthp_snapshot_free(struct devthp_snapshot *snap)
{
	if (snap && !devthp_live_remove(snap))
		return -EBADF;
	free(snap);
	return 0;
}

size_t devthp_snapshot_pages(const struct devthp_snapshot *snap)
{
	return devthp_live(snap) ? 0 : snap->npages;
}

unsigned int devthp_snapshot_sources(const struct devthp_snapshot *snap)
{
	return devthp_live(snap) ? 0 : snap->sources;
}

int devthp_snapshot_page(const struct devthp_snapshot *snap, size_t i, struct devthp_page *page)
{
	int ret = devthp_live(snap);

	if (!ret && !page)
		ret = -EINVAL;
	ret = ret ? ret : devthp_report_check(page);
	if (ret)
		return ret;
	if (i >= snap->npages)
		return -ERANGE;
	devthp_report_put(page, &snap->pages[i], sizeof(*page));
	return 0;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static bool has_folio(const struct devthp_page *page)
{
	return page->location == DEVTHP_LOC_SYSTEM || page->location == DEVTHP_LOC_DEVICE ||
	       page->location == DEVTHP_LOC_EXCLUSIVE ||
	       page->location == DEVTHP_LOC_MIGRATION || page->location == DEVTHP_LOC_UNKNOWN;
}

/* Different folios among the pages, DEVTHP_NONE if some page does not say. */
static int count_folios(const struct devthp_page *pages, size_t npages, uint64_t *folios)
{
	size_t i, found = 0;
	uint64_t *ids;

	ids = malloc(npages * sizeof(*ids));
	if (!ids)
		return -ENOMEM;
	*folios = 0;
	for (i = 0; i < npages; i++) {
		if (pages[i].known & DEVTHP_KNOWN_FOLIO)
			ids[found++] = pages[i].folio;
		else if (has_folio(&pages[i]))
			*folios = DEVTHP_NONE;
	}
	if (*folios != DEVTHP_NONE) {
		qsort(ids, found, sizeof(*ids), compare);
		for (i = 0; i < found; i++)
			*folios += !i || ids[i] != ids[i - 1];
	}
	free(ids);
	return 0;
}

static void count_entry(struct devthp_summary *sum, const struct devthp_page *page)
{
	if (!(page->known & DEVTHP_KNOWN_LEVEL))
		return;
	if (page->level == DEVTHP_LEVEL_PTE)
		sum->pte_entries[page->location]++;
	else if (page->level == DEVTHP_LEVEL_PMD)
		sum->pmd_entries[page->location]++;
}

static void count_page(struct devthp_summary *sum, const struct devthp_page *page, bool *any_order)
{
	sum->pages[page->location]++;
	if (page->location == DEVTHP_LOC_UNMAPPED || page->location == DEVTHP_LOC_EMPTY)
		return;
	sum->level_unknown += !(page->known & DEVTHP_KNOWN_LEVEL);
	if (!(page->known & DEVTHP_KNOWN_ORDER)) {
		sum->order_unknown += has_folio(page);
		return;
	}
	if (!*any_order || page->order < sum->min_order)
		sum->min_order = page->order;
	if (!*any_order || page->order > sum->max_order)
		sum->max_order = page->order;
	*any_order = true;
}

int devthp_snapshot_summarize(const struct devthp_snapshot *snap, size_t first, size_t npages,
			      struct devthp_summary *summary)
{
	DEVTHP_KEEP_ERRNO;
	struct devthp_summary facts = { .folios = 0 };
	bool any_order = false;
	size_t i;
	int ret;

	ret = devthp_live(snap);
	if (!ret && (!summary || !npages))
		ret = -EINVAL;
	ret = ret ? ret : devthp_report_check(summary);
	if (ret)
		return ret;
	if (first >= snap->npages || npages > snap->npages - first)
		return -ERANGE;
	for (i = first; i < first + npages; i++) {
		const struct devthp_page *page = &snap->pages[i];

		count_page(&facts, page, &any_order);
		if (i == first || page->entry_page == i)
			count_entry(&facts, page);
	}
	ret = count_folios(&snap->pages[first], npages, &facts.folios);
	if (!ret)
		devthp_report_put(summary, &facts, sizeof(facts));
	return ret;
}
