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

/* All are aligned as their first member is, so that none ends within a pointer. */
static int check_size(const char *call, size_t size)
{
	if (size && !(size % sizeof(size_t)) && size <= SIZE_LIMIT)
		return 0;
	devthp_log(DEVTHP_LOG_ERROR, 0, "%s: a structure of size %zu refused", call, size);
	return size > SIZE_LIMIT ? -E2BIG : -EINVAL;
}

int devthp_take_opts(const char *call, void *opts, size_t known, const void *given)
{
	const unsigned char *bytes = given;
	size_t size, i;
	int ret;

	memset(opts, 0, known);
	if (!given)
		return 0;
	size = size_of(given);
	ret = check_size(call, size);
	if (ret)
		return ret;
	for (i = known; i < size; i++) {
		if (!bytes[i])
			continue;
		devthp_log(DEVTHP_LOG_ERROR, 0,
			   "%s: an option at byte %zu is not known to this library", call, i);
		return -E2BIG;
	}
	memcpy(opts, given, size < known ? size : known);
	return 0;
}

int devthp_check_report(const char *call, const void *report)
{
	return report ? check_size(call, size_of(report)) : 0;
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

	if (npages && !(start % page) && npages <= UINTPTR_MAX / page &&
	    npages * page <= UINTPTR_MAX - start)
		return 0;
	devthp_log(DEVTHP_LOG_ERROR, 0, "a range of %zu pages at %p refused", npages, addr);
	return -EINVAL;
}
