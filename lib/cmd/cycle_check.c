// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* "devthp cycle": what must be true, and whether it is. */
#include <inttypes.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cycle.h"

/* Times to look again at what others may be holding for a moment. */
#define RETRIES 1000

void cycle_wrong(struct cycle *c, const char *format, ...)
{
	va_list args;

	c->wrong++;
	if (c->wrongs_kept == WRONGS_MAX)
		return;
	va_start(args, format);
	vsnprintf(c->wrongs[c->wrongs_kept++], sizeof(c->wrongs[0]), format, args);
	va_end(args);
}

/* Is this folio to be seen whole, by one PMD entry? A hole in it makes it differ. */
static bool must_be_whole(const struct cycle *c, size_t page)
{
	size_t first = page - page % c->folio_pages, i;

	for (i = first; i < first + c->folio_pages; i++) {
		if (c->location[i] != c->location[first])
			return false;
	}
	return true;
}

/* NULL if the page is as it must be, else what is wrong with it. */
static const char *page_fault(const struct cycle *c, size_t i, const struct devthp_page *page)
{
	static char text[128];
	bool whole;

	if (page->location != c->location[i]) {
		snprintf(text, sizeof(text), "is %s, must be %s",
			 devthp_location_name(page->location),
			 devthp_location_name(c->location[i]));
		return text;
	}
	if (page->location == DEVTHP_LOC_UNMAPPED)
		return NULL;

	whole = must_be_whole(c, i);
	if (page->level != (whole ? DEVTHP_LEVEL_PMD : DEVTHP_LEVEL_PTE)) {
		snprintf(text, sizeof(text), "is mapped by a %s, must be by a %s",
			 devthp_level_name(page->level), whole ? "PMD" : "PTE");
		return text;
	}
	if (whole && page->order != c->system.pmd_order) {
		snprintf(text, sizeof(text), "is of a folio of order %u, must be %u",
			 page->order, c->system.pmd_order);
		return text;
	}
	/* A single page that the CPU fetched must not drag its folio along. */
	if (!whole && page->location == DEVTHP_LOC_SYSTEM && page->order) {
		snprintf(text, sizeof(text), "is of a folio of order %u, must be 0", page->order);
		return text;
	}
	if (!(page->known & DEVTHP_KNOWN_MAPCOUNT) || page->mapcount != 1 ||
	    page->entire_mapcount != whole) {
		snprintf(text, sizeof(text), "has mapcount %d (entire %d), must have 1 (%d)",
			 page->mapcount, page->entire_mapcount, whole);
		return text;
	}
	return NULL;
}

void cycle_check(struct cycle *c, const struct devthp_snapshot *snap)
{
	size_t i, bad = 0, first_bad = 0;
	char first_fault[128] = "";

	for (i = 0; i < c->npages; i++) {
		struct devthp_page page = { .size = sizeof(page) };
		const char *fault;

		devthp_snapshot_page(snap, i, &page);
		fault = page_fault(c, i, &page);
		if (fault && !bad++) {
			first_bad = i;
			snprintf(first_fault, sizeof(first_fault), "%s", fault);
		}
	}
	if (bad)
		cycle_wrong(c, "page %zu %s; %zu page%s wrong in all", first_bad, first_fault,
			    bad, bad == 1 ? "" : "s");
}

const char *cycle_check_data(struct cycle *c, bool by_device)
{
	struct devthp_pattern_report report = { .size = sizeof(report) };
	const size_t page_size = c->system.page_size;
	char *data = c->addr;
	size_t first, last;
	int ret = 0;

	c->pattern.skip = NULL;
	if (by_device)
		data = devthp_range_addr(c->buffer);
	/* The device can read what is mapped only: run by run. */
	for (first = 0; by_device && !ret && first < c->npages; first = last) {
		bool mapped = c->location[first] != DEVTHP_LOC_UNMAPPED;

		for (last = first + 1; last < c->npages; last++) {
			if ((c->location[last] != DEVTHP_LOC_UNMAPPED) != mapped)
				break;
		}
		if (mapped)
			ret = devthp_device_read(c->dev, c->addr + first * page_size, last - first,
						 data + first * page_size, NULL);
	}
	if (ret) {
		cycle_wrong(c, "the device cannot read pages %zu on: %s", first, strerror(-ret));
		return "unread";
	}
	for (first = 0; first < c->npages; first++) {
		if (c->location[first] == DEVTHP_LOC_UNMAPPED)
			c->pattern.skip = c->hole;
	}
	ret = devthp_pattern_verify(data, 0, c->npages, &c->pattern, &report);
	if (!ret)
		return devthp_verdict_name(DEVTHP_GOOD);
	if (ret < 0) {
		cycle_wrong(c, "cannot verify data: %s", strerror(-ret));
		return "unread";
	}
	cycle_wrong(c, "%d page%s with wrong data; page %" PRIu64 " is %s at byte %u",
		    ret, ret == 1 ? "" : "s", report.bad_page,
		    devthp_verdict_name(report.bad_verdict), report.bad_offset);
	return devthp_verdict_name(report.bad_verdict);
}

static bool counter_is_back(struct cycle *c, unsigned int counter, int64_t *delta)
{
	struct devthp_counters *after;
	int ret, i;

	for (i = 0; i < RETRIES; i++) {
		if (devthp_counters_take(&after))
			return false;
		ret = devthp_counters_delta(c->before, after, counter, delta);
		devthp_counters_free(after);
		/* A kernel without the counter has nothing to compare. */
		if (ret || !*delta)
			return true;
		sched_yield();
	}
	return false;
}

void cycle_check_counters(struct cycle *c)
{
	int64_t delta = 0;

	if (!counter_is_back(c, DEVTHP_COUNT_ANON_HUGE, &delta))
		cycle_wrong(c, "AnonHugePages of this process is %+" PRId64 " bytes off its start",
			    delta);
	if (!counter_is_back(c, DEVTHP_COUNT_NR_ANON, &delta))
		cycle_wrong(c, "nr_anon of this folio size is %+" PRId64 " off its start (a count of the whole system: is anybody else at work?)",
			    delta);
}
