// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Sources: /proc/PID/pagemap, /proc/kpageflags and /proc/kpagecount. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include "source.h"

#define PAGEMAP_PRESENT		(1ULL << 63)
#define PAGEMAP_SWAP		(1ULL << 62)
#define PAGEMAP_UFFD_WP		(1ULL << 57)
#define PAGEMAP_SOFT_DIRTY	(1ULL << 55)
#define PAGEMAP_FRAME		((1ULL << 55) - 1)
#define SWAP_TYPE_BITS		5

#define KPAGE_HEAD		(1ULL << 15)
#define KPAGE_TAIL		(1ULL << 16)
#define KPAGE_NOPAGE		(1ULL << 20)
#define KPAGE_ZERO		(1ULL << 24)

/*
 * Types of non-present entries count down from the last of 32, as kernels 5.19
 * to 6.14 lay them out (with migration built in). Below them are real swap and,
 * where built in, one for poison: that one cannot be told from outside.
 */
#define TYPE_MARKER		31
#define TYPE_EXCLUSIVE_LOW	29
#define TYPE_DEVICE_LOW		27
#define TYPE_MIGRATION_LOW	24
#define TYPE_POISON_OR_SWAP	23

static bool type_layout_known(void)
{
	struct utsname name;
	unsigned int major, minor, release;

	if (uname(&name) || sscanf(name.release, "%u.%u", &major, &minor) != 2)
		return false;
	release = major << 16 | minor;
	return release >= (5 << 16 | 19) && release <= (6 << 16 | 14);
}

static uint32_t location_of_type(unsigned int type, bool layout_known)
{
	if (!layout_known || type == TYPE_POISON_OR_SWAP)
		return DEVTHP_LOC_UNKNOWN;
	if (type >= TYPE_MARKER)
		return DEVTHP_LOC_MARKER;
	if (type >= TYPE_EXCLUSIVE_LOW)
		return DEVTHP_LOC_EXCLUSIVE;
	if (type >= TYPE_DEVICE_LOW)
		return DEVTHP_LOC_DEVICE;
	return type >= TYPE_MIGRATION_LOW ? DEVTHP_LOC_MIGRATION : DEVTHP_LOC_SWAP;
}

static void set_pfn(struct devthp_page *page, uint64_t pfn)
{
	page->known |= DEVTHP_KNOWN_PFN;
	page->pfn = pfn;
}

static void fill_from_pagemap(struct devthp_page *page, uint64_t word, bool layout_known)
{
	uint64_t frame = word & PAGEMAP_FRAME;

	page->known |= DEVTHP_KNOWN_SOFT_DIRTY | DEVTHP_KNOWN_UFFD_WP;
	page->bits |= word & PAGEMAP_SOFT_DIRTY ? DEVTHP_BIT_SOFT_DIRTY : 0;
	page->bits |= word & PAGEMAP_UFFD_WP ? DEVTHP_BIT_UFFD_WP : 0;

	/* Frame 0 is what those not allowed to see frames are shown. */
	if (word & PAGEMAP_PRESENT) {
		page->location = DEVTHP_LOC_SYSTEM;
		if (frame)
			set_pfn(page, frame);
	} else if (word & PAGEMAP_SWAP) {
		page->location = DEVTHP_LOC_UNKNOWN;
		if (frame)
			page->location = location_of_type(frame % (1U << SWAP_TYPE_BITS),
							  layout_known);
		if (page->location == DEVTHP_LOC_DEVICE ||
		    page->location == DEVTHP_LOC_EXCLUSIVE ||
		    page->location == DEVTHP_LOC_MIGRATION)
			set_pfn(page, frame >> SWAP_TYPE_BITS);
		if (page->location == DEVTHP_LOC_UNKNOWN)
			page->known &= ~DEVTHP_KNOWN_LOCATION;
	}
}

/* Read count words, word number "first" on; all of them, or an error. */
static int read_words(int fd, uint64_t *words, uint64_t first, size_t count)
{
	size_t bytes = count * sizeof(*words), done = 0;
	ssize_t got;

	while (done < bytes) {
		got = devthp_sys->pread(fd, (char *)words + done, bytes - done,
					first * sizeof(*words) + done);
		if (got < 0)
			return (int)got;
		if (!got)
			return -EIO;
		done += got;
	}
	return 0;
}

int devthp_source_pagemap(struct devthp_view *view)
{
	bool layout_known = type_layout_known();
	uint64_t *words;
	char path[64];
	int fd, ret;
	size_t i;

	devthp_proc_path(path, sizeof(path), view->pid, "pagemap");
	fd = devthp_sys->open(path, O_RDONLY);
	if (fd < 0)
		return devthp_unavailable(fd) ? -ENODATA : fd;
	words = malloc(view->npages * sizeof(*words));
	ret = words ? read_words(fd, words, view->start / view->page_size, view->npages) : -ENOMEM;
	for (i = 0; !ret && i < view->npages; i++)
		fill_from_pagemap(&view->pages[i], words[i], layout_known);
	free(words);
	devthp_sys->close(fd);
	return ret;
}

bool devthp_pagemap_shows_pfns(void)
{
	uint64_t word = 0, here = (uintptr_t)&word / devthp_page_size();
	int fd, ret;

	fd = devthp_sys->open("/proc/self/pagemap", O_RDONLY);
	if (fd < 0)
		return false;
	ret = read_words(fd, &word, here, 1);
	devthp_sys->close(fd);
	return !ret && word & PAGEMAP_PRESENT && word & PAGEMAP_FRAME;
}

/* The folio around a PFN, as told by the flags of its pages. */
struct extent {
	uint64_t first;
	uint64_t count;
};

struct kpage {
	int flags_fd;
	int count_fd;
	size_t pmd_pages;	/* no folio is larger */
	uint64_t *window;	/* [2 * pmd_pages] flags around a PFN */
};

static int find_folio(const struct kpage *k, uint64_t pfn, struct extent *folio)
{
	uint64_t base = pfn > k->pmd_pages ? pfn - k->pmd_pages : 0;
	size_t here = pfn - base, first = here, behind = here + 1;
	int ret;

	ret = read_words(k->flags_fd, k->window, base, here + k->pmd_pages);
	/* The window may reach beyond the last page of memory. */
	if (ret)
		ret = read_words(k->flags_fd, k->window, base, behind);
	if (ret)
		return ret;
	if (k->window[here] & KPAGE_NOPAGE)
		return -ENODATA;
	while (first && k->window[first] & KPAGE_TAIL)
		first--;
	if (k->window[first] & KPAGE_HEAD) {
		while (behind < here + k->pmd_pages && k->window[behind] & KPAGE_TAIL)
			behind++;
	}
	folio->first = base + first;
	folio->count = behind - first;
	return folio->count & (folio->count - 1) ? -ENODATA : 0;
}

static void fill_from_kpage(struct devthp_page *page, const struct kpage *k, struct extent *folio)
{
	uint64_t flags, count;

	if (read_words(k->flags_fd, &flags, page->pfn, 1) || flags & KPAGE_NOPAGE)
		return;
	if (flags & KPAGE_ZERO)
		page->location = DEVTHP_LOC_ZERO;
	if (!read_words(k->count_fd, &count, page->pfn, 1)) {
		page->known |= DEVTHP_KNOWN_MAPCOUNT;
		page->mapcount = (int32_t)count;
	}
	if (page->pfn - folio->first >= folio->count && find_folio(k, page->pfn, folio)) {
		folio->count = 0;
		return;
	}
	page->known |= DEVTHP_KNOWN_FOLIO | DEVTHP_KNOWN_ORDER;
	page->folio = folio->first;
	page->index = (uint32_t)(page->pfn - folio->first);
	page->order = (uint32_t)__builtin_ctzll(folio->count);
}

int devthp_source_kpage(struct devthp_view *view)
{
	struct kpage k = { .pmd_pages = view->pmd_pages };
	struct extent folio = { 0, 0 };
	int ret = 0;
	size_t i;

	k.flags_fd = devthp_sys->open("/proc/kpageflags", O_RDONLY);
	if (k.flags_fd < 0)
		return devthp_unavailable(k.flags_fd) ? -ENODATA : k.flags_fd;
	k.count_fd = devthp_sys->open("/proc/kpagecount", O_RDONLY);
	if (k.count_fd < 0) {
		ret = devthp_unavailable(k.count_fd) ? -ENODATA : k.count_fd;
		goto out_flags;
	}
	k.window = calloc(2 * view->pmd_pages, sizeof(*k.window));
	if (!k.window) {
		ret = -ENOMEM;
		goto out_count;
	}
	for (i = 0; i < view->npages; i++) {
		struct devthp_page *page = &view->pages[i];

		if (page->known & DEVTHP_KNOWN_PFN && page->location == DEVTHP_LOC_SYSTEM)
			fill_from_kpage(page, &k, &folio);
	}
	free(k.window);
out_count:
	devthp_sys->close(k.count_fd);
out_flags:
	devthp_sys->close(k.flags_fd);
	return ret;
}
