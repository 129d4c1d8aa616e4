/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Something is done to a sample again and again, and each time another of the
 * allocations fails that it makes in the kernel.
 * (Documentation/fault-injection/fault-injection.rst: fail-nth)
 */
#ifndef FAILING_H
#define FAILING_H

#include <stdbool.h>

#include "form.h"
#include "sample.h"
#include "textfile.h"

/* What is done, with a negative errno for what it may say, or 0. */
typedef int failing_act(struct sample *sample);

/* To these pages, or all: in the middle, with edges that are none of anything else. */
#define FAILING_FIRST 200
#define FAILING_PAGES 100

static inline char *failing_part(const struct sample *sample)
{
	return page_of(sample, FAILING_FIRST);
}

/* What all entries have, and must keep. */
enum failing_bits {
	BITS_ANY,
	BITS_CLEAN,		/* not soft-dirty */
	BITS_PROTECTED,		/* by userfaultfd */
	BITS_READ_ONLY,		/* by mprotect() */
};

struct failing_case {
	failing_act *act;
	bool in_system;		/* where it begins */
	enum form form;		/* on the device */
	bool shared;		/* with a child */
	enum failing_bits bits;
	bool writes;		/* to the pages above, and to no other */
};

#define FAILING_SETTINGS 6

struct failing {
	struct sample sample;
	struct setting setting[FAILING_SETTINGS];
	int nth, uffd;		/* -1 */
};

int failing_needed(const char **why);
int failing_bits_needed(enum failing_bits bits, const char **why);

const char *failing_begin(struct failing *failing);
void failing_end(struct failing *failing);

/* Let the nth allocation of this thread from now on fail; 0: none. */
const char *failing_arm(const struct failing *failing, unsigned int nth);

/* None any more; of "nth" so many were not needed. */
const char *failing_disarm(const struct failing *failing, unsigned int *left);

/* More allocations than anything makes. */
#define FAILING_MANY 1000000

/*
 * Fill memory anew and do it once, with a failure at the nth allocation: nothing
 * is lost, of this process and the child, and what is done next goes well. Of "nth"
 * what is left was not needed: it makes no more allocations.
 */
const char *failing_round(struct failing *failing,
			  const struct failing_case *what, unsigned int nth,
			  unsigned int *left);

/* Of so many, which one is to fail after the nth. */
unsigned int failing_next(unsigned int nth, unsigned int all);

#endif
