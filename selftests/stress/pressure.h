/* SPDX-License-Identifier: GPL-2.0 */
/* Memory that is short: a memory cgroup for all that is done, and swap space for it. */
#ifndef PRESSURE_H
#define PRESSURE_H

#include <stddef.h>

/*
 * Before there is any process that is to be under it, until the program ends. KSFT_PASS;
 * else, as in need.h, why there is none, and pressure_reclaim() is -EOPNOTSUPP.
 */
int pressure_begin(const char **why);

/* Have so much reclaimed of what those in the cgroup have, as far as it can be. */
int pressure_reclaim(size_t bytes);

#endif
