// SPDX-License-Identifier: GPL-2.0
/*
 * Memory on a device stays charged to the cgroup that it was charged to, huge or
 * not: going there and coming back charges nothing anew, and so succeeds in a
 * cgroup that is at its limit. What comes to be on the device is charged.
 * (Documentation/admin-guide/cgroup-v2.rst; Documentation/mm/hmm.rst)
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "common/baseline.h"
#include "common/form.h"
#include "common/harness.h"
#include "common/memcg.h"
#include "common/need.h"
#include "common/peer.h"
#include "common/settle.h"

FIXTURE(charge)
{
	struct baseline baseline;
	struct sample sample;
	struct memcg memcg;
};

FIXTURE_VARIANT(charge)
{
	enum form form;
};

FORM_VARIANTS(charge);

/* What tests allocate besides the sample is charged before. */
FIXTURE_SETUP(charge)
{
	struct sample *sample = &self->sample;

	NEED(memcg_needed);
	SETUP_BASELINE(&self->baseline);
	SETUP_SAMPLE(sample, 1);
	ASSERT_RIGHT(memcg_enter(&self->memcg));
	memset(sample->buffer, 1, sample->pages * devthp_page_size());
}

FIXTURE_TEARDOWN(charge)
{
	const char *removed;

	sample_release(&self->sample);
	removed = memcg_remove(&self->memcg);
	if (__test_passed(_metadata))
		EXPECT_STREQ(RIGHT, removed);
	TEARDOWN_BASELINE(&self->baseline);
}

/* Bytes that a cgroup should have of something, give or take. */
struct amount {
	const struct memcg *memcg;
	const char *of;		/* a field of memory.stat; NULL: memory.current */
	uint64_t want;
	uint64_t slack;
};

static const char *read_amount(const struct amount *amount, uint64_t *bytes)
{
	if (amount->of)
		return memcg_stat(amount->memcg, amount->of, bytes);
	return memcg_number(amount->memcg, "memory.current", bytes);
}

static const char *is_amount(const void *arg)
{
	const struct amount *amount = arg;
	uint64_t bytes;

	CHECK(read_amount(amount, &bytes));
	if (bytes + amount->slack < amount->want ||
	    bytes > amount->want + amount->slack)
		return wrong("%s is %" PRIu64 "; should be %" PRIu64,
			     amount->of ?: "memory.current", bytes,
			     amount->want);
	return RIGHT;
}

/* What is charged, before; then all of it plus so many bytes of the sample. */
struct charged {
	struct amount current, anon, anon_thp;
};

static const char *charged_now(const struct memcg *memcg,
			       struct charged *charged)
{
	const uint64_t slack = devthp_pmd_size() / 2;

	*charged = (struct charged){
		{ memcg, NULL, 0, slack },
		{ memcg, "anon", 0, slack },
		{ memcg, "anon_thp", 0, 0 },
	};
	CHECK(read_amount(&charged->current, &charged->current.want));
	CHECK(read_amount(&charged->anon, &charged->anon.want));
	return read_amount(&charged->anon_thp, &charged->anon_thp.want);
}

static const char *charged_are(struct charged charged, uint64_t more,
			       uint64_t huge)
{
	charged.current.want += more;
	charged.anon.want += more;
	charged.anon_thp.want += huge;
	CHECK(settles(is_amount, &charged.current));
	CHECK(settles(is_amount, &charged.anon));
	return settles(is_amount, &charged.anon_thp);
}

TEST_F(charge, goes_with_it)
{
	const uint64_t size = devthp_pmd_size();
	const uint64_t huge = variant->form == FORM_WHOLE ? size : 0;
	struct sample *sample = &self->sample;
	struct charged before;

	ASSERT_RIGHT(charged_now(&self->memcg, &before));
	ASSERT_RIGHT(sample_fill_whole(sample));
	ASSERT_RIGHT(charged_are(before, size, size));
	ASSERT_RIGHT(form_to_device(sample, variant->form));
	ASSERT_RIGHT(charged_are(before, size, huge));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(charged_are(before, size, huge));
	ASSERT_EQ(0, madvise(sample->addr, size, MADV_DONTNEED));
	ASSERT_RIGHT(charged_are(before, 0, 0));
}

TEST_F(charge, ends_there)
{
	const uint64_t size = devthp_pmd_size();
	struct sample *sample = &self->sample;
	struct charged before;

	ASSERT_RIGHT(charged_now(&self->memcg, &before));
	ASSERT_RIGHT(sample_fill_whole(sample));
	ASSERT_RIGHT(form_to_device(sample, variant->form));
	ASSERT_RIGHT(sample_cut(sample, 0, sample->pages, HOLE_DROPPED));
	ASSERT_RIGHT(charged_are(before, 0, 0));
	ASSERT_RIGHT(sample_dropped_are_zero(sample));
	/* The huge zero page is nobody's. */
	ASSERT_RIGHT(charged_are(before, 0, 0));
	/* Where a page table is left of it, it goes by pages. */
	ASSERT_RIGHT(sample_to_device(sample));
	ASSERT_RIGHT(charged_are(before, size,
				 variant->form == FORM_WHOLE ? size : 0));
}

TEST_F(charge, begins_there)
{
	const uint64_t size = devthp_pmd_size();
	struct sample *sample = &self->sample;
	struct charged before;

	ASSERT_RIGHT(charged_now(&self->memcg, &before));
	if (variant->form == FORM_SMALL)
		ASSERT_EQ(0, madvise(sample->addr, size, MADV_NOHUGEPAGE));
	ASSERT_RIGHT(sample_to_device(sample));
	if (variant->form == FORM_BY_PAGES)
		ASSERT_RIGHT(form_split_entries(sample));
	ASSERT_RIGHT(form_is_kept(sample, variant->form));
	ASSERT_RIGHT(charged_are(before, size,
				 variant->form == FORM_WHOLE ? size : 0));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(charged_are(before, size,
				 variant->form == FORM_WHOLE ? size : 0));
}

/*
 * The cgroup has room for nothing of that size. (It goes there from without,
 * since the buffer that the device reads it into is charged as well.)
 */
TEST_F(charge, at_the_limit)
{
	struct sample *sample = &self->sample;
	int round;

	ASSERT_RIGHT(sample_fill_whole(sample));
	ASSERT_RIGHT(memcg_limit(&self->memcg, devthp_pmd_size() / 4));
	for (round = 0; round < 2; round++) {
		ASSERT_RIGHT(memcg_exit(&self->memcg));
		ASSERT_RIGHT(round ? sample_to_device(sample) :
			     form_to_device(sample, variant->form));
		ASSERT_RIGHT(memcg_enter(&self->memcg));
		ASSERT_RIGHT(sample_device_write(sample));
		ASSERT_RIGHT(round ? sample_rest_to_system(sample) :
			     sample_bring_back(sample));
	}
	ASSERT_RIGHT(sample_data(sample));
}

/* Nothing can be made of nothing; nobody is killed for it, and nothing lost. */
TEST_F(charge, nothing_at_the_limit)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(memcg_limit(&self->memcg, devthp_pmd_size() / 4));
	ASSERT_EQ(-ENOENT, devthp_migrate_to_device(sample->dev, sample->addr,
						    sample->pages, NULL));
	ASSERT_RIGHT(memcg_write(&self->memcg, "memory.max", "max"));
	ASSERT_RIGHT(sample_to_device_whole(sample));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(sample_data(sample));
}

static const char *peer_is_short_of_memory(struct sample *sample, struct peer *parent)
{
	struct memcg own = {};

	CHECK(memcg_enter(&own));
	CHECK(memcg_limit(&own, devthp_pmd_size() / 4));
	memset(sample->addr, 0xa5, bytes_of(sample));
	return wrong("it was not killed");
}

/*
 * A child shares it and writes, in a cgroup that has no room for what it needs then:
 * it is killed in the middle, and it alone.
 */
TEST_F(charge, child_is_killed_at_its_limit)
{
	struct sample *sample = &self->sample;
	struct peer child;
	int status;

	ASSERT_RIGHT(sample_fill_whole(sample));
	ASSERT_RIGHT(form_to_device(sample, variant->form));
	ASSERT_RIGHT(peer_fork(&child, peer_is_short_of_memory, sample));
	status = peer_status(&child);
	ASSERT_RIGHT(memcg_remove_of(child.pid));
	ASSERT_TRUE(WIFSIGNALED(status));
	ASSERT_EQ(SIGKILL, WTERMSIG(status));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(sample_data(sample));
}

/* It has a cgroup of its own, and its parent's file: for the memory of its parent. */
static const char *peer_migrates_its_parents(struct sample *sample, struct peer *parent)
{
	struct memcg own = {};

	CHECK(peer_wait(parent));
	CHECK(memcg_enter(&own));
	CHECK(sample_to_device(sample));
	return memcg_exit(&own);
}

/* What is made of nothing is of whose memory it becomes, whoever asked for it. */
TEST_F(charge, begins_there_by_another)
{
	const uint64_t size = devthp_pmd_size();
	struct sample *sample = &self->sample;
	struct charged before;
	struct peer child;

	if (variant->form != FORM_WHOLE)
		ASSERT_EQ(0, madvise(sample->addr, size, MADV_NOHUGEPAGE));
	ASSERT_RIGHT(peer_fork(&child, peer_migrates_its_parents, sample));
	ASSERT_RIGHT(charged_now(&self->memcg, &before));
	ASSERT_RIGHT(peer_tell(&child));
	ASSERT_RIGHT(peer_end(&child));
	ASSERT_RIGHT(memcg_remove_of(child.pid));
	ASSERT_RIGHT(charged_are(before, size,
				 variant->form == FORM_WHOLE ? size : 0));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(sample_data(sample));
}

/* Its cgroup is removed meanwhile: then it belongs to the one above. */
TEST_F(charge, cgroup_goes_first)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(sample_fill_whole(sample));
	ASSERT_RIGHT(form_to_device(sample, variant->form));
	ASSERT_RIGHT(memcg_remove(&self->memcg));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(form_is_kept(sample, variant->form));
	ASSERT_RIGHT(sample_cut(sample, 10, 20, HOLE_UNMAPPED));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_HARNESS_MAIN
