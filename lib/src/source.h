/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * Sources of a snapshot. Each fills in what it knows of view->pages and marks
 * it as known; what an earlier source has told stays.
 */
#ifndef DEVTHP_SOURCE_H
#define DEVTHP_SOURCE_H

#include <stdbool.h>

#include "internal.h"

struct devthp_view {
	pid_t pid;		/* 0: our own */
	uintptr_t start;
	size_t npages;
	size_t page_size;
	size_t pmd_pages;	/* 1 without THP */
	struct devthp_page *pages;
};

/* All return 0 or a negative errno; -ENODATA: this source is not to be had. */

/* /proc/PID/maps: unmapped, or empty as far as it can tell. */
int devthp_source_maps(struct devthp_view *view);
int devthp_source_probe(struct devthp_view *view);
int devthp_source_pagemap(struct devthp_view *view);
/* After pagemap: needs the PFNs it found. */
int devthp_source_kpage(struct devthp_view *view);
int devthp_source_device(struct devthp_view *view, struct devthp_device *dev);

int devthp_probe_open(void);
bool devthp_pagemap_shows_pfns(void);

/* "/proc/self/<file>" or "/proc/<pid>/<file>". */
void devthp_proc_path(char *path, size_t bytes, pid_t pid, const char *file);

/* First page of the view that an aligned entry of npages at page i covers. */
size_t devthp_entry_page(const struct devthp_view *view, size_t i, size_t npages);

/* Is a file missing or closed to us, so that its source is not to be had? */
static inline bool devthp_unavailable(int err)
{
	return err == -ENOENT || err == -ENXIO || err == -ENODEV || err == -EACCES ||
	       err == -EPERM;
}

#endif
