// SPDX-License-Identifier: GPL-2.0
/* What empties a device, and what keeps memory there. */
#include "oracle.h"

/* ---- Emptying it ---- */

struct count {
	uint64_t went, held;
};

static struct count drained(struct world *world, uint32_t process, uint32_t device)
{
	struct count count = { 0, 0 };
	uint32_t other, i;

	count_tied(world);
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
				count.went += !may_stay(world, frame);
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

/* Of its own memory, if the CPU can use that: an entry without a mapping keeps it there. */
static bool has_some_exclusively(const struct world *world, uint32_t device)
{
	uint32_t process, i;

	for (process = 0; process < PROCESSES; process++) {
		for (i = 0; i < PAGES; i++) {
			const struct page *page = &world->process[process].page[i];

			if (page->frame && page->by & BY_REVOKING &&
			    page->frame->at & AT_DEVICE(device))
				return true;
		}
	}
	return false;
}

const char *refuse_evict(const struct world *world, const struct step *step)
{
	size_t n;

	for (n = 0; n < world->nholds; n++)
		if (world->hold[n].device == step->device ||
		    world->hold[n].frame->at & AT_DEVICE(step->device))
			return "it would wait for who holds a page";
	return has_some_exclusively(world, step->device) ?
	       "it would wait until nobody has a page exclusively" : NULL;
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

		if (at & own && (at != own || !can_read(page) || page->by != BY_ACCESS))
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
