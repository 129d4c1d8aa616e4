// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <unistd.h>

#include <devthp.h>

#include "rules.h"
#include "sample.h"
#include "settle.h"
#include "verdict.h"

struct question {
	const struct sample *sample;
	bool complete;
};

static const char *tell(const struct devthp_findings *findings, size_t count)
{
	struct devthp_finding f = { .size = sizeof(f) };

	devthp_findings_get(findings, 0, &f);
	return wrong("page %llu breaks rule %u, %s: %lld; should be %lld (%s), and %zu more",
		     (unsigned long long)f.page, f.rule, devthp_rule_name(f.rule),
		     (long long)f.seen, (long long)f.expected,
		     devthp_rule_statement(f.rule), count - 1);
}

static const char *look(const void *arg)
{
	const struct question *question = arg;
	const struct sample *sample = question->sample;
	const struct devthp_check_opts opts = {
		.size = sizeof(opts), .tries = 1,
		.flags = question->complete ? DEVTHP_CHECK_COMPLETE : 0,
	};
	const struct devthp_region region = {
		.size = sizeof(region), .addr = sample->addr,
		.npages = sample->pages,
		.dev = sample->owner == getpid() ? sample->dev : NULL,
	};
	const struct devthp_region *const regions[] = { &region };
	struct devthp_findings *findings;
	const char *verdict = RIGHT;
	int count;

	count = devthp_check(regions, 1, &opts, &findings);
	/* Nothing is there any more. */
	if (count == -ENODATA)
		return RIGHT;
	if (count < 0)
		return went_well("apply the rules", count);
	if (count)
		verdict = tell(findings, count);
	devthp_findings_free(findings);
	return verdict;
}

const char *rules_hold(const struct sample *sample, bool complete)
{
	const struct question question = { sample, complete };

	return settles(look, &question);
}
