// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Source: /dev/folio_probe of a patched kernel. It tells everything. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "folio_probe.h"
#include "source.h"

#define PROBE_PATH	"/dev/folio_probe"
#define CAPACITY	512
#define MAX_ORDER	31	/* far beyond any folio */

/* Facts of the entry, whatever is behind it. */
#define KNOWN_OF_ENTRY \
	(DEVTHP_KNOWN_LOCATION | DEVTHP_KNOWN_ENTRY | DEVTHP_KNOWN_LEVEL | DEVTHP_KNOWN_BITS | \
	 DEVTHP_KNOWN_WRITE | DEVTHP_KNOWN_SOFT_DIRTY | DEVTHP_KNOWN_UFFD_WP)

/* Facts of the folio behind it. */
#define KNOWN_OF_FOLIO \
	(DEVTHP_KNOWN_FOLIO | DEVTHP_KNOWN_ORDER | DEVTHP_KNOWN_REFCOUNT | DEVTHP_KNOWN_PINCOUNT | \
	 DEVTHP_KNOWN_FLAGS | DEVTHP_KNOWN_OWNER | DEVTHP_KNOWN_MEMCG)

_Static_assert(DEVTHP_BIT_WRITE == FOLIO_PROBE_WRITE, "bits of an entry are the probe's");
_Static_assert(DEVTHP_BIT_CONTIGUOUS == FOLIO_PROBE_CONTIGUOUS, "bits of an entry are the probe's");

/* A probe may tell more: 6.12's, with the series, whether an entry has the special bit. */
#define KNOWN_BITS	(2 * DEVTHP_BIT_CONTIGUOUS - 1)
_Static_assert(DEVTHP_FOLIO_LOCKED == FOLIO_PROBE_F_LOCKED, "flags of a folio are the probe's");
_Static_assert(DEVTHP_FOLIO_HWPOISON == FOLIO_PROBE_F_HWPOISON, "flags of a folio are the probe's");
_Static_assert(DEVTHP_LEVEL_PUD == (int)FOLIO_PROBE_PUD, "levels are the probe's");
_Static_assert(DEVTHP_NONE == FOLIO_PROBE_NONE, "no PFN is the probe's");

int devthp_probe_open(void)
{
	return devthp_sys->open(PROBE_PATH, O_RDWR);
}

static uint32_t location_of(unsigned int kind)
{
	switch (kind) {
	case FOLIO_PROBE_KIND_NONE:
		return DEVTHP_LOC_EMPTY;
	case FOLIO_PROBE_KIND_PRESENT:
		return DEVTHP_LOC_SYSTEM;
	case FOLIO_PROBE_KIND_MIGRATION:
		return DEVTHP_LOC_MIGRATION;
	case FOLIO_PROBE_KIND_DEVICE_PRIVATE:
		return DEVTHP_LOC_DEVICE;
	case FOLIO_PROBE_KIND_DEVICE_EXCLUSIVE:
		return DEVTHP_LOC_EXCLUSIVE;
	case FOLIO_PROBE_KIND_SWAP:
		return DEVTHP_LOC_SWAP;
	case FOLIO_PROBE_KIND_MARKER:
		return DEVTHP_LOC_MARKER;
	case FOLIO_PROBE_KIND_SPECIAL:
		return DEVTHP_LOC_SPECIAL;
	case FOLIO_PROBE_KIND_HWPOISON:
		return DEVTHP_LOC_POISON;
	case FOLIO_PROBE_KIND_ZERO:
		return DEVTHP_LOC_ZERO;
	default:
		return DEVTHP_LOC_UNKNOWN;
	}
}

static size_t pages_of_level(const struct devthp_view *view, unsigned int level)
{
	const size_t per_table = view->page_size / sizeof(uint64_t);

	switch (level) {
	case FOLIO_PROBE_PTE:
		return 1;
	case FOLIO_PROBE_PMD:
		return view->pmd_pages;
	default:
		return view->pmd_pages * per_table;
	}
}

static void fill_folio(struct devthp_page *page, const struct folio_probe_record *r, size_t offset)
{
	page->known |= KNOWN_OF_FOLIO;
	page->folio = r->folio;
	page->index = r->index + (uint32_t)offset;
	page->order = r->order;
	page->refcount = r->refcount;
	page->pincount = r->pincount;
	page->flags = r->folio_flags;
	page->owner = r->owner;
	page->memcg = r->memcg;
	/*
	 * page_mapcount is that of the entry's first page. It speaks for the
	 * others only if the folio has no PTE mappings at all.
	 */
	if (offset && r->large_mapcount != r->entire_mapcount)
		return;
	page->known |= DEVTHP_KNOWN_MAPCOUNT | DEVTHP_KNOWN_MAPCOUNTS;
	page->entire_mapcount = r->entire_mapcount;
	page->large_mapcount = r->large_mapcount;
	page->page_mapcount = r->page_mapcount;
	page->nr_pages_mapped = r->nr_pages_mapped;
	page->mapcount = r->entire_mapcount + r->page_mapcount;
}

static void fill_page(struct devthp_page *page, const struct folio_probe_record *r, size_t offset)
{
	page->known |= KNOWN_OF_ENTRY;
	page->location = location_of(r->kind);
	if (page->location == DEVTHP_LOC_UNKNOWN)
		page->known &= ~DEVTHP_KNOWN_LOCATION;
	page->level = r->level;
	page->bits = r->bits & KNOWN_BITS;
	page->entry = r->entry;
	if (r->pfn != FOLIO_PROBE_NONE) {
		page->known |= DEVTHP_KNOWN_PFN;
		page->pfn = r->pfn + offset;
	}
	if (r->folio != FOLIO_PROBE_NONE)
		fill_folio(page, r, offset);
}

size_t devthp_entry_page(const struct devthp_view *view, size_t i, size_t npages)
{
	uintptr_t addr = view->start + i * view->page_size;
	uintptr_t first = addr - addr % (npages * view->page_size);

	return first > view->start ? (first - view->start) / view->page_size : 0;
}

/* No kernel has such; and those who go by a record are to be safe. */
static bool is_nonsense(const struct devthp_view *view, const struct folio_probe_record *r)
{
	int mapcount;

	return r->level > FOLIO_PROBE_PUD || r->order > MAX_ORDER || r->addr % view->page_size ||
	       __builtin_add_overflow(r->entire_mapcount, r->page_mapcount, &mapcount);
}

/* The pages of the view that the entry covers. */
static void fill_entry(struct devthp_view *view, const struct folio_probe_record *r)
{
	const size_t npages = pages_of_level(view, r->level);
	size_t i = 0, offset = 0;

	if (r->addr < view->start)
		offset = (view->start - r->addr) / view->page_size;
	else
		i = (r->addr - view->start) / view->page_size;
	for (; offset < npages && i < view->npages; offset++, i++) {
		struct devthp_page *page = &view->pages[i];

		/* An empty entry may reach beyond its mapping. */
		if (r->kind == FOLIO_PROBE_KIND_NONE && page->location == DEVTHP_LOC_UNMAPPED)
			continue;
		fill_page(page, r, offset);
		page->entry_page = devthp_entry_page(view, i, npages);
	}
}

static int scan(struct devthp_view *view, int fd, struct folio_probe_record *records)
{
	struct folio_probe_scan scan = {
		.size = sizeof(scan),
		.record_size = sizeof(*records),
		.pid = view->pid,
		.start = view->start,
		.end = view->start + view->npages * view->page_size,
		.records = (uintptr_t)records,
		.capacity = CAPACITY,
	};
	uint64_t last;
	uint32_t i;
	int ret;

	do {
		last = scan.start;
		scan.filled = 0;
		ret = devthp_sys->ioctl(fd, FOLIO_PROBE_SCAN, &scan);
		if (ret < 0)
			return ret;
		if (scan.start <= last || scan.filled > CAPACITY)
			return -EIO;
		for (i = 0; i < scan.filled; i++) {
			if (is_nonsense(view, &records[i])) {
				devthp_log(DEVTHP_LOG_ERROR, 0, "%s tells nonsense", PROBE_PATH);
				return -EIO;
			}
			fill_entry(view, &records[i]);
		}
	} while (scan.start < scan.end);
	return 0;
}

int devthp_source_probe(struct devthp_view *view)
{
	struct folio_probe_record *records;
	int fd, ret;

	fd = devthp_probe_open();
	if (fd < 0)
		return devthp_not_to_be_had(PROBE_PATH, fd);
	records = calloc(CAPACITY, sizeof(*records));
	ret = records ? scan(view, fd, records) : -ENOMEM;
	free(records);
	devthp_sys->close(fd);
	return ret;
}
