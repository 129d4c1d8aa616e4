// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "json.h"

/* The largest whole number up to which a double holds every one. */
#define EXACT (UINT64_C(1) << 53)

/*
 * Bytes of the UTF-8 character that s begins with, 0 if it is none: not cut off, not
 * longer than it must be, no surrogate, nothing beyond U+10FFFF.
 */
static unsigned int utf8_length(const unsigned char *s)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned int length = *s < 0xc0 ? 0 : *s < 0xe0 ? 2 : *s < 0xf0 ? 3 : *s < 0xf8 ? 4 : 0;
	uint32_t c = *s & (0x7f >> length);
	unsigned int i;

	for (i = 1; i < length; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	return c < least[length] || (c >= 0xd800 && c < 0xe000) || c > 0x10ffff ? 0 : length;
}

static void put_string(struct json *j, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	unsigned int length;

	putc('"', j->out);
	while (*s) {
		if (*s == '"' || *s == '\\') {
			fprintf(j->out, "\\%c", *s++);
		} else if (*s < 0x20 || *s == 0x7f) {
			fprintf(j->out, "\\u%04x", *s++);
		} else if (*s < 0x80) {
			putc(*s++, j->out);
		} else {
			length = utf8_length(s);
			if (length)
				fwrite(s, 1, length, j->out);
			else
				fputs("\\ufffd", j->out);
			s += length ? length : 1;
		}
	}
	putc('"', j->out);
}

/* What comes before a value: the comma after the last one, a new line, the key. */
static void lead(struct json *j, const char *key)
{
	if (!j->depth)
		return;
	fprintf(j->out, "%s\n%*s", j->begun[j->depth - 1] ? "," : "", (int)j->depth * 2, "");
	j->begun[j->depth - 1] = true;
	if (key) {
		put_string(j, key);
		fputs(": ", j->out);
	}
}

static void begin(struct json *j, const char *key, char opener, char closer)
{
	if (j->depth == JSON_DEPTH)
		abort();
	lead(j, key);
	putc(opener, j->out);
	j->closers[j->depth] = closer;
	j->begun[j->depth] = false;
	j->depth++;
}

void json_object(struct json *j, const char *key)
{
	begin(j, key, '{', '}');
}

void json_list(struct json *j, const char *key)
{
	begin(j, key, '[', ']');
}

void json_end(struct json *j)
{
	j->depth--;
	if (j->begun[j->depth])
		fprintf(j->out, "\n%*s", (int)j->depth * 2, "");
	putc(j->closers[j->depth], j->out);
	if (!j->depth)
		putc('\n', j->out);
}

void json_string(struct json *j, const char *key, const char *value)
{
	lead(j, key);
	put_string(j, value);
}

void json_hex(struct json *j, const char *key, uint64_t value)
{
	lead(j, key);
	fprintf(j->out, "\"0x%" PRIx64 "\"", value);
}

void json_number(struct json *j, const char *key, uint64_t value)
{
	if (value > EXACT) {
		json_hex(j, key, value);
		return;
	}
	lead(j, key);
	fprintf(j->out, "%" PRIu64, value);
}

void json_signed(struct json *j, const char *key, int64_t value)
{
	if (value >= 0) {
		json_number(j, key, value);
		return;
	}
	lead(j, key);
	if (value < -(int64_t)EXACT)
		fprintf(j->out, "\"-0x%" PRIx64 "\"", -(uint64_t)value);
	else
		fprintf(j->out, "%" PRId64, value);
}

void json_real(struct json *j, const char *key, double value)
{
	if (!isfinite(value)) {
		json_null(j, key);
		return;
	}
	lead(j, key);
	fprintf(j->out, "%.6g", value);
}

void json_bool(struct json *j, const char *key, bool value)
{
	lead(j, key);
	fputs(value ? "true" : "false", j->out);
}

void json_null(struct json *j, const char *key)
{
	lead(j, key);
	fputs("null", j->out);
}
