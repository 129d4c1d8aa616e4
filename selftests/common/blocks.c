// SPDX-License-Identifier: GPL-2.0
#include <devthp.h>

#include "blocks.h"
#include "form.h"
#include "need.h"
#include "pagemap.h"
#include "rules.h"
#include "verdict.h"

const char *blocks_fill(struct medium *medium, struct sample *sample, bool huge)
{
	if (!huge)
		return medium_fill(medium, sample);
	CHECK(sample_fill_whole(sample));
	CHECK(form_split_entries(sample));
	CHECK(medium_allow_none_huge(medium));
	return layout_of_all(sample, form_layout(FORM_BY_PAGES, DEVTHP_LOC_SYSTEM, 1));
}

/* All of it is in folios that are large enough, so that one page tells. */
int blocks_needed(const struct sample *sample, const char **why)
{
	*why = entry_bits(sample, 0, 1, DEVTHP_BIT_CONTIGUOUS, 0);
	if (!is_right(*why)) {
		*why = RIGHT;
		return KSFT_PASS;
	}
	return missing_feature("contiguous-ptes",
			       "no PTEs are contiguous: this is not arm64, or CONFIG_ARM64_CONTPTE is off",
			       why);
}

const char *blocks_are_whole(const struct sample *sample, size_t first, size_t npages)
{
	const size_t begin = (first + BLOCK_PAGES - 1) / BLOCK_PAGES * BLOCK_PAGES;
	const size_t end = (first + npages) / BLOCK_PAGES * BLOCK_PAGES;

	if (begin >= end)
		return RIGHT;
	return entry_bits(sample, begin, end - begin, DEVTHP_BIT_CONTIGUOUS,
			  DEVTHP_BIT_CONTIGUOUS);
}

const char *blocks_are_apart(const struct sample *sample, size_t first, size_t npages)
{
	return entry_bits(sample, first, npages, DEVTHP_BIT_CONTIGUOUS, 0);
}

/* The block that has this page, if it has others that are not of the part. */
static const char *is_apart(const struct sample *sample, struct part part, size_t page)
{
	const size_t block = page - page % BLOCK_PAGES;

	if (part.first <= block && block + BLOCK_PAGES <= part.first + part.npages)
		return RIGHT;
	return blocks_are_apart(sample, block, BLOCK_PAGES);
}

const char *blocks_around(const struct sample *sample, struct part part)
{
	const size_t end = part.first + part.npages;

	CHECK(is_apart(sample, part, part.first));
	CHECK(is_apart(sample, part, end - 1));
	CHECK(blocks_are_whole(sample, 0, part.first));
	return blocks_are_whole(sample, end, sample->pages - end);
}

const char *blocks_obey(const struct sample *sample)
{
	return rules_hold(sample, true);
}
