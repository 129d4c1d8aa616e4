/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The operations at the same time: several threads in each of two processes, and children
 * of theirs, each do a list of its own to the same pages. What holds then is checked on the
 * way (see ledger.h); the invariants, the use of the devices and the counters of the kernel
 * when all have come to rest.
 */
#ifndef CONCURRENT_H
#define CONCURRENT_H

#include <stdatomic.h>

#include "operations.h"
#include "run.h"

/* Steps, by operation: that were done, and that have had the effect they were to have. */
struct tally {
	_Atomic uint64_t tried[OPS], worked[OPS];
};

/*
 * Each thread has so many steps, of lists that the seed determines; in which order they meet
 * it does not.
 */
void run_concurrently(uint64_t seed, size_t nsteps, struct tally *tally,
		      struct finding *finding);

#endif
