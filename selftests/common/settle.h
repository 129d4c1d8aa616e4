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
 * Ask again until the verdict is RIGHT, or patience ends. In between, pages
 * that wait in some CPU's batch are put where they belong.
 */
const char *settles(const char *(*check)(const void *arg), const void *arg);

#endif
