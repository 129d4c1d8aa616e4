// SPDX-License-Identifier: GPL-2.0
/*
 * Blocks of contiguous PTEs are taken apart and made again while threads use the pages.
 *
 * Rule: contpte_convert() has the whole block invalid for a moment, so that who touches it
 * then faults, waits for the lock of the page table, and finds the entry again; and what
 * the CPU had noted up to then is in the new entries. So no thread faults for ever, and
 * no write is lost. (arch/arm64/mm/contpte.c; Documentation/arch/arm64/, break-before-make)
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <time.h>

#include "common/blocks_harness.h"
#include "common/pagemap.h"
#include "common/reclaim.h"

#ifndef MADV_FREE
#define MADV_FREE 8
#endif

/* Of each block: whose entry is changed, so that no thread uses it. */
#define CHANGED 5
#define THREADS 2

struct race {
	struct sample *sample;
	pthread_t thread[THREADS];
	atomic_uint next;	/* page that is to be written */
	atomic_bool over;
	atomic_ulong reads;
};

static bool is_changed(size_t page)
{
	return page % BLOCK_PAGES == CHANGED;
}

/* Pages in the order of their places in the blocks, so that all blocks are in use. */
static size_t page_at(const struct sample *sample, size_t turn)
{
	const size_t blocks = sample->pages / BLOCK_PAGES;

	return turn % blocks * BLOCK_PAGES + turn / blocks;
}

/* Each page once; what it should hold is in the buffer. */
static void *write_once(void *arg)
{
	struct race *race = arg;
	struct sample *sample = race->sample;
	const size_t size = devthp_page_size();
	size_t turn, page;

	while ((turn = atomic_fetch_add(&race->next, 1)) < sample->pages) {
		page = page_at(sample, turn);
		if (!is_changed(page))
			memcpy(page_of(sample, page), sample->buffer + page * size, size);
	}
	return NULL;
}

static void *read_all_the_time(void *arg)
{
	struct race *race = arg;
	struct sample *sample = race->sample;
	size_t turn = 0, page;

	while (!atomic_load(&race->over)) {
		page = page_at(sample, turn++ % sample->pages);
		(void)*(volatile char *)page_of(sample, page);
		atomic_fetch_add(&race->reads, 1);
	}
	return NULL;
}

static const char *start(struct race *race, void *(*run)(void *))
{
	int i;

	for (i = 0; i < THREADS; i++)
		CHECK(went_well("start a thread",
				-pthread_create(&race->thread[i], NULL, run, race)));
	return RIGHT;
}

/* Who faults for ever does not come to an end. */
static const char *end(struct race *race)
{
	struct timespec limit;
	int i;

	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += PATIENCE;
	for (i = 0; i < THREADS; i++)
		CHECK(went_well("wait for a thread",
				-pthread_timedjoin_np(race->thread[i], NULL, &limit)));
	return RIGHT;
}

static const char *protect(const struct sample *sample, size_t page, int prot)
{
	if (mprotect(page_of(sample, page), devthp_page_size(), prot))
		return went_well("mprotect", -errno);
	return RIGHT;
}

/* Apart, and together again if all entries of the block are alike. */
static const char *change_each_block(const struct sample *sample)
{
	size_t page;

	for (page = CHANGED; page < sample->pages; page += BLOCK_PAGES) {
		CHECK(protect(sample, page, PROT_READ));
		CHECK(protect(sample, page, PROT_READ | PROT_WRITE));
	}
	return RIGHT;
}

static const char *is_clean(const void *arg)
{
	const struct sample *sample = arg;

	if (madvise(sample->addr, bytes_of(sample), MADV_FREE))
		return went_well("MADV_FREE", -errno);
	return entry_bits_of_all(sample, DEVTHP_BIT_DIRTY, 0);
}

BLOCKS_FIXTURE(blocks)
BOTH_SIZES(blocks);

/*
 * Of what was given up, only what a dirty bit tells of is kept by reclaim. The page that
 * no thread has written is written before that, so that all must be there.
 */
TEST_F(blocks, are_written_while_they_change)
{
	struct sample *sample = &self->sample;
	struct race race = { .sample = sample };
	size_t page;

	HAVE_SWAP(self);
	ASSERT_RIGHT(settles(is_clean, sample));
	ASSERT_RIGHT(blocks_are_whole(sample, 0, sample->pages));
	for (page = 0; page < sample->pages; page++)
		if (!is_changed(page))
			ASSERT_RIGHT(sample_make_next(sample,
					sample->buffer + page * devthp_page_size(), page, 1));
	ASSERT_RIGHT(start(&race, write_once));
	ASSERT_RIGHT(change_each_block(sample));
	ASSERT_RIGHT(end(&race));
	for (page = CHANGED; page < sample->pages; page += BLOCK_PAGES)
		ASSERT_RIGHT(sample_access(sample, page, ACCESS_WRITE));
	ASSERT_RIGHT(blocks_obey(sample));
	ASSERT_RIGHT(reclaim_to_swap(sample));
	ASSERT_RIGHT(sample_data(sample));
}

/* Readers get on, however often the blocks change. */
TEST_F(blocks, are_read_while_they_change)
{
	struct sample *sample = &self->sample;
	const time_t limit = time(NULL) + PATIENCE;
	struct race race = { .sample = sample };
	unsigned long before;
	int round;

	ASSERT_RIGHT(start(&race, read_all_the_time));
	for (round = 0; round < 20; round++) {
		before = atomic_load(&race.reads);
		ASSERT_RIGHT(change_each_block(sample));
		while (atomic_load(&race.reads) == before)
			ASSERT_LT(time(NULL), limit);
	}
	atomic_store(&race.over, true);
	ASSERT_RIGHT(end(&race));
	ASSERT_RIGHT(blocks_obey(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_HARNESS_MAIN
