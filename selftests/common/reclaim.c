// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <sys/mman.h>

#include <devthp.h>

#include "pagemap.h"
#include "reclaim.h"
#include "sample.h"
#include "settle.h"
#include "verdict.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

/* Where nothing is mapped, madvise() says ENOMEM and goes on. */
static const char *page_out(const void *arg)
{
	const struct sample *sample = arg;

	if (madvise(sample->addr, sample->pages * devthp_page_size(),
		    MADV_PAGEOUT) && errno != ENOMEM)
		return went_well("MADV_PAGEOUT", -errno);
	return pagemap_bits_of_all(sample, PAGEMAP_PRESENT, 0);
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
