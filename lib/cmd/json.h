/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Writes one JSON document, item by item, and keeps track of commas and brackets. */
#ifndef DEVTHP_JSON_H
#define DEVTHP_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define JSON_DEPTH 16

struct json {
	FILE *out;
	unsigned int depth;
	char closers[JSON_DEPTH];	/* of what is open, the outermost first */
	bool begun[JSON_DEPTH];		/* the next item there takes a comma */
};

/*
 * key is NULL in a list, and for the outermost object. Strings may hold any bytes: what
 * is not UTF-8 becomes U+FFFD. A number that a double cannot hold (beyond 2^53) becomes a
 * string in hexadecimal, as readers would round it.
 */
void json_object(struct json *j, const char *key);
void json_list(struct json *j, const char *key);
void json_end(struct json *j);
void json_string(struct json *j, const char *key, const char *value);
void json_number(struct json *j, const char *key, uint64_t value);
void json_signed(struct json *j, const char *key, int64_t value);
void json_hex(struct json *j, const char *key, uint64_t value);
void json_real(struct json *j, const char *key, double value);
void json_bool(struct json *j, const char *key, bool value);
void json_null(struct json *j, const char *key);

#endif
