// SPDX-License-Identifier: GPL-2.0
/*
 * Random operations on memory that goes to and fro between processes and two devices,
 * against an exact model of what must be then. See docs/stress.md.
 */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "kselftest.h"

#include <devthp.h>

#include "common/need.h"
#include "common/ready.h"
#include "common/verdict.h"
#include "stress/generate.h"
#include "stress/minimise.h"
#include "stress/run.h"
#include "stress/text.h"

unsigned int device_minor;

#define DEFAULT_SEEDS	8
#define DEFAULT_STEPS	100

static struct {
	uint64_t seed;
	unsigned long seeds, steps;
	const char *output;		/* directory; NULL: none */
	bool minimise, verbose, stop;
} options = { .seed = 1, .steps = DEFAULT_STEPS, .minimise = true };

/* Files to replay. */
static char **replay;
static size_t nreplays;

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

/* NAME.replay and NAME.c in the directory for them. */
static void write_finding(struct list *list, const char *name, const struct finding *finding)
{
	char path[PATH_MAX];
	struct finding again;
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
	snprintf(path, sizeof(path), "%s/%s.c", options.output, name);
	run_list(list, path, &again);
	if (again.kind == finding->kind)
		ksft_print_msg("written: %s\n", path);
}

/* ---- Cases ---- */

static void run_case(struct list *list, const char *title, const char *name)
{
	struct finding finding;

	run_list(list, NULL, &finding);
	if (options.verbose)
		tell_list(list);
	if (finding.kind == NO_DIFFERENCE) {
		ksft_print_msg("%zu steps, %zu of them skipped\n", list->nsteps, finding.skipped);
		ksft_test_result_pass("%s\n", title);
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
		ksft_test_result_skip("%s: behind a finding\n", title);
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

	for (i = 0; i < nreplays + options.seeds; i++)
		ksft_test_result_skip("%s\n", why);
}

/* ---- What there is ---- */

static void add_replay(const char *path)
{
	replay = realloc(replay, (nreplays + 1) * sizeof(*replay));
	replay[nreplays++] = strdup(path);
}

static int is_replay(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && !strcmp(dot, ".replay");
}

static bool add_corpus(const char *directory)
{
	struct dirent **entry;
	char path[PATH_MAX];
	int i, n = scandir(directory, &entry, is_replay, alphasort);

	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, entry[i]->d_name);
		add_replay(path);
		free(entry[i]);
	}
	if (n >= 0)
		free(entry);
	return n >= 0;
}

/* The directory "corpus" beside the program. */
static void add_own_corpus(void)
{
	char path[PATH_MAX + 8];
	ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);

	if (length < 0)
		return;
	path[length] = '\0';
	strcpy(strrchr(path, '/'), "/corpus");
	add_corpus(path);
}

/*
 * Whether there is a device to try. By a child, or what a backend does to a process
 * that opens a device would be done to all that come after.
 */
static int ready(char *why, size_t room)
{
	struct devthp_device *dev;
	char *shared = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const char *reason;
	int status;
	pid_t pid;

	if (shared == MAP_FAILED)
		return KSFT_FAIL;
	lacking_says(shared, room);
	pid = fork();
	if (!pid) {
		status = any_device_ready(&dev, &reason);
		snprintf(shared, room, "%s", reason);
		_exit(status);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return KSFT_FAIL;
	snprintf(why, room, "%s", shared);
	return WEXITSTATUS(status);
}

/* ---- Options ---- */

static const struct option known[] = {
	{ "seed", required_argument, NULL, 's' },
	{ "seeds", required_argument, NULL, 'n' },
	{ "steps", required_argument, NULL, 't' },
	{ "replay", required_argument, NULL, 'r' },
	{ "corpus", required_argument, NULL, 'c' },
	{ "output", required_argument, NULL, 'o' },
	{ "no-minimise", no_argument, NULL, 'm' },
	{ "stop", no_argument, NULL, 'x' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ }
};

static void usage(FILE *file)
{
	fputs("usage: devthp-stress [OPTION...]\n"
	      "  --seed=N|random  the first seed (1)\n"
	      "  --seeds=N        how many of them\n"
	      "  --steps=N        operations for each (100)\n"
	      "  --replay=FILE    do what the file says\n"
	      "  --corpus=DIR     and all DIR/*.replay\n"
	      "  --output=DIR     where to write what is found: NAME.replay, NAME.c\n"
	      "  --no-minimise    leave it as long as it is\n"
	      "  --stop           at the first finding\n"
	      "  --verbose        tell all operations\n"
	      "Without any: the corpus beside the program, and 8 seeds.\n", file);
}

static unsigned long number(const char *text, const char *what, unsigned long most)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 0);
	if (errno || *end || end == text || value > most) {
		fprintf(stderr, "devthp-stress: %s is no number of %s\n", text, what);
		exit(2);
	}
	return value;
}

static uint64_t seed_from(const char *text)
{
	uint64_t seed;

	if (strcmp(text, "random"))
		return number(text, "a seed", ULONG_MAX);
	return getrandom(&seed, sizeof(seed), 0) == sizeof(seed) ? seed >> 16 : 1;
}

static void read_options(int argc, char **argv)
{
	bool chosen = false;
	int option;

	while ((option = getopt_long(argc, argv, "o:vh", known, NULL)) >= 0) {
		chosen |= strchr("snrc", option) != NULL;
		switch (option) {
		case 's':
			options.seed = seed_from(optarg);
			options.seeds = options.seeds ? options.seeds : 1;
			break;
		case 'n':
			options.seeds = number(optarg, "seeds", 1000000);
			break;
		case 't':
			options.steps = number(optarg, "steps", STEPS);
			break;
		case 'r':
			add_replay(optarg);
			break;
		case 'c':
			if (!add_corpus(optarg)) {
				fprintf(stderr, "devthp-stress: %s: %s\n", optarg,
					strerror(errno));
				exit(2);
			}
			break;
		case 'o':
			options.output = optarg;
			mkdir(optarg, 0777);
			break;
		case 'm':
			options.minimise = false;
			break;
		case 'x':
			options.stop = true;
			break;
		case 'v':
			options.verbose = true;
			break;
		case 'h':
			usage(stdout);
			exit(0);
		default:
			usage(stderr);
			exit(2);
		}
	}
	if (optind < argc) {
		usage(stderr);
		exit(2);
	}
	if (!chosen) {
		options.seeds = DEFAULT_SEEDS;
		add_own_corpus();
	}
}

int main(int argc, char **argv)
{
	char why[256];
	unsigned long i;
	int status;

	read_options(argc, argv);
	ksft_print_header();
	ksft_set_plan(nreplays + options.seeds);
	status = ready(why, sizeof(why));
	if (status == KSFT_SKIP) {
		skip_all(why);
		ksft_finished();
	}
	if (status != KSFT_PASS)
		ksft_exit_fail_msg("%s\n", why);
	for (i = 0; i < nreplays; i++)
		run_replay(replay[i]);
	for (i = 0; i < options.seeds; i++)
		run_seed(options.seed + i);
	ksft_finished();
}
