// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* "devthp check": the invariants, applied to a live process. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "target.h"

/* Pages checked in one go; counts that go beyond are only ever too small. */
#define CHUNK 32768

/* Violations told of each rule. */
#define TOLD 10

static void help(void)
{
	puts("Usage: devthp check PID [START-END]\n"
	     "Look at the pages of a process, and say which rules they and their folios\n"
	     "break: mapcounts and references against the entries that are there, permissions\n"
	     "against those of the mapping, and more. Other processes may map a folio too, so\n"
	     "counts are checked not to be too small. START and END are hexadecimal, as in\n"
	     "/proc/PID/maps.\n\n"
	     "  --help\n\n"
	     "Exit status: 0 no rule is broken, 1 some are, 2 usage, 3 no such process, not\n"
	     "allowed, or no source tells enough.");
}

struct sums {
	uint64_t pages;
	uint64_t applied[DEVTHP_RULES];
	uint64_t broken[DEVTHP_RULES];
};

static void tell(const struct devthp_finding *f)
{
	printf("%012" PRIx64 ": %s: should be %" PRId64 ", is %" PRId64 " (%s)\n", f->addr,
	       devthp_rule_name(f->rule), f->expected, f->seen, devthp_rule_statement(f->rule));
}

static void add(struct sums *sums, const struct devthp_findings *findings)
{
	struct devthp_finding f = { .size = sizeof(f) };
	unsigned int rule;
	size_t i;

	for (rule = 1; rule < DEVTHP_RULES; rule++)
		sums->applied[rule] += devthp_findings_applied(findings, rule);
	for (i = 0; i < devthp_findings_count(findings); i++) {
		devthp_findings_get(findings, i, &f);
		if (sums->broken[f.rule]++ < TOLD)
			tell(&f);
	}
}

static int check_chunk(const struct target *target, uint64_t start, size_t npages,
		       struct sums *sums)
{
	const struct devthp_region region = {
		.size = sizeof(region), .addr = (const void *)(uintptr_t)start,
		.npages = npages, .pid = target->pid,
	};
	const struct devthp_region *const regions[] = { &region };
	struct devthp_findings *findings;
	int ret;

	ret = devthp_check(regions, 1, NULL, &findings);
	if (ret < 0)
		return ret;
	sums->pages += npages;
	add(sums, findings);
	devthp_findings_free(findings);
	return 0;
}

static int check_range(const struct target *target, uint64_t start, uint64_t end,
		       const char *line, void *data)
{
	const size_t page_size = devthp_page_size();
	int ret = 0;

	(void)line;
	while (!ret && start < end) {
		uint64_t npages = (end - start) / page_size;

		npages = npages < CHUNK ? npages : CHUNK;
		ret = check_chunk(target, start, npages, data);
		start += npages * page_size;
	}
	return ret;
}

static int show(const struct sums *sums)
{
	uint64_t broken = 0, applied = 0;
	unsigned int rule;

	puts("rule                  applied   broken");
	for (rule = 1; rule < DEVTHP_RULES; rule++) {
		printf("%2u %-16s %9" PRIu64 "%9" PRIu64 "\n", rule, devthp_rule_name(rule),
		       sums->applied[rule], sums->broken[rule]);
		broken += sums->broken[rule];
		applied += sums->applied[rule];
	}
	printf("\n%" PRIu64 " pages, %" PRIu64 " checks, %" PRIu64 " violations\n", sums->pages,
	       applied, broken);
	return broken ? EXIT_WRONG : EXIT_GOOD;
}

int cmd_check(int argc, char **argv)
{
	struct sums sums = { .pages = 0 };
	struct target target;
	int ret;

	ret = target_parse(&target, argc, argv, help);
	if (ret >= 0)
		return ret;
	ret = target_for_each(&target, check_range, &sums);
	if (ret == -ENODATA)
		return complain(EXIT_LACKING,
				"nothing tells of the pages of process %d: /dev/folio_probe and /proc/PID/pagemap need root",
				(int)target.pid);
	return ret ? target_complain(&target, ret) : show(&sums);
}
