// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Snapshots for the eye: groups of like pages, pictures, runs. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "report.h"
#include "view.h"

#define RUNS_MAX 6

static struct devthp_page page_at(const struct devthp_snapshot *snap, size_t i)
{
	struct devthp_page page = { .size = sizeof(page) };

	devthp_snapshot_page(snap, i, &page);
	return page;
}

static bool present(uint32_t location)
{
	return location != DEVTHP_LOC_UNMAPPED && location != DEVTHP_LOC_EMPTY;
}

static bool same_group(const struct group *g, const struct devthp_page *page)
{
	bool level_known = page->known & DEVTHP_KNOWN_LEVEL;
	bool order_known = page->known & DEVTHP_KNOWN_ORDER;

	if (g->location != page->location)
		return false;
	if (!present(page->location))
		return true;
	return g->level_known == level_known && (!level_known || g->level == page->level) &&
	       g->order_known == order_known && (!order_known || g->order == page->order);
}

static void widen(struct span *span, bool known, int64_t value)
{
	if (!known)
		return;
	if (!span->known || value < span->min)
		span->min = value;
	if (!span->known || value > span->max)
		span->max = value;
	span->known = true;
}

size_t view_groups(const struct devthp_snapshot *snap, struct group *groups)
{
	size_t count = 0, i, k;

	for (i = 0; i < devthp_snapshot_pages(snap); i++) {
		struct devthp_page page = page_at(snap, i);
		struct group *g;

		for (k = 0; k < count && !same_group(&groups[k], &page); k++)
			;
		if (k == GROUPS_MAX)
			k--;
		g = &groups[k];
		if (k == count) {
			count++;
			*g = (struct group){
				.location = page.location,
				.level_known = page.known & DEVTHP_KNOWN_LEVEL,
				.level = page.level,
				.order_known = page.known & DEVTHP_KNOWN_ORDER,
				.order = page.order,
			};
		}
		g->pages++;
		g->entries += page.entry_page == i;
		widen(&g->mapcount, page.known & DEVTHP_KNOWN_MAPCOUNT, page.mapcount);
		widen(&g->refcount, page.known & DEVTHP_KNOWN_REFCOUNT, page.refcount);
	}
	return count;
}

const char *entries_text(char *text, const struct group *group)
{
	if (group->level_known && present(group->location))
		sprintf(text, "%" PRIu64 " %s", group->entries, devthp_level_name(group->level));
	else
		sprintf(text, "%" PRIu64 " page%s", group->pages, group->pages == 1 ? "" : "s");
	return text;
}

const char *order_text(char *text, const struct group *group)
{
	if (group->order_known)
		sprintf(text, "%u", group->order);
	else
		strcpy(text, present(group->location) ? "?" : "-");
	return text;
}

const char *span_text(char *text, const struct group *group, const struct span *span)
{
	if (!span->known)
		strcpy(text, present(group->location) ? "?" : "-");
	else if (span->min == span->max)
		sprintf(text, "%d", (int)span->min);
	else
		sprintf(text, "%d-%d", (int)span->min, (int)span->max);
	return text;
}

static char letter_of(const struct devthp_page *page)
{
	const bool huge = page->known & DEVTHP_KNOWN_LEVEL && page->level != DEVTHP_LEVEL_PTE;

	if (!present(page->location))
		return '.';
	if (page->location == DEVTHP_LOC_SYSTEM)
		return huge ? 'S' : 's';
	if (page->location == DEVTHP_LOC_DEVICE)
		return huge ? 'D' : 'd';
	return huge ? 'X' : 'x';
}

/* Pages among holes are seen; what one entry maps has none. */
static char mix(char cell, char letter)
{
	if (cell == letter || (letter == '.' && islower(cell)))
		return cell;
	return cell == '.' && islower(letter) ? letter : '+';
}

void bar_add(struct bar *bar, const struct devthp_page *page)
{
	const size_t cell = bar->pages++ / bar->per;

	if (cell >= BAR_WIDTH)
		return;
	bar->cells[cell] = bar->cells[cell] ? mix(bar->cells[cell], letter_of(page)) :
					      letter_of(page);
}

void view_runs(const struct devthp_snapshot *snap)
{
	size_t npages = devthp_snapshot_pages(snap), first, last, runs = 0;

	words("  ");
	fact_list("runs");
	for (first = 0; first < npages; first = last) {
		uint32_t location = page_at(snap, first).location;

		for (last = first + 1; last < npages; last++) {
			if (page_at(snap, last).location != location)
				break;
		}
		if (++runs > RUNS_MAX)
			continue;
		fact_object(NULL);
		fact_string("where", devthp_location_name(location), "%s%s", runs > 1 ? ", " : "",
			    devthp_location_name(location));
		fact_number("first", first, " %zu", first);
		fact_number("last", last - 1, last > first + 1 ? "-%zu" : "", last - 1);
		fact_end();
	}
	fact_end();
	if (runs > RUNS_MAX)
		words(", and %zu more", runs - RUNS_MAX);
	fact_number("runs_in_all", runs, "\n");
}
