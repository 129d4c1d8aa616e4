// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "actor.h"
#include "baseline.h"
#include "concurrent.h"
#include "generate.h"
#include "invariants.h"
#include "settle.h"
#include "use.h"
#include "waiting.h"

#define FIRSTS	2		/* processes that are there until the end */
#define THREADS	3		/* in each */
#define SECONDS	120		/* who is not ready by then does no more steps */

struct company {
	struct melee melee;
	struct list list;
	_Atomic pid_t pid[PROCESSES];		/* of which there are FIRSTS */
	int rest[FIRSTS][2], end[2];		/* pipes: each is at rest; all may end */
};

/* ---- A process ---- */

static const char *write_all(struct actor *actor)
{
	struct step step = { .op = OP_WRITE, .npages = 1 };

	for (; step.range < RANGES; step.range++)
		for (step.first = 0; step.first < actor->list.place[step.range].pages; step.first++)
			CHECK(do_write(actor, &step));
	return RIGHT;
}

static void *act(void *actor)
{
	actor_acts(actor);
	return NULL;
}

static const char *let_threads_act(struct company *company, struct ledger *ledger,
				   unsigned int number, size_t nsteps)
{
	struct actor actor[THREADS];
	pthread_t thread[THREADS];
	unsigned int i;

	for (i = 0; i < THREADS; i++)
		if (actor_begins(&actor[i], &company->melee, ledger,
				 company->list.seed + (number * THREADS + i + 1) * 1000003, nsteps))
			return differs(IN_MACHINERY, "no memory for who is to act");
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&thread[i], NULL, act, &actor[i]))
			return differs(IN_MACHINERY, "no thread for who is to act");
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	for (i = 0; i < THREADS; i++)
		actor_ends(&actor[i]);
	return RIGHT;
}

/* From when its threads are to begin until there is nothing any more. */
static const char *go_on(struct company *company, struct ledger *ledger, unsigned int number,
			 size_t nsteps)
{
	struct actor looker;
	char byte;

	CHECK(let_threads_act(company, ledger, number, nsteps));
	if (write(company->rest[number][1], "", 1) != 1 || read(company->end[0], &byte, 1))
		return differs(IN_MACHINERY, "a pipe: %d", -errno);
	if (actor_begins(&looker, &company->melee, ledger, 0, 0))
		return differs(IN_MACHINERY, "no memory for who is to look");
	CHECK(actor_looks_at_all(&looker));
	actor_ends(&looker);
	return RIGHT;
}

static void tell(struct company *company, const char *verdict)
{
	if (!is_right(verdict))
		melee_goes_wrong(&company->melee, verdict);
}

/* What the first one has written is shared with the second one, and so on. */
static const char *live_as(struct company *company, struct ledger *ledger, unsigned int number,
			   size_t nsteps)
{
	struct ledger *next = number + 1 < FIRSTS ? ledger_copy(ledger) : NULL;
	const char *verdict;
	int status = 0;
	pid_t pid = 0;

	company->pid[number] = getpid();
	if (next) {
		pid = fork();
		if (pid < 0)
			return differs(IN_MACHINERY, "fork: %d", -errno);
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			ledger_inherit(next, ledger, ++company->melee.names);
			tell(company, live_as(company, next, number + 1, nsteps));
			_exit(EXIT_SUCCESS);
		}
	}
	verdict = go_on(company, ledger, number, nsteps);
	if (next && waitpid(pid, &status, 0) == pid && status && is_right(verdict))
		verdict = differs(IN_LIFE, "a process ends with status %#x", status);
	return verdict;
}

static const char *live(struct company *company, size_t nsteps)
{
	struct worker worker = { .list = &company->list };
	struct ledger *ledger = ledger_new(&company->list, ++company->melee.names);
	struct actor writer;

	worker_catches_signals();
	if (!ledger || worker_maps_memory(&worker) ||
	    actor_begins(&writer, &company->melee, ledger, 0, 0))
		return differs(IN_MACHINERY, "no memory for a process");
	worker_shares_gup();
	CHECK(write_all(&writer));
	actor_ends(&writer);
	return live_as(company, ledger, 0, nsteps);
}

/* ---- Who looks after them ---- */

/* Each time that something is waited for, once no more steps are done. */
static time_t end_of_patience(const struct company *company)
{
	const time_t now = time(NULL);

	return (now > company->melee.end ? now : company->melee.end) + PATIENCE;
}

static int milliseconds_until(time_t limit)
{
	const time_t left = limit - time(NULL);

	return left > 0 ? left * 1000 : 0;
}

static const char *await(struct company *company, int first, int what)
{
	struct pollfd events[] = {
		{ .fd = what, .events = POLLIN }, { .fd = first, .events = POLLIN },
	};
	const time_t limit = end_of_patience(company);
	char where[300];
	int n;

	do {
		n = poll(events, 2, milliseconds_until(limit));
	} while (n < 0 && errno == EINTR);
	if (!n) {
		waiting_where(where, sizeof(where));
		return differs(IN_TIME, "no end within %d s after %d: %s", PATIENCE, SECONDS,
			       where);
	}
	if (events[0].revents & POLLIN || company->melee.wrong)
		return RIGHT;
	return differs(IN_LIFE, "a process is gone before its time");
}

static const char *told(struct company *company)
{
	if (!company->melee.wrong)
		return RIGHT;
	while (!company->melee.told)
		sched_yield();
	return differs(company->melee.kind, "%s", company->melee.what);
}

static const char *look_after(struct company *company, int first)
{
	pid_t pid[PROCESSES];
	unsigned int i;

	for (i = 0; i < FIRSTS; i++)
		CHECK(await(company, first, company->rest[i][0]));
	CHECK(told(company));
	for (i = 0; i < PROCESSES; i++)
		pid[i] = company->pid[i];
	CHECK(invariants_hold(&company->list, pid, true));
	close(company->end[1]);
	CHECK(await(company, -1, first));
	return told(company);
}

static void end_all(struct company *company)
{
	unsigned int i;

	for (i = 0; i < FIRSTS; i++)
		if (company->pid[i])
			kill(company->pid[i], SIGKILL);
}

static const char *begin(struct company *company, size_t nsteps, int *first)
{
	unsigned int i;
	pid_t pid;

	for (i = 0; i < FIRSTS; i++)
		if (pipe(company->rest[i]))
			return differs(IN_MACHINERY, "make a pipe: %d", -errno);
	if (pipe(company->end))
		return differs(IN_MACHINERY, "make a pipe: %d", -errno);
	pid = fork();
	if (pid < 0)
		return differs(IN_MACHINERY, "fork: %d", -errno);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(company->end[1]);
		tell(company, live(company, nsteps));
		_exit(EXIT_SUCCESS);
	}
	company->pid[0] = pid;
	*first = syscall(SYS_pidfd_open, pid, 0);
	return RIGHT;
}

/* ---- What is left of it ---- */

static const char *counters_are_back(struct baseline *baseline)
{
	const char *verdict = baseline_is_back(baseline);

	return is_right(verdict) ? RIGHT : differs(IN_USE, "%s", verdict);
}

static const char *all_of_it(struct company *company, size_t nsteps)
{
	struct use before;
	struct baseline baseline = { NULL };
	const char *verdict;
	int first = -1;

	use_look(&company->list, &before);
	CHECK(baseline_take(&baseline));
	verdict = begin(company, nsteps, &first);
	if (is_right(verdict))
		verdict = look_after(company, first);
	end_all(company);
	while (wait(NULL) > 0)
		;
	CHECK(verdict);
	CHECK(use_is_back(&company->list, &before));
	return counters_are_back(&baseline);
}

void run_concurrently(uint64_t seed, size_t nsteps, struct tally *tally,
		      struct finding *finding)
{
	struct company *company = mmap(NULL, sizeof(*company), PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const char *verdict;

	if (company == MAP_FAILED)
		abort();
	list_generate(&company->list, seed, 0);
	company->melee.list = &company->list;
	company->melee.end = time(NULL) + SECONDS;
	verdict = all_of_it(company, nsteps);
	*tally = company->melee.tally;
	*finding = (struct finding){ .kind = NO_DIFFERENCE };
	if (!is_right(verdict)) {
		finding->kind = difference_kind();
		snprintf(finding->what, sizeof(finding->what), "%s", verdict);
	}
	munmap(company, sizeof(*company));
}
