// SPDX-License-Identifier: GPL-2.0
/*
 * The whole system is short of memory while some is on a device, and some is on
 * its way back. Rules: kswapd, and who must reclaim for itself, take what the CPU
 * could use, and memory on a device is none of that: it stays as it is. What has
 * to come back does, where others must give up theirs for it; and nobody is killed
 * for want of memory, where swap space is left.
 * (Documentation/admin-guide/mm/concepts.rst: Reclaim, OOM killer)
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/matrix.h"
#include "common/textfile.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#define MB (1UL << 20)
#define LEFT (384 * MB)
#define SWAP_SPACE (512 * MB)

FIXTURE(pressure)
{
	struct scene scene;
	struct swapdisk disk;	/* the scene may have one of its own */
	struct sample other;
	struct peer filler;
};

FIXTURE_VARIANT(pressure)
{
	const struct state *state;
};

FOR_EACH_STATE_TYPICAL(STATE_VARIANT, pressure)

/* Pages that were looked at for reclaim, and processes killed, since the boot. */
struct reclaim {
	uint64_t by_kswapd, directly, kills;
};

static const char *look_at_reclaim(struct reclaim *now)
{
	CHECK(file_field("/proc/vmstat", "pgscan_kswapd", &now->by_kswapd));
	CHECK(file_field("/proc/vmstat", "pgscan_direct", &now->directly));
	return file_field("/proc/vmstat", "oom_kill", &now->kills);
}

static bool memory_is_short(const struct reclaim *before,
			    const struct reclaim *now)
{
	const uint64_t many = 256;

	return now->by_kswapd - before->by_kswapd >= many &&
	       now->directly - before->directly >= many;
}

static const char *available(size_t *bytes)
{
	uint64_t kb;

	CHECK(file_field("/proc/meminfo", "MemAvailable:", &kb));
	*bytes = kb * 1024;
	return RIGHT;
}

static char *reserve(size_t bytes)
{
	char *room = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return room == MAP_FAILED ? NULL : room;
}

/* ---- A smaller machine, as most of the memory is locked all the time ---- */

static int program_ends[2];	/* a pipe that ends with the last of its processes */
static bool *is_smaller;

static void __attribute__((constructor)) share(void)
{
	is_smaller = mmap(NULL, sizeof(*is_smaller), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (is_smaller == MAP_FAILED || pipe2(program_ends, O_CLOEXEC))
		abort();
}

static const char *lock_all_but(size_t left)
{
	size_t bytes = 0;
	char *room;

	CHECK(available(&bytes));
	if (bytes <= left)
		return RIGHT;
	bytes = (bytes - left) / devthp_pmd_size() * devthp_pmd_size();
	room = reserve(bytes);
	if (!room)
		return went_well("reserve memory", -errno);
	madvise(room, bytes, MADV_HUGEPAGE);
	if (mlock(room, bytes))
		return went_well("lock most of the memory", -errno);
	return RIGHT;
}

static const char *lock_until_the_end(struct sample *nothing,
				      struct peer *parent)
{
	char nobody;

	close(program_ends[1]);
	CHECK(lock_all_but(LEFT));
	CHECK(peer_tell(parent));
	/* That one is the first test, and not the last. */
	if (read(program_ends[0], &nobody, 1))
		return wrong("a pipe that nobody writes to does not end");
	_exit(0);
}

static const char *make_machine_smaller(void)
{
	struct peer locker;

	if (*is_smaller)
		return RIGHT;
	CHECK(peer_fork(&locker, lock_until_the_end, NULL));
	CHECK(peer_wait(&locker));
	*is_smaller = true;
	return RIGHT;
}

/* ---- What is left is filled in each test ---- */

/* Of what is available, as much as it takes, and then half of the swap space. */
static const char *fill_until_short(void)
{
	const size_t step = 8 * MB;
	struct reclaim before, now;
	size_t most = 0, filled;
	char *room;

	CHECK(available(&most));
	most += SWAP_SPACE / 2;
	room = reserve(most);
	if (!room)
		return went_well("reserve memory", -errno);
	/* Half in huge pages, half in small ones. */
	madvise(room, most / 2, MADV_HUGEPAGE);
	CHECK(look_at_reclaim(&before));
	for (filled = 0; filled + step <= most; filled += step) {
		if (madvise(room + filled, step, MADV_POPULATE_WRITE))
			return went_well("fill memory", -errno);
		CHECK(look_at_reclaim(&now));
		if (memory_is_short(&before, &now))
			return RIGHT;
	}
	return wrong("of %zu MB, kswapd has looked at %" PRIu64 " pages only, others at %" PRIu64,
		     filled / MB, now.by_kswapd - before.by_kswapd,
		     now.directly - before.directly);
}

/* Should somebody have to be killed, this is the one. It keeps what it has. */
static const char *fill_memory(struct sample *nothing, struct peer *parent)
{
	CHECK(file_write("/proc/self/oom_score_adj", "1000"));
	CHECK(peer_wait(parent));
	CHECK(fill_until_short());
	CHECK(peer_tell(parent));
	return peer_wait(parent);
}

/* Who fills the memory is forked before there is something to share. */
FIXTURE_SETUP(pressure)
{
	NEED(swapdisk_needed);
	NEED(state_needed, variant->state);
	/* To fill memory takes minutes there, and more than a test may. */
	if (file_exists("/sys/kernel/debug/kmemleak"))
		SKIP(return, "a kernel with kmemleak is too slow for it");
	ASSERT_RIGHT(make_machine_smaller());
	ASSERT_RIGHT(peer_fork(&self->filler, fill_memory, NULL));
	SETUP_SCENE(&self->scene, variant->state);
	SETUP_SAMPLE(&self->other, 1);
	ASSERT_RIGHT(sample_fill_whole(&self->other));
	ASSERT_RIGHT(swapdisk_make(&self->disk, SWAP_SPACE));
	ASSERT_RIGHT(swapdisk_swap_on(&self->disk));
}

FIXTURE_TEARDOWN(pressure)
{
	const char *removed;

	if (self->filler.pid) {
		kill(self->filler.pid, SIGKILL);
		peer_status(&self->filler);
	}
	removed = swapdisk_remove(&self->disk);
	if (__test_passed(_metadata))
		EXPECT_STREQ(RIGHT, removed);
	sample_release(&self->other);
	TEARDOWN_SCENE(&self->scene);
}

static bool has_spoken(const struct peer *peer)
{
	struct pollfd in = { .fd = peer->in, .events = POLLIN };

	return poll(&in, 1, 0);
}

/* What was swapped out does not go, but everything must come back. */
static const char *goes_and_comes(struct sample *sample)
{
	devthp_migrate_to_device(sample->dev, sample->addr, sample->pages,
				 NULL);
	CHECK(sample_device_data(sample));
	return sample_data(sample);
}

static const char *goes_and_comes_until(struct sample *sample,
					struct peer *filler)
{
	do {
		CHECK(goes_and_comes(sample));
	} while (!has_spoken(filler));
	return peer_wait(filler);
}

TEST_F(pressure, leaves_it)
{
	struct scene *scene = &self->scene;
	struct reclaim before, now;

	ASSERT_RIGHT(look_at_reclaim(&before));
	ASSERT_RIGHT(peer_tell(&self->filler));
	ASSERT_RIGHT(goes_and_comes_until(&self->other, &self->filler));
	/* Memory is short, and remains so. */
	ASSERT_RIGHT(scene_keeps_device(scene));
	ASSERT_RIGHT(sample_device_data(&scene->sample));
	ASSERT_RIGHT(scene_data(scene));
	ASSERT_RIGHT(goes_and_comes(&scene->sample));
	ASSERT_RIGHT(peer_tell(&self->filler));
	ASSERT_RIGHT(peer_end(&self->filler));
	self->filler.pid = 0;
	ASSERT_RIGHT(look_at_reclaim(&now));
	ASSERT_EQ(before.kills, now.kills);
}

TEST_HARNESS_MAIN
