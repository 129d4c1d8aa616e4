// SPDX-License-Identifier: GPL-2.0
/*
 * DAMON watches the address space of a process that has memory on a device, or
 * the physical memory in which that is, and acts on it. Rules: it looks at what
 * the CPU accesses, which is none of the device's memory; its advice is that of
 * madvise(2), by which such memory stays where it is; and page frames of a device
 * are none that it could take. (Documentation/admin-guide/mm/damon/usage.rst)
 */
#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "common/matrix.h"
#include "common/textfile.h"

#define ADMIN "/sys/kernel/mm/damon/admin/kdamonds/"
#define STATE ADMIN "0/state"
#define CONTEXT ADMIN "0/contexts/0/"
#define TARGET CONTEXT "targets/0/"
#define SCHEME CONTEXT "schemes/0/"

MATRIX(damon, FOR_EACH_STATE)

static int damon_needed(const char **why)
{
	return file_needed(ADMIN "nr_kdamonds",
			   "CONFIG_DAMON_SYSFS or CONFIG_DAMON_VADDR", why);
}

static const char *write_number(const char *path, unsigned long number)
{
	char text[32];

	snprintf(text, sizeof(text), "%lu", number);
	return file_write(path, text);
}

struct region {
	uintptr_t start, end;
};

static const char *set_up_regions(const struct region *regions, size_t count)
{
	char path[128];
	size_t i;

	CHECK(write_number(TARGET "regions/nr_regions", count));
	for (i = 0; i < count; i++) {
		snprintf(path, sizeof(path), TARGET "regions/%zu/start", i);
		CHECK(write_number(path, regions[i].start));
		snprintf(path, sizeof(path), TARGET "regions/%zu/end", i);
		CHECK(write_number(path, regions[i].end));
	}
	return RIGHT;
}

/*
 * Look at one target every millisecond, as those operations do: that of this
 * process, or physical memory. What it is, and the action, is still to be said.
 */
static const char *set_up(const char *operations)
{
	CHECK(write_number(ADMIN "nr_kdamonds", 1));
	CHECK(write_number(ADMIN "0/contexts/nr_contexts", 1));
	CHECK(file_write(CONTEXT "operations", operations));
	CHECK(write_number(CONTEXT "monitoring_attrs/intervals/sample_us",
			   1000));
	CHECK(write_number(CONTEXT "monitoring_attrs/intervals/aggr_us", 5000));
	CHECK(write_number(CONTEXT "monitoring_attrs/intervals/update_us",
			   1000000));
	CHECK(write_number(CONTEXT "targets/nr_targets", 1));
	return write_number(TARGET "pid_target", getpid());
}

/* For all of what is looked at. */
static const char *set_up_action(const char *action)
{
	CHECK(write_number(CONTEXT "schemes/nr_schemes", 1));
	CHECK(file_write(SCHEME "action", action));
	CHECK(write_number(SCHEME "access_pattern/sz/max", -1UL));
	CHECK(write_number(SCHEME "access_pattern/nr_accesses/max", -1U));
	return write_number(SCHEME "access_pattern/age/max", -1U);
}

/* DAMON's thread has the lock at times, and who writes does not wait for it. */
static const char *command(const char *word)
{
	const time_t limit = time(NULL) + PATIENCE;
	const char *verdict;

	do {
		verdict = file_write(STATE, word);
	} while (!is_right(verdict) && errno == EBUSY && time(NULL) < limit);
	return verdict;
}

static const char *has_acted(unsigned int times, size_t bytes)
{
	const time_t limit = time(NULL) + PATIENCE;
	uint64_t tried = 0, applied = 0;

	do {
		usleep(1000);
		CHECK(command("update_schemes_stats"));
		CHECK(file_number(SCHEME "stats/nr_tried", &tried));
		CHECK(file_number(SCHEME "stats/sz_applied", &applied));
		if (time(NULL) > limit)
			return wrong("DAMON has acted %llu times in %d s, on %llu bytes",
				     (unsigned long long)tried, PATIENCE,
				     (unsigned long long)applied);
	} while (tried < times || applied < bytes);
	return RIGHT;
}

/* Until it has tried so often, and succeeded with so many bytes. */
static const char *acts(unsigned int times, size_t bytes)
{
	const char *verdict;

	CHECK(command("on"));
	/* What looks at a process ends with it, at physical memory never. */
	undo_later(file_write, STATE, "off");
	verdict = has_acted(times, bytes);
	/* Also after a failure: other tests follow. */
	if (is_right(verdict))
		verdict = command("off");
	else
		command("off");
	undo_is_done(STATE);
	write_number(ADMIN "nr_kdamonds", 0);
	return verdict;
}

static const char *is_unchanged(struct scene *scene)
{
	CHECK(scene_is_unchanged(scene));
	CHECK(sample_device_data(&scene->sample));
	return scene_data(scene);
}

static const char *left_alone(struct scene *scene, const char *action)
{
	const struct sample *sample = &scene->sample;
	const struct region region = {
		(uintptr_t)sample->addr,
		(uintptr_t)sample->addr + bytes_of(sample),
	};

	CHECK(set_up("fvaddr"));
	CHECK(set_up_regions(&region, 1));
	CHECK(set_up_action(action));
	CHECK(acts(10, 0));
	return is_unchanged(scene);
}

TEST_F(damon, looks)
{
	NEED(damon_needed);
	ASSERT_RIGHT(left_alone(&self->scene, "stat"));
}

TEST_F(damon, wants_it_cold)
{
	NEED(damon_needed);
	ASSERT_RIGHT(left_alone(&self->scene, "cold"));
}

/* Without swap space, as here, what is in system memory stays as well. */
TEST_F(damon, wants_it_out)
{
	NEED(damon_needed);
	ASSERT_RIGHT(left_alone(&self->scene, "pageout"));
}

TEST_F(damon, wants_no_huge_pages)
{
	NEED(damon_needed);
	ASSERT_RIGHT(left_alone(&self->scene, "nohugepage"));
}

/* ---- By physical address ---- */

/* What is about page frames is the same in all states of who maps them. */
MATRIX(frames, FOR_EACH_STATE_TYPICAL)

/* Where the page is, and all that a huge folio there would have. */
static int frames_of(const char *addr, struct region *region, const char **why)
{
	struct devthp_page page = { .size = sizeof(page) };
	struct devthp_snapshot *snap;

	*why = went_well("look at a page",
			 devthp_snapshot_take(&snap, addr, 1, NULL));
	if (!is_right(*why))
		return KSFT_FAIL;
	*why = went_well("look at a page", devthp_snapshot_page(snap, 0, &page));
	devthp_snapshot_free(snap);
	if (!is_right(*why))
		return KSFT_FAIL;
	if (!(page.known & DEVTHP_KNOWN_PFN))
		return missing("nobody tells where memory of the device is", why);
	region->start = page.pfn * devthp_page_size();
	region->start -= region->start % devthp_pmd_size();
	region->end = region->start + devthp_pmd_size();
	return KSFT_PASS;
}

/* In the order of addresses, as DAMON wants them. */
static void sort(struct region *regions)
{
	const struct region first = regions[0];

	if (first.start > regions[1].start) {
		regions[0] = regions[1];
		regions[1] = first;
	}
}

/*
 * Of the device's memory and of some in system memory, at least so much of the
 * latter is acted on.
 */
static const char *frames_left_alone(struct scene *scene,
				     struct region *regions,
				     const char *action, size_t bytes)
{
	sort(regions);
	CHECK(set_up("paddr"));
	CHECK(set_up_regions(regions, 2));
	CHECK(set_up_action(action));
	CHECK(acts(10, bytes));
	return is_unchanged(scene);
}

/* The buffer has what the device has, and is in system memory. */
#define LEFT_ALONE(scene, action, bytes)				\
do {									\
	struct region regions[2];					\
									\
	NEED(damon_needed);						\
	ASSERT_RIGHT(sample_device_data(&(scene)->sample));		\
	NEED(frames_of, (scene)->sample.addr, &regions[0]);		\
	NEED(frames_of, (scene)->sample.buffer, &regions[1]);		\
	ASSERT_RIGHT(frames_left_alone(scene, regions, action, bytes));	\
} while (0)

TEST_F(frames, are_looked_at)
{
	LEFT_ALONE(&self->scene, "stat", 0);
}

TEST_F(frames, are_to_be_moved_up)
{
	LEFT_ALONE(&self->scene, "lru_prio", devthp_page_size());
}

TEST_F(frames, are_to_be_moved_down)
{
	LEFT_ALONE(&self->scene, "lru_deprio", devthp_page_size());
}

TEST_F(frames, are_wanted_out)
{
	struct scene *scene = &self->scene;

	NEED(swapdisk_needed);
	ASSERT_RIGHT(swapdisk_make(&scene->disk, 4 * devthp_pmd_size()));
	ASSERT_RIGHT(swapdisk_swap_on(&scene->disk));
	LEFT_ALONE(scene, "pageout", devthp_page_size());
}

/* All that there is, with everything between the machine's memory and devices'. */
TEST_F(frames, are_looked_at_with_all_others)
{
	struct scene *scene = &self->scene;
	struct region all;

	NEED(damon_needed);
	NEED(frames_of, scene->sample.addr, &all);
	all.start = 0;
	ASSERT_RIGHT(set_up("paddr"));
	ASSERT_RIGHT(set_up_regions(&all, 1));
	ASSERT_RIGHT(set_up_action("stat"));
	ASSERT_RIGHT(acts(100, 0));
	ASSERT_RIGHT(is_unchanged(scene));
}

TEST_HARNESS_MAIN
