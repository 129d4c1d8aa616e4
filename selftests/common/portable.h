/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What lib/include/devthp_backend.h promises of any device, by the device's own means
 * and the CPU: no page tables, folios or counters of the kernel. See portable_*.c.
 */
#ifndef PORTABLE_H
#define PORTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sample.h"

/*
 * Migrate pages [first, first + npages): so many must change sides, if the device has
 * a snapshot to count them by.
 */
const char *goes(struct sample *sample, size_t first, size_t npages, size_t moved);
const char *comes(struct sample *sample, size_t first, size_t npages, size_t moved);

/* All of these pages are, or none is, in the device's memory, as far as it can tell. */
const char *on_device(const struct sample *sample, size_t first, size_t npages, bool is);

/* A byte of the device's snapshot. DEVTHP_PROT_NONE: it has none to offer. */
const char *device_sees(struct sample *sample, size_t page, uint8_t *prot);

/* Fill the sample in base pages. */
const char *fill_small(struct sample *sample);

/* So many pages of the device's memory are in use, now or in a moment. */
const char *use_settles(struct sample *sample, uint64_t pages);

/* What the device must not do to pages [first, first + npages) gives that. */
const char *reading_gives(struct sample *sample, size_t first, size_t npages, int want);
const char *writing_gives(struct sample *sample, size_t first, size_t npages, int want);

/* A CPU that does that to the page is answered with SIGSEGV. */
const char *cpu_may_not(struct sample *sample, size_t page, enum access how);

/* For FIXTURE_SETUP: an open device, and room for so many huge pages, not touched yet. */
#define SETUP_ANY_DEVICE(sample, folios)			\
do {								\
	NEED(any_device_ready, &(sample)->dev);			\
	ASSERT_RIGHT(sample_reserve(sample, folios));		\
} while (0)

#define PORTABLE(fixture, folios)				\
FIXTURE(fixture)						\
{								\
	struct sample sample;					\
};								\
								\
FIXTURE_SETUP(fixture)						\
{								\
	SETUP_ANY_DEVICE(&self->sample, folios);		\
	ASSERT_RIGHT(sample_fill(&self->sample));		\
}								\
								\
FIXTURE_TEARDOWN(fixture)					\
{								\
	sample_release(&self->sample);				\
}

#endif
