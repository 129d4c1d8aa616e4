/* SPDX-License-Identifier: GPL-2.0 */
/* Whether this system has what the tests are about. */
#ifndef READY_H
#define READY_H

#include <stdbool.h>

struct devthp_device;

/*
 * DEVTHP_REQUIRE=1 in the environment says that this kernel does have the
 * feature, the module, and the folio probe: what is missing then is a failure,
 * not a reason to skip, and no fact about a page may remain unknown.
 */
bool everything_is_required(void);

/* Built to find errors: all that it does takes ten times as long, or more. */
bool kernel_is_slow(void);

/*
 * DEVTHP_ALONE=1 says that nobody else is at work on this machine, and the tests are
 * root: counters of the whole system may be compared with what processes have.
 */
bool nobody_else_is_here(void);

/*
 * The device that the tests of this program use, one of two of its kind, which
 * are neighbours: 0, or what the program was compiled for, see harness.h.
 */
extern unsigned int device_minor;

/* From this minor on, their memory is used by the CPU where it is. */
#define COHERENT_MINOR 2

/*
 * Open the device and try out, rather than guess from a version, whether a
 * huge page stays whole on it. KSFT_PASS: *dev is open. KSFT_SKIP or KSFT_FAIL:
 * *why says why not.
 */
int device_ready(struct devthp_device **dev, const char **why);

/*
 * The same for tests that ask the device only: one whose memory, or the form it is
 * in, cannot be looked at will do.
 */
int any_device_ready(struct devthp_device **dev, const char **why);

/* KSFT_SKIP: an earlier test of this program has tried, and *why says what is missing. */
int device_may_be_ready(const char **why);

/* Open a device that is known to be there. */
const char *device_open(struct devthp_device **dev, unsigned int minor);

#endif
