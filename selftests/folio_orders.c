// SPDX-License-Identifier: GPL-2.0
/*
 * Folios of other sizes than one PMD: sources of 64 KiB, and memory of the
 * device that is used in one size after another. Rule: nothing of a folio's
 * former size shows in the next.
 */
#include "common/harness.h"
#include "common/baseline.h"
#include "common/form.h"
#include "common/medium.h"
#include "common/need.h"

FIXTURE(orders)
{
	struct baseline baseline;
	struct sample sample;
	struct medium medium;
};

FIXTURE_SETUP(orders)
{
	ASSERT_RIGHT(baseline_take(&self->baseline));
	SETUP_SAMPLE(&self->sample, 1);
}

FIXTURE_TEARDOWN(orders)
{
	medium_end(&self->medium);
	sample_release(&self->sample);
	TEARDOWN_BASELINE(&self->baseline);
}

TEST_F(orders, all_of_64k)
{
	struct sample *sample = &self->sample;

	NEED(medium_needed);
	ASSERT_RIGHT(medium_fill(&self->medium, sample));
	ASSERT_RIGHT(sample_to_device(sample));
	ASSERT_RIGHT(layout_of_all(sample, by_pages(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_to_system(sample));
	ASSERT_RIGHT(layout_of_all(sample, by_pages(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(sample_data(sample));
}

/* From within one folio to within another; what is beside stays. */
TEST_F(orders, part_of_64k)
{
	struct sample *sample = &self->sample;
	const size_t first = 5, npages = 40, behind = first + npages;
	char *addr = sample->addr + first * devthp_page_size();

	NEED(medium_needed);
	ASSERT_RIGHT(medium_fill(&self->medium, sample));
	ASSERT_EQ(0, devthp_migrate_to_device(sample->dev, addr, npages, NULL));
	ASSERT_RIGHT(layout_of(sample, first, npages,
			       by_pages(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(layout_of(sample, 0, first,
			       by_pages(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(layout_of(sample, behind, sample->pages - behind,
			       by_pages(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
}

static const char *drop_all(struct sample *sample)
{
	CHECK(sample_cut(sample, 0, sample->pages, HOLE_DROPPED));
	CHECK(holes_are_empty(sample));
	return sample_dropped_are_zero(sample);
}

static const char *use_device_as(struct sample *sample, enum form form)
{
	CHECK(sample_map_anew(sample));
	CHECK(sample_fill_whole(sample));
	CHECK(form_to_device(sample, form));
	CHECK(sample_device_write(sample));
	CHECK(sample_device_data(sample));
	return form_is_kept(sample, form);
}

/* Freed in one size, and handed out in another. */
TEST_F(orders, one_after_another)
{
	static const enum form forms[] = {
		FORM_WHOLE, FORM_SMALL, FORM_BY_PAGES, FORM_WHOLE, FORM_SMALL,
		FORM_SMALL, FORM_WHOLE,
	};
	struct sample *sample = &self->sample;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(forms); i++) {
		ASSERT_RIGHT(use_device_as(sample, forms[i]));
		/* Freed on the device, or by coming back, in turns. */
		ASSERT_RIGHT(i % 2 ? sample_data(sample) : drop_all(sample));
	}
}

TEST_HARNESS_MAIN
