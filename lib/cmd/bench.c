// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* "devthp bench": what migrating takes, for a huge folio and for base pages. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "environment.h"

/* Of the core's work for a folio in one direction, by how much less it is than
 * for base pages, and of the whole migration by the copy alone. */
#define GOAL_CORE	40000	/* instructions */
#define GOAL_RATIO	25
#define GOAL_WHOLE	1.5

static void help(void)
{
	puts("Usage: devthp bench [OPTION]...\n"
	     "Measure what it takes to migrate a huge folio, and as much in base pages, to a\n"
	     "device and back, and what the neighbours take: faults, munmap, fork, mprotect,\n"
	     "close. Compare the two, and hold them against goals.\n\n"
	     "  --instruction NS  an instruction takes NS nanoseconds, always: count those\n"
	     "                    (QEMU's -icount shift=N makes it 2 to the power of N)\n"
	     "  --device PATH     the device (/dev/hmm_dmirror0)\n"
	     "  --help\n\n"
	     "Exit status: 0 all goals reached, 1 not all, 2 usage, 3 the kernel, module,\n"
	     "device or a permission is missing.");
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

static void line(const char *title, uint64_t huge, uint64_t base, unsigned int unit)
{
	printf("  %-34s%12llu%12llu", title, (unsigned long long)(huge / unit),
	       (unsigned long long)(base / unit));
	if (huge)
		printf("%10.1f", (double)base / huge);
	putchar('\n');
}

static void show_times(const struct bench *huge, const struct bench *base)
{
	size_t d, p;

	for (d = 0; d < ARRAY_SIZE(directions); d++) {
		const struct devthp_time *h = time_of(huge, d), *b = time_of(base, d);

		printf("%s\n", directions[d].title);
		line("core", core(h), core(b), huge->unit);
		for (p = 0; p < ARRAY_SIZE(parts); p++)
			line(parts[p].title, *(const uint64_t *)((const char *)h + parts[p].field),
			     *(const uint64_t *)((const char *)b + parts[p].field), huge->unit);
		line("all", core(h) + h->driver + h->copy, core(b) + b->driver + b->copy,
		     huge->unit);
	}
}

static void show_calls(const struct bench *huge, const struct bench *base)
{
	size_t i;

	puts("as user space sees it");
	for (i = 0; i < BENCH_CALLS; i++)
		line(bench_call_names[i], huge->calls[i], base->calls[i], huge->unit);
}

static bool goal(bool reached, const char *what, const char *direction, double is, double wanted)
{
	printf("%s  %s, %s: %.*f, goal %.*f\n", reached ? "PASS" : "FAIL", what, direction,
	       is < 1000 ? 2 : 0, is, wanted < 10 ? 1 : 0, wanted);
	return reached;
}

/* Exit status. Instructions can only be judged where they were counted. */
static int judge(const struct bench *huge, const struct bench *base, bool instructions)
{
	bool reached = true;
	size_t d;

	putchar('\n');
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
	return reached ? EXIT_GOOD : EXIT_WRONG;
}

static int run(const char *path, uint64_t instruction)
{
	struct bench huge = { .path = path, .advice = DEVTHP_ADVICE_HUGE };
	struct bench base = { .path = path, .advice = DEVTHP_ADVICE_SMALL };
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
	printf("%s of memory, %s\n%36s%12s%12s%10s\n", size,
	       instruction ? "in instructions" : "in nanoseconds", "", "huge folio",
	       "base pages", "ratio");
	show_times(&huge, &base);
	show_calls(&huge, &base);
	return judge(&huge, &base, instruction);
}

int cmd_bench(int argc, char **argv)
{
	static const struct option options[] = {
		{ "instruction", required_argument, NULL, 'i' },
		{ "device", required_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	struct devthp_system system = { .size = sizeof(system) };
	struct devthp_device *dev = NULL;
	uint64_t instruction = 0;
	const char *path = NULL;
	int option, status, ret;

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
	ret = devthp_system_query(&system);
	if (ret)
		return complain(EXIT_LACKING, "cannot query the system: %s", strerror(-ret));
	status = need_huge_pages(&system);
	if (!status)
		status = need_device(&dev, path);
	devthp_device_close(dev);
	return status ? status : run(path, instruction);
}
