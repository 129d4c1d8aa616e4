// SPDX-License-Identifier: GPL-2.0
/*
 * What uses the memory of a process without taking its pages, over memory that a driver
 * maps by page frame number.
 *
 * Rules: ptrace and /proc/PID/mem go by vm_ops->access, which is the driver's: without
 * struct pages generic_access_phys(), that serves what is mapped, through its entry; with
 * them the device's own, which serves all. A futex of this process is an address; one that
 * is shared needs a page, and has none. mlock() leaves VM_PFNMAP areas out, without a word.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "common/harness.h"
#include "common/pfnmap.h"
#include "common/textfile.h"

FIXTURE(accessed)
{
	struct pfnmap map;
};

PFNMAP_FIXTURE(accessed)

/* ---- /proc/PID/mem ---- */

static int memory_file(void)
{
	return open("/proc/self/mem", O_RDWR | O_CLOEXEC);
}

static bool serves_what_is_mapped(const struct pfnmap *map)
{
	return map->backing == HUGE_PFNMAP_BARE;
}

/* All places, whatever entry maps them: read, and written with what is there. */
static const char *is_served(const struct pfnmap *map)
{
	const int file = memory_file();
	const char *verdict = RIGHT;
	char page[SIZE_4K];
	const size_t *place;

	for_each_place_mapped(map, place) {
		const off_t at = (uintptr_t)pfnmap_at(map, *place);

		if (pread(file, page, sizeof(page), at) != sizeof(page))
			verdict = wrong("%#zx cannot be read: %s", *place, strerror(errno));
		else
			verdict = pfnmap_page_is_right(map, page, *place);
		if (is_right(verdict) && pwrite(file, page, sizeof(page), at) != sizeof(page))
			verdict = wrong("%#zx cannot be written: %s", *place, strerror(errno));
		if (!is_right(verdict))
			break;
	}
	close(file);
	return is_right(verdict) ? pfnmap_data(map) : verdict;
}

TEST_F(accessed, by_its_memory_file)
{
	ASSERT_RIGHT(pfnmap_data(&self->map));
	ASSERT_RIGHT(is_served(&self->map));
	ASSERT_RIGHT(pfnmap_is_untouched(&self->map));
}

/* Nothing is faulted in for it. */
TEST_F(accessed, by_its_memory_file_and_not_mapped)
{
	struct pfnmap *map = &self->map;
	const int file = memory_file();
	char page[SIZE_4K];

	if (serves_what_is_mapped(map)) {
		ASSERT_EQ(-1, pread(file, page, sizeof(page), (uintptr_t)map->addr));
		ASSERT_EQ(EIO, errno);
	} else {
		ASSERT_EQ(sizeof(page), pread(file, page, sizeof(page), (uintptr_t)map->addr));
		ASSERT_RIGHT(pfnmap_page_is_right(map, page, 0));
	}
	close(file);
	ASSERT_RIGHT(pfnmap_entries_are_none(map));
}

/* What the process may not write, nobody writes for it. */
TEST_F(accessed, by_its_memory_file_and_read_only)
{
	struct pfnmap *map = &self->map;
	const int file = memory_file();
	char page[SIZE_4K] = {};

	ASSERT_RIGHT(pfnmap_data(map));
	ASSERT_EQ(0, mprotect(map->addr, map->mapped, PROT_READ));
	ASSERT_EQ(sizeof(page), pread(file, page, sizeof(page), (uintptr_t)map->addr));
	ASSERT_RIGHT(pfnmap_page_is_right(map, page, 0));
	ASSERT_EQ(-1, pwrite(file, page, sizeof(page), (uintptr_t)map->addr));
	ASSERT_EQ(EIO, errno);
	ASSERT_RIGHT(pfnmap_data(map));
	close(file);
}

/* Up to the end of the mapping, and no byte of what is physically behind it. */
TEST_F(accessed, by_its_memory_file_across_the_end)
{
	struct pfnmap *map = &self->map;
	const size_t half = SIZE_4K / 2;
	const int file = memory_file();
	char page[SIZE_4K] = {};
	char *end;

	ASSERT_RIGHT(pfnmap_map(map, 0, SIZE_2M));
	end = map->addr + map->mapped;
	ASSERT_RIGHT(pfnmap_data(map));
	ASSERT_EQ(half, pread(file, page, sizeof(page), (uintptr_t)end - half));
	ASSERT_EQ(0, page[half]);
	ASSERT_EQ(0, memcmp(page, end - half, half));
	close(file);
}

/* ---- ptrace() ---- */

/* A child that is traced has the mapping, too, and stops. */
static pid_t stopped_child(void)
{
	const pid_t child = fork();

	if (!child) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	return child;
}

static const char *is_peeked(const struct pfnmap *map, pid_t child)
{
	const size_t *place;

	for_each_place_mapped(map, place) {
		char *at = pfnmap_at(map, *place) + 8;
		const long want = map->value + *place / SIZE_4K;
		long word;

		errno = 0;
		word = ptrace(PTRACE_PEEKDATA, child, at, NULL);
		if (errno || word != want)
			return wrong("%#zx: %#lx, not %#lx: %s", *place, word, want,
				     strerror(errno));
		if (ptrace(PTRACE_POKEDATA, child, at, ~want))
			return wrong("%#zx cannot be poked: %s", *place, strerror(errno));
		if (*(volatile long *)at != ~want)
			return wrong("%#zx does not hold what was poked", *place);
		if (ptrace(PTRACE_POKEDATA, child, at, want))
			return wrong("%#zx cannot be poked again: %s", *place, strerror(errno));
	}
	return RIGHT;
}

TEST_F(accessed, by_ptrace)
{
	const char *verdict;
	pid_t child;

	ASSERT_RIGHT(pfnmap_data(&self->map));
	child = stopped_child();
	verdict = is_peeked(&self->map, child);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	ASSERT_RIGHT(verdict);
	ASSERT_RIGHT(pfnmap_data(&self->map));
}

/* ---- process_vm_readv() ---- */

/* Only what is somebody else's is pinned; what is the caller's own is copied by the CPU. */
TEST_F(accessed, by_who_calls_process_vm_readv)
{
	char page[SIZE_4K];
	struct iovec here = { self->map.addr, sizeof(page) }, there = { page, sizeof(page) };

	ASSERT_EQ(sizeof(page), process_vm_writev(getpid(), &here, 1, &there, 1, 0));
	ASSERT_RIGHT(pfnmap_page_is_right(&self->map, page, 0));
	ASSERT_EQ(sizeof(page), process_vm_readv(getpid(), &here, 1, &there, 1, 0));
	ASSERT_RIGHT(pfnmap_data(&self->map));
}

/* ---- futex() ---- */

static long futex(void *word, int op, int value)
{
	static const struct timespec at_once;

	return syscall(SYS_futex, word, op, value, &at_once, NULL, 0);
}

TEST_F(accessed, by_a_futex_of_the_process)
{
	int *word = (int *)self->map.addr;

	ASSERT_EQ(-1, futex(word, FUTEX_WAIT_PRIVATE, *word + 1));
	ASSERT_EQ(EAGAIN, errno);
	ASSERT_EQ(-1, futex(word, FUTEX_WAIT_PRIVATE, *word));
	ASSERT_EQ(ETIMEDOUT, errno);
	ASSERT_EQ(0, futex(word, FUTEX_WAKE_PRIVATE, 1));
}

TEST_F(accessed, by_a_futex_that_is_shared)
{
	int *word = (int *)self->map.addr;

	ASSERT_RIGHT(pfnmap_data(&self->map));
	ASSERT_EQ(-1, futex(word, FUTEX_WAIT, *word));
	ASSERT_EQ(EFAULT, errno);
	ASSERT_EQ(-1, futex(word, FUTEX_WAKE, 1));
	ASSERT_EQ(EFAULT, errno);
	ASSERT_RIGHT(pfnmap_is_untouched(&self->map));
}

/* ---- mlock() ---- */

static const char *kilobytes_locked(uint64_t *kilobytes)
{
	return file_field("/proc/self/status", "VmLck:", kilobytes);
}

TEST_F(accessed, by_mlock)
{
	uint64_t before, after;

	ASSERT_RIGHT(kilobytes_locked(&before));
	ASSERT_EQ(0, mlock(self->map.addr, self->map.mapped));
	ASSERT_RIGHT(kilobytes_locked(&after));
	ASSERT_EQ(before, after);
	ASSERT_RIGHT(pfnmap_entries_are_none(&self->map));
	ASSERT_EQ(0, munlock(self->map.addr, self->map.mapped));
	ASSERT_RIGHT(pfnmap_data(&self->map));
	ASSERT_EQ(0, mlock(self->map.addr, self->map.mapped));
	ASSERT_RIGHT(pfnmap_is_untouched(&self->map));
	ASSERT_EQ(0, munlock(self->map.addr, self->map.mapped));
}

/* As populating does, and a lock of all that comes. */
TEST_F(accessed, by_populating)
{
	struct pfnmap *map = &self->map;
	void *other;

	ASSERT_EQ(0, mlockall(MCL_CURRENT));
	ASSERT_EQ(0, munlockall());
	ASSERT_RIGHT(pfnmap_entries_are_none(map));
	other = mmap(NULL, SIZE_2M, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
		     map->file, 0);
	ASSERT_NE(MAP_FAILED, other);
	ASSERT_RIGHT(pfnmap_entry_is_none(map, other));
	ASSERT_EQ(0, munmap(other, SIZE_2M));
}

TEST_HARNESS_MAIN
