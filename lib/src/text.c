// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#include <stddef.h>
#include <string.h>

#include "devthp.h"
#include "text.h"

static unsigned int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0');
	return c >= 'a' && c <= 'f' ? (unsigned int)(c - 'a') + 10 : 16;
}

const char *devthp_parse_number(const char *text, unsigned int base, uint64_t *value)
{
	uint64_t number = 0;

	if (digit_of(*text) >= base)
		return NULL;
	for (; digit_of(*text) < base; text++) {
		if (__builtin_mul_overflow(number, (uint64_t)base, &number) ||
		    __builtin_add_overflow(number, (uint64_t)digit_of(*text), &number))
			return NULL;
	}
	*value = number;
	return text;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static const char *next_line(const char *text)
{
	text = strchr(text, '\n');
	return text ? text + 1 : "";
}

/* What is behind the key if the line begins with it, else NULL. */
static const char *behind_key(const char *line, const char *key)
{
	const size_t length = strlen(key);

	if (strncmp(line, key, length))
		return NULL;
	line += length;
	return is_blank(*line) ? line : NULL;
}

bool devthp_parse_field(const char *text, const char *key, uint64_t *value)
{
	const char *behind = NULL;

	for (; *text && !behind; text = next_line(text))
		behind = behind_key(text, key);
	if (!behind)
		return false;
	while (is_blank(*behind))
		behind++;
	behind = devthp_parse_number(behind, 10, value);
	return behind && (!*behind || *behind == '\n' || is_blank(*behind));
}

/* Of "rwxp". */
static uint32_t vma_of(const char *flags)
{
	return (flags[0] == 'r' ? DEVTHP_VMA_READ : 0) |
	       (flags[1] == 'w' ? DEVTHP_VMA_WRITE : 0) |
	       (flags[2] == 'x' ? DEVTHP_VMA_EXEC : 0) |
	       (flags[3] == 's' ? DEVTHP_VMA_SHARED : 0);
}

const char *devthp_parse_mapping(const char *line, struct devthp_mapping *mapping)
{
	const char *at = devthp_parse_number(line, 16, &mapping->start);

	if (!at || *at != '-')
		return NULL;
	at = devthp_parse_number(at + 1, 16, &mapping->end);
	if (!at || *at != ' ' || mapping->start > mapping->end)
		return NULL;
	at++;
	if (strspn(at, "rwxps-") < 4)
		return NULL;
	mapping->vma = vma_of(at);
	return next_line(at);
}
