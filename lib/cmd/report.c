// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#include <stdarg.h>
#include <stdio.h>

#include "json.h"
#include "report.h"

static struct {
	struct json json;
	bool as_json;
	char error[512];
} report;

void report_begin(const char *command, bool json)
{
	report.as_json = json;
	if (!json)
		return;
	report.json.out = stdout;
	setvbuf(stdout, NULL, _IOFBF, 0);
	json_object(&report.json, NULL);
	json_string(&report.json, "command", command);
	json_string(&report.json, "version", devthp_version());
	json_number(&report.json, "format", REPORT_FORMAT);
}

void report_error(const char *sentence)
{
	snprintf(report.error, sizeof(report.error), "%s", sentence);
	/* Text comes in order with it; a document is not cut by it, where both are read. */
	if (!report.as_json)
		fflush(stdout);
}

int report_end(int status)
{
	if (!report.as_json)
		return status;
	while (report.json.depth > 1)
		json_end(&report.json);
	if (*report.error)
		json_string(&report.json, "error", report.error);
	else
		json_null(&report.json, "error");
	json_number(&report.json, "status", status);
	json_end(&report.json);
	return status;
}

void words(const char *text, ...)
{
	va_list args;

	va_start(args, text);
	if (!report.as_json)
		vprintf(text, args);
	va_end(args);
}

/* All facts are said alike. */
#define SAY(in_json)						\
do {								\
	va_list args;						\
								\
	va_start(args, text);					\
	if (report.as_json)					\
		in_json;					\
	else if (text)						\
		vprintf(text, args);				\
	va_end(args);						\
} while (0)

void fact_string(const char *key, const char *value, const char *text, ...)
{
	SAY(json_string(&report.json, key, value));
}

void fact_number(const char *key, uint64_t value, const char *text, ...)
{
	SAY(json_number(&report.json, key, value));
}

void fact_signed(const char *key, int64_t value, const char *text, ...)
{
	SAY(json_signed(&report.json, key, value));
}

void fact_hex(const char *key, uint64_t value, const char *text, ...)
{
	SAY(json_hex(&report.json, key, value));
}

void fact_real(const char *key, double value, const char *text, ...)
{
	SAY(json_real(&report.json, key, value));
}

void fact_bool(const char *key, bool value, const char *text, ...)
{
	SAY(json_bool(&report.json, key, value));
}

void fact_null(const char *key, const char *text, ...)
{
	SAY(json_null(&report.json, key));
}

void fact_object(const char *key)
{
	if (report.as_json)
		json_object(&report.json, key);
}

void fact_list(const char *key)
{
	if (report.as_json)
		json_list(&report.json, key);
}

void fact_end(void)
{
	if (report.as_json)
		json_end(&report.json);
}
