// SPDX-License-Identifier: GPL-2.0
/* What is pinned, or referred to by a pipe, and what the kernel does when asked. */
#include <errno.h>

#include "operations.h"
#include "oracle.h"

static bool is_pinned_at(const struct world *world, uint32_t process, uint32_t number)
{
	size_t n;

	for (n = 0; n < world->nholds; n++)
		if (world->hold[n].device == NO_DEVICE && world->hold[n].process == process &&
		    world->hold[n].number == number)
			return true;
	return false;
}

const char *refuse_not_the_kernels(const struct world *world, const struct step *step)
{
	(void)step;
	return world->kernel_knows ? NULL : "the kernel does not know the device's memory";
}

/* It has the memory to write to it, and all that is on a device has to leave that. */
static bool is_long(const struct step *step)
{
	return step->value != PIN_BY_PIPE;
}

static bool gup_is_busy(const struct world *world)
{
	uint32_t i;

	for (i = 0; i < PROCESSES; i++)
		if (world->process[i].pins_by_gup)
			return true;
	return false;
}

static bool is_held_on_device(const struct world *world, const struct page *page)
{
	return page->frame && page->frame->at & AT_DEVICES && may_be_held(world, page->frame);
}

const char *refuse_pin(const struct world *world, const struct step *step)
{
	uint32_t i;

	if (!world->kernel_knows)
		return refuse_not_the_kernels(world, step);
	if (world->process[step->process].npins == PINS)
		return "there are enough pins";
	if (step->value == PIN_BY_GUP && gup_is_busy(world))
		return "gup_test pins for one at a time";
	if (step->npages > 512)
		return "these are too many for a pipe";
	for_each_page(i, step) {
		const struct page *page = page_in(world, step->process, step->range, i);

		if (is_long(step) ? !can_write(page) : !can_read(page))
			return "there is a page that it may not use";
		if (step->value == PIN_BY_PIPE && !page->frame)
			return "there is a page without memory";
		if (waits(world, page) || (is_long(step) && is_held_on_device(world, page)))
			return "it would wait for who holds a page";
		if (is_pinned_at(world, step->process, page_number(step->range, i)))
			return "there is a page that is pinned already";
	}
	return NULL;
}

const char *foresee_pin(struct world *world, const struct step *step,
			const struct station *station)
{
	struct process *process = &world->process[step->process];
	struct step hold = *step;
	uint32_t i;

	CHECK(result_is(station, 0));
	hold.device = NO_DEVICE;
	for_each_page(i, step) {
		if (is_long(step)) {
			is_written(world, step->process, step->range, i);
			goes_to_system(world, step->process, step->range, i);
		} else {
			comes_back(world, step->process, step->range, i);
		}
		hold_take(world, &hold, i);
		if (is_long(step))
			page_in(world, step->process, step->range, i)->frame->pins++;
	}
	process->npins++;
	process->pins_by_gup |= step->value == PIN_BY_GUP;
	process->shares_pins |= step->value == PIN_BY_GUP;
	return RIGHT;
}

void pins_drop(struct world *world, uint32_t process)
{
	size_t n;

	for (n = 0; n < world->nholds; n++)
		if (world->hold[n].device == NO_DEVICE && world->hold[n].process == process)
			world->hold[n].frame->pins = 0;
	hold_drop_all(world, process, NO_DEVICE);
	world->process[process].npins = 0;
	world->process[process].pins_by_gup = false;
	world->process[process].shares_pins = false;
}

const char *foresee_unpin(struct world *world, const struct step *step,
			  const struct station *station)
{
	pins_drop(world, step->process);
	CHECK(result_is(station, 0));
	return data_are_right(station);
}

/* Huge pages become small ones, where they are. */
const char *foresee_split(struct world *world, const struct step *step,
			  const struct station *station)
{
	(void)world;
	(void)step;
	return result_is(station, 0);
}

/* What is pinned stays; the rest may be swapped out for all who have it. */
const char *foresee_reclaim(struct world *world, const struct step *step,
			    const struct station *station)
{
	uint32_t process, i;

	(void)step;
	for (process = 0; process < PROCESSES; process++) {
		for (i = 0; i < PAGES; i++) {
			struct page *page = &world->process[process].page[i];

			if (page->frame && page->frame->at & AT_SYSTEM && !page->frame->pins &&
			    page->by & BY_ACCESS)
				page->by |= BY_SWAP;
		}
	}
	return result_is(station, 0);
}
