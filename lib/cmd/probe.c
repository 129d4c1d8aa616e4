// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* "devthp probe": what this kernel, module and device support, in plain words. */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "environment.h"

static void help(void)
{
	puts("Usage: devthp probe [OPTION]...\n"
	     "Say in plain words what this kernel, its module and a device support, by\n"
	     "sending one huge folio there and back.\n\n"
	     "  --device PATH  the device (/dev/hmm_dmirror0)\n"
	     "  --help\n\n"
	     "Exit status: 0 huge folios go and come back whole, 1 data was lost, 2 usage,\n"
	     "3 something is missing.");
}

static void line(const char *subject, const char *fact)
{
	printf("%-15s%s\n", subject, fact);
}

static void show_system(const struct devthp_system *system)
{
	static const char *const policies[] = {
		[DEVTHP_THP_UNSUPPORTED] = "not built in",
		[DEVTHP_THP_NEVER] = "switched off",
		[DEVTHP_THP_MADVISE] = "where asked for by madvise",
		[DEVTHP_THP_ALWAYS] = "always",
	};
	char text[128], size[16];

	snprintf(text, sizeof(text), "Linux %s %s", system->release, system->machine);
	line("kernel", text);
	snprintf(text, sizeof(text), "%s (order %u), %s", size_text(size, system->pmd_size),
		 system->pmd_order, policies[system->thp]);
	line("huge pages", system->pmd_size ? text : policies[system->thp]);
	snprintf(text, sizeof(text), "version %u", system->probe_version);
	line("folio probe", system->probe_version ? text : probe_lack(system));
	line("PFNs", system->pfns_visible ? "visible in /proc/PID/pagemap" : "hidden from us");
}

static void show_device(struct devthp_device *dev)
{
	struct devthp_device_info info = { .size = sizeof(info) };
	char text[256];

	if (devthp_device_query(dev, &info))
		return;
	snprintf(text, sizeof(text), "%s (%s), %s memory", info.path, info.backend,
		 info.caps & DEVTHP_CAP_COHERENT ? "coherent" :
		 info.caps & DEVTHP_CAP_PRIVATE ? "private" : "no kernel's");
	line("device", text);
}

static void show_way(const char *subject, const struct devthp_trial *trial, uint32_t order)
{
	char text[64];

	if (order)
		snprintf(text, sizeof(text), "a folio goes whole (order %u, one entry)", order);
	else
		snprintf(text, sizeof(text), "page by page%s",
			 trial->orders_known ? "" : ", as far as can be seen");
	line(subject, text);
}

static bool is_the_kernels(const struct devthp_device *dev)
{
	struct devthp_device_info info = { .size = sizeof(info) };

	return !devthp_device_query(dev, &info) &&
	       info.caps & (DEVTHP_CAP_PRIVATE | DEVTHP_CAP_COHERENT);
}

static int try_device(struct devthp_device *dev)
{
	struct devthp_trial trial = { .size = sizeof(trial) };
	int ret = devthp_device_try(dev, &trial);

	if (ret)
		return complain(EXIT_LACKING, "cannot try the device out: %s", strerror(-ret));
	if (trial.orders_known && !trial.system_huge)
		return complain(EXIT_LACKING,
				"the kernel gave no huge page to try with; free some memory");
	show_way("to the device", &trial, trial.device_order);
	show_way("to the system", &trial, trial.system_order);
	line("data", trial.data_good ? "good" : "lost on the way");
	line("failing alloc", trial.fail_alloc ? "can be injected" : "not known to the module");
	if (!trial.data_good)
		return EXIT_WRONG;
	if (!trial.orders_known) {
		puts("\nWhether folios stay whole cannot be seen: /dev/folio_probe would tell, or a snapshot by the backend.");
		return EXIT_LACKING;
	}
	if (!is_the_kernels(dev)) {
		puts("\nThis says nothing of the kernel, which does not know the device.");
		return EXIT_GOOD;
	}
	if (trial.device_order && trial.system_order) {
		puts("\nThis kernel has device-private huge pages.");
		return EXIT_GOOD;
	}
	puts("\nThis kernel has no device-private huge pages; boot the patched kernel: make run");
	return EXIT_LACKING;
}

int cmd_probe(int argc, char **argv)
{
	static const struct option options[] = {
		{ "device", required_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	struct devthp_system system = { .size = sizeof(system) };
	struct devthp_device *dev = NULL;
	const char *path = NULL;
	int option, status, ret;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'd':
			path = optarg;
			break;
		case 'h':
			help();
			return EXIT_GOOD;
		default:
			return complain(EXIT_USAGE, "see devthp probe --help");
		}
	}
	if (optind < argc)
		return complain(EXIT_USAGE, "probe takes no \"%s\"; see devthp probe --help",
				argv[optind]);
	ret = devthp_system_query(&system);
	if (ret)
		return complain(EXIT_LACKING, "cannot query the system: %s", strerror(-ret));
	show_system(&system);
	status = need_huge_pages(&system);
	if (!status)
		status = need_device(&dev, path);
	if (!status) {
		show_device(dev);
		status = try_device(dev);
	}
	devthp_device_close(dev);
	return status;
}
