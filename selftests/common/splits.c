// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>

#include <devthp.h>

#include "splits.h"
#include "textfile.h"
#include "verdict.h"

const char *splits_field_of(size_t bytes, const char *name, uint64_t *number)
{
	char path[160];

	snprintf(path, sizeof(path),
		 "/sys/kernel/mm/transparent_hugepage/hugepages-%zukB/stats/%s",
		 bytes / 1024, name);
	return file_number(path, number);
}

const char *splits_field(const char *name, uint64_t *number)
{
	return splits_field_of(devthp_pmd_size(), name, number);
}

const char *splits_read(struct splits *now)
{
	CHECK(file_field("/proc/vmstat", "thp_split_page", &now->pages));
	CHECK(file_field("/proc/vmstat", "thp_split_page_failed",
			 &now->pages_failed));
	CHECK(file_field("/proc/vmstat", "thp_split_pmd", &now->pmds));
	CHECK(splits_field("split", &now->splits));
	return splits_field("split_failed", &now->failed);
}
