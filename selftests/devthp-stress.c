// SPDX-License-Identifier: GPL-2.0
/*
 * Random operations on memory that goes to and fro between processes and two devices,
 * against an exact model of what must be then. See docs/stress.md.
 */
#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "kselftest.h"

#include <devthp.h>

#include "common/need.h"
#include "common/ready.h"
#include "common/verdict.h"
#include "stress/concurrent.h"
#include "stress/generate.h"
#include "stress/minimise.h"
#include "stress/options.h"
#include "stress/pressure.h"
#include "stress/run.h"
#include "stress/text.h"
#include "stress/worker.h"

unsigned int device_minor;

/* ---- Telling ---- */

static void tell_list(const struct list *list)
{
	char *text = NULL, *line, *rest;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	if (!file)
		return;
	text_write(file, list);
	fclose(file);
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		ksft_print_msg("| %s\n", line);
	free(text);
}

static void tell_finding(const struct list *list, const struct finding *finding)
{
	char line[128] = "the end";

	if (finding->step < list->nsteps)
		text_of_step(&list->step[finding->step], line, sizeof(line));
	ksft_print_msg("%s differs after step %zu, %s: %s\n", difference_name(finding->kind),
		       finding->step + 1, line, finding->what);
}

/* NAME.c in the directory for such things, in the course of doing it again. */
static void write_program(struct list *list, const char *name, const struct finding *finding)
{
	char path[PATH_MAX];
	struct finding again;

	snprintf(path, sizeof(path), "%s/%s.c", options.output, name);
	run_list(list, path, &again);
	if (again.kind == finding->kind)
		ksft_print_msg("written: %s\n", path);
}

/* NAME.replay there, too. */
static void write_finding(struct list *list, const char *name, const struct finding *finding)
{
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s.replay", options.output, name);
	file = fopen(path, "we");
	if (!file) {
		ksft_print_msg("%s: %s\n", path, strerror(errno));
		return;
	}
	fprintf(file, "# %s differs: %s\n", difference_name(finding->kind), finding->what);
	text_write(file, list);
	fclose(file);
	ksft_print_msg("written: %s\n", path);
	write_program(list, name, finding);
}

/* What there is, and what is missing. */
static struct found {
	bool kernel_knows;		/* the device's memory: see oracle.h */
	char why[256];
} found;

/* ---- Cases ---- */

/* As the harness says it: the title first, which readers of KTAP go by. */
static void skip_case(const char *title, const char *why)
{
	ksft_test_result_code(KSFT_SKIP, title, "%s", why);
}

/* Who has done nothing has not been right. */
static void judge_no_difference(const struct list *list, const char *title,
				const struct finding *finding)
{
	const char *why;

	ksft_print_msg("%zu steps, %zu of them skipped\n", list->nsteps, finding->skipped);
	if (!list->nsteps || finding->skipped < list->nsteps)
		ksft_test_result_pass("%s\n", title);
	else if (missing("all steps were skipped", &why) == KSFT_SKIP)
		skip_case(title, why);
	else
		ksft_test_result_fail("%s: %s\n", title, why);
}

static void run_case(struct list *list, const char *title, const char *name)
{
	struct finding finding;

	run_list(list, NULL, &finding);
	if (options.verbose)
		tell_list(list);
	if (finding.kind == NO_DIFFERENCE) {
		if (options.programs)
			write_program(list, name, &finding);
		judge_no_difference(list, title, &finding);
		return;
	}
	tell_finding(list, &finding);
	if (options.minimise && finding.kind != IN_MACHINERY) {
		minimise(list, &finding);
		ksft_print_msg("minimised to %zu steps:\n", list->nsteps);
		tell_finding(list, &finding);
		tell_list(list);
	}
	if (options.output)
		write_finding(list, name, &finding);
	ksft_test_result_fail("%s\n", title);
}

/* Is there no need to try this one any more? */
static bool is_over(const char *title)
{
	const bool over = options.stop && ksft_get_fail_cnt();

	if (over)
		skip_case(title, "behind a finding");
	return over;
}

static void run_seed(uint64_t seed)
{
	char title[64], name[32];
	struct list list;

	snprintf(title, sizeof(title), "seed %#" PRIx64 ", %lu steps", seed, options.steps);
	snprintf(name, sizeof(name), "%#" PRIx64, seed);
	if (is_over(title))
		return;
	list_generate(&list, seed, options.steps);
	run_case(&list, title, name);
	list_free(&list);
}

/* How many steps worked. */
static unsigned long tell_tally(const struct tally *tally)
{
	unsigned long tried = 0, worked = 0;
	unsigned int op;

	for (op = 0; op < OPS; op++) {
		tried += tally->tried[op];
		worked += tally->worked[op];
		if (options.verbose)
			ksft_print_msg("| %s: %lu of %lu\n", operations[op].name,
				       (unsigned long)tally->worked[op],
				       (unsigned long)tally->tried[op]);
	}
	ksft_print_msg("%lu steps in all, %lu of them with an effect\n", tried, worked);
	return worked;
}

static void run_race(uint64_t seed)
{
	struct finding finding;
	struct tally tally;
	unsigned long worked;
	char title[80];

	snprintf(title, sizeof(title), "concurrent, seed %#" PRIx64 ", %lu steps each", seed,
		 options.steps);
	if (is_over(title))
		return;
	if (!found.kernel_knows) {
		skip_case(title,
			  "each process has a device of its own, which threads cannot race for");
		return;
	}
	run_concurrently(seed, options.steps, &tally, &finding);
	worked = tell_tally(&tally);
	if (finding.kind == NO_DIFFERENCE && (worked || !options.steps)) {
		ksft_test_result_pass("%s\n", title);
		return;
	}
	if (finding.kind == NO_DIFFERENCE)
		ksft_print_msg("no step had an effect\n");
	else
		ksft_print_msg("%s differs: %s\n", difference_name(finding.kind), finding.what);
	ksft_test_result_fail("%s\n", title);
}

static void run_replay(char *path)
{
	char title[NAME_MAX + 16], *name, *copy = strdup(path);
	struct list list = { .nsteps = 0 };
	const char *verdict;

	name = basename(copy);
	snprintf(title, sizeof(title), "replay %s", name);
	name[strcspn(name, ".")] = '\0';
	verdict = text_read(path, &list);
	if (is_over(title)) {
		;
	} else if (is_right(verdict)) {
		run_case(&list, title, name);
	} else {
		ksft_print_msg("%s\n", verdict);
		ksft_test_result_fail("%s\n", title);
	}
	list_free(&list);
	free(copy);
}

static void skip_all(const char *why)
{
	unsigned long i;
	char title[32];

	for (i = 0; i < options.nreplays + options.seeds + options.races; i++) {
		snprintf(title, sizeof(title), "list %lu", i);
		skip_case(title, why);
	}
}

/* ---- What there is ---- */

/*
 * Whether there is a device to try. By a child, or what a backend does to a process
 * that opens a device would be done to all that come after.
 */
static int look_for_device(struct found *shared)
{
	struct devthp_device *dev;
	const char *reason;
	int status;
	pid_t pid;

	lacking_says(shared->why, sizeof(shared->why));
	pid = fork();
	if (!pid) {
		status = any_device_ready(&dev, &reason);
		snprintf(shared->why, sizeof(shared->why), "%s", reason);
		shared->kernel_knows = status == KSFT_PASS && worker_kernel_knows();
		_exit(status);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return KSFT_FAIL;
	return WEXITSTATUS(status);
}

static int ready(void)
{
	struct found *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
				    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;

	if (shared == MAP_FAILED)
		return KSFT_FAIL;
	status = look_for_device(shared);
	found = *shared;
	munmap(shared, sizeof(*shared));
	return status;
}

/* Only for the kernel's own devices: others know nothing of it. */
static void bring_pressure(void)
{
	const char *why;
	int status;

	if (!found.kernel_knows)
		return;
	status = pressure_begin(&why);
	if (status == KSFT_FAIL)
		ksft_exit_fail_msg("%s\n", why);
	if (status == KSFT_SKIP)
		ksft_print_msg("nothing is reclaimed: %s\n", why);
}

int main(int argc, char **argv)
{
	unsigned long i;
	int status;

	options_read(argc, argv);
	ksft_print_header();
	ksft_set_plan(options.nreplays + options.seeds + options.races);
	status = ready();
	if (status == KSFT_SKIP) {
		skip_all(found.why);
		ksft_finished();
	}
	if (status != KSFT_PASS)
		ksft_exit_fail_msg("%s\n", found.why);
	bring_pressure();
	for (i = 0; i < options.nreplays; i++)
		run_replay(options.replay[i]);
	for (i = 0; i < options.seeds; i++)
		run_seed(options.seed + i);
	for (i = 0; i < options.races; i++)
		run_race(options.seed + i);
	ksft_finished();
}
