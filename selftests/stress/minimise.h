/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MINIMISE_H
#define MINIMISE_H

#include "run.h"

/*
 * Leave out what does not matter: of the list remains what gives a finding of the same
 * kind, and does not without any one of its steps. finding is what it gives then.
 */
void minimise(struct list *list, struct finding *finding);

#endif
