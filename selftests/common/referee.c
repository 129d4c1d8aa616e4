// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <devthp.h>

#include "ready.h"
#include "referee.h"
#include "settle.h"
#include "textfile.h"
#include "verdict.h"

#define LIMIT_MS (PATIENCE * 1000)

/*
 * Who is found asleep for the same reason so many times is waiting; or, as some
 * sleep for a tick and look again, so many times in all.
 */
#define LOOKS 3
#define LOOKS_IN_ALL 100

/* Who asks is told: the name in parentheses, see lacking.h. */
static const char *is_able(struct devthp_device *device)
{
	/* Nothing is armed. */
	if ((devthp_device_resume)(device, DEVTHP_POINT_TO_DEVICE_SETUP) == -ENOENT)
		return RIGHT;
	return "this device, or an old test_hmm, cannot stop migrations: there is no pause";
}

static const char *go(const struct referee_party *party)
{
	if (write(party->start, "g", 1) != 1)
		return went_well("tell a party to go", -errno);
	return RIGHT;
}

static bool is_done(const struct referee_party *party, int timeout_ms)
{
	struct pollfd end = { .fd = party->end, .events = POLLIN };

	return poll(&end, 1, timeout_ms) > 0;
}

/* State of the thread, and how often it has given up the CPU to wait. */
static const char *look(const struct referee_party *party, char *state,
			uint64_t *waits)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", party->tid);
	CHECK(file_field(path, "voluntary_ctxt_switches:", waits));
	return task_state(party->tid, state);
}

/* Not to be woken by a signal, as is who waits for a lock or for a migration. */
static const char *is_seen_waiting(const struct referee_party *party)
{
	const time_t limit = time(NULL) + LIMIT_MS / 1000;
	uint64_t waits, before = 0;
	int looks = 0, in_all = 0;
	char state;

	while (looks < LOOKS && in_all < LOOKS_IN_ALL) {
		if (is_done(party, 1))
			return wrong("the intruder did not wait for the migration");
		if (time(NULL) > limit)
			return wrong("the intruder neither waits nor ends");
		CHECK(look(party, &state, &waits));
		in_all += state == 'D';
		looks = state == 'D' && waits == before ? looks + 1 : 0;
		before = waits;
	}
	return RIGHT;
}

/* Where it is asleep, if the kernel tells. */
static const char *is_stuck(const struct referee_party *party)
{
	char path[64], where[64];

	snprintf(path, sizeof(path), "/proc/%d/wchan", party->tid);
	if (!is_right(file_read(path, where, sizeof(where))))
		return wrong("the intruder waits for the migration");
	return wrong("the intruder waits for the migration, in %s()", where);
}

static const char *intrusion(const struct referee_request *request)
{
	CHECK(go(&request->intrudes));
	if (request->waits)
		return is_seen_waiting(&request->intrudes);
	if (!is_done(&request->intrudes, LIMIT_MS))
		return is_stuck(&request->intrudes);
	return RIGHT;
}

static const char *serve(struct devthp_device *device, const struct referee_request *request)
{
	const char *verdict;
	int resumed;

	if (!request->point)
		return is_able(device);
	CHECK(went_well("arm the point",
			devthp_device_pause(device, request->point)));
	CHECK(go(&request->migrates));
	verdict = went_well("wait for the migration to get to the point",
			    devthp_device_pause_wait(device, request->point,
						     LIMIT_MS));
	if (is_right(verdict))
		verdict = intrusion(request);
	else
		go(&request->intrudes);
	resumed = devthp_device_resume(device, request->point);
	if (request->ends && resumed == -ENOENT)
		return verdict;
	CHECK(verdict);
	return went_well("resume the migration", resumed);
}

void referee_live(unsigned int minor, int requests, int answers)
{
	struct devthp_device *device = NULL;
	struct referee_request request;
	const char *verdict;

	while (read(requests, &request, sizeof(request)) == sizeof(request)) {
		/* Later, as it means to mirror this process, if nothing else. */
		verdict = device ? RIGHT : device_open(&device, minor);
		if (is_right(verdict))
			verdict = serve(device, &request);
		if (write(answers, verdict, strlen(verdict)) < 0)
			break;
	}
	_exit(EXIT_SUCCESS);
}

const char *referee_ask(int requests, int answers,
			const struct referee_request *request)
{
	char verdict[512];
	ssize_t length;

	if (write(requests, request, sizeof(*request)) != sizeof(*request))
		return went_well("ask the referee", -errno);
	length = read(answers, verdict, sizeof(verdict) - 1);
	if (length <= 0)
		return wrong("the referee is gone");
	verdict[length] = '\0';
	return is_right(verdict) ? RIGHT : wrong("%s", verdict);
}
