// SPDX-License-Identifier: GPL-2.0
/*
 * A part of what contiguous PTEs map is protected, by mprotect() or userfaultfd, or
 * locked.
 *
 * Rules: an entry that is changed between ptep_modify_prot_start() and _commit() was
 * taken out of its block by the former, so that its neighbours keep what they allow.
 * mlock() changes the mapping, and no entry that is there. (arch/arm64/mm/contpte.c;
 * mprotect(2), mlock(2), userfaultfd(2))
 */
#include <errno.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/blocks_harness.h"
#include "common/pagemap.h"
#include "common/trap.h"
#include "common/uffd.h"

BLOCKS_FIXTURE(part)
PARTS(part);

static size_t bytes_of_part(struct part part)
{
	return part.npages * devthp_page_size();
}

static const char *protect(const struct sample *sample, struct part part, int prot)
{
	if (mprotect(page_of(sample, part.first), bytes_of_part(part), prot))
		return went_well("mprotect", -errno);
	return RIGHT;
}

/* The entries of the part have these of the bits, and all others have them or not. */
static const char *only_the_part(const struct sample *sample, struct part part, unsigned int bit,
				 bool has)
{
	const size_t end = part.first + part.npages;
	const unsigned int want = has ? bit : 0;

	CHECK(entry_bits(sample, part.first, part.npages, bit, want));
	CHECK(entry_bits(sample, 0, part.first, bit, bit & ~want));
	return entry_bits(sample, end, sample->pages - end, bit, bit & ~want);
}

static const char *traps(const struct sample *sample, struct part part, int by_read, int by_write)
{
	size_t page;
	int signal;

	for (page = part.first; page < part.first + part.npages; page++) {
		signal = trap_read(page_of(sample, page));
		if (signal != by_read)
			return wrong("reading page %zu gives signal %d; should be %d", page,
				     signal, by_read);
		signal = trap_write(page_of(sample, page));
		if (signal != by_write)
			return wrong("writing page %zu gives signal %d; should be %d", page,
				     signal, by_write);
	}
	return RIGHT;
}

TEST_F(part, is_made_read_only)
{
	struct sample *sample = &self->sample;
	const struct part all = { 0, sample->pages };

	ASSERT_RIGHT(protect(sample, variant->part, PROT_READ));
	ASSERT_RIGHT(only_the_part(sample, variant->part, DEVTHP_BIT_WRITE, false));
	ASSERT_RIGHT(blocks_around(sample, variant->part));
	ASSERT_RIGHT(blocks_obey(sample));
	ASSERT_RIGHT(traps(sample, variant->part, 0, SIGSEGV));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(protect(sample, variant->part, PROT_READ | PROT_WRITE));
	ASSERT_RIGHT(blocks_obey(sample));
	ASSERT_RIGHT(traps(sample, all, 0, 0));
	ASSERT_RIGHT(sample_fill(sample));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(blocks_obey(sample));
}

/* What may not even be read has entries that are not valid, and of no block. */
TEST_F(part, is_made_inaccessible)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(protect(sample, variant->part, PROT_NONE));
	ASSERT_RIGHT(blocks_are_apart(sample, variant->part.first, variant->part.npages));
	ASSERT_RIGHT(blocks_around(sample, variant->part));
	ASSERT_RIGHT(blocks_obey(sample));
	ASSERT_RIGHT(traps(sample, variant->part, SIGSEGV, SIGSEGV));
	ASSERT_RIGHT(protect(sample, variant->part, PROT_READ | PROT_WRITE));
	ASSERT_RIGHT(blocks_obey(sample));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(sample_fill(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(part, is_locked)
{
	struct sample *sample = &self->sample;
	char *addr = page_of(sample, variant->part.first);

	ASSERT_EQ(0, mlock(addr, bytes_of_part(variant->part)));
	ASSERT_RIGHT(blocks_are_whole(sample, 0, sample->pages));
	ASSERT_RIGHT(blocks_obey(sample));
	ASSERT_RIGHT(sample_fill(sample));
	ASSERT_EQ(0, munlock(addr, bytes_of_part(variant->part)));
	ASSERT_RIGHT(blocks_are_whole(sample, 0, sample->pages));
	ASSERT_RIGHT(blocks_obey(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(part, is_watched)
{
	struct sample *sample = &self->sample;
	const struct part part = variant->part;
	int uffd;

	NEED(uffd_needed);
	ASSERT_RIGHT(uffd_open(&uffd, UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_WP_ASYNC));
	ASSERT_RIGHT(uffd_register(uffd, sample->addr, bytes_of(sample), UFFDIO_REGISTER_MODE_WP));
	ASSERT_RIGHT(blocks_are_whole(sample, 0, sample->pages));
	ASSERT_RIGHT(uffd_protect(uffd, page_of(sample, part.first), bytes_of_part(part)));
	ASSERT_RIGHT(only_the_part(sample, part, DEVTHP_BIT_UFFD_WP, true));
	ASSERT_RIGHT(only_the_part(sample, part, DEVTHP_BIT_WRITE, false));
	ASSERT_RIGHT(blocks_around(sample, part));
	ASSERT_RIGHT(blocks_obey(sample));
	/* Who writes takes the protection away, of the page that it writes. */
	ASSERT_RIGHT(sample_access(sample, part.first, ACCESS_WRITE));
	ASSERT_RIGHT(entry_bits(sample, part.first, 1, DEVTHP_BIT_UFFD_WP, 0));
	if (part.npages > 1)
		ASSERT_RIGHT(entry_bits(sample, part.first + 1, part.npages - 1,
					DEVTHP_BIT_UFFD_WP, DEVTHP_BIT_UFFD_WP));
	ASSERT_RIGHT(blocks_obey(sample));
	ASSERT_RIGHT(sample_fill(sample));
	ASSERT_RIGHT(sample_data(sample));
	close(uffd);
	ASSERT_RIGHT(blocks_obey(sample));
}

TEST_HARNESS_MAIN
