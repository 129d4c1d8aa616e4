/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel does a moment later, or others disturb for a moment. */
#ifndef SETTLE_H
#define SETTLE_H

/*
 * Ask again until the verdict is RIGHT, or for some seconds. In between, pages
 * that wait in some CPU's batch are put where they belong.
 */
const char *settles(const char *(*check)(const void *arg), const void *arg);

#endif
