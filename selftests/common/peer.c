// SPDX-License-Identifier: GPL-2.0
/*
 * Pipes in packet mode: every message is a verdict, and RIGHT means "go on". A
 * process that is gone reads as end of file, so nobody waits for the dead.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "peer.h"
#include "sample.h"
#include "trap.h"
#include "verdict.h"

static const char *say(struct peer *other, const char *verdict)
{
	if (write(other->out, verdict, strlen(verdict)) < 0)
		return went_well("tell the other process", -errno);
	return RIGHT;
}

static const char *receive(struct peer *other)
{
	char message[PIPE_BUF];
	ssize_t length = read(other->in, message, sizeof(message) - 1);

	if (length < 0)
		return went_well("listen to the other process", -errno);
	if (!length) {
		lacking_in_child();
		return wrong("the other process is gone");
	}
	message[length] = '\0';
	return is_right(message) ? RIGHT : wrong("%s", message);
}

static void hang_up(struct peer *other)
{
	close(other->in);
	close(other->out);
	other->in = -1;
	other->out = -1;
}

static void live(struct peer *parent, peer_life *life, struct sample *sample)
{
	const char *verdict = life(sample, parent);

	say(parent, verdict);
	_exit(is_right(verdict) ? EXIT_SUCCESS : EXIT_FAILURE);
}

const char *peer_fork(struct peer *child, peer_life *life,
		      struct sample *sample)
{
	int up[2], down[2];

	/* Writing to a dead child is an error to report, not a way to die. */
	signal(SIGPIPE, SIG_IGN);
	if (pipe2(up, O_DIRECT | O_CLOEXEC) ||
	    pipe2(down, O_DIRECT | O_CLOEXEC))
		return went_well("make a pipe", -errno);
	child->pid = fork();
	if (child->pid < 0)
		return went_well("fork", -errno);
	if (!child->pid) {
		struct peer parent = { getppid(), down[0], up[1] };

		close(up[0]);
		close(down[1]);
		live(&parent, life, sample);
	}
	close(up[1]);
	close(down[0]);
	child->in = up[0];
	child->out = down[1];
	return RIGHT;
}

const char *peer_tell(struct peer *other)
{
	return say(other, RIGHT);
}

const char *peer_wait(struct peer *other)
{
	return receive(other);
}

int peer_status(struct peer *child)
{
	int status;

	hang_up(child);
	return waitpid(child->pid, &status, 0) < 0 ? -errno : status;
}

const char *peer_end(struct peer *child)
{
	const char *verdict = receive(child);
	int status = peer_status(child);

	CHECK(went_well("wait for the child", status));
	if (WIFSIGNALED(status))
		return wrong("the child died of signal %d", WTERMSIG(status));
	if (!is_right(verdict))
		return wrong("in the child: %s", verdict);
	return RIGHT;
}

const char *peer_reads(struct sample *sample, struct peer *parent)
{
	return sample_data(sample);
}

#define CLOSE_DEVICE "close the device"

const char *peer_close_device(struct peer *child)
{
	CHECK(say(child, CLOSE_DEVICE));
	return peer_wait(child);
}

#define LOSE_PAGE "lose page %zu"

const char *peer_lose_page(struct peer *child, size_t page)
{
	char message[32];

	snprintf(message, sizeof(message), LOSE_PAGE, page);
	CHECK(say(child, message));
	return peer_wait(child);
}

static const char *lose_page(struct sample *sample, size_t page)
{
	int signal;

	if (sample->hole[page])
		return RIGHT;
	signal = trap_read(page_of(sample, page));
	if (signal != SIGBUS)
		return wrong("reading the broken page gives signal %d; should be %d",
			     signal, SIGBUS);
	sample->hole[page] = HOLE_DROPPED;
	return RIGHT;
}

/* Until it is told to go on. */
static const char *do_as_told(struct sample *sample, struct peer *parent)
{
	const char *told;
	size_t page;

	for (;;) {
		told = peer_wait(parent);
		if (!strcmp(told, CLOSE_DEVICE)) {
			devthp_device_close(sample->dev);
			sample->dev = NULL;
		} else if (sscanf(told, LOSE_PAGE, &page) == 1) {
			CHECK(lose_page(sample, page));
		} else {
			return told;
		}
		CHECK(peer_tell(parent));
	}
}

const char *peer_without_device_reads_later(struct sample *sample,
					    struct peer *parent)
{
	devthp_device_close(sample->dev);
	sample->dev = NULL;
	return peer_reads_later(sample, parent);
}

/* Where survivors report, in the process that expects them and all below. */
static int survivors_out = -1;

const char *peer_reads_later(struct sample *sample, struct peer *parent)
{
	struct peer witness = { .out = survivors_out };
	const char *verdict;

	CHECK(peer_tell(parent));
	verdict = do_as_told(sample, parent);
	if (survivors_out < 0)
		CHECK(verdict);
	verdict = peer_reads(sample, parent);
	if (survivors_out >= 0)
		CHECK(say(&witness, verdict));
	return verdict;
}

const char *peer_expect_survivors(struct peer *survivors)
{
	int ends[2];

	if (pipe2(ends, O_DIRECT | O_CLOEXEC))
		return went_well("make a pipe", -errno);
	survivors->in = ends[0];
	survivors->out = ends[1];
	survivors_out = ends[1];
	return RIGHT;
}

const char *peer_survivors_end(struct peer *survivors, unsigned int count)
{
	char nothing;

	/* Its end is reached when none of them is left. */
	close(survivors->out);
	survivors->out = -1;
	survivors_out = -1;
	for (; count; count--)
		CHECK(receive(survivors));
	if (read(survivors->in, &nothing, 1))
		return wrong("more processes have survived than were expected");
	close(survivors->in);
	survivors->in = -1;
	return RIGHT;
}
