/* SPDX-License-Identifier: GPL-2.0 */
/* Files of /proc, /sys and cgroups: short texts, numbers, switches. */
#ifndef TEXTFILE_H
#define TEXTFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

bool file_exists(const char *path);

/* Read what fits, without the newline at the end. */
const char *file_read(const char *path, char *text, size_t size);

const char *file_write(const char *path, const char *text);

/* The first number in the file. */
const char *file_number(const char *path, uint64_t *number);

/* Wait, as long as patience lasts, until that number has grown by so much. */
const char *file_number_grows(const char *path, uint64_t by);

/* The number behind a word at the beginning of a line: "Rss: 4 kB", "anon 0". */
const char *file_field(const char *path, const char *word, uint64_t *number);

/* The letter of a process or thread in /proc/TID/stat. */
const char *task_state(pid_t tid, char *state);

/* What it has used of a CPU, user and system time together. */
const char *task_cpu_ms(pid_t tid, uint64_t *ms);

/* A setting that is put back; {} is one that was never changed. */
struct setting {
	char path[160];
	char before[64];
};

/*
 * Change it. Where the file lists the choices, as in "always [never]", the one
 * in brackets is what is put back.
 */
const char *setting_change(struct setting *setting, const char *path,
			   const char *value);
void setting_restore(struct setting *setting);

#endif
