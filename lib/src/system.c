// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* The library's version and what the system under it offers. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "backend.h"
#include "folio_probe.h"
#include "internal.h"
#include "source.h"
#include "text.h"

#define THP_DIR "/sys/kernel/mm/transparent_hugepage/"

/* No architecture comes near: what says more says nonsense. */
#define PMD_SIZE_LIMIT	(1ULL << 30)

#define STRING(x) #x
#define VERSION(major, minor) STRING(major) "." STRING(minor)

const char *devthp_version(void)
{
	return VERSION(DEVTHP_VERSION_MAJOR, DEVTHP_VERSION_MINOR);
}

size_t devthp_page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

int devthp_find_pmd_size(size_t *size)
{
	uint64_t bytes = 0;
	int ret = devthp_read_number(THP_DIR "hpage_pmd_size", &bytes);

	if (ret == -ENOENT) {
		*size = 0;
		return 0;
	}
	if (!ret && (bytes > PMD_SIZE_LIMIT || bytes <= devthp_page_size() || bytes & (bytes - 1)))
		ret = -EIO;
	if (ret)
		devthp_log(DEVTHP_LOG_ERROR, ret, "what a PMD entry maps is not to be had: %m");
	else
		*size = bytes;
	return ret;
}

size_t devthp_pmd_size(void)
{
	DEVTHP_KEEP_ERRNO;
	size_t size;

	return devthp_find_pmd_size(&size) ? 0 : size;
}

bool devthp_release_between(unsigned int from, unsigned int from_minor, unsigned int to,
			    unsigned int to_minor)
{
	uint64_t major, minor;
	struct utsname name;
	const char *at;

	if (devthp_sys->uname(&name))
		return false;
	at = devthp_parse_number(name.release, 10, &major);
	if (!at || *at != '.' || !devthp_parse_number(at + 1, 10, &minor))
		return false;
	return (major > from || (major == from && minor >= from_minor)) &&
	       (major < to || (major == to && minor <= to_minor));
}

static int find_thp_policy(uint32_t *policy)
{
	char *text;
	int ret;

	*policy = DEVTHP_THP_UNSUPPORTED;
	ret = devthp_read_text(THP_DIR "enabled", &text);
	if (ret)
		return ret == -ENOENT ? 0 : ret;
	if (strstr(text, "[always]"))
		*policy = DEVTHP_THP_ALWAYS;
	else if (strstr(text, "[madvise]"))
		*policy = DEVTHP_THP_MADVISE;
	else if (strstr(text, "[never]"))
		*policy = DEVTHP_THP_NEVER;
	free(text);
	return 0;
}

static int probe_version(uint32_t *version)
{
	int fd, ret;

	fd = devthp_probe_open();
	if (fd < 0)
		return fd;
	ret = devthp_sys->ioctl(fd, FOLIO_PROBE_GET_VERSION, NULL);
	devthp_sys->close(fd);
	if (ret < 0)
		return ret;
	*version = (uint32_t)ret;
	return 0;
}

int devthp_system_query(struct devthp_system *system)
{
	DEVTHP_KEEP_ERRNO;
	struct devthp_system facts = { .page_size = devthp_page_size() };
	struct utsname name;
	unsigned int minor;
	size_t pmd_size;
	char path[64];
	int ret;

	ret = system ? devthp_report_check(system) : -EINVAL;
	ret = ret ? ret : devthp_find_pmd_size(&pmd_size);
	ret = ret ? ret : find_thp_policy(&facts.thp);
	if (ret)
		return ret;

	facts.pmd_size = pmd_size;
	while (facts.page_size << facts.pmd_order < facts.pmd_size)
		facts.pmd_order++;
	facts.probe_error = probe_version(&facts.probe_version);
	facts.pfns_visible = devthp_pagemap_shows_pfns();
	for (minor = 0; devthp_test_hmm_node(minor, path, sizeof(path)) > 0; minor++) {
		if (!access(path, F_OK))
			facts.devices |= 1U << minor;
	}
	if (!devthp_sys->uname(&name)) {
		snprintf(facts.release, sizeof(facts.release), "%.63s", name.release);
		snprintf(facts.machine, sizeof(facts.machine), "%.31s", name.machine);
	}
	devthp_report_put(system, &facts, sizeof(facts));
	return 0;
}
