// SPDX-License-Identifier: GPL-2.0
/*
 * What can be asked for a part of a mapping is asked for a part of a folio that
 * is on a device: advice, and locks. Rule: it is for that part; the rest of the
 * folio is what it was, if in smaller pieces. (madvise(2), mlock(2))
 */
#include <errno.h>
#include <sys/mman.h>

#include "common/matrix.h"
#include "common/mlocked.h"
#include "common/settle.h"

#ifndef MADV_FREE
#define MADV_FREE 8
#endif
#ifndef MADV_COLD
#define MADV_COLD 20
#define MADV_PAGEOUT 21
#endif
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

MATRIX(part, FOR_EACH_STATE)

#define FIRST 100
#define PAGES 50

static char *part_of(const struct scene *scene)
{
	return scene->sample.addr + FIRST * devthp_page_size();
}

static int advise(const struct scene *scene, int advice)
{
	if (madvise(part_of(scene), PAGES * devthp_page_size(), advice))
		return -errno;
	return 0;
}

/* For what locked memory refuses, or for what begins with a lock. */
static void unlock(struct __test_metadata *_metadata, const struct scene *scene)
{
	if (scene_is(scene, STATE_LOCKED))
		ASSERT_EQ(0, munlock(scene->sample.addr,
				     bytes_of(&scene->sample)));
}

/* On the device, by entries of whatever kind; the part may be elsewhere. */
static const char *rest_is_on_the_device(const void *arg)
{
	const struct scene *scene = arg;
	const struct sample *sample = &scene->sample;
	size_t i;

	CHECK(sample_look(sample));
	for (i = 0; i < sample->pages; i++) {
		const unsigned int location = sample->page[i].location;

		if ((i >= FIRST && i < FIRST + PAGES) || sample->hole[i])
			continue;
		if (scene_is(scene, STATE_MIXED) && i >= SCENE_BACK_FIRST &&
		    i < SCENE_BACK_FIRST + SCENE_BACK_PAGES)
			continue;
		if (location != DEVTHP_LOC_DEVICE)
			return wrong("page %zu, beside the part, is %s", i,
				     devthp_location_name(location));
	}
	CHECK(scene_keeps_bits(scene, 0, FIRST));
	return scene_keeps_bits(scene, FIRST + PAGES,
				sample->pages - FIRST - PAGES);
}

TEST_F(part, is_dropped)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;

	unlock(_metadata, scene);
	ASSERT_RIGHT(sample_cut(sample, FIRST, PAGES, HOLE_DROPPED));
	ASSERT_RIGHT(holes_are_empty(sample));
	/* The kernel splits the folio a moment later, and may be at it now. */
	ASSERT_RIGHT(settles(rest_is_on_the_device, scene));
	ASSERT_RIGHT(sample_dropped_are_zero(sample));
	ASSERT_RIGHT(scene_data(scene));
}

TEST_F(part, is_left_alone)
{
	static const int advices[] = { MADV_FREE, MADV_COLD, MADV_PAGEOUT };
	struct scene *scene = &self->scene;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(advices); i++) {
		ASSERT_EQ(scene_is(scene, STATE_LOCKED) ? -EINVAL : 0,
			  advise(scene, advices[i]));
		ASSERT_RIGHT(rest_is_on_the_device(scene));
		ASSERT_RIGHT(layout_of(&scene->sample, FIRST, PAGES,
				       scene_is(scene, STATE_PMD) ?
				       whole(DEVTHP_LOC_DEVICE,
					     scene->state->mapcount) :
				       by_pages(DEVTHP_LOC_DEVICE,
						scene->state->mapcount)));
	}
	ASSERT_RIGHT(sample_device_data(&scene->sample));
	ASSERT_RIGHT(scene_data(scene));
}

/* Where the CPU can use it, it stays; but a copy of what is shared is elsewhere. */
static const char *is_used_there(const struct scene *scene, bool written)
{
	const unsigned int where = scene_is(scene, STATE_SHARED) ?
		DEVTHP_LOC_SYSTEM : DEVTHP_LOC_DEVICE;

	if (!written || !scene_is(scene, STATE_SHARED | STATE_WP))
		return scene_keeps_layout(scene);
	return layout_of(&scene->sample, FIRST, PAGES, by_pages(where, 1));
}

/* A PMD brings all of it back, a PTE what is asked for. */
static const char *is_back(const struct scene *scene, bool written)
{
	const struct sample *sample = &scene->sample;
	const struct layout want = by_pages(DEVTHP_LOC_SYSTEM, ANY_MAPCOUNT);

	if (scene_is(scene, STATE_COHERENT))
		return is_used_there(scene, written);
	if (!scene_is(scene, STATE_PMD)) {
		CHECK(rest_is_on_the_device(scene));
		return layout_of(sample, FIRST, PAGES, want);
	}
	return scene_is(scene, STATE_SHARED | STATE_WP) ? RIGHT :
	       layout_of_all(sample, whole(DEVTHP_LOC_SYSTEM, 1));
}

TEST_F(part, is_populated_to_be_read)
{
	struct scene *scene = &self->scene;

	ASSERT_EQ(0, advise(scene, MADV_POPULATE_READ));
	ASSERT_RIGHT(is_back(scene, false));
	ASSERT_RIGHT(scene_keeps_bits(scene, 0, scene->sample.pages));
	ASSERT_RIGHT(scene_data(scene));
}

TEST_F(part, is_populated_to_be_written)
{
	struct scene *scene = &self->scene;
	const size_t behind = FIRST + PAGES;

	if (scene_is(scene, STATE_READ_ONLY)) {
		ASSERT_EQ(-EINVAL, advise(scene, MADV_POPULATE_WRITE));
		ASSERT_RIGHT(scene_is_unchanged(scene));
	} else {
		ASSERT_EQ(0, advise(scene, MADV_POPULATE_WRITE));
		ASSERT_RIGHT(is_back(scene, true));
		/* One entry, which may be written, is for all of them. */
		if (!scene_is(scene, STATE_CLEAN)) {
			ASSERT_RIGHT(scene_keeps_bits(scene, 0, FIRST));
			ASSERT_RIGHT(scene_keeps_bits(scene, behind,
						      scene->sample.pages -
						      behind));
		}
	}
	ASSERT_RIGHT(scene_data(scene));
}

/* ---- Part of it is a mapping of its own from then on ---- */

static const char *has_no_part(struct sample *sample, struct peer *parent)
{
	memset(sample->hole + FIRST, HOLE_UNMAPPED, PAGES);
	CHECK(holes_are_empty(sample));
	return sample_data(sample);
}

TEST_F(part, is_not_for_a_child)
{
	struct scene *scene = &self->scene;
	struct peer child;

	ASSERT_EQ(0, advise(scene, MADV_DONTFORK));
	ASSERT_RIGHT(scene_is_by_pages(scene));
	ASSERT_RIGHT(scene_keeps_bits(scene, 0, scene->sample.pages));
	ASSERT_RIGHT(peer_fork(&child, has_no_part, &scene->sample));
	ASSERT_RIGHT(peer_end(&child));
	ASSERT_RIGHT(scene_data(scene));
}

static const char *finds_a_part_wiped(struct sample *sample,
				      struct peer *parent)
{
	memset(sample->generation + FIRST, 0,
	       PAGES * sizeof(*sample->generation));
	return sample_data(sample);
}

TEST_F(part, is_wiped_for_a_child)
{
	struct scene *scene = &self->scene;
	struct peer child;

	ASSERT_EQ(0, advise(scene, MADV_WIPEONFORK));
	ASSERT_RIGHT(scene_is_by_pages(scene));
	ASSERT_RIGHT(peer_fork(&child, finds_a_part_wiped, &scene->sample));
	ASSERT_RIGHT(peer_end(&child));
	ASSERT_RIGHT(scene_data(scene));
}

/* Which brings it into memory, and nothing that is not asked for. */
TEST_F(part, is_locked_and_unlocked)
{
	struct scene *scene = &self->scene;
	const bool stays = scene_is(scene, STATE_COHERENT) &&
			   !scene_is(scene, STATE_SHARED);
	const size_t bytes = PAGES * devthp_page_size();

	unlock(_metadata, scene);
	ASSERT_EQ(0, mlock(part_of(scene), bytes));
	ASSERT_RIGHT(layout_of(&scene->sample, FIRST, PAGES,
			       by_pages(stays ? DEVTHP_LOC_DEVICE :
						DEVTHP_LOC_SYSTEM,
					ANY_MAPCOUNT)));
	if (!scene_is(scene, STATE_SHARED | STATE_WP))
		ASSERT_RIGHT(rest_is_on_the_device(scene));
	ASSERT_RIGHT(mlocked_is_what_is_back(scene, FIRST, PAGES));
	ASSERT_EQ(0, munlock(part_of(scene), bytes));
	ASSERT_RIGHT(mlocked_is(scene, 0));
	ASSERT_RIGHT(scene_data(scene));
}

TEST_HARNESS_MAIN
