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
#include <sys/mman.h>
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

/* What is counted, and of that, what this process has not. In bytes. */
struct totals {
	int64_t anon, tables;
	int64_t anon_of_others, tables_of_others;
};

/*
 * What the last look has found, by whichever test of this program, if the one before found
 * the same. Others that have to the byte what they had then need not be looked at again.
 */
static struct {
	bool known;
	struct totals totals;
	struct remains {
		int64_t anon, tables;
	} remains;
} *last;

static void __attribute__((constructor)) share_last(void)
{
	last = mmap(NULL, sizeof(*last), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		    -1, 0);
	if (last == MAP_FAILED)
		abort();
}

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

static const char *look_and_compare(const struct totals *totals, struct remains *remains)
{
	int kpageflags = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);

	if (kpageflags < 0)
		return went_well("/proc/kpageflags", -errno);
	remains->anon = totals->anon - count_anon(kpageflags) * devthp_page_size();
	remains->tables = totals->tables - found.table_bytes;
	close(kpageflags);
	return RIGHT;
}

static const char *read_totals(struct totals *totals)
{
	uint64_t anon, tables, own_anon, own_tables;

	CHECK(file_write("/proc/sys/vm/stat_refresh", "1"));
	CHECK(file_field("/proc/self/smaps_rollup", "Private_Dirty:", &own_anon));
	CHECK(file_field("/proc/self/status", "VmPTE:", &own_tables));
	CHECK(file_field("/proc/meminfo", "AnonPages:", &anon));
	CHECK(file_field("/proc/meminfo", "PageTables:", &tables));
	totals->anon = anon * KB;
	totals->tables = tables * KB;
	totals->anon_of_others = totals->anon - own_anon * KB;
	totals->tables_of_others = totals->tables - own_tables * KB;
	return RIGHT;
}

const char *all_remain(int64_t *anon_bytes, int64_t *table_bytes)
{
	struct totals now;

	CHECK(read_totals(&now));
	if (!last->known || last->totals.anon_of_others != now.anon_of_others ||
	    last->totals.tables_of_others != now.tables_of_others) {
		const struct remains before = last->remains;

		last->known = false;
		CHECK(look_at_all_with_room());
		/* Last of all, when this process has what it needs for that. */
		CHECK(read_totals(&now));
		CHECK(look_and_compare(&now, &last->remains));
		last->totals = now;
		/* Who comes or goes in the middle of a look is not to be remembered. */
		last->known = before.anon == last->remains.anon &&
			      before.tables == last->remains.tables;
	}
	*anon_bytes = last->remains.anon;
	*table_bytes = last->remains.tables;
	return RIGHT;
}
