// SPDX-License-Identifier: GPL-2.0
/*
 * The driver cannot allocate a huge folio: the source is split on the way and
 * arrives in base pages, with its data.
 */
#include <errno.h>

#include "common/harness.h"

FIXTURE(alloc_fail)
{
	struct sample sample;
};

/* Two folios: the failure is one-shot and must hit the first one only. */
FIXTURE_SETUP(alloc_fail)
{
	SETUP_SAMPLE(&self->sample, 2);
	ASSERT_RIGHT(sample_fill_whole(&self->sample));
}

FIXTURE_TEARDOWN(alloc_fail)
{
	sample_release(&self->sample);
}

static void first_small_second_whole(struct __test_metadata *_metadata,
				     const struct sample *sample,
				     unsigned int location)
{
	const size_t n = sample->folio_pages;

	ASSERT_RIGHT(layout_of(sample, 0, n, small(location, 1)));
	ASSERT_RIGHT(layout_of(sample, n, n, whole(location, 1)));
}

static void to_device_failing(struct __test_metadata *_metadata,
			      struct sample *sample)
{
	ASSERT_EQ(0, devthp_device_fail_alloc(sample->dev, 1));
	ASSERT_RIGHT(sample_to_device(sample));
	first_small_second_whole(_metadata, sample, DEVTHP_LOC_DEVICE);
}

TEST_F(alloc_fail, to_device)
{
	to_device_failing(_metadata, &self->sample);
	ASSERT_RIGHT(sample_device_data(&self->sample));
	ASSERT_RIGHT(sample_data(&self->sample));
	first_small_second_whole(_metadata, &self->sample, DEVTHP_LOC_SYSTEM);
}

TEST_F(alloc_fail, to_device_then_migrated_back)
{
	to_device_failing(_metadata, &self->sample);
	ASSERT_RIGHT(sample_device_write(&self->sample));
	ASSERT_RIGHT(sample_to_system(&self->sample));
	first_small_second_whole(_metadata, &self->sample, DEVTHP_LOC_SYSTEM);
	ASSERT_RIGHT(sample_data(&self->sample));
}

/* Small pages come back one by one, and leave the others alone. */
TEST_F(alloc_fail, to_device_then_one_touched)
{
	struct sample *sample = &self->sample;
	const size_t page = sample->folio_pages / 2;
	const size_t rest = sample->folio_pages - page - 1;

	to_device_failing(_metadata, sample);
	ASSERT_RIGHT(sample_access(sample, page, ACCESS_WRITE));
	ASSERT_RIGHT(layout_of(sample, page, 1, small(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(layout_of(sample, 0, page, small(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(layout_of(sample, page + 1, rest,
			       small(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(sample_data(sample));
}

/* Nothing is left over when the failure was taken back. */
TEST_F(alloc_fail, taken_back)
{
	struct sample *sample = &self->sample;

	ASSERT_EQ(0, devthp_device_fail_alloc(sample->dev, 1));
	ASSERT_EQ(0, devthp_device_fail_alloc(sample->dev, 0));
	ASSERT_RIGHT(sample_to_device_whole(sample));
}

TEST_F(alloc_fail, to_system_by_migration)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(sample_to_device_whole(sample));
	ASSERT_EQ(0, devthp_device_fail_alloc(sample->dev, 1));
	ASSERT_RIGHT(sample_to_system(sample));
	first_small_second_whole(_metadata, sample, DEVTHP_LOC_SYSTEM);
	ASSERT_RIGHT(sample_data(sample));
}

/* Both ways: what is left of the folio between them is base pages. */
TEST_F(alloc_fail, both_ways)
{
	struct sample *sample = &self->sample;

	to_device_failing(_metadata, sample);
	ASSERT_EQ(0, devthp_device_fail_alloc(sample->dev, 1));
	/* Of a small source it is the page itself that cannot come back. */
	ASSERT_EQ(-ENOMEM, devthp_migrate_to_system(sample->dev, sample->addr,
						    sample->pages, NULL));
	ASSERT_RIGHT(sample_data(sample));
	first_small_second_whole(_metadata, sample, DEVTHP_LOC_SYSTEM);
}

/* The CPU faults, and the driver has no huge page to bring the folio back. */
FIXTURE(fault_back)
{
	struct sample sample;
};

FIXTURE_VARIANT(fault_back)
{
	enum access how;
};

FIXTURE_VARIANT_ADD(fault_back, read) { .how = ACCESS_READ };
FIXTURE_VARIANT_ADD(fault_back, write) { .how = ACCESS_WRITE };
FIXTURE_VARIANT_ADD(fault_back, kernel_read) { .how = ACCESS_KERNEL_READ };
FIXTURE_VARIANT_ADD(fault_back, kernel_write) { .how = ACCESS_KERNEL_WRITE };

FIXTURE_SETUP(fault_back)
{
	SETUP_SAMPLE_ON_DEVICE(&self->sample, 2);
	ASSERT_EQ(0, devthp_device_fail_alloc(self->sample.dev, 1));
}

FIXTURE_TEARDOWN(fault_back)
{
	sample_release(&self->sample);
}

static void fault(struct __test_metadata *_metadata, struct sample *sample,
		  size_t page, enum access how)
{
	const size_t n = sample->folio_pages;

	ASSERT_RIGHT(sample_access(sample, page, how));
	ASSERT_RIGHT(layout_of(sample, 0, n, small(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(layout_of(sample, n, n, whole(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(sample_data(sample));
	first_small_second_whole(_metadata, sample, DEVTHP_LOC_SYSTEM);
}

TEST_F(fault_back, first_page)
{
	fault(_metadata, &self->sample, 0, variant->how);
}

TEST_F(fault_back, middle_page)
{
	fault(_metadata, &self->sample, self->sample.folio_pages / 2,
	      variant->how);
}

TEST_F(fault_back, last_page)
{
	fault(_metadata, &self->sample, self->sample.folio_pages - 1,
	      variant->how);
}

TEST_HARNESS_MAIN
