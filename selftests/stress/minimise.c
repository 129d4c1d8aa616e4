// SPDX-License-Identifier: GPL-2.0
/* Delta debugging: try without ever smaller parts of the list. */
#include <stdlib.h>
#include <string.h>

#include "minimise.h"

/* The list without steps [first, first + n), if it gives the same kind of finding. */
static bool without(struct list *list, size_t first, size_t n, struct finding *finding)
{
	uint8_t *keep = malloc(list->nsteps + 1);
	struct finding found;
	struct list rest;

	if (!keep)
		abort();
	memset(keep, 1, list->nsteps);
	memset(keep + first, 0, n);
	list_copy(&rest, list, keep);
	free(keep);
	run_list(&rest, NULL, &found);
	if (found.kind != finding->kind) {
		list_free(&rest);
		return false;
	}
	*finding = found;
	list_free(list);
	*list = rest;
	return true;
}

/* Not what comes behind it. */
static void cut(struct list *list, struct finding *finding)
{
	if (finding->step + 1 < list->nsteps)
		without(list, finding->step + 1, list->nsteps - finding->step - 1, finding);
}

/* Once from the end to the beginning: later steps need earlier ones. Has it helped? */
static bool pass(struct list *list, size_t size, struct finding *finding)
{
	size_t end = list->nsteps, first;
	bool helped = false;

	while (end) {
		first = end > size ? end - size : 0;
		if (without(list, first, end - first, finding)) {
			helped = true;
			cut(list, finding);
			if (first > list->nsteps)
				first = list->nsteps;
		}
		end = first;
	}
	return helped;
}

void minimise(struct list *list, struct finding *finding)
{
	size_t size;

	cut(list, finding);
	for (size = list->nsteps / 2; size > 1; size /= 2)
		pass(list, size, finding);
	while (pass(list, 1, finding))
		;
}
