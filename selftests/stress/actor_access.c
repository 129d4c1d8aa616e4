// SPDX-License-Identifier: GPL-2.0
/* Accesses to memory that others change, move and take away meanwhile. */
#include <errno.h>
#include <sys/mman.h>

#include "actor.h"
#include "need.h"
#include "pin.h"

/* Of a step, so many pages: it is their number that makes races, not their size. */
#define SOME 24U

static uint32_t some(const struct step *step)
{
	return step->npages < SOME ? step->npages : SOME;
}

static uint32_t number_of(const struct step *step, uint32_t i)
{
	return page_number(step->range, step->first + i);
}

static char *place_of(const struct actor *actor, const struct step *step, uint32_t i)
{
	return worker_page(&actor->worker, step->range, step->first + i);
}

static char *buffer_of(const struct actor *actor, uint32_t i)
{
	return actor->worker.buffer + i * devthp_page_size();
}

/* ---- By the CPU ---- */

static const char *write_page(struct actor *actor, const struct step *step, uint32_t i)
{
	struct ledger *ledger = actor->ledger;
	const uint32_t number = number_of(step, i);
	struct glimpse glimpse;
	uint32_t drops, generation;
	int signal;

	ledger_glimpse(ledger, number, &glimpse);
	generation = ledger_begins_write(ledger, number, &drops);
	if (!generation)
		return RIGHT;
	ledger_fill(ledger, number, generation, actor->worker.buffer);
	signal = worker_copies(place_of(actor, step, i), actor->worker.buffer);
	ledger_ends_write(ledger, number, drops, !signal);
	return ledger_judges_signal(ledger, number, &glimpse, signal, PROT_WRITE);
}

const char *do_write(struct actor *actor, const struct step *step)
{
	uint32_t i;

	for (i = 0; i < some(step); i++)
		CHECK(write_page(actor, step, i));
	return is_usual(actor, step, 0);
}

static const char *read_page(struct actor *actor, const struct step *step, uint32_t i)
{
	const uint32_t number = number_of(step, i);
	struct glimpse glimpse;
	int signal;

	ledger_glimpse(actor->ledger, number, &glimpse);
	signal = worker_copies(actor->worker.buffer, place_of(actor, step, i));
	if (!signal)
		CHECK(ledger_judges(actor->ledger, number, &glimpse, actor->worker.buffer,
				    "the CPU reads"));
	return ledger_judges_signal(actor->ledger, number, &glimpse, signal, PROT_READ);
}

const char *do_read(struct actor *actor, const struct step *step)
{
	uint32_t i;

	for (i = 0; i < some(step); i++)
		CHECK(read_page(actor, step, i));
	return is_usual(actor, step, 0);
}

/* ---- By others, who make copies in the buffer ---- */

typedef int copies(struct actor *actor, const struct step *step);

static const char *judge_copies(struct actor *actor, const struct step *step, copies *copy,
				const char *who)
{
	struct step part = *step;
	struct glimpse glimpse[SOME];
	uint32_t i;
	int result;

	part.npages = some(step);
	for (i = 0; i < part.npages; i++)
		ledger_glimpse(actor->ledger, number_of(step, i), &glimpse[i]);
	result = copy(actor, &part);
	for (i = 0; i < part.npages && !result; i++)
		CHECK(ledger_judges(actor->ledger, number_of(step, i), &glimpse[i],
				    buffer_of(actor, i), who));
	return is_usual(actor, step, result);
}

static int read_by_device(struct actor *actor, const struct step *step)
{
	struct devthp_device *dev;
	int ret = worker_device(&actor->worker, step->device, &dev);

	return ret ? ret : (devthp_device_read)(dev, place_of(actor, step, 0), step->npages,
						actor->worker.buffer, NULL);
}

const char *do_dev_read(struct actor *actor, const struct step *step)
{
	return judge_copies(actor, step, read_by_device, "the device reads");
}

static int read_exclusively(struct actor *actor, const struct step *step)
{
	struct devthp_device *dev;
	int ret = worker_device(&actor->worker, step->device, &dev);

	return ret ? ret : (devthp_device_exclusive)(dev, place_of(actor, step, 0), step->npages,
						     actor->worker.buffer);
}

const char *do_exclusive(struct actor *actor, const struct step *step)
{
	return judge_copies(actor, step, read_exclusively, "the device reads exclusively");
}

/* Nobody who is about to touch the memory may hold it: it would wait for itself. */
static int read_by_pin(struct actor *actor, const struct step *step, enum pin_how how)
{
	struct pin pin;
	const char *taken = pin_take(&pin, how, place_of(actor, step, 0), step->npages);

	if (is_right(taken))
		actor_yields(actor);
	if (!is_right(pin_drop(&pin, is_right(taken) ? actor->worker.buffer : NULL)) ||
	    !is_right(taken))
		return -EFAULT;
	return 0;
}

static int read_by_ring(struct actor *actor, const struct step *step)
{
	return read_by_pin(actor, step, PIN_RING);
}

static int read_by_pipe(struct actor *actor, const struct step *step)
{
	return read_by_pin(actor, step, REFERENCE_PIPE);
}

/* One at a time. Who may be killed may not have it, as nobody else would let go of it. */
static int read_by_gup(struct actor *actor, const struct step *step)
{
	int ret;

	if (actor->generation || atomic_exchange(&actor->melee->gup_is_busy, true))
		return -EBUSY;
	ret = read_by_pin(actor, step, PIN_SLOW);
	actor->melee->gup_is_busy = false;
	return ret;
}

const char *do_pin(struct actor *actor, const struct step *step)
{
	static copies * const by[] = {
		[PIN_BY_RING] = read_by_ring, [PIN_BY_PIPE] = read_by_pipe,
		[PIN_BY_GUP] = read_by_gup,
	};
	const char *why;

	if (step->value == PIN_BY_RING && pin_needed(PIN_RING, &why) != KSFT_PASS)
		return RIGHT;
	return judge_copies(actor, step, by[step->value], "who has pinned it reads");
}

/* ---- The device writes ---- */

/* Pages from the first on that nobody else is writing. */
static uint32_t begin_writes(struct actor *actor, const struct step *step, uint32_t *drops)
{
	uint32_t i, generation;

	for (i = 0; i < some(step); i++) {
		generation = ledger_begins_write(actor->ledger, number_of(step, i), &drops[i]);
		if (!generation)
			break;
		ledger_fill(actor->ledger, number_of(step, i), generation, buffer_of(actor, i));
	}
	return i;
}

const char *do_dev_write(struct actor *actor, const struct step *step)
{
	struct devthp_device *dev;
	int result = worker_device(&actor->worker, step->device, &dev);
	uint32_t drops[SOME], i, npages;

	if (result)
		return is_usual(actor, step, result);
	npages = begin_writes(actor, step, drops);
	if (npages)
		result = (devthp_device_write)(dev, place_of(actor, step, 0), npages,
					       actor->worker.buffer, NULL);
	for (i = 0; i < npages; i++)
		ledger_ends_write(actor->ledger, number_of(step, i), drops[i], !result);
	return is_usual(actor, step, result);
}

/* ---- Holding, for a moment ---- */

const char *do_hold(struct actor *actor, const struct step *step)
{
	struct devthp_device *dev;
	int result = worker_device(&actor->worker, step->device, &dev);

	if (result)
		return is_usual(actor, step, result);
	result = (devthp_device_hold)(dev, place_of(actor, step, 0), step->npages, 0, NULL);
	actor_yields(actor);
	CHECK(is_usual(actor, step, (devthp_device_unhold)(dev, place_of(actor, step, 0), step->npages,
						    NULL)));
	return is_usual(actor, step, result);
}

/* ---- In the end ---- */

static const char *look_at_range(struct actor *actor, uint32_t range)
{
	struct step step = { .op = OP_DEV_READ, .range = range };
	const uint32_t pages = actor->worker.list->place[range].pages;

	for (step.first = 0; step.first < pages; step.first += SOME) {
		step.npages = pages - step.first < SOME ? pages - step.first : SOME;
		CHECK(do_dev_read(actor, &step));
		CHECK(do_read(actor, &step));
	}
	return RIGHT;
}

const char *actor_looks_at_all(struct actor *actor)
{
	uint32_t range;

	for (range = 0; range < RANGES; range++)
		CHECK(look_at_range(actor, range));
	return RIGHT;
}
