/* SPDX-License-Identifier: GPL-2.0 */
/* Children of a test that look at a pfnmap of their own, or die of it. */
#ifndef PFNMAP_CHILD_H
#define PFNMAP_CHILD_H

#include "pfnmap.h"

/* A child says whether that is right for it. */
const char *pfnmap_in_child(struct pfnmap *map, const char *(*check)(struct pfnmap *map));

/* An access of this process to that address would end with SIGSEGV. */
const char *pfnmap_cannot_read(const char *addr);
const char *pfnmap_cannot_write(const char *addr);

#endif
