/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the pages of a process may hold while its threads race for them. Whoever writes a
 * page takes the next generation of it, and one at a time does; whoever looks at it, or
 * changes its mapping, does so at any time, and can tell by what was recorded before and
 * after whether what it got was possible:
 *
 *   - a generation that was not overwritten or dropped before it began to look, and had
 *     been begun by the time that it had looked (so: nothing stale, never backwards),
 *   - written by this process, or before the fork that made it (nothing foreign),
 *   - zero only if it was dropped since the last write that came to its end,
 *   - a signal if, and only if, the mapping did not allow it, at some time in between.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include <pthread.h>
#include <stdatomic.h>

#include "list.h"

#define ANCESTORS 4

struct ledger_page {
	_Atomic uint32_t floor, ceiling;	/* generations */
	_Atomic uint32_t drops;			/* that have begun, */
	_Atomic uint32_t dropping;		/* and not ended */
	_Atomic uint32_t solid;			/* drops before the last write that is whole */
	_Atomic uint32_t changes;		/* of the mapping: their beginnings and ends */
	_Atomic int prot;			/* PROT_*, or HOLE */
	_Atomic bool written;			/* just now */
	uint32_t inherited;			/* generations up to here are ancestors' */
};

#define HOLE (-1)

struct ledger {
	struct ledger_page page[PAGES];		/* by page_number() */
	/* Taken for writing by who changes mappings, for reading by who must not see that. */
	pthread_rwlock_t mappings;
	uint16_t name[ANCESTORS];		/* of this process, and of those it comes from */
	uint64_t seed;
};

/* What was recorded before somebody looked. */
struct glimpse {
	uint32_t floor, solid, changes;
	int prot;
};

/* Of a first process: zeros, where the list has pages. Shared by its threads; NULL: no memory. */
struct ledger *ledger_new(const struct list *list, uint16_t name);

/*
 * Of a child. _copy() before the fork, with "mappings" held for reading until that is
 * over; _inherit() in the child, on what _copy() returned.
 */
struct ledger *ledger_copy(const struct ledger *parent);
void ledger_inherit(struct ledger *child, const struct ledger *parent, uint16_t name);
void ledger_free(struct ledger *ledger);

/* A page is written. Its next generation; 0: somebody else does. whole: all was. */
uint32_t ledger_begins_write(struct ledger *ledger, uint32_t number, uint32_t *drops);
void ledger_ends_write(struct ledger *ledger, uint32_t number, uint32_t drops, bool whole);
void ledger_fill(const struct ledger *ledger, uint32_t number, uint32_t generation, void *data);

/* Pages are dropped: how far each was written goes to floor[npages] meanwhile. */
void ledger_begins_drop(struct ledger *ledger, uint32_t number, uint32_t npages,
			uint32_t *floor);
void ledger_ends_drop(struct ledger *ledger, uint32_t number, uint32_t npages,
		      const uint32_t *floor);

/* Their mapping changes, with "mappings" held for writing. */
void ledger_begins_change(struct ledger *ledger, uint32_t number, uint32_t npages);
void ledger_ends_change(struct ledger *ledger, uint32_t number, uint32_t npages, int prot);

/* A look at a page; verdicts on a copy of it, and on the signal that was got instead. */
void ledger_glimpse(const struct ledger *ledger, uint32_t number, struct glimpse *glimpse);
const char *ledger_judges(const struct ledger *ledger, uint32_t number,
			  const struct glimpse *glimpse, const void *copy, const char *who);
const char *ledger_judges_signal(const struct ledger *ledger, uint32_t number,
				 const struct glimpse *glimpse, int signal, int prot);

#endif
