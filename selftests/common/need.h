/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a test needs beyond a device. A function says KSFT_PASS, or KSFT_SKIP or
 * KSFT_FAIL and, in *why, for what reason.
 */
#ifndef NEED_H
#define NEED_H

/* As in kselftest.h, which only a program's main file can include. */
#ifndef KSFT_PASS
#define KSFT_PASS 0
#define KSFT_FAIL 1
#define KSFT_SKIP 4
#endif

typedef int need(const char **why);

/* In FIXTURE_SETUP or a test: skip it, or fail, where that is missing. */
#define NEED(ready, ...)					\
do {								\
	const char *why = RIGHT;				\
								\
	lacking_says(_metadata->results->reason,		\
		     sizeof(_metadata->results->reason));	\
	if ((ready)(__VA_ARGS__ __VA_OPT__(,) &why) == KSFT_SKIP)	\
		SKIP(return, "%s", why);			\
	ASSERT_RIGHT(why);					\
} while (0)

/* A file that is there if the kernel was built with an option. */
int file_needed(const char *path, const char *option, const char **why);

/* Pages of hugetlbfs that are free to be had. */
int hugetlb_pages_needed(const char **why);

/* A device whose memory the CPU can use: its minor is 2. */
int coherent_needed(const char **why);

/*
 * For other such functions: what is missing is a failure where everything is
 * required, and a reason to skip elsewhere.
 */
int missing(const char *what, const char **why);

/*
 * The same, but where DEVTHP_LACKS in the environment, a list with commas, has the
 * feature: no machine of this kind has it, so that there is a reason to skip even if
 * everything is required.
 */
int missing_feature(const char *feature, const char *what, const char **why);

#endif
