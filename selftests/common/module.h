/* SPDX-License-Identifier: GPL-2.0 */
/* A module of test devices: taken out of the kernel, and put back in. */
#ifndef MODULE_H
#define MODULE_H

#include <stdbool.h>

#include "settle.h"

/* Where its file is, and what it was loaded with. */
struct module {
	char path[256];
	char parameters[256];
};

/*
 * The time limit of a test that waits for counters, for the module, and for counters again.
 * It would end who loads the module for the next test as well.
 */
#define MODULE_TIMEOUT (8 * PATIENCE)

/* Not test_hmm, but that one, whose parameters, up to a NULL, are numbers. */
void module_choose(const char *other, const char *const *its_parameters);

/*
 * Whether it is one that can be unloaded, and loaded again as it was; see need.h.
 * It has to be loaded.
 */
int module_needed(struct module *module, const char **why);

bool module_is_loaded(void);

/* 0, or a negative errno: -EWOULDBLOCK while something of it is in use. */
int module_unload(void);

/* 0, or a negative errno. */
int module_try_to_load(const struct module *module);
const char *module_load(const struct module *module);

/*
 * Whether these words are in what it has said since messages, /dev/kmsg, was opened or
 * asked last; it does not wait.
 */
const char *kernel_says(int messages, const char *words);

#endif
