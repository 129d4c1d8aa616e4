// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that is no private memory of a process, huge or not, is asked to go to
 * a device. Rule: what belongs to a file, or is shared, stays where it is, with
 * what it holds, for all who have it mapped; the device uses it there. Copies
 * that a process has made of it are its private memory, and go.
 * (Documentation/mm/hmm.rst: only private anonymous memory is migrated)
 */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/baseline.h"
#include "common/driver.h"
#include "common/harness.h"
#include "common/need.h"
#include "common/peer.h"
#include "common/pin.h"
#include "common/still.h"
#include "common/textfile.h"

#define SHMEM_HUGE "/sys/kernel/mm/transparent_hugepage/shmem_enabled"

/* From here on it is written, by who has it mapped privately. */
#define COPIED_FIRST 100
#define COPIED_PAGES 50

FIXTURE(other)
{
	struct baseline baseline;
	struct sample sample;
	struct setting huge;
	int file;
	uint32_t *first;	/* generation of what was written to the file */
};

FIXTURE_VARIANT(other)
{
	int flags;		/* of mmap() */
	bool huge;
	bool hugetlb;
	bool unmapped;		/* as what migrates it would split its entries */
	int err;		/* of a migration to the device */
	bool told;		/* the driver learns that it is pinned */
};

FIXTURE_VARIANT_ADD(other, shared) { .flags = MAP_SHARED, .err = -ENOENT };
FIXTURE_VARIANT_ADD(other, shared_huge) {
	.flags = MAP_SHARED, .huge = true, .err = -ENOENT, .told = true,
	.unmapped = true
};
FIXTURE_VARIANT_ADD(other, copied) {
	.flags = MAP_PRIVATE, .err = -ENOENT, .told = true
};
FIXTURE_VARIANT_ADD(other, copied_huge) {
	.flags = MAP_PRIVATE, .huge = true, .err = -ENOENT, .told = true
};
FIXTURE_VARIANT_ADD(other, hugetlb) {
	.flags = MAP_SHARED, .hugetlb = true, .err = -EINVAL
};

/* In place of the sample's memory, with the sample's data in it. */
static const char *map_file(struct sample *sample, int file, int flags)
{
	const size_t bytes = sample->pages * devthp_page_size();

	if (mmap(sample->addr, bytes, PROT_READ | PROT_WRITE,
		 flags | MAP_FIXED, file, 0) == MAP_FAILED)
		return went_well("mmap", -errno);
	if (madvise(sample->addr, bytes, MADV_HUGEPAGE) && errno != EINVAL)
		return went_well("MADV_HUGEPAGE", -errno);
	return RIGHT;
}

static const char *fill_file(struct sample *sample, int file)
{
	if (ftruncate(file, sample->pages * devthp_page_size()))
		return went_well("make a file", -errno);
	CHECK(map_file(sample, file, MAP_SHARED));
	return sample_fill(sample);
}

FIXTURE_SETUP(other)
{
	struct sample *sample = &self->sample;

	self->file = -1;
	SETUP_BASELINE(&self->baseline);
	SETUP_SAMPLE(sample, 1);
	ASSERT_RIGHT(setting_change(&self->huge, SHMEM_HUGE,
				    variant->huge ? "advise" : "never"));
	if (variant->hugetlb)
		NEED(hugetlb_pages_needed);
	self->file = memfd_create("devthp", MFD_CLOEXEC |
				  (variant->hugetlb ? MFD_HUGETLB : 0));
	ASSERT_LE(0, self->file);
	ASSERT_RIGHT(fill_file(sample, self->file));
	self->first = malloc(sample->pages * sizeof(*self->first));
	ASSERT_NE(NULL, self->first);
	memcpy(self->first, sample->generation,
	       sample->pages * sizeof(*self->first));
	if (variant->flags & MAP_PRIVATE) {
		ASSERT_RIGHT(map_file(sample, self->file, MAP_PRIVATE));
		ASSERT_RIGHT(sample_data(sample));
		ASSERT_RIGHT(sample_access_range(sample, COPIED_FIRST,
						 COPIED_PAGES, ACCESS_WRITE));
	}
}

FIXTURE_TEARDOWN(other)
{
	sample_release(&self->sample);
	free(self->first);
	if (self->file >= 0)
		close(self->file);
	setting_restore(&self->huge);
	TEARDOWN_BASELINE(&self->baseline);
}

/* On the device: copies, if asked for, and nothing else. */
static const char *device_has(const struct sample *sample, bool copies)
{
	size_t i;

	CHECK(sample_look(sample));
	for (i = 0; i < sample->pages; i++) {
		const unsigned int location = sample->page[i].location;
		const bool want = copies && i >= COPIED_FIRST &&
				  i < COPIED_FIRST + COPIED_PAGES;

		if ((location == DEVTHP_LOC_DEVICE) != want)
			return wrong("page %zu is %s", i,
				     devthp_location_name(location));
	}
	return RIGHT;
}

/* Who has the file mapped as well finds what is in it. */
static const char *file_is_right(struct sample *sample, int file,
				 const uint32_t *generation)
{
	const size_t bytes = sample->pages * devthp_page_size();
	struct sample in_file = *sample;

	in_file.generation = (uint32_t *)generation;
	in_file.addr = mmap(NULL, bytes, PROT_READ, MAP_SHARED, file, 0);
	if (in_file.addr == MAP_FAILED)
		return went_well("mmap", -errno);
	CHECK(sample_data(&in_file));
	if (munmap(in_file.addr, bytes))
		return went_well("munmap", -errno);
	return RIGHT;
}

/* Where it should be by now, and what the device, the file and the CPU have of it. */
static const char *is_right_for_all(FIXTURE_DATA(other) *self,
				    const FIXTURE_VARIANT(other) *variant)
{
	struct sample *sample = &self->sample;

	CHECK(device_has(sample, variant->flags & MAP_PRIVATE));
	CHECK(sample_device_data(sample));
	CHECK(file_is_right(sample, self->file, self->first));
	return sample_data(sample);
}

/* No rule is broken by memory of any kind, and to look at it changes nothing. */
TEST_F(other, is_looked_at)
{
	struct sample *sample = &self->sample;
	const struct devthp_region region = {
		.size = sizeof(region), .addr = sample->addr, .npages = sample->pages,
	}, *const regions[] = { &region };
	struct devthp_summary sum = { .size = sizeof(sum) };
	struct devthp_snapshot *snap;

	ASSERT_EQ(0, devthp_snapshot_take(&snap, sample->addr, sample->pages, NULL));
	devthp_snapshot_summarize(snap, 0, sample->pages, &sum);
	devthp_snapshot_free(snap);
	/* A private mapping has none of a huge page of which it has copied some. */
	EXPECT_EQ(sample->pages, sum.pages[DEVTHP_LOC_SYSTEM] + sum.pages[DEVTHP_LOC_EMPTY]);
	EXPECT_EQ(0, devthp_check(regions, 1, NULL, NULL));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(file_is_right(sample, self->file, self->first));
}

TEST_F(other, stays)
{
	struct sample *sample = &self->sample;

	ASSERT_EQ(variant->err,
		  devthp_migrate_to_device(sample->dev, sample->addr,
					   sample->pages, NULL));
	ASSERT_RIGHT(is_right_for_all(self, variant));
	ASSERT_RIGHT(file_is_right(sample, self->file, self->first));
}

/*
 * The device that has read it before still has it, and is told so; but for huge
 * pages of a file, which the kernel gives up and does not map again by itself.
 */
TEST_F(other, stays_with_who_has_read_it)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_EQ(variant->unmapped || variant->hugetlb ? variant->err : 0,
		  devthp_migrate_to_device(sample->dev, sample->addr,
					   sample->pages, NULL));
	ASSERT_RIGHT(is_right_for_all(self, variant));
}

/* Nor is it anybody's alone, but for copies, which are made for that. */
TEST_F(other, is_nobodys_own)
{
	struct sample *sample = &self->sample;
	struct devthp_snapshot *before;
	int err;

	ASSERT_RIGHT(still_begin(sample, &before));
	err = devthp_device_exclusive(sample->dev, sample->addr, sample->pages,
				      sample->buffer);
	if (variant->flags & MAP_PRIVATE) {
		ASSERT_EQ(0, err);
		ASSERT_RIGHT(sample_compare(sample, sample->buffer, 0,
					    sample->pages, "the device reads"));
	} else {
		ASSERT_EQ(-EOPNOTSUPP, err);
		EXPECT_RIGHT(still_untouched(sample, 0, sample->pages, before));
	}
	devthp_snapshot_free(before);
	ASSERT_RIGHT(file_is_right(sample, self->file, self->first));
	ASSERT_RIGHT(sample_data(sample));
}

/* What it writes is for all who share it, or is a copy more. */
TEST_F(other, is_written_by_the_device)
{
	struct sample *sample = &self->sample;

	devthp_migrate_to_device(sample->dev, sample->addr, sample->pages,
				 NULL);
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(file_is_right(sample, self->file,
				   variant->flags & MAP_PRIVATE ? self->first :
				   sample->generation));
	ASSERT_RIGHT(sample_data(sample));
}

/* A part of it, and from a child's side. */
TEST_F(other, stays_in_part)
{
	struct sample *sample = &self->sample;
	char *addr = sample->addr + 10 * devthp_page_size();
	struct peer child;

	ASSERT_EQ(variant->err, devthp_migrate_to_device(sample->dev, addr, 30,
							 NULL));
	ASSERT_RIGHT(device_has(sample, false));
	ASSERT_RIGHT(peer_fork(&child, peer_reads, sample));
	ASSERT_RIGHT(peer_end(&child));
	ASSERT_RIGHT(sample_data(sample));
}

/*
 * Pinned, to be written: copies by now, where it is mapped privately. Of small
 * pages of a file nobody can tell before they are unmapped.
 */
TEST_F(other, is_pinned)
{
	struct sample *sample = &self->sample;
	struct devthp_snapshot *before;
	uint64_t sources, now;
	struct pin pin = {};
	struct devthp_device *driver;

	NEED(driver_needed);
	NEED(pin_needed, PIN_SLOW);
	ASSERT_RIGHT(driver_open(&driver));
	ASSERT_RIGHT(pin_take(&pin, PIN_SLOW, sample->addr, sample->pages));
	ASSERT_RIGHT(still_begin(sample, &before));
	ASSERT_RIGHT(driver_pinned_sources(driver, &sources));
	ASSERT_EQ(variant->err,
		  devthp_migrate_to_device(sample->dev, sample->addr,
					   sample->pages, NULL));
	ASSERT_RIGHT(driver_pinned_sources(driver, &now));
	EXPECT_EQ(variant->told ? sample->pages : 0, now - sources);
	EXPECT_RIGHT((variant->told ? still_untouched : still_same_pages)
		     (sample, 0, sample->pages, before));
	devthp_snapshot_free(before);
	ASSERT_RIGHT(pin_drop(&pin, NULL));
	devthp_device_close(driver);
	ASSERT_RIGHT(sample_data(sample));
}

TEST_HARNESS_MAIN
