// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <devthp.h>

#include "means.h"
#include "swapdisk.h"
#include "verdict.h"

/* What a system call returned: all of a page, or an error. */
static int whole_page(ssize_t moved)
{
	if (moved < 0)
		return -errno;
	return moved == (ssize_t)devthp_page_size() ? 0 : -EIO;
}

/* ---- Instructions ---- */

static sigjmp_buf before_access;

static void on_segv(int signal)
{
	siglongjmp(before_access, signal);
}

static int copy_page(char *to, const char *from)
{
	struct sigaction action = { .sa_handler = on_segv }, before;
	int err = 0;

	sigaction(SIGSEGV, &action, &before);
	if (sigsetjmp(before_access, 1))
		err = -EFAULT;
	else
		memcpy(to, from, devthp_page_size());
	sigaction(SIGSEGV, &before, NULL);
	return err;
}

static int load(const char *page, char *copy)
{
	return copy_page(copy, page);
}

static int store(char *page, const char *copy)
{
	return copy_page(page, copy);
}

const struct means means_instruction = {
	.get = load, .get_name = "a load",
	.put = store, .put_name = "a store",
};

/* ---- Pipes ---- */

/* from goes in, and out to to; one of the two is what it is about. */
static int through_pipe(const char *from, char *to)
{
	const size_t size = devthp_page_size();
	int ends[2], err;

	if (pipe(ends))
		return -errno;
	err = whole_page(write(ends[1], from, size));
	if (!err)
		err = whole_page(read(ends[0], to, size));
	close(ends[0]);
	close(ends[1]);
	return err;
}

static int pipe_put(char *page, const char *copy)
{
	return through_pipe(copy, page);
}

const struct means means_pipe = {
	.get = through_pipe, .get_name = "write(2)",
	.put = pipe_put, .put_name = "read(2)",
};

static int vmsplice_get(const char *page, char *copy)
{
	const size_t size = devthp_page_size();
	struct iovec iov = { (void *)page, size };
	int ends[2], err;

	if (pipe(ends))
		return -errno;
	err = whole_page(vmsplice(ends[1], &iov, 1, 0));
	if (!err)
		err = whole_page(read(ends[0], copy, size));
	close(ends[0]);
	close(ends[1]);
	return err;
}

const struct means means_vmsplice = {
	.get = vmsplice_get, .get_name = "vmsplice(2)",
};

/* ---- A block device ---- */

/* Page 1 of a disk; direct goes without the page cache, by a pin of memory. */
static int disk_io(const struct swapdisk *disk, char *addr, bool to_disk,
		   int direct)
{
	const size_t size = devthp_page_size();
	int fd = open(disk->path, O_RDWR | O_CLOEXEC | direct);
	int err;

	if (fd < 0)
		return -errno;
	err = whole_page(to_disk ? pwrite(fd, addr, size, size) :
				   pread(fd, addr, size, size));
	if (!err && to_disk && fsync(fd))
		err = -errno;
	close(fd);
	return err;
}

static int through_disk(char *from, int from_direct, char *to, int to_direct)
{
	struct swapdisk disk = { 0 };
	int err = -EIO;

	if (is_right(swapdisk_make(&disk, 16 * devthp_page_size()))) {
		err = disk_io(&disk, from, true, from_direct);
		if (!err)
			err = disk_io(&disk, to, false, to_direct);
		if (!is_right(swapdisk_remove(&disk)))
			err = -EIO;
	}
	return err;
}

static int direct_get(const char *page, char *copy)
{
	return through_disk((char *)page, O_DIRECT, copy, 0);
}

static int direct_put(char *page, const char *copy)
{
	return through_disk((char *)copy, 0, page, O_DIRECT);
}

const struct means means_direct_io = {
	direct_get, direct_put, "write(2) with O_DIRECT", "read(2) with O_DIRECT",
	.pins = true
};

/* ---- Somebody else's memory, which here is our own ---- */

static int vm_get(const char *page, char *copy)
{
	struct iovec local = { copy, devthp_page_size() };
	struct iovec remote = { (void *)page, devthp_page_size() };

	return whole_page(process_vm_readv(getpid(), &local, 1, &remote, 1, 0));
}

static int vm_put(char *page, const char *copy)
{
	struct iovec local = { (void *)copy, devthp_page_size() };
	struct iovec remote = { page, devthp_page_size() };

	return whole_page(process_vm_writev(getpid(), &local, 1, &remote, 1, 0));
}

const struct means means_process_vm = {
	vm_get, vm_put, "process_vm_readv(2)", "process_vm_writev(2)",
	.pins = true
};

static int mem_get(const char *page, char *copy)
{
	int fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	err = whole_page(pread(fd, copy, devthp_page_size(), (uintptr_t)page));
	close(fd);
	return err;
}

static int mem_put(char *page, const char *copy)
{
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	err = whole_page(pwrite(fd, copy, devthp_page_size(), (uintptr_t)page));
	close(fd);
	return err;
}

const struct means means_proc_mem = {
	mem_get, mem_put, "read /proc/PID/mem", "write /proc/PID/mem",
	.forces = true
};

/*
 * A process cannot trace itself. One that shares its memory can, and maps
 * nothing a second time.
 */
struct tracer {
	pid_t tracee;
	char *page;
	char *copy;
	bool put;
	int err;
};

static int trace_words(const struct tracer *tracer)
{
	const size_t words = devthp_page_size() / sizeof(long);
	long *page = (long *)tracer->page, *copy = (long *)tracer->copy;
	size_t i;

	/* The system call itself: its result is an error, not a word. */
	for (i = 0; i < words; i++)
		if (syscall(SYS_ptrace, tracer->put ? PTRACE_POKEDATA :
			    PTRACE_PEEKDATA, tracer->tracee, page + i,
			    tracer->put ? (void *)copy[i] : copy + i) < 0)
			return -errno;
	return 0;
}

static int trace(void *arg)
{
	struct tracer *tracer = arg;
	int status;

	if (ptrace(PTRACE_SEIZE, tracer->tracee, NULL, NULL) ||
	    ptrace(PTRACE_INTERRUPT, tracer->tracee, NULL, NULL) ||
	    waitpid(tracer->tracee, &status, __WALL) < 0) {
		tracer->err = -errno;
		_exit(1);
	}
	tracer->err = trace_words(tracer);
	ptrace(PTRACE_DETACH, tracer->tracee, NULL, NULL);
	_exit(0);
}

static int be_traced(char *page, char *copy, bool put)
{
	static char stack[32768] __attribute__((aligned(16)));
	/* Not on the stack that the two would share: errno is shared enough. */
	static struct tracer tracer;
	pid_t pid;

	tracer = (struct tracer){ getpid(), page, copy, put, -ECHILD };
	pid = clone(trace, stack + sizeof(stack), CLONE_VM | SIGCHLD, &tracer);
	if (pid < 0)
		return -errno;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return tracer.err;
}

static int ptrace_get(const char *page, char *copy)
{
	return be_traced((char *)page, copy, false);
}

static int ptrace_put(char *page, const char *copy)
{
	return be_traced(page, (char *)copy, true);
}

const struct means means_ptrace = {
	ptrace_get, ptrace_put, "PTRACE_PEEKDATA", "PTRACE_POKEDATA",
	.forces = true
};

/* ---- Futexes ---- */

/*
 * A futex that is not private: the kernel takes hold of the page, and of one
 * that is read-only it wants nothing. It sleeps only if the word still is what
 * we say, so it says -EAGAIN. The other call adds nothing, but by a write.
 */
static int futex_put(char *page, const char *copy)
{
	uint32_t *word = (uint32_t *)page;
	struct timespec no_time = { 0 };
	static uint32_t other;

	if (!syscall(SYS_futex, word, FUTEX_WAIT, 0, &no_time, NULL, 0))
		return -EIO;
	if (errno != EAGAIN)
		return -errno;
	if (syscall(SYS_futex, &other, FUTEX_WAKE_OP, 1, 1UL, word,
		    FUTEX_OP(FUTEX_OP_ADD, 0, FUTEX_OP_CMP_EQ, 0)) < 0)
		return -errno;
	return store(page, copy);
}

const struct means means_futex = {
	.put = futex_put,
	.put_name = "futex(2)",
	.reads_first = true,
};
