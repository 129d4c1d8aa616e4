// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <devthp_backend.h>

#include "need.h"
#include "ready.h"
#include "textfile.h"
#include "verdict.h"

static bool says_1(const char *name)
{
	const char *value = getenv(name);

	return value && !strcmp(value, "1");
}

bool nobody_else_is_here(void)
{
	return says_1("DEVTHP_ALONE");
}

bool kernel_is_slow(void)
{
	return file_exists("/sys/kernel/debug/kmemleak");
}

bool everything_is_required(void)
{
	return says_1("DEVTHP_REQUIRE");
}

static int system_ready(struct devthp_system *system, const char **why)
{
	*why = went_well("query the system", devthp_system_query(system));
	if (!is_right(*why))
		return KSFT_FAIL;
	if (system->thp == DEVTHP_THP_UNSUPPORTED || !system->pmd_size)
		return missing("this kernel has no transparent huge pages: CONFIG_TRANSPARENT_HUGEPAGE is off",
			       why);
	if (system->thp == DEVTHP_THP_NEVER)
		return missing("transparent huge pages are switched off: write madvise to /sys/kernel/mm/transparent_hugepage/enabled",
			       why);
	if (everything_is_required() && !system->probe_version) {
		*why = wrong("/dev/folio_probe is required and cannot be opened: %s",
			     strerror(-system->probe_error));
		return KSFT_FAIL;
	}
	return KSFT_PASS;
}

static int node_ready(struct devthp_device **dev, const char **why)
{
	int err = devthp_device_open(dev, NULL);

	*why = went_well("open the device", err);
	if (!err)
		return KSFT_PASS;
	if (err == -ENOENT || err == -ENXIO)
		return missing(wrong("backend %s: there is no device: load its driver",
				     devthp_backend_default()), why);
	if (err == -EACCES || err == -EPERM)
		return missing(wrong("backend %s: no permission to open its device: run as root",
				     devthp_backend_default()), why);
	return KSFT_FAIL;
}

/* The harness runs every test in a process of its own; all share what one found. */
static struct finding {
	bool found;
	int ready;
	char why[256];
} *finding;

static void __attribute__((constructor)) share_finding(void)
{
	finding = mmap(NULL, sizeof(*finding), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (finding == MAP_FAILED)
		abort();
}

static int try_feature(struct devthp_device *dev, unsigned int pmd_order,
		       bool look, const char **why)
{
	struct devthp_trial trial = { .size = sizeof(trial) };

	*why = went_well("try a huge page on the device",
			 lacking(dev, "migrate_to_device, or read",
				 devthp_device_try(dev, &trial)));
	if (!is_right(*why))
		return KSFT_FAIL;
	if (!trial.orders_known) {
		*why = RIGHT;
		return look ? missing("whether a huge page stays whole on the device cannot be seen: there is no /dev/folio_probe, and the backend has no member snapshot",
				      why) : KSFT_PASS;
	}
	if (!trial.system_huge)
		return missing("no huge page could be allocated to try with: memory is short or fragmented",
			       why);
	if (!trial.data_good) {
		*why = "data changed on its way to the device and back";
		return KSFT_FAIL;
	}
	if (trial.device_order != pmd_order)
		return missing_feature("device-huge-pages",
				       "this kernel has no device-private huge folios: a huge page arrives on the device in small pages",
				       why);
	return KSFT_PASS;
}

static int feature_ready(struct devthp_device *dev, unsigned int pmd_order,
			 bool look, const char **why)
{
	if (!finding->found) {
		finding->ready = try_feature(dev, pmd_order, look, why);
		snprintf(finding->why, sizeof(finding->why), "%s", *why);
		finding->found = true;
	}
	*why = finding->why;
	return finding->ready;
}

/* Only the probe tells which of the pages that the CPU uses are a device's. */
static int coherent_ready(struct devthp_device **dev,
			  const struct devthp_system *system, const char **why)
{
	int ready = coherent_needed(why);

	if (ready != KSFT_PASS)
		return ready;
	if (!system->probe_version)
		return missing("there is no /dev/folio_probe, which tells device-coherent pages from others",
			       why);
	devthp_device_close(*dev);
	*dev = NULL;
	*why = device_open(dev, device_minor);
	return is_right(*why) ? KSFT_PASS : KSFT_FAIL;
}

/* Whether page tables and folios have anything to say of the device's memory. */
static bool kernel_knows(const struct devthp_device *dev)
{
	struct devthp_device_info info = { .size = sizeof(info) };

	return !devthp_device_query(dev, &info) &&
	       info.caps & (DEVTHP_CAP_PRIVATE | DEVTHP_CAP_COHERENT);
}

static int ready(struct devthp_device **dev, bool look, const char **why)
{
	struct devthp_system system = { .size = sizeof(system) };
	int ready;

	ready = system_ready(&system, why);
	if (ready != KSFT_PASS)
		return ready;
	ready = node_ready(dev, why);
	if (ready != KSFT_PASS)
		return ready;
	if (kernel_knows(*dev))
		ready = feature_ready(*dev, system.pmd_order, look, why);
	else if (look)
		ready = missing("the kernel knows nothing of this device's memory: it is neither private nor coherent",
				why);
	if (ready == KSFT_PASS && device_minor >= COHERENT_MINOR)
		ready = coherent_ready(dev, &system, why);
	if (ready != KSFT_PASS) {
		devthp_device_close(*dev);
		*dev = NULL;
	}
	return ready;
}

int device_ready(struct devthp_device **dev, const char **why)
{
	return ready(dev, true, why);
}

int any_device_ready(struct devthp_device **dev, const char **why)
{
	return ready(dev, false, why);
}

int device_may_be_ready(const char **why)
{
	if (!finding->found || finding->ready != KSFT_SKIP)
		return KSFT_PASS;
	*why = finding->why;
	return KSFT_SKIP;
}

const char *device_open(struct devthp_device **dev, unsigned int minor)
{
	const struct devthp_device_opts opts = {
		.size = sizeof(opts),
		.minor = minor,
	};

	return went_well("open the device", devthp_device_open(dev, &opts));
}
