// SPDX-License-Identifier: GPL-2.0
/*
 * What contiguous PTEs map is swapped out in part, and page by page; and reclaim learns
 * of a block what the CPU has noted in any of its entries.
 *
 * Rules: accessed and dirty are of the whole block, in whichever entry the CPU notes it:
 * who clears "accessed" does so in all 16 entries, and when the block is taken apart all
 * of its entries are as dirty as one of them was. (arch/arm64/mm/contpte.c:
 * contpte_convert(), contpte_ptep_test_and_clear_young(),
 * contpte_clear_young_dirty_ptes(); madvise(2): MADV_PAGEOUT, MADV_COLD, MADV_FREE)
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/blocks_harness.h"
#include "common/pagemap.h"
#include "common/reclaim.h"

#ifndef MADV_FREE
#define MADV_FREE 8
#endif
#ifndef MADV_COLD
#define MADV_COLD 20
#endif
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

struct question {
	const struct sample *sample;
	struct part part;
};

static const char *advise(const struct question *about, const char *what, int advice)
{
	if (madvise(page_of(about->sample, about->part.first),
		    about->part.npages * devthp_page_size(), advice))
		return went_well(what, -errno);
	return RIGHT;
}

/* Others may hold the folio for a moment: then nothing happens, and it says nothing. */
static const char *goes_out(const void *arg)
{
	const struct question *about = arg;

	CHECK(advise(about, "MADV_PAGEOUT", MADV_PAGEOUT));
	return pagemap_bits(about->sample, about->part.first, about->part.npages,
			    PAGEMAP_SWAP, PAGEMAP_SWAP);
}

static const char *is_freed(const void *arg)
{
	const struct question *about = arg;

	CHECK(advise(about, "MADV_FREE", MADV_FREE));
	return entry_bits(about->sample, about->part.first, about->part.npages,
			  DEVTHP_BIT_DIRTY, 0);
}

static const char *is_cold(const void *arg)
{
	const struct question *about = arg;

	CHECK(advise(about, "MADV_COLD", MADV_COLD));
	return entry_bits(about->sample, about->part.first, about->part.npages,
			  DEVTHP_BIT_YOUNG, 0);
}

BLOCKS_FIXTURE(part)
PARTS(part);

TEST_F(part, goes_out_page_by_page)
{
	struct question about = { &self->sample, { .npages = 1 } };
	const struct part part = variant->part;

	HAVE_SWAP(self);
	for (about.part.first = part.first; about.part.first < part.first + part.npages;
	     about.part.first++)
		ASSERT_RIGHT(settles(goes_out, &about));
	ASSERT_RIGHT(pagemap_bits(&self->sample, part.first, part.npages, PAGEMAP_SWAP,
				  PAGEMAP_SWAP));
	ASSERT_RIGHT(blocks_obey(&self->sample));
	ASSERT_RIGHT(sample_data(&self->sample));
	ASSERT_RIGHT(blocks_obey(&self->sample));
	ASSERT_RIGHT(sample_fill(&self->sample));
	ASSERT_RIGHT(sample_data(&self->sample));
}

/* What is written after it was given up is kept. */
TEST_F(part, is_freed_and_written)
{
	const struct question about = { &self->sample, variant->part };

	HAVE_SWAP(self);
	ASSERT_RIGHT(settles(is_freed, &about));
	ASSERT_RIGHT(blocks_obey(&self->sample));
	ASSERT_RIGHT(sample_access_range(&self->sample, variant->part.first,
					 variant->part.npages, ACCESS_WRITE));
	ASSERT_RIGHT(reclaim_to_swap(&self->sample));
	ASSERT_RIGHT(sample_data(&self->sample));
	ASSERT_RIGHT(blocks_obey(&self->sample));
}

BLOCKS_FIXTURE(all)
BOTH_SIZES(all);

TEST_F(all, goes_out)
{
	HAVE_SWAP(self);
	ASSERT_RIGHT(reclaim_to_swap(&self->sample));
	ASSERT_RIGHT(sample_data(&self->sample));
	ASSERT_RIGHT(blocks_obey(&self->sample));
	ASSERT_RIGHT(sample_fill(&self->sample));
	ASSERT_RIGHT(reclaim_to_swap(&self->sample));
	ASSERT_RIGHT(sample_data(&self->sample));
}

/* One page is written when all was given up: reclaim must see that, whatever it takes first. */
TEST_F(all, is_freed_and_one_page_written)
{
	struct sample *sample = &self->sample;
	const struct question about = { sample, { 0, sample->pages } };
	const size_t page = 3 * BLOCK_PAGES + 5;

	HAVE_SWAP(self);
	ASSERT_RIGHT(settles(is_freed, &about));
	ASSERT_RIGHT(blocks_are_whole(sample, 0, sample->pages));
	ASSERT_RIGHT(sample_access(sample, page, ACCESS_WRITE));
	ASSERT_RIGHT(blocks_obey(sample));
	ASSERT_RIGHT(reclaim_sample(sample));
	ASSERT_RIGHT(sample_access(sample, page, ACCESS_READ));
}

/* As above, but another page of the block changes before reclaim comes. */
TEST_F(all, is_taken_apart_when_it_was_written)
{
	struct sample *sample = &self->sample;
	const struct question about = { sample, { 0, sample->pages } };
	const size_t page = 3 * BLOCK_PAGES + 5;

	HAVE_SWAP(self);
	ASSERT_RIGHT(settles(is_freed, &about));
	ASSERT_RIGHT(sample_access(sample, page, ACCESS_WRITE));
	ASSERT_EQ(0, mprotect(page_of(sample, page + 2), devthp_page_size(), PROT_READ));
	ASSERT_RIGHT(blocks_around(sample, (struct part){ page + 2, 1 }));
	/* And all of the block as much as the page that was written. */
	ASSERT_RIGHT(entry_bits(sample, 3 * BLOCK_PAGES, BLOCK_PAGES,
				DEVTHP_BIT_DIRTY | DEVTHP_BIT_YOUNG,
				DEVTHP_BIT_DIRTY | DEVTHP_BIT_YOUNG));
	ASSERT_RIGHT(blocks_obey(sample));
	ASSERT_RIGHT(reclaim_sample(sample));
	ASSERT_RIGHT(sample_access(sample, page, ACCESS_READ));
}

/* ---- What reclaim learns of accesses, by page_idle, which asks as it does ---- */

#define IDLE_BITMAP "/sys/kernel/mm/page_idle/bitmap"

static const char *idle_word(uint64_t pfn, bool mark, bool *idle)
{
	const off_t where = pfn / 64 * sizeof(uint64_t);
	uint64_t word = 1ULL << pfn % 64;
	int fd = open(IDLE_BITMAP, O_RDWR | O_CLOEXEC);
	ssize_t done;

	if (fd < 0)
		return went_well("open " IDLE_BITMAP, -errno);
	done = mark ? pwrite(fd, &word, sizeof(word), where) :
		      pread(fd, &word, sizeof(word), where);
	close(fd);
	if (done != sizeof(word))
		return went_well("use " IDLE_BITMAP, done < 0 ? -errno : -EIO);
	*idle = word >> pfn % 64 & 1;
	return RIGHT;
}

/* The folio of a page, which stands in the bitmap by its first one. */
static const char *folio_is_idle(const struct sample *sample, size_t page, bool want)
{
	bool idle;

	CHECK(idle_word(sample->page[page].folio, false, &idle));
	if (idle != want)
		return wrong("the folio of page %zu is %s", page, idle ? "idle" : "in use");
	return RIGHT;
}

/* Whether it can be asked for depends on its being on an LRU list. */
static const char *becomes_idle(const void *arg)
{
	const struct question *about = arg;
	bool idle;

	CHECK(is_cold(arg));
	CHECK(sample_look(about->sample));
	CHECK(idle_word(about->sample->page[about->part.first].folio, true, &idle));
	return folio_is_idle(about->sample, about->part.first, true);
}

TEST_F(all, is_accessed)
{
	struct sample *sample = &self->sample;
	const size_t page = 3 * BLOCK_PAGES + 5;
	const struct question about = { sample, { 0, sample->pages } };
	const struct question block = { sample, { 3 * BLOCK_PAGES, BLOCK_PAGES } };

	NEED(file_needed, IDLE_BITMAP, "CONFIG_IDLE_PAGE_TRACKING");
	ASSERT_RIGHT(settles(is_cold, &about));
	ASSERT_RIGHT(blocks_are_whole(sample, 0, sample->pages));
	if (!variant->huge)
		ASSERT_RIGHT(settles(becomes_idle, &block));
	/* In the entry of that page, or in another of its block. */
	ASSERT_RIGHT(sample_access(sample, page, ACCESS_READ));
	ASSERT_RIGHT(blocks_are_whole(sample, 0, sample->pages));
	ASSERT_RIGHT(entry_bits(sample, 0, 3 * BLOCK_PAGES, DEVTHP_BIT_YOUNG, 0));
	ASSERT_RIGHT(blocks_obey(sample));
	if (!variant->huge)
		ASSERT_RIGHT(folio_is_idle(sample, page, false));
	/* And it is cleared, wherever it was noted. */
	ASSERT_RIGHT(settles(is_cold, &about));
	ASSERT_RIGHT(blocks_are_whole(sample, 0, sample->pages));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_HARNESS_MAIN
