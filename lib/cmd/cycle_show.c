// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* "devthp cycle": what is said of a run, and of each step. */
#include <stdio.h>

#include "cycle.h"
#include "environment.h"
#include "report.h"
#include "view.h"

#define HEADS "%-33s %-9s %-10s %5s %8s %8s %8s %9s\n"

void cycle_show_heads(const struct cycle *c)
{
	struct devthp_device_info info = { .size = sizeof(info) };
	char size[16];

	devthp_device_query(c->dev, &info);
	size_text(size, c->system.pmd_size);
	fact_number("folios", c->folios, "The life of %zu folio%s of %s", c->folios,
		    c->folios == 1 ? "" : "s", size);
	fact_number("folio_pages", c->folio_pages, NULL);
	fact_string("kernel", c->system.release, " on Linux %s", c->system.release);
	fact_string("machine", c->system.machine, " %s", c->system.machine);
	fact_string("device", info.path, ", device %s\n", info.path);
	fact_string("unmap", c->unmap, NULL);
	fact_string("touch", c->touch, NULL);
	fact_number("pages_per_character", c->folio_pages / BAR_WIDTH,
		    "Pictures: one character is %zu pages; " BAR_LEGEND "\n\n",
		    c->folio_pages / BAR_WIDTH);
	words(HEADS, "step", "where", "entries", "order", "mapcount", "refcount", "data", "time");
}

/* A number, or a span of them, as known. */
static void show_span(const char *key, const struct group *g, const struct span *span)
{
	char text[32];

	words(" %8s", span_text(text, g, span));
	if (!span->known) {
		fact_null(key, NULL);
		return;
	}
	fact_object(key);
	fact_signed("min", span->min, NULL);
	fact_signed("max", span->max, NULL);
	fact_end();
}

static void show_group(const struct group *g)
{
	char text[32];

	fact_object(NULL);
	fact_string("where", devthp_location_name(g->location), " %-9s",
		    devthp_location_name(g->location));
	fact_number("pages", g->pages, " %-10s", entries_text(text, g));
	if (g->level_known)
		fact_string("level", devthp_level_name(g->level), NULL);
	else
		fact_null("level", NULL);
	fact_number("entries", g->entries, NULL);
	if (g->order_known)
		fact_number("order", g->order, " %5s", order_text(text, g));
	else
		fact_null("order", " %5s", order_text(text, g));
	show_span("mapcount", g, &g->mapcount);
	show_span("refcount", g, &g->refcount);
	fact_end();
}

void cycle_show_groups(const char *name, const struct devthp_snapshot *snap, const char *data,
		       const char *duration)
{
	struct group groups[GROUPS_MAX];
	size_t count = view_groups(snap, groups), i;

	fact_list("groups");
	for (i = 0; i < count; i++) {
		words("%-33s", i ? "" : name);
		show_group(&groups[i]);
		if (!i)
			words(" %8s %9s", data, duration);
		words("\n");
	}
	fact_end();
}

void cycle_show_pages(const struct cycle *c, const struct devthp_snapshot *snap)
{
	size_t first, i;

	fact_list("pictures");
	for (first = 0; first < c->npages; first += c->folio_pages) {
		struct bar bar = { .per = c->folio_pages / BAR_WIDTH };

		for (i = first; i < first + c->folio_pages; i++) {
			struct devthp_page page = { .size = sizeof(page) };

			devthp_snapshot_page(snap, i, &page);
			bar_add(&bar, &page);
		}
		fact_string(NULL, bar.cells, "  |%s|\n", bar.cells);
	}
	fact_end();
	if (c->folios == 1)
		view_runs(snap);
}

void cycle_show_verdict(struct cycle *c, bool verified)
{
	unsigned int i;

	fact_list("wrong");
	for (i = 0; i < c->wrongs_kept; i++)
		fact_string(NULL, c->wrongs[i], "  WRONG: %s\n", c->wrongs[i]);
	fact_end();
	c->wrongs_kept = 0;
	fact_bool("verified", verified, "%s", verified ? "  verified\n" : "");
}
