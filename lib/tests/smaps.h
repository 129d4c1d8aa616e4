/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* A process behind the mock, of few pages: what its maps, pagemap and smaps say. */
#ifndef DEVTHP_SMAPS_H
#define DEVTHP_SMAPS_H

#include "mock.h"

#define PID	4711
#define ENTRIES	4	/* that its address space has; no mapping is in the first */

#define TYPE_SWAP	1
#define TYPE_MIGRATION	25
#define TYPE_DEVICE	27
#define TYPE_EXCLUSIVE	29
#define TYPE_MARKER	31

#define KPAGE_NOPAGE	(1ULL << 20)
#define KPAGE_ZERO	(1ULL << 24)

/* What smaps says of a mapping, in pages */
struct sums {
	size_t rss, anonymous, anon_pmd, shmem_pmd, file_pmd;
	size_t kernel_page, mmu_page;	/* 0: 1 */
	const char *flags;		/* NULL: of anonymous memory */
	const char *lacks;		/* field that this kernel does not have */
};

/* By pages of the address space; "per" is how many a PMD entry maps. */
extern uint64_t *words, *flags;
extern char smaps[4096], pmd_size[32];
extern size_t per, page_size;

/* Nothing mapped yet. */
void start(void);
/* A mapping of pages [first, end). */
void mapping(size_t first, size_t end, const struct sums *sums);
/* The pages are there; kpageflags has them as folios of that many pages. */
void present(size_t first, size_t end, size_t folio);
/* There is an entry of that type. */
void absent(size_t first, size_t end, unsigned int type);
/* Let pagemap say what it says to those without privileges. */
void hide_frames(void);

/* Make files of it: all but smaps and the kpage files, and one of these. */
void give_files(void);
void give_smaps(const char *text, int error);
void give_kpage(void);

/* A snapshot of pages [first, end) by the files, smaps among them. */
struct devthp_snapshot *take(size_t first, size_t end_page);
/* Pages [first, end) of it have that level: 't', 'm' or '?'. */
void levels(const struct devthp_snapshot *snap, size_t first, size_t end_page, char level);
void drop(struct devthp_snapshot *snap);

#endif
