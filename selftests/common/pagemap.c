// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <devthp.h>

#include "need.h"
#include "pagemap.h"
#include "sample.h"
#include "textfile.h"
#include "verdict.h"

const char *pagemap_read(const void *addr, size_t npages, uint64_t *entries)
{
	const off_t where = (uintptr_t)addr / devthp_page_size() *
			    sizeof(*entries);
	const ssize_t size = npages * sizeof(*entries);
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	ssize_t length;

	if (fd < 0)
		return went_well("/proc/self/pagemap", -errno);
	length = pread(fd, entries, size, where);
	close(fd);
	if (length < 0)
		return went_well("read /proc/self/pagemap", -errno);
	if (length != size)
		return wrong("pagemap gives %zd of %zd bytes", length, size);
	return RIGHT;
}

const char *pagemap_bits(const struct sample *sample, size_t first,
			 size_t npages, uint64_t mask, uint64_t want)
{
	uint64_t *entries = calloc(npages, sizeof(*entries));
	const char *verdict;
	size_t i;

	if (!entries)
		return wrong("no memory for entries of pagemap");
	verdict = pagemap_read(sample->addr + first * devthp_page_size(),
			       npages, entries);
	for (i = 0; i < npages && is_right(verdict); i++)
		if (!sample->hole[first + i] && (entries[i] & mask) != want)
			verdict = wrong("page %zu: pagemap says %#llx, of which %#llx should be %#llx",
					first + i,
					(unsigned long long)entries[i],
					(unsigned long long)mask,
					(unsigned long long)want);
	free(entries);
	return verdict;
}

const char *pagemap_bits_of_all(const struct sample *sample, uint64_t mask,
				uint64_t want)
{
	return pagemap_bits(sample, 0, sample->pages, mask, want);
}

long pages_written(const struct sample *sample, size_t first, size_t npages,
		   uint64_t flags, size_t max, struct page_region *region)
{
	const uint64_t start = (uintptr_t)sample->addr +
			       first * devthp_page_size();
	struct page_region regions[8];
	struct pm_scan_arg arg = {
		.size = sizeof(arg),
		.flags = flags,
		.start = start,
		.end = start + npages * devthp_page_size(),
		.vec = (uintptr_t)regions,
		.vec_len = sizeof(regions) / sizeof(regions[0]),
		.max_pages = max,
		.category_mask = PAGE_IS_WRITTEN,
		.return_mask = PAGE_IS_WRITTEN,
	};
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	long pages = 0, i, found;

	if (fd < 0)
		return -errno;
	found = ioctl(fd, PAGEMAP_SCAN, &arg);
	if (found < 0)
		pages = -errno;
	close(fd);
	for (i = 0; i < found; i++)
		pages += (regions[i].end - regions[i].start) /
			 devthp_page_size();
	if (region)
		*region = regions[0];
	return pages;
}

static const char *page_has(int kpageflags, size_t page, uint64_t entry,
			    uint64_t flag)
{
	const uint64_t frame = entry & PAGEMAP_FRAME;
	uint64_t flags;

	if (!(entry & PAGEMAP_PRESENT) || !frame)
		return wrong("page %zu: pagemap says %#llx, which is no page frame",
			     page, (unsigned long long)entry);
	if (pread(kpageflags, &flags, sizeof(flags), frame * sizeof(flags)) !=
	    sizeof(flags))
		return went_well("read /proc/kpageflags", -errno);
	if (!(flags & flag))
		return wrong("page %zu: kpageflags says %#llx, without %#llx",
			     page, (unsigned long long)flags,
			     (unsigned long long)flag);
	return RIGHT;
}

const char *pages_have(const struct sample *sample, size_t first,
		       size_t npages, uint64_t flag)
{
	const char *verdict = RIGHT;
	uint64_t entry;
	size_t i;
	int fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return went_well("/proc/kpageflags", -errno);
	for (i = first; i < first + npages && is_right(verdict); i++) {
		verdict = pagemap_read(page_of(sample, i), 1, &entry);
		if (is_right(verdict))
			verdict = page_has(fd, i, entry, flag);
	}
	close(fd);
	return verdict;
}

static const char *compare_bits(const struct sample *sample,
				const struct devthp_snapshot *snap,
				size_t first, size_t npages, unsigned int mask,
				unsigned int want)
{
	size_t i;

	for (i = 0; i < npages; i++) {
		struct devthp_page page = { .size = sizeof(page) };

		if (sample->hole[first + i])
			continue;
		CHECK(went_well("read a snapshot",
				devthp_snapshot_page(snap, i, &page)));
		if (!(page.known & DEVTHP_KNOWN_BITS))
			return wrong("page %zu: the bits of its entry are unknown, which the folio probe would tell",
				     first + i);
		if ((page.bits & mask) != want)
			return wrong("page %zu (%s): its entry has the bits %#x, of which %#x should be %#x",
				     first + i,
				     devthp_location_name(page.location),
				     page.bits, mask, want);
	}
	return RIGHT;
}

static const char *page_is_dirty(const struct devthp_page *page, size_t i)
{
	const bool device = page->location == DEVTHP_LOC_DEVICE;

	if (!device && page->location != DEVTHP_LOC_SYSTEM)
		return RIGHT;
	if (!(page->known & DEVTHP_KNOWN_FLAGS) ||
	    (!device && !(page->known & DEVTHP_KNOWN_BITS)))
		return wrong("page %zu: whether it is dirty is unknown, which the folio probe would tell",
			     i);
	if (page->flags & DEVTHP_FOLIO_DIRTY ||
	    (!device && page->bits & DEVTHP_BIT_DIRTY))
		return RIGHT;
	return wrong("page %zu (%s) is not dirty, so that nothing would write it out: bits %#x, flags %#llx",
		     i, devthp_location_name(page->location), page->bits,
		     (unsigned long long)page->flags);
}

const char *pages_are_dirty(const struct sample *sample, size_t first,
			    size_t npages)
{
	struct devthp_snapshot *snap;
	const char *verdict = RIGHT;
	size_t i;

	CHECK(went_well("take a snapshot",
			devthp_snapshot_take(&snap, page_of(sample, first),
					     npages, NULL)));
	for (i = 0; i < npages && is_right(verdict); i++) {
		struct devthp_page page = { .size = sizeof(page) };

		verdict = went_well("read a snapshot",
				    devthp_snapshot_page(snap, i, &page));
		if (is_right(verdict) && !sample->hole[first + i])
			verdict = page_is_dirty(&page, first + i);
	}
	devthp_snapshot_free(snap);
	return verdict;
}

const char *entry_bits(const struct sample *sample, size_t first,
		       size_t npages, unsigned int mask, unsigned int want)
{
	struct devthp_snapshot *snap;
	const char *verdict;

	CHECK(went_well("take a snapshot",
			devthp_snapshot_take(&snap, sample->addr +
					     first * devthp_page_size(),
					     npages, NULL)));
	verdict = compare_bits(sample, snap, first, npages, mask, want);
	devthp_snapshot_free(snap);
	return verdict;
}

const char *entry_bits_of_all(const struct sample *sample, unsigned int mask,
			      unsigned int want)
{
	return entry_bits(sample, 0, sample->pages, mask, want);
}

const char *clear_refs(enum clear_refs what)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", what);
	return file_write("/proc/self/clear_refs", number);
}

/* A page that was just written is soft-dirty if anything is. */
int soft_dirty_needed(const char **why)
{
	const size_t size = devthp_page_size();
	uint64_t entry = 0;
	char *page;

	if (file_needed("/proc/self/clear_refs", "CONFIG_PROC_PAGE_MONITOR",
			why) != KSFT_PASS)
		return missing(*why, why);
	page = mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED) {
		*why = went_well("map a page", -errno);
		return KSFT_FAIL;
	}
	*page = 1;
	*why = pagemap_read(page, 1, &entry);
	munmap(page, size);
	if (!is_right(*why))
		return KSFT_FAIL;
	if (!(entry & PAGEMAP_SOFT_DIRTY))
		return missing_feature("soft-dirty",
				       "soft-dirty is not tracked: CONFIG_MEM_SOFT_DIRTY is off",
				       why);
	return KSFT_PASS;
}
