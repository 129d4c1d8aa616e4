// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* The writer of JSON: commas, numbers that a reader would round, strings of any bytes. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../cmd/json.h"
#include "tap.h"

static struct json json;
static char *text;
static size_t length;

static void begin(void)
{
	json = (struct json){ .out = open_memstream(&text, &length) };
	json_object(&json, NULL);
}

/* The document is that, but for white space between items. */
static bool ends_as(const char *wanted)
{
	const char *seen;
	bool good;

	while (json.depth)
		json_end(&json);
	fclose(json.out);
	for (seen = text; *seen; seen++) {
		if (*seen == '\n') {
			seen += strspn(seen, "\n ") - 1;
			continue;
		}
		if (*seen != *wanted)
			break;
		wanted++;
	}
	good = !*seen && !*wanted;
	if (!good)
		printf("# is %s", text);
	free(text);
	return good;
}

static void nothing(void)
{
	begin();
	CHECK(ends_as("{}"));
}

static void nested(void)
{
	begin();
	json_list(&json, "a");
	json_object(&json, NULL);
	json_end(&json);
	json_list(&json, NULL);
	json_null(&json, NULL);
	json_bool(&json, NULL, true);
	json_end(&json);
	json_end(&json);
	json_bool(&json, "b", false);
	CHECK(ends_as("{\"a\": [{},[null,true]],\"b\": false}"));
}

static void numbers(void)
{
	begin();
	json_number(&json, "0", 0);
	json_number(&json, "1", UINT64_C(1) << 53);
	json_number(&json, "2", (UINT64_C(1) << 53) + 1);
	json_number(&json, "3", UINT64_MAX);
	json_signed(&json, "4", -(INT64_C(1) << 53));
	json_signed(&json, "5", INT64_MIN);
	json_hex(&json, "6", 4096);
	json_real(&json, "7", 0.5);
	json_real(&json, "8", INFINITY);
	json_real(&json, "9", NAN);
	CHECK(ends_as("{\"0\": 0,\"1\": 9007199254740992,\"2\": \"0x20000000000001\","
		      "\"3\": \"0xffffffffffffffff\",\"4\": -9007199254740992,"
		      "\"5\": \"-0x8000000000000000\",\"6\": \"0x1000\",\"7\": 0.5,"
		      "\"8\": null,\"9\": null}"));
}

static void escapes(void)
{
	begin();
	json_string(&json, "k\"\\", "a\"b\\c/\n\t\x01\x1f\x7f");
	CHECK(ends_as("{\"k\\\"\\\\\": \"a\\\"b\\\\c/\\u000a\\u0009\\u0001\\u001f\\u007f\"}"));
}

static void characters(void)
{
	begin();
	json_string(&json, "k", "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \xf4\x8f\xbf\xbf");
	CHECK(ends_as("{\"k\": \"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \xf4\x8f\xbf\xbf\"}"));
}

static void no_characters(void)
{
	static const struct {
		const char *bytes;
		unsigned int wrong;
	} strings[] = {
		{ "\x80", 1 },			/* goes on from nothing */
		{ "\xc3", 1 },			/* cut off by the end */
		{ "\xe2\x82", 2 },
		{ "\xf0\x9f\x98", 3 },
		{ "\xc0\xaf", 2 },		/* longer than needed */
		{ "\xe0\x80\xaf", 3 },
		{ "\xf0\x80\x80\xaf", 4 },
		{ "\xed\xa0\x80", 3 },		/* a surrogate */
		{ "\xf4\x90\x80\x80", 4 },	/* beyond the last */
		{ "\xf8\x88\x80\x80\x80", 5 },
		{ "\xff", 1 },
	};
	char wanted[128];
	size_t i, k;

	for (i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		begin();
		json_string(&json, NULL, strings[i].bytes);
		strcpy(wanted, "{\"");
		for (k = 0; k < strings[i].wrong; k++)
			strcat(wanted, "\\ufffd");
		strcat(wanted, "\"}");
		CHECK(ends_as(wanted));
	}
}

static const struct tap_case cases[] = {
	{ "an empty document", nothing },
	{ "lists and objects in each other", nested },
	{ "numbers, and those that a double cannot hold", numbers },
	{ "quotes, backslashes and control characters", escapes },
	{ "characters of two to four bytes", characters },
	{ "bytes that are no character", no_characters },
};

TAP_MAIN(cases)
