// SPDX-License-Identifier: GPL-2.0
/*
 * What a cgroup is charged for, and what memory.stat counts of it, to the byte,
 * while memory is on a device, in each of its states, and after what changes it.
 * (In slack of forks, all that have MATRIX() compare this: common/charges.h.)
 */
#include <errno.h>
#include <sys/mman.h>

#include "common/charges.h"
#include "common/matrix.h"
#include "common/peer.h"

/* Where nobody forks, there is nothing else: to the byte. */
static const char *exact(const struct scene *scene)
{
	return charges_are_right(scene, scene_is(scene, STATE_SHARED) ?
				 CHARGES_SLACK : 0);
}

/* What is charged, by its size, unlike what is only compared with mappings. */
static const char *has_grown_by(const struct scene *scene, uint64_t bytes)
{
	uint64_t anon;

	CHECK(memcg_stat(&scene->memcg, "anon", &anon));
	if (anon < scene->charges.anon + bytes ||
	    anon > scene->charges.anon + bytes + CHARGES_SLACK +
		   devthp_pmd_size())
		return wrong("anon of the cgroup is %llu; should be %llu and some",
			     (unsigned long long)anon,
			     (unsigned long long)(scene->charges.anon + bytes));
	return RIGHT;
}

MATRIX(charged, FOR_EACH_STATE)
MATRIX(charged_alone, FOR_EACH_STATE_ALONE)

TEST_F(charged, there_and_back)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;

	NEED(memcg_needed);
	ASSERT_RIGHT(exact(scene));
	ASSERT_RIGHT(has_grown_by(scene, sample_mapped_bytes(sample)));
	ASSERT_RIGHT(sample_rest_to_system(sample));
	ASSERT_RIGHT(exact(scene));
	ASSERT_RIGHT(has_grown_by(scene, sample_mapped_bytes(sample)));
	ASSERT_RIGHT(scene_data(scene));
	ASSERT_RIGHT(exact(scene));
}

TEST_F(charged, touched)
{
	struct scene *scene = &self->scene;

	NEED(memcg_needed);
	ASSERT_RIGHT(sample_access(&scene->sample, scene_page(scene),
				   ACCESS_READ));
	ASSERT_RIGHT(exact(scene));
	ASSERT_RIGHT(scene_data(scene));
}

TEST_F(charged_alone, cut_and_gone)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	const size_t some = sample->pages / 8;
	/* Locked memory cannot be dropped. */
	const enum hole hole = scene_is(scene, STATE_LOCKED) ?
			       HOLE_UNMAPPED : HOLE_DROPPED;

	NEED(memcg_needed);
	ASSERT_RIGHT(sample_cut(sample, some, some, hole));
	ASSERT_RIGHT(exact(scene));
	ASSERT_RIGHT(sample_cut(sample, 5 * some, some, HOLE_UNMAPPED));
	ASSERT_RIGHT(exact(scene));
	ASSERT_RIGHT(has_grown_by(scene, sample_mapped_bytes(sample)));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(exact(scene));
	ASSERT_RIGHT(sample_rest_to_system(sample));
	ASSERT_EQ(0, munmap(sample->addr, bytes_of(sample)));
	ASSERT_RIGHT(exact(scene));
	ASSERT_RIGHT(has_grown_by(scene, 0));
}

/* What never came back is not charged any more. */
TEST_F(charged_alone, is_gone_from_the_device)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;

	NEED(memcg_needed);
	ASSERT_EQ(0, munmap(sample->addr, bytes_of(sample)));
	ASSERT_RIGHT(exact(scene));
	ASSERT_RIGHT(has_grown_by(scene, 0));
}

TEST_F(charged_alone, is_protected)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;

	NEED(memcg_needed);
	if (scene_is(scene, STATE_HOLES))
		SKIP(return, "mprotect() goes no further than a hole");
	ASSERT_EQ(0, mprotect(sample->addr, bytes_of(sample) / 2, PROT_READ));
	ASSERT_RIGHT(exact(scene));
	ASSERT_EQ(0, mprotect(sample->addr, bytes_of(sample), PROT_READ));
	ASSERT_RIGHT(exact(scene));
	ASSERT_RIGHT(scene_data(scene));
	ASSERT_RIGHT(exact(scene));
}

/* To lock it brings it back. */
TEST_F(charged_alone, is_locked)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	const int want = sample_has_unmapped(sample) ? -ENOMEM : 0;

	NEED(memcg_needed);
	ASSERT_EQ(want, mlock(sample->addr, bytes_of(sample)) ? -errno : 0);
	ASSERT_RIGHT(exact(scene));
	ASSERT_EQ(want, munlock(sample->addr, bytes_of(sample)) ? -errno : 0);
	ASSERT_RIGHT(exact(scene));
	ASSERT_RIGHT(sample_dropped_are_zero(sample));
	ASSERT_RIGHT(scene_data(scene));
}

/* What parent and child share is charged once, what they copy besides. */
TEST_F(charged_alone, is_forked)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	struct peer child;

	NEED(memcg_needed);
	ASSERT_RIGHT(peer_fork(&child, peer_reads_later, sample));
	ASSERT_RIGHT(peer_wait(&child));
	ASSERT_RIGHT(charges_are_right(scene, CHARGES_SLACK));
	ASSERT_RIGHT(peer_tell(&child));
	ASSERT_RIGHT(peer_end(&child));
	ASSERT_RIGHT(charges_are_right(scene, CHARGES_SLACK));
	ASSERT_RIGHT(scene_data(scene));
}

TEST_HARNESS_MAIN
