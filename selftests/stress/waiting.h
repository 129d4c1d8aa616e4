/* SPDX-License-Identifier: GPL-2.0 */
#ifndef WAITING_H
#define WAITING_H

#include <stddef.h>

/*
 * Where the threads of our process group are asleep, for who asks why something has no end:
 * "PID/TID in FUNCTION, ...", as many as there is room for.
 */
void waiting_where(char *text, size_t room);

#endif
