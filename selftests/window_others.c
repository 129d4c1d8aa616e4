// SPDX-License-Identifier: GPL-2.0
/*
 * Others want to migrate, evict, collapse or reclaim what is being migrated, or
 * look at it: they leave it alone, and do not wait. Who needs memory for that
 * is a child, as to map some has to wait.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
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
	ASSERT_RIGHT(device_open(&self->window.second, device_minor));
	ASSERT_RIGHT(window_intrude(&self->window, migrates_to_system, false));
	ASSERT_RIGHT(window_end(&self->window));
}

TEST_F(between, other_device_migrates)
{
	ASSERT_RIGHT(device_open(&self->window.second, device_minor + 1));
	ASSERT_RIGHT(window_child_intrudes(&self->window, migrates_to_device,
					   false, can_read));
	ASSERT_RIGHT(window_end(&self->window));
}

TEST_F(between, device_closes)
{
	ASSERT_RIGHT(device_open(&self->window.second, device_minor));
	ASSERT_RIGHT(window_intrude(&self->window, closes, false));
	ASSERT_RIGHT(window_end(&self->window));
}

/* It waits as soon as there is device memory that the migration is about. */
TEST_F(between, device_released)
{
	const bool uses_memory = !variant->at.to_device ||
				 variant->at.point ==
				 DEVTHP_POINT_TO_DEVICE_PAGES;

	ASSERT_RIGHT(device_open(&self->window.second, device_minor));
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

/* ---- The device is about to give up its memory, and stopped at one folio ---- */

FIXTURE(giving_up)
{
	struct window window;
	struct baseline baseline;
};

static const char *gives_up(struct window *window)
{
	return went_well("release the device",
			 devthp_device_evict(window->sample.dev));
}

static const struct window_point giving_up = {
	.migrate = gives_up,
	.point = DEVTHP_POINT_EVICT_RANGE,
};

/* Of two folios; whoever intrudes has a file of its own. */
FIXTURE_SETUP(giving_up)
{
	SETUP_BASELINE(&self->baseline);
	ASSERT_RIGHT(window_open(&self->window, &giving_up));
	SETUP_SAMPLE(&self->window.sample, 2);
	NEED(window_needed, &self->window);
	ASSERT_RIGHT(device_open(&self->window.second, device_minor));
}

FIXTURE_TEARDOWN(giving_up)
{
	window_close(&self->window);
	TEARDOWN_BASELINE(&self->baseline);
}

/* The folio that is not being evicted, whichever of them that is. */
static const char *the_other_is_back(const struct sample *sample)
{
	size_t i, back = 0;

	CHECK(sample_look(sample));
	for (i = 0; i < sample->pages; i++)
		back += sample->page[i].location == DEVTHP_LOC_SYSTEM;
	if (back != sample->folio_pages)
		return wrong("%zu pages are in system memory; should be %zu",
			     back, sample->folio_pages);
	return RIGHT;
}

static const char *evicts_the_other(struct window *window)
{
	const struct sample *sample = &window->sample;
	struct devthp_eviction report = { .size = sizeof(report) };

	CHECK(went_well("evict the device",
			devthp_device_drain(window->second, &report)));
	if (report.evicted != sample->folio_pages)
		return wrong("%llu pages were evicted; should be %zu",
			     (unsigned long long)report.evicted,
			     sample->folio_pages);
	return the_other_is_back(sample);
}

static const char *closes_another_file(struct window *window)
{
	CHECK(closes(window));
	return the_other_is_back(&window->sample);
}

static const char *releases_too(struct sample *sample, struct peer *parent)
{
	struct window *window = (struct window *)
		((char *)sample - offsetof(struct window, sample));

	CHECK(peer_wait(parent));
	return releases(window);
}

/* Who is found asleep in the kernel so many times in a row waits for the other. */
#define LOOKS 20

static const char *kills_who_waits(struct window *window)
{
	struct peer *waiting = &window->sharer;
	const time_t limit = time(NULL) + PATIENCE;
	int status, looks = 0;
	char state;

	CHECK(peer_tell(waiting));
	while (looks < LOOKS) {
		if (time(NULL) > limit)
			return wrong("a second release does not wait for the first");
		sched_yield();
		CHECK(task_state(waiting->pid, &state));
		looks = state == 'D' ? looks + 1 : 0;
	}
	if (kill(waiting->pid, SIGKILL))
		return went_well("kill who waits", -errno);
	status = peer_status(waiting);
	waiting->pid = 0;
	if (!WIFSIGNALED(status))
		return wrong("who waits ended with status %#x", status);
	return RIGHT;
}

TEST_F(giving_up, evicted)
{
	ASSERT_RIGHT(window_fill(&self->window));
	ASSERT_RIGHT(window_intrude(&self->window, evicts_the_other, false));
	ASSERT_RIGHT(window_end(&self->window));
}

TEST_F(giving_up, another_file_closes)
{
	ASSERT_RIGHT(window_fill(&self->window));
	ASSERT_RIGHT(window_intrude(&self->window, closes_another_file, false));
	ASSERT_RIGHT(window_end(&self->window));
}

/* It is not done before the memory is gone that was there when it came. */
TEST_F(giving_up, released_again)
{
	ASSERT_RIGHT(window_fill(&self->window));
	ASSERT_RIGHT(window_intrude(&self->window, releases, true));
	ASSERT_RIGHT(window_end(&self->window));
}

/* By a child, which shares none of the memory: it was there before that. */
TEST_F(giving_up, who_releases_again_is_killed)
{
	ASSERT_RIGHT(peer_fork(&self->window.sharer, releases_too,
			       &self->window.sample));
	ASSERT_RIGHT(window_fill(&self->window));
	ASSERT_RIGHT(window_intrude(&self->window, kills_who_waits, false));
	ASSERT_RIGHT(window_end(&self->window));
}

TEST_HARNESS_MAIN
