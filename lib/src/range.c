// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Ranges: memory at a wanted place in the PMD grid, between guards. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "internal.h"

struct devthp_range {
	char *reserved;		/* guards and all */
	size_t reserved_bytes;
	char *addr;
	size_t bytes;
	size_t page_size;
	unsigned char *gone;	/* [pages]: 1 if unmapped, or the caller's affair */
};

static int advise(void *addr, size_t bytes, uint32_t advice)
{
	int ret;

	if (advice == DEVTHP_ADVICE_NONE)
		return 0;
	ret = madvise(addr, bytes,
		      advice == DEVTHP_ADVICE_HUGE ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	if (!ret)
		return 0;
	/* No huge pages at all: -EINVAL. That is as small as it gets. */
	if (errno != EINVAL)
		return -errno;
	return advice == DEVTHP_ADVICE_HUGE ? -EOPNOTSUPP : 0;
}

static int reserve(struct devthp_range *r, size_t offset, size_t grid)
{
	uintptr_t first;
	void *p;

	/* A guard of at least one grid unit on either side, wherever it lands. */
	if (__builtin_add_overflow(r->bytes, 4 * grid, &r->reserved_bytes))
		return -ENOMEM;
	p = mmap(NULL, r->reserved_bytes, PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return -errno;
	r->reserved = p;
	first = ((uintptr_t)p + 2 * grid - 1) / grid * grid;
	r->addr = r->reserved + (first - (uintptr_t)p) + offset;
	return 0;
}

int devthp_range_alloc(struct devthp_range **range, const struct devthp_range_opts *given)
{
	DEVTHP_KEEP_ERRNO;
	struct devthp_range_opts opts;
	size_t page, grid, pmd_size;
	struct devthp_range *r;
	int ret;

	ret = devthp_opts_get(&opts, sizeof(opts), given);
	ret = ret ? ret : devthp_find_pmd_size(&pmd_size);
	if (ret)
		return ret;
	page = devthp_page_size();
	grid = pmd_size ? pmd_size : page;
	if (!range)
		return -EINVAL;
	if (opts.reserved)
		return DEVTHP_REFUSE("reserved");
	if (opts.advice > DEVTHP_ADVICE_NONE)
		return DEVTHP_REFUSE("advice");
	if (opts.bytes % page)
		return DEVTHP_REFUSE("bytes");
	if (opts.offset % page || opts.offset >= grid)
		return DEVTHP_REFUSE("offset");
	if (!pmd_size && (!opts.bytes || opts.advice == DEVTHP_ADVICE_HUGE)) {
		devthp_log(DEVTHP_LOG_ERROR, 0, "%s: this kernel has no huge pages", __func__);
		return -EOPNOTSUPP;
	}

	r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->page_size = page;
	r->bytes = opts.bytes ? opts.bytes : pmd_size;
	ret = reserve(r, opts.offset, grid);
	if (ret)
		goto out_free;
	r->gone = calloc(r->bytes / page, sizeof(*r->gone));
	if (!r->gone)
		ret = -ENOMEM;
	else if (mprotect(r->addr, r->bytes, PROT_READ | PROT_WRITE))
		ret = -errno;
	else
		ret = advise(r->addr, r->bytes, opts.advice);
	ret = ret ? ret : devthp_live_add(r);
	if (ret)
		goto out_unmap;
	*range = r;
	return 0;

out_unmap:
	munmap(r->reserved, r->reserved_bytes);
	free(r->gone);
out_free:
	free(r);
	return ret;
}

static int unmap_bytes(char *addr, size_t bytes)
{
	return bytes && munmap(addr, bytes) ? -errno : 0;
}

int devthp_range_free(struct devthp_range *range)
{
	DEVTHP_KEEP_ERRNO;
	size_t pages, first, last;
	int ret, err;
	char *end;

	if (!range)
		return 0;
	if (!devthp_live_remove(range))
		return -EBADF;
	end = range->addr + range->bytes;
	ret = unmap_bytes(range->reserved, range->addr - range->reserved);
	err = unmap_bytes(end, range->reserved + range->reserved_bytes - end);
	ret = ret ? ret : err;
	pages = range->bytes / range->page_size;
	for (first = 0; first < pages; first = last) {
		unsigned char gone = range->gone[first];

		for (last = first + 1; last < pages && range->gone[last] == gone; last++)
			;
		if (gone)
			continue;
		err = unmap_bytes(range->addr + first * range->page_size,
				  (last - first) * range->page_size);
		ret = ret ? ret : err;
	}
	free(range->gone);
	free(range);
	return ret;
}

void *devthp_range_addr(const struct devthp_range *range)
{
	return devthp_live(range) ? NULL : range->addr;
}

size_t devthp_range_bytes(const struct devthp_range *range)
{
	return devthp_live(range) ? 0 : range->bytes;
}

size_t devthp_range_pages(const struct devthp_range *range)
{
	return devthp_live(range) ? 0 : range->bytes / range->page_size;
}

static int check_owned(const struct devthp_range *range, size_t first, size_t npages)
{
	size_t pages = devthp_range_pages(range);
	int ret = devthp_live(range);

	if (ret || !npages)
		return ret ? ret : -EINVAL;
	if (first >= pages || npages > pages - first)
		return -ERANGE;
	return memchr(&range->gone[first], 1, npages) ? -EINVAL : 0;
}

int devthp_range_disown(struct devthp_range *range, size_t first, size_t npages)
{
	int ret = check_owned(range, first, npages);

	if (!ret)
		memset(&range->gone[first], 1, npages);
	return ret;
}

int devthp_range_unmap(struct devthp_range *range, size_t first, size_t npages)
{
	DEVTHP_KEEP_ERRNO;
	int ret = check_owned(range, first, npages);

	if (!ret)
		ret = unmap_bytes(range->addr + first * range->page_size,
				  npages * range->page_size);
	return ret ? ret : devthp_range_disown(range, first, npages);
}
