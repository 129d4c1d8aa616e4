// SPDX-License-Identifier: GPL-2.0
/*
 * While one thread pins pages, writes them and lets go of them again, others
 * migrate the same folios and fork. Whoever holds a pin sees what the CPU writes
 * meanwhile, or the CPU writes to another page than the one that is pinned.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/harness.h"
#include "common/need.h"
#include "common/pin.h"
#include "common/settle.h"
#include "common/swapdisk.h"

/* ---- Those who disturb ---- */

struct disturber {
	pthread_t thread;
	bool running;
	uint32_t minor;		/* of the device */
	const struct sample *sample;
	atomic_bool *stop;
	atomic_ulong done;
};

/*
 * With its own handle of the device: one is for one thread. A round in which nothing went
 * is none.
 */
static void *keep_migrating(void *arg)
{
	struct disturber *self = arg;
	const struct sample *sample = self->sample;
	struct devthp_migration moved = { .size = sizeof(moved) };
	struct devthp_device *dev;

	if (!is_right(device_open(&dev, self->minor)))
		return NULL;
	while (!atomic_load(self->stop)) {
		moved.pages = 0;
		devthp_migrate_to_device(dev, sample->addr, sample->pages,
					 &moved);
		self->done += moved.pages && moved.pages != DEVTHP_NONE;
	}
	devthp_device_close(dev);
	return NULL;
}

/* The children write a page each, to themselves, before they are gone. */
static void *keep_forking(void *arg)
{
	struct disturber *self = arg;
	const struct sample *sample = self->sample;

	while (!atomic_load(self->stop)) {
		size_t page = self->done % sample->pages;
		pid_t pid = fork();

		if (!pid) {
			*(volatile char *)(sample->addr +
					   page * devthp_page_size()) = 1;
			_exit(0);
		}
		if (pid > 0 && waitpid(pid, NULL, 0) == pid)
			self->done++;
	}
	return NULL;
}

static const char *disturb(struct disturber *disturber,
			   const struct sample *sample, atomic_bool *stop,
			   void *(*how)(void *))
{
	disturber->sample = sample;
	disturber->stop = stop;
	CHECK(went_well("make a thread", -pthread_create(&disturber->thread,
							 NULL, how, disturber)));
	disturber->running = true;
	return RIGHT;
}

struct disturbance {
	struct disturber migrates, forks;
	time_t deadline;
	atomic_bool stop;
};

static const char *disturbance_begin(struct disturbance *all,
				     const struct sample *sample, bool fork_too)
{
	all->deadline = time(NULL) + PATIENCE;
	CHECK(disturb(&all->migrates, sample, &all->stop, keep_migrating));
	if (fork_too)
		CHECK(disturb(&all->forks, sample, &all->stop, keep_forking));
	return RIGHT;
}

static void disturbance_end(struct disturbance *all)
{
	atomic_store(&all->stop, true);
	if (all->migrates.running)
		pthread_join(all->migrates.thread, NULL);
	if (all->forks.running)
		pthread_join(all->forks.thread, NULL);
	all->migrates.running = false;
	all->forks.running = false;
}

/* There was some of each kind, or never will be. */
static bool disturbed_enough(const struct disturbance *all, int rounds)
{
	const unsigned long wanted = 4;

	if (rounds < 8)
		return false;
	return time(NULL) >= all->deadline ||
	       (all->migrates.done >= wanted &&
		(!all->forks.running || all->forks.done >= wanted));
}

static const char *was_disturbed(const struct disturbance *all, bool forks)
{
	if (!all->migrates.done)
		return wrong("nobody else has migrated anything in %d s", PATIENCE);
	if (forks && !all->forks.done)
		return wrong("nobody has forked in %d s", PATIENCE);
	return RIGHT;
}

/* ---- Pins that are held over a write ---- */

FIXTURE(pins)
{
	struct sample sample;
	struct disturbance disturbance;
	struct pin pin;
};

FIXTURE_VARIANT(pins)
{
	enum pin_how how;
	bool forks;
	size_t npages;		/* at once, in 1/512 of a folio */
	uint32_t minor;		/* of the device: from 2 on coherent */
};

#define VARIANT(name, ...) FIXTURE_VARIANT_ADD(pins, name) { __VA_ARGS__ }

VARIANT(fast, .how = PIN_FAST, .npages = 64);
VARIANT(fast_all, .how = PIN_FAST, .npages = 1024);
VARIANT(slow, .how = PIN_SLOW, .npages = 64);
VARIANT(ring, .how = PIN_RING, .npages = 64);
VARIANT(call, .how = PIN_CALL, .npages = 64);
VARIANT(fast_and_fork, .how = PIN_FAST, .npages = 64, .forks = true);
VARIANT(slow_and_fork, .how = PIN_SLOW, .npages = 64, .forks = true);
VARIANT(coherent, .how = PIN_FAST, .npages = 64, .minor = 2);
VARIANT(coherent_all, .how = PIN_SLOW, .npages = 1024, .minor = 2);
VARIANT(coherent_and_fork, .how = PIN_FAST, .npages = 64, .forks = true,
	.minor = 2);

FIXTURE_SETUP(pins)
{
	NEED(pin_needed, variant->how);
	if (variant->minor >= 2)
		NEED(coherent_needed);
	SETUP_SAMPLE(&self->sample, 2);
	if (variant->minor)
		ASSERT_RIGHT(sample_change_device(&self->sample,
						  variant->minor));
	ASSERT_RIGHT(sample_fill_whole(&self->sample));
	self->disturbance.migrates.minor = variant->minor;
	ASSERT_RIGHT(disturbance_begin(&self->disturbance, &self->sample,
				       variant->forks));
}

FIXTURE_TEARDOWN(pins)
{
	pin_drop(&self->pin, NULL);
	disturbance_end(&self->disturbance);
	sample_release(&self->sample);
}

/*
 * Memory that has to leave a coherent device first may be refused, if somebody
 * uses it just then: that is for who pins to try again.
 */
static const char *take(FIXTURE_DATA(pins) *self, enum pin_how how, char *addr,
			size_t npages, bool may_be_refused)
{
	const time_t limit = time(NULL) + PATIENCE;
	const char *verdict;

	do {
		errno = 0;
		verdict = pin_take(&self->pin, how, addr, npages);
	} while (may_be_refused && !is_right(verdict) && errno == EBUSY &&
		 time(NULL) < limit);
	return verdict;
}

/* Pin what is on the device, write, and look at what who pinned it sees. */
static const char *round_trip(FIXTURE_DATA(pins) *self,
			      const FIXTURE_VARIANT(pins) *variant,
			      size_t first, size_t npages)
{
	struct sample *sample = &self->sample;

	/* Others may be too slow to get it there. */
	devthp_migrate_to_device(sample->dev, sample->addr, sample->pages,
				 NULL);
	CHECK(take(self, variant->how,
		   sample->addr + first * devthp_page_size(), npages,
		   variant->minor >= 2));
	CHECK(sample_access_range(sample, first, npages, ACCESS_WRITE));
	CHECK(pin_drop(&self->pin, sample->buffer));
	return sample_compare(sample, sample->buffer, first, npages,
			      "who pinned it reads");
}

TEST_F_TIMEOUT(pins, are_of_the_pages_mapped, 5 * PATIENCE)
{
	struct sample *sample = &self->sample;
	const size_t npages = variant->npages * sample->folio_pages / 512;
	const char *verdict = RIGHT;
	size_t first = 0;
	int round;

	for (round = 0; !disturbed_enough(&self->disturbance, round); round++) {
		verdict = round_trip(self, variant, first, npages);
		if (!is_right(verdict))
			break;
		/* Parts of both folios at times. */
		first = (first + npages - npages / 3) %
			(sample->pages - npages + 1);
	}
	disturbance_end(&self->disturbance);
	ASSERT_RIGHT(verdict);
	ASSERT_RIGHT(was_disturbed(&self->disturbance, variant->forks));
	ASSERT_RIGHT(sample_data(sample));
	settle_batches();
	ASSERT_RIGHT(sample_to_device(sample));
	ASSERT_RIGHT(sample_data(sample));
}

/* ---- Direct I/O: the block layer holds the pins, until the disk is done ---- */

FIXTURE(direct_io)
{
	struct sample sample;
	struct disturbance disturbance;
	struct swapdisk disk;
	int file;
	aio_context_t requests;
};

FIXTURE_VARIANT(direct_io)
{
	bool forks;
};

FIXTURE_VARIANT_ADD(direct_io, alone) { .forks = false };
FIXTURE_VARIANT_ADD(direct_io, and_fork) { .forks = true };

#define REQUESTS 16

FIXTURE_SETUP(direct_io)
{
	struct sample *sample = &self->sample;

	self->file = -1;
	NEED(swapdisk_needed);
	SETUP_SAMPLE(sample, 2);
	ASSERT_RIGHT(sample_fill_whole(sample));
	ASSERT_RIGHT(swapdisk_make(&self->disk, sample->pages *
				   devthp_page_size()));
	self->file = open(self->disk.path, O_RDWR | O_DIRECT | O_CLOEXEC);
	ASSERT_LE(0, self->file);
	ASSERT_EQ(0, syscall(SYS_io_setup, REQUESTS, &self->requests));
	ASSERT_RIGHT(disturbance_begin(&self->disturbance, sample,
				       variant->forks));
}

FIXTURE_TEARDOWN(direct_io)
{
	disturbance_end(&self->disturbance);
	if (self->requests)
		syscall(SYS_io_destroy, self->requests);
	if (self->file >= 0)
		close(self->file);
	swapdisk_remove(&self->disk);
	sample_release(&self->sample);
}

static const char *transfer(FIXTURE_DATA(direct_io) *self, int command, char *memory,
			    size_t pages_each)
{
	const size_t bytes = pages_each * devthp_page_size();
	struct io_event events[REQUESTS];
	struct iocb request[REQUESTS], *list[REQUESTS];
	int i, done;

	for (i = 0; i < REQUESTS; i++) {
		request[i] = (struct iocb){
			.aio_lio_opcode = command,
			.aio_fildes = self->file,
			.aio_buf = (uintptr_t)memory + i * bytes,
			.aio_nbytes = bytes,
			.aio_offset = i * bytes,
		};
		list[i] = &request[i];
	}
	done = syscall(SYS_io_submit, self->requests, REQUESTS, list);
	if (done != REQUESTS)
		return went_well("io_submit", done < 0 ? -errno : -EIO);
	done = syscall(SYS_io_getevents, self->requests, REQUESTS, REQUESTS,
		       events, NULL);
	if (done != REQUESTS)
		return went_well("io_getevents", done < 0 ? -errno : -EIO);
	for (i = 0; i < REQUESTS; i++)
		if (events[i].res != (__s64)bytes)
			return went_well("asynchronous direct I/O",
					 events[i].res < 0 ?
					 (int)events[i].res : -EIO);
	return RIGHT;
}

/* From memory to the disk, from there to a copy; or the other way about. */
static const char *through_disk(FIXTURE_DATA(direct_io) *self, bool to_disk)
{
	struct sample *sample = &self->sample;
	/* Of both folios. */
	const size_t each = sample->folio_pages / (2 * REQUESTS);
	const size_t npages = each * REQUESTS;
	const size_t first = sample->folio_pages - npages / 2;
	const size_t bytes = npages * devthp_page_size();
	char *memory = sample->addr + first * devthp_page_size();
	char *copy = sample->buffer;

	devthp_migrate_to_device(sample->dev, sample->addr, sample->pages,
				 NULL);
	if (to_disk) {
		CHECK(sample_access_range(sample, first, npages, ACCESS_WRITE));
		CHECK(transfer(self, IOCB_CMD_PWRITE, memory, each));
		CHECK(transfer(self, IOCB_CMD_PREAD, copy, each));
		return sample_compare(sample, copy, first, npages,
				      "the disk reads");
	}
	memcpy(copy, memory, bytes);
	CHECK(transfer(self, IOCB_CMD_PWRITE, copy, each));
	memset(memory, 0, bytes);
	CHECK(transfer(self, IOCB_CMD_PREAD, memory, each));
	return sample_compare(sample, memory, first, npages,
			      "the CPU reads");
}

TEST_F_TIMEOUT(direct_io, meets_the_pages_mapped, 5 * PATIENCE)
{
	const char *verdict = RIGHT;
	int round;

	for (round = 0; !disturbed_enough(&self->disturbance, round); round++) {
		verdict = through_disk(self, round % 2);
		if (!is_right(verdict))
			break;
	}
	disturbance_end(&self->disturbance);
	ASSERT_RIGHT(verdict);
	ASSERT_RIGHT(was_disturbed(&self->disturbance, variant->forks));
	ASSERT_RIGHT(sample_data(&self->sample));
}

TEST_HARNESS_MAIN
