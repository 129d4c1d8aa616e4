// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#if __has_include(<sys/rseq.h>)
#include <sys/rseq.h>
#endif

#include "failing.h"
#include "need.h"
#include "pagemap.h"
#include "peer.h"
#include "ready.h"
#include "settle.h"
#include "state.h"
#include "textfile.h"
#include "uffd.h"
#include "verdict.h"

#define FAIL "/sys/kernel/debug/"
#define NTH "/proc/thread-self/fail-nth"

/* Allocations that may sleep fail as well, and quietly. */
static const struct { const char *path, *value; } settings[FAILING_SETTINGS] = {
	{ FAIL "failslab/ignore-gfp-wait", "N" },
	{ FAIL "failslab/verbose", "0" },
	{ FAIL "fail_page_alloc/ignore-gfp-wait", "N" },
	{ FAIL "fail_page_alloc/ignore-gfp-highmem", "N" },
	{ FAIL "fail_page_alloc/min-order", "0" },
	{ FAIL "fail_page_alloc/verbose", "0" },
};

int failing_needed(const char **why)
{
	size_t i;

	if (file_needed(NTH, "CONFIG_FAULT_INJECTION", why) != KSFT_PASS)
		return missing(*why, why);
	for (i = 0; i < FAILING_SETTINGS; i++)
		if (!file_exists(settings[i].path))
			return missing(wrong("there is no %s: CONFIG_FAILSLAB, CONFIG_FAIL_PAGE_ALLOC or CONFIG_FAULT_INJECTION_DEBUG_FS is off",
					     settings[i].path), why);
	return KSFT_PASS;
}

/*
 * By rseq(2) the kernel writes where a thread runs, whenever it goes on after a pause.
 * Behind fork() that takes a copy of the page, and a thread for which there is no memory
 * then is killed: no part of what is tested. The C library asks for it.
 */
static const char *have_no_rseq(void)
{
#ifdef RSEQ_SIG
	void *area = (char *)__builtin_thread_pointer() + __rseq_offset;
	size_t size = 0;

	/* The same size is to be given as when it asked, which may be more than __rseq_size. */
	while (__rseq_size && syscall(SYS_rseq, area, size, RSEQ_FLAG_UNREGISTER, RSEQ_SIG))
		if (++size > devthp_page_size())
			return went_well("rseq", -errno);
#endif
	return RIGHT;
}

const char *failing_begin(struct failing *failing)
{
	size_t i;

	CHECK(have_no_rseq());
	failing->nth = open(NTH, O_RDWR | O_CLOEXEC);
	if (failing->nth < 0)
		return went_well("open " NTH, -errno);
	for (i = 0; i < FAILING_SETTINGS; i++)
		CHECK(setting_change(&failing->setting[i], settings[i].path,
				     settings[i].value));
	return RIGHT;
}

void failing_end(struct failing *failing)
{
	size_t i;

	if (failing->nth >= 0)
		close(failing->nth);
	for (i = 0; i < FAILING_SETTINGS; i++)
		setting_restore(&failing->setting[i]);
	if (failing->uffd >= 0)
		close(failing->uffd);
	sample_release(&failing->sample);
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
		    location != DEVTHP_LOC_SYSTEM &&
		    location != DEVTHP_LOC_EXCLUSIVE)
			return wrong("page %zu is %s", i,
				     devthp_location_name(location));
	}
	return RIGHT;
}

const char *failing_arm(const struct failing *failing, unsigned int nth)
{
	char number[16];
	int length = snprintf(number, sizeof(number), "%u", nth);

	if (pwrite(failing->nth, number, length, 0) != length)
		return went_well("write " NTH, -errno);
	return RIGHT;
}

/* To open a file would need one more. */
const char *failing_disarm(const struct failing *failing, unsigned int *left)
{
	char number[16] = "";

	if (pread(failing->nth, number, sizeof(number) - 1, 0) <= 0)
		return went_well("read " NTH, -errno);
	*left = atoi(number);
	return failing_arm(failing, 0);
}

/* With a failure at the nth allocation, if it has so many. */
static const char *do_it(struct failing *failing, failing_act *act,
			 unsigned int nth, unsigned int *left)
{
	int err;

	CHECK(failing_arm(failing, nth));
	err = act(&failing->sample);
	CHECK(failing_disarm(failing, left));
	if (err && *left)
		return wrong("it returns %d, though nothing failed", err);
	return RIGHT;
}

/* ---- What its entries say, wherever it is ---- */

int failing_bits_needed(enum failing_bits bits, const char **why)
{
	if (bits == BITS_CLEAN)
		return soft_dirty_needed(why);
	return bits == BITS_PROTECTED ? uffd_needed(why) : KSFT_PASS;
}

static const char *set_bits(struct failing *failing, enum failing_bits bits)
{
	struct sample *sample = &failing->sample;
	const size_t bytes = bytes_of(sample);

	if (bits == BITS_CLEAN)
		return clear_refs(CLEAR_SOFT_DIRTY);
	if (bits == BITS_READ_ONLY)
		return went_well("mprotect", mprotect(sample->addr, bytes,
						      PROT_READ) ? -errno : 0);
	if (bits != BITS_PROTECTED)
		return RIGHT;
	if (failing->uffd < 0)
		CHECK(uffd_open(&failing->uffd, UFFD_FEATURE_PAGEFAULT_FLAG_WP |
						UFFD_FEATURE_WP_ASYNC));
	CHECK(uffd_register(failing->uffd, sample->addr, bytes,
			    UFFDIO_REGISTER_MODE_WP));
	return uffd_protect(failing->uffd, sample->addr, bytes);
}

static const char *bits_are(const struct sample *sample, enum failing_bits bits,
			    size_t first, size_t npages)
{
	if (!everything_is_required() || !npages)
		return RIGHT;
	if (bits == BITS_CLEAN)
		return entry_bits(sample, first, npages, DEVTHP_BIT_SOFT_DIRTY,
				  0);
	if (bits == BITS_READ_ONLY)
		return entry_bits(sample, first, npages, DEVTHP_BIT_WRITE, 0);
	if (bits == BITS_PROTECTED)
		return entry_bits(sample, first, npages,
				  DEVTHP_BIT_WRITE | DEVTHP_BIT_UFFD_WP,
				  DEVTHP_BIT_UFFD_WP);
	return RIGHT;
}

/* But for what was written, which is one page if there is one entry for each. */
static const char *bits_are_kept(const struct sample *sample,
				 const struct failing_case *what)
{
	const size_t behind = FAILING_FIRST + FAILING_PAGES;

	if (!what->writes)
		return bits_are(sample, what->bits, 0, sample->pages);
	CHECK(bits_are(sample, what->bits, 0, FAILING_FIRST));
	return bits_are(sample, what->bits, behind, sample->pages - behind);
}

/* ---- A round ---- */

/* Whatever has failed before, all of it can go there, and come back. */
static const char *goes_well_next(struct sample *sample)
{
	CHECK(sample_data(sample));
	/* What it may be splitting just now, behind a part that was unmapped, would stay. */
	if (sample->coherent)
		CHECK(sample_settles_in_system(sample));
	CHECK(sample_to_device(sample));
	CHECK(sample_device_data(sample));
	return sample_bring_back(sample);
}

const char *failing_round(struct failing *failing,
			  const struct failing_case *what, unsigned int nth,
			  unsigned int *left)
{
	struct sample *sample = &failing->sample;
	struct peer child;

	CHECK(sample_map_anew(sample));
	CHECK(sample_fill_whole(sample));
	if (!what->in_system)
		CHECK(form_to_device(sample, what->form));
	CHECK(set_bits(failing, what->bits));
	if (what->shared) {
		CHECK(peer_fork(&child, peer_reads_later, sample));
		CHECK(peer_wait(&child));
	}
	CHECK(do_it(failing, what->act, nth, left));
	CHECK(settles(is_somewhere, sample));
	CHECK(holes_are_empty(sample));
	CHECK(bits_are_kept(sample, what));
	CHECK(sample_device_data(sample));
	CHECK(sample_data(sample));
	CHECK(bits_are_kept(sample, what));
	if (what->shared) {
		CHECK(peer_tell(&child));
		CHECK(peer_end(&child));
		CHECK(sample_data(sample));
	}
	CHECK(sample_dropped_are_zero(sample));
	return goes_well_next(sample);
}

/*
 * All of them if they are not too many. Else the first ones, and the last, where
 * the migration itself is: those between are of the same kind, one for each page.
 * Where each try takes seconds, or the run is to be short, "too many" are fewer.
 */
static const struct sampling {
	unsigned int all, begin, end;
} many = { 64, 12, 32 }, some = { 28, 4, 20 };

unsigned int failing_next(unsigned int nth, unsigned int all)
{
	const struct sampling *s = kernel_is_slow() || states_are_chosen() ? &some : &many;
	const unsigned int step = all / (s->all - s->begin - s->end);

	if (all <= s->all || nth < s->begin || nth + s->end >= all)
		return nth + 1;
	return nth + step < all - s->end ? nth + step : all - s->end;
}
