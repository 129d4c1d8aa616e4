// SPDX-License-Identifier: GPL-2.0
/*
 * As failing.c, for what pins, locks, moves, collapses and tracks memory of a
 * device, and for entries that say more than where a page is: they go on to say it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/failing_acts.h"
#include "common/failing_harness.h"
#include "common/peer.h"
#include "common/pin.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

static size_t bytes_of_part(void)
{
	return FAILING_PAGES * devthp_page_size();
}

/* ---- What brings memory back ---- */

static int pins_needed(const char **why)
{
	return pin_needed(PIN_SLOW, why);
}

/* It does not say why it has not got all. */
static int gets(struct sample *sample, enum gup_call call)
{
	return is_right(gup_and_put(call, failing_part(sample), FAILING_PAGES,
				    FAILING_PAGES)) ? 0 : -ENOMEM;
}

static int is_pinned(struct sample *sample)
{
	return gets(sample, PIN_USER_PAGES_FAST);
}

static int is_pinned_for_long(struct sample *sample)
{
	return gets(sample, PIN_USER_PAGES_LONGTERM);
}

static int is_locked(struct sample *sample)
{
	int err = 0;

	if (mlock(failing_part(sample), bytes_of_part()))
		err = -errno;
	/* A mapping more may be needed again. */
	while (munlock(failing_part(sample), bytes_of_part())) {
		if (err)
			return -errno;
		err = -errno;
	}
	return err;
}

/* Some of it was back already: that is what it takes to be collapsed. */
static int is_collapsed(struct sample *sample)
{
	int tries = 10;

	(void)*(volatile char *)failing_part(sample);
	while (madvise(sample->addr, bytes_of(sample), MADV_COLLAPSE)) {
		/* What the CPU can use where it is stays there. */
		if (errno == EINVAL && sample->coherent)
			return 0;
		if (errno != EAGAIN || !--tries)
			return -errno;
		settle_batches();
	}
	return 0;
}

static int is_the_devices_alone(struct sample *sample)
{
	return devthp_device_exclusive(sample->dev, failing_part(sample),
				       FAILING_PAGES, sample->buffer);
}

/* ---- What changes entries, where they are ---- */

/* Home again at the second try. */
static int part_moves_there_and_back(struct sample *sample)
{
	const int how = MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP;
	const size_t bytes = bytes_of_part();
	char *from = failing_part(sample);
	char *to = sample->buffer + devthp_page_size();
	int err = 0;

	if (mremap(from, bytes, bytes, how, to) == MAP_FAILED) {
		err = -errno;
		/* What was there is gone, even so. */
		mmap(to, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE |
		     MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		return err;
	}
	while (mremap(to, bytes, bytes, how, from) == MAP_FAILED) {
		if (err)
			return -errno;
		err = -errno;
	}
	return err;
}

/* By one who is only there for that, and not for long. */
static int is_watched_in_part(struct sample *sample)
{
	struct uffdio_api api = {
		.api = UFFD_API,
		.features = UFFD_FEATURE_PAGEFAULT_FLAG_WP |
			    UFFD_FEATURE_WP_ASYNC,
	};
	struct uffdio_register watched = {
		.range = { (uintptr_t)failing_part(sample), bytes_of_part() },
		.mode = UFFDIO_REGISTER_MODE_WP,
	};
	struct uffdio_writeprotect protect = {
		.range = watched.range,
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (ioctl(fd, UFFDIO_API, &api) ||
	    ioctl(fd, UFFDIO_REGISTER, &watched) ||
	    ioctl(fd, UFFDIO_WRITEPROTECT, &protect))
		err = -errno;
	/* Which ends the protection. */
	close(fd);
	return err;
}

static int watching_needed(const char **why)
{
	return failing_bits_needed(BITS_PROTECTED, why);
}

/* ---- Where entries say more ---- */

static int forks(struct sample *sample)
{
	struct peer child;

	if (!is_right(peer_fork(&child, peer_reads, sample)))
		return -ENOMEM;
	return is_right(peer_end(&child)) ? 0 : -EINVAL;
}

#define NEEDS(name, does, need, ...)					\
	FIXTURE_VARIANT_ADD(failing, name) {				\
		.what = { .act = does, __VA_ARGS__ }, .needed = need	\
	}
#define CLEAN(name, ...)						\
	CASE_NAMED(name##_clean, name, .bits = BITS_CLEAN, __VA_ARGS__)
#define PROTECTED(name, ...)						\
	CASE_NAMED(name##_protected, name, .bits = BITS_PROTECTED, __VA_ARGS__)
#define READ_ONLY(name, ...)						\
	CASE_NAMED(name##_read_only, name, .bits = BITS_READ_ONLY, __VA_ARGS__)

NEEDS(is_pinned, is_pinned, pins_needed);
NEEDS(is_pinned_by_pages, is_pinned, pins_needed, .form = FORM_BY_PAGES);
NEEDS(is_pinned_for_long, is_pinned_for_long, pins_needed);
NEEDS(is_pinned_for_long_shared, is_pinned_for_long, pins_needed,
      .shared = true);
CASE(is_locked);
CASE_NAMED(is_locked_by_pages, is_locked, .form = FORM_BY_PAGES);
CASE_NAMED(is_collapsed, is_collapsed, .form = FORM_SMALL);
CASE(is_the_devices_alone);
CASE_NAMED(is_the_devices_alone_by_pages, is_the_devices_alone,
	   .form = FORM_BY_PAGES);
CASE(part_moves_there_and_back);
CASE_NAMED(part_moves_there_and_back_shared, part_moves_there_and_back,
	   .shared = true);
NEEDS(is_watched_in_part, is_watched_in_part, watching_needed);
NEEDS(is_watched_in_part_shared, is_watched_in_part, watching_needed,
      .shared = true);
CLEAN(goes, .in_system = true);
CLEAN(comes_back);
CLEAN(comes_back_in_part);
CLEAN(is_evicted);
CLEAN(is_read);
PROTECTED(goes, .in_system = true);
PROTECTED(comes_back);
PROTECTED(comes_back_in_part);
PROTECTED(is_evicted);
PROTECTED(is_read);
PROTECTED(is_written, .writes = true);
READ_ONLY(goes, .in_system = true);
READ_ONLY(comes_back);
READ_ONLY(comes_back_in_part);
READ_ONLY(is_evicted);
READ_ONLY(is_read);
READ_ONLY(forks, .form = FORM_BY_PAGES);

TEST_HARNESS_MAIN
