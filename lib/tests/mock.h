/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * A kernel of our own behind struct devthp_sys: device nodes whose ioctls must
 * come exactly as listed, files with given contents, and the folio probe. Files
 * that are not given are the real ones, but for those of process 4711.
 */
#ifndef DEVTHP_MOCK_H
#define DEVTHP_MOCK_H

#include "folio_probe.h"
#include "internal.h"
#include "tap.h"

/* The interface as its sheet has it, not as the library spells it. */
#define HMM_READ		0xc0284800UL
#define HMM_WRITE		0xc0284801UL
#define HMM_TO_DEVICE		0xc0284802UL
#define HMM_TO_SYSTEM		0xc0284803UL
#define HMM_SNAPSHOT		0xc0284804UL
#define HMM_EXCLUSIVE		0xc0284805UL
#define HMM_CHECK_EXCLUSIVE	0xc0284806UL
#define HMM_RELEASE		0xc0284807UL
#define HMM_FLAGS		0xc0284808UL
#define HMM_HOLD		0xc0204880UL
#define HMM_UNHOLD		0xc0204881UL
#define HMM_PAUSE		0xc0184882UL
#define HMM_EVICT		0xc0184883UL
#define HMM_STATS		0xc0384884UL
#define HMM_TIMES		0xc0c84885UL
#define HMM_FAIL_ALLOC		0xc0104886UL

/*
 * For commands of another structure addr, npages, cpages and faults are its
 * first, third, fourth and fifth 64 bits, as far as it goes.
 */
struct mock_ioctl {
	unsigned long request;
	uint64_t addr, npages;	/* must be in the command, unless: */
#define MOCK_ANYWHERE UINT64_MAX
	int ret;
	uint64_t cpages, faults;	/* put into it when ret is 0 */
	const void *out;	/* copied to its ptr */
	size_t out_bytes;
	const void *in;		/* must be at its ptr */
	size_t in_bytes;
};

/* Start over: nothing expected, no files, one device of that minor. */
void mock_start(int minor);
/* The device must get these, in this order, once. */
void mock_expect(const struct mock_ioctl *calls, size_t count);
/* Opening the path gives these bytes, or (bytes NULL) the error. */
void mock_file(const char *path, const void *bytes, size_t count, int error);
/* From now on it gives the other one, which is as long, and the former, in turn. */
void mock_file_turns(const char *path, const void *other);
/* A file without end that consists of this word. */
void mock_words(const char *path, uint64_t word);
/* What the probe scans, at most "chunk" records a call. */
void mock_probe(const struct folio_probe_record *records, size_t count, size_t chunk);
/* The same, but from the nth scan on it has as many that are behind these. */
void mock_probe_scans(const struct folio_probe_record *records, size_t count, size_t chunk,
		      size_t scan);
/* Its device is of another driver: test_hmm's is 42, and 235 that of kfd. */
void mock_major(unsigned int major);
/* So many times, opening anything is interrupted. */
void mock_interrupts(unsigned int times);
/* Whether device-private memory is built in, as the symbols of the kernel tell. */
void mock_device_private(bool built_in);
/* What uname -r says; the real one if not given. */
void mock_release(const char *release);
/* Back to the real kernel. Was everything expected done, everything open closed? */
void mock_end(void);

/* A device that has passed its opening. */
struct devthp_device *mock_device(void);

#endif
