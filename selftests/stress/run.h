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
 * the list. "reproducer", unless NULL, is a file to write if there is a finding: a
 * program that does the same.
 */
void run_list(struct list *list, const char *reproducer, struct finding *finding);

#endif
