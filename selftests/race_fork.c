// SPDX-License-Identifier: GPL-2.0
/* Several processes share folios, which any of them may fault or migrate. */
#include "common/race_harness.h"

TEST_F_TIMEOUT(race, children, RACE_TIMEOUT)
{
	static const struct race_role roles[] = {
		{ "owner", racer_own, .racers = 2 },
		{ "looker", racer_look, .racers = 1 },
		{ "device 0", racer_migrate, .racers = 2, .minor = 0 },
		{ "device 1", racer_migrate, .racers = 1, .minor = 1 },
		{ "parent", racer_fork, .racers = 2 },
		{ "renewer", racer_renew, .racers = 1 },
		{ 0 }
	};

	ASSERT_RIGHT(race_run(&self->race, 3, roles));
}

TEST_F_TIMEOUT(race, everything, RACE_TIMEOUT)
{
	static const struct race_role roles[] = {
		{ "owner", racer_own, .racers = 2 },
		{ "device 0", racer_migrate, .racers = 2, .minor = 0 },
		{ "device 1", racer_migrate, .racers = 1, .minor = 1 },
		{ "evictor", racer_evict, .racers = 1, .minor = 0 },
		{ "parent", racer_fork, .racers = 2 },
		{ "mover", racer_move, .racers = 1 },
		{ "protector", racer_protect, .racers = 1 },
		{ "renewer", racer_renew, .racers = 1 },
		{ "reclaimer", racer_reclaim, .racers = 1 },
		{ "splicer", racer_splice, .racers = 1, .may_be_idle = true },
		{ 0 }
	};

	ASSERT_RIGHT(race_run(&self->race, 3, roles));
}

TEST_HARNESS_MAIN
