/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every program of windows includes, in place of harness.h: the points as
 * variants of a fixture, so that each test is made at all of them; or at twice
 * as many if WINDOW_ALL_POINTS is defined before. With WINDOW_NO_SAMPLE, nothing
 * is filled and the device is not open. Where the CPU can use memory of the device, it
 * does not fault, and there are fewer points.
 */
#ifndef WINDOW_HARNESS_H
#define WINDOW_HARNESS_H

#include "baseline.h"
#include "harness.h"
#include "need.h"
#include "swapdisk.h"
#include "window.h"

FIXTURE(between)
{
	struct window window;
	struct swapdisk disk;		/* of a test that needs one */
	struct baseline baseline;
};

FIXTURE_VARIANT(between)
{
	struct window_point at;
};

#define POINT(name, ...)						\
	FIXTURE_VARIANT_ADD(between, name) { .at = { __VA_ARGS__ } }

#define TO_DEVICE .migrate = window_to_device, .to_device = true, .takes_mm = true
#define TO_SYSTEM .migrate = window_to_system, .takes_mm = true
#define FAULT .migrate = window_fault, .takes_mm = true
#define EVICT .migrate = window_evict

POINT(to_device_unmapped, TO_DEVICE, .point = DEVTHP_POINT_TO_DEVICE_SETUP);
POINT(to_device_copied, TO_DEVICE, .point = DEVTHP_POINT_TO_DEVICE_PAGES);
POINT(to_device_split, TO_DEVICE, .no_huge = true,
      .point = DEVTHP_POINT_TO_DEVICE_PAGES);
POINT(to_system_copied, TO_SYSTEM, .point = DEVTHP_POINT_TO_SYSTEM_PAGES);
POINT(to_system_by_pages, TO_SYSTEM, .form = FORM_BY_PAGES,
      .point = DEVTHP_POINT_TO_SYSTEM_SETUP);
POINT(evict_unmapped, EVICT, .point = DEVTHP_POINT_EVICT_RANGE);
POINT(evict_copied, EVICT, .point = DEVTHP_POINT_EVICT_PAGES);

#if DEVICE_MINOR < COHERENT_MINOR
POINT(fault_begun, FAULT, .still_mapped = true,
      .point = DEVTHP_POINT_FAULT_BEFORE);
POINT(fault_unmapped_to_be_split, FAULT, .no_huge = true,
      .point = DEVTHP_POINT_FAULT_SETUP);
POINT(fault_copied, FAULT, .point = DEVTHP_POINT_FAULT_PAGES);

/* The others, where it matters most. */
#ifdef WINDOW_ALL_POINTS
POINT(to_device_unmapped_to_be_split, TO_DEVICE, .no_huge = true,
      .point = DEVTHP_POINT_TO_DEVICE_SETUP);
POINT(to_system_unmapped, TO_SYSTEM, .point = DEVTHP_POINT_TO_SYSTEM_SETUP);
POINT(to_system_unmapped_to_be_split, TO_SYSTEM, .no_huge = true,
      .point = DEVTHP_POINT_TO_SYSTEM_SETUP);
POINT(to_system_split, TO_SYSTEM, .no_huge = true,
      .point = DEVTHP_POINT_TO_SYSTEM_PAGES);
POINT(fault_begun_by_pages, FAULT, .still_mapped = true,
      .form = FORM_BY_PAGES, .point = DEVTHP_POINT_FAULT_BEFORE);
POINT(fault_unmapped, FAULT, .point = DEVTHP_POINT_FAULT_SETUP);
POINT(fault_split, FAULT, .no_huge = true,
      .point = DEVTHP_POINT_FAULT_PAGES);
POINT(evict_by_pages, EVICT, .form = FORM_BY_PAGES,
      .point = DEVTHP_POINT_EVICT_RANGE);
#endif
#endif

FIXTURE_SETUP(between)
{
	SETUP_BASELINE(&self->baseline);
	ASSERT_RIGHT(window_open(&self->window, &variant->at));
	SETUP_SAMPLE(&self->window.sample, 1);
	NEED(window_needed, &self->window);
#ifdef WINDOW_NO_SAMPLE
	sample_release(&self->window.sample);
#else
	ASSERT_RIGHT(window_fill(&self->window));
#endif
}

FIXTURE_TEARDOWN(between)
{
	window_close(&self->window);
	EXPECT_RIGHT(swapdisk_remove(&self->disk));
	EXPECT_STREQ(RIGHT, baseline_is_back(&self->baseline));
	baseline_forget(&self->baseline);
}

#endif
