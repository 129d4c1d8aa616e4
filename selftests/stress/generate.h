/* SPDX-License-Identifier: GPL-2.0 */
#ifndef GENERATE_H
#define GENERATE_H

#include "list.h"

/* The list of a seed: the same seed, the same list. */
void list_generate(struct list *list, uint64_t seed, size_t nsteps);

/* Steps only, for the memory that the list has. */
void list_generate_steps(struct list *list, uint64_t seed, size_t nsteps);

#endif
