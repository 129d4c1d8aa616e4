/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is done, step by step: a list of operations, and the memory that it begins with.
 * It alone determines what happens; where it comes from (a seed, a file) does not matter.
 */
#ifndef LIST_H
#define LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROCESSES	4
#define DEVICES		2
#define RANGES		3
#define RANGE_PAGES	1536U
#define PINS		8	/* of a process, at the same time */
#define PAGES		(RANGES * RANGE_PAGES)	/* of a process, see page_number() */

/* Not all operations have all of these; see operations.h. */
struct step {
	unsigned int op;		/* enum op */
	uint32_t process, other;	/* who does it; who else has to do with it */
	uint32_t device;
	uint32_t range, first, npages;
	uint32_t to_range, to_first;
	uint64_t value;			/* a number, or which of the words */

	/* Of the last time, for people: */
	const char *skipped;		/* why it was left out */
	bool done;
	int result;
	uint32_t generation;		/* of what it has written */
};

struct place {
	uint32_t pages;			/* 0: there is no such range */
	uint32_t offset;		/* pages behind where a huge page may begin */
	bool huge;			/* MADV_HUGEPAGE, else MADV_NOHUGEPAGE */
};

struct list {
	uint64_t seed;
	bool look_at_data;		/* after each step, not only in the end */
	bool coherent[DEVICES];		/* its memory can be used by the CPU; else private */
	struct place place[RANGES];
	struct step *step;
	size_t nsteps;
};

static inline uint32_t page_number(uint32_t range, uint32_t page)
{
	return range * RANGE_PAGES + page;
}

/* Pages of a huge page. */
uint32_t folio_pages(void);

/* Where in memory a page is, in every process, each time. */
uintptr_t page_address(const struct list *list, uint32_t range, uint32_t page);

/* Where there is room for one of the ranges more, and nobody gets any. */
uintptr_t spare_address(const struct list *list);

void list_add(struct list *list, const struct step *step);
/* A copy of the steps that "keep" says, one byte for each; NULL: of all. */
void list_copy(struct list *copy, const struct list *list, const uint8_t *keep);
void list_free(struct list *list);

#endif
