// SPDX-License-Identifier: GPL-2.0
/*
 * Nothing, or the huge zero page, is about to become memory of the device, or
 * just did. Others are faster, and what they bring stays; or they come later,
 * and find what the device has.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <lib/test_hmm_uapi.h>

#include "common/baseline.h"
#include "common/driver.h"
#include "common/harness.h"
#include "common/need.h"
#include "common/window.h"

/* ---- By two threads of one file, and by another file of the same device ---- */

/*
 * Without the library, whose objects are used by one thread at a time, and which
 * would map memory in the window.
 */
static struct files {
	int one, another;
	char *migrated, *written, *read;	/* as large as the sample */
} files;

static int file_command(int fd, const struct window *window,
			unsigned long request, char *data)
{
	struct hmm_dmirror_cmd cmd = {
		.addr = (uintptr_t)window->sample.addr,
		.ptr = (uintptr_t)data,
		.npages = window->sample.pages,
	};

	return ioctl(fd, request, &cmd) ? -errno : 0;
}

static const char *next_allocation_fails(struct window *window)
{
	struct hmm_dmirror_cmd cmd = {
		.addr = (uintptr_t)window->sample.addr,
		.npages = HMM_DMIRROR_FLAG_FAIL_ALLOC,
	};

	return went_well("let the next allocation fail",
			 ioctl(files.one, HMM_DMIRROR_FLAGS, &cmd) ? -errno : 0);
}

static const char *files_open(struct window *window)
{
	const size_t size = bytes_of(&window->sample);
	const bool fails_first = window->at->point ==
				 DEVTHP_POINT_TO_DEVICE_PAGES;
	char *room = mmap(NULL, 3 * size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (room == MAP_FAILED)
		return went_well("mmap", -errno);
	files.migrated = room;
	files.written = room + size;
	files.read = room + 2 * size;
	CHECK(driver_file(&files.one));
	CHECK(driver_file(&files.another));
	if (window->at->no_huge && fails_first)
		CHECK(next_allocation_fails(window));
	return RIGHT;
}

static void files_close(struct window *window)
{
	if (!files.migrated)
		return;
	close(files.one);
	close(files.another);
	munmap(files.migrated, 3 * bytes_of(&window->sample));
}

/* Whoever was faster, this file has the memory then, and what is in it. */
static const char *file_migrates(struct window *window)
{
	const struct sample *sample = &window->sample;

	CHECK(went_well("migrate by a file",
			file_command(files.one, window,
				     HMM_DMIRROR_MIGRATE_TO_DEV,
				     files.migrated)));
	return sample_compare(sample, files.migrated, 0, sample->pages,
			      "the file reads");
}

/* If it comes too late for that, it does not wait for what is inserted. */
static const char *same_file_migrates(struct window *window)
{
	const struct sample *sample = &window->sample;
	const int late = window->at->point == DEVTHP_POINT_TO_DEVICE_PAGES;
	int err = file_command(files.one, window, HMM_DMIRROR_MIGRATE_TO_DEV,
			       files.read);

	if (late && err == -ENOENT)
		return RIGHT;
	CHECK(went_well("migrate by the same file", err));
	CHECK(sample_compare(sample, files.read, 0, sample->pages,
			     "the intruder reads"));
	return window->at->no_huge && !late ? next_allocation_fails(window) :
					      RIGHT;
}

static const char *has_nothing(struct window *window)
{
	return sample_data(&window->sample);
}

static const char *same_file_reads(struct window *window)
{
	const struct sample *sample = &window->sample;

	CHECK(went_well("read by the same file",
			file_command(files.one, window, HMM_DMIRROR_READ,
				     files.read)));
	return sample_compare(sample, files.read, 0, sample->pages,
			      "the same file reads");
}

static const char *another_file_writes(struct window *window)
{
	struct sample *sample = &window->sample;

	CHECK(same_file_reads(window));
	CHECK(sample_make_next(sample, files.written, 0, sample->pages));
	CHECK(went_well("write by another file",
			file_command(files.another, window, HMM_DMIRROR_WRITE,
				     files.written)));
	return same_file_reads(window);
}

/* In place of the fixture's way to migrate. */
static const char *migrate_by_file(struct window *window,
				   struct window_point *by_file)
{
	*by_file = *window->at;
	by_file->migrate = file_migrates;
	window->at = by_file;
	return files_open(window);
}

static int other_device = -1;	/* without the library, as above */

FIXTURE(insert)
{
	struct window window;
	struct baseline baseline;
	struct window_point by_file;
};

FIXTURE_VARIANT(insert)
{
	struct window_point at;
	bool zero;		/* the huge zero page is there */
	bool inserted;		/* it is done, but for the driver's mapping */
};

#define VARIANT(name, where, is_inserted, no_huge_page, is_zero)		\
	FIXTURE_VARIANT_ADD(insert, name) {				\
		.at = {							\
			.migrate = window_to_device,			\
			.to_device = true, .takes_mm = true,		\
			.point = DEVTHP_POINT_TO_DEVICE_##where,	\
			.no_huge = no_huge_page,			\
		},							\
		.inserted = is_inserted, .zero = is_zero		\
	}

VARIANT(nothing, SETUP, false, false, false);
VARIANT(nothing_to_small, SETUP, false, true, false);
VARIANT(zero, SETUP, false, false, true);
VARIANT(zero_to_small, SETUP, false, true, true);
VARIANT(done, PAGES, true, false, false);
VARIANT(done_small, PAGES, true, true, false);

FIXTURE_SETUP(insert)
{
	struct sample *sample = &self->window.sample;

	SETUP_BASELINE(&self->baseline);
	ASSERT_RIGHT(window_open(&self->window, &variant->at));
	SETUP_SAMPLE(sample, 1);
	NEED(window_needed, &self->window);
	NEED(driver_file_needed);
	ASSERT_RIGHT(driver_other_file(&other_device));
	if (variant->zero)
		ASSERT_RIGHT(sample_data(sample));
}

FIXTURE_TEARDOWN(insert)
{
	if (other_device >= 0)
		close(other_device);
	files_close(&self->window);
	window_close(&self->window);
	TEARDOWN_BASELINE(&self->baseline);
}

static const char *cpu_reads(struct window *window)
{
	return sample_access(&window->sample, window_page(window), ACCESS_READ);
}

static const char *cpu_writes(struct window *window)
{
	return sample_access(&window->sample, window_page(window),
			     ACCESS_WRITE);
}

static const char *device_writes(struct window *window)
{
	return sample_device_write(&window->sample);
}

static const char *drops(struct window *window)
{
	struct sample *sample = &window->sample;

	if (madvise(sample->addr, sample->pages * devthp_page_size(),
		    MADV_DONTNEED))
		return went_well("MADV_DONTNEED", -errno);
	return RIGHT;
}

/* Without the library, which would map memory for that. */
static const char *other_device_migrates(struct window *window)
{
	struct sample *sample = &window->sample;
	struct hmm_dmirror_cmd cmd = {
		.addr = (uintptr_t)sample->addr,
		.ptr = (uintptr_t)sample->buffer,
		.npages = sample->pages,
	};

	if (ioctl(other_device, HMM_DMIRROR_MIGRATE_TO_DEV, &cmd) &&
	    errno != ENOENT)
		return went_well("migrate to another device", -errno);
	return RIGHT;
}

/* What the CPU can use on the device is no longer waited for when it is mapped. */
TEST_F(insert, read)
{
	ASSERT_RIGHT(window_intrude(&self->window, cpu_reads, variant->inserted &&
				    !self->window.sample.coherent));
	ASSERT_RIGHT(window_end(&self->window));
}

TEST_F(insert, written)
{
	ASSERT_RIGHT(window_intrude(&self->window, cpu_writes, variant->inserted &&
				    !self->window.sample.coherent));
	ASSERT_RIGHT(window_end(&self->window));
}

/* What is inserted is the device's own. */
TEST_F(insert, device_writes)
{
	ASSERT_RIGHT(window_intrude(&self->window, device_writes, false));
	ASSERT_RIGHT(window_end(&self->window));
}

/* What the CPU writes then is not in what the device has had, if anything. */
TEST_F(insert, dropped)
{
	ASSERT_RIGHT(window_intrude(&self->window, drops, false));
	ASSERT_RIGHT(sample_fill(&self->window.sample));
	ASSERT_RIGHT(window_end(&self->window));
}

TEST_F(insert, other_device_migrates)
{
	ASSERT_RIGHT(window_intrude(&self->window, other_device_migrates,
				    false));
	ASSERT_RIGHT(window_end(&self->window));
}

/*
 * What the one has inserted, neither of them loses. By a child, for the memory of
 * its parent: a thread changes mappings when it ends, which the device is told of
 * and takes for a reason to look at all of them again.
 */
TEST_F(insert, same_file_migrates)
{
	ASSERT_RIGHT(migrate_by_file(&self->window, &self->by_file));
	ASSERT_RIGHT(window_child_intrudes(&self->window, same_file_migrates,
					   false, has_nothing));
	ASSERT_RIGHT(same_file_reads(&self->window));
	ASSERT_RIGHT(window_end(&self->window));
}

/* The zero page that it has read before is not what it reads then. */
TEST_F(insert, another_file_writes)
{
	ASSERT_RIGHT(migrate_by_file(&self->window, &self->by_file));
	if (variant->zero || variant->inserted)
		ASSERT_RIGHT(same_file_reads(&self->window));
	ASSERT_RIGHT(window_intrude(&self->window, another_file_writes, false));
	ASSERT_RIGHT(same_file_reads(&self->window));
	ASSERT_RIGHT(window_end(&self->window));
}

TEST_HARNESS_MAIN
