/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every program of races includes, in place of harness.h. No baseline: threads
 * leave stacks and arenas to their process. What a race loses shows in the counters of
 * the whole system, which the runner compares when all programs have ended.
 */
#ifndef RACE_HARNESS_H
#define RACE_HARNESS_H

#include "harness.h"
#include "racers.h"

FIXTURE(race)
{
	struct race race;
	struct devthp_device *dev;
};

FIXTURE_SETUP(race)
{
	const char *why = RIGHT;

	if (device_ready(&self->dev, &why) == KSFT_SKIP)
		SKIP(return, "%s", why);
	ASSERT_RIGHT(why);
}

FIXTURE_TEARDOWN(race)
{
	devthp_device_close(self->dev);
}

#endif
