// SPDX-License-Identifier: GPL-2.0
/* Accesses, by the CPU and by a device. */
#include <errno.h>
#include <signal.h>
#include <sys/mman.h>

#include "oracle.h"

bool can_read(const struct page *page)
{
	return page->mapped && page->prot & PROT_READ;
}

bool can_write(const struct page *page)
{
	return page->mapped && page->prot & PROT_WRITE;
}

static bool waits_on(const struct world *world, const struct page *page, uint8_t devices)
{
	return page->frame && page->frame->at & devices && may_be_held(world, page->frame);
}

bool waits(const struct world *world, const struct page *page)
{
	return waits_on(world, page, world->private_at);
}

bool waits_unless_on(const struct world *world, const struct page *page, uint32_t device)
{
	return waits_on(world, page, world->private_at & ~AT_DEVICE(device));
}

/* ---- What happens to a page ---- */

static void to_system(struct frame *frame, uint8_t devices, bool certain)
{
	if (!(frame->at & devices))
		return;
	if (certain)
		frame->at &= ~devices;
	frame->at |= AT_SYSTEM;
}

/* From these devices. Mapped by a PMD entry it comes as a whole, else alone. */
static void leaves(struct world *world, uint32_t process, uint32_t range, uint32_t page,
		   uint8_t devices)
{
	struct page *own = page_in(world, process, range, page), *other;
	const struct block block = block_around(world, range, page);
	uint32_t i;

	if (!(own->frame->at & devices))
		return;
	if (own->huge != NO) {
		for_each_in_block(i, block) {
			other = page_in(world, process, range, i);
			if (other->frame)
				to_system(other->frame, devices, own->huge == YES);
		}
	}
	to_system(own->frame, devices, true);
}

/* From swap space others that were swapped out as one with it may come along. */
static void is_swapped_in(struct world *world, uint32_t process, uint32_t range, uint32_t page)
{
	const struct block block = block_around(world, range, page);
	uint32_t i;

	for_each_in_block(i, block)
		if (page_in(world, process, range, i)->by & BY_SWAP)
			page_in(world, process, range, i)->by |= BY_ACCESS;
}

void comes_back(struct world *world, uint32_t process, uint32_t range, uint32_t page)
{
	struct page *own = page_in(world, process, range, page);

	if (!own->frame)
		return;
	leaves(world, process, range, page, world->private_at);
	if (own->by & BY_SWAP)
		is_swapped_in(world, process, range, page);
	own->by = BY_ACCESS;
}

void may_come_back(struct world *world, uint32_t process, uint32_t range, uint32_t page)
{
	struct page *own = page_in(world, process, range, page);
	const uint8_t before = *at_of(own), by = own->by;

	if (!own->frame)
		return;
	if (before & world->private_at)
		own->huge = own->huge == NO ? NO : UNKNOWN;
	comes_back(world, process, range, page);
	own->frame->at |= before;
	own->by |= by;
}

void goes_to_system(struct world *world, uint32_t process, uint32_t range, uint32_t page)
{
	comes_back(world, process, range, page);
	leaves(world, process, range, page, AT_DEVICES);
}

void is_populated(struct world *world, uint32_t process, uint32_t range, uint32_t page)
{
	const struct block block = block_around(world, range, page);
	uint32_t i;

	for_each_in_block(i, block) {
		struct page *other = page_in(world, process, range, i);

		if (other->mapped && !other->frame)
			other->at |= AT_ZERO | AT_SYSTEM;
	}
}

/* Nothing is certain of the page before the write but that it is the writer's then. */
void is_written(struct world *world, uint32_t process, uint32_t range, uint32_t page)
{
	struct page *own = page_in(world, process, range, page);

	if (!own->frame)
		is_populated(world, process, range, page);
	else
		comes_back(world, process, range, page);
	if (!own->frame || own->frame->users > 1)
		frame_give(world, process, range, page, AT_SYSTEM);
	/* What was shared once may be copied all the same: off a device that it was left on. */
	else if (own->frame->at & AT_DEVICES && own->writable != YES)
		own->frame->at |= AT_SYSTEM;
}

void has_new_data(struct world *world, uint32_t process, uint32_t range, uint32_t page)
{
	struct frame *frame = page_in(world, process, range, page)->frame;

	frame->index = page_number(range, page);
	frame->generation = world->generation;
}

/* ---- By the CPU ---- */

const char *refuse_access(const struct world *world, const struct step *step)
{
	uint32_t i;

	for_each_page(i, step)
		if (waits(world, page_in(world, step->process, step->range, i)))
			return "it would wait for who holds a page";
	return NULL;
}

static const char *signals_are_right(struct world *world, const struct step *step,
				     const struct station *station,
				     bool (*can)(const struct page *page))
{
	uint32_t i;

	for_each_page(i, step) {
		const int want = can(page_in(world, step->process, step->range, i)) ? 0 : SIGSEGV;
		const int got = station->signal[page_number(step->range, i)];

		if (got != want)
			return differs(IN_SIGNAL,
				       "page %u of range %u gets signal %d; should be %d", i,
				       step->range, got, want);
	}
	return RIGHT;
}

const char *data_are_right(const struct station *station)
{
	if (!station->reply.bad)
		return RIGHT;
	return differs(IN_DATA, "%s; %u pages are wrong", station->reply.what,
		       station->reply.bad);
}

/* Some backends have it come back before they know. */
static void is_refused(struct world *world, const struct step *step, uint32_t i)
{
	if (!world->kernel_knows)
		may_come_back(world, step->process, step->range, i);
}

const char *foresee_write(struct world *world, const struct step *step,
			  const struct station *station)
{
	uint32_t i;

	CHECK(signals_are_right(world, step, station, can_write));
	for_each_page(i, step) {
		if (!can_write(page_in(world, step->process, step->range, i))) {
			is_refused(world, step, i);
			continue;
		}
		is_written(world, step->process, step->range, i);
		has_new_data(world, step->process, step->range, i);
	}
	return RIGHT;
}

const char *foresee_read(struct world *world, const struct step *step,
			 const struct station *station)
{
	uint32_t i;

	CHECK(signals_are_right(world, step, station, can_read));
	for_each_page(i, step) {
		struct page *page = page_in(world, step->process, step->range, i);

		if (!can_read(page))
			is_refused(world, step, i);
		else if (page->frame)
			comes_back(world, step->process, step->range, i);
		else
			is_populated(world, step->process, step->range, i);
		if (can_read(page))
			page->at &= ~AT_NOTHING;
	}
	return data_are_right(station);
}
