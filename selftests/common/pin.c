// SPDX-License-Identifier: GPL-2.0
#include "pin.h"
#include "pin_kind.h"
#include "textfile.h"
#include "verdict.h"

#define GUP(gup_flags)							\
	.needed = pin_gup_needed, .take = pin_gup_take,			\
	.drop = pin_gup_drop, .flags = gup_flags, .is_long = true,	\
	.writes = !!((gup_flags) & PIN_GUP_WRITE)

static const struct pin_kind kinds[PIN_HOWS] = {
	[PIN_SLOW] = { GUP(PIN_GUP_WRITE) },
	[PIN_FAST] = { GUP(PIN_GUP_WRITE | PIN_GUP_FAST) },
	[PIN_SLOW_READ] = { GUP(0) },
	[PIN_FAST_READ] = { GUP(PIN_GUP_FAST) },
	[PIN_RING] = {
		.needed = pin_ring_needed, .take = pin_ring_take,
		.drop = pin_ring_drop, .writes = true, .by_folio = true,
		.is_long = true,
	},
	[PIN_CALL] = {
		.needed = pin_call_needed, .take = pin_call_take,
		.drop = pin_call_drop,
	},
	[PIN_DRIVER] = {
		.needed = pin_driver_needed, .take = pin_driver_take,
		.drop = pin_driver_drop, .writes = true,
	},
	[REFERENCE_PIPE] = {
		.needed = pin_pipe_needed, .take = pin_pipe_take,
		.drop = pin_pipe_drop, .reference = true,
	},
};

int pin_needed(enum pin_how how, const char **why)
{
	return kinds[how].needed(why);
}

bool pin_is_pin(enum pin_how how)
{
	return !kinds[how].reference;
}

bool pin_writes(enum pin_how how)
{
	return kinds[how].writes;
}

bool pin_is_long(enum pin_how how)
{
	return kinds[how].is_long;
}

bool pin_is_by_page(enum pin_how how)
{
	return !kinds[how].by_folio;
}

const char *pin_take(struct pin *pin, enum pin_how how, void *addr,
		     size_t npages)
{
	*pin = (struct pin){ .addr = addr, .npages = npages };
	pin->kind = &kinds[how];
	CHECK(pin->kind->take(pin));
	return RIGHT;
}

const char *pin_drop(struct pin *pin, void *copy)
{
	const struct pin_kind *kind = pin->kind;

	pin->kind = NULL;
	return kind && pin->holder ? kind->drop(pin, copy) : RIGHT;
}

const char *pin_statistics(uint64_t *taken, uint64_t *released)
{
	char nothing[16];

	/* What each CPU counted for itself is added up by reading this. */
	CHECK(file_read("/proc/sys/vm/stat_refresh", nothing, sizeof(nothing)));
	CHECK(file_field("/proc/vmstat", "nr_foll_pin_acquired", taken));
	return file_field("/proc/vmstat", "nr_foll_pin_released", released);
}
