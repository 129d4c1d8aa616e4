// SPDX-License-Identifier: GPL-2.0
/*
 * Part of a huge folio is unmapped while it is on the device; the rest stays
 * there, page by page, and comes back right.
 */
#include "common/baseline.h"
#include "common/form.h"
#include "common/harness.h"
#include "common/settle.h"

static bool head(size_t page, size_t pages)
{
	return page < pages / 8;
}

static bool tail(size_t page, size_t pages)
{
	return page >= pages - pages / 8;
}

static bool middle(size_t page, size_t pages)
{
	return page >= pages * 7 / 16 && page < pages * 9 / 16;
}

static bool every_second(size_t page, size_t pages)
{
	return page % 2;
}

static bool one_page(size_t page, size_t pages)
{
	return page == pages / 3;
}

static bool all_but_one(size_t page, size_t pages)
{
	return !one_page(page, pages);
}

/* Not in the midst of the split that comes a moment after the cut: nobody sees it then. */
static const char *is_by_pages(const void *sample)
{
	return layout_of_all(sample, by_pages(DEVTHP_LOC_DEVICE, 1));
}

static void cut(struct __test_metadata *_metadata, struct sample *sample,
		bool (*in_hole)(size_t page, size_t pages), enum hole how)
{
	const size_t pages = sample->pages;
	size_t first, end;

	for (first = 0; first < pages; first = end) {
		end = first + 1;
		if (!in_hole(first, pages))
			continue;
		while (end < pages && in_hole(end, pages))
			end++;
		ASSERT_RIGHT(sample_cut(sample, first, end - first, how));
	}
	ASSERT_RIGHT(holes_are_empty(sample));
	ASSERT_RIGHT(settles(is_by_pages, sample));
}

static size_t first_left(const struct sample *sample)
{
	size_t page = 0;

	while (sample->hole[page])
		page++;
	return page;
}

static size_t last_left(const struct sample *sample)
{
	size_t page = sample->pages - 1;

	while (sample->hole[page])
		page--;
	return page;
}

/* A page that is left and has a hole beside it, behind it if possible. */
static size_t hole_neighbour(const struct sample *sample)
{
	const uint8_t *hole = sample->hole;
	size_t page;

	for (page = 0; page + 1 < sample->pages; page++)
		if (!hole[page] && hole[page + 1])
			return page;
	return first_left(sample);
}

/* Cut one way, then touched one way, at different places. */
FIXTURE(touched)
{
	struct baseline baseline;
	struct sample sample;
};

FIXTURE_VARIANT(touched)
{
	bool (*in_hole)(size_t page, size_t pages);
	enum hole cut;
	enum access how;
};

#define TOUCHED(shape, cut_name, cut_how, by, access)			\
	FIXTURE_VARIANT_ADD(touched, shape##_##cut_name##_##by) {	\
		.in_hole = shape, .cut = cut_how, .how = access		\
	}

/* Each cut has two of the four ways to touch, to save time. */
#define TOUCHED_EACH_CUT(shape)						\
	TOUCHED(shape, munmap, HOLE_UNMAPPED, read, ACCESS_READ);	\
	TOUCHED(shape, munmap, HOLE_UNMAPPED, kernel_read,		\
		ACCESS_KERNEL_READ);					\
	TOUCHED(shape, dontneed, HOLE_DROPPED, write, ACCESS_WRITE);	\
	TOUCHED(shape, dontneed, HOLE_DROPPED, kernel_write,		\
		ACCESS_KERNEL_WRITE)

TOUCHED_EACH_CUT(head);
TOUCHED_EACH_CUT(tail);
TOUCHED_EACH_CUT(middle);
TOUCHED_EACH_CUT(every_second);
TOUCHED_EACH_CUT(one_page);
TOUCHED_EACH_CUT(all_but_one);

FIXTURE_SETUP(touched)
{
	SETUP_BASELINE(&self->baseline);
	SETUP_SAMPLE_ON_DEVICE(&self->sample, 1);
	cut(_metadata, &self->sample, variant->in_hole, variant->cut);
}

FIXTURE_TEARDOWN(touched)
{
	sample_release(&self->sample);
	TEARDOWN_BASELINE(&self->baseline);
}

/* The page touched comes back alone, by a fault, unless the CPU can use it where it is. */
static struct layout touched(const struct sample *sample)
{
	return small(sample->coherent ? DEVTHP_LOC_DEVICE : DEVTHP_LOC_SYSTEM, 1);
}

/* By the fault, or a moment later. */
static const char *is_split(const struct sample *sample)
{
	return sample->coherent ? form_settles(sample, FORM_SMALL) : RIGHT;
}

static void touch(struct __test_metadata *_metadata, struct sample *sample,
		  size_t page, enum access how)
{
	const size_t behind = page + 1;

	ASSERT_RIGHT(sample_access(sample, page, how));
	ASSERT_RIGHT(is_split(sample));
	ASSERT_RIGHT(layout_of(sample, page, 1, touched(sample)));
	ASSERT_RIGHT(layout_of(sample, 0, page, small(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(layout_of(sample, behind, sample->pages - behind,
			       small(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(sample_device_data(sample));

	ASSERT_RIGHT(sample->coherent ? sample_settles_in_system(sample) :
					sample_rest_to_system(sample));
	ASSERT_RIGHT(layout_of_all(sample, small(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(holes_are_empty(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(touched, first)
{
	touch(_metadata, &self->sample, first_left(&self->sample),
	      variant->how);
}

TEST_F(touched, last)
{
	touch(_metadata, &self->sample, last_left(&self->sample),
	      variant->how);
}

TEST_F(touched, hole_neighbour)
{
	touch(_metadata, &self->sample, hole_neighbour(&self->sample),
	      variant->how);
}

TEST_F(touched, all)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(sample_access_range(sample, 0, sample->pages,
					 variant->how));
	ASSERT_RIGHT(is_split(sample));
	ASSERT_RIGHT(layout_of_all(sample, touched(sample)));
	ASSERT_RIGHT(holes_are_empty(sample));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(sample_dropped_are_zero(sample));
}

/* Cut, and what is left is never touched by the CPU while on the device. */
FIXTURE(untouched)
{
	struct baseline baseline;
	struct sample sample;
};

FIXTURE_VARIANT(untouched)
{
	bool (*in_hole)(size_t page, size_t pages);
	enum hole cut;
};

#define UNTOUCHED(shape)						\
	FIXTURE_VARIANT_ADD(untouched, shape##_munmap) {		\
		.in_hole = shape, .cut = HOLE_UNMAPPED			\
	};								\
	FIXTURE_VARIANT_ADD(untouched, shape##_dontneed) {		\
		.in_hole = shape, .cut = HOLE_DROPPED			\
	}

UNTOUCHED(head);
UNTOUCHED(tail);
UNTOUCHED(middle);
UNTOUCHED(every_second);
UNTOUCHED(one_page);
UNTOUCHED(all_but_one);

FIXTURE_SETUP(untouched)
{
	SETUP_BASELINE(&self->baseline);
	SETUP_SAMPLE_ON_DEVICE(&self->sample, 1);
	cut(_metadata, &self->sample, variant->in_hole, variant->cut);
}

FIXTURE_TEARDOWN(untouched)
{
	sample_release(&self->sample);
	TEARDOWN_BASELINE(&self->baseline);
}

TEST_F(untouched, device_uses_the_rest)
{
	ASSERT_RIGHT(sample_device_data(&self->sample));
	ASSERT_RIGHT(sample_device_write(&self->sample));
	ASSERT_RIGHT(sample_device_data(&self->sample));
	ASSERT_RIGHT(settles(is_by_pages, &self->sample));
	ASSERT_RIGHT(holes_are_empty(&self->sample));
	ASSERT_RIGHT(sample_data(&self->sample));
}

TEST_F(untouched, rest_is_dropped)
{
	struct sample *sample = &self->sample;
	size_t page;

	for (page = 0; page < sample->pages; page++)
		if (!sample->hole[page])
			ASSERT_RIGHT(sample_cut(sample, page, 1, HOLE_DROPPED));
	ASSERT_RIGHT(holes_are_empty(sample));
	ASSERT_RIGHT(sample_dropped_are_zero(sample));
}

TEST_F(untouched, device_closes)
{
	struct sample *sample = &self->sample;

	ASSERT_EQ(0, devthp_device_close(sample->dev));
	sample->dev = NULL;
	ASSERT_RIGHT(layout_of_all(sample, by_pages(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(holes_are_empty(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_HARNESS_MAIN
