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

/* A picture: one character for every per pages, at most BAR_WIDTH; cells is a string. */
#define BAR_WIDTH 64
#define BAR_LEGEND \
	"S system, D device, X other, small letters: page by page; . nothing, + mixed"

struct bar {
	size_t per;		/* as wanted; the rest begins all 0 */
	size_t pages;		/* added so far */
	char cells[BAR_WIDTH + 1];
};

void bar_add(struct bar *bar, const struct devthp_page *page);

/* Facts: where pages are, run by run, cut short after a few. */
void view_runs(const struct devthp_snapshot *snap);

#endif
