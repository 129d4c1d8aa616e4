// SPDX-License-Identifier: GPL-2.0
/* Migration. */
#include <errno.h>
#include <string.h>

#include "oracle.h"

static bool all_readable(const struct world *world, const struct step *step)
{
	uint32_t i;

	for_each_page(i, step)
		if (!can_read(page_in(world, step->process, step->range, i)))
			return false;
	return true;
}

/* The device has lost it, and does not ask for it. */
static bool any_is_swapped(const struct world *world, const struct step *step)
{
	uint32_t i;

	for_each_page(i, step)
		if (page_in(world, step->process, step->range, i)->by == BY_SWAP)
			return true;
	return false;
}

/* From now on until the next look. */
static void stay_begins(struct world *world, const struct step *step,
			const struct station *station)
{
	memset(&world->stay, 0, sizeof(world->stay));
	world->stay.step = step;
	world->stay.result = station->reply.result;
	world->stay.fails = handle_of(world, step)->fails;
}

/* What is on another device may have to come to system memory on its way. */
const char *refuse_to_device(const struct world *world, const struct step *step)
{
	uint32_t i;

	for_each_page(i, step) {
		const struct page *page = page_in(world, step->process, step->range, i);

		if (waits_unless_on(world, page, step->device))
			return "it would wait for who holds a page";
	}
	return NULL;
}

/* A huge page in one piece, nobody else's, that goes as a whole, arrives as a whole. */
static bool arrives_whole(const struct world *world, const struct step *step,
			  const struct block *block)
{
	const struct page *first = page_in(world, step->process, step->range, block->first);
	uint32_t i;

	if (!block->whole || block->first < step->first ||
	    block->end > step->first + step->npages || world->stay.fails)
		return false;
	for_each_in_block(i, *block) {
		const struct page *page = page_in(world, step->process, step->range, i);

		if (page->frame && may_stay(world, page->frame))
			return false;
		if (page->huge != YES || !page->frame || page->frame->at != AT_SYSTEM ||
		    page->frame->users != 1 || page->prot != first->prot)
			return false;
	}
	return true;
}

static void note_whole(struct world *world, const struct step *step)
{
	struct block block;
	uint32_t i;

	for (i = step->first; i < step->first + step->npages; i = block.end) {
		block = block_around(world, step->range, i);
		if (arrives_whole(world, step, &block))
			page_in(world, step->process, step->range,
				block.first)->must_be_huge = true;
	}
}

static void goes(struct world *world, const struct step *step, uint32_t i)
{
	struct page *page = page_in(world, step->process, step->range, i);
	uint8_t *at = at_of(page);

	if (*at == AT_DEVICE(step->device)) {
		world->stay.there = true;
		return;
	}
	if (page->by == BY_SWAP || page->by == BY_REVOKING) {
		world->stay.there = true;	/* it is, for this device */
		return;
	}
	/* What is pinned does not go, nor perhaps what is of the same folio. */
	if (page->frame && may_stay(world, page->frame)) {
		world->stay.uncertain = true;
		if (!page->frame->pins || *at != AT_SYSTEM)
			*at |= AT_DEVICE(step->device);
		return;
	}
	world->stay.moved[i] = true;
	if (*at & AT_DEVICES & ~AT_DEVICE(step->device)) {
		/* By way of system memory, or not. */
		may_come_back(world, step->process, step->range, i);
		*at |= AT_DEVICE(step->device);
	} else if (world->stay.fails) {
		*at |= AT_DEVICE(step->device);
	} else {
		*at = AT_DEVICE(step->device);
	}
}

const char *foresee_to_device(struct world *world, const struct step *step,
			      const struct station *station)
{
	uint32_t i;

	if (!all_readable(world, step))
		return result_is(station, -EINVAL);
	/* Which of these it must be is seen by what has stayed. */
	CHECK(result_is_either(station, any_is_swapped(world, step) ? -ENOENT : 0, -ENOENT));
	stay_begins(world, step, station);
	count_tied(world);
	note_whole(world, step);
	for_each_page(i, step)
		goes(world, step, i);
	return RIGHT;
}

void returns(struct world *world, struct frame *frame, uint32_t device, bool fails)
{
	if (!(frame->at & AT_DEVICE(device)) || (is_held(frame) &&
						 frame->at == AT_DEVICE(device)))
		return;
	frame->at |= AT_SYSTEM;
	if (!fails && !may_stay(world, frame))
		frame->at &= ~AT_DEVICE(device);
}

const char *foresee_to_system(struct world *world, const struct step *step,
			      const struct station *station)
{
	uint32_t i;

	/* Whether it must look at the mappings is not said. */
	if (!all_readable(world, step) && station->reply.result == -EINVAL)
		return RIGHT;
	CHECK(result_is_either(station, 0, -ENOMEM));
	stay_begins(world, step, station);
	count_tied(world);
	for_each_page(i, step) {
		struct page *page = page_in(world, step->process, step->range, i);

		if (!page->frame)
			continue;
		world->stay.moved[i] = page->frame->at == AT_DEVICE(step->device) &&
				       !is_held(page->frame);
		world->stay.uncertain |= world->stay.moved[i] && may_stay(world, page->frame);
		returns(world, page->frame, step->device, world->stay.fails);
	}
	return RIGHT;
}

const char *foresee_fail(struct world *world, const struct step *step,
			 const struct station *station)
{
	struct handle *handle = handle_of(world, step);

	CHECK(result_is(station, 0));
	handle->fails = step->value;
	handle->fails_after = step->value ? step->value - 1 : 0;
	return RIGHT;
}
