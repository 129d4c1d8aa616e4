// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* "devthp map": what the pages of a process are, in runs of like pages, and pictures. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "report.h"
#include "target.h"
#include "view.h"

/* Pages looked at in one go. */
#define CHUNK 4096

static void help(void)
{
	puts("Usage: devthp map [OPTION]... PID [START-END]\n"
	     "Draw what the pages of a process are: for each mapping a picture, and runs of\n"
	     "pages of one location, entry level and folio order. START and END are\n"
	     "hexadecimal, as in /proc/PID/maps.\n\n"
	     "  huge   one PMD entry maps a folio\n"
	     "  split  a folio of that size, but mapped page by page\n"
	     "  large  a folio of a size between\n"
	     "  small  a page of its own\n"
	     "  hole   a mapping, and no page\n\n"
	     "  --json\n"
	     "  --help\n\n"
	     "Exit status: 0 done, 2 usage, 3 no such process, no memory, or not allowed.");
}

struct run {
	uint64_t start, end;
	struct devthp_page page;
};

/* The mapping that is drawn. */
struct drawing {
	struct run run;
	struct bar bar;
	uint32_t pmd_order;
};

static bool alike(const struct devthp_page *a, const struct devthp_page *b)
{
	const uint32_t mask = DEVTHP_KNOWN_LEVEL | DEVTHP_KNOWN_ORDER;

	return a->location == b->location && a->level == b->level && a->order == b->order &&
	       (a->known & mask) == (b->known & mask);
}

static const char *kind_of(const struct devthp_page *page, uint32_t pmd_order)
{
	if (page->location == DEVTHP_LOC_EMPTY)
		return "hole";
	if (page->known & DEVTHP_KNOWN_LEVEL && page->level != DEVTHP_LEVEL_PTE)
		return "huge";
	if (!(page->known & DEVTHP_KNOWN_ORDER))
		return NULL;
	if (!page->order)
		return "small";
	if (!(page->known & DEVTHP_KNOWN_LEVEL))
		return NULL;
	return page->order < pmd_order ? "large" : "split";
}

static void show_run(const struct run *run, uint32_t pmd_order)
{
	const struct devthp_page *page = &run->page;
	const uint64_t pages = (run->end - run->start) / devthp_page_size();
	const char *kind = kind_of(page, pmd_order);

	if (run->start == run->end || page->location == DEVTHP_LOC_UNMAPPED)
		return;
	fact_object(NULL);
	fact_hex("start", run->start, "%012" PRIx64, run->start);
	fact_hex("end", run->end, "-%012" PRIx64, run->end);
	fact_string("where", devthp_location_name(page->location), " %-9s",
		    devthp_location_name(page->location));
	if (kind)
		fact_string("kind", kind, " %-5s", kind);
	else
		fact_null("kind", " %-5s", "?");
	if (page->known & DEVTHP_KNOWN_LEVEL)
		fact_string("level", devthp_level_name(page->level), " %5s",
			    devthp_level_name(page->level));
	else
		fact_null("level", " %5s", "?");
	if (page->known & DEVTHP_KNOWN_ORDER)
		fact_number("order", page->order, " %5u", page->order);
	else
		fact_null("order", " %5s", page->location == DEVTHP_LOC_EMPTY ? "-" : "?");
	fact_number("pages", pages, " %8" PRIu64 "\n", pages);
	fact_end();
}

static int show_chunk(pid_t pid, uint64_t start, size_t npages, struct drawing *d)
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
		if (d->run.start == d->run.end || !alike(&d->run.page, &page)) {
			show_run(&d->run, d->pmd_order);
			d->run.start = start + i * devthp_page_size();
			d->run.page = page;
		}
		d->run.end = start + (i + 1) * devthp_page_size();
		bar_add(&d->bar, &page);
	}
	devthp_snapshot_free(snap);
	return 0;
}

static void show_mapping(const struct mapping *mapping)
{
	fact_hex("start", mapping->start, NULL);
	fact_hex("end", mapping->end, NULL);
	if (!mapping->line)
		return;
	words("%s\n", mapping->line);
	fact_string("permissions", mapping->permissions, NULL);
	fact_string("name", mapping->name, NULL);
}

static int show_range(const struct target *target, const struct mapping *mapping, void *data)
{
	const struct devthp_system *system = data;
	const uint64_t npages = (mapping->end - mapping->start) / system->page_size;
	struct drawing d = { .pmd_order = system->pmd_order };
	uint64_t done, some;
	int ret = 0;

	d.bar.per = (npages + BAR_WIDTH - 1) / BAR_WIDTH;
	fact_object(NULL);
	show_mapping(mapping);
	fact_bool("left_out", mapping->too_large, NULL);
	if (mapping->too_large) {
		words("  left out, as it is more than 1 TiB; ask for a range of it\n\n");
		fact_list("runs");
		fact_end();
		fact_end();
		return 0;
	}
	fact_list("runs");
	for (done = 0; !ret && done < npages; done += some) {
		some = npages - done < CHUNK ? npages - done : CHUNK;
		ret = show_chunk(target->pid, mapping->start + done * system->page_size, some, &d);
	}
	show_run(&d.run, d.pmd_order);
	fact_end();
	if (!ret) {
		fact_string("picture", d.bar.cells, "  |%s|", d.bar.cells);
		fact_number("pages_per_character", d.bar.per, " %zu page%s each\n\n", d.bar.per,
			    d.bar.per == 1 ? "" : "s");
	}
	fact_end();
	return ret;
}

int cmd_map(int argc, char **argv)
{
	struct devthp_system system = { .size = sizeof(system) };
	struct target target;
	int ret;

	ret = target_parse(&target, argc, argv, help);
	if (ret >= 0)
		return ret;
	report_begin("map", target.json);
	ret = devthp_system_query(&system);
	if (ret)
		return complain(EXIT_LACKING, "cannot query the system: %s", strerror(-ret));
	fact_number("pid", target.pid, NULL);
	fact_number("page_size", system.page_size, NULL);
	words("Pictures: %s\n\naddress                   where     kind  level order    pages\n",
	      BAR_LEGEND);
	fact_list("ranges");
	ret = target_for_each(&target, show_range, &system);
	return ret ? target_complain(&target, ret) : EXIT_GOOD;
}
