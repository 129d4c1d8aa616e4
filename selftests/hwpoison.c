// SPDX-License-Identifier: GPL-2.0
/*
 * Pages are declared broken, or about to break, while they are on the device.
 *
 * Rule: MADV_HWPOISON and MADV_SOFT_OFFLINE are about the page of memory that
 * the CPU uses (madvise(2)), so it is brought back first. A broken page gives
 * SIGBUS and takes no other with it; one that is taken out of use in time loses
 * no data. Only system memory is ever lost by this test: some pages.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kernel-page-flags.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/matrix.h"
#include "common/means.h"
#include "common/pin.h"
#include "common/textfile.h"
#include "common/trap.h"

#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE 101
#endif

MATRIX(broken, FOR_EACH_STATE)
MATRIX(breaking, FOR_EACH_STATE)
MATRIX(device, FOR_EACH_STATE)

#define OFFLINE "/sys/devices/system/memory/hard_offline_page"

static char *addr_of(const struct scene *scene, size_t page)
{
	return scene->sample.addr + page * devthp_page_size();
}

static volatile sig_atomic_t bus_error;

static void on_bus_error(int signal, siginfo_t *info, void *context)
{
	bus_error = info->si_code;
}

/* For NEED(): a kernel that does not know the advice says EINVAL. */
static int known(int err, const char *name, const char **why)
{
	if (err == EINVAL)
		return missing(wrong("no %s: CONFIG_MEMORY_FAILURE is off", name), why);
	return KSFT_PASS;
}

static int declare(const struct scene *scene, size_t page, int advice,
		   const char *name, const char **why)
{
	const int err = madvise(addr_of(scene, page), devthp_page_size(), advice) ? errno : 0;

	if (!err || err == EINVAL)
		return known(err, name, why);
	*why = went_well(name, -err);
	return KSFT_FAIL;
}

/* The kernel tells of what is in the page and nowhere else. */
static const char *catch_bus_error(void)
{
	const struct sigaction action = {
		.sa_sigaction = on_bus_error,
		.sa_flags = SA_SIGINFO,
	};

	return went_well("sigaction", sigaction(SIGBUS, &action, NULL) ? -errno : 0);
}

static int break_page(const struct scene *scene, size_t page, const char **why)
{
	*why = catch_bus_error();
	if (!is_right(*why))
		return KSFT_FAIL;
	return declare(scene, page, MADV_HWPOISON, "MADV_HWPOISON", why);
}

/* For this process, and for all who share it. */
static const char *page_is_lost(struct scene *scene, size_t page)
{
	unsigned int i;

	scene->sample.hole[page] = HOLE_DROPPED;
	for (i = 0; i < scene->children; i++)
		CHECK(peer_lose_page(&scene->child[i], page));
	return RIGHT;
}

/* What the CPU can use on the device is for the driver to look after, as well. */
static const char *stays_in_use(const struct scene *scene, size_t page, int advice, int want)
{
	const int err = madvise(addr_of(scene, page), devthp_page_size(), advice) ? errno : 0;

	if (err != want)
		return wrong("memory of the device is said to be broken, and that gives %d; should give %d",
			     err, want);
	return scene_is_unchanged(scene);
}

/* So the page has to come back before it can be. */
static const char *is_system_memory(const struct scene *scene, size_t page)
{
	if (!scene_is(scene, STATE_COHERENT))
		return RIGHT;
	return went_well("migrate a page to system memory",
			 devthp_migrate_to_system(scene->sample.dev, addr_of(scene, page), 1,
						  NULL));
}

TEST_F(broken, page)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	const size_t page = scene_page(scene);

	if (scene_is(scene, STATE_COHERENT))
		ASSERT_RIGHT(stays_in_use(scene, page, MADV_HWPOISON, ENXIO));
	ASSERT_RIGHT(is_system_memory(scene, page));
	NEED(break_page, scene, page);
	/* There is data in it that is nowhere else. */
	ASSERT_EQ(BUS_MCEERR_AR, bus_error);
	ASSERT_EQ(-1, madvise(addr_of(scene, page), devthp_page_size(),
			      MADV_POPULATE_READ));
	ASSERT_EQ(EHWPOISON, errno);
	ASSERT_EQ(-EFAULT, means_pipe.get(addr_of(scene, page),
					  sample->buffer));
	/* It is lost, and not looked at any more. */
	ASSERT_RIGHT(page_is_lost(scene, page));
	ASSERT_RIGHT(scene_data(scene));
}

/* What is broken does not go to a device, and does not come from one. */
TEST_F(broken, goes_nowhere)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	const size_t page = scene_page(scene);

	ASSERT_RIGHT(is_system_memory(scene, page));
	NEED(break_page, scene, page);
	ASSERT_RIGHT(page_is_lost(scene, page));
	ASSERT_EQ(-ENOENT, devthp_migrate_to_device(sample->dev,
						    addr_of(scene, page), 2,
						    NULL));
	ASSERT_EQ(-EFAULT, devthp_device_read(sample->dev,
					      addr_of(scene, page), 1,
					      sample->buffer, NULL));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(scene_data(scene));
}

/* ---- One more process maps it ---- */

TEST_F(broken, page_of_a_child_too)
{
	struct scene *scene = &self->scene;
	const size_t page = scene_page(scene);
	struct peer child;

	ASSERT_RIGHT(peer_fork(&child, peer_reads_later, &scene->sample));
	ASSERT_RIGHT(peer_wait(&child));
	ASSERT_RIGHT(is_system_memory(scene, page));
	NEED(break_page, scene, page);
	ASSERT_EQ(BUS_MCEERR_AR, bus_error);
	ASSERT_EQ(SIGBUS, trap_read(addr_of(scene, page)));
	ASSERT_RIGHT(peer_lose_page(&child, page));
	ASSERT_RIGHT(page_is_lost(scene, page));
	ASSERT_RIGHT(peer_tell(&child));
	ASSERT_RIGHT(peer_end(&child));
	ASSERT_RIGHT(scene_data(scene));
}

/* ---- What is no memory of the CPU, or not broken yet ---- */

static int place_needed(const struct devthp_page *page, const char **why)
{
	if (page->known & DEVTHP_KNOWN_PFN)
		return KSFT_PASS;
	return missing("nobody tells where memory of the device is", why);
}

/*
 * Memory of the device is for its driver to look after, and this one has nothing
 * to say: it is left in use. (include/linux/memremap.h, memory_failure())
 */
TEST_F(device, memory)
{
	struct scene *scene = &self->scene;
	const size_t number = scene_page(scene);
	struct devthp_page page = { .size = sizeof(page) };
	struct devthp_snapshot *snap;
	int fd;

	NEED(file_needed, OFFLINE, "CONFIG_MEMORY_FAILURE");
	ASSERT_EQ(0, devthp_snapshot_take(&snap, addr_of(scene, number), 1,
					  NULL));
	ASSERT_EQ(0, devthp_snapshot_page(snap, 0, &page));
	devthp_snapshot_free(snap);
	sample_locate(&scene->sample, &page);
	ASSERT_EQ((unsigned int)DEVTHP_LOC_DEVICE, page.location);
	NEED(place_needed, &page);
	fd = open(OFFLINE, O_WRONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_GT(0, dprintf(fd, "%#llx", (unsigned long long)page.pfn *
			     devthp_page_size()));
	ASSERT_EQ(ENXIO, errno);
	close(fd);
	ASSERT_RIGHT(scene_is_unchanged(scene));
	ASSERT_RIGHT(scene_data(scene));
}

/* ---- Taken out of use: another page takes its place ---- */

static const char *is_out_of_use(uint64_t pfn)
{
	int fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	uint64_t flags = 0;
	ssize_t length;

	if (fd < 0)
		return went_well("/proc/kpageflags", -errno);
	length = pread(fd, &flags, sizeof(flags), pfn * sizeof(flags));
	close(fd);
	if (length != sizeof(flags))
		return wrong("/proc/kpageflags has nothing about %#llx",
			     (unsigned long long)pfn);
	if (!(flags & 1ULL << KPF_HWPOISON))
		return wrong("the page %#llx is not marked as broken",
			     (unsigned long long)pfn);
	return RIGHT;
}

/* Where it is now is not where it was. */
static const char *was_replaced(const struct scene *scene, size_t page,
				uint64_t before)
{
	const struct sample *sample = &scene->sample;

	CHECK(sample_look(sample));
	if (!(sample->page[page].known & DEVTHP_KNOWN_PFN))
		return wrong("nobody tells where page %zu is", page);
	if (sample->page[page].pfn == before)
		return wrong("page %zu still is at %#llx", page,
			     (unsigned long long)before);
	return is_out_of_use(before);
}

/* A huge folio that has come back is split for it. */
static const char *rest_is_as_it_was(const struct scene *scene, size_t page)
{
	if (scene_is(scene, STATE_COHERENT))
		return layout_of(&scene->sample, page, 1,
				 small(DEVTHP_LOC_SYSTEM, scene->state->mapcount));
	if (!scene_is(scene, STATE_PMD))
		return scene_was_read(scene, page);
	CHECK(layout_of_all(&scene->sample, small(DEVTHP_LOC_SYSTEM,
						  scene->state->mapcount)));
	return scene_keeps_bits(scene, 0, scene->sample.pages);
}

static const char *broken_memory(uint64_t *kb)
{
	return file_field("/proc/meminfo", "HardwareCorrupted:", kb);
}

TEST_F(breaking, page)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	const size_t page = scene_page(scene);
	uint64_t before, after;

	if (scene_is(scene, STATE_COHERENT)) {
		ASSERT_RIGHT(stays_in_use(scene, page, MADV_SOFT_OFFLINE, EIO));
		ASSERT_RIGHT(scene_data(scene));
		return;
	}
	ASSERT_RIGHT(broken_memory(&before));
	NEED(declare, scene, page, MADV_SOFT_OFFLINE, "MADV_SOFT_OFFLINE");
	ASSERT_RIGHT(broken_memory(&after));
	ASSERT_EQ(before + devthp_page_size() / 1024, after);
	ASSERT_RIGHT(rest_is_as_it_was(scene, page));
	/* It has come back beside its neighbour, which is still there. */
	if (scene_is(scene, STATE_PMD)) {
		ASSERT_RIGHT(sample_look(sample));
		ASSERT_RIGHT(was_replaced(scene, page,
					  sample->page[page - 1].pfn + 1));
	}
	ASSERT_RIGHT(sample_access(sample, page, ACCESS_READ));
	ASSERT_RIGHT(scene_data(scene));
}

TEST_F(breaking, page_that_is_back)
{
	struct scene *scene = &self->scene;
	struct sample *sample = &scene->sample;
	const size_t page = scene_page(scene);
	uint64_t before;

	ASSERT_RIGHT(is_system_memory(scene, page));
	ASSERT_RIGHT(sample_access(sample, page, ACCESS_READ));
	ASSERT_RIGHT(sample_look(sample));
	before = sample->page[page].pfn;
	NEED(declare, scene, page, MADV_SOFT_OFFLINE, "MADV_SOFT_OFFLINE");
	ASSERT_RIGHT(was_replaced(scene, page, before));
	ASSERT_RIGHT(rest_is_as_it_was(scene, page));
	ASSERT_RIGHT(scene_data(scene));
}

/* ---- In a huge page that cannot be taken apart for now ---- */

FIXTURE(pinned)
{
	struct baseline baseline;
	struct sample sample;
	struct pin pin;
};

FIXTURE_SETUP(pinned)
{
	NEED(pin_needed, PIN_SLOW);
	SETUP_BASELINE(&self->baseline);
	SETUP_SAMPLE(&self->sample, 1);
}

FIXTURE_TEARDOWN(pinned)
{
	pin_drop(&self->pin, NULL);
	sample_release(&self->sample);
	TEARDOWN_BASELINE(&self->baseline);
}

/* Once it can be, the broken page stays and the others go. */
TEST_F(pinned, keeps_its_broken_page)
{
	struct sample *sample = &self->sample;
	const size_t page = 100;
	int err;

	ASSERT_RIGHT(sample_fill_whole(sample));
	ASSERT_RIGHT(pin_take(&self->pin, PIN_SLOW, page_of(sample, 7), 1));
	ASSERT_RIGHT(catch_bus_error());
	err = madvise(page_of(sample, page), devthp_page_size(), MADV_HWPOISON) ? errno : 0;
	NEED(known, err, "MADV_HWPOISON");
	ASSERT_EQ(EHWPOISON, err);
	ASSERT_RIGHT(pin_drop(&self->pin, NULL));
	ASSERT_EQ(-ENOENT, devthp_migrate_to_device(sample->dev, sample->addr,
						    sample->pages, NULL));
	ASSERT_RIGHT(layout_of(sample, 0, page, small(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(layout_of(sample, page, 1, small(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(layout_of(sample, page + 1, sample->pages - page - 1,
			       small(DEVTHP_LOC_DEVICE, 1)));
	/* It was only said to be broken. */
	ASSERT_RIGHT(sample_data(sample));
}

TEST_HARNESS_MAIN
