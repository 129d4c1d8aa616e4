// SPDX-License-Identifier: GPL-2.0
/*
 * A write by the device is a write. What only the device wrote is not lost when
 * memory is short: reclaim drops what it believes that nobody has written, and
 * device memory has no dirty bit to tell. Nor do page tables tell of what a
 * device writes to system memory: its driver has to.
 */
#include <errno.h>
#include <sys/mman.h>

#include "common/form.h"
#include "common/harness.h"
#include "common/memcg.h"
#include "common/need.h"
#include "common/pagemap.h"
#include "common/reclaim.h"
#include "common/scene.h"
#include "common/swapdisk.h"

#ifndef MADV_FREE
#define MADV_FREE 8
#endif

/* ---- How memory came to be clean before the device wrote it ---- */

static const char *from_filled(struct scene *scene)
{
	CHECK(sample_fill_whole(&scene->sample));
	return form_to_device(&scene->sample, FORM_WHOLE);
}

static const char *from_nothing(struct scene *scene)
{
	return sample_to_device_whole(&scene->sample);
}

static const char *from_huge_zero(struct scene *scene)
{
	CHECK(sample_data(&scene->sample));
	return sample_to_device_whole(&scene->sample);
}

static const char *free_lazily(struct sample *sample)
{
	if (madvise(sample->addr, sample->pages * devthp_page_size(),
		    MADV_FREE))
		return went_well("MADV_FREE", -errno);
	return RIGHT;
}

static const char *from_freed(struct scene *scene)
{
	CHECK(sample_fill_whole(&scene->sample));
	CHECK(free_lazily(&scene->sample));
	return form_to_device(&scene->sample, FORM_WHOLE);
}

static const char *from_freed_by_pages(struct scene *scene)
{
	CHECK(sample_fill_whole(&scene->sample));
	CHECK(free_lazily(&scene->sample));
	return form_to_device(&scene->sample, FORM_BY_PAGES);
}

static const char *from_freed_small(struct scene *scene)
{
	CHECK(sample_fill_whole(&scene->sample));
	CHECK(free_lazily(&scene->sample));
	return form_to_device(&scene->sample, FORM_SMALL);
}

/* The advice has no effect on device memory, so the data stays. */
static const char *from_freed_there(struct scene *scene)
{
	CHECK(from_filled(scene));
	return free_lazily(&scene->sample);
}

static const char *from_swap(struct scene *scene)
{
	CHECK(sample_fill_whole(&scene->sample));
	CHECK(reclaim_to_swap(&scene->sample));
	CHECK(sample_data(&scene->sample));
	return sample_to_device(&scene->sample);
}

/* ---- How it came back ---- */

static const char *back_by_reading(struct sample *sample)
{
	return sample_bring_back(sample);
}

static const char *back_by_migration(struct sample *sample)
{
	return sample_to_system(sample);
}

static const char *back_by_eviction(struct sample *sample)
{
	return went_well("evict the device", devthp_device_evict(sample->dev));
}

static const char *back_page_by_page(struct sample *sample)
{
	CHECK(form_split_entries(sample));
	return sample_bring_back(sample);
}

/* By the driver, and in base pages because it has no huge one. */
static const char *back_small(struct sample *sample)
{
	CHECK(went_well("let an allocation fail",
			devthp_device_fail_alloc(sample->dev, 1)));
	/* Small already, the first page does not come; the others do. */
	devthp_migrate_to_system(sample->dev, sample->addr, sample->pages,
				 NULL);
	return sample_bring_back(sample);
}

/* ---- How it is reclaimed ---- */

static const char *by_advice(struct scene *scene)
{
	return reclaim_to_swap(&scene->sample);
}

static const char *by_cgroup(struct scene *scene)
{
	return reclaim_charged(&scene->sample, &scene->memcg);
}

FIXTURE(device_writes)
{
	struct scene scene;
};

FIXTURE_VARIANT(device_writes)
{
	const char *(*origin)(struct scene *scene);
	const char *(*back)(struct sample *sample);
	const char *(*reclaim)(struct scene *scene);
};

#define WAYS_BACK(x, origin)		\
	x(origin, back_by_reading, by_advice)	\
	x(origin, back_by_migration, by_advice)	\
	x(origin, back_by_eviction, by_advice)	\
	x(origin, back_page_by_page, by_advice)	\
	x(origin, back_small, by_advice)	\
	x(origin, back_by_reading, by_cgroup)
#define VARIANT(from, how, reclaimed)					\
	FIXTURE_VARIANT_ADD(device_writes, from##_##how##_##reclaimed) {	\
		.origin = from, .back = how, .reclaim = reclaimed,	\
	};

WAYS_BACK(VARIANT, from_freed)
VARIANT(from_freed_small, back_by_reading, by_advice)
VARIANT(from_freed_small, back_by_eviction, by_advice)
VARIANT(from_freed_small, back_by_migration, by_cgroup)
VARIANT(from_freed_by_pages, back_by_migration, by_advice)
VARIANT(from_freed_there, back_by_migration, by_advice)
VARIANT(from_filled, back_by_migration, by_advice)
VARIANT(from_nothing, back_by_reading, by_advice)
VARIANT(from_nothing, back_by_eviction, by_cgroup)
VARIANT(from_nothing, back_page_by_page, by_advice)
VARIANT(from_huge_zero, back_by_reading, by_advice)
VARIANT(from_huge_zero, back_page_by_page, by_cgroup)
VARIANT(from_swap, back_by_reading, by_advice)
VARIANT(from_swap, back_by_migration, by_advice)
VARIANT(from_swap, back_by_reading, by_cgroup)

#define SETUP_SWAP(scene)						\
do {									\
	(scene)->uffd = -1;						\
	NEED(swapdisk_needed);						\
	NEED(memcg_needed);						\
	SETUP_BASELINE(&(scene)->baseline);				\
	SETUP_SAMPLE(&(scene)->sample, 1);				\
	ASSERT_RIGHT(memcg_enter(&(scene)->memcg));			\
	ASSERT_RIGHT(swapdisk_make(&(scene)->disk,			\
				   8 * devthp_pmd_size()));		\
	ASSERT_RIGHT(swapdisk_swap_on(&(scene)->disk));			\
} while (0)

FIXTURE_SETUP(device_writes)
{
	SETUP_SWAP(&self->scene);
	ASSERT_RIGHT(variant->origin(&self->scene));
}

FIXTURE_TEARDOWN(device_writes)
{
	EXPECT_STREQ(RIGHT, scene_end(&self->scene));
}

TEST_F(device_writes, survives_reclaim)
{
	struct scene *scene = &self->scene;

	ASSERT_RIGHT(sample_device_write(&scene->sample));
	ASSERT_RIGHT(variant->back(&scene->sample));
	ASSERT_RIGHT(variant->reclaim(scene));
	ASSERT_RIGHT(sample_data(&scene->sample));
}

/* ---- The CPU wrote it, as only its entries tell, and the device only has it ---- */

FIXTURE(cpu_wrote)
{
	struct scene scene;
};

FIXTURE_VARIANT(cpu_wrote)
{
	enum form form;
};

FORM_VARIANTS(cpu_wrote);

FIXTURE_SETUP(cpu_wrote)
{
	struct sample *sample = &self->scene.sample;

	SETUP_SWAP(&self->scene);
	ASSERT_RIGHT(sample_fill_whole(sample));
	ASSERT_RIGHT(free_lazily(sample));
	ASSERT_RIGHT(sample_fill_whole(sample));
}

FIXTURE_TEARDOWN(cpu_wrote)
{
	EXPECT_STREQ(RIGHT, scene_end(&self->scene));
}

TEST_F(cpu_wrote, survives_reclaim)
{
	struct scene *scene = &self->scene;

	ASSERT_RIGHT(form_to_device(&scene->sample, variant->form));
	ASSERT_RIGHT(sample_bring_back(&scene->sample));
	ASSERT_RIGHT(by_advice(scene));
	ASSERT_RIGHT(sample_data(&scene->sample));
}

/* Who migrates it cannot conclude from entries that can be written. */
TEST_F(cpu_wrote, what_is_read_only_now_survives_reclaim)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;

	ASSERT_EQ(0, mprotect(sample->addr, bytes_of(sample), PROT_READ));
	ASSERT_RIGHT(form_to_device(sample, variant->form));
	ASSERT_RIGHT(sample_bring_back(sample));
	ASSERT_RIGHT(by_advice(scene));
	ASSERT_RIGHT(sample_data(sample));
}

/* ---- The device writes system memory, which was never on a device ---- */

static const char *freed(struct scene *scene)
{
	CHECK(sample_fill_whole(&scene->sample));
	CHECK(free_lazily(&scene->sample));
	return layout_of_all(&scene->sample, whole(DEVTHP_LOC_SYSTEM, 1));
}

static const char *freed_by_pages(struct scene *scene)
{
	CHECK(freed(scene));
	CHECK(form_split_entries(&scene->sample));
	return layout_of_all(&scene->sample,
			     form_layout(FORM_BY_PAGES, DEVTHP_LOC_SYSTEM, 1));
}

static const char *freed_small(struct scene *scene)
{
	struct sample *sample = &scene->sample;

	if (madvise(sample->addr, bytes_of(sample), MADV_NOHUGEPAGE))
		return went_well("MADV_NOHUGEPAGE", -errno);
	CHECK(sample_fill(sample));
	CHECK(free_lazily(sample));
	return layout_of_all(sample, small(DEVTHP_LOC_SYSTEM, 1));
}

static const char *swap_cached(struct scene *scene)
{
	CHECK(sample_fill_whole(&scene->sample));
	CHECK(reclaim_to_swap(&scene->sample));
	return swap_in_cached(&scene->sample);
}

FIXTURE(never_there)
{
	struct scene scene;
};

FIXTURE_VARIANT(never_there)
{
	const char *(*origin)(struct scene *scene);
	const char *(*reclaim)(struct scene *scene);
};

#define NEVER_THERE(from, reclaimed)					\
	FIXTURE_VARIANT_ADD(never_there, from##_##reclaimed) {		\
		.origin = from, .reclaim = reclaimed,			\
	}

NEVER_THERE(freed, by_advice);
NEVER_THERE(freed, by_cgroup);
NEVER_THERE(freed_by_pages, by_advice);
NEVER_THERE(freed_by_pages, by_cgroup);
NEVER_THERE(freed_small, by_advice);
NEVER_THERE(freed_small, by_cgroup);
NEVER_THERE(swap_cached, by_advice);
NEVER_THERE(swap_cached, by_cgroup);

FIXTURE_SETUP(never_there)
{
	SETUP_SWAP(&self->scene);
	ASSERT_RIGHT(variant->origin(&self->scene));
}

FIXTURE_TEARDOWN(never_there)
{
	EXPECT_STREQ(RIGHT, scene_end(&self->scene));
}

TEST_F(never_there, survives_reclaim)
{
	struct scene *scene = &self->scene;

	ASSERT_RIGHT(sample_device_write(&scene->sample));
	ASSERT_RIGHT(variant->reclaim(scene));
	ASSERT_RIGHT(sample_data(&scene->sample));
}

TEST_HARNESS_MAIN
