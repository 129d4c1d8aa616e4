/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * Parsers of what the kernel's text files say. They take any text, allocate nothing,
 * and would rather say that there is no number than give a wrong one.
 */
#ifndef DEVTHP_TEXT_H
#define DEVTHP_TEXT_H

#include <stdbool.h>
#include <stdint.h>

/* Decimal or hexadecimal digits, of no larger number than fits. Returns what is behind. */
const char *devthp_parse_number(const char *text, unsigned int base, uint64_t *value);

/*
 * The number behind the key at the beginning of some line; a key that ends in a letter
 * is a whole word.
 */
bool devthp_parse_field(const char *text, const char *key, uint64_t *value);

struct devthp_mapping {
	uint64_t start, end;
	uint32_t vma;		/* DEVTHP_VMA_* */
	bool of_file;		/* or it is not said that it is of none */
};

/* One line of /proc/PID/maps. Returns the next line, "" behind the last; NULL: bad text. */
const char *devthp_parse_mapping(const char *line, struct devthp_mapping *mapping);

struct devthp_smap {
	struct devthp_mapping mapping;
	bool told;		/* all of what follows was there */
	bool special;		/* VmFlags pf, io or mm: entries may lead to no page that counts */
	uint64_t page_bytes;	/* the larger one of those that entries are said to map */
	uint64_t resident;	/* bytes of pages that were counted */
	uint64_t anonymous;	/* of them */
	uint64_t by_pmd;	/* of them, those that PMD entries map */
	bool swapped_told;
	uint64_t swapped;
};

/* The same for all lines that /proc/PID/smaps has on one mapping. */
const char *devthp_parse_smap(const char *text, struct devthp_smap *smap);

#endif
