// SPDX-License-Identifier: GPL-2.0
/*
 * A device whose memory the CPU can use where it is (device-coherent). Rules: a
 * huge page goes there and comes back whole, as to a device with private memory;
 * but no access brings it back. Who pins it for long does, as long-term pins are
 * of memory that does not belong to a device (Documentation/mm/hmm.rst,
 * core-api/pin_user_pages.rst).
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#define DEVICE_MINOR 2

#include "common/baseline.h"
#include "common/form.h"
#include "common/harness.h"
#include "common/need.h"
#include "common/peer.h"
#include "common/pin.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

FIXTURE(coherent)
{
	struct baseline baseline;
	struct sample sample;
	struct peer child;
};

FIXTURE_VARIANT(coherent)
{
	enum form form;
};

FORM_VARIANTS(coherent);

/* Pages [first, first + npages) are the device's, or not, in that form. */
static const char *are_at(const struct sample *sample, size_t first,
			  size_t npages, bool device, enum form form)
{
	return layout_of(sample, first, npages,
			 form_layout(form, device ? DEVTHP_LOC_DEVICE :
						    DEVTHP_LOC_SYSTEM,
				     ANY_MAPCOUNT));
}

static const char *all_are_at(const struct sample *sample, bool device,
			      enum form form)
{
	return are_at(sample, 0, sample->pages, device, form);
}

FIXTURE_SETUP(coherent)
{
	struct sample *sample = &self->sample;

	SETUP_BASELINE(&self->baseline);
	SETUP_SAMPLE(sample, 1);
	ASSERT_RIGHT(sample_fill_whole(sample));
	ASSERT_RIGHT(form_to_device(sample, variant->form));
}

FIXTURE_TEARDOWN(coherent)
{
	sample_release(&self->sample);
	TEARDOWN_BASELINE(&self->baseline);
}

TEST_F(coherent, is_used_where_it_is)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(sample_fill(sample));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(sample_access(sample, 5, ACCESS_KERNEL_READ));
	ASSERT_RIGHT(sample_access(sample, 6, ACCESS_KERNEL_WRITE));
	ASSERT_RIGHT(all_are_at(sample, true, variant->form));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(coherent, comes_back)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(sample_to_system(sample));
	ASSERT_RIGHT(all_are_at(sample, false, variant->form == FORM_WHOLE ?
				FORM_WHOLE : FORM_SMALL));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(coherent, comes_back_in_part)
{
	struct sample *sample = &self->sample;
	const size_t first = 100, npages = 60, behind = first + npages;

	ASSERT_EQ(0, devthp_migrate_to_system(sample->dev, sample->addr +
					      first * devthp_page_size(),
					      npages, NULL));
	ASSERT_RIGHT(are_at(sample, first, npages, false, FORM_SMALL));
	ASSERT_RIGHT(are_at(sample, 0, first, true, FORM_SMALL));
	ASSERT_RIGHT(are_at(sample, behind, sample->pages - behind, true,
			    FORM_SMALL));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_fill(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(coherent, is_unmapped_in_part)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(sample_cut(sample, 30, 90, HOLE_UNMAPPED));
	ASSERT_RIGHT(sample_cut(sample, 300, 1, HOLE_DROPPED));
	ASSERT_RIGHT(holes_are_empty(sample));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(sample_rest_to_system(sample));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(sample_dropped_are_zero(sample));
}

static const char *reads_then_writes(struct sample *sample,
				     struct peer *parent)
{
	CHECK(sample_data(sample));
	CHECK(peer_tell(parent));
	CHECK(peer_wait(parent));
	CHECK(sample_data(sample));
	return sample_access_range(sample, 40, 20, ACCESS_WRITE);
}

/* Reading shares, writing makes copies, in system memory. */
TEST_F(coherent, is_shared_with_a_child)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(peer_fork(&self->child, reads_then_writes, sample));
	ASSERT_RIGHT(peer_wait(&self->child));
	ASSERT_RIGHT(all_are_at(sample, true, variant->form));
	ASSERT_RIGHT(sample_access_range(sample, 50, 20, ACCESS_WRITE));
	ASSERT_RIGHT(are_at(sample, 50, 20, false, FORM_SMALL));
	ASSERT_RIGHT(peer_tell(&self->child));
	ASSERT_RIGHT(peer_end(&self->child));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(coherent, is_pinned_for_long)
{
	struct sample *sample = &self->sample;
	struct pin pin = { 0 };

	NEED(pin_needed, PIN_SLOW);
	ASSERT_RIGHT(pin_take(&pin, PIN_SLOW, sample->addr, sample->pages));
	ASSERT_RIGHT(all_are_at(sample, false, variant->form == FORM_WHOLE ?
				FORM_WHOLE : FORM_SMALL));
	ASSERT_RIGHT(sample_fill(sample));
	ASSERT_RIGHT(pin_drop(&pin, sample->buffer));
	ASSERT_RIGHT(sample_compare(sample, sample->buffer, 0, sample->pages,
				    "who pinned it reads"));
	ASSERT_RIGHT(sample_to_device(sample));
	ASSERT_RIGHT(sample_data(sample));
}

/* Nothing moves for a moment's sake, and nothing is left pinned. */
TEST_F(coherent, is_pinned_for_a_moment)
{
	struct sample *sample = &self->sample;
	unsigned int call;

	NEED(pin_needed, PIN_SLOW);
	for (call = GET_USER_PAGES; call <= PIN_USER_PAGES_FAST; call++) {
		ASSERT_RIGHT(gup_and_put(call, sample->addr, sample->pages,
					 100));
		ASSERT_RIGHT(all_are_at(sample, true, variant->form));
	}
	ASSERT_RIGHT(sample_to_system(sample));
	ASSERT_RIGHT(sample_data(sample));
}

/* What is pinned for a short time stays for as long as that is. */
TEST_F(coherent, is_pinned_and_not_evicted)
{
	struct sample *sample = &self->sample;
	struct devthp_eviction eviction = { .size = sizeof(eviction) };
	const size_t page = 33;
	const size_t stuck = variant->form == FORM_SMALL ? 1 : sample->pages;

	ASSERT_EQ(0, devthp_device_hold(sample->dev, page_of(sample, page), 1,
					DEVTHP_HOLD_PIN | DEVTHP_HOLD_WRITE,
					NULL));
	ASSERT_EQ(0, devthp_device_drain(sample->dev, &eviction));
	ASSERT_EQ(stuck, eviction.left);
	ASSERT_RIGHT(are_at(sample, page, 1, true, variant->form));
	ASSERT_RIGHT(sample_fill(sample));
	ASSERT_EQ(0, devthp_device_unhold(sample->dev, page_of(sample, page), 1,
					  NULL));
	ASSERT_EQ(0, devthp_device_drain(sample->dev, &eviction));
	ASSERT_EQ(0, eviction.left);
	ASSERT_RIGHT(sample_data(sample));
}

/* What somebody holds cannot leave the device, and who pins it does not wait for ever. */
TEST_F(coherent, is_held_and_not_pinned_for_long)
{
	struct sample *sample = &self->sample;
	struct pin pin = { 0 };
	const size_t page = 33;

	NEED(pin_needed, PIN_SLOW);
	ASSERT_EQ(0, devthp_device_hold(sample->dev, page_of(sample, page), 1, 0, NULL));
	ASSERT_STRNE(RIGHT, pin_take(&pin, PIN_SLOW, page_of(sample, page), 1));
	ASSERT_RIGHT(are_at(sample, page, 1, true, variant->form));
	ASSERT_EQ(0, devthp_device_unhold(sample->dev, page_of(sample, page), 1, NULL));
	ASSERT_RIGHT(pin_take(&pin, PIN_SLOW, page_of(sample, page), 1));
	ASSERT_RIGHT(are_at(sample, page, 1, false, variant->form == FORM_WHOLE ?
			    FORM_WHOLE : FORM_SMALL));
	ASSERT_RIGHT(pin_drop(&pin, sample->buffer));
	ASSERT_RIGHT(sample_compare(sample, sample->buffer, page, 1, "who pinned it reads"));
	ASSERT_RIGHT(sample_data(sample));
}

/*
 * Pages of a folio need not be neighbours where they are pinned. All that the call has
 * pinned is let go of, before it is known that the folio cannot leave the device.
 */
TEST_F(coherent, is_held_and_not_pinned_around_another)
{
	struct sample *sample = &self->sample;
	const int how = MREMAP_MAYMOVE | MREMAP_FIXED;
	const size_t page = 33, size = devthp_page_size();
	char *other = page_of(sample, page + 1), *away;
	struct pin pin = { 0 };

	NEED(pin_needed, PIN_SLOW);
	away = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)away);
	ASSERT_EQ(away, mremap(other, size, size, how, away));
	ASSERT_EQ(other, mmap(other, size, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	*other = 1;

	ASSERT_EQ(0, devthp_device_hold(sample->dev, page_of(sample, page), 1, 0, NULL));
	ASSERT_STRNE(RIGHT, pin_take(&pin, PIN_SLOW, page_of(sample, page), 3));
	ASSERT_EQ(0, devthp_device_unhold(sample->dev, page_of(sample, page), 1, NULL));
	ASSERT_RIGHT(pin_take(&pin, PIN_SLOW, page_of(sample, page), 3));
	ASSERT_RIGHT(pin_drop(&pin, NULL));
	ASSERT_EQ(1, *other);
	ASSERT_EQ(other, mremap(away, size, size, how, other));
	ASSERT_RIGHT(sample_data(sample));
}

/* The library tells such a folio from system memory, as large as it is. */
TEST_F(coherent, is_seen_by_a_trial)
{
	struct devthp_trial trial = { .size = sizeof(trial) };
	const uint32_t pmd_order = __builtin_ctzl(devthp_pmd_size() / devthp_page_size());

	ASSERT_EQ(0, devthp_device_try(self->sample.dev, &trial));
	ASSERT_TRUE(trial.orders_known);
	ASSERT_TRUE(trial.data_good);
	ASSERT_EQ(pmd_order, trial.device_order);
	ASSERT_EQ(pmd_order, trial.system_order);
	ASSERT_RIGHT(sample_data(&self->sample));
}

/* From memory that the CPU cannot use, and to it, by way of the system's. */
TEST_F(coherent, was_private_and_becomes_so)
{
	struct sample *sample = &self->sample;
	struct devthp_device *private;

	ASSERT_RIGHT(device_open(&private, 0));
	ASSERT_EQ(-ENOENT, devthp_migrate_to_device(private, sample->addr,
						    sample->pages, NULL));
	ASSERT_EQ(0, devthp_migrate_to_system(private, sample->addr,
					      sample->pages, NULL));
	ASSERT_RIGHT(all_are_at(sample, true, variant->form));
	ASSERT_RIGHT(sample_to_system(sample));
	ASSERT_EQ(0, devthp_migrate_to_device(private, sample->addr,
					      sample->pages, NULL));
	ASSERT_EQ(-ENOENT, devthp_migrate_to_device(sample->dev, sample->addr,
						    sample->pages, NULL));
	/* It reads what is brought back for it, and takes that. */
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_to_device(sample));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_EQ(0, devthp_device_close(private));
	ASSERT_RIGHT(all_are_at(sample, true, variant->form == FORM_WHOLE ?
				FORM_WHOLE : FORM_SMALL));
}

TEST_F(coherent, is_protected_and_moves)
{
	struct sample *sample = &self->sample;
	const size_t bytes = sample->pages * devthp_page_size();
	struct devthp_range *room;

	ASSERT_EQ(0, mprotect(sample->addr, bytes, PROT_NONE));
	ASSERT_EQ(0, mprotect(sample->addr, bytes, PROT_READ | PROT_WRITE));
	ASSERT_RIGHT(all_are_at(sample, true, variant->form));
	ASSERT_RIGHT(sample_room(sample, 1, &room));
	ASSERT_RIGHT(sample_move(sample, room));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_EQ(0, devthp_range_free(room));
}

/* What the CPU can use, reclaim cannot: it has no other place for it. */
TEST_F(coherent, is_not_reclaimed)
{
	struct sample *sample = &self->sample;
	const size_t bytes = sample->pages * devthp_page_size();

	ASSERT_EQ(0, madvise(sample->addr, bytes, MADV_PAGEOUT));
	ASSERT_RIGHT(all_are_at(sample, true, variant->form));
	ASSERT_RIGHT(sample_data(sample));
}

/* A kernel that does not know the advice says EINVAL. */
static int advice_needed(int err, const char **why)
{
	if (err == EINVAL)
		return missing("no MADV_HWPOISON: CONFIG_MEMORY_FAILURE is off", why);
	return KSFT_PASS;
}

/* Its driver has nothing to say about broken memory: that stays in use. */
TEST_F(coherent, is_said_to_be_broken)
{
	struct sample *sample = &self->sample;
	char *addr = sample->addr + 7 * devthp_page_size();
	const int err = madvise(addr, devthp_page_size(), MADV_HWPOISON) ? errno : 0;

	NEED(advice_needed, err);
	ASSERT_EQ(ENXIO, err);
	ASSERT_RIGHT(all_are_at(sample, true, variant->form));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(coherent, is_evicted)
{
	struct sample *sample = &self->sample;
	struct devthp_eviction eviction = { .size = sizeof(eviction) };

	ASSERT_EQ(0, devthp_device_drain(sample->dev, &eviction));
	ASSERT_EQ(0, eviction.left);
	ASSERT_EQ(sample->pages, eviction.evicted);
	ASSERT_RIGHT(all_are_at(sample, false, variant->form == FORM_BY_PAGES ?
				FORM_SMALL : variant->form));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(coherent, device_closes)
{
	struct sample *sample = &self->sample;

	ASSERT_EQ(0, devthp_device_close(sample->dev));
	sample->dev = NULL;
	ASSERT_RIGHT(are_at(sample, 0, sample->pages, false,
			    variant->form == FORM_BY_PAGES ? FORM_SMALL :
			    variant->form));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_HARNESS_MAIN
