// SPDX-License-Identifier: GPL-2.0
/*
 * The ends of memory on a device from the device's side: it sends everything
 * back, gives up its memory, or is closed; and from the mapping's: it goes away,
 * at once or page by page.
 *
 * Rules: what is sent back is all there, in folios as large as they were on the
 * device, with the bits it had. Memory that nobody maps is the device's again,
 * of any order.
 */
#include <errno.h>

#include "common/driver.h"
#include "common/matrix.h"

MATRIX(ends, FOR_EACH_STATE)

/* All of it is in system memory, by entries of the kind that it had. */
static const char *sent_back(struct scene *scene)
{
	const struct sample *sample = &scene->sample;
	const int mapcount = scene->state->mapcount;
	struct layout want = whole(DEVTHP_LOC_SYSTEM, mapcount);

	if (!scene_is(scene, STATE_HUGE))
		want = small(DEVTHP_LOC_SYSTEM, mapcount);
	else if (!scene_is(scene, STATE_PMD))
		want = by_pages(DEVTHP_LOC_SYSTEM, mapcount);
	CHECK(layout_of_all(sample, want));
	CHECK(holes_are_empty(sample));
	return scene_keeps_bits(scene, 0, sample->pages);
}

TEST_F(ends, evicted)
{
	struct scene *scene = &self->scene;
	struct devthp_device *dev = scene->sample.dev;
	struct devthp_eviction eviction = { .size = sizeof(eviction) };
	uint64_t before, after;

	/* By this handle: when another is closed, all is sent back as well. */
	ASSERT_RIGHT(driver_in_use(dev, &before));
	ASSERT_EQ(0, devthp_device_drain(dev, &eviction));
	ASSERT_RIGHT(driver_in_use(dev, &after));
	EXPECT_EQ(0, eviction.left);
	EXPECT_EQ(before - after, eviction.evicted);
	ASSERT_LT(0, eviction.evicted);
	ASSERT_RIGHT(sent_back(scene));
	ASSERT_RIGHT(scene_data(scene));
}

/* The device gives up its memory, and takes other memory for the next. */
TEST_F(ends, released)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;

	ASSERT_EQ(0, devthp_device_evict(sample->dev));
	ASSERT_RIGHT(sent_back(scene));
	/* The library reads what has gone into memory of this process. */
	ASSERT_RIGHT(scene_lift_limit(scene));
	if (!scene_is(scene, STATE_HOLES))
		ASSERT_RIGHT(sample_to_device(sample));
	ASSERT_RIGHT(scene_data(scene));
}

TEST_F(ends, closed)
{
	struct scene *scene = &self->scene;
	unsigned int i;

	/* Children have the file open as well; the last to close it is this. */
	for (i = 0; i < scene->children; i++)
		ASSERT_RIGHT(peer_close_device(&scene->child[i]));
	ASSERT_RIGHT(scene_is_unchanged(scene));
	ASSERT_EQ(0, devthp_device_close(scene->sample.dev));
	scene->sample.dev = NULL;
	ASSERT_RIGHT(sent_back(scene));
	ASSERT_RIGHT(scene_data(scene));
}

TEST_F(ends, unmapped)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;

	ASSERT_RIGHT(sample_unmap(sample));
	ASSERT_RIGHT(holes_are_empty(sample));
	ASSERT_RIGHT(scene_data(scene));
}

TEST_F(ends, unmapped_by_pages)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	size_t offset, page;

	for (offset = 0; offset < 2; offset++) {
		for (page = offset; page < sample->pages; page += 2)
			if (sample->hole[page] != HOLE_UNMAPPED)
				ASSERT_RIGHT(sample_cut(sample, page, 1,
							HOLE_UNMAPPED));
		ASSERT_RIGHT(holes_are_empty(sample));
	}
	ASSERT_RIGHT(scene_data(scene));
}

TEST_HARNESS_MAIN
