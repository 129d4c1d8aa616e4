// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* What the command takes for the mappings of a process, by what its maps say. */
#include <stdio.h>
#include <string.h>

#include "../cmd/target.h"
#include "tap.h"

/* What was visited, as one text. */
static char seen[256];

static int note(const struct target *target, const struct mapping *m, void *data)
{
	const size_t length = strlen(seen);

	(void)target;
	snprintf(seen + length, sizeof(seen) - length, "%llx-%llx%s%s%s ",
		 (unsigned long long)m->start, (unsigned long long)m->end, *m->name ? ":" : "",
		 m->name, m->too_large ? "!" : "");
	return data ? *(int *)data : 0;
}

static int visit(const char *text, int *answer)
{
	static const struct target target = { .pid = 4711 };
	FILE *maps = fmemopen((void *)text, strlen(text), "r");
	int ret;

	seen[0] = '\0';
	ret = target_read_maps(&target, maps, note, answer);
	fclose(maps);
	return ret;
}

static void check_visits(const char *text, const char *wanted)
{
	CHECK_INT(visit(text, NULL), 0);
	if (strcmp(seen, wanted))
		printf("# visited %s\n", seen);
	CHECK(!strcmp(seen, wanted));
}

static void at_rest(void)
{
	check_visits("1000-3000 r-xp 00000000 08:01 7    /bin/a program\n"
		     "3000-4000 rw-p 00000000 00:00 0 \n"
		     "8000-9000 rw-p 00000000 00:00 0                          [heap]\n"
		     "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0  [vsyscall]\n",
		     "1000-3000:/bin/a program 3000-4000 8000-9000:[heap] ");
}

/* Read in pieces, while mappings merge and split. */
static void changing(void)
{
	/* What was read has grown behind its end, and comes again. */
	check_visits("1000-3000 rw-p 0 00:00 0 \n1000-5000 rw-p 0 00:00 0 \n",
		     "1000-3000 3000-5000 ");
	/* It was merged with what is behind it, and split again, or has become smaller. */
	check_visits("1000-8000 rw-p 0 00:00 0 \n2000-6000 r--p 0 00:00 0 \n"
		     "3000-8000 r--p 0 00:00 0 \n8000-9000 r--p 0 00:00 0 \n",
		     "1000-8000 8000-9000 ");
}

static void of_any_size(void)
{
	check_visits("1000-10000001000 ---p 0 00:00 0 \n10000001000-20000002000 ---p 0 00:00 0 \n",
		     "1000-10000001000 10000001000-20000002000! ");
	/* Only what is left of it counts. */
	check_visits("1000-3000 ---p 0 00:00 0 \n1000-10000002000 ---p 0 00:00 0 \n",
		     "1000-3000 3000-10000002000 ");
}

static void no_mappings(void)
{
	check_visits("words\n1000 rw-p 0 00:00 0 \n1000-2000\n-1000 rw-p 0 0:0 0 \n"
		     "3000-2000 rw-p 0 0:0 0 \n2000-2000 rw-p 0 0:0 0 \n\n", "");
	CHECK_INT(visit(" ", NULL), 0);
}

static void answers(void)
{
	int answer = -ENOLINK;

	CHECK_INT(visit("1000-2000 rw-p 0 0:0 0 \n3000-4000 rw-p 0 0:0 0 \n", &answer), -ENOLINK);
	CHECK(!strcmp(seen, "1000-2000 "));
	/* Who has ended has none. */
	CHECK_INT(visit("", NULL), -ESRCH);
}

static const struct tap_case cases[] = {
	{ "mappings of a process at rest", at_rest },
	{ "mappings that change while they are read", changing },
	{ "mappings that are too large to look at", of_any_size },
	{ "what is no mapping", no_mappings },
	{ "what a visit returns, and no mapping at all", answers },
};

TAP_MAIN(cases)
