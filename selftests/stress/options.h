/* SPDX-License-Identifier: GPL-2.0 */
/* What devthp-stress was told on its command line. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct options {
	uint64_t seed;			/* the first */
	unsigned long seeds, steps;
	unsigned long races;		/* concurrent ones, from the first seed on, too */
	char **replay;			/* files */
	size_t nreplays;
	const char *output;		/* directory; NULL: none */
	bool concurrent;		/* all seeds are for races */
	bool minimise, verbose, stop;
	bool programs;			/* of all lists, not only of those with findings */
};

extern struct options options;

/* Ends the program, if it is not told what it can do. */
void options_read(int argc, char **argv);

#endif
