// SPDX-License-Identifier: GPL-2.0
/* Changes of the mappings, and of who there is. */
#include <errno.h>
#include <sys/mman.h>

#include "operations.h"
#include "oracle.h"

const char *refuse_hole(const struct world *world, const struct step *step)
{
	uint32_t i;

	for_each_page(i, step)
		if (!page_in(world, step->process, step->range, i)->mapped)
			return "there is a hole";
	return NULL;
}

/* Nothing is left of what was there. */
static void becomes_new(struct world *world, const struct step *step, bool mapped)
{
	uint32_t i;

	for_each_page(i, step) {
		struct page *page = page_in(world, step->process, step->range, i);

		frame_leave(page);
		page->mapped = mapped;
		page->prot = PROT_READ | PROT_WRITE;
	}
}

const char *foresee_unmap(struct world *world, const struct step *step,
			  const struct station *station)
{
	becomes_new(world, step, false);
	return result_is(station, 0);
}

const char *foresee_map(struct world *world, const struct step *step,
			const struct station *station)
{
	becomes_new(world, step, true);
	return result_is(station, 0);
}

const char *foresee_drop(struct world *world, const struct step *step,
			 const struct station *station)
{
	uint32_t i;

	CHECK(result_is(station, refuse_hole(world, step) ? -ENOMEM : 0));
	for_each_page(i, step)
		frame_leave(page_in(world, step->process, step->range, i));
	return RIGHT;
}

const char *foresee_protect(struct world *world, const struct step *step,
			    const struct station *station)
{
	static const int protection[] = {
		[PROTECT_NONE] = PROT_NONE,
		[PROTECT_READ] = PROT_READ,
		[PROTECT_WRITE] = PROT_READ | PROT_WRITE,
	};
	uint32_t i;

	CHECK(result_is(station, 0));
	for_each_page(i, step)
		page_in(world, step->process, step->range, i)->prot = protection[step->value];
	return RIGHT;
}

const char *foresee_advise(struct world *world, const struct step *step,
			   const struct station *station)
{
	(void)world;
	(void)step;
	return result_is(station, 0);
}

/* ---- Moving ---- */

static bool overlaps(const struct step *step)
{
	return step->range == step->to_range && step->first < step->to_first + step->npages &&
	       step->to_first < step->first + step->npages;
}

static bool held_on_device(const struct world *world, const struct step *step)
{
	uint32_t i;

	for_each_page(i, step)
		if (waits(world, page_in(world, step->process, step->range, i)))
			return true;
	return false;
}

const char *refuse_move(const struct world *world, const struct step *step)
{
	if (overlaps(step))
		return "it would overlap";
	if (held_on_device(world, step))
		return "it may have to wait for who holds a page";
	return refuse_hole(world, step);
}

static void moves(struct page *from, struct page *to)
{
	frame_leave(to);
	frame_share(to, from);
	frame_leave(from);
	from->mapped = false;
	to->huge = UNKNOWN;
	to->read_by = 0;
}

const char *foresee_move(struct world *world, const struct step *step,
			 const struct station *station)
{
	uint32_t i;

	/* Several mappings, which are not moved in one. */
	CHECK(result_is_either(station, 0, -EFAULT));
	for_each_page(i, step) {
		struct page *to = page_in(world, step->process, step->to_range,
					  step->to_first + i - step->first);

		frame_leave(to);
		to->mapped = false;
		/* Some backends have it back in system memory on its way. */
		if (!world->kernel_knows)
			may_come_back(world, step->process, step->range, i);
		if (!station->reply.result)
			moves(page_in(world, step->process, step->range, i), to);
	}
	return RIGHT;
}

/* ---- Huge pages by order ---- */

/* What is shared is copied for that, or not. */
const char *refuse_collapse(const struct world *world, const struct step *step)
{
	uint32_t i;

	for_each_page(i, step) {
		const struct page *page = page_in(world, step->process, step->range, i);

		if (page->frame && page->frame->users > 1)
			return "it is not certain what becomes of shared pages";
	}
	return held_on_device(world, step) ? "it may have to wait for who holds a page" :
					     refuse_hole(world, step);
}

/* It need not succeed, but must not harm. */
const char *foresee_collapse(struct world *world, const struct step *step,
			     const struct station *station)
{
	static const int results[] = { 0, -EINVAL, -EAGAIN, -EBUSY, -ENOMEM };
	const size_t nresults = sizeof(results) / sizeof(results[0]);
	size_t n = 0;
	uint32_t i;

	while (n < nresults && station->reply.result != results[n])
		n++;
	if (n == nresults)
		return differs(IN_RESULT, "the result is %d", station->reply.result);
	for_each_page(i, step) {
		struct page *page = page_in(world, step->process, step->range, i);

		may_come_back(world, step->process, step->range, i);
		if (page->frame)
			frame_regroup(world, step->process, step->range, i);
		*at_of(page) |= AT_SYSTEM | (page->frame ? 0 : AT_ZERO);
	}
	return RIGHT;
}

/* ---- Processes ---- */

const char *refuse_fork(const struct world *world, const struct step *step)
{
	size_t n;

	/* Its device is copied with it, and nobody is there to let go of what is held. */
	for (n = 0; n < world->nholds && !world->kernel_knows; n++)
		if (world->hold[n].process == step->process)
			return "what is held would be held forever in the child";
	return NULL;
}

const char *foresee_fork(struct world *world, const struct step *step,
			 const struct station *station)
{
	struct process *child = &world->process[step->other];
	uint32_t range, i;

	CHECK(result_is(station, 0));
	child->alive = true;
	world->parent = step->process;
	for (i = 0; i < DEVICES; i++)
		child->handle[i] = (struct handle){
			.open = world->devices & 1 << i &&
				(step->value == FORK_OPEN || !world->kernel_knows),
		};
	world->process[step->process].shares_pins |= world->process[step->process].npins;
	for (range = 0; range < RANGES; range++) {
		for (i = 0; i < world->list->place[range].pages; i++) {
			struct page *to = page_in(world, step->other, range, i);
			struct page *from = page_in(world, step->process, range, i);

			/* It is not the parent's alone any more, let alone the device's. */
			if (from->by & BY_REVOKING)
				from->by = BY_ACCESS;
			frame_share(to, from);
			to->read_by = 0;
			/* A mapping with nothing but zeros is not copied. */
			if (!to->frame)
				to->at |= AT_NOTHING;
			else if (world->kernel_knows)
				to->may_be_copied = may_be_held(world, to->frame);
			else
				frame_give(world, step->other, range, i, to->frame->at);
		}
	}
	return RIGHT;
}

const char *refuse_exit(const struct world *world, const struct step *step)
{
	unsigned int i, alive = 0;

	(void)step;
	for (i = 0; i < PROCESSES; i++)
		alive += world->process[i].alive;
	return alive == 1 ? "it is the last one" : NULL;
}

const char *refuse_kill(const struct world *world, const struct step *step)
{
	if (world->process[step->process].shares_pins)
		return "others have the files that keep what it has pinned";
	return refuse_exit(world, step);
}

/* Its devices are closed with it. */
const char *foresee_exit(struct world *world, const struct step *step,
			 const struct station *station)
{
	struct process *process = &world->process[step->process];
	uint32_t i;

	(void)station;
	pins_drop(world, step->process);
	for (i = 0; i < PAGES; i++)
		frame_leave(&process->page[i]);
	for (i = 0; i < DEVICES; i++) {
		hold_drop_all(world, step->process, i);
		if (process->handle[i].open && world->kernel_knows)
			goes_back(world, step->process, i);
	}
	*process = (struct process){ .alive = false };
	return RIGHT;
}
