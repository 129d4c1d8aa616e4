/* SPDX-License-Identifier: GPL-2.0 */
/* How much of the devices' memory is in use, by whomever. */
#ifndef USE_H
#define USE_H

#include "list.h"

struct use {
	bool known[DEVICES];
	uint64_t pages[DEVICES];
};

/* Of the devices that lists like this one use. */
void use_look(const struct list *list, struct use *use);

/* Now, or in a moment, it is no more than that. A verdict, see difference.h. */
const char *use_is_back(const struct list *list, const struct use *before);

#endif
