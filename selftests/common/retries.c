// SPDX-License-Identifier: GPL-2.0
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>

#include "ready.h"
#include "retries.h"
#include "settle.h"
#include "textfile.h"
#include "verdict.h"

/* So often it is to sleep, and each try may take so long: far more than it does. */
#define SLEEPS 20
#define MS_PER_TRY (kernel_is_slow() ? 1000 : 100)

struct doings {
	uint64_t sleeps, cpu_ms;
};

static const char *doings_so_far(pid_t tid, struct doings *doings)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	CHECK(file_field(path, "voluntary_ctxt_switches:", &doings->sleeps));
	return task_cpu_ms(tid, &doings->cpu_ms);
}

const char *sleeps_and_retries(pid_t tid, const atomic_bool *done)
{
	const time_t limit = time(NULL) + PATIENCE;
	struct doings before, now;
	uint64_t sleeps, ms;

	CHECK(doings_so_far(tid, &before));
	do {
		if (done && atomic_load(done))
			return wrong("who touches what is held need not wait");
		sched_yield();
		CHECK(doings_so_far(tid, &now));
		sleeps = now.sleeps - before.sleeps;
		ms = now.cpu_ms - before.cpu_ms;
		if (sleeps >= SLEEPS)
			return ms <= sleeps * MS_PER_TRY ? RIGHT :
			       wrong("who touches what is held used the CPU for %llu ms between %llu sleeps",
				     (unsigned long long)ms,
				     (unsigned long long)sleeps);
	} while (time(NULL) < limit);
	return wrong("who touches what is held slept %llu times in %d s",
		     (unsigned long long)sleeps, PATIENCE);
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
