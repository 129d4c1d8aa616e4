// SPDX-License-Identifier: GPL-2.0
/*
 * A device whose memory the CPU can use: huge pages go there and come back while
 * everybody goes on using them where they are.
 */
#include "common/need.h"
#include "common/race_harness.h"

TEST_F_TIMEOUT(race, coherent_memory, RACE_TIMEOUT)
{
	static const struct race_role roles[] = {
		{ "owner", racer_own, .racers = 2 },
		{ "looker", racer_look, .racers = 1, .minor = 2 },
		{ "device 2", racer_migrate, .racers = 2, .minor = 2 },
		{ "evictor", racer_evict, .racers = 1, .minor = 2 },
		{ "protector", racer_protect, .racers = 1,
		  .may_be_idle = true },
		{ "renewer", racer_renew, .racers = 1 },
		{ 0 }
	};

	NEED(coherent_needed);
	ASSERT_RIGHT(race_run(&self->race, 3, roles));
}

TEST_F_TIMEOUT(race, two_kinds, RACE_TIMEOUT)
{
	static const struct race_role roles[] = {
		{ "owner", racer_own, .racers = 2 },
		{ "device 0", racer_migrate, .racers = 1, .minor = 0 },
		{ "device 2", racer_migrate, .racers = 2, .minor = 2 },
		{ "device 3", racer_migrate, .racers = 1, .minor = 3 },
		{ "parent", racer_fork, .racers = 1 },
		{ "reclaimer", racer_reclaim, .racers = 1,
		  .may_be_idle = true },
		{ "splicer", racer_splice, .racers = 1, .may_be_idle = true },
		{ "renewer", racer_renew, .racers = 1 },
		{ 0 }
	};

	NEED(coherent_needed);
	ASSERT_RIGHT(race_run(&self->race, 3, roles));
}

TEST_HARNESS_MAIN
