/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* One run of "devthp cycle", shared by its steps, its checks and its report. */
#ifndef DEVTHP_CYCLE_H
#define DEVTHP_CYCLE_H

#include "cmd.h"

#define WRONGS_MAX 8

struct cycle {
	/* as asked for */
	size_t folios;
	const char *unmap;	/* name of the layout of the hole */
	const char *touch;
	const char *path;
	bool json;

	/* the ground */
	struct devthp_system system;
	struct devthp_device *dev;
	size_t folio_pages;
	struct devthp_range *range;
	char *addr;
	size_t npages;
	struct devthp_range *buffer;	/* what the device reads goes here */
	struct devthp_counters *before;
	struct devthp_pattern_opts pattern;

	/* page by page: what must be where */
	uint8_t *hole;		/* [npages] will be, or is, unmapped */
	uint8_t *location;	/* [npages] enum devthp_location */
	size_t touched;		/* page of each folio that the CPU touches */
	size_t hole_pages;	/* of each folio */

	unsigned int wrong;	/* checks that failed */
	char wrongs[WRONGS_MAX][192];	/* what the first of them in this step said */
	unsigned int wrongs_kept;
};

/* Do the names of the layout and of the page to touch exist? */
bool cycle_knows(const struct cycle *c);
/* Lay out the hole and the page to touch. */
bool cycle_plan(struct cycle *c);
extern const char *const cycle_unmap_names, *const cycle_touch_names;

/* Compare with what must be; every difference is counted, and kept to be told. */
void cycle_check(struct cycle *c, const struct devthp_snapshot *snap);
void cycle_check_counters(struct cycle *c);
/* Returns the verdict's name, or what went wrong reading. */
const char *cycle_check_data(struct cycle *c, bool by_device);
void cycle_wrong(struct cycle *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Facts: what runs on what; then of each step. */
void cycle_show_heads(const struct cycle *c);
void cycle_show_groups(const char *name, const struct devthp_snapshot *snap, const char *data,
		       const char *duration);
void cycle_show_pages(const struct cycle *c, const struct devthp_snapshot *snap);
/* What was wrong in it, which is forgotten then. */
void cycle_show_verdict(struct cycle *c, bool verified);

#endif
