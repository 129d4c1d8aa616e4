// SPDX-License-Identifier: GPL-2.0
/*
 * The device migrates memory that is on it already, part of it, or what another
 * device has.
 *
 * Rules: exactly what is asked for changes sides, and takes its bits along; a
 * folio of which only a part goes is split. A device has no business with
 * another one's memory: it cannot migrate it, and what it reads is brought back
 * to system memory first.
 */
#include <errno.h>

#include "common/matrix.h"

MATRIX(migrate, FOR_EACH_STATE)
MATRIX(two_devices, FOR_EACH_STATE)

/* As large as it was, and all of it. */
TEST_F(migrate, all_back)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	struct layout want = whole(DEVTHP_LOC_SYSTEM, scene->state->mapcount);

	ASSERT_RIGHT(sample_rest_to_system(sample));
	if (!scene_is(scene, STATE_PMD))
		want = by_pages(DEVTHP_LOC_SYSTEM, scene->state->mapcount);
	ASSERT_RIGHT(layout_of_all(sample, want));
	ASSERT_RIGHT(holes_are_empty(sample));
	ASSERT_RIGHT(scene_keeps_bits(scene, 0, sample->pages));
	ASSERT_RIGHT(scene_data(scene));
}

TEST_F(migrate, part_back)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	const size_t first = 100, npages = 50, behind = first + npages;
	const int mapcount = scene->state->mapcount;
	char *addr = sample->addr + first * devthp_page_size();

	ASSERT_EQ(0, devthp_migrate_to_system(sample->dev, addr, npages, NULL));
	ASSERT_RIGHT(layout_of(sample, first, npages,
			       small(DEVTHP_LOC_SYSTEM, mapcount)));
	/* Before it are those that STATE_MIXED has in system memory. */
	if (!scene_is(scene, STATE_MIXED))
		ASSERT_RIGHT(layout_of(sample, 0, first,
				       small(DEVTHP_LOC_DEVICE, mapcount)));
	ASSERT_RIGHT(layout_of(sample, behind, sample->pages - behind,
			       small(DEVTHP_LOC_DEVICE, mapcount)));
	ASSERT_RIGHT(holes_are_empty(sample));
	ASSERT_RIGHT(scene_keeps_bits(scene, 0, sample->pages));
	ASSERT_RIGHT(scene_data(scene));
}

/* Nothing to do, but for what came back or was dropped meanwhile. */
TEST_F(migrate, there_again)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	int err;

	/* The library reads what has gone into memory of this process. */
	ASSERT_RIGHT(scene_lift_limit(scene));
	err = devthp_migrate_to_device(sample->dev, sample->addr,
				       sample->pages, NULL);
	if (sample_has_unmapped(sample)) {
		ASSERT_EQ(-EINVAL, err);
		ASSERT_RIGHT(scene_data(scene));
		return;
	}
	ASSERT_EQ(0, err);
	if (scene_is(scene, STATE_MIXED | STATE_HOLES)) {
		memset(sample->hole, HOLE_NONE, sample->pages);
		ASSERT_RIGHT(layout_of_all(sample,
					   small(DEVTHP_LOC_DEVICE, 1)));
		ASSERT_RIGHT(scene_keeps_bits(scene, 0, sample->pages));
	} else {
		ASSERT_RIGHT(scene_is_unchanged(scene));
	}
	ASSERT_RIGHT(scene_data(scene));
}

/* ---- Two devices ---- */

TEST_F(two_devices, migrate)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	char *addr = sample->addr + scene_page(scene) * devthp_page_size();
	struct devthp_device *other;

	ASSERT_RIGHT(device_open(&other, device_minor + 1));
	ASSERT_EQ(-ENOENT, devthp_migrate_to_device(other, addr, 1, NULL));
	ASSERT_EQ(0, devthp_migrate_to_system(other, addr, 1, NULL));
	ASSERT_RIGHT(scene_is_unchanged(scene));
	ASSERT_EQ(0, devthp_device_close(other));
	ASSERT_RIGHT(scene_is_unchanged(scene));
	ASSERT_RIGHT(scene_data(scene));
}

TEST_F(migrate, read_by_another_device)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	const size_t page = scene_page(scene);
	char *addr = sample->addr + page * devthp_page_size();
	struct devthp_device *other;

	ASSERT_RIGHT(device_open(&other, device_minor + 1));
	ASSERT_EQ(0, devthp_device_read(other, addr, 1, sample->buffer, NULL));
	ASSERT_RIGHT(sample_compare(sample, sample->buffer, page, 1,
				    "another device reads"));
	ASSERT_RIGHT(scene_was_read(scene, page));
	ASSERT_EQ(0, devthp_device_close(other));
	ASSERT_RIGHT(scene_data(scene));
}

/* What was on one device goes to another, and the first one reads it there. */
TEST_F(two_devices, one_after_another)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	struct devthp_device *other;

	ASSERT_RIGHT(device_open(&other, device_minor + 1));
	ASSERT_RIGHT(sample_bring_back(sample));
	/* The library reads what has gone into memory of this process. */
	ASSERT_RIGHT(scene_lift_limit(scene));
	if (!scene_is(scene, STATE_HOLES)) {
		ASSERT_EQ(0, devthp_migrate_to_device(other, sample->addr,
						      sample->pages, NULL));
	}
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(scene_data(scene));
	ASSERT_EQ(0, devthp_device_close(other));
}

TEST_HARNESS_MAIN
