// SPDX-License-Identifier: GPL-2.0
/* Changes of mappings, one at a time in a process, while others access the memory. */
#include <errno.h>
#include <sys/mman.h>

#include "actor.h"

static uint32_t number_of(const struct step *step)
{
	return page_number(step->range, step->first);
}

/* What each of the pages may hold at least, afterwards: see ledger_begins_drop(). */
struct drop {
	uint32_t floor[RANGE_PAGES];
};

const char *do_drop(struct actor *actor, const struct step *step)
{
	struct drop drop;
	int result;

	/* What is on its way elsewhere would come back. */
	pthread_rwlock_rdlock(&actor->ledger->mappings);
	ledger_begins_drop(actor->ledger, number_of(step), step->npages, drop.floor);
	result = operation_of(step)->act(&actor->worker, step);
	ledger_ends_drop(actor->ledger, number_of(step), step->npages, drop.floor);
	pthread_rwlock_unlock(&actor->ledger->mappings);
	return is_usual(actor, step, result);
}

static const char *renew(struct actor *actor, const struct step *step, int prot)
{
	struct ledger *ledger = actor->ledger;
	struct drop drop;
	int result;

	pthread_rwlock_wrlock(&ledger->mappings);
	ledger_begins_change(ledger, number_of(step), step->npages);
	ledger_begins_drop(ledger, number_of(step), step->npages, drop.floor);
	result = operation_of(step)->act(&actor->worker, step);
	ledger_ends_drop(ledger, number_of(step), step->npages, drop.floor);
	ledger_ends_change(ledger, number_of(step), step->npages, prot);
	pthread_rwlock_unlock(&ledger->mappings);
	if (result)
		return differs(IN_RESULT, "%s says %d", operation_of(step)->name, result);
	return is_usual(actor, step, 0);
}

/* Most of what is taken away comes again, after a while: the rest would soon be all there is. */
static bool stays_away(struct actor *actor)
{
	actor_yields(actor);
	return dice_chance(&actor->dice, 16);
}

/* A new mapping has forgotten the advice that was given on the last one. */
const char *do_map(struct actor *actor, const struct step *step)
{
	struct step advise = *step;

	CHECK(renew(actor, step, PROT_READ | PROT_WRITE));
	advise.op = OP_ADVISE;
	advise.value = actor->list.place[step->range].huge ? ADVISE_HUGE : ADVISE_SMALL;
	return is_usual(actor, step, operation_of(&advise)->act(&actor->worker, &advise));
}

const char *do_unmap(struct actor *actor, const struct step *step)
{
	struct step again = *step;

	CHECK(renew(actor, step, HOLE));
	again.op = OP_MAP;
	return stays_away(actor) ? RIGHT : do_map(actor, &again);
}

static bool has_hole(const struct actor *actor, const struct step *step)
{
	uint32_t i;

	for (i = 0; i < step->npages; i++)
		if (actor->ledger->page[number_of(step) + i].prot == HOLE)
			return true;
	return false;
}

static const char *protect(struct actor *actor, const struct step *step)
{
	static const int protection[] = {
		[PROTECT_NONE] = PROT_NONE,
		[PROTECT_READ] = PROT_READ,
		[PROTECT_WRITE] = PROT_READ | PROT_WRITE,
	};
	int result;

	if (has_hole(actor, step))
		return RIGHT;
	ledger_begins_change(actor->ledger, number_of(step), step->npages);
	result = operation_of(step)->act(&actor->worker, step);
	ledger_ends_change(actor->ledger, number_of(step), step->npages,
			   protection[step->value]);
	return result ? differs(IN_RESULT, "protect says %d", result) : is_usual(actor, step, 0);
}

/* There and back: pages keep their numbers. */
static const char *move(struct actor *actor, const struct step *step)
{
	const size_t size = step->npages * devthp_page_size();
	char *home = worker_page(&actor->worker, step->range, step->first);
	char *spare = (char *)spare_address(actor->worker.list);
	const int flags = MREMAP_MAYMOVE | MREMAP_FIXED;

	/* Several mappings are not moved at once; then nothing has happened. */
	if (mremap(home, size, size, flags, spare) != spare)
		return RIGHT;
	actor_yields(actor);
	if (mremap(spare, size, size, flags, home) != home)
		return differs(IN_RESULT, "to move back: %d", -errno);
	return is_usual(actor, step, 0);
}

static const char *move_each_as_it_is(struct actor *actor, const struct step *step)
{
	struct ledger *ledger = actor->ledger;
	const char *verdict;
	uint32_t i;

	if (has_hole(actor, step))
		return RIGHT;
	ledger_begins_change(ledger, number_of(step), step->npages);
	verdict = move(actor, step);
	for (i = 0; i < step->npages; i++)
		ledger_ends_change(ledger, number_of(step) + i, 1,
				   ledger->page[number_of(step) + i].prot);
	return verdict;
}

static const char *alone(struct actor *actor, const struct step *step, deed *deed)
{
	const char *verdict;

	pthread_rwlock_wrlock(&actor->ledger->mappings);
	verdict = deed(actor, step);
	pthread_rwlock_unlock(&actor->ledger->mappings);
	return verdict;
}

const char *do_protect(struct actor *actor, const struct step *step)
{
	struct step again = *step;

	CHECK(alone(actor, step, protect));
	again.value = PROTECT_WRITE;
	return stays_away(actor) ? RIGHT : alone(actor, &again, protect);
}

const char *do_move(struct actor *actor, const struct step *step)
{
	return alone(actor, step, move_each_as_it_is);
}
