// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "settle.h"
#include "textfile.h"
#include "verdict.h"

/*
 * To move pages, even none, the kernel first takes them out of the CPUs' batches. It does
 * so before it drops caches, too, but goes through all files then.
 */
void settle_batches(void)
{
	const void *page = NULL;
	int node = 0, status;

	if (syscall(SYS_move_pages, 0, 0, &page, &node, &status, 0))
		file_write("/proc/sys/vm/drop_caches", "1");
}

const char *settles(const char *(*check)(const void *arg), const void *arg)
{
	const time_t limit = time(NULL) + PATIENCE;
	const char *verdict = check(arg);

	while (!is_right(verdict) && time(NULL) < limit) {
		settle_batches();
		sched_yield();
		verdict = check(arg);
	}
	return verdict;
}
