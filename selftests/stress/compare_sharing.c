// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include <devthp.h>

#include "compare.h"

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
				       name_of_page(lead[i].where), lead[i - 1].where.page,
				       lead[i - 1].where.range, lead[i - 1].where.process);
	qsort(lead, n, sizeof(*lead), by_frame);
	for (i = 1; i < n; i++)
		if (lead[i].frame == lead[i - 1].frame && lead[i].pfn != lead[i - 1].pfn)
			return differs(IN_SHARING, "%s does not share its memory with page %u of range %u in process %u",
				       name_of_page(lead[i].where), lead[i - 1].where.page,
				       lead[i - 1].where.range, lead[i - 1].where.process);
	return RIGHT;
}

const char *compare_sharing(const struct world *world, const struct station *station)
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
void note_zeros(struct world *world, const struct station *station)
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
const char *note_copies(struct world *world, const struct station *station)
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
						       name_of_page(where));
			}
		}
	}
	return RIGHT;
}
