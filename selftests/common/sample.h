/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A sample: memory that a test sends around, with a record of what every page
 * of it should hold.
 */
#ifndef SAMPLE_H
#define SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <devthp.h>

enum hole {
	HOLE_NONE = 0,
	HOLE_UNMAPPED,		/* by munmap() */
	HOLE_DROPPED,		/* by MADV_DONTNEED */
};

enum access {
	ACCESS_READ,		/* the CPU reads */
	ACCESS_WRITE,		/* the CPU writes */
	ACCESS_KERNEL_READ,	/* write(2) of the page to a pipe */
	ACCESS_KERNEL_WRITE,	/* read(2) of a pipe to the page */
};

struct sample {
	struct devthp_device *dev;
	struct devthp_range *range;
	pid_t owner;		/* the process that the device mirrors */
	bool coherent;		/* the CPU uses the device's memory where it is */
	char *addr;
	size_t pages;
	size_t folio_pages;	/* of a huge folio */
	uint32_t *generation;	/* that each page should hold */
	uint8_t *hole;		/* of each page: enum hole */
	struct devthp_page *page;	/* what sample_look() has seen */
	struct devthp_range *copy;
	char *buffer;		/* in the range above, as long as the sample */
};

/* Where a page of it is, and how long all of it is. */
static inline char *page_of(const struct sample *sample, size_t page)
{
	return sample->addr + page * devthp_page_size();
}

static inline size_t bytes_of(const struct sample *sample)
{
	return sample->pages * devthp_page_size();
}

/* Of pages that are no holes. */
static inline size_t sample_mapped_bytes(const struct sample *sample)
{
	size_t i, pages = 0;

	for (i = 0; i < sample->pages; i++)
		pages += !sample->hole[i];
	return pages * devthp_page_size();
}

/*
 * Reserve memory for so many huge folios; the device is open already. Nothing
 * is touched: all pages should read as zero.
 */
const char *sample_reserve(struct sample *sample, size_t folios);

/*
 * Untouched memory in place of what there was, to be filled. A page table that
 * is left would keep huge pages away.
 */
const char *sample_map_anew(struct sample *sample);

/* Another device in place of that which it has. */
const char *sample_change_device(struct sample *sample, unsigned int minor);

/* Free the memory and close the device, as far as they are there. */
void sample_release(struct sample *sample);

/* Write the next generation to all pages. */
const char *sample_fill(struct sample *sample);

/* The same, and all of it must be in huge pages then. */
const char *sample_fill_whole(struct sample *sample);

/* Migrate everything; all of it must change sides. */
const char *sample_to_device(struct sample *sample);
const char *sample_to_system(struct sample *sample);

/* Migrate what is left between holes, as far as it is on the device. */
const char *sample_rest_to_system(struct sample *sample);

/* The same where the kernel may be splitting some of it, which then stays: until all came. */
const char *sample_settles_in_system(struct sample *sample);

/* Have the CPU use it all; what it uses on the device is sent for. */
const char *sample_bring_back(struct sample *sample);

/* The same of a part, which the CPU writes. */
const char *sample_have_back(struct sample *sample, size_t first, size_t npages);

/* Migrate everything, and the folios must arrive whole. */
const char *sample_to_device_whole(struct sample *sample);
const char *sample_to_system_whole(struct sample *sample);

/* Access one page, and check what it holds when it was read. */
const char *sample_access(struct sample *sample, size_t page, enum access how);

/* Access pages [first, first + npages) but for the holes. */
const char *sample_access_range(struct sample *sample, size_t first,
				size_t npages, enum access how);

/* The device writes the next generation to all pages but the holes. */
const char *sample_device_write(struct sample *sample);

/*
 * Any device reads or writes, again when it was told that somebody else takes too
 * long with the memory. 0 or a negative errno.
 */
int sample_device_reads(struct devthp_device *dev, void *addr, size_t npages,
			void *to);
int sample_device_writes(struct devthp_device *dev, void *addr, size_t npages,
			 void *from);

/* The device reads all pages but the holes, and they hold what they should. */
const char *sample_device_data(struct sample *sample);

/* So does the CPU. */
const char *sample_data(struct sample *sample);

/* What somebody read from pages [first, first + npages) is what they hold. */
const char *sample_compare(const struct sample *sample, const void *data,
			   size_t first, size_t npages, const char *who);

/*
 * Write the next generation of pages [first, first + npages) to data, for
 * somebody else to put it there; or take that back, because it was refused.
 */
const char *sample_make_next(struct sample *sample, void *data, size_t first,
			     size_t npages);
void sample_next_was_refused(struct sample *sample, size_t first,
			     size_t npages);

/* Pages of its device that are in use, by whomever. */
const char *sample_device_use(const struct sample *sample, uint64_t *pages);

/*
 * Look at all pages, as this process maps them now. What is in memory of a device
 * is DEVTHP_LOC_DEVICE, whether the CPU uses it or not.
 */
const char *sample_look(const struct sample *sample);

/* The same for a page that was looked at otherwise. */
void sample_locate(const struct sample *sample, struct devthp_page *page);

/* Make a hole. */
const char *sample_cut(struct sample *sample, size_t first, size_t npages,
		       enum hole how);

/* Unmap all that still is mapped. */
const char *sample_unmap(struct sample *sample);

/*
 * Reserve room to move the sample to, so many pages behind a PMD boundary; the
 * caller frees it when nothing is to be seen of the sample any more.
 */
const char *sample_room(const struct sample *sample, size_t offset,
			struct devthp_range **room);

/* Move all of it there by mremap(2). */
const char *sample_move(struct sample *sample, struct devthp_range *room);

/*
 * MADV_COLLAPSE of all of it, for as long as it says that it is worth trying
 * again: a page was in use. 0, or a negative errno.
 */
int sample_collapse(const struct sample *sample);

/* Whether munmap() has made a hole: what is asked of all is ENOMEM then. */
bool sample_has_unmapped(const struct sample *sample);

/* Pages that were dropped read as zero. This ends the holes. */
const char *sample_dropped_are_zero(struct sample *sample);

#endif
