// SPDX-License-Identifier: GPL-2.0
/* A device that wants pages for itself. */
#include <errno.h>

#include "racers.h"
#include "verdict.h"

/*
 * Others take the access away again (-ENOENT: before the device has read), keep
 * doing so (-EBUSY), or have the memory protected or moved (-EFAULT, -EPERM).
 */
static bool is_usual(int err)
{
	return err == -ENOENT || err == -EBUSY || err == -EFAULT ||
	       err == -EPERM || err == -ENOMEM || err == -EINVAL;
}

static const char *look_again(struct racer *racer, size_t page, char *addr)
{
	struct arena *arena = &racer->race->arena;
	struct arena_bounds bounds;

	arena_take_floor(arena, page, &bounds);
	if (devthp_device_read(racer->dev, addr, 1, racer->buffer, NULL))
		return RIGHT;
	arena_take_ceiling(arena, page, &bounds);
	return arena_copy_is_possible(arena, page, racer->buffer, &bounds,
				      "the device, which had it exclusively, reads");
}

/* What the device reads meanwhile is what is there, and nothing older. */
const char *racer_exclude(struct racer *racer)
{
	struct arena *arena = &racer->race->arena;
	const size_t first = race_random(racer, arena->pages - RACER_PAGES);
	const size_t npages = 1 + race_random(racer, RACER_PAGES);
	struct arena_bounds bounds[RACER_PAGES];
	const size_t size = devthp_page_size();
	const char *verdict = RIGHT;
	size_t i;
	char *addr;
	int err;

	pthread_rwlock_rdlock(&arena->lock);
	addr = arena_addr(arena, first);
	for (i = 0; i < npages; i++)
		arena_take_floor(arena, first + i, &bounds[i]);
	err = devthp_device_exclusive(racer->dev, addr, npages, racer->buffer);
	for (i = 0; i < npages; i++)
		arena_take_ceiling(arena, first + i, &bounds[i]);
	for (i = 0; i < npages && !err && is_right(verdict); i++)
		verdict = arena_copy_is_possible(arena, first + i,
						 racer->buffer + i * size,
						 &bounds[i],
						 "the device reads exclusively");
	for (i = 0; i < npages && !err && is_right(verdict); i++)
		verdict = look_again(racer, first + i, addr + i * size);
	pthread_rwlock_unlock(&arena->lock);
	if (!err)
		race_done(racer);
	CHECK(went_well("make pages exclusive", is_usual(err) ? 0 : err));
	return verdict;
}
