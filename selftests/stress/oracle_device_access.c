// SPDX-License-Identifier: GPL-2.0
/* Accesses by a device. */
#include <errno.h>

#include "oracle.h"

/* What keeps it from access: -EFAULT, -EPERM, 0 for nothing, 1 for one of the two. */
static int what_forbids(const struct world *world, const struct step *step, bool write)
{
	bool holes = false, closed = false, read_only = false;
	uint32_t i;

	for_each_page(i, step) {
		const struct page *page = page_in(world, step->process, step->range, i);

		if (!page->mapped)
			holes = true;
		else if (!can_read(page))
			closed = true;
		else if (write && !can_write(page))
			read_only = true;
	}
	if (holes && !closed && !read_only)
		return -EFAULT;
	if (read_only && !closed && !holes)
		return -EPERM;
	return holes || closed || read_only;
}

/* What is said, and how many pages were copied if all were. */
static const char *access_is_right(const struct station *station, const struct step *step,
				   int forbids)
{
	if (forbids == 1)
		return result_is_either(station, -EFAULT, -EPERM);
	CHECK(result_is(station, forbids));
	if (!forbids && station->reply.count != step->npages)
		return differs(IN_RESULT, "the device has copied %llu pages; should be %u",
			       (unsigned long long)station->reply.count, step->npages);
	return RIGHT;
}

/*
 * Has the page to be faulted in? Then the kernel faults in all that is asked for behind
 * it, and so has the device's own memory come back.
 */
static bool is_faulted(const struct world *world, struct page *page, uint32_t device, bool write)
{
	const uint8_t at = *at_of(page), private = world->private_at & ~AT_DEVICE(device);

	if (!world->kernel_knows)
		return false;
	if (!can_read(page) || at & (at - 1) || at & (AT_NOTHING | private) ||
	    page->by != BY_ACCESS)
		return true;
	return write && (page->writable != YES || !page->frame || page->frame->users > 1);
}

const char *refuse_dev_read(const struct world *world, const struct step *step)
{
	bool faulted = false;
	uint32_t i;

	for_each_page(i, step) {
		struct page *page = page_in(world, step->process, step->range, i);

		if (faulted ? waits(world, page) : waits_unless_on(world, page, step->device))
			return "it would wait for who holds a page";
		faulted |= is_faulted(world, page, step->device, false);
	}
	return NULL;
}

static void is_read_by(struct world *world, const struct step *step, uint32_t i, bool faulted,
		       bool certain)
{
	struct page *page = page_in(world, step->process, step->range, i);

	if (!page->frame)
		is_populated(world, step->process, step->range, i);
	else if (page->by & BY_SWAP && certain)
		comes_back(world, step->process, step->range, i);
	else if (faulted || page->by != BY_ACCESS ||
		 page->frame->at != AT_DEVICE(step->device))
		may_come_back(world, step->process, step->range, i);
	page->read_by |= 1 << step->device;
}

const char *foresee_dev_read(struct world *world, const struct step *step,
			     const struct station *station)
{
	const int forbids = what_forbids(world, step, false);
	bool faulted = false, next;
	uint32_t i;

	CHECK(access_is_right(station, step, forbids));
	for_each_page(i, step) {
		struct page *page = page_in(world, step->process, step->range, i);

		next = faulted || is_faulted(world, page, step->device, false);
		if (can_read(page))
			is_read_by(world, step, i, faulted, !forbids);
		if (!page->frame && !forbids)
			page->at &= ~AT_NOTHING;
		faulted = next;
	}
	return forbids ? RIGHT : data_are_right(station);
}

/* Only what is its own, and writable, is sure to stay where it is. */
static bool is_written_in_place(const struct world *world, struct page *page, uint32_t device)
{
	return page->frame && page->frame->at == AT_DEVICE(device) && page->frame->users == 1 &&
	       (page->writable == YES || !world->kernel_knows);
}

const char *refuse_dev_write(const struct world *world, const struct step *step)
{
	bool faulted = false;
	uint32_t i;

	for_each_page(i, step) {
		struct page *page = page_in(world, step->process, step->range, i);

		if ((faulted || !is_written_in_place(world, page, step->device)) &&
		    waits(world, page))
			return "it would wait for who holds a page";
		faulted |= is_faulted(world, page, step->device, true);
	}
	return NULL;
}

static void is_written_by(struct world *world, const struct step *step, uint32_t i, bool faulted)
{
	struct page *page = page_in(world, step->process, step->range, i);
	uint8_t before = *at_of(page);

	if (faulted || !is_written_in_place(world, page, step->device)) {
		const bool alone = page->frame && page->frame->users == 1;

		if (page->frame && before & world->private_at)
			page->huge = page->huge == NO ? NO : UNKNOWN;
		is_written(world, step->process, step->range, i);
		if (alone)
			page->frame->at |= before;
	}
	has_new_data(world, step->process, step->range, i);
	page->read_by |= 1 << step->device;
}

const char *foresee_dev_write(struct world *world, const struct step *step,
			      const struct station *station)
{
	const int forbids = what_forbids(world, step, true);
	bool faulted = false, next;
	uint32_t i;

	CHECK(access_is_right(station, step, forbids));
	if (forbids)
		return RIGHT;
	for_each_page(i, step) {
		next = faulted || is_faulted(world, page_in(world, step->process, step->range, i),
					     step->device, true);
		is_written_by(world, step, i, faulted);
		faulted = next;
	}
	return RIGHT;
}

/* ---- Exclusive access ---- */

const char *refuse_exclusive(const struct world *world, const struct step *step)
{
	uint32_t i;

	if (!world->kernel_knows)
		return refuse_not_the_kernels(world, step);
	for_each_page(i, step) {
		struct page *page = page_in(world, step->process, step->range, i);

		if (waits(world, page))
			return "it would wait for who holds a page";
	}
	return NULL;
}

const char *foresee_exclusive(struct world *world, const struct step *step,
			      const struct station *station)
{
	uint32_t i;

	if (what_forbids(world, step, true))
		return result_is(station, -EFAULT);
	CHECK(result_is(station, 0));
	for_each_page(i, step) {
		struct page *page = page_in(world, step->process, step->range, i);

		is_written(world, step->process, step->range, i);
		page->by = BY_REVOKING;
		page->read_by |= 1 << step->device;
	}
	return data_are_right(station);
}
