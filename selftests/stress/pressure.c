// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <devthp.h>

#include "memcg.h"
#include "need.h"
#include "pressure.h"
#include "swapdisk.h"
#include "undo.h"
#include "verdict.h"

/* All that there ever is to be swapped out. */
#define DISK (64 * devthp_pmd_size())

static struct memcg memcg;
static struct swapdisk disk;
static pid_t maker;

/* Not in the children that come by here as well. */
static void end(void)
{
	if (getpid() != maker)
		return;
	memcg_remove(&memcg);
	swapdisk_remove(&disk);
	/* Who was still ending may have been in the way. */
	undo_all();
}

static const char *begin(void)
{
	maker = getpid();
	atexit(end);
	CHECK(memcg_enter(&memcg));
	CHECK(swapdisk_make(&disk, DISK));
	return swapdisk_swap_on(&disk);
}

int pressure_begin(const char **why)
{
	int ready = memcg_needed(why);

	if (ready == KSFT_PASS)
		ready = swapdisk_needed(why);
	if (ready != KSFT_PASS)
		return ready;
	*why = begin();
	return is_right(*why) ? KSFT_PASS : KSFT_FAIL;
}

/* Less than that is no error. */
int pressure_reclaim(size_t bytes)
{
	char text[32];

	if (!disk.swapping)
		return -EOPNOTSUPP;
	snprintf(text, sizeof(text), "%zu", bytes);
	memcg_write(&memcg, "memory.reclaim", text);
	return 0;
}
