// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>

#include "verdict.h"

const char *wrong(const char *format, ...)
{
	static __thread char sentence[512];
	char made[sizeof(sentence)];
	va_list args;

	/* An argument may be the sentence before. */
	va_start(args, format);
	vsnprintf(made, sizeof(made), format, args);
	va_end(args);
	return strcpy(sentence, made);
}

const char *went_well(const char *what, int result)
{
	if (result >= 0)
		return RIGHT;
	return wrong("%s: %s (%d)", what, strerror(-result), result);
}

const char *fails_with(const char *verdict, int result)
{
	char end[16];

	snprintf(end, sizeof(end), "(%d)", result);
	if (!is_right(verdict) && strstr(verdict, end))
		return RIGHT;
	return wrong("not %s as it should be: %s", strerror(-result), verdict);
}
