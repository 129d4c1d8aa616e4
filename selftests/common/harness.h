/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every test program includes, once: the harness defines functions and
 * cannot be shared by several object files.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include "kselftest_harness.h"

#include <stdlib.h>
#include <unistd.h>

#include <devthp.h>

#include "layout.h"
#include "need.h"
#include "ready.h"
#include "sample.h"
#include "settle.h"
#include "textfile.h"
#include "undo.h"
#include "verdict.h"

/*
 * A program may be compiled once more, for devices of another kind: see Makefile.
 */
#ifndef DEVICE_MINOR
#define DEVICE_MINOR 0
#endif
unsigned int device_minor = DEVICE_MINOR;

/* Longer than a test waits for anything, so that it can say what did not come. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT (3 * PATIENCE)

/*
 * Variants that a short run leaves out are taken out of the harness's list, which would
 * start a process for each of their tests. But not the last one of a fixture: without any,
 * that would be one that has no variants.
 */
static unsigned int variants_left_out;

static inline void leave_out(struct __fixture_metadata *fixture,
			     struct __fixture_variant_metadata *variant)
{
	if (fixture->variant == variant && !variant->next)
		return;
	/* Only prev goes round. */
	if (fixture->variant == variant)
		fixture->variant = variant->next;
	else
		variant->prev->next = variant->next;
	if (variant->next)
		variant->next->prev = variant->prev;
	else
		fixture->variant->prev = variant->prev;
	variants_left_out++;
}

/*
 * The harness calls a program passed that has skipped all there is, and so do those who
 * look at its exit status, as kselftest's runner does. And it runs no teardown behind a
 * setup that fails or skips: what the last test has left is undone here. Behind tests
 * that passed there is none of it, or they did not clean up.
 */
static void end_well(int status, void *main_process)
{
	if (getpid() != (intptr_t)main_process)
		return;
	undo_all();
	if (variants_left_out)
		ksft_print_msg("%u variants were left out by DEVTHP_STATES=%s\n",
			       variants_left_out, getenv("DEVTHP_STATES"));
	/* By exit(), which goes on from here: destructors have something to undo as well. */
	if (status == KSFT_PASS && undo_was_needed() && !ksft_get_xskip_cnt())
		exit(KSFT_FAIL);
	if (status == KSFT_PASS && ksft_test_num() &&
	    (unsigned int)ksft_get_xskip_cnt() == ksft_test_num())
		exit(KSFT_SKIP);
}

static void __attribute__((constructor)) await_the_end(void)
{
	on_exit(end_well, (void *)(intptr_t)getpid());
}

#define ASSERT_RIGHT(verdict) ASSERT_STREQ(RIGHT, verdict)
#define EXPECT_RIGHT(verdict) EXPECT_STREQ(RIGHT, verdict)

/*
 * For FIXTURE_SETUP: an open device and a range of so many huge pages, not
 * touched yet. Skips or fails the test where that cannot be had.
 */
#define SETUP_SAMPLE(sample, folios)				\
do {								\
	NEED(device_ready, &(sample)->dev);			\
	ASSERT_RIGHT(sample_reserve(sample, folios));		\
} while (0)

/* The same, filled, and whole on the device. */
#define SETUP_SAMPLE_ON_DEVICE(sample, folios)			\
do {								\
	SETUP_SAMPLE(sample, folios);				\
	ASSERT_RIGHT(sample_fill_whole(sample));		\
	ASSERT_RIGHT(sample_to_device_whole(sample));		\
} while (0)

#endif
