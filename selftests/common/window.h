/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Windows between the steps of a migration: one party migrates, or makes the
 * kernel do so, and is stopped at a point; another one intrudes; then the first
 * goes on, and both must come to an end.
 */
#ifndef WINDOW_H
#define WINDOW_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "form.h"
#include "peer.h"
#include "sample.h"

struct window;

typedef const char *window_act(struct window *window);

/* A thread, or a child, that does one thing as soon as it is told to. */
struct party {
	struct window *window;
	window_act *act;
	pid_t tid;
	pthread_t thread;
	int start[2];		/* pipe: go */
	int end[2];		/* pipe: there; and, later: done */
	char verdict[512];
};

/* Where a window is, and who migrates there. */
struct window_point {
	unsigned int point;	/* enum devthp_point */
	window_act *migrate;
	bool to_device;		/* the sample begins in system memory */
	enum form form;		/* of the sample, on the device */
	bool no_huge;		/* the driver finds no huge page */
	bool takes_mm;		/* the mmap_lock is held meanwhile, for reading */
	bool still_mapped;	/* nothing was unmapped yet */
};

struct window {
	const struct window_point *at;
	struct sample sample;
	/* For the intruder, if any; to open it in the window takes the mmap_lock. */
	struct devthp_device *second;
	struct devthp_range *target;	/* for the sample to move to, if any */
	int uffd;			/* for the intruder, if any */
	struct devthp_device *evictor;	/* another handle, for what it has to do */
	pid_t referee;
	int request[2], answer[2];	/* pipes to the referee and from it */
	struct party migrates, intrudes;
	struct peer sharer;		/* a child, if there is one */
	window_act *afterwards;		/* what it does in the end */
	bool owner_migrates;		/* window_owner_is_killed() itself */
};

/*
 * First of all: the referee must have nothing of what is raced for, or it might
 * wait for what only it can end.
 */
const char *window_open(struct window *window, const struct window_point *at);

/* Whether the module can stop migrations; see need.h. */
int window_needed(struct window *window, const char **why);

/* The device is open: bring the sample to where the migration begins. */
const char *window_fill(struct window *window);

/*
 * Open the window, and let a thread act in it. It must be done before the
 * migration goes on; or else, if it "waits", it must be seen to wait for that,
 * and be done soon after.
 */
const char *window_intrude(struct window *window, window_act *act, bool waits);

/* The same in two: the intruder is done; and then who migrates is, too. */
const char *window_enter(struct window *window, window_act *act, bool waits);
const char *window_leave(struct window *window);

/* The same by a child that shares the sample, as it is before the window. */
const char *window_child_intrudes(struct window *window, window_act *act,
				  bool waits, window_act *afterwards);

/*
 * The memory is another process's, which is killed in the window: while it
 * migrates that itself, or somebody else does. In place of window_fill(),
 * without a sample; and the device must not be open here.
 */
const char *window_owner_is_killed(struct window *window, bool itself);

/*
 * What the child, and then this process, have in the end is right; everything
 * is in system memory after that.
 */
const char *window_end(struct window *window);

void window_close(struct window *window);

/* The page that a fault asks for. */
size_t window_page(const struct window *window);

/* For window_point.migrate. */
window_act window_to_device, window_to_system, window_fault, window_evict;


#endif
