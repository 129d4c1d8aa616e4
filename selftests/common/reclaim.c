// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>

#include <devthp.h>

#include "memcg.h"
#include "pagemap.h"
#include "reclaim.h"
#include "sample.h"
#include "settle.h"
#include "verdict.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

/* What the CPU can use on a device is as present as the rest. */
static const char *system_memory_has_none(const struct sample *sample)
{
	size_t i;

	CHECK(sample_look(sample));
	for (i = 0; i < sample->pages; i++)
		if (!sample->hole[i] &&
		    sample->page[i].location == DEVTHP_LOC_SYSTEM)
			return wrong("page %zu is in system memory, in spite of reclaim",
				     i);
	return RIGHT;
}

/* Where nothing is mapped, madvise() says ENOMEM and goes on. */
static const char *page_out(const void *arg)
{
	const struct sample *sample = arg;

	if (madvise(sample->addr, sample->pages * devthp_page_size(),
		    MADV_PAGEOUT) && errno != ENOMEM)
		return went_well("MADV_PAGEOUT", -errno);
	return system_memory_has_none(sample);
}

const char *reclaim_sample(const struct sample *sample)
{
	return settles(page_out, sample);
}

const char *reclaim_to_swap(const struct sample *sample)
{
	CHECK(reclaim_sample(sample));
	return pagemap_bits_of_all(sample, PAGEMAP_SWAP, PAGEMAP_SWAP);
}

struct charged {
	const struct sample *sample;
	const struct memcg *memcg;
};

static const char *page_out_charged(const void *arg)
{
	const struct charged *charged = arg;
	char bytes[32];

	/* Of what was used lately, each round takes a part only. */
	snprintf(bytes, sizeof(bytes), "%zu", 2 * bytes_of(charged->sample));
	/* -EAGAIN: there was less to reclaim than that. */
	memcg_write(charged->memcg, "memory.reclaim", bytes);
	return pagemap_bits_of_all(charged->sample,
				   PAGEMAP_PRESENT | PAGEMAP_SWAP,
				   PAGEMAP_SWAP);
}

const char *reclaim_charged(const struct sample *sample,
			    const struct memcg *memcg)
{
	const struct charged charged = { sample, memcg };

	return settles(page_out_charged, &charged);
}

const char *swap_in_cached(struct sample *sample)
{
	if (madvise(sample->addr, bytes_of(sample), MADV_WILLNEED))
		return went_well("MADV_WILLNEED", -errno);
	CHECK(sample_data(sample));
	return pages_have(sample, 0, sample->pages, KPAGE_SWAPCACHE);
}
