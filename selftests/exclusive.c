// SPDX-License-Identifier: GPL-2.0
/*
 * A device gets exclusive access to pages that are on it: they are brought back
 * first, and are the process's own and writable then; the CPU, or whoever else
 * needs them, takes the access away again. (Documentation/mm/hmm.rst, "Exclusive
 * access memory")
 */
#include <errno.h>
#include <sys/mman.h>

#include "common/matrix.h"
#include "common/means.h"

MATRIX(exclusive, FOR_EACH_STATE)
MATRIX(many, FOR_EACH_STATE)
MATRIX(meanwhile, FOR_EACH_STATE)

/* Those of [first, first + npages) are, and no others. */
static const char *are_exclusive(const struct sample *sample, size_t first,
				 size_t npages)
{
	size_t i;

	CHECK(sample_look(sample));
	for (i = 0; i < sample->pages; i++) {
		const unsigned int location = sample->page[i].location;
		const bool want = i >= first && i < first + npages;

		if ((location == DEVTHP_LOC_EXCLUSIVE) != want)
			return wrong("page %zu is %s; should %s exclusive to the device",
				     i, devthp_location_name(location),
				     want ? "be" : "not be");
	}
	return RIGHT;
}

/* Memory that cannot be written is no device's own, and stays where it is. */
static const char *make_exclusive(struct scene *scene, size_t first,
				  size_t npages)
{
	struct sample *sample = &scene->sample;
	char *addr = sample->addr + first * devthp_page_size();
	int err;

	memset(sample->buffer, 0xa5, npages * devthp_page_size());
	err = devthp_device_exclusive(sample->dev, addr, npages,
				      sample->buffer);
	if (scene_is(scene, STATE_READ_ONLY)) {
		if (err != -EFAULT)
			return wrong("exclusive access to read-only memory gives %d; should be %d",
				     err, -EFAULT);
		return scene_is_unchanged(scene);
	}
	CHECK(went_well("make pages exclusive", err));
	CHECK(sample_compare(sample, sample->buffer, first, npages,
			     "the device reads"));
	return are_exclusive(sample, first, npages);
}

/* The device knows of that, too. */
static const char *is_revoked(const struct sample *sample, size_t page)
{
	int exclusive = devthp_device_is_exclusive(sample->dev, sample->addr +
						   page * devthp_page_size(), 1);

	if (exclusive)
		return wrong("page %zu: asked whether it is exclusive still, the device says %d",
			     page, exclusive);
	return are_exclusive(sample, 0, 0);
}

/* With it comes what its entry mapped; the rest is not the device's own. */
TEST_F(exclusive, page)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	const size_t page = scene_page(scene), behind = page + 1;

	ASSERT_RIGHT(make_exclusive(scene, page, 1));
	ASSERT_RIGHT(scene_keeps_bits(scene, 0, page));
	ASSERT_RIGHT(scene_keeps_bits(scene, behind, sample->pages - behind));
	ASSERT_RIGHT(sample_access(sample, page, ACCESS_READ));
	ASSERT_RIGHT(is_revoked(sample, page));
	ASSERT_RIGHT(scene_data(scene));
}

TEST_F(many, all)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	/* Before the hole, if there is one. */
	const size_t pages = scene_is(scene, STATE_HOLES) ? 200 : sample->pages;

	ASSERT_RIGHT(make_exclusive(scene, 0, pages));
	if (!scene_is(scene, STATE_READ_ONLY))
		ASSERT_RIGHT(sample_fill(sample));
	ASSERT_RIGHT(is_revoked(sample, scene_page(scene)));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(scene_data(scene));
}

/* A mixture that goes to the device again, once the CPU has it all. */
TEST_F(many, then_migrated)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;

	ASSERT_RIGHT(make_exclusive(scene, 10, 90));
	/* The buffer that it is read into takes memory. */
	ASSERT_RIGHT(scene_lift_limit(scene));
	/* Those stay; the others go. */
	devthp_migrate_to_device(sample->dev, sample->addr, sample->pages,
				 NULL);
	ASSERT_RIGHT(sample_bring_back(sample));
	/* A hole may go, or not. */
	if (!scene_is(scene, STATE_HOLES))
		ASSERT_RIGHT(sample_to_device(sample));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(scene_data(scene));
}

/* ---- Something else happens to the mapping meanwhile ---- */

#define EXCLUSIVE_FIRST 10
#define EXCLUSIVE_PAGES 90

static const char *prepare(struct scene *scene)
{
	return make_exclusive(scene, EXCLUSIVE_FIRST, EXCLUSIVE_PAGES);
}

static bool read_only;

static const char *reads_and_writes(struct sample *sample,
				    struct peer *parent)
{
	CHECK(sample_data(sample));
	CHECK(peer_tell(parent));
	CHECK(peer_wait(parent));
	return read_only ? RIGHT : sample_fill(sample);
}

TEST_F(meanwhile, has_a_child)
{
	struct scene *scene = &self->scene;
	struct peer child;

	ASSERT_RIGHT(prepare(scene));
	read_only = scene_is(scene, STATE_READ_ONLY);
	ASSERT_RIGHT(peer_fork(&child, reads_and_writes, &scene->sample));
	ASSERT_RIGHT(peer_wait(&child));
	/* A copy of all is another huge page. */
	ASSERT_RIGHT(scene_lift_limit(scene));
	ASSERT_RIGHT(peer_tell(&child));
	ASSERT_RIGHT(peer_end(&child));
	ASSERT_RIGHT(sample_device_data(&scene->sample));
	ASSERT_RIGHT(scene_data(scene));
}

TEST_F(meanwhile, is_dropped)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;

	ASSERT_RIGHT(prepare(scene));
	if (scene_is(scene, STATE_LOCKED))
		ASSERT_EQ(0, munlock(sample->addr, bytes_of(sample)));
	ASSERT_RIGHT(sample_cut(sample, 50, 150, HOLE_DROPPED));
	ASSERT_RIGHT(holes_are_empty(sample));
	ASSERT_RIGHT(sample_dropped_are_zero(sample));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(scene_data(scene));
}

TEST_F(meanwhile, is_unmapped)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;

	ASSERT_RIGHT(prepare(scene));
	ASSERT_RIGHT(sample_unmap(sample));
	ASSERT_RIGHT(holes_are_empty(sample));
	ASSERT_RIGHT(scene_data(scene));
}

TEST_F(meanwhile, is_protected)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	const size_t page = EXCLUSIVE_FIRST, size = devthp_page_size();

	ASSERT_RIGHT(prepare(scene));
	ASSERT_EQ(sample_has_unmapped(sample) ? -1 : 0,
		  mprotect(sample->addr, sample->pages * size, PROT_READ));
	ASSERT_EQ(-EFAULT, means_instruction.put(sample->addr + page * size,
						 sample->buffer));
	ASSERT_EQ(-EPERM, devthp_device_write(sample->dev, sample->addr +
					      page * size, 1, sample->buffer,
					      NULL));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(scene_data(scene));
}

TEST_F(meanwhile, moves)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	struct devthp_range *room;

	ASSERT_RIGHT(sample_room(sample, 1, &room));
	ASSERT_RIGHT(prepare(scene));
	/* Two mappings cannot move: see mremap. */
	if (!sample_has_unmapped(sample))
		ASSERT_RIGHT(sample_move(sample, room));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(scene_data(scene));
	ASSERT_EQ(0, devthp_range_free(room));
}

/* As good as the CPU: it has to ask, too, though it had mapped it before. */
TEST_F(meanwhile, another_device_writes)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	const size_t page = EXCLUSIVE_FIRST;
	char *addr = page_of(sample, page);
	struct devthp_device *other;
	int round;

	if (scene_is(scene, STATE_READ_ONLY))
		SKIP(return, "no device writes there");
	/* A copy of what is shared takes memory. */
	ASSERT_RIGHT(scene_lift_limit(scene));
	ASSERT_RIGHT(device_open(&other, device_minor + 1));
	for (round = 0; round < 2; round++) {
		if (round)
			ASSERT_RIGHT(prepare(scene));
		ASSERT_RIGHT(sample_make_next(sample, sample->buffer, page, 1));
		ASSERT_EQ(0, sample_device_writes(other, addr, 1,
						  sample->buffer));
	}
	ASSERT_EQ(0, devthp_device_is_exclusive(sample->dev, addr, 1));
	ASSERT_RIGHT(sample_access(sample, page, ACCESS_READ));
	ASSERT_EQ(0, devthp_device_close(other));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(scene_data(scene));
}

/* Nobody is left who could have it: nobody minds. */
TEST_F(meanwhile, device_closes)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;

	ASSERT_RIGHT(prepare(scene));
	ASSERT_EQ(0, devthp_device_close(sample->dev));
	sample->dev = NULL;
	ASSERT_RIGHT(scene_data(scene));
}

TEST_HARNESS_MAIN
