/* SPDX-License-Identifier: GPL-2.0 */
/* A zram disk of one's own: to swap to, or to read and write directly. */
#ifndef SWAPDISK_H
#define SWAPDISK_H

#include <stddef.h>

struct swapdisk {
	int number;		/* of /dev/zramN, if there is one */
	char path[32];		/* empty: none */
	int swapping;
};

/* Whether there can be one; see need.h. */
int swapdisk_needed(const char **why);

const char *swapdisk_make(struct swapdisk *disk, size_t bytes);

/* Use it as the swap space that is filled first. */
const char *swapdisk_swap_on(struct swapdisk *disk);

/* All that was swapped out comes back in. */
const char *swapdisk_swap_off(struct swapdisk *disk);

/* Also ends swapping. Nothing happens to a disk that was never made. */
const char *swapdisk_remove(struct swapdisk *disk);

#endif
