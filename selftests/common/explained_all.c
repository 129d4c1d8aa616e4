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

/*
 * Anonymous page frames, each once in the end, whoever maps it: twice the number; and 1
 * if only one process maps it, which says that it is anonymous. And page tables. No heap:
 * that would grow while it is looked at.
 */
static struct {
	uint64_t frame[ROOM];
	size_t frames;
	int64_t table_bytes;
} found;

static void add_frame(uint64_t frame, bool alone)
{
	if (found.frames < ROOM)
		found.frame[found.frames] = 2 * frame + alone;
	found.frames++;
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

static void add_mappings(FILE *maps, int pagemap)
{
	const size_t page = devthp_page_size();
	unsigned long start, end;
	char line[512];

	/* What is of the kernel's half is not this process's. */
	while (fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx", &start, &end) == 2 && (long)start >= 0)
			add_mapping(pagemap, start / page, end / page);
}

/*
 * One that ends meanwhile has nothing any more, and has done no wrong. Most are threads of
 * the kernel, which have nothing at all.
 */
static void add_process(const char *pid)
{
	char path[48];
	uint64_t kb;
	FILE *maps;
	int pagemap, first;

	snprintf(path, sizeof(path), "/proc/%.16s/maps", pid);
	maps = fopen(path, "re");
	if (!maps)
		return;
	first = fgetc(maps);
	if (first == EOF) {
		fclose(maps);
		return;
	}
	ungetc(first, maps);
	snprintf(path, sizeof(path), "/proc/%.16s/pagemap", pid);
	pagemap = open(path, O_RDONLY | O_CLOEXEC);
	add_mappings(maps, pagemap);
	fclose(maps);
	if (pagemap >= 0)
		close(pagemap);
	snprintf(path, sizeof(path), "/proc/%.16s/status", pid);
	if (is_right(file_field(path, "VmPTE:", &kb)))
		found.table_bytes += kb * KB;
}

static const char *look_at_all(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	if (!proc)
		return went_well("/proc", -errno);
	found.frames = 0;
	found.table_bytes = 0;
	while ((entry = readdir(proc)))
		if (isdigit(entry->d_name[0]))
			add_process(entry->d_name);
	closedir(proc);
	if (found.frames > ROOM)
		return wrong("processes map more pages than there is room for: %zu",
			     found.frames);
	return RIGHT;
}

static int compare_frames(const void *a, const void *b)
{
	const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

/*
 * What found has not held before gets memory as it is written, behind the look at this
 * process: then all is looked at once more.
 */
static const char *look_at_all_with_room(void)
{
	static size_t held;
	size_t before;

	do {
		before = held;
		CHECK(look_at_all());
		if (held < found.frames)
			held = found.frames;
	} while (held > before);
	return RIGHT;
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
	const uint64_t *frame = found.frame;
	int64_t count = 0;
	size_t i;

	qsort(found.frame, found.frames, sizeof(*frame), compare_frames);
	for (i = 0; i < found.frames; i++)
		/* The last of each: if one says that it is anonymous, that does. */
		if ((i + 1 == found.frames || frame[i] / 2 != frame[i + 1] / 2) &&
		    is_anon(kpageflags, frame[i] / 2, frame[i] % 2))
			count++;
	return count;
}

const char *all_remain(int64_t *anon_bytes, int64_t *table_bytes)
{
	uint64_t anon_kb, tables_kb;
	int kpageflags;

	CHECK(look_at_all_with_room());
	/* Last of all, when this process has what it needs for that. */
	CHECK(file_write("/proc/sys/vm/stat_refresh", "1"));
	CHECK(file_field("/proc/meminfo", "AnonPages:", &anon_kb));
	CHECK(file_field("/proc/meminfo", "PageTables:", &tables_kb));
	kpageflags = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	if (kpageflags < 0)
		return went_well("/proc/kpageflags", -errno);
	*anon_bytes = (int64_t)anon_kb * KB - count_anon(kpageflags) * devthp_page_size();
	close(kpageflags);
	*table_bytes = (int64_t)tables_kb * KB - found.table_bytes;
	return RIGHT;
}
