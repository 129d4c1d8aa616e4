// SPDX-License-Identifier: GPL-2.0
/*
 * A process moves to another memory cgroup (v1) and takes its charges along, as far as
 * memory.move_charge_at_immigrate says so, while memory of it is on a device.
 *
 * Rules: 6.12 moves the charge of what is present, but not of a huge folio that is mapped
 * by pages. Device-private memory is not present, huge or small. What stays is charged
 * where it was until it is freed, wherever the memory is by then.
 * (Documentation/admin-guide/cgroup-v1/memory.rst, 8. Move charges at task migration)
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/baseline.h"
#include "common/form.h"
#include "common/harness.h"
#include "common/memcg.h"
#include "common/peer.h"
#include "common/textfile.h"

#define V2_CONTROL "/sys/fs/cgroup/cgroup.subtree_control"
#define MOVE_ANON "1"

/* ---- Two cgroups of v1, of a hierarchy that is there for a test ---- */

struct hierarchy {
	char path[64];		/* empty: not mounted */
};

static const char *in(const struct hierarchy *v1, const char *file)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", v1->path, file);
	return path;
}

static const char *mount_v1(const struct hierarchy *v1)
{
	return went_well("mount cgroup v1 with memory",
			 mount("none", v1->path, "cgroup", 0, "memory") ? -errno : 0);
}

/* As soon as what was in its cgroups is gone, the controller is with v2 again. */
static const char *v2_has_it_again(const void *arg)
{
	const struct hierarchy *v1 = arg;
	const char *again = file_write(V2_CONTROL, "+memory");

	if (!is_right(again) && is_right(mount_v1(v1)))
		umount(v1->path);
	return again;
}

static const char *hierarchy_end(struct hierarchy *v1)
{
	const char *verdict;

	if (!v1->path[0])
		return RIGHT;
	rmdir(in(v1, "from"));
	rmdir(in(v1, "to"));
	umount(v1->path);
	verdict = settles(v2_has_it_again, v1);
	rmdir(v1->path);
	v1->path[0] = '\0';
	return verdict;
}

static const char *try_v1(struct hierarchy *v1)
{
	CHECK(file_write(V2_CONTROL, "-memory"));
	CHECK(mount_v1(v1));
	if (mkdir(in(v1, "from"), 0755) || mkdir(in(v1, "to"), 0755))
		return went_well("make cgroups", -errno);
	return file_write(in(v1, "to/memory.move_charge_at_immigrate"), MOVE_ANON);
}

/* For NEED(): what has the controller may be busy, for a moment or for good. */
static int hierarchy_begin(struct hierarchy *v1, const char **why)
{
	const int ready = memcg_needed(why);
	const char *verdict;

	if (ready != KSFT_PASS)
		return ready;
	snprintf(v1->path, sizeof(v1->path), "/tmp/devthp.XXXXXX");
	if (!mkdtemp(v1->path))
		return missing("no directory in /tmp to mount at", why);
	verdict = settles((const char *(*)(const void *))try_v1, v1);
	if (is_right(verdict))
		return KSFT_PASS;
	hierarchy_end(v1);
	return missing("no memory cgroup of v1 that moves charges: CONFIG_MEMCG_V1 is off, or v2 has the controller for good",
		       why);
}

static const char *enter(const struct hierarchy *v1, const char *cgroup)
{
	char pid[16], file[32];

	snprintf(pid, sizeof(pid), "%d", getpid());
	snprintf(file, sizeof(file), "%s/cgroup.procs", cgroup);
	return file_write(in(v1, file), pid);
}

static const char *charged(const struct hierarchy *v1, const char *cgroup, uint64_t *bytes)
{
	char file[32];

	snprintf(file, sizeof(file), "%s/memory.stat", cgroup);
	return file_field(in(v1, file), "rss", bytes);
}

/* ---- A child that moves; this process would be charged there until its end ---- */

static struct hierarchy v1;

/* Bytes of the sample that should have stayed, and all of them. */
struct question {
	uint64_t stayed, bytes;
};

/* The process's own pages have moved, but for some that others have hold of. */
static const char *has_stayed(const void *arg)
{
	const struct question *question = arg;
	uint64_t from, to;

	CHECK(charged(&v1, "from", &from));
	CHECK(charged(&v1, "to", &to));
	if (from < question->stayed || from > question->stayed + question->bytes / 4)
		return wrong("%" PRIu64 " bytes are charged where the process was; should be %" PRIu64 " and some",
			     from, question->stayed);
	if (to < question->bytes - question->stayed)
		return wrong("%" PRIu64 " bytes are charged where the process is; should be %" PRIu64 " and some",
			     to, question->bytes - question->stayed);
	return RIGHT;
}

static const char *nothing_is_charged(const void *bytes)
{
	uint64_t from;

	CHECK(charged(&v1, "from", &from));
	return from < *(const size_t *)bytes / 4 ? RIGHT :
	       wrong("%" PRIu64 " bytes are still charged where the process was", from);
}

static const char *begin(struct sample *sample, enum form form)
{
	CHECK(enter(&v1, "from"));
	CHECK(device_open(&sample->dev, device_minor));
	CHECK(sample_reserve(sample, 1));
	CHECK(sample_fill_whole(sample));
	return form_to_device(sample, form);
}

/* What has stayed or gone is what it was, and is used and freed as ever. */
static const char *move(struct sample *sample, bool goes_along)
{
	const size_t bytes = bytes_of(sample);
	const struct question question = { goes_along ? 0 : bytes, bytes };

	settle_batches();
	CHECK(enter(&v1, "to"));
	CHECK(settles(has_stayed, &question));
	CHECK(sample_device_data(sample));
	CHECK(sample_bring_back(sample));
	CHECK(sample_unmap(sample));
	CHECK(settles(nothing_is_charged, &bytes));
	sample_release(sample);
	return RIGHT;
}

static enum form form;

/*
 * What the CPU can use on the device is present; but a huge folio there is on no LRU list
 * that it could be taken off, which the kernel asks for before it moves one by a PMD entry.
 */
static const char *live_on_the_device(struct sample *none, struct peer *parent)
{
	struct sample sample = { 0 };

	CHECK(begin(&sample, form));
	return move(&sample, sample.coherent && form == FORM_SMALL);
}

/* Once it is back, it is like any other memory, whole or not. */
static const char *live_and_come_back(struct sample *none, struct peer *parent)
{
	struct sample sample = { 0 };

	CHECK(begin(&sample, form));
	CHECK(sample_to_system(&sample));
	return move(&sample, true);
}

/* ---- The tests ---- */

FIXTURE(moves)
{
	struct baseline baseline;
	struct peer child;
};

FIXTURE_VARIANT(moves)
{
	enum form form;
};

FORM_VARIANTS(moves);

FIXTURE_SETUP(moves)
{
	struct sample sample = { 0 };

	ASSERT_RIGHT(baseline_take(&self->baseline));
	SETUP_SAMPLE(&sample, 1);
	sample_release(&sample);
	form = variant->form;
	NEED(hierarchy_begin, &v1);
}

FIXTURE_TEARDOWN(moves)
{
	EXPECT_RIGHT(hierarchy_end(&v1));
	TEARDOWN_BASELINE(&self->baseline);
}

TEST_F(moves, on_the_device)
{
	ASSERT_RIGHT(peer_fork(&self->child, live_on_the_device, NULL));
	ASSERT_RIGHT(peer_end(&self->child));
}

TEST_F(moves, when_it_is_back)
{
	ASSERT_RIGHT(peer_fork(&self->child, live_and_come_back, NULL));
	ASSERT_RIGHT(peer_end(&self->child));
}

TEST_HARNESS_MAIN
