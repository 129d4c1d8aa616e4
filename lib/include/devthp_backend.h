/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * How a driver comes under libdevthp: a table of what one can ask of it. Fill in what
 * it can do, leave out the rest, register the table: a call that needs a member that is
 * absent is -EOPNOTSUPP. lib/skeleton/ has a table to begin with; BACKEND= of the
 * Makefiles of lib/ and selftests/ links it into the devthp command, and the suite.
 *
 * Rules for all members
 *
 * - They return 0 or a negative errno, unless said otherwise; what else they return is
 *   -EPROTO to the caller. -EOPNOTSUPP says that this very driver, or module, cannot do
 *   it, as if the member were absent.
 * - Arguments are checked before: addresses are aligned to pages, npages is not 0, and
 *   the range does not wrap around. Whether it is mapped is for the member to find out.
 * - Pointers for results are never NULL. They need to be set on success only.
 * - "state" is what open() has put there. Calls for one state come one at a time, but
 *   for pause_wait() and resume(), which come while another call has stopped.
 * - They may change errno. They must not print, nor exit.
 */
#ifndef DEVTHP_BACKEND_H
#define DEVTHP_BACKEND_H

#include "devthp.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What devthp_device_open() was asked for. */
struct devthp_backend_request {
	const char *path;	/* NULL: by minor */
	uint32_t minor;		/* 0 with a path */
	uint32_t reserved;
};

/* What open() says of the device; it begins all 0. */
struct devthp_backend_device {
	void *state;		/* for all other members */
	uint64_t window_pages;	/* pages that migrate at once, at most; > 0 */
	uint32_t caps;		/* DEVTHP_CAP_PRIVATE or _COHERENT; 0: no kernel knows it */
	uint32_t reserved;	/* 0 */
	char path[128];		/* for people to read; cut off if longer */
};

struct devthp_backend {
	size_t size;		/* sizeof(struct devthp_backend) */
	const char *name;	/* one word; no other backend's */

	/*
	 * Begin to mirror the address space of the calling process. Must leave no trace
	 * on a device that turns out to be another's. What it says of one is checked: if
	 * a promise is broken, close() follows, and -EPROTO to who opens. Needed.
	 *
	 * -ENOENT, -ENXIO	no such device, of that path or minor
	 * -ENODEV		a device, but not of this kind
	 */
	int (*open)(const struct devthp_backend_request *request,
		    struct devthp_backend_device *device);
	/* Frees the state, whatever it returns. Needed. */
	int (*close)(void *state);

	/*
	 * Migrate every page of the range to the device; those that are there stay. Pages
	 * that do not exist get zeroed ones of the device. A huge folio that begins in
	 * the range and fits into it goes as a whole, if the device has memory for that,
	 * else page by page. buf has room for npages pages; the device may read the
	 * range into it. entries is for people to read.
	 *
	 * -ENOENT	some page did not go; those that went stay there
	 */
	int (*migrate_to_device)(void *state, uintptr_t addr, size_t npages, void *buf,
				 uint64_t *entries);
	/* Migrate those that are on this device back. The two come together. */
	int (*migrate_to_system)(void *state, uintptr_t addr, size_t npages,
				 uint64_t *entries);

	/*
	 * Access by the device, which faults in what it has not mapped, and moves nothing.
	 * pages is how many were copied, faults how often it had to fault. The two come
	 * together. -EPERM: not allowed there; -EFAULT: nothing is mapped there; either,
	 * if nothing at all is allowed.
	 */
	int (*read)(void *state, uintptr_t addr, size_t npages, void *buf, uint64_t *pages,
		    uint64_t *faults);
	int (*write)(void *state, uintptr_t addr, size_t npages, const void *buf,
		     uint64_t *pages, uint64_t *faults);

	/*
	 * One DEVTHP_PROT_* byte for each page. Changes neither the memory nor what the
	 * device has mapped, and faults nothing in.
	 */
	int (*snapshot)(void *state, uintptr_t addr, size_t npages, uint8_t *prot);

	/* The nth allocation that a migration makes from now on fails, once. 0: none does. */
	int (*fail_alloc)(void *state, uint64_t nth);

	/*
	 * Everything on the device, whosever it is, goes back. evict() returns once
	 * nothing is left, and the device gives up its memory; drain() leaves what is held,
	 * and keeps the memory. All members but size of the report are set.
	 */
	int (*evict)(void *state);
	int (*drain)(void *state, struct devthp_eviction *eviction);

	/* All members but size of the report are set. */
	int (*usage)(void *state, struct devthp_usage *usage);
	int (*times)(void *state, struct devthp_times *times);

	/*
	 * As for DMA under way; see devthp_device_hold(). The flags, and that they go
	 * together, were checked. The two come together.
	 */
	int (*hold)(void *state, uintptr_t addr, size_t npages, uint32_t flags,
		    uint64_t *held);
	int (*unhold)(void *state, uintptr_t addr, size_t npages, uint64_t *held);
	/* By page number, which fits an address; see devthp_device_hold_frames(). */
	int (*hold_frames)(void *state, uint64_t pfn, size_t npages, uint64_t *held);
	int (*unhold_frames)(void *state, uint64_t pfn, size_t npages, uint64_t *held);

	/* See devthp_device_pause(). The point was checked. The three come together. */
	int (*pause)(void *state, unsigned int point);
	int (*pause_wait)(void *state, unsigned int point, unsigned int timeout_ms);
	int (*resume)(void *state, unsigned int point);

	/* See devthp_device_exclusive(); is_exclusive() returns 1, 0 or a negative errno. */
	int (*exclusive)(void *state, uintptr_t addr, size_t npages, void *buf);
	int (*is_exclusive)(void *state, uintptr_t addr, size_t npages);
};

/*
 * Make a backend known, so that devthp_device_open() finds it by name. The last one
 * registered is the one that is taken when no name is given. The table is copied, the
 * name is not. There is no way back, and no lock: do it before any thread opens devices.
 *
 * -EINVAL	no name, a member that is needed is absent, or one of two or three that
 *		come together
 * -EEXIST	a backend of that name is known
 * -ENOSPC	there are too many (16)
 */
DEVTHP_API int devthp_backend_register(const struct devthp_backend *backend);

/* Name of the one that is taken when none is given. It stays, as long as the name does. */
DEVTHP_API const char *devthp_backend_default(void);

#ifdef __cplusplus
}
#endif

#endif
