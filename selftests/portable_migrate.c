// SPDX-License-Identifier: GPL-2.0
/*
 * Migration, as any backend promises it: all of a range or part of it, there and back,
 * in whole folios, and what happens when memory for that cannot be had.
 */
#include <errno.h>
#include <sys/mman.h>

#include "common/harness.h"
#include "common/portable.h"

PORTABLE(migration, 2)

TEST_F(migration, goes_there_and_back)
{
	struct sample *sample = &self->sample;
	const size_t n = sample->pages;

	ASSERT_RIGHT(on_device(sample, 0, n, false));
	ASSERT_RIGHT(goes(sample, 0, n, n));
	ASSERT_RIGHT(on_device(sample, 0, n, true));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(on_device(sample, 0, n, true));
	ASSERT_RIGHT(comes(sample, 0, n, n));
	ASSERT_RIGHT(on_device(sample, 0, n, false));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(migration, goes_again_and_again)
{
	struct sample *sample = &self->sample;
	int i;

	for (i = 0; i < 5; i++) {
		ASSERT_RIGHT(goes(sample, 0, sample->pages, sample->pages));
		ASSERT_RIGHT(sample_device_write(sample));
		ASSERT_RIGHT(comes(sample, 0, sample->pages, sample->pages));
		ASSERT_RIGHT(sample_data(sample));
		ASSERT_RIGHT(sample_fill(sample));
	}
}

TEST_F(migration, leaves_what_is_there)
{
	struct sample *sample = &self->sample;
	const size_t n = sample->folio_pages;

	ASSERT_RIGHT(goes(sample, n / 2, n, n));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(goes(sample, 0, sample->pages, sample->pages - n));
	ASSERT_RIGHT(goes(sample, 0, sample->pages, 0));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(migration, is_of_pages_that_do_not_exist)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(sample_map_anew(sample));
	memset(sample->generation, 0, sample->pages * sizeof(*sample->generation));
	ASSERT_RIGHT(goes(sample, 0, sample->pages, sample->pages));
	ASSERT_RIGHT(on_device(sample, 0, sample->pages, true));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
}

/* ---- Parts ---- */

TEST_F(migration, of_a_part_leaves_the_rest)
{
	struct sample *sample = &self->sample;
	const size_t first = 3, n = 7, behind = first + n;

	ASSERT_RIGHT(goes(sample, first, n, n));
	ASSERT_RIGHT(on_device(sample, 0, first, false));
	ASSERT_RIGHT(on_device(sample, first, n, true));
	ASSERT_RIGHT(on_device(sample, behind, sample->pages - behind, false));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(comes(sample, 0, sample->pages, n));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(migration, back_of_a_part_leaves_the_rest)
{
	struct sample *sample = &self->sample;
	const size_t last = sample->pages - 1;

	ASSERT_RIGHT(goes(sample, 0, sample->pages, sample->pages));
	ASSERT_RIGHT(comes(sample, 0, 1, 1));
	ASSERT_RIGHT(comes(sample, last, 1, 1));
	ASSERT_RIGHT(on_device(sample, 0, 1, false));
	ASSERT_RIGHT(on_device(sample, 1, last - 1, true));
	ASSERT_RIGHT(on_device(sample, last, 1, false));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(migration, over_a_boundary_is_right)
{
	struct sample *sample = &self->sample;
	const size_t n = sample->folio_pages;

	ASSERT_RIGHT(goes(sample, n - 1, 2, 2));
	ASSERT_RIGHT(on_device(sample, n - 1, 2, true));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
}

/* ---- Folios ---- */

/* What the kernel has put into huge pages, in bytes. */
static const char *huge_bytes(uint64_t *bytes)
{
	struct devthp_counters *counters;

	CHECK(went_well("take counters", devthp_counters_take(&counters)));
	CHECK(went_well("AnonHugePages",
			devthp_counters_get(counters, DEVTHP_COUNT_ANON_HUGE, bytes)));
	return went_well("free counters", devthp_counters_free(counters));
}

static int huge_pages_needed(bool all_is_huge, const char **why)
{
	return all_is_huge ? KSFT_PASS : missing("no huge pages could be had", why);
}

TEST_F(migration, is_of_whole_folios)
{
	struct sample *sample = &self->sample;
	const size_t n = sample->folio_pages;
	uint64_t before, huge;
	uint8_t prot[n];
	size_t i;

	ASSERT_RIGHT(sample_map_anew(sample));
	ASSERT_RIGHT(huge_bytes(&before));
	ASSERT_RIGHT(sample_fill(sample));
	ASSERT_RIGHT(huge_bytes(&huge));
	NEED(huge_pages_needed, huge - before == bytes_of(sample));
	ASSERT_EQ(0, devthp_device_snapshot(sample->dev, sample->addr, n, prot));

	/* The first does not fit into the range, so only the second stays whole. */
	ASSERT_RIGHT(goes(sample, 1, sample->pages - 1, sample->pages - 1));
	ASSERT_EQ(0, devthp_device_snapshot(sample->dev, page_of(sample, n), n, prot));
	for (i = 0; i < n; i++)
		ASSERT_TRUE(prot[i] & DEVTHP_PROT_PMD);
	ASSERT_EQ(0, devthp_device_snapshot(sample->dev, sample->addr, n, prot));
	for (i = 0; i < n; i++)
		ASSERT_FALSE(prot[i] & DEVTHP_PROT_PMD);
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
}

/* ---- Allocations that fail ---- */

static const char *fails(struct sample *sample, uint64_t nth)
{
	return went_well("let an allocation fail",
			 devthp_device_fail_alloc(sample->dev, nth));
}

static int to_device(struct sample *sample, size_t first, size_t npages)
{
	return devthp_migrate_to_device(sample->dev, page_of(sample, first), npages, NULL);
}

static int to_system(struct sample *sample, size_t first, size_t npages)
{
	return devthp_migrate_to_system(sample->dev, page_of(sample, first), npages, NULL);
}

/* Of a huge folio or of none: page by page all of it goes. */
TEST_F(migration, falls_back_to_pages)
{
	struct sample *sample = &self->sample;
	uint8_t prot;

	ASSERT_RIGHT(device_sees(sample, 0, &prot));
	ASSERT_RIGHT(fails(sample, 1));
	if (prot & DEVTHP_PROT_PMD) {
		ASSERT_RIGHT(goes(sample, 0, sample->folio_pages, sample->folio_pages));
		ASSERT_RIGHT(device_sees(sample, 0, &prot));
		EXPECT_FALSE(prot & DEVTHP_PROT_PMD);
		ASSERT_RIGHT(comes(sample, 0, sample->folio_pages, sample->folio_pages));
	}
	ASSERT_RIGHT(fails(sample, 0));
	ASSERT_RIGHT(goes(sample, 0, sample->pages, sample->pages));
	ASSERT_RIGHT(fails(sample, 1));
	ASSERT_RIGHT(comes(sample, sample->folio_pages, sample->folio_pages,
			   sample->folio_pages));
	ASSERT_RIGHT(fails(sample, 0));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(migration, of_a_page_without_memory_leaves_it)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(fill_small(sample));
	ASSERT_RIGHT(fails(sample, 1));
	ASSERT_EQ(-ENOENT, to_device(sample, 5, 1));
	ASSERT_RIGHT(on_device(sample, 5, 1, false));
	ASSERT_RIGHT(sample_data(sample));

	/* Once is once. */
	ASSERT_RIGHT(goes(sample, 5, 1, 1));
	ASSERT_RIGHT(fails(sample, 1));
	ASSERT_EQ(-ENOMEM, to_system(sample, 5, 1));
	ASSERT_RIGHT(on_device(sample, 5, 1, true));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(comes(sample, 5, 1, 1));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(migration, does_not_fail_after_all)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(fill_small(sample));
	ASSERT_RIGHT(fails(sample, 1));
	ASSERT_RIGHT(fails(sample, 0));
	ASSERT_RIGHT(goes(sample, 0, sample->pages, sample->pages));
	ASSERT_RIGHT(sample_data(sample));
}

/* As far as it can count. */
TEST_F(migration, fails_at_any_allocation)
{
	struct sample *sample = &self->sample;
	const size_t n = 8;
	size_t nth;

	for (nth = 1; nth <= n; nth++) {
		const size_t page = nth - 1;

		/* Of which none is there, or mapped by the device. */
		ASSERT_RIGHT(fill_small(sample));
		if (nth > 1 && (devthp_device_fail_alloc)(sample->dev, nth) == -EOPNOTSUPP)
			break;
		ASSERT_RIGHT(fails(sample, nth));
		ASSERT_EQ(-ENOENT, to_device(sample, 0, n));
		ASSERT_RIGHT(on_device(sample, 0, page, true));
		ASSERT_RIGHT(on_device(sample, page, 1, false));
		ASSERT_RIGHT(on_device(sample, nth, n - nth, true));
		ASSERT_RIGHT(sample_device_data(sample));
		ASSERT_RIGHT(goes(sample, 0, n, 1));
		ASSERT_RIGHT(fails(sample, nth));
		ASSERT_EQ(-ENOMEM, to_system(sample, 0, n));
		ASSERT_RIGHT(on_device(sample, page, 1, true));
		ASSERT_RIGHT(sample_device_data(sample));
		ASSERT_RIGHT(sample_data(sample));
	}
}

/* ---- What is no range to migrate ---- */

TEST_F(migration, of_no_range_is_refused)
{
	struct sample *sample = &self->sample;
	char *addr = sample->addr;

	EXPECT_EQ(-EINVAL, devthp_migrate_to_device(sample->dev, NULL, 0, NULL));
	EXPECT_EQ(-EINVAL, devthp_migrate_to_device(sample->dev, addr, 0, NULL));
	EXPECT_EQ(-EINVAL, devthp_migrate_to_device(sample->dev, addr + 1, 1, NULL));
	EXPECT_EQ(-EINVAL, devthp_migrate_to_device(sample->dev, addr, SIZE_MAX, NULL));
	EXPECT_EQ(-EINVAL, devthp_migrate_to_system(sample->dev, addr, 0, NULL));
	EXPECT_EQ(-EINVAL, devthp_migrate_to_system(sample->dev, addr + 1, 1, NULL));
	EXPECT_EQ(-EINVAL, devthp_migrate_to_system(sample->dev, addr, SIZE_MAX, NULL));
	ASSERT_RIGHT(on_device(sample, 0, sample->pages, false));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(migration, over_a_hole_is_refused)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(sample_cut(sample, 4, 2, HOLE_UNMAPPED));
	EXPECT_EQ(-EINVAL, to_device(sample, 4, 2));
	EXPECT_EQ(-EINVAL, to_device(sample, 0, sample->pages));
	EXPECT_EQ(-EINVAL, to_device(sample, 4, 4));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_HARNESS_MAIN
