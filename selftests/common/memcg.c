// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "memcg.h"
#include "need.h"
#include "settle.h"
#include "textfile.h"
#include "undo.h"
#include "verdict.h"

#define ROOT "/sys/fs/cgroup"

int memcg_needed(const char **why)
{
	char controllers[256];

	if (!is_right(file_read(ROOT "/cgroup.controllers", controllers,
				sizeof(controllers))))
		return missing("cgroup v2 is not mounted at " ROOT, why);
	if (!strstr(controllers, "memory"))
		return missing("there are no memory cgroups: CONFIG_MEMCG is off", why);
	if (!is_right(file_write(ROOT "/cgroup.subtree_control", "+memory")))
		return missing("no permission to make a memory cgroup: run as root", why);
	return KSFT_PASS;
}

static const char *file_of(const char *cgroup, const char *file)
{
	static char path[160];

	snprintf(path, sizeof(path), "%s/%s", cgroup, file);
	return path;
}

static const char *move_to(const char *cgroup)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", getpid());
	return file_write(file_of(cgroup, "cgroup.procs"), pid);
}

static void name_of(char *path, size_t size, pid_t maker)
{
	snprintf(path, size, ROOT "/devthp.%d", maker);
}

static const char *is_removed(const void *path)
{
	return went_well("remove a memory cgroup",
			 rmdir(path) && errno != ENOENT ? -errno : 0);
}

/* Who was killed may be in it for a moment. */
static const char *remove_left(const char *path, const char *nothing)
{
	return settles(is_removed, path);
}

/* One of that name is of a process that had our number, with all its limits. */
static const char *make(const char *path)
{
	if (rmdir(path) && errno != ENOENT)
		return went_well("remove another's memory cgroup", -errno);
	if (mkdir(path, 0755))
		return went_well("make a memory cgroup", -errno);
	undo_later(remove_left, path, "");
	return RIGHT;
}

const char *memcg_enter(struct memcg *memcg)
{
	char where[sizeof(memcg->home) - sizeof(ROOT)] = "";
	char own[sizeof(memcg->path)];

	/* "0::/path" */
	CHECK(file_read("/proc/self/cgroup", where, sizeof(where)));
	snprintf(memcg->home, sizeof(memcg->home), ROOT "%s",
		 strchr(where, '/') ?: "");
	name_of(own, sizeof(own), getpid());
	if (strcmp(memcg->path, own))	/* else it was there before */
		CHECK(make(own));
	strcpy(memcg->path, own);
	return move_to(memcg->path);
}

const char *memcg_exit(struct memcg *memcg)
{
	return memcg->path[0] ? move_to(memcg->home) : RIGHT;
}

const char *memcg_remove(struct memcg *memcg)
{
	if (!memcg->path[0])
		return RIGHT;
	CHECK(memcg_exit(memcg));
	if (rmdir(memcg->path))
		return went_well("remove a memory cgroup", -errno);
	undo_is_done(memcg->path);
	memcg->path[0] = '\0';
	return RIGHT;
}

const char *memcg_remove_of(pid_t maker)
{
	char path[sizeof(((struct memcg *)0)->path)];

	name_of(path, sizeof(path), maker);
	CHECK(went_well("remove another's memory cgroup", rmdir(path) ? -errno : 0));
	undo_is_done(path);
	return RIGHT;
}

const char *memcg_number(const struct memcg *memcg, const char *file,
			 uint64_t *bytes)
{
	return file_number(file_of(memcg->path, file), bytes);
}

const char *memcg_stat(const struct memcg *memcg, const char *field,
		       uint64_t *value)
{
	char now[512];

	/* What CPUs have counted is collected now and then, and for cpu.stat. */
	file_read(file_of(memcg->path, "cpu.stat"), now, sizeof(now));
	return file_field(file_of(memcg->path, "memory.stat"), field, value);
}

const char *memcg_write(const struct memcg *memcg, const char *file,
			const char *text)
{
	return file_write(file_of(memcg->path, file), text);
}

const char *memcg_limit(const struct memcg *memcg, size_t spare)
{
	uint64_t charged;
	char text[32];

	CHECK(memcg_number(memcg, "memory.current", &charged));
	snprintf(text, sizeof(text), "%" PRIu64, charged + spare);
	return memcg_write(memcg, "memory.max", text);
}
