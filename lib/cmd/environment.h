/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* What a run needs of the system, and plain words for what is missing. */
#ifndef DEVTHP_ENVIRONMENT_H
#define DEVTHP_ENVIRONMENT_H

#include "cmd.h"

/* All return an exit status, having complained where it is not EXIT_GOOD. */
int need_huge_pages(const struct devthp_system *system);
/* devthp_device_try() */
int try_out(struct devthp_device *dev, struct devthp_trial *trial);
/* The probe, and a device that takes huge folios as they are. */
int need_whole_folios(struct devthp_device *dev, const struct devthp_system *system);

/*
 * A device, or a negative errno; and words for that, with an exit status. A node of
 * another kind is a wrong argument, which is to be told before anything else is said.
 */
int open_device(struct devthp_device **dev, const char *path);
/* What it takes without a path, in words. */
const char *usual_device(void);
bool is_wrong_device(int err);
int explain_device(int err, const char *path);

/* "2 MiB" for a size; text must have room for 16. */
const char *size_text(char *text, uint64_t bytes);

/* Why /dev/folio_probe cannot be used. */
const char *probe_lack(const struct devthp_system *system);

#endif
