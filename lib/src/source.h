/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * Sources of a snapshot. Each fills in what it knows of view->pages and marks
 * it as known; what an earlier source has told stays.
 */
#ifndef DEVTHP_SOURCE_H
#define DEVTHP_SOURCE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "internal.h"
#include "text.h"

struct devthp_view {
	pid_t pid;		/* 0: our own */
	uintptr_t start;
	size_t npages;
	size_t page_size;
	size_t pmd_pages;	/* that a PMD entry maps, with THP or not */
	struct devthp_page *pages;
};

/* All return 0 or a negative errno; -ENODATA: this source is not to be had. */

/* /proc/PID/maps, first: no mapping, or what it allows; what is there is unknown yet. */
int devthp_source_maps(struct devthp_view *view);
int devthp_source_probe(struct devthp_view *view);
int devthp_source_pagemap(struct devthp_view *view);
/* After pagemap: needs the PFNs it found. */
int devthp_source_kpage(struct devthp_view *view);
int devthp_source_device(struct devthp_view *view, struct devthp_device *dev);
/*
 * After all others, and not after the probe, as it walks the whole process: levels that
 * are unknown. Is there one that it might know?
 */
int devthp_source_smaps(struct devthp_view *view);
bool devthp_smaps_could_tell(const struct devthp_view *view);

/* May the sums of its mapping have counted the page, and have they surely? */
bool devthp_smaps_may_count(const struct devthp_page *page);
bool devthp_smaps_counts(const struct devthp_page *page, const struct devthp_smap *smap);

int devthp_probe_open(void);
bool devthp_pagemap_shows_pfns(void);

/* Device-private memory is built in: asked of the kernel until it was seen; tests take it back. */
extern atomic_bool devthp_device_private_seen;

/* "/proc/self/<file>" or "/proc/<pid>/<file>". */
void devthp_proc_path(char *path, size_t bytes, pid_t pid, const char *file);

/* Words of a file, word number "first" on; how many there were, or an error. */
ssize_t devthp_read_words(int fd, uint64_t *words, uint64_t first, size_t count);

/* Is this kernel one of major.minor, from .. to? What cannot be told is not. */
bool devthp_release_between(unsigned int from, unsigned int from_minor, unsigned int to,
			    unsigned int to_minor);

/* First page of the view that an aligned entry of npages at page i covers. */
size_t devthp_entry_page(const struct devthp_view *view, size_t i, size_t npages);

/* Error of opening a file: -ENODATA if it is missing or closed to us, which is logged. */
int devthp_not_to_be_had(const char *path, int err);

#endif
