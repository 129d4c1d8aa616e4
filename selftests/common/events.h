/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel counts of what happens to huge folios, and to pages that migrate. */
#ifndef EVENTS_H
#define EVENTS_H

#include <stdbool.h>
#include <stdint.h>

struct devthp_counters;

struct events {
	struct devthp_counters *counters;
	uint64_t others;	/* pages that were looked at to be migrated by others */
};

/*
 * What should have happened: folios of one PMD's size that were split, or whose
 * split was put off; PMD entries that were split. Whatever else is counted has
 * not: no split has failed, no CPU got a huge page for a fault or should have,
 * and nothing was collapsed, swapped out, or migrated to other system memory. A
 * migration to a device and back counts as none of these, as on 6.12 by pages.
 */
struct happened {
	int64_t splits, deferred, pmds;
};

const char *events_take(struct events *events);
void events_forget(struct events *events);

const char *events_were(const struct events *before, struct happened want);

#endif
