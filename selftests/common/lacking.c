// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lacking.h"
#include "need.h"
#include "ready.h"

static char *says;		/* shared by the processes of a test */
static size_t room;

void lacking_says(char *reason, size_t size)
{
	says = reason;
	room = size;
}

/* Exclusive access to memory of some kinds is refused in the same words. */
static bool has_it_all_the_same(const struct devthp_device_info *info, const char *member)
{
	return strstr(member, "exclusive") && info->caps & DEVTHP_CAP_EXCLUSIVE;
}

int lacking(const struct devthp_device *dev, const char *member, int result)
{
	struct devthp_device_info info = { .size = sizeof(info) };

	if (result != -EOPNOTSUPP || everything_is_required() ||
	    devthp_device_query(dev, &info) || has_it_all_the_same(&info, member))
		return result;
	if (says)
		snprintf(says, room, "backend %s: %s is not supported", info.backend, member);
	else
		printf("# backend %s: %s is not supported\n", info.backend, member);
	fflush(NULL);
	_exit(KSFT_SKIP);
}

void lacking_in_child(void)
{
	if (says && strstr(says, " is not supported"))
		_exit(KSFT_SKIP);
}
