/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * Which objects there are, so that one that was closed is told from one that is open
 * without looking into it. No lock: children of fork() go on with what they find.
 */
#ifndef DEVTHP_LIVE_H
#define DEVTHP_LIVE_H

#include <stdbool.h>

/* From its constructor's end on, until it is closed. -ENOMEM: no room for one more. */
int devthp_live_add(const void *object);
/* False if there is no such: then it must not be touched. */
bool devthp_live_remove(const void *object);
/* 0; -EINVAL for NULL, -EBADF for what was closed. */
int devthp_live(const void *object);

#endif
