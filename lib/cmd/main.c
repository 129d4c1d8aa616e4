// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* The devthp command: dispatch. */
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "report.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
} commands[] = {
	{ "bench", cmd_bench, "measure what migrating and its neighbours take" },
	{ "check", cmd_check, "apply the invariants to a live process" },
	{ "cycle", cmd_cycle, "send huge pages to a device and back, verify every step" },
	{ "map", cmd_map, "show what the pages of a process are" },
	{ "probe", cmd_probe, "say what this kernel, module and device support" },
};

/* Who reads the output must not take a part of it for the whole. */
static int flushed(int status)
{
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	return complain(status ? status : EXIT_LACKING, "cannot write to standard output");
}

static int help(void)
{
	size_t i;

	puts("Usage: devthp COMMAND [OPTION]...\n"
	     "Drive huge pages between system memory and a device with private memory.\n");
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		printf("  %-10s%s\n", commands[i].name, commands[i].summary);
	puts("\n  --help    this; COMMAND --help: the options of a command; man devthp-COMMAND\n"
	     "  --version\n\n"
	     "Exit status: 0 all is as it must be, 1 something is wrong, 2 usage,\n"
	     "3 the kernel, module, device or a permission is missing.");
	return flushed(EXIT_GOOD);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : NULL;
	size_t i;

	/*
	 * Our own memory must not mix with what is observed: large blocks
	 * would be mapped wherever a test range has just been unmapped.
	 */
	mallopt(M_MMAP_MAX, 0);
	mallopt(M_TRIM_THRESHOLD, -1);
	setvbuf(stdout, NULL, _IOLBF, 0);

	if (!name)
		return complain(EXIT_USAGE, "no command given; see devthp --help");
	if (!strcmp(name, "--help") || !strcmp(name, "help"))
		return help();
	if (!strcmp(name, "--version")) {
		printf("devthp %s\n", devthp_version());
		return flushed(EXIT_GOOD);
	}
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (!strcmp(name, commands[i].name))
			return flushed(report_end(commands[i].run(argc - 1, argv + 1)));
	}
	return complain(EXIT_USAGE, "no command \"%s\"; see devthp --help", name);
}
