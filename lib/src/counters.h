/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Counters of the kernel: what they are called, and where they are read. */
#ifndef DEVTHP_COUNTERS_H
#define DEVTHP_COUNTERS_H

#include "internal.h"

#define ALL_COUNTERS	(DEVTHP_COUNTERS + DEVTHP_COUNT_ORDERS * DEVTHP_SIZE_COUNTERS)

struct devthp_counters {
	bool wanted[ALL_COUNTERS];
	bool known[ALL_COUNTERS];
	uint64_t value[ALL_COUNTERS];
};

/* Place of a counter in these arrays; ALL_COUNTERS or more: there is no such. */
size_t devthp_counter_place(unsigned int counter);

/* Read what is wanted; what cannot be read is left unknown. */
void devthp_counters_read(struct devthp_counters *c);

/* Name of a file of the statistics of a size. */
const char *devthp_size_counter_file(unsigned int counter);

#endif
