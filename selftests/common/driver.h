/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the driver of the test device can be told to do to its own memory, by a
 * file of its own for the calling process.
 */
#ifndef DRIVER_H
#define DRIVER_H

#include <stddef.h>
#include <stdint.h>

struct hmm_dmirror_stats;

/* Whether this module knows how; see need.h. */
int driver_needed(const char **why);

/*
 * The file. Closing it drops what it holds, and sends back all that is on the
 * device, as closing any file of the device does.
 */
const char *driver_open(int *driver);

/*
 * A reference on each page of the device in the range, as for I/O under way; a
 * page can have several. All npages pages must be there.
 */
const char *driver_hold(int driver, void *addr, size_t npages);

/* A pin, by the driver, of each page, for writing and for a short time. */
const char *driver_pin(int driver, void *addr, size_t npages);

/* A reference on a page of the device, by its number: no entry need lead there. */
const char *driver_hold_frame(int driver, uint64_t pfn);
const char *driver_let_go_of_frame(int driver, uint64_t pfn);

/* Drop all of the former two in the range: that many, or it is an error. */
const char *driver_let_go(int driver, void *addr, size_t npages, size_t held);

/* Send back all that is on the device, if it can be. */
const char *driver_evict(int driver);

/* HMM_DMIRROR_PAUSE of migrations at a point: 0 or negative errno. */
int driver_pause(int driver, unsigned int point, unsigned int action,
		 unsigned int timeout_ms);

/* Memory of the device that is in use, in pages. */
const char *driver_in_use(int driver, uint64_t *pages);
const char *driver_in_use_is(int driver, uint64_t pages);

/* Sources of migrations so far that were found to be pinned. */
const char *driver_pinned_sources(int driver, uint64_t *sources);

#endif
