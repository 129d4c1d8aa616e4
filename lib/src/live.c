// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "live.h"

/* A hash table of this many, with linear probing; where more live, none is refused. */
#define SLOTS	4096

#define FREE	((uintptr_t)0)
#define GONE	((uintptr_t)1)	/* free again, but others may be behind it */

static atomic_uintptr_t slots[SLOTS];
static atomic_size_t without_slot;

static size_t slot_of(uintptr_t object, size_t i)
{
	return (size_t)((object >> 4) * 0x9e3779b1U + i) % SLOTS;
}

/*
 * Which page of the table an object gets to is chance: what is resident of it must not
 * grow by one at any time, as counters of memory are compared around calls.
 */
static void make_resident(void)
{
	static atomic_bool done;
	uintptr_t seen;
	size_t i;

	if (atomic_exchange(&done, true))
		return;
	for (i = 0; i < SLOTS; i++) {
		seen = FREE;
		atomic_compare_exchange_strong(&slots[i], &seen, FREE);
	}
}

void devthp_live_add(const void *object)
{
	size_t i;

	make_resident();
	for (i = 0; i < SLOTS; i++) {
		atomic_uintptr_t *slot = &slots[slot_of((uintptr_t)object, i)];
		uintptr_t seen = atomic_load(slot);

		if ((seen == FREE || seen == GONE) &&
		    atomic_compare_exchange_strong(slot, &seen, (uintptr_t)object))
			return;
	}
	atomic_fetch_add(&without_slot, 1);
}

static atomic_uintptr_t *find(const void *object)
{
	size_t i;

	for (i = 0; i < SLOTS; i++) {
		atomic_uintptr_t *slot = &slots[slot_of((uintptr_t)object, i)];
		uintptr_t seen = atomic_load(slot);

		if (seen == (uintptr_t)object)
			return slot;
		if (seen == FREE)
			break;
	}
	return NULL;
}

bool devthp_live_remove(const void *object)
{
	atomic_uintptr_t *slot = find(object);
	uintptr_t seen = (uintptr_t)object;

	/* Of two threads that close the same, one does. */
	if (slot)
		return atomic_compare_exchange_strong(slot, &seen, GONE);
	if (!atomic_load(&without_slot))
		return false;
	atomic_fetch_sub(&without_slot, 1);
	return true;
}

int devthp_live(const void *object)
{
	if (!object)
		return -EINVAL;
	return find(object) || atomic_load(&without_slot) ? 0 : -EBADF;
}
