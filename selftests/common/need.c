// SPDX-License-Identifier: GPL-2.0
#include "need.h"
#include "ready.h"
#include "textfile.h"
#include "verdict.h"

int missing(const char *what, const char **why)
{
	*why = what;
	return everything_is_required() ? KSFT_FAIL : KSFT_SKIP;
}

int file_needed(const char *path, const char *option, const char **why)
{
	if (file_exists(path))
		return KSFT_PASS;
	return missing(wrong("there is no %s: %s is off", path, option), why);
}
