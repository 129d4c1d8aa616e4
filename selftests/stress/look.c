// SPDX-License-Identifier: GPL-2.0
/* What a process sees of its own pages, without touching them. */
#include <errno.h>
#include <sched.h>

#include "worker.h"

#define TRIES 100	/* while the kernel is in the middle of something */

static uint8_t place_of(const struct devthp_page *page)
{
	switch (page->location) {
	case DEVTHP_LOC_UNMAPPED:
		return AT_HOLE;
	case DEVTHP_LOC_EMPTY:
		return AT_NOTHING;
	case DEVTHP_LOC_SYSTEM:
	case DEVTHP_LOC_EXCLUSIVE:
		return page->flags & DEVTHP_FOLIO_DEVICE_COHERENT ? AT_DEVICES : AT_SYSTEM;
	case DEVTHP_LOC_SWAP:
		return AT_SYSTEM;
	case DEVTHP_LOC_ZERO:
		return AT_ZERO;
	case DEVTHP_LOC_DEVICE:
		return AT_DEVICES;
	case DEVTHP_LOC_MIGRATION:
		return 0;	/* for a moment */
	default:
		return AT_ANY;
	}
}

static uint8_t way_to(const struct devthp_page *page)
{
	switch (page->location) {
	case DEVTHP_LOC_SWAP:
		return BY_SWAP;
	case DEVTHP_LOC_EXCLUSIVE:
		return BY_REVOKING;
	case DEVTHP_LOC_UNKNOWN:
		return BY_ANY;
	default:
		return BY_ACCESS;
	}
}

static uint8_t maybe(bool known, bool is)
{
	if (!known)
		return UNKNOWN;
	return is ? YES : NO;
}

static void see(struct sight *sight, const struct devthp_page *page)
{
	const bool there = page->location == DEVTHP_LOC_SYSTEM ||
			   page->location == DEVTHP_LOC_DEVICE;

	*sight = (struct sight){
		.pfn = page->known & DEVTHP_KNOWN_PFN ? page->pfn : DEVTHP_NONE,
		.at = page->known & DEVTHP_KNOWN_LOCATION ? place_of(page) : AT_ANY,
		.by = page->known & DEVTHP_KNOWN_LOCATION ? way_to(page) : BY_ANY,
		.huge = maybe(there && page->known & DEVTHP_KNOWN_LEVEL,
			      page->level == DEVTHP_LEVEL_PMD),
		.writable = maybe(there && page->known & (DEVTHP_KNOWN_WRITE | DEVTHP_KNOWN_BITS),
				  page->bits & DEVTHP_BIT_WRITE),
		.mapping = page->vma,
		.mapping_known = page->known & DEVTHP_KNOWN_VMA,
	};
}

/* Two sources disagree if the page has moved in between. */
static void add_view(struct sight *sight, unsigned int device, uint8_t prot, bool private)
{
	const uint8_t where = prot & DEVTHP_PROT_WHERE;
	const bool here = prot != DEVTHP_PROT_ERROR && (where == DEVTHP_PROT_PRIVATE_LOCAL ||
							where == DEVTHP_PROT_COHERENT_LOCAL);

	sight->viewed[device] = true;
	sight->view[device] = prot;
	if (here) {
		sight->at = private ? sight->at & AT_DEVICE(device) : AT_DEVICE(device);
		sight->writable = maybe(true, prot & DEVTHP_PROT_WRITE);
	} else if (sight->at == AT_DEVICES && sight->mapping & DEVTHP_VMA_READ &&
		   sight->by == BY_ACCESS) {
		sight->at &= ~AT_DEVICE(device);
	}
	/* The kernel knows nothing of devices that are neither private nor coherent. */
	if (!private && prot && prot != DEVTHP_PROT_ERROR)
		sight->huge = maybe(true, prot & DEVTHP_PROT_PMD);
}

static int look_by_device(struct worker *worker, unsigned int device, uint32_t range)
{
	const uint32_t npages = worker->list->place[range].pages;
	struct sight *sight = &worker->station->sight[page_number(range, 0)];
	struct devthp_device *dev = worker->dev[device];
	uint8_t prot[RANGE_PAGES];
	uint32_t i;
	int ret;

	if (!dev)
		return 0;
	ret = (devthp_device_snapshot)(dev, worker_page(worker, range, 0), npages, prot);
	if (ret)
		return ret == -EOPNOTSUPP ? 0 : ret;
	for (i = 0; i < npages; i++)
		add_view(&sight[i], device, prot[i], worker->kernel_knows);
	return 0;
}

/* Without smaps, which make the kernel walk all of the process. */
static int look_by_kernel(struct worker *worker, uint32_t range)
{
	const struct devthp_snapshot_opts opts = {
		.size = sizeof(opts), .sources = DEVTHP_SOURCE_ALL & ~DEVTHP_SOURCE_SMAPS,
	};
	const uint32_t npages = worker->list->place[range].pages;
	struct devthp_page page = { .size = sizeof(page) };
	struct devthp_snapshot *snap;
	uint32_t i;
	int ret;

	ret = devthp_snapshot_take(&snap, worker_page(worker, range, 0), npages, &opts);
	if (ret)
		return ret;
	for (i = 0; i < npages && !ret; i++) {
		ret = devthp_snapshot_page(snap, i, &page);
		see(&worker->station->sight[page_number(range, i)], &page);
	}
	devthp_snapshot_free(snap);
	return ret;
}

static bool is_at_rest(const struct worker *worker, uint32_t range)
{
	const struct sight *sight = &worker->station->sight[page_number(range, 0)];
	uint32_t i;

	for (i = 0; i < worker->list->place[range].pages; i++)
		if (!sight[i].at)
			return false;
	return true;
}

static int look_at(struct worker *worker, uint32_t range)
{
	unsigned int tries = TRIES, device;
	int ret;

	do {
		ret = look_by_kernel(worker, range);
		for (device = 0; device < DEVICES && !ret; device++)
			ret = look_by_device(worker, device, range);
		sched_yield();
	} while ((ret == -EBUSY || !is_at_rest(worker, range)) && --tries);
	return ret;
}

int worker_looks(struct worker *worker)
{
	uint32_t range;
	int ret = 0;

	for (range = 0; range < RANGES && !ret; range++)
		if (worker->list->place[range].pages)
			ret = look_at(worker, range);
	return ret;
}
