// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "textfile.h"
#include "verdict.h"
#include "waiting.h"

static bool is_of_our_group(const char *pid)
{
	char path[64], stat[512], *rest;
	int group;

	snprintf(path, sizeof(path), "/proc/%.10s/stat", pid);
	if (!is_right(file_read(path, stat, sizeof(stat))))
		return false;
	/* Behind the name, which may have anything in it: state, parent, group. */
	rest = strrchr(stat, ')');
	return rest && sscanf(rest, ") %*c %*d %d", &group) == 1 && group == getpgrp();
}

static size_t add_threads(const char *pid, char *text, size_t room)
{
	char path[64], where[64];
	struct dirent *entry;
	size_t length = 0;
	DIR *threads;

	snprintf(path, sizeof(path), "/proc/%.10s/task", pid);
	threads = opendir(path);
	while (threads && length < room && (entry = readdir(threads))) {
		if (!isdigit((unsigned char)*entry->d_name))
			continue;
		snprintf(path, sizeof(path), "/proc/%.10s/task/%.10s/wchan", pid, entry->d_name);
		if (is_right(file_read(path, where, sizeof(where))))
			length += snprintf(text + length, room - length, "%.10s/%.10s in %s, ", pid,
					   entry->d_name, where);
	}
	if (threads)
		closedir(threads);
	return length;
}

void waiting_where(char *text, size_t room)
{
	struct dirent *entry;
	size_t length = 0;
	DIR *processes = opendir("/proc");

	*text = '\0';
	while (processes && length < room && (entry = readdir(processes)))
		if (isdigit((unsigned char)*entry->d_name) && is_of_our_group(entry->d_name))
			length += add_threads(entry->d_name, text + length, room - length);
	if (processes)
		closedir(processes);
}
