/* SPDX-License-Identifier: GPL-2.0 */
/* What a cgroup of a scene is charged for, and what of it the kernel counts. */
#ifndef CHARGES_H
#define CHARGES_H

#include <stdint.h>

struct scene;
struct memcg;

/* Bytes, of the cgroup and of the calling process in it. */
struct charges {
	uint64_t current;		/* memory.current; the rest is memory.stat */
	uint64_t anon, anon_thp, file, kernel, pagetables, swapcached;
	uint64_t lru;			/* on all lists of the kernel's */
	uint64_t unevictable;		/* of that */
	uint64_t own_anon, own_huge;	/* as smaps_rollup has it */
	uint64_t own_tables;		/* VmPTE */
};

/*
 * So much more may be counted where there were forks: parent and child copy what
 * they write, and both have page tables. Half of the huge page that a mistake is about.
 */
#define CHARGES_SLACK (1024 * 1024)

/* Enter the cgroup, and see what it is charged for. */
const char *charges_begin(struct memcg *memcg, struct charges *charges);

/*
 * What the scene has is charged once and counted once: since the scene began,
 * "anon", "anon_thp" and "pagetables" have grown as this process's have, which only
 * the scene's children share; all pages are on the LRU lists, but for
 * those on the device; and the charge is the sum of it all.
 */
const char *charges_are_right(const struct scene *scene, uint64_t slack);

/* Nothing of the scene is charged or counted any more. */
const char *charges_are_gone(const struct scene *scene, uint64_t slack);

#endif
