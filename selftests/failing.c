// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel has no memory, at one allocation after another, for something that
 * is done to memory on a device or on its way there. Rule: it says so, or does
 * it in smaller pieces; every page then is at one of the two places with what it
 * held, for all who map it, and nothing is leaked.
 */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/failing_acts.h"
#include "common/failing_harness.h"
#include "common/peer.h"

static int goes_in_part(struct sample *sample)
{
	return devthp_migrate_to_device(sample->dev, failing_part(sample),
					FAILING_PAGES, NULL);
}

static int is_read_by_the_kernel(struct sample *sample)
{
	int ends[2], err = 0;

	if (pipe(ends))
		return -errno;
	if (write(ends[1], failing_part(sample), 1) != 1)
		err = -errno;
	close(ends[0]);
	close(ends[1]);
	return err;
}

static int is_written_by_the_device(struct sample *sample)
{
	int err;

	if (!is_right(sample_make_next(sample, sample->buffer, FAILING_FIRST, FAILING_PAGES)))
		return -EINVAL;
	err = devthp_device_write(sample->dev, failing_part(sample), FAILING_PAGES,
				  sample->buffer, NULL);
	/* It writes all of that at once. */
	if (err)
		sample_next_was_refused(sample, FAILING_FIRST, FAILING_PAGES);
	return err;
}

static int is_dropped_in_part(struct sample *sample)
{
	if (madvise(failing_part(sample), FAILING_PAGES * devthp_page_size(),
		    MADV_DONTNEED))
		return -errno;
	memset(sample->hole + FAILING_FIRST, HOLE_DROPPED, FAILING_PAGES);
	memset(sample->generation + FAILING_FIRST, 0,
	       FAILING_PAGES * sizeof(*sample->generation));
	return 0;
}

/* Which takes a mapping more, before anything is unmapped. */
static int is_unmapped_in_part(struct sample *sample)
{
	const size_t bytes = FAILING_PAGES * devthp_page_size();
	int err = 0;

	if (munmap(failing_part(sample), bytes))
		return -errno;
	/* For the next round, and for who frees the range: at the second try. */
	while (mmap(failing_part(sample), bytes, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
	       MAP_FAILED) {
		if (err)
			return -errno;
		err = -errno;
	}
	memset(sample->hole + FAILING_FIRST, HOLE_DROPPED, FAILING_PAGES);
	memset(sample->generation + FAILING_FIRST, 0,
	       FAILING_PAGES * sizeof(*sample->generation));
	return err;
}

static int is_protected_in_part(struct sample *sample)
{
	const size_t bytes = FAILING_PAGES * devthp_page_size();

	if (mprotect(failing_part(sample), bytes, PROT_READ) ||
	    mprotect(failing_part(sample), bytes, PROT_READ | PROT_WRITE))
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

#define BY_PAGES(name) CASE_NAMED(name##_by_pages, name, .form = FORM_BY_PAGES)
#define SHARED(name, ...)						\
	CASE_NAMED(name##_shared, name, .shared = true, __VA_ARGS__)

CASE(goes, .in_system = true);
CASE(goes_in_part, .in_system = true);
CASE(comes_back);
CASE(comes_back_in_part);
CASE(is_evicted);
CASE(is_read);
CASE(is_written);
CASE(is_read_by_the_kernel);
CASE(is_written_by_the_device);
CASE(is_unmapped_in_part);
CASE(is_protected_in_part);
CASE(moves_there_and_back);
CASE(forks);
BY_PAGES(comes_back);
BY_PAGES(is_read);
BY_PAGES(moves_there_and_back);
BY_PAGES(forks);
SHARED(comes_back_in_part);
SHARED(is_written);
SHARED(is_written_by_the_device);
SHARED(is_dropped_in_part);

TEST_HARNESS_MAIN
