// SPDX-License-Identifier: GPL-2.0
/*
 * Children: each has a copy of the arena as it was at some moment of the fork,
 * page by page, and keeps it, whatever the others write, until it writes itself.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "racers.h"
#include "ready.h"
#include "verdict.h"

#define CHILD_STEPS 60

enum copy {
	COPY_UNSEEN = 0,	/* within what was possible at the fork */
	COPY_SEEN,		/* the same as last time */
	COPY_WRITTEN,		/* what the child wrote */
	COPY_DROPPED,		/* zero */
	COPY_UNMAPPED,
};

struct child {
	struct racer *racer;
	struct arena_bounds *bounds;
	uint8_t *copy;		/* enum copy of each page */
	uint64_t *sum;		/* of a page that was seen */
	uint32_t *generation;	/* of a page that was written */
	uint64_t seed;		/* of its own pattern */
};

static uint64_t sum_of(const void *page)
{
	const uint64_t *word = page;
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < devthp_page_size() / sizeof(*word); i++)
		sum = (sum ^ word[i]) * 0x9e3779b97f4a7c15ULL;
	return sum;
}

static const char *own_data(struct child *child, size_t page,
			    const void *data)
{
	const struct devthp_pattern_opts opts = {
		.size = sizeof(opts),
		.seed = child->seed,
		.generation = child->generation[page],
	};
	struct devthp_pattern_report report = { .size = sizeof(report) };
	int bad = devthp_pattern_verify(data, page, 1, &opts, &report);

	CHECK(went_well("verify data", bad));
	if (bad)
		return wrong("a child: its page %zu is %s, holds %#llx at byte %u",
			     page, devthp_verdict_name(report.bad_verdict),
			     (unsigned long long)report.seen_word,
			     report.bad_offset);
	return RIGHT;
}

static const char *judge_page(struct child *child, size_t page,
			      const void *data)
{
	struct arena *arena = &child->racer->race->arena;

	switch ((enum copy)child->copy[page]) {
	case COPY_UNSEEN:
		CHECK(arena_copy_is_possible(arena, page, data,
					     &child->bounds[page],
					     "a child reads"));
		child->copy[page] = COPY_SEEN;
		child->sum[page] = sum_of(data);
		return RIGHT;
	case COPY_SEEN:
		if (sum_of(data) != child->sum[page])
			return wrong("a child: page %zu is not what it was",
				     page);
		return RIGHT;
	case COPY_WRITTEN:
	case COPY_DROPPED:
		return own_data(child, page, data);
	case COPY_UNMAPPED:
		return RIGHT;
	}
	return RIGHT;
}

static const char *child_reads(struct child *child, size_t page)
{
	struct racer *racer = child->racer;

	if (child->copy[page] == COPY_UNMAPPED)
		return RIGHT;
	memcpy(racer->buffer, arena_addr(&racer->race->arena, page),
	       devthp_page_size());
	return judge_page(child, page, racer->buffer);
}

static const char *child_writes(struct child *child, size_t page)
{
	const struct devthp_pattern_opts opts = {
		.size = sizeof(opts),
		.seed = child->seed,
		.generation = child->generation[page] + 1,
	};

	if (child->copy[page] == COPY_UNMAPPED)
		return RIGHT;
	child->copy[page] = COPY_WRITTEN;
	child->generation[page]++;
	return went_well("write data",
		devthp_pattern_fill(arena_addr(&child->racer->race->arena,
					       page), page, 1, &opts));
}

static const char *child_cuts(struct child *child, size_t first, size_t npages,
			      bool unmap)
{
	char *addr = arena_addr(&child->racer->race->arena, first);
	const size_t size = npages * devthp_page_size();
	size_t i;

	if (unmap ? munmap(addr, size) : madvise(addr, size, MADV_DONTNEED))
		/* MADV_DONTNEED does what it can, and tells of holes. */
		if (unmap || errno != ENOMEM)
			return went_well("cut a hole", -errno);
	for (i = first; i < first + npages; i++) {
		if (child->copy[i] == COPY_UNMAPPED)
			continue;
		child->copy[i] = unmap ? COPY_UNMAPPED : COPY_DROPPED;
		child->generation[i] = 0;
	}
	return RIGHT;
}

/* Holes are refused; for the rest the child's own device does what it can. */
static void child_migrates(struct child *child, size_t first, size_t npages)
{
	struct racer *racer = child->racer;
	char *addr = arena_addr(&racer->race->arena, first);

	if (race_chance(racer, 3))
		devthp_device_fail_alloc(racer->dev, 1);
	if (race_chance(racer, 3))
		devthp_migrate_to_system(racer->dev, addr, npages, NULL);
	else
		devthp_migrate_to_device(racer->dev, addr, npages, NULL);
}

static const char *child_forks(struct child *child, size_t page)
{
	const char *verdict;
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return went_well("fork", -errno);
	if (!pid) {
		verdict = child_writes(child, page);
		if (is_right(verdict))
			verdict = child_reads(child, page);
		if (!is_right(verdict))
			race_wrong(child->racer->race, verdict);
		_exit(0);
	}
	CHECK(child_reads(child, page));
	if (waitpid(pid, &status, 0) < 0 || status)
		return wrong("a grandchild ended with status %#x", status);
	return child_reads(child, page);
}

static const char *child_step(struct child *child)
{
	struct racer *racer = child->racer;
	const size_t pages = racer->race->arena.pages;
	const size_t folio = racer->race->arena.folio_pages;
	const size_t page = race_random(racer, pages);
	const size_t start = page - (race_chance(racer, 2) ? page % folio : 0);
	size_t npages = 1 + race_random(racer, folio);

	if (npages > pages - start)
		npages = pages - start;
	switch (race_random(racer, 16)) {
	case 0:
		return child_cuts(child, start, npages, true);
	case 1:
		return child_cuts(child, start, npages, false);
	case 2:
		if (racer->dev)
			child_migrates(child, start, npages);
		return RIGHT;
	case 3:
		return child_forks(child, page);
	case 4:
	case 5:
	case 6:
	case 7:
	case 8:
		return child_writes(child, page);
	}
	return child_reads(child, page);
}

static const char *child_life(struct child *child)
{
	struct racer *racer = child->racer;
	const unsigned int minor = race_random(racer, 2);
	int steps = race_random(racer, CHILD_STEPS);

	/* The one inherited speaks about the memory of the parent. */
	racer->dev = NULL;
	if (race_chance(racer, 3))
		CHECK(device_open(&racer->dev, minor));
	while (steps-- && !race_is_over(racer->race))
		CHECK(child_step(child));
	return RIGHT;
}

static void be_a_child(struct child *child)
{
	struct arena *arena = &child->racer->race->arena;
	const char *verdict;
	size_t page;

	for (page = 0; page < arena->pages; page++)
		arena_take_ceiling(arena, page, &child->bounds[page]);
	verdict = child_life(child);
	if (!is_right(verdict))
		race_wrong(child->racer->race, verdict);
	_exit(EXIT_SUCCESS);
}

static const char *end_child(struct racer *racer, pid_t pid)
{
	bool killed = race_chance(racer, 3);
	int status, yields = race_random(racer, 200);

	while (killed && yields--)
		sched_yield();
	if (killed)
		kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) < 0)
		return went_well("wait for a child", -errno);
	if (status && !(killed && WIFSIGNALED(status) &&
			WTERMSIG(status) == SIGKILL))
		return wrong("a child ended with status %#x", status);
	return RIGHT;
}

static const char *have_child(struct racer *racer, struct child *child)
{
	struct arena *arena = &racer->race->arena;
	size_t page;
	pid_t pid;

	pthread_rwlock_rdlock(&arena->lock);
	for (page = 0; page < arena->pages; page++)
		arena_take_floor(arena, page, &child->bounds[page]);
	child->seed = ~arena->seed - race_random(racer, 1 << 30);
	pid = fork();
	if (!pid)
		be_a_child(child);
	pthread_rwlock_unlock(&arena->lock);
	if (pid < 0)
		return went_well("fork", -errno);
	race_done(racer);
	/* What the child chooses is not repeated by the next one. */
	return end_child(racer, pid);
}

const char *racer_fork(struct racer *racer)
{
	const size_t pages = racer->race->arena.pages;
	struct child child = {
		.racer = racer,
		.bounds = calloc(pages, sizeof(*child.bounds)),
		.copy = calloc(pages, sizeof(*child.copy)),
		.sum = calloc(pages, sizeof(*child.sum)),
		.generation = calloc(pages, sizeof(*child.generation)),
	};
	const char *verdict;

	if (child.bounds && child.copy && child.sum && child.generation)
		verdict = have_child(racer, &child);
	else
		verdict = wrong("no memory for the record of a child");
	free(child.bounds);
	free(child.copy);
	free(child.sum);
	free(child.generation);
	return verdict;
}
