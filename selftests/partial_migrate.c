// SPDX-License-Identifier: GPL-2.0
/*
 * Only part of a huge folio is migrated: it is split, that part arrives in base
 * pages, and the rest stays where it is.
 */
#include "common/baseline.h"
#include "common/harness.h"
#include "common/peer.h"

FIXTURE(part)
{
	struct baseline baseline;
	struct sample sample;
	struct peer child;
	size_t first, npages;
};

/* In 1/512 of a folio, so that it is independent of the size of that. */
FIXTURE_VARIANT(part)
{
	size_t first, length;
};

FIXTURE_VARIANT_ADD(part, head) { .first = 0, .length = 64 };
FIXTURE_VARIANT_ADD(part, tail) { .first = 448, .length = 64 };
FIXTURE_VARIANT_ADD(part, middle) { .first = 200, .length = 100 };
FIXTURE_VARIANT_ADD(part, first_page) { .first = 0, .length = 1 };
FIXTURE_VARIANT_ADD(part, last_page) { .first = 511, .length = 1 };
/* As long as a folio, and halves of two. */
FIXTURE_VARIANT_ADD(part, across) { .first = 256, .length = 512 };

FIXTURE_SETUP(part)
{
	SETUP_BASELINE(&self->baseline);
	SETUP_SAMPLE(&self->sample, 2);
	ASSERT_RIGHT(sample_fill_whole(&self->sample));
	self->first = variant->first * self->sample.folio_pages / 512;
	self->npages = variant->length * self->sample.folio_pages / 512;
}

FIXTURE_TEARDOWN(part)
{
	sample_release(&self->sample);
	TEARDOWN_BASELINE(&self->baseline);
}

static void *part_addr(const FIXTURE_DATA(part) *self)
{
	return self->sample.addr + self->first * devthp_page_size();
}

/* The part is at one place; the rest of its folios is at another, in pages. */
static void check(struct __test_metadata *_metadata,
		  const FIXTURE_DATA(part) *self, unsigned int part,
		  unsigned int rest, int mapcount)
{
	const struct sample *sample = &self->sample;
	const size_t n = sample->folio_pages;
	const size_t behind = self->first + self->npages;
	const size_t end = (behind + n - 1) / n * n;

	ASSERT_RIGHT(layout_of(sample, self->first, self->npages,
			       small(part, mapcount)));
	ASSERT_RIGHT(layout_of(sample, 0, self->first,
			       by_pages(rest, mapcount)));
	ASSERT_RIGHT(layout_of(sample, behind, end - behind,
			       by_pages(rest, mapcount)));
	ASSERT_RIGHT(layout_of(sample, end, sample->pages - end,
			       whole(rest, mapcount)));
}

TEST_F(part, to_device)
{
	struct sample *sample = &self->sample;

	ASSERT_EQ(0, devthp_migrate_to_device(sample->dev, part_addr(self),
					      self->npages, NULL));
	check(_metadata, self, DEVTHP_LOC_DEVICE, DEVTHP_LOC_SYSTEM, 1);
	ASSERT_RIGHT(sample_device_data(sample));
	check(_metadata, self, DEVTHP_LOC_DEVICE, DEVTHP_LOC_SYSTEM, 1);
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(part, to_system)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(sample_to_device_whole(sample));
	ASSERT_EQ(0, devthp_migrate_to_system(sample->dev, part_addr(self),
					      self->npages, NULL));
	check(_metadata, self, DEVTHP_LOC_SYSTEM, DEVTHP_LOC_DEVICE, 1);
	ASSERT_RIGHT(sample_device_data(sample));
	check(_metadata, self, DEVTHP_LOC_SYSTEM, DEVTHP_LOC_DEVICE, 1);
	ASSERT_RIGHT(sample_data(sample));
}

static const char *read_later(struct sample *sample, struct peer *parent)
{
	CHECK(layout_of_all(sample, whole(DEVTHP_LOC_DEVICE, 2)));
	CHECK(peer_tell(parent));
	CHECK(peer_wait(parent));
	return sample_data(sample);
}

/* The split replaces the mappings of every process. */
TEST_F(part, to_system_when_shared)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(sample_to_device_whole(sample));
	ASSERT_RIGHT(peer_fork(&self->child, read_later, sample));
	ASSERT_RIGHT(peer_wait(&self->child));
	ASSERT_EQ(0, devthp_migrate_to_system(sample->dev, part_addr(self),
					      self->npages, NULL));
	check(_metadata, self, DEVTHP_LOC_SYSTEM, DEVTHP_LOC_DEVICE, 2);
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(peer_tell(&self->child));
	ASSERT_RIGHT(peer_end(&self->child));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_HARNESS_MAIN
