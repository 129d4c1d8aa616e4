/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who opens and closes a window (see window.h): a process whose memory is not
 * concerned, so that it never waits for one of the parties.
 */
#ifndef REFEREE_H
#define REFEREE_H

#include <stdbool.h>
#include <sys/types.h>

struct referee_party {
	pid_t tid;
	int start;		/* write one byte: it may go */
	int end;		/* readable: it is done */
};

struct referee_request {
	unsigned int point;	/* enum devthp_point; 0: is there such a thing? */
	struct referee_party migrates, intrudes;
	bool waits;		/* the intruder has to, for the migration */
	bool ends;		/* it ends the pause, too */
};

/* Serve requests for the device until their pipe is closed; never returns. */
void referee_live(unsigned int minor, int requests, int answers)
	__attribute__((noreturn));

/* Have one window opened and closed, and get the verdict. */
const char *referee_ask(int requests, int answers,
			const struct referee_request *request);

#endif
