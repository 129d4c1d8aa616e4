// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "charges.h"
#include "layout.h"
#include "scene.h"
#include "settle.h"
#include "textfile.h"
#include "verdict.h"

#define KB 1024

/* ---- Reading ---- */

static const char *read_stat(const struct memcg *memcg, struct charges *charges)
{
	const struct {
		const char *field;
		uint64_t *to;
	} fields[] = {
		{ "anon", &charges->anon },
		{ "anon_thp", &charges->anon_thp },
		{ "file", &charges->file },
		{ "kernel", &charges->kernel },
		{ "pagetables", &charges->pagetables },
		{ "unevictable", &charges->unevictable },
	};
	static const char * const lists[] = {
		"inactive_anon", "active_anon", "inactive_file", "active_file",
		"unevictable",
	};
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		CHECK(memcg_stat(memcg, fields[i].field, fields[i].to));
	charges->lru = 0;
	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		uint64_t bytes;

		CHECK(memcg_stat(memcg, lists[i], &bytes));
		charges->lru += bytes;
	}
	/* Of a kernel that can swap. */
	if (!is_right(memcg_stat(memcg, "swapcached", &charges->swapcached)))
		charges->swapcached = 0;
	return RIGHT;
}

static const char *read_charges(const struct memcg *memcg, struct charges *charges)
{
	static const char rollup[] = "/proc/self/smaps_rollup";

	CHECK(memcg_number(memcg, "memory.current", &charges->current));
	CHECK(read_stat(memcg, charges));
	CHECK(file_field("/proc/self/status", "VmPTE:", &charges->own_tables));
	CHECK(file_field(rollup, "Anonymous:", &charges->own_anon));
	CHECK(file_field(rollup, "AnonHugePages:", &charges->own_huge));
	charges->own_tables *= KB;
	charges->own_anon *= KB;
	charges->own_huge *= KB;
	return RIGHT;
}

/*
 * A private page that was there before a fork is copied when it is written next,
 * and the copy is charged, while the process has no page more. So all that this
 * program has of its own, besides samples, is written now.
 */
static const char *have_own_pages(void)
{
	static char here;
	const uintptr_t bss = (uintptr_t)&here;
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512];

	if (!maps)
		return wrong("/proc/self/maps cannot be read");
	while (fgets(line, sizeof(line), maps)) {
		unsigned long start, end, at;

		if (sscanf(line, "%lx-%lx rw-p ", &start, &end) != 2 ||
		    !strstr(line, " rw-p "))
			continue;
		if (!strchr(line, '/') && !strstr(line, "[heap]") &&
		    !strstr(line, "[stack]") && (bss < start || bss >= end))
			continue;
		for (at = start; at < end; at += devthp_page_size()) {
			volatile char *byte = (volatile char *)at;

			*byte = *byte;
		}
	}
	fclose(maps);
	return RIGHT;
}

const char *charges_begin(struct memcg *memcg, struct charges *charges)
{
	CHECK(memcg_enter(memcg));
	CHECK(have_own_pages());
	return read_charges(memcg, charges);
}

/* ---- Comparing ---- */

static const char *is_about(const char *what, int64_t is, int64_t want,
			    int64_t less, int64_t more)
{
	if (is < want - less || is > want + more)
		return wrong("%s is %" PRId64 "; should be %" PRId64 " (-%" PRId64 ", +%" PRId64 ")",
			     what, is, want, less, more);
	return RIGHT;
}

/* Bytes of the sample that are on the device, or that only a child maps. */
struct elsewhere {
	int64_t device, child, child_huge;
};

/* What was cut here alone, a child still has, on the device. */
static const char *look_elsewhere(const struct scene *scene,
				  const struct devthp_snapshot *snap,
				  struct elsewhere *elsewhere)
{
	const struct sample *sample = &scene->sample;
	size_t i;

	for (i = 0; i < sample->pages; i++) {
		struct devthp_page page = { .size = sizeof(page) };

		CHECK(went_well("read a snapshot",
				devthp_snapshot_page(snap, i, &page)));
		if (sample->hole[i] && scene->children)
			elsewhere->child += devthp_page_size();
		if (page.flags & DEVTHP_FOLIO_ZONE_DEVICE)
			elsewhere->device += devthp_page_size();
		if (page.known & DEVTHP_KNOWN_MAPCOUNTS &&
		    page.entire_mapcount && page.level != DEVTHP_LEVEL_PMD)
			elsewhere->child_huge = devthp_pmd_size();
	}
	elsewhere->device += elsewhere->child;
	return RIGHT;
}

/* Each CPU may have charged so much in advance: MEMCG_CHARGE_BATCH. */
static int64_t charged_in_advance(void)
{
	return 64 * devthp_page_size() * sysconf(_SC_NPROCESSORS_CONF);
}

/*
 * All of it is on some list of the kernel's, and charged. Pages of the swap cache
 * count as "file"; as "anon", too, if they are mapped. What MADV_FREE was called
 * for is on the lists of files.
 */
static const char *sums_are_right(const struct charges *now, int64_t device,
				  int64_t slack)
{
	const int64_t cached = now->swapcached;
	const int64_t pages = now->anon + now->file - now->swapcached;

	CHECK(is_about("what is on LRU lists of the cgroup", now->lru,
		       pages - device, slack, slack + cached));
	return is_about("memory.current", now->current, pages + now->kernel,
			slack, slack + cached + charged_in_advance());
}

struct question {
	const struct scene *scene;
	uint64_t slack;
};

static const char *are_right(const void *arg)
{
	const struct question *question = arg;
	const struct scene *scene = question->scene;
	const struct charges *before = &scene->charges;
	const int64_t slack = question->slack;
	struct elsewhere elsewhere = { 0 };
	struct devthp_snapshot *snap;
	const char *looked;
	struct charges now;

	CHECK(went_well("take a snapshot",
			devthp_snapshot_take(&snap, scene->sample.addr,
					     scene->sample.pages, NULL)));
	looked = look_elsewhere(scene, snap, &elsewhere);
	devthp_snapshot_free(snap);
	CHECK(looked);
	CHECK(read_charges(&scene->memcg, &now));
	CHECK(is_about("anon of the cgroup", now.anon - before->anon,
		       now.own_anon - before->own_anon + elsewhere.child,
		       slack, slack));
	CHECK(is_about("anon_thp of the cgroup",
		       now.anon_thp - before->anon_thp,
		       now.own_huge - before->own_huge +
		       elsewhere.child_huge, 0, 0));
	CHECK(is_about("pagetables of the cgroup",
		       now.pagetables - before->pagetables,
		       now.own_tables - before->own_tables, slack, slack));
	return sums_are_right(&now, elsewhere.device, slack);
}

const char *charges_are_right(const struct scene *scene, uint64_t slack)
{
	const struct question question = { scene, slack };

	return settles(are_right, &question);
}

static const char *are_gone(const void *arg)
{
	const struct question *question = arg;
	const int64_t slack = question->slack;
	struct charges now;

	CHECK(read_charges(&question->scene->memcg, &now));
	CHECK(is_about("anon_thp of the cgroup, in the end,", now.anon_thp, 0,
		       0, 0));
	CHECK(is_about("unevictable of the cgroup, in the end,",
		       now.unevictable, 0, 0, 0));
	CHECK(is_about("anon of the cgroup, in the end,", now.anon, 0, 0,
		       slack));
	CHECK(is_about("pagetables of the cgroup, in the end,", now.pagetables,
		       0, 0, slack));
	return sums_are_right(&now, 0, slack);
}

const char *charges_are_gone(const struct scene *scene, uint64_t slack)
{
	const struct question question = { scene, slack };

	return settles(are_gone, &question);
}
