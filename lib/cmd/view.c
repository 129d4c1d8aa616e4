// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Snapshots for the eye: groups of like pages, pictures, runs. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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

static char letter_of(uint32_t location)
{
	switch (location) {
	case DEVTHP_LOC_SYSTEM:
		return 'S';
	case DEVTHP_LOC_DEVICE:
		return 'D';
	case DEVTHP_LOC_UNMAPPED:
	case DEVTHP_LOC_EMPTY:
		return '.';
	default:
		return 'X';
	}
}

/* A cell that holds nothing in part is in lower case. */
static char mix(char cell, char letter)
{
	if (cell == letter || cell == tolower(letter))
		return cell;
	if (letter == '.')
		return (char)tolower(cell);
	return cell == '.' ? (char)tolower(letter) : '+';
}

void view_bar(const struct devthp_snapshot *snap, size_t first, size_t npages, size_t per)
{
	char cell = ' ';
	size_t i;

	putchar('|');
	for (i = 0; i < npages; i++) {
		char letter = letter_of(page_at(snap, first + i).location);

		cell = i % per ? mix(cell, letter) : letter;
		if (i % per == per - 1 || i == npages - 1)
			putchar(cell);
	}
	puts("|");
}

void view_runs(const struct devthp_snapshot *snap)
{
	size_t npages = devthp_snapshot_pages(snap), first, last, runs = 0;

	for (first = 0; first < npages; first = last) {
		uint32_t location = page_at(snap, first).location;

		for (last = first + 1; last < npages; last++) {
			if (page_at(snap, last).location != location)
				break;
		}
		if (++runs > RUNS_MAX)
			continue;
		printf("%s%s %zu", runs > 1 ? ", " : "", devthp_location_name(location), first);
		if (last > first + 1)
			printf("-%zu", last - 1);
	}
	if (runs > RUNS_MAX)
		printf(", and %zu more", runs - RUNS_MAX);
	putchar('\n');
}
