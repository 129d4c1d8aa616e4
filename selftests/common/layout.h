/* SPDX-License-Identifier: GPL-2.0 */
/* What page tables and folios look like, against what they should look like. */
#ifndef LAYOUT_H
#define LAYOUT_H

#include <stddef.h>
#include <sys/types.h>

#include <devthp.h>

struct sample;

#define ANY_ORDER (-1)
#define ANY_MAPCOUNT (-1)

struct layout {
	unsigned int location;	/* enum devthp_location */
	unsigned int level;	/* enum devthp_level of the entry */
	int order;		/* of the folio, or ANY_ORDER */
	int mapcount;		/* of each page, over all processes, or ANY_MAPCOUNT */
};

/* Huge folios, each mapped by one PMD entry in so many processes. */
struct layout whole(unsigned int location, int mapcount);

/* Base pages of their own. */
struct layout small(unsigned int location, int mapcount);

/* Mapped page by page, in folios of any order. */
struct layout by_pages(unsigned int location, int mapcount);

/*
 * Compare pages [first, first + npages) of the sample, but for its holes, as
 * the calling process maps them, and as the device sees them if it mirrors
 * that process.
 */
const char *layout_of(const struct sample *sample, size_t first, size_t npages,
		      struct layout want);

/* The same for all pages of the sample. */
const char *layout_of_all(const struct sample *sample, struct layout want);

/* What npages pages from addr on look like, in numbers. */
const char *layout_summary(const void *addr, size_t npages,
			   struct devthp_summary *sum);

/* Pages that were unmapped or dropped, and not touched since, are just that. */
const char *holes_are_empty(const struct sample *sample);

#endif
