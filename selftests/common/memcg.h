/* SPDX-License-Identifier: GPL-2.0 */
/* A memory cgroup (v2) of one's own. */
#ifndef MEMCG_H
#define MEMCG_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct memcg {
	char path[96];		/* empty: none */
	char home[96];		/* where the process was before */
};

/* Whether there can be one; see need.h. */
int memcg_needed(const char **why);

/* Make it and move the calling process in: what it allocates is charged there. */
const char *memcg_enter(struct memcg *memcg);

/* Back to where it was. Charges remain until their memory is freed. */
const char *memcg_exit(struct memcg *memcg);

/* Exit and remove it, which needs nobody else to be in it. */
const char *memcg_remove(struct memcg *memcg);

/* That which another process has entered, and left by its end. */
const char *memcg_remove_of(pid_t maker);

/* Files: "memory.current", and fields of "memory.stat". */
const char *memcg_number(const struct memcg *memcg, const char *file,
			 uint64_t *bytes);
const char *memcg_stat(const struct memcg *memcg, const char *field,
		       uint64_t *value);

/* Write to a file of it: "memory.max", "memory.reclaim", ... */
const char *memcg_write(const struct memcg *memcg, const char *file,
			const char *text);

/* Allow so much more than is charged now. */
const char *memcg_limit(const struct memcg *memcg, size_t spare);

#endif
