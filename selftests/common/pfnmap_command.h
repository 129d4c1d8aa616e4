/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For programs that give the test device for huge pfnmaps bad arguments: each is answered
 * with the right errno, and changes nothing. They include this once, as harness.h.
 */
#ifndef PFNMAP_COMMAND_H
#define PFNMAP_COMMAND_H

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "harness.h"
#include "pfnmap.h"

static const struct pfnmap_kind refusing = { HUGE_PFNMAP_BARE, ORDER_2M, 2 * SIZE_2M };

FIXTURE(refused)
{
	struct pfnmap map;
	struct huge_pfnmap_stats stats;
	int empty;		/* a file that has no buffer */
	char *nowhere;		/* a page that cannot be accessed */
	char *read_only;	/* behind it, one for tests, and then another like the first */
};

FIXTURE_SETUP(refused)
{
	SETUP_PFNMAP(&self->map, &refusing);
	self->empty = open(PFNMAP_NODE, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->empty);
	self->nowhere = mmap(NULL, 3 * SIZE_4K, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->nowhere);
	self->read_only = self->nowhere + SIZE_4K;
	ASSERT_EQ(0, mprotect(self->read_only, SIZE_4K, PROT_READ | PROT_WRITE));
	ASSERT_RIGHT(pfnmap_data(&self->map));
	ASSERT_RIGHT(pfnmap_stats(&self->map, &self->stats));
}

/* Counters, entries and content are as they were. */
static const char *nothing_changed(const FIXTURE_DATA(refused) *self)
{
	struct huge_pfnmap_stats now;

	CHECK(pfnmap_entries_are(&self->map, FOLIO_PROBE_PMD, true));
	CHECK(pfnmap_data(&self->map));
	CHECK(pfnmap_stats(&self->map, &now));
	if (memcmp(&now, &self->stats, sizeof(now)))
		return wrong("what the driver tells of the buffer has changed");
	return RIGHT;
}

FIXTURE_TEARDOWN(refused)
{
	if (__test_passed(_metadata))
		EXPECT_RIGHT(nothing_changed(self));
	munmap(self->nowhere, 3 * SIZE_4K);
	close(self->empty);
	TEARDOWN_PFNMAP(&self->map);
}

static int command(int file, unsigned long request, void *arg)
{
	return ioctl(file, request, arg) ? -errno : 0;
}

#define ASSERT_REFUSED(err, request, arg)				\
do {									\
	ASSERT_EQ(err, command(self->map.file, request, arg));		\
	ASSERT_RIGHT(nothing_changed(self));				\
} while (0)

#endif
