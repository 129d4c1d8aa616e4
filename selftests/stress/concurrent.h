/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The operations at the same time: several threads in each of two processes, and children
 * of theirs, each do a list of its own to the same pages. What holds then is checked on the
 * way (see ledger.h); the invariants, the use of the devices and the counters of the kernel
 * when all have come to rest.
 */
#ifndef CONCURRENT_H
#define CONCURRENT_H

#include "run.h"

/*
 * Each thread has so many steps, of lists that the seed determines; in which order they meet
 * it does not. finding->step is how many were done, in all.
 */
void run_concurrently(uint64_t seed, size_t nsteps, struct finding *finding);

#endif
