// SPDX-License-Identifier: GPL-2.0
/*
 * The driver holds references to its own memory, as it does for I/O under way.
 * A folio that is held moves nowhere and is not split; who needs it waits, asleep,
 * and can be killed; nothing is lost, and all goes well once it is let go of.
 */
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/baseline.h"
#include "common/driver.h"
#include "common/form.h"
#include "common/harness.h"
#include "common/need.h"
#include "common/pin.h"
#include "common/retries.h"
#include "common/settle.h"
#include "common/still.h"
#include "common/textfile.h"

/* ---- Somebody who touches what is held ---- */

typedef const char *touch(struct sample *sample, size_t page);

static const char *touch_by_reading(struct sample *sample, size_t page)
{
	return sample_access(sample, page, ACCESS_READ);
}

static const char *touch_by_writing(struct sample *sample, size_t page)
{
	return sample_access(sample, page, ACCESS_WRITE);
}

static const char *touch_by_kernel(struct sample *sample, size_t page)
{
	return sample_access(sample, page, ACCESS_KERNEL_READ);
}

static const char *touch_by_kernel_write(struct sample *sample, size_t page)
{
	return sample_access(sample, page, ACCESS_KERNEL_WRITE);
}

static const char *touch_by_pin(struct sample *sample, size_t page)
{
	return gup_and_put(PIN_USER_PAGES_FAST, page_of(sample, page), 1, 1);
}

/*
 * It asks the kernel to bring the page back. It does so again when it is told
 * that it has taken too long.
 */
static const char *touch_by_another_device(struct sample *sample, size_t page)
{
	struct devthp_device *dev;
	int err;

	CHECK(device_open(&dev, 1));
	do {
		err = devthp_device_read(dev, page_of(sample, page), 1,
					 sample->buffer, NULL);
	} while (err == -EBUSY);
	devthp_device_close(dev);
	return went_well("read by another device", err);
}

struct toucher {
	touch *touch;
	struct sample *sample;
	size_t page;
	pthread_t thread;
	atomic_int tid;
	atomic_bool done;
	char verdict[512];
};

static void *toucher_life(void *arg)
{
	struct toucher *toucher = arg;

	atomic_store(&toucher->tid, syscall(SYS_gettid));
	snprintf(toucher->verdict, sizeof(toucher->verdict), "%s",
		 toucher->touch(toucher->sample, toucher->page));
	atomic_store(&toucher->done, true);
	return NULL;
}

static const char *toucher_start(struct toucher *toucher, touch *touch,
				 struct sample *sample, size_t page)
{
	*toucher = (struct toucher){
		.touch = touch, .sample = sample, .page = page,
	};
	return went_well("make a thread",
			 -pthread_create(&toucher->thread, NULL, toucher_life,
					 toucher));
}

static const char *toucher_end(struct toucher *toucher)
{
	pthread_join(toucher->thread, NULL);
	return toucher->verdict;
}

static const char *toucher_waits(struct toucher *toucher)
{
	while (!atomic_load(&toucher->tid))
		sched_yield();
	return sleeps_and_retries(toucher->tid, &toucher->done);
}

static const char *in_use_are(int driver, uint64_t want)
{
	uint64_t in_use;

	CHECK(driver_in_use(driver, &in_use));
	if (in_use != want)
		return wrong("%llu pages of the device are in use; should be %llu",
			     (unsigned long long)in_use,
			     (unsigned long long)want);
	return RIGHT;
}

/* ---- Held by the page ---- */

FIXTURE(held)
{
	struct baseline baseline;
	struct sample sample;
	struct devthp_snapshot *before;
	int driver;
	uint64_t in_use;	/* device memory, before */
	size_t first, npages;	/* of the sample, that are held */
};

/* Pages are numbered by 1/512 of a folio; 0 of them are one. */
FIXTURE_VARIANT(held)
{
	enum form form;
	size_t page, npages;
	touch *touch;		/* of who has to wait */
};

#define VARIANT(name, ...) FIXTURE_VARIANT_ADD(held, name) { __VA_ARGS__ }

VARIANT(page, .form = FORM_WHOLE, .page = 300, .touch = touch_by_reading);
VARIANT(all, .form = FORM_WHOLE, .npages = 512, .touch = touch_by_kernel);
VARIANT(by_pages, .form = FORM_BY_PAGES, .page = 300,
	.touch = touch_by_writing);
VARIANT(by_pages_all, .form = FORM_BY_PAGES, .npages = 512,
	.touch = touch_by_kernel_write);
VARIANT(small, .form = FORM_SMALL, .page = 300, .touch = touch_by_pin);

FIXTURE_SETUP(held)
{
	struct sample *sample = &self->sample;

	self->driver = -1;
	NEED(driver_needed);
	ASSERT_RIGHT(baseline_take(&self->baseline));
	SETUP_SAMPLE(sample, 1);
	ASSERT_RIGHT(driver_open(&self->driver));
	ASSERT_RIGHT(driver_in_use(self->driver, &self->in_use));
	ASSERT_RIGHT(sample_fill_whole(sample));
	ASSERT_RIGHT(form_to_device(sample, variant->form));
	self->first = variant->page * sample->folio_pages / 512;
	self->npages = variant->npages * sample->folio_pages / 512;
	if (!self->npages)
		self->npages = 1;
	ASSERT_RIGHT(driver_hold(self->driver, page_of(sample, self->first),
				 self->npages));
	ASSERT_RIGHT(still_begin(sample, &self->before));
}

FIXTURE_TEARDOWN(held)
{
	if (self->driver >= 0)
		close(self->driver);
	devthp_snapshot_free(self->before);
	sample_release(&self->sample);
	TEARDOWN_BASELINE(&self->baseline);
}

static const char *let_go(FIXTURE_DATA(held) *self)
{
	return driver_let_go(self->driver, page_of(&self->sample, self->first),
			     self->npages, self->npages);
}

/* Pages that nobody can have while some of their folio are held. */
static void kept(const FIXTURE_DATA(held) *self,
		 const FIXTURE_VARIANT(held) *variant, size_t *first,
		 size_t *npages)
{
	*first = variant->form == FORM_SMALL ? self->first : 0;
	*npages = variant->form == FORM_SMALL ? self->npages :
						self->sample.pages;
}

struct kept_pages {
	const FIXTURE_DATA(held) *self;
	const FIXTURE_VARIANT(held) *variant;
};

static const char *kept_is_still_mapped(const void *arg)
{
	const struct kept_pages *pages = arg;
	size_t first, npages;

	kept(pages->self, pages->variant, &first, &npages);
	return still_mapped(&pages->self->sample, first, npages,
			    pages->self->before);
}

/* But for a moment, if somebody tries. */
static const char *stays(const FIXTURE_DATA(held) *self,
			 const FIXTURE_VARIANT(held) *variant)
{
	const struct kept_pages pages = { self, variant };

	return settles(kept_is_still_mapped, &pages);
}

/* Counters of the device go back some time after the last user is gone. */
static const char *device_memory_is_free(const void *arg)
{
	const FIXTURE_DATA(held) *self = arg;

	return in_use_are(self->driver, self->in_use);
}

static void comes_back(struct __test_metadata *_metadata,
		       FIXTURE_DATA(held) *self,
		       const FIXTURE_VARIANT(held) *variant)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(sample_to_system(sample));
	ASSERT_RIGHT(layout_of_all(sample, variant->form == FORM_WHOLE ?
				   whole(DEVTHP_LOC_SYSTEM, 1) :
				   small(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(settles(device_memory_is_free, self));
}

TEST_F(held, stays_where_it_is)
{
	struct devthp_migration moved = { .size = sizeof(moved) };
	struct sample *sample = &self->sample;
	size_t first, npages;

	kept(self, variant, &first, &npages);
	devthp_migrate_to_system(sample->dev, sample->addr, sample->pages,
				 &moved);
	ASSERT_RIGHT(stays(self, variant));
	ASSERT_EQ(sample->pages - npages, moved.pages);
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(let_go(self));
	ASSERT_EQ(0, devthp_migrate_to_system(sample->dev, sample->addr,
					      sample->pages, NULL));
	ASSERT_RIGHT(layout_of_all(sample, variant->form == FORM_WHOLE ?
				   whole(DEVTHP_LOC_SYSTEM, 1) :
				   small(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(settles(device_memory_is_free, self));
}

/* Half of it is wanted, one that is not held if there is one. */
TEST_F(held, is_not_split)
{
	struct sample *sample = &self->sample;
	const size_t half = sample->pages / 2;
	const size_t first = self->first < half ? half : 0;
	struct devthp_counters *before, *after;
	int64_t splits;

	ASSERT_EQ(0, devthp_counters_take(&before));
	devthp_migrate_to_system(sample->dev, page_of(sample, first), half,
				 NULL);
	ASSERT_RIGHT(stays(self, variant));
	ASSERT_EQ(0, devthp_counters_take(&after));
	if (!devthp_counters_delta(before, after, DEVTHP_COUNT_SPLIT, &splits))
		EXPECT_EQ(0, splits);
	devthp_counters_free(before);
	devthp_counters_free(after);
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(let_go(self));
	ASSERT_EQ(0, devthp_migrate_to_system(sample->dev,
					      page_of(sample, first), half,
					      NULL));
	ASSERT_RIGHT(layout_of(sample, first, half,
			       small(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(sample_data(sample));
}

/* There are only small pages for it: the split must leave it as it was. */
TEST_F(held, is_not_split_for_want_of_huge_memory)
{
	struct sample *sample = &self->sample;

	ASSERT_EQ(0, devthp_device_fail_alloc(sample->dev, 1));
	devthp_migrate_to_system(sample->dev, sample->addr, sample->pages,
				 NULL);
	ASSERT_EQ(0, devthp_device_fail_alloc(sample->dev, 0));
	ASSERT_RIGHT(stays(self, variant));
	ASSERT_RIGHT(let_go(self));
	if (variant->form != FORM_SMALL)
		comes_back(_metadata, self, variant);
}

/* Neither for want of others' memory, nor because another file is closed. */
TEST_F(held, is_not_evicted)
{
	int another;

	ASSERT_RIGHT(driver_evict(self->driver));
	ASSERT_RIGHT(stays(self, variant));
	ASSERT_RIGHT(driver_open(&another));
	close(another);
	ASSERT_RIGHT(stays(self, variant));
	ASSERT_RIGHT(let_go(self));
	ASSERT_RIGHT(driver_evict(self->driver));
	ASSERT_RIGHT(layout_of_all(&self->sample, variant->form == FORM_WHOLE ?
				   whole(DEVTHP_LOC_SYSTEM, 1) :
				   small(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(sample_data(&self->sample));
	ASSERT_RIGHT(settles(device_memory_is_free, self));
}

TEST_F(held, keeps_who_touches_it_waiting)
{
	struct sample *sample = &self->sample;
	struct toucher toucher;
	const char *verdict;

	NEED(pin_needed, PIN_SLOW);
	ASSERT_RIGHT(toucher_start(&toucher, variant->touch, sample,
				   self->first));
	verdict = toucher_waits(&toucher);
	if (is_right(verdict))
		verdict = stays(self, variant);
	EXPECT_RIGHT(verdict);
	EXPECT_RIGHT(let_go(self));
	ASSERT_RIGHT(toucher_end(&toucher));
	ASSERT_RIGHT(layout_of(sample, self->first, 1,
			       variant->form == FORM_WHOLE ?
			       whole(DEVTHP_LOC_SYSTEM, 1) :
			       small(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(settles(device_memory_is_free, self));
}

/* The memory of who unmaps it goes when the driver lets go, not before. */
TEST_F(held, outlives_its_mapping)
{
	struct sample *sample = &self->sample;
	uint64_t in_use;

	ASSERT_RIGHT(sample_cut(sample, 0, sample->pages, HOLE_DROPPED));
	ASSERT_RIGHT(driver_in_use(self->driver, &in_use));
	ASSERT_LE(self->in_use + self->npages, in_use);
	ASSERT_RIGHT(sample_dropped_are_zero(sample));
	ASSERT_RIGHT(let_go(self));
	ASSERT_RIGHT(settles(device_memory_is_free, self));
}

static const char *only_the_rest_is_in_use(const void *arg)
{
	const FIXTURE_DATA(held) *self = arg;

	return in_use_are(self->driver, self->in_use + self->sample.pages / 2);
}

/* What is left over of it is given back as well, if later. */
TEST_F(held, outlives_half_of_its_mapping)
{
	struct sample *sample = &self->sample;
	const size_t half = sample->pages / 2;
	uint64_t in_use;

	ASSERT_RIGHT(sample_cut(sample, half, half, HOLE_DROPPED));
	ASSERT_RIGHT(driver_in_use(self->driver, &in_use));
	ASSERT_LE(self->in_use + half, in_use);
	ASSERT_RIGHT(let_go(self));
	ASSERT_RIGHT(settles(only_the_rest_is_in_use, self));
	ASSERT_RIGHT(sample_dropped_are_zero(sample));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(settles(device_memory_is_free, self));
}

/* References are counted: each has to go. */
TEST_F(held, is_held_more_than_once)
{
	struct sample *sample = &self->sample;
	char *addr = page_of(sample, self->first);

	ASSERT_RIGHT(driver_hold(self->driver, addr, 1));
	ASSERT_RIGHT(driver_hold(self->driver, addr, 1));
	ASSERT_RIGHT(driver_let_go(self->driver, addr, self->npages,
				   self->npages + 2));
	ASSERT_RIGHT(driver_let_go(self->driver, addr, self->npages, 0));
	comes_back(_metadata, self, variant);
}

/* ---- Who waits may be killed, and is in nobody's way ---- */

FIXTURE(waiting)
{
	struct baseline baseline;
	struct sample sample;
	int driver;
};

FIXTURE_VARIANT(waiting)
{
	touch *touch;
};

FIXTURE_VARIANT_ADD(waiting, to_read) { .touch = touch_by_reading };
FIXTURE_VARIANT_ADD(waiting, to_write) { .touch = touch_by_writing };
FIXTURE_VARIANT_ADD(waiting, in_kernel) { .touch = touch_by_kernel };
FIXTURE_VARIANT_ADD(waiting, in_kernel_to_write) {
	.touch = touch_by_kernel_write
};
FIXTURE_VARIANT_ADD(waiting, to_pin) { .touch = touch_by_pin };
FIXTURE_VARIANT_ADD(waiting, by_another_device) {
	.touch = touch_by_another_device
};

FIXTURE_SETUP(waiting)
{
	self->driver = -1;
	NEED(driver_needed);
	NEED(pin_needed, PIN_SLOW);
	ASSERT_RIGHT(baseline_take(&self->baseline));
	SETUP_SAMPLE_ON_DEVICE(&self->sample, 1);
	ASSERT_RIGHT(driver_open(&self->driver));
	ASSERT_RIGHT(driver_hold(self->driver, self->sample.addr, 1));
}

FIXTURE_TEARDOWN(waiting)
{
	if (self->driver >= 0)
		close(self->driver);
	sample_release(&self->sample);
	TEARDOWN_BASELINE(&self->baseline);
}

static const char *ended(pid_t pid, int *status)
{
	const time_t limit = time(NULL) + PATIENCE;

	while (waitpid(pid, status, WNOHANG) != pid) {
		if (time(NULL) >= limit)
			return wrong("who needs what is held did not end in %d s",
				     PATIENCE);
		sched_yield();
	}
	return RIGHT;
}

static const char *dies(pid_t pid)
{
	int status;

	if (kill(pid, SIGKILL))
		return went_well("kill", -errno);
	CHECK(ended(pid, &status));
	if (!WIFSIGNALED(status))
		return wrong("who touches what is held ended with status %#x",
			     status);
	return RIGHT;
}

TEST_F(waiting, can_be_killed)
{
	struct sample *sample = &self->sample;
	const char *verdict;
	pid_t pid = fork();

	ASSERT_LE(0, pid);
	if (!pid) {
		variant->touch(sample, sample->folio_pages / 2);
		_exit(0);
	}
	verdict = sleeps_and_retries(pid, NULL);
	if (is_right(verdict))
		verdict = dies(pid);
	EXPECT_RIGHT(verdict);
	ASSERT_RIGHT(driver_let_go(self->driver, sample->addr, 1, 1));
	if (!is_right(verdict))
		waitpid(pid, NULL, 0);
	ASSERT_RIGHT(layout_of_all(sample, whole(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(sample_data(sample));
}

static void *map_and_unmap(void *arg)
{
	atomic_bool *done = arg;
	void *addr = mmap(NULL, devthp_page_size(), PROT_READ,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(addr, devthp_page_size());
	atomic_store(done, true);
	return NULL;
}

/* Nobody else in that process waits: its address space is not locked. */
TEST_F(waiting, lets_others_map)
{
	struct sample *sample = &self->sample;
	const time_t limit = time(NULL) + PATIENCE;
	atomic_bool done = false;
	struct toucher toucher;
	pthread_t mapper;
	const char *verdict;
	bool in_time;

	ASSERT_RIGHT(toucher_start(&toucher, variant->touch, sample, 1));
	verdict = toucher_waits(&toucher);
	pthread_create(&mapper, NULL, map_and_unmap, &done);
	while (!atomic_load(&done) && time(NULL) < limit)
		sched_yield();
	in_time = atomic_load(&done);
	EXPECT_RIGHT(verdict);
	EXPECT_RIGHT(driver_let_go(self->driver, sample->addr, 1, 1));
	pthread_join(mapper, NULL);
	ASSERT_RIGHT(toucher_end(&toucher));
	ASSERT_TRUE(in_time);
	ASSERT_RIGHT(layout_of_all(sample, whole(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(sample_data(sample));
}

/* ---- Who holds it ends ---- */

FIXTURE(holder)
{
	struct baseline baseline;
	struct sample sample;
	int driver;
	uint64_t in_use;
};

/* No signal reaches who does not look for one, or who is on its way out. */
FIXTURE_VARIANT(holder)
{
	int signal;
	bool robust;		/* has a robust futex in what it holds */
	int futex_op;		/* waits for what it holds by this one; -1: not */
};

#define HOLDER(name, ...) FIXTURE_VARIANT_ADD(holder, name) { __VA_ARGS__ }

HOLDER(exits, .futex_op = -1);
HOLDER(is_killed, .futex_op = -1, .signal = SIGKILL);
HOLDER(exits_with_a_futex_there, .futex_op = -1, .robust = true);
HOLDER(is_killed_with_a_futex_there, .futex_op = -1, .robust = true,
       .signal = SIGKILL);
HOLDER(waits_to_lock_a_futex_there, .futex_op = FUTEX_LOCK_PI,
       .signal = SIGKILL);
HOLDER(waits_to_change_a_futex_there, .futex_op = FUTEX_WAKE_OP,
       .signal = SIGKILL);

FIXTURE_SETUP(holder)
{
	self->driver = -1;
	NEED(driver_needed);
	ASSERT_RIGHT(baseline_take(&self->baseline));
	SETUP_SAMPLE(&self->sample, 1);
	ASSERT_RIGHT(driver_open(&self->driver));
	ASSERT_RIGHT(driver_in_use(self->driver, &self->in_use));
}

FIXTURE_TEARDOWN(holder)
{
	if (self->driver >= 0)
		close(self->driver);
	sample_release(&self->sample);
	TEARDOWN_BASELINE(&self->baseline);
}

static struct robust_list_head robust;

/* The kernel looks there when the thread ends. */
static const char *put_robust_futex(struct sample *sample)
{
	struct robust_list *entry = (void *)sample->addr;
	uint32_t *futex = (void *)(entry + 1);

	entry->next = &robust.list;
	*futex = syscall(SYS_gettid);
	robust.list.next = entry;
	robust.futex_offset = sizeof(*entry);
	if (syscall(SYS_set_robust_list, &robust, sizeof(robust)))
		return went_well("set_robust_list", -errno);
	return RIGHT;
}

/* The child has handles of its own: those of the parent mirror the parent. */
static const char *hold_own(struct sample *sample, bool with_robust_futex)
{
	int driver;

	CHECK(device_open(&sample->dev, 0));
	sample->owner = getpid();
	CHECK(sample_fill_whole(sample));
	if (with_robust_futex)
		CHECK(put_robust_futex(sample));
	CHECK(sample_to_device_whole(sample));
	CHECK(driver_open(&driver));
	CHECK(driver_hold(driver, sample->addr, sample->pages));
	return driver_hold(driver, sample->addr, 1);
}

/* Tells by the pipe when it is about to end, or to wait. */
static const char *hold_and_end(struct sample *sample,
				const FIXTURE_VARIANT(holder) *variant, int pipe)
{
	CHECK(hold_own(sample, variant->robust));
	if (write(pipe, "", 1) != 1)
		return went_well("write to a pipe", -errno);
	if (variant->futex_op >= 0) {
		syscall(SYS_futex, variant->futex_op == FUTEX_WAKE_OP ?
			sample->buffer : sample->addr,
			variant->futex_op | FUTEX_PRIVATE_FLAG, 0, NULL,
			sample->addr,
			FUTEX_OP(FUTEX_OP_ADD, 0, FUTEX_OP_CMP_EQ, 0));
		return wrong("it has got what it holds: %s", strerror(errno));
	}
	if (variant->signal)
		raise(variant->signal);
	return RIGHT;
}

static const char *nothing_is_left(const void *arg)
{
	const FIXTURE_DATA(holder) *self = arg;

	return in_use_are(self->driver, self->in_use);
}

TEST_F(holder, leaves_nothing_behind)
{
	int status, ends[2];
	char nothing;
	pid_t pid;

	ASSERT_EQ(0, pipe(ends));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		const char *verdict = hold_and_end(&self->sample, variant,
						   ends[1]);

		if (!is_right(verdict))
			TH_LOG("%s", verdict);
		_exit(!is_right(verdict));
	}
	close(ends[1]);
	ASSERT_EQ(1, read(ends[0], &nothing, 1));
	close(ends[0]);
	if (variant->futex_op >= 0) {
		ASSERT_RIGHT(sleeps_and_retries(pid, NULL));
		ASSERT_EQ(0, kill(pid, SIGKILL));
	}
	ASSERT_RIGHT(ended(pid, &status));
	ASSERT_EQ(variant->signal, status);
	ASSERT_RIGHT(settles(nothing_is_left, self));
}

TEST_HARNESS_MAIN
