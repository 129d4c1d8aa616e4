// SPDX-License-Identifier: GPL-2.0
/*
 * The driver takes one more reference on a huge folio, for I/O, when it was
 * unmapped already to be split, or to be migrated whole. Rule: that is given up, and
 * all is mapped as it was, in all processes; who needs it goes on, or tries again,
 * asleep; when the reference is dropped, all goes well.
 */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "common/baseline.h"
#include "common/driver.h"
#include "common/form.h"
#include "common/harness.h"
#include "common/need.h"
#include "common/peer.h"
#include "common/retries.h"
#include "common/splits.h"
#include "common/still.h"
#include "common/window.h"

/* Held is this page of it; wanted are these. */
#define HELD 300
#define FIRST 100
#define PAGES 5

struct mapping {
	const struct sample *sample;
	const struct devthp_snapshot *before;
};

static const char *is_mapped_as_before(const void *arg)
{
	const struct mapping *mapping = arg;

	return still_mapped(mapping->sample, 0, mapping->sample->pages,
			    mapping->before);
}

/* But for a moment, whenever somebody tries again. */
static const char *stays(const struct sample *sample,
			 const struct devthp_snapshot *before)
{
	const struct mapping mapping = { sample, before };

	return settles(is_mapped_as_before, &mapping);
}

/* So many splits have failed since, and none has gone well. */
static const char *have_failed(const struct splits *before, unsigned int failed)
{
	struct splits now;

	CHECK(splits_read(&now));
	if (now.failed - before->failed != failed)
		return wrong("%llu splits have failed; should be %u",
			     (unsigned long long)(now.failed - before->failed),
			     failed);
	if (now.pages_failed - before->pages_failed != failed)
		return wrong("thp_split_page_failed counts %llu; should count %u",
			     (unsigned long long)(now.pages_failed -
						  before->pages_failed), failed);
	if (now.splits != before->splits || now.pages != before->pages)
		return wrong("a huge folio was split");
	return RIGHT;
}

/* ---- By a migration, which may have no huge memory to go to ---- */

FIXTURE(migrated)
{
	struct window window;
	struct devthp_snapshot *before;
	struct baseline baseline;
};

FIXTURE_VARIANT(migrated)
{
	struct window_point at;
	bool shared;		/* with a child */
};

#define TO_SYSTEM(...) {						\
	.migrate = window_to_system, .takes_mm = true,			\
	.point = DEVTHP_POINT_TO_SYSTEM_SETUP, __VA_ARGS__		\
}
#define FAULT(...) {							\
	.migrate = window_fault, .takes_mm = true,			\
	.point = DEVTHP_POINT_FAULT_SETUP, __VA_ARGS__			\
}

FIXTURE_VARIANT_ADD(migrated, to_system) {
	.at = TO_SYSTEM(.no_huge = true)
};
FIXTURE_VARIANT_ADD(migrated, to_system_shared) {
	.at = TO_SYSTEM(.no_huge = true), .shared = true
};
FIXTURE_VARIANT_ADD(migrated, to_system_whole) { .at = TO_SYSTEM() };

#if DEVICE_MINOR < COHERENT_MINOR
FIXTURE_VARIANT_ADD(migrated, by_a_fault) {
	.at = FAULT(.no_huge = true)
};
FIXTURE_VARIANT_ADD(migrated, by_a_fault_shared) {
	.at = FAULT(.no_huge = true), .shared = true
};
FIXTURE_VARIANT_ADD(migrated, by_a_fault_whole) { .at = FAULT() };
FIXTURE_VARIANT_ADD(migrated, by_a_fault_whole_shared) {
	.at = FAULT(), .shared = true
};
#endif

static const char *maps_it_too(struct sample *sample, struct peer *parent)
{
	struct devthp_snapshot *before;

	CHECK(still_begin(sample, &before));
	CHECK(peer_tell(parent));
	CHECK(peer_wait(parent));
	CHECK(stays(sample, before));
	CHECK(peer_tell(parent));
	CHECK(peer_wait(parent));
	CHECK(layout_of_all(sample, whole(DEVTHP_LOC_SYSTEM, 2)));
	return sample_data(sample);
}

FIXTURE_SETUP(migrated)
{
	struct window *window = &self->window;

	SETUP_BASELINE(&self->baseline);
	ASSERT_RIGHT(window_open(window, &variant->at));
	SETUP_SAMPLE(&window->sample, 1);
	NEED(window_needed, window);
	ASSERT_RIGHT(driver_open(&window->evictor));
	ASSERT_RIGHT(window_fill(window));
	if (variant->shared) {
		ASSERT_RIGHT(peer_fork(&window->sharer, maps_it_too,
				       &window->sample));
		ASSERT_RIGHT(peer_wait(&window->sharer));
	}
	ASSERT_RIGHT(sample_look(&window->sample));
	ASSERT_RIGHT(still_begin(&window->sample, &self->before));
}

FIXTURE_TEARDOWN(migrated)
{
	window_close(&self->window);
	devthp_snapshot_free(self->before);
	TEARDOWN_BASELINE(&self->baseline);
}

static const char *takes_a_reference(struct window *window)
{
	return driver_hold_frame(window->evictor,
				 window->sample.page[HELD].pfn);
}

TEST_F(migrated, is_not_split)
{
	struct window *window = &self->window;
	struct sample *sample = &window->sample;
	const unsigned int splits = variant->at.no_huge;
	struct splits before;

	ASSERT_RIGHT(splits_read(&before));
	ASSERT_RIGHT(window_enter(window, takes_a_reference, false));
	if (variant->at.migrate == window_fault) {
		ASSERT_RIGHT(sleeps_and_retries(window->migrates.tid, NULL));
	} else {
		ASSERT_RIGHT(window_leave(window));
	}
	ASSERT_RIGHT(stays(sample, self->before));
	if (variant->shared) {
		ASSERT_RIGHT(peer_tell(&window->sharer));
		ASSERT_RIGHT(peer_wait(&window->sharer));
	}
	ASSERT_RIGHT(have_failed(&before, splits));

	ASSERT_RIGHT(driver_let_go_of_frame(window->evictor,
					    sample->page[HELD].pfn));
	if (variant->at.migrate == window_fault) {
		ASSERT_RIGHT(window_leave(window));
	} else {
		ASSERT_RIGHT(window_to_system(window));
	}
	ASSERT_RIGHT(layout_of_all(sample, whole(DEVTHP_LOC_SYSTEM,
						 variant->shared ? 2 : 1)));
	ASSERT_RIGHT(have_failed(&before, splits));
	ASSERT_RIGHT(window_end(window));
}

/* ---- By split_huge_page(): stopped when it comes by the child's mapping ---- */

typedef const char *want(struct sample *sample);

static const char *by_migration(struct sample *sample)
{
	return went_well("migrate to system memory",
			 devthp_migrate_to_system(sample->dev,
						  page_of(sample, FIRST), PAGES,
						  NULL));
}

FIXTURE(shared)
{
	struct sample sample;
	struct devthp_snapshot *before;
	struct peer child;
	want *want;
	pthread_t thread;
	pid_t tid;		/* of that */
	char verdict[512];
	struct baseline baseline;
};

FIXTURE_VARIANT(shared)
{
	enum form form;
	want *want;
	bool retries;
};

FIXTURE_VARIANT_ADD(shared, whole_in_part) {
	.form = FORM_WHOLE, .want = by_migration
};
FIXTURE_VARIANT_ADD(shared, by_pages_in_part) {
	.form = FORM_BY_PAGES, .want = by_migration
};
#if DEVICE_MINOR < COHERENT_MINOR
static const char *by_a_fault(struct sample *sample)
{
	return sample_access(sample, FIRST, ACCESS_KERNEL_READ);
}

FIXTURE_VARIANT_ADD(shared, by_pages_by_a_fault) {
	.form = FORM_BY_PAGES, .want = by_a_fault, .retries = true
};
#endif

/* With the form that failing may leave: PMD entries are split first, and stay so. */
static const char *is_restored(const struct sample *sample, enum form form,
			       const struct devthp_snapshot *before)
{
	if (form == FORM_WHOLE)
		return layout_of_all(sample, form_layout(FORM_BY_PAGES,
							 DEVTHP_LOC_DEVICE, 2));
	return stays(sample, before);
}

static const char *parents_is_unmapped(const struct sample *sample)
{
	const struct devthp_snapshot_opts opts = {
		.size = sizeof(opts),
		.pid = getppid(),
	};
	struct devthp_summary sum = { .size = sizeof(sum) };
	struct devthp_snapshot *snap;

	CHECK(went_well("look at the parent's memory",
			devthp_snapshot_take(&snap, sample->addr,
					     sample->pages, &opts)));
	devthp_snapshot_summarize(snap, 0, sample->pages, &sum);
	devthp_snapshot_free(snap);
	if (sum.pages[DEVTHP_LOC_MIGRATION] != sample->pages)
		return wrong("%llu pages are unmapped in the parent; should be %zu",
			     (unsigned long long)sum.pages[DEVTHP_LOC_MIGRATION],
			     sample->pages);
	return RIGHT;
}

static const char *takes_a_reference_in_between(struct sample *sample)
{
	const char *verdict;
	uint64_t held = 0;

	verdict = went_well("wait for the split to get to this mapping",
			    devthp_device_pause_wait(sample->dev,
						     DEVTHP_POINT_CLEAR,
						     PATIENCE * 1000));
	if (is_right(verdict))
		verdict = parents_is_unmapped(sample);
	if (is_right(verdict))
		verdict = went_well("take a reference",
				    devthp_device_hold_frames(sample->dev,
						sample->page[HELD].pfn, 1,
						&held));
	CHECK(went_well("let the split go on",
			devthp_device_resume(sample->dev, DEVTHP_POINT_CLEAR)));
	CHECK(verdict);
	return held == 1 ? RIGHT : wrong("the driver holds no page");
}

static enum form form_of_it;

/* Its own mirror has what it maps, so that a split of that stops there. */
static const char *intrudes(struct sample *sample, struct peer *parent)
{
	struct devthp_snapshot *before;
	uint64_t held = 0;

	CHECK(device_open(&sample->dev, device_minor));
	sample->owner = getpid();
	CHECK(sample_device_data(sample));
	CHECK(still_begin(sample, &before));
	CHECK(went_well("have splits stop",
			devthp_device_pause(sample->dev, DEVTHP_POINT_CLEAR)));
	CHECK(peer_tell(parent));
	CHECK(takes_a_reference_in_between(sample));
	CHECK(peer_tell(parent));

	CHECK(peer_wait(parent));
	CHECK(is_restored(sample, form_of_it, before));
	CHECK(sample_device_data(sample));
	CHECK(went_well("drop the reference",
			devthp_device_unhold_frames(sample->dev,
					sample->page[HELD].pfn, 1, &held)));
	if (held != 1)
		return wrong("the driver has dropped %llu references",
			     (unsigned long long)held);
	CHECK(peer_tell(parent));
	CHECK(peer_wait(parent));
	return sample_data(sample);
}

FIXTURE_SETUP(shared)
{
	struct sample *sample = &self->sample;

	SETUP_BASELINE(&self->baseline);
	NEED(driver_needed);
	SETUP_SAMPLE(sample, 1);
	ASSERT_RIGHT(sample_fill_whole(sample));
	ASSERT_RIGHT(form_to_device(sample, variant->form));
	ASSERT_RIGHT(sample_look(sample));
	form_of_it = variant->form;
	ASSERT_RIGHT(peer_fork(&self->child, intrudes, sample));
	ASSERT_RIGHT(peer_wait(&self->child));
	ASSERT_RIGHT(still_begin(sample, &self->before));
	self->want = variant->want;
}

FIXTURE_TEARDOWN(shared)
{
	devthp_snapshot_free(self->before);
	sample_release(&self->sample);
	TEARDOWN_BASELINE(&self->baseline);
}

static void *wants(void *arg)
{
	FIXTURE_DATA(shared) *self = arg;

	self->tid = gettid();
	snprintf(self->verdict, sizeof(self->verdict), "%s",
		 self->want(&self->sample));
	return NULL;
}

/* The kernel may look in the same moment whether to split what is mapped in part. */
static const char *has_what_it_wants(const void *arg)
{
	FIXTURE_DATA(shared) *self = (void *)arg;

	CHECK(self->want(&self->sample));
	return layout_of(&self->sample, FIRST, PAGES, small(DEVTHP_LOC_SYSTEM, 2));
}

TEST_F(shared, is_not_split)
{
	const struct layout small_at_home = small(DEVTHP_LOC_SYSTEM, 2);
	struct sample *sample = &self->sample;
	struct splits before;

	ASSERT_RIGHT(splits_read(&before));
	ASSERT_EQ(0, pthread_create(&self->thread, NULL, wants, self));
	ASSERT_RIGHT(peer_wait(&self->child));
	if (variant->retries) {
		ASSERT_RIGHT(sleeps_and_retries(self->tid, NULL));
	} else {
		ASSERT_EQ(0, pthread_join(self->thread, NULL));
		ASSERT_RIGHT(self->verdict);
	}
	ASSERT_RIGHT(is_restored(sample, variant->form, self->before));
	ASSERT_RIGHT(have_failed(&before, 1));

	ASSERT_RIGHT(peer_tell(&self->child));
	ASSERT_RIGHT(peer_wait(&self->child));
	if (variant->retries) {
		ASSERT_EQ(0, pthread_join(self->thread, NULL));
		ASSERT_RIGHT(self->verdict);
		ASSERT_RIGHT(layout_of(sample, FIRST, 1, small_at_home));
	} else {
		ASSERT_RIGHT(settles(has_what_it_wants, self));
	}
	ASSERT_RIGHT(layout_of(sample, HELD, 1, small(DEVTHP_LOC_DEVICE, 2)));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(peer_tell(&self->child));
	ASSERT_RIGHT(peer_end(&self->child));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_HARNESS_MAIN
