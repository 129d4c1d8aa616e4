/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What must be: an exact model of the memory of all processes, as far as what the kernel
 * and the devices promise goes. A page leads to a frame, which has the data, is somewhere,
 * and may be shared. Where it is is a set (AT_*): an operation says where it can be from
 * then on, and the next look must find it there, which leaves one place of the set.
 */
#ifndef ORACLE_H
#define ORACLE_H

#include "difference.h"
#include "station.h"

/*
 * Frames that may be of one folio: who needs one of them may have to wait for who holds
 * another.
 */
struct family {
	unsigned int holds;
	uint32_t tied;			/* number of the last count that found one of them so */
};

struct frame {
	uint64_t index;			/* data, see devthp.h: of page number index, */
	uint32_t generation;		/* of this write; 0: zero */
	unsigned int users;		/* pages that lead to it */
	unsigned int holds;
	unsigned int pins;		/* of these, what keeps it from being shared by fork() */
	uint32_t family;
	uint32_t counted;		/* when last */
	uint8_t at;			/* AT_* */
};

struct page {
	struct frame *frame;		/* NULL: nothing, or zeros */
	uint8_t at;			/* without a frame */
	uint8_t by;			/* BY_*: how it leads to the frame */
	bool mapped;
	uint8_t prot;			/* PROT_*, of the mapping */
	uint8_t huge, writable;		/* enum maybe: the entry, when last seen */
	bool must_be_huge;		/* when seen next */
	bool may_be_copied;		/* by the fork() that has just been */
	uint8_t read_by;		/* bit of each device that may have it mapped */
};

struct handle {
	bool open;
	/* An allocation may fail yet, but not before so many pages have gone. */
	bool fails;
	uint64_t fails_after;
};

struct process {
	bool alive;
	struct page page[PAGES];
	struct handle handle[DEVICES];
	unsigned int npins;
	bool shares_pins;		/* others may have the files that keep them */
	bool pins_by_gup;
};

#define NO_DEVICE	DEVICES		/* it is an io_uring, or a pipe, that holds it */

struct hold {
	uint32_t process, device, number;	/* page_number() */
	struct frame *frame;
};

/* Of a migration: which pages may have stayed behind, and what that means. */
struct stay {
	const struct step *step;	/* NULL: there was no migration */
	int result;
	bool fails;			/* an allocation: one page, at most */
	bool there;			/* some were on the device already */
	bool uncertain;			/* others may stay for other reasons */
	uint8_t moved[RANGE_PAGES];	/* those that were to go */
};

struct world {
	const struct list *list;
	/*
	 * The device's memory is in the kernel's page tables: it is shared by fork(), and
	 * goes for all processes at once. Else each process has a device for itself.
	 */
	bool kernel_knows;
	uint8_t devices;		/* bit of each that there is */
	uint8_t private_at;		/* AT_DEVICE of those whose memory the CPU cannot use */
	struct process process[PROCESSES];
	uint32_t generation;		/* of the last write */
	uint32_t step;			/* number of the current one */
	uint32_t parent;		/* of the last fork() */
	uint32_t counting;		/* number of the last count of frames */
	struct hold *hold;
	size_t nholds;
	struct family *family;
	uint32_t nfamilies;
	uint64_t family_key;		/* of the last one */
	struct stay stay;
};

void world_begin(struct world *world, const struct list *list, const struct reply *first);
void world_end(struct world *world);

static inline struct page *page_in(const struct world *world, uint32_t process,
				   uint32_t range, uint32_t page)
{
	return (struct page *)&world->process[process].page[page_number(range, page)];
}

static inline struct handle *handle_of(struct world *world, const struct step *step)
{
	return &world->process[step->process].handle[step->device];
}

static inline uint8_t *at_of(struct page *page)
{
	return page->frame ? &page->frame->at : &page->at;
}

/* Pages around, in this range, that one PMD entry may map. */
struct block {
	uint32_t first, end;
	bool whole;			/* nothing of it is out of the range */
};

struct block block_around(const struct world *world, uint32_t range, uint32_t page);

/* Every page of a step, or of a block. */
#define for_each_page(i, step)						\
	for ((i) = (step)->first; (i) < (step)->first + (step)->npages; (i)++)
#define for_each_in_block(i, block)					\
	for ((i) = (block).first; (i) < (block).end; (i)++)

/* Why the step cannot be done now, or NULL. */
const char *world_refuses(const struct world *world, const struct step *step);

/* A new frame for a page, instead of what it leads to. */
struct frame *frame_give(struct world *world, uint32_t process, uint32_t range, uint32_t page,
			 uint8_t at);
/* A page that leads nowhere: its memory is nobody's. */
void frame_leave(struct page *page);
void frame_share(struct page *to, const struct page *from);
/* It becomes one of those that appear there in this step. */
void frame_regroup(struct world *world, uint32_t process, uint32_t range, uint32_t page);

void hold_take(struct world *world, const struct step *step, uint32_t page);
void hold_drop(struct world *world, size_t n);
void hold_drop_all(struct world *world, uint32_t process, uint32_t device);
/* All pins of a process. */
void pins_drop(struct world *world, uint32_t process);
/* Somebody holds it, or may hold what it is part of. */
bool is_held(const struct frame *frame);
bool may_be_held(const struct world *world, const struct frame *frame);

/*
 * Some entry that leads to it, or to what is of its folio, is one of swap space, or of a
 * device that has it exclusively: that is counted once, and then asked of frames. They may
 * not migrate then, nor what is held.
 */
void count_tied(struct world *world);
bool may_stay(const struct world *world, const struct frame *frame);

/* ---- What accesses come to: oracle_access.c ---- */

bool can_read(const struct page *page);
bool can_write(const struct page *page);

/* Would the CPU have to wait for who holds it? Any of them, or only if not on a device? */
bool waits(const struct world *world, const struct page *page);
bool waits_unless_on(const struct world *world, const struct page *page, uint32_t device);

/* A CPU, or a device of another kind, needs the page in system memory. */
void comes_back(struct world *world, uint32_t process, uint32_t range, uint32_t page);
/* It may be like that, or not. */
void may_come_back(struct world *world, uint32_t process, uint32_t range, uint32_t page);
/* It does, and nobody leaves it on a device that the CPU can use. */
void goes_to_system(struct world *world, uint32_t process, uint32_t range, uint32_t page);
/* It does, for writing: what is shared is copied. */
void is_written(struct world *world, uint32_t process, uint32_t range, uint32_t page);
/* Memory appears where there was none, and perhaps around it. */
void is_populated(struct world *world, uint32_t process, uint32_t range, uint32_t page);

void has_new_data(struct world *world, uint32_t process, uint32_t range, uint32_t page);
const char *data_are_right(const struct station *station);

/* What is held stays; what may be of a folio that is held may stay. fails: or any page. */
void returns(struct world *world, struct frame *frame, uint32_t device, bool fails);
/* What goes back when a device is emptied by the process. */
void goes_back(struct world *world, uint32_t process, uint32_t device);

/* RIGHT if it is the one, or one of two. */
const char *result_is(const struct station *station, int want);
const char *result_is_either(const struct station *station, int want, int or_else);

/* ---- Operations, see operations.h ---- */

typedef const char *refuse(const struct world *world, const struct step *step);
typedef const char *foresee(struct world *world, const struct step *step,
			    const struct station *station);

refuse refuse_access, refuse_dev_write, refuse_dev_read;
foresee foresee_write, foresee_read, foresee_dev_write, foresee_dev_read;

refuse refuse_to_device, refuse_hold, refuse_evict;
foresee foresee_to_device, foresee_to_system, foresee_fail, foresee_hold, foresee_unhold,
	foresee_drain, foresee_evict, foresee_close;

refuse refuse_exclusive;
foresee foresee_exclusive;

refuse refuse_pin, refuse_not_the_kernels;
foresee foresee_pin, foresee_unpin, foresee_split, foresee_reclaim;

refuse refuse_hole, refuse_move, refuse_collapse, refuse_fork, refuse_exit, refuse_kill;
foresee foresee_unmap, foresee_map, foresee_drop, foresee_protect, foresee_move,
	foresee_advise, foresee_collapse, foresee_fork, foresee_exit;

/* ---- Between the steps: compare.c ---- */

/* What all processes see against what must be; the world is what was seen then. */
const char *world_compare(struct world *world, const struct station *station);

#endif
