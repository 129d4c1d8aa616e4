/* SPDX-License-Identifier: GPL-2.0 */
/* Memory under pressure: what is in system memory goes to swap space. */
#ifndef RECLAIM_H
#define RECLAIM_H

struct memcg;
struct sample;

/*
 * Have all that the sample has in system memory reclaimed, by MADV_PAGEOUT,
 * until nothing of it is left there. See pagemap.h for where it is now.
 */
const char *reclaim_sample(const struct sample *sample);

/* The same, and all but the holes must be in swap space then. */
const char *reclaim_to_swap(const struct sample *sample);

/* The same by memory.reclaim of the cgroup that is charged for it. */
const char *reclaim_charged(const struct sample *sample,
			    const struct memcg *memcg);

/*
 * Read in what is swapped out, such that it stays in the swap cache. That takes
 * advice where the disk is synchronous, as ours is: what one process alone has
 * swapped out comes in past the cache otherwise.
 */
const char *swap_in_cached(struct sample *sample);

#endif
