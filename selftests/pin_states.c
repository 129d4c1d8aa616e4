// SPDX-License-Identifier: GPL-2.0
/*
 * A page of memory on a device, in each of its states, is pinned and stays so
 * for a while: it is back then, and this process's own, and no migration and no
 * write of anybody puts another page in its place. Where the CPU can use it, only
 * a pin for long brings it back.
 */
#include "common/matrix.h"
#include "common/pin.h"
#include "common/still.h"

MATRIX(pin, FOR_EACH_STATE)
MATRIX(short_pin, FOR_EACH_STATE)

FIXTURE(driver_pin)
{
	struct scene scene;
};

FIXTURE_VARIANT(driver_pin)
{
	const struct state *state;
};

FOR_EACH_STATE_TYPICAL(STATE_VARIANT, driver_pin)

/* Asking for a driver closes a file of it, which sends back what is there. */
FIXTURE_SETUP(driver_pin)
{
	NEED(pin_needed, PIN_DRIVER);
	SETUP_SCENE(&self->scene, variant->state);
}

FIXTURE_TEARDOWN(driver_pin)
{
	TEARDOWN_SCENE(&self->scene);
}

/* What happens to the memory around a pin does not happen to the page. */
static const char *page_stays(struct scene *scene, size_t page,
			      const struct devthp_snapshot *before)
{
	struct sample *sample = &scene->sample;

	/* What still is on a coherent device is read into memory of this process. */
	CHECK(scene_lift_limit(scene));
	devthp_migrate_to_device(sample->dev, sample->addr, sample->pages,
				 NULL);
	devthp_migrate_to_system(sample->dev, sample->addr, sample->pages,
				 NULL);
	CHECK(still_same_pages(sample, page, 1, before));
	if (!scene_is(scene, STATE_READ_ONLY))
		CHECK(sample_access(sample, page, ACCESS_WRITE));
	return still_same_pages(sample, page, 1, before);
}

static const char *hold(struct scene *scene, struct pin *pin, enum pin_how how)
{
	struct sample *sample = &scene->sample;
	const size_t page = scene_page(scene);
	struct devthp_snapshot *before;
	const char *verdict;

	scene->pinned_for_long = pin_is_long(how);
	verdict = pin_take(pin, how, sample->addr + page * devthp_page_size(),
			   1);
	if (pin_writes(how) && scene_is(scene, STATE_READ_ONLY)) {
		if (is_right(verdict))
			return wrong("read-only memory can be pinned to be written");
		/* The file of the driver, closed by then, took all back. */
		return how == PIN_DRIVER ? RIGHT : scene_is_unchanged(scene);
	}
	CHECK(verdict);
	CHECK(pin_writes(how) ? scene_was_written(scene, page) :
				scene_was_pinned(scene, page));
	CHECK(still_begin(sample, &before));
	verdict = page_stays(scene, page, before);
	devthp_snapshot_free(before);
	CHECK(verdict);
	CHECK(pin_drop(pin, sample->buffer));
	return sample_compare(sample, sample->buffer, page, 1,
			      "who pinned it reads");
}

static void hold_then_look(struct __test_metadata *_metadata,
			   struct scene *scene, enum pin_how how)
{
	struct pin pin = { 0 };
	const char *verdict;

	verdict = hold(scene, &pin, how);
	EXPECT_RIGHT(verdict);
	EXPECT_RIGHT(pin_drop(&pin, NULL));
	if (is_right(verdict))
		ASSERT_RIGHT(scene_data(scene));
}

TEST_F(pin, for_reading)
{
	NEED(pin_needed, PIN_FAST_READ);
	hold_then_look(_metadata, &self->scene, PIN_FAST_READ);
}

TEST_F(pin, for_writing)
{
	NEED(pin_needed, PIN_SLOW);
	hold_then_look(_metadata, &self->scene, PIN_SLOW);
}

TEST_F(short_pin, for_reading)
{
	NEED(pin_needed, PIN_CALL);
	hold_then_look(_metadata, &self->scene, PIN_CALL);
}

TEST_F(driver_pin, for_writing)
{
	hold_then_look(_metadata, &self->scene, PIN_DRIVER);
}

TEST_HARNESS_MAIN
