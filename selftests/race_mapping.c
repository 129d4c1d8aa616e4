// SPDX-License-Identifier: GPL-2.0
/* Memory moves, and is protected, while devices migrate it. */
#include "common/race_harness.h"

TEST_F_TIMEOUT(race, moved, RACE_TIMEOUT)
{
	static const struct race_role roles[] = {
		{ "owner", racer_keep, .racers = 2 },
		{ "looker", racer_look, .racers = 1 },
		{ "device 0", racer_migrate, .racers = 2, .minor = 0 },
		{ "device 1", racer_migrate, .racers = 1, .minor = 1 },
		{ "evictor", racer_evict, .racers = 1, .minor = 0 },
		{ "mover", racer_move, .racers = 1 },
		{ "renewer", racer_renew, .racers = 1 },
		{ 0 }
	};

	ASSERT_RIGHT(race_run(&self->race, 3, roles));
}

TEST_F_TIMEOUT(race, protected, RACE_TIMEOUT)
{
	static const struct race_role roles[] = {
		{ "owner", racer_own, .racers = 2 },
		{ "device 0", racer_migrate, .racers = 2, .minor = 0 },
		{ "device 1", racer_migrate, .racers = 1, .minor = 1 },
		{ "evictor", racer_evict, .racers = 1, .minor = 1 },
		{ "protector", racer_protect, .racers = 1 },
		{ "renewer", racer_renew, .racers = 1 },
		{ 0 }
	};

	ASSERT_RIGHT(race_run(&self->race, 3, roles));
}

TEST_HARNESS_MAIN
