// SPDX-License-Identifier: GPL-2.0
/*
 * A huge range without memory of its own, empty or read through the huge zero
 * page, goes to the device as one folio of zeroes.
 */
#include "common/baseline.h"
#include "common/harness.h"

#define FOLIOS 2

FIXTURE(empty)
{
	struct baseline baseline;
	struct sample sample;
};

FIXTURE_VARIANT(empty)
{
	bool huge_zero;
};

FIXTURE_VARIANT_ADD(empty, untouched) { .huge_zero = false };
FIXTURE_VARIANT_ADD(empty, huge_zero) { .huge_zero = true };

/* So many PMD entries of the sample are of that kind. */
static const char *pmd_entries(const struct sample *sample,
			       unsigned int location, size_t want)
{
	struct devthp_summary sum = { .size = sizeof(sum) };
	struct devthp_snapshot_opts opts = {
		.size = sizeof(opts),
		.dev = sample->dev,
	};
	struct devthp_snapshot *snap;
	int err;

	CHECK(went_well("take a snapshot",
			devthp_snapshot_take(&snap, sample->addr,
					     sample->pages, &opts)));
	err = devthp_snapshot_summarize(snap, 0, sample->pages, &sum);
	devthp_snapshot_free(snap);
	CHECK(went_well("read a snapshot", err));
	if (sum.pmd_entries[location] != want)
		return wrong("%llu PMD entries are %s; should be %zu",
			     (unsigned long long)sum.pmd_entries[location],
			     devthp_location_name(location), want);
	return RIGHT;
}

FIXTURE_SETUP(empty)
{
	struct sample *sample = &self->sample;
	const char *zero;

	SETUP_BASELINE(&self->baseline);
	SETUP_SAMPLE(sample, FOLIOS);
	if (variant->huge_zero) {
		ASSERT_RIGHT(sample_data(sample));
		zero = pmd_entries(sample, DEVTHP_LOC_ZERO, FOLIOS);
		if (!is_right(zero) && !everything_is_required())
			SKIP(return, "no huge zero page: write 1 to /sys/kernel/mm/transparent_hugepage/use_zero_page");
		ASSERT_RIGHT(zero);
	}
	ASSERT_RIGHT(sample_to_device_whole(sample));
}

FIXTURE_TEARDOWN(empty)
{
	sample_release(&self->sample);
	TEARDOWN_BASELINE(&self->baseline);
}

TEST_F(empty, device_reads_zero)
{
	ASSERT_RIGHT(sample_device_data(&self->sample));
	ASSERT_RIGHT(layout_of_all(&self->sample,
				   whole(DEVTHP_LOC_DEVICE, 1)));
}

TEST_F(empty, cpu_reads_zero)
{
	ASSERT_RIGHT(sample_bring_back(&self->sample));
	ASSERT_RIGHT(layout_of_all(&self->sample,
				   whole(DEVTHP_LOC_SYSTEM, 1)));
}

TEST_F(empty, device_writes_cpu_reads)
{
	ASSERT_RIGHT(sample_device_write(&self->sample));
	ASSERT_RIGHT(layout_of_all(&self->sample,
				   whole(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(sample_bring_back(&self->sample));
	ASSERT_RIGHT(layout_of_all(&self->sample,
				   whole(DEVTHP_LOC_SYSTEM, 1)));
}

TEST_F(empty, migrated_back)
{
	ASSERT_RIGHT(sample_device_write(&self->sample));
	ASSERT_RIGHT(sample_to_system_whole(&self->sample));
	ASSERT_RIGHT(sample_data(&self->sample));
}

/* Written in part: the rest of the folio stays zero. */
TEST_F(empty, cpu_writes_one_page)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(sample_access(sample, sample->folio_pages / 2,
				   ACCESS_WRITE));
	ASSERT_RIGHT(sample_data(sample));
}

/* An unmapping that never saw the data. */
TEST_F(empty, dropped)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(sample_cut(sample, 0, sample->pages, HOLE_DROPPED));
	ASSERT_RIGHT(holes_are_empty(sample));
	ASSERT_RIGHT(sample_dropped_are_zero(sample));
}

TEST_HARNESS_MAIN
