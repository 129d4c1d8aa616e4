// SPDX-License-Identifier: GPL-2.0
/*
 * Where userfaultfd is to be asked for what is missing, nobody else puts
 * something there, a migration to the device least of all. What was put there
 * migrates as anything does; what is there already is not replaced.
 * (ioctl_userfaultfd(2): UFFDIO_COPY, UFFDIO_ZEROPAGE, UFFDIO_MOVE)
 *
 * With UFFD_FEATURE_SIGBUS a touch of what is missing is answered with that
 * signal, with no event that somebody has to serve.
 */
#include <errno.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/baseline.h"
#include "common/form.h"
#include "common/harness.h"
#include "common/need.h"
#include "common/trap.h"
#include "common/uffd.h"

FIXTURE(missing)
{
	struct baseline baseline;
	struct sample sample;
	int uffd;
};

static const char *ask_for_missing(int *uffd, const struct sample *sample)
{
	CHECK(uffd_open(uffd, UFFD_FEATURE_SIGBUS));
	return uffd_register(*uffd, sample->addr,
			     sample->pages * devthp_page_size(),
			     UFFDIO_REGISTER_MODE_MISSING);
}

FIXTURE_SETUP(missing)
{
	self->uffd = -1;
	NEED(uffd_needed);
	SETUP_BASELINE(&self->baseline);
	SETUP_SAMPLE(&self->sample, 1);
}

FIXTURE_TEARDOWN(missing)
{
	sample_release(&self->sample);
	if (self->uffd >= 0)
		close(self->uffd);
	TEARDOWN_BASELINE(&self->baseline);
}

/* Put the next generation to pages; what UFFDIO_COPY says. */
static int put_copy(const struct sample *sample, int uffd, size_t first,
		    size_t npages)
{
	struct uffdio_copy copy = {
		.dst = (uintptr_t)page_of(sample, first),
		.src = (uintptr_t)sample->buffer,
		.len = npages * devthp_page_size(),
	};

	return ioctl(uffd, UFFDIO_COPY, &copy) ? -errno : 0;
}

static int put_zero(const struct sample *sample, int uffd, size_t first,
		    size_t npages)
{
	struct uffdio_zeropage zero = {
		.range = {
			(uintptr_t)page_of(sample, first),
			npages * devthp_page_size(),
		},
	};

	return ioctl(uffd, UFFDIO_ZEROPAGE, &zero) ? -errno : 0;
}

/* Until UFFDIO_COPY: [first, first + npages) is empty, as the record says too. */
static const char *is_empty(struct sample *sample, size_t first, size_t npages)
{
	size_t i;

	for (i = first; i < first + npages; i++)
		sample->hole[i] = HOLE_DROPPED;
	CHECK(holes_are_empty(sample));
	for (i = first; i < first + npages; i++)
		sample->hole[i] = HOLE_NONE;
	return RIGHT;
}

/* Still the shared zero page, in all of [first, first + npages). */
static const char *is_zero(const struct sample *sample, size_t first,
			   size_t npages)
{
	struct devthp_summary sum;

	CHECK(layout_summary(page_of(sample, first), npages, &sum));
	if (sum.pages[DEVTHP_LOC_ZERO] != npages)
		return wrong("%llu pages are the zero page; should be %zu",
			     (unsigned long long)sum.pages[DEVTHP_LOC_ZERO],
			     npages);
	return RIGHT;
}

TEST_F(missing, nothing_goes)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(ask_for_missing(&self->uffd, sample));
	ASSERT_EQ(-ENOENT, devthp_migrate_to_device(sample->dev, sample->addr,
						    sample->pages, NULL));
	ASSERT_RIGHT(is_empty(sample, 0, sample->pages));
	ASSERT_EQ(SIGBUS, trap_read(page_of(sample, 5)));
	ASSERT_RIGHT(is_empty(sample, 0, sample->pages));
}

TEST_F(missing, nothing_goes_page_by_page)
{
	struct sample *sample = &self->sample;
	const size_t n = sample->pages;

	ASSERT_RIGHT(ask_for_missing(&self->uffd, sample));
	ASSERT_EQ(-ENOENT, devthp_migrate_to_device(sample->dev,
						    page_of(sample, 1), n - 1,
						    NULL));
	ASSERT_EQ(0, devthp_device_fail_alloc(sample->dev, 1));
	ASSERT_EQ(-ENOENT, devthp_migrate_to_device(sample->dev, sample->addr,
						    n, NULL));
	ASSERT_RIGHT(is_empty(sample, 0, n));
}

/* The device has to ask as well, and gets no answer here. */
TEST_F(missing, device_is_refused)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(ask_for_missing(&self->uffd, sample));
	ASSERT_EQ(-EFAULT, devthp_device_write(sample->dev, sample->addr, 1,
					       sample->buffer, NULL));
	ASSERT_RIGHT(is_empty(sample, 0, sample->pages));
}

TEST_F(missing, copied_goes)
{
	struct sample *sample = &self->sample;
	const size_t n = sample->pages;

	ASSERT_RIGHT(ask_for_missing(&self->uffd, sample));
	ASSERT_RIGHT(sample_make_next(sample, sample->buffer, 0, n));
	ASSERT_EQ(0, put_copy(sample, self->uffd, 0, n));
	ASSERT_RIGHT(sample_to_device(sample));
	ASSERT_RIGHT(form_is_kept(sample, FORM_SMALL));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
}

/*
 * Zero pages stay as long as somebody watches: a migration takes them for what
 * is missing, on 6.12 as well.
 */
TEST_F(missing, zeroed_stays)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(ask_for_missing(&self->uffd, sample));
	ASSERT_EQ(0, put_zero(sample, self->uffd, 0, sample->pages));
	ASSERT_EQ(-ENOENT, devthp_migrate_to_device(sample->dev, sample->addr,
						    sample->pages, NULL));
	ASSERT_RIGHT(is_zero(sample, 0, sample->pages));
	ASSERT_RIGHT(sample_data(sample));
	close(self->uffd);
	self->uffd = -1;
	ASSERT_RIGHT(sample_to_device(sample));
	ASSERT_RIGHT(form_is_kept(sample, FORM_SMALL));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(sample_data(sample));
}

/* Some copied, some zeroed, the rest is missing: only the copied goes. */
TEST_F(missing, part_goes)
{
	struct sample *sample = &self->sample;
	const size_t n = sample->pages;

	ASSERT_RIGHT(ask_for_missing(&self->uffd, sample));
	ASSERT_RIGHT(sample_make_next(sample, sample->buffer, 10, 5));
	ASSERT_EQ(0, put_copy(sample, self->uffd, 10, 5));
	ASSERT_EQ(0, put_zero(sample, self->uffd, 15, 5));
	ASSERT_EQ(-ENOENT, devthp_migrate_to_device(sample->dev, sample->addr,
						    n, NULL));
	ASSERT_RIGHT(layout_of(sample, 10, 5, small(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(is_zero(sample, 15, 5));
	ASSERT_RIGHT(is_empty(sample, 0, 10));
	ASSERT_RIGHT(is_empty(sample, 20, n - 20));
	ASSERT_RIGHT(sample_access_range(sample, 10, 10, ACCESS_READ));
	ASSERT_EQ(SIGBUS, trap_read(page_of(sample, 9)));
	ASSERT_EQ(SIGBUS, trap_read(page_of(sample, 20)));
}

/* ---- Watched while it is on the device ---- */

FIXTURE(watched)
{
	struct baseline baseline;
	struct sample sample;
	int uffd;
};

FIXTURE_VARIANT(watched)
{
	enum form form;
};

FORM_VARIANTS(watched);

FIXTURE_SETUP(watched)
{
	struct sample *sample = &self->sample;

	self->uffd = -1;
	NEED(uffd_needed);
	SETUP_BASELINE(&self->baseline);
	SETUP_SAMPLE(sample, 1);
	ASSERT_RIGHT(sample_fill_whole(sample));
	ASSERT_RIGHT(form_to_device(sample, variant->form));
	ASSERT_RIGHT(ask_for_missing(&self->uffd, sample));
	ASSERT_RIGHT(form_is_kept(sample, variant->form));
}

FIXTURE_TEARDOWN(watched)
{
	sample_release(&self->sample);
	if (self->uffd >= 0)
		close(self->uffd);
	TEARDOWN_BASELINE(&self->baseline);
}

/* Memory on the device is not missing. */
TEST_F(watched, comes_back)
{
	ASSERT_RIGHT(sample_device_data(&self->sample));
	ASSERT_RIGHT(sample_data(&self->sample));
	ASSERT_RIGHT(sample_fill(&self->sample));
}

TEST_F(watched, is_not_replaced)
{
	struct sample *sample = &self->sample;
	size_t page;

	memset(sample->buffer, 0xa5, sample->pages * devthp_page_size());
	for (page = 0; page < sample->pages; page += 255) {
		ASSERT_EQ(-EEXIST, put_copy(sample, self->uffd, page, 1));
		ASSERT_EQ(-EEXIST, put_zero(sample, self->uffd, page, 1));
	}
	ASSERT_EQ(-EEXIST, put_copy(sample, self->uffd, 0, sample->pages));
	ASSERT_RIGHT(form_is_kept(sample, variant->form));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(watched, dropped_is_missing)
{
	struct sample *sample = &self->sample;
	const size_t first = 40, npages = 8;

	ASSERT_RIGHT(sample_cut(sample, first, npages, HOLE_DROPPED));
	ASSERT_EQ(SIGBUS, trap_read(page_of(sample, first)));
	ASSERT_EQ(-ENOENT, devthp_migrate_to_device(sample->dev, sample->addr,
						    sample->pages, NULL));
	ASSERT_RIGHT(holes_are_empty(sample));
	ASSERT_RIGHT(sample_make_next(sample, sample->buffer, first, npages));
	ASSERT_EQ(0, put_copy(sample, self->uffd, first, npages / 2));
	ASSERT_EQ(0, put_zero(sample, self->uffd, first + npages / 2,
			      npages / 2));
	memset(sample->hole + first, HOLE_NONE, npages);
	memset(sample->generation + first + npages / 2, 0,
	       npages / 2 * sizeof(*sample->generation));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
}

/* All of it: the page table under a huge page goes and comes. */
TEST_F(watched, all_dropped)
{
	struct sample *sample = &self->sample;
	const size_t n = sample->pages;

	ASSERT_RIGHT(sample_cut(sample, 0, n, HOLE_DROPPED));
	ASSERT_EQ(SIGBUS, trap_read(sample->addr));
	ASSERT_EQ(-ENOENT, devthp_migrate_to_device(sample->dev, sample->addr,
						    n, NULL));
	ASSERT_RIGHT(holes_are_empty(sample));
	ASSERT_RIGHT(sample_make_next(sample, sample->buffer, 0, n));
	ASSERT_EQ(0, put_copy(sample, self->uffd, 0, n));
	memset(sample->hole, HOLE_NONE, n);
	ASSERT_RIGHT(sample_to_device(sample));
	ASSERT_RIGHT(sample_data(sample));
}

/* ---- UFFDIO_MOVE ---- */

static int64_t move(int uffd, void *to, const void *from, size_t npages)
{
	struct uffdio_move move = {
		.dst = (uintptr_t)to,
		.src = (uintptr_t)from,
		.len = npages * devthp_page_size(),
	};

	return ioctl(uffd, UFFDIO_MOVE, &move) ? -errno : move.move;
}

/*
 * What the CPU cannot use does not move; 6.12 says EFAULT of a base page on a
 * device, hence of a huge one, whole or in part. Nothing changes. What it can use
 * moves as memory of the system does, and stays on the device.
 */
TEST_F(watched, moves_only_if_the_cpu_can_use_it)
{
	struct sample *sample = &self->sample;
	const size_t n = sample->pages;
	char *to = sample->buffer;
	int uffd;

	ASSERT_EQ(0, madvise(to, n * devthp_page_size(), MADV_DONTNEED));
	ASSERT_RIGHT(uffd_open(&uffd, UFFD_FEATURE_SIGBUS | UFFD_FEATURE_MOVE));
	ASSERT_RIGHT(uffd_register(uffd, to, n * devthp_page_size(),
				   UFFDIO_REGISTER_MODE_MISSING));
	close(self->uffd);
	self->uffd = uffd;
	if (sample->coherent) {
		ASSERT_EQ(n * devthp_page_size(), move(uffd, to, sample->addr, n));
		sample->buffer = sample->addr;
		sample->addr = to;
		/* A page table is moved page by page, and only what is small. */
		ASSERT_RIGHT(form_is_kept(sample, variant->form == FORM_WHOLE ?
					  FORM_WHOLE : FORM_SMALL));
		ASSERT_RIGHT(sample_device_data(sample));
		ASSERT_RIGHT(sample_data(sample));
		return;
	}
	ASSERT_EQ(-EFAULT, move(uffd, to, sample->addr, n));
	ASSERT_EQ(-EFAULT, move(uffd, to + devthp_page_size(),
				page_of(sample, 1), 1));
	ASSERT_EQ(-EFAULT, move(uffd, to, page_of(sample, n - 1), 1));
	ASSERT_EQ(SIGBUS, trap_read(to));
	ASSERT_RIGHT(form_is_kept(sample, variant->form));
	ASSERT_RIGHT(sample_data(sample));
}

/* What is on the device is there: nothing can be moved to its place. */
TEST_F(watched, moves_not_over)
{
	struct sample *sample = &self->sample;
	const size_t n = sample->pages;
	int uffd;

	memset(sample->buffer, 0xa5, n * devthp_page_size());
	close(self->uffd);
	ASSERT_RIGHT(uffd_open(&uffd, UFFD_FEATURE_SIGBUS | UFFD_FEATURE_MOVE));
	self->uffd = uffd;
	ASSERT_RIGHT(uffd_register(uffd, sample->addr, n * devthp_page_size(),
				   UFFDIO_REGISTER_MODE_MISSING));
	ASSERT_EQ(-EEXIST, move(uffd, sample->addr, sample->buffer, n));
	ASSERT_EQ(-EEXIST, move(uffd, page_of(sample, 7), sample->buffer, 1));
	ASSERT_RIGHT(form_is_kept(sample, variant->form));
	ASSERT_EQ((char)0xa5, sample->buffer[0]);
	ASSERT_RIGHT(sample_data(sample));
}

/* Back in system memory it moves, whole or by pages, and goes again from there. */
TEST_F(watched, moves_after_coming_back)
{
	struct sample *sample = &self->sample;
	const size_t n = sample->pages;
	char *from = sample->addr;
	int uffd;

	ASSERT_RIGHT(sample_bring_back(sample));
	ASSERT_EQ(0, madvise(sample->buffer, n * devthp_page_size(),
			     MADV_DONTNEED));
	ASSERT_RIGHT(uffd_open(&uffd, UFFD_FEATURE_SIGBUS | UFFD_FEATURE_MOVE));
	ASSERT_RIGHT(uffd_register(uffd, sample->buffer,
				   n * devthp_page_size(),
				   UFFDIO_REGISTER_MODE_MISSING));
	close(self->uffd);
	self->uffd = uffd;
	ASSERT_EQ(n * devthp_page_size(), move(uffd, sample->buffer, from, n));
	sample->addr = sample->buffer;
	sample->buffer = from;
	ASSERT_RIGHT(sample_to_device(sample));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_HARNESS_MAIN
