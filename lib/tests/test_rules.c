// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Invariants over a made-up process that keeps them all: one folio by a PMD entry on
 * a device, one by PTEs in system memory, and small pages. Each case breaks it in one
 * place, and the rule concerned must be the one that says so.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mock.h"

#define PID		4711
#define SMALL		4	/* pages of their own, the others are of one folio */
#define WATCHED		(SMALL + 2)	/* protected by userfaultfd */
#define HEAD		0x100000ULL	/* PFN of the folio on the device */
#define LARGE		0x200000ULL	/* of the one in system memory */
#define ALONE		0x300000ULL	/* of the first small page */

#define DEVICE_FLAGS \
	(FOLIO_PROBE_F_ANON | FOLIO_PROBE_F_ZONE_DEVICE | FOLIO_PROBE_F_DEVICE_PRIVATE)
#define SYSTEM_FLAGS	(FOLIO_PROBE_F_ANON | FOLIO_PROBE_F_LRU)
#define OWN		(FOLIO_PROBE_WRITE | FOLIO_PROBE_EXCLUSIVE)

static size_t page_size, pmd_pages, nrecords;
static uint64_t base;
static char maps[256], smaps[1024];
static size_t resident, anonymous, huge, swapped, mapped_by;	/* pages, in smaps */
static struct folio_probe_record *records;
static struct devthp_region region;
static uint32_t flags;
static uint8_t *prot;

/* records[0] is the PMD entry, those behind it are PTEs of the next PMD's range. */
static struct folio_probe_record *pte(size_t i)
{
	return &records[1 + i];
}

static struct folio_probe_record small_page(size_t i)
{
	return (struct folio_probe_record){
		.pfn = ALONE + i, .folio = ALONE + i, .page_mapcount = 1, .refcount = 1,
	};
}

static struct folio_probe_record page_of_large(size_t i)
{
	const int mapped = (int)(pmd_pages - SMALL);

	return (struct folio_probe_record){
		.pfn = LARGE + i, .folio = LARGE, .index = i, .order = records[0].order,
		.page_mapcount = 1, .large_mapcount = mapped, .nr_pages_mapped = mapped,
		.refcount = mapped,
	};
}

static void make_pte(size_t i)
{
	struct folio_probe_record *r = pte(i);

	*r = i < SMALL ? small_page(i) : page_of_large(i);
	r->addr = base + (pmd_pages + i) * page_size;
	r->level = FOLIO_PROBE_PTE;
	r->kind = FOLIO_PROBE_KIND_PRESENT;
	r->folio_flags = SYSTEM_FLAGS;
	r->bits = OWN;
}

static void tell_mapping(size_t first, size_t last)
{
	const size_t kb = page_size / 1024, length = strlen(smaps);

	snprintf(smaps + length, sizeof(smaps) - length,
		 "%llx-%llx rw-p 00000000 00:00 0\n"
		 "KernelPageSize: %8zu kB\nMMUPageSize: %8zu kB\nRss: %8zu kB\n"
		 "Anonymous: %8zu kB\nAnonHugePages: %8zu kB\nShmemPmdMapped: 0 kB\n"
		 "FilePmdMapped: 0 kB\nSwap: %8zu kB\nVmFlags: rd wr mr mw me ac sd\n",
		 (unsigned long long)(base + first * page_size),
		 (unsigned long long)(base + (last + 1) * page_size), mapped_by * kb, kb,
		 resident * kb, anonymous * kb, huge * kb, swapped * kb);
}

static void tell_smaps(void)
{
	smaps[0] = '\0';
	tell_mapping(0, 2 * pmd_pages - 1);
}

static bool start(void)
{
	size_t i;

	if (!devthp_pmd_size()) {
		tap_skip("this kernel has no huge pages");
		return false;
	}
	page_size = devthp_page_size();
	pmd_pages = devthp_pmd_size() / page_size;
	base = 64ULL * devthp_pmd_size();
	nrecords = 1 + pmd_pages;
	records = calloc(nrecords, sizeof(*records));
	records[0] = (struct folio_probe_record){
		.addr = base, .level = FOLIO_PROBE_PMD, .kind = FOLIO_PROBE_KIND_DEVICE_PRIVATE,
		.pfn = HEAD, .folio = HEAD, .order = __builtin_ctzl(pmd_pages), .bits = OWN,
		.entire_mapcount = 1, .large_mapcount = 1, .refcount = 1, .owner = 7,
		.folio_flags = DEVICE_FLAGS,
	};
	for (i = 0; i < pmd_pages; i++)
		make_pte(i);
	pte(WATCHED)->bits = FOLIO_PROBE_UFFD_WP | FOLIO_PROBE_EXCLUSIVE;
	mock_start(0);
	snprintf(maps, sizeof(maps), "%llx-%llx rw-p 00000000 00:00 0\n",
		 (unsigned long long)base,
		 (unsigned long long)(base + 2 * pmd_pages * page_size));
	mock_file("/proc/4711/maps", maps, strlen(maps), 0);
	resident = anonymous = 2 * pmd_pages;
	huge = pmd_pages;
	swapped = 0;
	mapped_by = 1;
	tell_smaps();
	mock_file("/proc/4711/smaps", smaps, sizeof(smaps), 0);
	mock_probe(records, nrecords, 512);
	region = (struct devthp_region){
		.size = sizeof(region), .addr = (void *)(uintptr_t)base,
		.npages = 2 * pmd_pages, .pid = PID,
	};
	flags = DEVTHP_CHECK_COMPLETE;
	return true;
}

static int check(struct devthp_findings **findings)
{
	const struct devthp_check_opts opts = { .size = sizeof(opts), .flags = flags, .tries = 2 };
	const struct devthp_region *const regions[] = { &region };

	return devthp_check(regions, 1, &opts, findings);
}

static void end(void)
{
	mock_end();
	free(records);
}

/* All of it is right. */
static void end_good(void)
{
	CHECK_CALL(check(NULL), 0);
	end();
}

/* The rule is broken at that page, and no other rule is. */
static void end_broken(unsigned int rule, size_t page, int64_t expected, int64_t seen)
{
	struct devthp_finding finding = { .size = sizeof(finding) };
	struct devthp_findings *findings = NULL;
	size_t i;

	CHECK(check(&findings) > 0);
	CHECK(devthp_findings_count(findings) > 0);
	for (i = 0; i < devthp_findings_count(findings); i++) {
		CHECK_CALL(devthp_findings_get(findings, i, &finding), 0);
		CHECK_INT(finding.rule, rule);
		if (i)
			continue;
		CHECK_INT(finding.page, page);
		CHECK_INT(finding.addr, base + page * page_size);
		CHECK_INT(finding.expected, expected);
		CHECK_INT(finding.seen, seen);
		CHECK_INT(finding.pid, PID);
	}
	CHECK(devthp_findings_applied(findings, rule) > 0);
	CHECK_CALL(devthp_findings_free(findings), 0);
	end();
}

/* A raw entry of arm64: page, user, not global, contiguous. */
#define RAW(pfn)	((pfn) * page_size | 1ULL << 52 | 1ULL << 11 | 1ULL << 6 | 3)
#define RAW_NOTED	(1ULL << 55 | 1ULL << 10 | 1ULL << 7)	/* dirty, accessed, read-only */
#define RAW_USER	(1ULL << 6)

/* Entries of one block, the second of the folio that PTEs map; none is small. */
static size_t block(void)
{
	return page_size == 4096 ? 16 : page_size == 16384 ? 128 : 32;
}

static bool start_contiguous(void)
{
	size_t i;

	if (!start())
		return false;
	for (i = block(); i < 2 * block(); i++) {
		pte(i)->bits = OWN | FOLIO_PROBE_CONTIGUOUS;
		pte(i)->entry = RAW(pte(i)->pfn);
	}
	return true;
}

static void all_is_right(void)
{
	struct devthp_findings *findings = NULL;
	unsigned int rule;

	if (!start_contiguous())
		return;
	CHECK_CALL(check(&findings), 0);
	for (rule = 1; rule < DEVTHP_RULES; rule++) {
		/* There is no device that looks. */
		if (rule != DEVTHP_RULE_DEVICE_VIEW && !devthp_findings_applied(findings, rule))
			CHECK_INT(rule, 0);
		CHECK(devthp_rule_name(rule)[0] != '?');
		CHECK(devthp_rule_statement(rule)[0] != '?');
	}
	CHECK_CALL(devthp_findings_free(findings), 0);
	end();
}

static void at_rest(void)
{
	if (!start())
		return;
	pte(1)->kind = FOLIO_PROBE_KIND_MIGRATION;
	end_broken(DEVTHP_RULE_AT_REST, pmd_pages + 1, 0, 1);
}

static void continuity(void)
{
	if (!start())
		return;
	pte(SMALL + 1)->index = 9;
	end_broken(DEVTHP_RULE_CONTINUITY, pmd_pages + SMALL + 1, LARGE + 9, LARGE + SMALL + 1);
	if (!start())
		return;
	pte(0)->index = 1;
	pte(0)->folio--;
	end_broken(DEVTHP_RULE_CONTINUITY, pmd_pages, 0, 1);
	if (!start())
		return;
	records[0].pfn = HEAD + 1;
	records[0].folio = HEAD + 1;
	end_broken(DEVTHP_RULE_CONTINUITY, 0, 0, 1);
}

static void one_folio(void)
{
	if (!start())
		return;
	pte(pmd_pages - 1)->owner = 3;
	end_broken(DEVTHP_RULE_ONE_FOLIO, 2 * pmd_pages - 1, 0, 3);
}

static void entire_mapcount(void)
{
	if (!start())
		return;
	records[0].entire_mapcount = 2;
	records[0].large_mapcount = 2;
	records[0].refcount = 2;
	records[0].bits = 0;
	flags = 0;
	end_good();
	if (!start())
		return;
	/* Only its PTE was forgotten in one count. */
	pte(SMALL)->entire_mapcount = 1;
	pte(SMALL)->bits = 0;
	end_broken(DEVTHP_RULE_ENTIRE_MAPCOUNT, pmd_pages + SMALL, 0, 1);
}

static void page_mapcount(void)
{
	if (!start())
		return;
	pte(SMALL + 7)->page_mapcount = 0;
	pte(SMALL + 7)->bits = 0;
	end_broken(DEVTHP_RULE_PAGE_MAPCOUNT, pmd_pages + SMALL + 7, 1, 0);
}

static void large_mapcount(void)
{
	if (!start())
		return;
	pte(SMALL)->large_mapcount++;
	end_broken(DEVTHP_RULE_LARGE_MAPCOUNT, pmd_pages + SMALL, (int)pmd_pages - SMALL,
		   (int)pmd_pages - SMALL + 1);
}

static void refcount(void)
{
	if (!start())
		return;
	records[0].refcount = 2;
	end_broken(DEVTHP_RULE_REFCOUNT, 0, 1, 2);
	if (!start())
		return;
	pte(2)->refcount = 0;
	flags = 0;
	end_broken(DEVTHP_RULE_REFCOUNT, pmd_pages + 2, 1, 0);
	/* Who is known to hold one. */
	if (!start())
		return;
	region.npages = pmd_pages;
	region.folio_refs = 1;
	records[0].refcount = 2;
	end_good();
	/* A folio on its way to the LRU list, and one in the swap cache. */
	if (!start())
		return;
	pte(1)->folio_flags &= ~FOLIO_PROBE_F_LRU;
	pte(1)->refcount = 2;
	pte(2)->folio_flags |= FOLIO_PROBE_F_SWAPCACHE;
	pte(2)->refcount = 2;
	end_good();
	/* An entry for a device alone holds one, and maps nothing. */
	if (!start())
		return;
	pte(1)->kind = FOLIO_PROBE_KIND_DEVICE_EXCLUSIVE;
	pte(1)->page_mapcount = 0;
	end_good();
}

static void pincount(void)
{
	if (!start())
		return;
	pte(SMALL)->pincount = 3;
	end_broken(DEVTHP_RULE_PINCOUNT, pmd_pages + SMALL, 0, 3);
	/* All pages of the folio on the device's side are pinned once, say. */
	if (!start())
		return;
	region.npages = pmd_pages;
	region.page_pins = 1;
	records[0].pincount = (int)pmd_pages;
	records[0].refcount = 1 + (int)pmd_pages;
	end_good();
}

static void exclusive(void)
{
	if (!start())
		return;
	pte(0)->page_mapcount = 2;
	pte(0)->refcount = 2;
	flags = 0;
	end_broken(DEVTHP_RULE_EXCLUSIVE, pmd_pages, 1, 2);
}

static void write_allowed(void)
{
	if (!start())
		return;
	memcpy(strchr(maps, ' ') + 1, "r--p", 4);
	pte(0)->bits = FOLIO_PROBE_EXCLUSIVE;
	end_broken(DEVTHP_RULE_WRITE_ALLOWED, 0, 0, 1);
}

static void write_exclusive(void)
{
	if (!start())
		return;
	pte(3)->bits = FOLIO_PROBE_WRITE;
	end_broken(DEVTHP_RULE_WRITE_EXCLUSIVE, pmd_pages + 3, 1, 0);
}

static void uffd_wp(void)
{
	if (!start())
		return;
	records[0].bits |= FOLIO_PROBE_UFFD_WP;
	end_broken(DEVTHP_RULE_UFFD_WP, 0, 0, 1);
}

static void kind_of_folio(void)
{
	if (!start())
		return;
	records[0].folio_flags |= FOLIO_PROBE_F_LRU;
	end_broken(DEVTHP_RULE_DEVICE_FOLIO, 0, DEVICE_FLAGS, DEVICE_FLAGS | FOLIO_PROBE_F_LRU);
	if (!start())
		return;
	records[0].folio_flags = SYSTEM_FLAGS;
	end_broken(DEVTHP_RULE_DEVICE_FOLIO, 0, DEVICE_FLAGS, SYSTEM_FLAGS);
	if (!start())
		return;
	pte(0)->folio_flags |= FOLIO_PROBE_F_DEVICE_PRIVATE;
	end_broken(DEVTHP_RULE_SYSTEM_FOLIO, pmd_pages, 0, FOLIO_PROBE_F_DEVICE_PRIVATE);
}

/* A device that sees "seen" of the PMD's pages. */
static void device_sees(uint8_t seen, int broken)
{
	struct mock_ioctl look[2];

	if (!start())
		return;
	prot = malloc(pmd_pages);
	memset(prot, seen, pmd_pages);
	look[0] = (struct mock_ioctl){
		HMM_SNAPSHOT, base, pmd_pages, .out = prot, .out_bytes = pmd_pages,
	};
	look[1] = look[0];
	region.npages = pmd_pages;
	region.pid = 0;
	region.dev = mock_device();
	mock_file("/proc/self/maps", maps, strlen(maps), 0);
	mock_expect(look, broken ? 2 : 1);
	CHECK_CALL(check(NULL), broken);
	devthp_device_close(region.dev);
	free(prot);
	end();
}

static void device_view(void)
{
	const uint8_t pmd = DEVTHP_PROT_PRIVATE_LOCAL | DEVTHP_PROT_READ | DEVTHP_PROT_WRITE |
			    DEVTHP_PROT_PMD;

	if (!devthp_pmd_size()) {
		tap_skip("this kernel has no huge pages");
		return;
	}
	device_sees(pmd, 0);
	device_sees(DEVTHP_PROT_NONE, 0);
	device_sees(pmd & ~DEVTHP_PROT_PMD, (int)(devthp_pmd_size() / devthp_page_size()));
	device_sees(pmd & ~DEVTHP_PROT_WRITE, (int)(devthp_pmd_size() / devthp_page_size()));
}

/* A sum of smaps that is not that of the entries, by one page, or by the bound. */
static void sum_is(size_t *sum, size_t pages, unsigned int rule, int64_t expected)
{
	*sum = pages;
	tell_smaps();
	if (expected < 0)
		end_good();
	else
		end_broken(rule, 0, expected, (int64_t)pages);
}

static void resident_sum(void)
{
	const int more[] = { -1, 1 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(more) && start(); i++)
		sum_is(&resident, 2 * pmd_pages + more[i], DEVTHP_RULE_RESIDENT, 2 * pmd_pages);
	/* What is counted of a broken page is not known. */
	for (i = 0; i < ARRAY_SIZE(more) && start(); i++) {
		pte(0)->kind = FOLIO_PROBE_KIND_HWPOISON;
		anonymous--;
		sum_is(&resident, 2 * pmd_pages - i, DEVTHP_RULE_RESIDENT, -1);
	}
}

static void anonymous_sum(void)
{
	if (start())
		sum_is(&anonymous, 2 * pmd_pages - 1, DEVTHP_RULE_ANONYMOUS, 2 * pmd_pages);
	if (!start())
		return;
	pte(0)->folio_flags = FOLIO_PROBE_F_LRU;
	sum_is(&anonymous, 2 * pmd_pages, DEVTHP_RULE_ANONYMOUS, 2 * pmd_pages - 1);
}

static void huge_sum(void)
{
	if (start())
		sum_is(&huge, 0, DEVTHP_RULE_HUGE, pmd_pages);
	if (start())
		sum_is(&huge, 2 * pmd_pages, DEVTHP_RULE_HUGE, pmd_pages);
}

static void swapped_sum(void)
{
	if (start())
		sum_is(&swapped, 3, DEVTHP_RULE_SWAPPED, 0);
	if (!start())
		return;
	pte(0)->kind = FOLIO_PROBE_KIND_SWAP;
	resident = anonymous = 2 * pmd_pages - 1;
	sum_is(&swapped, 0, DEVTHP_RULE_SWAPPED, 1);
	if (!start())
		return;
	pte(0)->kind = FOLIO_PROBE_KIND_SWAP;
	resident = anonymous = 2 * pmd_pages - 1;
	sum_is(&swapped, 1, DEVTHP_RULE_SWAPPED, -1);
	/* Of a file in memory more may be swapped out than has entries. */
	if (!start())
		return;
	swapped = 3;
	tell_smaps();
	memcpy(strchr(smaps, '\n') - 1, "7", 1);
	end_good();
}

static void end_block(size_t page, int64_t expected, int64_t seen)
{
	end_broken(DEVTHP_RULE_CONTIGUOUS, pmd_pages + page, expected, seen);
}

static void contiguous(void)
{
	if (!start_contiguous())
		return;
	/* What the CPU may note in any of them. */
	pte(block() + 3)->entry |= RAW_NOTED;
	pte(block() + 3)->bits |= FOLIO_PROBE_DIRTY | FOLIO_PROBE_YOUNG;
	end_good();
	/* It is not in all, or in one too many. */
	if (!start_contiguous())
		return;
	pte(block() + 5)->bits &= ~FOLIO_PROBE_CONTIGUOUS;
	end_block(block() + 5, 1, 0);
	if (!start_contiguous())
		return;
	pte(3 * block() - 1)->bits |= FOLIO_PROBE_CONTIGUOUS;
	end_block(2 * block(), 1, 0);
	/* One of them is not there. */
	if (!start_contiguous())
		return;
	pte(block())->kind = FOLIO_PROBE_KIND_NONE;
	pte(block())->bits = 0;
	pte(block())->folio = pte(block())->pfn = FOLIO_PROBE_NONE;
	flags = 0;
	resident = anonymous = 2 * pmd_pages - 1;
	tell_smaps();
	end_block(block(), 1, 0);
}

/* Other pages than those that go on, of another folio. */
static void contiguous_pages(void)
{
	size_t i;

	if (!start_contiguous())
		return;
	pte(block() + 1)->pfn = pte(block() + 1)->folio = ALONE + block() + 1;
	pte(block() + 1)->index = pte(block() + 1)->order = 0;
	pte(block() + 1)->large_mapcount = pte(block() + 1)->nr_pages_mapped = 0;
	pte(block() + 1)->refcount = 1;
	flags = 0;
	end_block(block() + 1, (int64_t)(LARGE + block() + 1), (int64_t)(ALONE + block() + 1));
	/* They go on, but do not begin where a block may. */
	if (!start_contiguous())
		return;
	for (i = block(); i < 2 * block(); i++) {
		pte(i)->pfn++;
		pte(i)->index++;
		pte(i)->entry = RAW(pte(i)->pfn);
		pte(i)->bits = FOLIO_PROBE_CONTIGUOUS;
		pte(i)->page_mapcount = 2;
	}
	pte(i)->bits = 0;
	pte(i)->page_mapcount = 2;
	flags = 0;
	end_block(block(), 0, 1);
}

/* Attributes: what the probe knows a bit for, and what it does not. */
static void contiguous_attributes(void)
{
	if (!start_contiguous())
		return;
	pte(2 * block() - 1)->bits = FOLIO_PROBE_EXCLUSIVE | FOLIO_PROBE_CONTIGUOUS;
	end_block(2 * block() - 1, FOLIO_PROBE_WRITE, 0);
	if (!start_contiguous())
		return;
	pte(block() + 2)->entry &= ~RAW_USER;
	end_block(block() + 2, (int64_t)RAW(LARGE + block() + 2),
		  (int64_t)(RAW(LARGE + block() + 2) & ~RAW_USER));
	/* A folio of hugetlb is not asked. */
	if (!start_contiguous())
		return;
	pte(SMALL - 1)->bits |= FOLIO_PROBE_CONTIGUOUS;
	pte(SMALL - 1)->folio_flags |= FOLIO_PROBE_F_HUGETLB;
	flags = 0;
	end_good();
}

/* Only a part of the block is looked at. */
static void contiguous_in_part(void)
{
	if (!start_contiguous())
		return;
	region.addr = (void *)(uintptr_t)pte(block() + 3)->addr;
	region.npages = 4;
	flags = 0;
	end_good();
	if (!start_contiguous())
		return;
	region.addr = (void *)(uintptr_t)pte(block() + 3)->addr;
	region.npages = block();
	flags = 0;
	pte(2 * block())->bits |= FOLIO_PROBE_CONTIGUOUS;
	pte(block() + 4)->bits &= ~FOLIO_PROBE_CONTIGUOUS;
	base = pte(block() + 3)->addr;
	end_broken(DEVTHP_RULE_CONTIGUOUS, 1, 1, 0);
}

/* Those that cannot be said to be of the same entries. */
static void sums_that_say_nothing(void)
{
	static char before[sizeof(smaps)];
	struct devthp_findings *findings = NULL;

	/* It changed between before and after. */
	if (!start())
		return;
	memcpy(before, smaps, sizeof(smaps));
	resident = 5;
	tell_smaps();
	mock_file_turns("/proc/4711/smaps", before);
	CHECK_CALL(check(&findings), 0);
	CHECK_INT(devthp_findings_applied(findings, DEVTHP_RULE_RESIDENT), 0);
	CHECK(devthp_findings_applied(findings, DEVTHP_RULE_REFCOUNT) > 0);
	devthp_findings_free(findings);
	end();
	/* Not all of a mapping is looked at. */
	start();
	resident = anonymous = pmd_pages;
	smaps[0] = '\0';
	tell_mapping(0, pmd_pages - 1);
	resident = 5;
	tell_mapping(pmd_pages, 2 * pmd_pages - 1);
	region.npages--;
	flags = 0;
	end_good();
	/* Larger pages. */
	start();
	resident = 5;
	mapped_by = 2;
	tell_smaps();
	end_good();
}

/* Two regions that map the same small page: each of them is counted. */
static void shared(void)
{
	const struct devthp_check_opts opts = {
		.size = sizeof(opts), .flags = DEVTHP_CHECK_COMPLETE, .tries = 1,
	};
	const struct devthp_region *regions[2];
	struct devthp_region one, other;

	if (!start())
		return;
	*pte(1) = (struct folio_probe_record){
		.addr = pte(1)->addr, .kind = FOLIO_PROBE_KIND_PRESENT,
		.pfn = ALONE, .folio = ALONE, .folio_flags = SYSTEM_FLAGS,
		.page_mapcount = 2, .refcount = 2,
	};
	pte(0)->page_mapcount = 2;
	pte(0)->refcount = 2;
	pte(0)->bits = 0;
	one = region;
	one.addr = (void *)(uintptr_t)(base + pmd_pages * page_size);
	one.npages = 1;
	other = one;
	other.addr = (char *)one.addr + page_size;
	regions[0] = &one;
	regions[1] = &other;
	CHECK_CALL(devthp_check(regions, 2, &opts, NULL), 0);
	/* One alone does not tell of all. */
	CHECK(devthp_check(regions, 1, &opts, NULL) > 0);
	end();
}

static void only_rules_asked_for(void)
{
	struct devthp_check_opts opts = {
		.size = sizeof(opts), .tries = 1, .rules = 1U << DEVTHP_RULE_UFFD_WP,
	};
	const struct devthp_region *const regions[] = { &region };
	struct devthp_findings *findings = NULL;

	if (!start())
		return;
	pte(3)->bits = FOLIO_PROBE_WRITE;
	pte(WATCHED)->bits = OWN;
	/* No entry is protected, so that nothing can be said. */
	CHECK_CALL(devthp_check(regions, 1, &opts, NULL), -ENODATA);
	pte(WATCHED)->bits = FOLIO_PROBE_UFFD_WP;
	CHECK_CALL(devthp_check(regions, 1, &opts, &findings), 0);
	CHECK_INT(devthp_findings_applied(findings, DEVTHP_RULE_UFFD_WP), 1);
	CHECK_INT(devthp_findings_applied(findings, DEVTHP_RULE_WRITE_EXCLUSIVE), 0);
	devthp_findings_free(findings);
	opts.rules = 1U << DEVTHP_RULES;
	CHECK_CALL(devthp_check(regions, 1, &opts, NULL), -EINVAL);
	end();
}

static void arguments(void)
{
	const struct devthp_region *regions[] = { &region, NULL };
	struct devthp_check_opts opts = { .size = sizeof(opts), .flags = 2 };
	struct devthp_finding finding = { .size = sizeof(finding) };
	struct devthp_region same;

	if (!start())
		return;
	same = region;
	CHECK_CALL(devthp_check(NULL, 1, NULL, NULL), -EINVAL);
	CHECK_CALL(devthp_check(regions, 0, NULL, NULL), -EINVAL);
	CHECK_CALL(devthp_check(regions, 2, NULL, NULL), -EINVAL);
	regions[1] = &region;
	CHECK_CALL(devthp_check(regions, 2, NULL, NULL), -EINVAL);
	/* By its number, the caller's process is no other one. */
	region.pid = 0;
	same.pid = getpid();
	regions[1] = &same;
	CHECK_CALL(devthp_check(regions, 2, NULL, NULL), -EINVAL);
	region.pid = PID;
	CHECK_CALL(devthp_check(regions, 1, &opts, NULL), -EINVAL);
	region.npages = 0;
	CHECK_CALL(devthp_check(regions, 1, NULL, NULL), -EINVAL);
	region.npages = 1;
	region.pid = -1;
	CHECK_CALL(devthp_check(regions, 1, NULL, NULL), -EINVAL);
	region.pid = PID;
	region.dev = (void *)&opts;
	CHECK_CALL(devthp_check(regions, 1, NULL, NULL), -EINVAL);
	region.dev = NULL;
	region.reserved = 1;
	CHECK_CALL(devthp_check(regions, 1, NULL, NULL), -EINVAL);
	region.reserved = 0;
	region.size = 4;
	CHECK_CALL(devthp_check(regions, 1, NULL, NULL), -EINVAL);
	CHECK_CALL(devthp_findings_free(NULL), 0);
	CHECK_INT(devthp_findings_count(NULL), 0);
	CHECK_INT(devthp_findings_applied(NULL, 1), 0);
	CHECK_CALL(devthp_findings_get(NULL, 0, &finding), -EINVAL);
	CHECK(!strcmp(devthp_rule_name(0), "?"));
	CHECK(!strcmp(devthp_rule_statement(DEVTHP_RULES), "?"));
	end();
}

static const struct tap_case cases[] = {
	{ "all is right", all_is_right },
	{ "at rest", at_rest },
	{ "continuity", continuity },
	{ "one folio", one_folio },
	{ "entire mapcount", entire_mapcount },
	{ "page mapcount", page_mapcount },
	{ "large mapcount", large_mapcount },
	{ "refcount", refcount },
	{ "pincount", pincount },
	{ "exclusive", exclusive },
	{ "write allowed", write_allowed },
	{ "write exclusive", write_exclusive },
	{ "uffd-wp", uffd_wp },
	{ "kind of folio", kind_of_folio },
	{ "device view", device_view },
	{ "resident sum of a mapping", resident_sum },
	{ "anonymous sum of a mapping", anonymous_sum },
	{ "huge sum of a mapping", huge_sum },
	{ "swapped sum of a mapping", swapped_sum },
	{ "contiguous", contiguous },
	{ "contiguous pages", contiguous_pages },
	{ "contiguous attributes", contiguous_attributes },
	{ "contiguous in part", contiguous_in_part },
	{ "sums that say nothing", sums_that_say_nothing },
	{ "shared", shared },
	{ "only rules asked for", only_rules_asked_for },
	{ "arguments", arguments },
};

TAP_MAIN(cases)
