// SPDX-License-Identifier: GPL-2.0
#include "compare.h"
#include "operations.h"

static const char *stay_is_right(struct world *world, uint32_t stayed, uint32_t last,
				 uint32_t gone_before, bool mapped_there, bool elsewhere)
{
	const struct stay *stay = &world->stay;
	const struct step *step = stay->step;
	struct handle *handle = &world->process[step->process].handle[step->device];

	if (stayed > 1)
		return differs(IN_PLACE, "%u pages have stayed, the last is %u; an allocation fails once",
			       stayed, last);
	if (stayed && gone_before < handle->fails_after)
		return differs(IN_PLACE, "after %u pages an allocation failed; should be after %llu",
			       gone_before, (unsigned long long)handle->fails_after);
	if (stayed && !stay->result && !mapped_there)
		return differs(IN_RESULT, "a page has stayed, and the result is 0");
	/* test_hmm says -ENOENT as well of what it has, and has not mapped here. */
	if (!stayed && !elsewhere && stay->result && !(stay->there && world->kernel_knows))
		return differs(IN_RESULT, "all pages went, and the result is %d", stay->result);
	if (elsewhere && !stay->result && !mapped_there)
		return differs(IN_RESULT, "a page of another device has stayed, and the result is 0");
	handle->fails &= !stayed;
	handle->fails_after -= gone_before < handle->fails_after ? gone_before :
			       handle->fails_after;
	return RIGHT;
}

const char *compare_stay(struct world *world)
{
	const struct step *step = world->stay.step;
	const bool to_device = step && step->op == OP_TO_DEVICE;
	bool mapped_there = false, elsewhere = false, certain = !world->stay.uncertain;
	uint32_t i, stayed = 0, last = 0, gone = 0;

	if (!step)
		return RIGHT;
	for_each_page(i, step) {
		struct page *page = page_in(world, step->process, step->range, i);
		const uint8_t at = *at_of(page), device = AT_DEVICE(step->device);

		if (!world->stay.moved[i])
			continue;
		if (at & (at - 1))
			certain = false;
		if ((at == device) == to_device) {
			gone += !stayed;
			continue;
		}
		/* What is behind the huge page's place where it failed was not tried. */
		if (!to_device && stayed && i >= block_around(world, step->range, last).end)
			break;
		mapped_there |= to_device && page->read_by & 1 << step->device;
		if (to_device && at & AT_DEVICES)
			elsewhere = true;
		else
			stayed++;
		last = i;
	}
	if (certain)
		return stay_is_right(world, stayed, last, gone, mapped_there, elsewhere);
	if (world->stay.result && !to_device)
		world->process[step->process].handle[step->device].fails = false;
	return RIGHT;
}
