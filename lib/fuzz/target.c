// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * For fuzzers: the first byte of an input says which file of the kernel it is, the rest
 * is what that file says. All other files say what is sound. Then the public calls that
 * read any of them are called; whatever they return, it must be one of what they may.
 * What only the command reads is parsed by that.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "../cmd/config.h"
#include "../cmd/target.h"
#include "../src/folio_probe.h"
#include "source.h"
#include "target.h"

#define THP	"/sys/kernel/mm/transparent_hugepage/"
#define FIRST	8	/* page of the range that is looked at */
#define FIRST_PFN	600	/* so that huge folios fit before and behind */
#define PAGES	40
#define FD	1000	/* and up: index of the file */

/* Inputs name them by number: new ones go to the end. */
static struct file {
	const char *path;	/* how it begins, or ends */
	const void *bytes;
	size_t count;
} files[] = {
	{ .path = "/proc/self/maps" },
	{ .path = "/proc/self/pagemap" },
	{ .path = "/proc/kpageflags" },
	{ .path = "/proc/kpagecount" },
	{ .path = "/proc/self/status" },
	{ .path = "/proc/self/smaps_rollup" },
	{ .path = "/proc/meminfo" },
	{ .path = "/proc/vmstat" },
	{ .path = "/proc/self/cgroup" },
	{ .path = "memory.stat" },
	{ .path = "memory.current" },
	{ .path = THP "hpage_pmd_size" },
	{ .path = THP "enabled" },
	{ .path = THP "hugepages-" },
	{ .path = "uname -r" },
	{ .path = "/dev/folio_probe" },
	{ .path = "/proc/self/smaps" },
	{ .path = "/proc/kallsyms" },
	{ .path = "/dev/folio_probe" },	/* whose answers are not sound either */
	{ .path = "maps, for the command" },
	{ .path = "configuration" },
};

enum {
	PAGEMAP = 1, KPAGEFLAGS = 2, RELEASE = 14, PROBE = 15, SMAPS = 16, SYMBOLS = 17,
	ANSWERS = 18, COMMAND_MAPS = 19, CONFIGURATION = 20,
};

static char maps[64], smaps[512];
static uint64_t words[FIRST + PAGES + 1], flags[2048], counts[2048];
static const char *const sound[] = {
	[4] = "RssAnon:\t 8 kB\nVmSwap: 0 kB\nVmPTE: 4 kB\n",
	[5] = "Anonymous: 8 kB\nAnonHugePages: 0 kB\n",
	[6] = "AnonPages: 8 kB\nAnonHugePages: 0 kB\nPageTables: 4 kB\nMlocked: 0 kB\n",
	[7] = "thp_split_page 3\nnr_foll_pin_acquired 2\nnr_foll_pin_released 1\n",
	[8] = "0::/group\n",
	[9] = "anon 4096\nanon_thp 0\npagetables 4096\n",
	[10] = "8192\n",
	[11] = "2097152\n",
	[12] = "always [madvise] never\n",
	[13] = "1\n",
	[14] = "6.12.0",
	[SYMBOLS] = "0000000000000000 T make_device_exclusive_range\n",
};

static void give_sound(void)
{
	const size_t page = devthp_page_size();
	size_t i;

	snprintf(maps, sizeof(maps), "%zx-%zx rw-p 0 0:0 0\n", FIRST * page,
		 (FIRST + PAGES) * page);
	snprintf(smaps, sizeof(smaps),
		 "%sKernelPageSize: %zu kB\nMMUPageSize: %zu kB\nRss: %zu kB\nAnonymous: %zu kB\n"
		 "AnonHugePages: 0 kB\nShmemPmdMapped: 0 kB\nFilePmdMapped: 0 kB\nVmFlags: rd wr \n",
		 maps, page / 1024, page / 1024, PAGES * page / 1024, PAGES * page / 1024);
	for (i = 0; i < ARRAY_SIZE(words); i++)
		words[i] = 1ULL << 63 | (FIRST_PFN + i);
	for (i = 0; i < ARRAY_SIZE(sound); i++) {
		files[i].bytes = sound[i];
		files[i].count = sound[i] ? strlen(sound[i]) : 0;
	}
	files[0] = (struct file){ files[0].path, maps, strlen(maps) };
	files[1] = (struct file){ files[1].path, words, sizeof(words) };
	files[2] = (struct file){ files[2].path, flags, sizeof(flags) };
	files[3] = (struct file){ files[3].path, counts, sizeof(counts) };
	files[PROBE].bytes = NULL;
	files[SMAPS] = (struct file){ files[SMAPS].path, smaps, strlen(smaps) };
	for (i = ANSWERS; i < ARRAY_SIZE(files); i++)
		files[i].bytes = NULL;
	atomic_store(&devthp_device_private_seen, false);
}

static bool ends_with(const char *path, const char *end)
{
	const size_t length = strlen(path), tail = strlen(end);

	return length >= tail && !strcmp(path + length - tail, end);
}

static int fuzz_open(const char *path, int how)
{
	size_t i;

	(void)how;
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		if (files[i].bytes && (!strncmp(path, files[i].path, strlen(files[i].path)) ||
				       ends_with(path, files[i].path)))
			return FD + (int)i;
	}
	return -ENOENT;
}

static int fuzz_close(int fd)
{
	return fd >= FD ? 0 : -EBADF;
}

static ssize_t fuzz_pread(int fd, void *buf, size_t bytes, uint64_t offset)
{
	const struct file *file = &files[fd - FD];

	if (offset >= file->count)
		return 0;
	if (bytes > file->count - offset)
		bytes = file->count - offset;
	memcpy(buf, (const char *)file->bytes + offset, bytes);
	return (ssize_t)bytes;
}

/* A probe that hands out the input as records, 3 a call, and then is done. */
static void hand_out(const struct file *file, struct folio_probe_scan *scan, bool begins)
{
	const size_t room = 3, bytes = sizeof(struct folio_probe_record);
	size_t count = file->count / bytes;
	static size_t next;

	if (begins)
		next = 0;
	for (; scan->filled < room && next < count; next++, scan->filled++)
		memcpy((char *)(uintptr_t)scan->records + scan->filled * bytes,
		       (const char *)file->bytes + next * bytes, bytes);
	scan->start = next < count ? scan->start + 1 : scan->end;
}

/* One of which the input says how it goes on, too, and how many records there are. */
static void answer(const struct file *file, struct folio_probe_scan *scan, bool begins)
{
	struct {
		uint64_t start;
		uint32_t filled;
		uint8_t records;	/* how many follow */
		uint8_t unused[3];
	} said = { .start = scan->end };
	const char *bytes = file->bytes;
	static size_t next;
	size_t some;

	if (begins)
		next = 0;
	if (file->count - next >= sizeof(said)) {
		memcpy(&said, bytes + next, sizeof(said));
		next += sizeof(said);
	}
	some = said.records * sizeof(struct folio_probe_record);
	some = some < file->count - next ? some : file->count - next;
	memcpy((void *)(uintptr_t)scan->records, bytes + next, some);
	next += some;
	scan->start = said.start;
	scan->filled = said.filled;
}

static int fuzz_ioctl(int fd, unsigned long request, void *arg)
{
	struct folio_probe_scan *scan = arg;
	const bool begins = request == FOLIO_PROBE_SCAN &&
			    scan->start == FIRST * devthp_page_size();

	if (request != FOLIO_PROBE_SCAN)
		return FOLIO_PROBE_VERSION;
	if (fd - FD == PROBE)
		hand_out(&files[PROBE], scan, begins);
	else
		answer(&files[ANSWERS], scan, begins);
	return 0;
}

static int fuzz_numbers(int fd, unsigned int *major, unsigned int *minor)
{
	(void)fd, (void)major, (void)minor;
	return -ENODEV;
}

static int fuzz_uname(struct utsname *name)
{
	memset(name, 0, sizeof(*name));
	memcpy(name->release, files[RELEASE].bytes,
	       files[RELEASE].count < sizeof(name->release) ? files[RELEASE].count :
							       sizeof(name->release) - 1);
	return 0;
}

static const struct devthp_sys fuzz_sys = {
	.open = fuzz_open,
	.close = fuzz_close,
	.ioctl = fuzz_ioctl,
	.pread = fuzz_pread,
	.numbers = fuzz_numbers,
	.uname = fuzz_uname,
};

static void must(bool good)
{
	if (!good)
		abort();
}

/* Facts are known or 0, and within what they may be. */
static void look_at_pages(const struct devthp_snapshot *snap)
{
	struct devthp_summary sum = { .size = sizeof(sum) };
	uint64_t pages = 0;
	size_t i;

	for (i = 0; i < devthp_snapshot_pages(snap); i++) {
		struct devthp_page page = { .size = sizeof(page) };

		must(!devthp_snapshot_page(snap, i, &page));
		must(page.location < DEVTHP_LOCATIONS && page.level <= DEVTHP_LEVEL_PUD);
		must(page.order < 64 && page.entry_page <= i);
		must(!(page.known & DEVTHP_KNOWN_LOCATION) ==
		     (page.location == DEVTHP_LOC_UNKNOWN));
		must(page.known & DEVTHP_KNOWN_PFN || !page.pfn);
		must(page.known & DEVTHP_KNOWN_FOLIO || (!page.folio && !page.index));
		must(page.known & DEVTHP_KNOWN_ORDER || !page.order);
		must(page.known & DEVTHP_KNOWN_MAPCOUNT || !page.mapcount);
		must(page.known & DEVTHP_KNOWN_LEVEL || (!page.level && page.entry_page == i));
	}
	must(!devthp_snapshot_summarize(snap, 0, devthp_snapshot_pages(snap), &sum));
	for (i = 0; i < DEVTHP_LOCATIONS; i++)
		pages += sum.pages[i];
	must(pages == devthp_snapshot_pages(snap));
}

static void look_by(const void *addr, size_t npages, unsigned int sources)
{
	struct devthp_snapshot_opts opts = { .size = sizeof(opts), .sources = sources };
	struct devthp_snapshot *snap;
	int ret;

	ret = devthp_snapshot_take(&snap, addr, npages, &opts);
	must(!ret || ret == -EIO || ret == -ESRCH);	/* no text is no process */
	if (ret)
		return;
	look_at_pages(snap);
	must(!devthp_snapshot_compare(snap, snap, 0, UINT32_MAX, NULL));
	devthp_snapshot_free(snap);
}

static void look(void)
{
	const void *addr = (const void *)(FIRST * devthp_page_size());
	struct devthp_region region = { .size = sizeof(region), .addr = addr, .npages = PAGES };
	const struct devthp_region *regions[] = { &region };
	struct devthp_check_opts opts = { .size = sizeof(opts), .tries = 1 };
	struct devthp_findings *findings;
	int ret;

	look_by(addr, PAGES + 1, 0);
	/* Where nobody knows of folios. */
	look_by(addr, PAGES, DEVTHP_SOURCE_PAGEMAP | DEVTHP_SOURCE_SMAPS);
	ret = devthp_check(regions, 1, &opts, &findings);
	must(ret >= 0 || ret == -EIO || ret == -ENODATA || ret == -ESRCH);
	if (ret >= 0) {
		must((size_t)ret == devthp_findings_count(findings));
		devthp_findings_free(findings);
	}
}

static void count(void)
{
	struct devthp_counters *counters;
	unsigned int i;
	uint64_t value;
	int64_t delta;

	must(!devthp_counters_take(&counters));
	for (i = 0; i < DEVTHP_COUNTERS; i++) {
		must(!devthp_counters_get(counters, i, &value) ==
		     !devthp_counters_delta(counters, counters, i, &delta));
	}
	devthp_counters_free(counters);
}

static void ask_system(void)
{
	struct devthp_system system = { .size = sizeof(system) };
	const int ret = devthp_system_query(&system);

	must(!ret || ret == -EIO);
	must(ret || system.page_size << system.pmd_order == system.pmd_size || !system.pmd_size);
}

/* Mappings are in order, and none is there twice. */
static int visit(const struct target *target, const struct mapping *mapping, void *data)
{
	uint64_t *end = data;

	must(target->pid == 1);
	must(mapping->start >= *end && mapping->start < mapping->end);
	must(mapping->name >= mapping->line &&
	     mapping->name <= mapping->line + strlen(mapping->line));
	must(strlen(mapping->permissions) < sizeof(mapping->permissions));
	*end = mapping->end;
	return 0;
}

static void parse_for_command(size_t which, const uint8_t *text, size_t length)
{
	static const struct target target = { .pid = 1 };
	FILE *stream = fmemopen((void *)text, length, "r");
	char values[CONFIG_OPTIONS];
	uint64_t end = 0;
	size_t i;
	int ret;

	must(stream);
	if (which == COMMAND_MAPS) {
		ret = target_read_maps(&target, stream, visit, &end);
		must(!ret || (ret == -ESRCH && !length));
	} else {
		config_read(stream, values);
		for (i = 0; i < CONFIG_OPTIONS; i++)
			must(values[i] == 'y' || values[i] == 'm' || values[i] == 'n');
	}
	fclose(stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t which;

	if (!size)
		return 0;
	which = data[0] % ARRAY_SIZE(files);
	if (which >= COMMAND_MAPS) {
		parse_for_command(which, data + 1, size - 1);
		return 0;
	}
	give_sound();
	files[which].bytes = data + 1;
	files[which].count = size - 1;
	devthp_sys = &fuzz_sys;
	errno = EXDEV;
	ask_system();
	/* What is in a file of counters does not matter to a look, nor the other way. */
	if (which < 4 || which >= 11)
		look();
	if (which >= 4 && which < PROBE)
		count();
	must(errno == EXDEV);
	return 0;
}
