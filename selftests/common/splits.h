/* SPDX-License-Identifier: GPL-2.0 */
/* Statistics of splits of huge folios, since the system is up. */
#ifndef SPLITS_H
#define SPLITS_H

#include <stdint.h>

struct splits {
	uint64_t pages, pages_failed, pmds;	/* of /proc/vmstat */
	uint64_t splits, failed;		/* of folios of that size */
};

const char *splits_read(struct splits *now);

/* One of the statistics of folios of that size. */
const char *splits_field(const char *name, uint64_t *number);

#endif
