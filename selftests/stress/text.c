// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>

#include "operations.h"
#include "text.h"

static int parameter(const struct step *step, char which, char *text, size_t room)
{
	char word[16];

	switch (which) {
	case 'p':
		return snprintf(text, room, " p%u", step->process);
	case 'q':
		return snprintf(text, room, " p%u", step->other);
	case 'd':
		return snprintf(text, room, " d%u", step->device);
	case 'r':
		return snprintf(text, room, " r%u %u+%u", step->range, step->first, step->npages);
	case 't':
		return snprintf(text, room, " r%u %u", step->to_range, step->to_first);
	case 'n':
		return snprintf(text, room, " %" PRIu64, step->value);
	default:
		operation_word(operation_of(step), step->value, word, sizeof(word));
		return snprintf(text, room, " %s", word);
	}
}

void text_of_step(const struct step *step, char *line, size_t room)
{
	const struct operation *operation = operation_of(step);
	size_t length = snprintf(line, room, "%s", operation->name);
	const char *which;

	for (which = operation->parameters; *which && length < room; which++)
		length += parameter(step, *which, line + length, room - length);
}

void text_of_outcome(const struct step *step, char *line, size_t room)
{
	*line = '\0';
	if (step->skipped)
		snprintf(line, room, "\t# skipped: %s", step->skipped);
	else if (step->done && step->result)
		snprintf(line, room, "\t# result %d", step->result);
}

void text_write(FILE *file, const struct list *list)
{
	char line[128], outcome[128];
	uint32_t i;
	size_t n;

	fprintf(file, "devthp-stress 1\nseed %#" PRIx64 "\ndata %s\n", list->seed,
		list->look_at_data ? "each-step" : "at-end");
	for (i = 0; i < DEVICES; i++)
		if (list->coherent[i])
			fprintf(file, "device %u coherent\n", i);
	for (i = 0; i < RANGES; i++)
		if (list->place[i].pages)
			fprintf(file, "range %u %u %u %s\n", i, list->place[i].pages,
				list->place[i].offset, list->place[i].huge ? "huge" : "small");
	for (n = 0; n < list->nsteps; n++) {
		text_of_step(&list->step[n], line, sizeof(line));
		text_of_outcome(&list->step[n], outcome, sizeof(outcome));
		fprintf(file, "%s%s\n", line, outcome);
	}
}
