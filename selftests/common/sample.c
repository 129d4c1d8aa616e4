// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "layout.h"
#include "ready.h"
#include "sample.h"
#include "settle.h"
#include "verdict.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

/* Any: it only has to differ from what else is in memory. */
static const uint64_t seed = 0x6465767468700001;

static const char *learn_kind(struct sample *sample)
{
	struct devthp_device_info info = { .size = sizeof(info) };

	CHECK(went_well("ask what the device can do",
			devthp_device_query(sample->dev, &info)));
	sample->coherent = info.caps & DEVTHP_CAP_COHERENT;
	return RIGHT;
}

const char *sample_reserve(struct sample *sample, size_t folios)
{
	const size_t pmd_size = devthp_pmd_size();
	const struct devthp_range_opts opts = {
		.size = sizeof(opts),
		.bytes = folios * pmd_size,
	};

	CHECK(learn_kind(sample));
	CHECK(went_well("reserve memory",
			devthp_range_alloc(&sample->range, &opts)));
	CHECK(went_well("reserve memory for a copy",
			devthp_range_alloc(&sample->copy, &opts)));
	sample->owner = getpid();
	sample->addr = devthp_range_addr(sample->range);
	sample->pages = devthp_range_pages(sample->range);
	sample->folio_pages = pmd_size / devthp_page_size();
	sample->generation = calloc(sample->pages, sizeof(uint32_t));
	sample->hole = calloc(sample->pages, sizeof(uint8_t));
	sample->page = calloc(sample->pages, sizeof(*sample->page));
	sample->buffer = devthp_range_addr(sample->copy);
	if (!sample->generation || !sample->hole || !sample->page)
		return wrong("no memory for the record of the sample");
	return RIGHT;
}

const char *sample_change_device(struct sample *sample, unsigned int minor)
{
	devthp_device_close(sample->dev);
	sample->dev = NULL;
	CHECK(device_open(&sample->dev, minor));
	return learn_kind(sample);
}

void sample_release(struct sample *sample)
{
	devthp_range_free(sample->range);
	devthp_range_free(sample->copy);
	devthp_device_close(sample->dev);
	free(sample->generation);
	free(sample->hole);
	free(sample->page);
	*sample = (struct sample){ 0 };
}

const char *sample_map_anew(struct sample *sample)
{
	const size_t bytes = sample->pages * devthp_page_size();

	if (mmap(sample->addr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE |
		 MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		return went_well("mmap", -errno);
	if (madvise(sample->addr, bytes, MADV_HUGEPAGE))
		return went_well("MADV_HUGEPAGE", -errno);
	memset(sample->hole, HOLE_NONE, sample->pages);
	return RIGHT;
}

/* Pages from first on, up to end, that are alike in being a hole or not. */
static size_t run_length(const struct sample *sample, size_t first, size_t end)
{
	size_t i = first + 1;

	while (i < end && !sample->hole[i] == !sample->hole[first])
		i++;
	return i - first;
}

/* What a bad page holds: where it comes from, if it has a pattern. */
static const char *describe(const struct devthp_pattern_report *report,
			    char *text, size_t size)
{
	if (report->seen_index == DEVTHP_NONE)
		snprintf(text, size, "%#llx",
			 (unsigned long long)report->seen_word);
	else
		snprintf(text, size, "page %llu generation %u",
			 (unsigned long long)report->seen_index,
			 report->seen_generation);
	return text;
}

const char *sample_compare(const struct sample *sample, const void *data,
			   size_t first, size_t npages, const char *who)
{
	const struct devthp_pattern_opts opts = {
		.size = sizeof(opts),
		.seed = seed,
		.generations = sample->generation + first,
	};
	struct devthp_pattern_report report = { .size = sizeof(report) };
	int bad = devthp_pattern_verify(data, first, npages, &opts, &report);
	char seen[64];

	CHECK(went_well("verify data", bad));
	if (bad)
		return wrong("%s: page %llu is %s: holds %s at byte %u, should hold generation %u; %d bad of %zu pages",
			     who, (unsigned long long)(first + report.bad_page),
			     devthp_verdict_name(report.bad_verdict),
			     describe(&report, seen, sizeof(seen)),
			     report.bad_offset, report.expected_generation,
			     bad, npages);
	return RIGHT;
}

/* Write what pages from first on should hold to data. */
static const char *data_make(const struct sample *sample, void *data,
			     size_t first, size_t npages)
{
	const struct devthp_pattern_opts opts = {
		.size = sizeof(opts),
		.seed = seed,
		.generations = sample->generation + first,
	};

	return went_well("write data",
			 devthp_pattern_fill(data, first, npages, &opts));
}

const char *sample_make_next(struct sample *sample, void *data, size_t first,
			     size_t npages)
{
	size_t i;

	for (i = first; i < first + npages; i++)
		sample->generation[i]++;
	return data_make(sample, data, first, npages);
}

void sample_next_was_refused(struct sample *sample, size_t first,
			     size_t npages)
{
	size_t i;

	for (i = first; i < first + npages; i++)
		sample->generation[i]--;
}

const char *sample_fill(struct sample *sample)
{
	return sample_access_range(sample, 0, sample->pages, ACCESS_WRITE);
}

const char *sample_fill_whole(struct sample *sample)
{
	CHECK(sample_fill(sample));
	return layout_of_all(sample, whole(DEVTHP_LOC_SYSTEM, 1));
}

/* Who holds what stayed where it was can be told from its counts, if it still is so. */
static const char *some_stayed(struct sample *sample, const char *what, uint64_t moved,
			       unsigned int to)
{
	const struct devthp_page *first = NULL;
	size_t i, stayed = 0;

	CHECK(sample_look(sample));
	for (i = 0; i < sample->pages; i++) {
		if (sample->page[i].location == to)
			continue;
		if (!stayed++)
			first = &sample->page[i];
	}
	if (!first)
		return wrong("%s: %llu pages moved; should be %zu", what,
			     (unsigned long long)moved, sample->pages);
	return wrong("%s: %llu pages moved; should be %zu; now %zu are elsewhere, of which page %zu is %s, order %u, mapcount %d, refcount %d, flags %#llx",
		     what, (unsigned long long)moved, sample->pages, stayed,
		     (size_t)(first - sample->page), devthp_location_name(first->location),
		     first->order, first->mapcount, first->refcount,
		     (unsigned long long)first->flags);
}

static const char *migrate(struct sample *sample, const char *what, unsigned int to,
			   int (*direction)(struct devthp_device *, void *,
					    size_t, struct devthp_migration *))
{
	struct devthp_migration moved = { .size = sizeof(moved) };

	CHECK(went_well(what, direction(sample->dev, sample->addr,
					sample->pages, &moved)));
	if (moved.pages != sample->pages)
		return some_stayed(sample, what, moved.pages, to);
	return RIGHT;
}

/*
 * A small folio that another CPU is about to activate is held by its batch, but still on
 * the LRU list: the kernel then sees no need to drain batches, and leaves it where it is.
 */
const char *sample_to_device(struct sample *sample)
{
	settle_batches();
	return migrate(sample, "migrate to the device", DEVTHP_LOC_DEVICE,
		       devthp_migrate_to_device);
}

const char *sample_to_system(struct sample *sample)
{
	return migrate(sample, "migrate to system memory", DEVTHP_LOC_SYSTEM,
		       devthp_migrate_to_system);
}

const char *sample_to_device_whole(struct sample *sample)
{
	CHECK(sample_to_device(sample));
	return layout_of_all(sample, whole(DEVTHP_LOC_DEVICE, 1));
}

const char *sample_to_system_whole(struct sample *sample)
{
	CHECK(sample_to_system(sample));
	return layout_of_all(sample, whole(DEVTHP_LOC_SYSTEM, 1));
}

/* One page through a pipe; this is the system call that meets the fault. */
static const char *through_pipe(const void *from, void *to)
{
	const size_t size = devthp_page_size();
	const char *verdict = RIGHT;
	int ends[2];

	if (pipe(ends))
		return went_well("make a pipe", -errno);
	if (write(ends[1], from, size) != (ssize_t)size)
		verdict = went_well("write(2) a page to a pipe", -errno);
	else if (read(ends[0], to, size) != (ssize_t)size)
		verdict = went_well("read(2) a page from a pipe", -errno);
	close(ends[0]);
	close(ends[1]);
	return verdict;
}

const char *sample_access(struct sample *sample, size_t page, enum access how)
{
	char *addr = page_of(sample, page);
	char *copy = sample->buffer;

	switch (how) {
	case ACCESS_READ:
		return sample_compare(sample, addr, page, 1, "the CPU reads");
	case ACCESS_WRITE:
		sample->generation[page]++;
		return data_make(sample, addr, page, 1);
	case ACCESS_KERNEL_READ:
		CHECK(through_pipe(addr, copy));
		return sample_compare(sample, copy, page, 1, "write(2) reads");
	case ACCESS_KERNEL_WRITE:
		sample->generation[page]++;
		CHECK(data_make(sample, copy, page, 1));
		return through_pipe(copy, addr);
	}
	return wrong("no such kind of access: %d", how);
}

const char *sample_access_range(struct sample *sample, size_t first,
				size_t npages, enum access how)
{
	size_t i;

	for (i = first; i < first + npages; i++)
		if (!sample->hole[i])
			CHECK(sample_access(sample, i, how));
	return RIGHT;
}

int sample_device_reads(struct devthp_device *dev, void *addr, size_t npages,
			void *to)
{
	const time_t limit = time(NULL) + PATIENCE;
	int err;

	do {
		err = devthp_device_read(dev, addr, npages, to, NULL);
	} while (err == -EBUSY && time(NULL) < limit);
	return err;
}

int sample_device_writes(struct devthp_device *dev, void *addr, size_t npages,
			 void *from)
{
	const time_t limit = time(NULL) + PATIENCE;
	int err;

	do {
		err = devthp_device_write(dev, addr, npages, from, NULL);
	} while (err == -EBUSY && time(NULL) < limit);
	return err;
}

static const char *device_write_run(struct sample *sample, size_t first,
				    size_t npages)
{
	size_t i;

	for (i = first; i < first + npages; i++)
		sample->generation[i]++;
	CHECK(data_make(sample, sample->buffer, first, npages));
	return went_well("the device writes",
			 sample_device_writes(sample->dev,
					      page_of(sample, first), npages,
					      sample->buffer));
}

static const char *device_read_run(struct sample *sample, size_t first,
				   size_t npages)
{
	/* The device must not get away with reading nothing. */
	memset(sample->buffer, 0xa5, npages * devthp_page_size());
	CHECK(went_well("the device reads",
			sample_device_reads(sample->dev,
					    page_of(sample, first), npages,
					    sample->buffer)));
	return sample_compare(sample, sample->buffer, first, npages,
			      "the device reads");
}

static const char *cpu_read_run(struct sample *sample, size_t first,
				size_t npages)
{
	return sample_compare(sample, page_of(sample, first), first, npages,
			      "the CPU reads");
}

static const char *to_system_run(struct sample *sample, size_t first,
				 size_t npages)
{
	return went_well("migrate to system memory",
			 devthp_migrate_to_system(sample->dev,
						  page_of(sample, first),
						  npages, NULL));
}

static const char *each_run(struct sample *sample,
			    const char *(*visit)(struct sample *, size_t,
						 size_t))
{
	size_t first, npages;

	for (first = 0; first < sample->pages; first += npages) {
		npages = run_length(sample, first, sample->pages);
		if (!sample->hole[first])
			CHECK(visit(sample, first, npages));
	}
	return RIGHT;
}

const char *sample_rest_to_system(struct sample *sample)
{
	return each_run(sample, to_system_run);
}

static const char *comes_to_system(const void *arg)
{
	struct sample *sample = (struct sample *)arg;
	size_t i;

	CHECK(sample_rest_to_system(sample));
	CHECK(sample_look(sample));
	for (i = 0; i < sample->pages; i++) {
		const unsigned int location = sample->page[i].location;

		/* What is being split there just now is on its way back to there. */
		if (!sample->hole[i] && (location == DEVTHP_LOC_DEVICE ||
					 location == DEVTHP_LOC_MIGRATION))
			return wrong("page %zu stays on the device", i);
	}
	return RIGHT;
}

const char *sample_settles_in_system(struct sample *sample)
{
	return settles(comes_to_system, sample);
}

const char *sample_bring_back(struct sample *sample)
{
	CHECK(sample_data(sample));
	return sample->coherent ? sample_rest_to_system(sample) : RIGHT;
}

const char *sample_have_back(struct sample *sample, size_t first, size_t npages)
{
	if (sample->coherent)
		CHECK(went_well("migrate to system memory",
				devthp_migrate_to_system(sample->dev,
							 page_of(sample, first),
							 npages, NULL)));
	return sample_access_range(sample, first, npages, ACCESS_WRITE);
}

const char *sample_device_write(struct sample *sample)
{
	return each_run(sample, device_write_run);
}

const char *sample_device_data(struct sample *sample)
{
	return each_run(sample, device_read_run);
}

const char *sample_data(struct sample *sample)
{
	return each_run(sample, cpu_read_run);
}

const char *sample_device_use(const struct sample *sample, uint64_t *pages)
{
	struct devthp_usage usage = { .size = sizeof(usage) };

	CHECK(went_well("ask for the use of the device",
			devthp_device_usage(sample->dev, &usage)));
	*pages = usage.pages_total - usage.pages_free;
	return RIGHT;
}

void sample_locate(const struct sample *sample, struct devthp_page *page)
{
	if (sample->coherent && page->location == DEVTHP_LOC_SYSTEM &&
	    page->flags & DEVTHP_FOLIO_DEVICE_COHERENT)
		page->location = DEVTHP_LOC_DEVICE;
}

const char *sample_look(const struct sample *sample)
{
	struct devthp_snapshot *snap;
	int err = 0;
	size_t i;

	CHECK(went_well("take a snapshot",
			devthp_snapshot_take(&snap, sample->addr,
					     sample->pages, NULL)));
	for (i = 0; i < sample->pages && !err; i++) {
		sample->page[i].size = sizeof(sample->page[i]);
		err = devthp_snapshot_page(snap, i, &sample->page[i]);
		sample_locate(sample, &sample->page[i]);
	}
	devthp_snapshot_free(snap);
	return went_well("read a snapshot", err);
}

const char *sample_cut(struct sample *sample, size_t first, size_t npages,
		       enum hole how)
{
	size_t i;

	if (how == HOLE_UNMAPPED)
		CHECK(went_well("munmap", devthp_range_unmap(sample->range,
							     first, npages)));
	else if (madvise(page_of(sample, first), npages * devthp_page_size(),
			 MADV_DONTNEED))
		return went_well("MADV_DONTNEED", -errno);
	for (i = first; i < first + npages; i++) {
		sample->hole[i] = how;
		sample->generation[i] = 0;
	}
	return RIGHT;
}

const char *sample_unmap(struct sample *sample)
{
	size_t first, end;

	for (first = 0; first < sample->pages; first = end + 1) {
		for (end = first; end < sample->pages &&
		     sample->hole[end] != HOLE_UNMAPPED; end++)
			;
		if (first < end)
			CHECK(sample_cut(sample, first, end - first,
					 HOLE_UNMAPPED));
	}
	return RIGHT;
}

const char *sample_room(const struct sample *sample, size_t offset,
			struct devthp_range **room)
{
	const struct devthp_range_opts opts = {
		.size = sizeof(opts),
		.bytes = sample->pages * devthp_page_size(),
		.offset = offset * devthp_page_size(),
	};

	return went_well("reserve memory", devthp_range_alloc(room, &opts));
}

const char *sample_move(struct sample *sample, struct devthp_range *room)
{
	const size_t bytes = sample->pages * devthp_page_size();
	char *to = devthp_range_addr(room);

	if (mremap(sample->addr, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED,
		   to) != to)
		return went_well("mremap", -errno);
	sample->addr = to;
	return went_well("disown what moved",
			 devthp_range_disown(sample->range, 0, sample->pages));
}

int sample_collapse(const struct sample *sample)
{
	const time_t limit = time(NULL) + PATIENCE;

	while (madvise(sample->addr, bytes_of(sample), MADV_COLLAPSE)) {
		if (errno != EAGAIN || time(NULL) >= limit)
			return -errno;
		settle_batches();
	}
	return 0;
}

bool sample_has_unmapped(const struct sample *sample)
{
	return memchr(sample->hole, HOLE_UNMAPPED, sample->pages);
}

const char *sample_dropped_are_zero(struct sample *sample)
{
	size_t i;

	for (i = 0; i < sample->pages; i++) {
		if (sample->hole[i] != HOLE_DROPPED)
			continue;
		CHECK(cpu_read_run(sample, i, 1));
		sample->hole[i] = HOLE_NONE;
	}
	return RIGHT;
}
