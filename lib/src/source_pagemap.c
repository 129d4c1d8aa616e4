// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Source: /proc/PID/pagemap. It tells where a page is, and PFNs to those who may know. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "source.h"

#define PAGEMAP_PRESENT		(1ULL << 63)
#define PAGEMAP_SWAP		(1ULL << 62)
#define PAGEMAP_UFFD_WP		(1ULL << 57)
#define PAGEMAP_SOFT_DIRTY	(1ULL << 55)
#define PAGEMAP_FRAME		((1ULL << 55) - 1)
#define SWAP_TYPE_BITS		5

/*
 * Types of non-present entries count down from the last of 32, as kernels 6.2 to 6.14 lay
 * them out with device-private memory built in, which takes migration. Below them are
 * real swap and, where built in, one for poison: that one cannot be told from outside.
 * Without device-private memory, migration, poison and swap follow the marker.
 */
#define TYPE_MARKER		31
#define TYPE_EXCLUSIVE_LOW	29
#define TYPE_DEVICE_LOW		27
#define TYPE_MIGRATION_LOW	24
#define TYPE_POISON_OR_SWAP	23

/* What the words of this kernel say. */
struct dialect {
	bool types;		/* of entries, as above */
	bool device_private;	/* is built in */
	bool soft_dirty;
	bool uffd_wp;
};

static unsigned int type_of(uint64_t frame)
{
	return frame % (1U << SWAP_TYPE_BITS);
}

/* Which types are others without device-private memory. */
static bool takes_device_private(unsigned int type)
{
	return type >= TYPE_MIGRATION_LOW && type < TYPE_MARKER;
}

static uint32_t location_of_type(unsigned int type, const struct dialect *dialect)
{
	if (!dialect->types || type == TYPE_POISON_OR_SWAP)
		return DEVTHP_LOC_UNKNOWN;
	if (takes_device_private(type) && !dialect->device_private)
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

static void fill_from_pagemap(struct devthp_page *page, uint64_t word,
			      const struct dialect *dialect)
{
	uint64_t frame = word & PAGEMAP_FRAME;

	page->known |= DEVTHP_KNOWN_LOCATION;
	page->known |= dialect->soft_dirty ? DEVTHP_KNOWN_SOFT_DIRTY : 0;
	page->known |= dialect->uffd_wp ? DEVTHP_KNOWN_UFFD_WP : 0;
	if (dialect->soft_dirty && word & PAGEMAP_SOFT_DIRTY)
		page->bits |= DEVTHP_BIT_SOFT_DIRTY;
	if (dialect->uffd_wp && word & PAGEMAP_UFFD_WP)
		page->bits |= DEVTHP_BIT_UFFD_WP;

	/* Frame 0 is what those not allowed to see frames are shown. */
	if (word & PAGEMAP_PRESENT) {
		page->location = DEVTHP_LOC_SYSTEM;
		if (frame)
			set_pfn(page, frame);
	} else if (word & PAGEMAP_SWAP) {
		page->location = DEVTHP_LOC_UNKNOWN;
		if (frame)
			page->location = location_of_type(type_of(frame), dialect);
		if (page->location == DEVTHP_LOC_DEVICE ||
		    page->location == DEVTHP_LOC_EXCLUSIVE ||
		    page->location == DEVTHP_LOC_MIGRATION)
			set_pfn(page, frame >> SWAP_TYPE_BITS);
		if (page->location == DEVTHP_LOC_UNKNOWN)
			page->known &= ~DEVTHP_KNOWN_LOCATION;
	} else if (page->location != DEVTHP_LOC_UNMAPPED) {
		page->location = DEVTHP_LOC_EMPTY;
	}
}

ssize_t devthp_read_words(int fd, uint64_t *words, uint64_t first, size_t count)
{
	size_t bytes = count * sizeof(*words), done = 0;
	ssize_t got;

	do {
		got = devthp_sys->pread(fd, (char *)words + done, bytes - done,
					first * sizeof(*words) + done);
		if (got < 0)
			return got;
		done += got;
	} while (got && done < bytes);
	return (ssize_t)(done / sizeof(*words));
}

/* The word of an address of our own; 0: there is none to be had. */
static uint64_t own_word(const void *addr)
{
	uint64_t word = 0;
	int fd;

	fd = devthp_sys->open("/proc/self/pagemap", O_RDONLY);
	if (fd < 0)
		return 0;
	if (devthp_read_words(fd, &word, (uintptr_t)addr / devthp_page_size(), 1) != 1)
		word = 0;
	devthp_sys->close(fd);
	return word;
}

bool devthp_pagemap_shows_pfns(void)
{
	int here = 0;
	uint64_t word = own_word(&here);

	return word & PAGEMAP_PRESENT && word & PAGEMAP_FRAME;
}

/* What is mapped anew is soft-dirty, on a kernel that tracks that at all. */
static bool tells_soft_dirty(void)
{
	uint64_t word;
	void *fresh;

	fresh = mmap(NULL, devthp_page_size(), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (fresh == MAP_FAILED)
		return false;
	word = own_word(fresh);
	munmap(fresh, devthp_page_size());
	return word & PAGEMAP_SOFT_DIRTY;
}

atomic_bool devthp_device_private_seen;

/* Kernels of the layout above have this function with device-private memory, and only then. */
static bool has_device_private(void)
{
	static const char symbol[] = " T make_device_exclusive_range\n";
	bool found = atomic_load(&devthp_device_private_seen);
	size_t npages;
	char *text;
	int ret;

	if (found)
		return true;
	ret = devthp_scratch_read("/proc/kallsyms", &text, &npages);
	if (!ret) {
		found = strstr(text, symbol);
		devthp_scratch_put(text, npages);
	}
	if (found)
		atomic_store(&devthp_device_private_seen, true);
	else
		devthp_log(DEVTHP_LOG_WARNING, ret,
			   "/proc/kallsyms does not tell that device-private memory is built in: device memory, migration and poison cannot be told apart");
	return found;
}

static bool any_takes_device_private(const uint64_t *words, ssize_t count)
{
	ssize_t i;

	for (i = 0; i < count; i++) {
		if (!(words[i] & PAGEMAP_PRESENT) && words[i] & PAGEMAP_SWAP &&
		    takes_device_private(type_of(words[i] & PAGEMAP_FRAME)))
			return true;
	}
	return false;
}

int devthp_source_pagemap(struct devthp_view *view)
{
	struct dialect dialect = {
		.types = devthp_release_between(6, 2, 6, 14),
		.soft_dirty = tells_soft_dirty(),
		.uffd_wp = devthp_release_between(5, 14, UINT16_MAX, UINT16_MAX),
	};
	uint64_t *words;
	char path[64];
	ssize_t count, i;
	int fd;

	devthp_proc_path(path, sizeof(path), view->pid, "pagemap");
	fd = devthp_sys->open(path, O_RDONLY);
	if (fd < 0)
		return devthp_not_to_be_had(path, fd);
	if (!dialect.types)
		devthp_log(DEVTHP_LOG_WARNING, 0,
			   "types of entries of this kernel are unknown: device memory cannot be told");
	words = malloc(view->npages * sizeof(*words));
	count = words ? devthp_read_words(fd, words, view->start / view->page_size,
					  view->npages) : -ENOMEM;
	/*
	 * It ends where the addresses of a process do, which the kernel's own pages are
	 * beyond, and at once if the process has ended: that leaves pages unknown.
	 */
	if (count >= 0 && (size_t)count < view->npages)
		devthp_log(DEVTHP_LOG_WARNING, 0, "%s ends after %zd pages", path, count);
	dialect.device_private = dialect.types && any_takes_device_private(words, count) &&
				 has_device_private();
	for (i = 0; i < count; i++)
		fill_from_pagemap(&view->pages[i], words[i], &dialect);
	free(words);
	devthp_sys->close(fd);
	return count < 0 ? (int)count : 0;
}
