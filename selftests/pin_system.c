// SPDX-License-Identifier: GPL-2.0
/*
 * Pages of system memory are pinned, by whatever way and for whatever time: the
 * folio stays where it is, as whole as it is, and mapped as it is, until the
 * last pin is gone.
 *
 * Of two folios the second is pinned, and the first must go all the same.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "common/baseline.h"
#include "common/driver.h"
#include "common/form.h"
#include "common/harness.h"
#include "common/medium.h"
#include "common/need.h"
#include "common/peer.h"
#include "common/pin.h"
#include "common/still.h"

enum how_mapped {
	WHOLE,			/* mapped by a PMD entry */
	READ_ONLY,		/* the same, in memory that cannot be written */
	MLOCKED,		/* the same */
	BY_PAGES,		/* a huge folio mapped by PTEs */
	SMALL,			/* base pages */
	MEDIUM,			/* folios of 64 KiB */
};

FIXTURE(pinned)
{
	struct baseline baseline;
	struct sample sample;
	struct pin pin;
	struct devthp_snapshot *before;
	struct peer child;
	struct medium medium;
	size_t first, npages;	/* of the sample, that are pinned */
	struct devthp_device *driver;
	uint64_t sources;	/* that the driver was told to be pinned, before */
};

/* Pages are numbered by 1/512 of a folio; 0 of them are one. */
FIXTURE_VARIANT(pinned)
{
	enum pin_how how;
	enum how_mapped mapped;
	size_t page, npages;
};

#define VARIANT(name, ...) FIXTURE_VARIANT_ADD(pinned, name) { __VA_ARGS__ }

VARIANT(first_page, .how = PIN_FAST, .page = 0);
VARIANT(page, .how = PIN_FAST, .page = 300);
VARIANT(last_page, .how = PIN_FAST, .page = 511);
VARIANT(all, .how = PIN_FAST, .npages = 512);
VARIANT(slowly, .how = PIN_SLOW, .page = 300);
VARIANT(all_slowly, .how = PIN_SLOW, .npages = 512);
VARIANT(for_reading, .how = PIN_FAST_READ, .page = 300);
VARIANT(for_reading_slowly, .how = PIN_SLOW_READ, .page = 300);
VARIANT(by_ring, .how = PIN_RING, .page = 300);
VARIANT(all_by_ring, .how = PIN_RING, .npages = 512);
VARIANT(short_term, .how = PIN_CALL, .page = 300);
VARIANT(all_short_term, .how = PIN_CALL, .npages = 512);
VARIANT(by_driver, .how = PIN_DRIVER, .page = 300);
VARIANT(all_by_driver, .how = PIN_DRIVER, .npages = 512);
VARIANT(referenced, .how = REFERENCE_PIPE, .page = 300);
VARIANT(all_referenced, .how = REFERENCE_PIPE, .npages = 512);
VARIANT(read_only, .how = PIN_FAST_READ, .mapped = READ_ONLY, .page = 300);
VARIANT(mlocked, .how = PIN_FAST, .mapped = MLOCKED, .page = 300);
VARIANT(by_pages, .how = PIN_FAST, .mapped = BY_PAGES, .page = 300);
VARIANT(by_pages_all, .how = PIN_SLOW, .mapped = BY_PAGES, .npages = 512);
VARIANT(by_pages_short_term, .how = PIN_CALL, .mapped = BY_PAGES, .page = 300);
VARIANT(by_pages_referenced, .how = REFERENCE_PIPE, .mapped = BY_PAGES,
	.page = 300);
VARIANT(small, .how = PIN_FAST, .mapped = SMALL, .page = 300);
VARIANT(small_all, .how = PIN_SLOW, .mapped = SMALL, .npages = 512);
VARIANT(small_by_driver, .how = PIN_DRIVER, .mapped = SMALL, .page = 300);
VARIANT(small_short_term, .how = PIN_CALL, .mapped = SMALL, .page = 300);
VARIANT(small_referenced, .how = REFERENCE_PIPE, .mapped = SMALL, .page = 300);
VARIANT(medium, .how = PIN_FAST, .mapped = MEDIUM, .page = 300);
VARIANT(medium_slowly, .how = PIN_SLOW, .mapped = MEDIUM, .page = 300);
VARIANT(medium_for_reading, .how = PIN_FAST_READ, .mapped = MEDIUM,
	.page = 300);
VARIANT(medium_for_reading_slowly, .how = PIN_SLOW_READ, .mapped = MEDIUM,
	.page = 300);
VARIANT(medium_by_ring, .how = PIN_RING, .mapped = MEDIUM, .page = 300);
VARIANT(medium_short_term, .how = PIN_CALL, .mapped = MEDIUM, .page = 300);
VARIANT(medium_by_driver, .how = PIN_DRIVER, .mapped = MEDIUM, .page = 300);
VARIANT(medium_referenced, .how = REFERENCE_PIPE, .mapped = MEDIUM,
	.page = 300);

static const char *prepare(struct sample *sample, enum how_mapped mapped,
			   struct medium *medium)
{
	const size_t bytes = sample->pages * devthp_page_size();

	if (mapped == MEDIUM)
		return medium_fill(medium, sample);
	if (mapped == SMALL) {
		if (madvise(sample->addr, bytes, MADV_NOHUGEPAGE))
			return went_well("MADV_NOHUGEPAGE", -errno);
		CHECK(sample_fill(sample));
		return layout_of_all(sample, small(DEVTHP_LOC_SYSTEM, 1));
	}
	CHECK(sample_fill_whole(sample));
	switch (mapped) {
	case READ_ONLY:
		return went_well("mprotect", mprotect(sample->addr, bytes,
						      PROT_READ) ? -errno : 0);
	case MLOCKED:
		return went_well("mlock",
				 mlock(sample->addr, bytes) ? -errno : 0);
	case BY_PAGES:
		CHECK(form_split_entries(sample));
		return layout_of_all(sample, form_layout(FORM_BY_PAGES,
							 DEVTHP_LOC_SYSTEM, 1));
	default:
		return RIGHT;
	}
}

FIXTURE_SETUP(pinned)
{
	struct sample *sample = &self->sample;

	NEED(pin_needed, variant->how);
	NEED(driver_needed);
	if (variant->mapped == MEDIUM)
		NEED(medium_needed);
	SETUP_BASELINE(&self->baseline);
	SETUP_SAMPLE(sample, 2);
	ASSERT_RIGHT(driver_open(&self->driver));
	ASSERT_RIGHT(driver_pinned_sources(self->driver, &self->sources));
	ASSERT_RIGHT(prepare(sample, variant->mapped, &self->medium));
	self->first = sample->folio_pages +
		      variant->page * sample->folio_pages / 512;
	self->npages = variant->npages * sample->folio_pages / 512;
	if (!self->npages)
		self->npages = 1;
	ASSERT_RIGHT(pin_take(&self->pin, variant->how,
			      sample->addr + self->first * devthp_page_size(),
			      self->npages));
	ASSERT_RIGHT(still_begin(sample, &self->before));
}

FIXTURE_TEARDOWN(pinned)
{
	pin_drop(&self->pin, NULL);
	devthp_snapshot_free(self->before);
	devthp_device_close(self->driver);
	medium_end(&self->medium);
	sample_release(&self->sample);
	TEARDOWN_BASELINE(&self->baseline);
}

/*
 * Pins can be seen before anything is done to the entry. Other references are
 * seen when the folio is unmapped, and then it is mapped again.
 */
static const char *still_there(const FIXTURE_DATA(pinned) *self,
			       const FIXTURE_VARIANT(pinned) *variant,
			       size_t first, size_t npages)
{
	if (pin_is_pin(variant->how))
		return still_untouched(&self->sample, first, npages,
				       self->before);
	return still_mapped(&self->sample, first, npages, self->before);
}

/* The folio that the pin is in, or where a huge one would be. */
static size_t folio_pages(const FIXTURE_DATA(pinned) *self,
			  const FIXTURE_VARIANT(pinned) *variant)
{
	return variant->mapped == MEDIUM ? MEDIUM_PAGES :
					   self->sample.folio_pages;
}

static size_t folio_first(const FIXTURE_DATA(pinned) *self,
			  const FIXTURE_VARIANT(pinned) *variant)
{
	return self->first - self->first % folio_pages(self, variant);
}

/* Pages of it that a pin keeps there. */
static void kept(const FIXTURE_DATA(pinned) *self,
		 const FIXTURE_VARIANT(pinned) *variant, size_t *first,
		 size_t *npages)
{
	if (variant->mapped == SMALL) {
		*first = self->first;
		*npages = self->npages;
	} else {
		*first = folio_first(self, variant);
		*npages = folio_pages(self, variant);
	}
}

/* Everything goes once the pages are let go of, and was not harmed. */
static void let_go(struct __test_metadata *_metadata,
		   FIXTURE_DATA(pinned) *self,
		   const FIXTURE_VARIANT(pinned) *variant)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(pin_drop(&self->pin, sample->buffer));
	ASSERT_RIGHT(sample_compare(sample, sample->buffer, self->first,
				    self->npages, "who pinned it reads"));
	ASSERT_EQ(0, devthp_migrate_to_device(sample->dev, sample->addr,
					      sample->pages, NULL));
	ASSERT_RIGHT(layout_of_all(sample, variant->mapped >= BY_PAGES ?
				   small(DEVTHP_LOC_DEVICE, 1) :
				   whole(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
}

/*
 * Half of the folio is to be migrated, one that is not pinned if there is one;
 * then all of it.
 */
static void try_folio(const FIXTURE_DATA(pinned) *self,
		      const FIXTURE_VARIANT(pinned) *variant)
{
	const struct sample *sample = &self->sample;
	const size_t first = folio_first(self, variant);
	const size_t npages = folio_pages(self, variant), half = npages / 2;
	const bool behind = self->first < first + half;

	devthp_migrate_to_device(sample->dev,
				 page_of(sample, first + behind * half), half,
				 NULL);
	devthp_migrate_to_device(sample->dev, page_of(sample, first), npages,
				 NULL);
}

/* All else is on the device, up to the folio that is kept and behind it. */
static const char *the_rest_goes(const struct sample *sample,
				 enum how_mapped mapped, size_t first,
				 size_t npages)
{
	const struct layout gone = mapped >= BY_PAGES ?
				   small(DEVTHP_LOC_DEVICE, 1) :
				   whole(DEVTHP_LOC_DEVICE, 1);
	const size_t behind = first + npages;

	if (mapped == MEDIUM)
		CHECK(layout_of(sample, first, npages, medium_layout()));
	CHECK(layout_of(sample, 0, first, gone));
	if (behind == sample->pages)
		return RIGHT;
	return layout_of(sample, behind, sample->pages - behind, gone);
}

/* What the driver was told: pins, or nothing of the kind. */
static const char *driver_knows(const FIXTURE_DATA(pinned) *self,
				const FIXTURE_VARIANT(pinned) *variant)
{
	uint64_t sources;

	CHECK(driver_pinned_sources(self->driver, &sources));
	sources -= self->sources;
	if (!!sources != pin_is_pin(variant->how))
		return wrong("the driver was told of %llu pinned sources",
			     (unsigned long long)sources);
	return RIGHT;
}

TEST_F(pinned, stays)
{
	struct sample *sample = &self->sample;
	size_t first, npages;

	kept(self, variant, &first, &npages);
	try_folio(self, variant);
	ASSERT_RIGHT(still_there(self, variant, first, npages));
	devthp_migrate_to_device(sample->dev, sample->addr, sample->pages,
				 NULL);
	ASSERT_RIGHT(still_there(self, variant, first, npages));
	ASSERT_RIGHT(the_rest_goes(sample, variant->mapped, first, npages));
	ASSERT_RIGHT(driver_knows(self, variant));
	ASSERT_RIGHT(sample_data(sample));
	let_go(_metadata, self, variant);
}

/*
 * fork() gives the child copies of what is pinned, and the parent keeps it,
 * from then on by pages.
 */
TEST_F(pinned, stays_after_fork)
{
	struct sample *sample = &self->sample;
	size_t first, npages;

	kept(self, variant, &first, &npages);
	ASSERT_RIGHT(peer_fork(&self->child, peer_reads_later, sample));
	ASSERT_RIGHT(peer_wait(&self->child));
	devthp_snapshot_free(self->before);
	self->before = NULL;
	ASSERT_RIGHT(still_begin(sample, &self->before));
	devthp_migrate_to_device(sample->dev, sample->addr, sample->pages,
				 NULL);
	ASSERT_RIGHT(still_there(self, variant, first, npages));
	ASSERT_RIGHT(peer_tell(&self->child));
	ASSERT_RIGHT(peer_end(&self->child));
	ASSERT_RIGHT(pin_drop(&self->pin, sample->buffer));
	ASSERT_RIGHT(sample_compare(sample, sample->buffer, self->first,
				    self->npages, "who pinned it reads"));
	ASSERT_RIGHT(sample_to_device(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_HARNESS_MAIN
