// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* "devthp map": what the pages of a process are, in runs of like pages. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "view.h"

/* Pages looked at in one go. */
#define CHUNK 4096

static void help(void)
{
	puts("Usage: devthp map PID [START-END]\n"
	     "Show what the pages of a process are: runs of pages of one location, entry\n"
	     "level and folio order. START and END are hexadecimal, as in /proc/PID/maps.\n\n"
	     "  --help\n\n"
	     "Exit status: 0 done, 2 usage, 3 no such process, or not allowed.");
}

struct run {
	uint64_t start, end;
	struct devthp_page page;
};

static bool alike(const struct devthp_page *a, const struct devthp_page *b)
{
	const uint32_t mask = DEVTHP_KNOWN_LEVEL | DEVTHP_KNOWN_ORDER;

	return a->location == b->location && a->level == b->level && a->order == b->order &&
	       (a->known & mask) == (b->known & mask);
}

static void print_run(const struct run *run)
{
	char order[16] = "?";

	if (run->start == run->end || run->page.location == DEVTHP_LOC_UNMAPPED)
		return;
	if (run->page.location == DEVTHP_LOC_EMPTY)
		strcpy(order, "-");
	else if (run->page.known & DEVTHP_KNOWN_ORDER)
		snprintf(order, sizeof(order), "%u", run->page.order);
	printf("%012" PRIx64 "-%012" PRIx64 " %-9s %5s %5s %8" PRIu64 "\n", run->start, run->end,
	       devthp_location_name(run->page.location),
	       run->page.known & DEVTHP_KNOWN_LEVEL ? devthp_level_name(run->page.level) : "?",
	       order, (run->end - run->start) / devthp_page_size());
}

static int show_chunk(pid_t pid, uint64_t start, size_t npages, struct run *run)
{
	struct devthp_snapshot_opts opts = { .size = sizeof(opts), .pid = pid };
	struct devthp_snapshot *snap;
	size_t i;
	int ret;

	ret = devthp_snapshot_take(&snap, (const void *)(uintptr_t)start, npages, &opts);
	if (ret)
		return ret;
	for (i = 0; i < npages; i++) {
		struct devthp_page page = { .size = sizeof(page) };

		devthp_snapshot_page(snap, i, &page);
		if (run->start == run->end || !alike(&run->page, &page)) {
			print_run(run);
			run->start = start + i * devthp_page_size();
			run->page = page;
		}
		run->end = start + (i + 1) * devthp_page_size();
	}
	devthp_snapshot_free(snap);
	return 0;
}

static int show_range(pid_t pid, uint64_t start, uint64_t end)
{
	const size_t page_size = devthp_page_size();
	struct run run = { .start = 0 };
	int ret = 0;

	while (!ret && start < end) {
		uint64_t npages = (end - start) / page_size;

		npages = npages < CHUNK ? npages : CHUNK;
		ret = show_chunk(pid, start, npages, &run);
		start += npages * page_size;
	}
	print_run(&run);
	return ret;
}

static int show_all(pid_t pid)
{
	unsigned long start, end;
	char path[64], *line = NULL;
	size_t room = 0;
	int ret = 0;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	maps = fopen(path, "r");
	if (!maps)
		return errno == ENOENT ? -ESRCH : -errno;
	while (!ret && getline(&line, &room, maps) > 0) {
		/* The kernel's own pages are in no page table of the process. */
		if (strstr(line, "[vsyscall]") || sscanf(line, "%lx-%lx", &start, &end) != 2)
			continue;
		fputs(line, stdout);
		ret = show_range(pid, start, end);
	}
	free(line);
	fclose(maps);
	return ret;
}

static bool parse_range(const char *text, uint64_t *start, uint64_t *end)
{
	int length = 0;

	return sscanf(text, "%" SCNx64 "-%" SCNx64 "%n", start, end, &length) == 2 &&
	       !text[length] && *start < *end && *start % devthp_page_size() == 0 &&
	       *end % devthp_page_size() == 0;
}

int cmd_map(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	uint64_t pid, start, end;
	int option, ret;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option != 'h')
			return complain(EXIT_USAGE, "see devthp map --help");
		help();
		return EXIT_GOOD;
	}
	if (argc - optind < 1 || argc - optind > 2 ||
	    !parse_number(argv[optind], 1, INT32_MAX, &pid))
		return complain(EXIT_USAGE,
				"map takes a process id and maybe a range; see devthp map --help");
	if (argv[optind + 1] && !parse_range(argv[optind + 1], &start, &end))
		return complain(EXIT_USAGE, "\"%s\" is no range of whole pages like 7f0000000000-7f0000200000",
				argv[optind + 1]);

	puts("address                   where     level order    pages");
	ret = argv[optind + 1] ? show_range((pid_t)pid, start, end) : show_all((pid_t)pid);
	if (ret == -ESRCH)
		return complain(EXIT_LACKING, "there is no process %d", (int)pid);
	if (ret)
		return complain(EXIT_LACKING, "cannot look at process %d: %s", (int)pid,
				strerror(-ret));
	return EXIT_GOOD;
}
