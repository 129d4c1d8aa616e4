// SPDX-License-Identifier: GPL-2.0
/*
 * Memory on a device is read and written by the CPU, and by the kernel in all
 * the ways it has for that.
 *
 * Rules: a read brings back what one entry maps: a PMD the whole folio, a PTE
 * that page, and leaves everything else as it was. A pin, even one for reading,
 * is of a page that stays this process's, so that it gets a copy of what it
 * shares (Documentation/core-api/pin_user_pages.rst). A write needs a mapping that
 * allows it, or fails with EFAULT and moves nothing; ptrace and /proc/PID/mem
 * write to private memory all the same (ptrace(2), proc_pid_mem(5)).
 */
#include "common/matrix.h"
#include "common/means.h"

MATRIX(cpu, FOR_EACH_STATE)

static const char *get(struct scene *scene, const struct means *means)
{
	struct sample *sample = &scene->sample;
	const size_t page = scene_page(scene);
	char *addr = sample->addr + page * devthp_page_size();

	memset(sample->buffer, 0xa5, devthp_page_size());
	CHECK(went_well(means->get_name, means->get(addr, sample->buffer)));
	CHECK(sample_compare(sample, sample->buffer, page, 1,
			     means->get_name));
	if (means->pins)
		CHECK(scene_was_pinned(scene, page));
	else
		CHECK(scene_was_read(scene, page));
	return scene_data(scene);
}

static const char *put(struct scene *scene, const struct means *means)
{
	struct sample *sample = &scene->sample;
	const size_t page = scene_page(scene);
	char *addr = sample->addr + page * devthp_page_size();
	const bool read_only = scene_is(scene, STATE_READ_ONLY);
	int err;

	CHECK(sample_make_next(sample, sample->buffer, page, 1));
	err = means->put(addr, sample->buffer);
	if (read_only && !means->forces) {
		if (err != -EFAULT)
			return wrong("%s returns %d; should be %d",
				     means->put_name, err, -EFAULT);
		sample_next_was_refused(sample, page, 1);
		CHECK(means->reads_first ? scene_was_read(scene, page) :
					   scene_is_unchanged(scene));
		return scene_data(scene);
	}
	CHECK(went_well(means->put_name, err));
	/* Forced, it still is not writable for anybody else. */
	if (read_only)
		CHECK(scene_keeps_bits(scene, 0, sample->pages));
	else
		CHECK(scene_was_written(scene, page));
	return scene_data(scene);
}

#define ONE_WAY(fixture, direction, name)				\
	TEST_F(fixture, direction##_by_##name)				\
	{								\
		ASSERT_RIGHT(direction(&self->scene, &means_##name));	\
	}

#define BOTH_WAYS(fixture, name)					\
	ONE_WAY(fixture, get, name)					\
	ONE_WAY(fixture, put, name)

BOTH_WAYS(cpu, instruction)
BOTH_WAYS(cpu, direct_io)
BOTH_WAYS(cpu, pipe)
BOTH_WAYS(cpu, process_vm)
BOTH_WAYS(cpu, ptrace)
BOTH_WAYS(cpu, proc_mem)
ONE_WAY(cpu, get, vmsplice)
ONE_WAY(cpu, put, futex)

TEST_HARNESS_MAIN
