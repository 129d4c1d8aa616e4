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

int coherent_needed(const char **why)
{
	if (file_exists("/dev/hmm_dmirror2"))
		return KSFT_PASS;
	return missing("there is no /dev/hmm_dmirror2: reserve memory, and load test_hmm with spm_addr_dev0= and spm_addr_dev1=",
		       why);
}
