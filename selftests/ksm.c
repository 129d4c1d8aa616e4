// SPDX-License-Identifier: GPL-2.0
/*
 * KSM merges pages of equal content, by looking at them: memory on a device it
 * cannot see, and leaves alone. Back in system memory it is merged as any is.
 * (Documentation/admin-guide/mm/ksm.rst)
 */
#include <sys/mman.h>

#include "common/harness.h"
#include "common/matrix.h"
#include "common/settle.h"
#include "common/textfile.h"

#define KSM "/sys/kernel/mm/ksm/"

#ifndef MADV_MERGEABLE
#define MADV_MERGEABLE 12
#define MADV_UNMERGEABLE 13
#endif

FIXTURE(ksm)
{
	struct scene scene;
	struct setting run, pages, sleep, smart, zero;
	char *twin;		/* holds what the sample held at the beginning */
};

FIXTURE_VARIANT(ksm)
{
	const struct state *state;
};

/* Not with holes: the pages of the twin that stand for those would be alike. */
#define FOR_EACH_STATE_WITHOUT_HOLES(x, ...)				\
	x(whole, __VA_ARGS__)						\
	x(entries_split, __VA_ARGS__)					\
	x(folio_split, __VA_ARGS__)					\
	x(partly_back, __VA_ARGS__)					\
	x(read_only, __VA_ARGS__)					\
	x(soft_clean, __VA_ARGS__)					\
	x(uffd_wp, __VA_ARGS__)						\
	x(locked, __VA_ARGS__)						\
	x(forked, __VA_ARGS__)						\
	x(forked_thrice, __VA_ARGS__)					\
	x(child_moved, __VA_ARGS__)					\
	x(child_protected, __VA_ARGS__)

FOR_EACH_STATE_WITHOUT_HOLES(STATE_VARIANT, ksm)

/* Two rounds: a page is merged when it has not changed from one to the next. */
static const char *scans(unsigned int rounds)
{
	return file_number_grows(KSM "full_scans", rounds);
}

/* Pages of this process that are merged with others. */
static const char *merged_are(uint64_t want)
{
	uint64_t merged;

	CHECK(file_number("/proc/self/ksm_merging_pages", &merged));
	if (merged != want)
		return wrong("KSM has merged %llu pages; should be %llu",
			     (unsigned long long)merged,
			     (unsigned long long)want);
	return RIGHT;
}

/* It comes by again where a page was in use at the time. */
static const char *all_are_merged(const void *sample)
{
	return merged_are(2 * ((const struct sample *)sample)->pages);
}

FIXTURE_SETUP(ksm)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;

	NEED(file_needed, KSM "run", "CONFIG_KSM");
	SETUP_SCENE(scene, variant->state);
	self->twin = mmap(NULL, bytes_of(sample), PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->twin);
	ASSERT_RIGHT(sample_device_data(sample));
	memcpy(self->twin, sample->buffer, bytes_of(sample));
	ASSERT_EQ(0, madvise(self->twin, bytes_of(sample), MADV_MERGEABLE));
	ASSERT_EQ(0, madvise(sample->addr, bytes_of(sample), MADV_MERGEABLE));
	ASSERT_RIGHT(setting_change(&self->pages, KSM "pages_to_scan", "10000"));
	ASSERT_RIGHT(setting_change(&self->sleep, KSM "sleep_millisecs", "0"));
	/* It skips pages that did not merge so far, for rounds that we count. */
	ASSERT_RIGHT(setting_change(&self->smart, KSM "smart_scan", "0"));
	ASSERT_RIGHT(setting_change(&self->run, KSM "run", "1"));
}

FIXTURE_TEARDOWN(ksm)
{
	setting_restore(&self->smart);
	setting_restore(&self->sleep);
	setting_restore(&self->pages);
	/* 2: unmerge everything, and stop. */
	file_write(KSM "run", "2");
	setting_restore(&self->run);
	if (self->twin)
		munmap(self->twin, bytes_of(&self->scene.sample));
	TEARDOWN_SCENE(&self->scene);
}

/* What is in system memory is merged with its twins. */
static const char *only_others_are_merged(const void *scene)
{
	return merged_are(scene_is(scene, STATE_MIXED) ?
			  2 * SCENE_BACK_PAGES : 0);
}

static const char *left_alone(const struct scene *scene)
{
	CHECK(settles(only_others_are_merged, scene));
	return scene_keeps_device(scene);
}

TEST_F(ksm, leaves_it)
{
	struct scene *scene = &self->scene;

	ASSERT_RIGHT(scans(3));
	ASSERT_RIGHT(left_alone(scene));
	ASSERT_RIGHT(scene_data(scene));
}

TEST_F(ksm, merges_what_came_back)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;

	/* With it, all others go. */
	ASSERT_RIGHT(scene_data(scene));
	ASSERT_RIGHT(sample_bring_back(sample));
	ASSERT_RIGHT(scans(3));
	ASSERT_RIGHT(settles(all_are_merged, sample));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(file_write(KSM "run", "0"));
	/* Merged pages do not go. */
	if (scene_is(scene, STATE_READ_ONLY)) {
		ASSERT_EQ(0, madvise(sample->addr, bytes_of(sample),
				     MADV_UNMERGEABLE));
	} else {
		ASSERT_RIGHT(sample_fill(sample));
	}
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(sample_to_device(sample));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
}

/*
 * Merged pages may go or stay; what is in them is not lost, nor changed for the
 * others. KSM forgets where pages are mapped that it does not find any more, so
 * that it must not be what tells where they have to come back.
 */
TEST_F(ksm, merged_is_migrated)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;

	ASSERT_RIGHT(scene_data(scene));
	ASSERT_RIGHT(sample_bring_back(sample));
	ASSERT_RIGHT(scans(3));
	ASSERT_RIGHT(settles(all_are_merged, sample));
	ASSERT_RIGHT(file_write(KSM "run", "0"));
	devthp_migrate_to_device(sample->dev, sample->addr, sample->pages,
				 NULL);
	ASSERT_RIGHT(file_write(KSM "run", "1"));
	ASSERT_RIGHT(scans(2));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
	memcpy(sample->buffer, self->twin, bytes_of(sample));
	ASSERT_RIGHT(sample_compare(sample, sample->buffer, 0, sample->pages,
				    "the CPU reads the other"));
	/* Or it would merge again what the device has just made its own. */
	ASSERT_RIGHT(file_write(KSM "run", "0"));
	if (!scene_is(scene, STATE_READ_ONLY)) {
		ASSERT_RIGHT(sample_device_write(sample));
		ASSERT_RIGHT(sample_fill(sample));
	}
	ASSERT_EQ(0, madvise(sample->addr, bytes_of(sample), MADV_UNMERGEABLE));
	ASSERT_RIGHT(sample_data(sample));
}

/* What was asked for is taken back while there is something on the device. */
TEST_F(ksm, not_any_more)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;

	ASSERT_RIGHT(scans(2));
	ASSERT_RIGHT(settles(only_others_are_merged, scene));
	ASSERT_EQ(0, madvise(sample->addr, bytes_of(sample), MADV_UNMERGEABLE));
	ASSERT_RIGHT(scene_keeps_device(scene));
	ASSERT_RIGHT(scene_data(scene));
	ASSERT_RIGHT(scans(3));
	/* The twins of what was merged before remain. */
	ASSERT_RIGHT(merged_are(scene_is(scene, STATE_MIXED) ?
				SCENE_BACK_PAGES : 0));
}

/* ---- Empty pages, in whose place it maps zero pages, and counts these ---- */

FIXTURE(empty)
{
	struct baseline baseline;
	struct sample sample;
	struct setting run, pages, sleep, smart, zero;
	uint64_t before;
};

/* Of small pages: only such are compared. */
FIXTURE_SETUP(empty)
{
	struct sample *sample = &self->sample;

	NEED(file_needed, KSM "use_zero_pages", "CONFIG_KSM");
	SETUP_BASELINE(&self->baseline);
	SETUP_SAMPLE(sample, 1);
	ASSERT_RIGHT(file_number(KSM "ksm_zero_pages", &self->before));
	ASSERT_EQ(0, madvise(sample->addr, bytes_of(sample), MADV_NOHUGEPAGE));
	memset(sample->addr, 0, bytes_of(sample));
	ASSERT_EQ(0, madvise(sample->addr, bytes_of(sample), MADV_MERGEABLE));
	ASSERT_RIGHT(setting_change(&self->zero, KSM "use_zero_pages", "1"));
	ASSERT_RIGHT(setting_change(&self->pages, KSM "pages_to_scan", "10000"));
	ASSERT_RIGHT(setting_change(&self->sleep, KSM "sleep_millisecs", "0"));
	ASSERT_RIGHT(setting_change(&self->smart, KSM "smart_scan", "0"));
	ASSERT_RIGHT(setting_change(&self->run, KSM "run", "1"));
}

FIXTURE_TEARDOWN(empty)
{
	setting_restore(&self->smart);
	setting_restore(&self->sleep);
	setting_restore(&self->pages);
	file_write(KSM "run", "2");
	setting_restore(&self->run);
	setting_restore(&self->zero);
	sample_release(&self->sample);
	TEARDOWN_BASELINE(&self->baseline);
}

static const char *zero_pages_are(uint64_t want)
{
	uint64_t pages;

	CHECK(file_number(KSM "ksm_zero_pages", &pages));
	if (pages != want)
		return wrong("KSM has %llu zero pages; should have %llu",
			     (unsigned long long)pages,
			     (unsigned long long)want);
	return RIGHT;
}

static const char *all_are_zero_pages(const void *arg)
{
	const FIXTURE_DATA(empty) *self = arg;

	return zero_pages_are(self->before + self->sample.pages);
}

/* The device's pages take their place, and their count ends with them. */
TEST_F(empty, is_counted_while_it_is_there)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(scans(3));
	ASSERT_RIGHT(settles(all_are_zero_pages, self));
	ASSERT_RIGHT(file_write(KSM "run", "0"));
	ASSERT_RIGHT(sample_to_device(sample));
	ASSERT_RIGHT(zero_pages_are(self->before));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(zero_pages_are(self->before));
}

TEST_HARNESS_MAIN
