// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "arena.h"
#include "verdict.h"

static const char *make_lock(pthread_rwlock_t *lock)
{
	pthread_rwlockattr_t attr;
	int err;

	/* Accesses never end: who moves the arena must get in between. */
	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(&attr,
			PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	err = pthread_rwlock_init(lock, &attr);
	pthread_rwlockattr_destroy(&attr);
	return went_well("make a lock", -err);
}

const char *arena_make(struct arena *arena, size_t folios, uint64_t seed)
{
	const size_t pmd_size = devthp_pmd_size();
	const struct devthp_range_opts opts = {
		.size = sizeof(opts),
		.bytes = (ARENA_PLACES * folios + 1) * pmd_size,
	};
	void *shared;
	int i;

	memset(arena, 0, sizeof(*arena));
	arena->folio_pages = pmd_size / devthp_page_size();
	arena->pages = folios * arena->folio_pages;
	arena->seed = seed;
	shared = mmap(NULL, arena->pages * sizeof(struct arena_page),
		      PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED)
		return went_well("map the record of the arena", -errno);
	arena->page = shared;
	CHECK(make_lock(&arena->lock));
	CHECK(went_well("reserve memory",
			devthp_range_alloc(&arena->range, &opts)));
	for (i = 0; i < ARENA_PLACES; i++)
		arena->place[i] = (char *)devthp_range_addr(arena->range) +
				  i * folios * pmd_size;
	arena->place[i - 1] += devthp_page_size();
	return RIGHT;
}

void arena_free(struct arena *arena)
{
	if (!arena->page)
		return;
	devthp_range_free(arena->range);
	munmap(arena->page, arena->pages * sizeof(*arena->page));
	pthread_rwlock_destroy(&arena->lock);
	memset(arena, 0, sizeof(*arena));
}

char *arena_addr(struct arena *arena, size_t page)
{
	return arena->place[arena->here] + page * devthp_page_size();
}

void arena_begin(struct arena *arena, size_t first, size_t npages, bool drop)
{
	size_t i;

	for (i = first; i < first + npages; i++) {
		struct arena_page *page = &arena->page[i];

		/* Before the ceiling: who has not seen this has no new data. */
		if (drop)
			page->drop = page->ceiling + 1;
		page->ceiling++;
	}
}

void arena_end(struct arena *arena, size_t first, size_t npages)
{
	size_t i;

	for (i = first; i < first + npages; i++)
		arena->page[i].floor = arena->page[i].ceiling;
}

/* The generation that a page has as a pattern, where 0 is zeroes. */
static uint32_t content(const struct arena_page *page)
{
	return page->drop == page->ceiling ? 0 : page->ceiling;
}

static uint32_t *contents(struct arena *arena, size_t first, size_t npages)
{
	uint32_t *generation = calloc(npages, sizeof(*generation));
	size_t i;

	for (i = 0; generation && i < npages; i++)
		generation[i] = content(&arena->page[first + i]);
	return generation;
}

const char *arena_make_data(struct arena *arena, size_t first, size_t npages,
			    void *data)
{
	uint32_t *generation = contents(arena, first, npages);
	const struct devthp_pattern_opts opts = {
		.size = sizeof(opts),
		.seed = arena->seed,
		.generations = generation,
	};
	int err = -ENOMEM;

	if (generation)
		err = devthp_pattern_fill(data, first, npages, &opts);
	free(generation);
	return went_well("write data", err);
}

/* What a bad page holds: where it comes from, if it has a pattern. */
static const char *describe(const struct devthp_pattern_report *report,
			    char *text, size_t size)
{
	if (report->seen_index == DEVTHP_NONE)
		snprintf(text, size, "%#" PRIx64, report->seen_word);
	else
		snprintf(text, size, "page %" PRIu64 " generation %u",
			 report->seen_index, report->seen_generation);
	return text;
}

const char *arena_data_is_right(struct arena *arena, size_t first,
				size_t npages, const void *data,
				const char *who)
{
	uint32_t *generation = contents(arena, first, npages);
	const struct devthp_pattern_opts opts = {
		.size = sizeof(opts),
		.seed = arena->seed,
		.generations = generation,
	};
	struct devthp_pattern_report report = { .size = sizeof(report) };
	int bad = -ENOMEM;
	char seen[64];

	if (generation)
		bad = devthp_pattern_verify(data, first, npages, &opts,
					    &report);
	free(generation);
	CHECK(went_well("verify data", bad));
	if (bad)
		return wrong("%s: page %" PRIu64 " is %s: holds %s at byte %u, should hold generation %u; %d bad of %zu pages",
			     who, first + report.bad_page,
			     devthp_verdict_name(report.bad_verdict),
			     describe(&report, seen, sizeof(seen)),
			     report.bad_offset, report.expected_generation,
			     bad, npages);
	return RIGHT;
}

void arena_take_floor(struct arena *arena, size_t page,
		      struct arena_bounds *bounds)
{
	bounds->floor = arena->page[page].floor;
}

void arena_take_ceiling(struct arena *arena, size_t page,
			struct arena_bounds *bounds)
{
	bounds->ceiling = arena->page[page].ceiling;
	/* After the ceiling: a later drop only makes the test weaker. */
	bounds->drop = arena->page[page].drop;
}

static bool possible(size_t page, const struct arena_bounds *bounds,
		     const struct devthp_pattern_report *report)
{
	if (!report->seen_word)
		return bounds->drop >= bounds->floor;
	return report->seen_index == page &&
	       report->seen_generation >= bounds->floor &&
	       report->seen_generation <= bounds->ceiling;
}

const char *arena_copy_is_possible(struct arena *arena, size_t page,
				   const void *copy,
				   const struct arena_bounds *bounds,
				   const char *who)
{
	const struct devthp_pattern_opts opts = {
		.size = sizeof(opts),
		.seed = arena->seed,
		.generation = bounds->floor,
	};
	struct devthp_pattern_report report = { .size = sizeof(report) };
	char seen[64];
	int bad = devthp_pattern_verify(copy, page, 1, &opts, &report);

	CHECK(went_well("verify data", bad));
	if (bad && !possible(page, bounds, &report))
		return wrong("%s: page %zu holds %s at byte %u; should hold generation %u to %u, last dropped as %u",
			     who, page, describe(&report, seen, sizeof(seen)),
			     report.bad_offset, bounds->floor, bounds->ceiling,
			     bounds->drop);
	return RIGHT;
}
