// SPDX-License-Identifier: GPL-2.0
/* The frames of the oracle: who has which, and who holds them. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "operations.h"
#include "oracle.h"

static void *grow(void *array, size_t n, size_t size)
{
	array = realloc(array, n * size);
	if (!array)
		abort();
	return array;
}

void world_begin(struct world *world, const struct list *list, const struct reply *first)
{
	uint32_t range, i;

	memset(world, 0, sizeof(*world));
	world->list = list;
	world->kernel_knows = first->kernel_knows;
	world->devices = first->devices;
	world->private_at = AT_DEVICES;
	for (i = 0; i < DEVICES; i++)
		if (list->coherent[i] && world->kernel_knows)
			world->private_at &= ~AT_DEVICE(i);
	world->process[0].alive = true;
	for (i = 0; i < DEVICES; i++)
		world->process[0].handle[i].open = world->devices & 1 << i;
	for (range = 0; range < RANGES; range++)
		for (i = 0; i < list->place[range].pages; i++)
			*page_in(world, 0, range, i) = (struct page){
				.at = AT_NOTHING, .by = BY_ACCESS, .mapped = true,
				.prot = PROT_READ | PROT_WRITE,
			};
}

void world_end(struct world *world)
{
	uint32_t process, i;

	while (world->nholds)
		hold_drop(world, world->nholds - 1);
	for (process = 0; process < PROCESSES; process++)
		for (i = 0; i < PAGES; i++)
			frame_leave(&world->process[process].page[i]);
	free(world->hold);
	free(world->family);
}

struct block block_around(const struct world *world, uint32_t range, uint32_t page)
{
	const struct place *place = &world->list->place[range];
	const uint32_t folio = folio_pages(), within = (page + place->offset) % folio;
	struct block block = {
		.first = page > within ? page - within : 0, .end = page - within + folio,
	};

	if (block.end > place->pages)
		block.end = place->pages;
	block.whole = block.end - block.first == folio;
	return block;
}

/* ---- Frames ---- */

/* One for all frames that appear in one step in what one PMD entry may map. */
static uint32_t family_for(struct world *world, uint32_t process, uint32_t range, uint32_t page)
{
	const uint64_t key = ((uint64_t)world->step << 32) + (process << 28) + (range << 24) +
			     block_around(world, range, page).first + 1;

	if (world->family_key != key) {
		world->family = grow(world->family, world->nfamilies + 1, sizeof(*world->family));
		world->family[world->nfamilies++] = (struct family){ 0 };
		world->family_key = key;
	}
	return world->nfamilies - 1;
}

static void frame_free(struct frame *frame)
{
	if (!frame->users && !frame->holds)
		free(frame);
}

void frame_leave(struct page *page)
{
	struct frame *frame = page->frame;

	page->frame = NULL;
	page->at = AT_NOTHING;
	page->by = BY_ACCESS;
	page->huge = UNKNOWN;
	page->writable = UNKNOWN;
	page->read_by = 0;
	if (!frame)
		return;
	frame->users--;
	frame_free(frame);
}

struct frame *frame_give(struct world *world, uint32_t process, uint32_t range, uint32_t page,
			 uint8_t at)
{
	struct page *to = page_in(world, process, range, page);
	struct frame *frame = grow(NULL, 1, sizeof(*frame));

	*frame = (struct frame){
		.index = page_number(range, page), .users = 1, .at = at,
		.family = family_for(world, process, range, page),
	};
	if (to->frame) {
		frame->index = to->frame->index;
		frame->generation = to->frame->generation;
	}
	frame_leave(to);
	to->frame = frame;
	return frame;
}

void frame_share(struct page *to, const struct page *from)
{
	*to = *from;
	if (to->frame)
		to->frame->users++;
}

void frame_regroup(struct world *world, uint32_t process, uint32_t range, uint32_t page)
{
	page_in(world, process, range, page)->frame->family =
		family_for(world, process, range, page);
}

/* ---- Holds ---- */

void hold_take(struct world *world, const struct step *step, uint32_t page)
{
	struct frame *frame = page_in(world, step->process, step->range, page)->frame;

	world->hold = grow(world->hold, world->nholds + 1, sizeof(*world->hold));
	world->hold[world->nholds++] = (struct hold){
		.process = step->process, .device = step->device,
		.number = page_number(step->range, page), .frame = frame,
	};
	frame->holds++;
	world->family[frame->family].holds++;
}

void hold_drop(struct world *world, size_t n)
{
	struct frame *frame = world->hold[n].frame;

	world->hold[n] = world->hold[--world->nholds];
	frame->holds--;
	world->family[frame->family].holds--;
	frame_free(frame);
}

void hold_drop_all(struct world *world, uint32_t process, uint32_t device)
{
	size_t n = world->nholds;

	while (n--)
		if (world->hold[n].process == process && world->hold[n].device == device)
			hold_drop(world, n);
}

bool is_held(const struct frame *frame)
{
	return frame->holds;
}

bool may_be_held(const struct world *world, const struct frame *frame)
{
	return world->family[frame->family].holds;
}

void count_tied(struct world *world)
{
	uint32_t process, i;

	world->counting++;
	for (process = 0; process < PROCESSES; process++) {
		for (i = 0; i < PAGES; i++) {
			const struct page *page = &world->process[process].page[i];

			if (page->frame && page->by & ~BY_ACCESS)
				world->family[page->frame->family].tied = world->counting;
		}
	}
}

bool may_stay(const struct world *world, const struct frame *frame)
{
	return may_be_held(world, frame) ||
	       world->family[frame->family].tied == world->counting;
}

/* ---- Steps ---- */

const char *world_refuses(const struct world *world, const struct step *step)
{
	const struct operation *operation = operation_of(step);

	if (!world->process[step->process].alive)
		return "no such process";
	if (operation_takes(operation, 'd') && !(world->devices & 1 << step->device))
		return "no such device";
	if (operation_takes(operation, 'q') && world->process[step->other].alive)
		return "there is such a process";
	return operation->refuse ? operation->refuse(world, step) : NULL;
}

const char *result_is(const struct station *station, int want)
{
	return result_is_either(station, want, want);
}

const char *result_is_either(const struct station *station, int want, int or_else)
{
	const int result = station->reply.result;

	if (result == want || result == or_else)
		return RIGHT;
	if (want == or_else)
		return differs(IN_RESULT, "the result is %d; should be %d", result, want);
	return differs(IN_RESULT, "the result is %d; should be %d or %d", result, want, or_else);
}
