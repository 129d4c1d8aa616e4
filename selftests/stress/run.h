/* SPDX-License-Identifier: GPL-2.0 */
/* Do what a list says, in processes made for that, and compare after each step. */
#ifndef RUN_H
#define RUN_H

#include "difference.h"
#include "list.h"

#define STEPS 100000		/* of a list, at most */

/* What a run has come to. */
struct finding {
	enum difference kind;	/* NO_DIFFERENCE: all was right */
	size_t step;		/* where; the number of steps: in the end */
	size_t skipped;		/* steps that were left out */
	char what[512];
};

/*
 * In a fresh process, so that nothing remains of it. What came of each step is noted in
 * the list. "program", unless NULL, is a file to write: a C program that does the same,
 * as far as the finding, or to the end.
 */
void run_list(struct list *list, const char *program, struct finding *finding);

#endif
