// SPDX-License-Identifier: GPL-2.0
/* What the process does: accesses, and changes of its mappings. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "acts.h"
#include "operations.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

static char *begin_of(const struct worker *worker, const struct step *step)
{
	return worker_page(worker, step->range, step->first);
}

static size_t bytes_of(const struct step *step)
{
	return step->npages * devthp_page_size();
}

static int result_of(int ret)
{
	return ret ? -errno : 0;
}

int act_write(struct worker *worker, const struct step *step)
{
	uint32_t page;

	for (page = step->first; page < step->first + step->npages; page++)
		worker->station->signal[page_number(step->range, page)] =
			worker_writes(worker, step->range, page);
	return 0;
}

int act_read(struct worker *worker, const struct step *step)
{
	uint32_t page;

	for (page = step->first; page < step->first + step->npages; page++)
		worker->station->signal[page_number(step->range, page)] =
			worker_reads(worker, step->range, page);
	return 0;
}

int act_unmap(struct worker *worker, const struct step *step)
{
	return result_of(munmap(begin_of(worker, step), bytes_of(step)));
}

int act_map(struct worker *worker, const struct step *step)
{
	char *addr = begin_of(worker, step);

	return result_of(mmap(addr, bytes_of(step), PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != addr);
}

int act_drop(struct worker *worker, const struct step *step)
{
	return result_of(madvise(begin_of(worker, step), bytes_of(step), MADV_DONTNEED));
}

int act_protect(struct worker *worker, const struct step *step)
{
	static const int protection[] = {
		[PROTECT_NONE] = PROT_NONE,
		[PROTECT_READ] = PROT_READ,
		[PROTECT_WRITE] = PROT_READ | PROT_WRITE,
	};

	return result_of(mprotect(begin_of(worker, step), bytes_of(step),
				  protection[step->value]));
}

/*
 * The kernel moves one mapping at a time, and how many there are depends on what it has
 * merged. What is in the way is unmapped first, so that it is gone if this fails, too.
 */
int act_move(struct worker *worker, const struct step *step)
{
	char *to = worker_page(worker, step->to_range, step->to_first);

	if (munmap(to, bytes_of(step)))
		return -errno;
	return result_of(mremap(begin_of(worker, step), bytes_of(step), bytes_of(step),
				MREMAP_MAYMOVE | MREMAP_FIXED, to) != to);
}

int act_advise(struct worker *worker, const struct step *step)
{
	return result_of(madvise(begin_of(worker, step), bytes_of(step),
				 step->value == ADVISE_HUGE ? MADV_HUGEPAGE : MADV_NOHUGEPAGE));
}

int act_collapse(struct worker *worker, const struct step *step)
{
	return result_of(madvise(begin_of(worker, step), bytes_of(step), MADV_COLLAPSE));
}

/* The child goes on as another process, beginning with its reply. */
int act_fork(struct worker *worker, const struct step *step)
{
	const struct step copy = *step;
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (!pid)
		worker_becomes(worker, copy.other, copy.value == FORK_OPEN);
	worker->station->reply.pid = pid;
	return 0;
}

int act_exit(struct worker *worker, const struct step *step)
{
	act_unpin(worker, step);	/* children may have the same files open */
	_exit(EXIT_SUCCESS);
}

int act_kill(struct worker *worker, const struct step *step)
{
	(void)worker;
	(void)step;
	return result_of(kill(getpid(), SIGKILL));
}
