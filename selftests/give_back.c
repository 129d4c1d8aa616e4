// SPDX-License-Identifier: GPL-2.0
/*
 * The device gets back the memory of what is not mapped any more, in bounded
 * time, whatever becomes of the rest of the folio: nobody touches that, and
 * nobody else helps. What somebody still maps it does not get.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "common/matrix.h"

MATRIX(part, FOR_EACH_STATE)
MATRIX(page, FOR_EACH_STATE)

/* So many pages are in use, soon; asking is all that is done for it. */
static const char *comes_to(const struct sample *sample, uint64_t want)
{
	const time_t limit = time(NULL) + PATIENCE;
	uint64_t pages;

	do {
		CHECK(sample_device_use(sample, &pages));
		if (pages == want)
			return RIGHT;
		sched_yield();
	} while (time(NULL) < limit);
	return wrong("%llu pages of the device are in use after %d s; should be %llu",
		     (unsigned long long)pages, PATIENCE,
		     (unsigned long long)want);
}

/* Nobody that shares it is left, and nobody has touched it. */
static const char *kill_the_others(struct scene *scene)
{
	while (scene->children) {
		struct peer *child = &scene->child[--scene->children];

		if (kill(child->pid, SIGKILL))
			return went_well("kill a child", -errno);
		if (!WIFSIGNALED(peer_status(child)))
			return wrong("a child was not killed");
	}
	return RIGHT;
}

/* Not where STATE_MIXED has pages in system memory, nor where a hole is. */
#define FIRST 300
#define PAGES 64

static size_t holes(const struct sample *sample)
{
	size_t i, count = 0;

	for (i = 0; i < sample->pages; i++)
		count += !!sample->hole[i];
	return count;
}

static const char *given_back(struct scene *scene, enum hole how)
{
	struct sample *sample = &scene->sample;
	/* What nobody else maps is the device's again already. */
	const size_t kept = scene_is(scene, STATE_SHARED) ? holes(sample) : 0;
	uint64_t before, now;

	CHECK(sample_device_use(sample, &before));
	CHECK(sample_cut(sample, FIRST, PAGES, how));
	if (scene_is(scene, STATE_SHARED)) {
		CHECK(sample_device_data(sample));
		CHECK(sample_device_use(sample, &now));
		if (now != before)
			return wrong("%llu pages of the device are in use; should be %llu, which others map",
				     (unsigned long long)now,
				     (unsigned long long)before);
		CHECK(kill_the_others(scene));
	}
	CHECK(comes_to(sample, before - kept - PAGES));
	CHECK(sample_device_data(sample));
	return scene_data(scene);
}

TEST_F(part, is_unmapped)
{
	ASSERT_RIGHT(given_back(&self->scene, HOLE_UNMAPPED));
}

TEST_F(part, is_dropped)
{
	struct scene *scene = &self->scene;

	if (scene_is(scene, STATE_LOCKED))
		ASSERT_EQ(0, munlock(scene->sample.addr, scene->sample.pages *
				     devthp_page_size()));
	ASSERT_RIGHT(given_back(scene, HOLE_DROPPED));
}

/* The others go one by one, until one page is left. */
TEST_F(page, is_all_that_is_left)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	size_t page;

	ASSERT_RIGHT(kill_the_others(scene));
	for (page = 0; page < sample->pages; page++)
		if (page != FIRST && sample->hole[page] != HOLE_UNMAPPED)
			ASSERT_RIGHT(sample_cut(sample, page, 1,
						HOLE_UNMAPPED));
	ASSERT_RIGHT(comes_to(sample, 1));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(scene_data(scene));
}

TEST_HARNESS_MAIN
