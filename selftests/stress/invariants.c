// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include <devthp.h>

#include "difference.h"
#include "invariants.h"
#include "settle.h"

struct regions {
	struct devthp_region region[PROCESSES * RANGES];
	const struct devthp_region *list[PROCESSES * RANGES];
	size_t n;
	bool complete;
};

static void collect(struct regions *regions, const struct list *list, const pid_t *pid)
{
	uint32_t process, range;

	for (process = 0; process < PROCESSES; process++) {
		for (range = 0; range < RANGES; range++) {
			const uint32_t npages = list->place[range].pages;

			if (!npages || !pid[process])
				continue;
			regions->list[regions->n] = &regions->region[regions->n];
			regions->region[regions->n++] = (struct devthp_region){
				.size = sizeof(struct devthp_region), .npages = npages,
				.addr = (void *)page_address(list, range, 0),
				.pid = pid[process],
			};
		}
	}
}

static const char *tell(const struct devthp_findings *findings, const struct regions *regions,
			const pid_t *pid)
{
	struct devthp_finding f = { .size = sizeof(f) };
	uint32_t process = 0;

	devthp_findings_get(findings, 0, &f);
	while (process < PROCESSES && pid[process] != regions->region[f.region].pid)
		process++;
	return differs(IN_RULES, "page %llu at %#llx in process %u breaks rule %u, %s: %lld; should be %lld (%s), and %zu more",
		       (unsigned long long)f.page, (unsigned long long)f.addr, process, f.rule,
		       devthp_rule_name(f.rule), (long long)f.seen, (long long)f.expected,
		       devthp_rule_statement(f.rule), devthp_findings_count(findings) - 1);
}

struct question {
	const struct regions *regions;
	const pid_t *pid;
};

static const char *look(const void *arg)
{
	const struct question *question = arg;
	const struct regions *regions = question->regions;
	const struct devthp_check_opts opts = {
		.size = sizeof(opts), .tries = 1,
		.flags = regions->complete ? DEVTHP_CHECK_COMPLETE : 0,
	};
	struct devthp_findings *findings;
	const char *verdict = RIGHT;
	int count = devthp_check(regions->list, regions->n, &opts, &findings);

	/* Nobody may look, or nothing is there. */
	if (count == -ENODATA || count == -EACCES || count == -EPERM)
		return RIGHT;
	if (count < 0)
		return differs(IN_MACHINERY, "apply the rules: %d", count);
	if (count)
		verdict = tell(findings, regions, question->pid);
	devthp_findings_free(findings);
	return verdict;
}

const char *invariants_hold(const struct list *list, const pid_t *pid, bool complete)
{
	struct regions regions = { .n = 0, .complete = complete };
	const struct question question = { &regions, pid };

	collect(&regions, list, pid);
	return settles(look, &question);
}
