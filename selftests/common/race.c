// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include "race.h"
#include "ready.h"
#include "verdict.h"

#define DEFAULT_SECONDS 2
#define MAX_SECONDS 60

/* So many seconds more for who has done nothing by then. */
#define MAX_LATE 60

/* The time is the usual end of a race; this one is for very fast machines. */
#define MAX_STEPS 10000000

#define MAX_RACERS 32

static uint64_t number_from(const char *name, uint64_t otherwise)
{
	const char *value = getenv(name);

	return value && *value ? strtoull(value, NULL, 0) : otherwise;
}

static uint64_t any_seed(void)
{
	uint64_t seed;

	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		seed = time(NULL);
	return seed;
}

static uint64_t race_seconds(void)
{
	uint64_t seconds = number_from("DEVTHP_RACE_SECONDS", DEFAULT_SECONDS);

	return seconds < MAX_SECONDS ? seconds : MAX_SECONDS;
}

uint64_t race_random(struct racer *racer, uint64_t below)
{
	uint64_t x = racer->random;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	racer->random = x;
	return (x >> 11) % below;
}

bool race_chance(struct racer *racer, uint64_t in)
{
	return !race_random(racer, in);
}

void race_done(struct racer *racer)
{
	racer->race->state->done[racer->role - racer->race->role]++;
}

/* The first role that should have done something, but has not; or NULL. */
static const struct race_role *idle_role(const struct race *race)
{
	const struct race_role *role;

	for (role = race->role; role->name; role++)
		if (!role->may_be_idle && !race->state->done[role - race->role])
			return role;
	return NULL;
}

/* On a machine that is busy with other things, some come late. */
bool race_is_over(const struct race *race)
{
	struct timespec now;
	time_t late;

	if (race->state->over)
		return true;
	clock_gettime(CLOCK_MONOTONIC, &now);
	late = now.tv_sec - race->end.tv_sec - (now.tv_nsec < race->end.tv_nsec);
	return late >= 0 && (late >= MAX_LATE || !idle_role(race));
}

void race_wrong(const struct race *race, const char *verdict)
{
	struct race_state *state = race->state;

	if (!atomic_exchange(&state->failed, true)) {
		snprintf(state->what, sizeof(state->what), "%s", verdict);
		state->explained = true;
	}
	state->over = true;
}

static uint64_t scramble(uint64_t x)
{
	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93ULL;
	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93ULL;
	return x ^ (x >> 32);
}

static const char *racer_enter(struct racer *racer)
{
	const size_t role = racer->role - racer->race->role;
	void *buffer;

	/* Never 0, where the generator would stay. */
	racer->random = scramble(racer->race->seed + role * 1000 +
				 racer->number) | 1;
	buffer = mmap(NULL, RACER_PAGES * devthp_page_size(),
		      PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		      0);
	if (buffer == MAP_FAILED)
		return went_well("map a buffer", -errno);
	racer->buffer = buffer;
	return device_open(&racer->dev, racer->role->minor);
}

static void racer_leave(struct racer *racer)
{
	devthp_device_close(racer->dev);
	if (racer->buffer)
		munmap(racer->buffer, RACER_PAGES * devthp_page_size());
}

static const char *racer_go(struct racer *racer)
{
	while (!race_is_over(racer->race) && racer->steps < MAX_STEPS) {
		CHECK(racer->role->step(racer));
		racer->steps++;
		/* On one CPU, let others in between more often. */
		if (race_chance(racer, 4))
			sched_yield();
	}
	return RIGHT;
}

static void *racer_live(void *arg)
{
	struct racer *racer = arg;
	const char *verdict = racer_go(racer);

	if (!is_right(verdict))
		race_wrong(racer->race,
			   wrong("%s %u, step %" PRIu64 ": %s",
				 racer->role->name, racer->number,
				 racer->steps, verdict));
	return NULL;
}

/*
 * It opens the device itself: what it inherited would mirror this process. To
 * close that is an eviction, so it waits for the end of the pipe before.
 */
static const char *outsider_start(pid_t *pid, struct racer *racer,
				  const int alive[2])
{
	const char *verdict;
	char nothing;

	*pid = fork();
	if (*pid < 0)
		return went_well("fork", -errno);
	if (*pid)
		return RIGHT;
	close(alive[1]);
	verdict = racer_enter(racer);
	if (is_right(verdict))
		racer_live(racer);
	else
		race_wrong(racer->race, verdict);
	_exit(read(alive[0], &nothing, 1) ? EXIT_FAILURE : EXIT_SUCCESS);
}

static const char *outsider_end(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) < 0)
		return went_well("wait for a process", -errno);
	return status ? wrong("a process ended with status %#x", status) :
			RIGHT;
}

static const char *everybody_did_something(const struct race *race)
{
	const struct race_role *idle = idle_role(race);

	return idle ? wrong("%s did nothing that had an effect", idle->name) :
		      RIGHT;
}

static const char *all_data_is_right(struct race *race)
{
	struct arena *arena = &race->arena;

	return arena_data_is_right(arena, 0, arena->pages, arena_addr(arena, 0),
				   "in the end");
}

static const char *judge(struct race *race)
{
	struct race_state *state = race->state;

	if (!state->failed)
		CHECK(all_data_is_right(race));
	if (!state->failed)
		return everybody_did_something(race);
	while (!state->explained)
		sched_yield();
	return wrong("%s", state->what);
}

static const char *start_outsiders(struct racer *racers, unsigned int count,
				   pid_t *pids, const int alive[2])
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (racers[i].role->outside)
			CHECK(outsider_start(&pids[i], &racers[i], alive));
	return RIGHT;
}

static const char *start_threads(struct racer *racers, unsigned int count,
				 pthread_t *threads, bool *started)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (!racers[i].role->outside)
			CHECK(racer_enter(&racers[i]));
	for (i = 0; i < count; i++) {
		if (racers[i].role->outside)
			continue;
		CHECK(went_well("start a thread",
				-pthread_create(&threads[i], NULL, racer_live,
						&racers[i])));
		started[i] = true;
	}
	return RIGHT;
}

static const char *run_racers(struct race *race, struct racer *racers,
			      unsigned int count, const int alive[2])
{
	pthread_t threads[MAX_RACERS];
	bool started[MAX_RACERS] = { false };
	pid_t pids[MAX_RACERS] = { 0 };
	const char *verdict, *end;
	unsigned int i;

	/* Before there is anything that they should not inherit. */
	verdict = start_outsiders(racers, count, pids, alive);
	if (is_right(verdict))
		verdict = start_threads(racers, count, threads, started);
	if (!is_right(verdict))
		race_wrong(race, verdict);
	for (i = 0; i < count; i++)
		if (started[i])
			pthread_join(threads[i], NULL);
	race->state->over = true;
	verdict = judge(race);

	close(alive[1]);
	for (i = 0; i < count; i++) {
		racer_leave(&racers[i]);
		if (pids[i] <= 0)
			continue;
		end = outsider_end(pids[i]);
		verdict = is_right(verdict) ? end : verdict;
	}
	return verdict;
}

static const char *run_roles(struct race *race)
{
	struct racer racers[MAX_RACERS] = { 0 };
	const struct race_role *role;
	const char *verdict;
	unsigned int i, count = 0;
	int alive[2];

	for (role = race->role; role->name; role++)
		for (i = 0; i < role->racers && count < MAX_RACERS; i++)
			racers[count++] = (struct racer){
				.race = race, .role = role, .number = i,
			};
	if (pipe(alive))
		return went_well("make a pipe", -errno);
	verdict = run_racers(race, racers, count, alive);
	close(alive[0]);
	return verdict;
}

static const char *run_prepared(struct race *race, size_t folios,
				uint64_t seconds)
{
	const char *verdict;

	race->state = mmap(NULL, sizeof(*race->state), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (race->state == MAP_FAILED)
		return went_well("map the state of the race", -errno);
	verdict = arena_make(&race->arena, folios, race->seed);
	if (is_right(verdict)) {
		clock_gettime(CLOCK_MONOTONIC, &race->end);
		race->end.tv_sec += seconds;
		verdict = run_roles(race);
	}
	arena_free(&race->arena);
	munmap(race->state, sizeof(*race->state));
	return verdict;
}

const char *race_run(struct race *race, size_t folios,
		     const struct race_role *roles)
{
	const uint64_t seconds = race_seconds();
	const char *verdict;

	race->role = roles;
	race->seed = number_from("DEVTHP_SEED", 0);
	if (!race->seed)
		race->seed = any_seed();
	/* Writing to a dead child is an error to report, not a way to die. */
	signal(SIGPIPE, SIG_IGN);
	verdict = run_prepared(race, folios, seconds);
	if (!is_right(verdict))
		return wrong("DEVTHP_SEED=%#" PRIx64 " DEVTHP_RACE_SECONDS=%" PRIu64 ": %s",
			     race->seed, seconds, verdict);
	return RIGHT;
}
