// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Arguments: sized structures and page ranges. */
#include <string.h>

#include "internal.h"

/* More than any structure of ours will ever be: what is larger is garbage. */
#define SIZE_LIMIT 4096

static size_t size_of(const void *sized)
{
	size_t size;

	memcpy(&size, sized, sizeof(size));
	return size;
}

int devthp_opts_get(void *opts, size_t known, const void *given)
{
	const unsigned char *bytes = given;
	size_t size, i;

	memset(opts, 0, known);
	if (!given)
		return 0;
	size = size_of(given);
	if (size < sizeof(size_t))
		return -EINVAL;
	if (size > SIZE_LIMIT)
		return -E2BIG;
	for (i = known; i < size; i++) {
		if (bytes[i])
			return -E2BIG;
	}
	memcpy(opts, given, size < known ? size : known);
	return 0;
}

int devthp_report_check(const void *report)
{
	size_t size;

	if (!report)
		return 0;
	size = size_of(report);
	if (size < sizeof(size_t))
		return -EINVAL;
	return size > SIZE_LIMIT ? -E2BIG : 0;
}

void devthp_report_put(void *report, const void *facts, size_t known)
{
	const size_t head = sizeof(size_t);
	size_t size;

	if (!report)
		return;
	size = size_of(report);
	if (size > known) {
		memset((char *)report + known, 0, size - known);
		size = known;
	}
	memcpy((char *)report + head, (const char *)facts + head, size - head);
}

int devthp_check_pages(const void *addr, size_t npages)
{
	uintptr_t start = (uintptr_t)addr;
	size_t page = devthp_page_size();

	if (!npages || start % page || npages > SIZE_MAX / page)
		return -EINVAL;
	return npages * page > UINTPTR_MAX - start ? -EINVAL : 0;
}
