// SPDX-License-Identifier: GPL-2.0
/*
 * A process forks while huge folios of it are on the device. Each process has
 * one PMD entry for each; whoever faults first, alone or not, nobody sees what
 * another one writes.
 */
#include <errno.h>

#include "common/harness.h"
#include "common/peer.h"

/* ---- What children do ---- */

static const char *look(struct sample *sample, struct peer *parent)
{
	return layout_of_all(sample, whole(DEVTHP_LOC_DEVICE, 2));
}

static const char *look_then_read(struct sample *sample, struct peer *parent)
{
	CHECK(look(sample, parent));
	CHECK(peer_tell(parent));
	CHECK(peer_wait(parent));
	return sample_data(sample);
}

static const char *read_before(struct sample *sample, struct peer *parent)
{
	CHECK(look(sample, parent));
	CHECK(sample_access(sample, 1, ACCESS_READ));
	CHECK(layout_of(sample, 0, sample->folio_pages,
			whole(DEVTHP_LOC_SYSTEM, 2)));
	CHECK(sample_data(sample));
	CHECK(peer_tell(parent));
	CHECK(peer_wait(parent));
	return sample_data(sample);
}

static const char *write_before(struct sample *sample, struct peer *parent)
{
	CHECK(look(sample, parent));
	CHECK(sample_fill(sample));
	CHECK(peer_tell(parent));
	CHECK(peer_wait(parent));
	return sample_data(sample);
}

static const char *unmap_half(struct sample *sample, struct peer *parent)
{
	const size_t half = sample->folio_pages / 2;

	CHECK(sample_cut(sample, 0, half, HOLE_UNMAPPED));
	CHECK(holes_are_empty(sample));
	CHECK(layout_of(sample, half, half, by_pages(DEVTHP_LOC_DEVICE, 2)));
	CHECK(peer_tell(parent));
	CHECK(peer_wait(parent));
	return sample_data(sample);
}

static const char *look_among_three(struct sample *sample, struct peer *parent)
{
	CHECK(layout_of_all(sample, whole(DEVTHP_LOC_DEVICE, 3)));
	CHECK(peer_tell(parent));
	CHECK(peer_wait(parent));
	return sample_data(sample);
}

static const char *have_a_child(struct sample *sample, struct peer *parent)
{
	struct peer grandchild;

	CHECK(peer_fork(&grandchild, look_among_three, sample));
	CHECK(peer_wait(&grandchild));
	CHECK(look_among_three(sample, parent));
	CHECK(peer_tell(&grandchild));
	return peer_end(&grandchild);
}

/* The grandchild goes on in its parent's place, with its parent's pipes. */
static const char *leave_an_orphan(struct sample *sample, struct peer *parent)
{
	int alive[2];
	char nothing;
	pid_t pid;

	if (pipe(alive))
		return went_well("make a pipe", -errno);
	pid = fork();
	if (pid < 0)
		return went_well("fork", -errno);
	if (pid)
		_exit(0);
	close(alive[1]);
	if (read(alive[0], &nothing, 1))
		return wrong("the pipe of a dead process does not end");
	return write_before(sample, parent);
}

/* ---- The parent faults ---- */

FIXTURE(parent)
{
	struct sample sample;
	struct peer child;
};

FIXTURE_VARIANT(parent)
{
	enum access how;
	bool writes;
};

FIXTURE_VARIANT_ADD(parent, reads) { .how = ACCESS_READ };
FIXTURE_VARIANT_ADD(parent, writes) { .how = ACCESS_WRITE, .writes = true };
FIXTURE_VARIANT_ADD(parent, kernel_reads) { .how = ACCESS_KERNEL_READ };
FIXTURE_VARIANT_ADD(parent, kernel_writes) {
	.how = ACCESS_KERNEL_WRITE, .writes = true
};

FIXTURE_SETUP(parent)
{
	SETUP_SAMPLE_ON_DEVICE(&self->sample, 2);
}

FIXTURE_TEARDOWN(parent)
{
	sample_release(&self->sample);
}

TEST_F(parent, child_is_alive)
{
	struct sample *sample = &self->sample;
	const size_t n = sample->folio_pages;

	ASSERT_RIGHT(peer_fork(&self->child, look_then_read, sample));
	ASSERT_RIGHT(peer_wait(&self->child));
	ASSERT_RIGHT(layout_of_all(sample, whole(DEVTHP_LOC_DEVICE, 2)));
	ASSERT_RIGHT(sample_device_data(sample));

	ASSERT_RIGHT(sample_access(sample, 1, variant->how));
	if (!variant->writes)
		ASSERT_RIGHT(layout_of(sample, 0, n,
				       whole(DEVTHP_LOC_SYSTEM, 2)));
	ASSERT_RIGHT(layout_of(sample, n, n, whole(DEVTHP_LOC_DEVICE, 2)));
	ASSERT_RIGHT(sample_access_range(sample, 0, sample->pages,
					 variant->how));

	ASSERT_RIGHT(peer_tell(&self->child));
	ASSERT_RIGHT(peer_end(&self->child));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(parent, child_is_gone)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(peer_fork(&self->child, look, sample));
	ASSERT_RIGHT(peer_end(&self->child));
	ASSERT_RIGHT(layout_of_all(sample, whole(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(sample_access_range(sample, 0, sample->pages,
					 variant->how));
	if (!variant->writes)
		ASSERT_RIGHT(layout_of_all(sample,
					   whole(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(sample_data(sample));
}

/* The child maps half of the folio by pages, the parent all of it by a PMD. */
TEST_F(parent, child_unmapped_half)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(peer_fork(&self->child, unmap_half, sample));
	ASSERT_RIGHT(peer_wait(&self->child));
	/* The probe counts mappings of an entry's first page only. */
	ASSERT_RIGHT(layout_of(sample, 0, 1, whole(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(layout_of(sample, 0, sample->folio_pages,
			       whole(DEVTHP_LOC_DEVICE, ANY_MAPCOUNT)));
	ASSERT_RIGHT(sample_access_range(sample, 0, sample->pages,
					 variant->how));
	ASSERT_RIGHT(peer_tell(&self->child));
	ASSERT_RIGHT(peer_end(&self->child));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(parent, unmapped_half_itself)
{
	struct sample *sample = &self->sample;
	const size_t half = sample->folio_pages / 2;

	ASSERT_RIGHT(peer_fork(&self->child, look_then_read, sample));
	ASSERT_RIGHT(peer_wait(&self->child));
	ASSERT_RIGHT(sample_cut(sample, 0, half, HOLE_UNMAPPED));
	ASSERT_RIGHT(layout_of(sample, half, half,
			       by_pages(DEVTHP_LOC_DEVICE, 2)));
	ASSERT_RIGHT(sample_access_range(sample, 0, sample->pages,
					 variant->how));
	ASSERT_RIGHT(peer_tell(&self->child));
	ASSERT_RIGHT(peer_end(&self->child));
	ASSERT_RIGHT(sample_data(sample));
}

/* ---- A child faults, or a grandchild ---- */

FIXTURE(child)
{
	struct sample sample;
	struct peer child;
};

FIXTURE_SETUP(child)
{
	SETUP_SAMPLE_ON_DEVICE(&self->sample, 2);
}

FIXTURE_TEARDOWN(child)
{
	sample_release(&self->sample);
}

static void child_goes_first(struct __test_metadata *_metadata,
			     struct sample *sample, struct peer *child,
			     peer_life *life)
{
	ASSERT_RIGHT(peer_fork(child, life, sample));
	ASSERT_RIGHT(peer_wait(child));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(sample_fill(sample));
	ASSERT_RIGHT(peer_tell(child));
	ASSERT_RIGHT(peer_end(child));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(child, reads)
{
	child_goes_first(_metadata, &self->sample, &self->child, read_before);
}

TEST_F(child, writes)
{
	child_goes_first(_metadata, &self->sample, &self->child, write_before);
}

TEST_F(child, has_a_child)
{
	child_goes_first(_metadata, &self->sample, &self->child, have_a_child);
}

TEST_F(child, leaves_an_orphan)
{
	child_goes_first(_metadata, &self->sample, &self->child,
			 leave_an_orphan);
}

/* The device mirrors the parent: what it writes, the parent has written. */
TEST_F(child, sees_no_device_write)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(peer_fork(&self->child, look_then_read, sample));
	ASSERT_RIGHT(peer_wait(&self->child));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(peer_tell(&self->child));
	ASSERT_RIGHT(peer_end(&self->child));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_HARNESS_MAIN
