// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* "devthp check": the invariants, applied to a live process. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "report.h"
#include "target.h"

/*
 * Pages, and parts of mappings, checked in one go; counts that go beyond are only ever too
 * small. All of a mapping is, if it is no larger, and sums of it can be held against it.
 */
#define CHUNK 32768
#define PARTS 256

/* Violations told of each rule. */
#define TOLD 10

static void help(void)
{
	puts("Usage: devthp check [OPTION]... PID [START-END]\n"
	     "Look at the pages of a process, and say which rules they and their folios\n"
	     "break: mapcounts and references against the entries that are there, permissions\n"
	     "against those of the mapping, and more. Other processes may map a folio too, so\n"
	     "counts are checked not to be too small. START and END are hexadecimal, as in\n"
	     "/proc/PID/maps.\n\n"
	     "  --json\n"
	     "  --help\n\n"
	     "Exit status: 0 no rule is broken, 1 some are, 2 usage, 3 no such process, not\n"
	     "allowed, or no source tells enough.");
}

struct sums {
	uint64_t pages;
	uint64_t left_out;	/* mappings */
	uint64_t applied[DEVTHP_RULES];
	uint64_t broken[DEVTHP_RULES];
	struct devthp_region parts[PARTS];	/* that are still to be checked */
	size_t nparts, nparts_pages;
};

static void tell(const struct devthp_finding *f)
{
	fact_object(NULL);
	fact_hex("address", f->addr, "%012" PRIx64 ":", f->addr);
	fact_number("rule", f->rule, NULL);
	fact_string("name", devthp_rule_name(f->rule), " %s:", devthp_rule_name(f->rule));
	fact_signed("expected", f->expected, " should be %" PRId64, f->expected);
	fact_signed("seen", f->seen, ", is %" PRId64, f->seen);
	fact_string("statement", devthp_rule_statement(f->rule), " (%s)\n",
		    devthp_rule_statement(f->rule));
	fact_end();
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

static int check_parts(struct sums *sums)
{
	const struct devthp_region *regions[PARTS];
	struct devthp_findings *findings;
	size_t i;
	int ret;

	for (i = 0; i < sums->nparts; i++)
		regions[i] = &sums->parts[i];
	ret = i ? devthp_check(regions, i, NULL, &findings) : 0;
	if (ret < 0 || !i)
		return ret;
	sums->pages += sums->nparts_pages;
	add(sums, findings);
	devthp_findings_free(findings);
	sums->nparts = sums->nparts_pages = 0;
	return 0;
}

static int add_part(const struct target *target, uint64_t start, size_t npages, struct sums *sums)
{
	int ret = 0;

	if (sums->nparts == PARTS || sums->nparts_pages + npages > CHUNK)
		ret = check_parts(sums);
	if (ret)
		return ret;
	sums->parts[sums->nparts++] = (struct devthp_region){
		.size = sizeof(sums->parts[0]), .addr = (const void *)(uintptr_t)start,
		.npages = npages, .pid = target->pid,
	};
	sums->nparts_pages += npages;
	return 0;
}

static int check_range(const struct target *target, const struct mapping *mapping, void *data)
{
	const size_t page_size = devthp_page_size();
	uint64_t start = mapping->start, npages;
	struct sums *sums = data;
	int ret = 0;

	if (mapping->too_large) {
		sums->left_out++;
		return 0;
	}
	for (; !ret && start < mapping->end; start += npages * page_size) {
		npages = (mapping->end - start) / page_size;
		npages = npages < CHUNK ? npages : CHUNK;
		ret = add_part(target, start, npages, sums);
	}
	return ret;
}

/* The rules, and the sums of all. */
static int show(const struct sums *sums)
{
	uint64_t broken = 0, applied = 0;
	unsigned int rule;

	words("rule                  applied   broken\n");
	fact_list("rules");
	for (rule = 1; rule < DEVTHP_RULES; rule++) {
		fact_object(NULL);
		fact_number("rule", rule, "%2u", rule);
		fact_string("name", devthp_rule_name(rule), " %-16s", devthp_rule_name(rule));
		fact_number("applied", sums->applied[rule], " %9" PRIu64, sums->applied[rule]);
		fact_number("broken", sums->broken[rule], "%9" PRIu64 "\n", sums->broken[rule]);
		fact_end();
		broken += sums->broken[rule];
		applied += sums->applied[rule];
	}
	fact_end();
	fact_number("pages", sums->pages, "\n%" PRIu64 " pages", sums->pages);
	fact_number("checks", applied, ", %" PRIu64 " checks", applied);
	fact_number("violations", broken, ", %" PRIu64 " violations\n", broken);
	fact_number("left_out", sums->left_out, sums->left_out ?
		    "%" PRIu64 " mappings left out, of more than 1 TiB each\n" : NULL, sums->left_out);
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
	report_begin("check", target.json);
	fact_number("pid", target.pid, NULL);
	fact_list("findings");
	ret = target_for_each(&target, check_range, &sums);
	ret = ret ? ret : check_parts(&sums);
	fact_end();
	if (ret == -ENODATA)
		return complain(EXIT_LACKING,
				"nothing tells of the pages of process %d: /dev/folio_probe and /proc/PID/pagemap need root",
				(int)target.pid);
	return ret ? target_complain(&target, ret) : show(&sums);
}
