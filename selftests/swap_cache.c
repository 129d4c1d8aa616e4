// SPDX-License-Identifier: GPL-2.0
/*
 * A page that is in both worlds, swapped in and still in the swap cache, is not
 * lost when a migration does or does not take it: what was written is what
 * there is, and not its older copy in swap space.
 */
#include <errno.h>

#include "common/harness.h"
#include "common/matrix.h"
#include "common/pagemap.h"
#include "common/pin.h"
#include "common/reclaim.h"

/* Read in by one process alone; or by one of two that have it swapped out. */
FIXTURE(cached)
{
	struct scene scene;
	struct pin pin;
};

FIXTURE_VARIANT(cached)
{
	const char *(*read_in)(struct scene *scene);
	bool exclusive;		/* a write does not end it */
};

static const char *is_cached(const struct sample *sample, size_t first,
			     size_t npages)
{
	return pages_have(sample, first, npages, KPAGE_SWAPCACHE);
}

static const char *by_advice(struct scene *scene)
{
	return swap_in_cached(&scene->sample);
}

static const char *waits(struct sample *sample, struct peer *parent)
{
	return peer_wait(parent);
}

static const char *beside_a_child(struct scene *scene)
{
	struct peer *child = &scene->child[0];

	CHECK(peer_fork(child, waits, &scene->sample));
	scene->children = 1;
	CHECK(sample_data(&scene->sample));
	scene->children = 0;
	CHECK(peer_tell(child));
	return peer_end(child);
}

FIXTURE_VARIANT_ADD(cached, by_advice) {
	.read_in = by_advice, .exclusive = true,
};
FIXTURE_VARIANT_ADD(cached, beside_a_child) { .read_in = beside_a_child };

FIXTURE_SETUP(cached)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;

	scene->uffd = -1;
	NEED(swapdisk_needed);
	NEED(memcg_needed);
	NEED(file_needed, "/proc/kpageflags", "CONFIG_PROC_PAGE_MONITOR");
	SETUP_BASELINE(&scene->baseline);
	SETUP_SAMPLE(sample, 1);
	ASSERT_RIGHT(memcg_enter(&scene->memcg));
	ASSERT_RIGHT(swapdisk_make(&scene->disk, 16 * devthp_pmd_size()));
	ASSERT_RIGHT(swapdisk_swap_on(&scene->disk));
	ASSERT_RIGHT(sample_fill_whole(sample));
	ASSERT_RIGHT(reclaim_to_swap(sample));
	ASSERT_RIGHT(variant->read_in(scene));
	ASSERT_RIGHT(is_cached(sample, 0, sample->pages));
}

FIXTURE_TEARDOWN(cached)
{
	pin_drop(&self->pin, NULL);
	TEARDOWN_SCENE(&self->scene);
}

/* Pages [FIRST, FIRST + NPAGES) are held, and do not go. */
#define FIRST 30
#define NPAGES 8

static const char *does_not_go(const struct sample *sample, size_t first,
			       size_t npages)
{
	int err = devthp_migrate_to_device(sample->dev, page_of(sample, first),
					   npages, NULL);

	if (err != -ENOENT)
		return wrong("migrating pages that are held gives %d", err);
	return layout_of(sample, first, npages, small(DEVTHP_LOC_SYSTEM, 1));
}

/*
 * Written, held by somebody, hence not migrated: that the page was written must
 * not be forgotten, else its copy in swap space is the older.
 */
TEST_F(cached, written_and_held)
{
	struct sample *sample = &self->scene.sample;

	ASSERT_RIGHT(sample_access_range(sample, FIRST, NPAGES, ACCESS_WRITE));
	if (variant->exclusive)
		ASSERT_RIGHT(is_cached(sample, FIRST, NPAGES));
	ASSERT_RIGHT(pin_take(&self->pin, REFERENCE_PIPE,
			      page_of(sample, FIRST), NPAGES));
	ASSERT_RIGHT(does_not_go(sample, FIRST, NPAGES));
	ASSERT_RIGHT(pin_drop(&self->pin, NULL));
	ASSERT_RIGHT(reclaim_to_swap(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(cached, written_and_migrated)
{
	struct sample *sample = &self->scene.sample;

	ASSERT_RIGHT(sample_access_range(sample, 0, sample->pages,
					 ACCESS_WRITE));
	if (variant->exclusive)
		ASSERT_RIGHT(is_cached(sample, 0, sample->pages));
	ASSERT_RIGHT(sample_to_device(sample));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_bring_back(sample));
	ASSERT_RIGHT(reclaim_to_swap(sample));
	ASSERT_RIGHT(sample_data(sample));
}

/*
 * Clean in the cache, written by the device only, out again. What was shared is
 * the process's own by a fault of the device, which brings it back.
 */
TEST_F(cached, read_and_migrated)
{
	struct sample *sample = &self->scene.sample;

	ASSERT_RIGHT(sample_to_device(sample));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(sample_rest_to_system(sample));
	ASSERT_RIGHT(reclaim_to_swap(sample));
	ASSERT_RIGHT(swapdisk_swap_off(&self->scene.disk));
	ASSERT_RIGHT(sample_data(sample));
}

/* The same, but it comes back for others' reasons, and is reclaimed for them. */
TEST_F(cached, read_and_evicted)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;

	ASSERT_RIGHT(sample_to_device(sample));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_EQ(0, devthp_device_drain(sample->dev, NULL));
	ASSERT_RIGHT(layout_of_all(sample, small(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(reclaim_charged(sample, &scene->memcg));
	ASSERT_RIGHT(sample_data(sample));
}

/* Pinned in the cache, it does not go; later a pin is what brings it back. */
TEST_F(cached, read_and_pinned)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;

	NEED(pin_needed, PIN_FAST);
	ASSERT_RIGHT(pin_take(&self->pin, PIN_FAST, page_of(sample, FIRST),
			      NPAGES));
	if (variant->exclusive)
		ASSERT_RIGHT(is_cached(sample, FIRST, NPAGES));
	ASSERT_RIGHT(does_not_go(sample, FIRST, NPAGES));
	if (variant->exclusive)
		ASSERT_RIGHT(is_cached(sample, FIRST, NPAGES));
	ASSERT_RIGHT(pin_drop(&self->pin, sample->buffer));
	ASSERT_RIGHT(sample_compare(sample, sample->buffer, FIRST, NPAGES,
				    "who pinned it reads"));
	ASSERT_RIGHT(sample_to_device(sample));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(pin_take(&self->pin, PIN_FAST, page_of(sample, FIRST),
			      NPAGES));
	ASSERT_EQ(0, devthp_device_drain(sample->dev, NULL));
	ASSERT_RIGHT(layout_of_all(sample, small(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(pin_drop(&self->pin, NULL));
	ASSERT_RIGHT(reclaim_charged(sample, &scene->memcg));
	ASSERT_RIGHT(sample_data(sample));
}

/* Another still has it swapped out: it stays for him, in the cache. */
TEST_F(cached, needed_by_a_child)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	struct peer *child = &scene->child[0];

	ASSERT_RIGHT(reclaim_to_swap(sample));
	ASSERT_RIGHT(peer_fork(child, peer_reads_later, sample));
	scene->children = 1;
	ASSERT_RIGHT(peer_wait(child));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(is_cached(sample, 0, sample->pages));
	ASSERT_RIGHT(does_not_go(sample, 0, sample->pages));
	ASSERT_RIGHT(is_cached(sample, 0, sample->pages));
	scene->children = 0;
	ASSERT_RIGHT(peer_tell(child));
	ASSERT_RIGHT(peer_end(child));
	ASSERT_RIGHT(sample_to_device(sample));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_HARNESS_MAIN
