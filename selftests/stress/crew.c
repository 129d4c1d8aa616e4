// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crew.h"
#include "difference.h"
#include "worker.h"

/* Far more than anything takes: what has no end by then has none. */
#define PATIENCE_MS	(120 * 1000)

static const char *machinery(const char *what)
{
	return differs(IN_MACHINERY, "%s: %s", what, strerror(errno));
}

static const char *open_pipes(struct crew *crew)
{
	unsigned int i;

	for (i = 0; i < PROCESSES; i++)
		if (pipe2(crew->order[i], O_CLOEXEC) || pipe2(crew->answer[i], O_CLOEXEC))
			return machinery("make a pipe");
	return RIGHT;
}

/* One end of the orders is only here: they end, and so do the processes, when we do. */
static void live(struct crew *crew)
{
	unsigned int i;

	for (i = 0; i < PROCESSES; i++)
		close(crew->order[i][1]);
	worker_live(crew);
}

const char *crew_start(struct crew *crew, const struct list *list)
{
	pid_t pid;

	memset(crew, 0, sizeof(*crew));
	crew->list = list;
	crew->station = mmap(NULL, PROCESSES * sizeof(*crew->station), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (crew->station == MAP_FAILED)
		return machinery("map the stations");
	CHECK(open_pipes(crew));
	pid = fork();
	if (pid < 0)
		return machinery("fork");
	if (!pid)
		live(crew);
	return crew_joins(crew, 0, pid);
}

/* RIGHT once it has answered, or once it is gone if that is what is waited for. */
static const char *await(struct crew *crew, unsigned int process, bool to_go)
{
	struct pollfd events[2] = {
		{ .fd = to_go ? -1 : crew->answer[process][0], .events = POLLIN },
		{ .fd = crew->pidfd[process], .events = POLLIN },
	};
	char byte;
	int n;

	do {
		n = poll(events, 2, PATIENCE_MS);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return machinery("wait for a process");
	if (!n)
		return differs(IN_TIME, "process %u does not come to an end in %d s", process,
			       PATIENCE_MS / 1000);
	if (events[0].revents & POLLIN && read(crew->answer[process][0], &byte, 1) == 1)
		return RIGHT;
	if (to_go)
		return RIGHT;
	crew->pid[process] = 0;
	close(crew->pidfd[process]);
	return differs(IN_LIFE, "process %u has died", process);
}

const char *crew_do(struct crew *crew, unsigned int process, enum request request)
{
	crew->station[process].request = request;
	if (write(crew->order[process][1], "", 1) != 1)
		return machinery("tell a process");
	/* Who exits is waited for in crew_leaves(). */
	if (request == REQUEST_STEP && worker_exits(&crew->station[process].step))
		return RIGHT;
	return await(crew, process, false);
}

const char *crew_joins(struct crew *crew, unsigned int process, pid_t pid)
{
	crew->pidfd[process] = (int)syscall(SYS_pidfd_open, pid, 0);
	if (crew->pidfd[process] < 0)
		return differs(IN_LIFE, "process %u is gone as soon as it is there", process);
	crew->pid[process] = pid;
	return await(crew, process, false);
}

const char *crew_leaves(struct crew *crew, unsigned int process)
{
	CHECK(await(crew, process, true));
	close(crew->pidfd[process]);
	crew->pid[process] = 0;
	return RIGHT;
}

void crew_end(struct crew *crew)
{
	unsigned int i;

	for (i = 0; i < PROCESSES; i++) {
		if (crew->pid[i]) {
			kill(crew->pid[i], SIGKILL);
			await(crew, i, true);
			close(crew->pidfd[i]);
		}
		close(crew->order[i][0]);
		close(crew->order[i][1]);
		close(crew->answer[i][0]);
		close(crew->answer[i][1]);
	}
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	munmap(crew->station, PROCESSES * sizeof(*crew->station));
}
