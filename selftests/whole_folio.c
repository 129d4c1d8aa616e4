// SPDX-License-Identifier: GPL-2.0
/* Huge folios go to the device and come back, whole in both directions. */
#include "common/baseline.h"
#include "common/harness.h"

/*
 * One access anywhere in a folio brings back that folio, all of it, and no
 * other. The page is a different one in each folio.
 */
static void fault_back_one_by_one(struct __test_metadata *_metadata,
				  struct sample *sample, enum access how)
{
	size_t folio;

	for (folio = 0; folio * sample->folio_pages < sample->pages; folio++) {
		size_t first = folio * sample->folio_pages;
		size_t next = first + sample->folio_pages;
		size_t page = first + folio * 73 % sample->folio_pages;

		ASSERT_RIGHT(sample_access(sample, page, how));
		ASSERT_RIGHT(layout_of(sample, 0, next,
				       whole(DEVTHP_LOC_SYSTEM, 1)));
		ASSERT_RIGHT(layout_of(sample, next, sample->pages - next,
				       whole(DEVTHP_LOC_DEVICE, 1)));
	}
	ASSERT_RIGHT(sample_data(sample));
}

/* ---- By number of folios ---- */

FIXTURE(folios)
{
	struct baseline baseline;
	struct sample sample;
};

FIXTURE_VARIANT(folios)
{
	size_t count;
};

FIXTURE_VARIANT_ADD(folios, 1) { .count = 1 };
FIXTURE_VARIANT_ADD(folios, 2) { .count = 2 };
FIXTURE_VARIANT_ADD(folios, 3) { .count = 3 };
FIXTURE_VARIANT_ADD(folios, 4) { .count = 4 };
FIXTURE_VARIANT_ADD(folios, 5) { .count = 5 };
FIXTURE_VARIANT_ADD(folios, 6) { .count = 6 };
FIXTURE_VARIANT_ADD(folios, 7) { .count = 7 };
FIXTURE_VARIANT_ADD(folios, 8) { .count = 8 };

FIXTURE_SETUP(folios)
{
	SETUP_BASELINE(&self->baseline);
	SETUP_SAMPLE_ON_DEVICE(&self->sample, variant->count);
}

FIXTURE_TEARDOWN(folios)
{
	sample_release(&self->sample);
	TEARDOWN_BASELINE(&self->baseline);
}

TEST_F(folios, fault_back)
{
	fault_back_one_by_one(_metadata, &self->sample, ACCESS_READ);
}

TEST_F(folios, migrate_back)
{
	ASSERT_RIGHT(sample_to_system_whole(&self->sample));
	ASSERT_RIGHT(sample_data(&self->sample));
}

/* ---- By kind of access ---- */

FIXTURE(two_folios)
{
	struct baseline baseline;
	struct sample sample;
};

FIXTURE_SETUP(two_folios)
{
	SETUP_BASELINE(&self->baseline);
	SETUP_SAMPLE_ON_DEVICE(&self->sample, 2);
}

FIXTURE_TEARDOWN(two_folios)
{
	sample_release(&self->sample);
	TEARDOWN_BASELINE(&self->baseline);
}

TEST_F(two_folios, back_by_write)
{
	fault_back_one_by_one(_metadata, &self->sample, ACCESS_WRITE);
}

TEST_F(two_folios, back_by_kernel_read)
{
	fault_back_one_by_one(_metadata, &self->sample, ACCESS_KERNEL_READ);
}

TEST_F(two_folios, back_by_kernel_write)
{
	fault_back_one_by_one(_metadata, &self->sample, ACCESS_KERNEL_WRITE);
}

/* What the device does to its memory reaches the CPU, and moves nothing. */
TEST_F(two_folios, device_reads_and_writes)
{
	ASSERT_RIGHT(sample_device_data(&self->sample));
	ASSERT_RIGHT(sample_device_write(&self->sample));
	ASSERT_RIGHT(sample_device_data(&self->sample));
	ASSERT_RIGHT(layout_of_all(&self->sample,
				   whole(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(sample_data(&self->sample));
	ASSERT_RIGHT(layout_of_all(&self->sample,
				   whole(DEVTHP_LOC_SYSTEM, 1)));
}

/* Migrating what is there already leaves it as it is. */
TEST_F(two_folios, migration_to_where_it_is)
{
	struct sample *sample = &self->sample;

	ASSERT_EQ(0, devthp_migrate_to_device(sample->dev, sample->addr,
					      sample->pages, NULL));
	ASSERT_RIGHT(layout_of_all(sample, whole(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(sample_to_system_whole(sample));
	ASSERT_EQ(0, devthp_migrate_to_system(sample->dev, sample->addr,
					      sample->pages, NULL));
	ASSERT_RIGHT(layout_of_all(sample, whole(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(sample_data(sample));
}

/* The device's memory is used again; nothing of the round before shows. */
TEST_F(two_folios, three_rounds)
{
	int round;

	for (round = 0; round < 3; round++) {
		ASSERT_RIGHT(sample_device_data(&self->sample));
		ASSERT_RIGHT(sample_fill_whole(&self->sample));
		ASSERT_RIGHT(sample_to_device_whole(&self->sample));
	}
	ASSERT_RIGHT(sample_data(&self->sample));
}

TEST_HARNESS_MAIN
