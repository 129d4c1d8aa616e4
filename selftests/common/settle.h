/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel does a moment later, or others disturb for a moment. */
#ifndef SETTLE_H
#define SETTLE_H

/*
 * What has not happened within so many seconds never does. Far more than anything
 * takes, as the machine may be busy with other things.
 */
#define PATIENCE 30

/*
 * Pages that wait in some CPU's batch, with a reference for that, are put where
 * they belong. Only root may do that; for others nothing happens.
 */
void settle_batches(void);

/* Ask again until the verdict is RIGHT, or patience ends; settle batches between. */
const char *settles(const char *(*check)(const void *arg), const void *arg);

#endif
