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

/* A number with nothing but blanks before it, and nothing right behind; else NULL. */
static const char *lonely_number(const char *text, uint64_t *value)
{
	while (is_blank(*text))
		text++;
	text = devthp_parse_number(text, 10, value);
	return text && (!*text || *text == '\n' || is_blank(*text)) ? text : NULL;
}

bool devthp_parse_field(const char *text, const char *key, uint64_t *value)
{
	const char *behind = NULL;

	for (; *text && !behind; text = next_line(text))
		behind = behind_key(text, key);
	return behind && lonely_number(behind, value);
}

/* Of "rwxp". */
static uint32_t vma_of(const char *flags)
{
	return (flags[0] == 'r' ? DEVTHP_VMA_READ : 0) |
	       (flags[1] == 'w' ? DEVTHP_VMA_WRITE : 0) |
	       (flags[2] == 'x' ? DEVTHP_VMA_EXEC : 0) |
	       (flags[3] == 's' ? DEVTHP_VMA_SHARED : 0);
}

/* Of " 00000000 00:00 0": offset, device and inode. */
static bool is_of_no_file(const char *text)
{
	static const unsigned int bases[] = { 16, 16, 16, 10 };
	uint64_t number = 1;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		if (*text != (i == 2 ? ':' : ' '))
			return false;
		text = devthp_parse_number(text + 1, bases[i], &number);
		if (!text)
			return false;
	}
	return !number;
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
	mapping->of_file = !is_of_no_file(at + 4);
	return next_line(at);
}

/* Fields of a mapping in smaps, all of which are needed, but for the last one. */
enum {
	RSS, ANONYMOUS, ANON_BY_PMD, SHMEM_BY_PMD, FILE_BY_PMD, KERNEL_PAGE, MMU_PAGE, SWAPPED,
	SMAP_FIELDS
};

static const char *const smap_keys[SMAP_FIELDS] = {
	[RSS] = "Rss:",
	[ANONYMOUS] = "Anonymous:",
	[ANON_BY_PMD] = "AnonHugePages:",
	[SHMEM_BY_PMD] = "ShmemPmdMapped:",
	[FILE_BY_PMD] = "FilePmdMapped:",
	[KERNEL_PAGE] = "KernelPageSize:",
	[MMU_PAGE] = "MMUPageSize:",
	[SWAPPED] = "Swap:",
};

/* Which field the line is, and its bytes; SMAP_FIELDS: another, or no number. */
static unsigned int smap_field(const char *line, uint64_t *bytes)
{
	const char *at = NULL;
	unsigned int field = 0;

	while (field < SMAP_FIELDS && !(at = behind_key(line, smap_keys[field])))
		field++;
	if (!at)
		return SMAP_FIELDS;
	at = lonely_number(at, bytes);
	if (!at || strncmp(at, " kB", 3) || __builtin_mul_overflow(*bytes, 1024ULL, bytes))
		return SMAP_FIELDS;
	return field;
}

/* Is one of the words of two letters in the line pf, io or mm? */
static bool is_special(const char *flags)
{
	for (; *flags && *flags != '\n'; flags += strcspn(flags, " \n")) {
		flags += strspn(flags, " ");
		if (!strncmp(flags, "pf", 2) || !strncmp(flags, "io", 2) ||
		    !strncmp(flags, "mm", 2))
			return true;
	}
	return false;
}

/* Lines of fields begin with capital letters, those of mappings do not. */
static bool is_mapping(const char *line)
{
	return digit_of(*line) < 16;
}

const char *devthp_parse_smap(const char *text, struct devthp_smap *smap)
{
	uint64_t bytes[SMAP_FIELDS] = { 0 };
	unsigned int field, seen = 0;
	bool flags = false;

	memset(smap, 0, sizeof(*smap));
	text = devthp_parse_mapping(text, &smap->mapping);
	for (; text && *text && !is_mapping(text); text = next_line(text)) {
		const char *behind = behind_key(text, "VmFlags:");
		uint64_t number = 0;

		if (behind) {
			flags = true;
			smap->special |= is_special(behind);
			continue;
		}
		field = smap_field(text, &number);
		if (field < SMAP_FIELDS) {
			bytes[field] = number;
			seen |= 1U << field;
		}
	}
	smap->resident = bytes[RSS];
	smap->anonymous = bytes[ANONYMOUS];
	smap->page_bytes = bytes[KERNEL_PAGE] > bytes[MMU_PAGE] ? bytes[KERNEL_PAGE] :
								  bytes[MMU_PAGE];
	smap->swapped_told = seen & 1U << SWAPPED;
	smap->swapped = bytes[SWAPPED];
	smap->told = flags && (seen | 1U << SWAPPED) == (1U << SMAP_FIELDS) - 1 &&
		     !__builtin_add_overflow(bytes[ANON_BY_PMD], bytes[SHMEM_BY_PMD],
					     &smap->by_pmd) &&
		     !__builtin_add_overflow(smap->by_pmd, bytes[FILE_BY_PMD], &smap->by_pmd);
	return text;
}
