/* SPDX-License-Identifier: GPL-2.0 */
/* What a way to pin pages is made of: for pin.c and the files it is put from. */
#ifndef PIN_KIND_H
#define PIN_KIND_H

#include <stdbool.h>
#include <stddef.h>

#include "need.h"
#include "pin.h"

struct pin_kind {
	int (*needed)(const char **why);	/* as in need.h */
	/* Holds the pages; what that needs to be kept goes to pin->holder. */
	const char *(*take)(struct pin *pin);
	/* Reads the pages to copy unless that is NULL, lets go, frees. */
	const char *(*drop)(struct pin *pin, void *copy);
	unsigned int flags;		/* for take() */
	bool reference;			/* no pin */
	bool writes;
	bool by_folio;
	bool is_long;
};

#define PIN_GUP_WRITE	1
#define PIN_GUP_FAST	2

int pin_gup_needed(const char **why);
const char *pin_gup_take(struct pin *pin);
const char *pin_gup_drop(struct pin *pin, void *copy);

int pin_ring_needed(const char **why);
const char *pin_ring_take(struct pin *pin);
const char *pin_ring_drop(struct pin *pin, void *copy);

int pin_call_needed(const char **why);
const char *pin_call_take(struct pin *pin);
const char *pin_call_drop(struct pin *pin, void *copy);

int pin_driver_needed(const char **why);
const char *pin_driver_take(struct pin *pin);
const char *pin_driver_drop(struct pin *pin, void *copy);

int pin_pipe_needed(const char **why);
const char *pin_pipe_take(struct pin *pin);
const char *pin_pipe_drop(struct pin *pin, void *copy);

#endif
