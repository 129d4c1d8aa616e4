// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* What the kernel says of this process, and a way to its memory past all protection. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "model.h"

/* Part of a range of pages that lies in [start, end). */
struct part {
	size_t first, end;
};

static struct part part_in(uintptr_t addr, size_t npages, uintptr_t start, uintptr_t end)
{
	const size_t size = model_page_size();
	struct part part = { 0, npages };

	if (end <= addr || start >= addr + npages * size)
		return (struct part){ 0, 0 };
	if (start > addr)
		part.first = (start - addr) / size;
	if (end < addr + npages * size)
		part.end = (end - addr) / size;
	return part;
}

static uint8_t meaning(const char *flags, unsigned long inode)
{
	return MODEL_MAPPED | (flags[0] == 'r' ? PROT_READ : 0) |
	       (flags[1] == 'w' ? PROT_WRITE : 0) | (flags[2] == 'x' ? PROT_EXEC : 0) |
	       (flags[3] == 's' || inode ? MODEL_FOREIGN : 0);
}

/* The mapping of what is on a device is there, but is made inaccessible. */
static void see_as_the_program_does(uintptr_t addr, size_t npages, uint8_t *what)
{
	size_t i;

	for (i = 0; i < npages; i++) {
		long frame = model_frame_of(addr + i * model_page_size());

		if (frame != MODEL_NONE)
			what[i] = (uint8_t)((what[i] & ~PROT_READ) | *model_prot_of(frame));
	}
}

int model_mappings(uintptr_t addr, size_t npages, bool size_too, uint8_t *what)
{
	FILE *file = fopen(size_too ? "/proc/self/smaps" : "/proc/self/maps", "re");
	struct part part = { 0, 0 };
	unsigned long start, end, inode;
	char flags[5], *line = NULL;
	size_t room = 0, i;

	if (!file)
		return -errno;
	memset(what, 0, npages);
	while (getline(&line, &room, file) > 0) {
		if (sscanf(line, "%lx-%lx %4s %*x %*x:%*x %lu", &start, &end, flags, &inode) == 4) {
			part = part_in(addr, npages, start, end);
			for (i = part.first; i < part.end; i++)
				what[i] = meaning(flags, inode);
		} else if (!strncmp(line, "VmFlags:", 8) && strstr(line, " nh")) {
			for (i = part.first; i < part.end; i++)
				what[i] |= MODEL_SMALL;
		}
	}
	free(line);
	fclose(file);
	see_as_the_program_does(addr, npages, what);
	return 0;
}

/* As linux/fs.h has it, where it is new enough. */
struct region {
	uint64_t start, end, categories;
};

struct scan {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t inverted, mask, anyof_mask, return_mask;
};

#define SCAN		_IOWR('f', 16, struct scan)
#define SCAN_IS_HUGE	(1 << 6)

/* Since Linux 6.7 one can ask; of an older one it is presumed wherever it may be. */
static void find_huge(int fd, uintptr_t addr, size_t npages, uint8_t *what)
{
	const size_t size = model_page_size();
	struct region found[32];
	struct scan scan = {
		.size = sizeof(scan), .start = addr, .end = addr + npages * size,
		.vec = (uintptr_t)found, .vec_len = sizeof(found) / sizeof(found[0]),
		.mask = SCAN_IS_HUGE, .return_mask = SCAN_IS_HUGE,
	};
	struct part part;
	long n, i;
	size_t page;

	do {
		n = ioctl(fd, SCAN, &scan);
		for (i = 0; i < n; i++) {
			part = part_in(addr, npages, found[i].start, found[i].end);
			for (page = part.first; page < part.end; page++)
				what[page] |= MODEL_HUGE;
		}
		scan.start = scan.walk_end;
	} while (n > 0 && scan.walk_end < scan.end);
	for (page = 0; n < 0 && page < npages; page++)
		what[page] |= what[page] & MODEL_PRESENT && !(what[page] & MODEL_SMALL) ?
			      MODEL_HUGE : 0;
}

int model_present(uintptr_t addr, size_t npages, uint8_t *what)
{
	const size_t size = model_page_size();
	const size_t bytes = npages * sizeof(uint64_t);
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t *entry;
	int ret = -EIO;
	size_t i;

	if (fd < 0)
		return -errno;
	entry = malloc(bytes);
	if (!entry) {
		ret = -ENOMEM;
		goto out_close;
	}
	if (pread(fd, entry, bytes, (off_t)(addr / size * sizeof(*entry))) == (ssize_t)bytes) {
		for (i = 0; i < npages; i++)
			if (entry[i] >> 62)	/* or swapped out */
				what[i] |= MODEL_PRESENT;
		find_huge(fd, addr, npages, what);
		ret = 0;
	}
	free(entry);
out_close:
	close(fd);
	return ret;
}

static bool is_file(int fd, const struct stat *file)
{
	struct stat now;

	return FAULT(33) || (fd >= 0 && !fstat(fd, &now) && now.st_dev == file->st_dev &&
			     now.st_ino == file->st_ino);
}

/*
 * Also in a handler, and in a child of fork(), which has a memory of its own. A program
 * may have closed all files that it did not open, and have another by that number.
 */
static int own_memory(void)
{
	static int fd = -1;
	static pid_t owner;
	static struct stat file;
	const pid_t self = (pid_t)syscall(SYS_getpid);
	const bool is_open = is_file(fd, &file);

	if (is_open && owner == self)
		return fd;
	if (is_open)
		close(fd);
	fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	owner = fd >= 0 && !fstat(fd, &file) ? self : 0;
	return fd;
}

ssize_t model_peek(uintptr_t addr, void *to, size_t bytes)
{
	return pread(own_memory(), to, bytes, (off_t)addr);
}

ssize_t model_poke(uintptr_t addr, const void *from, size_t bytes)
{
	return pwrite(own_memory(), from, bytes, (off_t)addr);
}
