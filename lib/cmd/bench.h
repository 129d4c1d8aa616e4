/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* What "devthp bench" measures. */
#ifndef DEVTHP_BENCH_H
#define DEVTHP_BENCH_H

#include "cmd.h"

/* Calls and touches, timed from outside. */
enum bench_call {
	BENCH_FAULT_FIRST,	/* the first touch of what is on the device */
	BENCH_FAULT_ALL,	/* touching every page of it */
	BENCH_UNMAP,		/* munmap() of 64 pages in the middle of it */
	BENCH_UNMAP_FAULT_FIRST,	/* the first touch after that */
	BENCH_UNMAP_FAULT_NEXT,	/* a touch of the page behind that one */
	BENCH_UNMAP_FAULT_ALL,	/* touching all that is left */
	BENCH_FORK,		/* what fork() takes longer with it */
	BENCH_SPLIT,		/* mprotect() of one page in the middle of it */
	BENCH_EXIT,		/* munmap() of all of it */
	BENCH_CLOSE,		/* closing the device that holds it */
	BENCH_CALLS
};

extern const char *const bench_call_names[BENCH_CALLS];

struct bench {
	const char *path;	/* of the device, NULL for the usual one */
	unsigned int advice;	/* enum devthp_advice, for the range */
	unsigned int unit;	/* nanoseconds, to show results in */

	/* Results: nanoseconds for one range of a PMD's size */
	struct devthp_times times;
	uint64_t calls[BENCH_CALLS];
};

/* 0, or a negative errno; *what then names the step that failed. */
int bench_measure(struct bench *b, const char **what);

#endif
