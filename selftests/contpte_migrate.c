// SPDX-License-Identifier: GPL-2.0
/*
 * What contiguous PTEs map goes to the device and comes back, in part and as a whole.
 *
 * Rules: ptep_get_and_clear() takes a block apart before the entry of one of its pages
 * becomes one of migration; an entry that is not valid is of no block, and the bit never
 * is in one of device-private memory. What comes back page by page is of no block, for
 * want of a common folio. (arch/arm64/include/asm/pgtable.h; mm/migrate_device.c)
 */
#include "common/blocks_harness.h"
#include "common/form.h"

BLOCKS_FIXTURE(part)
PARTS(part);

static const char *to_device(struct sample *sample, struct part part)
{
	struct devthp_migration moved = { .size = sizeof(moved) };

	CHECK(went_well("migrate to the device",
			devthp_migrate_to_device(sample->dev, page_of(sample, part.first),
						 part.npages, &moved)));
	if (moved.pages != part.npages)
		return wrong("%llu pages moved; should be %zu",
			     (unsigned long long)moved.pages, part.npages);
	CHECK(layout_of(sample, part.first, part.npages, by_pages(DEVTHP_LOC_DEVICE, 1)));
	return blocks_are_apart(sample, part.first, part.npages);
}

/* Small folios that were left alone. */
static const char *others_are_whole(const struct sample *sample, struct part part)
{
	const size_t end = part.first + part.npages;

	CHECK(blocks_are_whole(sample, 0, part.first));
	return blocks_are_whole(sample, end, sample->pages - end);
}

TEST_F(part, goes_and_is_touched)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(to_device(sample, variant->part));
	if (!variant->huge)
		ASSERT_RIGHT(others_are_whole(sample, variant->part));
	ASSERT_RIGHT(blocks_obey(sample));
	ASSERT_RIGHT(sample_access_range(sample, variant->part.first, variant->part.npages,
					 ACCESS_READ));
	ASSERT_RIGHT(layout_of_all(sample, by_pages(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(blocks_obey(sample));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(sample_fill(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(part, goes_and_is_sent_back)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(to_device(sample, variant->part));
	/* It reads the whole range, of which it has that part. */
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(blocks_obey(sample));
	ASSERT_EQ(0, devthp_migrate_to_system(sample->dev, page_of(sample, variant->part.first),
					      variant->part.npages, NULL));
	ASSERT_RIGHT(layout_of_all(sample, by_pages(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(blocks_obey(sample));
	ASSERT_RIGHT(sample_data(sample));
}

BLOCKS_FIXTURE(all)
BOTH_SIZES(all);

TEST_F(all, goes_and_comes_back)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(to_device(sample, (struct part){ 0, sample->pages }));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(blocks_obey(sample));
	ASSERT_RIGHT(sample_to_system(sample));
	ASSERT_RIGHT(layout_of_all(sample, by_pages(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(blocks_obey(sample));
	ASSERT_RIGHT(sample_data(sample));
}

/* What came back page by page is a huge folio again, and its blocks are, once it is split. */
TEST_F(all, is_collapsed_when_it_is_back)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(to_device(sample, (struct part){ 0, sample->pages }));
	ASSERT_RIGHT(sample_data(sample));
	medium_end(&self->medium);
	ASSERT_RIGHT(went_well("MADV_COLLAPSE", sample_collapse(sample)));
	ASSERT_RIGHT(layout_of_all(sample, whole(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(sample_to_device_whole(sample));
	ASSERT_RIGHT(sample_to_system_whole(sample));
	ASSERT_RIGHT(form_split_entries(sample));
	ASSERT_RIGHT(blocks_are_whole(sample, 0, sample->pages));
	ASSERT_RIGHT(blocks_obey(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_HARNESS_MAIN
