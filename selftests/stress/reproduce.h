/* SPDX-License-Identifier: GPL-2.0 */
#ifndef REPRODUCE_H
#define REPRODUCE_H

#include "oracle.h"
#include "run.h"

/*
 * Write a program of its own that does with test_hmm what was done up to the finding, and
 * expects what was expected: results, data, and what is on which device. The rest it
 * cannot see; it waits, if told to, for somebody to look.
 */
void reproduce(const char *path, const struct list *list, const struct world *world,
	       const struct finding *finding);

#endif
