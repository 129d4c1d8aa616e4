// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Snapshots from made-up sources, and one of our own memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mock.h"

#define PID	4711	/* whose maps and pagemap are made up */

static char maps[256];
static size_t page_size, pmd_pages;
static uint64_t base;	/* of a made-up mapping, aligned to a PMD */

static struct devthp_page page_of(const struct devthp_snapshot *snap, size_t i)
{
	struct devthp_page page = { .size = sizeof(page) };

	CHECK_CALL(devthp_snapshot_page(snap, i, &page), 0);
	return page;
}

/* A process with one mapping of npages at base. */
static void start(size_t npages)
{
	page_size = devthp_page_size();
	pmd_pages = devthp_pmd_size() / page_size;
	base = 64ULL * devthp_pmd_size();
	mock_start(0);
	snprintf(maps, sizeof(maps), "%llx-%llx rw-p 00000000 00:00 0 \n",
		 (unsigned long long)base, (unsigned long long)(base + npages * page_size));
	mock_file("/proc/4711/maps", maps, strlen(maps), 0);
}

static const void *addr_of(size_t page)
{
	return (const void *)(uintptr_t)(base + page * page_size);
}

static bool lacks_thp(void)
{
	if (!devthp_pmd_size())
		tap_skip("this kernel has no huge pages");
	return !devthp_pmd_size();
}

static void probe_whole(void)
{
	struct devthp_snapshot_opts opts = { .size = sizeof(opts), .pid = PID };
	struct devthp_summary sum = { .size = sizeof(sum) };
	struct folio_probe_record records[2];
	struct devthp_snapshot *snap;
	struct devthp_page page;

	if (lacks_thp())
		return;
	start(devthp_pmd_size() / devthp_page_size() * 2);
	memset(records, 0, sizeof(records));
	records[0].addr = base;
	records[0].level = FOLIO_PROBE_PMD;
	records[0].kind = FOLIO_PROBE_KIND_DEVICE_PRIVATE;
	records[0].pfn = 0x1000;
	records[0].folio = 0x1000;
	records[0].order = 9;
	records[0].entire_mapcount = 1;
	records[0].large_mapcount = 1;
	records[0].refcount = 1;
	records[0].bits = FOLIO_PROBE_WRITE;
	records[0].folio_flags = FOLIO_PROBE_F_DEVICE_PRIVATE;
	records[1].addr = base + devthp_pmd_size();
	records[1].level = FOLIO_PROBE_PMD;
	records[1].pfn = FOLIO_PROBE_NONE;
	records[1].folio = FOLIO_PROBE_NONE;
	mock_probe(records, 2, 1);

	CHECK_CALL(devthp_snapshot_take(&snap, addr_of(0), 2 * pmd_pages, &opts), 0);
	CHECK_INT(devthp_snapshot_sources(snap), DEVTHP_SOURCE_PROBE);
	page = page_of(snap, 5);
	CHECK_INT(page.location, DEVTHP_LOC_DEVICE);
	CHECK_INT(page.level, DEVTHP_LEVEL_PMD);
	CHECK_INT(page.pfn, 0x1005);
	CHECK_INT(page.folio, 0x1000);
	CHECK_INT(page.index, 5);
	CHECK_INT(page.order, 9);
	CHECK_INT(page.mapcount, 1);
	CHECK_INT(page.entire_mapcount, 1);
	CHECK_INT(page.entry_page, 0);
	CHECK_INT(page.bits, DEVTHP_BIT_WRITE);
	CHECK(page.flags & DEVTHP_FOLIO_DEVICE_PRIVATE);
	CHECK(page.known & DEVTHP_KNOWN_MAPCOUNTS);
	CHECK(!(page.known & DEVTHP_KNOWN_PROT));
	page = page_of(snap, pmd_pages);
	CHECK_INT(page.location, DEVTHP_LOC_EMPTY);
	CHECK(!(page.known & DEVTHP_KNOWN_FOLIO));

	CHECK_CALL(devthp_snapshot_summarize(snap, 0, 2 * pmd_pages, &sum), 0);
	CHECK_INT(sum.pages[DEVTHP_LOC_DEVICE], pmd_pages);
	CHECK_INT(sum.pages[DEVTHP_LOC_EMPTY], pmd_pages);
	CHECK_INT(sum.pmd_entries[DEVTHP_LOC_DEVICE], 1);
	CHECK_INT(sum.pmd_entries[DEVTHP_LOC_EMPTY], 1);
	CHECK_INT(sum.pte_entries[DEVTHP_LOC_DEVICE], 0);
	CHECK_INT(sum.folios, 1);
	CHECK_INT(sum.min_order, 9);
	CHECK_INT(sum.max_order, 9);
	/* From within the entry it still is one. */
	CHECK_CALL(devthp_snapshot_summarize(snap, 7, 3, &sum), 0);
	CHECK_INT(sum.pages[DEVTHP_LOC_DEVICE], 3);
	CHECK_INT(sum.pmd_entries[DEVTHP_LOC_DEVICE], 1);
	CHECK_CALL(devthp_snapshot_summarize(snap, 0, 2 * pmd_pages + 1, &sum), -ERANGE);
	CHECK_CALL(devthp_snapshot_page(snap, 2 * pmd_pages, &page), -ERANGE);
	devthp_snapshot_free(snap);
	mock_end();
}

static void probe_pages(void)
{
	struct devthp_snapshot_opts opts = { .size = sizeof(opts), .pid = PID };
	struct devthp_summary sum = { .size = sizeof(sum) };
	struct folio_probe_record records[3];
	struct devthp_snapshot *snap;
	size_t i;

	if (lacks_thp())
		return;
	start(3);
	memset(records, 0, sizeof(records));
	for (i = 0; i < 3; i++) {
		records[i].addr = base + i * page_size;
		records[i].kind = FOLIO_PROBE_KIND_PRESENT;
		records[i].pfn = 0x2000 + i;
		records[i].folio = i == 1 ? 0x2001 : 0x1f00;
		records[i].order = i == 1 ? 0 : 9;
		records[i].page_mapcount = 1;
		records[i].large_mapcount = i == 1 ? 0 : 2;
	}
	records[2].kind = FOLIO_PROBE_KIND_DEVICE_EXCLUSIVE;
	mock_probe(records, 3, 2);

	/* The fourth page has no mapping, and the probe does not speak of it. */
	CHECK_CALL(devthp_snapshot_take(&snap, addr_of(0), 4, &opts), 0);
	CHECK_INT(page_of(snap, 0).location, DEVTHP_LOC_SYSTEM);
	CHECK_INT(page_of(snap, 1).mapcount, 1);
	CHECK_INT(page_of(snap, 2).location, DEVTHP_LOC_EXCLUSIVE);
	CHECK_INT(page_of(snap, 3).location, DEVTHP_LOC_UNMAPPED);
	CHECK_CALL(devthp_snapshot_summarize(snap, 0, 4, &sum), 0);
	CHECK_INT(sum.pte_entries[DEVTHP_LOC_SYSTEM], 2);
	CHECK_INT(sum.pte_entries[DEVTHP_LOC_EXCLUSIVE], 1);
	CHECK_INT(sum.pages[DEVTHP_LOC_UNMAPPED], 1);
	CHECK_INT(sum.folios, 2);
	CHECK_INT(sum.min_order, 0);
	CHECK_INT(sum.max_order, 9);
	devthp_snapshot_free(snap);
	mock_end();
}

/* A probe that does not advance must not hang us. */
static void probe_stuck(void)
{
	struct devthp_snapshot_opts opts = { .size = sizeof(opts), .pid = PID };
	struct folio_probe_record record = { .addr = 0 };
	struct devthp_snapshot *snap;

	if (lacks_thp())
		return;
	start(1);
	mock_probe(&record, 1, 0);
	CHECK_CALL(devthp_snapshot_take(&snap, addr_of(0), 1, &opts), -EIO);
	mock_end();
}

static void pagemap(void)
{
	struct devthp_snapshot_opts opts = {
		.size = sizeof(opts), .pid = PID,
		.sources = DEVTHP_SOURCE_PAGEMAP | DEVTHP_SOURCE_KPAGE,
	};
	static uint64_t flags[64], counts[64];
	struct devthp_summary sum = { .size = sizeof(sum) };
	struct devthp_snapshot *snap;
	struct devthp_page page;
	uint64_t *words;
	size_t first, i;

	if (lacks_thp())
		return;
	start(6);
	first = base / page_size;
	words = calloc(first + 6, sizeof(*words));
	words[first + 0] = 1ULL << 63 | 1ULL << 55 | 17;	/* in a folio of 4 at 16 */
	words[first + 1] = 1ULL << 63 | 30;			/* order 0 */
	words[first + 2] = 1ULL << 62;				/* not for our eyes */
	words[first + 3] = 1ULL << 62 | 100 << 5 | 2;		/* swap, type 2 */
	words[first + 4] = 1ULL << 63 | 40;			/* the zero page */
	for (i = 16; i < 20; i++)
		flags[i] = i == 16 ? 1 << 15 : 1 << 16;
	flags[40] = 1 << 24;
	counts[17] = 3;
	mock_release("6.12.0");
	mock_words("/proc/self/pagemap", 1ULL << 55);
	mock_file("/proc/4711/pagemap", words, (first + 6) * sizeof(*words), 0);
	mock_file("/proc/kpageflags", flags, sizeof(flags), 0);
	mock_file("/proc/kpagecount", counts, sizeof(counts), 0);

	CHECK_CALL(devthp_snapshot_take(&snap, addr_of(0), 6, &opts), 0);
	CHECK_INT(devthp_snapshot_sources(snap), DEVTHP_SOURCE_PAGEMAP | DEVTHP_SOURCE_KPAGE);
	page = page_of(snap, 0);
	CHECK_INT(page.location, DEVTHP_LOC_SYSTEM);
	CHECK_INT(page.pfn, 17);
	CHECK_INT(page.folio, 16);
	CHECK_INT(page.index, 1);
	CHECK_INT(page.order, 2);
	CHECK_INT(page.mapcount, 3);
	CHECK_INT(page.bits, DEVTHP_BIT_SOFT_DIRTY);
	CHECK(!(page.known & (DEVTHP_KNOWN_LEVEL | DEVTHP_KNOWN_REFCOUNT)));
	page = page_of(snap, 1);
	CHECK_INT(page.order, 0);
	CHECK(page.known & DEVTHP_KNOWN_ORDER);
	page = page_of(snap, 2);
	CHECK_INT(page.location, DEVTHP_LOC_UNKNOWN);
	CHECK(!(page.known & DEVTHP_KNOWN_LOCATION));
	CHECK_INT(page_of(snap, 4).location, DEVTHP_LOC_ZERO);
	CHECK_INT(page_of(snap, 5).location, DEVTHP_LOC_EMPTY);
	CHECK_CALL(devthp_snapshot_summarize(snap, 0, 6, &sum), 0);
	CHECK(sum.folios == DEVTHP_NONE);
	CHECK_INT(sum.level_unknown, 5);
	devthp_snapshot_free(snap);
	mock_end();
	free(words);
}

static void device_view(void)
{
	static const uint8_t prot[4] = { 0x26, 0x21, 0x02, 0x00 };
	struct devthp_snapshot_opts opts = {
		.size = sizeof(opts), .sources = DEVTHP_SOURCE_DEVICE,
	};
	struct mock_ioctl call = {
		.request = HMM_SNAPSHOT, .npages = 4, .out = prot, .out_bytes = sizeof(prot),
	};
	struct devthp_snapshot *snap;
	struct devthp_page page;
	char *memory;

	if (lacks_thp())
		return;
	mock_start(0);
	memory = mmap(NULL, 4 * devthp_page_size(), PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	opts.dev = mock_device();
	call.addr = (uintptr_t)memory;
	mock_expect(&call, 1);
	CHECK_CALL(devthp_snapshot_take(&snap, memory, 4, &opts), 0);
	page = page_of(snap, 0);
	CHECK_INT(page.location, DEVTHP_LOC_DEVICE);
	CHECK_INT(page.level, DEVTHP_LEVEL_PMD);
	CHECK_INT(page.bits, DEVTHP_BIT_WRITE);
	CHECK_INT(page.prot, 0x26);
	page = page_of(snap, 1);
	CHECK_INT(page.location, DEVTHP_LOC_DEVICE);
	CHECK_INT(page.level, DEVTHP_LEVEL_PTE);
	CHECK_INT(page.bits, 0);
	CHECK(!(page_of(snap, 3).known & DEVTHP_KNOWN_LEVEL));
	devthp_snapshot_free(snap);

	/* A device looks at its opener's memory only. */
	opts.pid = PID;
	CHECK_CALL(devthp_snapshot_take(&snap, memory, 4, &opts), -EINVAL);
	devthp_device_close(opts.dev);
	munmap(memory, 4 * devthp_page_size());
	mock_end();
}

static void refused(void)
{
	struct devthp_snapshot_opts opts = { .size = sizeof(opts), .pid = -1 };
	struct devthp_snapshot *snap = (void *)&opts;

	if (lacks_thp())
		return;
	start(1);
	CHECK_CALL(devthp_snapshot_take(&snap, addr_of(0), 1, &opts), -EINVAL);
	opts.pid = PID;
	opts.sources = DEVTHP_SOURCE_ALL + 1;
	CHECK_CALL(devthp_snapshot_take(&snap, addr_of(0), 1, &opts), -EINVAL);
	/* No probe here, and nothing else was allowed. */
	opts.sources = DEVTHP_SOURCE_PROBE;
	CHECK_CALL(devthp_snapshot_take(&snap, addr_of(0), 1, &opts), -ENODATA);
	opts.pid = INT32_MAX;
	opts.sources = 0;
	CHECK_CALL(devthp_snapshot_take(&snap, addr_of(0), 1, &opts), -ESRCH);
	CHECK(snap == (void *)&opts);
	mock_end();
}

/* Nothing made up: a touched page, an untouched one, none. */
static void our_own(void)
{
	struct devthp_snapshot *snap;
	size_t size = devthp_page_size();
	char *memory;

	memory = mmap(NULL, 3 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	madvise(memory, 3 * size, MADV_NOHUGEPAGE);
	memory[0] = 1;
	munmap(memory + 2 * size, size);
	CHECK_CALL(devthp_snapshot_take(&snap, memory, 3, NULL), 0);
	CHECK_INT(page_of(snap, 0).location, DEVTHP_LOC_SYSTEM);
	CHECK_INT(page_of(snap, 1).location, DEVTHP_LOC_EMPTY);
	devthp_snapshot_free(snap);
	munmap(memory, 2 * size);
}

static void counters(void)
{
	static const char status[] = "Name:\tx\nRssAnon:\t     12 kB\nVmSwap:\t 0 kB\n";
	static const char later[] = "RssAnon:\t     8 kB\n";
	struct devthp_counters *before, *after;
	uint64_t value;
	int64_t delta;

	mock_start(0);
	mock_file("/proc/self/status", status, strlen(status), 0);
	CHECK_CALL(devthp_counters_take(&before), 0);
	mock_end();
	mock_start(0);
	mock_file("/proc/self/status", later, strlen(later), 0);
	CHECK_CALL(devthp_counters_take(&after), 0);
	mock_end();
	CHECK_CALL(devthp_counters_get(before, DEVTHP_COUNT_RSS_ANON, &value), 0);
	CHECK_INT(value, 12 * 1024);
	CHECK_CALL(devthp_counters_get(before, DEVTHP_COUNT_PAGE_TABLES, &value), -ENODATA);
	CHECK_CALL(devthp_counters_get(before, DEVTHP_COUNTERS, &value), -EINVAL);
	CHECK_CALL(devthp_counters_delta(before, after, DEVTHP_COUNT_RSS_ANON, &delta), 0);
	CHECK_INT(delta, -4 * 1024);
	CHECK_CALL(devthp_counters_delta(before, after, DEVTHP_COUNT_SWAP, &delta), -ENODATA);
	devthp_counters_free(before);
	devthp_counters_free(after);
}

static const struct tap_case cases[] = {
	{ "the probe shows a whole folio", probe_whole },
	{ "the probe shows single pages", probe_pages },
	{ "a probe that does not advance", probe_stuck },
	{ "pagemap and kpageflags", pagemap },
	{ "the device's view", device_view },
	{ "what cannot be looked at", refused },
	{ "our own memory", our_own },
	{ "counters and their difference", counters },
};

TAP_MAIN(cases)
