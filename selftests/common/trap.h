/* SPDX-License-Identifier: GPL-2.0 */
/* Accesses that may be answered with a signal. */
#ifndef TRAP_H
#define TRAP_H

/* Read a byte, or write the byte that is there: 0, or the signal that came. */
int trap_read(const void *addr);
int trap_write(void *addr);

#endif
