// SPDX-License-Identifier: GPL-2.0
/*
 * Protection changes while memory is on the device.
 *
 * Rules: what is protected moves nowhere, and splits only where the protection
 * of a PMD entry's memory becomes different in parts. Nobody can do what the
 * mapping does not allow: neither the CPU nor the device, now nor when the
 * memory has come back. What it allows again is possible again.
 */
#include <errno.h>
#include <sys/mman.h>

#include "common/matrix.h"
#include "common/means.h"
#include "common/pagemap.h"

MATRIX(protect, FOR_EACH_STATE)

static const char *protect(const struct sample *sample, size_t first,
			   size_t npages, int prot)
{
	const size_t size = devthp_page_size();

	if (mprotect(sample->addr + first * size, npages * size, prot))
		return went_well("mprotect", -errno);
	return RIGHT;
}

/* All that is mapped: page by page would not be the same. */
static const char *protect_all(struct scene *scene, int prot)
{
	const struct sample *sample = &scene->sample;
	size_t first, end;

	scene->protection_changed = true;
	for (first = 0; first < sample->pages; first = end) {
		const bool gone = sample->hole[first] == HOLE_UNMAPPED;

		for (end = first; end < sample->pages &&
		     gone == (sample->hole[end] == HOLE_UNMAPPED); end++)
			;
		if (!gone)
			CHECK(protect(sample, first, end - first, prot));
	}
	return RIGHT;
}

/* What the state itself allows. */
static const char *unprotect_all(struct scene *scene)
{
	return protect_all(scene, scene_is(scene, STATE_READ_ONLY) ?
			   PROT_READ : PROT_READ | PROT_WRITE);
}

static const char *not_writable(const struct scene *scene, size_t first,
				size_t npages)
{
	if (!everything_is_required())
		return RIGHT;
	return entry_bits(&scene->sample, first, npages, DEVTHP_BIT_WRITE, 0);
}

/* Neither CPU, nor kernel, nor device can write to that page, or read it. */
static const char *refused(struct scene *scene, size_t page, bool read)
{
	struct sample *sample = &scene->sample;
	char *addr = sample->addr + page * devthp_page_size();
	char *copy = sample->buffer;
	int cpu, kernel, device;

	if (read) {
		cpu = means_instruction.get(addr, copy);
		kernel = means_process_vm.get(addr, copy);
		device = devthp_device_read(sample->dev, addr, 1, copy, NULL);
	} else {
		cpu = means_instruction.put(addr, copy);
		kernel = means_process_vm.put(addr, copy);
		device = devthp_device_write(sample->dev, addr, 1, copy, NULL);
	}
	if (cpu != -EFAULT || kernel != -EFAULT ||
	    (device != -EPERM && device != -EFAULT))
		return wrong("access to page %zu gives %d to the CPU, %d to the kernel, %d to the device; should be refused",
			     page, cpu, kernel, device);
	return RIGHT;
}

TEST_F(protect, down)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	const size_t page = scene_page(scene);

	ASSERT_RIGHT(protect_all(scene, PROT_READ));
	ASSERT_RIGHT(scene_is_unchanged(scene));
	ASSERT_RIGHT(not_writable(scene, 0, sample->pages));
	ASSERT_RIGHT(refused(scene, page, false));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(scene_is_unchanged(scene));

	ASSERT_RIGHT(sample_access(sample, page, ACCESS_READ));
	ASSERT_RIGHT(scene_was_read(scene, page));
	ASSERT_RIGHT(not_writable(scene, 0, sample->pages));
	ASSERT_RIGHT(refused(scene, page, false));
	ASSERT_RIGHT(scene_data(scene));
}

/* Locked memory is made ready for the writing that is allowed now. */
static const char *is_still_there(const struct scene *scene)
{
	return scene_is(scene, STATE_LOCKED) ?
	       scene_was_read(scene, scene_page(scene)) :
	       scene_is_unchanged(scene);
}

TEST_F(protect, down_and_up)
{
	struct scene *scene = &self->scene;
	const size_t page = scene_page(scene);

	ASSERT_RIGHT(protect_all(scene, PROT_READ));
	ASSERT_RIGHT(protect_all(scene, PROT_READ | PROT_WRITE));
	ASSERT_RIGHT(is_still_there(scene));
	ASSERT_RIGHT(sample_access(&scene->sample, page, ACCESS_WRITE));
	ASSERT_RIGHT(scene_was_written(scene, page));
	ASSERT_RIGHT(scene_data(scene));
}

/* The entries still are read-only, the mapping is not. */
TEST_F(protect, down_and_up_for_the_device)
{
	struct scene *scene = &self->scene;

	ASSERT_RIGHT(protect_all(scene, PROT_READ));
	ASSERT_RIGHT(protect_all(scene, PROT_READ | PROT_WRITE));
	ASSERT_RIGHT(sample_device_write(&scene->sample));
	ASSERT_RIGHT(sample_device_data(&scene->sample));
	ASSERT_RIGHT(scene_data(scene));
}

TEST_F(protect, to_none_and_back)
{
	struct scene *scene = &self->scene;
	const size_t page = scene_page(scene);

	ASSERT_RIGHT(protect_all(scene, PROT_NONE));
	ASSERT_RIGHT(refused(scene, page, true));
	ASSERT_RIGHT(refused(scene, page, false));
	ASSERT_RIGHT(unprotect_all(scene));
	ASSERT_RIGHT(is_still_there(scene));
	ASSERT_RIGHT(scene_data(scene));
}

/* Unless nothing changes by it. */
static const char *part_is_apart(const struct scene *scene)
{
	return scene_is(scene, STATE_READ_ONLY) ? scene_keeps_layout(scene) :
						  scene_is_by_pages(scene);
}

TEST_F(protect, part)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	const size_t page = scene_page(scene), first = page - 20, npages = 40;
	const size_t behind = first + npages;

	ASSERT_RIGHT(protect(sample, first, npages, PROT_READ));
	ASSERT_RIGHT(part_is_apart(scene));
	ASSERT_RIGHT(scene_keeps_bits(scene, 0, first));
	ASSERT_RIGHT(scene_keeps_bits(scene, behind, sample->pages - behind));
	scene->protection_changed = true;
	ASSERT_RIGHT(scene_keeps_bits(scene, first, npages));
	ASSERT_RIGHT(not_writable(scene, first, npages));
	ASSERT_RIGHT(refused(scene, page, false));
	ASSERT_RIGHT(part_is_apart(scene));

	if (!scene_is(scene, STATE_READ_ONLY))
		ASSERT_RIGHT(sample_access(sample, first - 1, ACCESS_WRITE));
	ASSERT_RIGHT(sample_access(sample, first, ACCESS_READ));
	ASSERT_RIGHT(scene_data(scene));
	ASSERT_RIGHT(not_writable(scene, first, npages));
	ASSERT_RIGHT(refused(scene, page, false));
}

/* A folio that was read-only before is so on the device, too. */
TEST(read_only_before_migration)
{
	struct scene scene = { .state = &state_read_only, .uffd = -1 };
	struct sample *sample = &scene.sample;

	SETUP_BASELINE(&scene.baseline);
	SETUP_SAMPLE(sample, 1);
	ASSERT_RIGHT(sample_fill_whole(sample));
	ASSERT_RIGHT(protect(sample, 0, sample->pages, PROT_READ));
	ASSERT_RIGHT(sample_to_device_whole(sample));
	ASSERT_RIGHT(scene_is_unchanged(&scene));
	ASSERT_RIGHT(refused(&scene, 1, false));
	ASSERT_RIGHT(scene_data(&scene));
	ASSERT_RIGHT(refused(&scene, 1, false));
	ASSERT_RIGHT(scene_end(&scene));
}

TEST_HARNESS_MAIN
