// SPDX-License-Identifier: GPL-2.0
/*
 * Memory moves to another address while it is on the device.
 *
 * Rules: a PMD entry moves as one to where it can, by its pages otherwise; the
 * memory itself stays. What has moved is soft-dirty (soft-dirty.rst), and it is
 * not watched by a userfaultfd any more that did not ask for it. Memory that is
 * not one mapping cannot move, and stays as it is.
 */
#include <errno.h>
#include <sys/mman.h>

#include "common/form.h"
#include "common/matrix.h"
#include "common/pagemap.h"

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

MATRIX(moved, FOR_EACH_STATE)
MATRIX(moved_over, FOR_EACH_STATE)

static bool is_one_mapping(const struct scene *scene)
{
	return !sample_has_unmapped(&scene->sample);
}

static int move(struct sample *sample, size_t first, size_t npages, void *to,
		int flags)
{
	const size_t bytes = npages * devthp_page_size();
	char *from = sample->addr + first * devthp_page_size();

	if (mremap(from, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED | flags,
		   to) == MAP_FAILED)
		return -errno;
	return devthp_range_disown(sample->range, first, npages);
}

/* Move all; a sample in more than one mapping stays where it is. */
static const char *move_all(struct scene *scene, char *to)
{
	struct sample *sample = &scene->sample;
	int err = move(sample, 0, sample->pages, to, 0);

	if (!is_one_mapping(scene)) {
		if (err != -EFAULT)
			return wrong("mremap of two mappings returns %d; should be %d",
				     err, -EFAULT);
		return scene_is_unchanged(scene);
	}
	CHECK(went_well("mremap", err));
	sample->addr = to;
	return RIGHT;
}

static const char *has_moved_bits(const struct scene *scene)
{
	if (!is_one_mapping(scene))
		return RIGHT;
	if (scene_is(scene, STATE_WP))
		return everything_is_required() ?
		       entry_bits_of_all(&scene->sample, DEVTHP_BIT_UFFD_WP,
					 0) : RIGHT;
	if (scene_is(scene, STATE_CLEAN | STATE_DIRTY))
		return entry_bits_of_all(&scene->sample, DEVTHP_BIT_SOFT_DIRTY,
					 DEVTHP_BIT_SOFT_DIRTY);
	return scene_keeps_bits(scene, 0, scene->sample.pages);
}

/* Used by everybody at its new place, and gone at the end. */
static const char *is_usable(struct scene *scene, struct devthp_range *target)
{
	struct sample *sample = &scene->sample;

	CHECK(sample_device_data(sample));
	if (!scene_is(scene, STATE_READ_ONLY))
		CHECK(sample_access(sample, scene_page(scene), ACCESS_WRITE));
	CHECK(scene_data(scene));
	return went_well("free memory", devthp_range_free(target));
}

TEST_F(moved, aligned)
{
	struct scene *scene = &self->scene;
	struct devthp_range *target;

	ASSERT_RIGHT(sample_room(&scene->sample, 0, &target));
	ASSERT_RIGHT(move_all(scene, devthp_range_addr(target)));
	ASSERT_RIGHT(scene_keeps_layout(scene));
	ASSERT_RIGHT(has_moved_bits(scene));
	ASSERT_RIGHT(is_usable(scene, target));
}

TEST_F(moved, by_a_page)
{
	struct scene *scene = &self->scene;
	struct devthp_range *target;

	ASSERT_RIGHT(sample_room(&scene->sample, 1, &target));
	ASSERT_RIGHT(move_all(scene, devthp_range_addr(target)));
	ASSERT_RIGHT(scene_is_by_pages(scene));
	ASSERT_RIGHT(has_moved_bits(scene));
	ASSERT_RIGHT(is_usable(scene, target));
}

/* To where other memory on the device is, which goes away. */
TEST_F(moved_over, another)
{
	struct scene *scene = &self->scene;
	struct sample other = { 0 };

	ASSERT_RIGHT(scene_lift_limit(scene));
	SETUP_SAMPLE_ON_DEVICE(&other, 1);
	ASSERT_RIGHT(scene_limit(scene));
	ASSERT_RIGHT(move_all(scene, other.addr));
	ASSERT_RIGHT(scene_keeps_layout(scene));
	ASSERT_RIGHT(is_usable(scene, NULL));
	sample_release(&other);
}

/* The old mapping stays, and is empty. */
TEST_F(moved, dontunmap)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	struct sample left = *sample;
	struct devthp_range *target;
	char *to;
	int err;

	ASSERT_RIGHT(sample_room(sample, 0, &target));
	to = devthp_range_addr(target);
	err = move(sample, 0, sample->pages, to, MREMAP_DONTUNMAP);
	if (!is_one_mapping(scene)) {
		ASSERT_EQ(-EFAULT, err);
		ASSERT_RIGHT(scene_is_unchanged(scene));
	} else {
		ASSERT_EQ(0, err);
		sample->addr = to;
		ASSERT_RIGHT(scene_keeps_layout(scene));
		ASSERT_RIGHT(has_moved_bits(scene));

		left.generation = calloc(left.pages, sizeof(uint32_t));
		left.hole = malloc(left.pages);
		memset(left.hole, HOLE_DROPPED, left.pages);
		ASSERT_RIGHT(holes_are_empty(&left));
		ASSERT_RIGHT(sample_dropped_are_zero(&left));
		ASSERT_EQ(0, munmap(left.addr, left.pages *
				    devthp_page_size()));
		free(left.generation);
		free(left.hole);
	}
	ASSERT_RIGHT(is_usable(scene, target));
}

/* Those at another address are the same, by pages. */
static const char *part_has_moved(const struct scene *scene, size_t first,
				  size_t npages, char *to)
{
	const int mapcount = scene->state->mapcount;
	struct scene part = *scene;

	part.sample.addr = to;
	part.sample.pages = npages;
	part.sample.hole += first;
	CHECK(layout_of_all(&part.sample, scene_is(scene, STATE_HUGE) ?
			    form_layout(FORM_BY_PAGES, DEVTHP_LOC_DEVICE,
					mapcount) :
			    small(DEVTHP_LOC_DEVICE, mapcount)));
	return has_moved_bits(&part);
}

/* Part of a folio goes, the rest stays. */
TEST_F(moved, part)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	const size_t first = 100, npages = 50;
	struct devthp_range *target;
	char *to;
	size_t i;

	ASSERT_RIGHT(sample_room(sample, first, &target));
	to = devthp_range_addr(target);
	ASSERT_EQ(0, move(sample, first, npages, to, 0));
	ASSERT_RIGHT(part_has_moved(scene, first, npages, to));
	for (i = first; i < first + npages; i++)
		sample->hole[i] = HOLE_UNMAPPED;
	ASSERT_RIGHT(scene_is_by_pages(scene));
	ASSERT_RIGHT(scene_keeps_bits(scene, 0, sample->pages));
	ASSERT_RIGHT(sample_compare(sample, to, first, npages,
				    "the CPU reads what has moved"));
	ASSERT_RIGHT(is_usable(scene, target));
}

TEST_HARNESS_MAIN
