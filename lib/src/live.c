// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "live.h"

#define SLOTS	4096	/* of the first table */
#define PROBES	64	/* slots of a table that an object may be in */

#define FREE	((uintptr_t)0)
#define GONE	((uintptr_t)1)	/* free again, but others may be behind it */

/* A hash table with linear probing. Objects that find no slot are in the next one. */
struct table {
	unsigned int level;	/* it has SLOTS << level */
	struct table *_Atomic next;
	atomic_bool resident;
	atomic_uintptr_t slots[];
};

static struct table first = { .slots = { [SLOTS - 1] = FREE } };

static size_t slots_at(unsigned int level)
{
	return (size_t)SLOTS << level;
}

static atomic_uintptr_t *slot_of(struct table *table, uintptr_t object, size_t i)
{
	const uint64_t hash = (object >> 4) * 0x9e3779b97f4a7c15ULL >> 32;

	return &table->slots[(hash + i) % slots_at(table->level)];
}

/*
 * Which page of the table an object gets to is chance: what is resident of it must not
 * grow by one at any time, as counters of memory are compared around calls.
 */
static void make_resident(struct table *table)
{
	uintptr_t seen;
	size_t i;

	if (atomic_exchange(&table->resident, true))
		return;
	for (i = 0; i < slots_at(table->level); i++) {
		seen = FREE;
		atomic_compare_exchange_strong(&table->slots[i], &seen, FREE);
	}
}

static bool add_to(struct table *table, uintptr_t object)
{
	size_t i;

	make_resident(table);
	for (i = 0; i < PROBES; i++) {
		atomic_uintptr_t *slot = slot_of(table, object, i);
		uintptr_t seen = atomic_load(slot);

		if ((seen == FREE || seen == GONE) &&
		    atomic_compare_exchange_strong(slot, &seen, object))
			return true;
	}
	return false;
}

/* The table behind it, which stays from now on; NULL: no memory for one. */
static struct table *next_of(struct table *table)
{
	const unsigned int level = table->level + 1;
	struct table *seen = atomic_load(&table->next), *new;

	if (seen)
		return seen;
	new = calloc(1, sizeof(*new) + slots_at(level) * sizeof(new->slots[0]));
	if (!new)
		return NULL;
	new->level = level;
	if (atomic_compare_exchange_strong(&table->next, &seen, new))
		return new;
	free(new);
	return seen;
}

int devthp_live_add(const void *object)
{
	struct table *table;

	for (table = &first; table; table = next_of(table)) {
		if (add_to(table, (uintptr_t)object))
			return 0;
	}
	return -ENOMEM;
}

/* Slots that were used are never FREE again: behind one there is no such object. */
static atomic_uintptr_t *find(const void *object)
{
	struct table *table;
	size_t i;

	for (table = &first; table; table = atomic_load(&table->next)) {
		for (i = 0; i < PROBES; i++) {
			atomic_uintptr_t *slot = slot_of(table, (uintptr_t)object, i);
			uintptr_t seen = atomic_load(slot);

			if (seen == (uintptr_t)object)
				return slot;
			if (seen == FREE)
				return NULL;
		}
	}
	return NULL;
}

bool devthp_live_remove(const void *object)
{
	atomic_uintptr_t *slot = find(object);
	uintptr_t seen = (uintptr_t)object;

	/* Of two threads that close the same, one does. */
	return slot && atomic_compare_exchange_strong(slot, &seen, GONE);
}

int devthp_live(const void *object)
{
	if (!object)
		return -EINVAL;
	return find(object) ? 0 : -EBADF;
}
