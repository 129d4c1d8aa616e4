/* SPDX-License-Identifier: GPL-2.0 */
/* Statistics of splits of huge folios, since the system is up. */
#ifndef SPLITS_H
#define SPLITS_H

#include <stddef.h>
#include <stdint.h>

struct splits {
	uint64_t pages, pages_failed, pmds;	/* of /proc/vmstat */
	uint64_t splits, failed;		/* of folios of one PMD's size */
};

const char *splits_read(struct splits *now);

/* One of the statistics of folios of that size, or of one PMD's. */
const char *splits_field_of(size_t bytes, const char *name, uint64_t *number);
const char *splits_field(const char *name, uint64_t *number);

#endif
