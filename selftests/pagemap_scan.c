// SPDX-License-Identifier: GPL-2.0
/*
 * PAGEMAP_SCAN finds what was written and write-protects it in one step, and
 * whoever writes next, the CPU or the device, ends that for what it writes.
 * (Documentation/admin-guide/mm/pagemap.rst, with an asynchronous userfaultfd)
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/baseline.h"
#include "common/form.h"
#include "common/harness.h"
#include "common/need.h"
#include "common/pagemap.h"
#include "common/uffd.h"

FIXTURE(scan)
{
	struct baseline baseline;
	struct sample sample;
	int uffd;
};

FIXTURE_VARIANT(scan)
{
	enum form form;
};

FORM_VARIANTS(scan);

FIXTURE_SETUP(scan)
{
	struct sample *sample = &self->sample;

	self->uffd = -1;
	NEED(uffd_needed);
	SETUP_BASELINE(&self->baseline);
	SETUP_SAMPLE(sample, 1);
	ASSERT_RIGHT(uffd_open(&self->uffd, UFFD_FEATURE_WP_ASYNC));
	ASSERT_RIGHT(uffd_register(self->uffd, sample->addr,
				   sample->pages * devthp_page_size(),
				   UFFDIO_REGISTER_MODE_WP));
	ASSERT_RIGHT(sample_fill_whole(sample));
	ASSERT_RIGHT(form_to_device(sample, variant->form));
}

FIXTURE_TEARDOWN(scan)
{
	sample_release(&self->sample);
	if (self->uffd >= 0)
		close(self->uffd);
	TEARDOWN_BASELINE(&self->baseline);
}

/* These pages are write-protected, for the device as well, and those are not. */
static const char *protected_are(const struct sample *sample, size_t first,
				 size_t npages)
{
	const size_t end = first + npages;
	const unsigned int mask = DEVTHP_BIT_UFFD_WP | DEVTHP_BIT_WRITE;

	CHECK(entry_bits(sample, first, npages, mask, DEVTHP_BIT_UFFD_WP));
	if (first)
		CHECK(entry_bits(sample, 0, first, DEVTHP_BIT_UFFD_WP, 0));
	if (end < sample->pages)
		CHECK(entry_bits(sample, end, sample->pages - end,
				 DEVTHP_BIT_UFFD_WP, 0));
	return RIGHT;
}

TEST_F(scan, finds_without_changing)
{
	const struct sample *sample = &self->sample;
	const size_t n = sample->pages;

	ASSERT_EQ(n, pages_written(sample, 0, n, 0, 0, NULL));
	ASSERT_EQ(n, pages_written(sample, 0, n, 0, 0, NULL));
	ASSERT_RIGHT(form_is_kept(sample, variant->form));
}

TEST_F(scan, protects_all)
{
	struct sample *sample = &self->sample;
	const size_t n = sample->pages;

	ASSERT_EQ(n, pages_written(sample, 0, n, SCAN_AND_PROTECT, 0, NULL));
	ASSERT_EQ(0, pages_written(sample, 0, n, 0, 0, NULL));
	ASSERT_RIGHT(form_is_kept(sample, variant->form));
	ASSERT_RIGHT(protected_are(sample, 0, n));
	/* Reading is no writing, by whomever. */
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_EQ(0, pages_written(sample, 0, n, 0, 0, NULL));
}

TEST_F(scan, cpu_writes)
{
	struct sample *sample = &self->sample;
	const size_t n = sample->pages;
	struct page_region region;

	ASSERT_EQ(n, pages_written(sample, 0, n, SCAN_AND_PROTECT, 0, NULL));
	ASSERT_RIGHT(sample_access(sample, 99, ACCESS_WRITE));
	ASSERT_EQ(1, pages_written(sample, 0, n, 0, 0, &region));
	ASSERT_EQ((uintptr_t)sample->addr + 99 * devthp_page_size(),
		  region.start);
	ASSERT_RIGHT(sample_data(sample));
}

/* A few pages of it, so that the others must not look written. */
TEST_F(scan, device_writes)
{
	struct sample *sample = &self->sample;
	const size_t n = sample->pages, first = 100, npages = 3;
	char *addr = sample->addr + first * devthp_page_size();
	struct page_region region;

	ASSERT_EQ(n, pages_written(sample, 0, n, SCAN_AND_PROTECT, 0, NULL));
	ASSERT_RIGHT(sample_make_next(sample, sample->buffer, first, npages));
	ASSERT_EQ(0, devthp_device_write(sample->dev, addr, npages,
					 sample->buffer, NULL));
	ASSERT_EQ(npages, pages_written(sample, 0, n, 0, 0, &region));
	ASSERT_EQ((uintptr_t)addr, region.start);
	ASSERT_RIGHT(sample_data(sample));
}

/* It could write before; the next write is seen all the same. */
TEST_F(scan, device_writes_again)
{
	struct sample *sample = &self->sample;
	const size_t n = sample->pages;

	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_EQ(n, pages_written(sample, 0, n, SCAN_AND_PROTECT, 0, NULL));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_EQ(n, pages_written(sample, 0, n, SCAN_AND_PROTECT, 0, NULL));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_EQ(0, pages_written(sample, 0, n, 0, 0, NULL));
}

TEST_F(scan, protects_a_part)
{
	struct sample *sample = &self->sample;
	const size_t n = sample->pages;

	ASSERT_EQ(50, pages_written(sample, 30, 50, SCAN_AND_PROTECT, 0, NULL));
	ASSERT_RIGHT(protected_are(sample, 30, 50));
	ASSERT_EQ(n - 50, pages_written(sample, 0, n, 0, 0, NULL));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(protected_are(sample, 30, 50));
}

/* So many pages are enough: the others are neither told nor protected. */
TEST_F(scan, protects_up_to_a_number)
{
	struct sample *sample = &self->sample;
	const size_t n = sample->pages;

	ASSERT_EQ(20, pages_written(sample, 0, n, SCAN_AND_PROTECT, 20, NULL));
	ASSERT_RIGHT(protected_are(sample, 0, 20));
	ASSERT_EQ(n - 20, pages_written(sample, 0, n, 0, 0, NULL));
	ASSERT_RIGHT(sample_data(sample));
}

/* Without a vector there is nothing to tell, only to protect. */
TEST_F(scan, protects_and_does_not_tell)
{
	struct sample *sample = &self->sample;
	const size_t n = sample->pages;
	struct pm_scan_arg arg = {
		.size = sizeof(arg),
		.flags = SCAN_AND_PROTECT,
		.start = (uintptr_t)sample->addr,
		.end = (uintptr_t)sample->addr + n * devthp_page_size(),
		.category_mask = PAGE_IS_WRITTEN,
		.return_mask = PAGE_IS_WRITTEN,
	};
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ioctl(fd, PAGEMAP_SCAN, &arg));
	close(fd);
	ASSERT_RIGHT(protected_are(sample, 0, n));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_EQ(n, pages_written(sample, 0, n, 0, 0, NULL));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(scan, nobody_watches)
{
	struct sample *sample = &self->sample;

	close(self->uffd);
	self->uffd = -1;
	ASSERT_EQ(-EPERM, pages_written(sample, 0, sample->pages, SCAN_AND_PROTECT, 0, NULL));
	ASSERT_RIGHT(form_is_kept(sample, variant->form));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_HARNESS_MAIN
