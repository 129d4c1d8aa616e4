/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a test has done to the system, and undoes in the end. One that fails in its setup,
 * or is killed, does not come to that, and what it leaves would be found by the tests
 * behind it: all processes of the program know of it.
 */
#ifndef UNDO_H
#define UNDO_H

#include <stdbool.h>

/* Of what, with the text that was said of it; file_write() is one. */
typedef const char *undo(const char *what, const char *text);

/* Of two of the same thing, the first knows how it was before both. */
void undo_later(undo *how, const char *what, const char *text);

/* The test has undone it itself. */
void undo_is_done(const char *what);

/* What is left, the last first. It is said, and the program remembers that there was some. */
void undo_all(void);
bool undo_was_needed(void);

#endif
