// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pfnmap_child.h"
#include "verdict.h"

/* The child's sentence comes by a pipe. */
const char *pfnmap_in_child(struct pfnmap *map, const char *(*check)(struct pfnmap *map))
{
	char sentence[512];
	ssize_t length;
	int ends[2];
	pid_t child;

	if (pipe(ends))
		return went_well("make a pipe", -errno);
	child = fork();
	if (child < 0)
		return went_well("fork", -errno);
	if (!child) {
		snprintf(sentence, sizeof(sentence), "%s", check(map));
		_exit(write(ends[1], sentence, strlen(sentence)) < 0);
	}
	close(ends[1]);
	length = read(ends[0], sentence, sizeof(sentence) - 1);
	close(ends[0]);
	waitpid(child, NULL, 0);
	if (length <= 0)
		return wrong("a child died instead of saying something");
	sentence[length] = '\0';
	return is_right(sentence) ? RIGHT : wrong("child: %s", sentence);
}

static void read_byte(const char *addr)
{
	*(const volatile char *)addr;
}

static void write_byte(const char *addr)
{
	*(volatile char *)addr = 1;
}

static const char *dies_of(void (*access)(const char *addr), const char *addr)
{
	const pid_t child = fork();
	int status;

	if (child < 0)
		return went_well("fork", -errno);
	if (!child) {
		signal(SIGSEGV, SIG_DFL);
		access(addr);
		_exit(0);
	}
	if (waitpid(child, &status, 0) != child)
		return went_well("wait for a child", -errno);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV)
		return RIGHT;
	return wrong("%p can be accessed: status %#x", addr, status);
}

const char *pfnmap_cannot_read(const char *addr)
{
	return dies_of(read_byte, addr);
}

const char *pfnmap_cannot_write(const char *addr)
{
	return dies_of(write_byte, addr);
}
