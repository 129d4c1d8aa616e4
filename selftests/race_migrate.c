// SPDX-License-Identifier: GPL-2.0
/* Two devices and the CPUs want the same huge folios. */
#include "common/race_harness.h"

TEST_F_TIMEOUT(race, two_devices, RACE_TIMEOUT)
{
	static const struct race_role roles[] = {
		{ "owner", racer_keep, .racers = 3 },
		{ "looker", racer_look, .racers = 1 },
		{ "device 0", racer_migrate, .racers = 2, .minor = 0 },
		{ "device 1", racer_migrate, .racers = 2, .minor = 1 },
		{ "renewer", racer_renew, .racers = 1 },
		{ 0 }
	};

	ASSERT_RIGHT(race_run(&self->race, 3, roles));
}

TEST_F_TIMEOUT(race, eviction, RACE_TIMEOUT)
{
	static const struct race_role roles[] = {
		{ "owner", racer_keep, .racers = 2 },
		{ "looker", racer_look, .racers = 1 },
		{ "device 0", racer_migrate, .racers = 2, .minor = 0 },
		{ "device 1", racer_migrate, .racers = 1, .minor = 1 },
		{ "evictor 0", racer_evict, .racers = 1, .minor = 0 },
		{ "evictor 1", racer_evict, .racers = 1, .minor = 1,
		  .outside = true },
		{ "renewer", racer_renew, .racers = 1 },
		{ 0 }
	};

	ASSERT_RIGHT(race_run(&self->race, 3, roles));
}

TEST_F_TIMEOUT(race, watched, RACE_TIMEOUT)
{
	static const struct race_role roles[] = {
		{ "owner", racer_keep, .racers = 2 },
		{ "device 0", racer_migrate, .racers = 1, .minor = 0 },
		{ "device 1", racer_migrate, .racers = 1, .minor = 1 },
		{ "watcher", racer_watch, .racers = 2 },
		{ "renewer", racer_renew, .racers = 1 },
		{ 0 }
	};

	ASSERT_RIGHT(race_run(&self->race, 3, roles));
}

TEST_HARNESS_MAIN
