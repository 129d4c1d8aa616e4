// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <devthp.h>

#include "portable.h"
#include "sample.h"
#include "settle.h"
#include "verdict.h"

static const char *moved_right(const char *what, uint64_t moved, size_t want)
{
	if (moved == DEVTHP_NONE || moved == want)
		return RIGHT;
	return wrong("%s: %llu pages moved; should be %zu", what,
		     (unsigned long long)moved, want);
}

const char *goes(struct sample *sample, size_t first, size_t npages, size_t moved)
{
	struct devthp_migration report = { .size = sizeof(report) };

	settle_batches();
	CHECK(went_well("migrate to the device",
			devthp_migrate_to_device(sample->dev, page_of(sample, first),
						 npages, &report)));
	return moved_right("migrate to the device", report.pages, moved);
}

const char *comes(struct sample *sample, size_t first, size_t npages, size_t moved)
{
	struct devthp_migration report = { .size = sizeof(report) };

	CHECK(went_well("migrate to system memory",
			devthp_migrate_to_system(sample->dev, page_of(sample, first),
						 npages, &report)));
	return moved_right("migrate to system memory", report.pages, moved);
}

static bool is_local(uint8_t prot)
{
	const uint8_t where = prot & DEVTHP_PROT_WHERE;

	return prot != DEVTHP_PROT_ERROR && (where == DEVTHP_PROT_PRIVATE_LOCAL ||
					     where == DEVTHP_PROT_COHERENT_LOCAL);
}

const char *device_sees(struct sample *sample, size_t page, uint8_t *prot)
{
	int err = (devthp_device_snapshot)(sample->dev, page_of(sample, page), 1, prot);

	if (err == -EOPNOTSUPP)
		*prot = DEVTHP_PROT_NONE;
	return err == -EOPNOTSUPP ? RIGHT : went_well("the device's snapshot", err);
}

const char *on_device(const struct sample *sample, size_t first, size_t npages, bool is)
{
	uint8_t prot[sample->pages];
	size_t i;
	int err;

	if (!npages)
		return RIGHT;
	err = (devthp_device_snapshot)(sample->dev, page_of(sample, first), npages, prot);
	if (err == -EOPNOTSUPP)
		return RIGHT;
	CHECK(went_well("the device's snapshot", err));
	for (i = 0; i < npages; i++)
		if (is_local(prot[i]) != is)
			return wrong("page %zu: the device sees %#x; should be %s its own memory",
				     first + i, prot[i], is ? "in" : "out of");
	return RIGHT;
}

const char *fill_small(struct sample *sample)
{
	const size_t size = devthp_page_size();

	if (madvise(sample->addr, sample->pages * size, MADV_DONTNEED) ||
	    madvise(sample->addr, sample->pages * size, MADV_NOHUGEPAGE))
		return went_well("MADV_DONTNEED, MADV_NOHUGEPAGE", -errno);
	return sample_fill(sample);
}

struct expected_use {
	struct sample *sample;
	uint64_t pages;
};

static const char *is_in_use(const void *arg)
{
	const struct expected_use *expected = arg;
	uint64_t pages;

	CHECK(sample_device_use(expected->sample, &pages));
	if (pages != expected->pages)
		return wrong("%llu pages of the device are in use; should be %llu",
			     (unsigned long long)pages,
			     (unsigned long long)expected->pages);
	return RIGHT;
}

const char *use_settles(struct sample *sample, uint64_t pages)
{
	const struct expected_use expected = { sample, pages };

	return settles(is_in_use, &expected);
}

static const char *gives(const char *what, int err, int want)
{
	return err == want ? RIGHT : wrong("%s gives %d; should be %d", what, err, want);
}

const char *reading_gives(struct sample *sample, size_t first, size_t npages, int want)
{
	return gives("reading by the device",
		     sample_device_reads(sample->dev, page_of(sample, first), npages,
					 sample->buffer), want);
}

const char *writing_gives(struct sample *sample, size_t first, size_t npages, int want)
{
	memset(sample->buffer, 0xa5, npages * devthp_page_size());
	return gives("writing by the device",
		     sample_device_writes(sample->dev, page_of(sample, first), npages,
					  sample->buffer), want);
}

/* In a child: a handler here might be in the way of one that the backend needs. */
const char *cpu_may_not(struct sample *sample, size_t page, enum access how)
{
	volatile char *addr = page_of(sample, page);
	pid_t child = fork();
	int status;

	if (child < 0)
		return went_well("fork", -errno);
	if (!child) {
		if (how == ACCESS_WRITE)
			*addr = 1;
		else
			(void)*addr;
		_exit(0);
	}
	if (waitpid(child, &status, 0) < 0)
		return went_well("wait for the child", -errno);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSEGV)
		return wrong("a CPU may use page %zu: status %#x", page, status);
	return RIGHT;
}
