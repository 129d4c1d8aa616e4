// SPDX-License-Identifier: GPL-2.0
/* A device wants pages of huge folios for itself, and others want them, too. */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "common/race_harness.h"

TEST_F_TIMEOUT(race, dropped, RACE_TIMEOUT)
{
	static const struct race_role roles[] = {
		{ "owner", racer_own, .racers = 3 },
		{ "device 0", racer_exclude, .racers = 2, .minor = 0 },
		{ "renewer", racer_renew, .racers = 1 },
		{ 0 }
	};

	ASSERT_RIGHT(race_run(&self->race, 1, roles));
}

TEST_F_TIMEOUT(race, migrated, RACE_TIMEOUT)
{
	static const struct race_role roles[] = {
		{ "owner", racer_own, .racers = 2 },
		{ "device 0", racer_exclude, .racers = 1, .minor = 0 },
		{ "device 1", racer_exclude, .racers = 1, .minor = 1,
		  .may_be_idle = true },
		{ "mover", racer_migrate, .racers = 2, .minor = 0 },
		{ "reclaimer", racer_reclaim, .racers = 1 },
		{ "renewer", racer_renew, .racers = 1 },
		{ 0 }
	};

	ASSERT_RIGHT(race_run(&self->race, 2, roles));
}

TEST_F_TIMEOUT(race, forked, RACE_TIMEOUT)
{
	static const struct race_role roles[] = {
		{ "owner", racer_own, .racers = 2 },
		{ "device 0", racer_exclude, .racers = 2, .minor = 0 },
		{ "device 1", racer_migrate, .racers = 1, .minor = 1 },
		{ "parent", racer_fork, .racers = 2 },
		{ "renewer", racer_renew, .racers = 1 },
		{ 0 }
	};

	ASSERT_RIGHT(race_run(&self->race, 2, roles));
}

/* ---- One against one ---- */

/* Many, so that the first ones can go while the others are made exclusive. */
#define PAGES 64

FIXTURE(drops)
{
	struct devthp_device *dev;
	char *addr, *seen;
	atomic_bool stop;
	atomic_uint distance;	/* of one drop from the next, at most: loops of the CPU */
};

#define SHORT_DISTANCE 30000
#define LONG_DISTANCE (1U << 24)

FIXTURE_SETUP(drops)
{
	const char *why = RIGHT;

	if (device_ready(&self->dev, &why) == KSFT_SKIP)
		SKIP(return, "%s", why);
	ASSERT_RIGHT(why);
	self->addr = mmap(NULL, 2 * PAGES * devthp_page_size(),
			  PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	ASSERT_NE(MAP_FAILED, self->addr);
	self->seen = self->addr + PAGES * devthp_page_size();
	memset(self->seen, 0, PAGES * devthp_page_size());
	self->distance = SHORT_DISTANCE;
}

FIXTURE_TEARDOWN(drops)
{
	devthp_device_close(self->dev);
	munmap(self->addr, 2 * PAGES * devthp_page_size());
}

/* At any distance from each other. */
static void *keep_dropping(void *arg)
{
	FIXTURE_DATA(drops) *self = arg;
	const size_t size = devthp_page_size();
	unsigned int i;

	for (i = 1; !atomic_load(&self->stop); i = i * 1103515245 + 12345) {
		volatile unsigned int wait = (i >> 8) % self->distance;

		while (wait && !atomic_load(&self->stop))
			wait--;
		madvise(self->addr + (i >> 16) % (PAGES / 4) * size, size,
			MADV_DONTNEED);
	}
	return NULL;
}

/* It was the device's alone until the end, this time? 0 or 1. */
static unsigned int exclude(FIXTURE_DATA(drops) *self, bool ever)
{
	if (!devthp_device_exclusive(self->dev, self->addr, PAGES, self->seen))
		return 1;
	/* A slow kernel may need longer for all pages than it is left between two drops. */
	if (!ever && self->distance < LONG_DISTANCE)
		self->distance *= 2;
	return 0;
}

/*
 * Whatever was dropped, and when: CPU and device agree on what is there. Some of it must
 * have been made exclusive meanwhile.
 */
TEST_F(drops, are_seen_by_the_device)
{
	const time_t begin = time(NULL), end = begin + 3, limit = begin + PATIENCE;
	const size_t size = devthp_page_size();
	unsigned int excluded = 0;
	pthread_t dropper;
	size_t i;
	int round;

	for (round = 1; time(NULL) < (excluded ? end : limit); round++) {
		memset(self->addr, round, PAGES * size);
		atomic_store(&self->stop, false);
		ASSERT_EQ(0, pthread_create(&dropper, NULL, keep_dropping,
					    self));
		for (i = 0; i < 4; i++)
			excluded += exclude(self, excluded);
		atomic_store(&self->stop, true);
		pthread_join(dropper, NULL);
		for (i = 0; i < PAGES; i++) {
			ASSERT_EQ(0, devthp_device_read(self->dev,
							self->addr + i * size,
							1, self->seen, NULL));
			ASSERT_EQ(0, memcmp(self->addr + i * size, self->seen,
					    size)) {
				TH_LOG("page %zu, round %d: the device has what the CPU has not",
				       i, round);
			}
		}
	}
	ASSERT_LT(0, excluded);
}

TEST_HARNESS_MAIN
