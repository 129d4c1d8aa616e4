/* SPDX-License-Identifier: GPL-2.0 */
/* What racers do; each function is the step of a role, see race.h. */
#ifndef RACERS_H
#define RACERS_H

#include "race.h"

/* An owner: reads, writes and drops its pages, by CPU, kernel and device. */
race_step racer_own;
/* The same without the dropping. */
race_step racer_keep;
/* Looks at anybody's pages, by CPU or device. */
race_step racer_look;

/* Migrates anything anywhere, with and without failing allocations. */
race_step racer_migrate;
/* Sends everything on the device back. */
race_step racer_evict;
/* Makes pages exclusive to the device. */
race_step racer_exclude;
/* Outside: stops migrations between two steps for a moment. */
race_step racer_pause;

/* Unmaps or drops a whole folio, and maybe writes it anew. */
race_step racer_renew;
/* Moves the arena, whole or in pieces, to another address. */
race_step racer_move;
/* Takes the permission away from pages, and gives it back. */
race_step racer_protect;

/* Has children, which do all of this with their copy. */
race_step racer_fork;

/* Holds pages in a pipe. */
race_step racer_splice;
/* Has the kernel reclaim, collapse and compact. */
race_step racer_reclaim;
/* Has pages swapped out, which needs swap space. */
race_step racer_swap_out;
/* Reads what /proc and the device tell. */
race_step racer_watch;

#endif
