// SPDX-License-Identifier: GPL-2.0
/*
 * Calls that are about the pages of a mapping, over memory that a driver maps by page frame
 * number.
 *
 * Rules: what would give pages back, move, merge, poison or track them is refused
 * (mm/madvise.c, vma_can_userfault(), vma_migratable()); what is only noted down is not;
 * and none of it changes an entry.
 */
#include <errno.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "common/harness.h"
#include "common/pagemap.h"
#include "common/pfnmap.h"
#include "common/uffd.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ	22
#define MADV_POPULATE_WRITE	23
#endif
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED	24
#endif
#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE	101
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE		25
#endif

FIXTURE(refused)
{
	struct pfnmap map;
	uint64_t faults;
};

FIXTURE_VARIANT(refused) { struct pfnmap_kind kind; };
FOR_EACH_KIND(PFNMAP_VARIANT, refused)

FIXTURE_SETUP(refused)
{
	struct pfnmap *map = &self->map;

	SETUP_PFNMAP(map, &variant->kind);
	ASSERT_RIGHT(pfnmap_data(map));
	self->faults = pfnmap_fault_count(map);
}

/* Nothing has happened: not even a fault was needed to see that. */
static const char *nothing_happened(const FIXTURE_DATA(refused) *self)
{
	const struct pfnmap *map = &self->map;

	CHECK(pfnmap_entry_is(map, map->addr, pfnmap_level(map->order), true));
	CHECK(pfnmap_data(map));
	if (pfnmap_fault_count(map) != self->faults)
		return wrong("something was unmapped");
	return pfnmap_is_untouched(map);
}

FIXTURE_TEARDOWN(refused)
{
	if (__test_passed(_metadata))
		EXPECT_RIGHT(nothing_happened(self));
	TEARDOWN_PFNMAP(&self->map);
}

/* ---- madvise() ---- */

static const struct advice {
	int advice;
	const char *name;
	int err;
} advices[] = {
#define ADVICE(advice, err) { advice, #advice, err }
	ADVICE(MADV_DONTNEED, EINVAL),
	ADVICE(MADV_DONTNEED_LOCKED, EINVAL),
	ADVICE(MADV_FREE, EINVAL),
	ADVICE(MADV_REMOVE, ENODEV),	/* which asks the file, and that is a device */
	ADVICE(MADV_COLD, EINVAL),
	ADVICE(MADV_PAGEOUT, EINVAL),
	ADVICE(MADV_POPULATE_READ, EINVAL),
	ADVICE(MADV_POPULATE_WRITE, EINVAL),
	ADVICE(MADV_COLLAPSE, EINVAL),
	ADVICE(MADV_WIPEONFORK, EINVAL),
	ADVICE(MADV_DODUMP, EINVAL),
	ADVICE(MADV_HWPOISON, EFAULT),
	ADVICE(MADV_SOFT_OFFLINE, EFAULT),
	/* What is noted down in the VMA, or not at all. */
	ADVICE(MADV_NORMAL, 0),
	ADVICE(MADV_RANDOM, 0),
	ADVICE(MADV_SEQUENTIAL, 0),
	ADVICE(MADV_WILLNEED, 0),
	ADVICE(MADV_DONTDUMP, 0),
	ADVICE(MADV_DONTFORK, 0),
	ADVICE(MADV_DOFORK, 0),
	ADVICE(MADV_MERGEABLE, 0),
	ADVICE(MADV_UNMERGEABLE, 0),
	ADVICE(MADV_HUGEPAGE, 0),
	ADVICE(MADV_NOHUGEPAGE, 0),
};

static const char *is_answered(char *addr, size_t bytes, const struct advice *advice)
{
	const int err = madvise(addr, bytes, advice->advice) ? errno : 0;

	if (err != advice->err)
		return wrong("%s of %zu bytes: %s, not %s", advice->name, bytes, strerror(err),
			     strerror(advice->err));
	return RIGHT;
}

TEST_F(refused, advice)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(advices); i++) {
		EXPECT_RIGHT(is_answered(self->map.addr, self->map.mapped, &advices[i]));
		EXPECT_RIGHT(nothing_happened(self));
	}
}

/* Of a part of an entry: those that would cut the mapping are not of this test. */
TEST_F(refused, advice_of_a_page)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(advices) && advices[i].err; i++) {
		EXPECT_RIGHT(is_answered(self->map.addr + SIZE_2M / 2, SIZE_4K, &advices[i]));
		EXPECT_RIGHT(nothing_happened(self));
	}
}

/* ---- userfaultfd ---- */

TEST_F(refused, userfaultfd)
{
	static const uint64_t modes[] = {
		UFFDIO_REGISTER_MODE_MISSING, UFFDIO_REGISTER_MODE_WP,
		UFFDIO_REGISTER_MODE_MINOR,
	};
	int uffd;
	size_t i;

	NEED(uffd_needed);
	ASSERT_RIGHT(uffd_open(&uffd, UFFD_FEATURE_MINOR_SHMEM));
	for (i = 0; i < ARRAY_SIZE(modes); i++)
		EXPECT_RIGHT(fails_with(uffd_register(uffd, self->map.addr, self->map.mapped,
						      modes[i]), -EINVAL));
	close(uffd);
}

/* Which is for memory of any kind, but for this. */
TEST_F(refused, userfaultfd_that_only_tracks_writes)
{
	int uffd;

	NEED(uffd_needed);
	ASSERT_RIGHT(uffd_open(&uffd, UFFD_FEATURE_WP_ASYNC | UFFD_FEATURE_WP_UNPOPULATED));
	ASSERT_RIGHT(fails_with(uffd_register(uffd, self->map.addr, self->map.mapped,
					      UFFDIO_REGISTER_MODE_WP), -EINVAL));
	close(uffd);
}

/* Pages cannot be moved from there, as nothing of it is registered or anonymous. */

/* ---- Others ---- */

#define MPOL_BIND	2
#define MPOL_MF_STRICT	1
#define MPOL_MF_MOVE	2

TEST_F(refused, migration)
{
	void *page = self->map.addr;
	int status = 0, node = 0;

	ASSERT_EQ(0, syscall(SYS_move_pages, 0, 1, &page, &node, &status, MPOL_MF_MOVE));
	ASSERT_EQ(-EFAULT, status);
	/* Where it is cannot be told, as there is no page. */
	ASSERT_EQ(0, syscall(SYS_move_pages, 0, 1, &page, NULL, &status, 0));
	ASSERT_EQ(-ENOENT, status);
}

/*
 * Walks of the page tables that stop at PMDs go through a huge PUD by taking it away: what
 * is mapped comes back by a fault. Smaller entries are as before.
 */
static const char *walk_took_puds_only(FIXTURE_DATA(refused) *self)
{
	const struct pfnmap *map = &self->map;

	if (map->order == ORDER_1G)
		CHECK(pfnmap_entry_is_none(map, map->addr));
	CHECK(pfnmap_data(map));
	if (pfnmap_fault_count(map) - self->faults != (map->order == ORDER_1G))
		return wrong("something else was unmapped");
	self->faults = pfnmap_fault_count(map);
	return RIGHT;
}

/* A policy is taken for what may come, and nothing is moved for it. */
TEST_F(refused, policy)
{
	unsigned long nodes = 1;

	ASSERT_EQ(0, syscall(SYS_mbind, self->map.addr, self->map.mapped, MPOL_BIND, &nodes,
			     8 * sizeof(nodes), MPOL_MF_MOVE | MPOL_MF_STRICT));
	ASSERT_RIGHT(walk_took_puds_only(self));
}

static const char *read_all_of(const char *path)
{
	FILE *file = fopen(path, "re");
	char line[512];

	if (!file)
		return went_well(path, -errno);
	while (fgets(line, sizeof(line), file))
		;
	fclose(file);
	return RIGHT;
}

TEST_F(refused, looks_at_all_mappings)
{
	ASSERT_RIGHT(read_all_of("/proc/self/smaps"));
	ASSERT_RIGHT(walk_took_puds_only(self));
	ASSERT_RIGHT(read_all_of("/proc/self/numa_maps"));
	ASSERT_RIGHT(walk_took_puds_only(self));
}

TEST_F(refused, growth)
{
	struct pfnmap *map = &self->map;

	ASSERT_EQ(MAP_FAILED, mremap(map->addr, map->mapped, 2 * map->mapped, MREMAP_MAYMOVE));
	ASSERT_EQ(EFAULT, errno);
#ifdef MREMAP_DONTUNMAP
	ASSERT_EQ(MAP_FAILED, mremap(map->addr, map->mapped, map->mapped,
				     MREMAP_MAYMOVE | MREMAP_DONTUNMAP));
	ASSERT_EQ(EINVAL, errno);
#endif
}

/* Who looks at it sees that there is memory of no kind that he knows. */
TEST_F(refused, looks)
{
	struct pfnmap *map = &self->map;
	unsigned char in_memory = 7;
	uint64_t entry;

	ASSERT_RIGHT(pagemap_read(map->addr, 1, &entry));
	ASSERT_EQ(0, entry & (PAGEMAP_PRESENT | PAGEMAP_SWAP));
	ASSERT_EQ(0, mincore(map->addr, SIZE_4K, &in_memory));
	ASSERT_EQ(0, in_memory & 1);
}

TEST_HARNESS_MAIN
