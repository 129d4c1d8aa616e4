// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Source: what a device sees, which includes levels that pagemap hides. */
#include <stdlib.h>

#include "source.h"

/* Of what a device has access to. */
static uint32_t location_of(uint8_t prot)
{
	switch (prot & DEVTHP_PROT_WHERE) {
	case DEVTHP_PROT_PRIVATE_LOCAL:
	case DEVTHP_PROT_PRIVATE_REMOTE:
		return DEVTHP_LOC_DEVICE;
	case DEVTHP_PROT_ZERO:
		return DEVTHP_LOC_ZERO;
	case 0:
	case DEVTHP_PROT_COHERENT_LOCAL:
	case DEVTHP_PROT_COHERENT_REMOTE:
		return DEVTHP_LOC_SYSTEM;
	default:
		return DEVTHP_LOC_UNKNOWN;
	}
}

static void fill_from_prot(struct devthp_view *view, size_t i, uint8_t prot)
{
	struct devthp_page *page = &view->pages[i];
	bool pmd = prot & DEVTHP_PROT_PMD;

	page->known |= DEVTHP_KNOWN_PROT;
	page->prot = prot;
	if (prot == DEVTHP_PROT_ERROR || !(prot & (DEVTHP_PROT_READ | DEVTHP_PROT_WRITE)))
		return;
	if (!(page->known & DEVTHP_KNOWN_LEVEL) && !(prot & DEVTHP_PROT_PUD)) {
		page->known |= DEVTHP_KNOWN_LEVEL;
		page->level = pmd ? DEVTHP_LEVEL_PMD : DEVTHP_LEVEL_PTE;
		page->entry_page = pmd ? devthp_entry_page(view, i, view->pmd_pages) : i;
	}
	if (!(page->known & DEVTHP_KNOWN_WRITE)) {
		page->known |= DEVTHP_KNOWN_WRITE;
		page->bits |= prot & DEVTHP_PROT_WRITE ? DEVTHP_BIT_WRITE : 0;
	}
	if (page->location == DEVTHP_LOC_UNKNOWN || page->location == DEVTHP_LOC_EMPTY) {
		page->location = location_of(prot);
		page->known |= DEVTHP_KNOWN_LOCATION;
		if (page->location == DEVTHP_LOC_UNKNOWN)
			page->known &= ~DEVTHP_KNOWN_LOCATION;
	}
}

int devthp_source_device(struct devthp_view *view, struct devthp_device *dev)
{
	uint8_t *prot;
	size_t i;
	int ret;

	prot = malloc(view->npages);
	if (!prot)
		return -ENOMEM;
	ret = devthp_device_snapshot(dev, (const void *)view->start, view->npages, prot);
	if (ret == -EOPNOTSUPP) {
		devthp_log(DEVTHP_LOG_WARNING, ret, "going without the device's view: %m");
		ret = -ENODATA;
	}
	for (i = 0; !ret && i < view->npages; i++)
		fill_from_prot(view, i, prot[i]);
	free(prot);
	return ret;
}
