// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * The measuring of "devthp bench". Every step is done once for the caches, the
 * allocators and the page tables to be as they will stay, and measured then.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#define HOLE_PAGES	64

const char *const bench_call_names[BENCH_CALLS] = {
	[BENCH_FAULT_FIRST] = "first touch",
	[BENCH_FAULT_ALL] = "touch all pages",
	[BENCH_UNMAP] = "unmap 64 pages in the middle",
	[BENCH_UNMAP_FAULT_FIRST] = "  then the first touch",
	[BENCH_UNMAP_FAULT_NEXT] = "  then another touch",
	[BENCH_UNMAP_FAULT_ALL] = "  then touch all that is left",
	[BENCH_FORK] = "fork, for the range alone",
	[BENCH_SPLIT] = "mprotect one page in the middle",
	[BENCH_EXIT] = "unmap all",
	[BENCH_CLOSE] = "close the device",
};

/* A range that is on the device, and the clock. */
struct trial {
	struct bench *b;
	struct devthp_device *dev;
	struct devthp_range *range;
	char *addr;
	size_t npages;
	size_t page_size;
	uint64_t started;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * UINT64_C(1000000000) + t.tv_nsec;
}

static void start(struct trial *t)
{
	t->started = now_ns();
}

static void stop(struct trial *t, enum bench_call call)
{
	t->b->calls[call] = now_ns() - t->started;
}

static void touch(const struct trial *t, size_t first, size_t npages)
{
	size_t i;

	for (i = first; i < first + npages; i++)
		(void)*(volatile char *)(t->addr + i * t->page_size);
}

static int fresh_range(struct trial *t)
{
	struct devthp_range_opts opts = { .size = sizeof(opts), .advice = t->b->advice };
	int ret;

	opts.bytes = devthp_pmd_size();
	ret = devthp_range_alloc(&t->range, &opts);
	if (ret)
		return ret;
	t->addr = devthp_range_addr(t->range);
	t->npages = devthp_range_pages(t->range);
	t->page_size = devthp_page_size();
	memset(t->addr, 1, opts.bytes);
	return 0;
}

static int step_to_device(struct trial *t)
{
	return devthp_migrate_to_device(t->dev, t->addr, t->npages, NULL);
}

static int step_to_system(struct trial *t)
{
	int ret = step_to_device(t);

	return ret ? ret : devthp_migrate_to_system(t->dev, t->addr, t->npages, NULL);
}

static int step_fault(struct trial *t)
{
	int ret = step_to_device(t);

	if (ret)
		return ret;
	start(t);
	touch(t, 0, 1);
	stop(t, BENCH_FAULT_FIRST);
	touch(t, 1, t->npages - 1);
	stop(t, BENCH_FAULT_ALL);
	return 0;
}

static int step_unmap(struct trial *t)
{
	const size_t hole = (t->npages - HOLE_PAGES) / 2, behind = hole + HOLE_PAGES;
	int ret = step_to_device(t);

	if (ret)
		return ret;
	start(t);
	ret = devthp_range_unmap(t->range, hole, HOLE_PAGES);
	stop(t, BENCH_UNMAP);
	if (ret)
		return ret;
	start(t);
	touch(t, 0, 1);
	stop(t, BENCH_UNMAP_FAULT_FIRST);
	start(t);
	touch(t, 1, 1);
	stop(t, BENCH_UNMAP_FAULT_NEXT);
	start(t);
	touch(t, 2, hole - 2);
	touch(t, behind, t->npages - behind);
	stop(t, BENCH_UNMAP_FAULT_ALL);
	return 0;
}

static int fork_once(struct trial *t, uint64_t *took)
{
	pid_t child;

	start(t);
	child = fork();
	if (!child)
		_exit(0);
	*took = now_ns() - t->started;
	return child < 0 || waitpid(child, NULL, 0) != child ? -errno : 0;
}

static int step_fork(struct trial *t)
{
	uint64_t without, with;
	int ret;

	/* First without the range: a child gets all the rest as well. */
	if (madvise(t->addr, t->npages * t->page_size, MADV_DONTFORK))
		return -errno;
	ret = fork_once(t, &without);
	if (madvise(t->addr, t->npages * t->page_size, MADV_DOFORK))
		return -errno;
	ret = ret ? ret : step_to_device(t);
	ret = ret ? ret : fork_once(t, &with);
	t->b->calls[BENCH_FORK] = ret || with < without ? 0 : with - without;
	return ret;
}

static int step_split(struct trial *t)
{
	int ret = step_to_device(t);

	if (ret)
		return ret;
	start(t);
	if (mprotect(t->addr + t->npages / 2 * t->page_size, t->page_size, PROT_READ))
		ret = -errno;
	stop(t, BENCH_SPLIT);
	return ret;
}

static int step_exit(struct trial *t)
{
	int ret = step_to_device(t);

	if (ret)
		return ret;
	start(t);
	ret = devthp_range_unmap(t->range, 0, t->npages);
	stop(t, BENCH_EXIT);
	return ret;
}

static int step_close(struct trial *t)
{
	int ret = step_to_device(t);

	if (ret)
		return ret;
	start(t);
	ret = devthp_device_close(t->dev);
	stop(t, BENCH_CLOSE);
	t->dev = NULL;
	return ret;
}

static const struct step {
	const char *name;
	int (*act)(struct trial *t);
	size_t time;		/* in struct devthp_times, of what it is measured by */
} steps[] = {
	{ "migrating to the device", step_to_device, offsetof(struct devthp_times, to_device) },
	{ "migrating to the system", step_to_system, offsetof(struct devthp_times, to_system) },
	{ "faulting back", step_fault, offsetof(struct devthp_times, fault) },
	{ "unmapping a part", step_unmap, 0 },
	{ "fork", step_fork, 0 },
	{ "splitting", step_split, 0 },
	{ "unmapping all", step_exit, 0 },
	{ "closing the device", step_close, offsetof(struct devthp_times, evict) },
};

static int open_device(struct trial *t)
{
	struct devthp_device_opts opts = { .size = sizeof(opts), .path = t->b->path };

	return devthp_device_open(&t->dev, &opts);
}

/* What was added to *sum since *before. */
static void difference(struct devthp_time *sum, const struct devthp_time *after,
		       const struct devthp_time *before)
{
	sum->rounds = after->rounds - before->rounds;
	sum->setup = after->setup - before->setup;
	sum->pages = after->pages - before->pages;
	sum->finalize = after->finalize - before->finalize;
	sum->driver = after->driver - before->driver;
	sum->copy = after->copy - before->copy;
}

static int run_step(struct trial *t, const struct step *step)
{
	struct devthp_times before = { .size = sizeof(before) }, after = before;
	int ret;

	ret = fresh_range(t);
	ret = ret ? ret : open_device(t);
	ret = ret ? ret : devthp_device_times(t->dev, &before);
	ret = ret ? ret : step->act(t);
	/* Without a device, the next one tells of it, being the same. */
	if (!ret && !t->dev)
		ret = open_device(t);
	ret = ret ? ret : devthp_device_times(t->dev, &after);
	if (!ret && step->time)
		difference((void *)((char *)&t->b->times + step->time),
			   (void *)((char *)&after + step->time),
			   (void *)((char *)&before + step->time));
	devthp_range_free(t->range);
	devthp_device_close(t->dev);
	t->range = NULL;
	t->dev = NULL;
	return ret;
}

int bench_measure(struct bench *b, const char **what)
{
	struct trial t = { .b = b };
	size_t i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		*what = steps[i].name;
		ret = run_step(&t, &steps[i]);
		ret = ret ? ret : run_step(&t, &steps[i]);
		if (ret)
			return ret;
	}
	return 0;
}
