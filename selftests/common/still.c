// SPDX-License-Identifier: GPL-2.0
#include <devthp.h>

#include "sample.h"
#include "still.h"
#include "verdict.h"

/* Of an entry: what only who may change it changes, not the CPU. */
static const unsigned int lasting_bits = DEVTHP_BIT_WRITE |
	DEVTHP_BIT_SOFT_DIRTY | DEVTHP_BIT_UFFD_WP | DEVTHP_BIT_EXCLUSIVE |
	DEVTHP_BIT_CONTIGUOUS;

#define SAME(member)							\
do {									\
	if (was->member != is->member)					\
		return wrong("page %zu: " #member " was %#llx, is %#llx", i,	\
			     (unsigned long long)was->member,		\
			     (unsigned long long)is->member);		\
} while (0)

typedef const char *comparison(const struct devthp_page *was,
			       const struct devthp_page *is, size_t i);

static const char *page_is_same(const struct devthp_page *was,
				const struct devthp_page *is, size_t i)
{
	SAME(location);
	SAME(pfn);
	return RIGHT;
}

static const char *mapping_is_same(const struct devthp_page *was,
				   const struct devthp_page *is, size_t i)
{
	CHECK(page_is_same(was, is, i));
	SAME(level);
	SAME(entry_page);
	SAME(folio);
	SAME(order);
	SAME(mapcount);
	SAME(entire_mapcount);
	SAME(large_mapcount);
	SAME(pincount);
	if ((was->bits ^ is->bits) & lasting_bits)
		return wrong("page %zu: bits of its entry were %#x, are %#x",
			     i, was->bits, is->bits);
	return RIGHT;
}

static const char *entry_is_same(const struct devthp_page *was,
				 const struct devthp_page *is, size_t i)
{
	CHECK(mapping_is_same(was, is, i));
	SAME(entry);
	return RIGHT;
}

const char *still_begin(const struct sample *sample,
			struct devthp_snapshot **before)
{
	return went_well("take a snapshot",
			 devthp_snapshot_take(before, sample->addr,
					      sample->pages, NULL));
}

static const char *compare(size_t first, size_t npages,
			   const struct devthp_snapshot *before,
			   const struct devthp_snapshot *after,
			   comparison *is_same)
{
	size_t i;

	for (i = first; i < first + npages; i++) {
		struct devthp_page was = { .size = sizeof(was) };
		struct devthp_page is = { .size = sizeof(is) };

		CHECK(went_well("read a snapshot",
				devthp_snapshot_page(before, i, &was)));
		CHECK(went_well("read a snapshot",
				devthp_snapshot_page(after, i, &is)));
		CHECK(is_same(&was, &is, i));
	}
	return RIGHT;
}

static const char *look(const struct sample *sample, size_t first,
			size_t npages, const struct devthp_snapshot *before,
			comparison *is_same)
{
	struct devthp_snapshot *after;
	const char *verdict;

	CHECK(still_begin(sample, &after));
	verdict = compare(first, npages, before, after, is_same);
	devthp_snapshot_free(after);
	return verdict;
}

const char *still_untouched(const struct sample *sample, size_t first,
			    size_t npages,
			    const struct devthp_snapshot *before)
{
	return look(sample, first, npages, before, entry_is_same);
}

const char *still_mapped(const struct sample *sample, size_t first,
			 size_t npages, const struct devthp_snapshot *before)
{
	return look(sample, first, npages, before, mapping_is_same);
}

const char *still_same_pages(const struct sample *sample, size_t first,
			     size_t npages,
			     const struct devthp_snapshot *before)
{
	return look(sample, first, npages, before, page_is_same);
}
