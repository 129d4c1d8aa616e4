/* SPDX-License-Identifier: GPL-2.0 */
/* What a process is told that it will find, by way of its station. */
#ifndef EXPECT_H
#define EXPECT_H

#include "oracle.h"

/* In its pages, and by which means to look at that, so that all stays where it is. */
void tell_expectations(const struct world *world, uint32_t process, struct station *station);

/* In what it has pinned, whatever its pages lead to by now. */
void tell_pinned(const struct world *world, uint32_t process, struct station *station);

#endif
