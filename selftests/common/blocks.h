/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Blocks of 16 PTEs that the CPU takes for one entry: on arm64 the kernel gives the
 * contiguous bit to a naturally aligned block whose entries lead to successive pages of
 * one folio. Before one of them changes the bit has to go from all of them.
 */
#ifndef BLOCKS_H
#define BLOCKS_H

#include "medium.h"
#include "sample.h"

#define BLOCK_PAGES MEDIUM_PAGES

/* Pages of a sample that something is done to. */
struct part {
	size_t first, npages;
};

/*
 * Fill untouched memory with folios of 64 KiB, each a block; or with huge ones, mapped by
 * 32 blocks each, which stay so until medium_end().
 */
const char *blocks_fill(struct medium *medium, struct sample *sample, bool huge);

/* Whether this kernel makes such blocks of what is filled; see need.h. */
int blocks_needed(const struct sample *sample, const char **why);

/* All that lie in these pages are blocks; or none of these entries is of one. */
const char *blocks_are_whole(const struct sample *sample, size_t first, size_t npages);
const char *blocks_are_apart(const struct sample *sample, size_t first, size_t npages);

/*
 * Entries of the part have changed: blocks that have some of them, and others, are none
 * any more, and those that have none of them still are.
 */
const char *blocks_around(const struct sample *sample, struct part part);

/* The rules of the library hold, where no other process maps any of it. */
const char *blocks_obey(const struct sample *sample);

#endif
