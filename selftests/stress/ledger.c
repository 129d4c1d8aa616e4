// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#include <devthp.h>

#include "difference.h"
#include "ledger.h"

/* ---- Making them ---- */

static struct ledger *ledger_room(void)
{
	struct ledger *ledger = mmap(NULL, sizeof(*ledger), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (ledger == MAP_FAILED)
		return NULL;
	pthread_rwlock_init(&ledger->mappings, NULL);
	return ledger;
}

struct ledger *ledger_new(const struct list *list, uint16_t name)
{
	struct ledger *ledger = ledger_room();
	uint32_t range, i;

	if (!ledger)
		return NULL;
	ledger->seed = list->seed;
	ledger->name[0] = name;
	for (range = 0; range < RANGES; range++) {
		for (i = 0; i < RANGE_PAGES; i++) {
			struct ledger_page *page = &ledger->page[page_number(range, i)];

			page->prot = i < list->place[range].pages ? PROT_READ | PROT_WRITE : HOLE;
			page->drops = 1;
		}
	}
	return ledger;
}

struct ledger *ledger_copy(const struct ledger *parent)
{
	struct ledger *child = ledger_room();
	uint32_t i;

	if (!child)
		return NULL;
	child->seed = parent->seed;
	memcpy(child->name + 1, parent->name, (ANCESTORS - 1) * sizeof(*child->name));
	for (i = 0; i < PAGES; i++) {
		child->page[i].floor = parent->page[i].floor;
		child->page[i].solid = parent->page[i].solid;
		child->page[i].prot = parent->page[i].prot;
	}
	return child;
}

/* The parent's threads have gone on: what they have begun may be in the child. */
void ledger_inherit(struct ledger *child, const struct ledger *parent, uint16_t name)
{
	uint32_t i;

	child->name[0] = name;
	for (i = 0; i < PAGES; i++) {
		child->page[i].ceiling = parent->page[i].ceiling;
		child->page[i].inherited = child->page[i].ceiling;
		child->page[i].drops = parent->page[i].drops;
	}
}

void ledger_free(struct ledger *ledger)
{
	munmap(ledger, sizeof(*ledger));
}

/* ---- Words: generation, whose it is, which page, and of which run ---- */

#define WORDS (devthp_page_size() / sizeof(uint64_t))

static uint64_t word(const struct ledger *ledger, uint32_t number, uint32_t generation,
		     uint16_t name)
{
	return (uint64_t)generation << 40 | (uint64_t)name << 24 | number << 8 |
	       (uint8_t)ledger->seed;
}

static uint32_t generation_of(uint64_t word)
{
	return word >> 40;
}

void ledger_fill(const struct ledger *ledger, uint32_t number, uint32_t generation, void *data)
{
	const uint64_t it = word(ledger, number, generation, ledger->name[0]);
	volatile uint64_t *words = data;
	size_t i;

	for (i = 0; i < WORDS; i++)
		words[i] = it;
}

/* ---- Recording ---- */

/* The order of the loads and stores matters in all of these: see what is read when. */

static void raise_to(_Atomic uint32_t *value, uint32_t least)
{
	uint32_t seen = *value;

	while (seen < least && !atomic_compare_exchange_weak(value, &seen, least))
		;
}

#define NOT_CLEAN UINT32_MAX

uint32_t ledger_begins_write(struct ledger *ledger, uint32_t number, uint32_t *drops)
{
	struct ledger_page *page = &ledger->page[number];

	if (atomic_exchange(&page->written, true))
		return 0;
	*drops = page->drops;
	if (page->dropping)
		*drops = NOT_CLEAN;
	return ++page->ceiling;
}

void ledger_ends_write(struct ledger *ledger, uint32_t number, uint32_t drops, bool whole)
{
	struct ledger_page *page = &ledger->page[number];

	if (whole) {
		raise_to(&page->floor, page->ceiling);
		if (drops != NOT_CLEAN)
			raise_to(&page->solid, drops);
	}
	page->written = false;
}

void ledger_begins_drop(struct ledger *ledger, uint32_t number, uint32_t npages,
			uint32_t *floor)
{
	uint32_t i;

	for (i = 0; i < npages; i++) {
		struct ledger_page *page = &ledger->page[number + i];

		page->dropping++;
		page->drops++;
		/* What is being written just now may come after it. */
		floor[i] = page->ceiling + 1;
		if (page->written)
			floor[i] = 0;
	}
}

void ledger_ends_drop(struct ledger *ledger, uint32_t number, uint32_t npages,
		      const uint32_t *floor)
{
	uint32_t i;

	for (i = 0; i < npages; i++) {
		raise_to(&ledger->page[number + i].floor, floor[i]);
		ledger->page[number + i].dropping--;
	}
}

void ledger_begins_change(struct ledger *ledger, uint32_t number, uint32_t npages)
{
	uint32_t i;

	for (i = 0; i < npages; i++)
		ledger->page[number + i].changes++;
}

void ledger_ends_change(struct ledger *ledger, uint32_t number, uint32_t npages, int prot)
{
	uint32_t i;

	for (i = 0; i < npages; i++) {
		ledger->page[number + i].prot = prot;
		ledger->page[number + i].changes++;
	}
}

/* ---- Judging ---- */

void ledger_glimpse(const struct ledger *ledger, uint32_t number, struct glimpse *glimpse)
{
	const struct ledger_page *page = &ledger->page[number];

	glimpse->solid = page->solid;
	glimpse->floor = page->floor;
	glimpse->changes = page->changes;
	glimpse->prot = page->prot;
}

static bool is_ours(const struct ledger *ledger, uint32_t number, uint64_t seen)
{
	const uint32_t generation = generation_of(seen);
	const bool inherited = generation <= ledger->page[number].inherited;
	unsigned int i;

	for (i = inherited; i < (inherited ? ANCESTORS : 1); i++)
		if (seen == word(ledger, number, generation, ledger->name[i]))
			return true;
	return false;
}

const char *ledger_judges(const struct ledger *ledger, uint32_t number,
			  const struct glimpse *glimpse, const void *copy, const char *who)
{
	const struct ledger_page *page = &ledger->page[number];
	const uint32_t ceiling = page->ceiling;
	const bool may_be_zero = page->drops > glimpse->solid;
	const uint64_t *words = copy;
	size_t i;

	for (i = 0; i < WORDS; i++) {
		const uint64_t seen = words[i];
		const char *what = NULL;

		if (!seen)
			what = may_be_zero ? NULL : "zero, and was not dropped";
		else if (!is_ours(ledger, number, seen))
			what = "foreign";
		else if (generation_of(seen) < glimpse->floor)
			what = "stale";
		else if (generation_of(seen) > ceiling)
			what = "not written yet";
		if (what)
			return differs(IN_DATA, "%s: page number %u has %#llx at byte %zu, which is %s; generations from %u to %u are possible",
				       who, number, (unsigned long long)seen, i * sizeof(*words),
				       what, glimpse->floor, ceiling);
	}
	return RIGHT;
}

const char *ledger_judges_signal(const struct ledger *ledger, uint32_t number,
				 const struct glimpse *glimpse, int signal, int prot)
{
	const struct ledger_page *page = &ledger->page[number];
	const bool allowed = glimpse->prot != HOLE && (glimpse->prot & prot) == prot;
	const bool stays = !(glimpse->changes & 1) && page->changes == glimpse->changes;

	if (!stays || allowed == !signal)
		return RIGHT;
	return differs(IN_SIGNAL, "an access to page number %u got signal %d, which it should%s",
		       number, signal, signal ? " not" : "");
}
