// SPDX-License-Identifier: GPL-2.0
/*
 * The driver cannot allocate a huge folio: the source is split on the way and
 * arrives in base pages, with its data.
 */
#include <errno.h>
#include <sys/mman.h>

#include "common/baseline.h"
#include "common/form.h"
#include "common/harness.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

FIXTURE(alloc_fail)
{
	struct baseline baseline;
	struct sample sample;
	struct devthp_device *another;
};

/* Two folios: the failure is one-shot and must hit the first one only. */
FIXTURE_SETUP(alloc_fail)
{
	SETUP_BASELINE(&self->baseline);
	SETUP_SAMPLE(&self->sample, 2);
	ASSERT_RIGHT(sample_fill_whole(&self->sample));
}

FIXTURE_TEARDOWN(alloc_fail)
{
	devthp_device_close(self->another);
	sample_release(&self->sample);
	TEARDOWN_BASELINE(&self->baseline);
}

static void two_are(struct __test_metadata *_metadata, const struct sample *sample,
		    struct layout first, struct layout second)
{
	const size_t n = sample->folio_pages;

	ASSERT_RIGHT(layout_of(sample, 0, n, first));
	ASSERT_RIGHT(layout_of(sample, n, n, second));
}

static void first_small_second_whole(struct __test_metadata *_metadata,
				     const struct sample *sample,
				     unsigned int location)
{
	two_are(_metadata, sample, small(location, 1), whole(location, 1));
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
	ASSERT_RIGHT(sample_bring_back(&self->sample));
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
	ASSERT_RIGHT(sample_have_back(sample, page, 1));
	ASSERT_RIGHT(layout_of(sample, page, 1, small(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(layout_of(sample, 0, page, small(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(layout_of(sample, page + 1, rest,
			       small(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(sample_data(sample));
}

static void first_whole_second_small(struct __test_metadata *_metadata,
				     const struct sample *sample,
				     unsigned int location)
{
	two_are(_metadata, sample, whole(location, 1), small(location, 1));
}

/* Both ways the one behind what has its memory already; and the 512 of the second. */
TEST_F(alloc_fail, of_the_second)
{
	struct sample *sample = &self->sample;
	const size_t n = sample->folio_pages;

	ASSERT_EQ(0, devthp_device_fail_alloc(sample->dev, 2));
	ASSERT_RIGHT(sample_to_device(sample));
	first_whole_second_small(_metadata, sample, DEVTHP_LOC_DEVICE);
	ASSERT_EQ(0, devthp_device_fail_alloc(sample->dev, 1 + n));
	ASSERT_EQ(-ENOMEM, devthp_migrate_to_system(sample->dev, sample->addr,
						    sample->pages, NULL));
	ASSERT_RIGHT(layout_of(sample, 0, n, whole(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(layout_of(sample, n, n - 1, small(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(layout_of(sample, 2 * n - 1, 1, small(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(alloc_fail, of_the_second_on_the_way_back)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(sample_to_device_whole(sample));
	ASSERT_EQ(0, devthp_device_fail_alloc(sample->dev, 2));
	ASSERT_RIGHT(sample_to_system(sample));
	first_whole_second_small(_metadata, sample, DEVTHP_LOC_SYSTEM);
	ASSERT_RIGHT(sample_data(sample));
}

/* Nothing is left over when the failure was taken back. */
TEST_F(alloc_fail, taken_back)
{
	struct sample *sample = &self->sample;

	ASSERT_EQ(0, devthp_device_fail_alloc(sample->dev, 2));
	ASSERT_EQ(0, devthp_device_fail_alloc(sample->dev, 0));
	ASSERT_RIGHT(sample_to_device_whole(sample));
	ASSERT_EQ(0, devthp_device_fail_alloc(sample->dev, 1));
	ASSERT_EQ(0, devthp_device_fail_alloc(sample->dev, 0));
	ASSERT_RIGHT(sample_to_system(sample));
	ASSERT_RIGHT(layout_of_all(sample, whole(DEVTHP_LOC_SYSTEM, 1)));
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
	ASSERT_RIGHT(sample_bring_back(sample));
	first_small_second_whole(_metadata, sample, DEVTHP_LOC_SYSTEM);
}

/* ---- What fails, and when: once, by the first allocation, of that file ---- */

static struct devthp_device *another_file(struct __test_metadata *_metadata,
					  FIXTURE_DATA(alloc_fail) *self)
{
	ASSERT_RIGHT(device_open(&self->another, device_minor));
	return self->another;
}

/* A small page is not replaced by anything smaller: it stays. */
TEST_F(alloc_fail, small_to_device)
{
	struct devthp_migration moved = { .size = sizeof(moved) };
	struct sample *sample = &self->sample;
	const size_t n = sample->folio_pages;

	to_device_failing(_metadata, sample);
	ASSERT_RIGHT(sample_bring_back(sample));
	ASSERT_EQ(0, devthp_device_fail_alloc(sample->dev, 1));
	ASSERT_EQ(-ENOENT, devthp_migrate_to_device(sample->dev, sample->addr,
						    n, &moved));
	ASSERT_EQ(n - 1, moved.pages);
	ASSERT_RIGHT(layout_of(sample, 0, 1, small(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(layout_of(sample, 1, n - 1, small(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
}

/* Nor does it come back; who touches it does so again, and has it then. */
TEST_F(alloc_fail, small_is_touched)
{
	struct sample *sample = &self->sample;
	const size_t page = sample->folio_pages / 3;

	if (sample->coherent)
		SKIP(return, "no fault brings back what the CPU can use there");
	to_device_failing(_metadata, sample);
	ASSERT_EQ(0, devthp_device_fail_alloc(sample->dev, 1));
	ASSERT_RIGHT(sample_access(sample, page, ACCESS_WRITE));
	ASSERT_RIGHT(layout_of(sample, page, 1, small(DEVTHP_LOC_SYSTEM, 1)));
	/* The failure was that one's, and is gone. */
	ASSERT_RIGHT(sample_access(sample, page + 1, ACCESS_KERNEL_READ));
	ASSERT_RIGHT(sample_data(sample));
}

/* Who cannot try again says so. */
TEST_F(alloc_fail, small_is_populated)
{
	struct sample *sample = &self->sample;
	const size_t page = sample->folio_pages / 3;
	char *addr = sample->addr + page * devthp_page_size();

	if (sample->coherent)
		SKIP(return, "no fault brings back what the CPU can use there");
	to_device_failing(_metadata, sample);
	ASSERT_EQ(0, devthp_device_fail_alloc(sample->dev, 1));
	ASSERT_EQ(-1, madvise(addr, devthp_page_size(), MADV_POPULATE_READ));
	ASSERT_EQ(ENOMEM, errno);
	ASSERT_RIGHT(layout_of(sample, 0, sample->folio_pages,
			       small(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_EQ(0, madvise(addr, devthp_page_size(), MADV_POPULATE_READ));
	ASSERT_RIGHT(layout_of(sample, page, 1, small(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(sample_data(sample));
}

/* Of a whole folio that PTEs map, each is a small source. */
TEST_F(alloc_fail, mapped_by_pages)
{
	struct sample *sample = &self->sample;
	const size_t n = sample->folio_pages;

	ASSERT_RIGHT(form_to_device(sample, FORM_BY_PAGES));
	ASSERT_EQ(0, devthp_device_fail_alloc(sample->dev, 1));
	ASSERT_EQ(-ENOMEM, devthp_migrate_to_system(sample->dev, sample->addr,
						    n, NULL));
	ASSERT_RIGHT(layout_of(sample, 0, 1, small(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(layout_of(sample, 1, n - 1, small(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(sample_data(sample));
}

/* An eviction leaves it alone: it is for the next migration. */
TEST_F(alloc_fail, not_for_evictions)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(sample_to_device_whole(sample));
	ASSERT_EQ(0, devthp_device_fail_alloc(sample->dev, 1));
	ASSERT_EQ(0, devthp_device_drain(sample->dev, NULL));
	ASSERT_RIGHT(layout_of_all(sample, whole(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(sample_to_device(sample));
	first_small_second_whole(_metadata, sample, DEVTHP_LOC_DEVICE);
	ASSERT_RIGHT(sample_data(sample));
}

/* So does a migration that has nothing to allocate. */
TEST_F(alloc_fail, not_for_what_is_there)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(sample_to_device_whole(sample));
	ASSERT_EQ(0, devthp_device_fail_alloc(sample->dev, 1));
	ASSERT_EQ(0, devthp_migrate_to_device(sample->dev, sample->addr,
					      sample->pages, NULL));
	ASSERT_RIGHT(layout_of_all(sample, whole(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(sample_to_system(sample));
	first_small_second_whole(_metadata, sample, DEVTHP_LOC_SYSTEM);
	ASSERT_RIGHT(sample_data(sample));
}

/* A fault is that of the file through which the page has migrated. */
TEST_F(alloc_fail, not_for_other_files)
{
	struct devthp_device *another = another_file(_metadata, self);
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(sample_to_device_whole(sample));
	ASSERT_EQ(0, devthp_device_fail_alloc(another, 1));
	ASSERT_RIGHT(sample_access(sample, 0, ACCESS_READ));
	ASSERT_RIGHT(layout_of(sample, 0, sample->folio_pages,
			       whole(sample->coherent ? DEVTHP_LOC_DEVICE :
						       DEVTHP_LOC_SYSTEM, 1)));
	/* But a migration by command is that of the file it is given to. */
	ASSERT_EQ(0, devthp_migrate_to_device(sample->dev, sample->addr,
					      sample->pages, NULL));
	ASSERT_EQ(0, devthp_migrate_to_system(another, sample->addr,
					      sample->pages, NULL));
	first_small_second_whole(_metadata, sample, DEVTHP_LOC_SYSTEM);
	ASSERT_RIGHT(sample_data(sample));
}

/* The CPU faults, and the driver has no huge page to bring the folio back. */
FIXTURE(fault_back)
{
	struct baseline baseline;
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
	SETUP_BASELINE(&self->baseline);
	SETUP_SAMPLE_ON_DEVICE(&self->sample, 2);
	if (self->sample.coherent)
		SKIP(return, "no fault brings back what the CPU can use there");
	ASSERT_EQ(0, devthp_device_fail_alloc(self->sample.dev, 1));
}

FIXTURE_TEARDOWN(fault_back)
{
	sample_release(&self->sample);
	TEARDOWN_BASELINE(&self->baseline);
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
