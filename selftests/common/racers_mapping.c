// SPDX-License-Identifier: GPL-2.0
/*
 * Changes of the mapping. The owners do not access their pages meanwhile, but
 * devices and children go on.
 */
#include <errno.h>
#include <sched.h>
#include <sys/mman.h>

#include "racers.h"
#include "verdict.h"

static const char *alone(struct racer *racer,
			 const char *(*step)(struct racer *racer))
{
	struct arena *arena = &racer->race->arena;
	const char *verdict;

	pthread_rwlock_wrlock(&arena->lock);
	verdict = step(racer);
	pthread_rwlock_unlock(&arena->lock);
	race_done(racer);
	/* So that the owners do not starve. */
	sched_yield();
	return verdict;
}

static void any_yields(struct racer *racer)
{
	int yields = race_random(racer, 20);

	while (yields--)
		sched_yield();
}

/* In one step: there is never a hole that somebody else could get. */
static const char *map_anew(char *addr, size_t size)
{
	if (mmap(addr, size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		return went_well("map anew", -errno);
	if (madvise(addr, size, MADV_HUGEPAGE))
		return went_well("MADV_HUGEPAGE", -errno);
	return RIGHT;
}

static const char *empty(struct racer *racer, char *addr, size_t size)
{
	if (race_chance(racer, 2))
		return map_anew(addr, size);
	if (madvise(addr, size, MADV_DONTNEED))
		return went_well("MADV_DONTNEED", -errno);
	return RIGHT;
}

static const char *renew(struct racer *racer)
{
	struct arena *arena = &racer->race->arena;
	const size_t n = arena->folio_pages;
	const size_t first = n * race_random(racer, arena->pages / n);
	char *addr = arena_addr(arena, first);

	arena_begin(arena, first, n, true);
	CHECK(empty(racer, addr, n * devthp_page_size()));
	arena_end(arena, first, n);
	any_yields(racer);
	if (race_chance(racer, 3))
		return RIGHT;

	arena_begin(arena, first, n, false);
	CHECK(arena_make_data(arena, first, n, addr));
	arena_end(arena, first, n);
	return RIGHT;
}

/*
 * The old place stays mapped, but empty, for the reason given above; and for
 * devices to find something there all the same. By way of a third place, which
 * the kernel chooses: a move to a fixed address that fails, because it is about
 * more than one mapping, has unmapped what was there, and that is a hole.
 */
static const char *move_piece(char *from, char *to, size_t npages)
{
	const size_t size = npages * devthp_page_size();
	const size_t half = npages / 2, half_size = half * devthp_page_size();
	char *between = mremap(from, size, size,
			       MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);

	if (between == MAP_FAILED) {
		if (errno != EFAULT || !half)
			return went_well("mremap", -errno);
		CHECK(move_piece(from, to, half));
		return move_piece(from + half_size, to + half_size,
				  npages - half);
	}
	if (mremap(between, size, size, MREMAP_MAYMOVE | MREMAP_FIXED,
		   to) == MAP_FAILED)
		return went_well("mremap to a fixed address", -errno);
	return RIGHT;
}

static const char *move(struct racer *racer)
{
	struct arena *arena = &racer->race->arena;
	const size_t folio = arena->folio_pages, size = devthp_page_size();
	const int there = (arena->here + 1 +
			   race_random(racer, ARENA_PLACES - 1)) % ARENA_PLACES;
	const size_t limit = race_chance(racer, 2) ? arena->pages :
			     1 + race_random(racer, 2 * folio);
	size_t i, npages;

	for (i = 0; i < arena->pages; i += npages) {
		npages = arena->pages - i < limit ? arena->pages - i : limit;
		CHECK(move_piece(arena->place[arena->here] + i * size,
				 arena->place[there] + i * size,
				 npages));
	}
	arena->here = there;
	return RIGHT;
}

static const char *protect(struct racer *racer)
{
	struct arena *arena = &racer->race->arena;
	const size_t first = race_random(racer, arena->pages);
	const size_t most = arena->pages - first;
	const size_t npages = race_chance(racer, 2) ? most :
			      1 + race_random(racer, most);
	const bool readable = race_chance(racer, 2);
	const size_t size = npages * devthp_page_size();
	char *addr = arena_addr(arena, first);

	if (mprotect(addr, size, readable ? PROT_READ : PROT_NONE))
		return went_well("mprotect down", -errno);
	any_yields(racer);
	if (readable)
		CHECK(arena_data_is_right(arena, first, 1, addr,
					  "read while read-only"));
	any_yields(racer);
	if (mprotect(addr, size, PROT_READ | PROT_WRITE))
		return went_well("mprotect up", -errno);
	return RIGHT;
}

const char *racer_renew(struct racer *racer)
{
	return alone(racer, renew);
}

const char *racer_move(struct racer *racer)
{
	return alone(racer, move);
}

const char *racer_protect(struct racer *racer)
{
	return alone(racer, protect);
}
