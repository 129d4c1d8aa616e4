// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Names of counters, and their places. */
#include "counters.h"

static const char *const names[] = {
	[DEVTHP_COUNT_RSS_ANON] = "rss_anon",
	[DEVTHP_COUNT_SWAP] = "swap",
	[DEVTHP_COUNT_PAGE_TABLES] = "page_tables",
	[DEVTHP_COUNT_ANON_HUGE] = "anon_huge",
	[DEVTHP_COUNT_SYS_ANON_HUGE] = "sys_anon_huge",
	[DEVTHP_COUNT_NR_ANON] = "nr_anon",
	[DEVTHP_COUNT_PARTIALLY_MAPPED] = "partially_mapped",
	[DEVTHP_COUNT_SPLIT] = "split",
	[DEVTHP_COUNT_SPLIT_PMD] = "split_pmd",
	[DEVTHP_COUNT_PINS_TAKEN] = "pins_taken",
	[DEVTHP_COUNT_PINS_RELEASED] = "pins_released",
	[DEVTHP_COUNT_SYS_ANON] = "sys_anon",
	[DEVTHP_COUNT_SYS_PAGE_TABLES] = "sys_page_tables",
	[DEVTHP_COUNT_SYS_MLOCKED] = "sys_mlocked",
	[DEVTHP_COUNT_PINS] = "pins",
	[DEVTHP_COUNT_ANON] = "anon",
	[DEVTHP_COUNT_THP_FAULT] = "thp_fault",
	[DEVTHP_COUNT_THP_FAULT_FALLBACK] = "thp_fault_fallback",
	[DEVTHP_COUNT_THP_COLLAPSE] = "thp_collapse",
	[DEVTHP_COUNT_THP_SPLIT] = "thp_split",
	[DEVTHP_COUNT_THP_SPLIT_FAILED] = "thp_split_failed",
	[DEVTHP_COUNT_THP_SPLIT_DEFERRED] = "thp_split_deferred",
	[DEVTHP_COUNT_THP_MIGRATED] = "thp_migrated",
	[DEVTHP_COUNT_THP_MIGRATION_FAILED] = "thp_migration_failed",
	[DEVTHP_COUNT_THP_MIGRATION_SPLIT] = "thp_migration_split",
	[DEVTHP_COUNT_THP_SWAPPED_OUT] = "thp_swapped_out",
	[DEVTHP_COUNT_THP_SWAPPED_OUT_SPLIT] = "thp_swapped_out_split",
	[DEVTHP_COUNT_MIGRATED] = "migrated",
	[DEVTHP_COUNT_MIGRATION_FAILED] = "migration_failed",
	[DEVTHP_COUNT_MEMCG] = "memcg",
	[DEVTHP_COUNT_MEMCG_SWAP] = "memcg_swap",
	[DEVTHP_COUNT_MEMCG_ANON] = "memcg_anon",
	[DEVTHP_COUNT_MEMCG_ANON_HUGE] = "memcg_anon_huge",
	[DEVTHP_COUNT_MEMCG_FILE] = "memcg_file",
	[DEVTHP_COUNT_MEMCG_KERNEL] = "memcg_kernel",
	[DEVTHP_COUNT_MEMCG_PAGE_TABLES] = "memcg_page_tables",
	[DEVTHP_COUNT_MEMCG_SWAPCACHED] = "memcg_swapcached",
	[DEVTHP_COUNT_MEMCG_INACTIVE_ANON] = "memcg_inactive_anon",
	[DEVTHP_COUNT_MEMCG_ACTIVE_ANON] = "memcg_active_anon",
	[DEVTHP_COUNT_MEMCG_INACTIVE_FILE] = "memcg_inactive_file",
	[DEVTHP_COUNT_MEMCG_ACTIVE_FILE] = "memcg_active_file",
	[DEVTHP_COUNT_MEMCG_UNEVICTABLE] = "memcg_unevictable",
};

_Static_assert(ARRAY_SIZE(names) == DEVTHP_COUNTERS, "every counter has a name");

/* "order-<order> <file>": what is behind the blank is the file's name. */
#define NAMES(order) { \
	[DEVTHP_SIZE_NR_ANON] = order "nr_anon", \
	[DEVTHP_SIZE_PARTIALLY_MAPPED] = order "nr_anon_partially_mapped", \
	[DEVTHP_SIZE_SPLIT] = order "split", \
	[DEVTHP_SIZE_SPLIT_FAILED] = order "split_failed", \
	[DEVTHP_SIZE_SPLIT_DEFERRED] = order "split_deferred", \
	[DEVTHP_SIZE_FAULT] = order "anon_fault_alloc", \
	[DEVTHP_SIZE_FAULT_FALLBACK] = order "anon_fault_fallback", \
	[DEVTHP_SIZE_SWAPPED_OUT] = order "swpout", \
	[DEVTHP_SIZE_SWAPPED_OUT_SPLIT] = order "swpout_fallback", \
}

static const char *const size_names[DEVTHP_COUNT_ORDERS][DEVTHP_SIZE_COUNTERS] = {
	NAMES("order-0 "), NAMES("order-1 "), NAMES("order-2 "), NAMES("order-3 "),
	NAMES("order-4 "), NAMES("order-5 "), NAMES("order-6 "), NAMES("order-7 "),
	NAMES("order-8 "), NAMES("order-9 "), NAMES("order-10 "), NAMES("order-11 "),
	NAMES("order-12 "), NAMES("order-13 "), NAMES("order-14 "), NAMES("order-15 "),
};

static const char *const files[] = NAMES("");

_Static_assert(ARRAY_SIZE(files) == DEVTHP_SIZE_COUNTERS, "every counter of a size has a name");

const char *devthp_size_counter_file(unsigned int counter)
{
	return files[counter];
}

size_t devthp_counter_place(unsigned int counter)
{
	const unsigned int of_order = counter - DEVTHP_COUNT_OF_ORDER(0, 0);
	const unsigned int order = of_order / DEVTHP_COUNT_OF_ORDER_STEP;
	const unsigned int which = of_order % DEVTHP_COUNT_OF_ORDER_STEP;

	if (counter < DEVTHP_COUNTERS)
		return counter;
	if (counter < DEVTHP_COUNT_OF_ORDER(0, 0) || order >= DEVTHP_COUNT_ORDERS ||
	    which >= DEVTHP_SIZE_COUNTERS)
		return ALL_COUNTERS;
	return DEVTHP_COUNTERS + order * DEVTHP_SIZE_COUNTERS + which;
}

const char *devthp_counter_name(unsigned int counter)
{
	const size_t place = devthp_counter_place(counter);

	if (place < DEVTHP_COUNTERS)
		return names[place];
	return place < ALL_COUNTERS ? (&size_names[0][0])[place - DEVTHP_COUNTERS] : "?";
}
