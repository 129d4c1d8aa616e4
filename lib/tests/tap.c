// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#include <stdio.h>
#include <unistd.h>

#include "tap.h"

/* Seconds a case may take before its program is ended: a hang is a failure. */
#define LIMIT 60

static unsigned int failures;
static const char *skipped;

void tap_check(bool good, const char *file, int line, const char *what)
{
	if (good)
		return;
	failures++;
	printf("# %s:%d: not so: %s\n", file, line, what);
}

void tap_compare(int64_t seen, int64_t wanted, const char *file, int line, const char *what)
{
	if (seen == wanted)
		return;
	failures++;
	printf("# %s:%d: %s is %lld, must be %lld\n", file, line, what, (long long)seen,
	       (long long)wanted);
}

void tap_skip(const char *reason)
{
	skipped = reason;
}

int tap_main(const struct tap_case *cases, size_t count)
{
	unsigned int bad = 0;
	size_t i;

	/* A case that crashes must not take the lines before it along. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("KTAP version 1\n1..%zu\n", count);
	for (i = 0; i < count; i++) {
		failures = 0;
		skipped = NULL;
		alarm(LIMIT);
		cases[i].run();
		bad += failures != 0;
		printf("%sok %zu %s%s%s\n", failures ? "not " : "", i + 1, cases[i].name,
		       !failures && skipped ? " # SKIP " : "", !failures && skipped ? skipped : "");
	}
	return bad ? 1 : 0;
}
