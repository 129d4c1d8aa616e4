// SPDX-License-Identifier: GPL-2.0
/*
 * Access by the CPU and by the device, as any backend promises it: each sees what the
 * other wrote, wherever the memory is, and the device moves none of it.
 */
#include <errno.h>
#include <sys/mman.h>

#include "common/harness.h"
#include "common/portable.h"

PORTABLE(access, 2)

/* What a CPU uses cannot be memory that only the device can. */
static const char *has_come(struct sample *sample, size_t page)
{
	return sample->coherent ? RIGHT : on_device(sample, page, 1, false);
}

static const char *cpu_uses(struct sample *sample, enum access how)
{
	const size_t pages[] = { 0, 1, sample->folio_pages - 1, sample->folio_pages,
				 sample->pages - 1 };
	size_t i;

	CHECK(goes(sample, 0, sample->pages, sample->pages));
	for (i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		CHECK(sample_access(sample, pages[i], how));
		CHECK(has_come(sample, pages[i]));
		CHECK(sample_device_data(sample));
	}
	return sample_data(sample);
}

TEST_F(access, of_the_cpu_reads)
{
	ASSERT_RIGHT(cpu_uses(&self->sample, ACCESS_READ));
}

TEST_F(access, of_the_cpu_writes)
{
	ASSERT_RIGHT(cpu_uses(&self->sample, ACCESS_WRITE));
}

/* In small pages, one comes and its neighbours stay. */
TEST_F(access, of_the_cpu_to_a_page)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(fill_small(sample));
	ASSERT_RIGHT(goes(sample, 0, sample->pages, sample->pages));
	ASSERT_RIGHT(sample_access(sample, 9, ACCESS_WRITE));
	ASSERT_RIGHT(has_come(sample, 9));
	ASSERT_RIGHT(on_device(sample, 0, 9, true));
	ASSERT_RIGHT(on_device(sample, 10, sample->pages - 10, true));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(access, of_the_device_is_seen_by_the_cpu)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(goes(sample, 0, sample->pages, sample->pages));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(on_device(sample, 0, sample->pages, true));
	ASSERT_RIGHT(sample_data(sample));
}

/* ... and leaves what is beside it. */
TEST_F(access, of_the_device_to_a_page)
{
	struct sample *sample = &self->sample;
	const size_t page = sample->folio_pages + 7;

	ASSERT_RIGHT(goes(sample, 0, sample->pages, sample->pages));
	ASSERT_RIGHT(sample_make_next(sample, sample->buffer, page, 1));
	ASSERT_EQ(0, devthp_device_write(sample->dev, page_of(sample, page), 1,
					 sample->buffer, NULL));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(access, of_the_device_to_system_memory_moves_nothing)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(on_device(sample, 0, sample->pages, false));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(on_device(sample, 0, sample->pages, false));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(access, of_the_device_to_both_kinds)
{
	struct sample *sample = &self->sample;
	const size_t n = sample->folio_pages;

	ASSERT_RIGHT(goes(sample, n / 2, n, n));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(on_device(sample, 0, n / 2, false));
	ASSERT_RIGHT(on_device(sample, n / 2, n, true));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(access, of_the_device_to_nothing_yet_reads_zero)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(sample_map_anew(sample));
	memset(sample->generation, 0, sample->pages * sizeof(*sample->generation));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(access, of_the_device_is_reported)
{
	struct sample *sample = &self->sample;
	struct devthp_access report = { .size = sizeof(report) };

	ASSERT_RIGHT(goes(sample, 0, sample->pages, sample->pages));
	ASSERT_EQ(0, devthp_device_read(sample->dev, sample->addr, sample->pages,
					sample->buffer, &report));
	EXPECT_EQ(sample->pages, report.pages);
	EXPECT_EQ(0, report.faults);
	report.pages = 0;
	ASSERT_EQ(0, devthp_device_write(sample->dev, sample->addr, sample->pages,
					 sample->buffer, &report));
	EXPECT_EQ(sample->pages, report.pages);
	ASSERT_RIGHT(sample_data(sample));
}

/* ---- What is refused, and changes nothing ---- */

TEST_F(access, to_a_hole_is_refused)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(goes(sample, 0, sample->pages, sample->pages));
	ASSERT_RIGHT(sample_cut(sample, 8, 2, HOLE_UNMAPPED));
	ASSERT_RIGHT(reading_gives(sample, 8, 2, -EFAULT));
	ASSERT_RIGHT(reading_gives(sample, 0, sample->pages, -EFAULT));
	ASSERT_RIGHT(writing_gives(sample, 8, 2, -EFAULT));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(access, by_no_buffer_is_refused)
{
	struct sample *sample = &self->sample;
	const size_t bytes = bytes_of(sample);

	ASSERT_RIGHT(goes(sample, 0, sample->pages, sample->pages));
	EXPECT_EQ(-EINVAL, devthp_device_read(sample->dev, sample->addr, 1, NULL, NULL));
	EXPECT_EQ(-EINVAL, devthp_device_write(sample->dev, sample->addr, 1, NULL, NULL));
	ASSERT_EQ(0, mprotect(sample->buffer, bytes, PROT_NONE));
	EXPECT_EQ(-EFAULT, devthp_device_read(sample->dev, sample->addr, sample->pages,
					      sample->buffer, NULL));
	EXPECT_EQ(-EFAULT, devthp_device_write(sample->dev, sample->addr, sample->pages,
					       sample->buffer, NULL));
	ASSERT_EQ(0, mprotect(sample->buffer, bytes, PROT_READ | PROT_WRITE));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
}

/* ---- The snapshot ---- */

TEST_F(access, is_what_a_snapshot_is_not)
{
	struct sample *sample = &self->sample;
	const size_t n = sample->folio_pages;
	uint8_t prot[n];
	size_t i;

	ASSERT_RIGHT(sample_map_anew(sample));
	memset(sample->generation, 0, sample->pages * sizeof(*sample->generation));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, devthp_device_snapshot(sample->dev, sample->addr, 1, prot));
		ASSERT_EQ(DEVTHP_PROT_NONE, prot[0]);
	}
	ASSERT_RIGHT(goes(sample, 0, n, n));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, devthp_device_snapshot(sample->dev, sample->addr, n, prot));
		ASSERT_RIGHT(on_device(sample, 0, n, true));
	}
	ASSERT_RIGHT(sample_cut(sample, 2, 1, HOLE_UNMAPPED));
	ASSERT_EQ(0, devthp_device_snapshot(sample->dev, sample->addr, n, prot));
	EXPECT_EQ(DEVTHP_PROT_ERROR, prot[2]);
	EXPECT_NE(DEVTHP_PROT_ERROR, prot[1]);
	EXPECT_NE(DEVTHP_PROT_ERROR, prot[3]);
	ASSERT_RIGHT(sample_data(sample));
}

TEST_HARNESS_MAIN
