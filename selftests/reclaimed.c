// SPDX-License-Identifier: GPL-2.0
/*
 * A cgroup, or the whole system, is short of memory while some is on the device. Rule:
 * reclaim takes what the CPU could use, and memory on a device is none of that: it
 * stays as it is, and what is beside it is swapped out and in again.
 * (Documentation/admin-guide/cgroup-v2.rst: memory.reclaim, memory.high, .max;
 * Documentation/admin-guide/sysctl/vm.rst: min_free_kbytes, watermark_scale_factor)
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>

#include "common/matrix.h"
#include "common/settle.h"
#include "common/textfile.h"

FIXTURE(short_of_memory)
{
	struct scene scene;
	struct swapdisk disk;	/* the scene may have one of its own */
	struct setting least, distance, generations;
};

FIXTURE_VARIANT(short_of_memory)
{
	const struct state *state;
};

FOR_EACH_STATE(STATE_VARIANT, short_of_memory)

FIXTURE_SETUP(short_of_memory)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;

	NEED(swapdisk_needed);
	SETUP_SCENE_IN_CGROUP(scene, variant->state);
	ASSERT_RIGHT(swapdisk_make(&self->disk, 16 * devthp_pmd_size()));
	ASSERT_RIGHT(swapdisk_swap_on(&self->disk));
	/* Something to take instead. */
	memset(sample->buffer, 1, sample->pages * devthp_page_size());
}

FIXTURE_TEARDOWN(short_of_memory)
{
	const char *removed;

	setting_restore(&self->least);
	setting_restore(&self->distance);
	setting_restore(&self->generations);
	removed = swapdisk_remove(&self->disk);
	if (__test_passed(_metadata))
		EXPECT_STREQ(RIGHT, removed);
	TEARDOWN_SCENE(&self->scene);
}

#define GENERATIONS "/sys/kernel/mm/lru_gen/enabled"

static int generations_needed(const char **why)
{
	return file_needed(GENERATIONS, "CONFIG_LRU_GEN", why);
}

static const char *swapped(uint64_t *bytes)
{
	struct devthp_counters *now;
	int err;

	CHECK(went_well("read counters", devthp_counters_take(&now)));
	err = devthp_counters_get(now, DEVTHP_COUNT_SWAP, bytes);
	devthp_counters_free(now);
	return went_well("read counters", err);
}

/* It was not for want of trying. */
static const char *something_was_swapped(void)
{
	uint64_t bytes;

	CHECK(swapped(&bytes));
	if (bytes < devthp_pmd_size() / 4)
		return wrong("only %" PRIu64 " bytes were swapped out", bytes);
	return RIGHT;
}

static const char *is_right_afterwards(struct scene *scene)
{
	CHECK(something_was_swapped());
	CHECK(scene_keeps_device(scene));
	CHECK(sample_device_data(&scene->sample));
	CHECK(scene_lift_limit(scene));
	return scene_data(scene);
}

/* What was used lately is passed over at first, so it may take several times. */
static const char *is_reclaimed(const void *arg)
{
	const struct scene *scene = arg;
	char bytes[32];

	snprintf(bytes, sizeof(bytes), "%zu", 4 * devthp_pmd_size());
	/* -EAGAIN: there was less to reclaim than that. */
	memcg_write(&scene->memcg, "memory.reclaim", bytes);
	return something_was_swapped();
}

TEST_F(short_of_memory, asked_to_reclaim)
{
	struct scene *scene = &self->scene;

	ASSERT_RIGHT(settles(is_reclaimed, scene));
	ASSERT_RIGHT(is_right_afterwards(scene));
}

/* The other way to find what is used least, which walks page tables. */
TEST_F(short_of_memory, asked_to_reclaim_by_generations)
{
	struct scene *scene = &self->scene;

	NEED(generations_needed);
	ASSERT_RIGHT(setting_change(&self->generations, GENERATIONS, "y"));
	ASSERT_RIGHT(settles(is_reclaimed, scene));
	ASSERT_RIGHT(is_right_afterwards(scene));
}

/* A limit that leaves no room for half of the buffer; then none again. */
static const char *squeeze(const struct scene *scene, const char *file)
{
	uint64_t charged;
	char bytes[32];

	CHECK(memcg_number(&scene->memcg, "memory.current", &charged));
	snprintf(bytes, sizeof(bytes), "%" PRIu64,
		 charged - devthp_pmd_size() / 2);
	CHECK(memcg_write(&scene->memcg, file, bytes));
	return memcg_write(&scene->memcg, file, "max");
}

static const char *is_squeezed(const void *arg)
{
	const struct scene *scene = arg;

	CHECK(squeeze(scene, "memory.high"));
	memset(scene->sample.buffer, 1, devthp_pmd_size());
	CHECK(squeeze(scene, "memory.max"));
	return something_was_swapped();
}

TEST_F(short_of_memory, above_its_limits)
{
	ASSERT_RIGHT(settles(is_squeezed, &self->scene));
	ASSERT_RIGHT(is_right_afterwards(&self->scene));
}

/*
 * More memory is to be free than is, by far, and less than that would do: that is
 * for kswapd, and for nobody else.
 */
static const char *ask_for_more_free(struct setting *least, struct setting *distance)
{
	uint64_t free, margin = 64 << 10;
	char kbytes[32];

	CHECK(file_field("/proc/meminfo", "MemFree:", &free));
	if (free < 2 * margin)
		return wrong("only %" PRIu64 " kB are free", free);
	/* In 10,000ths of all memory, and the most that can be had. */
	CHECK(setting_change(distance, "/proc/sys/vm/watermark_scale_factor", "3000"));
	snprintf(kbytes, sizeof(kbytes), "%" PRIu64, free - margin);
	return setting_change(least, "/proc/sys/vm/min_free_kbytes", kbytes);
}

static uint64_t stolen_before;

/* Who allocates wakes it; it has given up where it has got nothing several times. */
static const char *kswapd_has_been(const void *arg)
{
	const struct scene *scene = arg;
	const size_t bytes = devthp_pmd_size();
	uint64_t stolen;
	void *memory;

	memcg_write(&scene->memcg, "memory.reclaim", "4096");
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (memory == MAP_FAILED)
		return went_well("mmap", -errno);
	munmap(memory, bytes);
	CHECK(file_field("/proc/vmstat", "pgsteal_kswapd", &stolen));
	if (stolen <= stolen_before)
		return wrong("kswapd has reclaimed nothing");
	return something_was_swapped();
}

TEST_F(short_of_memory, with_all_others)
{
	struct scene *scene = &self->scene;

	ASSERT_RIGHT(file_field("/proc/vmstat", "pgsteal_kswapd", &stolen_before));
	ASSERT_RIGHT(ask_for_more_free(&self->least, &self->distance));
	ASSERT_RIGHT(settles(kswapd_has_been, scene));
	ASSERT_RIGHT(is_right_afterwards(scene));
}

TEST_HARNESS_MAIN
