// SPDX-License-Identifier: GPL-2.0
/*
 * khugepaged makes huge pages of base pages. Those of a device are none of it:
 * at most it brings some back, as many as it would swap in (max_ptes_swap), when
 * the rest is in system memory.
 * (Documentation/admin-guide/mm/transhuge.rst; 6.12 of base pages on a device)
 */
#include "common/harness.h"
#include "common/matrix.h"
#include "common/settle.h"
#include "common/textfile.h"

#define KHUGEPAGED "/sys/kernel/mm/transparent_hugepage/khugepaged/"

struct khugepaged {
	struct setting sleep, alloc_sleep, pages, swap, none;
};

/* It never sleeps, looks at everything, and accepts holes. */
static const char *khugepaged_awake(struct khugepaged *it)
{
	CHECK(setting_change(&it->none, KHUGEPAGED "max_ptes_none", "511"));
	CHECK(setting_change(&it->swap, KHUGEPAGED "max_ptes_swap", "64"));
	CHECK(setting_change(&it->pages, KHUGEPAGED "pages_to_scan", "100000"));
	CHECK(setting_change(&it->alloc_sleep,
			     KHUGEPAGED "alloc_sleep_millisecs", "0"));
	return setting_change(&it->sleep, KHUGEPAGED "scan_sleep_millisecs",
			      "0");
}

static void khugepaged_as_before(struct khugepaged *it)
{
	setting_restore(&it->sleep);
	setting_restore(&it->alloc_sleep);
	setting_restore(&it->pages);
	setting_restore(&it->swap);
	setting_restore(&it->none);
}

/* Two rounds: the first may have begun before what is to be seen. */
static const char *two_scans(void)
{
	return file_number_grows(KHUGEPAGED "full_scans", 2);
}

/* It comes by again where a page was in use at the time. */
static const char *is_whole(const void *sample)
{
	return layout_of_all(sample, whole(DEVTHP_LOC_SYSTEM, 1));
}

/* ---- In every state ---- */

FIXTURE(khugepaged)
{
	struct scene scene;
	struct khugepaged it;
};

FIXTURE_VARIANT(khugepaged)
{
	const struct state *state;
};

FOR_EACH_STATE(STATE_VARIANT, khugepaged)

FIXTURE_SETUP(khugepaged)
{
	SETUP_SCENE(&self->scene, variant->state);
	ASSERT_RIGHT(khugepaged_awake(&self->it));
}

FIXTURE_TEARDOWN(khugepaged)
{
	khugepaged_as_before(&self->it);
	TEARDOWN_SCENE(&self->scene);
}

TEST_F(khugepaged, leaves_it)
{
	struct scene *scene = &self->scene;

	ASSERT_RIGHT(two_scans());
	ASSERT_RIGHT(scene_is_unchanged(scene));
	ASSERT_RIGHT(sample_device_data(&scene->sample));
	ASSERT_RIGHT(scene_data(scene));
	ASSERT_RIGHT(two_scans());
	ASSERT_RIGHT(scene_data(scene));
}

/* ---- Mixtures ---- */

FIXTURE(mixture)
{
	struct scene scene;
	struct khugepaged it;
};

FIXTURE_SETUP(mixture)
{
	SETUP_SCENE(&self->scene, &state_folio_split);
}

FIXTURE_TEARDOWN(mixture)
{
	khugepaged_as_before(&self->it);
	TEARDOWN_SCENE(&self->scene);
}

/* All but npages from first on are in system memory, and were written there. */
static const char *keep_on_device(struct sample *sample, size_t first,
				  size_t npages)
{
	const size_t behind = first + npages;

	CHECK(sample_have_back(sample, 0, first));
	return sample_have_back(sample, behind, sample->pages - behind);
}

TEST_F(mixture, few_come_back)
{
	struct sample *sample = &self->scene.sample;
	const size_t first = 100, npages = 10;

	ASSERT_RIGHT(keep_on_device(sample, first, npages));
	ASSERT_RIGHT(khugepaged_awake(&self->it));
	if (sample->coherent) {
		/* The CPU can use them where they are. */
		ASSERT_RIGHT(two_scans());
		ASSERT_RIGHT(layout_of(sample, first, npages,
				       small(DEVTHP_LOC_DEVICE, 1)));
		ASSERT_RIGHT(sample_bring_back(sample));
	}
	ASSERT_RIGHT(settles(is_whole, sample));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(sample_to_device_whole(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(mixture, many_stay)
{
	struct sample *sample = &self->scene.sample;
	const size_t first = 100, npages = 65;

	ASSERT_RIGHT(keep_on_device(sample, first, npages));
	ASSERT_RIGHT(khugepaged_awake(&self->it));
	ASSERT_RIGHT(two_scans());
	ASSERT_RIGHT(layout_of(sample, first, npages,
			       small(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(layout_of(sample, 0, first, small(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(sample_bring_back(sample));
	/* Now nothing is in the way. */
	ASSERT_RIGHT(settles(is_whole, sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_HARNESS_MAIN
