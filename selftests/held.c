// SPDX-License-Identifier: GPL-2.0
/*
 * The driver holds references to its own memory, as it does for I/O under way.
 * A folio that is held moves nowhere and is not split; nothing is lost, and all
 * goes well once it is let go of.
 */
#include "common/baseline.h"
#include "common/driver.h"
#include "common/form.h"
#include "common/harness.h"
#include "common/need.h"
#include "common/settle.h"
#include "common/splits.h"
#include "common/still.h"

FIXTURE(held)
{
	struct baseline baseline;
	struct sample sample;
	struct devthp_snapshot *before;
	struct devthp_device *driver;
	uint64_t in_use;	/* device memory, before */
	size_t first, npages;	/* of the sample, that are held */
};

/* Pages are numbered by 1/512 of a folio; 0 of them are one. */
FIXTURE_VARIANT(held)
{
	enum form form;
	size_t page, npages;
};

#define VARIANT(name, ...) FIXTURE_VARIANT_ADD(held, name) { __VA_ARGS__ }

VARIANT(page, .form = FORM_WHOLE, .page = 300);
VARIANT(all, .form = FORM_WHOLE, .npages = 512);
VARIANT(by_pages, .form = FORM_BY_PAGES, .page = 300);
VARIANT(by_pages_all, .form = FORM_BY_PAGES, .npages = 512);
VARIANT(small, .form = FORM_SMALL, .page = 300);

FIXTURE_SETUP(held)
{
	struct sample *sample = &self->sample;

	NEED(driver_needed);
	SETUP_BASELINE(&self->baseline);
	SETUP_SAMPLE(sample, 1);
	ASSERT_RIGHT(driver_open(&self->driver));
	ASSERT_RIGHT(driver_in_use(self->driver, &self->in_use));
	ASSERT_RIGHT(sample_fill_whole(sample));
	ASSERT_RIGHT(form_to_device(sample, variant->form));
	self->first = variant->page * sample->folio_pages / 512;
	self->npages = variant->npages * sample->folio_pages / 512;
	if (!self->npages)
		self->npages = 1;
	ASSERT_RIGHT(driver_hold(self->driver, page_of(sample, self->first),
				 self->npages));
	ASSERT_RIGHT(still_begin(sample, &self->before));
}

FIXTURE_TEARDOWN(held)
{
	devthp_device_close(self->driver);
	devthp_snapshot_free(self->before);
	sample_release(&self->sample);
	TEARDOWN_BASELINE(&self->baseline);
}

static const char *let_go(FIXTURE_DATA(held) *self)
{
	return driver_let_go(self->driver, page_of(&self->sample, self->first),
			     self->npages, self->npages);
}

/* Pages that nobody can have while some of their folio are held. */
static void kept(const FIXTURE_DATA(held) *self,
		 const FIXTURE_VARIANT(held) *variant, size_t *first,
		 size_t *npages)
{
	*first = variant->form == FORM_SMALL ? self->first : 0;
	*npages = variant->form == FORM_SMALL ? self->npages :
						self->sample.pages;
}

struct kept_pages {
	const FIXTURE_DATA(held) *self;
	const FIXTURE_VARIANT(held) *variant;
};

static const char *kept_is_still_mapped(const void *arg)
{
	const struct kept_pages *pages = arg;
	size_t first, npages;

	kept(pages->self, pages->variant, &first, &npages);
	return still_mapped(&pages->self->sample, first, npages,
			    pages->self->before);
}

/* But for a moment, if somebody tries. */
static const char *stays(const FIXTURE_DATA(held) *self,
			 const FIXTURE_VARIANT(held) *variant)
{
	const struct kept_pages pages = { self, variant };

	return settles(kept_is_still_mapped, &pages);
}

/* Counters of the device go back some time after the last user is gone. */
static const char *device_memory_is_free(const void *arg)
{
	const FIXTURE_DATA(held) *self = arg;

	return driver_in_use_is(self->driver, self->in_use);
}

static void comes_back(struct __test_metadata *_metadata,
		       FIXTURE_DATA(held) *self,
		       const FIXTURE_VARIANT(held) *variant)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(sample_to_system(sample));
	ASSERT_RIGHT(layout_of_all(sample, variant->form == FORM_WHOLE ?
				   whole(DEVTHP_LOC_SYSTEM, 1) :
				   small(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(settles(device_memory_is_free, self));
}

TEST_F(held, stays_where_it_is)
{
	struct devthp_migration moved = { .size = sizeof(moved) };
	struct sample *sample = &self->sample;
	size_t first, npages;

	kept(self, variant, &first, &npages);
	devthp_migrate_to_system(sample->dev, sample->addr, sample->pages,
				 &moved);
	ASSERT_RIGHT(stays(self, variant));
	ASSERT_EQ(sample->pages - npages, moved.pages);
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(let_go(self));
	ASSERT_EQ(0, devthp_migrate_to_system(sample->dev, sample->addr,
					      sample->pages, NULL));
	ASSERT_RIGHT(layout_of_all(sample, variant->form == FORM_WHOLE ?
				   whole(DEVTHP_LOC_SYSTEM, 1) :
				   small(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(settles(device_memory_is_free, self));
}

/* Half of it is wanted, one that is not held if there is one. */
TEST_F(held, is_not_split)
{
	struct sample *sample = &self->sample;
	const size_t half = sample->pages / 2;
	const size_t first = self->first < half ? half : 0;
	struct devthp_counters *before, *after;
	int64_t splits;

	ASSERT_EQ(0, devthp_counters_take(&before));
	devthp_migrate_to_system(sample->dev, page_of(sample, first), half,
				 NULL);
	ASSERT_RIGHT(stays(self, variant));
	ASSERT_EQ(0, devthp_counters_take(&after));
	if (!devthp_counters_delta(before, after, DEVTHP_COUNT_SPLIT, &splits))
		EXPECT_EQ(0, splits);
	devthp_counters_free(before);
	devthp_counters_free(after);
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(let_go(self));
	ASSERT_EQ(0, devthp_migrate_to_system(sample->dev,
					      page_of(sample, first), half,
					      NULL));
	ASSERT_RIGHT(layout_of(sample, first, half,
			       small(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(sample_data(sample));
}

/* There are only small pages for it: the split must leave it as it was. */
TEST_F(held, is_not_split_for_want_of_huge_memory)
{
	struct sample *sample = &self->sample;

	ASSERT_EQ(0, devthp_device_fail_alloc(sample->dev, 1));
	devthp_migrate_to_system(sample->dev, sample->addr, sample->pages,
				 NULL);
	ASSERT_EQ(0, devthp_device_fail_alloc(sample->dev, 0));
	ASSERT_RIGHT(stays(self, variant));
	ASSERT_RIGHT(let_go(self));
	if (variant->form != FORM_SMALL)
		comes_back(_metadata, self, variant);
}

/* Neither for want of others' memory, nor because another file is closed. */
TEST_F(held, is_not_evicted)
{
	struct devthp_device *another;
	struct splits before, after;

	ASSERT_RIGHT(splits_read(&before));
	ASSERT_RIGHT(driver_evict(self->driver));
	ASSERT_RIGHT(stays(self, variant));
	ASSERT_RIGHT(driver_open(&another));
	devthp_device_close(another);
	ASSERT_RIGHT(stays(self, variant));
	/* Nor was it tried. */
	ASSERT_RIGHT(splits_read(&after));
	ASSERT_EQ(0, after.failed - before.failed);
	ASSERT_EQ(0, after.pages_failed - before.pages_failed);
	ASSERT_RIGHT(let_go(self));
	ASSERT_RIGHT(driver_evict(self->driver));
	ASSERT_RIGHT(layout_of_all(&self->sample, variant->form == FORM_WHOLE ?
				   whole(DEVTHP_LOC_SYSTEM, 1) :
				   small(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(sample_data(&self->sample));
	ASSERT_RIGHT(settles(device_memory_is_free, self));
}

/* The memory of who unmaps it goes when the driver lets go, not before. */
TEST_F(held, outlives_its_mapping)
{
	struct sample *sample = &self->sample;
	uint64_t in_use;

	ASSERT_RIGHT(sample_cut(sample, 0, sample->pages, HOLE_DROPPED));
	ASSERT_RIGHT(driver_in_use(self->driver, &in_use));
	ASSERT_LE(self->in_use + self->npages, in_use);
	ASSERT_RIGHT(sample_dropped_are_zero(sample));
	ASSERT_RIGHT(let_go(self));
	ASSERT_RIGHT(settles(device_memory_is_free, self));
}

static const char *only_the_rest_is_in_use(const void *arg)
{
	const FIXTURE_DATA(held) *self = arg;

	return driver_in_use_is(self->driver, self->in_use + self->sample.pages / 2);
}

/* What is left over of it is given back as well, if later. */
TEST_F(held, outlives_half_of_its_mapping)
{
	struct sample *sample = &self->sample;
	const size_t half = sample->pages / 2;
	uint64_t in_use;

	ASSERT_RIGHT(sample_cut(sample, half, half, HOLE_DROPPED));
	ASSERT_RIGHT(driver_in_use(self->driver, &in_use));
	ASSERT_LE(self->in_use + half, in_use);
	ASSERT_RIGHT(let_go(self));
	ASSERT_RIGHT(settles(only_the_rest_is_in_use, self));
	ASSERT_RIGHT(sample_dropped_are_zero(sample));
	ASSERT_RIGHT(sample_bring_back(sample));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(settles(device_memory_is_free, self));
}

/* References are counted: each has to go. */
TEST_F(held, is_held_more_than_once)
{
	struct sample *sample = &self->sample;
	char *addr = page_of(sample, self->first);

	ASSERT_RIGHT(driver_hold(self->driver, addr, 1));
	ASSERT_RIGHT(driver_hold(self->driver, addr, 1));
	ASSERT_RIGHT(driver_let_go(self->driver, addr, self->npages,
				   self->npages + 2));
	ASSERT_RIGHT(driver_let_go(self->driver, addr, self->npages, 0));
	comes_back(_metadata, self, variant);
}

/* ---- Two are cut, and the first of them is held ---- */

FIXTURE(two)
{
	struct baseline baseline;
	struct sample sample;
	struct devthp_device *driver;
	uint64_t in_use;
};

FIXTURE_SETUP(two)
{
	struct sample *sample = &self->sample;

	NEED(driver_needed);
	SETUP_BASELINE(&self->baseline);
	SETUP_SAMPLE(sample, 2);
	ASSERT_RIGHT(driver_open(&self->driver));
	ASSERT_RIGHT(driver_in_use(self->driver, &self->in_use));
	ASSERT_RIGHT(sample_fill_whole(sample));
	ASSERT_RIGHT(sample_to_device_whole(sample));
	ASSERT_RIGHT(driver_hold(self->driver, sample->addr, 1));
}

FIXTURE_TEARDOWN(two)
{
	devthp_device_close(self->driver);
	sample_release(&self->sample);
	TEARDOWN_BASELINE(&self->baseline);
}

struct device_use {
	struct devthp_device *driver;
	uint64_t pages;
};

static const char *device_use_is(const void *arg)
{
	const struct device_use *use = arg;

	return driver_in_use_is(use->driver, use->pages);
}

/* What nobody has now does not keep the device waiting for what it can have. */
TEST_F(two, one_does_not_wait_for_the_other)
{
	struct sample *sample = &self->sample;
	const size_t half = sample->folio_pages / 2;
	struct device_use use = { self->driver, self->in_use + 3 * half };

	ASSERT_RIGHT(sample_cut(sample, half, half, HOLE_DROPPED));
	ASSERT_RIGHT(sample_cut(sample, 3 * half, half, HOLE_DROPPED));
	ASSERT_RIGHT(settles(device_use_is, &use));
	ASSERT_RIGHT(driver_let_go(self->driver, sample->addr, 1, 1));
	use.pages -= half;
	ASSERT_RIGHT(settles(device_use_is, &use));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_HARNESS_MAIN
