// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "devthp_backend.h"
#include "tap.h"

#define ROOM	8192	/* of opts and out: more than any size that is accepted */

static struct devthp_region region = { .size = sizeof(region), .npages = 1 };
static const struct devthp_region *const regions[] = { &region };
static const struct devthp_slack slack = { .counter = DEVTHP_COUNT_SWAP };
static const uint32_t wanted = DEVTHP_COUNT_SWAP;
static const uint32_t generation;
static const uint8_t skip;

#define CALLS(X) \
	X(devthp_backend_default, 0, !devthp_backend_default()) \
	X(devthp_backend_register, TAKES_OPTS, devthp_backend_register(a->opts)) \
	X(devthp_check, TAKES_OPTS | ALLOCATES | FROM_KERNEL, \
	  devthp_check(regions, 1, a->opts, a->out)) \
	X(devthp_counter_name, 0, !devthp_counter_name(1)) \
	X(devthp_counters_compare, ON_COUNTERS | REPORTS, \
	  devthp_counters_compare(a->object, a->object, &slack, 1, 0, a->out)) \
	X(devthp_counters_delta, ON_COUNTERS | NEEDS_OUT, \
	  devthp_counters_delta(a->object, a->object, DEVTHP_COUNT_SWAP, a->out)) \
	X(devthp_counters_free, ON_COUNTERS | CLOSES, devthp_counters_free(a->object)) \
	X(devthp_counters_get, ON_COUNTERS | NEEDS_OUT, \
	  devthp_counters_get(a->object, DEVTHP_COUNT_SWAP, a->out)) \
	X(devthp_counters_take, NEEDS_OUT | ALLOCATES | FROM_KERNEL, devthp_counters_take(a->out)) \
	X(devthp_counters_take_some, NEEDS_OUT | ALLOCATES | FROM_KERNEL, \
	  devthp_counters_take_some(a->out, &wanted, 1)) \
	X(devthp_device_close, ON_DEVICE | CLOSES | MEMBER, devthp_device_close(a->object)) \
	X(devthp_device_drain, ON_DEVICE | REPORTS | MEMBER, \
	  devthp_device_drain(a->object, a->out)) \
	X(devthp_device_evict, ON_DEVICE | MEMBER, devthp_device_evict(a->object)) \
	X(devthp_device_exclusive, ON_DEVICE | TAKES_PAGES | MEMBER | ALLOCATES, \
	  devthp_device_exclusive(a->object, a->addr, a->npages, NULL)) \
	X(devthp_device_fail_alloc, ON_DEVICE | MEMBER, devthp_device_fail_alloc(a->object, 1)) \
	X(devthp_device_hold, ON_DEVICE | TAKES_PAGES | MEMBER, \
	  devthp_device_hold(a->object, a->addr, a->npages, 0, a->out)) \
	X(devthp_device_hold_frames, ON_DEVICE | MEMBER, \
	  devthp_device_hold_frames(a->object, 1, 1, a->out)) \
	X(devthp_device_is_exclusive, ON_DEVICE | TAKES_PAGES | MEMBER, \
	  devthp_device_is_exclusive(a->object, a->addr, a->npages)) \
	X(devthp_device_open, NEEDS_OUT | TAKES_OPTS | ALLOCATES, \
	  devthp_device_open(a->out, a->opts)) \
	X(devthp_device_pause, ON_DEVICE | MEMBER, devthp_device_pause(a->object, 1)) \
	X(devthp_device_pause_wait, ON_DEVICE | MEMBER, \
	  devthp_device_pause_wait(a->object, 1, 0)) \
	X(devthp_device_query, ON_DEVICE | NEEDS_OUT | REPORTS, \
	  devthp_device_query(a->object, a->out)) \
	X(devthp_device_read, ON_DEVICE | TAKES_PAGES | REPORTS | MEMBER, \
	  devthp_device_read(a->object, a->addr, a->npages, a->addr, a->out)) \
	X(devthp_device_resume, ON_DEVICE | MEMBER, devthp_device_resume(a->object, 1)) \
	X(devthp_device_snapshot, ON_DEVICE | TAKES_PAGES | NEEDS_OUT | MEMBER, \
	  devthp_device_snapshot(a->object, a->addr, a->npages, a->out)) \
	X(devthp_device_times, ON_DEVICE | NEEDS_OUT | REPORTS | MEMBER, \
	  devthp_device_times(a->object, a->out)) \
	X(devthp_device_try, ON_DEVICE | NEEDS_OUT | REPORTS | ALLOCATES | FROM_KERNEL, \
	  devthp_device_try(a->object, a->out)) \
	X(devthp_device_unhold, ON_DEVICE | TAKES_PAGES | MEMBER, \
	  devthp_device_unhold(a->object, a->addr, a->npages, a->out)) \
	X(devthp_device_unhold_frames, ON_DEVICE | MEMBER, \
	  devthp_device_unhold_frames(a->object, 1, 1, a->out)) \
	X(devthp_device_usage, ON_DEVICE | NEEDS_OUT | REPORTS | MEMBER, \
	  devthp_device_usage(a->object, a->out)) \
	X(devthp_device_write, ON_DEVICE | TAKES_PAGES | REPORTS | MEMBER, \
	  devthp_device_write(a->object, a->addr, a->npages, a->addr, a->out)) \
	X(devthp_findings_applied, ON_FINDINGS | GETS, \
	  devthp_findings_applied(a->object, DEVTHP_RULE_AT_REST) != 0) \
	X(devthp_findings_count, ON_FINDINGS | GETS, devthp_findings_count(a->object) != 0) \
	X(devthp_findings_free, ON_FINDINGS | CLOSES, devthp_findings_free(a->object)) \
	X(devthp_findings_get, ON_FINDINGS | NEEDS_OUT | REPORTS, \
	  devthp_findings_get(a->object, 0, a->out)) \
	X(devthp_level_name, 0, !devthp_level_name(1)) \
	X(devthp_location_name, 0, !devthp_location_name(1)) \
	X(devthp_log_set, 0, devthp_log_set(NULL, NULL, 0)) \
	X(devthp_migrate_to_device, ON_DEVICE | TAKES_PAGES | REPORTS | MEMBER | ALLOCATES, \
	  devthp_migrate_to_device(a->object, a->addr, a->npages, a->out)) \
	X(devthp_migrate_to_system, ON_DEVICE | TAKES_PAGES | REPORTS | MEMBER, \
	  devthp_migrate_to_system(a->object, a->addr, a->npages, a->out)) \
	X(devthp_page_size, 0, !devthp_page_size()) \
	X(devthp_pattern_fill, TAKES_PAGES | TAKES_OPTS, \
	  devthp_pattern_fill(a->addr, 0, a->npages, a->opts)) \
	X(devthp_pattern_verify, TAKES_PAGES | TAKES_OPTS | REPORTS, \
	  devthp_pattern_verify(a->addr, 0, a->npages, a->opts, a->out)) \
	X(devthp_pmd_size, FROM_KERNEL, devthp_pmd_size() & 1) \
	X(devthp_range_addr, ON_RANGE | GETS, devthp_range_addr(a->object) != NULL) \
	X(devthp_range_alloc, NEEDS_OUT | TAKES_OPTS | ALLOCATES | FROM_KERNEL, \
	  devthp_range_alloc(a->out, a->opts)) \
	X(devthp_range_bytes, ON_RANGE | GETS, devthp_range_bytes(a->object) != 0) \
	X(devthp_range_disown, ON_RANGE, devthp_range_disown(a->object, 0, 1)) \
	X(devthp_range_free, ON_RANGE | CLOSES, devthp_range_free(a->object)) \
	X(devthp_range_pages, ON_RANGE | GETS, devthp_range_pages(a->object) != 0) \
	X(devthp_range_unmap, ON_RANGE, devthp_range_unmap(a->object, 0, 1)) \
	X(devthp_rule_name, 0, !devthp_rule_name(1)) \
	X(devthp_rule_statement, 0, !devthp_rule_statement(1)) \
	X(devthp_snapshot_compare, ON_SNAPSHOT | REPORTS, \
	  devthp_snapshot_compare(a->object, a->object, 0, 1, a->out)) \
	X(devthp_snapshot_free, ON_SNAPSHOT | CLOSES, devthp_snapshot_free(a->object)) \
	X(devthp_snapshot_page, ON_SNAPSHOT | NEEDS_OUT | REPORTS, \
	  devthp_snapshot_page(a->object, 0, a->out)) \
	X(devthp_snapshot_pages, ON_SNAPSHOT | GETS, devthp_snapshot_pages(a->object) != 0) \
	X(devthp_snapshot_sources, ON_SNAPSHOT | GETS, devthp_snapshot_sources(a->object) != 0) \
	X(devthp_snapshot_summarize, ON_SNAPSHOT | NEEDS_OUT | REPORTS | ALLOCATES, \
	  devthp_snapshot_summarize(a->object, 0, 1, a->out)) \
	X(devthp_snapshot_take, TAKES_PAGES | NEEDS_OUT | TAKES_OPTS | ALLOCATES | FROM_KERNEL, \
	  devthp_snapshot_take(a->out, a->addr, a->npages, a->opts)) \
	X(devthp_system_query, NEEDS_OUT | REPORTS | FROM_KERNEL, devthp_system_query(a->out)) \
	X(devthp_verdict_name, 0, !devthp_verdict_name(1)) \
	X(devthp_version, 0, !devthp_version())

#define FUNCTION(name, flags, expression) \
	static int run_##name(const struct args *a) \
	{ \
		(void)a; \
		return (int)(expression); \
	}
CALLS(FUNCTION)

#define ROW(name, flags, expression) { #name, run_##name, flags },
const struct call calls[] = { CALLS(ROW) };
const size_t ncalls = ARRAY_SIZE(calls);

static char *page;

static bool is_call(const struct call *call, const char *name)
{
	return !strcmp(call->name, name);
}

static void *memory(void)
{
	if (!page)
		page = aligned_alloc(devthp_page_size(), ROOM > devthp_page_size() ? ROOM :
				     devthp_page_size());
	region.addr = page;
	return page;
}

void *object_for(const struct call *call, const char *backend)
{
	struct devthp_device_opts opts = { .size = sizeof(opts), .backend = backend };
	struct devthp_range_opts small = {
		.size = sizeof(small), .bytes = devthp_page_size(), .advice = DEVTHP_ADVICE_NONE,
	};
	void *object = NULL;

	switch (call->flags & ON_OBJECT) {
	case ON_DEVICE:
		CHECK_CALL(devthp_device_open((struct devthp_device **)&object, &opts), 0);
		break;
	case ON_RANGE:
		CHECK_CALL(devthp_range_alloc((struct devthp_range **)&object, &small), 0);
		break;
	case ON_SNAPSHOT:
		CHECK_CALL(devthp_snapshot_take((struct devthp_snapshot **)&object, memory(), 1,
						NULL), 0);
		break;
	case ON_FINDINGS:
		memory();
		CHECK(devthp_check(regions, 1, NULL, (struct devthp_findings **)&object) >= 0);
		break;
	case ON_COUNTERS:
		CHECK_CALL(devthp_counters_take((struct devthp_counters **)&object), 0);
	}
	return object;
}

void close_object(const struct call *call, void *object)
{
	switch (call->flags & ON_OBJECT) {
	case ON_DEVICE:
		devthp_device_close(object);
		break;
	case ON_RANGE:
		devthp_range_free(object);
		break;
	case ON_SNAPSHOT:
		devthp_snapshot_free(object);
		break;
	case ON_FINDINGS:
		devthp_findings_free(object);
		break;
	case ON_COUNTERS:
		devthp_counters_free(object);
	}
}

struct args good_args(const struct call *call, void *object)
{
	static uint64_t out[ROOM / 8], opts[ROOM / 8];
	struct args args = {
		.object = object, .addr = memory(), .npages = 1, .out = out, .opts = opts,
	};

	memset(page, 0, devthp_page_size());
	memset(out, 0, sizeof(out));
	memset(opts, 0, sizeof(opts));
	if (call->flags & REPORTS)
		*(size_t *)args.out = ROOM / 4;
	*(size_t *)args.opts = ROOM / 4;
	if (is_call(call, "devthp_device_open"))
		((struct devthp_device_opts *)args.opts)->backend = "toy";
	if (is_call(call, "devthp_backend_register"))
		((struct devthp_backend *)args.opts)->name = "toy";
	if (!strncmp(call->name, "devthp_pattern", 14)) {
		((struct devthp_pattern_opts *)args.opts)->generations = &generation;
		((struct devthp_pattern_opts *)args.opts)->skip = &skip;
	}
	if (is_call(call, "devthp_range_alloc")) {
		((struct devthp_range_opts *)args.opts)->bytes = devthp_page_size();
		((struct devthp_range_opts *)args.opts)->advice = DEVTHP_ADVICE_NONE;
	}
	return args;
}

void drop_result(const struct call *call, const struct args *args)
{
	void *made = *(void **)args->out;

	if (is_call(call, "devthp_counters_take") || is_call(call, "devthp_counters_take_some"))
		devthp_counters_free(made);
	else if (is_call(call, "devthp_device_open"))
		devthp_device_close(made);
	else if (is_call(call, "devthp_range_alloc"))
		devthp_range_free(made);
	else if (is_call(call, "devthp_snapshot_take"))
		devthp_snapshot_free(made);
	else if (is_call(call, "devthp_check"))
		devthp_findings_free(made);
}
