/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * Applying the rules of devthp_check() to one look: the pages of all regions. Each
 * rule is applied where the facts that it needs are known.
 */
#ifndef DEVTHP_RULES_H
#define DEVTHP_RULES_H

#include <unistd.h>

#include "internal.h"

/* One page of a region. */
struct devthp_use {
	struct devthp_page page;
	uint64_t number;	/* of the page in its region */
	uint32_t region;
};

struct devthp_sums;

struct devthp_look {
	const struct devthp_region *regions;
	size_t nregions;
	struct devthp_use *uses;
	size_t nuses;
	uint32_t flags;		/* DEVTHP_CHECK_* */
	uint32_t rules;		/* bit N: apply rule N */
	struct devthp_findings *findings;
	struct devthp_sums *sums;	/* of smaps, by region */
};

/* 0 is the caller's own process. */
static inline pid_t devthp_pid(const struct devthp_region *region)
{
	return region->pid ? region->pid : getpid();
}

/* What speaks of one entry, or one page. */
int devthp_rules_of_pages(struct devthp_look *look);

/* What speaks of a block of entries that the CPU takes for one. */
int devthp_rules_of_blocks(struct devthp_look *look);

/* What speaks of all entries of a mapping: before and after the pages are looked at. */
int devthp_sums_before(struct devthp_look *look);
int devthp_rules_of_mappings(struct devthp_look *look);
void devthp_sums_forget(struct devthp_look *look);

/* What speaks of all entries of a folio; sorts the uses by folio. */
int devthp_rules_of_folios(struct devthp_look *look);

/* ---- For those that apply them ---- */

/* Note that the rule was applied to what the use shows, and what came of it. */
int devthp_apply(struct devthp_look *look, unsigned int rule, const struct devthp_use *use,
		 bool good, int64_t expected, int64_t seen);

static inline bool devthp_knows(const struct devthp_use *use, uint32_t facts)
{
	return (use->page.known & facts) == facts;
}

/* Does its entry begin at this page, or with the region? */
static inline bool devthp_begins_entry(const struct devthp_use *use)
{
	return use->page.entry_page == use->number;
}

/* Does an entry map the page, so that it counts as a mapping of its folio? */
static inline bool devthp_is_mapping(const struct devthp_use *use)
{
	return use->page.location == DEVTHP_LOC_SYSTEM || use->page.location == DEVTHP_LOC_DEVICE;
}

#endif
