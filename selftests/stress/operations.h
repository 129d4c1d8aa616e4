/* SPDX-License-Identifier: GPL-2.0 */
/* The operations: what each is called, takes and does, and what must come of it. */
#ifndef OPERATIONS_H
#define OPERATIONS_H

#include "list.h"

struct station;
struct worker;
struct world;

enum op {
	OP_WRITE, OP_READ, OP_DEV_WRITE, OP_DEV_READ, OP_EXCLUSIVE,
	OP_TO_DEVICE, OP_TO_SYSTEM, OP_FAIL, OP_HOLD, OP_UNHOLD, OP_DRAIN, OP_EVICT, OP_CLOSE,
	OP_UNMAP, OP_MAP, OP_DROP, OP_PROTECT, OP_MOVE, OP_ADVISE, OP_COLLAPSE,
	OP_PIN, OP_UNPIN, OP_SPLIT, OP_RECLAIM,
	OP_FORK, OP_EXIT, OP_KILL,
	OPS
};

struct operation {
	const char *name;
	/*
	 * In the order in which they are written: p process, q other process, d device,
	 * r range and pages, t range and page to go to, n a number, w one of the words.
	 */
	const char *parameters;
	const char *words;		/* separated by spaces */
	unsigned int weight;		/* how often it is wanted */

	/* In the process: the result, which is 0 or a negative errno. */
	int (*act)(struct worker *worker, const struct step *step);
	/* By the oracle: why it is left out, or NULL. NULL: it is not. */
	const char *(*refuse)(const struct world *world, const struct step *step);
	/* A verdict on the outcome; from now on the world is as it must be then. */
	const char *(*foresee)(struct world *world, const struct step *step,
			       const struct station *station);
};

extern const struct operation operations[OPS];

static inline const struct operation *operation_of(const struct step *step)
{
	return &operations[step->op];
}

bool operation_takes(const struct operation *operation, char parameter);

/* Word number "value" of the operation in room bytes; how many words there are. */
void operation_word(const struct operation *operation, uint64_t value, char *word, size_t room);
unsigned int operation_words(const struct operation *operation);

/* Words of "protect", "advise", "pin" and "fork". */
enum { PROTECT_NONE, PROTECT_READ, PROTECT_WRITE };
enum { ADVISE_HUGE, ADVISE_SMALL };
enum { PIN_BY_RING, PIN_BY_PIPE, PIN_BY_GUP };
enum { FORK_OPEN, FORK_BARE };

#endif
