// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target.h"

/* Some minutes, if next to nothing is mapped there. */
#define RANGE_MAX	(1ULL << 40)

static bool parse_range(const char *text, uint64_t *start, uint64_t *end)
{
	int length = 0;

	return sscanf(text, "%" SCNx64 "-%" SCNx64 "%n", start, end, &length) == 2 &&
	       !text[length] && *start < *end && *start % devthp_page_size() == 0 &&
	       *end % devthp_page_size() == 0;
}

int target_parse(struct target *target, int argc, char **argv, void (*help)(void))
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	const char *range;
	bool json = false;
	uint64_t pid;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'j':
			json = true;
			break;
		case 'h':
			help();
			return EXIT_GOOD;
		default:
			return complain(EXIT_USAGE, "see devthp %s --help", argv[0]);
		}
	}
	if (argc - optind < 1 || argc - optind > 2 ||
	    !parse_number(argv[optind], 1, INT32_MAX, &pid))
		return complain(EXIT_USAGE,
				"%s takes a process id and maybe a range; see devthp %s --help",
				argv[0], argv[0]);
	*target = (struct target){ .pid = (pid_t)pid, .json = json };
	range = argv[optind + 1];
	if (range && !parse_range(range, &target->start, &target->end))
		return complain(EXIT_USAGE,
				"\"%s\" is no range of whole pages like 7f0000000000-7f0000200000",
				range);
	if (target->end - target->start > RANGE_MAX)
		return complain(EXIT_USAGE, "\"%s\" is more than 1 TiB; see devthp %s --help", range,
				argv[0]);
	return -1;
}

/* The kernel escapes newlines in names, so that there is one at the end only. */
static bool parse_line(struct mapping *m, char *line)
{
	int name = 0;

	line[strcspn(line, "\n")] = '\0';
	*m = (struct mapping){ .line = line };
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %*s %*s %*s %n", &m->start, &m->end,
		   m->permissions, &name) != 3 || !name)
		return false;
	m->name = line + name;
	return true;
}

int target_read_maps(const struct target *target, FILE *maps, target_visit *visit, void *data)
{
	struct mapping mapping;
	char *line = NULL;
	uint64_t end = 0;	/* of what was visited */
	bool any = false;
	size_t room = 0;
	int ret = 0;

	while (!ret && getline(&line, &room, maps) > 0) {
		any = true;
		/* The kernel's own pages are in no page table of the process. */
		if (!parse_line(&mapping, line) || !strcmp(mapping.name, "[vsyscall]"))
			continue;
		/*
		 * The kernel tells it in pieces: what has merged with what is before it, after
		 * that was read, begins before its end.
		 */
		if (mapping.start < end)
			mapping.start = end;
		if (mapping.start >= mapping.end)
			continue;
		end = mapping.end;
		/* Of such a size are reservations, as of sanitizers. */
		mapping.too_large = mapping.end - mapping.start > RANGE_MAX;
		ret = visit(target, &mapping, data);
	}
	free(line);
	return any ? ret : -ESRCH;
}

int target_for_each(const struct target *target, target_visit *visit, void *data)
{
	const struct mapping range = { .start = target->start, .end = target->end, .name = "" };
	char path[64];
	FILE *maps;
	int ret;

	if (target->start != target->end)
		return visit(target, &range, data);
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)target->pid);
	maps = fopen(path, "r");
	if (!maps)
		return errno == ENOENT ? -ESRCH : -errno;
	ret = target_read_maps(target, maps, visit, data);
	fclose(maps);
	return ret;
}

int target_complain(const struct target *target, int err)
{
	const int pid = (int)target->pid;

	switch (err) {
	case -ESRCH:
		if (kill(pid, 0) && errno == ESRCH)
			return complain(EXIT_LACKING, "there is no process %d", pid);
		return complain(EXIT_LACKING,
				"process %d has no memory: it has ended, or is the kernel's own", pid);
	case -EACCES:
	case -EPERM:
		return complain(EXIT_LACKING,
				"no permission to look at process %d; run as root, or as its user", pid);
	default:
		return complain(EXIT_LACKING, "cannot look at process %d: %s", pid, strerror(-err));
	}
}
