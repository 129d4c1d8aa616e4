// SPDX-License-Identifier: GPL-2.0
/*
 * Others want to migrate, evict, collapse or reclaim what is being migrated, or
 * look at it: they leave it alone, and do not wait. Who needs memory for that
 * is a child, as to map some has to wait.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "common/reclaim.h"
#include "common/settle.h"
#include "common/textfile.h"
#include "common/window_harness.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

static const char *migrates_to_device(struct window *window)
{
	struct sample *sample = &window->sample;
	int err = devthp_migrate_to_device(window->second, sample->addr,
					   sample->pages, NULL);

	if (err != -ENOENT)
		return wrong("migrating what is migrated gives %d", err);
	return RIGHT;
}

static const char *migrates_to_system(struct window *window)
{
	struct sample *sample = &window->sample;

	return went_well("migrate to system memory",
			 devthp_migrate_to_system(window->second, sample->addr,
						  sample->pages, NULL));
}

/* Which evicts the device. */
static const char *closes(struct window *window)
{
	int err = devthp_device_close(window->second);

	window->second = NULL;
	return went_well("close the device", err);
}

/* All its memory: also what the migration has taken already. */
static const char *releases(struct window *window)
{
	return went_well("release the device",
			 devthp_device_evict(window->second));
}

/* All that is migrated may be refused; what is beside it, not. */
static const char *reclaims(struct window *window)
{
	struct sample *sample = &window->sample;
	const size_t size = sample->pages * devthp_page_size();
	const time_t limit = time(NULL) + PATIENCE;
	uint64_t before, after;

	CHECK(file_field("/proc/vmstat", "pswpout", &before));
	madvise(sample->addr, size, MADV_COLD);
	madvise(sample->addr, size, MADV_PAGEOUT);
	madvise(sample->addr, size / 2, MADV_PAGEOUT);
	/* What was used lately is passed over at first. */
	do {
		madvise(sample->buffer, size, MADV_PAGEOUT);
		CHECK(file_field("/proc/vmstat", "pswpout", &after));
	} while (after == before && time(NULL) < limit);
	return after > before ? RIGHT : wrong("nothing was swapped out");
}

static const char *collapses(struct window *window)
{
	struct sample *sample = &window->sample;

	madvise(sample->addr, sample->pages * devthp_page_size(),
		MADV_COLLAPSE);
	return RIGHT;
}

static const char *looks(struct window *window)
{
	struct sample *sample = &window->sample;
	struct devthp_snapshot_opts opts = {
		.size = sizeof(opts),
		.pid = sample->owner,
	};
	struct devthp_snapshot *snap;
	char text[4096];
	int fd;

	CHECK(went_well("take a snapshot",
			devthp_snapshot_take(&snap, sample->addr,
					     sample->pages, &opts)));
	devthp_snapshot_free(snap);
	opts.sources = DEVTHP_SOURCE_PAGEMAP | DEVTHP_SOURCE_KPAGE;
	CHECK(went_well("take a snapshot without the probe",
			devthp_snapshot_take(&snap, sample->addr,
					     sample->pages, &opts)));
	devthp_snapshot_free(snap);

	snprintf(text, sizeof(text), "/proc/%d/smaps", sample->owner);
	fd = open(text, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return went_well(text, -errno);
	while (read(fd, text, sizeof(text)) > 0)
		;
	close(fd);
	return RIGHT;
}

static const char *can_read(struct window *window)
{
	return sample_data(&window->sample);
}

TEST_F(between, same_device_migrates_back)
{
	ASSERT_RIGHT(device_open(&self->window.second, 0));
	ASSERT_RIGHT(window_intrude(&self->window, migrates_to_system, false));
	ASSERT_RIGHT(window_end(&self->window));
}

TEST_F(between, other_device_migrates)
{
	ASSERT_RIGHT(device_open(&self->window.second, 1));
	ASSERT_RIGHT(window_child_intrudes(&self->window, migrates_to_device,
					   false, can_read));
	ASSERT_RIGHT(window_end(&self->window));
}

TEST_F(between, device_closes)
{
	ASSERT_RIGHT(device_open(&self->window.second, 0));
	ASSERT_RIGHT(window_intrude(&self->window, closes, false));
	ASSERT_RIGHT(window_end(&self->window));
}

/* It waits as soon as there is device memory that the migration is about. */
TEST_F(between, device_released)
{
	const bool uses_memory = !variant->at.to_device ||
				 variant->at.point ==
				 HMM_DMIRROR_PAUSE_TO_DEV_PAGES;

	ASSERT_RIGHT(device_open(&self->window.second, 0));
	ASSERT_RIGHT(window_intrude(&self->window, releases, uses_memory));
	ASSERT_RIGHT(window_end(&self->window));
}

/* With swap space, or reclaim would not even look at it. */
TEST_F(between, reclaimed)
{
	struct sample *sample = &self->window.sample;

	NEED(swapdisk_needed);
	ASSERT_RIGHT(swapdisk_make(&self->disk, 16 * devthp_pmd_size()));
	ASSERT_RIGHT(swapdisk_swap_on(&self->disk));
	memset(sample->buffer, 1, bytes_of(sample));
	ASSERT_RIGHT(window_intrude(&self->window, reclaims, false));
	/* What came back in the end can be swapped out as any. */
	ASSERT_RIGHT(reclaim_sample(sample));
	ASSERT_RIGHT(window_end(&self->window));
}

TEST_F(between, collapsed)
{
	ASSERT_RIGHT(window_intrude(&self->window, collapses, false));
	ASSERT_RIGHT(window_end(&self->window));
}

TEST_F(between, looked_at)
{
	ASSERT_RIGHT(window_child_intrudes(&self->window, looks, false,
					   can_read));
	ASSERT_RIGHT(window_end(&self->window));
}

TEST_HARNESS_MAIN
