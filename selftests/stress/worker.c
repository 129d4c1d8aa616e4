// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "crew.h"
#include "operations.h"
#include "ready.h"
#include "verdict.h"
#include "worker.h"

/* ---- Devices ---- */

int worker_device(struct worker *worker, unsigned int device, struct devthp_device **dev)
{
	const bool coherent = worker->list->coherent[device] && worker->kernel_knows;
	const struct devthp_device_opts opts = {
		.size = sizeof(opts),
		.minor = device_minor + device + (coherent ? COHERENT_MINOR : 0),
	};
	int ret = 0;

	if (!worker->dev[device])
		ret = devthp_device_open(&worker->dev[device], &opts);
	*dev = worker->dev[device];
	return ret;
}

void worker_close(struct worker *worker, unsigned int device)
{
	devthp_device_close(worker->dev[device]);
	worker->dev[device] = NULL;
}

/* ---- Memory ---- */

char *worker_page(const struct worker *worker, uint32_t range, uint32_t page)
{
	return (char *)page_address(worker->list, range, page);
}

int worker_maps_memory(struct worker *worker)
{
	const size_t size = devthp_page_size();
	uint32_t i;

	for (i = 0; i < RANGES; i++) {
		const struct place *place = &worker->list->place[i];
		char *addr = worker_page(worker, i, 0);

		if (!place->pages)
			continue;
		if (mmap(addr, place->pages * size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != addr)
			return -errno;
		madvise(addr, place->pages * size,
			place->huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	}
	return 0;
}

static int map_buffer(struct worker *worker)
{
	worker->buffer = mmap(NULL, RANGE_PAGES * devthp_page_size(), PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return worker->buffer == MAP_FAILED ? -errno : 0;
}

/* ---- Accesses that may be answered with a signal ---- */

static __thread sigjmp_buf way_out;

static void jump(int signal)
{
	siglongjmp(way_out, signal);
}

/*
 * Before any device is opened: a backend may need a handler of its own, which comes
 * first then, and leaves to us what is none of its business.
 */
void worker_catches_signals(void)
{
	struct sigaction jumps = { .sa_handler = jump };

	sigaction(SIGSEGV, &jumps, NULL);
	sigaction(SIGBUS, &jumps, NULL);
	signal(SIGPIPE, SIG_IGN);
}

int worker_reads(struct worker *worker, uint32_t range, uint32_t page)
{
	const int signal = sigsetjmp(way_out, 1);

	if (!signal)
		worker_judges(worker, range, page, worker_page(worker, range, page));
	return signal;
}

int worker_writes(struct worker *worker, uint32_t range, uint32_t page)
{
	const struct devthp_pattern_opts opts = {
		.size = sizeof(opts), .seed = worker->list->seed,
		.generation = worker->station->generation,
	};
	const int signal = sigsetjmp(way_out, 1);

	if (!signal)
		devthp_pattern_fill(worker_page(worker, range, page), page_number(range, page), 1,
				    &opts);
	return signal;
}

int worker_copies(void *to, const void *from)
{
	const int signal = sigsetjmp(way_out, 1);

	if (!signal)
		memcpy(to, from, devthp_page_size());
	return signal;
}

void worker_judges(struct worker *worker, uint32_t range, uint32_t page, const void *at)
{
	struct station *station = worker->station;
	const uint32_t number = page_number(range, page);
	const struct devthp_pattern_opts opts = {
		.size = sizeof(opts), .seed = worker->list->seed,
		.generation = station->age[number],
	};
	struct devthp_pattern_report report = { .size = sizeof(report) };

	if (!devthp_pattern_verify(at, station->index[number], 1, &opts, &report) ||
	    station->reply.bad++)
		return;
	snprintf(station->reply.what, sizeof(station->reply.what),
		 "page %u of range %u is %s at byte %u: seen is page %lld, generation %u; should be page %lld, generation %u",
		 page, range, devthp_verdict_name(report.bad_verdict), report.bad_offset,
		 (long long)report.seen_index, report.seen_generation,
		 (long long)report.expected_index, report.expected_generation);
}

void worker_judges_buffer(struct worker *worker, uint32_t range, uint32_t first,
			  uint32_t npages)
{
	const size_t size = devthp_page_size();
	uint32_t i;

	for (i = 0; i < npages; i++)
		worker_judges(worker, range, first + i, worker->buffer + i * size);
}

/* ---- Life ---- */

bool worker_exits(const struct step *step)
{
	return step->op == OP_EXIT || step->op == OP_KILL;
}

void worker_becomes(struct worker *worker, unsigned int process, bool opens)
{
	struct devthp_device *dev;
	unsigned int i;

	worker->nheld = 0;			/* and so are these */
	worker->process = process;
	worker->station = &worker->crew->station[process];
	for (i = 0; i < DEVICES; i++) {
		worker_close(worker, i);	/* it is for the parent's memory */
		if (opens || !worker->kernel_knows)
			worker_device(worker, i, &dev);
	}
}

/* A device like this one may be of one kind, or the other. */
bool worker_kernel_knows(void)
{
	const struct devthp_device_opts opts = { .size = sizeof(opts), .minor = device_minor };
	struct devthp_device_info info = { .size = sizeof(info) };
	struct devthp_device *dev;

	if (devthp_device_open(&dev, &opts))
		return false;
	devthp_device_query(dev, &info);
	devthp_device_close(dev);
	return info.caps & (DEVTHP_CAP_PRIVATE | DEVTHP_CAP_COHERENT);
}

void worker_shares_gup(void)
{
	const char *why;

	pin_needed(PIN_SLOW, &why);
}

static int obey(struct worker *worker)
{
	const struct step *step = &worker->station->step;

	switch (worker->station->request) {
	case REQUEST_STEP:
		return operation_of(step)->act(worker, step);
	case REQUEST_LOOK:
		return worker_looks(worker);
	case REQUEST_DATA:
		return worker_looks_at_data(worker);
	case REQUEST_USE:
		return worker_looks_at_use(worker);
	}
	return -EINVAL;
}

void worker_live(struct crew *crew)
{
	struct worker worker = { .crew = crew, .list = crew->list };
	unsigned int i;
	int result;
	char byte;

	worker_catches_signals();
	signal(SIGCHLD, SIG_IGN);
	result = worker_maps_memory(&worker);
	if (!result)
		result = map_buffer(&worker);
	worker.kernel_knows = worker_kernel_knows();
	worker_becomes(&worker, 0, true);
	if (worker.kernel_knows)
		worker_shares_gup();
	for (i = 0; i < DEVICES; i++)
		worker.station->reply.devices |= (worker.dev[i] != NULL) << i;
	worker.station->reply.kernel_knows = worker.kernel_knows;
	for (;;) {
		/* After a fork() this is the reply of the parent, and the child's first. */
		worker.station->reply.result = result;
		if (write(crew->answer[worker.process][1], "", 1) != 1 ||
		    read(crew->order[worker.process][0], &byte, 1) != 1)
			_exit(EXIT_FAILURE);
		memset(&worker.station->reply, 0, sizeof(worker.station->reply));
		result = obey(&worker);
	}
}
