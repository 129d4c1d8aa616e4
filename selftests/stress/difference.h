/* SPDX-License-Identifier: GPL-2.0 */
/* What is not as the oracle says: a verdict (see verdict.h), and of which kind. */
#ifndef DIFFERENCE_H
#define DIFFERENCE_H

#include "verdict.h"

enum difference {
	NO_DIFFERENCE,
	IN_RESULT,		/* of an operation */
	IN_SIGNAL,		/* that an access gets, or not */
	IN_DATA,
	IN_PLACE,		/* where a page is */
	IN_SIZE,		/* a huge page or small ones */
	IN_VIEW,		/* of the device */
	IN_PROTECTION,		/* or whether there is a mapping */
	IN_SHARING,
	IN_RULES,		/* devthp_check() */
	IN_USE,			/* of the device's memory */
	IN_TIME,		/* no end of it */
	IN_LIFE,		/* a process died */
	IN_MACHINERY,		/* of this program: no finding */
	DIFFERENCES
};

const char *difference_name(enum difference kind);

/* A verdict of that kind. */
const char *differs(enum difference kind, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The kind of the last one. */
enum difference difference_kind(void);

#endif
