// SPDX-License-Identifier: GPL-2.0
/* Who owns pages, and who only looks. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "racers.h"
#include "verdict.h"

/* Owners' pages lie in stripes, so that all of them meet in every folio. */
#define STRIPE 16

/*
 * An access by kernel or device is refused when the driver had no memory, which
 * the CPU would just try again, or when the device was disturbed for too long.
 */
static bool try_again(struct racer *racer, int err)
{
	return (err == -EFAULT || err == -ENOMEM || err == -EBUSY) &&
	       !race_is_over(racer->race);
}

static int device_access(struct racer *racer, char *addr, size_t npages,
			 bool write)
{
	int err;

	do {
		if (write)
			err = devthp_device_write(racer->dev, addr, npages,
						  racer->buffer, NULL);
		else
			err = devthp_device_read(racer->dev, addr, npages,
						 racer->buffer, NULL);
	} while (try_again(racer, err));
	return err;
}

/* One page through a pipe, from memory or to it. */
static int pipe_access(struct racer *racer, const int ends[2],
		       const void *from, void *to)
{
	const ssize_t size = devthp_page_size();

	while (write(ends[1], from, size) != size)
		if (!try_again(racer, -errno))
			return -errno;
	/* A read that cannot be stored leaves the pipe as it is. */
	while (read(ends[0], to, size) != size)
		if (!try_again(racer, -errno))
			return -errno;
	return 0;
}

static int kernel_access(struct racer *racer, const void *from, void *to,
			 size_t npages)
{
	const size_t size = devthp_page_size();
	int ends[2], err = 0;
	size_t i;

	if (pipe(ends))
		return -errno;
	for (i = 0; i < npages && !err; i++)
		err = pipe_access(racer, ends, (const char *)from + i * size,
				  (char *)to + i * size);
	close(ends[0]);
	close(ends[1]);
	return err;
}

enum way {
	BY_CPU,
	BY_KERNEL,
	BY_DEVICE,
};

static enum way any_way(struct racer *racer)
{
	switch (race_random(racer, 6)) {
	case 0:
		return BY_KERNEL;
	case 1:
	case 2:
		return BY_DEVICE;
	}
	return BY_CPU;
}

/* The race was over before an access succeeded: that says nothing. */
static bool gave_up(struct racer *racer, int err)
{
	return err && race_is_over(racer->race);
}

static const char *read_pages(struct racer *racer, size_t first, size_t npages)
{
	struct arena *arena = &racer->race->arena;
	char *addr = arena_addr(arena, first);
	int err;

	switch (any_way(racer)) {
	case BY_CPU:
		return arena_data_is_right(arena, first, npages, addr,
					   "the CPU reads");
	case BY_KERNEL:
		err = kernel_access(racer, addr, racer->buffer, npages);
		if (gave_up(racer, err))
			return RIGHT;
		CHECK(went_well("write(2) from memory", err));
		return arena_data_is_right(arena, first, npages, racer->buffer,
					   "write(2) reads");
	case BY_DEVICE:
		err = device_access(racer, addr, npages, false);
		if (gave_up(racer, err))
			return RIGHT;
		CHECK(went_well("the device reads", err));
		return arena_data_is_right(arena, first, npages, racer->buffer,
					   "the device reads");
	}
	return RIGHT;
}

static const char *write_way(struct racer *racer, size_t first, size_t npages)
{
	struct arena *arena = &racer->race->arena;
	char *addr = arena_addr(arena, first);
	enum way way = any_way(racer);
	int err;

	if (way == BY_CPU)
		return arena_make_data(arena, first, npages, addr);
	CHECK(arena_make_data(arena, first, npages, racer->buffer));
	if (way == BY_KERNEL)
		err = kernel_access(racer, racer->buffer, addr, npages);
	else
		err = device_access(racer, addr, npages, true);
	/* What was written of it, is not known: write it in any case. */
	if (gave_up(racer, err))
		return arena_make_data(arena, first, npages, addr);
	return went_well(way == BY_KERNEL ? "read(2) to memory" :
					    "the device writes", err);
}

static const char *write_pages(struct racer *racer, size_t first, size_t npages)
{
	struct arena *arena = &racer->race->arena;

	arena_begin(arena, first, npages, false);
	CHECK(write_way(racer, first, npages));
	arena_end(arena, first, npages);
	return RIGHT;
}

static const char *drop_pages(struct racer *racer, size_t first, size_t npages)
{
	struct arena *arena = &racer->race->arena;

	arena_begin(arena, first, npages, true);
	if (madvise(arena_addr(arena, first), npages * devthp_page_size(),
		    MADV_DONTNEED))
		return went_well("MADV_DONTNEED", -errno);
	arena_end(arena, first, npages);
	return RIGHT;
}

static const char *own_pages(struct racer *racer, bool drops)
{
	const struct race *race = racer->race;
	const size_t owners = race->role->racers;
	const size_t stripes = race->arena.pages / STRIPE / owners;
	const size_t offset = race_random(racer, STRIPE);
	const size_t first = offset + STRIPE * (racer->number + owners *
						race_random(racer, stripes));
	const size_t npages = 1 + race_random(racer, STRIPE - offset);

	switch (race_random(racer, drops ? 8 : 7)) {
	case 0:
	case 1:
	case 2:
	case 3:
		return read_pages(racer, first, npages);
	case 7:
		return drop_pages(racer, first, npages);
	}
	return write_pages(racer, first, npages);
}

static const char *locked(struct racer *racer,
			  const char *(*step)(struct racer *racer))
{
	struct arena *arena = &racer->race->arena;
	const char *verdict;

	pthread_rwlock_rdlock(&arena->lock);
	verdict = step(racer);
	pthread_rwlock_unlock(&arena->lock);
	race_done(racer);
	return verdict;
}

static const char *own(struct racer *racer)
{
	return own_pages(racer, true);
}

static const char *keep(struct racer *racer)
{
	return own_pages(racer, false);
}

static const char *look(struct racer *racer)
{
	struct arena *arena = &racer->race->arena;
	const size_t page = race_random(racer, arena->pages);
	char *addr = arena_addr(arena, page);
	struct arena_bounds bounds;
	bool device = race_chance(racer, 3);
	int err = 0;

	arena_take_floor(arena, page, &bounds);
	if (device)
		err = device_access(racer, addr, 1, false);
	else
		memcpy(racer->buffer, addr, devthp_page_size());
	if (gave_up(racer, err))
		return RIGHT;
	CHECK(went_well("the device looks", err));
	arena_take_ceiling(arena, page, &bounds);
	return arena_copy_is_possible(arena, page, racer->buffer, &bounds,
				      device ? "the device looks" :
					       "the CPU looks");
}

const char *racer_own(struct racer *racer)
{
	return locked(racer, own);
}

const char *racer_keep(struct racer *racer)
{
	return locked(racer, keep);
}

const char *racer_look(struct racer *racer)
{
	return locked(racer, look);
}
