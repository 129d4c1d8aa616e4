// SPDX-License-Identifier: GPL-2.0
/*
 * A process ends while memory of it is on the device, in one of its ways: it
 * exits, runs another program, is killed, or its memory is reaped before it is
 * gone. Rule: nothing remains, and others who share the memory keep it: they
 * read it afterwards.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "common/matrix.h"
#include "common/textfile.h"

#ifndef SYS_process_mrelease
#define SYS_process_mrelease 448
#endif

FIXTURE(process)
{
	struct scene scene;
	struct peer child;
	struct peer survivors;
};

FIXTURE_VARIANT(process)
{
	const struct state *state;
};

FOR_EACH_STATE(STATE_VARIANT, process)

/* Of the child's scene, what outlives it, in memory of both: we remove it. */
static struct {
	struct memcg memcg;
	struct swapdisk disk;
} *left;

/* The scene is the child's; ours has the counters, and the device open. */
FIXTURE_SETUP(process)
{
	struct scene *scene = &self->scene;

	NEED(state_needed, variant->state);
	SETUP_BASELINE(&scene->baseline);
	SETUP_SAMPLE(&scene->sample, 1);
	scene->state = variant->state;
	scene->uffd = -1;
	left = mmap(NULL, sizeof(*left), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)left);
	ASSERT_RIGHT(peer_expect_survivors(&self->survivors));
}

FIXTURE_TEARDOWN(process)
{
	self->scene.memcg = left->memcg;
	self->scene.disk = left->disk;
	TEARDOWN_SCENE(&self->scene);
}

/* Those that share the child's memory. */
static unsigned int survivors(const struct state *state)
{
	if (!(state->is & STATE_SHARED))
		return 0;
	return state->mapcount == ANY_MAPCOUNT ? 1 : state->mapcount - 1;
}

static const char *survivors_end(struct peer *peer, const struct state *state)
{
	return peer_survivors_end(peer, survivors(state));
}

static const struct state *state;

static const char *own_scene(struct scene *scene)
{
	*scene = (struct scene){ 0 };
	CHECK(device_open(&scene->sample.dev, device_minor));
	CHECK(sample_reserve(&scene->sample, 1));
	CHECK(scene_set(scene, state));
	left->memcg = scene->memcg;
	left->disk = scene->disk;
	return RIGHT;
}

static const char *exits(struct sample *sample, struct peer *parent)
{
	struct scene scene;

	return own_scene(&scene);
}

/* Those that share its memory outlive it, and find it as it was. */
static const char *exits_first(struct sample *sample, struct peer *parent)
{
	struct scene scene;
	pid_t pid;

	CHECK(own_scene(&scene));
	pid = fork();
	if (pid < 0)
		return went_well("fork", -errno);
	if (pid)
		_exit(0);
	/* The child goes on in its parent's place. */
	CHECK(peer_tell(parent));
	CHECK(peer_wait(parent));
	return sample_data(&scene.sample);
}

static const char *waits(struct sample *sample, struct peer *parent)
{
	struct scene scene;

	CHECK(own_scene(&scene));
	CHECK(peer_tell(parent));
	return peer_wait(parent);
}

/* Another program takes the place of this one: the same, asked for its list. */
static const char *runs_a_program(struct sample *sample, struct peer *parent)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct scene scene;

	CHECK(own_scene(&scene));
	CHECK(peer_tell(parent));
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	execl("/proc/self/exe", "process_ends", "-l", NULL);
	return went_well("execute itself", -errno);
}

TEST_F(process, exits)
{
	state = variant->state;
	ASSERT_RIGHT(peer_fork(&self->child, exits, &self->scene.sample));
	ASSERT_RIGHT(peer_end(&self->child));
	ASSERT_RIGHT(survivors_end(&self->survivors, state));
}

TEST_F(process, exits_first)
{
	int status;

	state = variant->state;
	ASSERT_RIGHT(peer_fork(&self->child, exits_first,
			       &self->scene.sample));
	ASSERT_RIGHT(peer_wait(&self->child));
	ASSERT_EQ(self->child.pid, waitpid(self->child.pid, &status, 0));
	ASSERT_EQ(0, status);
	ASSERT_RIGHT(peer_tell(&self->child));
	/* Its verdict; there is nobody to wait for any more. */
	ASSERT_RIGHT(peer_wait(&self->child));
	peer_status(&self->child);
	ASSERT_RIGHT(survivors_end(&self->survivors, state));
}

TEST_F(process, runs_a_program)
{
	int status;

	state = variant->state;
	ASSERT_RIGHT(peer_fork(&self->child, runs_a_program,
			       &self->scene.sample));
	ASSERT_RIGHT(peer_wait(&self->child));
	status = peer_status(&self->child);
	ASSERT_TRUE(WIFEXITED(status));
	ASSERT_NE(EXIT_FAILURE, WEXITSTATUS(status));
	ASSERT_RIGHT(survivors_end(&self->survivors, state));
}

static void was_killed(struct __test_metadata *_metadata, struct peer *child)
{
	int status = peer_status(child);

	ASSERT_TRUE(WIFSIGNALED(status));
	ASSERT_EQ(SIGKILL, WTERMSIG(status));
}

TEST_F(process, is_killed)
{
	state = variant->state;
	ASSERT_RIGHT(peer_fork(&self->child, waits, &self->scene.sample));
	ASSERT_RIGHT(peer_wait(&self->child));
	ASSERT_EQ(0, kill(self->child.pid, SIGKILL));
	was_killed(_metadata, &self->child);
	ASSERT_RIGHT(survivors_end(&self->survivors, state));
}

/* ---- Reaped: it is killed, and stops before it gives up its memory ---- */

static const char *stop_when_killed(pid_t pid)
{
	int status;

	if (ptrace(PTRACE_SEIZE, pid, NULL, PTRACE_O_TRACEEXIT))
		return went_well("PTRACE_SEIZE", -errno);
	if (kill(pid, SIGKILL))
		return went_well("kill", -errno);
	if (waitpid(pid, &status, 0) != pid)
		return went_well("wait for the child", -errno);
	if (status >> 8 != (SIGTRAP | PTRACE_EVENT_EXIT << 8))
		return wrong("the child has status %#x; should stop at its exit",
			     status);
	return RIGHT;
}

/* EAGAIN: somebody holds what it must not wait for. */
static const char *reap(int pidfd)
{
	const time_t limit = time(NULL) + PATIENCE;
	int ret;

	do {
		ret = syscall(SYS_process_mrelease, pidfd, 0);
	} while (ret && errno == EAGAIN && time(NULL) < limit);
	return went_well("process_mrelease", ret ? -errno : 0);
}

/* It still has its address space, with nothing in it. */
static const char *nothing_is_left(pid_t pid)
{
	char path[32];
	uint64_t kb;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	CHECK(file_field(path, "RssAnon:", &kb));
	if (kb >= devthp_pmd_size() / 1024 / 4)
		return wrong("%llu kB of RssAnon are left",
			     (unsigned long long)kb);
	return RIGHT;
}

static const char *device_is_empty(const void *sample)
{
	uint64_t pages;

	CHECK(sample_device_use(sample, &pages));
	return pages ? wrong("%llu pages of the device are still in use",
			     (unsigned long long)pages) : RIGHT;
}

TEST_F(process, is_reaped)
{
	const pid_t *pid = &self->child.pid;
	int pidfd;

	state = variant->state;
	ASSERT_RIGHT(peer_fork(&self->child, waits, &self->scene.sample));
	ASSERT_RIGHT(peer_wait(&self->child));
	pidfd = syscall(SYS_pidfd_open, *pid, 0);
	ASSERT_LE(0, pidfd);
	ASSERT_RIGHT(stop_when_killed(*pid));
	EXPECT_RIGHT(reap(pidfd));
	close(pidfd);
	EXPECT_RIGHT(nothing_is_left(*pid));
	if (!(state->is & STATE_SHARED))
		EXPECT_RIGHT(settles(device_is_empty, &self->scene.sample));
	ASSERT_EQ(0, ptrace(PTRACE_CONT, *pid, NULL, NULL));
	was_killed(_metadata, &self->child);
	ASSERT_RIGHT(survivors_end(&self->survivors, state));
}

TEST_HARNESS_MAIN
