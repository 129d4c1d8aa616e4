// SPDX-License-Identifier: GPL-2.0
/*
 * Signals while /dev/folio_probe scans a range that takes long. Rules: a signal cuts a
 * scan short, which has got on by then and goes on where it was; all pieces tell what one
 * scan tells; and who is killed leaves no lock behind.
 * (Documentation/mm/folio_probe.rst)
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "common/harness.h"
#include "common/probe.h"
#include "common/settle.h"

/* What nobody has used has one record for each PMD. */
#define RECORDS 65536

FIXTURE(scan)
{
	int file;
	size_t bytes;
	char *range;		/* nothing is in it */
	struct folio_probe_record *records;
};

FIXTURE_SETUP(scan)
{
	const size_t pmd = devthp_pmd_size();

	self->file = -1;
	NEED(probe_needed, &self->file);
	self->bytes = RECORDS * pmd;
	self->range = mmap(NULL, self->bytes + pmd, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ASSERT_NE(MAP_FAILED, self->range);
	self->range += -(uintptr_t)self->range % pmd;
	self->records = calloc(RECORDS, sizeof(*self->records));
	ASSERT_NE(NULL, self->records);
}

FIXTURE_TEARDOWN(scan)
{
	free(self->records);
	if (self->file >= 0)
		close(self->file);
}

static void on_alarm(int nr)
{
}

/* Every millisecond, or never again. */
static const char *alarms(bool wanted)
{
	const struct sigaction action = { .sa_handler = on_alarm };
	const struct itimerval timer = {
		.it_interval.tv_usec = wanted ? 1000 : 0, .it_value.tv_usec = wanted ? 1000 : 0,
	};

	if (sigaction(SIGALRM, &action, NULL) || setitimer(ITIMER_REAL, &timer, NULL))
		return went_well("setitimer", -errno);
	return RIGHT;
}

/* What one scan left undone is asked for next, until all is told. */
static const char *scan_on(int file, struct folio_probe_scan scan, unsigned int *cuts)
{
	const struct folio_probe_record *record = (const void *)(uintptr_t)scan.records;
	const uint64_t begin = scan.start, each = (scan.end - scan.start) / scan.capacity;
	const uint32_t all = scan.capacity;
	uint32_t done = 0, i;

	while (scan.start < scan.end) {
		const uint64_t before = scan.start;

		scan.capacity = all - done;
		scan.records = (uintptr_t)(record + done);
		CHECK(went_well("scan", probe_scan(file, &scan)));
		done += scan.filled;
		if (scan.start <= before || scan.start != begin + done * each)
			return wrong("%u records, and from %#llx it goes on at %#llx", scan.filled,
				     (unsigned long long)before, (unsigned long long)scan.start);
		*cuts += scan.start < scan.end;
	}
	for (i = 0; i < all; i++)
		if (record[i].addr != begin + i * each ||
		    record[i].kind != FOLIO_PROBE_KIND_NONE)
			return wrong("record %u is of %#llx, kind %u", i,
				     (unsigned long long)record[i].addr, record[i].kind);
	return RIGHT;
}

struct interrupted {
	const FIXTURE_DATA(scan) *self;
	const char *verdict;	/* of all scans */
	unsigned int cuts;
};

/* No alarm may come in between where the machine is fast, or has little time for us. */
static const char *scan_is_cut(const void *arg)
{
	struct interrupted *seen = *(struct interrupted *const *)arg;
	const FIXTURE_DATA(scan) *self = seen->self;

	memset(self->records, 0, RECORDS * sizeof(*self->records));
	seen->verdict = scan_on(self->file, probe_scan_of(self->range, self->bytes,
							  self->records, RECORDS), &seen->cuts);
	return seen->cuts || !is_right(seen->verdict) ? RIGHT : wrong("no scan was cut");
}

TEST_F(scan, goes_on_behind_a_signal)
{
	struct interrupted seen = { self, RIGHT, 0 }, *it = &seen;
	const char *verdict;

	ASSERT_RIGHT(alarms(true));
	verdict = settles(scan_is_cut, &it);
	ASSERT_RIGHT(alarms(false));
	ASSERT_RIGHT(verdict);
	ASSERT_RIGHT(seen.verdict);
}

TEST_F(scan, is_not_cut_by_nothing)
{
	unsigned int cuts = 0;

	ASSERT_RIGHT(scan_on(self->file, probe_scan_of(self->range, self->bytes, self->records,
						       RECORDS), &cuts));
	ASSERT_EQ(0, cuts);
}

/* Of another process: its lock is what would be left behind. */
TEST_F(scan, can_be_killed)
{
	struct folio_probe_scan scan = probe_scan_of(self->range, self->bytes, self->records,
						     RECORDS);
	int told[2], status;
	pid_t child;
	char byte;

	scan.pid = getpid();
	ASSERT_EQ(0, pipe(told));
	child = fork();
	if (!child) {
		/* Again and again: it is in the middle of one nearly all of the time. */
		for (;;) {
			struct folio_probe_scan again = scan;

			if (probe_scan(self->file, &again) || again.start != again.end)
				_exit(1);
			if (write(told[1], "", 1) != 1)
				_exit(2);
		}
	}
	ASSERT_LT(0, child);
	ASSERT_EQ(1, read(told[0], &byte, 1));
	ASSERT_EQ(0, kill(child, SIGKILL));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	ASSERT_TRUE(WIFSIGNALED(status));
	ASSERT_EQ(SIGKILL, WTERMSIG(status));
	/* Would wait for ever for who has the lock. */
	ASSERT_EQ(0, munmap(self->range, self->bytes));
}

TEST_HARNESS_MAIN
