// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * A backend to begin with: copy it, and fill in what your driver can do. Every member
 * that is in the table below must keep what devthp_backend.h promises of it; take out
 * of the table what your driver cannot do.
 *
 *	make -C lib BACKEND=$PWD/mydriver.c		the devthp command on your driver
 *	make -C $LINUX/tools/testing/selftests/devthp top_srcdir=$LINUX \
 *		BACKEND=$PWD/mydriver.c			the suite
 *
 * "devthp probe", and then "devthp cycle", tell how far it is; of the suite, the
 * portable_* programs come first: they ask for nothing but what is promised there, and
 * skip what is not in the table. toy.c is an example, filled in.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <devthp_backend.h>

/* The node of your driver, and its largest folio in pages. */
#define NODE		"/dev/dri/renderD128"
#define WINDOW_PAGES	512

struct mydriver {
	int fd;
};

/*
 * Step 1. The device mirrors the address space of who opens it: create what your
 * driver calls an address space (a VM, an SVM context) here.
 */
static int mydriver_open(const struct devthp_backend_request *request,
			 struct devthp_backend_device *device)
{
	const char *path = request->path ? request->path : NODE;
	struct mydriver *my;
	int fd;

	/* Of several devices, NODE would be the first; of one, there is no second. */
	if (request->minor)
		return -ENOENT;
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* Ask the driver for its name or version: -ENODEV, if it is another one. */
	my = malloc(sizeof(*my));
	if (!my) {
		close(fd);
		return -ENOMEM;
	}
	my->fd = fd;
	device->state = my;
	device->window_pages = WINDOW_PAGES;
	device->caps = DEVTHP_CAP_PRIVATE;
	snprintf(device->path, sizeof(device->path), "%s", path);
	return 0;
}

static int mydriver_close(void *state)
{
	struct mydriver *my = state;
	int ret = close(my->fd) ? -errno : 0;

	free(my);
	return ret;
}

/*
 * Step 2. Where the driver has a call to prefetch, or advice on a preferred location
 * (DRM_IOCTL_*_PREFETCH, AMDKFD_IOC_SVM, ...), this is that. A driver that only migrates
 * when the device faults lets the device touch each page. Say -ENOENT if a page stayed
 * where it was.
 */
static int mydriver_migrate_to_device(void *state, uintptr_t addr, size_t npages, void *buf,
				      uint64_t *entries)
{
	(void)state, (void)addr, (void)npages, (void)buf, (void)entries;
	return -EOPNOTSUPP;
}

/* The same in the other direction. Without a call for it: touch each page here. */
static int mydriver_migrate_to_system(void *state, uintptr_t addr, size_t npages,
				      uint64_t *entries)
{
	(void)state, (void)addr, (void)npages, (void)entries;
	return -EOPNOTSUPP;
}

/*
 * Step 3. The device copies between the range and buf, by a blit, or a kernel that
 * loads and stores. buf is memory of this process, too; do not migrate it.
 */
static int mydriver_read(void *state, uintptr_t addr, size_t npages, void *buf,
			 uint64_t *pages, uint64_t *faults)
{
	(void)state, (void)addr, (void)npages, (void)buf, (void)pages, (void)faults;
	return -EOPNOTSUPP;
}

static int mydriver_write(void *state, uintptr_t addr, size_t npages, const void *buf,
			  uint64_t *pages, uint64_t *faults)
{
	(void)state, (void)addr, (void)npages, (void)buf, (void)pages, (void)faults;
	return -EOPNOTSUPP;
}

/*
 * Step 4, best from a debugfs file of the driver: send everything back that is in the
 * device's memory, whosever it is.
 */
static int mydriver_evict(void *state)
{
	(void)state;
	return -EOPNOTSUPP;
}

static const struct devthp_backend mydriver = {
	.size = sizeof(mydriver),
	.name = "mydriver",
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
	if (devthp_backend_register(&mydriver))
		abort();
}
