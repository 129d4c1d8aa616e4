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
#include <sys/wait.h>
#include <unistd.h>

#include "devthp_backend.h"
#include "internal.h"
#include "tap.h"

#define THREADS	4
#define ROUNDS	20
#define PAGES	8
#define MANY	5000

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

/* Objects of many threads, which is when the table of them grows. */
static void *add_many(void *arg)
{
	const uintptr_t begin = 1 << 20 | (uintptr_t)arg << 40;
	unsigned int i;

	for (i = 0; i < MANY; i++)
		expect(!devthp_live_add((void *)(begin + i * 16)));
	for (i = 0; i < MANY; i++)
		expect(!devthp_live((void *)(begin + i * 16)));
	for (i = 0; i < MANY; i++)
		expect(devthp_live_remove((void *)(begin + i * 16)));
	for (i = 0; i < MANY; i++)
		expect(devthp_live((void *)(begin + i * 16)) == -EBADF);
	return NULL;
}

static void many_objects(void)
{
	pthread_t threads[THREADS];
	uintptr_t i;

	for (i = 0; i < THREADS; i++)
		CHECK_INT(pthread_create(&threads[i], NULL, add_many, (void *)i), 0);
	for (i = 0; i < THREADS; i++)
		CHECK_INT(pthread_join(threads[i], NULL), 0);
	CHECK_INT(atomic_load(&wrong), 0);
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

/* A child of fork() has what the other threads held, and none of them to give it back. */
static atomic_bool noise_over;

static void slow_listener(void *context, unsigned int level, const char *message)
{
	(void)context, (void)level, (void)message;
	atomic_fetch_add(&messages, 1);
	sched_yield();
}

/* It allocates nothing, which a child would have to lose. */
static int refused_call(void)
{
	struct devthp_device_opts opts = { .size = sizeof(opts), .reserved = 1 };
	struct devthp_device *dev;

	return devthp_device_open(&dev, &opts);
}

static void *make_noise(void *arg)
{
	(void)arg;
	/* Who waits for the lock may have it in between: on a busy machine, too. */
	while (!atomic_load(&noise_over)) {
		refused_call();
		sched_yield();
	}
	return NULL;
}

/* Does a child end well that logs itself, and sets the log? */
static bool child_logs(void)
{
	int status = -1;
	pid_t pid = fork();

	if (!pid) {
		alarm(10);
		refused_call();
		_exit(devthp_log_set(NULL, NULL, 0) ? 1 : 0);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && !status;
}

static void forked(void)
{
	unsigned int i, good = 0;
	pthread_t thread;

	CHECK_CALL(devthp_log_set(slow_listener, NULL, DEVTHP_LOG_ERROR), 0);
	atomic_store(&messages, 0);
	CHECK_INT(pthread_create(&thread, NULL, make_noise, NULL), 0);
	while (!atomic_load(&messages))
		sched_yield();
	for (i = 0; i < ROUNDS && good == i; i++)
		good += child_logs();
	atomic_store(&noise_over, true);
	CHECK_INT(pthread_join(thread, NULL), 0);
	CHECK_INT(good, ROUNDS);
	CHECK_CALL(devthp_log_set(NULL, NULL, 0), 0);
}

/* Who is told may do that as well. */
static unsigned int good_children;

static void forking_listener(void *context, unsigned int level, const char *message)
{
	int status = -1;
	pid_t pid = fork();

	(void)level, (void)message;
	if (!pid) {
		*(bool *)context = true;	/* and on in the child */
		return;
	}
	good_children += pid > 0 && waitpid(pid, &status, 0) == pid && !status;
}

static void forked_by_listener(void)
{
	bool is_child = false;

	CHECK_CALL(devthp_log_set(forking_listener, &is_child, DEVTHP_LOG_ERROR), 0);
	refused_call();
	if (is_child) {
		alarm(10);
		_exit(devthp_log_set(slow_listener, NULL, DEVTHP_LOG_ERROR) ||
		      refused_call() != -EINVAL);
	}
	CHECK_INT(good_children, 1);
	CHECK(child_logs());
	CHECK_CALL(devthp_log_set(NULL, NULL, 0), 0);
}

static const struct tap_case cases[] = {
	{ "each thread with objects of its own", all_at_once },
	{ "each thread with many objects", many_objects },
	{ "many threads close one object", closed_twice },
	{ "a child of a thread while others log", forked },
	{ "a child of who is told", forked_by_listener },
};

TAP_MAIN(cases)
