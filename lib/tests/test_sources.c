// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * What each source of a snapshot knows, on kernels that tell less and less: a fact
 * that nobody told must not be marked as known.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mock.h"

#define PID	4711
#define PAGES	8

#define PRESENT		(1ULL << 63)
#define SWAP		(1ULL << 62)
#define UFFD_WP		(1ULL << 57)
#define SOFT_DIRTY	(1ULL << 55)

#define HEAD		(1ULL << 15)
#define TAIL		(1ULL << 16)

#define BITS_OF_PAGEMAP	(DEVTHP_KNOWN_SOFT_DIRTY | DEVTHP_KNOWN_UFFD_WP)
#define OF_MAPS		DEVTHP_KNOWN_VMA
#define OF_PAGEMAP	(OF_MAPS | DEVTHP_KNOWN_LOCATION | BITS_OF_PAGEMAP)
#define OF_KPAGE \
	(OF_PAGEMAP | DEVTHP_KNOWN_PFN | DEVTHP_KNOWN_FOLIO | DEVTHP_KNOWN_ORDER | \
	 DEVTHP_KNOWN_MAPCOUNT)

static char maps[64];
static uint64_t words[64], flags[4096], counts[4096];
static size_t page_size, entries;
static uint64_t base;

/* A process with PAGES pages mapped; its pagemap, and that of a 6.12 kernel. */
static void start(void)
{
	page_size = devthp_page_size();
	entries = page_size / sizeof(uint64_t);
	base = 8 * page_size;
	memset(words, 0, sizeof(words));
	memset(flags, 0, sizeof(flags));
	memset(counts, 0, sizeof(counts));
	mock_start(0);
	mock_release("6.12.63-something");
	snprintf(maps, sizeof(maps), "%llx-%llx rw-p 0 0:0 0\n", (unsigned long long)base,
		 (unsigned long long)(base + PAGES * page_size));
	mock_file("/proc/4711/maps", maps, strlen(maps), 0);
}

static void give_pagemap(size_t npages)
{
	mock_file("/proc/4711/pagemap", words, (8 + npages) * sizeof(*words), 0);
}

static void give_kpage(size_t npages)
{
	mock_file("/proc/kpageflags", flags, npages * sizeof(*flags), 0);
	mock_file("/proc/kpagecount", counts, npages * sizeof(*counts), 0);
}

/* Pages [0, PAGES] of it: the last is beyond what is mapped. */
static void look(struct devthp_page *pages, unsigned int sources)
{
	struct devthp_snapshot_opts opts = { .size = sizeof(opts), .pid = PID };
	struct devthp_snapshot *snap;
	size_t i;

	CHECK_CALL(devthp_snapshot_take(&snap, (void *)(uintptr_t)base, PAGES + 1, &opts), 0);
	CHECK_INT(devthp_snapshot_sources(snap), sources);
	for (i = 0; i <= PAGES; i++) {
		pages[i].size = sizeof(pages[i]);
		CHECK_CALL(devthp_snapshot_page(snap, i, &pages[i]), 0);
	}
	CHECK_CALL(devthp_snapshot_free(snap), 0);
	mock_end();
	CHECK_INT(pages[PAGES].location, DEVTHP_LOC_UNMAPPED);
}

static void no_probe(void)
{
	struct devthp_page p[PAGES + 1];

	start();
	words[8] = PRESENT | SOFT_DIRTY | UFFD_WP | 17;	/* in a folio of 4 at 16 */
	words[9] = PRESENT | 30;
	words[11] = SWAP | 5 << 5 | 27;		/* on a device */
	words[12] = SWAP | 6 << 5 | 29;		/* exclusive */
	words[13] = SWAP | 7 << 5 | 24;		/* migration */
	words[14] = SWAP | 8 << 5 | 23;		/* poison, or swap */
	words[15] = SWAP | 9 << 5 | 1;		/* swap */
	flags[16] = HEAD;
	flags[17] = flags[18] = flags[19] = TAIL;
	counts[17] = 3;
	mock_device_private(true);
	mock_words("/proc/self/pagemap", SOFT_DIRTY);
	give_pagemap(PAGES + 1);
	give_kpage(64);
	look(p, DEVTHP_SOURCE_PAGEMAP | DEVTHP_SOURCE_KPAGE);

	CHECK_INT(p[0].known, OF_KPAGE);
	CHECK_INT(p[0].location, DEVTHP_LOC_SYSTEM);
	CHECK_INT(p[0].bits, DEVTHP_BIT_SOFT_DIRTY | DEVTHP_BIT_UFFD_WP);
	CHECK_INT(p[0].folio, 16);
	CHECK_INT(p[0].order, 2);
	CHECK_INT(p[0].mapcount, 3);
	CHECK_INT(p[1].known, OF_KPAGE);
	CHECK_INT(p[1].order, 0);
	CHECK_INT(p[2].known, OF_PAGEMAP);
	CHECK_INT(p[2].location, DEVTHP_LOC_EMPTY);
	CHECK_INT(p[3].known, OF_PAGEMAP | DEVTHP_KNOWN_PFN);
	CHECK_INT(p[3].location, DEVTHP_LOC_DEVICE);
	CHECK_INT(p[3].pfn, 5);
	CHECK_INT(p[4].known, OF_PAGEMAP | DEVTHP_KNOWN_PFN);
	CHECK_INT(p[4].location, DEVTHP_LOC_EXCLUSIVE);
	CHECK_INT(p[5].known, OF_PAGEMAP | DEVTHP_KNOWN_PFN);
	CHECK_INT(p[5].location, DEVTHP_LOC_MIGRATION);
	CHECK_INT(p[6].known, OF_MAPS | BITS_OF_PAGEMAP);
	CHECK_INT(p[6].location, DEVTHP_LOC_UNKNOWN);
	CHECK_INT(p[7].known, OF_PAGEMAP);
	CHECK_INT(p[7].location, DEVTHP_LOC_SWAP);
}

/* Others than root see no PFNs, and no types of what is not present. */
static void no_pfns(void)
{
	struct devthp_page p[PAGES + 1];

	start();
	words[8] = PRESENT;
	words[9] = SWAP;
	mock_words("/proc/self/pagemap", SOFT_DIRTY);
	mock_file("/dev/folio_probe", NULL, 0, -EACCES);
	mock_file("/proc/kpageflags", NULL, 0, -EACCES);
	give_pagemap(PAGES + 1);
	look(p, DEVTHP_SOURCE_PAGEMAP);
	CHECK_INT(p[0].known, OF_PAGEMAP);
	CHECK_INT(p[0].location, DEVTHP_LOC_SYSTEM);
	CHECK_INT(p[1].known, OF_MAPS | BITS_OF_PAGEMAP);
	CHECK_INT(p[1].location, DEVTHP_LOC_UNKNOWN);
}

/* kpageflags, and no kpagecount, is no source; nothing of it is told. */
static void half_a_source(void)
{
	struct devthp_page p[PAGES + 1];

	start();
	words[8] = PRESENT | 3;
	mock_words("/proc/self/pagemap", 0);
	give_pagemap(PAGES + 1);
	mock_file("/proc/kpageflags", flags, sizeof(flags), 0);
	mock_file("/proc/kpagecount", NULL, 0, -EPERM);
	look(p, DEVTHP_SOURCE_PAGEMAP);
	CHECK_INT(p[0].known, (OF_PAGEMAP | DEVTHP_KNOWN_PFN) & ~DEVTHP_KNOWN_SOFT_DIRTY);
}

static void other_kernels(void)
{
	static const struct {
		const char *release;
		uint64_t own;	/* word of a fresh page */
		uint32_t lacking;	/* facts of a page of a large folio */
		unsigned int swapped;	/* where a page with a swap type is */
	} kernels[] = {
		{ "6.12.0", SOFT_DIRTY, 0, DEVTHP_LOC_DEVICE },
		{ "6.12.0", 0, DEVTHP_KNOWN_SOFT_DIRTY, DEVTHP_LOC_DEVICE },
		{ "6.2.0", SOFT_DIRTY, 0, DEVTHP_LOC_DEVICE },
		{ "6.1.192", SOFT_DIRTY, 0, DEVTHP_LOC_UNKNOWN },
		{ "5.18.19", SOFT_DIRTY, 0, DEVTHP_LOC_UNKNOWN },
		{ "5.13.1", SOFT_DIRTY, DEVTHP_KNOWN_UFFD_WP, DEVTHP_LOC_UNKNOWN },
		{ "6.15-rc1", SOFT_DIRTY, DEVTHP_KNOWN_MAPCOUNT, DEVTHP_LOC_UNKNOWN },
		{ "7.0", SOFT_DIRTY, DEVTHP_KNOWN_MAPCOUNT, DEVTHP_LOC_UNKNOWN },
		{ "next", SOFT_DIRTY, DEVTHP_KNOWN_MAPCOUNT | DEVTHP_KNOWN_UFFD_WP,
		  DEVTHP_LOC_UNKNOWN },
	};
	struct devthp_page p[PAGES + 1];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kernels); i++) {
		start();
		mock_release(kernels[i].release);
		mock_device_private(true);
		words[8] = PRESENT | SOFT_DIRTY | UFFD_WP | 17;
		words[9] = SWAP | 5 << 5 | 27;
		words[10] = PRESENT | 30;
		flags[16] = HEAD;
		flags[17] = TAIL;
		mock_words("/proc/self/pagemap", kernels[i].own);
		give_pagemap(PAGES + 1);
		give_kpage(64);
		look(p, DEVTHP_SOURCE_PAGEMAP | DEVTHP_SOURCE_KPAGE);
		CHECK_INT(p[0].known, OF_KPAGE & ~kernels[i].lacking);
		CHECK(!(p[0].bits & DEVTHP_BIT_SOFT_DIRTY) ==
		      !(p[0].known & DEVTHP_KNOWN_SOFT_DIRTY));
		CHECK(!(p[0].bits & DEVTHP_BIT_UFFD_WP) == !(p[0].known & DEVTHP_KNOWN_UFFD_WP));
		CHECK_INT(p[1].location, kernels[i].swapped);
		CHECK(p[2].known & DEVTHP_KNOWN_MAPCOUNT);
	}
}

/*
 * What the types of entries are depends on whether there is device-private memory. Of
 * those that do not tell that, some are certain all the same.
 */
static void without_device_private(void)
{
	enum { BUILT_IN, NOT_BUILT_IN, NOBODY_TELLS, KERNELS };
	struct devthp_page p[PAGES + 1];
	unsigned int kernel, i;

	for (kernel = 0; kernel < KERNELS; kernel++) {
		start();
		for (i = 0; i < PAGES; i++)
			words[8 + i] = SWAP | 5 << 5 | (24 + i);
		if (kernel == NOBODY_TELLS)
			mock_file("/proc/kallsyms", NULL, 0, -ENOENT);
		else
			mock_device_private(kernel == BUILT_IN);
		mock_words("/proc/self/pagemap", SOFT_DIRTY);
		give_pagemap(PAGES + 1);
		give_kpage(64);
		look(p, DEVTHP_SOURCE_PAGEMAP | DEVTHP_SOURCE_KPAGE);
		for (i = 0; i < PAGES - 1; i++) {
			const bool known = p[i].known & DEVTHP_KNOWN_LOCATION;

			CHECK(known == (kernel == BUILT_IN));
			CHECK(known == (p[i].location != DEVTHP_LOC_UNKNOWN));
			CHECK(known == !!(p[i].known & DEVTHP_KNOWN_PFN));
		}
		CHECK_INT(p[PAGES - 1].location, DEVTHP_LOC_MARKER);
	}
}

static void real_swap(void)
{
	struct devthp_page p[PAGES + 1];
	unsigned int i;

	start();
	for (i = 0; i < PAGES; i++)
		words[8 + i] = SWAP | 5 << 5 | (3 * i);
	mock_device_private(false);
	mock_words("/proc/self/pagemap", SOFT_DIRTY);
	give_pagemap(PAGES + 1);
	give_kpage(64);
	look(p, DEVTHP_SOURCE_PAGEMAP | DEVTHP_SOURCE_KPAGE);
	for (i = 0; i < PAGES; i++)
		CHECK_INT(p[i].location, DEVTHP_LOC_SWAP);
}

/* The pagemap of a process that has ended, or of addresses that are not its own. */
static void pagemap_ends(void)
{
	struct devthp_page p[PAGES + 1];

	start();
	words[8] = PRESENT;
	mock_words("/proc/self/pagemap", SOFT_DIRTY);
	give_pagemap(1);
	give_kpage(64);
	look(p, DEVTHP_SOURCE_PAGEMAP | DEVTHP_SOURCE_KPAGE);
	CHECK_INT(p[0].known, OF_PAGEMAP);
	CHECK_INT(p[1].known, OF_MAPS);
	CHECK_INT(p[1].location, DEVTHP_LOC_UNKNOWN);
}

/* A folio is told only if all of it was seen, and nothing of another. */
static void folios_that_are_not_told(void)
{
	struct devthp_page p[PAGES + 1];
	const size_t pmd_pages = devthp_pmd_size() ? devthp_pmd_size() / page_size : entries;
	size_t i, last = 3 * pmd_pages - 1;

	start();
	if (4 * pmd_pages > ARRAY_SIZE(flags)) {
		tap_skip("pages are too large");
		mock_end();
		return;
	}
	/* Of pmd_pages each: whole, a part of two, cut off at the end of memory. */
	for (i = 0; i < 3 * pmd_pages; i++)
		flags[i] = i && i != 2 * pmd_pages && i != last - 1 ? TAIL : HEAD;
	flags[pmd_pages] = HEAD;
	for (i = pmd_pages; i < 2 * pmd_pages; i++)
		flags[i] = TAIL;	/* one of twice that, at 0 */
	words[8] = PRESENT | 1;
	words[9] = PRESENT | (pmd_pages + 1);
	words[10] = PRESENT | last;
	words[11] = PRESENT | (last + 1);	/* beyond memory */
	words[12] = PRESENT | (2 * pmd_pages + 5);
	words[13] = PRESENT | (pmd_pages - 1);	/* all that is read is of one folio */
	mock_words("/proc/self/pagemap", SOFT_DIRTY);
	give_pagemap(PAGES + 1);
	give_kpage(last + 1);
	look(p, DEVTHP_SOURCE_PAGEMAP | DEVTHP_SOURCE_KPAGE);
	CHECK(!(p[0].known & (DEVTHP_KNOWN_FOLIO | DEVTHP_KNOWN_ORDER)));
	CHECK(!(p[1].known & (DEVTHP_KNOWN_FOLIO | DEVTHP_KNOWN_ORDER)));
	CHECK_INT(p[2].known, OF_KPAGE);
	CHECK_INT(p[2].folio, last - 1);
	CHECK_INT(p[2].order, 1);
	CHECK_INT(p[3].known, OF_PAGEMAP | DEVTHP_KNOWN_PFN);
	CHECK(!(p[5].known & (DEVTHP_KNOWN_FOLIO | DEVTHP_KNOWN_ORDER)));
	/* 2 less than a power of two: no folio. */
	CHECK(!(p[4].known & (DEVTHP_KNOWN_FOLIO | DEVTHP_KNOWN_ORDER)));
}

/* What the probe leaves out, or does not know, is unknown. */
static void probe_alone(void)
{
	struct folio_probe_record records[3];
	struct devthp_page p[PAGES + 1];

	start();
	memset(records, 0, sizeof(records));
	records[0].addr = base;
	records[0].kind = FOLIO_PROBE_KIND_PRESENT;
	records[0].pfn = records[0].folio = 5;
	records[0].refcount = 1;
	records[1].addr = base + page_size;
	records[1].kind = FOLIO_PROBE_KIND_ZERO + 1;	/* of a later kernel */
	records[1].pfn = records[1].folio = FOLIO_PROBE_NONE;
	records[2].addr = base + 2 * page_size;
	records[2].pfn = records[2].folio = FOLIO_PROBE_NONE;
	mock_probe(records, ARRAY_SIZE(records), 8);
	look(p, DEVTHP_SOURCE_PROBE);
	CHECK_INT(p[0].known, (1U << 19) - 1 - DEVTHP_KNOWN_PROT);
	CHECK_INT(p[1].location, DEVTHP_LOC_UNKNOWN);
	CHECK(!(p[1].known & (DEVTHP_KNOWN_LOCATION | DEVTHP_KNOWN_PFN | DEVTHP_KNOWN_FOLIO |
			      DEVTHP_KNOWN_REFCOUNT | DEVTHP_KNOWN_MAPCOUNTS)));
	CHECK_INT(p[2].location, DEVTHP_LOC_EMPTY);
	CHECK(p[2].known & DEVTHP_KNOWN_LOCATION);
	CHECK_INT(p[3].location, DEVTHP_LOC_UNKNOWN);
	CHECK_INT(p[3].known, OF_MAPS);
}

/* No level or order that would lead anybody astray. */
static void probe_of_nonsense(void)
{
	struct devthp_snapshot_opts opts = { .size = sizeof(opts), .pid = PID };
	struct folio_probe_record record = { .order = 200 };
	struct devthp_snapshot *snap;
	int i;

	for (i = 0; i < 3; i++) {
		start();
		record = (struct folio_probe_record){ .addr = base };
		record.order = i == 0 ? 200 : 0;
		record.level = i == 1 ? FOLIO_PROBE_PUD + 1 : 0;
		record.addr += i == 2;
		mock_probe(&record, 1, 8);
		CHECK_CALL(devthp_snapshot_take(&snap, (void *)(uintptr_t)base, PAGES, &opts),
			   -EIO);
		mock_end();
	}
}

/* Of a device alone: what it has no access to may be anything. */
static void device_alone(void)
{
	static const struct {
		uint8_t prot;
		uint32_t location, level;
	} views[] = {
		{ 0x26, DEVTHP_LOC_DEVICE, DEVTHP_LEVEL_PMD },
		{ 0x31, DEVTHP_LOC_DEVICE, DEVTHP_LEVEL_PTE },
		{ 0x42, DEVTHP_LOC_SYSTEM, DEVTHP_LEVEL_PTE },
		{ 0x51, DEVTHP_LOC_SYSTEM, DEVTHP_LEVEL_PTE },
		{ 0x11, DEVTHP_LOC_ZERO, DEVTHP_LEVEL_PTE },
		{ 0x01, DEVTHP_LOC_SYSTEM, DEVTHP_LEVEL_PTE },
		{ 0x61, DEVTHP_LOC_UNKNOWN, DEVTHP_LEVEL_PTE },
		{ 0x00, DEVTHP_LOC_UNKNOWN, UINT32_MAX },
		{ 0x0a, DEVTHP_LOC_SYSTEM, UINT32_MAX },
		{ 0xff, DEVTHP_LOC_UNKNOWN, UINT32_MAX },
	};
	struct devthp_snapshot_opts opts = {
		.size = sizeof(opts), .sources = DEVTHP_SOURCE_DEVICE,
	};
	uint8_t prot[ARRAY_SIZE(views)];
	struct mock_ioctl call = {
		.request = HMM_SNAPSHOT, .npages = ARRAY_SIZE(views), .out = prot,
		.out_bytes = sizeof(prot),
	};
	struct devthp_snapshot *snap;
	struct devthp_range *range;
	size_t i;
	struct devthp_range_opts memory = {
		.size = sizeof(memory), .bytes = ARRAY_SIZE(views) * devthp_page_size(),
		.advice = DEVTHP_ADVICE_SMALL,
	};

	CHECK_CALL(devthp_range_alloc(&range, &memory), 0);
	for (i = 0; i < ARRAY_SIZE(views); i++)
		prot[i] = views[i].prot;
	mock_start(0);
	opts.dev = mock_device();
	call.addr = (uintptr_t)devthp_range_addr(range);
	mock_expect(&call, 1);
	CHECK_CALL(devthp_snapshot_take(&snap, devthp_range_addr(range), ARRAY_SIZE(views), &opts),
		   0);
	for (i = 0; i < ARRAY_SIZE(views); i++) {
		struct devthp_page page = { .size = sizeof(page) };
		uint32_t wanted = OF_MAPS | DEVTHP_KNOWN_PROT;

		wanted |= views[i].location == DEVTHP_LOC_UNKNOWN ? 0 : DEVTHP_KNOWN_LOCATION;
		wanted |= views[i].level == UINT32_MAX ? 0 : DEVTHP_KNOWN_LEVEL;
		if (views[i].prot != 0xff && views[i].prot & 3)
			wanted |= DEVTHP_KNOWN_WRITE;
		CHECK_CALL(devthp_snapshot_page(snap, i, &page), 0);
		CHECK_INT(page.known, wanted);
		CHECK_INT(page.location, views[i].location);
		if (wanted & DEVTHP_KNOWN_LEVEL)
			CHECK_INT(page.level, views[i].level);
	}
	devthp_snapshot_free(snap);
	devthp_device_close(opts.dev);
	mock_end();
	devthp_range_free(range);
}

/* Of about as many bytes as are read at first, and of many more. */
static void texts_of_any_length(void)
{
	const size_t page = devthp_page_size(), at_first = 16 * page;
	const size_t lengths[] = { 0, 1, at_first - 1, at_first, at_first + 1, 5 * at_first };
	char *file = malloc(5 * at_first), *text;
	size_t i, npages;

	for (i = 0; i < 5 * at_first; i++)
		file[i] = (char)('a' + i % 25);
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		mock_start(0);
		mock_file("/proc/4711/smaps", file, lengths[i], 0);
		CHECK_CALL(devthp_scratch_read("/proc/4711/smaps", &text, &npages), 0);
		CHECK(lengths[i] < npages * page);
		CHECK_INT(strlen(text), lengths[i]);
		CHECK(!memcmp(text, file, lengths[i]));
		devthp_scratch_put(text, npages);
		mock_end();
	}
	mock_start(0);
	mock_file("/proc/4711/smaps", NULL, 0, -EACCES);
	CHECK_CALL(devthp_scratch_read("/proc/4711/smaps", &text, &npages), -EACCES);
	mock_end();
	free(file);
}

static const struct tap_case cases[] = {
	{ "texts of any length", texts_of_any_length },
	{ "no probe: pagemap, kpageflags, kpagecount", no_probe },
	{ "no PFNs for us", no_pfns },
	{ "kpageflags without kpagecount", half_a_source },
	{ "older and newer kernels, and some without soft-dirty", other_kernels },
	{ "kernels without device-private memory", without_device_private },
	{ "swap, on those as well", real_swap },
	{ "a pagemap that ends early", pagemap_ends },
	{ "folios that cannot be told from outside", folios_that_are_not_told },
	{ "the probe alone, and kinds of a later one", probe_alone },
	{ "a probe that tells nonsense", probe_of_nonsense },
	{ "a device alone", device_alone },
};

TAP_MAIN(cases)
