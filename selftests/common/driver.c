// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <devthp.h>
#include <lib/test_hmm_uapi.h>

#include "driver.h"
#include "need.h"
#include "ready.h"
#include "verdict.h"

static int command(int driver, unsigned long request, void *arg)
{
	return ioctl(driver, request, arg) ? -errno : 0;
}

static const char *statistics(int driver, struct hmm_dmirror_stats *stats)
{
	*stats = (struct hmm_dmirror_stats){ .size = sizeof(*stats) };
	return went_well("HMM_DMIRROR_STATS",
			 command(driver, HMM_DMIRROR_STATS, stats));
}

int driver_needed(const char **why)
{
	struct hmm_dmirror_stats stats;
	const char *verdict;
	int driver;

	if (!is_right(driver_open(&driver)))
		return missing("there is no /dev/hmm_dmirror0: modprobe test_hmm",
			       why);
	verdict = statistics(driver, &stats);
	close(driver);
	if (!is_right(verdict))
		return missing("this test_hmm has none of the commands from 0x80 on",
			       why);
	return KSFT_PASS;
}

const char *driver_open(int *driver)
{
	char path[32];

	snprintf(path, sizeof(path), "/dev/hmm_dmirror%u", device_minor);
	*driver = open(path, O_RDWR | O_CLOEXEC);
	return went_well(path, *driver < 0 ? -errno : 0);
}

static const char *take(int driver, uint64_t addr, size_t npages,
			unsigned int flags)
{
	struct hmm_dmirror_hold hold = {
		.size = sizeof(hold),
		.flags = flags,
		.addr = addr,
		.npages = npages,
	};

	CHECK(went_well("HMM_DMIRROR_HOLD",
			command(driver, HMM_DMIRROR_HOLD, &hold)));
	if (hold.held != npages)
		return wrong("the driver holds %llu pages; should be %zu",
			     (unsigned long long)hold.held, npages);
	return RIGHT;
}

const char *driver_hold(int driver, void *addr, size_t npages)
{
	return take(driver, (uintptr_t)addr, npages, 0);
}

const char *driver_pin(int driver, void *addr, size_t npages)
{
	return take(driver, (uintptr_t)addr, npages,
		    HMM_DMIRROR_HOLD_PIN | HMM_DMIRROR_HOLD_WRITE);
}

const char *driver_hold_frame(int driver, uint64_t pfn)
{
	return take(driver, pfn * devthp_page_size(), 1,
		    HMM_DMIRROR_HOLD_FRAMES);
}

static const char *drop(int driver, uint64_t addr, size_t npages,
			unsigned int flags, size_t held)
{
	struct hmm_dmirror_hold hold = {
		.size = sizeof(hold),
		.flags = flags,
		.addr = addr,
		.npages = npages,
	};

	CHECK(went_well("HMM_DMIRROR_UNHOLD",
			command(driver, HMM_DMIRROR_UNHOLD, &hold)));
	if (hold.held != held)
		return wrong("the driver let go of %llu pages; should be %zu",
			     (unsigned long long)hold.held, held);
	return RIGHT;
}

const char *driver_let_go(int driver, void *addr, size_t npages, size_t held)
{
	return drop(driver, (uintptr_t)addr, npages, 0, held);
}

const char *driver_let_go_of_frame(int driver, uint64_t pfn)
{
	return drop(driver, pfn * devthp_page_size(), 1,
		    HMM_DMIRROR_HOLD_FRAMES, 1);
}

const char *driver_evict(int driver)
{
	struct hmm_dmirror_evict evict = { .size = sizeof(evict) };

	return went_well("HMM_DMIRROR_EVICT",
			 command(driver, HMM_DMIRROR_EVICT, &evict));
}

const char *driver_in_use(int driver, uint64_t *pages)
{
	struct hmm_dmirror_stats stats;

	CHECK(statistics(driver, &stats));
	*pages = stats.pages_total - stats.pages_free;
	return RIGHT;
}

const char *driver_pinned_sources(int driver, uint64_t *sources)
{
	struct hmm_dmirror_stats stats;

	CHECK(statistics(driver, &stats));
	*sources = stats.src_pinned;
	return RIGHT;
}

int driver_pause(int driver, unsigned int point, unsigned int action,
		 unsigned int timeout_ms)
{
	struct hmm_dmirror_pause cmd = {
		.size = sizeof(cmd),
		.point = point,
		.action = action,
		.timeout_ms = timeout_ms,
	};

	return command(driver, HMM_DMIRROR_PAUSE, &cmd);
}

const char *driver_in_use_is(int driver, uint64_t want)
{
	uint64_t in_use;

	CHECK(driver_in_use(driver, &in_use));
	if (in_use != want)
		return wrong("%llu pages of the device are in use; should be %llu",
			     (unsigned long long)in_use,
			     (unsigned long long)want);
	return RIGHT;
}
