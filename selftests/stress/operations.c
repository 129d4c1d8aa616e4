// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "acts.h"
#include "operations.h"
#include "oracle.h"

const struct operation operations[OPS] = {
	[OP_WRITE] = { "write", "pr", "", 24, act_write, refuse_access, foresee_write },
	[OP_READ] = { "read", "pr", "", 12, act_read, refuse_access, foresee_read },
	[OP_DEV_WRITE] = { "dev_write", "pdr", "", 10, act_dev_write, refuse_dev_write,
			   foresee_dev_write },
	[OP_DEV_READ] = { "dev_read", "pdr", "", 8, act_dev_read, refuse_dev_read,
			  foresee_dev_read },
	[OP_EXCLUSIVE] = { "exclusive", "pdr", "", 6, act_exclusive, refuse_exclusive,
			   foresee_exclusive },

	[OP_TO_DEVICE] = { "to_device", "pdr", "", 36, act_to_device, refuse_to_device,
			   foresee_to_device },
	[OP_TO_SYSTEM] = { "to_system", "pdr", "", 14, act_to_system, NULL,
			   foresee_to_system },
	[OP_FAIL] = { "fail", "pdn", "", 8, act_fail, NULL, foresee_fail },
	[OP_HOLD] = { "hold", "pdr", "", 8, act_hold, refuse_hold, foresee_hold },
	[OP_UNHOLD] = { "unhold", "pdr", "", 7, act_unhold, NULL, foresee_unhold },
	[OP_DRAIN] = { "drain", "pd", "", 4, act_drain, NULL, foresee_drain },
	[OP_EVICT] = { "evict", "pd", "", 2, act_evict, refuse_evict, foresee_evict },
	[OP_CLOSE] = { "close", "pd", "", 2, act_close, NULL, foresee_close },

	[OP_UNMAP] = { "unmap", "pr", "", 7, act_unmap, NULL, foresee_unmap },
	[OP_MAP] = { "map", "pr", "", 5, act_map, NULL, foresee_map },
	[OP_DROP] = { "drop", "pr", "", 7, act_drop, NULL, foresee_drop },
	[OP_PROTECT] = { "protect", "prw", "none read write", 10, act_protect, refuse_hole,
			 foresee_protect },
	[OP_MOVE] = { "move", "prt", "", 6, act_move, refuse_move, foresee_move },
	[OP_ADVISE] = { "advise", "prw", "huge small", 3, act_advise, refuse_hole,
			foresee_advise },
	[OP_COLLAPSE] = { "collapse", "pr", "", 3, act_collapse, refuse_collapse,
			  foresee_collapse },

	[OP_PIN] = { "pin", "prw", "ring pipe gup", 6, act_pin, refuse_pin, foresee_pin },
	[OP_UNPIN] = { "unpin", "p", "", 5, act_unpin, refuse_not_the_kernels, foresee_unpin },
	[OP_SPLIT] = { "split", "pr", "", 4, act_split, refuse_not_the_kernels,
		       foresee_split },
	[OP_RECLAIM] = { "reclaim", "pn", "", 4, act_reclaim, refuse_not_the_kernels,
			 foresee_reclaim },

	[OP_FORK] = { "fork", "pqw", "open bare", 7, act_fork, refuse_fork, foresee_fork },
	[OP_EXIT] = { "exit", "p", "", 4, act_exit, refuse_exit, foresee_exit },
	[OP_KILL] = { "kill", "p", "", 2, act_kill, refuse_kill, foresee_exit },
};

bool operation_takes(const struct operation *operation, char parameter)
{
	return strchr(operation->parameters, parameter);
}

void operation_word(const struct operation *operation, uint64_t value, char *word, size_t room)
{
	const char *begin = operation->words;

	for (; value && strchr(begin, ' '); value--)
		begin = strchr(begin, ' ') + 1;
	snprintf(word, room, "%.*s", (int)strcspn(begin, " "), begin);
}

unsigned int operation_words(const struct operation *operation)
{
	unsigned int words = *operation->words ? 1 : 0;
	const char *c;

	for (c = operation->words; *c; c++)
		words += *c == ' ';
	return words;
}
