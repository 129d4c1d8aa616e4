/* SPDX-License-Identifier: GPL-2.0 */
/* The program that reproduce.c writes, while it is being written. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <stdio.h>

#include "oracle.h"
#include "run.h"

struct program {
	FILE *file;
	const struct list *list;
	const struct world *world;
	const struct finding *finding;
	int steps;			/* that were done */
};

/* What is done in a step, and done() when it is; is_wrong: its result was. */
void write_call(const struct program *p, const struct step *step, int number, bool is_wrong);

#endif
