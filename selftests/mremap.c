// SPDX-License-Identifier: GPL-2.0
/* Memory moves to another address while its huge folio is on the device. */
#include <errno.h>
#include <sys/mman.h>

#include "common/harness.h"

FIXTURE(moved)
{
	struct sample sample;
	struct devthp_range *target;
};

FIXTURE_VARIANT(moved)
{
	/* Pages behind a PMD boundary where the target begins. */
	size_t offset;
	bool stays_whole;
};

FIXTURE_VARIANT_ADD(moved, aligned) { .offset = 0, .stays_whole = true };
FIXTURE_VARIANT_ADD(moved, by_a_page) { .offset = 1 };
FIXTURE_VARIANT_ADD(moved, by_many_pages) { .offset = 40 };

FIXTURE_SETUP(moved)
{
	struct devthp_range_opts opts = {
		.size = sizeof(opts),
		.bytes = 2 * devthp_pmd_size(),
		.offset = variant->offset * devthp_page_size(),
	};

	SETUP_SAMPLE_ON_DEVICE(&self->sample, 2);
	ASSERT_EQ(0, devthp_range_alloc(&self->target, &opts));
}

FIXTURE_TEARDOWN(moved)
{
	sample_release(&self->sample);
	devthp_range_free(self->target);
}

/* The first npages pages go to the target; the sample is only those then. */
static void move(struct __test_metadata *_metadata, struct sample *sample,
		 struct devthp_range *target, size_t npages)
{
	const size_t size = npages * devthp_page_size();
	char *to = devthp_range_addr(target);

	ASSERT_EQ(to, mremap(sample->addr, size, size,
			     MREMAP_MAYMOVE | MREMAP_FIXED, to))
		TH_LOG("mremap: %s", strerror(errno));
	ASSERT_EQ(0, devthp_range_disown(sample->range, 0, npages));
	sample->addr = to;
	sample->pages = npages;
}

static void check_on_device(struct __test_metadata *_metadata,
			    struct sample *sample, bool stays_whole)
{
	ASSERT_RIGHT(layout_of_all(sample, stays_whole ?
				   whole(DEVTHP_LOC_DEVICE, 1) :
				   by_pages(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(sample_device_data(sample));
}

TEST_F(moved, then_read)
{
	struct sample *sample = &self->sample;

	move(_metadata, sample, self->target, sample->pages);
	check_on_device(_metadata, sample, variant->stays_whole);
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(layout_of_all(sample, variant->stays_whole ?
				   whole(DEVTHP_LOC_SYSTEM, 1) :
				   by_pages(DEVTHP_LOC_SYSTEM, 1)));
}

TEST_F(moved, then_written)
{
	struct sample *sample = &self->sample;

	move(_metadata, sample, self->target, sample->pages);
	check_on_device(_metadata, sample, variant->stays_whole);
	ASSERT_RIGHT(sample_fill(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(moved, then_migrated_back)
{
	struct sample *sample = &self->sample;

	move(_metadata, sample, self->target, sample->pages);
	check_on_device(_metadata, sample, variant->stays_whole);
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(sample_to_system(sample));
	ASSERT_RIGHT(layout_of_all(sample, variant->stays_whole ?
				   whole(DEVTHP_LOC_SYSTEM, 1) :
				   by_pages(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(sample_data(sample));
}

/* Half of a folio goes and half of it stays. */
TEST_F(moved, in_half)
{
	struct sample *sample = &self->sample;
	struct sample half = *sample;
	const size_t pages = sample->folio_pages / 2;
	size_t i;

	/* Of what stays, so that what goes has no holes. */
	half.hole = sample->hole + pages;
	move(_metadata, &half, self->target, pages);
	for (i = 0; i < pages; i++)
		sample->hole[i] = HOLE_UNMAPPED;

	check_on_device(_metadata, &half, false);
	ASSERT_RIGHT(sample_data(&half));
	ASSERT_RIGHT(layout_of_all(&half, by_pages(DEVTHP_LOC_SYSTEM, 1)));

	ASSERT_RIGHT(holes_are_empty(sample));
	ASSERT_RIGHT(layout_of(sample, pages, pages,
			       by_pages(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_HARNESS_MAIN
