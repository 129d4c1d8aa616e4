/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * A device that is nothing but a piece of this process: what its parts have in common.
 *
 * What it models: pages go to a memory of the device's own, in whole folios of a PMD's
 * size or one by one, and a CPU that touches them there brings them back. "On the
 * device" a page is a frame of the model's memory, and no page where the program looks
 * for it: its mapping is made inaccessible, a handler of SIGSEGV puts the page back, and
 * what else the program does to its mappings (munmap, mprotect, madvise, mremap) passes
 * through functions of that name here, as it passes through a notifier in a kernel.
 *
 * What it cannot:
 *
 * - There are no entries of a page table, no folios of the kernel, no counters to look
 *   at: it says neither DEVTHP_CAP_PRIVATE nor _COHERENT.
 * - System calls on memory that is on the device give EFAULT: nothing faults for them.
 *   Nor does mlock() bring it back, and what makes system calls by itself passes by.
 * - A child of fork() has a device of its own, in which all is that its parent's had, and
 *   nothing of it is held; its own touch brings it back. What it inherits of handles is -EOPNOTSUPP to use, as
 *   they are for memory of its parent, but for closing them.
 * - Each process has a device to itself: "whosever it is" means of this process.
 * - Nothing is pinned, stopped, measured, or exclusive.
 */
#ifndef MODEL_H
#define MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <devthp_backend.h>

#define MODEL_DEVICES	2
#define MODEL_NONE	(-1L)		/* no such frame */

/*
 * Built with -DMODEL_FAULTS, the model has one thing wrong in it, by the number that is
 * in the environment: each must be noticed by a test (kernel/scripts/portable.sh).
 */
#ifdef MODEL_FAULTS
extern int model_fault;
#define FAULT(number) (model_fault == (number))
#else
#define FAULT(number) false
#endif

struct model_handle {
	unsigned int minor;
	pid_t pid;		/* of who opened it */
	uint64_t fail_at;	/* allocations until one fails, 0: none does */
	struct model_held {
		uintptr_t addr;		/* of its page when it was */
		uint32_t count;		/* how often by this handle */
	} *held;		/* of each frame */
};

/* ---- memory.c: the memory of the devices, and which pages are in it ---- */

/* One at a time, but a handler of a signal comes in its thread's turn. */
void model_lock(void);
void model_unlock(void);

int model_memory_make(void);
bool model_memory_is_made(void);

size_t model_page_size(void);
size_t model_folio_pages(void);
size_t model_device_frames(void);
size_t model_all_frames(void);

/* The frame that has the page at addr; MODEL_NONE: it is not on a device. */
long model_frame_of(uintptr_t addr);
unsigned int model_minor_of(long frame);
char *model_data_of(long frame);
uintptr_t model_addr_of(long frame);	/* 0: nothing maps it any more */
int *model_prot_of(long frame);		/* what the program may do to the page */

/* A folio that is still whole has its first frame here; others MODEL_NONE. */
long model_folio_of(long frame);
void model_split(long frame);

/* As many as a folio has, one behind the other, or one. MODEL_NONE: no memory. */
long model_take(unsigned int minor, size_t npages);
/* Frames have the pages from addr on, from now on; or the page of one has gone. */
void model_map(long frame, size_t npages, uintptr_t addr, int prot);
void model_unmap(long frame);
/* They were taken, and get no pages after all. */
void model_give_back(long frame, size_t npages);

void model_hold(long frame);
void model_unhold(long frame);
bool model_is_held(long frame);		/* or another page of a whole folio */
void model_unhold_all(void);		/* whoever holds them */

void model_usage(unsigned int minor, struct devthp_usage *usage);

/* ---- hold.c: what is held through a handle ---- */

/* Those of the pages that are on its device; what it holds of that range; how many. */
uint64_t model_take_hold(struct model_handle *handle, uintptr_t addr, size_t npages);
uint64_t model_let_go(struct model_handle *handle, uintptr_t addr, size_t npages);
void model_let_go_of_all(struct model_handle *handle);

/* ---- mappings.c: what the kernel says of this process ---- */

#define MODEL_MAPPED	0x10		/* in a mapping; with PROT_READ, _WRITE, _EXEC */
#define MODEL_FOREIGN	0x20		/* of a file, or shared */
#define MODEL_SMALL	0x40		/* MADV_NOHUGEPAGE; only if asked for */
#define MODEL_PRESENT	0x08
#define MODEL_HUGE	0x80

/* Of each page, as the program sees it, wherever the page is. */
int model_mappings(uintptr_t addr, size_t npages, bool size_too, uint8_t *what);
/* Adds which pages are in system memory, and in huge pages there. */
int model_present(uintptr_t addr, size_t npages, uint8_t *what);
/* Read or write memory of this process by its address, whatever its protection. */
ssize_t model_peek(uintptr_t addr, void *to, size_t bytes);
ssize_t model_poke(uintptr_t addr, const void *from, size_t bytes);

/* ---- migrate.c: pages that change sides ---- */

int model_to_device(struct model_handle *handle, uintptr_t addr, size_t npages,
		    uint64_t *moved);
/* handle NULL: no allocation fails. Held pages stay. */
int model_to_system(struct model_handle *handle, unsigned int minor, uintptr_t addr,
		    size_t npages, uint64_t *moved);
/* All of a device that is not held. */
uint64_t model_drain(unsigned int minor);
/* Of whichever device; waits for what is held. */
void model_bring_back(uintptr_t addr, size_t bytes);
int model_catch_faults(void);

/* What the functions in notifier.c would do to memory that is on no device. */
int model_mprotect(uintptr_t addr, size_t bytes, int prot);
int model_madvise(uintptr_t addr, size_t bytes, int advice);

#endif
