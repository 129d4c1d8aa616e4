// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that nobody has touched is to go to a device, from where not even page tables
 * are near, and the kernel has no memory at one allocation after another. Rule: it goes,
 * whole or not, or stays untouched; all of it reads as zero then.
 */
#include <errno.h>
#include <sys/mman.h>

#include "common/baseline.h"
#include "common/failing.h"
#include "common/harness.h"
#include "common/need.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

FIXTURE(untouched)
{
	struct failing failing;
	struct baseline baseline;
};

FIXTURE_SETUP(untouched)
{
	self->failing.nth = -1;
	self->failing.uffd = -1;
	NEED(failing_needed);
	SETUP_BASELINE(&self->baseline);
	SETUP_SAMPLE(&self->failing.sample, 1);
	ASSERT_RIGHT(failing_begin(&self->failing));
}

FIXTURE_TEARDOWN(untouched)
{
	failing_end(&self->failing);
	TEARDOWN_BASELINE(&self->baseline);
}

/* Tables of all levels are needed for it: it has what an entry of the top one maps. */
#define FIRST_PLACE (16ULL << 40)
#define PLACE_SIZE (512ULL << 30)

static const char *map_alone(char **memory, unsigned int place, size_t bytes)
{
	char *hint = (char *)(FIRST_PLACE + place * PLACE_SIZE);

	*memory = mmap(hint, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (*memory == MAP_FAILED)
		return went_well("mmap", -errno);
	return went_well("MADV_HUGEPAGE", madvise(*memory, bytes, MADV_HUGEPAGE) ? -errno : 0);
}

static const char *goes_or_stays(const struct failing *failing, unsigned int place,
				 unsigned int nth, unsigned int *left)
{
	const struct sample *sample = &failing->sample;
	const size_t bytes = bytes_of(sample);
	char *memory;
	size_t i;
	int err;

	CHECK(map_alone(&memory, place, bytes));
	CHECK(failing_arm(failing, nth));
	err = devthp_migrate_to_device(sample->dev, memory, sample->pages, NULL);
	CHECK(failing_disarm(failing, left));
	if (err && *left)
		return wrong("it returns %d, though nothing failed", err);
	for (i = 0; i < bytes; i++)
		if (memory[i])
			return wrong("byte %zu is %#x", i, memory[i]);
	/* Whatever failed, it goes when it is asked to once more. */
	CHECK(went_well("migrate", devthp_migrate_to_device(sample->dev, memory, sample->pages,
							    NULL)));
	return went_well("munmap", munmap(memory, bytes) ? -errno : 0);
}

/* Among the first are those that are not made for memory that was touched: try all. */
#define BEGIN 64

TEST_F_TIMEOUT(untouched, goes_or_stays, 20 * PATIENCE)
{
	unsigned int nth, left, all, tried = 0, failed = 0;

	ASSERT_RIGHT(goes_or_stays(&self->failing, tried, FAILING_MANY, &left));
	all = FAILING_MANY - left;
	for (nth = 1; nth <= all; nth = nth < BEGIN ? nth + 1 : failing_next(nth, all)) {
		ASSERT_RIGHT(goes_or_stays(&self->failing, ++tried, nth, &left)) {
			TH_LOG("after a failure of allocation %u of %u", nth, all);
		}
		failed += !left;
	}
	TH_LOG("%u of %u allocations tried, %u failed", tried, all, failed);
	ASSERT_LT(0, failed);
}

TEST_HARNESS_MAIN
