// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "options.h"
#include "run.h"

#define DEFAULT_SEEDS	4
#define DEFAULT_RACES	2
#define DEFAULT_STEPS	60

struct options options = { .seed = 1, .steps = DEFAULT_STEPS, .minimise = true };

/* ---- Files ---- */

static void add_replay(const char *path)
{
	options.replay = realloc(options.replay,
				 (options.nreplays + 1) * sizeof(*options.replay));
	options.replay[options.nreplays++] = strdup(path);
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

/* ---- The command line ---- */

static const struct option known[] = {
	{ "seed", required_argument, NULL, 's' },
	{ "seeds", required_argument, NULL, 'n' },
	{ "steps", required_argument, NULL, 't' },
	{ "replay", required_argument, NULL, 'r' },
	{ "corpus", required_argument, NULL, 'c' },
	{ "concurrent", no_argument, NULL, 'a' },
	{ "output", required_argument, NULL, 'o' },
	{ "programs", no_argument, NULL, 'p' },
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
	      "  --steps=N        operations for each (60)\n"
	      "  --concurrent     many threads and processes at the same time\n"
	      "  --replay=FILE    do what the file says\n"
	      "  --corpus=DIR     and all DIR/*.replay\n"
	      "  --output=DIR     where to write what is found: NAME.replay, NAME.c\n"
	      "  --programs       write NAME.c of what finds nothing, too\n"
	      "  --no-minimise    leave it as long as it is\n"
	      "  --stop           at the first finding\n"
	      "  --verbose        tell all operations\n"
	      "Without any: the corpus beside the program, 4 seeds, and 2 of concurrent ones.\n",
	      file);
}

static void refuse(const char *why)
{
	fprintf(stderr, "devthp-stress: %s\n", why);
	exit(2);
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

static void read_option(int option)
{
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
			fprintf(stderr, "devthp-stress: %s: %s\n", optarg, strerror(errno));
			exit(2);
		}
		break;
	case 'a':
		options.concurrent = true;
		break;
	case 'o':
		options.output = optarg;
		mkdir(optarg, 0777);
		break;
	case 'p':
		options.programs = true;
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

void options_read(int argc, char **argv)
{
	bool chosen = false;
	int option;

	while ((option = getopt_long(argc, argv, "o:vh", known, NULL)) >= 0) {
		chosen |= strchr("snrc", option) != NULL;
		read_option(option);
	}
	if (optind < argc) {
		usage(stderr);
		exit(2);
	}
	if (options.concurrent && !options.seeds)
		refuse("--concurrent takes --seed or --seeds");
	if (options.concurrent && options.nreplays)
		refuse("--concurrent has nothing to replay");
	if (options.programs && !options.output)
		refuse("--programs takes --output=DIR");
	if (!chosen) {
		options.seeds = DEFAULT_SEEDS;
		options.races = DEFAULT_RACES;
		add_own_corpus();
	}
	if (options.concurrent) {
		options.races = options.seeds;
		options.seeds = 0;
	}
}
