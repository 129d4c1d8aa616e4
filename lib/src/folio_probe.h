/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR MIT) */
/*
 * /dev/folio_probe: raw facts about the page-table entries of a range and
 * about the folios behind them. Facts only; verdicts belong to user space.
 */
#ifndef _UAPI_LINUX_FOLIO_PROBE_H
#define _UAPI_LINUX_FOLIO_PROBE_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define FOLIO_PROBE_VERSION	1
#define FOLIO_PROBE_NONE	(~0ULL)		/* "no PFN", "no folio" */

enum folio_probe_level {
	FOLIO_PROBE_PTE = 0,
	FOLIO_PROBE_PMD = 1,
	FOLIO_PROBE_PUD = 2,
};

enum folio_probe_kind {
	FOLIO_PROBE_KIND_NONE = 0,		/* empty entry */
	FOLIO_PROBE_KIND_PRESENT = 1,
	FOLIO_PROBE_KIND_MIGRATION = 2,
	FOLIO_PROBE_KIND_DEVICE_PRIVATE = 3,
	FOLIO_PROBE_KIND_DEVICE_EXCLUSIVE = 4,
	FOLIO_PROBE_KIND_SWAP = 5,
	FOLIO_PROBE_KIND_MARKER = 6,
	FOLIO_PROBE_KIND_SPECIAL = 7,		/* present, not a normal page */
	FOLIO_PROBE_KIND_HWPOISON = 8,
	FOLIO_PROBE_KIND_ZERO = 9,		/* present, shared (huge) zero page */
};

/* bits of the entry */
#define FOLIO_PROBE_WRITE	(1U << 0)
#define FOLIO_PROBE_YOUNG	(1U << 1)
#define FOLIO_PROBE_DIRTY	(1U << 2)
#define FOLIO_PROBE_SOFT_DIRTY	(1U << 3)
#define FOLIO_PROBE_UFFD_WP	(1U << 4)
#define FOLIO_PROBE_EXCLUSIVE	(1U << 5)	/* PageAnonExclusive of the page */
#define FOLIO_PROBE_CONTIGUOUS	(1U << 6)	/* arm64 contiguous PTE */

/* flags of the folio, numbered here so that they never move */
#define FOLIO_PROBE_F_LOCKED		(1ULL << 0)
#define FOLIO_PROBE_F_ANON		(1ULL << 1)
#define FOLIO_PROBE_F_LRU		(1ULL << 2)
#define FOLIO_PROBE_F_ACTIVE		(1ULL << 3)
#define FOLIO_PROBE_F_DIRTY		(1ULL << 4)
#define FOLIO_PROBE_F_UPTODATE		(1ULL << 5)
#define FOLIO_PROBE_F_SWAPBACKED	(1ULL << 6)
#define FOLIO_PROBE_F_SWAPCACHE		(1ULL << 7)
#define FOLIO_PROBE_F_MLOCKED		(1ULL << 8)
#define FOLIO_PROBE_F_UNEVICTABLE	(1ULL << 9)
#define FOLIO_PROBE_F_WRITEBACK		(1ULL << 10)
#define FOLIO_PROBE_F_KSM		(1ULL << 11)
#define FOLIO_PROBE_F_HUGETLB		(1ULL << 12)
#define FOLIO_PROBE_F_ZONE_DEVICE	(1ULL << 13)
#define FOLIO_PROBE_F_DEVICE_PRIVATE	(1ULL << 14)
#define FOLIO_PROBE_F_DEVICE_COHERENT	(1ULL << 15)
#define FOLIO_PROBE_F_PARTIALLY_MAPPED	(1ULL << 16)
#define FOLIO_PROBE_F_DEFERRED_SPLIT	(1ULL << 17)	/* on a deferred split queue */
#define FOLIO_PROBE_F_HWPOISON		(1ULL << 18)

/*
 * One page-table leaf. Counts are what user space calls them: 0 means "no
 * mapping", not -1. Where there is no folio, everything from "pfn" on that
 * speaks of one is FOLIO_PROBE_NONE (pfn, folio) or 0.
 */
struct folio_probe_record {
	__u64 addr;		/* address the entry maps, aligned to its level */
	__u64 entry;		/* raw value of the entry */
	__u64 pfn;		/* PFN the entry refers to */
	__u64 folio;		/* PFN of the folio's first page: its identity */
	__u64 folio_flags;	/* FOLIO_PROBE_F_* */
	__u64 memcg;		/* cgroup id (inode number) of the charge, or 0 */
	__u64 owner;		/* identity of the page map's owner, hashed, or 0 */
	__u32 bits;		/* FOLIO_PROBE_WRITE ... */
	__u8  level;		/* enum folio_probe_level */
	__u8  kind;		/* enum folio_probe_kind */
	__u8  order;		/* of the folio */
	__u8  reserved0;
	__u32 index;		/* of the page in the folio */
	__s32 entire_mapcount;
	__s32 large_mapcount;
	__s32 page_mapcount;	/* of this very page, PTE mappings only */
	__s32 nr_pages_mapped;	/* 0 for order 0 */
	__s32 refcount;
	__s32 pincount;		/* exact for large folios; order 0: an estimate */
	__u32 reserved1;
	__u64 reserved2[2];
};

struct folio_probe_scan {
	__u32 size;		/* in: sizeof(struct folio_probe_scan) */
	__u32 record_size;	/* in: sizeof(struct folio_probe_record) */
	__u32 flags;		/* in: 0 */
	__s32 pid;		/* in: whose memory; 0 is the caller's own */
	__u64 start;		/* in: first address; out: where to go on */
	__u64 end;		/* in: first address behind the range */
	__u64 records;		/* in: pointer to an array of records */
	__u32 capacity;		/* in: of that array */
	__u32 filled;		/* out: records written */
	__u64 reserved[2];	/* in: 0 */
};

/*
 * Scan [start, end) of process pid, page-table leaf by leaf, into records.
 * Returns 0; the range is done when start comes back >= end, otherwise call
 * again. Addresses with no VMA, and address space without page tables, give
 * one KIND_NONE record per empty PMD inside a VMA and nothing outside.
 */
#define FOLIO_PROBE_SCAN	_IOWR('H', 0xC0, struct folio_probe_scan)
/* Returns FOLIO_PROBE_VERSION. */
#define FOLIO_PROBE_GET_VERSION	_IO('H', 0xC1)

#endif
