// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* "devthp map": what the pages of a process are, in runs of like pages. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "target.h"
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

static int show_range(const struct target *target, uint64_t start, uint64_t end,
		      const char *line, void *data)
{
	const size_t page_size = devthp_page_size();
	struct run run = { .start = 0 };
	int ret = 0;

	(void)data;
	if (line)
		fputs(line, stdout);
	while (!ret && start < end) {
		uint64_t npages = (end - start) / page_size;

		npages = npages < CHUNK ? npages : CHUNK;
		ret = show_chunk(target->pid, start, npages, &run);
		start += npages * page_size;
	}
	print_run(&run);
	return ret;
}

int cmd_map(int argc, char **argv)
{
	struct target target;
	int ret;

	ret = target_parse(&target, argc, argv, help);
	if (ret >= 0)
		return ret;
	puts("address                   where     level order    pages");
	ret = target_for_each(&target, show_range, NULL);
	return ret ? target_complain(&target, ret) : EXIT_GOOD;
}
