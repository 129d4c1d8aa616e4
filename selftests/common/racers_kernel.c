// SPDX-License-Identifier: GPL-2.0
/* What the kernel does with memory, when asked or on its own. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "racers.h"
#include "textfile.h"
#include "verdict.h"

#ifndef MADV_COLD
#define MADV_COLD 20
#define MADV_PAGEOUT 21
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

#define SPLICED_PAGES 8

static const char *hold_in_pipe(struct racer *racer, const int ends[2])
{
	struct arena *arena = &racer->race->arena;
	const size_t first = race_random(racer, arena->pages - SPLICED_PAGES);
	const size_t size = devthp_page_size();
	struct arena_bounds bounds[SPLICED_PAGES];
	struct iovec memory = { arena_addr(arena, first), SPLICED_PAGES * size };
	size_t i, npages;
	ssize_t bytes;

	for (i = 0; i < SPLICED_PAGES; i++)
		arena_take_floor(arena, first + i, &bounds[i]);
	bytes = vmsplice(ends[1], &memory, 1, 0);
	/* The driver had no memory to bring the page back. */
	if (bytes < 0 && (errno == EFAULT || errno == ENOMEM))
		return RIGHT;
	if (bytes < 0)
		return went_well("vmsplice", -errno);
	npages = bytes / size;
	for (i = 0; i < npages; i++) {
		if (read(ends[0], racer->buffer, size) != (ssize_t)size)
			return went_well("read what was spliced", -errno);
		arena_take_ceiling(arena, first + i, &bounds[i]);
		CHECK(arena_copy_is_possible(arena, first + i, racer->buffer,
					     &bounds[i], "spliced"));
	}
	race_done(racer);
	return RIGHT;
}

const char *racer_splice(struct racer *racer)
{
	struct arena *arena = &racer->race->arena;
	const char *verdict;
	int ends[2];

	if (pipe(ends))
		return went_well("make a pipe", -errno);
	pthread_rwlock_rdlock(&arena->lock);
	verdict = hold_in_pipe(racer, ends);
	pthread_rwlock_unlock(&arena->lock);
	close(ends[0]);
	close(ends[1]);
	return verdict;
}

static int advise(struct racer *racer, int advice)
{
	struct arena *arena = &racer->race->arena;
	const size_t folio = arena->folio_pages;
	const size_t page = race_random(racer, arena->pages);
	const size_t first = page - page % folio;
	const size_t npages = race_chance(racer, 2) ? folio :
			      1 + race_random(racer, folio);

	return madvise(arena_addr(arena, first), npages * devthp_page_size(),
		       advice);
}

/* None of it changes data, all of it may be refused. */
const char *racer_reclaim(struct racer *racer)
{
	static const int advice[] = {
		MADV_COLD, MADV_PAGEOUT, MADV_COLLAPSE, MADV_COLLAPSE,
		MADV_POPULATE_READ, MADV_POPULATE_WRITE,
	};
	const size_t i = race_random(racer, 1 + sizeof(advice) / sizeof(*advice));

	if (i < sizeof(advice) / sizeof(*advice)) {
		if (!advise(racer, advice[i]))
			race_done(racer);
	} else if (is_right(file_write("/proc/sys/vm/compact_memory", "1"))) {
		race_done(racer);
	}
	return RIGHT;
}

/* What others have swapped out meanwhile is as good. */
const char *racer_swap_out(struct racer *racer)
{
	uint64_t before, after;

	CHECK(file_field("/proc/vmstat", "pswpout", &before));
	advise(racer, MADV_PAGEOUT);
	CHECK(file_field("/proc/vmstat", "pswpout", &after));
	if (after > before)
		race_done(racer);
	return RIGHT;
}

static const char *read_all(const char *path)
{
	char text[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return went_well(path, -errno);
	while (read(fd, text, sizeof(text)) > 0)
		;
	close(fd);
	return RIGHT;
}

const char *racer_watch(struct racer *racer)
{
	struct arena *arena = &racer->race->arena;
	const struct devthp_snapshot_opts opts = {
		.size = sizeof(opts),
		.dev = racer->dev,
		.sources = race_random(racer, DEVTHP_SOURCE_ALL + 1),
	};
	struct devthp_snapshot *snap;
	int err;

	if (race_chance(racer, 4)) {
		CHECK(read_all("/proc/self/smaps"));
		race_done(racer);
		return RIGHT;
	}
	err = devthp_snapshot_take(&snap, arena_addr(arena, 0), arena->pages,
				   &opts);
	/* Such as: the sources chosen do not exist, or all is in motion. */
	if (!err) {
		devthp_snapshot_free(snap);
		race_done(racer);
	}
	return RIGHT;
}
