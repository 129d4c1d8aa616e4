// SPDX-License-Identifier: GPL-2.0
/*
 * A process forks while memory of it is on the device; it may have others that
 * share it already.
 *
 * Rules: forking moves nothing. Whoever comes first, alone or not, nobody sees
 * what another one writes; the device writes for the process that it mirrors.
 */
#include <errno.h>
#include <sched.h>
#include <sys/wait.h>

#include "common/matrix.h"
#include "common/means.h"

MATRIX(child, FOR_EACH_STATE)
MATRIX(family, FOR_EACH_STATE)

/* The child finds memory as its parent has it. */
static bool read_only;

static const char *write_unless_read_only(struct sample *sample)
{
	return read_only ? RIGHT : sample_fill(sample);
}

static const char *do_nothing(struct sample *sample, struct peer *parent)
{
	return RIGHT;
}

static const char *read_first(struct sample *sample, struct peer *parent)
{
	CHECK(sample_data(sample));
	return peer_reads_later(sample, parent);
}

static const char *write_first(struct sample *sample, struct peer *parent)
{
	CHECK(write_unless_read_only(sample));
	return peer_reads_later(sample, parent);
}

/* The grandchild goes on in its parent's place, with its parent's pipes. */
static const char *leave_an_orphan(struct sample *sample, struct peer *parent)
{
	int alive[2];
	char nothing;
	pid_t pid;

	if (pipe(alive))
		return went_well("make a pipe", -errno);
	pid = fork();
	if (pid < 0)
		return went_well("fork", -errno);
	if (pid)
		_exit(0);
	close(alive[1]);
	if (read(alive[0], &nothing, 1))
		return wrong("the pipe of a dead process does not end");
	/* Nobody waits for its end: closed then, it would evict the next test. */
	devthp_device_close(sample->dev);
	sample->dev = NULL;
	return write_first(sample, parent);
}

/* Up to the first write: a copy of all is another huge page. */
static const char *child_goes_first(struct scene *scene, peer_life *life, bool writes)
{
	struct peer child;

	read_only = scene_is(scene, STATE_READ_ONLY);
	if (writes)
		CHECK(scene_lift_limit(scene));
	CHECK(peer_fork(&child, life, &scene->sample));
	CHECK(peer_wait(&child));
	CHECK(sample_data(&scene->sample));
	CHECK(scene_lift_limit(scene));
	CHECK(write_unless_read_only(&scene->sample));
	CHECK(peer_tell(&child));
	CHECK(peer_end(&child));
	return scene_data(scene);
}

TEST_F(child, reads_first)
{
	ASSERT_RIGHT(child_goes_first(&self->scene, read_first, false));
}

TEST_F(child, writes_first)
{
	ASSERT_RIGHT(child_goes_first(&self->scene, write_first, true));
}

TEST_F(family, reads_last)
{
	ASSERT_RIGHT(child_goes_first(&self->scene, peer_reads_later, false));
}

/* All is as before, but for what only it had: it is known to be so no more. */
TEST_F(family, is_gone)
{
	struct scene *scene = &self->scene;
	struct peer child;

	read_only = scene_is(scene, STATE_READ_ONLY);
	ASSERT_RIGHT(peer_fork(&child, do_nothing, &scene->sample));
	ASSERT_RIGHT(peer_end(&child));
	ASSERT_RIGHT(scene_keeps_layout(scene));
	/* Who writes may get a copy, if the child is not quite gone. */
	ASSERT_RIGHT(scene_lift_limit(scene));
	ASSERT_RIGHT(write_unless_read_only(&scene->sample));
	ASSERT_RIGHT(scene_data(scene));
}

TEST_F(family, leaves_an_orphan)
{
	ASSERT_RIGHT(child_goes_first(&self->scene, leave_an_orphan, true));
}

TEST_F(family, sees_no_device_write)
{
	struct scene *scene = &self->scene;
	struct peer child;

	ASSERT_RIGHT(peer_fork(&child, peer_reads_later, &scene->sample));
	ASSERT_RIGHT(peer_wait(&child));
	/* The device writes to a copy. */
	ASSERT_RIGHT(scene_lift_limit(scene));
	if (!scene_is(scene, STATE_READ_ONLY))
		ASSERT_RIGHT(sample_device_write(&scene->sample));
	ASSERT_RIGHT(sample_device_data(&scene->sample));
	ASSERT_RIGHT(peer_tell(&child));
	ASSERT_RIGHT(peer_end(&child));
	ASSERT_RIGHT(scene_data(scene));
}

TEST_F(family, keeps_what_the_parent_unmaps)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	struct peer child;

	ASSERT_RIGHT(peer_fork(&child, peer_reads_later, sample));
	ASSERT_RIGHT(peer_wait(&child));
	ASSERT_RIGHT(sample_cut(sample, 300, sample->pages - 300,
				HOLE_UNMAPPED));
	ASSERT_RIGHT(holes_are_empty(sample));
	ASSERT_RIGHT(peer_tell(&child));
	ASSERT_RIGHT(peer_end(&child));
	ASSERT_RIGHT(scene_data(scene));
}

/* ---- A child that borrows its parent's memory, as that of vfork() ---- */

static int read_for_the_parent(void *arg)
{
	struct scene *scene = arg;
	struct sample *sample = &scene->sample;
	char *addr = sample->addr + scene_page(scene) * devthp_page_size();

	_exit(means_instruction.get(addr, sample->buffer) ? 1 : 0);
}

TEST_F(family, borrows)
{
	static char stack[32768] __attribute__((aligned(16)));
	struct scene *scene = &self->scene;
	const size_t page = scene_page(scene);
	int status;
	pid_t pid;

	pid = clone(read_for_the_parent, stack + sizeof(stack),
		    CLONE_VM | CLONE_VFORK | SIGCHLD, scene);
	ASSERT_LT(0, pid);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	ASSERT_RIGHT(sample_compare(&scene->sample, scene->sample.buffer, page,
				    1, "the child reads"));
	ASSERT_RIGHT(scene_was_read(scene, page));
	ASSERT_RIGHT(scene_data(scene));
}

TEST_HARNESS_MAIN
