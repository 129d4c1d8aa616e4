/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* What the parts of libdevthp share with each other and with its unit tests. */
#ifndef DEVTHP_INTERNAL_H
#define DEVTHP_INTERNAL_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "devthp.h"
#include "live.h"
#include "log.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* First declaration of every public function that may come near errno. */
#define DEVTHP_KEEP_ERRNO \
	int devthp_errno __attribute__((cleanup(devthp_restore_errno), unused)) = errno

static inline void devthp_restore_errno(const int *saved)
{
	errno = *saved;
}

struct utsname;

/*
 * The seam between the library and the kernel's files. All members return a
 * negative errno on failure. Unit tests put their own in.
 */
struct devthp_sys {
	int (*open)(const char *path, int flags);
	int (*close)(int fd);
	int (*ioctl)(int fd, unsigned long request, void *arg);
	ssize_t (*pread)(int fd, void *buf, size_t bytes, uint64_t offset);
	/* Numbers of an open character device, -ENODEV if it is none. */
	int (*numbers)(int fd, unsigned int *major, unsigned int *minor);
	int (*uname)(struct utsname *name);
};

extern const struct devthp_sys devthp_sys_kernel;
extern const struct devthp_sys *devthp_sys;

/* The whole of a small or large text file, ended by a NUL; free() it. */
int devthp_read_text(const char *path, char **text);
/* The number that a file consists of. */
int devthp_read_number(const char *path, uint64_t *value);

/* 0 bytes on a kernel without THP; that it cannot be asked, or talks nonsense, is an error. */
int devthp_find_pmd_size(size_t *size);

/* Copy the caller's options over zeroes; the rules are in devthp.h. */
int devthp_take_opts(const char *call, void *opts, size_t known, const void *given);
#define devthp_opts_get(opts, known, given) devthp_take_opts(__func__, opts, known, given)
/* May the caller's report be written to? NULL may. */
int devthp_check_report(const char *call, const void *report);
#define devthp_report_check(report) devthp_check_report(__func__, report)
/* Write as much as the caller's report takes. NULL is fine. */
void devthp_report_put(void *report, const void *facts, size_t known);

/* Is [addr, addr + npages) well formed? */
int devthp_check_pages(const void *addr, size_t npages);

/*
 * Scratch pages that are gone without a trace once put back: malloc() might
 * keep them, and they might be huge, and counters be off.
 */
int devthp_scratch_get(void **buf, size_t npages);
/* Not in the range of as many pages: what is not mapped there is to be found so. */
int devthp_scratch_get_apart(void **buf, size_t npages, const void *addr);
void devthp_scratch_put(void *buf, size_t npages);
/* The whole of a text file, ended by a NUL, in so many of them. */
int devthp_scratch_read(const char *path, char **text, size_t *npages);

#endif
