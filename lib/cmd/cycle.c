// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* "devthp cycle": the life of huge folios, step by step. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cycle.h"
#include "environment.h"
#include "report.h"

#define FOLIOS_MAX	64

static void help(void)
{
	printf("Usage: devthp cycle [OPTION]...\n"
	       "Follow huge folios from the CPU to a device and back: touched, on the device,\n"
	       "partly unmapped, one byte touched by the CPU, all read back, freed. Every step\n"
	       "shows what is where and is checked: entries, order, mapcount, data.\n\n"
	       "  --folios N     how many at once, 1 to %d (1)\n"
	       "  --unmap WHAT   the hole in each: %s (middle)\n"
	       "  --touch WHERE  the byte's page: %s (first);\n"
	       "                 hole is the first page next to the hole\n"
	       "  --device PATH  the device (%s)\n"
	       "  --json\n"
	       "  --help\n\n"
	       "Exit status: 0 every step verified, 1 something is wrong, 2 usage,\n"
	       "3 the kernel, module, device or a permission is missing.\n",
	       FOLIOS_MAX, cycle_unmap_names, cycle_touch_names, usual_device());
}

/* Exit status, or -1 to go on. */
static int parse(struct cycle *c, int argc, char **argv)
{
	static const struct option options[] = {
		{ "folios", required_argument, NULL, 'n' },
		{ "unmap", required_argument, NULL, 'u' },
		{ "touch", required_argument, NULL, 't' },
		{ "device", required_argument, NULL, 'd' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	uint64_t number;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'n':
			if (!parse_number(optarg, 1, FOLIOS_MAX, &number))
				return complain(EXIT_USAGE, "--folios takes 1 to %d, not \"%s\"",
						FOLIOS_MAX, optarg);
			c->folios = number;
			break;
		case 'u':
			c->unmap = optarg;
			break;
		case 't':
			c->touch = optarg;
			break;
		case 'd':
			c->path = optarg;
			break;
		case 'j':
			c->json = true;
			break;
		case 'h':
			help();
			return EXIT_GOOD;
		default:
			return complain(EXIT_USAGE, "see devthp cycle --help");
		}
	}
	if (optind < argc)
		return complain(EXIT_USAGE, "cycle takes no \"%s\"; see devthp cycle --help",
				argv[optind]);
	if (!cycle_knows(c))
		return complain(EXIT_USAGE, "--unmap is one of %s; --touch one of %s",
				cycle_unmap_names, cycle_touch_names);
	return -1;
}

static int take(struct cycle *c, struct devthp_snapshot **snap)
{
	struct devthp_snapshot_opts opts = { .size = sizeof(opts), .dev = c->dev };

	return devthp_snapshot_take(snap, c->addr, c->npages, &opts);
}

/* Everything the run needs, except the first touch. */
static int prepare(struct cycle *c)
{
	struct devthp_device_info info = { .size = sizeof(info) };
	struct devthp_range_opts opts = { .size = sizeof(opts) };
	struct devthp_snapshot *snap;
	int ret;

	if (!devthp_device_query(c->dev, &info) && info.caps & DEVTHP_CAP_COHERENT)
		return complain(EXIT_LACKING,
				"%s has coherent memory, which the CPU uses where it is: no touch brings anything back",
				info.path);

	c->folio_pages = c->system.pmd_size / c->system.page_size;
	c->npages = c->folios * c->folio_pages;
	c->hole = calloc(c->npages, 1);
	c->location = calloc(c->npages, 1);
	if (!c->hole || !c->location)
		return complain(EXIT_LACKING, "no memory for the books of %zu pages", c->npages);
	if (!cycle_plan(c))
		return complain(EXIT_LACKING, "no page of such a folio could be touched");

	opts.bytes = c->npages * c->system.page_size;
	ret = devthp_range_alloc(&c->range, &opts);
	opts.advice = DEVTHP_ADVICE_SMALL;
	ret = ret ? ret : devthp_range_alloc(&c->buffer, &opts);
	if (ret)
		return complain(EXIT_LACKING, "cannot reserve memory: %s", strerror(-ret));
	c->addr = devthp_range_addr(c->range);

	/* The first snapshot makes room in our heap, so that later ones need none. */
	ret = take(c, &snap);
	if (!ret)
		devthp_snapshot_free(snap);
	ret = ret ? ret : devthp_counters_take(&c->before);
	if (ret)
		return complain(EXIT_LACKING, "cannot look at our own memory: %s", strerror(-ret));

	c->pattern.size = sizeof(c->pattern);
	c->pattern.seed = (uint64_t)time(NULL) << 20 ^ (uint64_t)getpid();
	c->pattern.generation = 1;
	return EXIT_GOOD;
}

static void put_away(struct cycle *c)
{
	devthp_range_free(c->range);
	devthp_range_free(c->buffer);
	devthp_counters_free(c->before);
	devthp_device_close(c->dev);
	free(c->hole);
	free(c->location);
}

static void expect_all(struct cycle *c, uint8_t location)
{
	size_t i;

	for (i = 0; i < c->npages; i++) {
		if (c->location[i] != DEVTHP_LOC_UNMAPPED || location == DEVTHP_LOC_UNMAPPED)
			c->location[i] = location;
	}
}

static int step_touch(struct cycle *c)
{
	memset(c->location, DEVTHP_LOC_SYSTEM, c->npages);
	return devthp_pattern_fill(c->addr, 0, c->npages, &c->pattern);
}

static int step_to_device(struct cycle *c)
{
	expect_all(c, DEVTHP_LOC_DEVICE);
	return devthp_migrate_to_device(c->dev, c->addr, c->npages, NULL);
}

static int step_unmap(struct cycle *c)
{
	size_t first, last;
	int ret;

	for (first = 0; first < c->npages; first = last) {
		for (last = first + 1; last < c->npages && c->hole[last] == c->hole[first]; last++)
			;
		if (!c->hole[first])
			continue;
		memset(c->location + first, DEVTHP_LOC_UNMAPPED, last - first);
		ret = devthp_range_unmap(c->range, first, last - first);
		if (ret)
			return ret;
	}
	return 0;
}

static void read_byte(const struct cycle *c, size_t page)
{
	(void)*(volatile char *)(c->addr + page * c->system.page_size);
}

static int step_touch_byte(struct cycle *c)
{
	size_t page;

	/* A folio without a hole is one entry still, and comes as a whole. */
	if (!c->hole_pages)
		expect_all(c, DEVTHP_LOC_SYSTEM);
	for (page = c->touched; page < c->npages; page += c->folio_pages) {
		c->location[page] = DEVTHP_LOC_SYSTEM;
		read_byte(c, page);
	}
	return 0;
}

static int step_read_back(struct cycle *c)
{
	size_t page;

	expect_all(c, DEVTHP_LOC_SYSTEM);
	for (page = 0; page < c->npages; page++) {
		if (c->location[page] != DEVTHP_LOC_UNMAPPED)
			read_byte(c, page);
	}
	return 0;
}

static int step_free(struct cycle *c)
{
	struct devthp_range *range = c->range;

	expect_all(c, DEVTHP_LOC_UNMAPPED);
	c->range = NULL;
	return devthp_range_free(range);
}

static const struct step {
	const char *name;	/* NULL: the hole's */
	int (*act)(struct cycle *c);
	enum { DATA_BY_CPU, DATA_BY_DEVICE, DATA_GONE } data;
} steps[] = {
	{ "touched", step_touch, DATA_BY_CPU },
	/* The CPU must not look while it is away: looking fetches it. */
	{ "on the device", step_to_device, DATA_BY_DEVICE },
	{ NULL, step_unmap, DATA_BY_DEVICE },
	{ "one byte touched by the CPU", step_touch_byte, DATA_BY_DEVICE },
	{ "all read back", step_read_back, DATA_BY_CPU },
	{ "freed", step_free, DATA_GONE },
};

static const char *name_of(const struct cycle *c, const struct step *step, char *text, size_t room)
{
	if (step->name)
		return step->name;
	snprintf(text, room, "%zu page%s unmapped (%s)", c->hole_pages,
		 c->hole_pages == 1 ? "" : "s", c->unmap);
	return text;
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

/* A guest's clock may tick as slowly as its timer: claim no more than it knows. */
static void duration_text(char *text, size_t room, double ms)
{
	struct timespec t = { .tv_nsec = 0 };
	double tick;

	clock_getres(CLOCK_MONOTONIC, &t);
	tick = t.tv_sec * 1e3 + t.tv_nsec / 1e6;
	if (tick < 0.01)
		snprintf(text, room, "%.2f ms", ms);
	else if (ms < tick)
		snprintf(text, room, "< %.0f ms", tick);
	else
		snprintf(text, room, "%.0f ms", ms);
}

/* What the step left: whether it succeeded, and what is where. */
static void judge(struct cycle *c, const struct step *step, int done, const char *name,
		  const char *duration)
{
	struct devthp_snapshot *snap;
	const char *data = "-";
	int ret = take(c, &snap);

	if (ret) {
		cycle_wrong(c, "step \"%s\": cannot look at the pages: %s", name, strerror(-ret));
		return;
	}
	if (done)
		cycle_wrong(c, "step \"%s\" failed: %s", name, strerror(-done));
	else if (step->data != DATA_GONE)
		data = cycle_check_data(c, step->data == DATA_BY_DEVICE);
	cycle_show_groups(name, snap, data, duration);
	fact_string("data", data, NULL);
	cycle_show_pages(c, snap);
	cycle_check(c, snap);
	if (step->data == DATA_GONE)
		cycle_check_counters(c);
	devthp_snapshot_free(snap);
}

static void run_step(struct cycle *c, size_t number)
{
	const struct step *step = &steps[number];
	char text[64], name[80], duration[32];
	unsigned int wrong = c->wrong;
	double start, ms;
	int done;

	fact_object(NULL);
	fact_number("step", number + 1, NULL);
	fact_string("name", name_of(c, step, text, sizeof(text)), NULL);
	snprintf(name, sizeof(name), "%zu %s", number + 1,
		 name_of(c, step, text, sizeof(text)));
	start = now_ms();
	done = step->act(c);
	ms = now_ms() - start;
	duration_text(duration, sizeof(duration), ms);
	fact_real("milliseconds", ms, NULL);
	judge(c, step, done, name, duration);
	cycle_show_verdict(c, c->wrong == wrong);
	fact_end();
}

static int run(struct cycle *c)
{
	size_t i;

	cycle_show_heads(c);
	fact_list("steps");
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		run_step(c, i);
		if (c->wrong)
			break;
	}
	fact_end();
	if (c->wrong)
		return complain(EXIT_WRONG, "cycle: wrong at step %zu of %zu", i + 1,
				ARRAY_SIZE(steps));
	words("\nAll %zu steps verified.\n", ARRAY_SIZE(steps));
	return EXIT_GOOD;
}

int cmd_cycle(int argc, char **argv)
{
	struct cycle c = {
		.folios = 1, .unmap = "middle", .touch = "first",
		.system = { .size = sizeof(c.system) },
	};
	int status, ret;

	status = parse(&c, argc, argv);
	if (status >= 0)
		return status;
	ret = open_device(&c.dev, c.path);
	if (is_wrong_device(ret))
		return explain_device(ret, c.path);

	report_begin("cycle", c.json);
	status = devthp_system_query(&c.system);
	if (status)
		return complain(EXIT_LACKING, "cannot query the system: %s", strerror(-status));
	status = need_huge_pages(&c.system);
	if (!status && ret)
		status = explain_device(ret, c.path);
	if (!status)
		status = need_whole_folios(c.dev, &c.system);
	if (!status)
		status = prepare(&c);
	if (!status)
		status = run(&c);
	put_away(&c);
	return status;
}
