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
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/baseline.h"
#include "common/form.h"
#include "common/harness.h"
#include "common/peer.h"
#include "common/textfile.h"

#define MOVE_ANON "1"

/* ---- Two cgroups of v1, in one that is there for a test ---- */

struct hierarchy {
	char path[96];		/* empty: none */
};

static const char *in(const struct hierarchy *v1, const char *file)
{
	static char path[160];

	snprintf(path, sizeof(path), "%s/%s", v1->path, file);
	return path;
}

/* Where the machine has the hierarchy, or false. */
static bool find_v1(char *path, size_t room)
{
	FILE *mounts = setmntent("/proc/self/mounts", "r");
	struct mntent *mount;
	bool found = false;

	while (!found && mounts && (mount = getmntent(mounts)))
		if (!strcmp(mount->mnt_type, "cgroup") && hasmntopt(mount, "memory"))
			found = snprintf(path, room, "%s/devthp.XXXXXX", mount->mnt_dir) <
				(int)room;
	if (mounts)
		endmntent(mounts);
	return found;
}

static const char *is_removed(const void *path)
{
	return went_well("remove a cgroup", rmdir(path) && errno != ENOENT ? -errno : 0);
}

static const char *hierarchy_end(struct hierarchy *v1)
{
	if (!v1->path[0])
		return RIGHT;
	CHECK(settles(is_removed, in(v1, "from")));
	CHECK(settles(is_removed, in(v1, "to")));
	CHECK(settles(is_removed, v1->path));
	v1->path[0] = '\0';
	return RIGHT;
}

/*
 * For NEED(). A kernel that has the controller with v2 could be made to give it to v1, but
 * 6.12 then takes what the CPUs keep of v2's charges from counters that only v1 has, and
 * warns of an underflow.
 */
static int hierarchy_begin(struct hierarchy *v1, const char **why)
{
	if (!find_v1(v1->path, sizeof(v1->path))) {
		v1->path[0] = '\0';
		return missing("no memory controller of cgroup v1 is mounted", why);
	}
	if (!mkdtemp(v1->path) || mkdir(in(v1, "from"), 0755) || mkdir(in(v1, "to"), 0755) ||
	    !is_right(file_write(in(v1, "to/memory.move_charge_at_immigrate"), MOVE_ANON)))
		return missing("no cgroup of v1 that moves charges can be made", why);
	return KSFT_PASS;
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

	SETUP_BASELINE(&self->baseline);
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
