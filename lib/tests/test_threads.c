// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Different objects are used by different threads at once, as devthp.h promises, while
 * others set the log. The Makefile builds this with the thread sanitizer as well.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "devthp_backend.h"
#include "internal.h"
#include "tap.h"

#define THREADS	4
#define ROUNDS	20
#define PAGES	8

/* A device that notes by whom it is used: calls for one come one at a time. */
struct own {
	unsigned int calls;
};

static int own_open(const struct devthp_backend_request *request,
		    struct devthp_backend_device *device)
{
	(void)request;
	device->state = calloc(1, sizeof(struct own));
	device->window_pages = PAGES;
	device->caps = DEVTHP_CAP_PRIVATE;
	return device->state ? 0 : -ENOMEM;
}

static int own_close(void *state)
{
	free(state);
	return 0;
}

static int own_snapshot(void *state, uintptr_t addr, size_t npages, uint8_t *prot)
{
	struct own *own = state;

	(void)addr;
	own->calls++;
	memset(prot, DEVTHP_PROT_NONE, npages);
	return 0;
}

static const struct devthp_backend backend = {
	.size = sizeof(backend), .name = "own", .open = own_open, .close = own_close,
	.snapshot = own_snapshot,
};

/* Checks of the tests are of one thread: others count what is wrong. */
static atomic_uint wrong, messages;
static unsigned int written_by_listener;

static void expect(bool good)
{
	atomic_fetch_add(&wrong, !good);
}

static void listener(void *context, unsigned int level, const char *message)
{
	(void)level;
	(void)message;
	/* They come one at a time: no lock is needed here. */
	(*(unsigned int *)context)++;
	atomic_fetch_add(&messages, 1);
}

static void use_memory(struct devthp_device *dev)
{
	struct devthp_range_opts small = {
		.size = sizeof(small), .bytes = PAGES * devthp_page_size(),
		.advice = DEVTHP_ADVICE_NONE,
	};
	struct devthp_pattern_opts pattern = {
		.size = sizeof(pattern), .seed = (uintptr_t)dev, .generation = 1,
	};
	struct devthp_snapshot_opts opts = {
		.size = sizeof(opts), .dev = dev,
		/* It is slow where sanitizers have mapped terabytes. */
		.sources = DEVTHP_SOURCE_ALL & ~DEVTHP_SOURCE_SMAPS,
	};
	struct devthp_summary sum = { .size = sizeof(sum) };
	struct devthp_snapshot *snap;
	struct devthp_range *range;

	expect(!devthp_range_alloc(&range, &small));
	expect(!devthp_pattern_fill(devthp_range_addr(range), 0, PAGES, &pattern));
	expect(!devthp_snapshot_take(&snap, devthp_range_addr(range), PAGES, &opts));
	expect(devthp_snapshot_pages(snap) == PAGES);
	expect(!devthp_snapshot_summarize(snap, 0, PAGES, &sum));
	expect(!devthp_snapshot_free(snap));
	expect(!devthp_pattern_verify(devthp_range_addr(range), 0, PAGES, &pattern, NULL));
	expect(!devthp_range_free(range));
}

static void look_around(void)
{
	const uint32_t few[] = { DEVTHP_COUNT_RSS_ANON, DEVTHP_COUNT_SWAP };
	struct devthp_system system = { .size = sizeof(system) };
	struct devthp_counters *counters;
	int64_t delta;

	expect(!devthp_system_query(&system));
	expect(!devthp_counters_take_some(&counters, few, ARRAY_SIZE(few)));
	expect(!devthp_counters_delta(counters, counters, few[0], &delta) && !delta);
	expect(!devthp_counters_free(counters));
}

static void *work(void *arg)
{
	struct devthp_device_opts opts = { .size = sizeof(opts), .backend = "own" };
	struct devthp_device *dev;
	unsigned int i;

	(void)arg;
	for (i = 0; i < ROUNDS; i++) {
		expect(!devthp_device_open(&dev, &opts));
		use_memory(dev);
		look_around();
		expect(!devthp_device_close(dev));
	}
	return NULL;
}

static void *set_log(void *arg)
{
	unsigned int i;

	(void)arg;
	for (i = 0; i < ROUNDS * 20; i++) {
		expect(!devthp_log_set(i % 2 ? listener : NULL, &written_by_listener,
				       DEVTHP_LOG_DEBUG));
		sched_yield();
	}
	/* From here on it is called no more. */
	expect(!devthp_log_set(NULL, NULL, 0));
	written_by_listener++;
	return NULL;
}

static void all_at_once(void)
{
	pthread_t threads[THREADS + 1];
	unsigned int i;

	CHECK_CALL(devthp_backend_register(&backend), 0);
	for (i = 0; i < THREADS; i++)
		CHECK_INT(pthread_create(&threads[i], NULL, work, NULL), 0);
	CHECK_INT(pthread_create(&threads[i], NULL, set_log, NULL), 0);
	for (i = 0; i <= THREADS; i++)
		CHECK_INT(pthread_join(threads[i], NULL), 0);
	CHECK_INT(atomic_load(&wrong), 0);
	CHECK_INT(written_by_listener, atomic_load(&messages) + 1);
}

/* Of two that close the same, one does. */
static struct devthp_counters *shared;
static atomic_uint closed, refused;

static void *close_shared(void *arg)
{
	int ret = devthp_counters_free(shared);

	(void)arg;
	atomic_fetch_add(&closed, !ret);
	atomic_fetch_add(&refused, ret == -EBADF);
	return NULL;
}

static void closed_twice(void)
{
	pthread_t threads[THREADS];
	unsigned int i;

	CHECK_CALL(devthp_counters_take(&shared), 0);
	for (i = 0; i < THREADS; i++)
		CHECK_INT(pthread_create(&threads[i], NULL, close_shared, NULL), 0);
	for (i = 0; i < THREADS; i++)
		CHECK_INT(pthread_join(threads[i], NULL), 0);
	CHECK_INT(atomic_load(&closed), 1);
	CHECK_INT(atomic_load(&refused), THREADS - 1);
}

static const struct tap_case cases[] = {
	{ "each thread with objects of its own", all_at_once },
	{ "many threads close one object", closed_twice },
};

TAP_MAIN(cases)
