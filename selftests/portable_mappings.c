// SPDX-License-Identifier: GPL-2.0
/*
 * What a program does to the mappings of memory that is on a device, with any backend:
 * unmapped it is gone, protected it is protected, moved it is elsewhere, and a child
 * has it for itself.
 */
#include <errno.h>
#include <sys/mman.h>

#include "common/harness.h"
#include "common/peer.h"
#include "common/portable.h"
#include "common/settle.h"

FIXTURE(mapping)
{
	struct sample sample;
};

FIXTURE_SETUP(mapping)
{
	SETUP_ANY_DEVICE(&self->sample, 2);
	ASSERT_RIGHT(sample_fill(&self->sample));
	ASSERT_RIGHT(goes(&self->sample, 0, self->sample.pages, self->sample.pages));
}

FIXTURE_TEARDOWN(mapping)
{
	sample_release(&self->sample);
}

static void map_hole_anew(struct __test_metadata *_metadata, struct sample *sample,
			  size_t first, size_t npages)
{
	char *addr = page_of(sample, first);

	ASSERT_EQ(addr, mmap(addr, npages * devthp_page_size(), PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	memset(sample->hole + first, HOLE_NONE, npages);
}

TEST_F(mapping, of_a_part_is_gone)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(sample_cut(sample, 5, 20, HOLE_UNMAPPED));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(sample_data(sample));
}

static const char *all_goes(const void *arg)
{
	const struct sample *sample = arg;

	return went_well("migrate to the device",
			 devthp_migrate_to_device(sample->dev, sample->addr,
						  sample->pages, NULL));
}

static const char *all_is_on_device(const void *arg)
{
	const struct sample *sample = arg;

	return on_device(sample, 0, sample->pages, true);
}

/* Who splits a folio that is mapped in part has it in hand for a moment. */
TEST_F(mapping, of_a_part_is_made_anew)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(sample_cut(sample, 5, 20, HOLE_UNMAPPED));
	map_hole_anew(_metadata, sample, 5, 20);
	ASSERT_RIGHT(on_device(sample, 5, 20, false));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(settles(all_goes, sample));
	ASSERT_RIGHT(settles(all_is_on_device, sample));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(sample_data(sample));
}

/* Without munmap(2), which the new mapping does by the way. */
TEST_F(mapping, is_replaced)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(sample_map_anew(sample));
	memset(sample->generation, 0, sample->pages * sizeof(*sample->generation));
	ASSERT_RIGHT(on_device(sample, 0, sample->pages, false));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(mapping, is_dropped)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(sample_cut(sample, 3, 4, HOLE_DROPPED));
	ASSERT_RIGHT(on_device(sample, 3, 4, false));
	ASSERT_RIGHT(sample_dropped_are_zero(sample));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(mapping, moves)
{
	struct sample *sample = &self->sample;
	struct devthp_range *room;

	ASSERT_RIGHT(sample_room(sample, 0, &room));
	ASSERT_RIGHT(sample_move(sample, room));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_EQ(0, devthp_range_free(room));
}

/* ---- Protection ---- */

static int protect(struct sample *sample, size_t first, size_t npages, int prot)
{
	return mprotect(page_of(sample, first), npages * devthp_page_size(), prot);
}

TEST_F(mapping, is_read_only)
{
	struct sample *sample = &self->sample;
	const size_t n = sample->pages;

	ASSERT_EQ(0, protect(sample, 0, n, PROT_READ));
	ASSERT_RIGHT(writing_gives(sample, 0, n, -EPERM));
	ASSERT_RIGHT(writing_gives(sample, n - 1, 1, -EPERM));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(cpu_may_not(sample, 1, ACCESS_WRITE));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(mapping, was_read_only_before)
{
	struct sample *sample = &self->sample;
	const size_t n = sample->pages;

	ASSERT_RIGHT(comes(sample, 0, n, n));
	ASSERT_EQ(0, protect(sample, 0, n, PROT_READ));
	ASSERT_RIGHT(writing_gives(sample, 0, n, -EPERM));
	ASSERT_RIGHT(goes(sample, 0, n, n));
	ASSERT_RIGHT(writing_gives(sample, 0, n, -EPERM));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(cpu_may_not(sample, 1, ACCESS_WRITE));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(mapping, is_read_only_for_a_while)
{
	struct sample *sample = &self->sample;

	ASSERT_EQ(0, protect(sample, 0, sample->pages, PROT_READ));
	ASSERT_EQ(0, protect(sample, 0, sample->pages, PROT_READ | PROT_WRITE));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(sample_fill(sample));
}

TEST_F(mapping, of_a_part_is_read_only)
{
	struct sample *sample = &self->sample;
	const size_t n = sample->folio_pages;

	ASSERT_EQ(0, protect(sample, 4, 2, PROT_READ));
	ASSERT_RIGHT(writing_gives(sample, 0, n, -EPERM));
	ASSERT_RIGHT(writing_gives(sample, 5, 1, -EPERM));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_make_next(sample, sample->buffer, 6, n));
	ASSERT_EQ(0, devthp_device_write(sample->dev, page_of(sample, 6), n,
					 sample->buffer, NULL));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(mapping, is_nobodys_for_a_while)
{
	struct sample *sample = &self->sample;
	const size_t n = sample->pages;
	int err;

	ASSERT_EQ(0, protect(sample, 0, n, PROT_NONE));
	err = sample_device_reads(sample->dev, sample->addr, 1, sample->buffer);
	EXPECT_TRUE(err == -EPERM || err == -EFAULT);
	err = sample_device_writes(sample->dev, sample->addr, 1, sample->buffer);
	EXPECT_TRUE(err == -EPERM || err == -EFAULT);
	ASSERT_RIGHT(cpu_may_not(sample, 1, ACCESS_READ));
	ASSERT_EQ(0, protect(sample, 0, n, PROT_READ | PROT_WRITE));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
}

/* ---- A child ---- */

TEST_F(mapping, is_a_childs_too)
{
	struct sample *sample = &self->sample;
	struct peer child;

	ASSERT_RIGHT(peer_fork(&child, peer_reads, sample));
	ASSERT_RIGHT(peer_end(&child));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
}

static const char *writes(struct sample *sample, struct peer *parent)
{
	CHECK(sample_fill(sample));
	CHECK(peer_tell(parent));
	CHECK(peer_wait(parent));
	return sample_data(sample);
}

TEST_F(mapping, has_what_each_has_written)
{
	struct sample *sample = &self->sample;
	struct peer child;

	ASSERT_RIGHT(peer_fork(&child, writes, sample));
	ASSERT_RIGHT(peer_wait(&child));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(peer_tell(&child));
	ASSERT_RIGHT(peer_end(&child));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(mapping, is_not_written_by_the_device_in_a_child)
{
	struct sample *sample = &self->sample;
	struct peer child;

	ASSERT_RIGHT(peer_fork(&child, peer_reads_later, sample));
	ASSERT_RIGHT(peer_wait(&child));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(peer_tell(&child));
	ASSERT_RIGHT(peer_end(&child));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(mapping, is_a_childs_when_the_parent_has_unmapped_it)
{
	struct sample *sample = &self->sample;
	struct peer child;

	ASSERT_RIGHT(peer_fork(&child, peer_reads_later, sample));
	ASSERT_RIGHT(peer_wait(&child));
	ASSERT_RIGHT(sample_unmap(sample));
	ASSERT_RIGHT(peer_tell(&child));
	ASSERT_RIGHT(peer_end(&child));
}

TEST_HARNESS_MAIN
