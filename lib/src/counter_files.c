// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* The files that counters are in; each is read once for all that are wanted of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "counters.h"
#include "text.h"

#define KB		1024
#define CGROUP_ROOT	"/sys/fs/cgroup"
#define HUGE_STATS	"/sys/kernel/mm/transparent_hugepage/hugepages-%zukB/stats/%s"

enum file {
	NO_FILE,
	STATUS,
	ROLLUP,
	MEMINFO,
	VMSTAT,
	MEMCG_STAT,
	MEMCG_CURRENT,
	MEMCG_SWAP,
	FILES
};

static const char *const paths[FILES] = {
	[STATUS] = "/proc/self/status",
	[ROLLUP] = "/proc/self/smaps_rollup",
	[MEMINFO] = "/proc/meminfo",
	[VMSTAT] = "/proc/vmstat",
};

/* Below the process's cgroup. */
static const char *const memcg_files[FILES] = {
	[MEMCG_STAT] = "memory.stat",
	[MEMCG_CURRENT] = "memory.current",
	[MEMCG_SWAP] = "memory.swap.current",
};

/* A line "key value" of a file, or all of it. */
static const struct {
	enum file file;
	const char *key;
	uint64_t unit;
} sources[DEVTHP_COUNTERS] = {
	[DEVTHP_COUNT_RSS_ANON] = { STATUS, "RssAnon:", KB },
	[DEVTHP_COUNT_SWAP] = { STATUS, "VmSwap:", KB },
	[DEVTHP_COUNT_PAGE_TABLES] = { STATUS, "VmPTE:", KB },
	[DEVTHP_COUNT_ANON_HUGE] = { ROLLUP, "AnonHugePages:", KB },
	[DEVTHP_COUNT_SYS_ANON_HUGE] = { MEMINFO, "AnonHugePages:", KB },
	[DEVTHP_COUNT_SPLIT_PMD] = { VMSTAT, "thp_split_pmd", 1 },
	[DEVTHP_COUNT_PINS_TAKEN] = { VMSTAT, "nr_foll_pin_acquired", 1 },
	[DEVTHP_COUNT_PINS_RELEASED] = { VMSTAT, "nr_foll_pin_released", 1 },
	[DEVTHP_COUNT_SYS_ANON] = { MEMINFO, "AnonPages:", KB },
	[DEVTHP_COUNT_SYS_PAGE_TABLES] = { MEMINFO, "PageTables:", KB },
	[DEVTHP_COUNT_SYS_MLOCKED] = { MEMINFO, "Mlocked:", KB },
	[DEVTHP_COUNT_ANON] = { ROLLUP, "Anonymous:", KB },
	[DEVTHP_COUNT_THP_FAULT] = { VMSTAT, "thp_fault_alloc", 1 },
	[DEVTHP_COUNT_THP_FAULT_FALLBACK] = { VMSTAT, "thp_fault_fallback", 1 },
	[DEVTHP_COUNT_THP_COLLAPSE] = { VMSTAT, "thp_collapse_alloc", 1 },
	[DEVTHP_COUNT_THP_SPLIT] = { VMSTAT, "thp_split_page", 1 },
	[DEVTHP_COUNT_THP_SPLIT_FAILED] = { VMSTAT, "thp_split_page_failed", 1 },
	[DEVTHP_COUNT_THP_SPLIT_DEFERRED] = { VMSTAT, "thp_deferred_split_page", 1 },
	[DEVTHP_COUNT_THP_MIGRATED] = { VMSTAT, "thp_migration_success", 1 },
	[DEVTHP_COUNT_THP_MIGRATION_FAILED] = { VMSTAT, "thp_migration_fail", 1 },
	[DEVTHP_COUNT_THP_MIGRATION_SPLIT] = { VMSTAT, "thp_migration_split", 1 },
	[DEVTHP_COUNT_THP_SWAPPED_OUT] = { VMSTAT, "thp_swpout", 1 },
	[DEVTHP_COUNT_THP_SWAPPED_OUT_SPLIT] = { VMSTAT, "thp_swpout_fallback", 1 },
	[DEVTHP_COUNT_MIGRATED] = { VMSTAT, "pgmigrate_success", 1 },
	[DEVTHP_COUNT_MIGRATION_FAILED] = { VMSTAT, "pgmigrate_fail", 1 },
	[DEVTHP_COUNT_MEMCG] = { MEMCG_CURRENT, NULL, 1 },
	[DEVTHP_COUNT_MEMCG_SWAP] = { MEMCG_SWAP, NULL, 1 },
	[DEVTHP_COUNT_MEMCG_ANON] = { MEMCG_STAT, "anon", 1 },
	[DEVTHP_COUNT_MEMCG_ANON_HUGE] = { MEMCG_STAT, "anon_thp", 1 },
	[DEVTHP_COUNT_MEMCG_FILE] = { MEMCG_STAT, "file", 1 },
	[DEVTHP_COUNT_MEMCG_KERNEL] = { MEMCG_STAT, "kernel", 1 },
	[DEVTHP_COUNT_MEMCG_PAGE_TABLES] = { MEMCG_STAT, "pagetables", 1 },
	[DEVTHP_COUNT_MEMCG_SWAPCACHED] = { MEMCG_STAT, "swapcached", 1 },
	[DEVTHP_COUNT_MEMCG_INACTIVE_ANON] = { MEMCG_STAT, "inactive_anon", 1 },
	[DEVTHP_COUNT_MEMCG_ACTIVE_ANON] = { MEMCG_STAT, "active_anon", 1 },
	[DEVTHP_COUNT_MEMCG_INACTIVE_FILE] = { MEMCG_STAT, "inactive_file", 1 },
	[DEVTHP_COUNT_MEMCG_ACTIVE_FILE] = { MEMCG_STAT, "active_file", 1 },
	[DEVTHP_COUNT_MEMCG_UNEVICTABLE] = { MEMCG_STAT, "unevictable", 1 },
};

/* Statistics of PMD size had a number of their own first. */
static const struct {
	unsigned int counter, of_order;
} of_pmd_order[] = {
	{ DEVTHP_COUNT_NR_ANON, DEVTHP_SIZE_NR_ANON },
	{ DEVTHP_COUNT_PARTIALLY_MAPPED, DEVTHP_SIZE_PARTIALLY_MAPPED },
	{ DEVTHP_COUNT_SPLIT, DEVTHP_SIZE_SPLIT },
};

/* The line "0::/path" of /proc/self/cgroup; snprintf() of a path, or -1. */
static int memcg_path(char *path, size_t room, const char *file)
{
	char *text, *line;
	int length = -1;

	if (devthp_read_text("/proc/self/cgroup", &text))
		return -1;
	line = strncmp(text, "0::/", 4) ? strstr(text, "\n0::/") : text;
	if (line) {
		line = strchr(line, '/');
		line[strcspn(line, "\n")] = '\0';
		length = snprintf(path, room, CGROUP_ROOT "%s/%s", line, file);
	}
	free(text);
	return length;
}

/* NULL: it cannot be read. */
static char *text_of(enum file file)
{
	const size_t room = 4096;
	char *path, *text;
	int ret;

	if (paths[file])
		return devthp_read_text(paths[file], &text) ? NULL : text;
	path = malloc(room);
	if (!path)
		return NULL;
	ret = memcg_path(path, room, memcg_files[file]);
	ret = ret < 0 || (size_t)ret >= room ? -ENOENT : devthp_read_text(path, &text);
	free(path);
	return ret ? NULL : text;
}

static void read_file(struct devthp_counters *c, enum file file)
{
	char *text = NULL;
	unsigned int i;

	for (i = 0; i < DEVTHP_COUNTERS; i++) {
		if (sources[i].file != file || !c->wanted[i])
			continue;
		text = text ? text : text_of(file);
		if (!text)
			return;
		c->known[i] = sources[i].key ?
			devthp_parse_field(text, sources[i].key, &c->value[i]) :
			!!devthp_parse_number(text, 10, &c->value[i]);
		if (c->known[i])
			c->known[i] = !__builtin_mul_overflow(c->value[i], sources[i].unit,
							      &c->value[i]);
	}
	free(text);
}

static bool read_size(size_t bytes, unsigned int counter, uint64_t *value)
{
	char path[128];

	snprintf(path, sizeof(path), HUGE_STATS, bytes / KB, devthp_size_counter_file(counter));
	return !devthp_read_number(path, value);
}

static void read_sizes(struct devthp_counters *c)
{
	size_t bytes = devthp_page_size();
	unsigned int order, i;

	for (order = 0; order < DEVTHP_COUNT_ORDERS; order++, bytes *= 2) {
		const size_t place = devthp_counter_place(DEVTHP_COUNT_OF_ORDER(order, 0));

		for (i = 0; i < DEVTHP_SIZE_COUNTERS; i++)
			c->known[place + i] = c->wanted[place + i] &&
				read_size(bytes, i, &c->value[place + i]);
	}
}

static void read_pmd_size(struct devthp_counters *c)
{
	const size_t bytes = devthp_pmd_size();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(of_pmd_order); i++) {
		const unsigned int counter = of_pmd_order[i].counter;

		c->known[counter] = bytes && c->wanted[counter] &&
			read_size(bytes, of_pmd_order[i].of_order, &c->value[counter]);
	}
}

void devthp_counters_read(struct devthp_counters *c)
{
	const bool taken = c->wanted[DEVTHP_COUNT_PINS_TAKEN];
	const bool released = c->wanted[DEVTHP_COUNT_PINS_RELEASED];
	unsigned int file;

	/* It is read as the two, which not everybody has asked for. */
	if (c->wanted[DEVTHP_COUNT_PINS]) {
		c->wanted[DEVTHP_COUNT_PINS_TAKEN] = true;
		c->wanted[DEVTHP_COUNT_PINS_RELEASED] = true;
	}
	for (file = STATUS; file < FILES; file++)
		read_file(c, file);
	read_pmd_size(c);
	read_sizes(c);
	c->known[DEVTHP_COUNT_PINS] = c->wanted[DEVTHP_COUNT_PINS] &&
		c->known[DEVTHP_COUNT_PINS_TAKEN] && c->known[DEVTHP_COUNT_PINS_RELEASED];
	c->value[DEVTHP_COUNT_PINS] = c->value[DEVTHP_COUNT_PINS_TAKEN] -
				      c->value[DEVTHP_COUNT_PINS_RELEASED];
	c->known[DEVTHP_COUNT_PINS_TAKEN] &= taken;
	c->known[DEVTHP_COUNT_PINS_RELEASED] &= released;
}
