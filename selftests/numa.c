// SPDX-License-Identifier: GPL-2.0
/*
 * Memory policy, and moving of pages between nodes: device memory is on no node
 * that a policy could name, so that it stays, huge or not, as one base page on
 * a device does. What is in system memory beside it moves.
 * (mbind(2), migrate_pages(2), move_pages(2), set_mempolicy_home_node(2))
 */
#include <errno.h>
#include <linux/mempolicy.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "common/baseline.h"
#include "common/form.h"
#include "common/harness.h"
#include "common/matrix.h"
#include "common/pagemap.h"
#include "common/peer.h"
#include "common/textfile.h"

#ifndef SYS_set_mempolicy_home_node
#define SYS_set_mempolicy_home_node 450
#endif

#define BITS (8 * sizeof(unsigned long) + 1)	/* one more, as the calls want it */

/* Also on a machine of one node there are calls, and a policy. */
static int node_needed(int node, const char **why)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d", node);
	if (file_exists(path))
		return KSFT_PASS;
	/* A property of the machine, not of the kernel: see selftests/needs. */
	return missing_feature("memory-nodes",
			       "there is one memory node only: boot with numa=fake=2",
			       why);
}

static long bind_part(const struct sample *sample, size_t first, size_t npages,
		      int node, unsigned int flags)
{
	unsigned long nodes = 1UL << node;

	return syscall(SYS_mbind, page_of(sample, first),
		       npages * devthp_page_size(), MPOL_BIND, &nodes, BITS,
		       flags) ? -errno : 0;
}

static long bind_to(const struct sample *sample, int node, unsigned int flags)
{
	return bind_part(sample, 0, sample->pages, node, flags);
}

/* Node of each page, or the reason why there is none. */
static const char *nodes_of(const struct sample *sample, int *status,
			    const int *target, int flags)
{
	void **pages = calloc(sample->pages, sizeof(*pages));
	size_t i;
	long err;

	if (!pages)
		return wrong("no memory for a list of pages");
	for (i = 0; i < sample->pages; i++)
		pages[i] = sample->addr + i * devthp_page_size();
	err = syscall(SYS_move_pages, 0, sample->pages, pages, target, status,
		      flags);
	err = err < 0 ? -errno : 0;
	free(pages);
	return went_well("move_pages", err);
}

/*
 * What move_pages(2) has said: ENOENT for what is not present, as a page of a
 * device is not. What is must be on the node, on any if that is negative.
 */
static const char *status_is_right(const struct sample *sample,
				   const int *status, size_t first,
				   size_t npages, int node)
{
	size_t i;

	CHECK(sample_look(sample));
	for (i = first; i < first + npages; i++) {
		const unsigned int location = sample->page[i].location;

		if (sample->hole[i] == HOLE_UNMAPPED)
			continue;
		if (location != DEVTHP_LOC_SYSTEM && status[i] != -ENOENT)
			return wrong("page %zu (%s): move_pages says %d; should be %d",
				     i, devthp_location_name(location),
				     status[i], -ENOENT);
		if (location == DEVTHP_LOC_SYSTEM &&
		    (node >= 0 ? status[i] != node : status[i] < 0))
			return wrong("page %zu (%s): move_pages says %d; should be on node %d",
				     i, devthp_location_name(location),
				     status[i], node);
	}
	return RIGHT;
}

/* All of the part is on the node, unless that is negative. */
static const char *nodes_of_part_are_right(const struct sample *sample,
					   size_t first, size_t npages,
					   int node)
{
	static int status[4096];
	size_t i;

	CHECK(nodes_of(sample, status, NULL, 0));
	CHECK(status_is_right(sample, status, first, npages, node));
	for (i = first; i < first + npages && node >= 0; i++)
		if (status[i] != node)
			return wrong("page %zu is not on node %d: %d", i, node,
				     status[i]);
	return RIGHT;
}

static const char *nodes_are_right(const struct sample *sample, int node)
{
	return nodes_of_part_are_right(sample, 0, sample->pages, node);
}

/* ---- In every state ---- */

MATRIX(numa, FOR_EACH_STATE)

TEST_F(numa, node_is_asked_for)
{
	struct scene *scene = &self->scene;

	ASSERT_RIGHT(nodes_are_right(&scene->sample, -1));
	ASSERT_RIGHT(scene_is_unchanged(scene));
	ASSERT_RIGHT(scene_data(scene));
}

/* Every way of moving, one after another; what is on the device stays as it is. */
TEST_F(numa, moves)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	unsigned long from = 1, to = 2;
	static int target[4096], status[4096];
	/* mbind(2): there may be no hole in what it is asked for. */
	const int want = sample_has_unmapped(sample) ? -EFAULT : 0;
	size_t i;

	NEED(node_needed, 1);
	for (i = 0; i < sample->pages; i++)
		target[i] = 1;
	ASSERT_RIGHT(nodes_of(sample, status, target, MPOL_MF_MOVE_ALL));
	ASSERT_RIGHT(status_is_right(sample, status, 0, sample->pages, 1));
	ASSERT_RIGHT(scene_is_unchanged(scene));
	ASSERT_LE(0, syscall(SYS_migrate_pages, 0, BITS, &to, &from));
	ASSERT_RIGHT(scene_is_unchanged(scene));
	ASSERT_LE(0, syscall(SYS_migrate_pages, 0, BITS, &from, &to));
	ASSERT_RIGHT(scene_is_unchanged(scene));
	ASSERT_EQ(want, bind_to(sample, 1, MPOL_MF_MOVE_ALL));
	ASSERT_RIGHT(scene_is_unchanged(scene));
	ASSERT_EQ(want, bind_to(sample, 0, MPOL_MF_MOVE | MPOL_MF_STRICT));
	ASSERT_RIGHT(scene_is_unchanged(scene));
	ASSERT_RIGHT(scene_data(scene));
}

/* ---- A policy that waits for memory to come back ---- */

FIXTURE(policy)
{
	struct scene scene;
};

FIXTURE_VARIANT(policy)
{
	const struct state *state;
};

/* Without holes, as all goes there again; what is limited has no room for that. */
#define FOR_EACH_STATE_THAT_RETURNS(x, ...)				\
	FOR_EACH_STATE_TYPICAL(x, __VA_ARGS__)				\
	x(soft_clean, __VA_ARGS__)					\
	x(locked, __VA_ARGS__)						\
	x(from_swap_small, __VA_ARGS__)					\
	x(forked_thrice, __VA_ARGS__)					\
	x(child_protected, __VA_ARGS__)

FOR_EACH_STATE_THAT_RETURNS(STATE_VARIANT, policy)

FIXTURE_SETUP(policy)
{
	NEED(node_needed, 1);
	SETUP_SCENE(&self->scene, variant->state);
}

FIXTURE_TEARDOWN(policy)
{
	TEARDOWN_SCENE(&self->scene);
}

typedef const char *way_back(struct sample *sample);

/* By faults of the CPU. */
static const char *back_by_reading(struct sample *sample)
{
	return sample_bring_back(sample);
}

static const char *back_by_migration(struct sample *sample)
{
	return sample_rest_to_system(sample);
}

/*
 * They get a policy while they are on the device, and come back to where it
 * says. Of two nodes, one is not where they would be without it.
 */
static const char *come_back_to_each(struct sample *sample, size_t first,
				     size_t npages, way_back *back)
{
	int node;

	for (node = 1; node >= 0; node--) {
		CHECK(went_well("mbind", bind_part(sample, first, npages, node,
						   MPOL_MF_MOVE)));
		CHECK(sample_device_data(sample));
		CHECK(back(sample));
		CHECK(nodes_of_part_are_right(sample, first, npages, node));
		CHECK(sample_data(sample));
		CHECK(sample_to_device(sample));
	}
	return sample_data(sample);
}

/* Part of a huge page on the device gets a policy of its own. */
TEST_F(policy, of_a_part)
{
	struct sample *sample = &self->scene.sample;

	ASSERT_EQ(0, bind_part(sample, 5, 3, 1, MPOL_MF_MOVE));
	ASSERT_RIGHT(scene_keeps_bits(&self->scene, 0, sample->pages));
	ASSERT_RIGHT(come_back_to_each(sample, 5, 3, back_by_reading));
}

TEST_F(policy, of_a_part_that_is_migrated)
{
	struct sample *sample = &self->scene.sample;

	ASSERT_RIGHT(come_back_to_each(sample, 5, 3, back_by_migration));
}

TEST_F(policy, of_all)
{
	struct sample *sample = &self->scene.sample;

	ASSERT_RIGHT(come_back_to_each(sample, 0, sample->pages,
				       back_by_reading));
}

TEST_F(policy, of_all_that_is_migrated)
{
	struct sample *sample = &self->scene.sample;

	ASSERT_RIGHT(come_back_to_each(sample, 0, sample->pages,
				       back_by_migration));
}

static const char *prefer_home(const struct sample *sample, int node)
{
	unsigned long nodes = 3;

	if (syscall(SYS_mbind, sample->addr, bytes_of(sample),
		    MPOL_PREFERRED_MANY, &nodes, BITS, 0))
		return went_well("mbind", -errno);
	if (syscall(SYS_set_mempolicy_home_node, sample->addr, bytes_of(sample),
		    node, 0))
		return went_well("set_mempolicy_home_node", -errno);
	return RIGHT;
}

TEST_F(policy, of_a_home)
{
	struct sample *sample = &self->scene.sample;
	int node;

	ASSERT_RIGHT(prefer_home(sample, 1));
	ASSERT_RIGHT(scene_is_unchanged(&self->scene));
	/* What is back already would stay where it is. */
	ASSERT_RIGHT(sample_bring_back(sample));
	for (node = 1; node >= 0; node--) {
		ASSERT_RIGHT(sample_to_device(sample));
		ASSERT_RIGHT(prefer_home(sample, node));
		ASSERT_RIGHT(node ? sample_bring_back(sample) :
			     sample_rest_to_system(sample));
		ASSERT_RIGHT(nodes_are_right(sample, node));
		ASSERT_RIGHT(sample_data(sample));
	}
}

/* Back in system memory, it moves like any. */
TEST_F(policy, after_coming_back)
{
	struct sample *sample = &self->scene.sample;
	int node;

	/* With it, all others go: what is shared would not move. */
	ASSERT_RIGHT(scene_data(&self->scene));
	ASSERT_RIGHT(sample_bring_back(sample));
	for (node = 1; node >= 0; node--) {
		ASSERT_EQ(0, bind_to(sample, node,
				     MPOL_MF_MOVE | MPOL_MF_STRICT));
		ASSERT_RIGHT(nodes_are_right(sample, node));
		ASSERT_RIGHT(sample_data(sample));
	}
	ASSERT_RIGHT(sample_to_device(sample));
	ASSERT_RIGHT(sample_data(sample));
}

/* ---- Automatic balancing ---- */

/*
 * Of two folios one is on the device, and the other in use. A second thread
 * idles: what a single one uses on its own node, balancing leaves alone.
 */
FIXTURE(balancing)
{
	struct baseline baseline;
	struct sample sample;
	struct peer child;
	size_t there;		/* so many pages are on the device */
	struct setting on, delay, period_min, period_max;
	pthread_t idler;
	int idle[2];
};

FIXTURE_VARIANT(balancing)
{
	enum form form;
	size_t back;		/* so many of that folio are not */
	bool forked;
};

FORM_VARIANTS(balancing);
FIXTURE_VARIANT_ADD(balancing, partly_back) { .form = FORM_SMALL, .back = 8 };
FIXTURE_VARIANT_ADD(balancing, forked) { .form = FORM_WHOLE, .forked = true };

#define DEBUG_NUMA "/sys/kernel/debug/sched/numa_balancing/"

static const char *balance_at_once(FIXTURE_DATA(balancing) *self)
{
	CHECK(setting_change(&self->on, "/proc/sys/kernel/numa_balancing",
			     "1"));
	/* Else it begins after a second of CPU time, and goes slowly. */
	if (!file_exists(DEBUG_NUMA "scan_delay_ms"))
		return RIGHT;
	CHECK(setting_change(&self->period_min,
			     DEBUG_NUMA "scan_period_min_ms", "10"));
	CHECK(setting_change(&self->period_max,
			     DEBUG_NUMA "scan_period_max_ms", "20"));
	return setting_change(&self->delay, DEBUG_NUMA "scan_delay_ms", "10");
}

static void *idle(void *arg)
{
	const int *pipe = arg;
	char nothing;

	return read(*pipe, &nothing, 1) ? arg : NULL;
}

/* In base pages of its own, as each of those gives a hint. */
static const char *bring_second_back(struct sample *sample, enum form form,
				     size_t first)
{
	const size_t npages = sample->pages - first;

	if (form == FORM_WHOLE)
		CHECK(went_well("let an allocation fail",
				devthp_device_fail_alloc(sample->dev, 1)));
	CHECK(went_well("migrate to system memory",
			devthp_migrate_to_system(sample->dev,
						 page_of(sample, first), npages,
						 NULL)));
	CHECK(sample_access_range(sample, first, npages, ACCESS_WRITE));
	return layout_of(sample, first, npages, small(DEVTHP_LOC_SYSTEM, 1));
}

FIXTURE_SETUP(balancing)
{
	struct sample *sample = &self->sample;

	self->idle[1] = -1;
	NEED(node_needed, 1);
	NEED(file_needed, "/proc/sys/kernel/numa_balancing",
	     "CONFIG_NUMA_BALANCING");
	SETUP_BASELINE(&self->baseline);
	SETUP_SAMPLE(sample, 2);
	ASSERT_RIGHT(sample_fill_whole(sample));
	ASSERT_RIGHT(form_to_device(sample, variant->form));
	if (variant->forked) {
		ASSERT_RIGHT(peer_fork(&self->child, peer_reads_later, sample));
		ASSERT_RIGHT(peer_wait(&self->child));
	}
	self->there = sample->folio_pages - variant->back;
	ASSERT_RIGHT(bring_second_back(sample, variant->form, self->there));
	ASSERT_EQ(0, pipe(self->idle));
	ASSERT_EQ(0, pthread_create(&self->idler, NULL, idle, self->idle));
	ASSERT_RIGHT(balance_at_once(self));
}

FIXTURE_TEARDOWN(balancing)
{
	setting_restore(&self->delay);
	setting_restore(&self->period_max);
	setting_restore(&self->period_min);
	setting_restore(&self->on);
	if (self->idler) {
		close(self->idle[1]);
		pthread_join(self->idler, NULL);
		close(self->idle[0]);
	}
	sample_release(&self->sample);
	TEARDOWN_BASELINE(&self->baseline);
}

static const char *hints(uint64_t *faults)
{
	return file_field("/proc/vmstat", "numa_hint_faults", faults);
}

/*
 * The scan runs in a process as that goes on. More hints come from one pass than
 * everything else that is touched meanwhile could give, but not one for each
 * page: the scan may be under way.
 */
static const char *work_until_scanned(const struct sample *sample, size_t first)
{
	const time_t limit = time(NULL) + PATIENCE;
	uint64_t before, after;
	size_t i;

	do {
		if (time(NULL) > limit)
			return wrong("automatic NUMA balancing has not scanned for %d s",
				     PATIENCE);
		CHECK(hints(&before));
		for (i = first; i < sample->pages; i++)
			*(volatile char *)page_of(sample, i);
		CHECK(hints(&after));
	} while (after - before < (sample->pages - first) / 2);
	return RIGHT;
}

static const char *device_memory_is_untouched(const struct sample *sample,
					      size_t npages, enum form form,
					      bool forked)
{
	const unsigned int mask = DEVTHP_BIT_WRITE | DEVTHP_BIT_EXCLUSIVE;

	CHECK(layout_of(sample, 0, npages,
			form_layout(form, DEVTHP_LOC_DEVICE, 1 + forked)));
	/* Only the probe tells them. */
	if (!everything_is_required())
		return RIGHT;
	return entry_bits(sample, 0, npages, mask, forked ? 0 : mask);
}

TEST_F(balancing, leaves_it)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(work_until_scanned(sample, self->there));
	ASSERT_RIGHT(device_memory_is_untouched(sample, self->there,
						variant->form,
						variant->forked));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
	if (variant->forked) {
		ASSERT_RIGHT(peer_tell(&self->child));
		ASSERT_RIGHT(peer_end(&self->child));
	}
	ASSERT_RIGHT(work_until_scanned(sample, self->there));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_HARNESS_MAIN
