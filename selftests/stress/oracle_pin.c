// SPDX-License-Identifier: GPL-2.0
/* What is pinned, or referred to by a pipe, stays in system memory. */
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

const char *refuse_pin(const struct world *world, const struct step *step)
{
	uint32_t i;

	if (!world->kernel_knows)
		return refuse_not_the_kernels(world, step);
	if (world->process[step->process].npins == PINS)
		return "there are enough pins";
	if (step->npages > 512)
		return "these are too many for a pipe";
	for_each_page(i, step) {
		const struct page *page = page_in(world, step->process, step->range, i);

		if (step->value == PIN_BY_RING ? !can_write(page) : !can_read(page))
			return "there is a page that it may not use";
		if (step->value == PIN_BY_PIPE && !page->frame)
			return "there is a page without memory";
		if (waits(world, page, AT_DEVICES))
			return "it would wait for who holds a page";
		if (is_pinned_at(world, step->process, page_number(step->range, i)))
			return "there is a page that is pinned already";
	}
	return NULL;
}

const char *foresee_pin(struct world *world, const struct step *step,
			const struct station *station)
{
	struct step hold = *step;
	uint32_t i;

	CHECK(result_is(station, 0));
	hold.device = NO_DEVICE;
	for_each_page(i, step) {
		if (step->value == PIN_BY_RING)
			is_written(world, step->process, step->range, i);
		else
			comes_back(world, step->process, step->range, i);
		hold_take(world, &hold, i);
		if (step->value == PIN_BY_RING)
			page_in(world, step->process, step->range, i)->frame->pins++;
	}
	world->process[step->process].npins++;
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
