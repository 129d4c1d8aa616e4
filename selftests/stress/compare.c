// SPDX-License-Identifier: GPL-2.0
/* What is seen against what must be. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <devthp.h>

#include "operations.h"
#include "oracle.h"

/* Which page of which process is spoken of. */
struct place_name {
	uint32_t process, range, page;
};

static const char *name(struct place_name where)
{
	static char text[64];

	snprintf(text, sizeof(text), "page %u of range %u in process %u", where.page,
		 where.range, where.process);
	return text;
}

static const char *places(uint8_t at)
{
	static const char * const one[] = { "nothing", "zero", "system", "swap", "device 0",
					    "device 1" };
	static char text[2][64];
	static unsigned int turn;
	char *made = text[turn ^= 1];
	size_t length = 0;
	unsigned int i;

	if (at == AT_HOLE)
		return "no mapping";
	*made = '\0';
	for (i = 0; i < sizeof(one) / sizeof(one[0]); i++)
		if (at & 1 << i)
			length += snprintf(made + length, 64 - length, "%s%s",
					   length ? " or " : "", one[i]);
	return made;
}

/* ---- Each page ---- */

static const char *mapping_is_right(const struct world *world, const struct page *page,
				    const struct sight *sight, struct place_name where)
{
	const bool hole = sight->at == AT_HOLE;
	unsigned int want = 0;

	if (hole == page->mapped)
		return differs(IN_PROTECTION, "%s: there is %s mapping", name(where),
			       hole ? "no" : "a");
	if (!page->mapped || !sight->mapping_known || !world->kernel_knows)
		return RIGHT;
	want |= page->prot & PROT_READ ? DEVTHP_VMA_READ : 0;
	want |= page->prot & PROT_WRITE ? DEVTHP_VMA_WRITE : 0;
	if ((sight->mapping & (DEVTHP_VMA_READ | DEVTHP_VMA_WRITE)) != want)
		return differs(IN_PROTECTION, "%s: the mapping allows %#x; should be %#x",
			       name(where), sight->mapping, want);
	return RIGHT;
}

/* Who does not see the device's memory cannot tell it from nothing. */
static uint8_t seen_at(const struct world *world, const struct page *page,
		       const struct sight *sight)
{
	const bool by_device = sight->viewed[0] || sight->viewed[1];

	if (world->kernel_knows || (by_device && can_read(page)))
		return sight->at;
	return by_device && sight->at != AT_NOTHING ? sight->at : AT_ANY;
}

static const char *place_is_right(struct world *world, struct page *page,
				  const struct sight *sight, struct place_name where)
{
	const uint8_t at = *at_of(page), seen = seen_at(world, page, sight);

	if (!(at & seen))
		return differs(IN_PLACE, "%s is in %s; should be in %s", name(where),
			       places(seen), places(at));
	*at_of(page) &= seen;
	/* It has got memory. In the system that may be the zero page, if nobody tells. */
	if (!page->frame && !(page->at & (AT_NOTHING | AT_ZERO)) &&
	    (world->kernel_knows || page->at & AT_DEVICES))
		frame_give(world, where.process, where.range, where.page, page->at);
	return RIGHT;
}

static const char *size_is_right(struct page *page, const struct sight *sight,
				 struct place_name where)
{
	const bool must = page->must_be_huge && !(*at_of(page) & AT_SYSTEM);

	page->must_be_huge = false;
	page->huge = sight->huge;
	page->writable = sight->writable;
	if (must && page->huge == NO)
		return differs(IN_SIZE, "%s has gone to the device as a huge page, and is none there",
			       name(where));
	return RIGHT;
}

/* What the device may do there. */
static const char *view_is_right(const struct world *world, struct page *page,
				 unsigned int device, uint8_t view, struct place_name where)
{
	const bool shared = world->kernel_knows && page->frame && page->frame->users > 1;
	const uint8_t at = *at_of(page);

	if (!page->mapped)
		return view == DEVTHP_PROT_ERROR ? RIGHT :
		       differs(IN_VIEW, "%s: device %u sees %#x; should be %#x, as nothing is mapped",
			       name(where), device, view, DEVTHP_PROT_ERROR);
	if (!can_read(page))
		return view == DEVTHP_PROT_ERROR || view == DEVTHP_PROT_NONE ? RIGHT :
		       differs(IN_VIEW, "%s: device %u sees %#x, where nothing may be read",
			       name(where), device, view);
	if (view == DEVTHP_PROT_ERROR)
		return differs(IN_VIEW, "%s: device %u sees no mapping", name(where), device);
	if (view & DEVTHP_PROT_WRITE && (!can_write(page) || shared || at == AT_ZERO))
		return differs(IN_VIEW, "%s: device %u sees %#x, where nothing may be written",
			       name(where), device, view);
	if (at == AT_NOTHING && view != DEVTHP_PROT_NONE)
		return differs(IN_VIEW, "%s: device %u sees %#x, where nothing is",
			       name(where), device, view);
	if ((at == AT_SYSTEM || at == AT_DEVICE(device)) &&
	    !(view & (DEVTHP_PROT_READ | DEVTHP_PROT_WRITE)))
		return differs(IN_VIEW, "%s: device %u sees %#x, where something is",
			       name(where), device, view);
	return RIGHT;
}

static const char *page_is_right(struct world *world, const struct sight *sight,
				 struct place_name where)
{
	struct page *page = page_in(world, where.process, where.range, where.page);
	unsigned int i;

	CHECK(mapping_is_right(world, page, sight, where));
	if (page->mapped) {
		CHECK(place_is_right(world, page, sight, where));
		CHECK(size_is_right(page, sight, where));
	}
	for (i = 0; i < DEVICES; i++)
		if (sight->viewed[i])
			CHECK(view_is_right(world, page, i, sight->view[i], where));
	return RIGHT;
}

/* ---- What stayed behind in a migration ---- */

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

static const char *compare_stay(struct world *world)
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

/* ---- Sharing ---- */

struct lead {
	uint64_t pfn;
	const struct frame *frame;
	struct place_name where;
};

static int by_pfn(const void *a, const void *b)
{
	const struct lead *x = a, *y = b;

	return x->pfn < y->pfn ? -1 : x->pfn > y->pfn;
}

static int by_frame(const void *a, const void *b)
{
	const struct lead *x = a, *y = b;

	return x->frame < y->frame ? -1 : x->frame > y->frame;
}

/* Pages that lead to one frame have one PFN, and no other pages do. */
static const char *compare_leads(struct lead *lead, size_t n)
{
	size_t i;

	qsort(lead, n, sizeof(*lead), by_pfn);
	for (i = 1; i < n; i++)
		if (lead[i].pfn == lead[i - 1].pfn && lead[i].frame != lead[i - 1].frame)
			return differs(IN_SHARING, "%s shares its memory with page %u of range %u in process %u",
				       name(lead[i].where), lead[i - 1].where.page,
				       lead[i - 1].where.range, lead[i - 1].where.process);
	qsort(lead, n, sizeof(*lead), by_frame);
	for (i = 1; i < n; i++)
		if (lead[i].frame == lead[i - 1].frame && lead[i].pfn != lead[i - 1].pfn)
			return differs(IN_SHARING, "%s does not share its memory with page %u of range %u in process %u",
				       name(lead[i].where), lead[i - 1].where.page,
				       lead[i - 1].where.range, lead[i - 1].where.process);
	return RIGHT;
}

static const char *compare_sharing(const struct world *world, const struct station *station)
{
	static struct lead lead[PROCESSES * PAGES];
	struct place_name where;
	size_t n = 0;

	for (where.process = 0; where.process < PROCESSES; where.process++) {
		for (where.range = 0; where.range < RANGES; where.range++) {
			for (where.page = 0; where.page < RANGE_PAGES; where.page++) {
				const uint32_t i = page_number(where.range, where.page);
				const struct page *page = &world->process[where.process].page[i];
				const uint64_t pfn = station[where.process].sight[i].pfn;

				if (page->frame && pfn != DEVTHP_NONE)
					lead[n++] = (struct lead){ pfn, page->frame, where };
			}
		}
	}
	return compare_leads(lead, n);
}

/*
 * When the kernel splits a huge page, the zero page takes the place of what is zero: for
 * who shares it, each for itself; one of them may have got other memory since then.
 */
static void note_zeros(struct world *world, const struct station *station)
{
	uint32_t process, i;

	for (process = 0; process < PROCESSES; process++) {
		for (i = 0; i < PAGES; i++) {
			struct page *page = &world->process[process].page[i];
			struct frame *frame = page->frame;

			if (frame && !frame->generation &&
			    (frame->at & AT_SYSTEM || frame->users > 1) &&
			    station[process].sight[i].at == AT_ZERO) {
				frame_leave(page);
				page->at = AT_ZERO;
			}
		}
	}
}

/*
 * fork() does not share what is pinned, nor perhaps what is of the same folio: who has
 * memory of its own, has a copy.
 */
static const char *note_copies(struct world *world, const struct station *station)
{
	struct place_name where;

	for (where.process = 0; where.process < PROCESSES; where.process++) {
		for (where.range = 0; where.range < RANGES; where.range++) {
			for (where.page = 0; where.page < RANGE_PAGES; where.page++) {
				const uint32_t i = page_number(where.range, where.page);
				struct page *page = &world->process[where.process].page[i];
				const uint64_t pfn = station[where.process].sight[i].pfn;
				const uint64_t parents = station[world->parent].sight[i].pfn;

				if (!page->may_be_copied || pfn == DEVTHP_NONE ||
				    parents == DEVTHP_NONE)
					continue;
				page->may_be_copied = false;
				if (pfn != parents)
					frame_give(world, where.process, where.range, where.page,
						   page->frame->at);
				else if (page->frame->pins)
					return differs(IN_SHARING, "%s shares memory that is pinned",
						       name(where));
			}
		}
	}
	return RIGHT;
}

const char *world_compare(struct world *world, const struct station *station)
{
	struct place_name where;

	if (world->kernel_knows) {
		CHECK(note_copies(world, station));
		note_zeros(world, station);
	}
	for (where.process = 0; where.process < PROCESSES; where.process++) {
		if (!world->process[where.process].alive)
			continue;
		for (where.range = 0; where.range < RANGES; where.range++)
			for (where.page = 0; where.page < world->list->place[where.range].pages;
			     where.page++)
				CHECK(page_is_right(world, &station[where.process].sight
						    [page_number(where.range, where.page)], where));
	}
	CHECK(compare_stay(world));
	world->stay.step = NULL;
	return world->kernel_knows ? compare_sharing(world, station) : RIGHT;
}
