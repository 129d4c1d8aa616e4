// SPDX-License-Identifier: GPL-2.0
/*
 * All at the same time, in no order: a driver unmaps and moves memory that it has mapped by
 * page frame number, while it is read, written, asked for by GUP-fast, forked, and while
 * processes are killed that do so.
 *
 * Rules: who accesses it finds what was written last, wherever it is; GUP gets nothing; what
 * the driver has unmapped is mapped in no process (mm/huge_memory.c, copy_huge_pmd()).
 * DEVTHP_RACE_SECONDS=number is how long each takes (default 2).
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "common/harness.h"
#include "common/pfnmap.h"
#include "common/pin.h"

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static double end_of_race(void)
{
	const char *seconds = getenv("DEVTHP_RACE_SECONDS");

	return now() + (seconds && atoi(seconds) > 0 ? atoi(seconds) : 2);
}

/* ---- Threads of one process ---- */

struct racer {
	struct pfnmap *map;
	const char *(*step)(struct racer *racer);
	pthread_t thread;
	double end;
	double began, ended;	/* who has one thing to do */
	unsigned int steps;
	uint64_t *word;		/* that nobody else writes, and what it should hold */
	uint64_t value;
	char wrong[512];
};

static _Atomic bool over;

/* Of each racer, at least: every kind of step that it has. */
#define MIN_STEPS 4

static void *race(void *arg)
{
	struct racer *racer = arg;
	const char *verdict = RIGHT;

	/* Who comes late has some steps, too. */
	do {
		verdict = racer->step(racer);
		racer->steps++;
		sched_yield();
	} while (is_right(verdict) && !over &&
		 (racer->steps < MIN_STEPS || now() < racer->end));
	if (!is_right(verdict))
		over = true;
	snprintf(racer->wrong, sizeof(racer->wrong), "%s", verdict);
	return NULL;
}

static const char *reads(struct racer *racer)
{
	return pfnmap_data(racer->map);
}

/* Whatever moves in between: what was written is there. */
static const char *writes(struct racer *racer)
{
	if (*(volatile uint64_t *)racer->word != racer->value)
		return wrong("%#llx was written, %#llx is there", (unsigned long long)racer->value,
			     (unsigned long long)*racer->word);
	*(volatile uint64_t *)racer->word = ++racer->value;
	return RIGHT;
}

static const char *asks_gup(struct racer *racer)
{
	enum gup_call call = racer->steps % 2 ? GET_USER_PAGES_FAST : PIN_USER_PAGES_FAST;
	size_t got;

	CHECK(gup_got(call, racer->map->addr + SIZE_64K, 32, 16, &got));
	return got ? wrong("GUP-fast got %zu pages", got) : RIGHT;
}

static const char *evicts(struct racer *racer)
{
	static const size_t sizes[] = { SIZE_4K, SIZE_2M };
	const size_t size = sizes[racer->steps % 2];

	return pfnmap_evict(racer->map, racer->steps * 7 * size % racer->map->bytes, size);
}

/* Not of 1 GiB: the content would stay behind. */
static const char *moves(struct racer *racer)
{
	struct pfnmap *map = racer->map;

	if (pfnmap_moves_empty(map))
		return pfnmap_evict(map, 0, map->bytes);
	return pfnmap_move(map, (map->backing + 1) % HUGE_PFNMAP_BACKINGS, map->order);
}

/* Else there is nowhere to move to, as on arm64. */
static bool all_memory_is_reserved(const struct pfnmap *map)
{
	struct pfnmap_kind kind = { .order = map->order, .bytes = map->bytes };
	const char *why;

	for (; kind.backing < HUGE_PFNMAP_BACKINGS; kind.backing++)
		if (pfnmap_needed(&kind, &why) != KSFT_PASS)
			return false;
	return true;
}

/* What was not mapped yet has no page table that would keep a huge entry away. */
static const char *maps_anew(struct racer *racer)
{
	const struct pfnmap *map = racer->map;

	if (mmap(map->addr, map->mapped, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
		 map->file, map->offset) != map->addr)
		return went_well("map it anew", -errno);
	return reads(racer);
}

/* A fault that was told that there is no huge entry may meet one. */
static const char *changes_entries(struct racer *racer)
{
	return pfnmap_faults(racer->map, racer->steps % 2 ? ORDER_2M : ORDER_4K, 0);
}

static const char *run_race(struct pfnmap *map, struct racer *racers, unsigned int count)
{
	const double end = end_of_race();
	const char *verdict = RIGHT;
	unsigned int i;

	over = false;
	for (i = 0; i < count; i++) {
		racers[i].map = map;
		racers[i].end = end;
		if (pthread_create(&racers[i].thread, NULL, race, &racers[i]))
			return wrong("no thread");
	}
	for (i = 0; i < count; i++) {
		pthread_join(racers[i].thread, NULL);
		if (is_right(verdict) && !is_right(racers[i].wrong))
			verdict = wrong("racer %u after %u steps: %s", i, racers[i].steps,
					racers[i].wrong);
	}
	return verdict;
}

FIXTURE(raced)
{
	struct pfnmap map;
};

PFNMAP_FIXTURE(raced)

TEST_F_TIMEOUT(raced, by_all, 8 * PATIENCE)
{
	struct pfnmap *map = &self->map;
	uint64_t *word = (uint64_t *)(map->addr + 3 * SIZE_64K);
	struct racer racers[] = {
		{ .step = reads }, { .step = asks_gup }, { .step = evicts },
		{ .step = all_memory_is_reserved(map) ? moves : evicts },
		{ .step = writes, .word = word, .value = *word },
	};

	NEED(pin_needed, PIN_SLOW);
	ASSERT_RIGHT(run_race(map, racers, ARRAY_SIZE(racers)));
	ASSERT_RIGHT(pfnmap_data(map));
	ASSERT_EQ(racers[4].value, *(volatile uint64_t *)word);
}

TEST_F_TIMEOUT(raced, by_who_changes_entries, 8 * PATIENCE)
{
	struct racer racers[] = {
		{ .step = reads }, { .step = reads }, { .step = maps_anew },
		{ .step = changes_entries },
	};

	ASSERT_RIGHT(run_race(&self->map, racers, ARRAY_SIZE(racers)));
	ASSERT_RIGHT(pfnmap_data(&self->map));
}

/* ---- A process that forks while it is unmapped ---- */

static void *evict_all(void *arg)
{
	struct racer *racer = arg;

	while (!over)
		;
	while (now() < racer->end)
		;
	racer->began = now();
	snprintf(racer->wrong, sizeof(racer->wrong), "%s",
		 pfnmap_evict(racer->map, 0, racer->map->bytes));
	racer->ended = now();
	return NULL;
}

/* The buffer is mapped so often that most of a fork is about that. */
#define MAPPINGS 16

static const char *map_often(const struct pfnmap *map, struct pfnmap *maps)
{
	unsigned int i;

	for (i = 0; i < MAPPINGS; i++) {
		maps[i] = *map;
		maps[i].addr = mmap(NULL, map->bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
				    map->file, 0);
		if (maps[i].addr == MAP_FAILED)
			return went_well("map it once more", -errno);
	}
	return RIGHT;
}

static const char *nothing_is_mapped(const struct pfnmap *maps)
{
	unsigned int i;

	for (i = 0; i < MAPPINGS; i++)
		CHECK(pfnmap_entries_are_none(&maps[i]));
	return RIGHT;
}

/*
 * Whatever came first: when both are done, and nobody has touched it, nothing is mapped,
 * here or in the child, which has not looked before it is told to. When in a fork it is
 * unmapped is another time each time. Each may have begun before the other had ended, on
 * one CPU, too: a fork is long enough to lose it once in a while. Those are counted.
 */
static const char *forks_while_it_is_unmapped(struct pfnmap *map, const struct pfnmap *maps,
					      unsigned int times, unsigned int *overlaps)
{
	static double fork_takes;
	const double begin = now();
	double fork_began, fork_ended;
	struct racer racer = { .map = map, .end = begin + fork_takes * (times * 13 % 32) / 32 };
	char sentence[512] = "";
	int go[2], said[2];
	pid_t child;

	if (pipe(go) || pipe(said))
		return wrong("no pipes");
	over = false;
	if (pthread_create(&racer.thread, NULL, evict_all, &racer))
		return wrong("no thread");
	over = true;
	fork_began = now();
	child = fork();
	fork_ended = now();
	if (!child) {
		close(go[1]);
		if (read(go[0], sentence, 1))
			_exit(1);
		snprintf(sentence, sizeof(sentence), "%s", nothing_is_mapped(maps));
		_exit(write(said[1], sentence, sizeof(sentence)) != sizeof(sentence));
	}
	fork_takes = fork_ended - begin;
	pthread_join(racer.thread, NULL);
	*overlaps += racer.began < fork_ended && fork_began < racer.ended;
	close(go[1]);
	close(go[0]);
	close(said[1]);
	if (read(said[0], sentence, sizeof(sentence)) != sizeof(sentence))
		snprintf(sentence, sizeof(sentence), "the child did not say anything");
	close(said[0]);
	waitpid(child, NULL, 0);
	if (!is_right(racer.wrong))
		return wrong("%s", racer.wrong);
	CHECK(nothing_is_mapped(maps));
	return is_right(sentence) ? RIGHT : wrong("child: %s", sentence);
}

FIXTURE(forked)
{
	struct pfnmap map;
};

/* As many entries as can be, all inserted by one touch. */
FIXTURE_VARIANT(forked)
{
	struct pfnmap_kind kind;
};

FIXTURE_VARIANT_ADD(forked, ptes) { .kind = { HUGE_PFNMAP_BARE, ORDER_4K, SIZE_2M } };
FIXTURE_VARIANT_ADD(forked, pmds) { .kind = { HUGE_PFNMAP_BARE, ORDER_2M, SIZE_1G } };
FIXTURE_VARIANT_ADD(forked, pud) { .kind = { HUGE_PFNMAP_BARE, ORDER_1G, SIZE_1G } };

FIXTURE_SETUP(forked)
{
	SETUP_PFNMAP(&self->map, &variant->kind);
	ASSERT_RIGHT(pfnmap_faults(&self->map, variant->kind.order, HUGE_PFNMAP_AROUND));
}

FIXTURE_TEARDOWN(forked)
{
	TEARDOWN_PFNMAP(&self->map);
}

TEST_F_TIMEOUT(forked, while_it_is_unmapped, 8 * PATIENCE)
{
	struct pfnmap maps[MAPPINGS];
	const double end = end_of_race(), limit = end + PATIENCE;
	unsigned int times = 0, overlaps = 0, i;

	ASSERT_RIGHT(map_often(&self->map, maps));
	do {
		for (i = 0; i < MAPPINGS; i++)
			*(volatile char *)maps[i].addr;
		ASSERT_RIGHT(forks_while_it_is_unmapped(&self->map, maps, times,
							&overlaps));
		times++;
	} while (now() < (overlaps ? end : limit));
	TH_LOG("%u forks, %u of them while it was unmapped", times, overlaps);
	ASSERT_LT(0, overlaps);
}

/* ---- Processes that are killed in the middle ---- */

static _Atomic unsigned int *steps_of_child;

static void do_everything(struct pfnmap *map)
{
	struct racer racer = { .map = map };

	for (;;) {
		pfnmap_data(map);
		(racer.steps % 3 ? evicts : moves)(&racer);
		racer.steps++;
		(*steps_of_child)++;
	}
}

/* The buffer, which this process has as well, is in one of the memories, and is right. */
static const char *is_right_after(struct pfnmap *map, unsigned int steps)
{
	struct huge_pfnmap_stats stats;
	pid_t child;

	*steps_of_child = 0;
	child = fork();
	if (!child)
		do_everything(map);
	while (*steps_of_child < steps)
		sched_yield();
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	CHECK(pfnmap_stats(map, &stats));
	map->backing = stats.backing;
	CHECK(pfnmap_data(map));
	return pfnmap_pages(map, &map->before);
}

TEST_F_TIMEOUT(raced, by_who_is_killed, 8 * PATIENCE)
{
	const double end = end_of_race();
	unsigned int times = 0;

	steps_of_child = mmap(NULL, SIZE_4K, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			      -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)steps_of_child);
	do {
		ASSERT_RIGHT(is_right_after(&self->map, 1 + times % 5));
		times++;
	} while (now() < end);
	TH_LOG("%u processes", times);
}

TEST_HARNESS_MAIN
