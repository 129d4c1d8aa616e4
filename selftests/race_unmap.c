// SPDX-License-Identifier: GPL-2.0
/* Memory goes away, in part or as a whole, while devices migrate it. */
#include "common/race_harness.h"

TEST_F_TIMEOUT(race, dropped, RACE_TIMEOUT)
{
	static const struct race_role roles[] = {
		{ "owner", racer_own, .racers = 3 },
		{ "looker", racer_look, .racers = 1 },
		{ "device 0", racer_migrate, .racers = 2, .minor = 0 },
		{ "device 1", racer_migrate, .racers = 1, .minor = 1 },
		{ "renewer", racer_renew, .racers = 1 },
		{ 0 }
	};

	ASSERT_RIGHT(race_run(&self->race, 3, roles));
}

TEST_F_TIMEOUT(race, evicted, RACE_TIMEOUT)
{
	static const struct race_role roles[] = {
		{ "owner", racer_own, .racers = 3 },
		{ "device 0", racer_migrate, .racers = 2, .minor = 0 },
		{ "evictor", racer_evict, .racers = 1, .minor = 0 },
		{ "renewer", racer_renew, .racers = 2 },
		{ 0 }
	};

	ASSERT_RIGHT(race_run(&self->race, 3, roles));
}

TEST_HARNESS_MAIN
