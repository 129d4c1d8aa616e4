// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <devthp.h>

#include "driver.h"
#include "need.h"
#include "ready.h"
#include "verdict.h"

static int usage(struct devthp_device *driver, struct devthp_usage *usage)
{
	*usage = (struct devthp_usage){ .size = sizeof(*usage) };
	return (devthp_device_usage)(driver, usage);
}

int driver_needed(const char **why)
{
	struct devthp_device *driver;
	const char *verdict = driver_open(&driver);
	struct devthp_usage now;
	int err;

	if (!is_right(verdict))
		return missing(wrong("%s: modprobe test_hmm", verdict), why);
	err = usage(driver, &now);
	devthp_device_close(driver);
	if (err)
		return missing("this device does not tell its usage; an old test_hmm has no commands for that",
			       why);
	return KSFT_PASS;
}

int driver_file_needed(const char **why)
{
	struct devthp_device_info info = { .size = sizeof(info) };
	int ready = driver_needed(why);
	struct devthp_device *driver;

	if (ready != KSFT_PASS)
		return ready;
	*why = driver_open(&driver);
	if (!is_right(*why))
		return KSFT_FAIL;
	devthp_device_query(driver, &info);
	devthp_device_close(driver);
	if (strcmp(info.backend, "test_hmm"))
		return missing("this is about test_hmm's own commands, and the device is another one",
			       why);
	return KSFT_PASS;
}

const char *driver_open(struct devthp_device **driver)
{
	return device_open(driver, device_minor);
}

static const char *file_of(unsigned int minor, int *fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/dev/hmm_dmirror%u", minor);
	do {
		*fd = open(path, O_RDWR | O_CLOEXEC);
	} while (*fd < 0 && errno == EINTR);
	return went_well(path, *fd < 0 ? -errno : 0);
}

const char *driver_file(int *fd)
{
	return file_of(device_minor, fd);
}

const char *driver_other_file(int *fd)
{
	return file_of(device_minor + 1, fd);
}

static const char *taken(int err, uint64_t held, size_t npages)
{
	CHECK(went_well("let the driver hold pages", err));
	if (held != npages)
		return wrong("the driver holds %llu pages; should be %zu",
			     (unsigned long long)held, npages);
	return RIGHT;
}

const char *driver_hold(struct devthp_device *driver, void *addr, size_t npages)
{
	uint64_t held = 0;
	int err = devthp_device_hold(driver, addr, npages, 0, &held);

	return taken(err, held, npages);
}

const char *driver_pin(struct devthp_device *driver, void *addr, size_t npages)
{
	uint64_t held = 0;
	int err = devthp_device_hold(driver, addr, npages, DEVTHP_HOLD_PIN |
				     DEVTHP_HOLD_WRITE, &held);

	return taken(err, held, npages);
}

const char *driver_hold_frame(struct devthp_device *driver, uint64_t pfn)
{
	uint64_t held = 0;
	int err = devthp_device_hold_frames(driver, pfn, 1, &held);

	return taken(err, held, 1);
}

static const char *dropped(int err, uint64_t held, size_t npages)
{
	CHECK(went_well("let the driver let go of pages", err));
	if (held != npages)
		return wrong("the driver let go of %llu pages; should be %zu",
			     (unsigned long long)held, npages);
	return RIGHT;
}

const char *driver_let_go(struct devthp_device *driver, void *addr, size_t npages,
			  size_t held)
{
	uint64_t now = 0;
	int err = devthp_device_unhold(driver, addr, npages, &now);

	return dropped(err, now, held);
}

const char *driver_let_go_of_frame(struct devthp_device *driver, uint64_t pfn)
{
	uint64_t held = 0;
	int err = devthp_device_unhold_frames(driver, pfn, 1, &held);

	return dropped(err, held, 1);
}

const char *driver_evict(struct devthp_device *driver)
{
	return went_well("evict the device", devthp_device_drain(driver, NULL));
}

const char *driver_in_use(struct devthp_device *driver, uint64_t *pages)
{
	struct devthp_usage now;

	CHECK(went_well("ask for the use of the device", usage(driver, &now)));
	*pages = now.pages_total - now.pages_free;
	return RIGHT;
}

const char *driver_pinned_sources(struct devthp_device *driver, uint64_t *sources)
{
	struct devthp_usage now;

	CHECK(went_well("ask for the use of the device", usage(driver, &now)));
	*sources = now.pinned;
	return RIGHT;
}

const char *driver_in_use_is(struct devthp_device *driver, uint64_t want)
{
	uint64_t in_use;

	CHECK(driver_in_use(driver, &in_use));
	if (in_use != want)
		return wrong("%llu pages of the device are in use; should be %llu",
			     (unsigned long long)in_use,
			     (unsigned long long)want);
	return RIGHT;
}
