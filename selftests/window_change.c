// SPDX-License-Identifier: GPL-2.0
/*
 * The mapping changes between the steps of a migration. What only reads the
 * list of mappings gets in between; what changes it waits, unless the migration
 * does without the mmap_lock.
 */
#include <errno.h>
#include <linux/fs.h>
#include <linux/userfaultfd.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#define WINDOW_ALL_POINTS
#include "common/pagemap.h"
#include "common/settle.h"
#include "common/uffd.h"
#include "common/window_harness.h"

#define PART_FIRST(sample) ((sample)->folio_pages / 2 - 8)
#define PART_PAGES 64

static const char *drops_all(struct window *window)
{
	return sample_cut(&window->sample, 0, window->sample.pages,
			  HOLE_DROPPED);
}

static const char *drops_part(struct window *window)
{
	return sample_cut(&window->sample, PART_FIRST(&window->sample),
			  PART_PAGES, HOLE_DROPPED);
}

/* What is there then is new, and not what the migration is about. */
static const char *drops_and_writes(struct window *window)
{
	struct sample *sample = &window->sample;
	size_t i;

	CHECK(drops_all(window));
	for (i = 0; i < sample->pages; i++)
		sample->hole[i] = HOLE_NONE;
	return sample_access(sample, 1, ACCESS_WRITE);
}

static const char *unmaps_all(struct window *window)
{
	return sample_cut(&window->sample, 0, window->sample.pages,
			  HOLE_UNMAPPED);
}

static const char *unmaps_part(struct window *window)
{
	return sample_cut(&window->sample, PART_FIRST(&window->sample),
			  PART_PAGES, HOLE_UNMAPPED);
}

static const char *moves(struct window *window)
{
	return sample_move(&window->sample, window->target);
}

static const char *protects(struct window *window)
{
	struct sample *sample = &window->sample;

	if (mprotect(sample->addr, sample->pages * devthp_page_size(),
		     PROT_READ))
		return went_well("mprotect", -errno);
	return RIGHT;
}

static const char *write_protects(struct window *window)
{
	struct sample *sample = &window->sample;

	return uffd_protect(window->uffd, sample->addr,
			    sample->pages * devthp_page_size());
}

TEST_F(between, dropped)
{
	ASSERT_RIGHT(window_intrude(&self->window, drops_all, false));
	ASSERT_RIGHT(window_end(&self->window));
}

/* Nobody touches the rest, nor was the part unmapped by any of its entries. */
static const char *device_has_part_back(const void *arg)
{
	const struct sample *sample = arg;
	const uint64_t most = sample->pages - PART_PAGES;
	uint64_t pages;

	CHECK(sample_device_use(sample, &pages));
	if (pages > most)
		return wrong("%llu pages of the device are in use; should be %llu at most",
			     (unsigned long long)pages,
			     (unsigned long long)most);
	return RIGHT;
}

TEST_F(between, dropped_in_part)
{
	ASSERT_RIGHT(window_intrude(&self->window, drops_part, false));
	ASSERT_RIGHT(settles(device_has_part_back, &self->window.sample));
	ASSERT_RIGHT(window_end(&self->window));
}

TEST_F(between, dropped_and_written)
{
	ASSERT_RIGHT(window_intrude(&self->window, drops_and_writes, false));
	ASSERT_RIGHT(window_end(&self->window));
}

TEST_F(between, unmapped)
{
	ASSERT_RIGHT(window_intrude(&self->window, unmaps_all,
				    variant->at.takes_mm));
	ASSERT_RIGHT(window_end(&self->window));
}

TEST_F(between, unmapped_in_part)
{
	ASSERT_RIGHT(window_intrude(&self->window, unmaps_part,
				    variant->at.takes_mm));
	ASSERT_RIGHT(window_end(&self->window));
}

static void move(struct __test_metadata *_metadata, struct window *window,
		 size_t offset)
{
	ASSERT_RIGHT(sample_room(&window->sample, offset, &window->target));
	ASSERT_RIGHT(window_intrude(window, moves, window->at->takes_mm));
	ASSERT_RIGHT(window_end(window));
}

TEST_F(between, moved)
{
	move(_metadata, &self->window, 0);
}

TEST_F(between, moved_by_a_page)
{
	move(_metadata, &self->window, 1);
}

/* Whatever the migration brings about cannot be written. */
TEST_F(between, protected)
{
	struct sample *sample = &self->window.sample;

	ASSERT_RIGHT(window_intrude(&self->window, protects,
				    variant->at.takes_mm));
	ASSERT_EQ(-EPERM, devthp_device_write(sample->dev, sample->addr, 1,
					      sample->buffer, NULL));
	ASSERT_STRNE(RIGHT, sample_access(sample, 0, ACCESS_KERNEL_WRITE));
	sample->generation[0]--;
	ASSERT_RIGHT(window_end(&self->window));
}

static const char *is_write_protected(struct sample *sample)
{
	size_t i;

	CHECK(sample_look(sample));
	for (i = 0; i < sample->pages; i++) {
		const struct devthp_page *page = &sample->page[i];

		if (page->known & DEVTHP_KNOWN_UFFD_WP ?
		    !(page->bits & DEVTHP_BIT_UFFD_WP) :
		    everything_is_required())
			return wrong("page %zu, %s, lost its write protection",
				     i, devthp_location_name(page->location));
	}
	return RIGHT;
}

static const char *watch_for_writes(struct window *window)
{
	struct sample *sample = &window->sample;

	CHECK(uffd_open(&window->uffd, UFFD_FEATURE_PAGEFAULT_FLAG_WP |
				       UFFD_FEATURE_WP_ASYNC));
	return uffd_register(window->uffd, sample->addr, bytes_of(sample),
			     UFFDIO_REGISTER_MODE_WP);
}

/* The same by userfaultfd, which does not change the mapping. */
TEST_F(between, write_protected)
{
	struct sample *sample = &self->window.sample;

	NEED(uffd_needed);
	ASSERT_RIGHT(watch_for_writes(&self->window));
	ASSERT_RIGHT(window_intrude(&self->window, write_protects, false));
	ASSERT_RIGHT(is_write_protected(sample));
	/* Nobody else has it: who writes next need not copy it. */
	ASSERT_RIGHT(entry_bits_of_all(sample, DEVTHP_BIT_EXCLUSIVE,
				       DEVTHP_BIT_EXCLUSIVE));
	ASSERT_RIGHT(window_end(&self->window));
}

static const char *all_are_written(const struct sample *sample, uint64_t flags)
{
	struct page_region region;
	const long written = pages_written(sample, 0, sample->pages, flags, 0,
					   &region);

	if (written != (long)sample->pages)
		return wrong("PAGEMAP_SCAN says %ld pages were written; should be %zu",
			     written, sample->pages);
	return RIGHT;
}

static const char *scans_and_protects(struct window *window)
{
	return all_are_written(&window->sample, SCAN_AND_PROTECT);
}

/* By PAGEMAP_SCAN, which only reads the list of mappings; and tells of what follows. */
TEST_F(between, scanned_for_writes)
{
	struct sample *sample = &self->window.sample;

	NEED(uffd_needed);
	ASSERT_RIGHT(watch_for_writes(&self->window));
	ASSERT_RIGHT(window_intrude(&self->window, scans_and_protects, false));
	ASSERT_RIGHT(is_write_protected(sample));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(all_are_written(sample, 0));
	ASSERT_RIGHT(window_end(&self->window));
}

static const char *clears_soft_dirty(struct window *window)
{
	return clear_refs(CLEAR_SOFT_DIRTY);
}

TEST_F(between, cleared_of_soft_dirty)
{
	struct sample *sample = &self->window.sample;

	NEED(soft_dirty_needed);
	ASSERT_RIGHT(window_intrude(&self->window, clears_soft_dirty,
				    variant->at.takes_mm));
	ASSERT_RIGHT(pagemap_bits_of_all(sample, PAGEMAP_SOFT_DIRTY, 0));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(pagemap_bits_of_all(sample, PAGEMAP_SOFT_DIRTY,
					 PAGEMAP_SOFT_DIRTY));
	ASSERT_RIGHT(window_end(&self->window));
}

/* ---- UFFDIO_MOVE ---- */

/*
 * Memory of a device does not move. What is here goes, all of it: the kernel may
 * give way to others in between, and is asked again then.
 */
static const char *moves_by_userfaultfd(struct window *window)
{
	struct sample *sample = &window->sample;
	const size_t size = sample->pages * devthp_page_size();
	char *to = devthp_range_addr(window->target);
	size_t moved = 0;

	while (moved < size) {
		struct uffdio_move move = {
			.dst = (uintptr_t)to + moved,
			.src = (uintptr_t)sample->addr + moved,
			.len = size - moved,
		};

		if (ioctl(window->uffd, UFFDIO_MOVE, &move) && errno != EAGAIN) {
			if (errno == EFAULT && !moved)
				return RIGHT;
			return went_well("UFFDIO_MOVE", -errno);
		}
		if (move.move > 0)
			moved += move.move;
	}
	sample->addr = to;
	return RIGHT;
}

/* It finds migration entries, which it waits for without the mmap_lock. */
TEST_F(between, moved_by_userfaultfd)
{
	struct window *window = &self->window;
	struct sample *sample = &window->sample;
	char *from = sample->addr;

	NEED(uffd_needed);
	ASSERT_RIGHT(sample_room(sample, 0, &window->target));
	ASSERT_RIGHT(uffd_open(&window->uffd,
			       UFFD_FEATURE_SIGBUS | UFFD_FEATURE_MOVE));
	ASSERT_RIGHT(uffd_register(window->uffd,
				   devthp_range_addr(window->target),
				   sample->pages * devthp_page_size(),
				   UFFDIO_REGISTER_MODE_MISSING));
	ASSERT_RIGHT(window_intrude(window, moves_by_userfaultfd,
				    !variant->at.still_mapped));
	/* What the CPU can use on the device is there for that as well. */
	ASSERT_EQ(!sample->coherent &&
		  (variant->at.to_device || variant->at.still_mapped),
		  sample->addr == from);
	ASSERT_RIGHT(window_end(window));
}

/* What is migrated is there all the time: nothing can be moved to its place. */
static const char *moves_over_by_userfaultfd(struct window *window)
{
	struct sample *sample = &window->sample;
	struct uffdio_move move = {
		.dst = (uintptr_t)sample->addr,
		.src = (uintptr_t)devthp_range_addr(window->target),
		.len = sample->pages * devthp_page_size(),
	};

	if (!ioctl(window->uffd, UFFDIO_MOVE, &move) || move.move > 0)
		return wrong("UFFDIO_MOVE moved something to the place");
	if (errno != EEXIST)
		return went_well("UFFDIO_MOVE to the place", -errno);
	return RIGHT;
}

TEST_F(between, not_moved_over_by_userfaultfd)
{
	struct window *window = &self->window;
	struct sample *sample = &window->sample;
	const size_t size = sample->pages * devthp_page_size();

	NEED(uffd_needed);
	ASSERT_RIGHT(sample_room(sample, 0, &window->target));
	memset(devthp_range_addr(window->target), 0xa5, size);
	ASSERT_RIGHT(uffd_open(&window->uffd,
			       UFFD_FEATURE_SIGBUS | UFFD_FEATURE_MOVE));
	ASSERT_RIGHT(uffd_register(window->uffd, sample->addr, size,
				   UFFDIO_REGISTER_MODE_MISSING));
	ASSERT_RIGHT(window_intrude(window, moves_over_by_userfaultfd, false));
	ASSERT_RIGHT(window_end(window));
}

/* ---- Fork ---- */

static const char *child_reads(struct sample *sample, struct peer *parent)
{
	CHECK(peer_wait(parent));
	return sample_data(sample);
}

static const char *forks(struct window *window)
{
	return peer_fork(&window->sharer, child_reads, &window->sample);
}

/* The child has what the parent had, whatever that writes. */
TEST_F(between, forked)
{
	struct window *window = &self->window;

	ASSERT_RIGHT(window_intrude(window, forks, variant->at.takes_mm));
	ASSERT_RIGHT(sample_device_write(&window->sample));
	ASSERT_RIGHT(sample_access(&window->sample, 0, ACCESS_WRITE));
	ASSERT_RIGHT(window_end(window));
}

TEST_HARNESS_MAIN
