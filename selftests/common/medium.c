// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>

#include "medium.h"
#include "need.h"
#include "sample.h"
#include "verdict.h"

#define THP "/sys/kernel/mm/transparent_hugepage/"

int medium_needed(const char **why)
{
	return file_needed(THP "hugepages-64kB/enabled",
			   "a kernel with huge pages of more than one size, or that",
			   why);
}

const char *medium_allow_none_huge(struct medium *medium)
{
	char path[sizeof(medium->huge.path)];

	snprintf(path, sizeof(path), THP "hugepages-%zukB/enabled",
		 devthp_pmd_size() / 1024);
	return setting_change(&medium->huge, path, "never");
}

static const char *allow_only_medium(struct medium *medium)
{
	CHECK(medium_allow_none_huge(medium));
	/* Not "always": the heap is to stay in base pages. */
	return setting_change(&medium->medium, THP "hugepages-64kB/enabled",
			      "madvise");
}

struct layout medium_layout(void)
{
	struct layout layout = by_pages(DEVTHP_LOC_SYSTEM, 1);

	layout.order = MEDIUM_ORDER;
	return layout;
}

const char *medium_fill(struct medium *medium, struct sample *sample)
{
	CHECK(allow_only_medium(medium));
	CHECK(sample_fill(sample));
	return layout_of_all(sample, medium_layout());
}

void medium_end(struct medium *medium)
{
	setting_restore(&medium->huge);
	setting_restore(&medium->medium);
}
