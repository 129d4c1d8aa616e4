/* SPDX-License-Identifier: GPL-2.0 */
/* The library's invariants (devthp_check()), as a verdict on a sample. */
#ifndef RULES_H
#define RULES_H

#include <stdbool.h>

struct sample;

/*
 * No rule is broken, once the kernel has done what it is about to do. "complete": no
 * other process maps any of it, and nobody holds references, so that counts are exact.
 */
const char *rules_hold(const struct sample *sample, bool complete);

#endif
