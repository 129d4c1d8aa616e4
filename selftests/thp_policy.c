// SPDX-License-Identifier: GPL-2.0
/*
 * Where huge pages are switched off, for the system, for a size, for a process
 * or for a mapping, none is made: not on the device of memory that is not there
 * yet, and not in system memory when a huge page comes back from the device. One
 * that is there stays whole, also on its way to the device, as a present one is
 * not split for a change of policy either.
 * (Documentation/admin-guide/mm/transhuge.rst, prctl(2), madvise(2))
 */
#include <errno.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "common/baseline.h"
#include "common/form.h"
#include "common/harness.h"
#include "common/need.h"
#include "common/peer.h"
#include "common/pin.h"
#include "common/textfile.h"

#define THP "/sys/kernel/mm/transparent_hugepage/"

FIXTURE(policy)
{
	struct baseline baseline;
	struct sample sample;
	struct setting setting;
};

typedef const char *turn(struct sample *sample, struct setting *setting);

FIXTURE_VARIANT(policy)
{
	turn *off;
};

static const char *by_system(struct sample *sample, struct setting *setting)
{
	return setting_change(setting, THP "enabled", "never");
}

/* Its own setting only counts when it does not inherit that of the system. */
static const char *by_size(struct sample *sample, struct setting *setting)
{
	char path[128];

	snprintf(path, sizeof(path), THP "hugepages-%zukB/enabled",
		 devthp_pmd_size() / 1024);
	return setting_change(setting, path, "never");
}

static const char *by_process(struct sample *sample, struct setting *setting)
{
	if (prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0))
		return went_well("PR_SET_THP_DISABLE", -errno);
	return RIGHT;
}

static const char *by_mapping(struct sample *sample, struct setting *setting)
{
	if (madvise(sample->addr, sample->pages * devthp_page_size(),
		    MADV_NOHUGEPAGE))
		return went_well("MADV_NOHUGEPAGE", -errno);
	return RIGHT;
}

FIXTURE_VARIANT_ADD(policy, by_system) { .off = by_system };
FIXTURE_VARIANT_ADD(policy, by_size) { .off = by_size };
FIXTURE_VARIANT_ADD(policy, by_process) { .off = by_process };
FIXTURE_VARIANT_ADD(policy, by_mapping) { .off = by_mapping };

FIXTURE_SETUP(policy)
{
	SETUP_BASELINE(&self->baseline);
	SETUP_SAMPLE(&self->sample, 1);
}

FIXTURE_TEARDOWN(policy)
{
	setting_restore(&self->setting);
	sample_release(&self->sample);
	TEARDOWN_BASELINE(&self->baseline);
}

#define ASSERT_OFF() ASSERT_RIGHT(variant->off(&self->sample, &self->setting))

static const char *is_small(const struct sample *sample, unsigned int location)
{
	return layout_of_all(sample, small(location, 1));
}

TEST_F(policy, nothing_goes_small)
{
	struct sample *sample = &self->sample;

	ASSERT_OFF();
	ASSERT_RIGHT(sample_to_device(sample));
	ASSERT_RIGHT(is_small(sample, DEVTHP_LOC_DEVICE));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(is_small(sample, DEVTHP_LOC_DEVICE));
	ASSERT_RIGHT(sample_bring_back(sample));
	ASSERT_RIGHT(is_small(sample, DEVTHP_LOC_SYSTEM));
}

/* The huge zero page was there before; what takes its place is new memory. */
TEST_F(policy, huge_zero_page_goes_small)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(sample_bring_back(sample));
	ASSERT_OFF();
	ASSERT_RIGHT(sample_to_device(sample));
	ASSERT_RIGHT(is_small(sample, DEVTHP_LOC_DEVICE));
	ASSERT_RIGHT(sample_bring_back(sample));
	ASSERT_RIGHT(is_small(sample, DEVTHP_LOC_SYSTEM));
}

/* The device writes where there is nothing: that takes a fault of the CPU. */
TEST_F(policy, device_writes_nothing)
{
	struct sample *sample = &self->sample;

	ASSERT_OFF();
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(is_small(sample, DEVTHP_LOC_SYSTEM));
	ASSERT_RIGHT(sample_to_device(sample));
	ASSERT_RIGHT(is_small(sample, DEVTHP_LOC_DEVICE));
	ASSERT_RIGHT(sample_bring_back(sample));
}

TEST_F(policy, huge_page_goes_whole)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(sample_fill_whole(sample));
	ASSERT_OFF();
	ASSERT_RIGHT(sample_to_device_whole(sample));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(layout_of_all(sample, whole(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(sample_bring_back(sample));
	ASSERT_RIGHT(is_small(sample, DEVTHP_LOC_SYSTEM));
}

/* Turned off when it is there already. */
FIXTURE(back)
{
	struct baseline baseline;
	struct sample sample;
	struct setting setting;
};

FIXTURE_VARIANT(back)
{
	turn *off;
	enum form form;
};

FIXTURE_VARIANT_ADD(back, by_system) { .off = by_system };
FIXTURE_VARIANT_ADD(back, by_size) { .off = by_size };
FIXTURE_VARIANT_ADD(back, by_process) { .off = by_process };
FIXTURE_VARIANT_ADD(back, by_mapping) { .off = by_mapping };
FIXTURE_VARIANT_ADD(back, by_pages) { .off = by_process, .form = FORM_BY_PAGES };
FIXTURE_VARIANT_ADD(back, small) { .off = by_mapping, .form = FORM_SMALL };

FIXTURE_SETUP(back)
{
	SETUP_BASELINE(&self->baseline);
	SETUP_SAMPLE(&self->sample, 1);
	ASSERT_RIGHT(sample_fill_whole(&self->sample));
	ASSERT_RIGHT(form_to_device(&self->sample, variant->form));
	ASSERT_OFF();
	ASSERT_RIGHT(form_is_kept(&self->sample, variant->form));
}

FIXTURE_TEARDOWN(back)
{
	setting_restore(&self->setting);
	sample_release(&self->sample);
	TEARDOWN_BASELINE(&self->baseline);
}

/* By who can use it where it is, if it is such memory. */
static const char *was_used(const struct sample *sample, enum form form)
{
	return sample->coherent ? form_is_kept(sample, form) :
				  is_small(sample, DEVTHP_LOC_SYSTEM);
}

TEST_F(back, read)
{
	ASSERT_RIGHT(sample_data(&self->sample));
	ASSERT_RIGHT(was_used(&self->sample, variant->form));
}

TEST_F(back, written)
{
	ASSERT_RIGHT(sample_fill(&self->sample));
	ASSERT_RIGHT(was_used(&self->sample, variant->form));
	ASSERT_RIGHT(sample_data(&self->sample));
}

TEST_F(back, migrated)
{
	ASSERT_RIGHT(sample_rest_to_system(&self->sample));
	ASSERT_RIGHT(is_small(&self->sample, DEVTHP_LOC_SYSTEM));
	ASSERT_RIGHT(sample_data(&self->sample));
}

TEST_F(back, pinned)
{
	struct sample *sample = &self->sample;
	struct pin pin = {};

	NEED(pin_needed, PIN_FAST);
	ASSERT_RIGHT(pin_take(&pin, PIN_FAST, sample->addr, sample->pages));
	ASSERT_RIGHT(is_small(sample, DEVTHP_LOC_SYSTEM));
	ASSERT_RIGHT(pin_drop(&pin, sample->buffer));
	ASSERT_RIGHT(sample_compare(sample, sample->buffer, 0, sample->pages,
				    "who pinned it reads"));
	ASSERT_RIGHT(is_small(sample, DEVTHP_LOC_SYSTEM));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(back, read_by_another_device)
{
	struct sample *sample = &self->sample;
	struct devthp_device *other;

	ASSERT_RIGHT(device_open(&other, device_minor + 1));
	ASSERT_EQ(0, devthp_device_read(other, sample->addr, sample->pages,
					sample->buffer, NULL));
	ASSERT_EQ(0, devthp_device_close(other));
	ASSERT_RIGHT(sample_compare(sample, sample->buffer, 0, sample->pages,
				    "another device reads"));
	ASSERT_RIGHT(was_used(sample, variant->form));
	ASSERT_RIGHT(sample_data(sample));
}

/* Ways back that no process asks for. */
TEST_F(back, evicted)
{
	struct sample *sample = &self->sample;

	ASSERT_EQ(0, devthp_device_drain(sample->dev, NULL));
	ASSERT_RIGHT(is_small(sample, DEVTHP_LOC_SYSTEM));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(back, released)
{
	struct sample *sample = &self->sample;

	ASSERT_EQ(0, devthp_device_evict(sample->dev));
	ASSERT_RIGHT(is_small(sample, DEVTHP_LOC_SYSTEM));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(back, closed)
{
	struct sample *sample = &self->sample;

	ASSERT_EQ(0, devthp_device_close(sample->dev));
	sample->dev = NULL;
	ASSERT_RIGHT(is_small(sample, DEVTHP_LOC_SYSTEM));
	ASSERT_RIGHT(sample_data(sample));
}

/* The device can use it where it is, whatever is off for system memory. */
TEST_F(back, used_there)
{
	ASSERT_RIGHT(sample_device_data(&self->sample));
	ASSERT_RIGHT(sample_device_write(&self->sample));
	ASSERT_RIGHT(form_is_kept(&self->sample, variant->form));
	ASSERT_RIGHT(sample_data(&self->sample));
}

/* ---- Two processes have it, and huge pages are off for one of them ---- */

static const char *has_none_huge(struct sample *sample, struct peer *parent)
{
	CHECK(by_mapping(sample, NULL));
	CHECK(peer_tell(parent));
	return peer_reads_later(sample, parent);
}

FIXTURE(shared)
{
	struct baseline baseline;
	struct sample sample;
	struct peer child;
};

FIXTURE_VARIANT(shared)
{
	bool off_for_parent;
};

FIXTURE_VARIANT_ADD(shared, off_for_parent) { .off_for_parent = true };
FIXTURE_VARIANT_ADD(shared, off_for_child) { .off_for_parent = false };

FIXTURE_SETUP(shared)
{
	struct sample *sample = &self->sample;

	SETUP_BASELINE(&self->baseline);
	SETUP_SAMPLE_ON_DEVICE(sample, 1);
	ASSERT_RIGHT(peer_fork(&self->child, variant->off_for_parent ?
			       peer_reads_later : has_none_huge, sample));
	if (variant->off_for_parent) {
		ASSERT_RIGHT(by_mapping(sample, NULL));
	} else {
		ASSERT_RIGHT(peer_wait(&self->child));
	}
	ASSERT_RIGHT(layout_of_all(sample, whole(DEVTHP_LOC_DEVICE, 2)));
}

FIXTURE_TEARDOWN(shared)
{
	sample_release(&self->sample);
	TEARDOWN_BASELINE(&self->baseline);
}

/* No process asks for it, and each has a say: who says yes, to whom it is small. */
TEST_F(shared, evicted)
{
	struct sample *sample = &self->sample;

	ASSERT_EQ(0, devthp_device_drain(sample->dev, NULL));
	ASSERT_RIGHT(layout_of_all(sample, small(DEVTHP_LOC_SYSTEM, 2)));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(peer_tell(&self->child));
	ASSERT_RIGHT(peer_end(&self->child));
}

TEST_HARNESS_MAIN
