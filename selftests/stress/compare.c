// SPDX-License-Identifier: GPL-2.0
/* What is seen against what must be. */
#include <stdio.h>
#include <sys/mman.h>

#include <devthp.h>

#include "compare.h"

const char *name_of_page(struct place_name where)
{
	static char text[64];

	snprintf(text, sizeof(text), "page %u of range %u in process %u", where.page,
		 where.range, where.process);
	return text;
}

static const char *places(uint8_t at)
{
	static const char * const one[] = { "nothing", "zero", "system", "device 0", "device 1" };
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
		return differs(IN_PROTECTION, "%s: there is %s mapping", name_of_page(where),
			       hole ? "no" : "a");
	if (!page->mapped || !sight->mapping_known || !world->kernel_knows)
		return RIGHT;
	want |= page->prot & PROT_READ ? DEVTHP_VMA_READ : 0;
	want |= page->prot & PROT_WRITE ? DEVTHP_VMA_WRITE : 0;
	if ((sight->mapping & (DEVTHP_VMA_READ | DEVTHP_VMA_WRITE)) != want)
		return differs(IN_PROTECTION, "%s: the mapping allows %#x; should be %#x",
			       name_of_page(where), sight->mapping, want);
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

static const char *ways(uint8_t by)
{
	static const char * const way[] = {
		"?", "at once", "from swap space", "at once or from swap space",
		"by revoking exclusive access", "at once or by revoking",
		"from swap space or by revoking", "in any way",
	};

	return way[by & BY_ANY];
}

static const char *way_is_right(struct page *page, const struct sight *sight,
				struct place_name where)
{
	if (!(page->by & sight->by))
		return differs(IN_PLACE, "%s is to be had %s; should be %s", name_of_page(where),
			       ways(sight->by), ways(page->by));
	page->by &= sight->by;
	return RIGHT;
}

static const char *place_is_right(struct world *world, struct page *page,
				  const struct sight *sight, struct place_name where)
{
	const uint8_t at = *at_of(page), seen = seen_at(world, page, sight);

	if (!(at & seen))
		return differs(IN_PLACE, "%s is in %s; should be in %s", name_of_page(where),
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
			       name_of_page(where));
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
			       name_of_page(where), device, view, DEVTHP_PROT_ERROR);
	if (!can_read(page))
		return view == DEVTHP_PROT_ERROR || view == DEVTHP_PROT_NONE ? RIGHT :
		       differs(IN_VIEW, "%s: device %u sees %#x, where nothing may be read",
			       name_of_page(where), device, view);
	if (view == DEVTHP_PROT_ERROR)
		return differs(IN_VIEW, "%s: device %u sees no mapping", name_of_page(where), device);
	if (view & DEVTHP_PROT_WRITE && (!can_write(page) || shared || at == AT_ZERO))
		return differs(IN_VIEW, "%s: device %u sees %#x, where nothing may be written",
			       name_of_page(where), device, view);
	if (at == AT_NOTHING && view != DEVTHP_PROT_NONE)
		return differs(IN_VIEW, "%s: device %u sees %#x, where nothing is",
			       name_of_page(where), device, view);
	if (page->by & (BY_SWAP | BY_REVOKING))
		return view == DEVTHP_PROT_NONE ? RIGHT :
		       differs(IN_VIEW, "%s: device %u sees %#x, where no memory is to be had at once",
			       name_of_page(where), device, view);
	if ((at == AT_SYSTEM || at == AT_DEVICE(device)) &&
	    !(view & (DEVTHP_PROT_READ | DEVTHP_PROT_WRITE)))
		return differs(IN_VIEW, "%s: device %u sees %#x, where something is",
			       name_of_page(where), device, view);
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
		CHECK(way_is_right(page, sight, where));
		CHECK(size_is_right(page, sight, where));
	}
	for (i = 0; i < DEVICES; i++)
		if (sight->viewed[i])
			CHECK(view_is_right(world, page, i, sight->view[i], where));
	return RIGHT;
}

/* ---- All of it ---- */

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
