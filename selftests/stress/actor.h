/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who does a list of steps while others do theirs: a thread of one of the processes of a
 * melee, or a child that one of them has made. See concurrent.h.
 */
#ifndef ACTOR_H
#define ACTOR_H

#include <stdatomic.h>
#include <time.h>

#include "dice.h"
#include "concurrent.h"
#include "ledger.h"
#include "operations.h"
#include "worker.h"

/* What all of them share. */
struct melee {
	const struct list *list;	/* its memory */
	time_t end;			/* who is not ready by then does no more */
	_Atomic bool over;
	_Atomic bool wrong, told;	/* something is; kind and what say that */
	enum difference kind;
	char what[400];
	_Atomic uint16_t names;		/* that were given to processes */
	_Atomic bool gup_is_busy;
	struct tally tally;
};

struct actor {
	struct worker worker;
	struct melee *melee;
	struct ledger *ledger;
	struct list list;		/* its steps */
	struct dice dice;
	unsigned int generation;	/* 0: its process is one of the first ones */
	bool worked;			/* the current step has had an effect */
};

/* It has a device and a buffer of its own. 0, or a negative errno. */
int actor_begins(struct actor *actor, struct melee *melee, struct ledger *ledger,
		 uint64_t seed, size_t nsteps);
void actor_ends(struct actor *actor);

/* Does all its steps. A verdict; who gets none to say is told of it by the melee. */
void actor_acts(struct actor *actor);

/* All of this process's memory is right, and nobody is at it any more. */
const char *actor_looks_at_all(struct actor *actor);

void melee_goes_wrong(struct melee *melee, const char *verdict);

/* ---- Steps ---- */

typedef const char *deed(struct actor *actor, const struct step *step);

deed do_write, do_read, do_dev_write, do_dev_read, do_exclusive;
deed do_drop, do_unmap, do_map, do_protect, do_move;
deed do_hold, do_pin, do_fork;

/* Is it what an operation may say while others are at the same memory? 0: it has worked. */
const char *is_usual(struct actor *actor, const struct step *step, int result);

/* Others have their turn, for a while. */
void actor_yields(struct actor *actor);

#endif
