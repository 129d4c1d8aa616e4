// SPDX-License-Identifier: GPL-2.0
/*
 * Memory is locked and unlocked while it is on the device.
 *
 * Rules: mlock(2) brings in all that is not in memory, with MLOCK_ONFAULT only
 * what is used. What is on the device does not count as Mlocked, what is back
 * does; and nothing does when it is unlocked, wherever it is then.
 */
#include <errno.h>
#include <sys/mman.h>

#include "common/form.h"
#include "common/matrix.h"
#include "common/mlocked.h"
#include "common/settle.h"

FIXTURE(lock)
{
	struct scene scene;
};

FIXTURE_VARIANT(lock)
{
	const struct state *state;
};

FOR_EACH_STATE(STATE_VARIANT, lock)

FIXTURE_SETUP(lock)
{
	SETUP_SCENE_IN_CGROUP(&self->scene, variant->state);
}

FIXTURE_TEARDOWN(lock)
{
	TEARDOWN_SCENE(&self->scene);
}

/* From system memory, which has little of the state any more. */
MATRIX(lock_first, FOR_EACH_STATE)

/* As the system call of that name; part of the range may be missing. */
static const char *lock(const struct sample *sample, unsigned int flags)
{
	const size_t bytes = sample->pages * devthp_page_size();
	int err = mlock2(sample->addr, bytes, flags) ? -errno : 0;
	int want = sample_has_unmapped(sample) ? -ENOMEM : 0;

	if (err != want)
		return wrong("mlock2 returns %d; should be %d", err, want);
	return RIGHT;
}

static const char *unlock(const struct sample *sample)
{
	const size_t bytes = sample->pages * devthp_page_size();
	int err = munlock(sample->addr, bytes) ? -errno : 0;
	int want = sample_has_unmapped(sample) ? -ENOMEM : 0;

	if (err != want)
		return wrong("munlock returns %d; should be %d", err, want);
	return RIGHT;
}

static const char *all_back_is_mlocked(const struct scene *scene)
{
	return mlocked_is_what_is_back(scene, 0, scene->sample.pages);
}

static const char *unlocked(const struct scene *scene)
{
	CHECK(unlock(&scene->sample));
	return mlocked_is(scene, 0);
}

/* What is on the device is not in memory: nothing of it is left there. */
static const char *all_is_in_memory(const struct sample *sample)
{
	struct devthp_summary sum;

	CHECK(layout_summary(sample->addr, sample->pages, &sum));
	if (sum.pages[DEVTHP_LOC_DEVICE])
		return wrong("%llu pages are still on the device",
			     (unsigned long long)sum.pages[DEVTHP_LOC_DEVICE]);
	return RIGHT;
}

TEST_F(lock, all)
{
	struct scene *scene = &self->scene;

	ASSERT_RIGHT(lock(&scene->sample, 0));
	if (!sample_has_unmapped(&scene->sample))
		ASSERT_RIGHT(all_is_in_memory(&scene->sample));
	ASSERT_RIGHT(all_back_is_mlocked(scene));
	ASSERT_RIGHT(sample_data(&scene->sample));
	ASSERT_RIGHT(unlocked(scene));
	ASSERT_RIGHT(scene_data(scene));
}

TEST_F(lock, on_fault)
{
	struct scene *scene = &self->scene;
	const size_t page = scene_page(scene);

	ASSERT_RIGHT(lock(&scene->sample, MLOCK_ONFAULT));
	ASSERT_RIGHT(scene_is_unchanged(scene));
	/* Not what is on the device, but what STATE_MIXED has elsewhere. */
	ASSERT_RIGHT(all_back_is_mlocked(scene));
	ASSERT_RIGHT(sample_access(&scene->sample, page, ACCESS_READ));
	ASSERT_RIGHT(scene_was_read(scene, page));
	ASSERT_RIGHT(all_back_is_mlocked(scene));
	ASSERT_RIGHT(unlocked(scene));
	ASSERT_RIGHT(scene_data(scene));
}

/* Locked and unlocked where it is. */
TEST_F(lock, not_for_long)
{
	struct scene *scene = &self->scene;

	ASSERT_RIGHT(lock(&scene->sample, MLOCK_ONFAULT));
	ASSERT_RIGHT(unlocked(scene));
	ASSERT_RIGHT(scene_is_unchanged(scene));
	ASSERT_RIGHT(scene_data(scene));
	ASSERT_RIGHT(mlocked_is(scene, 0));
}

/* Locked in memory, and sent to the device then. */
TEST_F(lock_first, then_migrate)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	/* It ends at a hole. */
	const size_t pages = sample_has_unmapped(sample) ? 200 : sample->pages;

	ASSERT_RIGHT(sample_bring_back(sample));
	ASSERT_RIGHT(lock(sample, MLOCK_ONFAULT));
	settle_batches();
	/* The library reads what has gone into memory of this process. */
	ASSERT_RIGHT(scene_lift_limit(scene));
	if (!sample_has_unmapped(sample))
		ASSERT_RIGHT(sample_to_device(sample));
	ASSERT_RIGHT(mlocked_is_what_is_back(scene, 0, pages));
	ASSERT_RIGHT(unlocked(scene));
	ASSERT_RIGHT(scene_data(scene));
	ASSERT_RIGHT(mlocked_is(scene, 0));
}

/* ---- Locked all the time: it counts again when it is back ---- */

FIXTURE(locked)
{
	struct scene scene;
};

FIXTURE_VARIANT(locked)
{
	bool by_pages;
};

FIXTURE_VARIANT_ADD(locked, whole) { .by_pages = false };
FIXTURE_VARIANT_ADD(locked, by_pages) { .by_pages = true };

FIXTURE_SETUP(locked)
{
	SETUP_SCENE_IN_CGROUP(&self->scene, &state_locked);
	if (variant->by_pages)
		ASSERT_RIGHT(form_split_entries(&self->scene.sample));
}

FIXTURE_TEARDOWN(locked)
{
	TEARDOWN_SCENE(&self->scene);
}

static const char *counts_again(struct scene *scene)
{
	CHECK(all_is_in_memory(&scene->sample));
	CHECK(all_back_is_mlocked(scene));
	CHECK(unlocked(scene));
	return scene_data(scene);
}

TEST_F(locked, and_touched)
{
	ASSERT_RIGHT(sample_data(&self->scene.sample));
	ASSERT_RIGHT(counts_again(&self->scene));
}

TEST_F(locked, and_migrated_back)
{
	ASSERT_RIGHT(sample_to_system(&self->scene.sample));
	ASSERT_RIGHT(counts_again(&self->scene));
}

TEST_F(locked, and_evicted)
{
	ASSERT_EQ(0, devthp_device_evict(self->scene.sample.dev));
	ASSERT_RIGHT(counts_again(&self->scene));
}

/* A page by itself, of a folio that is split for it. */
TEST_F(locked, and_a_page_migrated_back)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	const size_t page = scene_page(scene);

	ASSERT_EQ(0, devthp_migrate_to_system(sample->dev,
					      page_of(sample, page), 1, NULL));
	ASSERT_RIGHT(mlocked_is(scene, devthp_page_size()));
	ASSERT_RIGHT(unlocked(scene));
	ASSERT_RIGHT(scene_data(scene));
}

TEST_HARNESS_MAIN
