// SPDX-License-Identifier: GPL-2.0
/*
 * What is pinned is seen to be so before anything is done to it: no TLB of
 * another CPU is flushed, over and over again, for a migration that cannot be.
 *
 * A thread keeps another CPU in this address space, and that CPU's interrupts
 * for flushes are counted.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "common/baseline.h"
#include "common/harness.h"
#include "common/need.h"
#include "common/pin.h"

enum form {
	WHOLE,			/* mapped by a PMD entry */
	BY_PAGES,		/* a huge folio mapped by PTEs */
	SMALL,			/* base pages */
};

/* A thread on another CPU; it does nothing there. */
struct neighbour {
	pthread_t thread;
	int cpu;
	atomic_bool there, leave;
};

static void *be_there(void *arg)
{
	struct neighbour *neighbour = arg;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(neighbour->cpu, &cpus);
	if (!sched_setaffinity(0, sizeof(cpus), &cpus))
		atomic_store(&neighbour->there, true);
	while (!atomic_load(&neighbour->leave))
		;
	return NULL;
}

/* The first two CPUs that may be used: one for this thread, one for the other. */
static int two_cpus(int cpu[2])
{
	cpu_set_t cpus;
	int i, n = 0;

	if (sched_getaffinity(0, sizeof(cpus), &cpus))
		return 0;
	for (i = 0; i < CPU_SETSIZE && n < 2; i++)
		if (CPU_ISSET(i, &cpus))
			cpu[n++] = i;
	return n;
}

static const char *neighbour_start(struct neighbour *neighbour)
{
	cpu_set_t cpus;
	int cpu[2];

	two_cpus(cpu);
	CPU_ZERO(&cpus);
	CPU_SET(cpu[0], &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		return went_well("stay on a CPU", -errno);
	neighbour->cpu = cpu[1];
	CHECK(went_well("make a thread",
			-pthread_create(&neighbour->thread, NULL, be_there,
					neighbour)));
	while (!atomic_load(&neighbour->there))
		sched_yield();
	return RIGHT;
}

static void neighbour_end(struct neighbour *neighbour)
{
	if (!atomic_load(&neighbour->there))
		return;
	atomic_store(&neighbour->leave, true);
	pthread_join(neighbour->thread, NULL);
}

/* Interrupts of all CPUs for TLB flushes: "TLB: 12 34 TLB shootdowns". */
static const char *flushes(unsigned long *count)
{
	FILE *file = fopen("/proc/interrupts", "re");
	char line[1024], *number = NULL, *end;

	if (!file)
		return went_well("/proc/interrupts", -errno);
	while (!number && fgets(line, sizeof(line), file))
		number = strstr(line, "TLB:");
	fclose(file);
	if (!number)
		return wrong("/proc/interrupts does not count TLB shootdowns");
	*count = 0;
	for (number += strlen("TLB:"); ; number = end) {
		unsigned long on_cpu = strtoul(number, &end, 10);

		if (end == number)
			return RIGHT;
		*count += on_cpu;
	}
}

/* A machine without is none of our business. */
static int flushes_needed(const char **why)
{
	unsigned long count;
	int cpu[2];

	*why = flushes(&count);
	if (is_right(*why) && two_cpus(cpu) < 2)
		*why = "there is only one CPU, and no other's TLB to be flushed";
	return is_right(*why) ? KSFT_PASS : KSFT_SKIP;
}

FIXTURE(pinned)
{
	struct baseline baseline;
	struct sample sample;
	struct pin pin;
	struct neighbour neighbour;
};

FIXTURE_VARIANT(pinned)
{
	enum form form;
	enum pin_how how;
};

FIXTURE_VARIANT_ADD(pinned, whole) { .form = WHOLE, .how = PIN_FAST };
FIXTURE_VARIANT_ADD(pinned, whole_short_term) { .form = WHOLE, .how = PIN_CALL };
FIXTURE_VARIANT_ADD(pinned, by_pages) { .form = BY_PAGES, .how = PIN_FAST };
FIXTURE_VARIANT_ADD(pinned, small) { .form = SMALL, .how = PIN_FAST };
FIXTURE_VARIANT_ADD(pinned, small_short_term) { .form = SMALL, .how = PIN_CALL };

static const char *prepare(struct sample *sample, enum form form)
{
	const size_t bytes = sample->pages * devthp_page_size();

	if (form == SMALL && madvise(sample->addr, bytes, MADV_NOHUGEPAGE))
		return went_well("MADV_NOHUGEPAGE", -errno);
	CHECK(sample_fill(sample));
	if (form == BY_PAGES &&
	    (mprotect(sample->addr, devthp_page_size(), PROT_READ) ||
	     mprotect(sample->addr, bytes, PROT_READ | PROT_WRITE)))
		return went_well("mprotect", -errno);
	return layout_of_all(sample, form == WHOLE ?
			     whole(DEVTHP_LOC_SYSTEM, 1) :
			     by_pages(DEVTHP_LOC_SYSTEM, 1));
}

FIXTURE_SETUP(pinned)
{
	NEED(flushes_needed);
	NEED(pin_needed, variant->how);
	SETUP_BASELINE(&self->baseline);
	SETUP_SAMPLE(&self->sample, 1);
	ASSERT_RIGHT(prepare(&self->sample, variant->form));
	ASSERT_RIGHT(pin_take(&self->pin, variant->how, self->sample.addr,
			      self->sample.pages));
	ASSERT_RIGHT(neighbour_start(&self->neighbour));
}

FIXTURE_TEARDOWN(pinned)
{
	neighbour_end(&self->neighbour);
	pin_drop(&self->pin, NULL);
	sample_release(&self->sample);
	TEARDOWN_BASELINE(&self->baseline);
}

/* Flushes while all of it is sent to the device, or tried to be. */
static const char *flushes_of_migration(struct sample *sample,
					unsigned long *count)
{
	unsigned long before, after;

	CHECK(flushes(&before));
	devthp_migrate_to_device(sample->dev, sample->addr, sample->pages,
				 NULL);
	CHECK(flushes(&after));
	*count = after - before;
	return RIGHT;
}

/* In how many of twenty attempts somebody flushed. */
static const char *flushed_attempts(struct sample *sample, int *flushed)
{
	unsigned long count;
	int i;

	for (i = 0, *flushed = 0; i < 20; i++) {
		CHECK(flushes_of_migration(sample, &count));
		*flushed += !!count;
	}
	return RIGHT;
}

TEST_F(pinned, needs_no_flush)
{
	struct sample *sample = &self->sample;
	int i, flushed = 20, attempts = 3;
	unsigned long count;

	/*
	 * Others may flush now and then, and more of that falls into an attempt
	 * on a busy machine; and now and then the other CPU does something else
	 * and need not be told.
	 */
	while (flushed > 5 && attempts--)
		ASSERT_RIGHT(flushed_attempts(sample, &flushed));
	ASSERT_LE(flushed, 5);

	/* The same way shows the flush of a migration that goes well. */
	ASSERT_RIGHT(pin_drop(&self->pin, NULL));
	for (i = 0, count = 0; i < 20 && !count; i++) {
		ASSERT_RIGHT(sample_fill(sample));
		ASSERT_RIGHT(flushes_of_migration(sample, &count));
	}
	ASSERT_NE(0, count);
}

TEST_HARNESS_MAIN
