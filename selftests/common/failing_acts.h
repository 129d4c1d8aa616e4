/* SPDX-License-Identifier: GPL-2.0 */
/* What is done in more than one program of failing allocations. */
#ifndef FAILING_ACTS_H
#define FAILING_ACTS_H

#include "failing.h"

static inline int goes(struct sample *sample)
{
	return devthp_migrate_to_device(sample->dev, sample->addr,
					sample->pages, NULL);
}

static inline int comes_back(struct sample *sample)
{
	return devthp_migrate_to_system(sample->dev, sample->addr,
					sample->pages, NULL);
}

static inline int comes_back_in_part(struct sample *sample)
{
	return devthp_migrate_to_system(sample->dev, failing_part(sample),
					FAILING_PAGES, NULL);
}

static inline int is_evicted(struct sample *sample)
{
	return devthp_device_drain(sample->dev, NULL);
}

/* Who faults and cannot be helped faults again. */
static inline int is_read(struct sample *sample)
{
	(void)*(volatile char *)failing_part(sample);
	return 0;
}

static inline int is_written(struct sample *sample)
{
	volatile char *byte = failing_part(sample);

	*byte = *byte;
	return 0;
}

#endif
