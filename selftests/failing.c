// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel has no memory, at one allocation after another, for something that
 * is done to memory on a device or on its way there. Rule: it says so, or does
 * it in smaller pieces; every page then is at one of the two places with what it
 * held, for all who map it, and nothing is leaked.
 * (Documentation/fault-injection/fault-injection.rst: fail-nth)
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/baseline.h"
#include "common/form.h"
#include "common/harness.h"
#include "common/need.h"
#include "common/peer.h"
#include "common/settle.h"
#include "common/textfile.h"

#define FAIL "/sys/kernel/debug/"
#define NTH "/proc/thread-self/fail-nth"

/* Allocations that may sleep fail as well, and quietly. */
static const struct { const char *path, *value; } settings[] = {
	{ FAIL "failslab/ignore-gfp-wait", "N" },
	{ FAIL "failslab/verbose", "0" },
	{ FAIL "fail_page_alloc/ignore-gfp-wait", "N" },
	{ FAIL "fail_page_alloc/ignore-gfp-highmem", "N" },
	{ FAIL "fail_page_alloc/min-order", "0" },
	{ FAIL "fail_page_alloc/verbose", "0" },
};

static int failing_needed(const char **why)
{
	size_t i;

	if (file_needed(NTH, "CONFIG_FAULT_INJECTION", why) != KSFT_PASS)
		return missing(*why, why);
	for (i = 0; i < ARRAY_SIZE(settings); i++)
		if (!file_exists(settings[i].path))
			return missing(wrong("there is no %s: CONFIG_FAILSLAB, CONFIG_FAIL_PAGE_ALLOC or CONFIG_FAULT_INJECTION_DEBUG_FS is off",
					     settings[i].path), why);
	return KSFT_PASS;
}

/* What is done, with -ENOMEM for what it may say, or 0. */
typedef int operation(struct sample *sample);

FIXTURE(failing)
{
	struct baseline baseline;
	struct sample sample;
	struct setting setting[ARRAY_SIZE(settings)];
	int nth;
};

FIXTURE_VARIANT(failing)
{
	operation *operation;
	bool in_system;		/* where it begins */
	enum form form;		/* on the device */
	bool shared;		/* with a child */
};

/* The middle of it, with an edge that is none of anything else. */
#define FIRST 200
#define PAGES 100

static char *part_of(const struct sample *sample)
{
	return sample->addr + FIRST * devthp_page_size();
}

static int goes(struct sample *sample)
{
	return devthp_migrate_to_device(sample->dev, sample->addr,
					sample->pages, NULL);
}

static int goes_in_part(struct sample *sample)
{
	return devthp_migrate_to_device(sample->dev, part_of(sample), PAGES,
					NULL);
}

static int comes_back(struct sample *sample)
{
	return devthp_migrate_to_system(sample->dev, sample->addr,
					sample->pages, NULL);
}

static int comes_back_in_part(struct sample *sample)
{
	return devthp_migrate_to_system(sample->dev, part_of(sample), PAGES,
					NULL);
}

static int is_evicted(struct sample *sample)
{
	return devthp_device_drain(sample->dev, NULL);
}

/* Who faults and cannot be helped faults again. */
static int is_read(struct sample *sample)
{
	(void)*(volatile char *)part_of(sample);
	return 0;
}

static int is_written(struct sample *sample)
{
	volatile char *byte = part_of(sample);

	*byte = *byte;
	return 0;
}

static int is_read_by_the_kernel(struct sample *sample)
{
	int ends[2], err = 0;

	if (pipe(ends))
		return -errno;
	if (write(ends[1], part_of(sample), 1) != 1)
		err = -errno;
	close(ends[0]);
	close(ends[1]);
	return err;
}

static int is_written_by_the_device(struct sample *sample)
{
	int err;

	if (!is_right(sample_make_next(sample, sample->buffer, FIRST, PAGES)))
		return -EINVAL;
	err = devthp_device_write(sample->dev, part_of(sample), PAGES,
				  sample->buffer, NULL);
	/* It writes all of that at once. */
	if (err)
		sample_next_was_refused(sample, FIRST, PAGES);
	return err;
}

static int is_dropped_in_part(struct sample *sample)
{
	if (madvise(part_of(sample), PAGES * devthp_page_size(),
		    MADV_DONTNEED))
		return -errno;
	memset(sample->hole + FIRST, HOLE_DROPPED, PAGES);
	memset(sample->generation + FIRST, 0,
	       PAGES * sizeof(*sample->generation));
	return 0;
}

/* Which takes a mapping more, before anything is unmapped. */
static int is_unmapped_in_part(struct sample *sample)
{
	const size_t bytes = PAGES * devthp_page_size();
	int err = 0;

	if (munmap(part_of(sample), bytes))
		return -errno;
	/* For the next round, and for who frees the range: at the second try. */
	while (mmap(part_of(sample), bytes, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
	       MAP_FAILED) {
		if (err)
			return -errno;
		err = -errno;
	}
	memset(sample->hole + FIRST, HOLE_DROPPED, PAGES);
	memset(sample->generation + FIRST, 0,
	       PAGES * sizeof(*sample->generation));
	return err;
}

static int is_protected_in_part(struct sample *sample)
{
	const size_t bytes = PAGES * devthp_page_size();

	if (mprotect(part_of(sample), bytes, PROT_READ) ||
	    mprotect(part_of(sample), bytes, PROT_READ | PROT_WRITE))
		return -errno;
	return 0;
}

/* By a page, so that the entries go one by one; and home, at the second try. */
static int moves_there_and_back(struct sample *sample)
{
	const size_t size = devthp_page_size();
	const size_t bytes = (sample->pages - 1) * size;
	char *to = sample->buffer + size;
	int err = 0;

	if (mremap(sample->addr, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED |
		   MREMAP_DONTUNMAP, to) == MAP_FAILED) {
		err = -errno;
		/* What was there is gone, even so. */
		mmap(to, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE |
		     MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		return err;
	}
	while (mremap(to, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED |
		      MREMAP_DONTUNMAP, sample->addr) == MAP_FAILED) {
		if (err)
			return -errno;
		err = -errno;
	}
	return err;
}

static int forks(struct sample *sample)
{
	struct peer child;
	const char *verdict = peer_fork(&child, peer_reads, sample);

	if (!is_right(verdict))
		return -ENOMEM;
	return is_right(peer_end(&child)) ? 0 : -EINVAL;
}

#define VARIANT(name, ...)						\
	FIXTURE_VARIANT_ADD(failing, name) { .operation = name, __VA_ARGS__ }
#define BY_PAGES(name)							\
	FIXTURE_VARIANT_ADD(failing, name##_by_pages) {			\
		.operation = name, .form = FORM_BY_PAGES		\
	}
#define SHARED(name)							\
	FIXTURE_VARIANT_ADD(failing, name##_shared) {			\
		.operation = name, .shared = true			\
	}

VARIANT(goes, .in_system = true);
VARIANT(goes_in_part, .in_system = true);
VARIANT(comes_back);
VARIANT(comes_back_in_part);
VARIANT(is_evicted);
VARIANT(is_read);
VARIANT(is_written);
VARIANT(is_read_by_the_kernel);
VARIANT(is_written_by_the_device);
VARIANT(is_unmapped_in_part);
VARIANT(is_protected_in_part);
VARIANT(moves_there_and_back);
VARIANT(forks);
BY_PAGES(comes_back);
BY_PAGES(is_read);
BY_PAGES(moves_there_and_back);
BY_PAGES(forks);
SHARED(comes_back_in_part);
SHARED(is_written);
SHARED(is_written_by_the_device);
SHARED(is_dropped_in_part);

FIXTURE_SETUP(failing)
{
	size_t i;

	self->nth = -1;
	NEED(failing_needed);
	self->nth = open(NTH, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->nth);
	ASSERT_RIGHT(baseline_take(&self->baseline));
	SETUP_SAMPLE(&self->sample, 1);
	for (i = 0; i < ARRAY_SIZE(settings); i++)
		ASSERT_RIGHT(setting_change(&self->setting[i],
					    settings[i].path,
					    settings[i].value));
}

FIXTURE_TEARDOWN(failing)
{
	size_t i;

	if (self->nth >= 0)
		close(self->nth);
	for (i = 0; i < ARRAY_SIZE(settings); i++)
		setting_restore(&self->setting[i]);
	sample_release(&self->sample);
	TEARDOWN_BASELINE(&self->baseline);
}

/* Neither gone nor on its way. */
static const char *is_somewhere(const void *arg)
{
	const struct sample *sample = arg;
	size_t i;

	CHECK(sample_look(sample));
	for (i = 0; i < sample->pages; i++) {
		const unsigned int location = sample->page[i].location;

		if (!sample->hole[i] && location != DEVTHP_LOC_DEVICE &&
		    location != DEVTHP_LOC_SYSTEM)
			return wrong("page %zu is %s", i,
				     devthp_location_name(location));
	}
	return RIGHT;
}

/* Let the nth allocation of this thread from now on fail; 0: none. */
static const char *fail_nth(int fd, unsigned int nth)
{
	char number[16];
	int length = snprintf(number, sizeof(number), "%u", nth);

	if (pwrite(fd, number, length, 0) != length)
		return went_well("write " NTH, -errno);
	return RIGHT;
}

/* How many more would have been needed. To open a file would be one, too. */
static const char *what_is_left(int fd, unsigned int *nth)
{
	char number[16] = "";

	if (pread(fd, number, sizeof(number) - 1, 0) <= 0)
		return went_well("read " NTH, -errno);
	*nth = atoi(number);
	return fail_nth(fd, 0);
}

/* With a failure at the nth allocation, if it has so many. */
static const char *do_it(struct sample *sample, operation *operation, int fd,
			 unsigned int nth, unsigned int *left)
{
	int err;

	CHECK(fail_nth(fd, nth));
	err = operation(sample);
	CHECK(what_is_left(fd, left));
	if (err && *left)
		return wrong("it returns %d, though nothing failed", err);
	return RIGHT;
}

static const char *round_of(struct sample *sample,
			    const FIXTURE_VARIANT(failing) *variant,
			    int fd, unsigned int nth, unsigned int *left)
{
	struct peer child;

	CHECK(sample_map_anew(sample));
	CHECK(sample_fill_whole(sample));
	if (!variant->in_system)
		CHECK(form_to_device(sample, variant->form));
	if (variant->shared) {
		CHECK(peer_fork(&child, peer_reads_later, sample));
		CHECK(peer_wait(&child));
	}
	CHECK(do_it(sample, variant->operation, fd, nth, left));
	CHECK(settles(is_somewhere, sample));
	CHECK(holes_are_empty(sample));
	CHECK(sample_device_data(sample));
	CHECK(sample_data(sample));
	if (variant->shared) {
		CHECK(peer_tell(&child));
		CHECK(peer_end(&child));
		CHECK(sample_data(sample));
	}
	return RIGHT;
}

/*
 * The first ones, and all of the last, where the migration itself is. Those
 * between are of the same kind, one for each page.
 */
#define BEGIN 4
#define END 20

static unsigned int next(unsigned int nth, unsigned int all)
{
	unsigned int step = 1;

	if (nth > BEGIN && nth + END < all)
		step = all / BEGIN < all - END - nth ? all / BEGIN :
						       all - END - nth;
	return nth + (step ?: 1);
}

#define MANY 1000000

TEST_F_TIMEOUT(failing, loses_nothing, 10 * PATIENCE)
{
	unsigned int nth, left, all, failed = 0;

	ASSERT_RIGHT(round_of(&self->sample, variant, self->nth, MANY, &left));
	all = MANY - left;
	for (nth = 1; nth <= all; nth = next(nth, all)) {
		ASSERT_RIGHT(round_of(&self->sample, variant, self->nth, nth,
				      &left)) {
			TH_LOG("after a failure of allocation %u of %u", nth,
			       all);
		}
		failed += !left;
	}
	/* Their number is not always the same; but this was a test. */
	ASSERT_LT(0, failed) {
		TH_LOG("of %u allocations none has failed", all);
	}
}

TEST_HARNESS_MAIN
