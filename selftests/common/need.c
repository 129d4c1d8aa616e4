// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "need.h"
#include "ready.h"
#include "textfile.h"
#include "verdict.h"

int missing(const char *what, const char **why)
{
	*why = what;
	return everything_is_required() ? KSFT_FAIL : KSFT_SKIP;
}

static bool machine_lacks(const char *feature)
{
	const size_t length = strlen(feature);
	const char *list = getenv("DEVTHP_LACKS");

	while (list && *list) {
		if (strcspn(list, ",") == length && !strncmp(list, feature, length))
			return true;
		list += strcspn(list, ",");
		list += *list == ',';
	}
	return false;
}

int missing_feature(const char *feature, const char *what, const char **why)
{
	*why = what;
	return machine_lacks(feature) ? KSFT_SKIP : missing(what, why);
}

int file_needed(const char *path, const char *option, const char **why)
{
	if (file_exists(path))
		return KSFT_PASS;
	return missing(wrong("there is no %s: %s is off", path, option), why);
}

int hugetlb_pages_needed(const char **why)
{
	uint64_t pages = 0;

	file_number("/proc/sys/vm/nr_hugepages", &pages);
	return pages ? KSFT_PASS :
		missing("no pages of hugetlbfs: CONFIG_HUGETLBFS is off, or write 4 to /proc/sys/vm/nr_hugepages",
			why);
}

int coherent_needed(const char **why)
{
	if (file_exists("/dev/hmm_dmirror2"))
		return KSFT_PASS;
	return missing("there is no /dev/hmm_dmirror2: reserve memory, and load test_hmm with spm_addr_dev0= and spm_addr_dev1=",
		       why);
}
