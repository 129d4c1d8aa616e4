/* SPDX-License-Identifier: GPL-2.0 */
/* Who cannot have memory now, since somebody uses it, and does not give up. */
#ifndef RETRIES_H
#define RETRIES_H

#include <stdatomic.h>
#include <sys/types.h>

/*
 * It tries again and again, asleep in between: who spins, or holds on in one
 * sleep, never gets to so many, or uses the CPU for longer than so many tries
 * take. "done", unless NULL, must not come true.
 */
const char *sleeps_and_retries(pid_t tid, const atomic_bool *done);

/* The child ends, with this status, before patience does. */
const char *waiter_ended(pid_t pid, int *status);

#endif
