// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* What a run needs of the system, and plain words for what is missing. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <devthp_backend.h>

#include "environment.h"

const char *size_text(char *text, uint64_t bytes)
{
	if (bytes >= 1 << 20 && bytes % (1 << 20) == 0)
		sprintf(text, "%u MiB", (unsigned int)(bytes >> 20));
	else
		sprintf(text, "%u KiB", (unsigned int)(bytes >> 10));
	return text;
}

int need_huge_pages(const struct devthp_system *system)
{
	if (system->thp == DEVTHP_THP_UNSUPPORTED)
		return complain(EXIT_LACKING,
				"this kernel has no transparent huge pages; it needs CONFIG_TRANSPARENT_HUGEPAGE=y");
	if (system->thp == DEVTHP_THP_NEVER)
		return complain(EXIT_LACKING,
				"transparent huge pages are switched off; echo madvise > /sys/kernel/mm/transparent_hugepage/enabled");
	return EXIT_GOOD;
}

int open_device(struct devthp_device **dev, const char *path)
{
	struct devthp_device_opts opts = { .size = sizeof(opts), .path = path };

	if (path && !*path)
		return -ENODEV;
	return devthp_device_open(dev, &opts);
}

bool is_wrong_device(int err)
{
	return err == -ENODEV || err == -ENOTTY;
}

/* The first node of the backend that is built in; of others nobody knows. */
static const char *usual_node(void)
{
	return strcmp(devthp_backend_default(), "test_hmm") ? NULL : "/dev/hmm_dmirror0";
}

const char *usual_device(void)
{
	static char text[64];

	if (usual_node())
		return usual_node();
	snprintf(text, sizeof(text), "that of backend %s", devthp_backend_default());
	return text;
}

int explain_device(int err, const char *path)
{
	const char *backend = devthp_backend_default();

	path = path ? path : usual_node();
	switch (err) {
	case -ENOENT:
	case -ENXIO:
		return complain(EXIT_LACKING, "backend %s: there is no device%s%s; load its driver%s",
				backend, path ? " " : "", path ? path : "", usual_node() ?
				" (modprobe test_hmm, from a kernel with CONFIG_TEST_HMM=m)" :
				path ? "" : ", or name its node with --device");
	case -EACCES:
	case -EPERM:
		return complain(EXIT_LACKING, "backend %s: no permission to open %s; run as root",
				backend, path ? path : "its device");
	case -ENODEV:
	case -ENOTTY:
		return complain(EXIT_USAGE, "backend %s: \"%s\" is not a device of its kind", backend,
				path ? path : "its usual device");
	default:
		return complain(EXIT_LACKING, "backend %s: cannot open %s: %s", backend,
				path ? path : "its device", strerror(-err));
	}
}

const char *probe_lack(const struct devthp_system *system)
{
	switch (system->probe_error) {
	case -ENOENT:
	case -ENXIO:
	case -ENODEV:
		return "there is no /dev/folio_probe; it needs the patched kernel with CONFIG_FOLIO_PROBE=y";
	case -EACCES:
	case -EPERM:
		return "no permission to use /dev/folio_probe; run as root";
	default:
		return strerror(-system->probe_error);
	}
}

/* Room for what the library says of an error. */
#define WHY	256

static void keep_why(void *why, unsigned int level, const char *message)
{
	(void)level;
	snprintf(why, WHY, "%s", message);
}

int try_out(struct devthp_device *dev, struct devthp_trial *trial)
{
	char why[WHY] = "";
	int ret;

	devthp_log_set(keep_why, why, DEVTHP_LOG_ERROR);
	ret = devthp_device_try(dev, trial);
	devthp_log_set(NULL, NULL, 0);
	if (ret)
		return complain(EXIT_LACKING, "cannot try the device out: %s",
				*why ? why : strerror(-ret));
	return EXIT_GOOD;
}

int need_whole_folios(struct devthp_device *dev, const struct devthp_system *system)
{
	struct devthp_trial trial = { .size = sizeof(trial) };
	int ret;

	/* With the probe, the steps themselves find out, and say where. */
	if (system->probe_version)
		return EXIT_GOOD;
	ret = try_out(dev, &trial);
	if (ret)
		return ret;
	if (!trial.data_good)
		return complain(EXIT_WRONG, "a page that went to the device and back lost its data");
	if (trial.orders_known && !trial.system_huge)
		return complain(EXIT_LACKING, "the kernel gave no huge page to try with; free some memory");
	if (trial.orders_known && !trial.device_order)
		return complain(EXIT_LACKING,
				"this kernel migrates device memory page by page: the folio did not stay whole (order 0 after migrating); boot the patched kernel: make run");
	return complain(EXIT_LACKING, "%s", probe_lack(system));
}
