/* SPDX-License-Identifier: GPL-2.0 */
/* What every program of races includes, in place of harness.h. */
#ifndef RACE_HARNESS_H
#define RACE_HARNESS_H

#include "baseline.h"
#include "harness.h"
#include "racers.h"

FIXTURE(race)
{
	struct baseline baseline;
	struct race race;
	struct devthp_device *dev;
};

FIXTURE_SETUP(race)
{
	const char *why = RIGHT;

	ASSERT_RIGHT(baseline_take(&self->baseline));
	if (device_ready(&self->dev, &why) == KSFT_SKIP)
		SKIP(return, "%s", why);
	ASSERT_RIGHT(why);
}

FIXTURE_TEARDOWN(race)
{
	devthp_device_close(self->dev);
	TEARDOWN_BASELINE(&self->baseline);
}

#endif
