/* SPDX-License-Identifier: GPL-2.0 */
/* In what form a sample is on the device. */
#ifndef FORM_H
#define FORM_H

#include "layout.h"

enum form {
	FORM_WHOLE,		/* huge folios, one PMD entry each */
	FORM_BY_PAGES,		/* huge folios, mapped by PTE entries */
	FORM_SMALL,		/* base pages */
};

/* Migrate what sample_fill() filled to the device, in that form. */
const char *form_to_device(struct sample *sample, enum form form);

/* Map the huge folios by PTEs, and change nothing else. */
const char *form_split_entries(struct sample *sample);

struct layout form_layout(enum form form, unsigned int location, int mapcount);

/* All of the sample is in that form, on the device. */
const char *form_is_kept(const struct sample *sample, enum form form);

/*
 * It is a moment later: the kernel has split what is mapped in part, or somebody has
 * tried in vain to have it.
 */
const char *form_settles(const struct sample *sample, enum form form);

/* The three as variants of a fixture whose FIXTURE_VARIANT has "form". */
#define FORM_VARIANTS(fixture)						\
	FIXTURE_VARIANT_ADD(fixture, whole) { .form = FORM_WHOLE };	\
	FIXTURE_VARIANT_ADD(fixture, by_pages) { .form = FORM_BY_PAGES };	\
	FIXTURE_VARIANT_ADD(fixture, small) { .form = FORM_SMALL }

#endif
