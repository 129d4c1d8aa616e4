// SPDX-License-Identifier: GPL-2.0
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>

#include "retries.h"
#include "settle.h"
#include "textfile.h"
#include "verdict.h"

static const char *sleeps_so_far(pid_t tid, uint64_t *sleeps)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	return file_field(path, "voluntary_ctxt_switches:", sleeps);
}

const char *sleeps_and_retries(pid_t tid, const atomic_bool *done)
{
	const time_t limit = time(NULL) + PATIENCE;
	uint64_t before, now;

	CHECK(sleeps_so_far(tid, &before));
	do {
		if (done && atomic_load(done))
			return wrong("who touches what is held need not wait");
		sched_yield();
		CHECK(sleeps_so_far(tid, &now));
		if (now >= before + 5)
			return RIGHT;
	} while (time(NULL) < limit);
	return wrong("who touches what is held slept %llu times in %d s",
		     (unsigned long long)(now - before), PATIENCE);
}

const char *waiter_ended(pid_t pid, int *status)
{
	const time_t limit = time(NULL) + PATIENCE;

	while (waitpid(pid, status, WNOHANG) != pid) {
		if (time(NULL) >= limit)
			return wrong("who needs what is held did not end in %d s",
				     PATIENCE);
		sched_yield();
	}
	return RIGHT;
}
