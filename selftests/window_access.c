// SPDX-License-Identifier: GPL-2.0
/*
 * Who accesses memory between the steps of its migration waits until that is
 * over, and then has it.
 */
#include "common/pin.h"
#include "common/window_harness.h"

static const char *cpu_reads(struct window *window)
{
	return sample_access(&window->sample, 0, ACCESS_READ);
}

static const char *cpu_writes(struct window *window)
{
	return sample_access(&window->sample, window_page(window),
			     ACCESS_WRITE);
}

static const char *kernel_writes(struct window *window)
{
	return sample_access(&window->sample, window_page(window),
			     ACCESS_KERNEL_WRITE);
}

static const char *device_reads(struct window *window)
{
	return sample_device_data(&window->sample);
}

static const char *device_writes(struct window *window)
{
	return sample_device_write(&window->sample);
}

static const char *other_device_reads(struct window *window)
{
	struct sample *sample = &window->sample;

	return went_well("another device reads",
			 sample_device_reads(window->second, sample->addr,
					     sample->pages, sample->buffer));
}

static const char *pinned(struct window *window, enum pin_how how)
{
	struct sample *sample = &window->sample;
	struct pin pin = { 0 };

	CHECK(pin_take(&pin, how, sample->addr, sample->pages));
	return pin_drop(&pin, NULL);
}

static const char *is_pinned_slow(struct window *window)
{
	return pinned(window, PIN_SLOW);
}

static const char *is_pinned_fast(struct window *window)
{
	return pinned(window, PIN_FAST);
}

TEST_F(between, cpu_reads)
{
	ASSERT_RIGHT(window_intrude(&self->window, cpu_reads, true));
	ASSERT_RIGHT(window_end(&self->window));
}

TEST_F(between, cpu_writes)
{
	ASSERT_RIGHT(window_intrude(&self->window, cpu_writes, true));
	ASSERT_RIGHT(window_end(&self->window));
}

TEST_F(between, kernel_writes)
{
	ASSERT_RIGHT(window_intrude(&self->window, kernel_writes, true));
	ASSERT_RIGHT(window_end(&self->window));
}

/* The device has access as long as nothing was unmapped. */
TEST_F(between, device_reads)
{
	ASSERT_RIGHT(window_intrude(&self->window, device_reads,
				    !variant->at.still_mapped));
	ASSERT_RIGHT(window_end(&self->window));
}

TEST_F(between, device_writes)
{
	ASSERT_RIGHT(window_intrude(&self->window, device_writes,
				    !variant->at.still_mapped));
	ASSERT_RIGHT(window_end(&self->window));
}

TEST_F(between, other_device_reads)
{
	ASSERT_RIGHT(device_open(&self->window.second, device_minor + 1));
	ASSERT_RIGHT(window_intrude(&self->window, other_device_reads, true));
	ASSERT_RIGHT(window_end(&self->window));
}

TEST_F(between, pinned_slow)
{
	NEED(pin_needed, PIN_SLOW);
	ASSERT_RIGHT(window_intrude(&self->window, is_pinned_slow, true));
	ASSERT_RIGHT(window_end(&self->window));
}

TEST_F(between, pinned_fast)
{
	NEED(pin_needed, PIN_FAST);
	ASSERT_RIGHT(window_intrude(&self->window, is_pinned_fast, true));
	ASSERT_RIGHT(window_end(&self->window));
}

TEST_HARNESS_MAIN
