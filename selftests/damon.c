// SPDX-License-Identifier: GPL-2.0
/*
 * DAMON watches the address space of a process that has memory on a device, and
 * acts on it. Rules: it looks at what the CPU accesses, which is none of the
 * device's memory; and its advice is that of madvise(2), by which such memory
 * stays where it is. (Documentation/admin-guide/mm/damon/usage.rst)
 */
#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "common/matrix.h"
#include "common/textfile.h"

#define ADMIN "/sys/kernel/mm/damon/admin/kdamonds/"
#define CONTEXT ADMIN "0/contexts/0/"
#define TARGET CONTEXT "targets/0/"
#define SCHEME CONTEXT "schemes/0/"

MATRIX(damon, FOR_EACH_STATE_TYPICAL)

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

/* Look at the sample every millisecond, and act on all of it. */
static const char *set_up(const struct sample *sample, const char *action)
{
	const uintptr_t addr = (uintptr_t)sample->addr;

	CHECK(write_number(ADMIN "nr_kdamonds", 1));
	CHECK(write_number(ADMIN "0/contexts/nr_contexts", 1));
	CHECK(file_write(CONTEXT "operations", "fvaddr"));
	CHECK(write_number(CONTEXT "monitoring_attrs/intervals/sample_us",
			   1000));
	CHECK(write_number(CONTEXT "monitoring_attrs/intervals/aggr_us", 5000));
	CHECK(write_number(CONTEXT "monitoring_attrs/intervals/update_us",
			   1000000));
	CHECK(write_number(CONTEXT "targets/nr_targets", 1));
	CHECK(write_number(TARGET "pid_target", getpid()));
	CHECK(write_number(TARGET "regions/nr_regions", 1));
	CHECK(write_number(TARGET "regions/0/start", addr));
	CHECK(write_number(TARGET "regions/0/end",
			   addr + sample->pages * devthp_page_size()));
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
		verdict = file_write(ADMIN "0/state", word);
	} while (!is_right(verdict) && errno == EBUSY && time(NULL) < limit);
	return verdict;
}

/* Until it has tried so often. */
static const char *acts(unsigned int times)
{
	const time_t limit = time(NULL) + PATIENCE;
	uint64_t tried = 0;

	CHECK(command("on"));
	do {
		usleep(1000);
		CHECK(command("update_schemes_stats"));
		CHECK(file_number(SCHEME "stats/nr_tried", &tried));
		if (time(NULL) > limit)
			return wrong("DAMON has acted %llu times in %d s",
				     (unsigned long long)tried, PATIENCE);
	} while (tried < times);
	return RIGHT;
}

static const char *left_alone(struct scene *scene, const char *action)
{
	CHECK(set_up(&scene->sample, action));
	CHECK(acts(10));
	CHECK(command("off"));
	CHECK(write_number(ADMIN "nr_kdamonds", 0));
	CHECK(scene_is_unchanged(scene));
	CHECK(sample_device_data(&scene->sample));
	return scene_data(scene);
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

TEST_HARNESS_MAIN
