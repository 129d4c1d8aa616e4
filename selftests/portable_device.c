// SPDX-License-Identifier: GPL-2.0
/*
 * The device itself, with any backend: opened, closed, by two at a time, emptied, and
 * with references that are held.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "common/harness.h"
#include "common/peer.h"
#include "common/portable.h"

/* Of a program that uses its device all the time. */
#define FORKS 10

/* More than a test has open. */
#define FILES 64

FIXTURE(any_device)
{
	struct sample sample;
	struct devthp_device *another;
};

FIXTURE_SETUP(any_device)
{
	SETUP_ANY_DEVICE(&self->sample, 2);
	ASSERT_RIGHT(sample_fill(&self->sample));
}

FIXTURE_TEARDOWN(any_device)
{
	devthp_device_close(self->another);
	sample_release(&self->sample);
}

static const char *all_goes(struct sample *sample)
{
	return goes(sample, 0, sample->pages, sample->pages);
}

#define NEED_SECOND_USER(self)							\
do {										\
	int open_err = devthp_device_open(&(self)->another, &(struct devthp_device_opts){ \
		.size = sizeof(struct devthp_device_opts), .minor = device_minor });	\
										\
	if (open_err == -EBUSY)							\
		SKIP(return, "the device is for one user at a time");		\
	ASSERT_EQ(0, open_err);							\
} while (0)

/* ---- Opening and closing ---- */

TEST_F(any_device, says_what_it_is)
{
	struct devthp_device_info info = { .size = sizeof(info) };

	ASSERT_EQ(0, devthp_device_query(self->sample.dev, &info));
	EXPECT_NE('\0', info.backend[0]);
	EXPECT_NE('\0', info.path[0]);
	EXPECT_LT(0, info.window_pages);
	EXPECT_NE(DEVTHP_CAP_PRIVATE | DEVTHP_CAP_COHERENT,
		  info.caps & (DEVTHP_CAP_PRIVATE | DEVTHP_CAP_COHERENT));
}

TEST_F(any_device, is_not_what_is_no_device)
{
	struct devthp_device_opts opts = { .size = sizeof(opts) };
	int err;

	opts.path = "/dev/null";
	EXPECT_GT(0, devthp_device_open(&self->another, &opts));
	opts.path = "/dev/no/such/device";
	EXPECT_EQ(-ENOENT, devthp_device_open(&self->another, &opts));
	opts.path = NULL;
	opts.minor = UINT32_MAX;
	err = devthp_device_open(&self->another, &opts);
	EXPECT_TRUE(err == -ENOENT || err == -ENXIO);
	EXPECT_EQ(NULL, self->another);
}

TEST_F(any_device, gives_all_back_when_it_is_closed)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(all_goes(sample));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_EQ(0, devthp_device_close(sample->dev));
	sample->dev = NULL;
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(sample_fill(sample));

	ASSERT_RIGHT(device_open(&sample->dev, device_minor));
	ASSERT_RIGHT(all_goes(sample));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(any_device, has_two_users)
{
	struct sample *sample = &self->sample;
	struct devthp_device *first = sample->dev;

	NEED_SECOND_USER(self);
	ASSERT_RIGHT(all_goes(sample));
	sample->dev = self->another;
	ASSERT_RIGHT(on_device(sample, 0, sample->pages, true));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_device_write(sample));
	sample->dev = first;
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_EQ(0, devthp_device_close(self->another));
	self->another = NULL;
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
}

/* What is another's memory is none of its own, but may be used. */
TEST_F(any_device, has_a_neighbour)
{
	struct sample *sample = &self->sample;
	struct devthp_device *first = sample->dev;
	int err;

	err = devthp_device_open(&self->another, &(struct devthp_device_opts){
		.size = sizeof(struct devthp_device_opts), .minor = device_minor + 1 });
	if (err == -ENOENT || err == -ENXIO)
		SKIP(return, "there is no second device");
	ASSERT_EQ(0, err);
	ASSERT_RIGHT(all_goes(sample));
	sample->dev = self->another;
	ASSERT_RIGHT(on_device(sample, 0, sample->pages, false));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_device_write(sample));

	/* It may take it all, or say that it does not. */
	ASSERT_RIGHT(sample_fill(sample));
	ASSERT_EQ(0, devthp_migrate_to_device(first, sample->addr, sample->pages, NULL));
	err = devthp_migrate_to_device(sample->dev, sample->addr, sample->pages, NULL);
	if (err != -ENOENT) {
		ASSERT_EQ(0, err);
		ASSERT_RIGHT(on_device(sample, 0, sample->pages, true));
	}
	ASSERT_RIGHT(sample_data(sample));
	sample->dev = first;
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
}

/* ---- Children ---- */

/* With a device of its own, as it inherits none that is for its memory. */
static const char *uses_its_own(struct sample *sample, struct peer *parent)
{
	devthp_device_close(sample->dev);
	sample->dev = NULL;
	sample->owner = getpid();
	CHECK(device_open(&sample->dev, device_minor));
	CHECK(sample_fill(sample));
	CHECK(goes(sample, 0, sample->pages, sample->pages));
	CHECK(peer_tell(parent));
	CHECK(peer_wait(parent));
	CHECK(sample_device_data(sample));
	CHECK(sample_device_write(sample));
	CHECK(sample_device_data(sample));
	return sample_data(sample);
}

TEST_F(any_device, has_a_user_in_a_child)
{
	struct sample *sample = &self->sample;
	struct peer child;

	NEED_SECOND_USER(self);
	ASSERT_RIGHT(all_goes(sample));
	ASSERT_RIGHT(peer_fork(&child, uses_its_own, sample));
	ASSERT_RIGHT(peer_wait(&child));
	/* test_hmm misses what is there, but was not looked at since the fork. */
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_EQ(0, devthp_migrate_to_device(sample->dev, sample->addr, sample->pages, NULL));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(peer_tell(&child));
	ASSERT_RIGHT(peer_end(&child));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
}

/* The device's file may be among them, and then it ends; other files get all numbers. */
static const char *closes_all_files(struct sample *sample, struct peer *parent)
{
	const struct rlimit limit = { FILES, FILES };
	int fd;

	devthp_device_close(sample->dev);
	sample->owner = getpid();
	CHECK(device_open(&sample->dev, device_minor));
	CHECK(sample_fill(sample));
	CHECK(goes(sample, 0, sample->pages, sample->pages));
	for (fd = STDERR_FILENO + 1; fd < FILES; fd++) {
		if (fd != parent->in && fd != parent->out)
			close(fd);
	}
	CHECK(went_well("limit files", setrlimit(RLIMIT_NOFILE, &limit) ? -errno : 0));
	while (open("/dev/zero", O_RDWR | O_CLOEXEC) >= 0)
		;
	return sample_data(sample);
}

TEST_F(any_device, has_a_user_that_closes_all_files)
{
	struct sample *sample = &self->sample;
	struct peer child;

	NEED_SECOND_USER(self);
	ASSERT_RIGHT(peer_fork(&child, closes_all_files, sample));
	ASSERT_RIGHT(peer_end(&child));
}

struct reading {
	struct devthp_device *dev;
	struct sample *sample;
	char *buffer;
	atomic_bool over;
	atomic_uint rounds;	/* that it has read all of it */
	int err;
};

static void *reads_on(void *arg)
{
	struct reading *reading = arg;
	const struct sample *sample = reading->sample;

	/* Who waits for a lock of the device may have it in between, to fork. */
	while (!atomic_load(&reading->over) && !reading->err) {
		reading->err = sample_device_reads(reading->dev, sample->addr, sample->pages,
						   reading->buffer);
		reading->rounds += !reading->err;
		sched_yield();
	}
	return NULL;
}

static const char *is_under_way(const struct reading *reading)
{
	const time_t limit = time(NULL) + PATIENCE;

	while (!reading->rounds) {
		if (time(NULL) >= limit)
			return wrong("a thread has not read by the device in %d s", PATIENCE);
		sched_yield();
	}
	return RIGHT;
}

/* If it waits for a thread that it does not have, it ends all the same. */
static const char *reads_in_time(struct sample *sample, struct peer *parent)
{
	alarm(PATIENCE);
	return peer_reads(sample, parent);
}

static const char *tells_and_reads(struct sample *sample, struct peer *parent)
{
	CHECK(peer_tell(parent));
	return reads_in_time(sample, parent);
}

TEST_F(any_device, is_forked_from_while_in_use)
{
	struct sample *sample = &self->sample;
	struct reading reading = { .sample = sample };
	const char *verdict;
	pthread_t thread;
	struct peer child;
	int i;

	NEED_SECOND_USER(self);
	ASSERT_RIGHT(all_goes(sample));
	reading.dev = self->another;
	reading.buffer = malloc(bytes_of(sample));
	ASSERT_NE(NULL, reading.buffer);
	ASSERT_EQ(0, pthread_create(&thread, NULL, reads_on, &reading));
	verdict = is_under_way(&reading);
	for (i = 0; i < FORKS && is_right(verdict); i++) {
		verdict = peer_fork(&child, reads_in_time, sample);
		if (is_right(verdict))
			verdict = peer_end(&child);
	}
	atomic_store(&reading.over, true);
	ASSERT_EQ(0, pthread_join(thread, NULL));
	free(reading.buffer);
	ASSERT_EQ(0, reading.err);
	ASSERT_RIGHT(verdict);
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
}

/* ---- Emptied ---- */

TEST_F(any_device, gives_up_its_memory)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(all_goes(sample));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_EQ(0, devthp_device_evict(sample->dev));
	ASSERT_RIGHT(on_device(sample, 0, sample->pages, false));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(all_goes(sample));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(any_device, is_drained)
{
	struct sample *sample = &self->sample;
	struct devthp_eviction report = { .size = sizeof(report) };

	ASSERT_EQ(0, devthp_device_drain(sample->dev, &report));
	ASSERT_EQ(0, report.left);
	ASSERT_RIGHT(all_goes(sample));
	ASSERT_EQ(0, devthp_device_drain(sample->dev, &report));
	EXPECT_EQ(sample->pages, report.evicted);
	EXPECT_EQ(0, report.left);
	ASSERT_RIGHT(on_device(sample, 0, sample->pages, false));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(any_device, knows_its_use)
{
	struct sample *sample = &self->sample;
	struct devthp_usage before = { .size = sizeof(before) }, after = before;
	uint64_t used;

	ASSERT_EQ(0, devthp_device_usage(sample->dev, &before));
	ASSERT_LE(before.pages_free, before.pages_total);
	ASSERT_RIGHT(sample_device_use(sample, &used));
	ASSERT_RIGHT(all_goes(sample));
	ASSERT_RIGHT(use_settles(sample, used + sample->pages));
	ASSERT_EQ(0, devthp_device_usage(sample->dev, &after));
	EXPECT_LE(before.allocated + sample->pages, after.allocated);

	/* What is unmapped there is free again, as what comes back. */
	ASSERT_RIGHT(sample_cut(sample, 0, sample->folio_pages, HOLE_UNMAPPED));
	ASSERT_RIGHT(use_settles(sample, used + sample->pages - sample->folio_pages));
	ASSERT_RIGHT(sample_bring_back(sample));
	ASSERT_RIGHT(use_settles(sample, used));
	ASSERT_EQ(0, devthp_device_usage(sample->dev, &after));
	EXPECT_LE(before.freed + sample->pages, after.freed);
}

/* ---- Held ---- */

static const char *held_is(int err, uint64_t held, uint64_t want)
{
	CHECK(went_well("hold, or let go", err));
	return held == want ? RIGHT : wrong("%llu pages; should be %llu",
					    (unsigned long long)held,
					    (unsigned long long)want);
}

static const char *hold(struct sample *sample, size_t first, size_t npages, uint64_t want)
{
	uint64_t held = 0;
	int err = devthp_device_hold(sample->dev, page_of(sample, first), npages, 0, &held);

	return held_is(err, held, want);
}

static const char *let_go(struct sample *sample, size_t first, size_t npages, uint64_t want)
{
	uint64_t held = 0;
	int err = devthp_device_unhold(sample->dev, page_of(sample, first), npages, &held);

	return held_is(err, held, want);
}

TEST_F(any_device, keeps_what_is_held)
{
	struct sample *sample = &self->sample;
	struct devthp_eviction report = { .size = sizeof(report) };

	ASSERT_RIGHT(fill_small(sample));
	ASSERT_RIGHT(all_goes(sample));
	ASSERT_RIGHT(hold(sample, 2, 3, 3));
	ASSERT_RIGHT(comes(sample, 0, 16, 13));
	ASSERT_RIGHT(on_device(sample, 2, 3, true));
	ASSERT_EQ(0, devthp_device_drain(sample->dev, &report));
	EXPECT_EQ(sample->pages - 16, report.evicted);
	EXPECT_EQ(3, report.left);
	ASSERT_RIGHT(on_device(sample, 2, 3, true));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(let_go(sample, 0, sample->pages, 3));
	ASSERT_RIGHT(let_go(sample, 0, sample->pages, 0));
	ASSERT_RIGHT(comes(sample, 0, 16, 3));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(any_device, keeps_what_is_held_of_a_folio)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(all_goes(sample));
	ASSERT_RIGHT(hold(sample, 2, 1, 1));
	ASSERT_EQ(0, devthp_migrate_to_system(sample->dev, sample->addr, sample->pages,
					      NULL));
	ASSERT_RIGHT(on_device(sample, 2, 1, true));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(let_go(sample, 2, 1, 1));
	ASSERT_EQ(0, devthp_migrate_to_system(sample->dev, sample->addr, sample->pages,
					      NULL));
	ASSERT_RIGHT(on_device(sample, 0, sample->pages, false));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(any_device, lets_go_as_often_as_it_has_held)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(fill_small(sample));
	ASSERT_RIGHT(goes(sample, 0, 4, 4));
	ASSERT_RIGHT(hold(sample, 0, 8, 4));
	ASSERT_RIGHT(hold(sample, 1, 1, 1));
	ASSERT_RIGHT(let_go(sample, 0, 8, 5));
	ASSERT_RIGHT(comes(sample, 0, 4, 4));
	ASSERT_RIGHT(hold(sample, 0, 4, 0));
	ASSERT_RIGHT(sample_data(sample));
}

/* Of a huge folio that is cut somebody takes the rest in hand, to split it. */
TEST_F(any_device, holds_nothing_where_nothing_is)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(fill_small(sample));
	ASSERT_RIGHT(all_goes(sample));
	ASSERT_RIGHT(sample_cut(sample, 1, 2, HOLE_UNMAPPED));
	ASSERT_RIGHT(hold(sample, 0, 4, 2));
	ASSERT_RIGHT(let_go(sample, 0, 4, 2));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(any_device, lets_go_of_what_is_unmapped)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(all_goes(sample));
	ASSERT_RIGHT(hold(sample, 0, 4, 4));
	ASSERT_RIGHT(sample_cut(sample, 1, 2, HOLE_UNMAPPED));
	ASSERT_RIGHT(let_go(sample, 0, 4, 4));
	ASSERT_RIGHT(let_go(sample, 0, 4, 0));
	ASSERT_RIGHT(sample_data(sample));
}

/* The child may have to wait until its parent has let go, and then gets on. */
TEST_F(any_device, is_shared_while_it_holds)
{
	struct sample *sample = &self->sample;
	struct peer child;

	ASSERT_RIGHT(all_goes(sample));
	ASSERT_RIGHT(hold(sample, 0, 8, 8));
	ASSERT_RIGHT(peer_fork(&child, tells_and_reads, sample));
	ASSERT_RIGHT(peer_wait(&child));
	ASSERT_RIGHT(let_go(sample, 0, 8, 8));
	ASSERT_RIGHT(peer_end(&child));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(any_device, lets_go_when_it_is_closed)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(all_goes(sample));
	ASSERT_RIGHT(hold(sample, 0, 8, 8));
	ASSERT_EQ(0, devthp_device_close(sample->dev));
	sample->dev = NULL;
	ASSERT_RIGHT(sample_data(sample));
}

TEST_HARNESS_MAIN
