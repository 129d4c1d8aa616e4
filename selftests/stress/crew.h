/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The processes that do what they are told: the first one is started, others are its
 * children, and theirs. They die with who started them.
 */
#ifndef CREW_H
#define CREW_H

#include "station.h"

struct crew {
	const struct list *list;
	struct station *station;	/* of each, shared */
	int order[PROCESSES][2];	/* pipes: who has something to do, */
	int answer[PROCESSES][2];	/* who has done it */
	pid_t pid[PROCESSES];		/* 0: there is none */
	int pidfd[PROCESSES];
};

/* Verdicts, see difference.h. */
const char *crew_start(struct crew *crew, const struct list *list);

/* Have it done; the reply is in crew->station[process]. */
const char *crew_do(struct crew *crew, unsigned int process, enum request request);

/* The station's step was a fork, or an exit. */
const char *crew_joins(struct crew *crew, unsigned int process, pid_t pid);
const char *crew_leaves(struct crew *crew, unsigned int process);

void crew_end(struct crew *crew);

#endif
