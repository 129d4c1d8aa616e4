/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* A table of every public call, for tests that try something with each. */
#ifndef DEVTHP_TEST_CALLS_H
#define DEVTHP_TEST_CALLS_H

#include "internal.h"

/* Arguments of any call; it takes those that its flags name. */
struct args {
	void *object;
	void *addr;
	size_t npages;
	void *out;		/* result, buffer or report */
	void *opts;
};

enum {
	/* The object that it needs. */
	ON_DEVICE = 1 << 0,
	ON_RANGE = 1 << 1,
	ON_SNAPSHOT = 1 << 2,
	ON_FINDINGS = 1 << 3,
	ON_COUNTERS = 1 << 4,
	ON_OBJECT = 31,
	CLOSES = 1 << 5,	/* and accepts NULL */
	GETS = 1 << 6,		/* returns a value, 0 if there is no object */
	TAKES_PAGES = 1 << 7,	/* addr, npages */
	NEEDS_OUT = 1 << 8,
	REPORTS = 1 << 9,	/* out has a size */
	TAKES_OPTS = 1 << 10,
	MEMBER = 1 << 11,	/* of the backend does it */
	ALLOCATES = 1 << 12,	/* -ENOMEM is to be expected */
	FROM_KERNEL = 1 << 13,	/* asks files of the kernel */
};

struct call {
	const char *name;
	int (*run)(const struct args *args);
	unsigned int flags;
};

extern const struct call calls[];
extern const size_t ncalls;

/* An object for the call, of the backend for a device; NULL if it takes none. */
void *object_for(const struct call *call, const char *backend);
void close_object(const struct call *call, void *object);
/* Arguments that are good; out and opts are of their own, at least a page each. */
struct args good_args(const struct call *call, void *object);
/* Whatever the call has made with these arguments. */
void drop_result(const struct call *call, const struct args *args);

/* How often the members of "toy" were called, and what they return. */
extern unsigned int toy_calls;
extern int toy_result;
/* "toy" can do all, and does nothing; "bare" can do nothing. */
void register_toys(void);

#endif
