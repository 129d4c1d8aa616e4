// SPDX-License-Identifier: GPL-2.0
/*
 * Memory is locked and unlocked while it is on the device.
 *
 * Rules: mlock(2) brings in all that is not in memory, with MLOCK_ONFAULT only
 * what is used. What is counted as Mlocked is that again when it is unlocked,
 * wherever it is then.
 */
#include <errno.h>
#include <sys/mman.h>

#include "common/matrix.h"
#include "common/settle.h"

MATRIX(lock, FOR_EACH_STATE)
/* From system memory, which has hardly anything of the state any more. */
MATRIX(lock_first, FOR_EACH_STATE_TYPICAL)

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

static const char *unlocked(const struct scene *scene)
{
	CHECK(unlock(&scene->sample));
	return settles(nothing_is_mlocked, NULL);
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
	ASSERT_RIGHT(sample_access(&scene->sample, page, ACCESS_READ));
	ASSERT_RIGHT(scene_was_read(scene, page));
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
	ASSERT_RIGHT(settles(nothing_is_mlocked, NULL));
}

/* Locked in memory, and sent to the device then. */
TEST_F(lock_first, then_migrate)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;

	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(scene_lift_limit(scene));
	ASSERT_RIGHT(lock(sample, MLOCK_ONFAULT));
	if (!sample_has_unmapped(sample))
		ASSERT_RIGHT(sample_to_device(sample));
	ASSERT_RIGHT(unlocked(scene));
	ASSERT_RIGHT(scene_data(scene));
	ASSERT_RIGHT(settles(nothing_is_mlocked, NULL));
}

TEST_HARNESS_MAIN
