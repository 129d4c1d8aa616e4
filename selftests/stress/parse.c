// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "operations.h"
#include "text.h"
#include "verdict.h"

#define SEPARATORS " \t\r\n"

/* A number behind that prefix; it must be less than "below". */
static const char *number(const char *text, const char *prefix, uint64_t below, uint64_t *value)
{
	const size_t length = strlen(prefix);
	char *end;

	if (!text)
		return wrong("something is missing");
	if (strncmp(text, prefix, length) || !isdigit((unsigned char)text[length]))
		return wrong("\"%s\" is not %s and a number", text, *prefix ? prefix : "nothing");
	errno = 0;
	*value = strtoull(text + length, &end, 0);
	if (errno || *end)
		return wrong("\"%s\" is no number", text);
	if (*value >= below)
		return wrong("%s is too large: less than %llu is possible", text,
			     (unsigned long long)below);
	return RIGHT;
}

static const char *small_number(const char *text, const char *prefix, uint64_t below,
				uint32_t *value)
{
	uint64_t wide;

	CHECK(number(text, prefix, below, &wide));
	*value = wide;
	return RIGHT;
}

/* "first+npages", within the range */
static const char *pages(const struct list *list, char *text, struct step *step)
{
	const uint32_t room = list->place[step->range].pages;
	char *plus = text ? strchr(text, '+') : NULL;

	if (!room)
		return wrong("there is no range %u", step->range);
	if (!plus)
		return wrong("\"%s\" is not a page, + and how many", text ? text : "");
	*plus = '\0';
	CHECK(small_number(text, "", room, &step->first));
	CHECK(small_number(plus + 1, "", room - step->first + 1, &step->npages));
	return step->npages ? RIGHT : wrong("no pages");
}

static const char *target(const struct list *list, struct step *step, char **rest)
{
	uint32_t room;

	CHECK(small_number(strtok_r(NULL, SEPARATORS, rest), "r", RANGES, &step->to_range));
	room = list->place[step->to_range].pages;
	if (room < step->npages)
		return wrong("range %u has no room for that", step->to_range);
	return small_number(strtok_r(NULL, SEPARATORS, rest), "", room - step->npages + 1,
			    &step->to_first);
}

static const char *word(const struct operation *operation, const char *text, uint64_t *value)
{
	char known[16];

	for (*value = 0; *value < operation_words(operation); ++*value) {
		operation_word(operation, *value, known, sizeof(known));
		if (text && !strcmp(text, known))
			return RIGHT;
	}
	return wrong("\"%s\" is not one of: %s", text ? text : "", operation->words);
}

static const char *parameter(const struct list *list, struct step *step, char which,
			     char **rest)
{
	char *text;

	if (which == 't')
		return target(list, step, rest);
	text = strtok_r(NULL, SEPARATORS, rest);
	switch (which) {
	case 'p':
		return small_number(text, "p", PROCESSES, &step->process);
	case 'q':
		return small_number(text, "p", PROCESSES, &step->other);
	case 'd':
		return small_number(text, "d", DEVICES, &step->device);
	case 'r':
		CHECK(small_number(text, "r", RANGES, &step->range));
		return pages(list, strtok_r(NULL, SEPARATORS, rest), step);
	case 'n':
		return number(text, "", UINT64_MAX, &step->value);
	default:
		return word(operation_of(step), text, &step->value);
	}
}

static const char *read_step(struct list *list, const char *name, char **rest)
{
	struct step step = { .op = 0 };
	const char *which;

	while (step.op < OPS && strcmp(operations[step.op].name, name))
		step.op++;
	if (step.op == OPS)
		return wrong("there is no operation \"%s\"", name);
	for (which = operation_of(&step)->parameters; *which; which++)
		CHECK(parameter(list, &step, *which, rest));
	list_add(list, &step);
	return RIGHT;
}

static const char *read_range(struct list *list, char **rest)
{
	struct place place = { 0 };
	uint32_t range = 0;
	char *text;

	CHECK(small_number(strtok_r(NULL, SEPARATORS, rest), "", RANGES, &range));
	CHECK(small_number(strtok_r(NULL, SEPARATORS, rest), "", RANGE_PAGES + 1, &place.pages));
	CHECK(small_number(strtok_r(NULL, SEPARATORS, rest), "", folio_pages(), &place.offset));
	text = strtok_r(NULL, SEPARATORS, rest);
	if (!text || (strcmp(text, "huge") && strcmp(text, "small")))
		return wrong("a range is huge or small");
	if (!place.pages || list->place[range].pages)
		return wrong("range %u is empty, or there already", range);
	place.huge = !strcmp(text, "huge");
	list->place[range] = place;
	return RIGHT;
}

static const char *read_device(struct list *list, char **rest)
{
	uint32_t device = 0;
	char *text;

	CHECK(small_number(strtok_r(NULL, SEPARATORS, rest), "", DEVICES, &device));
	text = strtok_r(NULL, SEPARATORS, rest);
	if (!text || (strcmp(text, "private") && strcmp(text, "coherent")))
		return wrong("a device is private or coherent");
	list->coherent[device] = !strcmp(text, "coherent");
	return RIGHT;
}

static const char *read_data(struct list *list, const char *text)
{
	if (!text || (strcmp(text, "each-step") && strcmp(text, "at-end")))
		return wrong("data are looked at each-step or at-end");
	list->look_at_data = !strcmp(text, "each-step");
	return RIGHT;
}

static const char *read_line(struct list *list, char *line, bool *begun)
{
	char *rest, *name, *text;

	line[strcspn(line, "#")] = '\0';
	name = strtok_r(line, SEPARATORS, &rest);
	if (!name)
		return RIGHT;
	if (!*begun) {
		text = strtok_r(NULL, SEPARATORS, &rest);
		if (strcmp(name, "devthp-stress") || !text || strcmp(text, "1"))
			return wrong("does not begin with \"devthp-stress 1\"");
		*begun = true;
	} else if (!strcmp(name, "seed")) {
		CHECK(number(strtok_r(NULL, SEPARATORS, &rest), "", UINT64_MAX, &list->seed));
	} else if (!strcmp(name, "data")) {
		CHECK(read_data(list, strtok_r(NULL, SEPARATORS, &rest)));
	} else if (!strcmp(name, "device")) {
		CHECK(read_device(list, &rest));
	} else if (!strcmp(name, "range")) {
		CHECK(read_range(list, &rest));
	} else {
		CHECK(read_step(list, name, &rest));
	}
	text = strtok_r(NULL, SEPARATORS, &rest);
	return text ? wrong("\"%s\" is too much", text) : RIGHT;
}

const char *text_read(const char *path, struct list *list)
{
	const char *verdict = RIGHT;
	unsigned int lines = 0;
	bool begun = false;
	char line[256];
	FILE *file = fopen(path, "re");

	memset(list, 0, sizeof(*list));
	if (!file)
		return wrong("%s: %s", path, strerror(errno));
	while (is_right(verdict) && fgets(line, sizeof(line), file)) {
		lines++;
		if (strlen(line) == sizeof(line) - 1)
			verdict = "too long";
		else
			verdict = read_line(list, line, &begun);
	}
	if (is_right(verdict) && ferror(file))
		verdict = "cannot be read";
	if (is_right(verdict) && !begun)
		verdict = "does not begin with \"devthp-stress 1\"";
	fclose(file);
	return is_right(verdict) ? RIGHT : wrong("%s:%u: %s", path, lines, verdict);
}
