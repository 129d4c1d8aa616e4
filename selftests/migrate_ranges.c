// SPDX-License-Identifier: GPL-2.0
/*
 * Any range migrates, wherever it begins and ends: within folios, across them
 * and across mappings, of memory that is in any form and begins at any place in
 * the grid of PMDs. Rule: exactly the pages of the range change sides, and
 * everybody's data stays.
 */
#include <errno.h>
#include <sys/mman.h>

#include "common/baseline.h"
#include "common/form.h"
#include "common/harness.h"

/* So many folios; what is asked for is numbered by 1/512 of one. */
#define FOLIOS 2

static const struct { size_t first, npages; } ranges[] = {
	{ 0, 1 }, { 511, 2 }, { 512, 512 }, { 1, 511 }, { 1, 512 },
	{ 256, 512 }, { 63, 2 }, { 100, 900 }, { 1, 1022 }, { 1023, 1 },
};

FIXTURE(ranges)
{
	struct baseline baseline;
	struct sample sample;
};

FIXTURE_VARIANT(ranges)
{
	enum form form;
	bool offset;		/* the memory begins between PMDs */
	bool mappings;		/* it is in several */
};

FORM_VARIANTS(ranges);
FIXTURE_VARIANT_ADD(ranges, mappings) { .mappings = true };
FIXTURE_VARIANT_ADD(ranges, offset) { .offset = true };

/* Move the sample by some pages, as long as there is nothing in it. */
static const char *begin_between(struct sample *sample)
{
	devthp_range_free(sample->range);
	sample->range = NULL;
	CHECK(sample_room(sample, 77, &sample->range));
	sample->addr = devthp_range_addr(sample->range);
	return RIGHT;
}

/* What differs in anything is a mapping of its own. */
static const char *make_mappings(struct sample *sample)
{
	const size_t size = devthp_page_size();

	if (madvise(sample->addr + 300 * size, 300 * size, MADV_DONTFORK) ||
	    madvise(sample->addr + 900 * size, size, MADV_DONTFORK))
		return went_well("MADV_DONTFORK", -errno);
	return RIGHT;
}

FIXTURE_SETUP(ranges)
{
	struct sample *sample = &self->sample;

	SETUP_BASELINE(&self->baseline);
	SETUP_SAMPLE(sample, FOLIOS);
	if (variant->offset)
		ASSERT_RIGHT(begin_between(sample));
}

FIXTURE_TEARDOWN(ranges)
{
	sample_release(&self->sample);
	TEARDOWN_BASELINE(&self->baseline);
}

/* The pages of the range are at one place, all others at the other. */
static const char *sides_are(const struct sample *sample, size_t first,
			     size_t npages, unsigned int of_range)
{
	const unsigned int other = of_range == DEVTHP_LOC_DEVICE ?
		DEVTHP_LOC_SYSTEM : DEVTHP_LOC_DEVICE;
	size_t i;

	CHECK(sample_look(sample));
	for (i = 0; i < sample->pages; i++) {
		const unsigned int location = sample->page[i].location;
		const bool in_range = i >= first && i < first + npages;

		if (location != (in_range ? of_range : other))
			return wrong("[%zu, %zu): page %zu is %s", first,
				     first + npages, i,
				     devthp_location_name(location));
	}
	return RIGHT;
}

static const char *prepare(struct sample *sample,
			   const FIXTURE_VARIANT(ranges) *variant)
{
	CHECK(sample_map_anew(sample));
	if (variant->mappings)
		CHECK(make_mappings(sample));
	if (variant->form == FORM_SMALL &&
	    madvise(sample->addr, sample->pages * devthp_page_size(),
		    MADV_NOHUGEPAGE))
		return went_well("MADV_NOHUGEPAGE", -errno);
	CHECK(sample_fill(sample));
	if (variant->form == FORM_BY_PAGES)
		CHECK(form_split_entries(sample));
	return RIGHT;
}

typedef int direction(struct devthp_device *dev, void *addr, size_t npages,
		      struct devthp_migration *moved);

/* The range, and nothing else, goes to there. */
static const char *goes(struct sample *sample, size_t first, size_t npages,
			direction *migrate, unsigned int there)
{
	CHECK(went_well("migrate",
			migrate(sample->dev, page_of(sample, first), npages,
				NULL)));
	CHECK(sides_are(sample, first, npages, there));
	CHECK(sample_device_data(sample));
	return sample_data(sample);
}

#define FOR_EACH_RANGE(i, start, length)				\
	for (i = 0; i < ARRAY_SIZE(ranges) &&				\
	     (start = ranges[i].first * sample->folio_pages / 512,	\
	      length = ranges[i].npages * sample->folio_pages / 512, true); i++)

TEST_F_TIMEOUT(ranges, go, 8 * PATIENCE)
{
	struct sample *sample = &self->sample;
	size_t i, first, npages;

	FOR_EACH_RANGE(i, first, npages) {
		ASSERT_RIGHT(prepare(sample, variant));
		ASSERT_RIGHT(goes(sample, first, npages,
				  devthp_migrate_to_device, DEVTHP_LOC_DEVICE));
	}
}

static const char *all_to_device(struct sample *sample,
				 const FIXTURE_VARIANT(ranges) *variant)
{
	CHECK(sample_map_anew(sample));
	CHECK(sample_fill(sample));
	if (variant->form == FORM_SMALL)
		return form_to_device(sample, FORM_SMALL);
	CHECK(sample_to_device(sample));
	if (variant->form == FORM_BY_PAGES)
		CHECK(form_split_entries(sample));
	return variant->mappings ? make_mappings(sample) : RIGHT;
}

TEST_F_TIMEOUT(ranges, come_back, 8 * PATIENCE)
{
	struct sample *sample = &self->sample;
	size_t i, first, npages;

	FOR_EACH_RANGE(i, first, npages) {
		ASSERT_RIGHT(all_to_device(sample, variant));
		ASSERT_RIGHT(goes(sample, first, npages,
				  devthp_migrate_to_system, DEVTHP_LOC_SYSTEM));
	}
}

TEST_HARNESS_MAIN
