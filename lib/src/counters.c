// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Counters of the kernel, read together. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define HUGE_STATS	"/sys/kernel/mm/transparent_hugepage/hugepages-%zukB/stats/%s"

/* A line "key value" of a file; without a file, a statistic of that name. */
static const struct {
	const char *name;
	const char *file;
	const char *key;
	uint64_t unit;
} table[] = {
	[DEVTHP_COUNT_RSS_ANON] = { "rss_anon", "/proc/self/status", "RssAnon:", 1024 },
	[DEVTHP_COUNT_SWAP] = { "swap", "/proc/self/status", "VmSwap:", 1024 },
	[DEVTHP_COUNT_PAGE_TABLES] = { "page_tables", "/proc/self/status", "VmPTE:", 1024 },
	[DEVTHP_COUNT_ANON_HUGE] = {
		"anon_huge", "/proc/self/smaps_rollup", "AnonHugePages:", 1024
	},
	[DEVTHP_COUNT_SYS_ANON_HUGE] = {
		"sys_anon_huge", "/proc/meminfo", "AnonHugePages:", 1024
	},
	[DEVTHP_COUNT_NR_ANON] = { "nr_anon", NULL, "nr_anon", 1 },
	[DEVTHP_COUNT_PARTIALLY_MAPPED] = {
		"partially_mapped", NULL, "nr_anon_partially_mapped", 1
	},
	[DEVTHP_COUNT_SPLIT] = { "split", NULL, "split", 1 },
	[DEVTHP_COUNT_SPLIT_PMD] = { "split_pmd", "/proc/vmstat", "thp_split_pmd ", 1 },
	[DEVTHP_COUNT_PINS_TAKEN] = { "pins_taken", "/proc/vmstat", "nr_foll_pin_acquired ", 1 },
	[DEVTHP_COUNT_PINS_RELEASED] = {
		"pins_released", "/proc/vmstat", "nr_foll_pin_released ", 1
	},
	[DEVTHP_COUNT_SYS_ANON] = { "sys_anon", "/proc/meminfo", "AnonPages:", 1024 },
	[DEVTHP_COUNT_SYS_PAGE_TABLES] = {
		"sys_page_tables", "/proc/meminfo", "PageTables:", 1024
	},
	[DEVTHP_COUNT_SYS_MLOCKED] = { "sys_mlocked", "/proc/meminfo", "Mlocked:", 1024 },
};

_Static_assert(ARRAY_SIZE(table) == DEVTHP_COUNTERS, "every counter has a source");

struct devthp_counters {
	bool known[DEVTHP_COUNTERS];
	uint64_t value[DEVTHP_COUNTERS];
};

const char *devthp_counter_name(unsigned int counter)
{
	return counter < DEVTHP_COUNTERS ? table[counter].name : "?";
}

static bool find_line(const char *text, const char *key, uint64_t *value)
{
	const size_t length = strlen(key);

	while (text && strncmp(text, key, length)) {
		text = strchr(text, '\n');
		text += text ? 1 : 0;
	}
	return text && sscanf(text + length, "%" SCNu64, value) == 1;
}

static bool read_counter(unsigned int counter, size_t pmd_size, uint64_t *value)
{
	char path[128], *text;
	bool found;

	if (!table[counter].file) {
		snprintf(path, sizeof(path), HUGE_STATS, pmd_size / 1024, table[counter].key);
		return !devthp_read_number(path, value);
	}
	if (devthp_read_text(table[counter].file, &text))
		return false;
	found = find_line(text, table[counter].key, value);
	free(text);
	*value *= table[counter].unit;
	return found;
}

int devthp_counters_take(struct devthp_counters **counters)
{
	DEVTHP_KEEP_ERRNO;
	size_t pmd_size = devthp_pmd_size();
	struct devthp_counters *c;
	unsigned int i;

	if (!counters)
		return -EINVAL;
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	for (i = 0; i < DEVTHP_COUNTERS; i++)
		c->known[i] = read_counter(i, pmd_size, &c->value[i]);
	*counters = c;
	return 0;
}

int devthp_counters_free(struct devthp_counters *counters)
{
	free(counters);
	return 0;
}

int devthp_counters_get(const struct devthp_counters *counters, unsigned int counter,
			uint64_t *value)
{
	if (!counters || counter >= DEVTHP_COUNTERS || !value)
		return -EINVAL;
	if (!counters->known[counter])
		return -ENODATA;
	*value = counters->value[counter];
	return 0;
}

int devthp_counters_delta(const struct devthp_counters *before,
			  const struct devthp_counters *after, unsigned int counter,
			  int64_t *delta)
{
	uint64_t from, to;
	int ret;

	if (!delta)
		return -EINVAL;
	ret = devthp_counters_get(before, counter, &from);
	ret = ret ? ret : devthp_counters_get(after, counter, &to);
	if (!ret)
		*delta = (int64_t)(to - from);
	return ret;
}
