/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Free-running races: threads that do random things to one arena, all at the
 * same time and in no order, until the time is over or something is wrong.
 *
 *   DEVTHP_SEED=number		what the random choices start from: each racer
 *				makes the same ones again, in whatever order
 *				they then meet
 *   DEVTHP_RACE_SECONDS=number	how long each race takes (default 2, at most 60)
 */
#ifndef RACE_H
#define RACE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "arena.h"

#define RACE_ROLES 12

/* Per test; more than the longest race takes with all that belongs to it. */
#define RACE_TIMEOUT 240

struct race_role;

/* What is shared with children, too. */
struct race_state {
	_Atomic bool over;
	_Atomic bool failed;
	_Atomic bool explained;
	char what[512];		/* was wrong first */
	/* Of each role: things that were done, as far as they had an effect. */
	_Atomic uint64_t done[RACE_ROLES];
};

struct race {
	struct arena arena;
	uint64_t seed;
	struct timespec end;
	/* Up to one without a name; the first owns the pages. */
	const struct race_role *role;
	struct race_state *state;
};

struct racer {
	struct race *race;
	const struct race_role *role;
	unsigned int number;	/* among those of its role */
	uint64_t random;
	uint64_t steps;
	struct devthp_device *dev;	/* of the role's minor, its own handle */
	char *buffer;		/* of RACER_PAGES */
};

#define RACER_PAGES 32

/* One thing to do, of short duration. */
typedef const char *race_step(struct racer *racer);

struct race_role {
	const char *name;
	race_step *step;
	unsigned int racers;
	unsigned int minor;	/* of the device */
	/* A process of its own, whose memory is not the race's. */
	bool outside;
	/* It may be that there is nothing for it to do. */
	bool may_be_idle;
};

/* Run one; seed and duration are printed with what goes wrong. */
const char *race_run(struct race *race, size_t folios,
		     const struct race_role *roles);

/* A random number less than that. */
uint64_t race_random(struct racer *racer, uint64_t below);

/* One in so many times. */
bool race_chance(struct racer *racer, uint64_t in);

/* Something of use was done. */
void race_done(struct racer *racer);

bool race_is_over(const struct race *race);

/* Something is wrong, in any thread or process: the race is over. */
void race_wrong(const struct race *race, const char *verdict);

#endif
