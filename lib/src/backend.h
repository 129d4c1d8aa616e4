/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * A backend: how to speak to one kind of device. device.c checks arguments and
 * keeps the rules of devthp.h; a backend does what its members promise here.
 * A member that is NULL is something the device cannot do.
 */
#ifndef DEVTHP_BACKEND_H
#define DEVTHP_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct devthp_backend;
struct devthp_eviction;
struct devthp_times;
struct devthp_usage;

struct devthp_device {
	const struct devthp_backend *backend;
	int fd;
	bool coherent;		/* set by attach: the CPU can map its memory */
	char path[128];
};

struct devthp_backend {
	const char *name;
	/* Limit: pages that migrate at once, starting where a request starts. */
	size_t window_pages;

	/* Path of the node by minor number, as snprintf(); -EINVAL: none such. */
	int (*node)(uint32_t minor, char *path, size_t bytes);
	/* dev->fd was opened: is it one of ours? Must leave no trace on it. */
	int (*attach)(struct devthp_device *dev);

	/*
	 * Addresses and lengths were checked. buf has room for npages pages.
	 * Counts through pointers are set on success only.
	 */
	int (*migrate_to_device)(struct devthp_device *dev, uintptr_t addr,
				 size_t npages, void *buf, uint64_t *entries);
	int (*migrate_to_system)(struct devthp_device *dev, uintptr_t addr,
				 size_t npages, uint64_t *entries);
	int (*read)(struct devthp_device *dev, uintptr_t addr, size_t npages,
		    void *buf, uint64_t *pages, uint64_t *faults);
	int (*write)(struct devthp_device *dev, uintptr_t addr, size_t npages,
		     const void *buf, uint64_t *pages, uint64_t *faults);
	/* Must change neither the memory nor what the device has mapped. */
	int (*snapshot)(struct devthp_device *dev, uintptr_t addr,
			size_t npages, uint8_t *prot);
	int (*fail_alloc)(struct devthp_device *dev, bool on);
	/* Returns once nothing is left on the device. */
	int (*evict)(struct devthp_device *dev);
	/* Of the reports here all but the size is set. */
	int (*drain)(struct devthp_device *dev, struct devthp_eviction *eviction);
	int (*usage)(struct devthp_device *dev, struct devthp_usage *usage);
	int (*times)(struct devthp_device *dev, struct devthp_times *times);
	/* The flags, and that they go together, were checked. */
	int (*hold)(struct devthp_device *dev, uintptr_t addr, size_t npages,
		    uint32_t flags, uint64_t *held);
	int (*unhold)(struct devthp_device *dev, uintptr_t addr, size_t npages,
		      uint64_t *held);
	int (*hold_frames)(struct devthp_device *dev, uint64_t pfn,
			   size_t npages, uint64_t *held);
	int (*unhold_frames)(struct devthp_device *dev, uint64_t pfn,
			     size_t npages, uint64_t *held);
	/* The point was checked. */
	int (*pause)(struct devthp_device *dev, unsigned int point);
	int (*pause_wait)(struct devthp_device *dev, unsigned int point,
			  unsigned int timeout_ms);
	int (*resume)(struct devthp_device *dev, unsigned int point);
	int (*exclusive)(struct devthp_device *dev, uintptr_t addr,
			 size_t npages, void *buf);
	/* 1, 0 or a negative errno. */
	int (*is_exclusive)(struct devthp_device *dev, uintptr_t addr,
			    size_t npages);
};

extern const struct devthp_backend devthp_test_hmm;

#endif
