/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A sample in one of the states of state.h, with all that belongs to it: other
 * processes, a userfaultfd, a cgroup, swap space.
 */
#ifndef SCENE_H
#define SCENE_H

#include <stdbool.h>

#include "baseline.h"
#include "charges.h"
#include "memcg.h"
#include "peer.h"
#include "sample.h"
#include "state.h"
#include "swapdisk.h"

#define SCENE_CHILDREN 3

/* Where STATE_MIXED has pages in system memory. */
#define SCENE_BACK_FIRST 64
#define SCENE_BACK_PAGES 8

struct scene {
	const struct state *state;
	struct sample sample;
	struct baseline baseline;
	struct peer child[SCENE_CHILDREN];
	unsigned int children;
	bool pinned_for_long;	/* with STATE_COHERENT: what is pinned comes back */
	bool protection_changed;	/* entries may be read-only, or writable again */
	int uffd;
	struct memcg memcg;
	bool charged;		/* it began in a cgroup of its own, with this: */
	struct charges charges;
	struct swapdisk disk;
};

/* Whether any of STATE_* is true of its state. */
bool scene_is(const struct scene *scene, unsigned int what);

/*
 * From here on, what is allocated is charged to a cgroup of its own, if there can
 * be one; what the sample has is compared with that whenever it is unchanged.
 */
const char *scene_enter_cgroup(struct scene *scene);

/* Bring the sample, of untouched memory, into the state. */
const char *scene_set(struct scene *scene, const struct state *state);

/* Everything is as it was when the scene was set; or where it is, at least. */
const char *scene_is_unchanged(const struct scene *scene);
const char *scene_keeps_layout(const struct scene *scene);

/* What it has on the device is as it was; the rest may be swapped out. */
const char *scene_keeps_device(const struct scene *scene);

/* All is where it was, but PMD entries were split. */
const char *scene_is_by_pages(const struct scene *scene);

/* The entries of these pages still are what the state says, wherever they are. */
const char *scene_keeps_bits(const struct scene *scene, size_t first,
			     size_t npages);

/* The process has written these: they are its own, and who tracks it knows. */
const char *scene_has_written(const struct scene *scene, size_t first,
			      size_t npages);

/* A page that is on the device, and beside it others that are. */
size_t scene_page(const struct scene *scene);

/*
 * The CPU, or the kernel for it, has read, pinned for reading, or written this
 * page, and no other: the state says what must be back with it, and how all of
 * it looks now.
 */
const char *scene_was_read(const struct scene *scene, size_t page);
const char *scene_was_pinned(const struct scene *scene, size_t page);
const char *scene_was_written(const struct scene *scene, size_t page);

/*
 * For what needs more memory by its nature: end the limit of STATE_LIMITED; and have it
 * again, for as much as there is now.
 */
const char *scene_lift_limit(const struct scene *scene);
const char *scene_limit(const struct scene *scene);

/* This process and all others hold what they should; brings everything back. */
const char *scene_data(struct scene *scene);

/* The others end, all is freed, and the kernel counts what it did before. */
const char *scene_end(struct scene *scene);

#endif
