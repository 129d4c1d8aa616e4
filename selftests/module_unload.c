// SPDX-License-Identifier: GPL-2.0
/*
 * The module of the devices is unloaded, and loaded again. Rules: that is refused
 * at once while memory of a device is in use, whoever uses it; and when all has
 * gone back, nothing of it is missed, in whatever form it was on the device.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>

#include "common/baseline.h"
#include "common/form.h"
#include "common/harness.h"
#include "common/module.h"
#include "common/need.h"
#include "common/peer.h"
#include "common/pin.h"

/* Counters of files lag behind their closing. */
static const char *unloads(const void *nothing)
{
	return went_well("unload test_hmm", module_unload());
}

static const char *close_device(struct sample *sample)
{
	struct devthp_device *dev = sample->dev;

	sample->dev = NULL;
	return went_well("close the device", devthp_device_close(dev));
}

static const char *is_as_before(const struct module *module,
				struct baseline *baseline)
{
	const char *verdict = baseline_is_back(baseline);

	baseline_forget(baseline);
	CHECK(verdict);
	return module_is_loaded() ? RIGHT : wrong("%s is not loaded again",
						  module->path);
}

/* ---- Everything has gone back ---- */

FIXTURE(back)
{
	struct module module;
	struct baseline baseline;
	struct sample sample;
	struct peer child;
};

FIXTURE_VARIANT(back)
{
	enum form form;
	bool dropped_in_part;
	bool shared;
};

FIXTURE_VARIANT_ADD(back, whole) { .form = FORM_WHOLE };
FIXTURE_VARIANT_ADD(back, entries_split) { .form = FORM_BY_PAGES };
FIXTURE_VARIANT_ADD(back, folio_split) { .form = FORM_SMALL };
FIXTURE_VARIANT_ADD(back, dropped_in_part) {
	.form = FORM_WHOLE, .dropped_in_part = true
};
FIXTURE_VARIANT_ADD(back, shared) { .form = FORM_WHOLE, .shared = true };
FIXTURE_VARIANT_ADD(back, entries_split_and_shared) {
	.form = FORM_BY_PAGES, .shared = true
};

FIXTURE_SETUP(back)
{
	struct sample *sample = &self->sample;

	SETUP_BASELINE(&self->baseline);
	NEED(module_needed, &self->module);
	SETUP_SAMPLE(sample, 1);
	ASSERT_RIGHT(sample_fill_whole(sample));
	ASSERT_RIGHT(form_to_device(sample, variant->form));
	if (variant->dropped_in_part)
		ASSERT_RIGHT(sample_cut(sample, 100, 100, HOLE_DROPPED));
	if (variant->shared) {
		struct devthp_device *dev = sample->dev;

		ASSERT_RIGHT(peer_fork(&self->child,
				       peer_without_device_reads_later,
				       sample));
		ASSERT_RIGHT(peer_wait(&self->child));
		/* What the fixture has is the child's as well, see below. */
		sample->dev = dev;
	}
}

/* Whatever became of the test: the next one needs the module. */
FIXTURE_TEARDOWN_PARENT(back)
{
	if (self->module.path[0] && !module_is_loaded())
		EXPECT_RIGHT(module_load(&self->module));
}

TEST_F_TIMEOUT(back, is_not_missed, MODULE_TIMEOUT)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(close_device(sample));
	ASSERT_RIGHT(settles(unloads, NULL));
	ASSERT_FALSE(module_is_loaded());
	ASSERT_EQ(-ENOENT, devthp_device_open(&sample->dev, NULL));
	ASSERT_RIGHT(holes_are_empty(sample));
	ASSERT_RIGHT(sample_data(sample));
	if (variant->shared) {
		ASSERT_RIGHT(peer_tell(&self->child));
		ASSERT_RIGHT(peer_end(&self->child));
	}
	ASSERT_RIGHT(sample_dropped_are_zero(sample));

	ASSERT_RIGHT(module_load(&self->module));
	ASSERT_RIGHT(device_open(&sample->dev, 0));
	ASSERT_RIGHT(sample_fill(sample));
	ASSERT_RIGHT(sample_to_device(sample));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(sample_to_system(sample));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(sample_map_anew(sample));
	ASSERT_RIGHT(sample_fill_whole(sample));
	ASSERT_RIGHT(sample_to_device_whole(sample));
	ASSERT_RIGHT(sample_data(sample));
	sample_release(sample);
	ASSERT_RIGHT(is_as_before(&self->module, &self->baseline));
}

/* ---- Something is in use that no file of the device knows of ---- */

FIXTURE(in_use)
{
	struct module module;
	struct baseline baseline;
	struct sample sample;
	struct pin pin;
};

FIXTURE_VARIANT(in_use)
{
	enum form form;
};

FORM_VARIANTS(in_use);

/* Memory of a device that the CPU can use: a pipe has a page of it. */
FIXTURE_SETUP(in_use)
{
	struct sample *sample = &self->sample;

	SETUP_BASELINE(&self->baseline);
	NEED(module_needed, &self->module);
	SETUP_SAMPLE(sample, 1);
	NEED(coherent_needed);
	ASSERT_RIGHT(sample_change_device(sample, 2));
	ASSERT_RIGHT(sample_fill_whole(sample));
	if (variant->form == FORM_SMALL)
		ASSERT_EQ(0, devthp_device_fail_alloc(sample->dev, 1));
	ASSERT_RIGHT(sample_to_device(sample));
	if (variant->form == FORM_BY_PAGES)
		ASSERT_RIGHT(form_split_entries(sample));
	ASSERT_RIGHT(pin_take(&self->pin, REFERENCE_PIPE, page_of(sample, 300),
			      1));
}

FIXTURE_TEARDOWN_PARENT(in_use)
{
	if (self->module.path[0] && !module_is_loaded())
		EXPECT_RIGHT(module_load(&self->module));
}

static atomic_bool returned;

static void *unload(void *result)
{
	*(int *)result = module_unload();
	atomic_store(&returned, true);
	return NULL;
}

/* At once; if it waits after all, what it waits for is let go of. */
static const char *is_refused(struct pin *pin)
{
	const time_t limit = time(NULL) + PATIENCE;
	pthread_t thread;
	int result;

	atomic_store(&returned, false);
	CHECK(went_well("start a thread",
			-pthread_create(&thread, NULL, unload, &result)));
	while (!atomic_load(&returned) && time(NULL) < limit)
		sched_yield();
	if (!atomic_load(&returned)) {
		pin_drop(pin, NULL);
		pthread_join(thread, NULL);
		return wrong("unloading waits for who uses memory of the device");
	}
	pthread_join(thread, NULL);
	if (result != -EWOULDBLOCK)
		return wrong("unloading what is in use gives %d", result);
	return RIGHT;
}

static const char *page_is_the_devices(struct sample *sample, size_t page)
{
	CHECK(sample_look(sample));
	if (!(sample->page[page].flags & DEVTHP_FOLIO_DEVICE_COHERENT))
		return wrong("page %zu is not the device's any more", page);
	return RIGHT;
}

TEST_F_TIMEOUT(in_use, is_refused, MODULE_TIMEOUT)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(close_device(sample));
	ASSERT_RIGHT(page_is_the_devices(sample, 300));
	ASSERT_RIGHT(is_refused(&self->pin));
	ASSERT_RIGHT(sample_data(sample));

	/* Nobody but the pipe has it, and then nobody at all. */
	ASSERT_RIGHT(sample_cut(sample, 0, sample->pages, HOLE_DROPPED));
	ASSERT_RIGHT(is_refused(&self->pin));
	ASSERT_RIGHT(pin_drop(&self->pin, NULL));
	ASSERT_RIGHT(settles(unloads, NULL));
	ASSERT_RIGHT(module_load(&self->module));
	ASSERT_RIGHT(device_open(&sample->dev, 2));
	ASSERT_RIGHT(sample_map_anew(sample));
	ASSERT_RIGHT(sample_fill_whole(sample));
	ASSERT_RIGHT(sample_to_device(sample));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
	sample_release(sample);
	ASSERT_RIGHT(is_as_before(&self->module, &self->baseline));
}

/* What is mapped only is sent back by who closes a file, and nobody else. */
TEST_F_TIMEOUT(in_use, goes_back_with_the_next_close, MODULE_TIMEOUT)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(close_device(sample));
	ASSERT_RIGHT(pin_drop(&self->pin, sample->buffer));
	ASSERT_RIGHT(sample_compare(sample, sample->buffer, 300, 1,
				    "the pipe had"));
	ASSERT_RIGHT(page_is_the_devices(sample, 300));
	ASSERT_RIGHT(is_refused(&self->pin));
	ASSERT_RIGHT(device_open(&sample->dev, 2));
	ASSERT_RIGHT(close_device(sample));
	ASSERT_RIGHT(settles(unloads, NULL));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(module_load(&self->module));
	ASSERT_RIGHT(device_open(&sample->dev, 2));
	ASSERT_RIGHT(sample_to_device(sample));
	ASSERT_RIGHT(sample_device_data(sample));
	sample_release(sample);
	ASSERT_RIGHT(is_as_before(&self->module, &self->baseline));
}

TEST_HARNESS_MAIN
