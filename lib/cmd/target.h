/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* What map and check look at: a process, or a range of one. */
#ifndef DEVTHP_TARGET_H
#define DEVTHP_TARGET_H

#include <stdio.h>

#include "cmd.h"

struct target {
	pid_t pid;
	uint64_t start, end;	/* equal: all mappings of the process */
	bool json;
};

/*
 * The command's arguments, "[--json] PID [START-END]", or --help. Negative if target is
 * set, else an exit status, after help() or a complaint.
 */
int target_parse(struct target *target, int argc, char **argv, void (*help)(void));

/* A range to look at. What /proc/PID/maps says is absent where the user gave the range. */
struct mapping {
	uint64_t start, end;
	const char *line;	/* of /proc/PID/maps; NULL: the user's */
	char permissions[8];	/* "rw-p" */
	const char *name;	/* "": anonymous */
	bool too_large;		/* to look at: it is to be said that it was left out */
};

typedef int target_visit(const struct target *target, const struct mapping *mapping, void *data);

/*
 * Visit the range, or each mapping, until a visit returns other than 0.
 * -ESRCH	no such process, or one without memory
 */
int target_for_each(const struct target *target, target_visit *visit, void *data);
/* The same of what such a file of /proc/PID says: mappings that do not overlap. */
int target_read_maps(const struct target *target, FILE *maps, target_visit *visit, void *data);

/* Complain of a negative errno. */
int target_complain(const struct target *target, int err);

#endif
