/* SPDX-License-Identifier: GPL-2.0 */
#ifndef INVARIANTS_H
#define INVARIANTS_H

#include <sys/types.h>

#include "list.h"

/*
 * devthp_check() on the memory of all processes, pid[PROCESSES], 0: none; complete: nobody
 * holds any of it. A verdict, see difference.h.
 */
const char *invariants_hold(const struct list *list, const pid_t *pid, bool complete);

#endif
