// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* What the command reads out of a kernel's configuration. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../cmd/config.h"
#include "tap.h"

/* THP, device-private memory, HMM_MIRROR, test_hmm, the probe. */
static void check_values(const char *text, bool is_one, const char *wanted)
{
	FILE *stream = fmemopen((void *)text, strlen(text), "r");
	char values[CONFIG_OPTIONS + 1] = { 0 };

	CHECK(config_read(stream, values) == is_one);
	CHECK(!strcmp(values, wanted));
	if (strcmp(values, wanted))
		printf("# \"%s\" of %.40s\n", values, text);
	fclose(stream);
}

static void values(void)
{
	check_values("# of Linux\nCONFIG_TRANSPARENT_HUGEPAGE=y\n"
		     "# CONFIG_DEVICE_PRIVATE is not set\nCONFIG_HMM_MIRROR=n\n\n"
		     "CONFIG_TEST_HMM=m\nCONFIG_FOLIO_PROBE=y", true, "ynnmy");
	check_values("CONFIG_X=y\n", true, "nnnnn");
	check_values("CONFIG_DEVICE_PRIVATE_MORE=y\n CONFIG_TEST_HMM=m\n", true, "nnnnn");
	check_values("#!/bin/sh\n", false, "nnnnn");
}

/* Neither y, m nor n, where it must be one of them. */
static void no_values(void)
{
	check_values("CONFIG_DEVICE_PRIVATE=\nCONFIG_TEST_HMM=\"yes\"\nCONFIG_HMM_MIRROR=yes\n"
		     "CONFIG_FOLIO_PROBE=\377\nCONFIG_TRANSPARENT_HUGEPAGE", true, "nnnnn");
}

/* The rest of a line is no line, however long that is. */
static void long_lines(void)
{
	static const char option[] = "CONFIG_TEST_HMM=m\n";
	size_t length;

	for (length = 500; length < 524; length++) {
		char *text = calloc(1, length + sizeof(option));

		memset(text, 'x', length);
		memcpy(text, "CONFIG_CMDLINE=\"", 16);
		memcpy(text + length, option, sizeof(option));
		check_values(text, true, "nnnnn");
		free(text);
	}
}

static const struct tap_case cases[] = {
	{ "values of options", values },
	{ "what is no value", no_values },
	{ "lines of any length", long_lines },
};

TAP_MAIN(cases)
