// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "smaps.h"

#define PRESENT		(1ULL << 63)
#define SWAP		(1ULL << 62)

#define HEAD		(1ULL << 15)
#define TAIL		(1ULL << 16)

char smaps[4096], pmd_size[32];
uint64_t *words, *flags;
size_t per, page_size;

static char maps[1024];
static uint64_t *counts;

void start(void)
{
	page_size = devthp_page_size();
	per = page_size / sizeof(uint64_t);
	words = calloc(ENTRIES * per, sizeof(*words));
	flags = calloc(ENTRIES * per, sizeof(*flags));
	counts = calloc(ENTRIES * per, sizeof(*counts));
	maps[0] = smaps[0] = '\0';
	snprintf(pmd_size, sizeof(pmd_size), "%zu\n", per * page_size);
	mock_start(0);
	mock_release("6.12.63");
}

static void add(char *text, size_t room, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(text + strlen(text), room - strlen(text), format, args);
	va_end(args);
}

static void field(const struct sums *sums, const char *name, size_t pages)
{
	if (!sums->lacks || strcmp(sums->lacks, name))
		add(smaps, sizeof(smaps), "%s: %8zu kB\n", name, pages * page_size / 1024);
}

void mapping(size_t first, size_t end, const struct sums *sums)
{
	char line[80];

	snprintf(line, sizeof(line), "%zx-%zx rw-p 00000000 00:00 0 \n", first * page_size,
		 end * page_size);
	add(maps, sizeof(maps), "%s", line);
	add(smaps, sizeof(smaps), "%s", line);
	field(sums, "Size", end - first);
	field(sums, "KernelPageSize", sums->kernel_page ? sums->kernel_page : 1);
	field(sums, "MMUPageSize", sums->mmu_page ? sums->mmu_page : 1);
	field(sums, "Rss", sums->rss);
	field(sums, "Pss", sums->rss / 2);
	field(sums, "Anonymous", sums->anonymous);
	field(sums, "AnonHugePages", sums->anon_pmd);
	field(sums, "ShmemPmdMapped", sums->shmem_pmd);
	field(sums, "FilePmdMapped", sums->file_pmd);
	add(smaps, sizeof(smaps), "THPeligible:           1\n");
	if (!sums->lacks || strcmp(sums->lacks, "VmFlags"))
		add(smaps, sizeof(smaps), "VmFlags: %s \n",
		    sums->flags ? sums->flags : "rd wr mr mw me ac sd hg");
}

void present(size_t first, size_t end, size_t folio)
{
	for (; first < end; first++) {
		words[first] = PRESENT | first;
		flags[first] = folio == 1 ? 0 : first % folio ? TAIL : HEAD;
	}
}

void absent(size_t first, size_t end, unsigned int type)
{
	for (; first < end; first++)
		words[first] = SWAP | first << 5 | type;
}

void hide_frames(void)
{
	size_t i;

	for (i = 0; i < ENTRIES * per; i++)
		words[i] &= PRESENT | SWAP;
}

void give_files(void)
{
	mock_file("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size",
		  pmd_size[0] ? pmd_size : NULL, strlen(pmd_size), pmd_size[0] ? 0 : -ENOENT);
	mock_file("/proc/4711/maps", maps, strlen(maps), 0);
	mock_file("/proc/4711/pagemap", words, ENTRIES * per * sizeof(*words), 0);
	mock_words("/proc/self/pagemap", 0);
	mock_device_private(true);
}

void give_smaps(const char *text, int error)
{
	mock_file("/proc/4711/smaps", text, strlen(text), error);
}

void give_kpage(void)
{
	mock_file("/proc/kpageflags", flags, ENTRIES * per * sizeof(*flags), 0);
	mock_file("/proc/kpagecount", counts, ENTRIES * per * sizeof(*counts), 0);
}

void drop(struct devthp_snapshot *snap)
{
	devthp_snapshot_free(snap);
	mock_end();
	free(words);
	free(flags);
	free(counts);
}

struct devthp_snapshot *take(size_t first, size_t end_page)
{
	struct devthp_snapshot_opts opts = { .size = sizeof(opts), .pid = PID };
	struct devthp_snapshot *snap = NULL;

	/* Unless it was given already: that stays. */
	give_smaps(smaps, 0);
	mock_file("/proc/kpageflags", NULL, 0, -EACCES);
	CHECK_CALL(devthp_snapshot_take(&snap, (void *)(first * page_size), end_page - first,
					&opts), 0);
	CHECK(devthp_snapshot_sources(snap) & DEVTHP_SOURCE_SMAPS);
	return snap;
}

void levels(const struct devthp_snapshot *snap, size_t first, size_t end_page, char level)
{
	struct devthp_page page = { .size = sizeof(page) };
	char seen;

	for (; first < end_page; first++) {
		CHECK_CALL(devthp_snapshot_page(snap, first, &page), 0);
		seen = !(page.known & DEVTHP_KNOWN_LEVEL) ? '?' :
		       page.level == DEVTHP_LEVEL_PTE ? 't' :
		       page.level == DEVTHP_LEVEL_PMD ? 'm' : '!';
		if (seen != level || (seen != 'm' && page.entry_page != first)) {
			printf("# page %zu: level %c, entry at page %zu\n", first, seen,
			       (size_t)page.entry_page);
			CHECK_INT(seen, level);
			return;
		}
	}
}
