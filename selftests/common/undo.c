// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "undo.h"
#include "verdict.h"

/* Far more than a test does; those that fail one after the other add up. */
#define LEFT 32

static struct {
	bool needed;
	struct left {
		undo *how;
		char what[160];		/* empty: none */
		char text[64];
	} left[LEFT];
} *shared;

__attribute__((constructor)) static void share(void)
{
	void *memory = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	shared = memory == MAP_FAILED ? NULL : memory;
}

/* Where that is, or "" for a place that is free. */
static struct left *find(const char *what)
{
	size_t i;

	for (i = 0; shared && i < LEFT; i++)
		if (!strcmp(shared->left[i].what, what))
			return &shared->left[i];
	return NULL;
}

void undo_later(undo *how, const char *what, const char *text)
{
	struct left *left = find("");

	if (!left)
		return;
	left->how = how;
	snprintf(left->text, sizeof(left->text), "%s", text);
	snprintf(left->what, sizeof(left->what), "%s", what);
}

void undo_is_done(const char *what)
{
	struct left *left = find(what);

	if (left)
		left->what[0] = '\0';
}

void undo_all(void)
{
	size_t i;

	for (i = LEFT; shared && i-- > 0;) {
		struct left *left = &shared->left[i];
		const char *verdict;

		if (!left->what[0])
			continue;
		verdict = left->how(left->what, left->text);
		printf("# left behind by a test: %s%s%s\n", left->what,
		       is_right(verdict) ? "" : "; ", is_right(verdict) ? "" : verdict);
		left->what[0] = '\0';
		shared->needed = true;
	}
}

bool undo_was_needed(void)
{
	return shared && shared->needed;
}
