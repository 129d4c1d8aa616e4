// SPDX-License-Identifier: GPL-2.0
/*
 * Advice about memory on a device.
 *
 * Rules, of madvise(2): ENOMEM if part of the range is not mapped, the rest has
 * got its advice then; EINVAL for what would let go of locked memory. Of 6.12:
 * advice about the CPU's use of memory (COLD, PAGEOUT, FREE) leaves alone what
 * the CPU does not use now.
 */
#include <errno.h>
#include <sys/mman.h>

#include "common/matrix.h"
#include "common/means.h"

MATRIX(advice, FOR_EACH_STATE)

static int advise(const struct scene *scene, int advice)
{
	const struct sample *sample = &scene->sample;

	if (madvise(sample->addr, sample->pages * devthp_page_size(), advice))
		return -errno;
	return 0;
}

static const char *returned(int err, int want)
{
	if (err != want)
		return wrong("madvise returns %d; should be %d", err, want);
	return RIGHT;
}

/* What advice says that locked memory must refuse. */
static const char *advise_if_not_locked(const struct scene *scene, int advice)
{
	int want = scene_is(scene, STATE_LOCKED) ? -EINVAL :
		   sample_has_unmapped(&scene->sample) ? -ENOMEM : 0;

	return returned(advise(scene, advice), want);
}

static const char *advise_all(const struct scene *scene, int advice)
{
	int want = sample_has_unmapped(&scene->sample) ? -ENOMEM : 0;

	return returned(advise(scene, advice), want);
}

/* ---- Gone, for this process ---- */

static void all_were_dropped(struct sample *sample)
{
	size_t i;

	for (i = 0; i < sample->pages; i++) {
		if (!sample->hole[i])
			sample->hole[i] = HOLE_DROPPED;
		sample->generation[i] = 0;
	}
}

TEST_F(advice, dontneed)
{
	struct scene *scene = &self->scene;

	ASSERT_RIGHT(advise_if_not_locked(scene, MADV_DONTNEED));
	if (scene_is(scene, STATE_LOCKED)) {
		ASSERT_RIGHT(scene_is_unchanged(scene));
	} else {
		all_were_dropped(&scene->sample);
		ASSERT_RIGHT(holes_are_empty(&scene->sample));
		ASSERT_RIGHT(sample_dropped_are_zero(&scene->sample));
	}
	ASSERT_RIGHT(scene_data(scene));
}

TEST_F(advice, dontneed_locked)
{
	struct scene *scene = &self->scene;

	ASSERT_RIGHT(advise_all(scene, MADV_DONTNEED_LOCKED));
	all_were_dropped(&scene->sample);
	ASSERT_RIGHT(holes_are_empty(&scene->sample));
	ASSERT_RIGHT(scene_data(scene));
}

/* ---- Left alone ---- */

static const char *left_alone(struct scene *scene, int advice)
{
	/* What is in system memory is not dirty then: it may be thrown away. */
	const bool free = advice == MADV_FREE && scene_is(scene, STATE_MIXED);

	CHECK(advise_if_not_locked(scene, advice));
	CHECK(free ? scene_keeps_layout(scene) : scene_is_unchanged(scene));
	return scene_data(scene);
}

TEST_F(advice, free)
{
	ASSERT_RIGHT(left_alone(&self->scene, MADV_FREE));
}

TEST_F(advice, cold)
{
	ASSERT_RIGHT(left_alone(&self->scene, MADV_COLD));
}

TEST_F(advice, pageout)
{
	ASSERT_RIGHT(left_alone(&self->scene, MADV_PAGEOUT));
}

/* ---- Brought back ---- */

/* What was there is where it was; holes have got pages, up to where one is unmapped. */
static const char *populated_there(const struct scene *scene)
{
	if (!scene_is(scene, STATE_HOLES))
		return scene_keeps_layout(scene);
	return layout_of_all(&scene->sample, by_pages(DEVTHP_LOC_DEVICE,
						      scene->state->mapcount));
}

TEST_F(advice, populate_read)
{
	struct scene *scene = &self->scene;

	ASSERT_RIGHT(advise_all(scene, MADV_POPULATE_READ));
	if (scene_is(scene, STATE_COHERENT)) {
		ASSERT_RIGHT(populated_there(scene));
	} else if (scene_is(scene, STATE_PMD)) {
		ASSERT_RIGHT(scene_was_read(scene, 0));
	} else if (!sample_has_unmapped(&scene->sample)) {
		ASSERT_RIGHT(layout_of_all(&scene->sample,
					   small(DEVTHP_LOC_SYSTEM, 1)));
	}
	ASSERT_RIGHT(scene_data(scene));
}

/* Ready to be written without a fault; nothing is written yet. */
TEST_F(advice, populate_write)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	const unsigned int where = scene_is(scene, STATE_COHERENT) ?
		DEVTHP_LOC_DEVICE : DEVTHP_LOC_SYSTEM;
	struct layout want = whole(where, 1);

	if (scene_is(scene, STATE_READ_ONLY)) {
		ASSERT_EQ(-EINVAL, advise(scene, MADV_POPULATE_WRITE));
		ASSERT_RIGHT(scene_is_unchanged(scene));
		ASSERT_RIGHT(scene_data(scene));
		return;
	}
	ASSERT_RIGHT(advise_all(scene, MADV_POPULATE_WRITE));
	if (scene_is(scene, STATE_WP))
		want = by_pages(where, 1);
	else if (!scene_is(scene, STATE_PMD) || scene_is(scene, STATE_SHARED))
		want = small(DEVTHP_LOC_SYSTEM, 1);
	if (scene_is(scene, STATE_COHERENT) &&
	    !scene_is(scene, STATE_SHARED | STATE_WP)) {
		ASSERT_RIGHT(populated_there(scene));
	} else if (!sample_has_unmapped(sample)) {
		ASSERT_RIGHT(layout_of_all(sample, want));
	}
	ASSERT_RIGHT(scene_data(scene));
}

/*
 * A PMD maps what is asked for already, be it on the device. Pages by themselves
 * are brought back and collapsed, if one of them is in use in system memory; but
 * not what the CPU uses on the device.
 */
TEST_F(advice, collapse)
{
	struct scene *scene = &self->scene;
	const bool comes_back = scene_is(scene, STATE_MIXED) &&
				!scene_is(scene, STATE_COHERENT);
	const bool succeeds = comes_back || scene_is(scene, STATE_PMD);

	ASSERT_EQ(succeeds ? 0 : -EINVAL, sample_collapse(&scene->sample));
	if (comes_back) {
		ASSERT_RIGHT(layout_of_all(&scene->sample,
					   whole(DEVTHP_LOC_SYSTEM, 1)));
	} else {
		ASSERT_RIGHT(scene_is_unchanged(scene));
	}
	ASSERT_RIGHT(scene_data(scene));
}

/* ---- How it is to be from now on ---- */

/* A folio that is there stays, but none is made any more. */
TEST_F(advice, nohugepage)
{
	struct scene *scene = &self->scene;
	const size_t page = scene_page(scene);

	ASSERT_RIGHT(advise_all(scene, MADV_NOHUGEPAGE));
	ASSERT_RIGHT(scene_is_unchanged(scene));
	ASSERT_RIGHT(sample_access(&scene->sample, page, ACCESS_READ));
	if (scene_is(scene, STATE_COHERENT)) {
		ASSERT_RIGHT(scene_is_unchanged(scene));
	} else {
		ASSERT_RIGHT(layout_of(&scene->sample, page, 1,
				       small(DEVTHP_LOC_SYSTEM,
					     scene->state->mapcount)));
	}
	ASSERT_RIGHT(scene_data(scene));
}

static const char *sees_nothing(struct sample *sample, struct peer *parent)
{
	size_t i;

	for (i = 0; i < sample->pages; i++)
		sample->generation[i] = 0;
	return sample_data(sample);
}

TEST_F(advice, wipeonfork)
{
	struct scene *scene = &self->scene;
	struct peer child;

	ASSERT_RIGHT(advise_all(scene, MADV_WIPEONFORK));
	ASSERT_RIGHT(peer_fork(&child, sees_nothing, &scene->sample));
	ASSERT_RIGHT(peer_end(&child));
	ASSERT_RIGHT(scene_is_unchanged(scene));
	ASSERT_RIGHT(scene_data(scene));
}

static const char *has_no_mapping(struct sample *sample, struct peer *parent)
{
	size_t i;

	for (i = 0; i < sample->pages; i++)
		sample->hole[i] = HOLE_UNMAPPED;
	return holes_are_empty(sample);
}

TEST_F(advice, dontfork)
{
	struct scene *scene = &self->scene;
	struct peer child;

	ASSERT_RIGHT(advise_all(scene, MADV_DONTFORK));
	ASSERT_RIGHT(peer_fork(&child, has_no_mapping, &scene->sample));
	ASSERT_RIGHT(peer_end(&child));
	ASSERT_RIGHT(scene_is_unchanged(scene));
	ASSERT_RIGHT(scene_data(scene));
}

TEST_HARNESS_MAIN
