// SPDX-License-Identifier: GPL-2.0
/*
 * A part of what contiguous PTEs map is dropped or unmapped.
 *
 * Rule: contpte_get_and_clear_full_ptes() and contpte_clear_full_ptes() take apart the
 * blocks that the range has in part, at both of its ends, and leave the others as they
 * are. (arch/arm64/mm/contpte.c; madvise(2), munmap(2))
 */
#include "common/blocks_harness.h"

BLOCKS_FIXTURE(part)
PARTS(part);

TEST_F(part, is_dropped)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(sample_cut(sample, variant->part.first, variant->part.npages, HOLE_DROPPED));
	ASSERT_RIGHT(holes_are_empty(sample));
	ASSERT_RIGHT(blocks_around(sample, variant->part));
	ASSERT_RIGHT(blocks_obey(sample));
	ASSERT_RIGHT(sample_data(sample));
	/* Other pages come in their place, which no block can have. */
	ASSERT_RIGHT(sample_dropped_are_zero(sample));
	ASSERT_RIGHT(sample_fill(sample));
	ASSERT_RIGHT(blocks_obey(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(part, is_unmapped)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(sample_cut(sample, variant->part.first, variant->part.npages,
				HOLE_UNMAPPED));
	ASSERT_RIGHT(holes_are_empty(sample));
	ASSERT_RIGHT(blocks_around(sample, variant->part));
	ASSERT_RIGHT(blocks_obey(sample));
	ASSERT_RIGHT(sample_data(sample));
}

/* Page by page, so that a block is taken apart once and stays so. */
TEST_F(part, is_dropped_page_by_page)
{
	struct sample *sample = &self->sample;
	struct part so_far = { variant->part.first, 0 };

	while (so_far.npages < variant->part.npages) {
		ASSERT_RIGHT(sample_cut(sample, so_far.first + so_far.npages++, 1, HOLE_DROPPED));
		ASSERT_RIGHT(blocks_around(sample, so_far));
	}
	ASSERT_RIGHT(blocks_obey(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_HARNESS_MAIN
