// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* What the running kernel was built with, where it or its package tells. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "report.h"

static const struct {
	const char *name;
	const char *need;
} options[CONFIG_OPTIONS] = {
	{ "CONFIG_TRANSPARENT_HUGEPAGE", "huge pages" },
	{ "CONFIG_DEVICE_PRIVATE", "devices with memory of their own" },
	{ "CONFIG_HMM_MIRROR", "devices that mirror address spaces" },
	{ "CONFIG_TEST_HMM", "a device without hardware, to test with" },
	{ "CONFIG_FOLIO_PROBE", "facts on folios; part of this series" },
};

/* A stream of the configuration, to be closed by close_config(). */
static FILE *open_config(const char *release, char *path, size_t room)
{
	static const char *const places[] = { "/boot/config-%s", "/lib/modules/%s/config" };
	FILE *stream;
	size_t i;

	/* What the kernel itself says comes first. */
	snprintf(path, room, "/proc/config.gz");
	if (!access(path, R_OK))
		return popen("gzip -dc /proc/config.gz 2>/dev/null", "re");
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		snprintf(path, room, i ? places[1] : places[0], release);
		stream = fopen(path, "re");
		if (stream)
			return stream;
	}
	return NULL;
}

static void close_config(FILE *stream, const char *path)
{
	if (!strcmp(path, "/proc/config.gz"))
		pclose(stream);
	else
		fclose(stream);
}

bool config_read(FILE *stream, char *values)
{
	size_t i, length, room = 0;
	char *line = NULL;
	bool any = false;

	memset(values, 'n', CONFIG_OPTIONS);
	while (getline(&line, &room, stream) > 0) {
		line[strcspn(line, "\n")] = '\0';
		any |= !strncmp(line, "CONFIG_", 7);
		for (i = 0; i < CONFIG_OPTIONS; i++) {
			length = strlen(options[i].name);
			if (!strncmp(line, options[i].name, length) &&
			    (!strcmp(line + length, "=y") || !strcmp(line + length, "=m")))
				values[i] = line[length + 1];
		}
	}
	free(line);
	return any;
}

static const char *value_text(char value)
{
	return value == 'y' ? "built in" : value == 'm' ? "a module" : "no";
}

void config_show(const char *release)
{
	char path[128], values[CONFIG_OPTIONS];
	FILE *stream = open_config(release, path, sizeof(path));
	bool read = stream && config_read(stream, values);
	size_t i;

	if (stream)
		close_config(stream, path);
	fact_object("config");
	if (read)
		fact_string("source", path, "%-15sas in %s\n", "config", path);
	else
		fact_null("source", "%-15snowhere to be read\n", "config");
	for (i = 0; read && i < CONFIG_OPTIONS; i++) {
		const char value[] = { values[i], '\0' };

		fact_string(options[i].name, value, "  %-28s %-8s  (%s)\n", options[i].name,
			    value_text(values[i]), options[i].need);
	}
	fact_end();
}
