// SPDX-License-Identifier: GPL-2.0
/*
 * A device whose memory the CPU can use has no more of it: unlike that of the others,
 * its memory is what was reserved for it. Rule: what finds no place stays where it is,
 * and goes when there is room again.
 */
#include <errno.h>

#define DEVICE_MINOR 2

#include "common/baseline.h"
#include "common/harness.h"

FIXTURE(full)
{
	struct baseline baseline;
	struct sample sample;
	size_t folios;		/* that the device can have */
};

FIXTURE_SETUP(full)
{
	struct devthp_usage usage = { .size = sizeof(usage) };
	struct sample *sample = &self->sample;

	SETUP_BASELINE(&self->baseline);
	NEED(device_ready, &sample->dev);
	ASSERT_EQ(0, devthp_device_usage(sample->dev, &usage));
	self->folios = usage.folios_free;
	ASSERT_LT(0, self->folios);
	ASSERT_RIGHT(sample_reserve(sample, self->folios + 2));
	ASSERT_RIGHT(sample_fill_whole(sample));
}

FIXTURE_TEARDOWN(full)
{
	sample_release(&self->sample);
	TEARDOWN_BASELINE(&self->baseline);
}

static int folio_goes(const struct sample *sample, size_t folio)
{
	return devthp_migrate_to_device(sample->dev, page_of(sample, folio * sample->folio_pages),
					sample->folio_pages, NULL);
}

/* So many from the first on are on the device, and all others are not. */
static const char *are_there(const struct sample *sample, size_t first, size_t folios)
{
	const size_t begin = first * sample->folio_pages;
	const size_t pages = folios * sample->folio_pages;
	const size_t end = begin + pages;

	CHECK(layout_of(sample, 0, begin, whole(DEVTHP_LOC_SYSTEM, 1)));
	CHECK(layout_of(sample, begin, pages, whole(DEVTHP_LOC_DEVICE, 1)));
	return layout_of(sample, end, sample->pages - end, whole(DEVTHP_LOC_SYSTEM, 1));
}

TEST_F_TIMEOUT(full, the_others_stay, 8 * PATIENCE)
{
	struct sample *sample = &self->sample;
	const size_t folios = self->folios;
	size_t i;

	for (i = 0; i < folios; i++)
		ASSERT_EQ(0, folio_goes(sample, i));
	ASSERT_RIGHT(are_there(sample, 0, folios));
	ASSERT_EQ(-ENOENT, folio_goes(sample, folios));
	ASSERT_EQ(-ENOENT, folio_goes(sample, folios + 1));
	ASSERT_RIGHT(are_there(sample, 0, folios));

	/* Room for one, and no more. */
	ASSERT_EQ(0, devthp_migrate_to_system(sample->dev, sample->addr, sample->folio_pages,
					      NULL));
	ASSERT_EQ(0, folio_goes(sample, folios));
	ASSERT_EQ(-ENOENT, folio_goes(sample, folios + 1));
	ASSERT_EQ(-ENOENT, folio_goes(sample, 0));
	ASSERT_RIGHT(are_there(sample, 1, folios));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_HARNESS_MAIN
