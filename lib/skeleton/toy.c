// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * An example: mydriver.c filled in for a device that is a toy. Its memory is a file in
 * memory, and a page that is on the device is mapped from that file, so that the CPU
 * uses it there; /proc/self/maps tells which pages are. It keeps the promises of
 * devthp_backend.h, to one thread at a time: selftests/portable_*.c pass with it.
 *
 *	make -C lib BACKEND=$PWD/toy.c			the devthp command on it
 *	make -C $LINUX/tools/testing/selftests/devthp top_srcdir=$LINUX \
 *		BACKEND=$PWD/toy.c			the suite
 *
 * Compare: diff mydriver.c toy.c
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <devthp_backend.h>

/* Largest folio in pages: it knows none. A blit goes by way of the end of its memory. */
#define WINDOW_PAGES	1
#define BLIT_AT		(1L << 40)

static int memory = -1;		/* of the device, while it is open */
static off_t top;		/* as much of it has been in use */
static unsigned int users;

struct mydriver {
	pid_t opener;
};

struct mapping {
	unsigned long start, end, offset, inode;
	int prot, on_device;
};

/* The first mapping that ends behind addr: false, if there is none. */
static int find(uintptr_t addr, struct mapping *m)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[8192], flags[5];
	int found = 0;

	while (maps && !found && fgets(line, sizeof(line), maps))
		found = sscanf(line, "%lx-%lx %4s %lx %*x:%*x %lu", &m->start, &m->end, flags,
			       &m->offset, &m->inode) == 5 && m->end > addr;
	if (found) {
		m->prot = (flags[0] == 'r' ? PROT_READ : 0) | (flags[1] == 'w' ? PROT_WRITE : 0);
		m->on_device = !!strstr(line, " /memfd:devthp-toy ");
	}
	if (maps)
		fclose(maps);
	return found;
}

/* As it is within [addr, end). */
static void clip(struct mapping *m, uintptr_t addr, uintptr_t end)
{
	if (addr > m->start) {
		m->offset += addr - m->start;
		m->start = addr;
	}
	if (m->end > end)
		m->end = end;
}

/* All of a range must be mapped, and allow the access. */
static int check(uintptr_t addr, size_t bytes, int prot, int none, int not_allowed)
{
	uintptr_t end = addr + bytes;
	struct mapping m;

	for (; addr < end; addr = m.end) {
		if (!find(addr, &m) || m.start > addr)
			return none;
		if ((m.prot & prot) != prot)
			return not_allowed;
	}
	return 0;
}

/* The kernel copies, as much at once as it likes: a buffer which is none is an error. */
static int transfer(int to_device, uintptr_t buf, size_t bytes, off_t at)
{
	ssize_t n = 1;

	errno = EIO;	/* should it transfer nothing, and not say why */
	for (; bytes && n > 0; buf += (size_t)n, bytes -= (size_t)n, at += n)
		n = to_device ? pwrite(memory, (void *)buf, bytes, at) :
				pread(memory, (void *)buf, bytes, at);
	return n > 0 ? 0 : -1;
}

static int copy(uintptr_t from, uintptr_t to, size_t bytes)
{
	int ret = transfer(1, from, bytes, BLIT_AT) || transfer(0, to, bytes, BLIT_AT) ? -errno : 0;

	return ftruncate(memory, top) ? -errno : ret;
}

/* Bring back what is on the device of a range. */
static int come_back(uintptr_t addr, uintptr_t end)
{
	struct mapping m;
	size_t bytes;
	void *page;

	for (; addr < end && find(addr, &m) && m.start < end; addr = m.end) {
		clip(&m, addr, end);
		if (!m.on_device)
			continue;
		bytes = m.end - m.start;
		page = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (page == MAP_FAILED)
			return -ENOMEM;
		if (transfer(0, (uintptr_t)page, bytes, (off_t)m.offset) ||
		    mprotect(page, bytes, m.prot) ||
		    mremap(page, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, m.start) == MAP_FAILED)
			return -errno;
		fallocate(memory, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)m.offset,
			  (off_t)bytes);
	}
	return 0;
}

/* The file would be one for parent and child, and is not dropped with its mapping. */
static void before_fork(void)
{
	if (users)
		come_back(0, UINTPTR_MAX);
}

/* A child has a device to itself, and nothing on it. */
static void in_child(void)
{
	if (memory >= 0)
		close(memory);
	memory = -1;
	top = 0;
	users = 0;
}

__attribute__((visibility("default"))) int madvise(void *addr, size_t bytes, int advice)
{
	if (users)
		come_back((uintptr_t)addr, (uintptr_t)addr + bytes);
	return (int)syscall(SYS_madvise, addr, bytes, advice);
}

/*
 * Step 1. The device mirrors the address space of who opens it. There is one for each
 * process, and all that open it share it.
 */
static int mydriver_open(const struct devthp_backend_request *request,
			 struct devthp_backend_device *device)
{
	struct mydriver *my;

	if (request->path || request->minor)
		return -ENOENT;
	if (memory < 0) {
		memory = memfd_create("devthp-toy", MFD_CLOEXEC);
		if (memory < 0)
			return -errno;
	}
	my = malloc(sizeof(*my));
	if (!my)
		return -ENOMEM;
	my->opener = getpid();
	users++;
	device->state = my;
	device->window_pages = WINDOW_PAGES;
	snprintf(device->path, sizeof(device->path), "a toy in this process");
	return 0;
}

static int mydriver_close(void *state)
{
	struct mydriver *my = state;
	int ret = 0;

	if (my->opener == getpid() && !--users)
		ret = come_back(0, UINTPTR_MAX);
	free(my);
	return ret;
}

/*
 * Step 2. To the device: a copy in its memory takes the place of what is mapped. buf is
 * for devices that can only tell by reading.
 */
static int mydriver_migrate_to_device(void *state, uintptr_t addr, size_t npages, void *buf,
				      uint64_t *entries)
{
	const uintptr_t end = addr + npages * devthp_page_size();
	struct mapping m;
	int ret;

	(void)state, (void)buf;
	*entries = 0;
	ret = check(addr, end - addr, PROT_READ, -EINVAL, -EINVAL);
	for (; addr < end && !ret; addr = m.end) {
		find(addr, &m);
		clip(&m, addr, end);
		if (m.on_device)
			continue;
		if (m.inode)
			return -EINVAL;
		if (transfer(1, m.start, m.end - m.start, top) ||
		    mmap((void *)m.start, m.end - m.start, m.prot, MAP_SHARED | MAP_FIXED, memory,
			 top) == MAP_FAILED)
			return -errno;
		top += (off_t)(m.end - m.start);
		++*entries;
	}
	return ret;
}

/* The same in the other direction. */
static int mydriver_migrate_to_system(void *state, uintptr_t addr, size_t npages,
				      uint64_t *entries)
{
	(void)state;
	*entries = 0;
	return come_back(addr, addr + npages * devthp_page_size());
}

/*
 * Step 3. The device copies between the range and buf, wherever both are.
 */
static int mydriver_read(void *state, uintptr_t addr, size_t npages, void *buf,
			 uint64_t *pages, uint64_t *faults)
{
	const size_t bytes = npages * devthp_page_size();
	int ret = check(addr, bytes, PROT_READ, -EFAULT, -EPERM);

	(void)state;
	*pages = npages;
	*faults = 0;
	return ret ? ret : copy(addr, (uintptr_t)buf, bytes);
}

static int mydriver_write(void *state, uintptr_t addr, size_t npages, const void *buf,
			  uint64_t *pages, uint64_t *faults)
{
	const size_t bytes = npages * devthp_page_size();
	int ret = check(addr, bytes, PROT_READ | PROT_WRITE, -EFAULT, -EPERM);

	(void)state;
	*pages = npages;
	*faults = 0;
	return ret ? ret : copy((uintptr_t)buf, addr, bytes);
}

/*
 * Step 4: send everything back that is in the device's memory.
 */
static int mydriver_evict(void *state)
{
	(void)state;
	return come_back(0, UINTPTR_MAX);
}

static const struct devthp_backend mydriver = {
	.size = sizeof(mydriver),
	.name = "toy",
	.open = mydriver_open,
	.close = mydriver_close,
	.migrate_to_device = mydriver_migrate_to_device,
	.migrate_to_system = mydriver_migrate_to_system,
	.read = mydriver_read,
	.write = mydriver_write,
	.evict = mydriver_evict,
};

/* Linked in, it is the default backend. */
__attribute__((constructor)) static void mydriver_register(void)
{
	if (pthread_atfork(before_fork, NULL, in_child) || devthp_backend_register(&mydriver))
		abort();
}
