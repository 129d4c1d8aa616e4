// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Sources: /proc/kpageflags and /proc/kpagecount, for the PFNs that pagemap told. */
#include <fcntl.h>
#include <stdlib.h>

#include "source.h"

#define FLAGS		"/proc/kpageflags"
#define COUNT		"/proc/kpagecount"

#define KPAGE_HEAD		(1ULL << 15)
#define KPAGE_TAIL		(1ULL << 16)
#define KPAGE_NOPAGE		(1ULL << 20)
#define KPAGE_ZERO		(1ULL << 24)

/* The folio around a PFN, as told by the flags of its pages. */
struct extent {
	uint64_t first;
	uint64_t count;
};

struct kpage {
	int flags_fd;
	int count_fd;
	size_t pmd_pages;	/* larger folios are not told */
	uint64_t *window;	/* [2 * pmd_pages] flags around a PFN */
	bool exact;		/* counts are of pages, and no folio's average */
};

static int find_folio(const struct kpage *k, uint64_t pfn, struct extent *folio)
{
	uint64_t base = pfn >= k->pmd_pages ? pfn - k->pmd_pages + 1 : 0;
	size_t here = pfn - base, first = here, behind = here + 1, room = here + k->pmd_pages + 1;
	ssize_t count = devthp_read_words(k->flags_fd, k->window, base, room);

	if (count < 0)
		return (int)count;
	/* The window may reach beyond the last page of memory, but not its middle. */
	if ((size_t)count <= here || k->window[here] & KPAGE_NOPAGE)
		return -ENODATA;
	while (first && k->window[first] & KPAGE_TAIL)
		first--;
	if (k->window[first] & KPAGE_TAIL)
		return -ENODATA;
	if (k->window[first] & KPAGE_HEAD) {
		while (behind < (size_t)count && k->window[behind] & KPAGE_TAIL)
			behind++;
	} else if (first != here) {
		return -ENODATA;
	}
	folio->first = base + first;
	folio->count = behind - first;
	/* What fills the window, and may go on behind it, is larger than that. */
	if (folio->count > k->pmd_pages || folio->count & (folio->count - 1))
		return -ENODATA;
	return 0;
}

static void fill_from_kpage(struct devthp_page *page, const struct kpage *k, struct extent *folio)
{
	uint64_t flags, count;

	if (devthp_read_words(k->flags_fd, &flags, page->pfn, 1) != 1 || flags & KPAGE_NOPAGE)
		return;
	if (flags & KPAGE_ZERO)
		page->location = DEVTHP_LOC_ZERO;
	if (page->pfn - folio->first >= folio->count && find_folio(k, page->pfn, folio)) {
		folio->count = 0;
	} else {
		page->known |= DEVTHP_KNOWN_FOLIO | DEVTHP_KNOWN_ORDER;
		page->folio = folio->first;
		page->index = (uint32_t)(page->pfn - folio->first);
		page->order = (uint32_t)__builtin_ctzll(folio->count);
	}
	if (!k->exact && flags & (KPAGE_HEAD | KPAGE_TAIL))
		return;
	if (devthp_read_words(k->count_fd, &count, page->pfn, 1) == 1 && count <= INT32_MAX) {
		page->known |= DEVTHP_KNOWN_MAPCOUNT;
		page->mapcount = (int32_t)count;
	}
}

int devthp_source_kpage(struct devthp_view *view)
{
	struct kpage k = {
		.pmd_pages = view->pmd_pages,
		/* Kernels 6.15 and newer may be built to keep no counts of pages. */
		.exact = devthp_release_between(2, 6, 6, 14),
	};
	struct extent folio = { 0, 0 };
	int ret = 0;
	size_t i;

	k.flags_fd = devthp_sys->open(FLAGS, O_RDONLY);
	if (k.flags_fd < 0)
		return devthp_not_to_be_had(FLAGS, k.flags_fd);
	k.count_fd = devthp_sys->open(COUNT, O_RDONLY);
	if (k.count_fd < 0) {
		ret = devthp_not_to_be_had(COUNT, k.count_fd);
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
