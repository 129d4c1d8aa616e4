// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include <devthp.h>

#include "list.h"

/*
 * Far below where the kernel puts mappings by itself, so that nobody else's ever gets
 * into a hole of these; and apart, so that no two of them become one mapping.
 */
#define BASE	0x10000000000UL

uint32_t folio_pages(void)
{
	static uint32_t pages;

	if (!pages)
		pages = devthp_pmd_size() ? devthp_pmd_size() / devthp_page_size() : 512;
	return pages;
}

uintptr_t page_address(const struct list *list, uint32_t range, uint32_t page)
{
	const size_t apart = 2 * (RANGE_PAGES + folio_pages());
	const size_t folio = folio_pages();
	const size_t begin = (range * apart + folio - 1) / folio * folio;

	return BASE + (begin + list->place[range].offset + page) * devthp_page_size();
}

uintptr_t spare_address(const struct list *list)
{
	return page_address(list, RANGES - 1, 3 * RANGE_PAGES) + devthp_page_size();
}

void list_add(struct list *list, const struct step *step)
{
	list->step = realloc(list->step, (list->nsteps + 1) * sizeof(*step));
	if (!list->step)
		abort();
	list->step[list->nsteps++] = *step;
}

void list_copy(struct list *copy, const struct list *list, const uint8_t *keep)
{
	size_t i;

	*copy = *list;
	copy->step = NULL;
	copy->nsteps = 0;
	for (i = 0; i < list->nsteps; i++)
		if (!keep || keep[i])
			list_add(copy, &list->step[i]);
}

void list_free(struct list *list)
{
	free(list->step);
	list->step = NULL;
	list->nsteps = 0;
}
