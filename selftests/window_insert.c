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
#include "common/harness.h"
#include "common/need.h"
#include "common/window.h"

FIXTURE(insert)
{
	struct window window;
	struct baseline baseline;
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
			.point = HMM_DMIRROR_PAUSE_TO_DEV_##where,	\
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

	ASSERT_RIGHT(baseline_take(&self->baseline));
	ASSERT_RIGHT(window_open(&self->window, &variant->at));
	SETUP_SAMPLE(sample, 1);
	NEED(window_needed, &self->window);
	self->window.evictor = open("/dev/hmm_dmirror1", O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->window.evictor);
	if (variant->zero)
		ASSERT_RIGHT(sample_data(sample));
}

FIXTURE_TEARDOWN(insert)
{
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

	if (ioctl(window->evictor, HMM_DMIRROR_MIGRATE_TO_DEV, &cmd) &&
	    errno != ENOENT)
		return went_well("migrate to another device", -errno);
	return RIGHT;
}

TEST_F(insert, read)
{
	ASSERT_RIGHT(window_intrude(&self->window, cpu_reads,
				    variant->inserted));
	ASSERT_RIGHT(window_end(&self->window));
}

TEST_F(insert, written)
{
	ASSERT_RIGHT(window_intrude(&self->window, cpu_writes,
				    variant->inserted));
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

TEST_HARNESS_MAIN
