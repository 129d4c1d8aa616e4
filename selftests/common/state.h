/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The states in which an operation may meet memory of a device, by name: how a
 * sample gets into each, and what is to be seen of it then.
 */
#ifndef STATE_H
#define STATE_H

#include "layout.h"

struct scene;

/* What is true in a state (struct state.is). */
#define STATE_PMD	(1U << 0)	/* each folio is mapped by one PMD entry */
#define STATE_HUGE	(1U << 1)	/* folios are huge */
#define STATE_HOLES	(1U << 2)	/* part is unmapped or dropped */
#define STATE_MIXED	(1U << 3)	/* part is in system memory */
#define STATE_READ_ONLY	(1U << 4)	/* the mapping allows no writing */
#define STATE_SHARED	(1U << 5)	/* with other processes */
#define STATE_CLEAN	(1U << 6)	/* not soft-dirty */
#define STATE_DIRTY	(1U << 7)	/* soft-dirty */
#define STATE_WP	(1U << 8)	/* write-protected by userfaultfd */
#define STATE_LOCKED	(1U << 9)	/* by mlock() */
#define STATE_LIMITED	(1U << 10)	/* its cgroup may not have a huge page more */
#define STATE_COHERENT	(1U << 11)	/* of its device: the CPU uses it there */
#define STATE_FREE	(1U << 12)	/* may be thrown away, until it is written */

struct state {
	const char *name;
	unsigned int is;	/* STATE_* */
	int mapcount;		/* of each page, or ANY_MAPCOUNT if not known */
	const char *(*enter)(struct scene *scene);
	int (*needed)(const char **why);	/* see need.h; NULL: nothing more */
};

/*
 * All of them. Made of a huge folio unless said otherwise:
 *
 * whole		as it arrived
 * entries_split	mapped by pages, the folio is whole
 * folio_split		base pages
 * cut, dropped		some pages were unmapped, or dropped by MADV_DONTNEED
 * partly_back		some pages are in system memory again
 * read_only		mprotect(PROT_READ)
 * forked, forked_twice, forked_thrice	1 to 3 children
 * forked_twice_over	1 child that has one itself
 * child_protected, child_moved, child_cut	1 child that has changed its copy
 * parent_cut		1 child that maps all; here some pages were unmapped, and
 *			the folio stays whole, as that of "cut" does not
 * soft_dirty, soft_clean
 * uffd_wp		by an asynchronous userfaultfd
 * locked		mlock() before it went to the device
 * limited		in a memory cgroup that is at its limit
 * from_empty, from_zero	of nothing, of the huge zero page; the device wrote it
 * from_swap, from_swap_small	was swapped out and in, and collapsed, or not
 * from_free		MADV_FREE before it went to the device
 */
#define FOR_EACH_STATE(x, ...)						\
	FOR_EACH_STATE_ALONE(x, __VA_ARGS__)				\
	FOR_EACH_STATE_SHARED(x, __VA_ARGS__)

/* Those that need no other process. */
#define FOR_EACH_STATE_ALONE(x, ...)					\
	FOR_EACH_STATE_PLAIN(x, __VA_ARGS__)				\
	x(uffd_wp, __VA_ARGS__)

/* Nor a userfaultfd. */
#define FOR_EACH_STATE_PLAIN(x, ...)					\
	x(whole, __VA_ARGS__)						\
	x(entries_split, __VA_ARGS__)					\
	x(folio_split, __VA_ARGS__)					\
	x(cut, __VA_ARGS__)						\
	x(dropped, __VA_ARGS__)						\
	x(partly_back, __VA_ARGS__)					\
	x(read_only, __VA_ARGS__)					\
	x(soft_dirty, __VA_ARGS__)					\
	x(soft_clean, __VA_ARGS__)					\
	x(locked, __VA_ARGS__)						\
	x(limited, __VA_ARGS__)						\
	x(from_empty, __VA_ARGS__)					\
	x(from_zero, __VA_ARGS__)					\
	x(from_swap, __VA_ARGS__)					\
	x(from_swap_small, __VA_ARGS__)					\
	x(from_free, __VA_ARGS__)

#define FOR_EACH_STATE_SHARED(x, ...)					\
	x(forked, __VA_ARGS__)						\
	x(forked_twice, __VA_ARGS__)					\
	x(forked_thrice, __VA_ARGS__)					\
	x(forked_twice_over, __VA_ARGS__)				\
	x(child_protected, __VA_ARGS__)					\
	x(child_moved, __VA_ARGS__)					\
	x(child_cut, __VA_ARGS__)					\
	x(parent_cut, __VA_ARGS__)

/* Those that differ most in what the kernel does. */
#define FOR_EACH_STATE_TYPICAL(x, ...)					\
	x(whole, __VA_ARGS__)						\
	x(entries_split, __VA_ARGS__)					\
	x(folio_split, __VA_ARGS__)					\
	x(partly_back, __VA_ARGS__)					\
	x(read_only, __VA_ARGS__)					\
	x(uffd_wp, __VA_ARGS__)						\
	x(forked, __VA_ARGS__)						\
	x(child_moved, __VA_ARGS__)

/* Of these, one for each kind of entry and of mapping. */
#define FOR_EACH_STATE_FEW(x, ...)					\
	x(whole, __VA_ARGS__)						\
	x(folio_split, __VA_ARGS__)					\
	x(forked, __VA_ARGS__)

#define DECLARE_STATE(name, ...) extern const struct state state_##name;
FOR_EACH_STATE(DECLARE_STATE)

/*
 * Whether this system can have it, and it is not left out: NEED(state_needed, state), see
 * need.h.
 */
int state_needed(const struct state *state, const char **why);

/*
 * This run is to be a short one: with DEVTHP_STATES=typical in the environment all but the
 * typical ones are left out, with DEVTHP_STATES=few more.
 */
bool states_are_chosen(void);
bool state_is_left_out(const struct state *state);

#endif
