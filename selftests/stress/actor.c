// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "actor.h"
#include "generate.h"
#include "text.h"

/* Of a child, how many of the steps of who made it; and how many come one after another. */
#define CHILD_STEPS(n)	((n) / 4)
#define GENERATIONS	(ANCESTORS - 2)

void melee_goes_wrong(struct melee *melee, const char *verdict)
{
	if (!atomic_exchange(&melee->wrong, true)) {
		melee->kind = difference_kind();
		snprintf(melee->what, sizeof(melee->what), "%s", verdict);
		melee->told = true;
	}
	melee->over = true;
}

void actor_yields(struct actor *actor)
{
	unsigned int yields = dice_roll(&actor->dice, 30);

	while (yields--)
		sched_yield();
}

/* ---- One of them ---- */

int actor_begins(struct actor *actor, struct melee *melee, struct ledger *ledger,
		 uint64_t seed, size_t nsteps)
{
	const size_t room = RANGE_PAGES * devthp_page_size();

	*actor = (struct actor){
		.melee = melee, .ledger = ledger, .dice.state = seed, .list = *melee->list,
		.worker = { .list = melee->list, .kernel_knows = true },
	};
	actor->list.step = NULL;
	actor->list.nsteps = 0;
	list_generate_steps(&actor->list, seed, nsteps);
	actor->worker.station = calloc(1, sizeof(*actor->worker.station));
	actor->worker.buffer = mmap(NULL, room, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return actor->worker.station && actor->worker.buffer != MAP_FAILED ? 0 : -ENOMEM;
}

void actor_ends(struct actor *actor)
{
	unsigned int i;

	for (i = 0; i < DEVICES; i++)
		worker_close(&actor->worker, i);
	munmap(actor->worker.buffer, RANGE_PAGES * devthp_page_size());
	free(actor->worker.station);
	list_free(&actor->list);
}

/* ---- Children ---- */

static void __attribute__((noreturn)) live(struct actor *actor, struct ledger *ledger,
					   const struct step *step)
{
	struct melee *melee = actor->melee;
	const uint64_t seed = actor->dice.state + step->other;
	const unsigned int generation = actor->generation + 1;
	const size_t nsteps = CHILD_STEPS(actor->list.nsteps);
	struct actor child;

	/*
	 * Devices are for the parent's memory. And what is in a pipe that a thread of the
	 * parent had just then would be there until the end: who empties a device of it
	 * would wait for itself.
	 */
	syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0);
	ledger_inherit(ledger, actor->ledger, ++melee->names);
	if (actor_begins(&child, melee, ledger, seed, nsteps))
		_exit(EXIT_SUCCESS);
	child.generation = generation;
	actor_acts(&child);
	_exit(EXIT_SUCCESS);
}

static const char *see_off(struct actor *actor, pid_t pid)
{
	int status;

	if (dice_chance(&actor->dice, 3)) {
		actor_yields(actor);
		kill(pid, SIGKILL);
	}
	if (waitpid(pid, &status, 0) != pid)
		return differs(IN_MACHINERY, "wait for a child: %d", -errno);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return RIGHT;
	return status ? differs(IN_LIFE, "a child ends with status %#x", status) : RIGHT;
}

const char *do_fork(struct actor *actor, const struct step *step)
{
	struct ledger *ledger;
	pid_t pid;

	if (actor->generation == GENERATIONS)
		return RIGHT;
	pthread_rwlock_rdlock(&actor->ledger->mappings);
	ledger = ledger_copy(actor->ledger);
	pid = ledger ? fork() : -1;
	if (!pid)
		live(actor, ledger, step);
	pthread_rwlock_unlock(&actor->ledger->mappings);
	if (ledger)
		ledger_free(ledger);
	CHECK(is_usual(actor, step, pid < 0 ? -EAGAIN : 0));
	return pid < 0 ? RIGHT : see_off(actor, pid);
}

/* ---- Steps ---- */

const char *is_usual(struct actor *actor, const struct step *step, int result)
{
	static const int usual[] = {
		0, -ENOENT, -ENOMEM, -EINVAL, -EBUSY, -EFAULT, -EPERM, -EAGAIN, -EOPNOTSUPP,
	};
	size_t i;

	actor->worked |= !result;
	for (i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		if (result == usual[i])
			return RIGHT;
	return differs(IN_RESULT, "%s says %d", operation_of(step)->name, result);
}

/* What does not change data, and may succeed, or not. */
static const char *do_as_alone(struct actor *actor, const struct step *step)
{
	return is_usual(actor, step, operation_of(step)->act(&actor->worker, step));
}

/*
 * What is exclusive in memory of a coherent device is so until somebody touches it, and who
 * has that memory taken away waits for that: it is emptied only, then.
 */
static const char *do_evict(struct actor *actor, const struct step *step)
{
	struct step drain = *step;

	if (!actor->list.coherent[step->device])
		return do_as_alone(actor, step);
	drain.op = OP_DRAIN;
	return do_as_alone(actor, &drain);
}

/* Only children have a process for themselves. */
static const char *do_end(struct actor *actor, const struct step *step)
{
	if (!actor->generation)
		return RIGHT;
	if (step->op == OP_KILL)
		kill(getpid(), SIGKILL);
	_exit(EXIT_SUCCESS);
}

/* It has been done where it was begun. */
static const char *do_nothing(struct actor *actor, const struct step *step)
{
	(void)actor;
	(void)step;
	return RIGHT;
}

static deed * const deeds[OPS] = {
	[OP_WRITE] = do_write, [OP_READ] = do_read,
	[OP_DEV_WRITE] = do_dev_write, [OP_DEV_READ] = do_dev_read,
	[OP_EXCLUSIVE] = do_exclusive, [OP_HOLD] = do_hold, [OP_UNHOLD] = do_nothing,
	[OP_UNMAP] = do_unmap, [OP_MAP] = do_map, [OP_DROP] = do_drop,
	[OP_PROTECT] = do_protect, [OP_MOVE] = do_move,
	[OP_PIN] = do_pin, [OP_UNPIN] = do_nothing,
	[OP_EVICT] = do_evict,
	[OP_FORK] = do_fork, [OP_EXIT] = do_end, [OP_KILL] = do_end,
};

void actor_acts(struct actor *actor)
{
	struct melee *melee = actor->melee;
	const char *verdict;
	char line[128];
	size_t n;

	for (n = 0; n < actor->list.nsteps && !melee->over && time(NULL) < melee->end; n++) {
		const struct step *step = &actor->list.step[n];
		deed *deed = deeds[step->op] ? deeds[step->op] : do_as_alone;

		actor->worked = false;
		verdict = deed(actor, step);
		melee->tally.tried[step->op]++;
		melee->tally.worked[step->op] += actor->worked;
		if (!is_right(verdict)) {
			text_of_step(step, line, sizeof(line));
			melee_goes_wrong(melee, wrong("in step %zu, %s: %s", n + 1, line, verdict));
			return;
		}
		/* On one CPU, too, others are to come in between. */
		if (dice_chance(&actor->dice, 4))
			sched_yield();
	}
}
