/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* What map and check look at: a process, or a range of one. */
#ifndef DEVTHP_TARGET_H
#define DEVTHP_TARGET_H

#include "cmd.h"

struct target {
	pid_t pid;
	uint64_t start, end;	/* equal: all mappings of the process */
};

/*
 * The command's arguments, "PID [START-END]", or --help. Negative if target is set,
 * else an exit status, after help() or a complaint.
 */
int target_parse(struct target *target, int argc, char **argv, void (*help)(void));

/* A range, and its line of /proc/PID/maps; NULL where the user gave the range. */
typedef int target_visit(const struct target *target, uint64_t start, uint64_t end,
			 const char *line, void *data);

/* Visit the range, or each mapping, until a visit returns other than 0. */
int target_for_each(const struct target *target, target_visit *visit, void *data);

/* Complain of a negative errno. */
int target_complain(const struct target *target, int err);

#endif
