/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* What the library tells those who want to know: devthp_log_set(). */
#ifndef DEVTHP_LOG_H
#define DEVTHP_LOG_H

#include "devthp.h"

/* Costs next to nothing while nobody listens to the level. "%m" says what err means. */
void devthp_log(unsigned int level, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* An argument that the call refuses, by name: logs it, and returns -EINVAL. */
int devthp_refuse(const char *call, const char *argument);
#define DEVTHP_REFUSE(argument) devthp_refuse(__func__, argument)

#endif
