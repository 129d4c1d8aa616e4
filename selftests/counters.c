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
#include "common/form.h"
#include "common/matrix.h"
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
};

static const char *counters_are(const void *arg)
{
	const struct more *more = arg;
	struct devthp_counters *now;
	const char *verdict = RIGHT;
	size_t i;

	file_write("/proc/sys/vm/stat_refresh", "1");
	CHECK(went_well("read counters", devthp_counters_take(&now)));
	for (i = 0; i < ARRAY_SIZE(more->of) && is_right(verdict); i++) {
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
	} };

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
	/* The driver takes a huge page for a folio of which all is mapped. */
	if (scene_is(scene, STATE_PMD)) {
		ASSERT_RIGHT(counts(scene, huge, huge, 1));
	} else if (!scene_is(scene, STATE_HUGE)) {
		ASSERT_RIGHT(counts(scene, sample_mapped_bytes(sample), 0, 0));
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

/* ---- Statistics of what happened: splits, by size and in all ---- */

#define MATRIX_OF_SPLITS(x, ...)					\
	x(whole, __VA_ARGS__)						\
	x(entries_split, __VA_ARGS__)					\
	x(folio_split, __VA_ARGS__)					\
	x(forked, __VA_ARGS__)						\
	x(forked_thrice, __VA_ARGS__)					\
	x(child_moved, __VA_ARGS__)					\
	x(locked, __VA_ARGS__)						\
	x(from_empty, __VA_ARGS__)

MATRIX(splits, MATRIX_OF_SPLITS)

/* So many folios were split since, and PMD entries, and no split has failed. */
static const char *splits_were(const struct splits *before,
			       uint64_t folios, uint64_t pmds)
{
	struct splits now;

	CHECK(splits_read(&now));
	if (now.splits - before->splits != folios)
		return wrong("%" PRIu64 " huge folios were split; should be %" PRIu64,
			     now.splits - before->splits, folios);
	if (now.pages - before->pages != folios)
		return wrong("thp_split_page counts %" PRIu64 "; should count %" PRIu64,
			     now.pages - before->pages, folios);
	if (now.failed != before->failed ||
	    now.pages_failed != before->pages_failed)
		return wrong("splits have failed");
	if (now.pmds - before->pmds != pmds)
		return wrong("thp_split_pmd counts %" PRIu64 "; should count %" PRIu64,
			     now.pmds - before->pmds, pmds);
	return RIGHT;
}

/* PMD entries that map it; who has moved by a page has none. */
static uint64_t pmds_of(const struct scene *scene)
{
	if (!scene_is(scene, STATE_PMD))
		return 0;
	return scene->state->mapcount == ANY_MAPCOUNT ?
	       1 : scene->state->mapcount;
}

TEST_F(splits, by_migration)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	struct splits before;

	ASSERT_RIGHT(splits_read(&before));
	ASSERT_EQ(0, devthp_migrate_to_system(sample->dev, sample->addr +
					      100 * devthp_page_size(), 5,
					      NULL));
	ASSERT_RIGHT(splits_were(&before, scene_is(scene, STATE_HUGE) ? 1 : 0,
				 pmds_of(scene)));
	ASSERT_RIGHT(scene_data(scene));
}

/* What a PMD maps comes back by it as it is; a page comes out of its folio. */
TEST_F(splits, by_a_touch)
{
	struct scene *scene = &self->scene;
	struct splits before;

	ASSERT_RIGHT(splits_read(&before));
	ASSERT_RIGHT(sample_access(&scene->sample, scene_page(scene),
				   ACCESS_READ));
	ASSERT_RIGHT(splits_were(&before,
				 scene->state == &state_entries_split &&
				 !scene_is(scene, STATE_COHERENT), 0));
	ASSERT_RIGHT(scene_data(scene));
}

TEST_F(splits, not_by_the_device)
{
	struct scene *scene = &self->scene;
	struct splits before;

	ASSERT_RIGHT(splits_read(&before));
	ASSERT_RIGHT(sample_device_data(&scene->sample));
	ASSERT_RIGHT(splits_were(&before, 0, 0));
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
	ASSERT_RIGHT(baseline_take(&self->baseline));
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

struct parts {
	uint64_t partial, deferred, splits;
};

static const char *read_parts(struct parts *now)
{
	CHECK(splits_field("nr_anon_partially_mapped", &now->partial));
	CHECK(splits_field("split_deferred", &now->deferred));
	return splits_field("split", &now->splits);
}

/* It was put off once; by now it is split, or not yet. */
static const char *is_split(const struct parts *before, bool by_now)
{
	struct parts now;

	CHECK(read_parts(&now));
	if (now.partial - before->partial != !by_now)
		return wrong("%" PRIu64 " huge folios are mapped in part; should be %" PRIu64,
			     now.partial, before->partial + !by_now);
	if (now.deferred - before->deferred != 1)
		return wrong("%" PRIu64 " splits were put off; should be 1",
			     now.deferred - before->deferred);
	if (now.splits - before->splits != by_now)
		return wrong("%" PRIu64 " huge folios were split; should be %d",
			     now.splits - before->splits, by_now);
	return RIGHT;
}

static const char *is_split_by_now(const void *before)
{
	return is_split(before, true);
}

TEST_F(in_part, until_it_is_split)
{
	struct sample *sample = &self->sample;
	const size_t half = sample->pages / 2;
	struct parts before;

	ASSERT_RIGHT(read_parts(&before));
	ASSERT_RIGHT(sample_cut(sample, half, half, HOLE_DROPPED));
	ASSERT_RIGHT(is_split(&before, false));
	ASSERT_RIGHT(driver_let_go(self->driver, sample->addr, 1, 1));
	ASSERT_RIGHT(settles(is_split_by_now, &before));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_HARNESS_MAIN
