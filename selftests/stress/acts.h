/* SPDX-License-Identifier: GPL-2.0 */
/* What the operations do, in the process that does them: see operations.h. */
#ifndef ACTS_H
#define ACTS_H

#include "worker.h"

typedef int act(struct worker *worker, const struct step *step);

act act_write, act_read, act_dev_write, act_dev_read, act_exclusive;
act act_to_device, act_to_system, act_fail, act_hold, act_unhold, act_drain, act_evict,
	act_close;
act act_unmap, act_map, act_drop, act_protect, act_move, act_advise, act_collapse;
act act_pin, act_unpin, act_split, act_reclaim;
act act_fork, act_exit, act_kill;

#endif
