// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "crew.h"
#include "expect.h"
#include "invariants.h"
#include "operations.h"
#include "oracle.h"
#include "reproduce.h"
#include "run.h"
#include "settle.h"
#include "worker.h"

struct run {
	struct list *list;
	struct crew crew;
	struct world world;
	uint64_t use[DEVICES];		/* pages in use before */
};

/* ---- After each step ---- */

/* By means that leave all where it is. */
static const char *look_at_data(struct run *run, uint32_t process)
{
	const struct station *station = &run->crew.station[process];
	uint32_t i;

	tell_expectations(&run->world, process, &run->crew.station[process]);
	CHECK(crew_do(&run->crew, process, REQUEST_DATA));
	if (station->reply.result)
		return differs(IN_DATA, "what is in process %u cannot be read: %d", process,
			       station->reply.result);
	if (station->reply.bad)
		return differs(IN_DATA, "in process %u, %s; %u pages are wrong", process,
			       station->reply.what, station->reply.bad);
	for (i = 0; i < PAGES; i++) {
		if (station->means[i] == MEANS_CPU && station->signal[i])
			return differs(IN_SIGNAL, "page number %u in process %u cannot be read: signal %d",
				       i, process, station->signal[i]);
		if (station->means[i] >= MEANS_DEVICE)
			run->world.process[process].page[i].read_by |=
				1 << (station->means[i] - MEANS_DEVICE);
	}
	return RIGHT;
}

static const char *look(struct run *run, bool at_data)
{
	uint32_t i;

	for (i = 0; i < PROCESSES; i++) {
		if (!run->world.process[i].alive)
			continue;
		CHECK(crew_do(&run->crew, i, REQUEST_LOOK));
		if (run->crew.station[i].reply.result)
			return differs(IN_RESULT, "process %u cannot look at its memory: %d", i,
				       run->crew.station[i].reply.result);
	}
	CHECK(world_compare(&run->world, run->crew.station));
	/* Nobody else maps any of it; who holds some, devthp_check() is not told. */
	CHECK(invariants_hold(run->list, run->crew.pid, !run->world.nholds));
	for (i = 0; i < PROCESSES && at_data; i++)
		if (run->world.process[i].alive)
			CHECK(look_at_data(run, i));
	return RIGHT;
}

/* ---- A step ---- */

static const char *do_step(struct run *run, struct step *step)
{
	const struct station *station = &run->crew.station[step->process];

	run->world.generation++;
	tell_expectations(&run->world, step->process, &run->crew.station[step->process]);
	if (step->op == OP_UNPIN)
		tell_pinned(&run->world, step->process, &run->crew.station[step->process]);
	run->crew.station[step->process].step = *step;
	step->generation = run->world.generation;
	/* What a batch holds would stay, if it is another CPU's. */
	if (step->op == OP_TO_DEVICE)
		settle_batches();
	CHECK(crew_do(&run->crew, step->process, REQUEST_STEP));
	if (operation_takes(operation_of(step), 'd') && step->op != OP_CLOSE)
		run->world.process[step->process].handle[step->device].open = true;
	if (worker_exits(step)) {
		CHECK(crew_leaves(&run->crew, step->process));
	} else {
		step->result = station->reply.result;
		if (step->result == -EOPNOTSUPP) {
			step->skipped = "the backend cannot do that";
			return RIGHT;
		}
	}
	step->done = true;
	if (step->op == OP_FORK && !step->result)
		CHECK(crew_joins(&run->crew, step->other, station->reply.pid));
	CHECK(operation_of(step)->foresee(&run->world, step, station));
	return RIGHT;
}

static const char *run_step(struct run *run, struct step *step)
{
	run->world.step++;
	step->skipped = world_refuses(&run->world, step);
	if (!step->skipped)
		CHECK(do_step(run, step));
	return look(run, run->list->look_at_data);
}

/* ---- The end ---- */

static const char *in_each_range(struct run *run, struct step *step)
{
	for (step->range = 0; step->range < RANGES; step->range++) {
		step->npages = run->list->place[step->range].pages;
		if (step->npages)
			CHECK(run_step(run, step));
	}
	return RIGHT;
}

/* Everything that can be read is read, by the CPU, and then there is nothing any more. */
static const char *end_process(struct run *run, uint32_t process)
{
	struct step step = { .process = process, .op = OP_UNHOLD };

	for (; step.device < DEVICES; step.device++)
		CHECK(in_each_range(run, &step));
	step.op = OP_UNPIN;
	CHECK(run_step(run, &step));
	step.op = OP_READ;
	CHECK(in_each_range(run, &step));
	step.op = OP_UNMAP;
	CHECK(in_each_range(run, &step));
	step.op = OP_CLOSE;
	for (step.device = 0; step.device < DEVICES; step.device++)
		CHECK(run_step(run, &step));
	return RIGHT;
}

static const char *use_of(struct run *run, uint32_t process, uint32_t device, uint64_t *use)
{
	struct station *station = &run->crew.station[process];

	station->step.device = device;
	CHECK(crew_do(&run->crew, process, REQUEST_USE));
	*use = station->reply.result ? 0 : station->reply.count;
	return RIGHT;
}

/* Now, or in a moment, no more is in use than before. */
static const char *nothing_is_left(struct run *run, uint32_t process)
{
	const time_t limit = time(NULL) + PATIENCE;
	uint32_t device;
	uint64_t use;

	for (device = 0; device < DEVICES; device++) {
		CHECK(use_of(run, process, device, &use));
		while (use > run->use[device]) {
			if (time(NULL) > limit)
				return differs(IN_USE, "%llu pages of device %u are in use; were %llu before",
					       (unsigned long long)use, device,
					       (unsigned long long)run->use[device]);
			settle_batches();
			CHECK(use_of(run, process, device, &use));
		}
	}
	return RIGHT;
}

static const char *end(struct run *run)
{
	struct step step = { .op = OP_EXIT };
	uint32_t i, last = 0;

	CHECK(look(run, true));
	for (i = 0; i < PROCESSES; i++) {
		if (!run->world.process[i].alive)
			continue;
		CHECK(end_process(run, i));
		if (!run->world.kernel_knows)
			CHECK(nothing_is_left(run, i));
		last = i;
		step.process = i;
		if (!world_refuses(&run->world, &step))
			CHECK(run_step(run, &step));
	}
	return run->world.kernel_knows ? nothing_is_left(run, last) : RIGHT;
}

/* ---- All of it ---- */

static const char *begin(struct run *run)
{
	uint32_t i;

	CHECK(crew_start(&run->crew, run->list));
	if (run->crew.station[0].reply.result)
		return differs(IN_MACHINERY, "map the memory: %d",
			       run->crew.station[0].reply.result);
	world_begin(&run->world, run->list, &run->crew.station[0].reply);
	for (i = 0; i < DEVICES; i++)
		CHECK(use_of(run, 0, i, &run->use[i]));
	return RIGHT;
}

static const char *all_steps(struct run *run, const char *program, struct finding *finding)
{
	CHECK(begin(run));
	for (finding->step = 0; finding->step < run->list->nsteps; finding->step++) {
		CHECK(run_step(run, &run->list->step[finding->step]));
		finding->skipped += !!run->list->step[finding->step].skipped;
	}
	if (program)
		reproduce(program, run->list, &run->world, finding);
	return end(run);
}

static void do_all(struct list *list, const char *program, struct finding *finding)
{
	static struct run run;
	const char *verdict;

	run.list = list;
	verdict = all_steps(&run, program, finding);
	if (!is_right(verdict)) {
		finding->kind = difference_kind();
		snprintf(finding->what, sizeof(finding->what), "%s", verdict);
		if (program)
			reproduce(program, list, &run.world, finding);
	}
	crew_end(&run.crew);
	world_end(&run.world);
}

/* What the process that runs it leaves: shared memory. */
struct outcome {
	struct finding finding;
	struct step step[];
};

void run_list(struct list *list, const char *program, struct finding *finding)
{
	const size_t size = sizeof(struct outcome) + list->nsteps * sizeof(struct step);
	struct outcome *outcome = mmap(NULL, size, PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct list inside = *list;
	int status = -1;
	pid_t pid;

	if (outcome == MAP_FAILED)
		abort();
	memcpy(outcome->step, list->step, list->nsteps * sizeof(*list->step));
	inside.step = outcome->step;
	outcome->finding = (struct finding){ .kind = IN_MACHINERY, .what = "the run has died" };
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		outcome->finding = (struct finding){ .kind = NO_DIFFERENCE };
		do_all(&inside, program, &outcome->finding);
		_exit(EXIT_SUCCESS);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		outcome->finding.kind = IN_MACHINERY;
	memcpy(list->step, outcome->step, list->nsteps * sizeof(*list->step));
	*finding = outcome->finding;
	munmap(outcome, size);
}
