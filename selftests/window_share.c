// SPDX-License-Identifier: GPL-2.0
/*
 * Another process maps the folio, and does something between the steps of a
 * migration that is none of its own: none of its locks is held.
 */
#include <errno.h>
#include <sys/mman.h>

#include "common/pin.h"
#include "common/window_harness.h"

/* ---- What the child does in the window ---- */

static const char *reads(struct window *window)
{
	return sample_access(&window->sample, window_page(window), ACCESS_READ);
}

static const char *writes(struct window *window)
{
	return sample_access(&window->sample, window_page(window),
			     ACCESS_WRITE);
}

static const char *drops(struct window *window)
{
	return sample_cut(&window->sample, 0, window->sample.pages,
			  HOLE_DROPPED);
}

static const char *unmaps_part(struct window *window)
{
	return sample_cut(&window->sample, 100, 100, HOLE_UNMAPPED);
}

static const char *moves(struct window *window)
{
	return sample_move(&window->sample, window->target);
}

static const char *protects_part(struct window *window)
{
	struct sample *sample = &window->sample;

	if (mprotect(sample->addr, sample->pages / 2 * devthp_page_size(),
		     PROT_READ))
		return went_well("mprotect", -errno);
	return RIGHT;
}

/* The grandchild lives on with what it got in the window. */
static const char *grandchild_reads(struct sample *sample, struct peer *parent)
{
	CHECK(peer_wait(parent));
	return sample_data(sample);
}

static const char *forks(struct window *window)
{
	return peer_fork(&window->sharer, grandchild_reads, &window->sample);
}

/* All of it, so that the child gets a copy, or reads what all share. */
static const char *pins(struct window *window, enum pin_how how)
{
	const struct sample *sample = &window->sample;
	struct pin pin = { 0 };

	CHECK(pin_take(&pin, how, sample->addr, sample->pages));
	return pin_drop(&pin, NULL);
}

static const char *pins_to_write(struct window *window)
{
	return pins(window, PIN_SLOW);
}

static const char *pins_to_read(struct window *window)
{
	return pins(window, PIN_FAST_READ);
}

/* ---- What it finds in the end ---- */

static const char *has_its_data(struct window *window)
{
	struct sample *sample = &window->sample;

	CHECK(holes_are_empty(sample));
	CHECK(sample_data(sample));
	CHECK(sample_dropped_are_zero(sample));
	/* What it writes now is its own affair. */
	return sample_access_range(sample, 0, sample->pages / 2 - 1,
				   ACCESS_WRITE);
}

static const char *can_read(struct window *window)
{
	return sample_data(&window->sample);
}

static const char *grandchild_has_its_data(struct window *window)
{
	CHECK(sample_fill(&window->sample));
	CHECK(peer_tell(&window->sharer));
	return peer_end(&window->sharer);
}

#define CHILD_INTRUDES(act, waits, afterwards)				\
do {									\
	ASSERT_RIGHT(window_child_intrudes(&self->window, act, waits,	\
					   afterwards));		\
	ASSERT_RIGHT(window_end(&self->window));			\
} while (0)

TEST_F(between, child_reads)
{
	CHILD_INTRUDES(reads, true, has_its_data);
}

TEST_F(between, child_writes)
{
	CHILD_INTRUDES(writes, true, has_its_data);
}

TEST_F(between, child_drops)
{
	CHILD_INTRUDES(drops, false, has_its_data);
}

TEST_F(between, child_unmaps_part)
{
	CHILD_INTRUDES(unmaps_part, false, has_its_data);
}

TEST_F(between, child_moves)
{
	ASSERT_RIGHT(sample_room(&self->window.sample, 0,
				 &self->window.target));
	CHILD_INTRUDES(moves, false, has_its_data);
}

TEST_F(between, child_moves_by_a_page)
{
	ASSERT_RIGHT(sample_room(&self->window.sample, 1,
				 &self->window.target));
	CHILD_INTRUDES(moves, false, has_its_data);
}

TEST_F(between, child_protects_part)
{
	CHILD_INTRUDES(protects_part, false, can_read);
}

TEST_F(between, child_forks)
{
	CHILD_INTRUDES(forks, false, grandchild_has_its_data);
}

TEST_F(between, child_pins_to_write)
{
	NEED(pin_needed, PIN_SLOW);
	CHILD_INTRUDES(pins_to_write, true, has_its_data);
}

TEST_F(between, child_pins_to_read)
{
	NEED(pin_needed, PIN_FAST_READ);
	CHILD_INTRUDES(pins_to_read, true, has_its_data);
}

/* A child that has it mapped, and touches nothing. */
static const char *waits(struct sample *sample, struct peer *parent)
{
	CHECK(peer_tell(parent));
	return peer_wait(parent);
}

/* It is gone, with all its mappings, before the migration goes on. */
static const char *child_is_reaped(struct window *window)
{
	struct peer *child = &window->sharer;

	CHECK(peer_tell(child));
	CHECK(peer_end(child));
	child->pid = 0;
	return RIGHT;
}

TEST_F(between, child_exits)
{
	struct window *window = &self->window;

	ASSERT_RIGHT(peer_fork(&window->sharer, waits, &window->sample));
	ASSERT_RIGHT(peer_wait(&window->sharer));
	ASSERT_RIGHT(window_intrude(window, child_is_reaped, false));
	ASSERT_RIGHT(window_end(window));
}

TEST_HARNESS_MAIN
