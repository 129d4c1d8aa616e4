/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Snapshots for the eye: groups of like pages, pictures, runs. */
#ifndef DEVTHP_VIEW_H
#define DEVTHP_VIEW_H

#include "cmd.h"

struct span {
	bool known;
	int64_t min, max;
};

/* Pages of one location, level and order. */
struct group {
	uint32_t location;
	bool level_known, order_known;
	uint32_t level, order;
	uint64_t pages, entries;
	struct span mapcount, refcount;
};

#define GROUPS_MAX 32

/* Number of groups, at most GROUPS_MAX: what is beyond goes into the last. */
size_t view_groups(const struct devthp_snapshot *snap, struct group *groups);

/* "448 PTE", "9", "1-3", "?", "-": text must have room for 32. */
const char *entries_text(char *text, const struct group *group);
const char *order_text(char *text, const struct group *group);
const char *span_text(char *text, const struct group *group, const struct span *span);

/* One character for every per pages of [first, first + npages). */
void view_bar(const struct devthp_snapshot *snap, size_t first, size_t npages, size_t per);
#define BAR_LEGEND "S system, D device, X other, . nothing, lower case: in part, + mixed"

/* "device 0-223, unmapped 224-287, ...", cut short after a few runs. */
void view_runs(const struct devthp_snapshot *snap);

#endif
