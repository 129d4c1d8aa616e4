/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * libdevthp: drive huge pages between system memory and a device with private
 * memory, and observe what became of them.
 *
 * Rules that hold for every call
 *
 * - Calls that can fail return int: 0 or a count on success, a negative errno
 *   on failure. errno itself is never changed. Nothing is ever printed, and
 *   the process never exited. devthp_log_set() tells why a call failed.
 * - Objects are opaque. A constructor hands out the object through its first
 *   parameter and leaves it untouched on failure. The matching _close() or
 *   _free() accepts NULL. An object belongs to one thread at a time; different
 *   objects may be used by different threads. Two threads that use one object at once are
 *   not noticed. Calls that take no object may be made by any thread at any time. What is
 *   otherwise is said of it.
 * - An object that was closed or freed already is -EBADF (0 or NULL, from calls that
 *   return no error), which finds mistakes, but not all: another object may have got its
 *   address, and two threads may be too close together.
 * - Structures whose first member is "size" may grow. The caller sets size to
 *   sizeof(the structure) as it was compiled. A shorter structure than the
 *   library's is accepted: options not given are 0, facts not asked for are
 *   not written. A longer one is accepted too: in options, bytes the library
 *   does not know must be 0, or the call is refused with -E2BIG; in reports
 *   they are set to 0. A size that is 0, or no multiple of sizeof(size_t) as that of
 *   every structure here is, is -EINVAL, one beyond 4096 is -E2BIG.
 *   An options pointer may be NULL (all defaults); so may a report pointer
 *   unless said otherwise.
 * - "Page" always is a base page (devthp_page_size()), "npages" counts those,
 *   and addresses of pages are aligned to it (-EINVAL otherwise). npages 0 is
 *   -EINVAL, as is a range that wraps around the address space. Everything
 *   called size or bytes is in bytes.
 * - Addresses are those of the calling process, unless a pid is named.
 * - A NULL pointer where an object or a buffer is needed is -EINVAL, as is a flag, or
 *   another value, that is none of those named here, and a "reserved" that is not 0,
 *   unless said otherwise.
 * - What the backend of a device cannot do is -EOPNOTSUPP, and what it fails with is
 *   returned as it is; see devthp_backend.h. -EPROTO is a backend that breaks a promise
 *   made there; the log tells which. Errors that are listed below come on top of
 *   those of any call: -ENOMEM, and what the kernel says of its files (-EMFILE, -EIO...).
 */
#ifndef DEVTHP_H
#define DEVTHP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Of this header. A library of the same major version, and no older, goes with it. */
#define DEVTHP_VERSION_MAJOR	0
#define DEVTHP_VERSION_MINOR	1

#if defined(__GNUC__)
#define DEVTHP_API __attribute__((visibility("default")))
#else
#define DEVTHP_API
#endif

/* "No such number": a PFN, page or count that does not exist or is unknown. */
#define DEVTHP_NONE	UINT64_MAX

/* ---- The library and the system under it ---- */

/* Version of the library that is running, such as "0.1". Static storage. */
DEVTHP_API const char *devthp_version(void);

/* Bytes of a base page. */
DEVTHP_API size_t devthp_page_size(void);

/*
 * Bytes that one PMD entry maps, as the kernel says; 0 when this kernel has no
 * transparent huge pages, or cannot be asked, which devthp_system_query() fails for.
 */
DEVTHP_API size_t devthp_pmd_size(void);

/*
 * The log. It tells what a return value cannot: which arguments were refused, which
 * backend and which sources were taken, and why others were not, what devthp_check()
 * saw and did not believe. It is for people: messages may change.
 */
enum devthp_log_level {
	DEVTHP_LOG_ERROR = 1,	/* why a call fails */
	DEVTHP_LOG_WARNING = 2,	/* it goes on, and you will know less, or not as well */
	DEVTHP_LOG_INFO = 3,	/* what was chosen */
	DEVTHP_LOG_DEBUG = 4	/* each step */
};

/* One line, without its end, and without a place or time. It is gone after the call. */
typedef void devthp_log_fn(void *context, unsigned int level, const char *message);

/*
 * From now on call fn for messages of that level, and below it, of all threads; NULL,
 * or level 0, as in the beginning: for none. Calls of fn come one at a time, and once
 * this has returned there is none of what was set before, nor will be. fn may call the
 * library, which logs nothing then; it must not end its thread. A thread that calls fork()
 * waits until fn has returned to others; in the child all is set as in its parent.
 *
 * -EINVAL	no such level
 * -EDEADLK	fn itself called this
 */
DEVTHP_API int devthp_log_set(devthp_log_fn *fn, void *context, unsigned int level);

/* How the kernel hands out transparent huge pages (devthp_system.thp). */
enum devthp_thp_policy {
	DEVTHP_THP_UNSUPPORTED = 0,	/* kernel built without them */
	DEVTHP_THP_NEVER = 1,		/* switched off: range_alloc with huge set gets none */
	DEVTHP_THP_MADVISE = 2,
	DEVTHP_THP_ALWAYS = 3
};

struct devthp_system {
	size_t size;		/* in: sizeof(struct devthp_system) */
	uint64_t page_size;	/* bytes */
	uint64_t pmd_size;	/* bytes, 0: no THP */
	uint32_t pmd_order;	/* log2(pmd_size / page_size), 0: no THP */
	uint32_t thp;		/* enum devthp_thp_policy */
	uint32_t probe_version;	/* of /dev/folio_probe that can be opened; 0: none */
	int32_t probe_error;	/* negative errno of opening it, 0 if it is there */
	uint32_t pfns_visible;	/* 1 if /proc/self/pagemap shows PFNs to us */
	uint32_t devices;	/* bit N: /dev/hmm_dmirrorN exists */
	char release[64];	/* uname -r */
	char machine[32];	/* uname -m */
};

/* What the system offers. The report must not be NULL. */
DEVTHP_API int devthp_system_query(struct devthp_system *system);

/* ---- Devices ---- */

struct devthp_device;

struct devthp_device_opts {
	size_t size;		/* sizeof(struct devthp_device_opts) */
	const char *backend;	/* NULL: the last one registered, else "test_hmm" */
	const char *path;	/* device node; NULL: the backend's, by minor */
	uint32_t minor;		/* test_hmm: /dev/hmm_dmirror<minor> */
	uint32_t reserved;	/* 0 */
};

/*
 * Open a device. It mirrors the address space of the opening process from here
 * on, for as long as it is open, and a child of fork() that inherits it still
 * speaks about the memory of its opener. When that has ended there is none, and
 * calls that name some fail.
 *
 * -EINVAL		(also) path and minor together
 * -ENOENT, -ENXIO	no such device: the module is not loaded, or has none of that minor
 * -ENODEV		there is one of that path, but of another kind
 * -ENAMETOOLONG	such a path is none
 * -EACCES		no permission on the node
 * -EPROTONOSUPPORT	no backend of that name
 */
DEVTHP_API int devthp_device_open(struct devthp_device **dev,
				  const struct devthp_device_opts *opts);

/*
 * Close. test_hmm then sends every page of every user of the device back to
 * system memory.
 */
DEVTHP_API int devthp_device_close(struct devthp_device *dev);

/* What a device can do (devthp_device_info.caps). */
#define DEVTHP_CAP_MIGRATE	(1U << 0)
#define DEVTHP_CAP_ACCESS	(1U << 1)	/* read and write */
#define DEVTHP_CAP_SNAPSHOT	(1U << 2)
#define DEVTHP_CAP_FAIL_ALLOC	(1U << 3)	/* backend knows how; the module may not */
#define DEVTHP_CAP_EVICT	(1U << 4)
#define DEVTHP_CAP_EXCLUSIVE	(1U << 5)
/* The memory behind it is the device's own, never seen by the CPU. */
#define DEVTHP_CAP_PRIVATE	(1U << 6)
/* The memory behind it can be mapped by the CPU. */
#define DEVTHP_CAP_COHERENT	(1U << 7)
#define DEVTHP_CAP_HOLD		(1U << 8)	/* the module may not */
#define DEVTHP_CAP_PAUSE	(1U << 9)	/* the module may not */

struct devthp_device_info {
	size_t size;		/* in: sizeof(struct devthp_device_info) */
	uint32_t caps;		/* DEVTHP_CAP_* */
	uint32_t reserved;
	uint64_t window_pages;	/* pages the device migrates at once; no folio is larger */
	char backend[32];
	char path[128];		/* cut off if longer */
};

/* Static facts of the device; asks nothing of it. info must not be NULL. */
DEVTHP_API int devthp_device_query(const struct devthp_device *dev,
				   struct devthp_device_info *info);

struct devthp_trial {
	size_t size;		/* in: sizeof(struct devthp_trial) */
	uint32_t system_huge;	/* 1: a folio of pmd_size could be had to try with */
	uint32_t device_order;	/* order it had, mapped by one entry, on the device */
	uint32_t system_order;	/* order it came back with, mapped by one entry */
	uint32_t fail_alloc;	/* 1: the module knows DEVTHP_CAP_FAIL_ALLOC */
	uint32_t data_good;	/* 1: the data survived */
	uint32_t orders_known;	/* 1: the two orders above were seen, not presumed */
};

/*
 * Try it out: send one folio of pmd_size to the device and back, and tell how
 * whole it stayed. device_order 0 is a kernel that migrates device memory page
 * by page. trial must not be NULL. A failing step's negative errno is
 * returned, and what was learnt before it is in the report. A failure that was
 * asked for by devthp_device_fail_alloc() is called off.
 */
DEVTHP_API int devthp_device_try(struct devthp_device *dev,
				 struct devthp_trial *trial);

struct devthp_migration {
	size_t size;		/* in: sizeof(struct devthp_migration) */
	uint64_t pages;		/* pages that changed sides; DEVTHP_NONE: unknown */
	uint64_t entries;	/* what the device counted, see below; DEVTHP_NONE: unknown */
};

/*
 * Migrate pages to the device, then let it read them all. Holes without a page
 * get (zeroed) device pages.
 *
 * report.pages is the difference of two device snapshots around the migration
 * (so it costs two more calls, not made when report is NULL) and is filled
 * even if the call fails; report.entries is the device's own count: test_hmm
 * counts pages here.
 *
 * -ENOENT	some page of the range did not go
 * -EINVAL	(also) an address without a mapping, or of a kind that cannot go
 * -ENOMEM	no buffer of npages pages for the device to read into
 */
DEVTHP_API int devthp_migrate_to_device(struct devthp_device *dev, void *addr,
					size_t npages,
					struct devthp_migration *report);

/*
 * Migrate those pages of the range that are on this device back to system
 * memory; others stay as they are. report.entries: test_hmm counts a folio
 * that came back whole as 1.
 *
 * -ENOMEM	some system page could not be allocated
 * -EINVAL	(also) as above, with test_hmm; other devices may leave that out
 */
DEVTHP_API int devthp_migrate_to_system(struct devthp_device *dev, void *addr,
					size_t npages,
					struct devthp_migration *report);

struct devthp_access {
	size_t size;		/* in: sizeof(struct devthp_access) */
	uint64_t pages;		/* copied */
	uint64_t faults;	/* times the device had to fault the range in */
};

/*
 * The device reads the range into buf, or writes buf to it, npages pages
 * each. Pages it has no access to are faulted in first, where they are: pages
 * on the device stay there.
 *
 * -EPERM	the mapping does not allow it
 * -EFAULT	no mapping, or one that allows nothing, or buf not accessible
 * -EBUSY	gave up against concurrent changes
 */
DEVTHP_API int devthp_device_read(struct devthp_device *dev, const void *addr,
				  size_t npages, void *buf,
				  struct devthp_access *report);
DEVTHP_API int devthp_device_write(struct devthp_device *dev, void *addr,
				   size_t npages, const void *buf,
				   struct devthp_access *report);

/* What the device sees of a page: one byte each in devthp_device_snapshot(). */
#define DEVTHP_PROT_ERROR	0xff	/* no mapping */
#define DEVTHP_PROT_NONE	0x00	/* nothing there for the device */
#define DEVTHP_PROT_READ	0x01
#define DEVTHP_PROT_WRITE	0x02
#define DEVTHP_PROT_PMD		0x04	/* mapped by a PMD entry */
#define DEVTHP_PROT_PUD		0x08
#define DEVTHP_PROT_ZERO	0x10	/* the zero page */
#define DEVTHP_PROT_WHERE	0x70	/* mask for the following */
#define DEVTHP_PROT_PRIVATE_LOCAL	0x20	/* private memory of this device */
#define DEVTHP_PROT_PRIVATE_REMOTE	0x30
#define DEVTHP_PROT_COHERENT_LOCAL	0x40
#define DEVTHP_PROT_COHERENT_REMOTE	0x50

/* Fill prot[npages]. Changes nothing. -EBUSY: concurrent changes. */
DEVTHP_API int devthp_device_snapshot(struct devthp_device *dev,
				      const void *addr, size_t npages,
				      uint8_t *prot);

/*
 * Let the nth allocation that a migration through this handle makes from now on fail,
 * in either direction, once: 1 is the next. 0: let none fail after all. test_hmm can
 * count with this project's series in the kernel, and else knows of the next one only.
 *
 * To the device: a huge source goes in base pages, a small one does not go
 * (-ENOENT). To system: a huge source comes back in base pages, a small one
 * gives -ENOMEM, or is faulted again.
 *
 * -EOPNOTSUPP	the module is too old to know, or cannot count so far
 */
DEVTHP_API int devthp_device_fail_alloc(struct devthp_device *dev, uint64_t nth);

/*
 * Send everything on the device, whosever it is, back to system memory, and
 * let the device give up its memory. The next migration gets new memory.
 */
DEVTHP_API int devthp_device_evict(struct devthp_device *dev);

struct devthp_eviction {
	size_t size;		/* in: sizeof(struct devthp_eviction) */
	uint64_t evicted;	/* pages that went back to system memory */
	uint64_t left;		/* pages of the device still in use */
};

/*
 * Send what can go of everything on the device, whosever it is, back to system
 * memory. The device keeps its memory. What is held stays: see report.left.
 *
 * -EOPNOTSUPP	the module does not know
 */
DEVTHP_API int devthp_device_drain(struct devthp_device *dev, struct devthp_eviction *report);

/* How devthp_device_hold() takes pages. */
#define DEVTHP_HOLD_PIN		(1U << 0)	/* fault in and pin, as for DMA */
#define DEVTHP_HOLD_LONGTERM	(1U << 1)	/* with PIN: for long */
#define DEVTHP_HOLD_WRITE	(1U << 2)	/* with PIN: to write there */

/*
 * Let the driver take hold of pages. flags 0: a reference on each page of the
 * range that is on this device, others are left out; held, unless NULL, is how
 * many that were. With DEVTHP_HOLD_PIN: a pin on every page of the range, or
 * failure. Pages may be held several times, and are until devthp_device_unhold()
 * lets go of them, or the device is closed.
 *
 * -EBUSY	the driver gave up, as the memory changed again and again
 * -EFAULT	not all of it could be pinned
 * -EOPNOTSUPP	the module does not know
 */
DEVTHP_API int devthp_device_hold(struct devthp_device *dev, void *addr, size_t npages,
				  uint32_t flags, uint64_t *held);

/*
 * Let go of all that was held through this handle at these addresses, however often, and
 * whatever is there now; held, unless NULL, is how many references or pins that were.
 */
DEVTHP_API int devthp_device_unhold(struct devthp_device *dev, void *addr, size_t npages,
				    uint64_t *held);

/*
 * The same reference for pages of the device by their number (devthp_page.pfn),
 * also while no entry leads to them, and while a migration has stopped that they
 * are part of. Pages that are free are left out. _unhold_frames() drops what was
 * taken like this, and nothing else does but closing the device.
 *
 * -EFAULT	not all of it is memory of this device
 * -EOPNOTSUPP	the module does not know
 */
DEVTHP_API int devthp_device_hold_frames(struct devthp_device *dev, uint64_t pfn,
					 size_t npages, uint64_t *held);
DEVTHP_API int devthp_device_unhold_frames(struct devthp_device *dev, uint64_t pfn,
					   size_t npages, uint64_t *held);

/*
 * Points between two steps of a migration. _SETUP, _RANGE: the folios are locked
 * and unmapped. _PAGES: the new ones have taken their place, not mapped yet.
 */
enum devthp_point {
	DEVTHP_POINT_TO_DEVICE_SETUP = 1,
	DEVTHP_POINT_TO_DEVICE_PAGES = 2,
	DEVTHP_POINT_TO_SYSTEM_SETUP = 3,
	DEVTHP_POINT_TO_SYSTEM_PAGES = 4,
	DEVTHP_POINT_FAULT_BEFORE = 5,	/* a CPU fault, before anything is done */
	DEVTHP_POINT_FAULT_SETUP = 6,
	DEVTHP_POINT_FAULT_PAGES = 7,
	DEVTHP_POINT_EVICT_RANGE = 8,	/* devthp_device_drain(), _evict() */
	DEVTHP_POINT_EVICT_PAGES = 9,
	/*
	 * No step of a migration: what the device has access to through this very
	 * handle is about to lose its entries, or to get others, by whomever.
	 * Locks of it may be held, as when the kernel splits a folio.
	 */
	DEVTHP_POINT_CLEAR = 10
};

/*
 * Let the next migration of the device, whosever it is, stop at the point; wait
 * for up to timeout_ms until one has; let it go on, or do not stop one after
 * all. What has stopped goes on by itself when its thread is killed, or the
 * device is closed. _wait() and _resume() may be called while another thread has
 * stopped in a call on the same device.
 *
 * The thread that has stopped keeps the mmap_lock of its address space for
 * reading, but in an eviction: other threads of it must not map, unmap or
 * protect memory, fork() or start threads before it goes on.
 *
 * -EBUSY	pause: somebody uses the point already
 * -ENOENT	wait, resume: nothing is to stop there, or it went on
 * -ETIMEDOUT	wait: nobody came by in time, which is an hour at most
 * -EOPNOTSUPP	the module does not know
 */
DEVTHP_API int devthp_device_pause(struct devthp_device *dev, unsigned int point);
DEVTHP_API int devthp_device_pause_wait(struct devthp_device *dev, unsigned int point,
					unsigned int timeout_ms);
DEVTHP_API int devthp_device_resume(struct devthp_device *dev, unsigned int point);

struct devthp_usage {
	size_t size;		/* in: sizeof(struct devthp_usage) */
	uint64_t pages_total;	/* that the device has */
	uint64_t pages_free;
	uint64_t folios_free;	/* of window_pages pages, among the free ones */
	uint64_t allocated;	/* pages handed out since the module was loaded */
	uint64_t freed;		/* and given back */
	uint64_t pinned;	/* pages that migrations found pinned and left alone */
};

/*
 * The device's memory, whoever uses it. usage must not be NULL.
 *
 * -EOPNOTSUPP	the module does not know
 */
DEVTHP_API int devthp_device_usage(struct devthp_device *dev, struct devthp_usage *usage);

/*
 * Give the device exclusive access to the pages, until the CPU touches them,
 * and let it read them into buf (npages pages; NULL: the library's own).
 *
 * -EFAULT	no mapping, or one that does not allow writing, or buf not accessible
 * -EBUSY	gave up against concurrent changes
 * -EOPNOTSUPP	(also) shared memory, or hugetlb: nobody can have that alone
 */
DEVTHP_API int devthp_device_exclusive(struct devthp_device *dev, void *addr,
				       size_t npages, void *buf);

/* 1 if some page of the range still is marked exclusive, 0 if none. */
DEVTHP_API int devthp_device_is_exclusive(struct devthp_device *dev,
					  const void *addr, size_t npages);

/* Where the time of a kind of migration went, in nanoseconds, summed up. */
struct devthp_time {
	uint64_t rounds;	/* migrations, each of one PMD's range at most */
	uint64_t setup;		/* the kernel's: collecting and unmapping */
	uint64_t pages;		/* putting the new pages in the old ones' place */
	uint64_t finalize;	/* mapping the new, freeing the old ones */
	uint64_t driver;	/* the driver's, copying left out */
	uint64_t copy;		/* copying */
};

struct devthp_times {
	size_t size;		/* in: sizeof(struct devthp_times) */
	struct devthp_time to_device;	/* devthp_migrate_to_device() */
	struct devthp_time to_system;	/* devthp_migrate_to_system() */
	struct devthp_time fault;	/* the CPU touched what was on the device */
	struct devthp_time evict;	/* devthp_device_evict(), and closing */
};

/*
 * How long migrations of the device took since its module was loaded,
 * whosever they were; take the difference of two reports. Only meaningful
 * where one task at a time migrates. times must not be NULL.
 *
 * -EOPNOTSUPP	the module does not know
 */
DEVTHP_API int devthp_device_times(struct devthp_device *dev, struct devthp_times *times);

/* ---- Ranges: private anonymous memory at a wanted place in the PMD grid ---- */

struct devthp_range;

/* Advice on huge pages (devthp_range_opts.advice). */
enum devthp_advice {
	DEVTHP_ADVICE_HUGE = 0,		/* MADV_HUGEPAGE */
	DEVTHP_ADVICE_SMALL = 1,	/* MADV_NOHUGEPAGE */
	DEVTHP_ADVICE_NONE = 2		/* none */
};

struct devthp_range_opts {
	size_t size;		/* sizeof(struct devthp_range_opts) */
	size_t bytes;		/* length, whole pages; 0: devthp_pmd_size() */
	size_t offset;		/* start this far behind a PMD boundary; whole pages, < PMD size */
	uint32_t advice;	/* enum devthp_advice */
	uint32_t reserved;	/* 0 */
};

/*
 * Reserve readable and writable memory; nothing is touched yet. At least one
 * PMD size of inaccessible addresses lies on either side, so that no neighbour
 * merges with it.
 *
 * -EOPNOTSUPP	huge advice (or bytes 0) on a kernel without THP
 */
DEVTHP_API int devthp_range_alloc(struct devthp_range **range,
				  const struct devthp_range_opts *opts);

/*
 * Unmap all of it that still is the range's (see below), guards included, and
 * the handle. In a child of fork() this frees the child's copy only.
 */
DEVTHP_API int devthp_range_free(struct devthp_range *range);

/* NULL, or 0, for a NULL range. */
DEVTHP_API void *devthp_range_addr(const struct devthp_range *range);
DEVTHP_API size_t devthp_range_bytes(const struct devthp_range *range);
DEVTHP_API size_t devthp_range_pages(const struct devthp_range *range);

/*
 * munmap() pages [first, first + npages) of the range, and remember. Use this
 * rather than munmap(): the kernel may give the hole to somebody else, and
 * devthp_range_free() must not take it away again. Unmapping a hole again is
 * -EINVAL. -ERANGE: not within the range.
 */
DEVTHP_API int devthp_range_unmap(struct devthp_range *range, size_t first,
				  size_t npages);

/*
 * Only remember: these pages are the caller's affair from now on, because it
 * unmapped or mremap()ed them itself. Errors as of devthp_range_unmap().
 */
DEVTHP_API int devthp_range_disown(struct devthp_range *range, size_t first,
				   size_t npages);

/* ---- Patterns: data that says where it belongs and when it was written ---- */

/*
 * Every page carries, in each of its 64-bit words, its index and a generation,
 * scrambled by a seed and the word's place. A generation is the number of the
 * write: 1 for the first, 0 stands for memory never written, which is zero.
 */
#define DEVTHP_PATTERN_MAX_GENERATION	0xffffffU
#define DEVTHP_PATTERN_MAX_INDEX	0xffffffffU

enum devthp_verdict {
	DEVTHP_GOOD = 0,
	DEVTHP_ZERO = 1,	/* all zero, and should not be */
	DEVTHP_STALE = 2,	/* right page, older generation */
	DEVTHP_NEWER = 3,	/* right page, generation not written yet */
	DEVTHP_FOREIGN = 4,	/* another page's data */
	DEVTHP_TORN = 5,	/* different data in parts of the page */
	DEVTHP_GARBAGE = 6,	/* no pattern of this seed */
	DEVTHP_VERDICTS = 7
};

/* Such as "stale"; "?" for what is no verdict. Static storage. */
DEVTHP_API const char *devthp_verdict_name(unsigned int verdict);

struct devthp_pattern_opts {
	size_t size;		/* sizeof(struct devthp_pattern_opts) */
	uint64_t seed;
	uint32_t generation;	/* of all pages, unless: */
	uint32_t reserved;	/* 0 */
	const uint32_t *generations;	/* NULL, or [npages]: of each page */
	const uint8_t *skip;	/* NULL, or [npages]: nonzero pages are not accessed */
};

/*
 * Write the pattern to npages pages at addr; the first has index "first", the
 * others follow. The CPU accesses them: where it may not, the process gets a signal
 * as of any access, so skip those. addr need not be page-aligned here, only to 8
 * bytes: npages * devthp_page_size() bytes from there on are written. Returns 0.
 * -ERANGE: an index or generation that does not fit, or more pages than INT_MAX.
 */
DEVTHP_API int devthp_pattern_fill(void *addr, uint64_t first, size_t npages,
				   const struct devthp_pattern_opts *opts);

struct devthp_pattern_report {
	size_t size;		/* in: sizeof(struct devthp_pattern_report) */
	uint64_t checked;	/* pages */
	uint64_t skipped;	/* pages */
	uint64_t count[8];	/* pages of each enum devthp_verdict */
	uint64_t bad_page;	/* first bad one, counted from addr; DEVTHP_NONE: none */
	uint32_t bad_verdict;	/* and the rest is about that page */
	uint32_t bad_offset;	/* of its first wrong word, in bytes */
	uint64_t expected_index;
	uint64_t seen_index;	/* in that word; DEVTHP_NONE: no pattern in it */
	uint32_t expected_generation;
	uint32_t seen_generation;
	uint64_t seen_word;	/* raw */
};

/*
 * Compare, by CPU access as above: reading a range brings it back from the device. A
 * buffer that the device has read a range into does as well.
 *
 * Returns the number of bad pages, so 0 when all is right.
 */
DEVTHP_API int devthp_pattern_verify(const void *addr, uint64_t first,
				     size_t npages,
				     const struct devthp_pattern_opts *opts,
				     struct devthp_pattern_report *report);

/* ---- Snapshots: what each page of a range is ---- */

struct devthp_snapshot;

enum devthp_location {
	DEVTHP_LOC_UNMAPPED = 0,	/* no mapping (VMA) at all */
	DEVTHP_LOC_EMPTY = 1,		/* a mapping, no page */
	DEVTHP_LOC_SYSTEM = 2,		/* a page the CPU can access */
	DEVTHP_LOC_DEVICE = 3,		/* private memory of a device */
	DEVTHP_LOC_EXCLUSIVE = 4,	/* system memory, device has it exclusively */
	DEVTHP_LOC_MIGRATION = 5,	/* migration entry */
	DEVTHP_LOC_SWAP = 6,
	DEVTHP_LOC_ZERO = 7,		/* shared (huge) zero page */
	DEVTHP_LOC_SPECIAL = 8,		/* present, not a normal page: no folio is told */
	DEVTHP_LOC_MARKER = 9,
	DEVTHP_LOC_POISON = 10,
	DEVTHP_LOC_UNKNOWN = 11,	/* something is there; no source says what */
	DEVTHP_LOCATIONS = 12
};

enum devthp_level {
	DEVTHP_LEVEL_PTE = 0,
	DEVTHP_LEVEL_PMD = 1,
	DEVTHP_LEVEL_PUD = 2
};

/* Such as "device", "PMD"; "?" for what is none. Static storage. */
DEVTHP_API const char *devthp_location_name(unsigned int location);
DEVTHP_API const char *devthp_level_name(unsigned int level);

/* Where facts come from (devthp_snapshot_opts.sources, devthp_snapshot_sources()). */
#define DEVTHP_SOURCE_PROBE	(1U << 0)	/* /dev/folio_probe */
#define DEVTHP_SOURCE_PAGEMAP	(1U << 1)	/* /proc/PID/pagemap */
#define DEVTHP_SOURCE_KPAGE	(1U << 2)	/* /proc/kpageflags, /proc/kpagecount */
#define DEVTHP_SOURCE_DEVICE	(1U << 3)	/* devthp_device_snapshot() */
#define DEVTHP_SOURCE_SMAPS	(1U << 4)	/* /proc/PID/smaps */
#define DEVTHP_SOURCE_ALL	0x1fU

struct devthp_snapshot_opts {
	size_t size;		/* sizeof(struct devthp_snapshot_opts) */
	pid_t pid;		/* whose memory; 0: the caller's */
	uint32_t sources;	/* DEVTHP_SOURCE_* allowed; 0: all there are */
	struct devthp_device *dev;	/* NULL, or for the device's own view */
};

/*
 * Look at npages pages from addr on. Changes nothing and faults nothing in. What is
 * unmapped in the caller's memory may be where malloc() puts the snapshot: who looks at
 * such holes keeps it from mapping any, by mallopt(M_MMAP_MAX, 0).
 *
 * The probe, where there and allowed, tells all but the device's view. Without
 * it, facts come from pagemap, kpageflags and kpagecount. The device's view is
 * added if dev is given; levels and locations that are unknown so far come from
 * it. What no source knows is marked as unknown, page by page: where a page is that no
 * source spoke of, soft-dirty of a kernel that does not track it, what is not present of
 * a kernel that is none of 6.2 to 6.14, and of those what is no swap either, if
 * /proc/kallsyms does not show that device-private memory is built in; of a newer kernel
 * mapcounts in large folios, too (kpagecount may be their average there).
 *
 * Levels that are unknown still are looked for in smaps, which makes the kernel walk all
 * of the process: leave DEVTHP_SOURCE_SMAPS out where that takes too long. It knows them
 * in mappings of which PMD entries map nothing, or all that there is: not of the zero
 * page, hugetlb, or memory of devices that is mapped; and where kpageflags tells nothing,
 * only of anonymous mappings that are looked at as a whole, or all there.
 *
 * The members on mapcounts speak of a page beyond the first of a PMD entry only
 * if its folio has no PTE mappings: the probe tells the first page's.
 *
 * dev and pid together are -EINVAL: a device looks at its opener's memory.
 *
 * -ENODATA	no source could be used
 * -EIO		a source said what makes no sense
 * -EBUSY	the device gave up, as the memory changed again and again
 * -ESRCH	no such process, or it has ended
 * -EACCES, -EPERM	not allowed to look at it
 */
DEVTHP_API int devthp_snapshot_take(struct devthp_snapshot **snap,
				    const void *addr, size_t npages,
				    const struct devthp_snapshot_opts *opts);
DEVTHP_API int devthp_snapshot_free(struct devthp_snapshot *snap);

/* Number of pages; 0 for NULL. */
DEVTHP_API size_t devthp_snapshot_pages(const struct devthp_snapshot *snap);

/* DEVTHP_SOURCE_* that were used; 0 for NULL. */
DEVTHP_API unsigned int devthp_snapshot_sources(const struct devthp_snapshot *snap);

/* Which members of struct devthp_page hold facts (devthp_page.known). */
#define DEVTHP_KNOWN_LOCATION	(1U << 0)	/* location */
#define DEVTHP_KNOWN_ENTRY	(1U << 1)	/* entry (raw) */
#define DEVTHP_KNOWN_LEVEL	(1U << 2)	/* level, entry_page */
#define DEVTHP_KNOWN_BITS	(1U << 3)	/* bits: all those the probe has */
#define DEVTHP_KNOWN_WRITE	(1U << 4)	/* bits: DEVTHP_BIT_WRITE */
#define DEVTHP_KNOWN_SOFT_DIRTY	(1U << 5)	/* bits: DEVTHP_BIT_SOFT_DIRTY */
#define DEVTHP_KNOWN_UFFD_WP	(1U << 6)	/* bits: DEVTHP_BIT_UFFD_WP */
#define DEVTHP_KNOWN_PFN	(1U << 7)	/* pfn */
#define DEVTHP_KNOWN_FOLIO	(1U << 8)	/* folio, index */
#define DEVTHP_KNOWN_ORDER	(1U << 9)	/* order */
#define DEVTHP_KNOWN_MAPCOUNT	(1U << 10)	/* mapcount */
#define DEVTHP_KNOWN_MAPCOUNTS	(1U << 11)	/* entire_, large_, page_mapcount, nr_... */
#define DEVTHP_KNOWN_REFCOUNT	(1U << 12)	/* refcount */
#define DEVTHP_KNOWN_PINCOUNT	(1U << 13)	/* pincount */
#define DEVTHP_KNOWN_FLAGS	(1U << 14)	/* flags */
#define DEVTHP_KNOWN_OWNER	(1U << 15)	/* owner */
#define DEVTHP_KNOWN_MEMCG	(1U << 16)	/* memcg */
#define DEVTHP_KNOWN_PROT	(1U << 17)	/* prot */
#define DEVTHP_KNOWN_VMA	(1U << 18)	/* vma */

/* Bits of an entry (devthp_page.bits). */
#define DEVTHP_BIT_WRITE	(1U << 0)
#define DEVTHP_BIT_YOUNG	(1U << 1)
#define DEVTHP_BIT_DIRTY	(1U << 2)
#define DEVTHP_BIT_SOFT_DIRTY	(1U << 3)
#define DEVTHP_BIT_UFFD_WP	(1U << 4)
#define DEVTHP_BIT_EXCLUSIVE	(1U << 5)	/* page is exclusive to this process */
#define DEVTHP_BIT_CONTIGUOUS	(1U << 6)	/* arm64 contiguous entry */

/* Flags of a folio (devthp_page.flags). */
#define DEVTHP_FOLIO_LOCKED		(1ULL << 0)
#define DEVTHP_FOLIO_ANON		(1ULL << 1)
#define DEVTHP_FOLIO_LRU		(1ULL << 2)
#define DEVTHP_FOLIO_ACTIVE		(1ULL << 3)
#define DEVTHP_FOLIO_DIRTY		(1ULL << 4)
#define DEVTHP_FOLIO_UPTODATE		(1ULL << 5)
#define DEVTHP_FOLIO_SWAPBACKED		(1ULL << 6)
#define DEVTHP_FOLIO_SWAPCACHE		(1ULL << 7)
#define DEVTHP_FOLIO_MLOCKED		(1ULL << 8)
#define DEVTHP_FOLIO_UNEVICTABLE	(1ULL << 9)
#define DEVTHP_FOLIO_WRITEBACK		(1ULL << 10)
#define DEVTHP_FOLIO_KSM		(1ULL << 11)
#define DEVTHP_FOLIO_HUGETLB		(1ULL << 12)
#define DEVTHP_FOLIO_ZONE_DEVICE	(1ULL << 13)
#define DEVTHP_FOLIO_DEVICE_PRIVATE	(1ULL << 14)
#define DEVTHP_FOLIO_DEVICE_COHERENT	(1ULL << 15)
#define DEVTHP_FOLIO_PARTIALLY_MAPPED	(1ULL << 16)
#define DEVTHP_FOLIO_DEFERRED_SPLIT	(1ULL << 17)
#define DEVTHP_FOLIO_HWPOISON		(1ULL << 18)

/* What a mapping (VMA) allows (devthp_page.vma). */
#define DEVTHP_VMA_READ		(1U << 0)
#define DEVTHP_VMA_WRITE	(1U << 1)
#define DEVTHP_VMA_EXEC		(1U << 2)
#define DEVTHP_VMA_SHARED	(1U << 3)	/* MAP_SHARED */

struct devthp_page {
	size_t size;		/* in: sizeof(struct devthp_page) */
	uint32_t known;		/* DEVTHP_KNOWN_*; what is unknown reads 0 */
	uint32_t location;	/* enum devthp_location; always set, see LOC_UNKNOWN */
	uint32_t level;		/* enum devthp_level of the entry */
	uint32_t bits;		/* DEVTHP_BIT_* */
	uint64_t entry;		/* raw entry; for a PMD that of its first page */
	uint64_t entry_page;	/* page of the snapshot where what is seen of the entry begins */
	uint64_t pfn;		/* of this page */
	uint64_t folio;		/* PFN of the folio's first page: its identity */
	uint64_t flags;		/* DEVTHP_FOLIO_* */
	uint64_t owner;		/* identity of the device memory's owner, 0: none */
	uint64_t memcg;		/* cgroup id, 0: none */
	uint32_t index;		/* of this page in its folio */
	uint32_t order;		/* of the folio */
	int32_t mapcount;	/* mappings of this page, of whatever level */
	int32_t entire_mapcount;	/* mappings of the folio by one entry */
	int32_t large_mapcount;	/* all mappings of a large folio */
	int32_t page_mapcount;	/* PTE mappings of this page */
	int32_t nr_pages_mapped;
	int32_t refcount;	/* of the folio; others may hold some for a moment */
	int32_t pincount;
	uint32_t prot;		/* DEVTHP_PROT_* byte of the device's view */
	uint32_t vma;		/* DEVTHP_VMA_* of the mapping around it; 0: there is none */
	uint32_t reserved;
};

/* Facts of page i of the snapshot. page must not be NULL. -ERANGE: no such page. */
DEVTHP_API int devthp_snapshot_page(const struct devthp_snapshot *snap,
				    size_t i, struct devthp_page *page);

struct devthp_summary {
	size_t size;		/* in: sizeof(struct devthp_summary) */
	uint64_t pages[16];	/* by enum devthp_location */
	uint64_t pmd_entries[16];	/* entries, by enum devthp_location; empty ones too */
	uint64_t pte_entries[16];
	uint64_t level_unknown;	/* pages that are somewhere, by an entry of unknown level */
	uint64_t order_unknown;	/* pages of folios of unknown order */
	uint64_t folios;	/* different folios seen; DEVTHP_NONE: unknown */
	uint32_t min_order;	/* of the folios whose order is known; 0 if none */
	uint32_t max_order;
};

/*
 * Count pages [first, first + npages) of the snapshot. An entry that begins
 * before first counts once. summary must not be NULL. -ERANGE: not within.
 */
DEVTHP_API int devthp_snapshot_summarize(const struct devthp_snapshot *snap,
					 size_t first, size_t npages,
					 struct devthp_summary *summary);

struct devthp_difference {
	size_t size;		/* in: sizeof(struct devthp_difference) */
	uint64_t page;		/* first page from "from" on that differs */
	uint32_t facts;		/* DEVTHP_KNOWN_* of what differs there */
	uint32_t bits;		/* DEVTHP_BIT_* that differ there */
};

/* The facts that say where a page is and how it is mapped, but not by how many. */
#define DEVTHP_FACTS_MAPPING \
	(DEVTHP_KNOWN_LOCATION | DEVTHP_KNOWN_LEVEL | DEVTHP_KNOWN_WRITE | \
	 DEVTHP_KNOWN_SOFT_DIRTY | DEVTHP_KNOWN_UFFD_WP | DEVTHP_KNOWN_PFN | \
	 DEVTHP_KNOWN_FOLIO | DEVTHP_KNOWN_ORDER | DEVTHP_KNOWN_VMA)

/*
 * Look for the next difference of two snapshots with as many pages, page by page
 * from page "from" on, in the facts asked for (DEVTHP_KNOWN_*; other bits are none). A
 * fact that either does not know is no difference; DEVTHP_KNOWN_BITS compares all bits
 * of the entry but those that the CPU sets (young, dirty). report may be NULL.
 *
 * Returns 1 if there is one, 0 if not, as when from is the number of pages. -ERANGE: it is
 * beyond that, or they have not as many pages.
 */
DEVTHP_API int devthp_snapshot_compare(const struct devthp_snapshot *before,
				       const struct devthp_snapshot *after, size_t from,
				       uint32_t facts, struct devthp_difference *report);

/* ---- Invariants: what must be true of pages and their folios at rest ---- */

/*
 * The rules, by numbers that stay. docs/invariants.md tells of each why it holds in
 * the kernel, and which test breaks it.
 */
enum devthp_rule {
	DEVTHP_RULE_AT_REST = 1,
	DEVTHP_RULE_CONTINUITY = 2,
	DEVTHP_RULE_ONE_FOLIO = 3,
	DEVTHP_RULE_ENTIRE_MAPCOUNT = 4,
	DEVTHP_RULE_PAGE_MAPCOUNT = 5,
	DEVTHP_RULE_LARGE_MAPCOUNT = 6,
	DEVTHP_RULE_REFCOUNT = 7,
	DEVTHP_RULE_PINCOUNT = 8,
	DEVTHP_RULE_EXCLUSIVE = 9,
	DEVTHP_RULE_WRITE_ALLOWED = 10,
	DEVTHP_RULE_WRITE_EXCLUSIVE = 11,
	DEVTHP_RULE_UFFD_WP = 12,
	DEVTHP_RULE_DEVICE_FOLIO = 13,
	DEVTHP_RULE_SYSTEM_FOLIO = 14,
	DEVTHP_RULE_DEVICE_VIEW = 15,
	DEVTHP_RULE_RESIDENT = 16,
	DEVTHP_RULE_ANONYMOUS = 17,
	DEVTHP_RULE_HUGE = 18,
	DEVTHP_RULE_SWAPPED = 19,
	DEVTHP_RULE_CONTIGUOUS = 20,
	DEVTHP_RULES = 21		/* numbers below it are rules, but for 0 */
};

/* Such as "refcount", and a sentence; "?" for what is no rule. Static storage. */
DEVTHP_API const char *devthp_rule_name(unsigned int rule);
DEVTHP_API const char *devthp_rule_statement(unsigned int rule);

/* Memory that is looked at, of one process. */
struct devthp_region {
	size_t size;		/* sizeof(struct devthp_region) */
	const void *addr;
	size_t npages;
	pid_t pid;		/* whose memory; 0: the caller's */
	uint32_t folio_refs;	/* references that others are known to hold on each folio */
	uint32_t page_pins;	/* pins (FOLL_PIN) that are held on each page */
	uint32_t reserved;	/* 0 */
	struct devthp_device *dev;	/* NULL, or whose view is to agree; with pid 0 only */
};

/*
 * The regions hold every mapping of every folio that is in them, and know of all who
 * hold references: counts must be equal. Without this, they may be larger than seen.
 */
#define DEVTHP_CHECK_COMPLETE	(1U << 0)

struct devthp_check_opts {
	size_t size;		/* sizeof(struct devthp_check_opts) */
	uint32_t flags;		/* DEVTHP_CHECK_* */
	uint32_t tries;		/* looks at most, until one is free of violations; 0: 20 */
	uint32_t rules;		/* bit N: apply rule N; 0: all */
	uint32_t reserved;	/* 0 */
};

struct devthp_findings;

struct devthp_finding {
	size_t size;		/* in: sizeof(struct devthp_finding) */
	uint32_t rule;		/* enum devthp_rule */
	uint32_t region;	/* index of the region */
	uint64_t page;		/* in the region */
	uint64_t addr;
	int64_t expected;	/* what the rule wants; at least that, if not "complete" */
	int64_t seen;
	pid_t pid;		/* of the region */
	uint32_t reserved;
};

/*
 * Look at the regions, and apply the rules. Who uses the memory meanwhile, or a folio
 * that the kernel holds for a moment, looks like a violation: what is found is believed
 * only if all looks find it. Regions may not overlap within a process (-EINVAL).
 *
 * Returns the number of violations, 0 if there is none. findings may be NULL, else it
 * is to be freed, whatever their number.
 *
 * -ENODATA	no rule could be applied: no source tells enough (see devthp_snapshot_take())
 * or another error of devthp_snapshot_take().
 */
DEVTHP_API int devthp_check(const struct devthp_region *const *regions, size_t nregions,
			    const struct devthp_check_opts *opts,
			    struct devthp_findings **findings);
DEVTHP_API int devthp_findings_free(struct devthp_findings *findings);

/* How many there are to get; 0 for NULL. */
DEVTHP_API size_t devthp_findings_count(const struct devthp_findings *findings);
/* finding must not be NULL. -ERANGE: no such finding. */
DEVTHP_API int devthp_findings_get(const struct devthp_findings *findings, size_t i,
				   struct devthp_finding *finding);
/* How often the rule was applied in the last look; 0: it says nothing of this memory. */
DEVTHP_API uint64_t devthp_findings_applied(const struct devthp_findings *findings,
					    unsigned int rule);

/* ---- Counters of the kernel, for comparison with a baseline ---- */

struct devthp_counters;

/*
 * Values of this process first, then those of the whole system, which others
 * change as well. The kernel keeps several of them per CPU and shows the
 * process's resident pages without collecting those: expect a slack of some
 * pages a CPU in RSS_ANON.
 */
enum devthp_counter {
	DEVTHP_COUNT_RSS_ANON = 0,	/* bytes, /proc/self/status */
	DEVTHP_COUNT_SWAP = 1,		/* bytes, /proc/self/status */
	DEVTHP_COUNT_PAGE_TABLES = 2,	/* bytes, /proc/self/status */
	DEVTHP_COUNT_ANON_HUGE = 3,	/* bytes, /proc/self/smaps_rollup: mapped by PMD */
	DEVTHP_COUNT_SYS_ANON_HUGE = 4,	/* bytes, /proc/meminfo */
	DEVTHP_COUNT_NR_ANON = 5,	/* anonymous folios of pmd_size, sysfs */
	DEVTHP_COUNT_PARTIALLY_MAPPED = 6,	/* of them partially mapped, sysfs */
	DEVTHP_COUNT_SPLIT = 7,		/* such folios split so far, sysfs */
	DEVTHP_COUNT_SPLIT_PMD = 8,	/* PMD entries split so far, vmstat */
	DEVTHP_COUNT_PINS_TAKEN = 9,	/* vmstat nr_foll_pin_acquired */
	DEVTHP_COUNT_PINS_RELEASED = 10,	/* vmstat nr_foll_pin_released */
	DEVTHP_COUNT_SYS_ANON = 11,	/* bytes, /proc/meminfo */
	DEVTHP_COUNT_SYS_PAGE_TABLES = 12,	/* bytes, /proc/meminfo */
	DEVTHP_COUNT_SYS_MLOCKED = 13,	/* bytes, /proc/meminfo */
	DEVTHP_COUNT_PINS = 14,	/* pages pinned: taken, and not released */
	DEVTHP_COUNT_ANON = 15,	/* bytes, /proc/self/smaps_rollup: exact */
	/* vmstat: huge pages of PMD size, and base pages, since boot */
	DEVTHP_COUNT_THP_FAULT = 16,	/* thp_fault_alloc */
	DEVTHP_COUNT_THP_FAULT_FALLBACK = 17,	/* thp_fault_fallback */
	DEVTHP_COUNT_THP_COLLAPSE = 18,	/* thp_collapse_alloc */
	DEVTHP_COUNT_THP_SPLIT = 19,	/* thp_split_page */
	DEVTHP_COUNT_THP_SPLIT_FAILED = 20,	/* thp_split_page_failed */
	DEVTHP_COUNT_THP_SPLIT_DEFERRED = 21,	/* thp_deferred_split_page */
	DEVTHP_COUNT_THP_MIGRATED = 22,	/* thp_migration_success */
	DEVTHP_COUNT_THP_MIGRATION_FAILED = 23,	/* thp_migration_fail */
	DEVTHP_COUNT_THP_MIGRATION_SPLIT = 24,	/* thp_migration_split */
	DEVTHP_COUNT_THP_SWAPPED_OUT = 25,	/* thp_swpout */
	DEVTHP_COUNT_THP_SWAPPED_OUT_SPLIT = 26,	/* thp_swpout_fallback */
	DEVTHP_COUNT_MIGRATED = 27,	/* pgmigrate_success */
	DEVTHP_COUNT_MIGRATION_FAILED = 28,	/* pgmigrate_fail */
	/*
	 * Bytes charged to the cgroup that the process is in when they are read: of
	 * cgroup v2 at /sys/fs/cgroup, with the memory controller, else unknown. The
	 * kernel adds up memory.stat every two seconds, or when enough has changed.
	 */
	DEVTHP_COUNT_MEMCG = 29,	/* memory.current */
	DEVTHP_COUNT_MEMCG_SWAP = 30,	/* memory.swap.current */
	DEVTHP_COUNT_MEMCG_ANON = 31,	/* memory.stat: anon, and so on */
	DEVTHP_COUNT_MEMCG_ANON_HUGE = 32,	/* anon_thp */
	DEVTHP_COUNT_MEMCG_FILE = 33,
	DEVTHP_COUNT_MEMCG_KERNEL = 34,
	DEVTHP_COUNT_MEMCG_PAGE_TABLES = 35,	/* pagetables */
	DEVTHP_COUNT_MEMCG_SWAPCACHED = 36,
	DEVTHP_COUNT_MEMCG_INACTIVE_ANON = 37,
	DEVTHP_COUNT_MEMCG_ACTIVE_ANON = 38,
	DEVTHP_COUNT_MEMCG_INACTIVE_FILE = 39,
	DEVTHP_COUNT_MEMCG_ACTIVE_FILE = 40,
	DEVTHP_COUNT_MEMCG_UNEVICTABLE = 41,
	DEVTHP_COUNTERS = 42
};

/* Statistics of anonymous folios of one size, which sysfs has for each: */
enum devthp_size_counter {
	DEVTHP_SIZE_NR_ANON = 0,	/* nr_anon: there are */
	DEVTHP_SIZE_PARTIALLY_MAPPED = 1,	/* nr_anon_partially_mapped: of them */
	DEVTHP_SIZE_SPLIT = 2,	/* split, so far; and so on */
	DEVTHP_SIZE_SPLIT_FAILED = 3,
	DEVTHP_SIZE_SPLIT_DEFERRED = 4,
	DEVTHP_SIZE_FAULT = 5,	/* anon_fault_alloc */
	DEVTHP_SIZE_FAULT_FALLBACK = 6,	/* anon_fault_fallback */
	DEVTHP_SIZE_SWAPPED_OUT = 7,	/* swpout */
	DEVTHP_SIZE_SWAPPED_OUT_SPLIT = 8,	/* swpout_fallback */
	DEVTHP_SIZE_COUNTERS = 9
};

/* The number of such a counter for all calls below; order < DEVTHP_COUNT_ORDERS. */
#define DEVTHP_COUNT_ORDERS	16
#define DEVTHP_COUNT_OF_ORDER_STEP	0x100U
#define DEVTHP_COUNT_OF_ORDER(order, size_counter) \
	(0x10000U + (order) * DEVTHP_COUNT_OF_ORDER_STEP + (size_counter))

/* Such as "rss_anon", "order-4 split"; "?" for what is none. Static storage. */
DEVTHP_API const char *devthp_counter_name(unsigned int counter);

/*
 * Read all counters that this kernel has, or those that are listed: the others are
 * unknown then. Each file is read once. -EINVAL: (also) there is no such counter.
 */
DEVTHP_API int devthp_counters_take(struct devthp_counters **counters);
DEVTHP_API int devthp_counters_take_some(struct devthp_counters **counters,
					 const uint32_t *wanted, size_t nwanted);
DEVTHP_API int devthp_counters_free(struct devthp_counters *counters);

/* -ENODATA: this kernel does not have it. value, delta must not be NULL. */
DEVTHP_API int devthp_counters_get(const struct devthp_counters *counters,
				   unsigned int counter, uint64_t *value);
/* after - before. */
DEVTHP_API int devthp_counters_delta(const struct devthp_counters *before,
				     const struct devthp_counters *after,
				     unsigned int counter, int64_t *delta);

/* How much a counter may have fallen, or grown, to be as good as equal. */
struct devthp_slack {
	uint32_t counter;
	uint32_t reserved;	/* 0 */
	int64_t less;		/* >= 0 */
	int64_t more;		/* >= 0 */
};

struct devthp_count_difference {
	size_t size;		/* in: sizeof(struct devthp_count_difference) */
	uint64_t index;		/* of its slack */
	uint32_t counter;
	uint32_t reserved;
	uint64_t before;	/* DEVTHP_NONE: unknown, and known after; or the other way */
	uint64_t after;
	int64_t delta;		/* 0 if one is unknown */
};

/*
 * Look for the next counter, from slacks[from] on, that differs by more than its slack,
 * or is known once only; one that is known neither time is no difference. report may
 * be NULL.
 *
 * Returns 1 if there is one, 0 if not. -EINVAL: (also) no such counter, a slack below 0.
 * -ERANGE: from is beyond nslacks.
 */
DEVTHP_API int devthp_counters_compare(const struct devthp_counters *before,
				       const struct devthp_counters *after,
				       const struct devthp_slack *slacks, size_t nslacks,
				       size_t from, struct devthp_count_difference *report);

#ifdef __cplusplus
}
#endif

#endif
