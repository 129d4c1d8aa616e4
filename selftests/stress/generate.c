// SPDX-License-Identifier: GPL-2.0
/*
 * What a seed stands for. Each list has operations of its own that it prefers, and some
 * that it does without; and much of what it does it does where it did something before.
 */
#include <string.h>

#include "dice.h"
#include "generate.h"
#include "operations.h"

struct generator {
	struct dice dice;
	struct list *list;
	unsigned int weight[OPS];
	bool alive[PROCESSES];		/* as far as one can know beforehand */
	struct step last;
};

static void choose_memory(struct generator *g)
{
	const uint32_t folio = folio_pages(), most = RANGE_PAGES / folio;
	struct place *place = g->list->place;
	uint32_t i, ranges = 1 + dice_roll(&g->dice, RANGES);

	for (i = 0; i < ranges; i++) {
		place[i].pages = folio * (1 + dice_roll(&g->dice, most ? most : 1));
		place[i].huge = !dice_chance(&g->dice, 5);
		if (dice_chance(&g->dice, 3))
			place[i].offset = dice_roll(&g->dice, folio);
		if (dice_chance(&g->dice, 4))
			place[i].pages -= dice_roll(&g->dice, folio);
		if (place[i].pages > RANGE_PAGES)
			place[i].pages = RANGE_PAGES;
	}
	for (i = 0; i < DEVICES; i++)
		g->list->coherent[i] = dice_chance(&g->dice, 4);
	g->list->look_at_data = dice_chance(&g->dice, 2);
}

static void choose_preferences(struct generator *g)
{
	static const unsigned int factor[] = { 0, 1, 1, 2, 4 };
	unsigned int op;

	for (op = 0; op < OPS; op++)
		g->weight[op] = operations[op].weight *
				factor[dice_roll(&g->dice, sizeof(factor) / sizeof(*factor))];
	g->weight[OP_WRITE] += operations[OP_WRITE].weight;
	g->weight[OP_TO_DEVICE] += operations[OP_TO_DEVICE].weight;
}

static unsigned int choose_op(struct generator *g)
{
	unsigned int op, sum = 0;
	uint64_t n;

	for (op = 0; op < OPS; op++)
		sum += g->weight[op];
	n = dice_roll(&g->dice, sum);
	for (op = 0; n >= g->weight[op]; op++)
		n -= g->weight[op];
	return op;
}

static uint32_t choose_process(struct generator *g, bool alive)
{
	uint32_t i, n = 0, nth;

	for (i = 0; i < PROCESSES; i++)
		n += g->alive[i] == alive;
	if (!n)
		return 0;
	nth = dice_roll(&g->dice, n);
	for (i = 0; g->alive[i] != alive || nth--; i++)
		;
	return i;
}

static uint32_t choose_range(struct generator *g)
{
	uint32_t n = 0;

	while (n < RANGES && g->list->place[n].pages)
		n++;
	return dice_roll(&g->dice, n);
}

/* Huge pages that are in it, by where they begin; the range itself where none does. */
static void choose_folio(struct generator *g, struct step *step)
{
	const struct place *place = &g->list->place[step->range];
	const uint32_t folio = folio_pages();
	const uint32_t first = (folio - place->offset) % folio;
	const uint32_t n = place->pages > first ? (place->pages - first) / folio : 0;

	step->first = 0;
	step->npages = place->pages;
	if (n) {
		step->first = first + folio * dice_roll(&g->dice, n);
		step->npages = folio;
	}
}

/* About a huge page: all, more or less of it, from its beginning or not. */
static void choose_pages(struct generator *g, struct step *step)
{
	const uint32_t pages = g->list->place[step->range].pages;
	const uint32_t some = 1 + dice_roll(&g->dice, 16);
	uint32_t end;

	choose_folio(g, step);
	end = step->first + step->npages;
	switch (dice_roll(&g->dice, 12)) {
	case 0:
		step->npages = (step->npages + 1) / 2;
		break;
	case 1:
		step->npages = some;
		break;
	case 2:
		step->npages += some;
		break;
	case 3:
		step->first += step->npages / 2;
		step->npages -= step->npages / 2;
		break;
	case 4:
		step->first = end > some ? end - some : 0;
		step->npages = some + dice_roll(&g->dice, some);
		break;
	case 5:
		step->first += dice_roll(&g->dice, step->npages);
		step->npages = dice_chance(&g->dice, 2) ? 1 : some;
		break;
	case 6:
		step->first = dice_roll(&g->dice, pages);
		step->npages = 1 + dice_roll(&g->dice, pages);
		break;
	case 7:
		step->first = 0;
		step->npages = pages;
		break;
	default:
		break;
	}
	if (step->first >= pages)
		step->first = pages - 1;
	if (step->npages > pages - step->first)
		step->npages = pages - step->first;
}

/* What the last step was about, or a part of that. */
static void choose_same_pages(struct generator *g, struct step *step)
{
	step->first = g->last.first;
	step->npages = g->last.npages;
	if (dice_chance(&g->dice, 2))
		return;
	if (dice_chance(&g->dice, 2))
		step->first += dice_roll(&g->dice, step->npages);
	step->npages = 1 + dice_roll(&g->dice, g->last.first + g->last.npages - step->first);
}

static void choose_target(struct generator *g, struct step *step)
{
	const uint32_t folio = folio_pages();
	uint32_t room, pages;

	step->to_range = choose_range(g);
	pages = g->list->place[step->to_range].pages;
	if (step->npages > pages)
		step->npages = pages;
	room = pages - step->npages;
	step->to_first = dice_roll(&g->dice, room + 1);
	if (!dice_chance(&g->dice, 3))
		step->to_first -= step->to_first % folio;
}

static uint64_t choose_number(struct generator *g)
{
	static const uint64_t number[] = { 1, 1, 1, 0, 2, 5 };

	return number[dice_roll(&g->dice, sizeof(number) / sizeof(*number))];
}

/* In the order of struct step, so that what follows does not depend on the table. */
static void choose_parameters(struct generator *g, struct step *step)
{
	const struct operation *operation = operation_of(step);
	const bool again = !dice_chance(&g->dice, 3) && g->alive[g->last.process];

	step->process = choose_process(g, true);
	step->other = choose_process(g, false);
	step->device = dice_chance(&g->dice, 4);
	step->range = choose_range(g);
	if (again) {
		step->process = g->last.process;
		step->device = g->last.device;
		step->range = g->last.range;
	}
	choose_pages(g, step);
	if (again && g->last.npages && !dice_chance(&g->dice, 3))
		choose_same_pages(g, step);
	g->last = *step;
	if (operation_takes(operation, 't'))
		choose_target(g, step);
	if (operation_takes(operation, 'n'))
		step->value = choose_number(g);
	if (operation_takes(operation, 'w'))
		step->value = dice_roll(&g->dice, operation_words(operation));
}

static bool is_an_end(const struct step *step)
{
	return step->op == OP_EXIT || step->op == OP_KILL;
}

static void follow_processes(struct generator *g, const struct step *step)
{
	if (step->op == OP_FORK)
		g->alive[step->other] = true;
	if (is_an_end(step))
		g->alive[step->process] = false;
}

static unsigned int count_alive(const struct generator *g)
{
	unsigned int i, n = 0;

	for (i = 0; i < PROCESSES; i++)
		n += g->alive[i];
	return n;
}

static void choose_steps(struct generator *g, size_t nsteps)
{
	struct list *list = g->list;

	choose_preferences(g);
	while (list->nsteps < nsteps) {
		struct step step = { .op = choose_op(g) };

		if (is_an_end(&step) && count_alive(g) == 1)
			continue;
		if (step.op == OP_FORK && count_alive(g) == PROCESSES)
			continue;
		choose_parameters(g, &step);
		follow_processes(g, &step);
		list_add(list, &step);
	}
}

void list_generate(struct list *list, uint64_t seed, size_t nsteps)
{
	struct generator g = { .dice.state = seed, .list = list, .alive[0] = true };

	memset(list, 0, sizeof(*list));
	list->seed = seed;
	choose_memory(&g);
	choose_steps(&g, nsteps);
}

void list_generate_steps(struct list *list, uint64_t seed, size_t nsteps)
{
	struct generator g = { .dice.state = seed, .list = list, .alive[0] = true };

	choose_steps(&g, nsteps);
}
