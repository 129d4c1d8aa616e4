/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the driver of the test device can be told to do to its own memory, by a
 * handle of its own for the calling process.
 */
#ifndef DRIVER_H
#define DRIVER_H

#include <stddef.h>
#include <stdint.h>

struct devthp_device;

/* Whether this module knows how; and whether it is test_hmm at all; see need.h. */
int driver_needed(const char **why);
int driver_file_needed(const char **why);

/*
 * The handle. Closing it drops what it holds, and sends back all that is on the
 * device, as closing any of the device does.
 */
const char *driver_open(struct devthp_device **driver);

/*
 * The device's file without the library, for tests of what the module itself
 * promises: what it refuses, and what several threads may do by one file.
 */
const char *driver_file(int *fd);

/* That of the device's neighbour. */
const char *driver_other_file(int *fd);

/*
 * A reference on each page of the device in the range, as for I/O under way; a
 * page can have several. All npages pages must be there.
 */
const char *driver_hold(struct devthp_device *driver, void *addr, size_t npages);

/* A pin, by the driver, of each page, for writing and for a short time. */
const char *driver_pin(struct devthp_device *driver, void *addr, size_t npages);

/* A reference on a page of the device, by its number: no entry need lead there. */
const char *driver_hold_frame(struct devthp_device *driver, uint64_t pfn);
const char *driver_let_go_of_frame(struct devthp_device *driver, uint64_t pfn);

/* Drop all of the former two in the range: that many, or it is an error. */
const char *driver_let_go(struct devthp_device *driver, void *addr, size_t npages,
			  size_t held);

/* Send back all that is on the device, if it can be. */
const char *driver_evict(struct devthp_device *driver);

/* Memory of the device that is in use, in pages. */
const char *driver_in_use(struct devthp_device *driver, uint64_t *pages);
const char *driver_in_use_is(struct devthp_device *driver, uint64_t pages);

/* Sources of migrations so far that were found to be pinned. */
const char *driver_pinned_sources(struct devthp_device *driver, uint64_t *sources);

#endif
