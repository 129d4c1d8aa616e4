/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lists as text, one operation a line, which is what a replay file is:
 *
 *	devthp-stress 1			the format
 *	seed 0x2a			of the data, and where the list comes from
 *	data each-step			or at-end: when they are looked at
 *	device 1 coherent		or private, as they are when nothing is said
 *	range 0 1024 0 huge		number, pages, offset, huge or small
 *	write p0 r0 0+512
 *	to_device p0 d1 r0 0+512
 *
 * Empty lines, and what is behind a #, are for people.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stdio.h>

#include "list.h"

/* One step, without an end of line. */
void text_of_step(const struct step *step, char *line, size_t room);

/* What came of it the last time: nothing, if it was not done. */
void text_of_outcome(const struct step *step, char *line, size_t room);

void text_write(FILE *file, const struct list *list);

/* Returns a verdict: "FILE:LINE: ..." if it is no such list. */
const char *text_read(const char *path, struct list *list);

#endif
