// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>

#include <devthp.h>

#include "events.h"
#include "textfile.h"
#include "verdict.h"

/* Compaction and NUMA balancing migrate what they like, whenever they like. */
static const char *of_others(uint64_t *pages)
{
	uint64_t compaction, balancing = 0;

	CHECK(file_field("/proc/vmstat", "compact_migrate_scanned", &compaction));
	/* Not every kernel has it. */
	file_field("/proc/vmstat", "numa_pages_migrated", &balancing);
	*pages = compaction + balancing;
	return RIGHT;
}

const char *events_take(struct events *events)
{
	events->counters = NULL;
	CHECK(of_others(&events->others));
	return went_well("read counters",
			 devthp_counters_take(&events->counters));
}

void events_forget(struct events *events)
{
	devthp_counters_free(events->counters);
	events->counters = NULL;
}

static const char *event_was(const struct events *before,
			     const struct events *now, unsigned int counter,
			     int64_t want)
{
	const char *name = devthp_counter_name(counter);
	int64_t delta;

	CHECK(went_well(name, devthp_counters_delta(before->counters,
						    now->counters, counter,
						    &delta)));
	return delta == want ? RIGHT :
	       wrong("%s counts %" PRId64 "; should count %" PRId64, name,
		     delta, want);
}

/* Of vmstat; and of sysfs for that size, for what is counted there as well. */
static const char *compare(const struct events *before,
			   const struct events *now,
			   const struct happened *want)
{
	const unsigned int order = __builtin_ctzl(devthp_pmd_size() /
						  devthp_page_size());
#define OF_SIZE(counter) DEVTHP_COUNT_OF_ORDER(order, counter)
	const struct {
		unsigned int counter;
		int64_t want;
	} of[] = {
		{ DEVTHP_COUNT_THP_SPLIT, want->splits },
		{ OF_SIZE(DEVTHP_SIZE_SPLIT), want->splits },
		{ DEVTHP_COUNT_THP_SPLIT_FAILED, 0 },
		{ OF_SIZE(DEVTHP_SIZE_SPLIT_FAILED), 0 },
		{ DEVTHP_COUNT_THP_SPLIT_DEFERRED, want->deferred },
		{ OF_SIZE(DEVTHP_SIZE_SPLIT_DEFERRED), want->deferred },
		{ DEVTHP_COUNT_SPLIT_PMD, want->pmds },
		{ DEVTHP_COUNT_THP_FAULT, 0 },
		{ OF_SIZE(DEVTHP_SIZE_FAULT), 0 },
		{ DEVTHP_COUNT_THP_FAULT_FALLBACK, 0 },
		{ OF_SIZE(DEVTHP_SIZE_FAULT_FALLBACK), 0 },
		{ DEVTHP_COUNT_THP_COLLAPSE, 0 },
		{ DEVTHP_COUNT_THP_SWAPPED_OUT, 0 },
		{ DEVTHP_COUNT_THP_MIGRATED, 0 },
		{ DEVTHP_COUNT_THP_MIGRATION_FAILED, 0 },
		{ DEVTHP_COUNT_THP_MIGRATION_SPLIT, 0 },
	};
#undef OF_SIZE
	size_t i;

	for (i = 0; i < sizeof(of) / sizeof(of[0]); i++)
		CHECK(event_was(before, now, of[i].counter, of[i].want));
	if (now->others != before->others)
		return RIGHT;
	CHECK(event_was(before, now, DEVTHP_COUNT_MIGRATED, 0));
	return event_was(before, now, DEVTHP_COUNT_MIGRATION_FAILED, 0);
}

const char *events_were(const struct events *before, struct happened want)
{
	struct events now;
	const char *verdict;

	CHECK(events_take(&now));
	verdict = compare(before, &now, &want);
	events_forget(&now);
	return verdict;
}
