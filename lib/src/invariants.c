// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* devthp_check(): look, apply the rules, and look again before believing. */
#include <inttypes.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "rules.h"

#define TRIES		20
#define ALL_RULES	((1U << DEVTHP_RULES) - 2)

struct devthp_findings {
	uint64_t applied[DEVTHP_RULES];
	struct devthp_finding *list;
	size_t count, room;
};

static void forget(struct devthp_findings *findings)
{
	if (findings)
		free(findings->list);
	free(findings);
}

int devthp_findings_free(struct devthp_findings *findings)
{
	if (findings && !devthp_live_remove(findings))
		return -EBADF;
	forget(findings);
	return 0;
}

size_t devthp_findings_count(const struct devthp_findings *findings)
{
	return devthp_live(findings) ? 0 : findings->count;
}

int devthp_findings_get(const struct devthp_findings *findings, size_t i,
			struct devthp_finding *finding)
{
	int ret = devthp_live(findings);

	if (!ret && !finding)
		ret = -EINVAL;
	ret = ret ? ret : devthp_report_check(finding);
	if (ret)
		return ret;
	if (i >= findings->count)
		return -ERANGE;
	devthp_report_put(finding, &findings->list[i], sizeof(*finding));
	return 0;
}

uint64_t devthp_findings_applied(const struct devthp_findings *findings, unsigned int rule)
{
	return !devthp_live(findings) && rule < DEVTHP_RULES ? findings->applied[rule] : 0;
}

static int append(struct devthp_findings *findings, const struct devthp_finding *finding)
{
	struct devthp_finding *more;

	if (findings->count == findings->room) {
		findings->room = findings->room ? 2 * findings->room : 16;
		more = realloc(findings->list, findings->room * sizeof(*more));
		if (!more)
			return -ENOMEM;
		findings->list = more;
	}
	findings->list[findings->count++] = *finding;
	return 0;
}

int devthp_apply(struct devthp_look *look, unsigned int rule, const struct devthp_use *use,
		 bool good, int64_t expected, int64_t seen)
{
	const struct devthp_region *region = &look->regions[use->region];
	const struct devthp_finding finding = {
		.rule = rule,
		.region = use->region,
		.page = use->number,
		.addr = (uintptr_t)region->addr + use->number * devthp_page_size(),
		.expected = expected,
		.seen = seen,
		.pid = region->pid,
	};

	if (!(look->rules & 1U << rule))
		return 0;
	look->findings->applied[rule]++;
	return good ? 0 : append(look->findings, &finding);
}

static int add_uses(struct devthp_look *look, uint32_t number)
{
	const struct devthp_region *region = &look->regions[number];
	struct devthp_snapshot_opts opts = {
		.size = sizeof(opts), .pid = region->pid, .dev = region->dev,
		/* Levels that smaps knows are no help without what only the probe knows. */
		.sources = DEVTHP_SOURCE_ALL & ~DEVTHP_SOURCE_SMAPS,
	};
	struct devthp_snapshot *snap;
	size_t i;
	int ret;

	ret = devthp_snapshot_take(&snap, region->addr, region->npages, &opts);
	for (i = 0; !ret && i < region->npages; i++) {
		struct devthp_use *use = &look->uses[look->nuses++];

		use->page.size = sizeof(use->page);
		use->region = number;
		use->number = i;
		devthp_snapshot_page(snap, i, &use->page);
	}
	if (!ret)
		devthp_snapshot_free(snap);
	return ret;
}

/* By rule, and then by place. */
static int compare_findings(const void *a, const void *b)
{
	const struct devthp_finding *left = a, *right = b;

	if (left->rule != right->rule)
		return left->rule < right->rule ? -1 : 1;
	if (left->region != right->region)
		return left->region < right->region ? -1 : 1;
	return left->page < right->page ? -1 : left->page > right->page;
}

static void sort(struct devthp_findings *findings)
{
	if (findings->count)
		qsort(findings->list, findings->count, sizeof(findings->list[0]),
		      compare_findings);
}

/* One look. Its findings are the caller's, who frees them if all goes well. */
static int look_once(struct devthp_look *look, struct devthp_findings **found)
{
	uint32_t i;
	int ret;

	look->findings = calloc(1, sizeof(*look->findings));
	if (!look->findings)
		return -ENOMEM;
	look->nuses = 0;
	ret = devthp_sums_before(look);
	for (i = 0; !ret && i < look->nregions; i++)
		ret = add_uses(look, i);
	ret = ret ? ret : devthp_rules_of_mappings(look);
	devthp_sums_forget(look);
	ret = ret ? ret : devthp_rules_of_pages(look);
	ret = ret ? ret : devthp_rules_of_blocks(look);
	ret = ret ? ret : devthp_rules_of_folios(look);
	if (ret) {
		forget(look->findings);
		return ret;
	}
	sort(look->findings);
	*found = look->findings;
	return 0;
}

static void log_finding(const char *what, const struct devthp_finding *f)
{
	devthp_log(DEVTHP_LOG_DEBUG, 0, "%s: rule %s, page %" PRIu64 " of region %" PRIu32
		   ": expected %" PRId64 ", seen %" PRId64, what, devthp_rule_name(f->rule), f->page,
		   f->region, f->expected, f->seen);
}

/* Among findings that are sorted. */
static bool has(const struct devthp_findings *findings, const struct devthp_finding *wanted)
{
	return findings->count && bsearch(wanted, findings->list, findings->count,
					  sizeof(findings->list[0]), compare_findings);
}

/* Leave in the new ones what the old ones have, too. Both are sorted. */
static void confirm(struct devthp_findings *new, const struct devthp_findings *old)
{
	size_t i, kept = 0;

	for (i = 0; i < new->count; i++) {
		if (has(old, &new->list[i]))
			new->list[kept++] = new->list[i];
		else
			log_finding("not believed yet, new in this look", &new->list[i]);
	}
	new->count = kept;
	for (i = 0; i < old->count; i++) {
		if (!has(new, &old->list[i]))
			log_finding("not believed, gone in this look", &old->list[i]);
	}
}

static int look_until_good(struct devthp_look *look, uint32_t tries,
			   struct devthp_findings **found)
{
	struct devthp_findings *old = NULL, *new;
	int ret;

	do {
		ret = look_once(look, &new);
		if (ret)
			break;
		if (old)
			confirm(new, old);
		forget(old);
		old = new;
		if (!new->count)
			break;
		devthp_log(DEVTHP_LOG_INFO, 0, "%zu violations, in each look so far; %" PRIu32
			   " more looks to come", new->count, tries - 1);
		sched_yield();
	} while (--tries);
	if (ret)
		forget(old);
	else
		*found = new;
	return ret;
}

static int applied_any(const struct devthp_findings *findings)
{
	unsigned int rule;

	for (rule = 1; rule < DEVTHP_RULES; rule++) {
		if (findings->applied[rule])
			return 0;
	}
	return -ENODATA;
}

/* Its entries would count twice. */
static bool overlaps_any(const struct devthp_region *regions, size_t i)
{
	const uintptr_t start = (uintptr_t)regions[i].addr;
	const uintptr_t end = start + regions[i].npages * devthp_page_size();
	size_t j;

	for (j = 0; j < i; j++) {
		const uintptr_t other = (uintptr_t)regions[j].addr;

		if (devthp_pid(&regions[j]) == devthp_pid(&regions[i]) && other < end &&
		    start < other + regions[j].npages * devthp_page_size())
			return true;
	}
	return false;
}

/* The caller's regions, with what an older caller does not know as 0. */
static int take_regions(struct devthp_region **taken, const struct devthp_region *const *regions,
			size_t nregions, size_t *npages)
{
	struct devthp_region *r;
	int ret = 0;
	size_t i;

	if (!regions || !nregions || nregions > UINT32_MAX)
		return -EINVAL;
	r = calloc(nregions, sizeof(*r));
	if (!r)
		return -ENOMEM;
	*npages = 0;
	for (i = 0; !ret && i < nregions; i++) {
		ret = regions[i] ? devthp_opts_get(&r[i], sizeof(r[i]), regions[i]) : -EINVAL;
		ret = ret ? ret : devthp_check_pages(r[i].addr, r[i].npages);
		if (!ret && (r[i].reserved || r[i].pid < 0))
			ret = devthp_refuse("devthp_check", "a region's reserved, or pid");
		if (!ret && r[i].pid && r[i].dev)
			ret = devthp_refuse("devthp_check", "a region's dev together with pid");
		if (!ret && overlaps_any(r, i))
			ret = devthp_refuse("devthp_check", "a region that overlaps another");
		if (!ret && __builtin_add_overflow(*npages, r[i].npages, npages))
			ret = -EINVAL;
	}
	if (ret)
		free(r);
	else
		*taken = r;
	return ret;
}

/* Pages that hold the uses of so many pages. */
static int scratch_pages(size_t npages, size_t *room)
{
	size_t bytes;

	if (__builtin_mul_overflow(npages, sizeof(struct devthp_use), &bytes))
		return -ENOMEM;
	*room = bytes / devthp_page_size() + 1;
	return 0;
}

int devthp_check(const struct devthp_region *const *given, size_t nregions,
		 const struct devthp_check_opts *given_opts, struct devthp_findings **findings)
{
	DEVTHP_KEEP_ERRNO;
	struct devthp_findings *found;
	struct devthp_check_opts opts;
	struct devthp_region *regions;
	struct devthp_look look;
	size_t npages, room;
	void *uses;
	int ret;

	ret = devthp_opts_get(&opts, sizeof(opts), given_opts);
	if (ret)
		return ret;
	if (opts.flags & ~DEVTHP_CHECK_COMPLETE)
		return DEVTHP_REFUSE("flags");
	if (opts.reserved)
		return DEVTHP_REFUSE("reserved");
	if (opts.rules & ~ALL_RULES)
		return DEVTHP_REFUSE("rules");
	ret = take_regions(&regions, given, nregions, &npages);
	if (ret)
		return ret;
	look = (struct devthp_look){
		.regions = regions,
		.nregions = nregions,
		.flags = opts.flags,
		.rules = opts.rules ? opts.rules : ALL_RULES,
	};
	ret = scratch_pages(npages, &room);
	ret = ret ? ret : devthp_scratch_get(&uses, room);
	if (!ret) {
		look.uses = uses;
		ret = look_until_good(&look, opts.tries ? opts.tries : TRIES, &found);
		devthp_scratch_put(uses, room);
	}
	free(regions);
	if (ret)
		return ret;
	ret = applied_any(found);
	ret = ret ? ret : (int)(found->count < INT_MAX ? found->count : INT_MAX);
	if (ret >= 0 && findings && devthp_live_add(found))
		ret = -ENOMEM;
	if (ret < 0 || !findings)
		forget(found);
	else
		*findings = found;
	return ret;
}
