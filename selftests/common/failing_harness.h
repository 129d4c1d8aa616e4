/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every program of failing allocations includes, in place of harness.h: the
 * one test, whose variants the program adds.
 */
#ifndef FAILING_HARNESS_H
#define FAILING_HARNESS_H

#include "baseline.h"
#include "failing.h"
#include "harness.h"
#include "need.h"

FIXTURE(failing)
{
	struct failing failing;
	struct baseline baseline;
};

FIXTURE_VARIANT(failing)
{
	struct failing_case what;
	int (*needed)(const char **why);	/* NULL: nothing more */
};

/* One variant, named like what is done, or like that and more. */
#define CASE(name, ...) CASE_NAMED(name, name, __VA_ARGS__)
#define CASE_NAMED(name, does, ...)					\
	FIXTURE_VARIANT_ADD(failing, name) {				\
		.what = { .act = does, __VA_ARGS__ }			\
	}

FIXTURE_SETUP(failing)
{
	self->failing.nth = -1;
	self->failing.uffd = -1;
	NEED(failing_needed);
	NEED(failing_bits_needed, variant->what.bits);
	if (variant->needed)
		NEED(variant->needed);
	SETUP_BASELINE(&self->baseline);
	SETUP_SAMPLE(&self->failing.sample, 1);
	ASSERT_RIGHT(failing_begin(&self->failing));
}

FIXTURE_TEARDOWN(failing)
{
	failing_end(&self->failing);
	TEARDOWN_BASELINE(&self->baseline);
}

TEST_F_TIMEOUT(failing, loses_nothing, 20 * PATIENCE)
{
	unsigned int nth, left, all, tried = 0, failed = 0;

	ASSERT_RIGHT(failing_round(&self->failing, &variant->what, FAILING_MANY,
				   &left));
	all = FAILING_MANY - left;
	if (!all && self->failing.sample.coherent)
		SKIP(return, "the CPU uses this memory where it is: nothing is allocated");
	for (nth = 1; nth <= all; nth = failing_next(nth, all)) {
		ASSERT_RIGHT(failing_round(&self->failing, &variant->what, nth,
					   &left)) {
			TH_LOG("after a failure of allocation %u of %u", nth,
			       all);
		}
		tried++;
		failed += !left;
	}
	TH_LOG("%u of %u allocations tried, %u failed", tried, all, failed);
	/* Their number is not always the same; but this was a test. */
	ASSERT_LT(0, failed);
}

#endif
