// SPDX-License-Identifier: GPL-2.0
/*
 * Somebody asks userfaultfd for what is missing in memory of which some is on a
 * device, in each of its states. Rules: what is there, be it on the device, is
 * not missing, and nothing takes its place; where something is missing, it can
 * be put; and memory on a device is not moved to elsewhere.
 * (ioctl_userfaultfd(2): UFFDIO_COPY, UFFDIO_ZEROPAGE, UFFDIO_MOVE)
 */
#include <errno.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "common/matrix.h"
#include "common/pagemap.h"
#include "common/uffd.h"

MATRIX(asked, FOR_EACH_STATE)

#define STATE_WITH_ROOM(x, ...) x(dropped, __VA_ARGS__)
MATRIX(room, STATE_WITH_ROOM)

#define STATE_PROTECTED(x, ...) x(uffd_wp, __VA_ARGS__)
MATRIX(protected, STATE_PROTECTED)

/* One descriptor watches all of it: what the state has protects as before. */
static const char *watch(struct scene *scene, const void *addr, uint64_t pages)
{
	uint64_t mode = UFFDIO_REGISTER_MODE_MISSING;

	if (scene_is(scene, STATE_WP))
		mode |= UFFDIO_REGISTER_MODE_WP;
	else
		CHECK(uffd_open(&scene->uffd,
				UFFD_FEATURE_SIGBUS | UFFD_FEATURE_MOVE));
	return uffd_register(scene->uffd, addr, pages * devthp_page_size(), mode);
}

/* The sample; where it has a hole, the mapping before that. */
static const char *watch_sample(struct scene *scene)
{
	const struct sample *sample = &scene->sample;

	return watch(scene, sample->addr,
		     sample_has_unmapped(sample) ? 200 : sample->pages);
}

/* "mode": UFFDIO_COPY_MODE_... */
static int put_copy(const struct scene *scene, char *to, const void *from,
		    uint64_t mode)
{
	struct uffdio_copy copy = {
		.dst = (uintptr_t)to,
		.src = (uintptr_t)from,
		.len = devthp_page_size(),
		.mode = mode,
	};

	return ioctl(scene->uffd, UFFDIO_COPY, &copy) ? -errno : 0;
}

static int put_zero(const struct scene *scene, char *to)
{
	struct uffdio_zeropage zero = {
		.range = { (uintptr_t)to, devthp_page_size() },
	};

	return ioctl(scene->uffd, UFFDIO_ZEROPAGE, &zero) ? -errno : 0;
}

static int move(const struct scene *scene, char *to, char *from)
{
	struct uffdio_move move = {
		.dst = (uintptr_t)to,
		.src = (uintptr_t)from,
		.len = devthp_page_size(),
	};

	return ioctl(scene->uffd, UFFDIO_MOVE, &move) ? -errno : 0;
}

static const char *returned(const char *what, int err, int want)
{
	return err == want ? RIGHT : wrong("%s returns %d; should be %d", what,
					   err, want);
}

TEST_F(asked, is_not_replaced)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;

	memset(sample->buffer, 0xa5, devthp_page_size());
	ASSERT_RIGHT(watch_sample(scene));
	ASSERT_RIGHT(scene_is_unchanged(scene));
	ASSERT_RIGHT(returned("UFFDIO_COPY",
			      put_copy(scene, page_of(sample, 7),
				       sample->buffer, 0), -EEXIST));
	ASSERT_RIGHT(returned("UFFDIO_ZEROPAGE",
			      put_zero(scene, page_of(sample, 7)), -EEXIST));
	ASSERT_RIGHT(scene_is_unchanged(scene));
	ASSERT_RIGHT(sample_access(sample, scene_page(scene), ACCESS_READ));
	ASSERT_RIGHT(scene_data(scene));
}

/* What is put where something was dropped is there, and goes like anything. */
TEST_F(room, is_filled)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	const size_t page = 210;

	ASSERT_RIGHT(watch(scene, sample->addr, sample->pages));
	ASSERT_RIGHT(sample_make_next(sample, sample->buffer, page, 1));
	ASSERT_EQ(0, put_copy(scene, page_of(sample, page), sample->buffer, 0));
	ASSERT_EQ(0, put_zero(scene, page_of(sample, page + 1)));
	sample->hole[page] = HOLE_NONE;
	sample->hole[page + 1] = HOLE_NONE;
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_EQ(0, devthp_migrate_to_device(sample->dev,
					      page_of(sample, page), 1, NULL));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(scene_data(scene));
}

/* A page, put where one was dropped, and what its entry is then. */
static const char *fill(struct scene *scene, size_t page, uint64_t mode)
{
	struct sample *sample = &scene->sample;

	CHECK(sample_make_next(sample, sample->buffer, page, 1));
	CHECK(returned("UFFDIO_COPY", put_copy(scene, page_of(sample, page),
					       sample->buffer, mode), 0));
	sample->hole[page] = HOLE_NONE;
	return RIGHT;
}

/* One is write-protected from its first moment on, the one beside it is not. */
static const char *is_protected(const struct scene *scene, size_t page)
{
	const unsigned int mask = DEVTHP_BIT_UFFD_WP | DEVTHP_BIT_WRITE;

	if (!everything_is_required())
		return RIGHT;
	CHECK(entry_bits(&scene->sample, page, 1, mask, DEVTHP_BIT_UFFD_WP));
	return entry_bits(&scene->sample, page + 1, 1, mask, DEVTHP_BIT_WRITE);
}

TEST_F(protected, is_filled)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	const size_t page = 210;

	ASSERT_RIGHT(watch_sample(scene));
	ASSERT_RIGHT(sample_cut(sample, page, 2, HOLE_DROPPED));
	ASSERT_RIGHT(fill(scene, page, UFFDIO_COPY_MODE_WP));
	ASSERT_RIGHT(fill(scene, page + 1, 0));
	ASSERT_RIGHT(is_protected(scene, page));
	ASSERT_EQ(0, devthp_migrate_to_device(sample->dev,
					      page_of(sample, page), 2, NULL));
	ASSERT_RIGHT(layout_of(sample, page, 2, small(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(is_protected(scene, page));
	ASSERT_RIGHT(scene_keeps_bits(scene, 0, page));
	ASSERT_RIGHT(scene_keeps_bits(scene, page + 2,
				      sample->pages - page - 2));
	ASSERT_RIGHT(scene_data(scene));
	ASSERT_RIGHT(is_protected(scene, page));
}

/* What the CPU cannot use stays. */
TEST_F(asked, is_not_moved)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;

	if (sample->coherent)
		SKIP(return, "the CPU can use memory of this device: it moves");
	ASSERT_EQ(0, madvise(sample->buffer, devthp_pmd_size(), MADV_DONTNEED));
	ASSERT_RIGHT(watch(scene, sample->buffer, sample->pages));
	/* Only what can be written can be moved at all. */
	ASSERT_RIGHT(returned("UFFDIO_MOVE",
			      move(scene, sample->buffer, page_of(sample, 7)),
			      scene_is(scene, STATE_READ_ONLY) ? -EINVAL :
			      scene_is(scene, STATE_LOCKED) ? -EINVAL :
			      -EFAULT));
	ASSERT_RIGHT(scene_is_unchanged(scene));
	ASSERT_RIGHT(scene_data(scene));
}

/* What is on the device is there: nothing moves to its place. */
TEST_F(asked, is_not_moved_over)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;

	ASSERT_RIGHT(watch_sample(scene));
	memset(sample->buffer, 0xa5, devthp_page_size());
	ASSERT_RIGHT(returned("UFFDIO_MOVE to the device",
			      move(scene, page_of(sample, 7), sample->buffer),
			      scene_is(scene, STATE_READ_ONLY) ? -EINVAL :
			      scene_is(scene, STATE_LOCKED) ? -EINVAL :
			      -EEXIST));
	ASSERT_RIGHT(scene_is_unchanged(scene));
	ASSERT_RIGHT(scene_data(scene));
}

TEST_HARNESS_MAIN
