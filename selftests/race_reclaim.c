// SPDX-License-Identifier: GPL-2.0
/* The kernel reclaims, collapses and compacts what devices migrate. */
#include "common/race_harness.h"

TEST_F_TIMEOUT(race, reclaimed, RACE_TIMEOUT)
{
	static const struct race_role roles[] = {
		{ "owner", racer_own, .racers = 3 },
		{ "device 0", racer_migrate, .racers = 2, .minor = 0 },
		{ "device 1", racer_migrate, .racers = 1, .minor = 1 },
		{ "reclaimer", racer_reclaim, .racers = 2 },
		{ "renewer", racer_renew, .racers = 1 },
		{ 0 }
	};

	ASSERT_RIGHT(race_run(&self->race, 3, roles));
}

TEST_F_TIMEOUT(race, held_in_a_pipe, RACE_TIMEOUT)
{
	static const struct race_role roles[] = {
		{ "owner", racer_own, .racers = 2 },
		{ "device 0", racer_migrate, .racers = 2, .minor = 0 },
		{ "device 1", racer_migrate, .racers = 1, .minor = 1 },
		{ "splicer", racer_splice, .racers = 2 },
		{ "reclaimer", racer_reclaim, .racers = 1 },
		{ "renewer", racer_renew, .racers = 1 },
		{ 0 }
	};

	ASSERT_RIGHT(race_run(&self->race, 3, roles));
}

TEST_HARNESS_MAIN
