/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where a process is told what to do, and says what came of it: memory that it shares
 * with who tells it. Pages are named by page_number().
 */
#ifndef STATION_H
#define STATION_H

#include <sys/types.h>

#include "list.h"

enum request {
	REQUEST_STEP,		/* do the step */
	REQUEST_LOOK,		/* look at all pages: sight */
	REQUEST_DATA,		/* look at the data of those that "means" says */
	REQUEST_USE,		/* pages of the device step.device that are in use */
};

struct reply {
	int result;		/* of the call */
	uint64_t count;		/* what it counted */
	uint64_t left;		/* and what was left */
	pid_t pid;		/* of a new process */
	bool kernel_knows;	/* of the first one, at its beginning: see oracle.h */
	uint8_t devices;	/* bit of each that there is */
	uint32_t bad;		/* pages with data that are not as expected */
	char what[256];		/* the first of them */
};

/* Where a page may be: one bit when that is certain. */
#define AT_NOTHING	0x01		/* there is a mapping, and no page */
#define AT_ZERO		0x02		/* the zero page */
#define AT_SYSTEM	0x04
#define AT_DEVICE(d)	(0x08 << (d))
#define AT_DEVICES	(AT_DEVICE(0) | AT_DEVICE(1))
#define AT_ANY		0x1f
#define AT_HOLE		0x80		/* no mapping */

/* How a process gets to what it has in system memory: one bit when that is certain. */
#define BY_ACCESS	0x01		/* at once */
#define BY_SWAP		0x02		/* from swap space, where that memory is */
#define BY_REVOKING	0x04		/* from a device that has it exclusively */
#define BY_ANY		0x07

enum maybe { UNKNOWN, NO, YES };

/* What is seen of a page. */
struct sight {
	uint64_t pfn;		/* DEVTHP_NONE: unknown */
	uint8_t at;		/* AT_*: it is there, or at one of these */
	uint8_t by;		/* BY_*, in the same way */
	uint8_t huge;		/* enum maybe: by a PMD entry */
	uint8_t writable;	/* the entry is */
	uint8_t mapping;	/* DEVTHP_VMA_*; only if: */
	bool mapping_known;
	bool viewed[DEVICES];
	uint8_t view[DEVICES];	/* DEVTHP_PROT_* of each device that is open */
};

/* How the data of a page are looked at. */
enum means { MEANS_NONE, MEANS_CPU, MEANS_DEVICE };	/* MEANS_DEVICE + d */

struct station {
	enum request request;
	struct step step;
	uint64_t seed;
	uint32_t generation;		/* of what is written now */
	uint64_t index[PAGES];		/* what is expected to be read, see devthp.h */
	uint32_t age[PAGES];		/* its generation */
	uint8_t means[PAGES];

	struct reply reply;
	uint8_t signal[PAGES];		/* that an access by the CPU got */
	struct sight sight[PAGES];
};

#endif
