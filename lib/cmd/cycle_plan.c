// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* "devthp cycle": which pages to unmap and which to touch. */
#include <string.h>

#include "cycle.h"

/* The hole is this part of a folio where its layout does not say otherwise. */
#define HOLE_PART 8

static bool in_head(size_t page, size_t pages)
{
	return page < pages / HOLE_PART;
}

static bool in_tail(size_t page, size_t pages)
{
	return page >= pages - pages / HOLE_PART;
}

static bool in_middle(size_t page, size_t pages)
{
	size_t first = (pages - pages / HOLE_PART) / 2;

	return page >= first && page < first + pages / HOLE_PART;
}

static bool is_odd(size_t page, size_t pages)
{
	(void)pages;
	return page % 2;
}

static bool is_one(size_t page, size_t pages)
{
	return page == pages / 2;
}

static bool is_not_one(size_t page, size_t pages)
{
	return page != pages / 2;
}

static bool is_never(size_t page, size_t pages)
{
	(void)page;
	(void)pages;
	return false;
}

static const struct {
	const char *name;
	bool (*unmaps)(size_t page, size_t pages);
} layouts[] = {
	{ "head", in_head },
	{ "tail", in_tail },
	{ "middle", in_middle },
	{ "alternate", is_odd },
	{ "one", is_one },
	{ "all-but-one", is_not_one },
	{ "none", is_never },
};

const char *const cycle_unmap_names = "head, tail, middle, alternate, one, all-but-one, none";
const char *const cycle_touch_names = "first, last, hole";

static bool next_to_hole(const struct cycle *c, size_t page)
{
	return (page && c->hole[page - 1]) || (page + 1 < c->folio_pages && c->hole[page + 1]);
}

/* First, last, or first hole-neighbouring page of the first folio still mapped. */
static bool plan_touch(struct cycle *c)
{
	bool last = !strcmp(c->touch, "last"), hole = !strcmp(c->touch, "hole");
	bool found = false;
	size_t page;

	for (page = 0; page < c->folio_pages; page++) {
		if (c->hole[page] || (hole && c->hole_pages && !next_to_hole(c, page)))
			continue;
		if (!found || last)
			c->touched = page;
		found = true;
	}
	return found;
}

static size_t find_layout(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(layouts) && strcmp(layouts[i].name, name); i++)
		;
	return i;
}

bool cycle_knows(const struct cycle *c)
{
	return find_layout(c->unmap) < ARRAY_SIZE(layouts) &&
	       (!strcmp(c->touch, "first") || !strcmp(c->touch, "last") ||
		!strcmp(c->touch, "hole"));
}

bool cycle_plan(struct cycle *c)
{
	const size_t i = find_layout(c->unmap);
	size_t page;

	if (!cycle_knows(c))
		return false;
	for (page = 0; page < c->npages; page++)
		c->hole[page] = layouts[i].unmaps(page % c->folio_pages, c->folio_pages);
	c->hole_pages = 0;
	for (page = 0; page < c->folio_pages; page++)
		c->hole_pages += c->hole[page];
	return plan_touch(c);
}
