// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* "devthp bench": what migrating takes, for a huge folio and for base pages. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "environment.h"
#include "report.h"

/* Of the core's work for a folio in one direction, by how much less it is than
 * for base pages, and of the whole migration by the copy alone. */
#define GOAL_CORE	40000	/* instructions */
#define GOAL_RATIO	25
#define GOAL_WHOLE	1.5

static void help(void)
{
	printf("Usage: devthp bench [OPTION]...\n"
	       "Measure what it takes to migrate a huge folio, and as much in base pages, to a\n"
	       "device and back, and what the neighbours take: faults, munmap, fork, mprotect,\n"
	       "close. Compare the two, and hold them against goals.\n\n"
	       "  --instruction NS  an instruction takes NS nanoseconds, always: count those\n"
	       "                    (QEMU's -icount shift=N makes it 2 to the power of N)\n"
	       "  --device PATH     the device (%s)\n"
	       "  --json\n"
	       "  --help\n\n"
	       "Exit status: 0 all goals reached, 1 not all, 2 usage, 3 the kernel, module,\n"
	       "device or a permission is missing.\n",
	       usual_device());
}

static const struct {
	const char *title;
	size_t time;		/* in struct devthp_times */
	const char *goal;	/* NULL: has none */
} directions[] = {
	{ "to the device", offsetof(struct devthp_times, to_device), "to the device" },
	{ "to the system, asked for", offsetof(struct devthp_times, to_system), "to the system" },
	{ "to the system, by faults", offsetof(struct devthp_times, fault), "by a fault" },
	{ "to the system, at close", offsetof(struct devthp_times, evict), NULL },
};

static const struct {
	const char *title;
	size_t field;		/* in struct devthp_time */
} parts[] = {
	{ "  setup", offsetof(struct devthp_time, setup) },
	{ "  pages", offsetof(struct devthp_time, pages) },
	{ "  finalize", offsetof(struct devthp_time, finalize) },
	{ "driver", offsetof(struct devthp_time, driver) },
	{ "copy", offsetof(struct devthp_time, copy) },
};

static const struct devthp_time *time_of(const struct bench *b, size_t direction)
{
	return (const void *)((const char *)&b->times + directions[direction].time);
}

static uint64_t core(const struct devthp_time *t)
{
	return t->setup + t->pages + t->finalize;
}

/* How much of one kind, huge and in base pages. */
static void line(const char *title, uint64_t huge, uint64_t base, unsigned int unit)
{
	const char *name = title + strspn(title, " ");

	words("  %-34s", title);
	fact_object(NULL);
	fact_string("name", name, NULL);
	fact_number("huge", huge / unit, "%12" PRIu64, huge / unit);
	fact_number("base", base / unit, "%12" PRIu64, base / unit);
	if (huge)
		fact_real("ratio", (double)base / huge, "%10.1f", (double)base / huge);
	else
		fact_null("ratio", NULL);
	fact_end();
	words("\n");
}

static void show_times(const struct bench *huge, const struct bench *base)
{
	size_t d, p;

	fact_list("directions");
	for (d = 0; d < ARRAY_SIZE(directions); d++) {
		const struct devthp_time *h = time_of(huge, d), *b = time_of(base, d);

		fact_object(NULL);
		fact_string("direction", directions[d].title, "%s\n", directions[d].title);
		fact_list("parts");
		line("core", core(h), core(b), huge->unit);
		for (p = 0; p < ARRAY_SIZE(parts); p++)
			line(parts[p].title, *(const uint64_t *)((const char *)h + parts[p].field),
			     *(const uint64_t *)((const char *)b + parts[p].field), huge->unit);
		line("all", core(h) + h->driver + h->copy, core(b) + b->driver + b->copy,
		     huge->unit);
		fact_end();
		fact_end();
	}
	fact_end();
}

static void show_calls(const struct bench *huge, const struct bench *base)
{
	size_t i;

	words("as user space sees it\n");
	fact_list("calls");
	for (i = 0; i < BENCH_CALLS; i++)
		line(bench_call_names[i], huge->calls[i], base->calls[i], huge->unit);
	fact_end();
}

static bool goal(bool reached, const char *what, const char *direction, double is, double wanted)
{
	fact_object(NULL);
	fact_bool("reached", reached, "%s", reached ? "PASS" : "FAIL");
	fact_string("what", what, "  %s", what);
	fact_string("direction", direction, ", %s", direction);
	fact_real("is", is, ": %.*f", is < 1000 ? 2 : 0, is);
	fact_real("goal", wanted, ", goal %.*f\n", wanted < 10 ? 1 : 0, wanted);
	fact_end();
	return reached;
}

/* Exit status. Instructions can only be judged where they were counted. */
static int judge(const struct bench *huge, const struct bench *base, bool instructions)
{
	bool reached = true;
	size_t d;

	words("\n");
	fact_list("goals");
	for (d = 0; d < ARRAY_SIZE(directions); d++) {
		const struct devthp_time *h = time_of(huge, d), *b = time_of(base, d);
		const char *name = directions[d].goal;
		double work = (double)core(h) / huge->unit;
		double less = (double)core(b) / core(h);
		double whole = (double)(core(h) + h->driver + h->copy) / h->copy;

		if (!name)
			continue;
		if (instructions)
			reached &= goal(work <= GOAL_CORE, "core work, instructions at most", name,
					work, GOAL_CORE);
		reached &= goal(less >= GOAL_RATIO, "core work, times less than base pages", name,
				less, GOAL_RATIO);
		reached &= goal(whole <= GOAL_WHOLE, "whole migration, times the copy at most",
				name, whole, GOAL_WHOLE);
	}
	fact_end();
	return reached ? EXIT_GOOD : EXIT_WRONG;
}

static int run(const char *path, uint64_t instruction)
{
	struct bench huge = { .path = path, .advice = DEVTHP_ADVICE_HUGE };
	struct bench base = { .path = path, .advice = DEVTHP_ADVICE_SMALL };
	const char *unit = instruction ? "instructions" : "nanoseconds";
	const char *what;
	char size[16];
	int ret;

	huge.unit = base.unit = instruction ? instruction : 1;
	ret = bench_measure(&huge, &what);
	if (!ret)
		ret = bench_measure(&base, &what);
	if (ret == -EOPNOTSUPP)
		return complain(EXIT_LACKING, "the module does not know how long its migrations take");
	if (ret)
		return complain(EXIT_WRONG, "bench: %s failed: %s", what, strerror(-ret));

	size_text(size, devthp_pmd_size());
	fact_number("bytes", devthp_pmd_size(), "%s of memory", size);
	fact_string("unit", unit, ", in %s\n", unit);
	words("%36s%12s%12s%10s\n", "", "huge folio", "base pages", "ratio");
	show_times(&huge, &base);
	show_calls(&huge, &base);
	return judge(&huge, &base, instruction);
}

int cmd_bench(int argc, char **argv)
{
	static const struct option options[] = {
		{ "instruction", required_argument, NULL, 'i' },
		{ "device", required_argument, NULL, 'd' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	struct devthp_system system = { .size = sizeof(system) };
	struct devthp_device *dev = NULL;
	uint64_t instruction = 0;
	const char *path = NULL;
	int option, status, ret;
	bool json = false;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'i':
			if (!parse_number(optarg, 1, 1000, &instruction))
				return complain(EXIT_USAGE, "--instruction takes 1 to 1000, not \"%s\"",
						optarg);
			break;
		case 'd':
			path = optarg;
			break;
		case 'j':
			json = true;
			break;
		case 'h':
			help();
			return EXIT_GOOD;
		default:
			return complain(EXIT_USAGE, "see devthp bench --help");
		}
	}
	if (optind < argc)
		return complain(EXIT_USAGE, "bench takes no \"%s\"; see devthp bench --help",
				argv[optind]);
	ret = open_device(&dev, path);
	if (is_wrong_device(ret))
		return explain_device(ret, path);
	devthp_device_close(dev);

	report_begin("bench", json);
	status = devthp_system_query(&system);
	if (status)
		return complain(EXIT_LACKING, "cannot query the system: %s", strerror(-status));
	status = need_huge_pages(&system);
	if (!status && ret)
		status = explain_device(ret, path);
	return status ? status : run(path, instruction);
}
