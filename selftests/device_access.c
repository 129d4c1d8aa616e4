// SPDX-License-Identifier: GPL-2.0
/*
 * The device reads and writes memory that is on it, in each of its states, by
 * the file that sent it there, by another file, and for another process.
 *
 * Rules: what a device reads stays where it is, and as it is. What it writes
 * must be writable by the process that it mirrors, and belongs to that process
 * alone from then on. Whoever write-protects memory to track writes is told of
 * what was written, and of nothing else.
 */
#include <errno.h>

#include "common/matrix.h"

MATRIX(device, FOR_EACH_STATE)
MATRIX(devices, FOR_EACH_STATE)

static int write_page(struct sample *sample, size_t page)
{
	return devthp_device_write(sample->dev, sample->addr +
				   page * devthp_page_size(), 1,
				   sample->buffer, NULL);
}

/* Nothing of it was the device's to change. */
static const char *writing_is_refused(struct scene *scene)
{
	struct sample *sample = &scene->sample;
	const size_t page = scene_page(scene);
	int err;

	memset(sample->buffer, 0xa5, devthp_page_size());
	err = write_page(sample, page);
	if (err != -EPERM)
		return wrong("the device's write of read-only memory gives %d; should be %d",
			     err, -EPERM);
	return scene_is_unchanged(scene);
}

/*
 * What it had for itself, and could write, it need not move for that. Who tracks
 * writes learns of one by a fault, which brings it back.
 */
static const char *stays_if_it_can(const struct scene *scene)
{
	return scene_is(scene, STATE_SHARED | STATE_WP | STATE_CLEAN) ?
	       holes_are_empty(&scene->sample) : scene_keeps_layout(scene);
}

TEST_F(device, reads)
{
	struct scene *scene = &self->scene;

	ASSERT_RIGHT(sample_device_data(&scene->sample));
	ASSERT_RIGHT(scene_is_unchanged(scene));
	ASSERT_RIGHT(scene_data(scene));
}

TEST_F(device, writes)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;

	if (scene_is(scene, STATE_READ_ONLY)) {
		ASSERT_RIGHT(writing_is_refused(scene));
	} else {
		ASSERT_RIGHT(sample_device_write(sample));
		ASSERT_RIGHT(stays_if_it_can(scene));
		ASSERT_RIGHT(scene_has_written(scene, 0, sample->pages));
		ASSERT_RIGHT(sample_device_data(sample));
	}
	ASSERT_RIGHT(scene_data(scene));
}

TEST_F(device, writes_a_page)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	const size_t page = scene_page(scene), behind = page + 1;

	if (scene_is(scene, STATE_READ_ONLY)) {
		ASSERT_RIGHT(writing_is_refused(scene));
	} else {
		ASSERT_RIGHT(sample_make_next(sample, sample->buffer, page, 1));
		ASSERT_EQ(0, write_page(sample, page));
		ASSERT_RIGHT(stays_if_it_can(scene));
		ASSERT_RIGHT(scene_has_written(scene, page, 1));
		/* One entry may be for all of them. */
		if (!scene_is(scene, STATE_PMD) ||
		    scene_is(scene, STATE_SHARED | STATE_WP)) {
			ASSERT_RIGHT(scene_keeps_bits(scene, 0, page));
			ASSERT_RIGHT(scene_keeps_bits(scene, behind,
						      sample->pages - behind));
		}
	}
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(scene_data(scene));
}

/* ---- Another file of the same process, which knows nothing of the first ---- */

static const char *write_then_read(struct sample *sample,
				   struct devthp_device *writer,
				   struct devthp_device *reader)
{
	const char *verdict;
	struct devthp_device *before = sample->dev;

	sample->dev = writer;
	verdict = sample_device_write(sample);
	sample->dev = reader;
	if (is_right(verdict))
		verdict = sample_device_data(sample);
	sample->dev = before;
	return verdict;
}

TEST_F(devices, have_one_opener)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	struct devthp_device *first = sample->dev, *second;

	ASSERT_RIGHT(device_open(&second, device_minor));
	sample->dev = second;
	ASSERT_RIGHT(sample_device_data(sample));
	sample->dev = first;
	ASSERT_RIGHT(scene_is_unchanged(scene));
	if (!scene_is(scene, STATE_READ_ONLY)) {
		ASSERT_RIGHT(write_then_read(sample, second, first));
		ASSERT_RIGHT(write_then_read(sample, first, second));
	}
	ASSERT_EQ(0, devthp_device_close(second));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(scene_data(scene));
}

/* ---- A child with a file of its own, which is for its own memory ---- */

static bool read_only;

static const char *uses_the_device(struct sample *sample, struct peer *parent)
{
	CHECK(device_open(&sample->dev, device_minor));
	sample->owner = getpid();
	CHECK(sample_device_data(sample));
	if (!read_only)
		CHECK(sample_device_write(sample));
	CHECK(peer_tell(parent));
	CHECK(peer_wait(parent));
	CHECK(sample_device_data(sample));
	return sample_data(sample);
}

TEST_F(devices, are_a_parents_and_a_childs)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	struct peer child;

	read_only = scene_is(scene, STATE_READ_ONLY);
	/* What the child reads goes to memory of its own. */
	ASSERT_RIGHT(scene_lift_limit(scene));
	ASSERT_RIGHT(peer_fork(&child, uses_the_device, sample));
	ASSERT_RIGHT(peer_wait(&child));
	ASSERT_RIGHT(sample_device_data(sample));
	if (!read_only)
		ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(peer_tell(&child));
	ASSERT_RIGHT(peer_end(&child));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(scene_data(scene));
}

TEST_HARNESS_MAIN
