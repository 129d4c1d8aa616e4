/* SPDX-License-Identifier: GPL-2.0 */
/* Samples in folios of 64 KiB: larger than a page, smaller than a PMD. */
#ifndef MEDIUM_H
#define MEDIUM_H

#include "layout.h"
#include "textfile.h"

#define MEDIUM_ORDER 4
#define MEDIUM_PAGES ((size_t)1 << MEDIUM_ORDER)

/* Settings that are changed for that; {} is none. */
struct medium {
	struct setting huge, medium;
};

/* Whether there can be some; see need.h. */
int medium_needed(const char **why);

/* Fill untouched memory; all of it must be in such folios then. */
const char *medium_fill(struct medium *medium, struct sample *sample);

struct layout medium_layout(void);

/* From now on nothing becomes a huge page by itself: khugepaged makes none either. */
const char *medium_allow_none_huge(struct medium *medium);

void medium_end(struct medium *medium);

#endif
