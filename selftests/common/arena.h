/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An arena: huge pages that threads and processes race for, with a record of
 * what each base page may hold while others write it.
 *
 * A change of a page is a step of its generation. Whoever is about to change it
 * raises the ceiling first, and the floor afterwards; so a page that is looked
 * at meanwhile holds a generation from the floor before to the ceiling behind.
 * Dropping a page is a change too: then it may be zero.
 */
#ifndef ARENA_H
#define ARENA_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <devthp.h>

/* The last of them is a page away from a boundary of huge pages. */
#define ARENA_PLACES 3

struct arena_page {
	_Atomic uint32_t floor, ceiling;
	_Atomic uint32_t drop;	/* last generation that dropped the page */
};

struct arena {
	struct devthp_range *range;	/* room for the arena at each place */
	char *place[ARENA_PLACES];
	_Atomic int here;		/* which of them it is at */
	size_t pages, folio_pages;
	uint64_t seed;			/* of the pattern */
	struct arena_page *page;	/* shared with children */
	/* Taken for reading by who accesses memory, else by who moves it. */
	pthread_rwlock_t lock;
};

const char *arena_make(struct arena *arena, size_t folios, uint64_t seed);
void arena_free(struct arena *arena);

/* Without the lock, the arena may have moved by the time it is used. */
char *arena_addr(struct arena *arena, size_t page);

/* Around a change of pages by the one thread that may. */
void arena_begin(struct arena *arena, size_t first, size_t npages, bool drop);
void arena_end(struct arena *arena, size_t first, size_t npages);

/* What the pages should hold, after arena_begin(), is made at data. */
const char *arena_make_data(struct arena *arena, size_t first, size_t npages,
			    void *data);

/* Data of pages that nobody changes just now is right. */
const char *arena_data_is_right(struct arena *arena, size_t first,
				size_t npages, const void *data,
				const char *who);

/* What a page might hold at some time: see above. */
struct arena_bounds {
	uint32_t floor, ceiling, drop;
};

/* Take the floor before the page is looked at, the ceiling afterwards. */
void arena_take_floor(struct arena *arena, size_t page,
		      struct arena_bounds *bounds);
void arena_take_ceiling(struct arena *arena, size_t page,
			struct arena_bounds *bounds);

/* A copy of the page, taken while others may have written it, is possible. */
const char *arena_copy_is_possible(struct arena *arena, size_t page,
				   const void *copy,
				   const struct arena_bounds *bounds,
				   const char *who);

#endif
