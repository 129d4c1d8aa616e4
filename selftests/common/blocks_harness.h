/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every program about blocks of PTEs includes, in place of harness.h: memory that is
 * mapped by them, and the parts of it that something is done to, as variants.
 */
#ifndef BLOCKS_HARNESS_H
#define BLOCKS_HARNESS_H

#include "baseline.h"
#include "blocks.h"
#include "harness.h"
#include "need.h"
#include "swapdisk.h"

#define BLOCKS_FIXTURE(name)						\
FIXTURE(name)								\
{									\
	struct baseline baseline;					\
	struct sample sample;						\
	struct medium medium;						\
	struct swapdisk disk;	/* of a test that needs one */		\
};									\
FIXTURE_VARIANT(name)							\
{									\
	bool huge;							\
	struct part part;						\
};									\
FIXTURE_SETUP(name)							\
{									\
	SETUP_BASELINE(&self->baseline);				\
	NEED(medium_needed);						\
	SETUP_SAMPLE(&self->sample, 1);					\
	ASSERT_RIGHT(blocks_fill(&self->medium, &self->sample, variant->huge));	\
	NEED(blocks_needed, &self->sample);				\
	ASSERT_RIGHT(blocks_are_whole(&self->sample, 0, self->sample.pages));	\
	ASSERT_RIGHT(blocks_obey(&self->sample));			\
}									\
FIXTURE_TEARDOWN(name)							\
{									\
	medium_end(&self->medium);					\
	sample_release(&self->sample);					\
	EXPECT_RIGHT(swapdisk_remove(&self->disk));			\
	TEARDOWN_BASELINE(&self->baseline);				\
}

/* In a test: swap space for all of it. */
#define HAVE_SWAP(self)							\
do {									\
	NEED(swapdisk_needed);						\
	ASSERT_RIGHT(swapdisk_make(&(self)->disk, 4 * bytes_of(&(self)->sample)));	\
	ASSERT_RIGHT(swapdisk_swap_on(&(self)->disk));			\
} while (0)

/* In folios of both sizes. */
#define PART(fixture, name, first_page, pages)				\
FIXTURE_VARIANT_ADD(fixture, medium_##name) {				\
	.part = { first_page, pages }					\
};									\
FIXTURE_VARIANT_ADD(fixture, huge_##name) {				\
	.huge = true, .part = { first_page, pages }			\
}

/* Of blocks 2 to 4, which are pages 32 to 79. */
#define PARTS(fixture)							\
	PART(fixture, one_page, 53, 1);					\
	PART(fixture, first_page, 48, 1);				\
	PART(fixture, last_page, 63, 1);				\
	PART(fixture, all_but_first, 49, 15);				\
	PART(fixture, all_but_last, 48, 15);				\
	PART(fixture, across, 60, 8);					\
	PART(fixture, block, 48, 16);					\
	PART(fixture, many, 40, 40)

/* All of it. */
#define BOTH_SIZES(fixture)						\
	FIXTURE_VARIANT_ADD(fixture, medium) { .huge = false };		\
	FIXTURE_VARIANT_ADD(fixture, huge) { .huge = true }

#endif
