/* SPDX-License-Identifier: GPL-2.0 */
/* How /proc/self/pagemap and clear_refs show and change entries. */
#ifndef PAGEMAP_H
#define PAGEMAP_H

#include <stddef.h>
#include <stdint.h>

struct sample;

/* Documentation/admin-guide/mm/pagemap.rst */
#define PAGEMAP_PRESENT		(1ULL << 63)
#define PAGEMAP_SWAP		(1ULL << 62)
#define PAGEMAP_FILE		(1ULL << 61)
#define PAGEMAP_UFFD_WP		(1ULL << 57)
#define PAGEMAP_EXCLUSIVE	(1ULL << 56)
#define PAGEMAP_SOFT_DIRTY	(1ULL << 55)
#define PAGEMAP_FRAME		((1ULL << 55) - 1)
#define PAGEMAP_SWAP_TYPE	0x1fULL		/* of the frame, if swapped */
#define PAGEMAP_SWAP_SHIFT	5

/* Entries of npages pages from addr on. */
const char *pagemap_read(const void *addr, size_t npages, uint64_t *entries);

/*
 * Pages [first, first + npages) of the sample, but for its holes, have just
 * these bits of those in the mask.
 */
const char *pagemap_bits(const struct sample *sample, size_t first,
			 size_t npages, uint64_t mask, uint64_t want);

/* The same for all of it. */
const char *pagemap_bits_of_all(const struct sample *sample, uint64_t mask,
				uint64_t want);

/*
 * Pages of [first, first + npages) that PAGEMAP_SCAN says were written, up to max
 * of them if that is not 0, and the first region of them; or a negative errno.
 */
#define SCAN_AND_PROTECT (PM_SCAN_WP_MATCHING | PM_SCAN_CHECK_WPASYNC)
struct page_region;
long pages_written(const struct sample *sample, size_t first, size_t npages,
		   uint64_t flags, size_t max, struct page_region *region);

/* The pages behind them, all present, have the flag of /proc/kpageflags. */
#define KPAGE_SWAPCACHE		(1ULL << 13)
const char *pages_have(const struct sample *sample, size_t first,
		       size_t npages, uint64_t flag);

/* The same for the bits of the entries themselves, DEVTHP_BIT_*. */
const char *entry_bits(const struct sample *sample, size_t first,
		       size_t npages, unsigned int mask, unsigned int want);
const char *entry_bits_of_all(const struct sample *sample, unsigned int mask,
			      unsigned int want);

/*
 * Pages [first, first + npages) of the sample hold what is nowhere else: so their
 * entries are dirty, or their folios, which reclaim would not write out otherwise.
 * A page that is neither here nor on a device is somewhere else.
 */
const char *pages_are_dirty(const struct sample *sample, size_t first,
			    size_t npages);

/* What clear_refs does by number, in the documentation of /proc. */
enum clear_refs {
	CLEAR_REFS_OF_ALL = 1,
	CLEAR_REFS_OF_ANON,
	CLEAR_REFS_OF_FILES,
	CLEAR_SOFT_DIRTY,
	CLEAR_PEAK_RSS,
};

const char *clear_refs(enum clear_refs what);

/* Whether soft-dirty is tracked on this kernel and machine; see need.h. */
int soft_dirty_needed(const char **why);

#endif
