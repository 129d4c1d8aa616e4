// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* The memory of the devices: frames, in blocks of a folio, and whose page each has. */
#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "model.h"

#define BLOCKS		32		/* of each device */
#define BUCKETS		8192

struct frame {
	uintptr_t addr;			/* of its page, 0: nothing maps it */
	long next;			/* in its bucket */
	int prot;
	unsigned int held;
	bool used;
};

struct block {
	size_t used;			/* frames */
	bool whole;			/* one folio, which is where it is as a whole */
};

struct device {
	uint64_t allocated, freed;
};

static struct frame *frames;
static struct block *blocks;
static char *memory;
static long bucket[BUCKETS];
static struct device devices[MODEL_DEVICES];

/*
 * Whose lock it is: threads differ in where their depth is, also those of a child. A
 * handler of a signal may come between any two steps here, and finds it as its own, or
 * takes it and gives it back.
 */
static _Atomic(unsigned int *) owner;
static __thread volatile unsigned int depth;

void model_lock(void)
{
	unsigned int *const self = (unsigned int *)&depth, *seen;

	depth++;
	while (atomic_load(&owner) != self) {
		seen = NULL;
		if (!atomic_compare_exchange_strong(&owner, &seen, self))
			sched_yield();
	}
}

void model_unlock(void)
{
	unsigned int *seen = (unsigned int *)&depth;

	if (!--depth)
		atomic_compare_exchange_strong(&owner, &seen, NULL);
}

size_t model_page_size(void)
{
	static size_t size;

	if (!size)
		size = (size_t)sysconf(_SC_PAGESIZE);
	return size;
}

/* A model needs no kernel that has huge pages. */
size_t model_folio_pages(void)
{
	static size_t pages;

	if (!pages)
		pages = devthp_pmd_size() ? devthp_pmd_size() / model_page_size() : 512;
	return pages;
}

size_t model_device_frames(void)
{
	return BLOCKS * model_folio_pages();
}

size_t model_all_frames(void)
{
	return MODEL_DEVICES * model_device_frames();
}

bool model_memory_is_made(void)
{
	return memory;
}

int model_memory_make(void)
{
	size_t i;
	void *made;

	if (memory)
		return 0;
	frames = calloc(model_all_frames(), sizeof(*frames));
	blocks = calloc(MODEL_DEVICES * BLOCKS, sizeof(*blocks));
	made = mmap(NULL, model_all_frames() * model_page_size(), PROT_READ | PROT_WRITE,
		    (FAULT(28) ? MAP_SHARED : MAP_PRIVATE) | MAP_ANONYMOUS | MAP_NORESERVE, -1,
		    0);
	if (!frames || !blocks || made == MAP_FAILED) {
		if (made != MAP_FAILED)
			munmap(made, model_all_frames() * model_page_size());
		free(frames);
		free(blocks);
		return -ENOMEM;
	}
	for (i = 0; i < BUCKETS; i++)
		bucket[i] = MODEL_NONE;
	memory = made;
	return 0;
}

static long *bucket_of(uintptr_t addr)
{
	return &bucket[addr / model_page_size() % BUCKETS];
}

static struct block *block_of(long frame)
{
	return &blocks[(size_t)frame / model_folio_pages()];
}

static long first_of(const struct block *block)
{
	return (block - blocks) * (long)model_folio_pages();
}

long model_frame_of(uintptr_t addr)
{
	long frame;

	if (!memory)
		return MODEL_NONE;
	for (frame = *bucket_of(addr); frame != MODEL_NONE; frame = frames[frame].next)
		if (frames[frame].addr == addr)
			break;
	return frame;
}

unsigned int model_minor_of(long frame)
{
	return (unsigned int)((size_t)frame / model_device_frames());
}

char *model_data_of(long frame)
{
	return memory + (size_t)frame * model_page_size();
}

uintptr_t model_addr_of(long frame)
{
	return frames[frame].addr;
}

int *model_prot_of(long frame)
{
	return &frames[frame].prot;
}

long model_folio_of(long frame)
{
	return block_of(frame)->whole ? first_of(block_of(frame)) : MODEL_NONE;
}

void model_split(long frame)
{
	block_of(frame)->whole = false;
}

static void use(long frame)
{
	frames[frame].used = true;
	block_of(frame)->used++;
	devices[model_minor_of(frame)].allocated++;
}

static void free_if_unused(long frame)
{
	if (frames[frame].addr || frames[frame].held || FAULT(1))
		return;
	frames[frame].used = false;
	block_of(frame)->used--;
	devices[model_minor_of(frame)].freed++;
}

/* A page goes where others are already, so that whole blocks are left for folios. */
static struct block *block_for(unsigned int minor, size_t npages)
{
	struct block *block = &blocks[minor * BLOCKS], *end = block + BLOCKS, *empty = NULL;

	for (; block < end; block++) {
		if (npages == 1 && block->used && block->used < model_folio_pages())
			return block;
		if (!block->used && !empty)
			empty = block;
	}
	return empty;
}

long model_take(unsigned int minor, size_t npages)
{
	struct block *block = block_for(minor, npages);
	size_t i;
	long first;

	if (!block)
		return MODEL_NONE;
	first = first_of(block);
	if (npages == 1) {
		while (frames[first].used)
			first++;
		block->whole = false;
	} else {
		block->whole = true;
	}
	for (i = 0; i < npages; i++)
		use(first + (long)i);
	return first;
}

void model_map(long frame, size_t npages, uintptr_t addr, int prot)
{
	long end = frame + (long)npages;

	for (; frame < end; frame++, addr += model_page_size()) {
		frames[frame].addr = addr;
		frames[frame].prot = prot;
		frames[frame].next = *bucket_of(addr);
		*bucket_of(addr) = frame;
	}
}

void model_unmap(long frame)
{
	long *link = bucket_of(frames[frame].addr);

	while (*link != frame)
		link = &frames[*link].next;
	*link = frames[frame].next;
	frames[frame].addr = 0;
	block_of(frame)->whole = false;
	free_if_unused(frame);
}

void model_give_back(long frame, size_t npages)
{
	long end = frame + (long)npages;

	block_of(frame)->whole = false;
	for (; frame < end; frame++)
		free_if_unused(frame);
}

void model_hold(long frame)
{
	frames[frame].held++;
}

void model_unhold(long frame)
{
	frames[frame].held--;
	free_if_unused(frame);
}

void model_unhold_all(void)
{
	long frame;

	for (frame = 0; memory && frame < (long)model_all_frames(); frame++)
		while (frames[frame].held)
			model_unhold(frame);
}

bool model_is_held(long frame)
{
	long first = model_folio_of(frame), i;

	if (FAULT(2))
		return false;
	if (first == MODEL_NONE)
		return frames[frame].held;
	for (i = first; i < first + (long)model_folio_pages(); i++)
		if (frames[i].held)
			return true;
	return false;
}

void model_usage(unsigned int minor, struct devthp_usage *usage)
{
	const struct block *block = &blocks[minor * BLOCKS], *end = block + BLOCKS;

	memset(usage, 0, sizeof(*usage));
	usage->pages_total = model_device_frames();
	usage->pages_free = usage->pages_total;
	for (; block < end; block++) {
		usage->pages_free -= block->used;
		usage->folios_free += !block->used;
	}
	usage->allocated = devices[minor].allocated;
	usage->freed = devices[minor].freed;
}
