// SPDX-License-Identifier: GPL-2.0
/*
 * Somebody begins to track writes of memory that is on a device already, in each
 * of its states: by clearing soft-dirty, by write protection, or by PAGEMAP_SCAN,
 * which finds what was written and write-protects it in one step.
 *
 * Rules: that moves nothing, and is for this process alone. Reading is no
 * writing, by whomever; each page that is written next, by the CPU, the kernel
 * or the device, is told, and no other page that has an entry of its own.
 * (Documentation/admin-guide/mm/soft-dirty.rst, userfaultfd.rst, pagemap.rst)
 */
#include <errno.h>
#include <linux/fs.h>
#include <linux/userfaultfd.h>

#include "common/matrix.h"
#include "common/pagemap.h"
#include "common/uffd.h"

MATRIX(tracked, FOR_EACH_STATE)
MATRIX(tracked_device, FOR_EACH_STATE)

static const char *device_writes(struct sample *sample, size_t page)
{
	CHECK(sample_make_next(sample, sample->buffer, page, 1));
	return went_well("write by the device",
			 sample_device_writes(sample->dev,
					      page_of(sample, page), 1,
					      sample->buffer));
}

/* After a write of that page; one entry may be for all. */
static const char *others_are(const struct scene *scene, size_t page,
			      uint64_t mask, uint64_t want)
{
	const struct sample *sample = &scene->sample;
	const size_t behind = page + 1;

	if (scene_is(scene, STATE_PMD) &&
	    !scene_is(scene, STATE_SHARED | STATE_WP))
		return RIGHT;
	CHECK(pagemap_bits(sample, 0, page, mask, want));
	return pagemap_bits(sample, behind, sample->pages - behind, mask, want);
}

/* ---- Soft-dirty ---- */

static const char *none_written(const struct sample *sample)
{
	return pagemap_bits_of_all(sample, PAGEMAP_SOFT_DIRTY, 0);
}

static const char *one_written(const struct scene *scene, size_t page)
{
	CHECK(pagemap_bits(&scene->sample, page, 1, PAGEMAP_SOFT_DIRTY,
			   PAGEMAP_SOFT_DIRTY));
	return others_are(scene, page, PAGEMAP_SOFT_DIRTY, 0);
}

static const char *clear(struct scene *scene)
{
	CHECK(clear_refs(CLEAR_SOFT_DIRTY));
	CHECK(scene_keeps_layout(scene));
	CHECK(none_written(&scene->sample));
	CHECK(sample_device_data(&scene->sample));
	CHECK(none_written(&scene->sample));
	return scene_keeps_layout(scene);
}

TEST_F(tracked, by_soft_dirty)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	const size_t page = scene_page(scene);

	NEED(soft_dirty_needed);
	ASSERT_RIGHT(clear(scene));
	ASSERT_RIGHT(sample_access(sample, page, ACCESS_READ));
	ASSERT_RIGHT(none_written(sample));
	if (!scene_is(scene, STATE_READ_ONLY)) {
		ASSERT_RIGHT(sample_access(sample, page, ACCESS_KERNEL_WRITE));
		ASSERT_RIGHT(one_written(scene, page));
	}
	ASSERT_RIGHT(scene_data(scene));
}

/* One page, of those that it could write all the time without asking. */
TEST_F(tracked_device, is_seen_by_soft_dirty)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	const size_t page = scene_page(scene);

	NEED(soft_dirty_needed);
	if (!scene_is(scene, STATE_READ_ONLY))
		ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(clear_refs(CLEAR_SOFT_DIRTY));
	ASSERT_RIGHT(none_written(sample));
	if (!scene_is(scene, STATE_READ_ONLY)) {
		ASSERT_RIGHT(device_writes(sample, page));
		ASSERT_RIGHT(one_written(scene, page));
	}
	ASSERT_RIGHT(scene_data(scene));
}

/* ---- Write protection ---- */

/* The pages before the hole: one that is protected is not empty any more. */
static size_t watched(const struct scene *scene)
{
	return scene_is(scene, STATE_HOLES) ? 200 : scene->sample.pages;
}

/* By a userfaultfd of the scene, which STATE_WP has already. */
static const char *watch(struct scene *scene)
{
	const struct sample *sample = &scene->sample;
	const size_t bytes = watched(scene) * devthp_page_size();

	if (scene_is(scene, STATE_WP)) {
		CHECK(uffd_unprotect(scene->uffd, sample->addr, bytes));
		return entry_bits_of_all(sample, DEVTHP_BIT_UFFD_WP, 0);
	}
	CHECK(uffd_open(&scene->uffd, UFFD_FEATURE_PAGEFAULT_FLAG_WP |
			UFFD_FEATURE_WP_ASYNC));
	return uffd_register(scene->uffd, sample->addr, bytes,
			     UFFDIO_REGISTER_MODE_WP);
}

static const char *all_protected(const struct scene *scene)
{
	CHECK(pagemap_bits(&scene->sample, 0, watched(scene), PAGEMAP_UFFD_WP,
			   PAGEMAP_UFFD_WP));
	if (!everything_is_required())
		return RIGHT;
	return entry_bits(&scene->sample, 0, watched(scene),
			  DEVTHP_BIT_UFFD_WP | DEVTHP_BIT_WRITE,
			  DEVTHP_BIT_UFFD_WP);
}

static const char *protect(struct scene *scene)
{
	struct sample *sample = &scene->sample;

	CHECK(watch(scene));
	CHECK(uffd_protect(scene->uffd, sample->addr,
			   watched(scene) * devthp_page_size()));
	CHECK(scene_keeps_layout(scene));
	CHECK(all_protected(scene));
	CHECK(sample_device_data(sample));
	CHECK(all_protected(scene));
	return scene_keeps_layout(scene);
}

/* A write is for one page, whatever its entry mapped before. */
static const char *one_unprotected(const struct scene *scene, size_t page)
{
	const struct sample *sample = &scene->sample;
	const size_t behind = page + 1;

	CHECK(pagemap_bits(sample, page, 1, PAGEMAP_UFFD_WP, 0));
	CHECK(pagemap_bits(sample, 0, page, PAGEMAP_UFFD_WP, PAGEMAP_UFFD_WP));
	return pagemap_bits(sample, behind, watched(scene) - behind,
			    PAGEMAP_UFFD_WP, PAGEMAP_UFFD_WP);
}

TEST_F(tracked, by_protection)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	const size_t page = scene_page(scene);

	NEED(uffd_needed);
	ASSERT_RIGHT(protect(scene));
	ASSERT_RIGHT(sample_access(sample, page, ACCESS_READ));
	ASSERT_RIGHT(all_protected(scene));
	if (!scene_is(scene, STATE_READ_ONLY)) {
		ASSERT_RIGHT(sample_access(sample, page, ACCESS_WRITE));
		ASSERT_RIGHT(one_unprotected(scene, page));
	}
	ASSERT_RIGHT(scene_data(scene));
}

TEST_F(tracked_device, is_seen_by_protection)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	const size_t page = scene_page(scene);

	NEED(uffd_needed);
	ASSERT_RIGHT(protect(scene));
	if (!scene_is(scene, STATE_READ_ONLY)) {
		ASSERT_RIGHT(device_writes(sample, page));
		ASSERT_RIGHT(one_unprotected(scene, page));
	}
	ASSERT_RIGHT(scene_data(scene));
}

/* ---- The same by PAGEMAP_SCAN ---- */

static const char *found_written(const struct scene *scene, uint64_t flags,
				 size_t first, size_t npages)
{
	const struct sample *sample = &scene->sample;
	struct page_region region;
	long pages = pages_written(sample, 0, watched(scene), flags, 0,
				   &region);

	if (pages < 0)
		return went_well("PAGEMAP_SCAN", pages);
	if (pages != (long)npages)
		return wrong("PAGEMAP_SCAN finds %ld written pages; should be %zu",
			     pages, npages);
	if (pages && region.start != (uintptr_t)page_of(sample, first))
		return wrong("PAGEMAP_SCAN finds what was written at %#llx; should be page %zu",
			     (unsigned long long)region.start, first);
	return RIGHT;
}

static const char *scan(struct scene *scene)
{
	CHECK(watch(scene));
	CHECK(found_written(scene, SCAN_AND_PROTECT, 0, watched(scene)));
	CHECK(scene_keeps_layout(scene));
	CHECK(all_protected(scene));
	CHECK(sample_device_data(&scene->sample));
	CHECK(found_written(scene, 0, 0, 0));
	return scene_keeps_layout(scene);
}

/* It is told once, and the next write again. */
static const char *scan_finds(struct scene *scene, size_t page)
{
	CHECK(found_written(scene, 0, page, 1));
	CHECK(one_unprotected(scene, page));
	CHECK(found_written(scene, SCAN_AND_PROTECT, page, 1));
	CHECK(found_written(scene, 0, 0, 0));
	return all_protected(scene);
}

TEST_F(tracked, by_scan)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	const size_t page = scene_page(scene);

	NEED(uffd_needed);
	ASSERT_RIGHT(scan(scene));
	ASSERT_RIGHT(sample_access(sample, page, ACCESS_READ));
	ASSERT_RIGHT(found_written(scene, 0, 0, 0));
	if (!scene_is(scene, STATE_READ_ONLY)) {
		ASSERT_RIGHT(sample_access(sample, page, ACCESS_WRITE));
		ASSERT_RIGHT(scan_finds(scene, page));
	}
	ASSERT_RIGHT(scene_data(scene));
}

TEST_F(tracked_device, is_seen_by_scan)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	const size_t page = scene_page(scene);

	NEED(uffd_needed);
	ASSERT_RIGHT(scan(scene));
	if (!scene_is(scene, STATE_READ_ONLY)) {
		ASSERT_RIGHT(device_writes(sample, page));
		ASSERT_RIGHT(scan_finds(scene, page));
	}
	ASSERT_RIGHT(scene_data(scene));
}

TEST_HARNESS_MAIN
