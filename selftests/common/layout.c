// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "layout.h"
#include "ready.h"
#include "sample.h"
#include "settle.h"
#include "verdict.h"

/* Asked for at every page, while the library asks the kernel every time. */
static unsigned int pmd_order(void)
{
	static unsigned int order;

	if (!order)
		order = __builtin_ctzl(devthp_pmd_size() / devthp_page_size());
	return order;
}

struct layout whole(unsigned int location, int mapcount)
{
	return (struct layout){
		location, DEVTHP_LEVEL_PMD, pmd_order(), mapcount
	};
}

struct layout small(unsigned int location, int mapcount)
{
	return (struct layout){ location, DEVTHP_LEVEL_PTE, 0, mapcount };
}

struct layout by_pages(unsigned int location, int mapcount)
{
	return (struct layout){
		location, DEVTHP_LEVEL_PTE, ANY_ORDER, mapcount
	};
}

/* A number, or "any" if it is the one that stands for that. */
static const char *number(int value, int any, char *text, size_t size)
{
	snprintf(text, size, value == any ? "any" : "%d", value);
	return text;
}

static const char *describe(const struct layout *layout, char *text,
			    size_t size)
{
	char order[16], mapcount[16];

	snprintf(text, size, "%s, %s entry, order %s, mapcount %s",
		 devthp_location_name(layout->location),
		 devthp_level_name(layout->level),
		 number(layout->order, ANY_ORDER, order, sizeof(order)),
		 number(layout->mapcount, ANY_MAPCOUNT, mapcount,
			sizeof(mapcount)));
	return text;
}

static const char *page_fits(const struct devthp_page *page, size_t i,
			     const struct layout *want)
{
	const struct layout seen = {
		page->location, page->level, page->order, page->mapcount
	};
	unsigned int facts = DEVTHP_KNOWN_LOCATION | DEVTHP_KNOWN_LEVEL;
	bool fits = page->location == want->location;
	char is[96], should[96];

	if (want->order != ANY_ORDER)
		facts |= DEVTHP_KNOWN_ORDER;
	if (want->mapcount != ANY_MAPCOUNT)
		facts |= DEVTHP_KNOWN_MAPCOUNT;
	if (everything_is_required() && (page->known & facts) != facts)
		return wrong("page %zu is %s: facts %#x of %#x that are needed are unknown",
			     i, devthp_location_name(page->location),
			     facts & ~page->known, facts);

	/* What no source could tell otherwise counts as fitting. */
	facts &= page->known;
	if (facts & DEVTHP_KNOWN_LEVEL)
		fits &= page->level == want->level;
	if (facts & DEVTHP_KNOWN_ORDER)
		fits &= page->order == (unsigned int)want->order;
	if (facts & DEVTHP_KNOWN_MAPCOUNT)
		fits &= page->mapcount == want->mapcount;
	if (!fits)
		return wrong("page %zu is %s; should be %s", i,
			     describe(&seen, is, sizeof(is)),
			     describe(want, should, sizeof(should)));
	return RIGHT;
}

#define ANY_DEVICE (DEVTHP_FOLIO_DEVICE_PRIVATE | DEVTHP_FOLIO_DEVICE_COHERENT)

/* The entry and the folio begin where they should and are of the right kind. */
static const char *page_is_consistent(const struct sample *sample,
				      const struct devthp_page *page, size_t i,
				      const struct layout *want)
{
	const uint64_t kind = sample->coherent ? DEVTHP_FOLIO_DEVICE_COHERENT :
						 DEVTHP_FOLIO_DEVICE_PRIVATE;
	const unsigned int own = sample->coherent ?
		DEVTHP_PROT_COHERENT_LOCAL : DEVTHP_PROT_PRIVATE_LOCAL;
	const size_t pmd_pages = (size_t)1 << pmd_order();
	const bool pmd = want->level == DEVTHP_LEVEL_PMD;
	const bool device = want->location == DEVTHP_LOC_DEVICE;
	const size_t begin = pmd ? i - i % pmd_pages : i;

	if (page->known & DEVTHP_KNOWN_LEVEL && page->entry_page != begin)
		return wrong("page %zu: its entry begins at page %llu; should be %zu",
			     i, (unsigned long long)page->entry_page, begin);
	if (page->known & DEVTHP_KNOWN_FOLIO && pmd &&
	    page->index != i % pmd_pages)
		return wrong("page %zu: is page %u of its folio; should be %zu",
			     i, page->index, i % pmd_pages);
	/* More mappings may be of both kinds. */
	if (page->known & DEVTHP_KNOWN_MAPCOUNTS && want->mapcount == 1 &&
	    page->entire_mapcount != pmd)
		return wrong("page %zu: entire mapcount %d; should be %d", i,
			     page->entire_mapcount, pmd);
	if (sample->coherent && !(page->known & DEVTHP_KNOWN_FLAGS))
		return wrong("page %zu: whether it is the device's is unknown",
			     i);
	if (page->known & DEVTHP_KNOWN_FLAGS &&
	    ((page->flags & ANY_DEVICE) != (device ? kind : 0) ||
	     !(page->flags & DEVTHP_FOLIO_ANON)))
		return wrong("page %zu: folio flags %#llx do not fit the %s", i,
			     (unsigned long long)page->flags,
			     devthp_location_name(want->location));
	if (page->known & DEVTHP_KNOWN_PROT) {
		unsigned int where = page->prot & DEVTHP_PROT_WHERE;

		if (where != (device ? own : 0) ||
		    !!(page->prot & DEVTHP_PROT_PMD) != pmd)
			return wrong("page %zu: the device sees %#x; should be %s%s",
				     i, page->prot, pmd ? "a PMD entry in " : "",
				     device ? "its own memory" : "system memory");
	}
	return RIGHT;
}

static const char *page_is_empty(const struct devthp_page *page, size_t i,
				 enum hole hole)
{
	unsigned int want = hole == HOLE_UNMAPPED ? DEVTHP_LOC_UNMAPPED :
						    DEVTHP_LOC_EMPTY;

	if (page->location != want)
		return wrong("page %zu of a hole is %s; should be %s", i,
			     devthp_location_name(page->location),
			     devthp_location_name(want));
	return RIGHT;
}

/* want NULL: look at the holes; otherwise at all the other pages. */
static const char *compare(const struct sample *sample,
			   const struct devthp_snapshot *snap, size_t first,
			   size_t npages, const struct layout *want)
{
	size_t i;

	for (i = first; i < first + npages; i++) {
		struct devthp_page page = { .size = sizeof(page) };

		if (!want == !sample->hole[i])
			continue;
		CHECK(went_well("read a snapshot",
				devthp_snapshot_page(snap, i, &page)));
		sample_locate(sample, &page);
		if (!want) {
			CHECK(page_is_empty(&page, i, sample->hole[i]));
			continue;
		}
		CHECK(page_fits(&page, i, want));
		CHECK(page_is_consistent(sample, &page, i, want));
	}
	return RIGHT;
}

/* A page that the kernel is about to split off, or to move, has no layout yet. */
static bool on_its_way(const struct devthp_snapshot *snap, size_t first,
		       size_t npages)
{
	size_t i;

	for (i = first; i < first + npages; i++) {
		struct devthp_page page = { .size = sizeof(page) };

		if (devthp_snapshot_page(snap, i, &page))
			return false;
		if (page.location == DEVTHP_LOC_MIGRATION)
			return true;
		/* Since the entry was looked at: the device's view comes later. */
		if (page.location == DEVTHP_LOC_DEVICE &&
		    page.known & DEVTHP_KNOWN_PROT &&
		    page.prot == DEVTHP_PROT_NONE)
			return true;
	}
	return false;
}

static const char *look(const struct sample *sample, size_t first,
			size_t npages, const struct layout *want)
{
	const struct devthp_snapshot_opts opts = {
		.size = sizeof(opts),
		.dev = sample->owner == getpid() ? sample->dev : NULL,
	};
	const time_t limit = time(NULL) + PATIENCE;
	struct devthp_snapshot *snap;
	const char *verdict;
	bool again;

	do {
		CHECK(went_well("take a snapshot",
				devthp_snapshot_take(&snap, sample->addr,
						     sample->pages, &opts)));
		verdict = compare(sample, snap, first, npages, want);
		again = !is_right(verdict) && on_its_way(snap, first, npages) &&
			time(NULL) < limit;
		devthp_snapshot_free(snap);
	} while (again);
	return verdict;
}

const char *layout_of(const struct sample *sample, size_t first, size_t npages,
		      struct layout want)
{
	return look(sample, first, npages, &want);
}

const char *layout_of_all(const struct sample *sample, struct layout want)
{
	return look(sample, 0, sample->pages, &want);
}

const char *holes_are_empty(const struct sample *sample)
{
	return look(sample, 0, sample->pages, NULL);
}

const char *layout_summary(const void *addr, size_t npages,
			   struct devthp_summary *sum)
{
	struct devthp_snapshot *snap;
	int err;

	CHECK(went_well("take a snapshot",
			devthp_snapshot_take(&snap, addr, npages, NULL)));
	*sum = (struct devthp_summary){ .size = sizeof(*sum) };
	err = devthp_snapshot_summarize(snap, 0, npages, sum);
	devthp_snapshot_free(snap);
	return went_well("read a snapshot", err);
}
