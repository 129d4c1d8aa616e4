// SPDX-License-Identifier: GPL-2.0
/*
 * The process whose memory is migrated is killed between the steps. Its address
 * space lives on as long as others migrate it; an eviction does not even know
 * it. Nothing is left in the end: that is what the baseline of the fixture says.
 */
#define WINDOW_ALL_POINTS
#define WINDOW_NO_SAMPLE
#include "common/window_harness.h"

TEST_F(between, owner_is_killed_migrating)
{
	ASSERT_RIGHT(window_owner_is_killed(&self->window, true));
}

TEST_F(between, owner_is_killed)
{
	ASSERT_RIGHT(window_owner_is_killed(&self->window, false));
}

TEST_HARNESS_MAIN
