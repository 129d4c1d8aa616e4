/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /dev/folio_probe without the library, for tests of what it promises itself. Only for
 * programs that the Makefile leaves out where the tree does not have the series.
 */
#ifndef PROBE_H
#define PROBE_H

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>

#include <include/uapi/linux/folio_probe.h>

#include "need.h"
#include "verdict.h"

#define PROBE_NODE "/dev/folio_probe"

/* See need.h. */
static inline int probe_needed(int *file, const char **why)
{
	int needed = file_needed(PROBE_NODE, "CONFIG_FOLIO_PROBE", why);

	if (needed != KSFT_PASS)
		return needed;
	*file = open(PROBE_NODE, O_RDONLY | O_CLOEXEC);
	if (*file < 0)
		return missing(wrong("%s cannot be opened: %s", PROBE_NODE,
				     strerror(errno)), why);
	return KSFT_PASS;
}

/* A scan of that memory of this process. */
static inline struct folio_probe_scan
probe_scan_of(const void *addr, size_t bytes, struct folio_probe_record *records,
	      uint32_t capacity)
{
	return (struct folio_probe_scan){
		.size = sizeof(struct folio_probe_scan),
		.record_size = sizeof(struct folio_probe_record),
		.start = (uintptr_t)addr,
		.end = (uintptr_t)addr + bytes,
		.records = (uintptr_t)records,
		.capacity = capacity,
	};
}

/* 0 or a negative errno. */
static inline int probe_scan(int file, struct folio_probe_scan *scan)
{
	return ioctl(file, FOLIO_PROBE_SCAN, scan) ? -errno : 0;
}

#endif
