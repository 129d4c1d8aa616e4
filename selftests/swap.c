// SPDX-License-Identifier: GPL-2.0
/*
 * Swap space beside a device: reclaim takes what is in system memory, swapoff
 * brings back what was swapped out, and neither touches what is on the device.
 * (madvise(2): MADV_PAGEOUT; swapon(2); cgroup-v2.rst: memory.reclaim)
 */
#include <errno.h>
#include <sys/mman.h>

#include "common/harness.h"
#include "common/matrix.h"
#include "common/pagemap.h"
#include "common/reclaim.h"

FIXTURE(swap)
{
	struct scene scene;
	struct swapdisk disk;	/* the scene may have one of its own */
};

FIXTURE_VARIANT(swap)
{
	const struct state *state;
};

FOR_EACH_STATE(STATE_VARIANT, swap)

FIXTURE_SETUP(swap)
{
	NEED(swapdisk_needed);
	NEED(memcg_needed);
	SETUP_SCENE(&self->scene, variant->state);
	ASSERT_RIGHT(swapdisk_make(&self->disk, 16 * devthp_pmd_size()));
	ASSERT_RIGHT(swapdisk_swap_on(&self->disk));
}

FIXTURE_TEARDOWN(swap)
{
	const char *removed = swapdisk_remove(&self->disk);

	if (__test_passed(_metadata))
		EXPECT_STREQ(RIGHT, removed);
	TEARDOWN_SCENE(&self->scene);
}

/* What is locked may not be swapped out: see madvise for how that is refused. */
static const char *reclaim(const struct scene *scene)
{
	return scene_is(scene, STATE_LOCKED) ? RIGHT :
	       reclaim_sample(&scene->sample);
}

TEST_F(swap, takes_the_rest)
{
	struct scene *scene = &self->scene;

	ASSERT_RIGHT(reclaim(scene));
	ASSERT_RIGHT(scene_keeps_device(scene));
	ASSERT_RIGHT(sample_device_data(&scene->sample));
	ASSERT_RIGHT(scene_data(scene));
}

TEST_F(swap, swapoff)
{
	struct scene *scene = &self->scene;

	ASSERT_RIGHT(reclaim(scene));
	ASSERT_RIGHT(swapdisk_swap_off(&self->disk));
	ASSERT_RIGHT(scene_keeps_device(scene));
	ASSERT_RIGHT(scene_data(scene));
}

/* ---- Mixtures of small pages: on the device, in memory, in swap space ---- */

FIXTURE(three)
{
	struct scene scene;
};

FIXTURE_SETUP(three)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;

	NEED(swapdisk_needed);
	NEED(memcg_needed);
	SETUP_SCENE(scene, &state_folio_split);
	ASSERT_RIGHT(swapdisk_make(&scene->disk, 16 * devthp_pmd_size()));
	ASSERT_RIGHT(swapdisk_swap_on(&scene->disk));
	/* A third of it is written by the CPU, and swapped out. */
	ASSERT_RIGHT(sample_have_back(sample, 0, 170));
	ASSERT_RIGHT(reclaim_sample(sample));
	/* Another third is in system memory. */
	ASSERT_RIGHT(sample_have_back(sample, 170, 170));
	ASSERT_RIGHT(layout_of(sample, 340, 172, small(DEVTHP_LOC_DEVICE, 1)));
}

FIXTURE_TEARDOWN(three)
{
	TEARDOWN_SCENE(&self->scene);
}

TEST_F(three, read)
{
	ASSERT_RIGHT(sample_data(&self->scene.sample));
}

TEST_F(three, go_off)
{
	struct scene *scene = &self->scene;

	ASSERT_RIGHT(swapdisk_swap_off(&scene->disk));
	ASSERT_RIGHT(layout_of(&scene->sample, 0, 340,
			       small(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(layout_of(&scene->sample, 340, 172,
			       small(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(sample_data(&scene->sample));
}

/* What is swapped out does not go to the device; the rest does. */
TEST_F(three, migrate)
{
	struct sample *sample = &self->scene.sample;

	ASSERT_EQ(-ENOENT, devthp_migrate_to_device(sample->dev, sample->addr,
						    sample->pages, NULL));
	ASSERT_RIGHT(layout_of(sample, 170, 342, small(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(pagemap_bits(sample, 0, 170, PAGEMAP_SWAP, PAGEMAP_SWAP));
	ASSERT_RIGHT(sample_data(sample));
}

/* Device access brings in what is swapped out. */
TEST_F(three, device_reads_and_writes)
{
	struct sample *sample = &self->scene.sample;

	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(reclaim_sample(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(three, are_dropped)
{
	struct sample *sample = &self->scene.sample;

	ASSERT_RIGHT(sample_cut(sample, 100, 300, HOLE_DROPPED));
	ASSERT_RIGHT(holes_are_empty(sample));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(sample_dropped_are_zero(sample));
}

/* The cgroup may not keep what it has; what is on the device, it must. */
TEST_F(three, under_pressure)
{
	struct scene *scene = &self->scene;
	char bytes[32];

	snprintf(bytes, sizeof(bytes), "%zu", 4 * devthp_pmd_size());
	/* -EAGAIN: there was less to reclaim than that. */
	memcg_write(&scene->memcg, "memory.reclaim", bytes);
	ASSERT_RIGHT(layout_of(&scene->sample, 340, 172,
			       small(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(sample_device_data(&scene->sample));
	ASSERT_RIGHT(sample_data(&scene->sample));
}

/* Setting memory.high reclaims what is above it. */
TEST_F(three, above_what_is_high)
{
	struct scene *scene = &self->scene;

	ASSERT_RIGHT(memcg_write(&scene->memcg, "memory.high", "0"));
	/* Whoever goes on allocating is made to wait. */
	ASSERT_RIGHT(memcg_write(&scene->memcg, "memory.high", "max"));
	ASSERT_RIGHT(layout_of(&scene->sample, 340, 172,
			       small(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(sample_data(&scene->sample));
}

TEST_HARNESS_MAIN
