// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>

#include <devthp.h>

#include "explained.h"
#include "textfile.h"
#include "verdict.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

#define KB 1024

/*
 * Pages; more than any of up to 31 CPUs keeps to itself (percpu_counter_batch): the rest
 * goes along.
 */
#define MUCH 64

static const char *map_much_on(int cpu, void *addr, size_t bytes)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one) ||
	    madvise(addr, bytes, MADV_POPULATE_WRITE) ||
	    madvise(addr, bytes, MADV_DONTNEED))
		return went_well("map memory on each CPU", -errno);
	return RIGHT;
}

/* Each CPU counts what a process maps for itself, until that is much. */
static const char *collect_from_cpus(void)
{
	const size_t bytes = MUCH * devthp_page_size();
	void *addr = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const char *verdict = RIGHT;
	cpu_set_t allowed;
	int cpu;

	if (addr == MAP_FAILED)
		return went_well("mmap", -errno);
	sched_getaffinity(0, sizeof(allowed), &allowed);
	for (cpu = 0; cpu < CPU_SETSIZE && is_right(verdict); cpu++)
		if (CPU_ISSET(cpu, &allowed))
			verdict = map_much_on(cpu, addr, bytes);
	sched_setaffinity(0, sizeof(allowed), &allowed);
	munmap(addr, bytes);
	return verdict;
}

const char *rss_anon_remains(int64_t *bytes)
{
	uint64_t counted, mapped;

	CHECK(collect_from_cpus());
	CHECK(file_field("/proc/self/smaps_rollup", "Anonymous:", &mapped));
	CHECK(file_field("/proc/self/status", "RssAnon:", &counted));
	*bytes = ((int64_t)counted - (int64_t)mapped) * KB;
	return RIGHT;
}

const char *anon_of_others(int64_t *bytes)
{
	uint64_t counted, own;

	/* Private and written: that is anonymous. What is shared is of others, too. */
	CHECK(file_field("/proc/self/smaps_rollup", "Private_Dirty:", &own));
	CHECK(file_field("/proc/meminfo", "AnonPages:", &counted));
	*bytes = ((int64_t)counted - (int64_t)own) * KB;
	return RIGHT;
}

/* ---- Page tables ---- */

/* Of PTEs, of PMDs, and of those that lead to these: all are counted. */
#define LEVELS 3

/*
 * Tables of one kind, met in the order of addresses, so that one that several mappings
 * share is the last again: those that are there, and those that may be.
 */
struct tables {
	uintptr_t size;		/* bytes that one of them maps */
	uintptr_t last;		/* its number and 1, or 0 */
	bool last_is_sure;
	int64_t sure, unsure;
};

static void count_table(struct tables *tables, uintptr_t addr, bool is_sure)
{
	const uintptr_t number = addr / tables->size + 1;

	if (number != tables->last) {
		tables->last = number;
		tables->last_is_sure = is_sure;
		*(is_sure ? &tables->sure : &tables->unsure) += 1;
	} else if (is_sure && !tables->last_is_sure) {
		tables->last_is_sure = true;
		tables->sure++;
		tables->unsure--;
	}
}

/* Whether it has a page table now: what can be read is read. */
static bool is_there(uintptr_t page)
{
	return !madvise((void *)page, devthp_page_size(), MADV_POPULATE_READ);
}

static void count_mapping(struct tables *tables, uintptr_t start, uintptr_t end)
{
	const uintptr_t size = tables[0].size;
	uintptr_t at;
	int level;

	for (at = start; at < end; at = at / size * size + size) {
		const bool sure = is_there(at);

		for (level = 0; level < LEVELS; level++)
			count_table(&tables[level], at, sure);
	}
}

static const char *count_mappings(struct tables *tables)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned long start, end;
	char line[512];

	if (!maps)
		return went_well("/proc/self/maps", -errno);
	while (fgets(line, sizeof(line), maps))
		/* What is of the kernel's half is not this process's. */
		if (sscanf(line, "%lx-%lx", &start, &end) == 2 && (long)start >= 0)
			count_mapping(tables, start, end);
	fclose(maps);
	return RIGHT;
}

const char *page_tables_remain(int64_t *bytes)
{
	const size_t page = devthp_page_size();
	const size_t entries = page / sizeof(uint64_t);
	struct tables tables[LEVELS] = { { .size = page * entries } };
	int64_t sure = 0, unsure = 0, remain;
	uint64_t counted;
	int level;

	for (level = 1; level < LEVELS; level++)
		tables[level].size = tables[level - 1].size * entries;
	CHECK(count_mappings(tables));
	for (level = 0; level < LEVELS; level++) {
		sure += tables[level].sure * page;
		unsure += tables[level].unsure * page;
	}
	CHECK(file_field("/proc/self/status", "VmPTE:", &counted));
	remain = (int64_t)counted * KB - sure;
	*bytes = remain <= 0 ? remain : remain <= unsure ? 0 : remain - unsure;
	return RIGHT;
}
