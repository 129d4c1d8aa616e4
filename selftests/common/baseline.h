/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counters of the kernel before a test and after it: what a test leaves behind
 * is a leak, in the memory or in the counting.
 */
#ifndef BASELINE_H
#define BASELINE_H

struct devthp_counters;

struct baseline {
	struct devthp_counters *before;
};

/*
 * Take it before anything is allocated. What the tests before this one left
 * behind, beyond what this process had when its program began, is wrong already;
 * if the last of them has found that it is nothing, that is not looked for again.
 */
const char *baseline_take(struct baseline *baseline);

/*
 * Compare, after all was freed. The counters that lag behind, or that others
 * move for a moment, are given some seconds to settle.
 */
const char *baseline_is_back(const struct baseline *baseline);

void baseline_forget(struct baseline *baseline);

/* In FIXTURE_SETUP. Where an earlier test has found no device there is nothing to measure. */
#define SETUP_BASELINE(baseline)					\
do {									\
	NEED(device_may_be_ready);					\
	ASSERT_RIGHT(baseline_take(baseline));				\
} while (0)

/* In FIXTURE_TEARDOWN, at its end; after a failure, what is left is no news. */
#define TEARDOWN_BASELINE(baseline)					\
do {									\
	if (__test_passed(_metadata))					\
		EXPECT_RIGHT(baseline_is_back(baseline));		\
	baseline_forget(baseline);					\
} while (0)

#endif
