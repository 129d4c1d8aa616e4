// SPDX-License-Identifier: GPL-2.0
/*
 * The driver holds references to its own memory, as it does for I/O under way, in each
 * state of that memory: who else maps it, tracks it, or has locked it makes no
 * difference. (By form, and whoever wants it meanwhile: held.c and held_waiting.c.)
 *
 * Rule: what is held moves nowhere, and goes on being used by all; nothing of its
 * entries is lost by the attempts, and all goes well once it is let go of.
 */
#include "common/driver.h"
#include "common/matrix.h"
#include "common/settle.h"
#include "common/still.h"

FIXTURE(held)
{
	struct scene scene;
	struct devthp_device *driver;
	struct devthp_snapshot *before;
};

FIXTURE_VARIANT(held)
{
	const struct state *state;
};

FOR_EACH_STATE(STATE_VARIANT, held)

/* Closing a file of the device sends back what is there: one that is open, first. */
FIXTURE_SETUP(held)
{
	struct scene *scene = &self->scene;

	NEED(driver_needed);
	SETUP_SCENE(scene, variant->state);
	ASSERT_RIGHT(driver_open(&self->driver));
	ASSERT_RIGHT(driver_hold(self->driver, page_of(&scene->sample, scene_page(scene)), 1));
	ASSERT_RIGHT(still_begin(&scene->sample, &self->before));
}

FIXTURE_TEARDOWN(held)
{
	devthp_device_close(self->driver);
	devthp_snapshot_free(self->before);
	TEARDOWN_SCENE(&self->scene);
}

static const char *is_still_mapped(const void *arg)
{
	const FIXTURE_DATA(held) *self = arg;

	return still_mapped(&self->scene.sample, scene_page(&self->scene), 1, self->before);
}

/* The attempts may have sent others back, but took nothing away from this one. */
static const char *stays(const FIXTURE_DATA(held) *self)
{
	CHECK(settles(is_still_mapped, self));
	return scene_keeps_bits(&self->scene, scene_page(&self->scene), 1);
}

static const char *let_go(const FIXTURE_DATA(held) *self)
{
	const struct scene *scene = &self->scene;

	return driver_let_go(self->driver, page_of(&scene->sample, scene_page(scene)), 1, 1);
}

TEST_F(held, is_not_migrated)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;

	devthp_migrate_to_system(sample->dev, page_of(sample, scene_page(scene)), 1, NULL);
	ASSERT_RIGHT(stays(self));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(let_go(self));
	ASSERT_RIGHT(sample_rest_to_system(sample));
	ASSERT_RIGHT(scene_keeps_bits(scene, 0, sample->pages));
	ASSERT_RIGHT(scene_data(scene));
}

TEST_F(held, is_not_evicted)
{
	struct scene *scene = &self->scene;

	ASSERT_RIGHT(driver_evict(self->driver));
	ASSERT_RIGHT(stays(self));
	ASSERT_RIGHT(let_go(self));
	ASSERT_RIGHT(driver_evict(self->driver));
	ASSERT_RIGHT(scene_keeps_bits(scene, 0, scene->sample.pages));
	ASSERT_RIGHT(scene_data(scene));
}

/* It is not the device's again before it is let go of; a child that maps it waits for that. */
TEST_F(held, outlives_its_mapping)
{
	struct scene *scene = &self->scene;
	uint64_t in_use;

	ASSERT_RIGHT(sample_unmap(&scene->sample));
	ASSERT_RIGHT(driver_in_use(self->driver, &in_use));
	ASSERT_LT(0, in_use);
	ASSERT_RIGHT(let_go(self));
	ASSERT_RIGHT(scene_data(scene));
}

TEST_HARNESS_MAIN
