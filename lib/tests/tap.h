/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* A test program: cases, checks, KTAP on stdout, a true exit status. */
#ifndef DEVTHP_TAP_H
#define DEVTHP_TAP_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tap_case {
	const char *name;
	void (*run)(void);
};

int tap_main(const struct tap_case *cases, size_t count);
#define TAP_MAIN(cases) \
	int main(void) \
	{ \
		return tap_main(cases, sizeof(cases) / sizeof((cases)[0])); \
	}

void tap_check(bool good, const char *file, int line, const char *what);
void tap_compare(int64_t seen, int64_t wanted, const char *file, int line, const char *what);

/* The case cannot be run here; it must return at once. */
void tap_skip(const char *reason);

/* Checks note a failure and go on. */
#define CHECK(what) tap_check(what, __FILE__, __LINE__, #what)
#define CHECK_INT(seen, wanted) \
	tap_compare((int64_t)(seen), (int64_t)(wanted), __FILE__, __LINE__, #seen)

/* A public call: what it returns, and that it leaves errno alone. */
#define CHECK_CALL(call, wanted) \
	do { \
		errno = EXDEV; \
		CHECK_INT(call, wanted); \
		tap_check(errno == EXDEV, __FILE__, __LINE__, "errno untouched by " #call); \
	} while (0)

#endif
