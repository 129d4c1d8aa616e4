// SPDX-License-Identifier: GPL-2.0
/* What a device does of its own accord. */
#include <errno.h>

#include "racers.h"
#include "ready.h"
#include "verdict.h"

/* A run of pages, with a liking for whole folios; *first is of the arena. */
static size_t any_run(struct racer *racer, size_t *first)
{
	const struct arena *arena = &racer->race->arena;
	const size_t folio = arena->folio_pages;
	size_t npages;

	if (race_chance(racer, 3)) {
		*first = race_random(racer, arena->pages);
		npages = 1 + race_random(racer, race_chance(racer, 4) ?
					 2 * folio : folio / 8);
	} else {
		*first = folio * race_random(racer, arena->pages / folio);
		npages = folio;
	}
	if (npages > arena->pages - *first)
		npages = arena->pages - *first;
	return npages;
}

/*
 * What may be the result of a migration among others: some page did not go
 * (-ENOENT), its allocation failed or was made to (-ENOMEM), the arena has just
 * moved (-EINVAL), or the device gave up reading what it got, as others would
 * not let it (-EBUSY).
 */
static bool is_usual(int err)
{
	return err == -ENOENT || err == -ENOMEM || err == -EINVAL ||
	       err == -EBUSY;
}

/*
 * As the device counts, so that others may have helped, or undone it. Where it cannot,
 * all of it went or was there; of what did not go, nobody knows what did.
 */
static bool some_went(const struct devthp_migration *moved, int err)
{
	return moved->pages == DEVTHP_NONE ? !err : moved->pages;
}

const char *racer_migrate(struct racer *racer)
{
	struct devthp_migration moved = { .size = sizeof(moved) };
	size_t first, npages = any_run(racer, &first);
	char *addr = arena_addr(&racer->race->arena, first);
	int err;

	if (race_chance(racer, 5))
		CHECK(went_well("let an allocation fail",
				devthp_device_fail_alloc(racer->dev, 1)));
	if (race_chance(racer, 3)) {
		err = devthp_migrate_to_system(racer->dev, addr, npages, NULL);
		CHECK(went_well("migrate to system memory",
				is_usual(err) ? 0 : err));
		return RIGHT;
	}
	err = devthp_migrate_to_device(racer->dev, addr, npages, &moved);
	CHECK(went_well("migrate to the device", is_usual(err) ? 0 : err));
	if (some_went(&moved, err))
		race_done(racer);
	return RIGHT;
}

/* Something of the device is in use; or it does not say. */
static bool is_something_there(struct devthp_device *dev)
{
	struct devthp_usage usage = { .size = sizeof(usage) };

	return (devthp_device_usage)(dev, &usage) || usage.pages_free < usage.pages_total;
}

/* The last close of any of its handles makes test_hmm evict the device. */
const char *racer_evict(struct racer *racer)
{
	struct devthp_device *dev;
	bool something;

	CHECK(device_open(&dev, racer->role->minor));
	something = is_something_there(dev);
	CHECK(went_well("close the device", devthp_device_close(dev)));
	if (something)
		race_done(racer);
	return RIGHT;
}
