// SPDX-License-Identifier: GPL-2.0
/* What there is in all processes together. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kernel-page-flags.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <devthp.h>

#include "explained.h"
#include "pagemap.h"
#include "textfile.h"
#include "verdict.h"

#define KB 1024

/* Page frames of all processes together: 256 MiB. */
#define ROOM (1 << 16)

/* One that ends meanwhile has nothing any more, and has done no wrong. */
static const char *for_each_process(void (*look)(const char *dir, void *arg), void *arg)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	char dir[32];

	if (!proc)
		return went_well("/proc", -errno);
	while ((entry = readdir(proc))) {
		if (!isdigit(entry->d_name[0]))
			continue;
		snprintf(dir, sizeof(dir), "/proc/%.16s", entry->d_name);
		look(dir, arg);
	}
	closedir(proc);
	return RIGHT;
}

static void add_page_tables(const char *dir, void *arg)
{
	int64_t *bytes = arg;
	char path[48];
	uint64_t kb;

	snprintf(path, sizeof(path), "%s/status", dir);
	if (is_right(file_field(path, "VmPTE:", &kb)))
		*bytes += kb * KB;
}

/* In bytes, of what each CPU has counted, too; only root may collect that. */
static const char *meminfo(const char *word, int64_t *bytes)
{
	uint64_t kb;

	CHECK(file_write("/proc/sys/vm/stat_refresh", "1"));
	CHECK(file_field("/proc/meminfo", word, &kb));
	*bytes = kb * KB;
	return RIGHT;
}

const char *all_page_tables_remain(int64_t *bytes)
{
	int64_t explained = 0;

	CHECK(for_each_process(add_page_tables, &explained));
	CHECK(meminfo("PageTables:", bytes));
	*bytes -= explained;
	return RIGHT;
}

/* ---- Anonymous pages: each page frame once, whoever maps it ---- */

/*
 * Twice the number; and 1 if only one process maps it, which says that it is anonymous.
 * No heap: that would grow while it is looked at.
 */
static struct frames {
	uint64_t frame[ROOM];
	size_t count;
} frames;

static void add_frame(uint64_t frame, bool alone)
{
	if (frames.count < ROOM)
		frames.frame[frames.count] = 2 * frame + alone;
	frames.count++;
}

static void add_mapping(int pagemap, uint64_t first, uint64_t end)
{
	uint64_t entry[512];

	while (first < end) {
		const uint64_t left = end - first;
		const size_t wanted = left < 512 ? left : 512;
		ssize_t got = pread(pagemap, entry, wanted * sizeof(*entry),
				    first * sizeof(*entry));
		ssize_t i;

		if (got <= 0)
			return;
		got /= sizeof(*entry);
		for (i = 0; i < got; i++) {
			if (entry[i] & PAGEMAP_PRESENT && !(entry[i] & PAGEMAP_FILE))
				add_frame(entry[i] & PAGEMAP_FRAME,
					  entry[i] & PAGEMAP_EXCLUSIVE);
		}
		first += got;
	}
}

static void add_anon(const char *dir, void *unused)
{
	const size_t page = devthp_page_size();
	unsigned long start, end;
	char path[48], line[512];
	FILE *maps;
	int pagemap;

	snprintf(path, sizeof(path), "%s/pagemap", dir);
	pagemap = open(path, O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), "%s/maps", dir);
	maps = fopen(path, "re");
	while (maps && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx", &start, &end) == 2 && (long)start >= 0)
			add_mapping(pagemap, start / page, end / page);
	if (maps)
		fclose(maps);
	if (pagemap >= 0)
		close(pagemap);
}

static int compare_frames(const void *a, const void *b)
{
	const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

/* Not the page of zeroes, nor what the kernel shows of itself. */
static bool is_anon(int kpageflags, uint64_t frame, bool alone)
{
	uint64_t flags = 0;

	if (alone)
		return true;
	return pread(kpageflags, &flags, sizeof(flags), frame * sizeof(flags)) ==
	       sizeof(flags) && flags & 1ULL << KPF_ANON;
}

static int64_t count_anon(int kpageflags)
{
	const uint64_t *frame = frames.frame;
	int64_t count = 0;
	size_t i;

	qsort(frames.frame, frames.count, sizeof(*frame), compare_frames);
	for (i = 0; i < frames.count; i++)
		/* The last of each: if one says that it is anonymous, that does. */
		if ((i + 1 == frames.count || frame[i] / 2 != frame[i + 1] / 2) &&
		    is_anon(kpageflags, frame[i] / 2, frame[i] % 2))
			count++;
	return count;
}

const char *all_anon_remains(int64_t *bytes)
{
	int kpageflags;

	frames.count = 0;
	CHECK(for_each_process(add_anon, NULL));
	if (frames.count > ROOM)
		return wrong("processes map more pages than there is room for: %zu",
			     frames.count);
	/* Last of all, when this process has what it needs for that. */
	CHECK(meminfo("AnonPages:", bytes));
	kpageflags = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	if (kpageflags < 0)
		return went_well("/proc/kpageflags", -errno);
	*bytes -= count_anon(kpageflags) * devthp_page_size();
	close(kpageflags);
	return RIGHT;
}
