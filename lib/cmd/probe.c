// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* "devthp probe": what this kernel, module and device support, in plain words. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "environment.h"
#include "report.h"

static void help(void)
{
	printf("Usage: devthp probe [OPTION]...\n"
	       "Say in plain words what this kernel, its configuration, the module and a device\n"
	       "support, by sending one huge folio there and back.\n\n"
	       "  --device PATH  the device (%s)\n"
	       "  --json\n"
	       "  --help\n\n"
	       "Exit status: 0 huge folios go and come back whole, 1 data was lost, 2 usage,\n"
	       "3 something is missing.\n",
	       usual_device());
}

#define LINE "%-15s"

static void show_system(const struct devthp_system *system)
{
	static const struct {
		const char *name, *text;
	} policies[] = {
		[DEVTHP_THP_UNSUPPORTED] = { "unsupported", "not built in" },
		[DEVTHP_THP_NEVER] = { "never", "switched off" },
		[DEVTHP_THP_MADVISE] = { "madvise", "where asked for by madvise" },
		[DEVTHP_THP_ALWAYS] = { "always", "always" },
	};
	char size[16];

	fact_string("kernel", system->release, LINE "Linux %s", "kernel", system->release);
	fact_string("machine", system->machine, " %s\n", system->machine);
	fact_number("page_size", system->page_size, NULL);
	words(LINE, "huge pages");
	if (system->pmd_size) {
		fact_number("pmd_size", system->pmd_size, "%s",
			    size_text(size, system->pmd_size));
		fact_number("pmd_order", system->pmd_order, " (order %u), ", system->pmd_order);
	} else {
		fact_null("pmd_size", NULL);
		fact_null("pmd_order", NULL);
	}
	fact_string("huge_pages", policies[system->thp].name, "%s\n",
		    policies[system->thp].text);
	config_show(system->release);
	words(LINE, "folio probe");
	if (system->probe_version)
		fact_number("probe_version", system->probe_version, "version %u\n",
			    system->probe_version);
	else
		fact_null("probe_version", "%s\n", probe_lack(system));
	fact_bool("pfns_visible", system->pfns_visible, LINE "%s\n", "PFNs",
		  system->pfns_visible ? "visible in /proc/PID/pagemap" : "hidden from us");
}

/* A list of words, with commas between them. */
static void item(const char *word, bool *first)
{
	fact_string(NULL, word, "%s%s", *first ? "" : ", ", word);
	*first = false;
}

static void show_device(const struct devthp_device_info *info)
{
	const char *memory = info->caps & DEVTHP_CAP_COHERENT ? "coherent" :
			     info->caps & DEVTHP_CAP_PRIVATE ? "private" : NULL;

	fact_string("device", info->path, LINE "%s", "device", info->path);
	fact_string("backend", info->backend, " (%s)", info->backend);
	if (memory)
		fact_string("memory", memory, ", %s memory\n", memory);
	else
		fact_null("memory", ", no kernel's memory\n");
	fact_number("window_pages", info->window_pages, LINE "%" PRIu64 " page%s at most\n",
		    "migrates", info->window_pages, info->window_pages == 1 ? "" : "s");
}

/*
 * What can be asked of it. Calls that the module may not know are asked in a way that
 * does nothing: the answer is another error than -EOPNOTSUPP, or none.
 */
static void show_calls(struct devthp_device *dev, const struct devthp_device_info *info)
{
	static const struct {
		uint32_t cap;
		const char *name;
	} caps[] = {
		{ DEVTHP_CAP_MIGRATE, "migrate" },
		{ DEVTHP_CAP_ACCESS, "read and write" },
		{ DEVTHP_CAP_SNAPSHOT, "snapshot" },
		{ DEVTHP_CAP_EVICT, "evict" },
		{ DEVTHP_CAP_EXCLUSIVE, "exclusive access" },
	};
	struct devthp_usage usage = { .size = sizeof(usage) };
	struct devthp_times times = { .size = sizeof(times) };
	static char page[1];
	void *base = (void *)((uintptr_t)page & -devthp_page_size());
	const struct {
		const char *name;
		bool known;
	} asked[] = {
		{ "fail an allocation", !devthp_device_fail_alloc(dev, 0) },
		{ "hold pages", devthp_device_unhold(dev, base, 1, NULL) != -EOPNOTSUPP },
		{ "pause a migration",
		  devthp_device_resume(dev, DEVTHP_POINT_TO_DEVICE_SETUP) != -EOPNOTSUPP },
		{ "tell its usage", !devthp_device_usage(dev, &usage) },
		{ "tell times", !devthp_device_times(dev, &times) },
	};
	bool first = true;
	size_t i, round;

	for (round = 0; round < 2; round++) {
		const bool can = !round;

		words(LINE, can ? "it can" : "it cannot");
		fact_list(can ? "can" : "cannot");
		first = true;
		for (i = 0; i < ARRAY_SIZE(caps); i++) {
			if (!!(info->caps & caps[i].cap) == can)
				item(caps[i].name, &first);
		}
		for (i = 0; i < ARRAY_SIZE(asked); i++) {
			if (asked[i].known == can)
				item(asked[i].name, &first);
		}
		words("%s\n", first ? "-" : "");
		fact_end();
	}
}

static void show_way(const char *key, const char *subject, const struct devthp_trial *trial,
		     uint32_t order)
{
	words(LINE, subject);
	if (order)
		fact_number(key, order, "a folio goes whole (order %u, one entry)\n", order);
	else
		fact_number(key, order, "page by page%s\n",
			    trial->orders_known ? "" : ", as far as can be seen");
}

static int try_device(struct devthp_device *dev, const struct devthp_device_info *info)
{
	const bool kernel_knows = info->caps & (DEVTHP_CAP_PRIVATE | DEVTHP_CAP_COHERENT);
	struct devthp_trial trial = { .size = sizeof(trial) };
	int ret = try_out(dev, &trial);
	bool whole;

	if (ret)
		return ret;
	if (trial.orders_known && !trial.system_huge)
		return complain(EXIT_LACKING,
				"the kernel gave no huge page to try with; free some memory");
	show_way("order_to_device", "to the device", &trial, trial.device_order);
	show_way("order_to_system", "to the system", &trial, trial.system_order);
	fact_bool("orders_known", trial.orders_known, NULL);
	fact_bool("data_good", trial.data_good, LINE "%s\n", "data",
		  trial.data_good ? "good" : "lost on the way");
	if (!trial.data_good)
		return EXIT_WRONG;
	if (!trial.orders_known)
		return complain(EXIT_LACKING,
				"nothing tells whether folios stay whole: no /dev/folio_probe, no snapshot by the backend");
	if (!kernel_knows) {
		fact_null("device_huge_pages",
			  "\nThis says nothing of the kernel, which does not know the device.\n");
		return EXIT_GOOD;
	}
	whole = trial.device_order && trial.system_order;
	fact_bool("device_huge_pages", whole, "\nThis kernel has %s\n", whole ?
		  "device-private huge pages." :
		  "no device-private huge pages; boot the patched kernel: make run");
	return whole ? EXIT_GOOD : EXIT_LACKING;
}

static int show_all(struct devthp_device *dev)
{
	struct devthp_device_info info = { .size = sizeof(info) };
	int ret = devthp_device_query(dev, &info);

	if (ret)
		return complain(EXIT_LACKING, "cannot query the device: %s", strerror(-ret));
	show_device(&info);
	show_calls(dev, &info);
	return try_device(dev, &info);
}

int cmd_probe(int argc, char **argv)
{
	static const struct option options[] = {
		{ "device", required_argument, NULL, 'd' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	struct devthp_system system = { .size = sizeof(system) };
	struct devthp_device *dev = NULL;
	const char *path = NULL;
	int option, opened, status, ret;
	bool json = false;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'd':
			path = optarg;
			break;
		case 'j':
			json = true;
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
	opened = open_device(&dev, path);
	if (is_wrong_device(opened))
		return explain_device(opened, path);

	report_begin("probe", json);
	ret = devthp_system_query(&system);
	if (ret)
		return complain(EXIT_LACKING, "cannot query the system: %s", strerror(-ret));
	show_system(&system);
	status = need_huge_pages(&system);
	if (!status)
		status = opened ? explain_device(opened, path) : show_all(dev);
	devthp_device_close(dev);
	return status;
}
