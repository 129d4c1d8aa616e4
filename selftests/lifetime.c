// SPDX-License-Identifier: GPL-2.0
/*
 * The ends of memory that is on the device: of its process, its program, its
 * mapping, and of the device. Afterwards the kernel counts what it counted
 * before.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <time.h>

#include "common/baseline.h"
#include "common/harness.h"
#include "common/peer.h"

#define FOLIOS 4

/* A counter differs by want, or nearly, from what it was; none always fits. */
static const char *counter_moved(const struct devthp_counters *before,
				 const struct devthp_counters *now,
				 unsigned int counter, int64_t want)
{
	int64_t slack = 0, delta;
	int err;

	/* Less than a folio, more than the kernel leaves uncollected. */
	if (counter == DEVTHP_COUNT_RSS_ANON)
		slack = devthp_pmd_size() / 2;
	err = devthp_counters_delta(before, now, counter, &delta);
	if (err == -ENODATA)
		return RIGHT;
	CHECK(went_well("compare counters", err));
	if (delta < want - slack || delta > want + slack)
		return wrong("%s changed by %lld; should be %lld",
			     devthp_counter_name(counter), (long long)delta,
			     (long long)want);
	return RIGHT;
}

static const char *rss_moved(const struct devthp_counters *before, int64_t want)
{
	struct devthp_counters *now;
	const char *verdict;

	CHECK(went_well("read counters", devthp_counters_take(&now)));
	verdict = counter_moved(before, now, DEVTHP_COUNT_RSS_ANON, want);
	devthp_counters_free(now);
	return verdict;
}

static const char *counters_are_back(const struct devthp_counters *before)
{
	static const unsigned int counters[] = {
		DEVTHP_COUNT_RSS_ANON, DEVTHP_COUNT_SYS_ANON_HUGE,
		DEVTHP_COUNT_NR_ANON, DEVTHP_COUNT_PARTIALLY_MAPPED,
	};
	struct devthp_counters *now;
	const char *verdict = RIGHT;
	size_t i;

	CHECK(went_well("read counters", devthp_counters_take(&now)));
	for (i = 0; i < ARRAY_SIZE(counters) && is_right(verdict); i++)
		verdict = counter_moved(before, now, counters[i], 0);
	devthp_counters_free(now);
	return verdict;
}

/* Those of the system may lag behind, or others move them for a moment. */
static const char *counters_come_back(const struct devthp_counters *before)
{
	const time_t limit = time(NULL) + PATIENCE;
	const char *verdict;

	do {
		verdict = counters_are_back(before);
		if (is_right(verdict))
			break;
		sched_yield();
	} while (time(NULL) < limit);
	return verdict;
}

/* ---- The mapping or the device ends, the process stays ---- */

FIXTURE(process_stays)
{
	struct baseline baseline;
	struct sample sample;
	struct devthp_counters *before;
};

FIXTURE_SETUP(process_stays)
{
	struct sample *sample = &self->sample;

	SETUP_BASELINE(&self->baseline);
	SETUP_SAMPLE(sample, FOLIOS);
	/* So that it counts as memory of the process before. */
	memset(sample->buffer, 1, sample->pages * devthp_page_size());
	ASSERT_EQ(0, devthp_counters_take(&self->before));
	ASSERT_RIGHT(sample_fill_whole(sample));
	ASSERT_RIGHT(sample_to_device_whole(sample));
}

FIXTURE_TEARDOWN(process_stays)
{
	devthp_counters_free(self->before);
	sample_release(&self->sample);
	TEARDOWN_BASELINE(&self->baseline);
}

TEST_F(process_stays, device_memory_is_resident)
{
	ASSERT_RIGHT(rss_moved(self->before, FOLIOS * devthp_pmd_size()));
}

TEST_F(process_stays, mapping_ends_on_device)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(sample_cut(sample, 0, sample->pages, HOLE_UNMAPPED));
	ASSERT_RIGHT(holes_are_empty(sample));
	ASSERT_RIGHT(counters_come_back(self->before));
}

TEST_F(process_stays, mapping_ends_by_pages)
{
	struct sample *sample = &self->sample;
	size_t page;

	for (page = 0; page < sample->pages; page += 2)
		ASSERT_RIGHT(sample_cut(sample, page, 1, HOLE_UNMAPPED));
	ASSERT_RIGHT(rss_moved(self->before, FOLIOS * devthp_pmd_size() / 2));
	for (page = 1; page < sample->pages; page += 2)
		ASSERT_RIGHT(sample_cut(sample, page, 1, HOLE_UNMAPPED));
	ASSERT_RIGHT(counters_come_back(self->before));
}

TEST_F(process_stays, mapping_ends_in_system_memory)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(sample_cut(sample, 0, sample->pages, HOLE_UNMAPPED));
	ASSERT_RIGHT(counters_come_back(self->before));
}

TEST_F(process_stays, device_closes)
{
	struct sample *sample = &self->sample;

	ASSERT_EQ(0, devthp_device_close(sample->dev));
	sample->dev = NULL;
	ASSERT_RIGHT(layout_of_all(sample, whole(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(sample_cut(sample, 0, sample->pages, HOLE_UNMAPPED));
	ASSERT_RIGHT(counters_come_back(self->before));
}

/* Its memory is taken from the device, and the device gets other memory. */
TEST_F(process_stays, device_is_evicted)
{
	struct sample *sample = &self->sample;

	ASSERT_EQ(0, devthp_device_evict(sample->dev));
	ASSERT_RIGHT(layout_of_all(sample, whole(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(sample_to_device_whole(sample));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(sample_cut(sample, 0, sample->pages, HOLE_UNMAPPED));
	ASSERT_RIGHT(counters_come_back(self->before));
}

/* ---- The process ends ---- */

/* A device and memory of its own, whole on the device. */
static const char *own_sample_on_device(struct sample *sample)
{
	*sample = (struct sample){ 0 };
	CHECK(device_open(&sample->dev, 0));
	CHECK(sample_reserve(sample, FOLIOS));
	CHECK(sample_fill_whole(sample));
	return sample_to_device_whole(sample);
}

static const char *exits(struct sample *sample, struct peer *parent)
{
	return own_sample_on_device(sample);
}

static const char *exits_with_half(struct sample *sample, struct peer *parent)
{
	CHECK(own_sample_on_device(sample));
	return sample_cut(sample, 0, sample->pages / 2 + 1, HOLE_DROPPED);
}

static const char *looks(struct sample *sample, struct peer *parent)
{
	return layout_of_all(sample, whole(DEVTHP_LOC_DEVICE, 2));
}

static const char *exits_after_its_child(struct sample *sample,
					 struct peer *parent)
{
	struct peer child;

	CHECK(own_sample_on_device(sample));
	CHECK(peer_fork(&child, looks, sample));
	return peer_end(&child);
}

static const char *waits_on_device(struct sample *sample, struct peer *parent)
{
	CHECK(own_sample_on_device(sample));
	CHECK(peer_tell(parent));
	return peer_wait(parent);
}

/* Another program takes the place of this one: the same, asked for its list. */
static const char *runs_a_program(struct sample *sample, struct peer *parent)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	CHECK(own_sample_on_device(sample));
	CHECK(peer_tell(parent));
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	execl("/proc/self/exe", "lifetime", "-l", NULL);
	return went_well("execute itself", -errno);
}

FIXTURE(process_ends)
{
	struct baseline baseline;
	struct sample sample;
	struct devthp_counters *before;
	struct peer child;
};

FIXTURE_SETUP(process_ends)
{
	SETUP_BASELINE(&self->baseline);
	SETUP_SAMPLE(&self->sample, 1);
	ASSERT_EQ(0, devthp_counters_take(&self->before));
}

FIXTURE_TEARDOWN(process_ends)
{
	devthp_counters_free(self->before);
	sample_release(&self->sample);
	TEARDOWN_BASELINE(&self->baseline);
}

TEST_F(process_ends, with_whole_folios)
{
	ASSERT_RIGHT(peer_fork(&self->child, exits, &self->sample));
	ASSERT_RIGHT(peer_end(&self->child));
	ASSERT_RIGHT(counters_come_back(self->before));
}

TEST_F(process_ends, with_half_a_folio)
{
	ASSERT_RIGHT(peer_fork(&self->child, exits_with_half, &self->sample));
	ASSERT_RIGHT(peer_end(&self->child));
	ASSERT_RIGHT(counters_come_back(self->before));
}

TEST_F(process_ends, after_its_child)
{
	ASSERT_RIGHT(peer_fork(&self->child, exits_after_its_child,
			       &self->sample));
	ASSERT_RIGHT(peer_end(&self->child));
	ASSERT_RIGHT(counters_come_back(self->before));
}

TEST_F(process_ends, killed)
{
	int status;

	ASSERT_RIGHT(peer_fork(&self->child, waits_on_device, &self->sample));
	ASSERT_RIGHT(peer_wait(&self->child));
	ASSERT_EQ(0, kill(self->child.pid, SIGKILL));
	status = peer_status(&self->child);
	ASSERT_TRUE(WIFSIGNALED(status));
	ASSERT_EQ(SIGKILL, WTERMSIG(status));
	ASSERT_RIGHT(counters_come_back(self->before));
}

TEST_F(process_ends, replaced_by_a_program)
{
	int status;

	ASSERT_RIGHT(peer_fork(&self->child, runs_a_program, &self->sample));
	ASSERT_RIGHT(peer_wait(&self->child));
	status = peer_status(&self->child);
	ASSERT_TRUE(WIFEXITED(status));
	ASSERT_NE(EXIT_FAILURE, WEXITSTATUS(status));
	ASSERT_RIGHT(counters_come_back(self->before));
}

TEST_HARNESS_MAIN
