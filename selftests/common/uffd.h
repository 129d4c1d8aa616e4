/* SPDX-License-Identifier: GPL-2.0 */
/* userfaultfd: what tests ask of it without a thread that serves faults. */
#ifndef UFFD_H
#define UFFD_H

#include <stddef.h>
#include <stdint.h>

/* Whether there is one that can write-protect; see need.h. */
int uffd_needed(const char **why);

/* Open one with UFFD_FEATURE_... */
const char *uffd_open(int *uffd, uint64_t features);

/* Watch memory in UFFDIO_REGISTER_MODE_... */
const char *uffd_register(int uffd, const void *addr, size_t bytes,
			  uint64_t mode);

const char *uffd_protect(int uffd, const void *addr, size_t bytes);
const char *uffd_unprotect(int uffd, const void *addr, size_t bytes);

#endif
