// SPDX-License-Identifier: GPL-2.0
/*
 * Commands of the test device with bad arguments: each is answered with the
 * right errno, and changes nothing of what is on the device or of the device.
 * (lib/test_hmm_uapi.h)
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <lib/test_hmm_uapi.h>

#include "common/baseline.h"
#include "common/driver.h"
#include "common/form.h"
#include "common/harness.h"
#include "common/need.h"
#include "common/pin.h"
#include "common/still.h"

FIXTURE(refused)
{
	struct baseline baseline;
	struct sample sample;
	struct devthp_snapshot *before;
	struct hmm_dmirror_stats stats;
	int driver;
	char *nowhere;		/* a page that is not mapped */
	char *read_only;	/* a page that cannot be written */
};

static const char *statistics(int driver, struct hmm_dmirror_stats *stats)
{
	*stats = (struct hmm_dmirror_stats){ .size = sizeof(*stats) };
	return went_well("HMM_DMIRROR_STATS",
			 ioctl(driver, HMM_DMIRROR_STATS, stats) ? -errno : 0);
}

FIXTURE_SETUP(refused)
{
	const size_t size = devthp_page_size();

	self->driver = -1;
	NEED(driver_file_needed);
	SETUP_BASELINE(&self->baseline);
	SETUP_SAMPLE_ON_DEVICE(&self->sample, 1);
	ASSERT_RIGHT(driver_file(&self->driver));
	self->nowhere = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->nowhere);
	self->read_only = self->nowhere + size;
	ASSERT_EQ(0, munmap(self->nowhere, size));
	ASSERT_RIGHT(still_begin(&self->sample, &self->before));
	ASSERT_RIGHT(statistics(self->driver, &self->stats));
}

FIXTURE_TEARDOWN(refused)
{
	munmap(self->read_only, devthp_page_size());
	if (self->driver >= 0)
		close(self->driver);
	devthp_snapshot_free(self->before);
	sample_release(&self->sample);
	TEARDOWN_BASELINE(&self->baseline);
}

static int command(const FIXTURE_DATA(refused) *self, unsigned long request,
		   void *arg)
{
	return ioctl(self->driver, request, arg) ? -errno : 0;
}

static const char *nothing_changed(const FIXTURE_DATA(refused) *self)
{
	struct hmm_dmirror_stats now;

	CHECK(still_untouched(&self->sample, 0, self->sample.pages,
			      self->before));
	CHECK(statistics(self->driver, &now));
	if (memcmp(&now, &self->stats, sizeof(now)))
		return wrong("what the driver tells of its memory has changed");
	return RIGHT;
}

/* An argument that the kernel can read, and cannot write. */
static const char *put_read_only(const FIXTURE_DATA(refused) *self,
				 const void *arg, size_t length)
{
	const size_t size = devthp_page_size();

	if (mprotect(self->read_only, size, PROT_READ | PROT_WRITE))
		return went_well("mprotect", -errno);
	memcpy(self->read_only, arg, length);
	if (mprotect(self->read_only, size, PROT_READ))
		return went_well("mprotect", -errno);
	return RIGHT;
}

static struct hmm_dmirror_cmd on_all_of(const struct sample *sample)
{
	return (struct hmm_dmirror_cmd){
		.addr = (uintptr_t)sample->addr,
		.npages = sample->pages,
		.ptr = (uintptr_t)sample->buffer,
	};
}

#define ASSERT_REFUSED(err, request, arg)				\
do {									\
	ASSERT_EQ(err, command(self, request, arg));			\
	ASSERT_RIGHT(nothing_changed(self));				\
} while (0)

/* ---- Commands that every version has ---- */

static const unsigned long commands[] = {
	HMM_DMIRROR_READ, HMM_DMIRROR_WRITE, HMM_DMIRROR_MIGRATE_TO_DEV,
	HMM_DMIRROR_MIGRATE_TO_SYS, HMM_DMIRROR_SNAPSHOT,
	HMM_DMIRROR_EXCLUSIVE, HMM_DMIRROR_CHECK_EXCLUSIVE,
	HMM_DMIRROR_RELEASE, HMM_DMIRROR_FLAGS, HMM_DMIRROR_READ_UNLOCKED,
};

/* A range that is none: for every command, also where it is not looked at. */
TEST_F(refused, no_range)
{
	const uint64_t addr = (uintptr_t)self->sample.addr;
	const uint64_t size = devthp_page_size();
	const struct hmm_dmirror_cmd bad[] = {
		{ .addr = addr, .npages = 0 },
		{ .addr = addr + 1, .npages = 1 },
		{ .addr = addr + size / 2, .npages = 1 },
		{ .addr = addr, .npages = UINT64_MAX },
		{ .addr = addr, .npages = UINT64_MAX / size },
		{ .addr = -size, .npages = 1 },
		{ .addr = addr, .npages = 1ULL << 52 },
	};
	struct hmm_dmirror_cmd cmd;
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		for (j = 0; j < ARRAY_SIZE(bad); j++) {
			cmd = bad[j];
			cmd.ptr = (uintptr_t)self->sample.buffer;
			ASSERT_EQ(-EINVAL, command(self, commands[i], &cmd)) {
				TH_LOG("command %#lx, range %zu", commands[i],
				       j);
			}
		}
		ASSERT_RIGHT(nothing_changed(self));
	}
}

TEST_F(refused, no_structure)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		ASSERT_REFUSED(-EFAULT, commands[i], self->nowhere);
}

/* What cannot tell its result does not do anything first. */
TEST_F(refused, no_structure_to_answer_in)
{
	const struct hmm_dmirror_cmd cmd = {
		.addr = (uintptr_t)self->sample.addr,
		.npages = self->sample.pages,
		.ptr = (uintptr_t)self->sample.buffer,
	};
	size_t i;

	memset(self->sample.buffer, 0x5a, self->sample.pages *
	       devthp_page_size());
	ASSERT_RIGHT(put_read_only(self, &cmd, sizeof(cmd)));
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		ASSERT_REFUSED(-EFAULT, commands[i], self->read_only);
	ASSERT_RIGHT(sample_device_data(&self->sample));
}

/* The whole address space but what is the kernel's: no mapping, no harm. */
TEST_F(refused, nothing_mapped)
{
	static const struct { unsigned long command; int err; } tries[] = {
		{ HMM_DMIRROR_READ, -EFAULT },
		{ HMM_DMIRROR_WRITE, -EFAULT },
		{ HMM_DMIRROR_MIGRATE_TO_DEV, -EINVAL },
		{ HMM_DMIRROR_MIGRATE_TO_SYS, -EINVAL },
		{ HMM_DMIRROR_EXCLUSIVE, -EFAULT },
		{ HMM_DMIRROR_READ_UNLOCKED, -EFAULT },
	};
	struct hmm_dmirror_cmd cmd;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		cmd = (struct hmm_dmirror_cmd){
			.addr = (uintptr_t)self->nowhere,
			.npages = 1,
			.ptr = (uintptr_t)self->sample.buffer,
		};
		ASSERT_REFUSED(tries[i].err, tries[i].command, &cmd);
	}
}

/* Nowhere to put what was read, or to read what is to be written from. */
TEST_F(refused, no_buffer)
{
	static const unsigned long tries[] = {
		HMM_DMIRROR_READ, HMM_DMIRROR_WRITE, HMM_DMIRROR_SNAPSHOT,
		HMM_DMIRROR_READ_UNLOCKED,
	};
	struct hmm_dmirror_cmd cmd;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		cmd = (struct hmm_dmirror_cmd){
			.addr = (uintptr_t)self->sample.addr,
			.npages = self->sample.pages,
			.ptr = (uintptr_t)self->nowhere,
		};
		ASSERT_REFUSED(-EFAULT, tries[i], &cmd);
	}
	ASSERT_RIGHT(sample_data(&self->sample));
}

/* The same for what is in system memory: it stays, and is nobody's own. */
TEST_F(refused, no_buffer_to_migrate_to)
{
	static const unsigned long tries[] = {
		HMM_DMIRROR_MIGRATE_TO_DEV, HMM_DMIRROR_EXCLUSIVE,
	};
	char *const buffers[] = { self->nowhere, self->read_only };
	struct sample *sample = &self->sample;
	struct hmm_dmirror_cmd cmd;
	size_t i, j;

	ASSERT_RIGHT(sample_to_system_whole(sample));
	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		for (j = 0; j < ARRAY_SIZE(buffers); j++) {
			cmd = (struct hmm_dmirror_cmd){
				.addr = (uintptr_t)sample->addr,
				.npages = sample->pages,
				.ptr = (uintptr_t)buffers[j],
			};
			ASSERT_EQ(-EFAULT, command(self, tries[i], &cmd));
			ASSERT_RIGHT(layout_of_all(sample,
						   whole(DEVTHP_LOC_SYSTEM, 1)));
		}
	}
	ASSERT_RIGHT(sample_data(sample));
}

/* Where a part of a range cannot be migrated, none of it is. */
TEST_F(refused, hole_in_the_range)
{
	struct sample *sample = &self->sample;
	struct hmm_dmirror_cmd cmd = on_all_of(sample);
	const size_t half = sample->pages / 2;

	ASSERT_RIGHT(sample_cut(sample, sample->pages - 1, 1, HOLE_UNMAPPED));
	ASSERT_EQ(-EINVAL, command(self, HMM_DMIRROR_MIGRATE_TO_SYS, &cmd));
	ASSERT_RIGHT(layout_of_all(sample, by_pages(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(form_settles(sample, FORM_SMALL));
	ASSERT_RIGHT(sample_settles_in_system(sample));
	ASSERT_EQ(-EINVAL, command(self, HMM_DMIRROR_MIGRATE_TO_DEV, &cmd));
	ASSERT_RIGHT(layout_of(sample, 0, half,
			       by_pages(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(sample_data(sample));
}

/* Nor is any of it written, or anybody's own. */
TEST_F(refused, not_writable_in_the_end)
{
	struct sample *sample = &self->sample;
	const size_t last = sample->pages - 1, size = devthp_page_size();
	struct hmm_dmirror_cmd cmd = on_all_of(sample);

	memset(sample->buffer, 0x5a, sample->pages * size);
	ASSERT_EQ(0, mprotect(sample->addr + last * size, size, PROT_READ));
	ASSERT_EQ(-EPERM, command(self, HMM_DMIRROR_WRITE, &cmd));
	ASSERT_EQ(-EFAULT, command(self, HMM_DMIRROR_EXCLUSIVE, &cmd));
	ASSERT_RIGHT(layout_of_all(sample, by_pages(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(sample_device_data(sample));

	ASSERT_RIGHT(sample_cut(sample, last, 1, HOLE_UNMAPPED));
	ASSERT_EQ(-EFAULT, command(self, HMM_DMIRROR_WRITE, &cmd));
	ASSERT_EQ(-EFAULT, command(self, HMM_DMIRROR_EXCLUSIVE, &cmd));
	ASSERT_RIGHT(layout_of_all(sample, by_pages(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(sample_data(sample));
}

/* What others share can be no device's own, and nor is then what comes before. */
TEST_F(refused, shared_in_the_end)
{
	struct sample *sample = &self->sample;
	const size_t last = sample->pages - 1, size = devthp_page_size();
	struct hmm_dmirror_cmd cmd = on_all_of(sample);

	ASSERT_RIGHT(sample_cut(sample, last, 1, HOLE_UNMAPPED));
	ASSERT_EQ(page_of(sample, last),
		  mmap(page_of(sample, last), size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	ASSERT_EQ(-EOPNOTSUPP, command(self, HMM_DMIRROR_EXCLUSIVE, &cmd));
	ASSERT_EQ(0, munmap(page_of(sample, last), size));
	ASSERT_RIGHT(layout_of_all(sample, by_pages(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(sample_data(sample));
}

/* Pages of the driver, which no folio of the process has; but copies are its own. */
TEST_F(refused, pages_of_the_driver)
{
	static const struct { int flags, err; } maps[] = {
		{ MAP_SHARED, -EOPNOTSUPP }, { MAP_PRIVATE, 0 },
	};
	const size_t size = 2 * devthp_page_size();
	struct hmm_dmirror_cmd cmd = {
		.npages = 2,
		.ptr = (uintptr_t)self->sample.buffer,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(maps); i++) {
		char *pages = mmap(NULL, size, PROT_READ | PROT_WRITE,
				   maps[i].flags, self->driver, 0);

		ASSERT_NE(MAP_FAILED, pages);
		cmd.addr = (uintptr_t)pages;
		ASSERT_REFUSED(maps[i].err, HMM_DMIRROR_EXCLUSIVE, &cmd);
		ASSERT_EQ(0, munmap(pages, size));
	}
}

/* The process whose memory a file mirrors is gone; others have the file. */
TEST_F(refused, owner_is_gone)
{
	static const struct { unsigned long command; int err; } tries[] = {
		{ HMM_DMIRROR_READ, -EFAULT },
		{ HMM_DMIRROR_WRITE, -EFAULT },
		{ HMM_DMIRROR_MIGRATE_TO_DEV, -EINVAL },
		{ HMM_DMIRROR_MIGRATE_TO_SYS, -EINVAL },
		{ HMM_DMIRROR_SNAPSHOT, -EINVAL },
		{ HMM_DMIRROR_EXCLUSIVE, -EINVAL },
		{ HMM_DMIRROR_READ_UNLOCKED, -EFAULT },
	};
	int status, theirs;
	pid_t owner;
	size_t i;

	/* It has our descriptors, and memory of its own. */
	owner = syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL,
			NULL);
	ASSERT_LE(0, owner);
	if (!owner) {
		int fd;

		_exit(is_right(driver_file(&fd)) ? fd : 0);
	}
	ASSERT_EQ(owner, waitpid(owner, &status, 0));
	ASSERT_TRUE(WIFEXITED(status));
	theirs = WEXITSTATUS(status);
	ASSERT_LT(0, theirs);
	/* That has made what is on the device read-only for a time. */
	devthp_snapshot_free(self->before);
	ASSERT_RIGHT(still_begin(&self->sample, &self->before));

	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		struct hmm_dmirror_cmd cmd = {
			.addr = (uintptr_t)self->sample.addr,
			.npages = 2,
			.ptr = (uintptr_t)self->sample.buffer,
		};

		ASSERT_EQ(-1, ioctl(theirs, tries[i].command, &cmd));
		EXPECT_EQ(tries[i].err, -errno) {
			TH_LOG("command %#lx", tries[i].command);
		}
	}
	ASSERT_RIGHT(nothing_changed(self));
	close(theirs);
	ASSERT_RIGHT(sample_data(&self->sample));
}

/* ---- What looks like a bad argument, and is none ---- */

/* So far below the stack that the kernel would not keep others away from it. */
#define STACK_ROOM (1024 * devthp_page_size())
#define STACK_PAGES 4

/* A mapping of so many pages that grows as a stack does, and has room to. */
static const char *map_stack(char **stack)
{
	const size_t size = STACK_PAGES * devthp_page_size();
	char *room = mmap(NULL, STACK_ROOM, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (room == MAP_FAILED || munmap(room, STACK_ROOM))
		return went_well("find room for a stack", -errno);
	*stack = mmap(room + STACK_ROOM - size, size, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN,
		      -1, 0);
	return went_well("map a stack", *stack == MAP_FAILED ? -errno : 0);
}

/* The buffer is partly, or as a whole, where nobody has touched the stack yet. */
TEST_F(refused, not_a_buffer_below_the_stack)
{
	static const unsigned long tries[] = {
		HMM_DMIRROR_READ, HMM_DMIRROR_READ_UNLOCKED,
		HMM_DMIRROR_MIGRATE_TO_DEV, HMM_DMIRROR_EXCLUSIVE,
	};
	static const size_t below[] = { 1, STACK_PAGES, 2 * STACK_PAGES };
	const size_t size = devthp_page_size();
	struct sample *sample = &self->sample;
	size_t i, j;

	ASSERT_RIGHT(sample_to_system_whole(sample));
	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		for (j = 0; j < ARRAY_SIZE(below); j++) {
			/* Other pages each time: what is exclusive does not go. */
			const size_t first = (i * ARRAY_SIZE(below) + j) *
					     STACK_PAGES;
			struct hmm_dmirror_cmd cmd = {
				.addr = (uintptr_t)page_of(sample, first),
				.npages = STACK_PAGES,
			};
			char *stack = NULL, *buffer;

			ASSERT_RIGHT(map_stack(&stack));
			buffer = stack - below[j] * size;
			cmd.ptr = (uintptr_t)buffer;
			ASSERT_EQ(0, command(self, tries[i], &cmd)) {
				TH_LOG("command %#lx, %zu pages below the stack",
				       tries[i], below[j]);
			}
			ASSERT_EQ(STACK_PAGES, cmd.cpages);
			ASSERT_RIGHT(sample_compare(sample, buffer, first,
						    STACK_PAGES,
						    "the device reads"));
			ASSERT_EQ(0, munmap(buffer, (below[j] + STACK_PAGES) *
						    size));
		}
	}
	ASSERT_RIGHT(sample_data(sample));
}

/* A range that is by far larger than what is in it is not walked page by page. */
TEST_F(refused, nothing_exclusive_anywhere)
{
	struct hmm_dmirror_cmd cmd = { .npages = 1ULL << 50 };

	ASSERT_EQ(0, command(self, HMM_DMIRROR_CHECK_EXCLUSIVE, &cmd));
}

TEST_F(refused, no_such_command)
{
	static const unsigned int numbers[] = { 0x0a, 0x7f, 0x86, 0xff };
	char arg[256] = { 0 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		struct hmm_dmirror_cmd *cmd = (void *)arg;

		cmd->addr = (uintptr_t)self->sample.addr;
		cmd->npages = 1;
		ASSERT_REFUSED(-EINVAL, _IOWR('H', numbers[i],
					      struct hmm_dmirror_cmd), arg);
	}
}

/* ---- Commands of this driver alone ---- */

static const unsigned long own_commands[] = {
	HMM_DMIRROR_HOLD, HMM_DMIRROR_UNHOLD, HMM_DMIRROR_PAUSE,
	HMM_DMIRROR_EVICT, HMM_DMIRROR_STATS, HMM_DMIRROR_TIMES,
};

TEST_F(refused, another_size)
{
	uint32_t arg[256] = { 0 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(own_commands); i++) {
		const uint32_t size = _IOC_SIZE(own_commands[i]);
		const uint32_t sizes[] = { 0, 4, size - 1, size + 1, size + 8,
					   UINT32_MAX };
		size_t j;

		for (j = 0; j < ARRAY_SIZE(sizes); j++) {
			arg[0] = sizes[j];
			ASSERT_REFUSED(-EINVAL, own_commands[i], arg);
		}
	}
}

TEST_F(refused, no_room_for_the_answer)
{
	struct hmm_dmirror_hold hold = {
		.size = sizeof(hold),
		.addr = (uintptr_t)self->sample.addr,
		.npages = 1,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(own_commands); i++) {
		uint32_t arg[64] = { 0 };

		ASSERT_REFUSED(-EFAULT, own_commands[i], self->nowhere);
		if (own_commands[i] == HMM_DMIRROR_HOLD)
			memcpy(arg, &hold, sizeof(hold));
		arg[0] = _IOC_SIZE(own_commands[i]);
		ASSERT_RIGHT(put_read_only(self, arg, arg[0]));
		ASSERT_REFUSED(-EFAULT, own_commands[i], self->read_only);
	}
}

TEST_F(refused, hold)
{
	const uint64_t addr = (uintptr_t)self->sample.addr;
	const struct hmm_dmirror_hold bad[] = {
		{ .addr = addr, .npages = 0 },
		{ .addr = addr + 1, .npages = 1 },
		{ .addr = addr, .npages = UINT64_MAX },
		{ .addr = addr, .npages = 1, .flags = 0x10 },
		{ .addr = addr, .npages = 1, .flags = 0x80000000 },
		/* Of a pin, without a pin */
		{ .addr = addr, .npages = 1,
		  .flags = HMM_DMIRROR_HOLD_LONGTERM },
		{ .addr = addr, .npages = 1, .flags = HMM_DMIRROR_HOLD_WRITE },
		{ .addr = addr, .npages = 1,
		  .flags = HMM_DMIRROR_HOLD_FRAMES | HMM_DMIRROR_HOLD_PIN },
		{ .addr = addr, .npages = 1,
		  .flags = HMM_DMIRROR_HOLD_FRAMES | HMM_DMIRROR_HOLD_WRITE },
		{ .addr = addr + 1, .npages = 1,
		  .flags = HMM_DMIRROR_HOLD_FRAMES },
		{ .addr = addr, .npages = 0, .flags = HMM_DMIRROR_HOLD_FRAMES },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		struct hmm_dmirror_hold hold = bad[i];

		hold.size = sizeof(hold);
		ASSERT_REFUSED(-EINVAL, HMM_DMIRROR_HOLD, &hold);
		ASSERT_REFUSED(-EINVAL, HMM_DMIRROR_UNHOLD, &hold);
	}
}

/* Whose memory it is not: system memory, and beyond all that there is. */
TEST_F(refused, frames_that_are_not_its_own)
{
	const size_t size = devthp_page_size();
	struct sample *sample = &self->sample;
	struct hmm_dmirror_hold hold = {
		.size = sizeof(hold),
		.npages = 1,
		.flags = HMM_DMIRROR_HOLD_FRAMES,
	};
	struct devthp_snapshot *buffer;
	struct devthp_page page = { .size = sizeof(page) };

	memset(sample->buffer, 1, size);
	ASSERT_EQ(0, devthp_snapshot_take(&buffer, sample->buffer, 1, NULL));
	ASSERT_EQ(0, devthp_snapshot_page(buffer, 0, &page));
	devthp_snapshot_free(buffer);
	ASSERT_TRUE(page.known & DEVTHP_KNOWN_PFN);
	hold.addr = page.pfn * size;
	ASSERT_REFUSED(-EFAULT, HMM_DMIRROR_HOLD, &hold);
	ASSERT_EQ(0, hold.held);
	hold.addr = -16 * size;
	ASSERT_REFUSED(-EFAULT, HMM_DMIRROR_HOLD, &hold);

	/* What begins in its memory, but is more than it can have. */
	ASSERT_RIGHT(sample_look(sample));
	hold.addr = sample->page[0].pfn * size;
	hold.npages = self->stats.pages_total + 1;
	ASSERT_REFUSED(-EFAULT, HMM_DMIRROR_HOLD, &hold);
	hold.npages = 1ULL << 40;
	ASSERT_REFUSED(-ENOMEM, HMM_DMIRROR_HOLD, &hold);
}

/* Dropped by who took them, as they were taken; nothing is there to take if free. */
TEST_F(refused, frames_taken_another_way)
{
	const size_t size = devthp_page_size();
	struct sample *sample = &self->sample;
	struct hmm_dmirror_hold hold = {
		.size = sizeof(hold),
		.npages = sample->pages,
		.flags = HMM_DMIRROR_HOLD_FRAMES,
	};

	ASSERT_RIGHT(sample_look(sample));
	hold.addr = sample->page[0].pfn * size;
	ASSERT_EQ(0, command(self, HMM_DMIRROR_HOLD, &hold));
	ASSERT_EQ(sample->pages, hold.held);
	hold.flags = 0;
	ASSERT_EQ(0, command(self, HMM_DMIRROR_UNHOLD, &hold));
	ASSERT_EQ(0, hold.held);
	hold.flags = HMM_DMIRROR_HOLD_FRAMES;
	ASSERT_EQ(0, command(self, HMM_DMIRROR_UNHOLD, &hold));
	ASSERT_EQ(sample->pages, hold.held);
	ASSERT_RIGHT(nothing_changed(self));

	ASSERT_RIGHT(sample_to_system_whole(sample));
	ASSERT_EQ(0, command(self, HMM_DMIRROR_HOLD, &hold));
	ASSERT_EQ(0, hold.held);
	ASSERT_RIGHT(sample_data(sample));
}

/* All pages of the range are pinned, or none. */
TEST_F(refused, pin_of_more_than_there_is)
{
	struct sample *sample = &self->sample;
	struct hmm_dmirror_hold hold = {
		.size = sizeof(hold),
		.addr = (uintptr_t)self->nowhere,
		.npages = 2,
		.flags = HMM_DMIRROR_HOLD_PIN,
	};
	uint64_t taken, released, taken_by_now, released_by_now;

	ASSERT_RIGHT(pin_statistics(&taken, &released));
	ASSERT_REFUSED(-EFAULT, HMM_DMIRROR_HOLD, &hold);
	/* A page that is there, and comes back for it, before one that is not. */
	hold.addr = (uintptr_t)page_of(sample, sample->pages - 1);
	ASSERT_EQ(-EFAULT, command(self, HMM_DMIRROR_HOLD, &hold));
	ASSERT_RIGHT(pin_statistics(&taken_by_now, &released_by_now));
	ASSERT_LT(taken, taken_by_now);
	ASSERT_EQ(taken_by_now - taken, released_by_now - released);
	ASSERT_RIGHT(sample_device_data(sample));
}

TEST_F(refused, pause)
{
	const struct hmm_dmirror_pause bad[] = {
		{ .point = 0, .action = HMM_DMIRROR_PAUSE_ARM },
		{ .point = HMM_DMIRROR_PAUSE_CLEAR + 1,
		  .action = HMM_DMIRROR_PAUSE_ARM },
		{ .point = UINT32_MAX, .action = HMM_DMIRROR_PAUSE_ARM },
		{ .point = 1, .action = 0 },
		{ .point = 1, .action = HMM_DMIRROR_PAUSE_RESUME + 1 },
		{ .point = 1, .action = HMM_DMIRROR_PAUSE_ARM, .reserved = 1 },
		{ .point = 1, .action = HMM_DMIRROR_PAUSE_ARM,
		  .timeout_ms = 1 },
		{ .point = 1, .action = HMM_DMIRROR_PAUSE_RESUME,
		  .timeout_ms = 1 },
		{ .point = 1, .action = HMM_DMIRROR_PAUSE_WAIT,
		  .timeout_ms = HMM_DMIRROR_PAUSE_MAX_MS + 1ULL },
	};
	struct hmm_dmirror_pause pause;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		pause = bad[i];
		pause.size = sizeof(pause);
		ASSERT_REFUSED(-EINVAL, HMM_DMIRROR_PAUSE, &pause);
	}
	/* Nothing was armed by all that, hence nothing stops. */
	for (i = 1; i <= HMM_DMIRROR_PAUSE_CLEAR; i++) {
		pause = (struct hmm_dmirror_pause){
			.size = sizeof(pause), .point = i,
			.action = HMM_DMIRROR_PAUSE_RESUME,
		};
		ASSERT_REFUSED(-ENOENT, HMM_DMIRROR_PAUSE, &pause);
		pause.action = HMM_DMIRROR_PAUSE_WAIT;
		pause.timeout_ms = 1;
		ASSERT_REFUSED(-ENOENT, HMM_DMIRROR_PAUSE, &pause);
	}
	ASSERT_RIGHT(sample_data(&self->sample));
}

/* A point is one file's at a time. */
TEST_F(refused, pause_that_is_another_files)
{
	struct hmm_dmirror_pause pause = {
		.size = sizeof(pause),
		.point = HMM_DMIRROR_PAUSE_TO_DEV_PAGES,
		.action = HMM_DMIRROR_PAUSE_ARM,
	};
	struct devthp_device *dev = self->sample.dev;

	ASSERT_EQ(0, devthp_device_pause(dev, pause.point));
	ASSERT_REFUSED(-EBUSY, HMM_DMIRROR_PAUSE, &pause);
	pause.action = HMM_DMIRROR_PAUSE_RESUME;
	ASSERT_REFUSED(-ENOENT, HMM_DMIRROR_PAUSE, &pause);
	ASSERT_EQ(0, devthp_device_resume(dev, pause.point));
	pause.action = HMM_DMIRROR_PAUSE_ARM;
	ASSERT_EQ(0, command(self, HMM_DMIRROR_PAUSE, &pause));
	pause.action = HMM_DMIRROR_PAUSE_WAIT;
	ASSERT_REFUSED(-ETIMEDOUT, HMM_DMIRROR_PAUSE, &pause);
	pause.action = HMM_DMIRROR_PAUSE_RESUME;
	ASSERT_EQ(0, command(self, HMM_DMIRROR_PAUSE, &pause));
	ASSERT_RIGHT(sample_data(&self->sample));
}

/* Until that is closed, whatever it has armed. */
TEST_F(refused, not_pause_of_a_closed_file)
{
	struct hmm_dmirror_pause pause = {
		.size = sizeof(pause),
		.point = HMM_DMIRROR_PAUSE_TO_DEV_PAGES,
		.action = HMM_DMIRROR_PAUSE_ARM,
	};
	int another;

	ASSERT_RIGHT(driver_file(&another));
	ASSERT_EQ(0, ioctl(another, HMM_DMIRROR_PAUSE, &pause));
	ASSERT_REFUSED(-EBUSY, HMM_DMIRROR_PAUSE, &pause);
	close(another);
	ASSERT_EQ(0, command(self, HMM_DMIRROR_PAUSE, &pause));
	pause.action = HMM_DMIRROR_PAUSE_RESUME;
	ASSERT_EQ(0, command(self, HMM_DMIRROR_PAUSE, &pause));
	ASSERT_RIGHT(sample_data(&self->sample));
}

/* The module is not unloaded while somebody has memory on its device. */
TEST_F(refused, unload)
{
	ASSERT_EQ(-1, syscall(SYS_delete_module, "test_hmm", O_NONBLOCK));
	if (errno == ENOENT)
		SKIP(return, "test_hmm is no module of this kernel, but part of it");
	ASSERT_EQ(EWOULDBLOCK, errno);
	ASSERT_RIGHT(nothing_changed(self));
	ASSERT_RIGHT(sample_data(&self->sample));
}

TEST_F(refused, reserved)
{
	struct hmm_dmirror_evict evict = { .size = sizeof(evict), .flags = 1 };
	struct hmm_dmirror_stats stats = { .size = sizeof(stats), .reserved = 1 };
	struct hmm_dmirror_times times = { .size = sizeof(times), .reserved = 1 };
	struct hmm_dmirror_fail_alloc fail = { .size = sizeof(fail), .reserved = 1, .nth = 1 };

	ASSERT_REFUSED(-EINVAL, HMM_DMIRROR_EVICT, &evict);
	ASSERT_REFUSED(-EINVAL, HMM_DMIRROR_STATS, &stats);
	ASSERT_REFUSED(-EINVAL, HMM_DMIRROR_TIMES, &times);
	ASSERT_REFUSED(-EINVAL, HMM_DMIRROR_FAIL_ALLOC, &fail);
}

/* What was asked for before is in force. */
TEST_F(refused, counting_too_far)
{
	struct hmm_dmirror_fail_alloc fail = { .size = sizeof(fail), .nth = 1 };
	struct sample *sample = &self->sample;
	struct hmm_dmirror_cmd back;

	ASSERT_EQ(0, command(self, HMM_DMIRROR_FAIL_ALLOC, &fail));
	fail.nth = 1ULL << 63;
	ASSERT_REFUSED(-EINVAL, HMM_DMIRROR_FAIL_ALLOC, &fail);
	fail.nth = 0;
	fail.size--;
	ASSERT_REFUSED(-EINVAL, HMM_DMIRROR_FAIL_ALLOC, &fail);
	back = on_all_of(sample);
	ASSERT_EQ(0, command(self, HMM_DMIRROR_MIGRATE_TO_SYS, &back));
	ASSERT_RIGHT(layout_of_all(sample, small(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(sample_data(sample));
}

/* What one asks for is no reason to count anything. */
TEST_F(refused, not_times)
{
	struct hmm_dmirror_times times = { .size = sizeof(times) };

	ASSERT_EQ(0, command(self, HMM_DMIRROR_TIMES, &times));
	ASSERT_LT(0, times.time[HMM_DMIRROR_TIME_TO_DEV].rounds);
	ASSERT_RIGHT(nothing_changed(self));
}

TEST_HARNESS_MAIN
