// SPDX-License-Identifier: GPL-2.0
/*
 * Counters while memory is on a device, in each of its states, and statistics of
 * what happens to it. Rule: a base page on a device counts as anonymous memory
 * of its process, and so do those of a huge page there, which also counts as one
 * as far as a present one would.
 * (Documentation/admin-guide/mm/transhuge.rst; Documentation/filesystems/proc.rst)
 */
#include <inttypes.h>

#include "common/baseline.h"
#include "common/driver.h"
#include "common/events.h"
#include "common/explained.h"
#include "common/form.h"
#include "common/matrix.h"
#include "common/ready.h"
#include "common/settle.h"
#include "common/splits.h"
#include "common/textfile.h"

#define KB 1024

MATRIX(counted, FOR_EACH_STATE)

/* What each counter should be more than before all of the scene. */
struct more {
	const struct scene *scene;
	struct {
		unsigned int counter;
		int64_t want, slack;
	} of[7];
	size_t counters;
};

static const char *counters_are(const void *arg)
{
	const struct more *more = arg;
	struct devthp_counters *now;
	const char *verdict = RIGHT;
	size_t i;

	file_write("/proc/sys/vm/stat_refresh", "1");
	CHECK(went_well("read counters", devthp_counters_take(&now)));
	for (i = 0; i < more->counters && is_right(verdict); i++) {
		const unsigned int counter = more->of[i].counter;
		const int64_t want = more->of[i].want;
		const int64_t slack = more->of[i].slack;
		int64_t delta;

		if (devthp_counters_delta(more->scene->baseline.before, now,
					  counter, &delta))
			continue;
		if (delta < want - slack || delta > want + slack)
			verdict = wrong("%s is %" PRId64 " more than before; should be %" PRId64,
					devthp_counter_name(counter), delta,
					want);
	}
	devthp_counters_free(now);
	return verdict;
}

/* The buffer that some states have used is a huge page, too. */
static const char *buffers_of(const struct sample *sample, int64_t *buffers)
{
	struct devthp_summary sum;

	CHECK(layout_summary(sample->buffer, sample->pages, &sum));
	*buffers = sum.pmd_entries[DEVTHP_LOC_SYSTEM];
	return RIGHT;
}

/* What has a PMD entry in a child, though it is mapped by pages here. */
static int64_t huge_elsewhere(const struct scene *scene)
{
	return scene_is(scene, STATE_SHARED) && scene_is(scene, STATE_HUGE) &&
	       !scene_is(scene, STATE_PMD) ? devthp_pmd_size() : 0;
}

/*
 * To the byte: RssAnon is what is mapped, and AnonPages beyond what the CPU can use is
 * what the device has, which no other program uses.
 */
static const char *is_all_explained(const void *arg)
{
	const struct scene *scene = arg;
	const int64_t page = devthp_page_size();
	int64_t rss, anon, tables;
	uint64_t pages;

	CHECK(rss_anon_remains(&rss));
	if (rss)
		return wrong("RssAnon is %" PRId64 " bytes more than is mapped", rss);
	/* What the CPU can use there looks like any memory, or like none. */
	if (scene_is(scene, STATE_COHERENT))
		return RIGHT;
	CHECK(all_remain(&anon, &tables));
	CHECK(sample_device_use(&scene->sample, &pages));
	if (anon != (int64_t)pages * page)
		return wrong("AnonPages has %" PRId64 " pages that are not present; should have %" PRIu64,
			     anon / page, pages);
	return RIGHT;
}

/*
 * By bytes of the sample; of what is mapped by PMD, and huge folios, in all
 * processes together. The process that counts has a heap and a stack, too.
 */
static const char *counts(const struct scene *scene, int64_t bytes,
			  int64_t by_pmd, int64_t folios)
{
	const int64_t some = 512 * KB;
	int64_t buffers = 0, buffer;
	struct more more;

	CHECK(buffers_of(&scene->sample, &buffers));
	buffer = buffers * devthp_pmd_size();
	more = (struct more){ scene, {
		{ DEVTHP_COUNT_RSS_ANON, bytes + buffer, some },
		{ DEVTHP_COUNT_SYS_ANON, bytes + buffer, 2 * some },
		{ DEVTHP_COUNT_ANON_HUGE, by_pmd + buffer, 0 },
		{ DEVTHP_COUNT_SYS_ANON_HUGE,
		  by_pmd + buffer + huge_elsewhere(scene), 0 },
		{ DEVTHP_COUNT_NR_ANON, folios + buffers, 0 },
		{ DEVTHP_COUNT_PARTIALLY_MAPPED, 0, 0 },
		{ DEVTHP_COUNT_SWAP, 0, some },
	}, ARRAY_SIZE(more.of) };

	CHECK(settles(counters_are, &more));
	return nobody_else_is_here() ? settles(is_all_explained, scene) : RIGHT;
}

/*
 * When what pages map here is back. A child may have pages of the folio that are on the
 * device still: whether that is one, and by what entry it is mapped, is not for us to say.
 */
static const char *counts_by_pages(const struct scene *scene, int64_t bytes)
{
	const int64_t some = 512 * KB;
	int64_t buffers = 0, buffer;
	struct more more;

	if (!scene_is(scene, STATE_SHARED))
		return counts(scene, bytes, 0, 0);
	CHECK(buffers_of(&scene->sample, &buffers));
	buffer = buffers * devthp_pmd_size();
	more = (struct more){ scene, {
		{ DEVTHP_COUNT_RSS_ANON, bytes + buffer, some },
		{ DEVTHP_COUNT_SYS_ANON, bytes + buffer, 2 * some },
		{ DEVTHP_COUNT_ANON_HUGE, buffer, 0 },
		{ DEVTHP_COUNT_SWAP, 0, some },
	}, 4 };
	return settles(counters_are, &more);
}

static const char *counts_on_the_device(const struct scene *scene)
{
	const int64_t huge = devthp_pmd_size();

	return counts(scene, sample_mapped_bytes(&scene->sample),
		      scene_is(scene, STATE_PMD) ? huge : 0,
		      scene_is(scene, STATE_HUGE) ? 1 : 0);
}

TEST_F(counted, on_the_device)
{
	struct scene *scene = &self->scene;

	ASSERT_RIGHT(counts_on_the_device(scene));
	ASSERT_RIGHT(scene_is_unchanged(scene));
	ASSERT_RIGHT(scene_data(scene));
}

/* Nothing is counted twice, nor forgotten, on the way. */
TEST_F(counted, when_it_is_back)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	const int64_t huge = devthp_pmd_size();

	ASSERT_RIGHT(sample_rest_to_system(sample));
	/* What a PMD maps comes back as it is, and what pages map by pages. */
	if (scene_is(scene, STATE_PMD)) {
		ASSERT_RIGHT(counts(scene, huge, huge, 1));
	} else {
		ASSERT_RIGHT(counts_by_pages(scene, sample_mapped_bytes(sample)));
	}
	ASSERT_RIGHT(scene_data(scene));
}

TEST_F(counted, when_it_is_gone)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	size_t i;

	for (i = 0; i < sample->pages; i++)
		if (sample->hole[i] != HOLE_UNMAPPED)
			ASSERT_RIGHT(sample_cut(sample, i, 1, HOLE_UNMAPPED));
	if (!scene_is(scene, STATE_SHARED))
		ASSERT_RIGHT(counts(scene, 0, 0, 0));
	ASSERT_RIGHT(scene_data(scene));
}

/* ---- Statistics of what happened ---- */

#define MATRIX_OF_EVENTS(x, ...)					\
	x(whole, __VA_ARGS__)						\
	x(entries_split, __VA_ARGS__)					\
	x(folio_split, __VA_ARGS__)					\
	x(forked, __VA_ARGS__)						\
	x(forked_thrice, __VA_ARGS__)					\
	x(child_moved, __VA_ARGS__)					\
	x(locked, __VA_ARGS__)						\
	x(from_empty, __VA_ARGS__)

MATRIX(events, MATRIX_OF_EVENTS)

/* PMD entries that map it; who has moved by a page has none. */
static uint64_t pmds_of(const struct scene *scene)
{
	if (!scene_is(scene, STATE_PMD))
		return 0;
	return scene->state->mapcount == ANY_MAPCOUNT ?
	       1 : scene->state->mapcount;
}

/* The end of what is watched since; on a failure the process ends as well. */
#define ASSERT_EVENTS(before, ...)					\
do {									\
	ASSERT_RIGHT(events_were(before, (struct happened){ __VA_ARGS__ })); \
	events_forget(before);						\
} while (0)

/*
 * Who maps a huge folio by pages loses it page by page when it is migrated or
 * split, which puts the folio off to be split, as on 6.12 in system memory.
 */
static int64_t put_off(const struct scene *scene)
{
	return scene_is(scene, STATE_HUGE) &&
	       (!scene_is(scene, STATE_PMD) ||
		scene->state->mapcount == ANY_MAPCOUNT);
}

TEST_F(events, of_migration_of_a_part)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	struct events before;

	ASSERT_RIGHT(events_take(&before));
	ASSERT_EQ(0, devthp_migrate_to_system(sample->dev, sample->addr +
					      100 * devthp_page_size(), 5,
					      NULL));
	ASSERT_EVENTS(&before, .splits = scene_is(scene, STATE_HUGE),
		      .pmds = pmds_of(scene), .deferred = put_off(scene));
	ASSERT_RIGHT(scene_data(scene));
}

/* What a PMD maps goes as it is, both ways; what pages map comes by pages. */
TEST_F(events, of_migration_back_and_there)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	struct events before;

	ASSERT_RIGHT(events_take(&before));
	ASSERT_RIGHT(sample_rest_to_system(sample));
	ASSERT_RIGHT(sample_to_device(sample));
	/* What was split on its way back is not huge on the way there. */
	ASSERT_EVENTS(&before, .splits = scene->state == &state_entries_split,
		      .deferred = put_off(scene) *
				  (scene_is(scene, STATE_PMD) ? 2 : 1));
	ASSERT_RIGHT(scene_data(scene));
}

/* What a PMD maps comes back by it as it is; a page comes out of its folio. */
TEST_F(events, of_a_touch)
{
	struct scene *scene = &self->scene;
	struct events before;

	ASSERT_RIGHT(events_take(&before));
	ASSERT_RIGHT(sample_access(&scene->sample, scene_page(scene),
				   ACCESS_READ));
	if (scene_is(scene, STATE_COHERENT))
		ASSERT_EVENTS(&before, 0);
	else
		ASSERT_EVENTS(&before, .deferred = put_off(scene),
			      .splits = scene->state == &state_entries_split);
	ASSERT_RIGHT(scene_data(scene));
}

TEST_F(events, of_the_device)
{
	struct scene *scene = &self->scene;
	struct events before;

	/* The test's own fault for the buffer, which is huge, too. */
	memset(scene->sample.buffer, 1, devthp_pmd_size());
	ASSERT_RIGHT(events_take(&before));
	ASSERT_RIGHT(sample_device_data(&scene->sample));
	ASSERT_EVENTS(&before, 0);
	ASSERT_RIGHT(scene_data(scene));
}

/* ---- Mapped in part, and in use by the driver, so that it is not split yet ---- */

FIXTURE(in_part)
{
	struct baseline baseline;
	struct sample sample;
	struct devthp_device *driver;
};

FIXTURE_VARIANT(in_part)
{
	enum form form;
};

FIXTURE_VARIANT_ADD(in_part, whole) { .form = FORM_WHOLE };
FIXTURE_VARIANT_ADD(in_part, by_pages) { .form = FORM_BY_PAGES };

FIXTURE_SETUP(in_part)
{
	NEED(driver_needed);
	SETUP_BASELINE(&self->baseline);
	SETUP_SAMPLE(&self->sample, 1);
	ASSERT_RIGHT(driver_open(&self->driver));
	ASSERT_RIGHT(sample_fill_whole(&self->sample));
	ASSERT_RIGHT(form_to_device(&self->sample, variant->form));
	ASSERT_RIGHT(driver_hold(self->driver, self->sample.addr, 1));
}

FIXTURE_TEARDOWN(in_part)
{
	devthp_device_close(self->driver);
	sample_release(&self->sample);
	TEARDOWN_BASELINE(&self->baseline);
}

/* Before it was cut. */
struct parts {
	uint64_t partial;
	int64_t pmds;	/* entries that the cut has to split */
	struct events events;
};

/* It was put off once; by now it is split, or not yet. */
static const char *is_split(const struct parts *before, bool by_now)
{
	const uint64_t want = before->partial + !by_now;
	uint64_t partial;

	CHECK(splits_field("nr_anon_partially_mapped", &partial));
	if (partial != want)
		return wrong("%" PRIu64 " huge folios are mapped in part; should be %" PRIu64,
			     partial, want);
	return events_were(&before->events, (struct happened){
		.deferred = 1, .pmds = before->pmds, .splits = by_now,
	});
}

static const char *is_split_by_now(const void *before)
{
	return is_split(before, true);
}

TEST_F(in_part, until_it_is_split)
{
	struct sample *sample = &self->sample;
	const size_t half = sample->pages / 2;
	struct parts before = { .pmds = variant->form == FORM_WHOLE };

	ASSERT_RIGHT(splits_field("nr_anon_partially_mapped", &before.partial));
	ASSERT_RIGHT(events_take(&before.events));
	ASSERT_RIGHT(sample_cut(sample, half, half, HOLE_DROPPED));
	ASSERT_RIGHT(is_split(&before, false));
	ASSERT_RIGHT(driver_let_go(self->driver, sample->addr, 1, 1));
	ASSERT_RIGHT(settles(is_split_by_now, &before));
	events_forget(&before.events);
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_HARNESS_MAIN
