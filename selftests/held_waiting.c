// SPDX-License-Identifier: GPL-2.0
/*
 * Who needs memory that the driver holds waits, asleep, until it lets go; may be
 * killed; and is in nobody's way.
 */
#include <errno.h>
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

FIXTURE(waiting)
{
	struct baseline baseline;
	struct sample sample;
	struct devthp_device *driver;
	uint64_t in_use;	/* device memory, before */
	size_t first, npages;	/* of the sample, that are held */
};

/* Pages are numbered by 1/512 of a folio; 0 of them are one. */
FIXTURE_VARIANT(waiting)
{
	enum form form;
	size_t page, npages;	/* that are held */
	touch *touch;
};

#define VARIANT(name, ...) FIXTURE_VARIANT_ADD(waiting, name) { __VA_ARGS__ }

VARIANT(to_read, .form = FORM_WHOLE, .page = 300, .touch = touch_by_reading);
VARIANT(to_write, .form = FORM_WHOLE, .touch = touch_by_writing);
VARIANT(in_kernel, .form = FORM_WHOLE, .npages = 512, .touch = touch_by_kernel);
VARIANT(in_kernel_to_write, .form = FORM_WHOLE,
	.touch = touch_by_kernel_write);
VARIANT(to_pin, .form = FORM_WHOLE, .touch = touch_by_pin);
VARIANT(by_another_device, .form = FORM_WHOLE,
	.touch = touch_by_another_device);
VARIANT(by_pages, .form = FORM_BY_PAGES, .page = 300,
	.touch = touch_by_writing);
VARIANT(by_pages_all, .form = FORM_BY_PAGES, .npages = 512,
	.touch = touch_by_kernel_write);
VARIANT(small, .form = FORM_SMALL, .page = 300, .touch = touch_by_pin);

FIXTURE_SETUP(waiting)
{
	struct sample *sample = &self->sample;

	NEED(driver_needed);
	NEED(pin_needed, PIN_SLOW);
	SETUP_BASELINE(&self->baseline);
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
}

FIXTURE_TEARDOWN(waiting)
{
	devthp_device_close(self->driver);
	sample_release(&self->sample);
	TEARDOWN_BASELINE(&self->baseline);
}

static const char *let_go(FIXTURE_DATA(waiting) *self)
{
	return driver_let_go(self->driver, page_of(&self->sample, self->first),
			     self->npages, self->npages);
}

static const char *device_memory_is_free(const void *arg)
{
	const FIXTURE_DATA(waiting) *self = arg;

	return driver_in_use_is(self->driver, self->in_use);
}

/* What was touched is back, as large as it was; nothing is lost. */
static void has_come_back(struct __test_metadata *_metadata,
			  FIXTURE_DATA(waiting) *self,
			  const FIXTURE_VARIANT(waiting) *variant)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(layout_of(sample, self->first, 1,
			       variant->form == FORM_WHOLE ?
			       whole(DEVTHP_LOC_SYSTEM, 1) :
			       small(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(settles(device_memory_is_free, self));
}

TEST_F(waiting, has_it_in_the_end)
{
	struct sample *sample = &self->sample;
	struct toucher toucher;

	ASSERT_RIGHT(toucher_start(&toucher, variant->touch, sample,
				   self->first));
	EXPECT_RIGHT(toucher_waits(&toucher));
	EXPECT_RIGHT(form_settles(sample, variant->form));
	EXPECT_RIGHT(let_go(self));
	ASSERT_RIGHT(toucher_end(&toucher));
	has_come_back(_metadata, self, variant);
}

static const char *dies(pid_t pid)
{
	int status;

	if (kill(pid, SIGKILL))
		return went_well("kill", -errno);
	CHECK(waiter_ended(pid, &status));
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
		variant->touch(sample, self->first);
		_exit(0);
	}
	verdict = sleeps_and_retries(pid, NULL);
	if (is_right(verdict))
		verdict = dies(pid);
	EXPECT_RIGHT(verdict);
	ASSERT_RIGHT(let_go(self));
	if (!is_right(verdict))
		waitpid(pid, NULL, 0);
	ASSERT_RIGHT(form_is_kept(sample, variant->form));
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
	atomic_bool done = false;
	struct toucher toucher;
	pthread_t mapper;
	const char *verdict;
	bool in_time;
	time_t limit;

	ASSERT_RIGHT(toucher_start(&toucher, variant->touch, sample,
				   self->first));
	verdict = toucher_waits(&toucher);
	pthread_create(&mapper, NULL, map_and_unmap, &done);
	limit = time(NULL) + PATIENCE;
	while (!atomic_load(&done) && time(NULL) < limit)
		sched_yield();
	in_time = atomic_load(&done);
	EXPECT_RIGHT(verdict);
	EXPECT_RIGHT(let_go(self));
	pthread_join(mapper, NULL);
	ASSERT_RIGHT(toucher_end(&toucher));
	ASSERT_TRUE(in_time);
	has_come_back(_metadata, self, variant);
}

TEST_HARNESS_MAIN
