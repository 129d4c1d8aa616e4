// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#include <fcntl.h>
#include <sys/mman.h>

#include "internal.h"

int devthp_scratch_get(void **buf, size_t npages)
{
	size_t bytes = npages * devthp_page_size();
	void *p;

	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return -errno;
	/* Fails where the kernel has no huge pages to keep away from. */
	madvise(p, bytes, MADV_NOHUGEPAGE);
	*buf = p;
	return 0;
}

int devthp_scratch_get_apart(void **buf, size_t npages, const void *addr)
{
	const uintptr_t bytes = npages * devthp_page_size();
	void *in_the_way;
	int ret;

	ret = devthp_scratch_get(buf, npages);
	if (ret || ((uintptr_t)*buf - (uintptr_t)addr >= bytes &&
		    (uintptr_t)addr - (uintptr_t)*buf >= bytes))
		return ret;
	/* As long as that is there, the next is elsewhere: at most at the other end. */
	in_the_way = *buf;
	ret = devthp_scratch_get_apart(buf, npages, addr);
	devthp_scratch_put(in_the_way, npages);
	return ret;
}

void devthp_scratch_put(void *buf, size_t npages)
{
	munmap(buf, npages * devthp_page_size());
}

/* As much as there is of it, from its beginning, and fits. */
static ssize_t read_file(const char *path, char *buf, size_t room)
{
	int fd = devthp_sys->open(path, O_RDONLY);
	size_t filled = 0;
	ssize_t got = fd;

	if (fd < 0)
		return fd;
	do {
		got = devthp_sys->pread(fd, buf + filled, room - filled, filled);
		if (got > 0)
			filled += got;
	} while (got > 0 && filled < room);
	devthp_sys->close(fd);
	return got < 0 ? got : (ssize_t)filled;
}

int devthp_scratch_read(const char *path, char **text, size_t *npages)
{
	size_t room;
	ssize_t got;
	void *buf;
	int ret;

	for (*npages = 16;; *npages *= 2) {
		room = *npages * devthp_page_size();
		ret = devthp_scratch_get(&buf, *npages);
		if (ret)
			return ret;
		got = read_file(path, buf, room);
		if (got >= 0 && (size_t)got < room) {
			*text = buf;	/* what is behind it is 0 */
			return 0;
		}
		devthp_scratch_put(buf, *npages);
		if (got < 0)
			return (int)got;
	}
}
