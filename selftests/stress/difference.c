// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>

#include "difference.h"

static enum difference last;

const char *difference_name(enum difference kind)
{
	static const char * const name[DIFFERENCES] = {
		[NO_DIFFERENCE] = "none", [IN_RESULT] = "result", [IN_SIGNAL] = "signal",
		[IN_DATA] = "data", [IN_PLACE] = "place", [IN_SIZE] = "size",
		[IN_VIEW] = "view", [IN_PROTECTION] = "protection",
		[IN_SHARING] = "sharing", [IN_RULES] = "rules", [IN_USE] = "use",
		[IN_TIME] = "time", [IN_LIFE] = "life", [IN_MACHINERY] = "machinery",
	};

	return kind < DIFFERENCES ? name[kind] : "?";
}

const char *differs(enum difference kind, const char *format, ...)
{
	char sentence[400];
	va_list args;

	last = kind;
	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	return wrong("%s", sentence);
}

enum difference difference_kind(void)
{
	return last;
}
