// SPDX-License-Identifier: GPL-2.0
/*
 * Folios of other sizes than one PMD: sources of 64 KiB, and memory of the
 * device that is used in one size after another. Rule: nothing of a folio's
 * former size shows in the next.
 */
#include <linux/userfaultfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/harness.h"
#include "common/baseline.h"
#include "common/form.h"
#include "common/medium.h"
#include "common/need.h"
#include "common/pagemap.h"
#include "common/peer.h"
#include "common/settle.h"
#include "common/splits.h"
#include "common/still.h"
#include "common/uffd.h"

FIXTURE(orders)
{
	struct baseline baseline;
	struct sample sample;
	struct medium medium;
};

FIXTURE_SETUP(orders)
{
	SETUP_BASELINE(&self->baseline);
	SETUP_SAMPLE(&self->sample, 1);
}

FIXTURE_TEARDOWN(orders)
{
	medium_end(&self->medium);
	sample_release(&self->sample);
	TEARDOWN_BASELINE(&self->baseline);
}

/* Statistics of folios of 64 KiB; and what they should be. */
struct statistics {
	uint64_t folios, in_part, splits, failed;
};

static const char *statistics_read(struct statistics *now)
{
	const size_t bytes = MEDIUM_PAGES * devthp_page_size();

	CHECK(splits_field_of(bytes, "nr_anon", &now->folios));
	CHECK(splits_field_of(bytes, "nr_anon_partially_mapped", &now->in_part));
	CHECK(splits_field_of(bytes, "split", &now->splits));
	return splits_field_of(bytes, "split_failed", &now->failed);
}

#define IS_COUNTED(member)						\
do {									\
	if (now.member != want->member)					\
		return wrong("statistics of 64 KiB: " #member " is %llu; should be %llu", \
			     (unsigned long long)now.member,		\
			     (unsigned long long)want->member);		\
} while (0)

static const char *are_counted(const void *arg)
{
	const struct statistics *want = arg;
	struct statistics now;

	CHECK(statistics_read(&now));
	IS_COUNTED(folios);
	IS_COUNTED(in_part);
	IS_COUNTED(splits);
	IS_COUNTED(failed);
	return RIGHT;
}

/* They are split on the way, so that they are none of that size any more. */
TEST_F(orders, all_of_64k)
{
	struct sample *sample = &self->sample;
	const uint64_t folios = sample->pages / MEDIUM_PAGES;
	struct statistics want;

	NEED(medium_needed);
	ASSERT_RIGHT(statistics_read(&want));
	ASSERT_RIGHT(medium_fill(&self->medium, sample));
	want.folios += folios;
	ASSERT_RIGHT(settles(are_counted, &want));
	/* Where the device reads it to is in such folios, too. */
	memset(sample->buffer, 0, sample->pages * devthp_page_size());
	ASSERT_RIGHT(statistics_read(&want));

	ASSERT_RIGHT(sample_to_device(sample));
	ASSERT_RIGHT(layout_of_all(sample, by_pages(DEVTHP_LOC_DEVICE, 1)));
	want.folios -= folios;
	want.splits += folios;
	ASSERT_RIGHT(settles(are_counted, &want));
	ASSERT_RIGHT(sample_device_data(sample));

	ASSERT_RIGHT(sample_to_system(sample));
	ASSERT_RIGHT(layout_of_all(sample, by_pages(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(settles(are_counted, &want));
	ASSERT_RIGHT(sample_data(sample));
}

/* From within one folio to within another; what is beside stays. */
TEST_F(orders, part_of_64k)
{
	struct sample *sample = &self->sample;
	const size_t first = 5, npages = 40, behind = first + npages;
	char *addr = sample->addr + first * devthp_page_size();
	const uint64_t split = (behind - 1) / MEDIUM_PAGES -
		first / MEDIUM_PAGES + 1;
	struct statistics want;

	NEED(medium_needed);
	ASSERT_RIGHT(statistics_read(&want));
	ASSERT_RIGHT(medium_fill(&self->medium, sample));
	want.folios += sample->pages / MEDIUM_PAGES - split;
	want.splits += split;
	ASSERT_EQ(0, devthp_migrate_to_device(sample->dev, addr, npages, NULL));
	ASSERT_RIGHT(layout_of(sample, first, npages,
			       by_pages(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(layout_of(sample, 0, first,
			       by_pages(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(layout_of(sample, behind, sample->pages - behind,
			       by_pages(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(settles(are_counted, &want));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
}

/* ---- Sources that are not just there, all of them by pages on the device ---- */

FIXTURE(source)
{
	struct baseline baseline;
	struct sample sample;
	struct medium medium;
	struct peer child;
	int uffd;
};

FIXTURE_VARIANT(source)
{
	bool read_only, locked, shared, protected, clean;
};

FIXTURE_VARIANT_ADD(source, read_only) { .read_only = true };
FIXTURE_VARIANT_ADD(source, locked) { .locked = true };
FIXTURE_VARIANT_ADD(source, forked) { .shared = true };
FIXTURE_VARIANT_ADD(source, uffd_wp) { .protected = true };
FIXTURE_VARIANT_ADD(source, soft_clean) { .clean = true };

FIXTURE_SETUP(source)
{
	struct sample *sample = &self->sample;

	self->uffd = -1;
	NEED(medium_needed);
	SETUP_BASELINE(&self->baseline);
	SETUP_SAMPLE(sample, 1);
	ASSERT_RIGHT(medium_fill(&self->medium, sample));
	if (variant->protected) {
		NEED(uffd_needed);
		ASSERT_RIGHT(uffd_open(&self->uffd, UFFD_FEATURE_PAGEFAULT_FLAG_WP |
				       UFFD_FEATURE_WP_ASYNC));
		ASSERT_RIGHT(uffd_register(self->uffd, sample->addr, bytes_of(sample),
					   UFFDIO_REGISTER_MODE_WP));
		ASSERT_RIGHT(uffd_protect(self->uffd, sample->addr, bytes_of(sample)));
	}
	if (variant->read_only)
		ASSERT_EQ(0, mprotect(sample->addr, bytes_of(sample), PROT_READ));
	if (variant->locked)
		ASSERT_EQ(0, mlock(sample->addr, bytes_of(sample)));
	if (variant->clean) {
		NEED(soft_dirty_needed);
		ASSERT_RIGHT(clear_refs(CLEAR_SOFT_DIRTY));
	}
	if (variant->shared) {
		ASSERT_RIGHT(peer_fork(&self->child, peer_reads_later, sample));
		ASSERT_RIGHT(peer_wait(&self->child));
	}
}

FIXTURE_TEARDOWN(source)
{
	medium_end(&self->medium);
	sample_release(&self->sample);
	if (self->uffd >= 0)
		close(self->uffd);
	TEARDOWN_BASELINE(&self->baseline);
}

/* Bits of the entries that the variant is about. */
static const char *has_bits(const struct sample *sample, const FIXTURE_VARIANT(source) *variant)
{
	const bool writable = !variant->read_only && !variant->shared &&
			      !variant->protected && !variant->clean;
	unsigned int mask = DEVTHP_BIT_WRITE | DEVTHP_BIT_UFFD_WP | DEVTHP_BIT_EXCLUSIVE;
	unsigned int want = (writable ? DEVTHP_BIT_WRITE : 0) |
			    (variant->protected ? DEVTHP_BIT_UFFD_WP : 0) |
			    (variant->shared ? 0 : DEVTHP_BIT_EXCLUSIVE);

	if (!everything_is_required())
		return RIGHT;
	if (variant->clean)
		mask |= DEVTHP_BIT_SOFT_DIRTY;
	return entry_bits_of_all(sample, mask, want);
}

TEST_F(source, goes_and_comes_back)
{
	struct sample *sample = &self->sample;
	const int mapcount = 1 + variant->shared;

	ASSERT_RIGHT(sample_to_device(sample));
	ASSERT_RIGHT(layout_of_all(sample, small(DEVTHP_LOC_DEVICE, mapcount)));
	ASSERT_RIGHT(has_bits(sample, variant));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_bring_back(sample));
	ASSERT_RIGHT(layout_of_all(sample, small(DEVTHP_LOC_SYSTEM, mapcount)));
	ASSERT_RIGHT(has_bits(sample, variant));
	if (variant->shared) {
		ASSERT_RIGHT(peer_tell(&self->child));
		ASSERT_RIGHT(peer_end(&self->child));
	}
	ASSERT_RIGHT(sample_data(sample));
}

/* ---- One size after another ---- */

static const char *drop_all(struct sample *sample)
{
	CHECK(sample_cut(sample, 0, sample->pages, HOLE_DROPPED));
	CHECK(holes_are_empty(sample));
	return sample_dropped_are_zero(sample);
}

static const char *use_device_as(struct sample *sample, enum form form)
{
	CHECK(sample_map_anew(sample));
	CHECK(sample_fill_whole(sample));
	CHECK(form_to_device(sample, form));
	CHECK(sample_device_write(sample));
	CHECK(sample_device_data(sample));
	return form_is_kept(sample, form);
}

/* Which memory of the device was used in which sizes. */
struct used {
	struct {
		uint64_t pfn;
		uint32_t orders;	/* bit n: in a folio of that order */
	} page[4096];
	size_t pages;
	size_t again;	/* pages that were used in more than one size */
};

static const char *note_page(struct used *used, const struct devthp_page *page)
{
	const uint32_t order = 1U << page->order;
	size_t i;

	if (page->location != DEVTHP_LOC_DEVICE ||
	    !(page->known & DEVTHP_KNOWN_PFN) ||
	    !(page->known & DEVTHP_KNOWN_FOLIO))
		return wrong("a page is not on the device, or nobody knows which it is");
	for (i = 0; i < used->pages; i++)
		if (used->page[i].pfn == page->pfn)
			break;
	if (i == ARRAY_SIZE(used->page))
		return wrong("more memory of the device was used than there is room for");
	if (i == used->pages)
		used->page[used->pages++].pfn = page->pfn;
	else if (!(used->page[i].orders & order))
		used->again++;
	used->page[i].orders |= order;
	return RIGHT;
}

static const char *note(struct used *used, const struct sample *sample)
{
	struct devthp_page page = { .size = sizeof(page) };
	struct devthp_snapshot *now;
	const char *verdict = RIGHT;
	size_t i;

	CHECK(still_begin(sample, &now));
	for (i = 0; i < sample->pages && is_right(verdict); i++) {
		devthp_snapshot_page(now, i, &page);
		sample_locate(sample, &page);
		verdict = note_page(used, &page);
	}
	devthp_snapshot_free(now);
	return verdict;
}

/* Freed in one size, and handed out in another. */
TEST_F(orders, one_after_another)
{
	static const enum form forms[] = {
		FORM_WHOLE, FORM_SMALL, FORM_BY_PAGES, FORM_WHOLE, FORM_SMALL,
		FORM_SMALL, FORM_WHOLE,
	};
	static struct used used;
	struct sample *sample = &self->sample;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(forms); i++) {
		ASSERT_RIGHT(use_device_as(sample, forms[i]));
		ASSERT_RIGHT(note(&used, sample));
		/* Freed on the device, or by coming back, in turns. */
		ASSERT_RIGHT(i % 2 ? sample_bring_back(sample) : drop_all(sample));
	}
	TH_LOG("%zu pages of the device were used, %zu in other sizes, too",
	       used.pages, used.again);
	/* Else it would be memory that was free all the time. */
	EXPECT_LE(sample->pages, used.again);
}

TEST_HARNESS_MAIN
