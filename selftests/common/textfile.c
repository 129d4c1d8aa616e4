// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "settle.h"
#include "textfile.h"
#include "undo.h"
#include "verdict.h"

bool file_exists(const char *path)
{
	return !access(path, F_OK);
}

const char *file_read(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length;

	if (fd < 0)
		return went_well(path, -errno);
	length = read(fd, text, size - 1);
	close(fd);
	if (length < 0)
		return went_well(path, -errno);
	while (length && text[length - 1] == '\n')
		length--;
	text[length] = '\0';
	return RIGHT;
}

const char *file_write(const char *path, const char *text)
{
	const ssize_t length = strlen(text);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	const char *verdict = RIGHT;

	if (fd < 0)
		return went_well(path, -errno);
	if (write(fd, text, length) != length)
		verdict = wrong("write \"%s\" to %s: %s", text, path,
				strerror(errno));
	close(fd);
	return verdict;
}

const char *file_number(const char *path, uint64_t *number)
{
	char text[64];

	CHECK(file_read(path, text, sizeof(text)));
	if (sscanf(text, "%" SCNu64, number) != 1)
		return wrong("%s: no number in \"%s\"", path, text);
	return RIGHT;
}

const char *file_number_grows(const char *path, uint64_t by)
{
	const time_t limit = time(NULL) + PATIENCE;
	uint64_t before, now;

	CHECK(file_number(path, &before));
	do {
		usleep(1000);
		CHECK(file_number(path, &now));
		if (time(NULL) > limit)
			return wrong("%s has grown by %" PRIu64 " in %d s; should by %" PRIu64,
				     path, now - before, PATIENCE, by);
	} while (now < before + by);
	return RIGHT;
}

const char *file_field(const char *path, const char *word, uint64_t *number)
{
	const size_t length = strlen(word);
	FILE *file = fopen(path, "re");
	bool found = false;
	char line[512];

	if (!file)
		return went_well(path, -errno);
	while (!found && fgets(line, sizeof(line), file))
		found = !strncmp(line, word, length) &&
			(line[length] == ' ' || line[length - 1] == ':') &&
			sscanf(line + length, "%" SCNu64, number) == 1;
	fclose(file);
	return found ? RIGHT : wrong("%s does not tell \"%s\"", path, word);
}

/* The choice in brackets, if there is one. */
static void keep_the_choice(char *text)
{
	char *choice = strchr(text, '[');
	char *end = choice ? strchr(choice, ']') : NULL;

	if (!end)
		return;
	*end = '\0';
	memmove(text, choice + 1, strlen(choice + 1) + 1);
}

/*
 * From the third field on: the name before it may be of anything. Without
 * "task" the times would be those of all threads of its process.
 */
static const char *read_stat(pid_t tid, char *text, size_t size,
			     const char **fields)
{
	char path[64], *behind;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", tid, tid);
	CHECK(file_read(path, text, size));
	behind = strrchr(text, ')');
	if (!behind || strlen(behind) < 3)
		return wrong("%s is \"%s\"", path, text);
	*fields = behind + 2;
	return RIGHT;
}

const char *task_state(pid_t tid, char *state)
{
	const char *fields;
	char text[512];

	CHECK(read_stat(tid, text, sizeof(text), &fields));
	*state = fields[0];
	return RIGHT;
}

const char *task_cpu_ms(pid_t tid, uint64_t *ms)
{
	uint64_t user, system;
	const char *fields;
	char text[512];

	CHECK(read_stat(tid, text, sizeof(text), &fields));
	if (sscanf(fields, "%*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %" SCNu64
		   " %" SCNu64, &user, &system) != 2)
		return wrong("the time that %d has used is not in its stat", tid);
	*ms = (user + system) * 1000 / sysconf(_SC_CLK_TCK);
	return RIGHT;
}

const char *setting_change(struct setting *setting, const char *path,
			   const char *value)
{
	char before[sizeof(setting->before)];

	CHECK(file_read(path, before, sizeof(before)));
	CHECK(file_write(path, value));
	/* Changed again, it is the first value that is put back. */
	if (setting->path[0])
		return RIGHT;
	keep_the_choice(before);
	strcpy(setting->before, before);
	snprintf(setting->path, sizeof(setting->path), "%s", path);
	undo_later(file_write, setting->path, setting->before);
	return RIGHT;
}

void setting_restore(struct setting *setting)
{
	if (!setting->path[0])
		return;
	file_write(setting->path, setting->before);
	undo_is_done(setting->path);
	setting->path[0] = '\0';
}
