/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pins: the kernel's own references to pages of a process, taken by way of its
 * addresses (GUP) for as long as somebody else may read and write them.
 */
#ifndef PIN_H
#define PIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pin_how {
	PIN_SLOW,		/* gup_test: long-term, for writing, pages */
	PIN_FAST,		/* the same, but first tried without locks */
	PIN_SLOW_READ,		/* gup_test: long-term, for reading */
	PIN_FAST_READ,
	PIN_RING,		/* buffer of an io_uring: long-term, for writing */
	PIN_CALL,		/* process_vm_readv(2), stopped halfway: short-term */
	PIN_DRIVER,		/* the test device: short-term, for writing */
	REFERENCE_PIPE,		/* vmsplice(2): references that are no pins */
	PIN_HOWS
};

/* What is held; {} is nothing. */
struct pin {
	const struct pin_kind *kind;
	char *addr;
	size_t npages;
	void *holder;
};

/* Whether this system has it: NEED(pin_needed, how), see need.h. */
int pin_needed(enum pin_how how, const char **why);

/* Is it a pin, not a mere reference? Does it need memory it can write to? */
bool pin_is_pin(enum pin_how how);
bool pin_writes(enum pin_how how);

/* Is it for long, so that memory of a device has to leave it first? */
bool pin_is_long(enum pin_how how);

/*
 * Does it hold one reference for each page? The buffer of an io_uring holds one
 * for a huge folio that is all in it.
 */
bool pin_is_by_page(enum pin_how how);

/* Take hold of npages pages from addr on. */
const char *pin_take(struct pin *pin, enum pin_how how, void *addr,
		     size_t npages);

/*
 * Let go. Unless NULL, copy gets what the holder saw in the pages at last, by
 * its own references, wherever addr leads to by now. Nothing held: does nothing.
 */
const char *pin_drop(struct pin *pin, void *copy);

/* What gup_test takes and drops at once, by these calls of the kernel. */
enum gup_call {
	GET_USER_PAGES,
	GET_USER_PAGES_FAST,
	PIN_USER_PAGES,
	PIN_USER_PAGES_FAST,
	PIN_USER_PAGES_LONGTERM,
	GUP_CALLS
};

/* Needs what PIN_SLOW does. So many pages at a time; all must be got. */
const char *gup_and_put(enum gup_call call, void *addr, size_t npages,
			size_t at_a_time);

/* The same, but that it says how many it got. */
const char *gup_got(enum gup_call call, void *addr, size_t npages, size_t at_a_time,
		    size_t *got);

/* Pages pinned and unpinned so far, by anybody; exact if nobody else does. */
const char *pin_statistics(uint64_t *taken, uint64_t *released);

#endif
