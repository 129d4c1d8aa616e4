// SPDX-License-Identifier: GPL-2.0
/*
 * Who has given a command that waits can be killed. It waits for the mmap_lock: a
 * migration is stopped that has it for reading, and somebody waits for it to write; the
 * lock does not concern who kills. Or it waits for a reference to be dropped, or for what
 * userfaultfd is asked for.
 */
#include <errno.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <lib/test_hmm_uapi.h>

#include "common/baseline.h"
#include "common/driver.h"
#include "common/harness.h"
#include "common/need.h"
#include "common/peer.h"
#include "common/textfile.h"
#include "common/uffd.h"

/* Who is found asleep in the kernel so many times in a row waits. */
#define LOOKS 20

/* What all three processes see. */
struct shared {
	unsigned long command;
	_Atomic pid_t writer;		/* thread of the owner */
	_Atomic pid_t caller;
};

static struct shared *shared;
static int driver = -1;			/* of the owner's memory */

#define POINT DEVTHP_POINT_TO_DEVICE_SETUP

/* ---- The process that gives the command ---- */

static const char *call(struct sample *sample, struct peer *parent)
{
	struct hmm_dmirror_cmd cmd = {
		.addr = (uintptr_t)sample->addr,
		.npages = sample->pages,
		.ptr = (uintptr_t)sample->buffer,
	};

	CHECK(peer_wait(parent));
	atomic_store(&shared->caller, getpid());
	if (ioctl(driver, shared->command, &cmd))
		return went_well("the command", -errno);
	return RIGHT;
}

/* ---- The process whose memory it is ---- */

struct owner {
	struct sample sample;
	char *page;
	int start[2];			/* pipe: the writer may go */
};

static void *migrate(void *arg)
{
	struct owner *owner = arg;

	return (void *)sample_to_device(&owner->sample);
}

static void *write_lock(void *arg)
{
	struct owner *owner = arg;
	char go;

	atomic_store(&shared->writer, (pid_t)syscall(SYS_gettid));
	if (read(owner->start[0], &go, 1) == 1)
		munmap(owner->page, devthp_page_size());
	return NULL;
}

/* The one who tells what is next must not need the memory that is locked. */
static const char *conduct(struct owner *owner, struct peer *parent,
			   struct peer *caller)
{
	CHECK(peer_wait(parent));	/* the migration has stopped */
	if (write(owner->start[1], "g", 1) != 1)
		return went_well("tell the writer to go", -errno);
	CHECK(peer_wait(parent));
	CHECK(peer_tell(caller));
	return peer_wait(parent);	/* it has gone on */
}

static const char *own(struct sample *unused, struct peer *parent)
{
	static struct owner owner;
	pthread_t migrator, writer;
	struct peer caller;
	const char *verdict, *why = RIGHT;
	void *migrated;

	(void)unused;
	if (device_ready(&owner.sample.dev, &why) != KSFT_PASS)
		return why;
	CHECK(sample_reserve(&owner.sample, 1));
	CHECK(sample_fill_whole(&owner.sample));
	CHECK(driver_file(&driver));
	owner.page = mmap(NULL, devthp_page_size(), PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (owner.page == MAP_FAILED || pipe(owner.start))
		return went_well("prepare", -errno);
	CHECK(peer_fork(&caller, call, &owner.sample));
	CHECK(peer_tell(parent));
	CHECK(peer_wait(parent));	/* the point is armed */
	pthread_create(&writer, NULL, write_lock, &owner);
	pthread_create(&migrator, NULL, migrate, &owner);
	verdict = conduct(&owner, parent, &caller);
	pthread_join(migrator, &migrated);
	pthread_join(writer, NULL);
	peer_status(&caller);
	CHECK(verdict);
	CHECK(migrated);
	return sample_data(&owner.sample);
}

/* ---- Who kills ---- */

/* It has begun, and is asleep, not to be woken by any signal but a fatal one. */
static const char *waits(_Atomic pid_t *tid)
{
	const time_t limit = time(NULL) + PATIENCE;
	int looks = 0;
	char state;

	while (looks < LOOKS) {
		if (time(NULL) > limit)
			return wrong("nobody waits");
		sched_yield();
		if (!atomic_load(tid))
			continue;
		CHECK(task_state(atomic_load(tid), &state));
		looks = state == 'D' ? looks + 1 : 0;
	}
	return RIGHT;
}

static const char *dies(pid_t pid)
{
	const time_t limit = time(NULL) + PATIENCE;
	char state;

	if (kill(pid, SIGKILL))
		return went_well("kill", -errno);
	do {
		sched_yield();
		CHECK(task_state(pid, &state));
		if (state == 'Z')
			return RIGHT;
	} while (time(NULL) < limit);
	return wrong("who waits did not die in %d s", PATIENCE);
}

static const char *kill_who_waits(struct peer *owner, struct devthp_device *control)
{
	CHECK(went_well("wait for the migration to stop",
			devthp_device_pause_wait(control, POINT,
						 PATIENCE * 1000)));
	CHECK(peer_tell(owner));
	CHECK(waits(&shared->writer));
	CHECK(peer_tell(owner));
	CHECK(waits(&shared->caller));
	return dies(atomic_load(&shared->caller));
}

FIXTURE(waiting)
{
	struct baseline baseline;
	struct peer owner;
	struct devthp_device *control;
};

FIXTURE_VARIANT(waiting)
{
	unsigned long command;
};

FIXTURE_VARIANT_ADD(waiting, reads) { .command = HMM_DMIRROR_READ };
FIXTURE_VARIANT_ADD(waiting, writes) { .command = HMM_DMIRROR_WRITE };
FIXTURE_VARIANT_ADD(waiting, migrates) { .command = HMM_DMIRROR_MIGRATE_TO_DEV };
FIXTURE_VARIANT_ADD(waiting, brings_back) { .command = HMM_DMIRROR_MIGRATE_TO_SYS };
FIXTURE_VARIANT_ADD(waiting, looks) { .command = HMM_DMIRROR_SNAPSHOT };
FIXTURE_VARIANT_ADD(waiting, makes_exclusive) { .command = HMM_DMIRROR_EXCLUSIVE };

FIXTURE_SETUP(waiting)
{
	NEED(driver_file_needed);
	SETUP_BASELINE(&self->baseline);
	ASSERT_RIGHT(driver_open(&self->control));
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, shared);
	shared->command = variant->command;
	ASSERT_RIGHT(peer_fork(&self->owner, own, NULL));
}

FIXTURE_TEARDOWN(waiting)
{
	devthp_device_close(self->control);
	TEARDOWN_BASELINE(&self->baseline);
}

TEST_F(waiting, can_be_killed)
{
	const char *verdict;
	char failure[400];

	ASSERT_RIGHT(peer_wait(&self->owner));
	ASSERT_EQ(0, devthp_device_pause(self->control, POINT));
	ASSERT_RIGHT(peer_tell(&self->owner));
	verdict = kill_who_waits(&self->owner, self->control);
	snprintf(failure, sizeof(failure), "%s", verdict);
	EXPECT_EQ(0, devthp_device_resume(self->control, POINT));
	EXPECT_STREQ(RIGHT, failure);
	EXPECT_RIGHT(peer_tell(&self->owner));
	ASSERT_RIGHT(peer_end(&self->owner));
}

/* ---- A device reads what userfaultfd is asked for, which does not answer ---- */

FIXTURE(asking)
{
	struct baseline baseline;
	struct sample sample;
	struct peer caller;
	int uffd;
};

FIXTURE_SETUP(asking)
{
	struct sample *sample = &self->sample;

	self->uffd = -1;
	NEED(driver_file_needed);
	NEED(uffd_needed);
	SETUP_BASELINE(&self->baseline);
	SETUP_SAMPLE(sample, 1);
	ASSERT_RIGHT(uffd_open(&self->uffd, 0));
	ASSERT_RIGHT(uffd_register(self->uffd, sample->addr, bytes_of(sample),
				   UFFDIO_REGISTER_MODE_MISSING));
	ASSERT_RIGHT(driver_file(&driver));
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, shared);
	shared->command = HMM_DMIRROR_READ_UNLOCKED;
	ASSERT_RIGHT(peer_fork(&self->caller, call, sample));
}

FIXTURE_TEARDOWN(asking)
{
	if (self->uffd >= 0)
		close(self->uffd);
	close(driver);
	sample_release(&self->sample);
	TEARDOWN_BASELINE(&self->baseline);
}

/* It waits without the mmap_lock, which whose memory it is can have meanwhile. */
TEST_F(asking, can_be_killed)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(peer_tell(&self->caller));
	ASSERT_RIGHT(waits(&shared->caller));
	ASSERT_EQ(0, mprotect(sample->addr, bytes_of(sample), PROT_READ));
	ASSERT_EQ(0, mprotect(sample->addr, bytes_of(sample),
			      PROT_READ | PROT_WRITE));
	ASSERT_RIGHT(dies(atomic_load(&shared->caller)));
	ASSERT_TRUE(WIFSIGNALED(peer_status(&self->caller)));
	ASSERT_EQ(0, close(self->uffd));
	self->uffd = -1;
	ASSERT_RIGHT(sample_fill(sample));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
}

/* ---- The device is to give up its memory, of which somebody holds a page ---- */

#define HELD 300

FIXTURE(releasing)
{
	struct baseline baseline;
	struct sample sample;
	struct devthp_device *holder;
	struct peer caller;
};

FIXTURE_SETUP(releasing)
{
	struct sample *sample = &self->sample;

	NEED(driver_file_needed);
	SETUP_BASELINE(&self->baseline);
	SETUP_SAMPLE(sample, 1);
	ASSERT_RIGHT(driver_open(&self->holder));
	ASSERT_RIGHT(driver_file(&driver));
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, shared);
	shared->command = HMM_DMIRROR_RELEASE;
	/* It shares none of the memory, which is there later. */
	ASSERT_RIGHT(peer_fork(&self->caller, call, sample));
	ASSERT_RIGHT(sample_fill_whole(sample));
	ASSERT_RIGHT(sample_to_device_whole(sample));
	ASSERT_RIGHT(driver_hold(self->holder, page_of(sample, HELD), 1));
}

FIXTURE_TEARDOWN(releasing)
{
	close(driver);
	devthp_device_close(self->holder);
	sample_release(&self->sample);
	TEARDOWN_BASELINE(&self->baseline);
}

/* The device has its memory still, and uses it as before. */
TEST_F(releasing, can_be_killed)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(peer_tell(&self->caller));
	ASSERT_RIGHT(waits(&shared->caller));
	ASSERT_RIGHT(dies(atomic_load(&shared->caller)));
	ASSERT_TRUE(WIFSIGNALED(peer_status(&self->caller)));
	ASSERT_RIGHT(driver_let_go(self->holder, page_of(sample, HELD), 1, 1));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(sample_map_anew(sample));
	ASSERT_RIGHT(sample_fill_whole(sample));
	ASSERT_RIGHT(sample_to_device_whole(sample));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_HARNESS_MAIN
