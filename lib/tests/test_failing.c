// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * The nth allocation, or the nth call of the kernel, that a public call makes fails, for
 * every n: it must fail in turn, or do without, and leave nothing behind. The linker
 * leads what the library calls to the __wrap_ functions here.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>

#include "calls.h"
#include "tap.h"

#define TIMES_MAX	2000	/* no call asks that often */
#define MANY		6000	/* objects */

/* Of what is counted down, the one that gets to 0 fails. */
static unsigned int allocation, kernel_call;
static bool failed;
static long blocks, mappings, files;

static bool is_the_one(unsigned int *countdown)
{
	if (!*countdown || --*countdown)
		return false;
	failed = true;
	return true;
}

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *block, size_t bytes);
void __real_free(void *block);
void *__real_mmap64(void *addr, size_t bytes, int prot, int flags, int fd, off_t offset);
int __real_munmap(void *addr, size_t bytes);
int __real_mprotect(void *addr, size_t bytes, int prot);
int __real_madvise(void *addr, size_t bytes, int advice);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *block, size_t bytes);
void __wrap_free(void *block);
void *__wrap_mmap64(void *addr, size_t bytes, int prot, int flags, int fd, off_t offset);
int __wrap_munmap(void *addr, size_t bytes);
int __wrap_mprotect(void *addr, size_t bytes, int prot);
int __wrap_madvise(void *addr, size_t bytes, int advice);

static void *noted(void *block)
{
	blocks += block != NULL;
	return block;
}

static void *no_memory(void)
{
	errno = ENOMEM;
	return NULL;
}

void *__wrap_malloc(size_t bytes)
{
	return is_the_one(&allocation) ? no_memory() : noted(__real_malloc(bytes));
}

void *__wrap_calloc(size_t count, size_t bytes)
{
	return is_the_one(&allocation) ? no_memory() : noted(__real_calloc(count, bytes));
}

void *__wrap_realloc(void *block, size_t bytes)
{
	void *moved = is_the_one(&allocation) ? no_memory() : __real_realloc(block, bytes);

	blocks += moved && !block;
	return moved;
}

void __wrap_free(void *block)
{
	blocks -= block != NULL;
	__real_free(block);
}

/* What lies where in a mapping is not followed: each has some pages, or has none. */
void *__wrap_mmap64(void *addr, size_t bytes, int prot, int flags, int fd, off_t offset)
{
	void *p;

	if (is_the_one(&allocation)) {
		errno = ENOMEM;
		return MAP_FAILED;
	}
	p = __real_mmap64(addr, bytes, prot, flags, fd, offset);
	mappings += p == MAP_FAILED ? 0 : (long)(bytes / devthp_page_size());
	return p;
}

int __wrap_munmap(void *addr, size_t bytes)
{
	mappings -= (long)(bytes / devthp_page_size());
	return __real_munmap(addr, bytes);
}

int __wrap_mprotect(void *addr, size_t bytes, int prot)
{
	if (is_the_one(&allocation)) {
		errno = ENOMEM;
		return -1;
	}
	return __real_mprotect(addr, bytes, prot);
}

int __wrap_madvise(void *addr, size_t bytes, int advice)
{
	if (is_the_one(&allocation)) {
		errno = ENOMEM;
		return -1;
	}
	return __real_madvise(addr, bytes, advice);
}

/* That there is no room for one more object. */
static bool no_room;

int __real_devthp_live_add(const void *object);
int __wrap_devthp_live_add(const void *object);

int __wrap_devthp_live_add(const void *object)
{
	return no_room ? -ENOMEM : __real_devthp_live_add(object);
}

static int failing_open(const char *path, int flags)
{
	int fd;

	/* Read as well, but quick where sanitizers have mapped terabytes. */
	if (!strcmp(path, "/proc/self/smaps"))
		path = "/proc/self/maps";
	fd = is_the_one(&kernel_call) ? -ENFILE : devthp_sys_kernel.open(path, flags);
	files += fd >= 0;
	return fd;
}

static int failing_close(int fd)
{
	files--;
	return devthp_sys_kernel.close(fd);
}

static int failing_ioctl(int fd, unsigned long request, void *arg)
{
	return is_the_one(&kernel_call) ? -EIO : devthp_sys_kernel.ioctl(fd, request, arg);
}

static ssize_t failing_pread(int fd, void *buf, size_t bytes, uint64_t offset)
{
	return is_the_one(&kernel_call) ? -EIO : devthp_sys_kernel.pread(fd, buf, bytes, offset);
}

static int failing_numbers(int fd, unsigned int *major, unsigned int *minor)
{
	return devthp_sys_kernel.numbers(fd, major, minor);
}

static int failing_uname(struct utsname *name)
{
	return is_the_one(&kernel_call) ? -EFAULT : devthp_sys_kernel.uname(name);
}

static const struct devthp_sys failing_sys = {
	.open = failing_open,
	.close = failing_close,
	.ioctl = failing_ioctl,
	.pread = failing_pread,
	.numbers = failing_numbers,
	.uname = failing_uname,
};

static bool may_return(int ret, bool allocations)
{
	if (ret >= 0)
		return true;
	if (allocations)
		return ret == -ENOMEM;
	return ret == -ENFILE || ret == -EIO || ret == -EFAULT || ret == -ENODATA;
}

/* Let the nth fail. False if it did not come to that. */
static bool try(const struct call *call, unsigned int n, unsigned int *countdown)
{
	void *object = object_for(call, "toy");
	struct args args = good_args(call, object);
	const long before[] = { blocks, mappings, files };
	int ret;

	failed = false;
	devthp_sys = &failing_sys;
	*countdown = n;
	errno = EXDEV;
	ret = call->run(&args);
	*countdown = 0;
	devthp_sys = &devthp_sys_kernel;
	if (failed && (errno != EXDEV || !may_return(ret, countdown == &allocation)))
		printf("# %s with number %u failing: returned %d, errno %d\n", call->name, n, ret,
		       errno);
	CHECK(errno == EXDEV);
	CHECK(!failed || may_return(ret, countdown == &allocation));
	if (ret < 0 && call->flags & NEEDS_OUT && !(call->flags & REPORTS))
		CHECK_INT(*(uint64_t *)args.out, 0);
	if (ret >= 0)
		drop_result(call, &args);
	if (before[0] != blocks || before[1] != mappings || before[2] != files)
		printf("# %s with number %u failing: %ld blocks, %ld pages, %ld files left\n",
		       call->name, n, blocks - before[0], mappings - before[1],
		       files - before[2]);
	CHECK(before[0] == blocks && before[1] == mappings && before[2] == files);
	close_object(call, object);
	return failed;
}

static void each_fails(unsigned int flag, unsigned int *countdown)
{
	unsigned int n, tried = 0;
	size_t i;

	register_toys();
	toy_result = 0;
	for (i = 0; i < ncalls; i++) {
		if (!(calls[i].flags & flag) || !strcmp(calls[i].name, "devthp_backend_register"))
			continue;
		/* Calls that ask that often read many files in one way: some of those. */
		for (n = 1; n < TIMES_MAX && try(&calls[i], n, countdown); n += n < 24 ? 1 : 13)
			tried++;
		if (n == TIMES_MAX || n == 1)
			printf("# %s: %u times\n", calls[i].name, n - 1);
		/* Those that are said to ask do so. */
		CHECK(n < TIMES_MAX && n > 1);
	}
	printf("# %u failures\n", tried);
}

static void allocations(void)
{
	each_fails(ALLOCATES, &allocation);
}

static void kernel_calls(void)
{
	each_fails(FROM_KERNEL, &kernel_call);
}

/* What was made and cannot be noted as an object is unmade. */
static void no_room_for_objects(void)
{
	const uint32_t constructs = NEEDS_OUT | ALLOCATES;
	unsigned int tried = 0;
	size_t i;

	register_toys();
	toy_result = 0;
	for (i = 0; i < ncalls; i++) {
		struct args args = good_args(&calls[i], NULL);
		const long before[] = { blocks, mappings, files };

		/* devthp_check() has a result, and does without. */
		if (calls[i].flags & (ON_OBJECT | REPORTS) ||
		    ((calls[i].flags & constructs) != constructs &&
		     strcmp(calls[i].name, "devthp_check")))
			continue;
		printf("# %s\n", calls[i].name);
		devthp_sys = &failing_sys;	/* which counts */
		no_room = true;
		CHECK_CALL(calls[i].run(&args), -ENOMEM);
		no_room = false;
		devthp_sys = &devthp_sys_kernel;
		CHECK_INT(*(uint64_t *)args.out, 0);
		CHECK(before[0] == blocks && before[1] == mappings && before[2] == files);
		tried++;
	}
	CHECK_INT(tried, 6);
}

/* The table of objects, of more than it has room for, and no memory for another. */
static void table_of_objects(void)
{
	const uintptr_t begin = 1 << 20;
	unsigned int i, refused = 0, known = 0;

	for (i = 0; i < MANY; i++) {
		allocation = 1;
		refused += __real_devthp_live_add((void *)(begin + i * 16)) == -ENOMEM;
	}
	allocation = 0;
	for (i = 0; i < MANY; i++)
		known += !devthp_live((void *)(begin + i * 16));
	CHECK(refused > 0);
	CHECK_INT(known, MANY - refused);
	/* As soon as there is memory, there is room. */
	for (i = 0; i < MANY; i++) {
		if (devthp_live((void *)(begin + i * 16)))
			CHECK(!__real_devthp_live_add((void *)(begin + i * 16)));
		CHECK(!devthp_live((void *)(begin + i * 16)));
	}
	for (i = 0; i < MANY; i++)
		CHECK(devthp_live_remove((void *)(begin + i * 16)));
}

static const struct tap_case cases[] = {
	{ "each allocation fails", allocations },
	{ "each call of the kernel fails", kernel_calls },
	{ "no room for one more object", no_room_for_objects },
	{ "no memory for the table of objects", table_of_objects },
};

TAP_MAIN(cases)
