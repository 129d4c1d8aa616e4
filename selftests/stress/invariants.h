/* SPDX-License-Identifier: GPL-2.0 */
#ifndef INVARIANTS_H
#define INVARIANTS_H

#include "crew.h"
#include "oracle.h"

/* devthp_check() on the memory of all processes. A verdict, see difference.h. */
const char *invariants_hold(const struct world *world, const struct crew *crew);

#endif
