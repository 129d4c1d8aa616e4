// SPDX-License-Identifier: GPL-2.0
/*
 * The process that holds memory of its own, through a driver, ends: no signal
 * reaches who does not look for one, or who is on its way out. Nothing is left.
 * But a thread that ends alone has others waiting for what it writes then.
 */
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/baseline.h"
#include "common/driver.h"
#include "common/harness.h"
#include "common/need.h"
#include "common/retries.h"
#include "common/settle.h"
#include "common/textfile.h"

FIXTURE(holder)
{
	struct baseline baseline;
	struct sample sample;
	struct devthp_device *driver;
	uint64_t in_use;
};

FIXTURE_VARIANT(holder)
{
	int signal;
	bool robust;		/* has a robust futex in what it holds */
	int futex_op;		/* waits for what it holds by this one; -1: not */
	bool execs;		/* another thread executes a program */
	bool dumps;		/* leaves a core */
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
HOLDER(dumps_core, .futex_op = -1, .dumps = true, .signal = SIGABRT);
HOLDER(executes_with_a_futex_there, .futex_op = -1, .robust = true,
       .execs = true);

FIXTURE_SETUP(holder)
{
	NEED(driver_needed);
	SETUP_BASELINE(&self->baseline);
	SETUP_SAMPLE(&self->sample, 1);
	ASSERT_RIGHT(driver_open(&self->driver));
	ASSERT_RIGHT(driver_in_use(self->driver, &self->in_use));
}

FIXTURE_TEARDOWN(holder)
{
	devthp_device_close(self->driver);
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
	struct devthp_device *driver;

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

/* It waits for all other threads of the process to end. */
static void *execute_itself(void *arg)
{
	const int null = open("/dev/null", O_WRONLY);

	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	execl("/proc/self/exe", "held_ends", "-l", NULL);
	_exit(1);
}

static const char *have_another_execute(void)
{
	pthread_t thread;

	CHECK(went_well("create a thread",
			-pthread_create(&thread, NULL, execute_itself, NULL)));
	for (;;)
		pause();
}

#define CORE "/tmp/devthp.core"

static const struct rlimit no_limit = { RLIM_INFINITY, RLIM_INFINITY };

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
	if (variant->dumps && setrlimit(RLIMIT_CORE, &no_limit))
		return went_well("allow a core", -errno);
	if (variant->signal)
		raise(variant->signal);
	if (variant->execs)
		return have_another_execute();
	return RIGHT;
}

static const char *nothing_is_left(const void *arg)
{
	const FIXTURE_DATA(holder) *self = arg;

	return driver_in_use_is(self->driver, self->in_use);
}

TEST_F(holder, leaves_nothing_behind)
{
	struct setting pattern = { 0 };
	int status, ends[2];
	char nothing;
	pid_t pid;

	if (variant->dumps)
		ASSERT_RIGHT(setting_change(&pattern, "/proc/sys/kernel/core_pattern",
					    CORE));
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
	ASSERT_RIGHT(waiter_ended(pid, &status));
	setting_restore(&pattern);
	unlink(CORE);
	ASSERT_EQ(variant->dumps, !!WCOREDUMP(status));
	/* The program that it executes lists its tests, and says so. */
	ASSERT_EQ(variant->execs ? KSFT_SKIP << 8 : variant->signal,
		  status & ~WCOREFLAG);
	ASSERT_RIGHT(settles(nothing_is_left, self));
}

/* ---- A thread ends, in memory that is held ---- */

FIXTURE(leaver)
{
	struct baseline baseline;
	struct sample sample;
	struct devthp_device *driver;
	atomic_int tid;
	atomic_bool may_leave;
};

FIXTURE_SETUP(leaver)
{
	NEED(driver_needed);
	SETUP_BASELINE(&self->baseline);
	SETUP_SAMPLE(&self->sample, 1);
	ASSERT_RIGHT(driver_open(&self->driver));
	ASSERT_RIGHT(sample_fill_whole(&self->sample));
}

FIXTURE_TEARDOWN(leaver)
{
	devthp_device_close(self->driver);
	sample_release(&self->sample);
	TEARDOWN_BASELINE(&self->baseline);
}

/* The word that tells who joins a thread that it is gone: behind the futex. */
static uint32_t *tid_word(struct sample *sample)
{
	return (uint32_t *)(sample->addr + devthp_page_size());
}

static uint32_t *futex_word(struct sample *sample)
{
	return (uint32_t *)(sample->addr + sizeof(struct robust_list));
}

static void *live_and_leave(void *arg)
{
	FIXTURE_DATA(leaver) *self = arg;

	*tid_word(&self->sample) = 1;
	syscall(SYS_set_tid_address, tid_word(&self->sample));
	if (!is_right(put_robust_futex(&self->sample)))
		return NULL;
	atomic_store(&self->tid, syscall(SYS_gettid));
	while (!atomic_load(&self->may_leave))
		sched_yield();
	return NULL;
}

static const char *has_left_word(const void *arg)
{
	const FIXTURE_DATA(leaver) *self = arg;
	struct sample *sample = (struct sample *)&self->sample;

	if (*(volatile uint32_t *)tid_word(sample))
		return wrong("who joins the thread still waits");
	if (!(*(volatile uint32_t *)futex_word(sample) & FUTEX_OWNER_DIED))
		return wrong("who waits for its futex is not told that it died");
	return RIGHT;
}

TEST_F(leaver, writes_what_it_has_to)
{
	struct sample *sample = &self->sample;
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, live_and_leave, self));
	ASSERT_EQ(0, pthread_detach(thread));
	while (!atomic_load(&self->tid))
		sched_yield();
	ASSERT_RIGHT(sample_to_device_whole(sample));
	ASSERT_RIGHT(driver_hold(self->driver, sample->addr, sample->pages));
	atomic_store(&self->may_leave, true);
	ASSERT_RIGHT(sleeps_and_retries(atomic_load(&self->tid), NULL));
	ASSERT_RIGHT(driver_let_go(self->driver, sample->addr, sample->pages,
				   sample->pages));
	ASSERT_RIGHT(settles(has_left_word, self));
}

TEST_HARNESS_MAIN
