/* SPDX-License-Identifier: GPL-2.0 */
/* One of the processes that do what they are told: see crew.h. */
#ifndef WORKER_H
#define WORKER_H

#include <sys/types.h>

#include <devthp.h>

#include "pin.h"
#include "station.h"

struct crew;

/* What an io_uring or a pipe holds on to. */
struct held {
	struct pin pin;
	struct step step;	/* that took it */
};

struct worker {
	struct crew *crew;
	const struct list *list;
	unsigned int process;
	struct station *station;
	struct devthp_device *dev[DEVICES];	/* NULL: not open */
	char *buffer;				/* of RANGE_PAGES */
	struct held held[PINS];
	unsigned int nheld;
	bool kernel_knows;			/* the device's memory, see oracle.h */
};

/* Never returns. */
void worker_live(struct crew *crew) __attribute__((noreturn));

/* Does this step end the process? */
bool worker_exits(const struct step *step);

/* The device's handle, opened if it is not. */
int worker_device(struct worker *worker, unsigned int device, struct devthp_device **dev);
void worker_close(struct worker *worker, unsigned int device);

/* This process is that one now: a child begins. */
void worker_becomes(struct worker *worker, unsigned int process, bool opens);

char *worker_page(const struct worker *worker, uint32_t range, uint32_t page);

/* Access a page by the CPU: 0, or the signal that it got. */
int worker_reads(struct worker *worker, uint32_t range, uint32_t page);
int worker_writes(struct worker *worker, uint32_t range, uint32_t page);

/*
 * Data that are in memory at "at", and should be those of the page: counts what is bad
 * in the reply, and tells the first.
 */
void worker_judges(struct worker *worker, uint32_t range, uint32_t page, const void *at);

/* The same for those that have been read into the buffer. */
void worker_judges_buffer(struct worker *worker, uint32_t range, uint32_t first,
			  uint32_t npages);

/* Copy a page to where that may get a signal, or from there: 0, or the signal. */
int worker_copies(void *to, const void *from);

/* What a first process needs: */
void worker_catches_signals(void);
int worker_maps_memory(struct worker *worker);
/* What closing any file of it would let go of: all are to have one. */
void worker_shares_gup(void);

/* Is the device's memory in the kernel's page tables? See oracle.h. */
bool worker_kernel_knows(void);

/* See enum request. */
int worker_looks(struct worker *worker);
int worker_looks_at_data(struct worker *worker);
int worker_looks_at_use(struct worker *worker);

#endif
