// SPDX-License-Identifier: GPL-2.0
/* What a device is told to do with memory. */
#include <errno.h>
#include <string.h>

#include "oracle.h"

static struct handle *handle_of(struct world *world, const struct step *step)
{
	return &world->process[step->process].handle[step->device];
}

/* ---- Migration ---- */

static bool all_readable(const struct world *world, const struct step *step)
{
	uint32_t i;

	for_each_page(i, step)
		if (!can_read(page_in(world, step->process, step->range, i)))
			return false;
	return true;
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
	const uint8_t others = AT_DEVICES & ~AT_DEVICE(step->device);
	uint32_t i;

	for_each_page(i, step) {
		const struct page *page = page_in(world, step->process, step->range, i);

		if (waits(world, page, others))
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

		if (page->frame && may_be_held(world, page->frame))
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
	/* What is pinned does not go, nor perhaps what is of the same folio. */
	if (page->frame && may_be_held(world, page->frame)) {
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
	CHECK(result_is_either(station, 0, -ENOENT));
	stay_begins(world, step, station);
	note_whole(world, step);
	for_each_page(i, step)
		goes(world, step, i);
	return RIGHT;
}

/* What is held stays; what may be of a folio that is held may stay. */
static void returns(struct world *world, struct frame *frame, uint32_t device, bool fails)
{
	if (!(frame->at & AT_DEVICE(device)) || (is_held(frame) &&
						 frame->at == AT_DEVICE(device)))
		return;
	frame->at |= AT_SYSTEM;
	if (!fails && !may_be_held(world, frame))
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
	for_each_page(i, step) {
		struct page *page = page_in(world, step->process, step->range, i);

		if (!page->frame)
			continue;
		world->stay.moved[i] = page->frame->at == AT_DEVICE(step->device) &&
				       !is_held(page->frame);
		world->stay.uncertain |= world->stay.moved[i] && may_be_held(world, page->frame);
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

/* ---- Emptying it ---- */

struct count {
	uint64_t went, held;
};

static struct count drained(struct world *world, uint32_t process, uint32_t device)
{
	struct count count = { 0, 0 };
	uint32_t other, i;

	world->counting++;
	for (other = 0; other < PROCESSES; other++) {
		if (!world->kernel_knows && other != process)
			continue;
		for (i = 0; i < PAGES; i++) {
			struct frame *frame = world->process[other].page[i].frame;

			if (!frame || frame->counted == world->counting)
				continue;
			frame->counted = world->counting;
			if (frame->at == AT_DEVICE(device)) {
				count.held += is_held(frame);
				count.went += !may_be_held(world, frame);
			}
			returns(world, frame, device, false);
		}
	}
	return count;
}

void goes_back(struct world *world, uint32_t process, uint32_t device)
{
	drained(world, process, device);
}

const char *foresee_drain(struct world *world, const struct step *step,
			  const struct station *station)
{
	const struct reply *reply = &station->reply;
	struct count count;

	CHECK(result_is(station, 0));
	count = drained(world, step->process, step->device);
	if (reply->count < count.went)
		return differs(IN_RESULT, "%llu pages were evicted; should be %llu at least",
			       (unsigned long long)reply->count,
			       (unsigned long long)count.went);
	if (reply->left < count.held)
		return differs(IN_RESULT, "%llu pages are left; %llu are held",
			       (unsigned long long)reply->left,
			       (unsigned long long)count.held);
	return RIGHT;
}

const char *refuse_evict(const struct world *world, const struct step *step)
{
	size_t n;

	for (n = 0; n < world->nholds; n++)
		if (world->hold[n].device == step->device)
			return "it would wait for who holds a page";
	return NULL;
}

const char *foresee_evict(struct world *world, const struct step *step,
			  const struct station *station)
{
	CHECK(result_is(station, 0));
	drained(world, step->process, step->device);
	return RIGHT;
}

const char *foresee_close(struct world *world, const struct step *step,
			  const struct station *station)
{
	struct handle *handle = handle_of(world, step);

	if (handle->open) {
		hold_drop_all(world, step->process, step->device);
		goes_back(world, step->process, step->device);
	}
	*handle = (struct handle){ .open = false };
	return result_is(station, 0);
}

/* ---- Holding ---- */

const char *refuse_hold(const struct world *world, const struct step *step)
{
	uint32_t i;

	for_each_page(i, step) {
		struct page *page = page_in(world, step->process, step->range, i);
		const uint8_t at = *at_of(page), own = AT_DEVICE(step->device);

		if (at & own && (at != own || !can_read(page)))
			return "it is not certain what is there to be held";
	}
	return NULL;
}

const char *foresee_hold(struct world *world, const struct step *step,
			 const struct station *station)
{
	uint64_t want = 0;
	uint32_t i;

	CHECK(result_is(station, 0));
	for_each_page(i, step) {
		struct page *page = page_in(world, step->process, step->range, i);

		if (!page->frame || page->frame->at != AT_DEVICE(step->device))
			continue;
		hold_take(world, step, i);
		want++;
	}
	if (station->reply.count != want)
		return differs(IN_RESULT, "%llu pages are held; should be %llu",
			       (unsigned long long)station->reply.count,
			       (unsigned long long)want);
	return RIGHT;
}

/*
 * What is not where it was held any more is let go of by some devices, and by others
 * not before they are closed.
 */
const char *foresee_unhold(struct world *world, const struct step *step,
			   const struct station *station)
{
	const uint64_t count = station->reply.count;
	uint64_t least = 0, most = 0;
	size_t n;
	int pass;

	CHECK(result_is(station, 0));
	for (pass = 0; pass < 2; pass++) {
		for (n = world->nholds; n--; ) {
			const struct hold *hold = &world->hold[n];
			const uint32_t number = hold->number;
			bool there;

			if (hold->process != step->process || hold->device != step->device ||
			    number < page_number(step->range, step->first) ||
			    number >= page_number(step->range, step->first + step->npages))
				continue;
			there = world->process[step->process].page[number].frame == hold->frame;
			if (!pass)
				least += there;
			if (!pass)
				most++;
			else if (there || count == most)
				hold_drop(world, n);
		}
	}
	if (count < least || count > most)
		return differs(IN_RESULT, "%llu pages were let go of; should be %llu to %llu",
			       (unsigned long long)count, (unsigned long long)least,
			       (unsigned long long)most);
	return RIGHT;
}
