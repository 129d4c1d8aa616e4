// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/swap.h>
#include <unistd.h>

#include <devthp.h>

#include "need.h"
#include "settle.h"
#include "swapdisk.h"
#include "textfile.h"
#include "undo.h"
#include "verdict.h"

#define ZRAM_CONTROL "/sys/class/zram-control/"

int swapdisk_needed(const char **why)
{
	return file_needed(ZRAM_CONTROL "hot_add", "CONFIG_ZRAM", why);
}

/* What mkswap writes: include/linux/swap.h, union swap_header. */
static const char *write_header(const struct swapdisk *disk, size_t pages)
{
	const size_t size = devthp_page_size();
	uint32_t *header = aligned_alloc(size, size);
	int fd = open(disk->path, O_WRONLY | O_CLOEXEC);
	const char *verdict = RIGHT;

	if (fd < 0 || !header) {
		free(header);
		return went_well(disk->path, fd < 0 ? -errno : -ENOMEM);
	}
	memset(header, 0, size);
	header[256] = 1;		/* version, behind 1024 bytes */
	header[257] = pages - 1;	/* last page */
	memcpy((char *)header + size - 10, "SWAPSPACE2", 10);
	if (write(fd, header, size) != (ssize_t)size || fsync(fd))
		verdict = went_well("write the header of a swap space", -errno);
	close(fd);
	free(header);
	return verdict;
}

static const char *hot_remove(const void *number)
{
	return file_write(ZRAM_CONTROL "hot_remove", number);
}

/* Nobody swaps to it then; but who was killed may have it open for a moment. */
static const char *remove_left(const char *path, const char *number)
{
	if (swapoff(path) && errno != EINVAL)
		return went_well("stop swapping to a zram disk", -errno);
	return settles(hot_remove, number);
}

const char *swapdisk_make(struct swapdisk *disk, size_t bytes)
{
	char setting[64], text[32];
	uint64_t number;

	/* Reading this file is what makes a disk. */
	CHECK(file_number(ZRAM_CONTROL "hot_add", &number));
	disk->number = number;
	disk->swapping = 0;
	snprintf(disk->path, sizeof(disk->path), "/dev/zram%d", disk->number);
	snprintf(text, sizeof(text), "%d", disk->number);
	undo_later(remove_left, disk->path, text);
	snprintf(setting, sizeof(setting), "/sys/block/zram%d/disksize",
		 disk->number);
	snprintf(text, sizeof(text), "%zu", bytes);
	CHECK(file_write(setting, text));
	return write_header(disk, bytes / devthp_page_size());
}

const char *swapdisk_swap_on(struct swapdisk *disk)
{
	if (swapon(disk->path, SWAP_FLAG_PREFER | SWAP_FLAG_PRIO_MASK))
		return went_well("swap to a zram disk", -errno);
	disk->swapping = 1;
	return RIGHT;
}

const char *swapdisk_swap_off(struct swapdisk *disk)
{
	if (swapoff(disk->path))
		return went_well("stop swapping to a zram disk", -errno);
	disk->swapping = 0;
	return RIGHT;
}

const char *swapdisk_remove(struct swapdisk *disk)
{
	const char *verdict;
	char text[16];

	if (!disk->path[0])
		return RIGHT;
	if (disk->swapping)
		CHECK(swapdisk_swap_off(disk));
	snprintf(text, sizeof(text), "%d", disk->number);
	verdict = hot_remove(text);
	if (is_right(verdict))
		undo_is_done(disk->path);
	disk->path[0] = '\0';
	return verdict;
}
