// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel reclaims, collapses and compacts what devices migrate. There is
 * swap space: without it, reclaim does not even unmap anonymous memory.
 */
#include "common/harness.h"
#include "common/need.h"
#include "common/racers.h"
#include "common/swapdisk.h"

FIXTURE(race)
{
	struct race race;
	struct devthp_device *dev;
	struct swapdisk disk;
};

FIXTURE_SETUP(race)
{
	NEED(swapdisk_needed);
	NEED(device_ready, &self->dev);
	ASSERT_RIGHT(swapdisk_make(&self->disk, 16 * devthp_pmd_size()));
	ASSERT_RIGHT(swapdisk_swap_on(&self->disk));
}

FIXTURE_TEARDOWN(race)
{
	EXPECT_RIGHT(swapdisk_remove(&self->disk));
	devthp_device_close(self->dev);
}

TEST_F_TIMEOUT(race, reclaimed, RACE_TIMEOUT)
{
	static const struct race_role roles[] = {
		{ "owner", racer_own, .racers = 3 },
		{ "device 0", racer_migrate, .racers = 2, .minor = 0 },
		{ "device 1", racer_migrate, .racers = 1, .minor = 1 },
		{ "reclaimer", racer_reclaim, .racers = 1 },
		{ "swapper", racer_swap_out, .racers = 1 },
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
		{ "swapper", racer_swap_out, .racers = 1 },
		{ "renewer", racer_renew, .racers = 1 },
		{ 0 }
	};

	ASSERT_RIGHT(race_run(&self->race, 3, roles));
}

TEST_HARNESS_MAIN
