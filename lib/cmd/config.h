/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* What the running kernel was built with. */
#ifndef DEVTHP_CONFIG_H
#define DEVTHP_CONFIG_H

#include <stdio.h>

#include "cmd.h"

/* Of the options that huge pages on a device need: facts, and words on each. */
void config_show(const char *release);

#define CONFIG_OPTIONS 5

/* 'y', 'm' or 'n' for each of them. False if the text is no configuration. */
bool config_read(FILE *stream, char *values);

#endif
