// SPDX-License-Identifier: GPL-2.0
/*
 * Soft-dirty: whoever clears it finds every page that was written since, by the
 * CPU or by the device, wherever the page was in the meantime, and no others.
 * (Documentation/admin-guide/mm/soft-dirty.rst)
 */
#include <sys/mman.h>

#include "common/baseline.h"
#include "common/form.h"
#include "common/harness.h"
#include "common/need.h"
#include "common/pagemap.h"
#include "common/peer.h"

FIXTURE(soft_dirty)
{
	struct baseline baseline;
	struct sample sample;
	struct peer child;
};

FIXTURE_VARIANT(soft_dirty)
{
	enum form form;
};

FORM_VARIANTS(soft_dirty);

/* Filled, and written by nobody since. */
FIXTURE_SETUP(soft_dirty)
{
	struct sample *sample = &self->sample;

	NEED(soft_dirty_needed);
	SETUP_BASELINE(&self->baseline);
	SETUP_SAMPLE(sample, variant->form == FORM_WHOLE ? 2 : 1);
	ASSERT_RIGHT(sample_fill_whole(sample));
	ASSERT_RIGHT(clear_refs(CLEAR_SOFT_DIRTY));
}

FIXTURE_TEARDOWN(soft_dirty)
{
	sample_release(&self->sample);
	TEARDOWN_BASELINE(&self->baseline);
}

/* The last huge page, not its first page. */
static size_t some_page(const struct sample *sample)
{
	return sample->pages - sample->folio_pages + 3;
}

static const char *all_written(const struct sample *sample)
{
	return pagemap_bits_of_all(sample, PAGEMAP_SOFT_DIRTY,
				   PAGEMAP_SOFT_DIRTY);
}

static const char *none_written(const struct sample *sample)
{
	return pagemap_bits_of_all(sample, PAGEMAP_SOFT_DIRTY, 0);
}

/* One page was written. All of a huge page is when it is mapped by a PMD. */
static const char *one_written(const struct sample *sample, size_t page,
			       enum form form)
{
	const size_t n = sample->folio_pages;
	const size_t begin = form == FORM_WHOLE ? page - page % n : page;
	const size_t length = form == FORM_WHOLE ? n : 1;
	const size_t end = begin + length;

	CHECK(pagemap_bits(sample, begin, length, PAGEMAP_SOFT_DIRTY,
			   PAGEMAP_SOFT_DIRTY));
	CHECK(pagemap_bits(sample, 0, begin, PAGEMAP_SOFT_DIRTY, 0));
	return pagemap_bits(sample, end, sample->pages - end,
			    PAGEMAP_SOFT_DIRTY, 0);
}

/* ---- Set, it stays set ---- */

TEST_F(soft_dirty, set_goes_there_and_back)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(sample_fill_whole(sample));
	ASSERT_RIGHT(form_to_device(sample, variant->form));
	ASSERT_RIGHT(all_written(sample));
	ASSERT_RIGHT(sample_bring_back(sample));
	ASSERT_RIGHT(all_written(sample));
}

TEST_F(soft_dirty, set_migrates_back)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(sample_fill_whole(sample));
	ASSERT_RIGHT(form_to_device(sample, variant->form));
	ASSERT_RIGHT(sample_rest_to_system(sample));
	ASSERT_RIGHT(all_written(sample));
}

TEST_F(soft_dirty, set_survives_mprotect)
{
	struct sample *sample = &self->sample;
	const size_t bytes = sample->pages * devthp_page_size();

	ASSERT_RIGHT(sample_fill_whole(sample));
	ASSERT_RIGHT(form_to_device(sample, variant->form));
	ASSERT_EQ(0, mprotect(sample->addr, bytes, PROT_READ));
	ASSERT_RIGHT(all_written(sample));
	ASSERT_EQ(0, mprotect(sample->addr, bytes, PROT_NONE));
	ASSERT_EQ(0, mprotect(sample->addr, bytes, PROT_READ | PROT_WRITE));
	ASSERT_RIGHT(all_written(sample));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(all_written(sample));
}

static const char *finds_all_written(struct sample *sample,
				     struct peer *parent)
{
	CHECK(all_written(sample));
	CHECK(peer_tell(parent));
	CHECK(peer_wait(parent));
	CHECK(sample_data(sample));
	return all_written(sample);
}

TEST_F(soft_dirty, set_survives_fork)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(sample_fill_whole(sample));
	ASSERT_RIGHT(form_to_device(sample, variant->form));
	ASSERT_RIGHT(peer_fork(&self->child, finds_all_written, sample));
	ASSERT_RIGHT(peer_wait(&self->child));
	ASSERT_RIGHT(all_written(sample));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(all_written(sample));
	ASSERT_RIGHT(peer_tell(&self->child));
	ASSERT_RIGHT(peer_end(&self->child));
}

/* ---- Clear, it stays clear until somebody writes ---- */

TEST_F(soft_dirty, clear_goes_there_and_back)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(none_written(sample));
	ASSERT_RIGHT(form_to_device(sample, variant->form));
	ASSERT_RIGHT(none_written(sample));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(none_written(sample));
	ASSERT_RIGHT(sample_bring_back(sample));
	ASSERT_RIGHT(none_written(sample));
}

TEST_F(soft_dirty, cleared_on_device)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(sample_fill_whole(sample));
	ASSERT_RIGHT(form_to_device(sample, variant->form));
	ASSERT_RIGHT(clear_refs(CLEAR_SOFT_DIRTY));
	ASSERT_RIGHT(none_written(sample));
	ASSERT_RIGHT(form_is_kept(sample, variant->form));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(none_written(sample));
}

/*
 * The documentation: a write after clearing takes a fault, which sets the bit.
 * It does so too when the entry was not present in between.
 */
TEST_F(soft_dirty, cleared_on_device_then_read_then_written)
{
	struct sample *sample = &self->sample;
	const size_t page = some_page(sample);

	ASSERT_RIGHT(form_to_device(sample, variant->form));
	ASSERT_RIGHT(clear_refs(CLEAR_SOFT_DIRTY));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(none_written(sample));
	ASSERT_RIGHT(sample_access(sample, page, ACCESS_WRITE));
	ASSERT_RIGHT(one_written(sample, page, variant->form));
}

TEST_F(soft_dirty, set_then_cleared_on_device_then_written)
{
	struct sample *sample = &self->sample;
	const size_t page = some_page(sample);

	ASSERT_RIGHT(sample_fill_whole(sample));
	ASSERT_RIGHT(form_to_device(sample, variant->form));
	ASSERT_RIGHT(clear_refs(CLEAR_SOFT_DIRTY));
	ASSERT_RIGHT(sample_access(sample, page, ACCESS_WRITE));
	ASSERT_RIGHT(one_written(sample, page, variant->form));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(soft_dirty, set_then_cleared_on_device_then_migrated_then_written)
{
	struct sample *sample = &self->sample;
	const size_t page = some_page(sample);

	ASSERT_RIGHT(sample_fill_whole(sample));
	ASSERT_RIGHT(form_to_device(sample, variant->form));
	ASSERT_RIGHT(clear_refs(CLEAR_SOFT_DIRTY));
	ASSERT_RIGHT(sample_rest_to_system(sample));
	ASSERT_RIGHT(none_written(sample));
	ASSERT_RIGHT(sample_access(sample, page, ACCESS_KERNEL_WRITE));
	ASSERT_RIGHT(one_written(sample, page, variant->form));
}

/* A write by the device is a write. */
TEST_F(soft_dirty, device_writes)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(form_to_device(sample, variant->form));
	ASSERT_RIGHT(none_written(sample));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(all_written(sample));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(all_written(sample));
}

TEST_F(soft_dirty, device_writes_after_clearing)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(sample_fill_whole(sample));
	ASSERT_RIGHT(form_to_device(sample, variant->form));
	/* It has written before, and could again without asking. */
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(clear_refs(CLEAR_SOFT_DIRTY));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(all_written(sample));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(all_written(sample));
}

/* The other clear_refs are about other bits. */
TEST_F(soft_dirty, others_change_nothing)
{
	struct sample *sample = &self->sample;
	enum clear_refs what;

	ASSERT_RIGHT(sample_fill_whole(sample));
	ASSERT_RIGHT(form_to_device(sample, variant->form));
	for (what = CLEAR_REFS_OF_ALL; what <= CLEAR_PEAK_RSS; what++) {
		if (what == CLEAR_SOFT_DIRTY)
			continue;
		ASSERT_RIGHT(clear_refs(what));
		ASSERT_RIGHT(form_is_kept(sample, variant->form));
		ASSERT_RIGHT(all_written(sample));
	}
	ASSERT_RIGHT(sample_data(sample));
}

/* ---- A change of form or of place ---- */

TEST_F(soft_dirty, part_faulted_back)
{
	struct sample *sample = &self->sample;
	const size_t page = sample->folio_pages / 2;

	ASSERT_RIGHT(form_to_device(sample, variant->form));
	ASSERT_EQ(0, devthp_migrate_to_system(sample->dev, sample->addr +
					      page * devthp_page_size(), 1,
					      NULL));
	ASSERT_RIGHT(none_written(sample));
	ASSERT_RIGHT(sample_access(sample, page, ACCESS_WRITE));
	ASSERT_RIGHT(one_written(sample, page, FORM_SMALL));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(one_written(sample, page, FORM_SMALL));
}

TEST_F(soft_dirty, part_written_then_migrated)
{
	struct sample *sample = &self->sample;
	const size_t page = sample->folio_pages - 1;

	ASSERT_RIGHT(form_to_device(sample, FORM_SMALL));
	ASSERT_RIGHT(sample_access(sample, page, ACCESS_WRITE));
	ASSERT_RIGHT(one_written(sample, page, FORM_SMALL));
	ASSERT_EQ(0, devthp_migrate_to_device(sample->dev, sample->addr,
					      sample->pages, NULL));
	ASSERT_RIGHT(form_is_kept(sample, FORM_SMALL));
	ASSERT_RIGHT(one_written(sample, page, FORM_SMALL));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(one_written(sample, page, FORM_SMALL));
}

/*
 * A page at another address is a new page to whoever tracks addresses, moved as
 * a huge page or one by one. (A whole page table that is moved tells nobody, of
 * pages anywhere: hence one page off.)
 */
TEST_F(soft_dirty, moved)
{
	struct sample *sample = &self->sample;
	const size_t size = devthp_page_size();
	const size_t off = variant->form == FORM_WHOLE ? 0 : 1;
	const size_t bytes = (sample->pages - off) * size;
	char *target = sample->buffer + off * size;
	const uint64_t there = sample->coherent ? PAGEMAP_PRESENT | PAGEMAP_EXCLUSIVE :
						  PAGEMAP_SWAP;
	uint64_t entry;
	size_t page;

	ASSERT_RIGHT(form_to_device(sample, variant->form));
	ASSERT_RIGHT(none_written(sample));
	ASSERT_EQ((void *)target,
		  mremap(sample->addr, bytes, bytes, MREMAP_MAYMOVE |
			 MREMAP_FIXED | MREMAP_DONTUNMAP, target));
	for (page = 0; page < sample->pages - off; page++) {
		ASSERT_RIGHT(pagemap_read(target + page * size, 1, &entry));
		ASSERT_EQ(there | PAGEMAP_SOFT_DIRTY,
			  entry & ~PAGEMAP_FRAME);
	}
}

/* ---- What was not there before is new ---- */

FIXTURE(made_there)
{
	struct baseline baseline;
	struct sample sample;
};

FIXTURE_VARIANT(made_there)
{
	bool huge, zero;
};

/* Of nothing, or in place of zero pages that were only read. */
FIXTURE_VARIANT_ADD(made_there, huge) { .huge = true };
FIXTURE_VARIANT_ADD(made_there, small) { .huge = false };
FIXTURE_VARIANT_ADD(made_there, huge_of_the_zero_page) { .huge = true, .zero = true };
FIXTURE_VARIANT_ADD(made_there, small_of_zero_pages) { .huge = false, .zero = true };

FIXTURE_SETUP(made_there)
{
	struct sample *sample = &self->sample;

	NEED(soft_dirty_needed);
	SETUP_BASELINE(&self->baseline);
	SETUP_SAMPLE(sample, 1);
	if (!variant->huge)
		ASSERT_EQ(0, madvise(sample->addr, bytes_of(sample), MADV_NOHUGEPAGE));
	if (variant->zero)
		ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(clear_refs(CLEAR_SOFT_DIRTY));
}

FIXTURE_TEARDOWN(made_there)
{
	sample_release(&self->sample);
	TEARDOWN_BASELINE(&self->baseline);
}

TEST_F(made_there, is_set)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(none_written(sample));
	ASSERT_RIGHT(sample_to_device(sample));
	ASSERT_RIGHT(layout_of_all(sample, variant->huge ?
				   whole(DEVTHP_LOC_DEVICE, 1) :
				   small(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(all_written(sample));
	ASSERT_RIGHT(sample_bring_back(sample));
	ASSERT_RIGHT(all_written(sample));
}

TEST_HARNESS_MAIN
