// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Rules that speak of all entries of a mapping: the kernel has counted them for
 * /proc/PID/smaps. Only of mappings that a region has all of; and smaps is read before
 * and after the pages, as its sums are those of the entries only if both say the same.
 */
#include <stdlib.h>

#include "rules.h"
#include "source.h"

#define RULES \
	(1U << DEVTHP_RULE_RESIDENT | 1U << DEVTHP_RULE_ANONYMOUS | 1U << DEVTHP_RULE_HUGE | \
	 1U << DEVTHP_RULE_SWAPPED)

/* In scratch pages, as counters of memory are compared around looks. NULL: not there. */
struct text {
	char *text;
	size_t npages;
};

/* Those of an earlier region of the process are not there again. */
struct devthp_sums {
	struct text before, after;
};

/* The text of a process is that of its first region. */
static size_t first_region(const struct devthp_look *look, size_t i)
{
	size_t first = 0;

	while (devthp_pid(&look->regions[first]) != devthp_pid(&look->regions[i]))
		first++;
	return first;
}

static int read_smaps(const struct devthp_region *region, struct text *text)
{
	char path[64];
	int ret;

	devthp_proc_path(path, sizeof(path), region->pid, "smaps");
	ret = devthp_scratch_read(path, &text->text, &text->npages);
	ret = ret ? devthp_not_to_be_had(path, ret) : 0;
	return ret == -ENODATA ? 0 : ret;
}

int devthp_sums_before(struct devthp_look *look)
{
	size_t i;
	int ret = 0;

	if (!(look->rules & RULES))
		return 0;
	look->sums = calloc(look->nregions, sizeof(*look->sums));
	if (!look->sums)
		return -ENOMEM;
	for (i = 0; !ret && i < look->nregions; i++) {
		if (first_region(look, i) == i)
			ret = read_smaps(&look->regions[i], &look->sums[i].before);
	}
	return ret;
}

static void forget(struct text *text)
{
	if (text->text)
		devthp_scratch_put(text->text, text->npages);
}

void devthp_sums_forget(struct devthp_look *look)
{
	size_t i;

	for (i = 0; look->sums && i < look->nregions; i++) {
		forget(&look->sums[i].before);
		forget(&look->sums[i].after);
	}
	free(look->sums);
	look->sums = NULL;
}

/* What the entries make of a sum, in pages: what is unknown of them may count, or not. */
struct bounds {
	int64_t low, high;
};

static void add(struct bounds *bounds, bool surely, bool maybe)
{
	bounds->low += surely;
	bounds->high += surely || maybe;
}

/* All that is counted for the pages, of which some are of a kind, if that is known. */
static void add_kind(struct bounds *bounds, const struct devthp_page *page, bool surely, bool maybe,
		     uint32_t fact, bool is)
{
	const bool known = page->known & fact;

	add(bounds, surely && known && is, maybe && (!known || is));
}

static int apply(struct devthp_look *look, unsigned int rule, const struct devthp_use *use,
		 const struct bounds *bounds, uint64_t bytes)
{
	const int64_t seen = (int64_t)(bytes / devthp_page_size());
	const bool good = seen >= bounds->low && seen <= bounds->high;

	return devthp_apply(look, rule, use, good, seen < bounds->low ? bounds->low : bounds->high,
			    seen);
}

/* The uses are those of all pages of the mapping. */
static int rules_of_mapping(struct devthp_look *look, const struct devthp_smap *smap,
			    const struct devthp_use *uses, size_t count)
{
	struct bounds resident = { 0, 0 }, anonymous = resident, huge = resident, swapped = resident;
	size_t i;
	int ret;

	for (i = 0; i < count; i++) {
		const struct devthp_page *page = &uses[i].page;
		const uint32_t where = page->location;
		const bool surely = devthp_smaps_counts(page, smap);
		const bool maybe = devthp_smaps_may_count(page) || where == DEVTHP_LOC_POISON ||
				   where == DEVTHP_LOC_SPECIAL;

		add(&resident, surely, maybe);
		add_kind(&anonymous, page, surely, maybe, DEVTHP_KNOWN_FLAGS,
			 page->flags & DEVTHP_FOLIO_ANON);
		add_kind(&huge, page, surely, maybe, DEVTHP_KNOWN_LEVEL,
			 page->level == DEVTHP_LEVEL_PMD);
		add(&swapped, where == DEVTHP_LOC_SWAP, where == DEVTHP_LOC_UNKNOWN);
	}
	/* What is swapped out of a file in memory has no entry here. */
	if (smap->mapping.of_file)
		swapped.high = INT64_MAX;
	ret = apply(look, DEVTHP_RULE_RESIDENT, uses, &resident, smap->resident);
	ret = ret ? ret : apply(look, DEVTHP_RULE_ANONYMOUS, uses, &anonymous, smap->anonymous);
	ret = ret ? ret : apply(look, DEVTHP_RULE_HUGE, uses, &huge, smap->by_pmd);
	if (!ret && smap->swapped_told)
		ret = apply(look, DEVTHP_RULE_SWAPPED, uses, &swapped, smap->swapped);
	return ret;
}

static bool is_same(const struct devthp_smap *a, const struct devthp_smap *b)
{
	return a->told && b->told && a->mapping.start == b->mapping.start &&
	       a->mapping.end == b->mapping.end && a->special == b->special &&
	       a->page_bytes == b->page_bytes && a->resident == b->resident &&
	       a->anonymous == b->anonymous && a->by_pmd == b->by_pmd &&
	       a->swapped == b->swapped;
}

/* Larger pages are those of hugetlb and of DAX devices, which are not counted here. */
static int rules_in_region(struct devthp_look *look, const struct devthp_region *region,
			   const struct devthp_use *uses, const struct devthp_smap *smap)
{
	const size_t size = devthp_page_size();
	const uint64_t start = (uintptr_t)region->addr, end = start + region->npages * size;

	if (smap->mapping.start < start || smap->mapping.end > end || smap->page_bytes != size)
		return 0;
	return rules_of_mapping(look, smap, &uses[(smap->mapping.start - start) / size],
				(smap->mapping.end - smap->mapping.start) / size);
}

/* Mappings that are in both texts, and the same, in the order of their addresses. */
static int rules_of_region(struct devthp_look *look, const struct devthp_region *region,
			   const struct devthp_use *uses, const struct devthp_sums *sums)
{
	const char *before = sums->before.text, *after = sums->after.text;
	struct devthp_smap old, new = { .told = false };
	int ret = 0;

	while (!ret && *before) {
		before = devthp_parse_smap(before, &old);
		if (!before)
			return -EIO;
		while (*after && new.mapping.start < old.mapping.start) {
			after = devthp_parse_smap(after, &new);
			if (!after)
				return -EIO;
		}
		if (is_same(&old, &new))
			ret = rules_in_region(look, region, uses, &new);
	}
	return ret;
}

/* Does the region have all of some mapping? */
static bool has_any(const struct devthp_region *region, const char *text)
{
	const uint64_t start = (uintptr_t)region->addr;
	const uint64_t end = start + region->npages * devthp_page_size();
	struct devthp_smap smap;

	while (text && *text) {
		text = devthp_parse_smap(text, &smap);
		if (text && smap.mapping.start >= start && smap.mapping.end <= end)
			return true;
	}
	return false;
}

int devthp_rules_of_mappings(struct devthp_look *look)
{
	const struct devthp_use *uses = look->uses;
	size_t i, first;
	int ret = 0;

	for (i = 0; look->sums && !ret && i < look->nregions; uses += look->regions[i++].npages) {
		first = first_region(look, i);
		if (!has_any(&look->regions[i], look->sums[first].before.text))
			continue;
		if (!look->sums[first].after.text)
			ret = read_smaps(&look->regions[i], &look->sums[first].after);
		if (!ret && look->sums[first].after.text)
			ret = rules_of_region(look, &look->regions[i], uses, &look->sums[first]);
	}
	return ret;
}
