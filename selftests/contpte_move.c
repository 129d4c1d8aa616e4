// SPDX-License-Identifier: GPL-2.0
/*
 * What contiguous PTEs map is moved in memory, or shared by fork() and copied.
 *
 * Rules: entries are contiguous only where the place in memory and the pages are aligned
 * alike: so when they have been moved one by one, the last of a block makes it one again,
 * or none of it. fork() makes all of a block read-only at once, which needs not take it
 * apart; who then writes a page has a copy, and his entries there are no block any more.
 * (arch/arm64/mm/contpte.c: __contpte_try_fold(), contpte_wrprotect_ptes(); mremap(2))
 */
#include <errno.h>
#include <sys/mman.h>

#include "common/blocks_harness.h"
#include "common/pagemap.h"
#include "common/peer.h"
#include "common/rules.h"

/* part.first is how many pages behind a PMD boundary it moves to. */
BLOCKS_FIXTURE(moves)
PART(moves, by_tables, 0, 0);
PART(moves, by_a_block, 16, 0);
PART(moves, by_a_page, 1, 0);
PART(moves, by_half_a_block, 24, 0);

/* Where it is now, all entries are of blocks, or none is. */
static const char *is_as_aligned(const struct sample *sample)
{
	const size_t page = (uintptr_t)sample->addr / devthp_page_size();

	return page % BLOCK_PAGES ? blocks_are_apart(sample, 0, sample->pages) :
				    blocks_are_whole(sample, 0, sample->pages);
}

/* Once more: what sample_move() has disowned has moved already. */
static const char *move_again(struct sample *sample, struct devthp_range *room)
{
	char *to = devthp_range_addr(room);

	if (mremap(sample->addr, bytes_of(sample), bytes_of(sample),
		   MREMAP_MAYMOVE | MREMAP_FIXED, to) != to)
		return went_well("mremap", -errno);
	sample->addr = to;
	return RIGHT;
}

TEST_F(moves, there_and_back)
{
	struct devthp_range *there, *back;
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(sample_room(sample, variant->part.first, &there));
	ASSERT_RIGHT(sample_room(sample, BLOCK_PAGES, &back));
	ASSERT_RIGHT(sample_move(sample, there));
	ASSERT_RIGHT(is_as_aligned(sample));
	ASSERT_RIGHT(blocks_obey(sample));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(sample_fill(sample));
	ASSERT_RIGHT(is_as_aligned(sample));
	ASSERT_RIGHT(move_again(sample, back));
	ASSERT_RIGHT(is_as_aligned(sample));
	ASSERT_RIGHT(blocks_obey(sample));
	ASSERT_RIGHT(sample_data(sample));
	devthp_range_free(back);
	devthp_range_free(there);
}

/* Many entries are set at once, in the child. */
static const char *is_as_aligned_there(struct sample *sample, struct peer *parent)
{
	CHECK(is_as_aligned(sample));
	CHECK(rules_hold(sample, false));
	return sample_data(sample);
}

TEST_F(moves, then_fork)
{
	struct sample *sample = &self->sample;
	struct devthp_range *there;
	struct peer child;

	ASSERT_RIGHT(sample_room(sample, variant->part.first, &there));
	ASSERT_RIGHT(sample_move(sample, there));
	ASSERT_RIGHT(peer_fork(&child, is_as_aligned_there, sample));
	ASSERT_RIGHT(peer_end(&child));
	ASSERT_RIGHT(is_as_aligned(sample));
	ASSERT_RIGHT(blocks_obey(sample));
	ASSERT_RIGHT(sample_data(sample));
	devthp_range_free(there);
}

BLOCKS_FIXTURE(part)
PARTS(part);

/* By the parent, while the child still has what was there before. */
TEST_F(part, is_copied)
{
	struct sample *sample = &self->sample;
	struct peer child;

	ASSERT_RIGHT(peer_fork(&child, peer_reads_later, sample));
	ASSERT_RIGHT(peer_wait(&child));
	ASSERT_RIGHT(blocks_are_whole(sample, 0, sample->pages));
	ASSERT_RIGHT(entry_bits_of_all(sample, DEVTHP_BIT_WRITE, 0));
	ASSERT_RIGHT(sample_access_range(sample, variant->part.first, variant->part.npages,
					 ACCESS_WRITE));
	ASSERT_RIGHT(blocks_around(sample, variant->part));
	ASSERT_RIGHT(rules_hold(sample, false));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(peer_tell(&child));
	ASSERT_RIGHT(peer_end(&child));
	ASSERT_RIGHT(sample_fill(sample));
	ASSERT_RIGHT(blocks_obey(sample));
	ASSERT_RIGHT(sample_data(sample));
}

/* What the parent keeps for itself. */
static struct part kept;

static const char *has_the_rest(struct sample *sample, struct peer *parent)
{
	memset(&sample->hole[kept.first], HOLE_UNMAPPED, kept.npages);
	CHECK(holes_are_empty(sample));
	CHECK(blocks_around(sample, kept));
	CHECK(rules_hold(sample, false));
	return sample_data(sample);
}

/*
 * A part is not for children: fork() takes only what is beside it, so that blocks are
 * shared, and become read-only, in part.
 */
TEST_F(part, is_not_inherited)
{
	const struct part part = variant->part;
	struct sample *sample = &self->sample;
	struct peer child;

	kept = part;
	ASSERT_EQ(0, madvise(page_of(sample, part.first), part.npages * devthp_page_size(),
			     MADV_DONTFORK));
	ASSERT_RIGHT(peer_fork(&child, has_the_rest, sample));
	ASSERT_RIGHT(peer_end(&child));
	ASSERT_RIGHT(entry_bits(sample, part.first, part.npages, DEVTHP_BIT_WRITE,
				DEVTHP_BIT_WRITE));
	ASSERT_RIGHT(entry_bits(sample, 0, part.first, DEVTHP_BIT_WRITE, 0));
	ASSERT_RIGHT(blocks_around(sample, part));
	ASSERT_RIGHT(blocks_obey(sample));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(sample_fill(sample));
	ASSERT_RIGHT(sample_data(sample));
}

/* The child is the one who writes. */
static const char *writes_then_reads(struct sample *sample, struct peer *parent)
{
	CHECK(sample_access_range(sample, 60, 8, ACCESS_WRITE));
	CHECK(blocks_around(sample, (struct part){ 60, 8 }));
	CHECK(rules_hold(sample, false));
	CHECK(sample_data(sample));
	return peer_reads_later(sample, parent);
}

BLOCKS_FIXTURE(child)
BOTH_SIZES(child);

TEST_F(child, has_copied)
{
	struct sample *sample = &self->sample;
	struct peer child;

	ASSERT_RIGHT(peer_fork(&child, writes_then_reads, sample));
	ASSERT_RIGHT(peer_wait(&child));
	ASSERT_RIGHT(blocks_are_whole(sample, 0, sample->pages));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(peer_tell(&child));
	ASSERT_RIGHT(peer_end(&child));
	ASSERT_RIGHT(blocks_obey(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_HARNESS_MAIN
