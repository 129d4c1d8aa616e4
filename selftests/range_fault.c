// SPDX-License-Identifier: GPL-2.0
/*
 * What hmm_range_fault() tells a driver, about memory of its own device and of
 * others, for a range that begins and ends anywhere in a huge page; and what it
 * brings about when the driver wants to read or to write.
 * (Documentation/mm/hmm.rst, "Address space mirroring implementation and API")
 */
#include <errno.h>
#include <sys/mman.h>

#include "common/baseline.h"
#include "common/form.h"
#include "common/harness.h"
#include "common/matrix.h"

/* Pages [first, first + npages) all look so to a device. */
static const char *device_sees(struct devthp_device *dev,
			       const struct sample *sample, size_t first,
			       size_t npages, unsigned int want)
{
	static uint8_t prot[4096];
	size_t i;

	CHECK(went_well("take a snapshot of the device's",
			devthp_device_snapshot(dev, sample->addr +
					       first * devthp_page_size(),
					       npages, prot)));
	for (i = 0; i < npages; i++)
		if (prot[i] != want)
			return wrong("page %zu, asked from %zu on: the device sees %#x; should be %#x",
				     first + i, first, prot[i], want);
	return RIGHT;
}

/* Ranges that begin and end in the middle, and a driver's window or two of 32. */
static const struct { size_t first, npages; } ranges[] = {
	{ 0, 512 }, { 0, 1 }, { 1, 511 }, { 511, 1 }, { 3, 7 }, { 31, 2 },
	{ 100, 65 }, { 255, 257 },
};

static const char *device_sees_everywhere(struct devthp_device *dev,
					  const struct sample *sample,
					  unsigned int want)
{
	const size_t n = sample->folio_pages;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++)
		CHECK(device_sees(dev, sample, ranges[i].first * n / 512,
				  (ranges[i].npages * n + 511) / 512, want));
	return RIGHT;
}

/* ---- In every state ---- */

static unsigned int place_of(const struct sample *sample, bool own)
{
	if (!sample->coherent)
		return DEVTHP_PROT_PRIVATE_LOCAL;
	return own ? DEVTHP_PROT_COHERENT_LOCAL : DEVTHP_PROT_COHERENT_REMOTE;
}

/* Bits of what a device sees of each page, as the folio probe knows it. */
static unsigned int expected(const struct sample *sample,
			     const struct devthp_page *page, bool own)
{
	unsigned int prot = page->bits & DEVTHP_BIT_WRITE ? DEVTHP_PROT_WRITE :
							    DEVTHP_PROT_READ;

	if (page->location == DEVTHP_LOC_DEVICE && !own && !sample->coherent)
		return DEVTHP_PROT_NONE;
	if (page->location == DEVTHP_LOC_UNMAPPED)
		return DEVTHP_PROT_ERROR;
	if (page->location == DEVTHP_LOC_EMPTY)
		return DEVTHP_PROT_NONE;
	if (page->location == DEVTHP_LOC_DEVICE)
		prot |= place_of(sample, own);
	if (page->level == DEVTHP_LEVEL_PMD)
		prot |= DEVTHP_PROT_PMD;
	return prot;
}

static const char *device_knows(struct devthp_device *dev,
				const struct sample *sample, bool own)
{
	size_t i;

	CHECK(sample_look(sample));
	for (i = 0; i < sample->pages; i++) {
		const struct devthp_page *page = &sample->page[i];

		/* A range with no mapping in it is an error of its own. */
		if (page->location != DEVTHP_LOC_UNMAPPED)
			CHECK(device_sees(dev, sample, i, 1,
					  expected(sample, page, own)));
	}
	return RIGHT;
}

/* The same in one go from anywhere, whatever is there on the way. */
static const char *device_knows_from(struct devthp_device *dev, const struct sample *sample,
				     size_t first, size_t npages, bool own)
{
	static uint8_t prot[4096];
	size_t i;

	CHECK(went_well("take a snapshot of the device's",
			devthp_device_snapshot(dev, page_of(sample, first), npages, prot)));
	for (i = 0; i < npages; i++) {
		const unsigned int want = expected(sample, &sample->page[first + i], own);

		if (prot[i] != want)
			return wrong("page %zu, asked from %zu on: the device sees %#x; should be %#x",
				     first + i, first, prot[i], want);
	}
	return RIGHT;
}

static const char *device_knows_everywhere(struct devthp_device *dev,
					   const struct sample *sample, bool own)
{
	const size_t n = sample->folio_pages;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++)
		CHECK(device_knows_from(dev, sample, ranges[i].first * n / 512,
					(ranges[i].npages * n + 511) / 512, own));
	return RIGHT;
}

MATRIX(state, FOR_EACH_STATE)

TEST_F(state, is_told)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	struct devthp_device *other;

	ASSERT_RIGHT(device_open(&other, device_minor + 1));
	ASSERT_RIGHT(device_knows(sample->dev, sample, true));
	ASSERT_RIGHT(device_knows(other, sample, false));
	ASSERT_RIGHT(device_knows_everywhere(sample->dev, sample, true));
	ASSERT_RIGHT(device_knows_everywhere(other, sample, false));
	ASSERT_RIGHT(scene_is_unchanged(scene));
	ASSERT_EQ(0, devthp_device_close(other));
	ASSERT_RIGHT(scene_is_unchanged(scene));
	ASSERT_RIGHT(scene_data(scene));
}

/* ---- Two devices, the memory on the first ---- */

FIXTURE(other)
{
	struct baseline baseline;
	struct sample sample;
	struct devthp_device *other;
};

FIXTURE_VARIANT(other)
{
	enum form form;
};

FORM_VARIANTS(other);

FIXTURE_SETUP(other)
{
	struct sample *sample = &self->sample;

	SETUP_BASELINE(&self->baseline);
	SETUP_SAMPLE(sample, 1);
	ASSERT_RIGHT(device_open(&self->other, device_minor + 1));
	ASSERT_RIGHT(sample_fill_whole(sample));
	ASSERT_RIGHT(form_to_device(sample, variant->form));
}

FIXTURE_TEARDOWN(other)
{
	devthp_device_close(self->other);
	sample_release(&self->sample);
	TEARDOWN_BASELINE(&self->baseline);
}

static unsigned int level_of(enum form form)
{
	return form == FORM_WHOLE ? DEVTHP_PROT_PMD : 0;
}

/* Pages [first, first + npages) are back, and with them what one entry maps. */
static const char *came_back(const struct sample *sample, enum form form,
			     size_t first, size_t npages)
{
	const size_t behind = first + npages;

	/* It does not need to, where anybody can use it. */
	if (sample->coherent)
		return form_is_kept(sample, form);
	if (form == FORM_WHOLE)
		return layout_of_all(sample, whole(DEVTHP_LOC_SYSTEM, 1));
	CHECK(layout_of(sample, first, npages, small(DEVTHP_LOC_SYSTEM, 1)));
	CHECK(layout_of(sample, 0, first, small(DEVTHP_LOC_DEVICE, 1)));
	return layout_of(sample, behind, sample->pages - behind,
			 small(DEVTHP_LOC_DEVICE, 1));
}

/* What a device sees of memory of the other; nothing, if that is private. */
static unsigned int remote(const struct sample *sample, unsigned int access,
			   enum form form)
{
	return sample->coherent ?
	       access | place_of(sample, false) | level_of(form) :
	       DEVTHP_PROT_NONE;
}

static unsigned int local(const struct sample *sample, unsigned int access,
			  enum form form)
{
	return access | place_of(sample, true) | level_of(form);
}

TEST_F(other, sees_nothing)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(device_sees_everywhere(self->other, sample,
					    remote(sample, DEVTHP_PROT_WRITE,
						   variant->form)));
	ASSERT_RIGHT(device_sees_everywhere(sample->dev, sample,
					    local(sample, DEVTHP_PROT_WRITE,
						  variant->form)));
	ASSERT_RIGHT(form_is_kept(sample, variant->form));
	ASSERT_RIGHT(sample_bring_back(sample));
	ASSERT_RIGHT(device_sees_everywhere(self->other, sample,
					    DEVTHP_PROT_WRITE |
					    level_of(variant->form)));
}

TEST_F(other, sees_what_is_protected)
{
	struct sample *sample = &self->sample;

	ASSERT_EQ(0, mprotect(sample->addr, sample->pages * devthp_page_size(),
			      PROT_READ));
	ASSERT_RIGHT(device_sees_everywhere(self->other, sample,
					    remote(sample, DEVTHP_PROT_READ,
						   variant->form)));
	ASSERT_RIGHT(device_sees_everywhere(sample->dev, sample,
					    local(sample, DEVTHP_PROT_READ,
						  variant->form)));
	ASSERT_RIGHT(form_is_kept(sample, variant->form));
	ASSERT_EQ(-EPERM, devthp_device_write(sample->dev, sample->addr, 1,
					      sample->buffer, NULL));
	ASSERT_EQ(-EPERM, devthp_device_write(self->other, sample->addr, 1,
					      sample->buffer, NULL));
	ASSERT_RIGHT(sample_data(sample));
}

/* For another device it has to come back, from wherever that begins to read. */
TEST_F(other, reads)
{
	const size_t first = 131, npages = 40;
	struct sample *sample = &self->sample;
	char *addr = sample->addr + first * devthp_page_size();

	memset(sample->buffer, 0xa5, npages * devthp_page_size());
	ASSERT_EQ(0, devthp_device_read(self->other, addr, npages,
					sample->buffer, NULL));
	ASSERT_RIGHT(sample_compare(sample, sample->buffer, first, npages,
				    "the other device reads"));
	ASSERT_RIGHT(came_back(sample, variant->form, first, npages));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(came_back(sample, variant->form, first, npages));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(other, writes)
{
	const size_t first = 255, npages = 3;
	struct sample *sample = &self->sample;
	char *addr = sample->addr + first * devthp_page_size();

	ASSERT_RIGHT(sample_make_next(sample, sample->buffer, first, npages));
	ASSERT_EQ(0, devthp_device_write(self->other, addr, npages,
					 sample->buffer, NULL));
	ASSERT_RIGHT(came_back(sample, variant->form, first, npages));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(came_back(sample, variant->form, first, npages));
	ASSERT_RIGHT(sample_data(sample));
}

/* What one device has, another does not take: it is migrated by its owner. */
TEST_F(other, migrates)
{
	struct sample *sample = &self->sample;

	ASSERT_EQ(-ENOENT, devthp_migrate_to_device(self->other, sample->addr,
						    sample->pages, NULL));
	ASSERT_RIGHT(form_is_kept(sample, variant->form));
	ASSERT_EQ(0, devthp_migrate_to_system(self->other, sample->addr,
					      sample->pages, NULL));
	ASSERT_RIGHT(form_is_kept(sample, variant->form));
	ASSERT_RIGHT(sample_bring_back(sample));
	ASSERT_EQ(0, devthp_migrate_to_device(self->other, sample->addr,
					      sample->pages, NULL));
	ASSERT_RIGHT(device_sees_everywhere(sample->dev, sample,
					    remote(sample, DEVTHP_PROT_WRITE,
						   variant->form)));
	ASSERT_RIGHT(device_sees_everywhere(self->other, sample,
					    local(sample, DEVTHP_PROT_WRITE,
						  variant->form)));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
}

/* ---- What is not on a device ---- */

FIXTURE(elsewhere)
{
	struct baseline baseline;
	struct sample sample;
};

FIXTURE_SETUP(elsewhere)
{
	SETUP_BASELINE(&self->baseline);
	SETUP_SAMPLE(&self->sample, 1);
}

FIXTURE_TEARDOWN(elsewhere)
{
	sample_release(&self->sample);
	TEARDOWN_BASELINE(&self->baseline);
}

TEST_F(elsewhere, nothing)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(device_sees_everywhere(sample->dev, sample,
					    DEVTHP_PROT_NONE));
	ASSERT_RIGHT(sample_device_data(sample));
}

/* That a page is the zero page the driver says of a small one only. */
TEST_F(elsewhere, huge_zero_page)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(device_sees_everywhere(sample->dev, sample,
					    DEVTHP_PROT_READ |
					    DEVTHP_PROT_PMD));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(elsewhere, huge_page)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(sample_fill_whole(sample));
	ASSERT_RIGHT(device_sees_everywhere(sample->dev, sample,
					    DEVTHP_PROT_WRITE |
					    DEVTHP_PROT_PMD));
	ASSERT_RIGHT(form_split_entries(sample));
	ASSERT_RIGHT(device_sees_everywhere(sample->dev, sample,
					    DEVTHP_PROT_WRITE));
}

TEST_HARNESS_MAIN
