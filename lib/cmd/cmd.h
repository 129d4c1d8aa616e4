/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* What the parts of the devthp command share. */
#ifndef DEVTHP_CMD_H
#define DEVTHP_CMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "devthp.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

enum exit_status {
	EXIT_GOOD = 0,		/* everything verified */
	EXIT_WRONG = 1,		/* something is not as it must be */
	EXIT_USAGE = 2,
	EXIT_LACKING = 3,	/* kernel, module, device or permission is missing */
};

/* Subcommands: argv[0] is their name; they return an exit status. */
int cmd_bench(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_cycle(int argc, char **argv);
int cmd_probe(int argc, char **argv);
int cmd_map(int argc, char **argv);

/* Say on stderr what is wrong, "devthp: ..." with a newline; return status. */
int complain(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A whole decimal or 0x number within [min, max]. */
bool parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *value);

#endif
