// SPDX-License-Identifier: GPL-2.0
/*
 * Where memory is kept goes away between the steps of a migration: swap space, or a page
 * that is said to be broken.
 *
 * Rules: swapoff(2) reads in what was swapped out, and walks by what is being migrated.
 * memory_failure() can do nothing about a page that is off the LRU lists, as that of any
 * migration; nor about memory of the device. What was only said to be broken is not lost.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/reclaim.h"
#include "common/window_harness.h"

/* ---- Swap space ---- */

/* Not where a fault is. */
#define PART_FIRST 16
#define PART_PAGES 64

static struct swapdisk *disk;

static const char *swaps_off(struct window *window)
{
	return swapdisk_swap_off(disk);
}

static const char *have_swap_space(struct swapdisk *space)
{
	disk = space;
	CHECK(swapdisk_make(space, 4 * devthp_pmd_size()));
	return swapdisk_swap_on(space);
}

TEST_F(between, swapoff_of_other_memory)
{
	struct sample *sample = &self->window.sample;
	struct sample other = *sample;

	NEED(swapdisk_needed);
	ASSERT_RIGHT(have_swap_space(&self->disk));
	other.addr = sample->buffer;
	memset(other.addr, 0xa5, bytes_of(&other));
	ASSERT_RIGHT(reclaim_to_swap(&other));
	ASSERT_RIGHT(window_intrude(&self->window, swaps_off, false));
	/* All of it is as its first byte. */
	ASSERT_EQ((char)0xa5, other.addr[0]);
	ASSERT_EQ(0, memcmp(other.addr, other.addr + 1, bytes_of(&other) - 1));
	ASSERT_RIGHT(window_end(&self->window));
}

static const char *swap_out_part(struct sample *sample)
{
	struct sample part = *sample;

	part.addr = page_of(sample, PART_FIRST);
	part.pages = PART_PAGES;
	part.generation += PART_FIRST;
	part.hole += PART_FIRST;
	part.page += PART_FIRST;
	CHECK(went_well("migrate a part to system memory",
			devthp_migrate_to_system(sample->dev, part.addr, part.pages, NULL)));
	return reclaim_to_swap(&part);
}

/* Its entries are beside those of the migration, in the same page table. */
TEST_F(between, swapoff_of_a_part)
{
	/* What is there is small already. */
	struct window_point at = variant->at;

	NEED(swapdisk_needed);
	at.no_huge = false;
	self->window.at = &at;
	ASSERT_RIGHT(have_swap_space(&self->disk));
	ASSERT_RIGHT(swap_out_part(&self->window.sample));
	ASSERT_RIGHT(window_intrude(&self->window, swaps_off, false));
	ASSERT_RIGHT(window_end(&self->window));
}

/* ---- A broken page ---- */

#define OFFLINE "/sys/devices/system/memory/hard_offline_page"
#define BROKEN 100

static uint64_t frame;
static int said;

static int offline_needed(const char **why)
{
	return file_needed(OFFLINE, "CONFIG_MEMORY_FAILURE", why);
}

static const char *breaks(struct window *window)
{
	int fd = open(OFFLINE, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return went_well(OFFLINE, -errno);
	said = dprintf(fd, "%#" PRIx64, frame * devthp_page_size()) < 0 ? -errno : 0;
	close(fd);
	return RIGHT;
}

#define UNMARK "/sys/kernel/debug/hwpoison/unpoison-pfn"

/*
 * Who could do nothing leaves a mark, of which whoever gets the frame next would die where
 * no CONFIG_DEBUG_VM looks at that. It is taken off what is free.
 */
static const char *unmark(const void *nothing)
{
	char number[32];

	snprintf(number, sizeof(number), "%#" PRIx64, frame);
	return file_write(UNMARK, number);
}

static int place_needed(const struct devthp_page *page, const char **why)
{
	if (page->known & DEVTHP_KNOWN_PFN)
		return KSFT_PASS;
	return missing("nobody tells where a page is", why);
}

TEST_F(between, broken)
{
	struct window *window = &self->window;
	struct sample *sample = &window->sample;
	const char *verdict;

	NEED(offline_needed);
	if (variant->at.to_device)
		NEED(file_needed, UNMARK, "CONFIG_HWPOISON_INJECT");
	ASSERT_RIGHT(sample_look(sample));
	NEED(place_needed, &sample->page[BROKEN]);
	frame = sample->page[BROKEN].pfn;
	/* From here on nothing must keep the frame from being put right. */
	verdict = window_intrude(window, breaks, false);
	EXPECT_RIGHT(verdict);
	EXPECT_EQ(variant->at.to_device ? -EBUSY : -ENXIO, said);
	if (is_right(verdict))
		EXPECT_RIGHT(window_end(window));
	/* What has come back may have got that very frame. */
	sample_release(sample);
	if (variant->at.to_device)
		EXPECT_RIGHT(settles(unmark, NULL));
}

TEST_HARNESS_MAIN
