/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * What a command has to say, once as text for people and once, with --json, as one JSON
 * document. Each fact is said by one call for both, so that they cannot drift apart.
 */
#ifndef DEVTHP_REPORT_H
#define DEVTHP_REPORT_H

#include "cmd.h"

/* The version of the keys. It grows if one is taken away, or means something else. */
#define REPORT_FORMAT 1

/* Call it once the arguments are known to be good. */
void report_begin(const char *command, bool json);

/* Close what is open, and tell how it ended. Returns status. Nothing, if not begun. */
int report_end(int status);

/* Keep the sentence for the document, which ends with it. */
void report_error(const char *sentence);

/*
 * A fact: its key and value for JSON, and its text for people, as printf() takes it
 * (NULL: the text says so elsewhere). key is NULL in a list.
 */
#define TEXT(n) __attribute__((format(printf, n, n + 1)))
void fact_string(const char *key, const char *value, const char *text, ...) TEXT(3);
void fact_number(const char *key, uint64_t value, const char *text, ...) TEXT(3);
void fact_signed(const char *key, int64_t value, const char *text, ...) TEXT(3);
void fact_hex(const char *key, uint64_t value, const char *text, ...) TEXT(3);
void fact_real(const char *key, double value, const char *text, ...) TEXT(3);
void fact_bool(const char *key, bool value, const char *text, ...) TEXT(3);
/* What is not known, or is not there. */
void fact_null(const char *key, const char *text, ...) TEXT(2);

/* What is no fact, but makes the text readable. */
void words(const char *text, ...) TEXT(1);
#undef TEXT

/* In JSON only: what belongs together. */
void fact_object(const char *key);
void fact_list(const char *key);
void fact_end(void);

#endif
