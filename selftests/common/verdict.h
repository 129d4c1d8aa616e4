/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Verdicts: a check returns RIGHT, or a sentence saying what is wrong. Unlike
 * the assertions of the harness they also work in the children that a test
 * forks, and in code that is linked to several programs.
 */
#ifndef VERDICT_H
#define VERDICT_H

#include <stdbool.h>
#include <string.h>

#define RIGHT "right"

static inline bool is_right(const char *verdict)
{
	return !strcmp(verdict, RIGHT);
}

/* Return the verdict of a check from the calling function unless it is RIGHT. */
#define CHECK(check)					\
do {							\
	const char *check_verdict = (check);		\
							\
	if (!is_right(check_verdict))			\
		return check_verdict;			\
} while (0)

/* The sentence is valid until the same thread makes the next one. */
const char *wrong(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* What was tried, and what libdevthp or a negated errno says about it. */
const char *went_well(const char *what, int result);

/* It should fail like that, and what it says, as by went_well(), is that it did. */
const char *fails_with(const char *verdict, int result);

#endif
