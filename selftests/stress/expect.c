// SPDX-License-Identifier: GPL-2.0
#include "expect.h"

static enum means means_for(const struct world *world, uint32_t process, uint32_t number)
{
	struct page *page = (struct page *)&world->process[process].page[number];
	const uint8_t at = *at_of(page);
	const bool certain = at && !(at & (at - 1));
	unsigned int i;

	if (!can_read(page) || page->by != BY_ACCESS || !certain)
		return MEANS_NONE;
	for (i = 0; i < DEVICES; i++)
		if (at == AT_DEVICE(i) && world->process[process].handle[i].open)
			return MEANS_DEVICE + i;
	return at & (AT_NOTHING | world->private_at) ? MEANS_NONE : MEANS_CPU;
}

static void tell_data(struct station *station, uint32_t number, const struct frame *frame)
{
	station->index[number] = frame ? frame->index : number;
	station->age[number] = frame ? frame->generation : 0;
}

void tell_expectations(const struct world *world, uint32_t process, struct station *station)
{
	uint32_t i;

	station->seed = world->list->seed;
	station->generation = world->generation;
	for (i = 0; i < PAGES; i++) {
		tell_data(station, i, world->process[process].page[i].frame);
		station->means[i] = means_for(world, process, i);
	}
}

void tell_pinned(const struct world *world, uint32_t process, struct station *station)
{
	size_t n;

	for (n = 0; n < world->nholds; n++)
		if (world->hold[n].process == process && world->hold[n].device == NO_DEVICE)
			tell_data(station, world->hold[n].number, world->hold[n].frame);
}
