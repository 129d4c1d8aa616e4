/* SPDX-License-Identifier: GPL-2.0 */
/* Another process that a test forks, and that goes along with it in step. */
#ifndef PEER_H
#define PEER_H

#include <sys/types.h>

struct sample;

struct peer {
	pid_t pid;
	int in, out;		/* pipes, -1 if closed */
};

/* What the child does; its verdict is that of peer_end(). */
typedef const char *peer_life(struct sample *sample, struct peer *parent);

/* It reads what the sample should hold, at once; or when it is told to go on. */
const char *peer_reads(struct sample *sample, struct peer *parent);
const char *peer_reads_later(struct sample *sample, struct peer *parent);

/* The same without the device's file, which it has inherited; it closes that. */
const char *peer_without_device_reads_later(struct sample *sample,
					    struct peer *parent);

/* Let one that is to read later close that file meanwhile. */
const char *peer_close_device(struct peer *child);

/*
 * A page is broken (MADV_HWPOISON): one that is to read later must get SIGBUS if
 * it maps that, and leaves it out then. It was not told before, which is for those
 * who ask for it (prctl(2)).
 */
const char *peer_lose_page(struct peer *child, size_t page);

/*
 * Some outlive their parent, which does not tell them anything then. From now
 * on, whoever is to read later does that also when nobody is left to tell it,
 * and reports it here, wherever in the family it is. Afterwards, wait until all
 * of them have: it must be so many.
 */
const char *peer_expect_survivors(struct peer *survivors);
const char *peer_survivors_end(struct peer *survivors, unsigned int count);

const char *peer_fork(struct peer *child, peer_life *life,
		      struct sample *sample);

/* Let the other one go on from its next peer_wait(). */
const char *peer_tell(struct peer *other);

/* Wait until the other one says so. */
const char *peer_wait(struct peer *other);

/* Wait until the child ends: its verdict, or what it died of. */
const char *peer_end(struct peer *child);

/* The same for a child without a verdict: its status as of waitpid(). */
int peer_status(struct peer *child);

#endif
