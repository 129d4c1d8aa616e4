// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "driver.h"
#include "layout.h"
#include "need.h"
#include "ready.h"
#include "referee.h"
#include "verdict.h"
#include "window.h"

/* ---- Parties ---- */

static const char *party_prepare(struct party *party, struct window *window)
{
	party->window = window;
	if (pipe(party->start) || pipe(party->end))
		return went_well("make a pipe", -errno);
	return RIGHT;
}

static void party_dismiss(struct party *party)
{
	close(party->start[0]);
	close(party->start[1]);
	close(party->end[0]);
	close(party->end[1]);
}

static void party_live(struct party *party)
{
	const char *verdict;
	char go;

	party->tid = gettid();
	if (write(party->end[1], "t", 1) != 1 ||
	    read(party->start[0], &go, 1) != 1) {
		snprintf(party->verdict, sizeof(party->verdict),
			 "a party could not start");
		return;
	}
	verdict = party->act(party->window);
	snprintf(party->verdict, sizeof(party->verdict), "%s", verdict);
	if (write(party->end[1], "d", 1) != 1)
		snprintf(party->verdict, sizeof(party->verdict),
			 "a party could not end");
}

static void *party_thread(void *arg)
{
	party_live(arg);
	return NULL;
}

static const char *party_await(struct party *party)
{
	char byte;

	if (read(party->end[0], &byte, 1) != 1)
		return wrong("a party is gone");
	return RIGHT;
}

static const char *party_begin(struct party *party, window_act *act)
{
	party->act = act;
	CHECK(went_well("start a thread",
			-pthread_create(&party->thread, NULL, party_thread,
					party)));
	return party_await(party);
}

static const char *party_end(struct party *party)
{
	CHECK(party_await(party));
	pthread_join(party->thread, NULL);
	return is_right(party->verdict) ? RIGHT : wrong("%s", party->verdict);
}

/* ---- The window ---- */

const char *window_open(struct window *window, const struct window_point *at)
{
	window->at = at;
	/* Else threads map memory for what they allocate, and might wait. */
	mallopt(M_ARENA_MAX, 1);
	CHECK(party_prepare(&window->migrates, window));
	CHECK(party_prepare(&window->intrudes, window));
	if (pipe(window->request) || pipe(window->answer))
		return went_well("make a pipe", -errno);
	window->referee = fork();
	if (window->referee < 0)
		return went_well("fork", -errno);
	if (!window->referee) {
		close(window->request[1]);
		close(window->answer[0]);
		referee_live(device_minor, window->request[0], window->answer[1]);
	}
	close(window->request[0]);
	close(window->answer[1]);
	return RIGHT;
}

int window_needed(struct window *window, const char **why)
{
	const struct referee_request question = { 0 };
	const char *able = referee_ask(window->request[1], window->answer[0],
				       &question);

	return is_right(able) ? KSFT_PASS : missing(able, why);
}

const char *window_fill(struct window *window)
{
	struct sample *sample = &window->sample;

	/* Every close of the device takes its time: not if not needed. */
	if (window->at->migrate == window_evict)
		CHECK(driver_open(&window->evictor));
	CHECK(sample_fill_whole(sample));
	if (!window->at->to_device)
		CHECK(form_to_device(sample, window->at->form));
	return RIGHT;
}

static const char *fail_alloc(struct window *window)
{
	return went_well("let the next allocation fail",
			 devthp_device_fail_alloc(window->sample.dev,
						  window->at->no_huge));
}

static const char *between(struct window *window, bool waits, bool ends)
{
	struct party *first = &window->migrates, *second = &window->intrudes;
	const struct referee_request request = {
		.point = window->at->point,
		.migrates = {
			first->tid, first->start[1], first->end[0]
		},
		.intrudes = {
			second->tid, second->start[1], second->end[0]
		},
		.waits = waits,
		.ends = ends,
	};

	return referee_ask(window->request[1], window->answer[0], &request);
}

const char *window_enter(struct window *window, window_act *act, bool waits)
{
	CHECK(fail_alloc(window));
	CHECK(party_begin(&window->migrates, window->at->migrate));
	CHECK(party_begin(&window->intrudes, act));
	CHECK(between(window, waits, false));
	return party_end(&window->intrudes);
}

const char *window_leave(struct window *window)
{
	return party_end(&window->migrates);
}

const char *window_intrude(struct window *window, window_act *act, bool waits)
{
	CHECK(window_enter(window, act, waits));
	return window_leave(window);
}

static struct window *window_of(struct sample *sample)
{
	return (void *)((char *)sample - offsetof(struct window, sample));
}

static const char *sharer_life(struct sample *sample, struct peer *parent)
{
	struct window *window = window_of(sample);
	struct party *party = &window->intrudes;

	party_live(party);
	if (!is_right(party->verdict))
		return wrong("%s", party->verdict);
	CHECK(peer_wait(parent));
	return window->afterwards(window);
}

const char *window_child_intrudes(struct window *window, window_act *act,
				  bool waits, window_act *afterwards)
{
	window->intrudes.act = act;
	window->afterwards = afterwards;
	CHECK(peer_fork(&window->sharer, sharer_life, &window->sample));
	window->intrudes.tid = window->sharer.pid;
	CHECK(party_await(&window->intrudes));

	CHECK(fail_alloc(window));
	CHECK(party_begin(&window->migrates, window->at->migrate));
	CHECK(between(window, waits, false));
	CHECK(party_await(&window->intrudes));
	return party_end(&window->migrates);
}

/* ---- The owner is killed ---- */

/* On behalf of the kernel, as it reads the memory of another process. */
static const char *fault_remotely(struct window *window)
{
	struct sample *sample = &window->sample;
	const size_t page = window_page(window) * devthp_page_size();
	char byte;
	struct iovec to = { &byte, 1 }, from = { sample->addr + page, 1 };

	if (process_vm_readv(sample->owner, &to, 1, &from, 1, 0) != 1 &&
	    errno != EFAULT)
		return went_well("process_vm_readv", -errno);
	return RIGHT;
}

static window_act *heirs_act;

/*
 * Nobody waits for the end of an orphan: the file, closed then, would evict what
 * the next test has on the device. So it is closed before this one says it is done.
 */
static const char *act_and_close(struct window *window)
{
	const char *verdict = heirs_act(window);

	devthp_device_close(window->sample.dev);
	window->sample.dev = NULL;
	return verdict;
}

/* Its copy of the memory is not to be mapped by this process. */
static const char *heir_life(struct sample *sample, struct peer *parent)
{
	struct window *window = window_of(sample);

	CHECK(went_well("unmap what was inherited",
			devthp_range_unmap(sample->range, 0, sample->pages)));
	CHECK(peer_tell(parent));
	heirs_act = window->at->migrate == window_fault ? fault_remotely :
							  window->migrates.act;
	window->migrates.act = act_and_close;
	party_live(&window->migrates);
	return window->migrates.verdict;
}

static const char *owner_life(struct sample *sample, struct peer *parent)
{
	struct window *window = window_of(sample);
	const bool itself = window->owner_migrates;
	struct peer heir;

	CHECK(device_open(&sample->dev, device_minor));
	CHECK(sample_reserve(sample, 1));
	CHECK(window_fill(window));
	CHECK(fail_alloc(window));
	if (window->at->migrate != window_evict && !itself) {
		CHECK(peer_fork(&heir, heir_life, sample));
		CHECK(peer_wait(&heir));
	}
	CHECK(peer_tell(parent));
	if (itself)
		party_live(&window->migrates);
	return peer_wait(parent);
}

static const char *kills_owner(struct window *window)
{
	int status;

	if (kill(window->sharer.pid, SIGKILL))
		return went_well("kill the owner", -errno);
	status = peer_status(&window->sharer);
	window->sharer.pid = 0;
	if (!WIFSIGNALED(status))
		return wrong("the owner ended with status %#x", status);
	return RIGHT;
}

const char *window_owner_is_killed(struct window *window, bool itself)
{
	const bool evicts = window->at->migrate == window_evict && !itself;

	window->owner_migrates = itself;
	window->migrates.act = window->at->migrate;
	CHECK(peer_fork(&window->sharer, owner_life, &window->sample));
	CHECK(peer_wait(&window->sharer));
	if (evicts) {
		CHECK(driver_open(&window->evictor));
		CHECK(party_begin(&window->migrates, window_evict));
	} else {
		CHECK(party_await(&window->migrates));
	}
	CHECK(party_begin(&window->intrudes, kills_owner));
	CHECK(between(window, false, itself));
	CHECK(party_end(&window->intrudes));
	if (evicts)
		return party_end(&window->migrates);
	return itself ? RIGHT : party_await(&window->migrates);
}

/* ---- The end ---- */

/* Nor does the device still have what was dropped behind its back. */
static const char *device_finds_zero(struct sample *sample)
{
	const size_t size = devthp_page_size();
	size_t page, i;

	for (page = 0; page < sample->pages; page++) {
		if (sample->hole[page] != HOLE_DROPPED)
			continue;
		CHECK(went_well("the device reads",
				devthp_device_read(sample->dev,
						   sample->addr + page * size,
						   1, sample->buffer, NULL)));
		for (i = 0; i < size; i++)
			if (sample->buffer[i])
				return wrong("the device reads page %zu, which was dropped, and it is not zero",
					     page);
	}
	return RIGHT;
}

const char *window_end(struct window *window)
{
	struct sample *sample = &window->sample;

	/* A fault goes on and fills what was dropped before it. */
	if (window->at->migrate != window_fault)
		CHECK(holes_are_empty(sample));
	CHECK(device_finds_zero(sample));
	CHECK(sample_device_data(sample));
	if (window->sharer.pid) {
		CHECK(peer_tell(&window->sharer));
		CHECK(peer_end(&window->sharer));
	}
	CHECK(sample_data(sample));
	CHECK(sample_dropped_are_zero(sample));
	return RIGHT;
}

void window_close(struct window *window)
{
	devthp_device_close(window->second);
	devthp_range_free(window->target);
	devthp_device_close(window->evictor);
	if (window->uffd > 0)
		close(window->uffd);
	sample_release(&window->sample);
	if (window->referee > 0) {
		close(window->request[1]);
		close(window->answer[0]);
		waitpid(window->referee, NULL, 0);
	}
	party_dismiss(&window->migrates);
	party_dismiss(&window->intrudes);
}

/* ---- Who migrates ---- */

/* -ENOENT: some page did not go, and the intruder is why. */
const char *window_to_device(struct window *window)
{
	struct sample *sample = &window->sample;
	int err = devthp_migrate_to_device(sample->dev, sample->addr,
					   sample->pages, NULL);

	return went_well("migrate to the device", err == -ENOENT ? 0 : err);
}

const char *window_to_system(struct window *window)
{
	struct sample *sample = &window->sample;

	return went_well("migrate to system memory",
			 devthp_migrate_to_system(sample->dev, sample->addr,
						  sample->pages, NULL));
}

/* Beyond the middle, and not at an edge of anything. */
size_t window_page(const struct window *window)
{
	return window->sample.folio_pages * 3 / 5;
}

/* By the kernel: it tells where there is nothing any more, and does not die. */
const char *window_fault(struct window *window)
{
	struct sample *sample = &window->sample;
	const char *addr = sample->addr + window_page(window) *
			   devthp_page_size();
	const char *verdict = RIGHT;
	int ends[2];

	if (pipe(ends))
		return went_well("make a pipe", -errno);
	if (write(ends[1], addr, 1) != 1 && errno != EFAULT)
		verdict = went_well("write(2) a byte to a pipe", -errno);
	close(ends[0]);
	close(ends[1]);
	return verdict;
}

const char *window_evict(struct window *window)
{
	return driver_evict(window->evictor);
}
