// SPDX-License-Identifier: GPL-2.0
/*
 * Each call that names memory, and a range of it that is another's, nobody's, or of a
 * kind that a device cannot have. Rule: the call says what devthp.h says of it, what is
 * refused changes nothing, and memory of the device beside it stays what it was.
 */
#include <errno.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/baseline.h"
#include "common/driver.h"
#include "common/harness.h"
#include "common/need.h"
#include "common/still.h"
#include "common/textfile.h"

#define PAGES	4
#define MARK	0x5a

enum kind {
	NONE,			/* unmapped */
	BEYOND,			/* no address of a process */
	CHILD,			/* mapped, and used, by a child alone */
	FORBIDDEN,		/* PROT_NONE */
	SHARED,
	OF_A_FILE,		/* and shared */
	HUGETLB,
};

FIXTURE(range)
{
	struct baseline baseline;
	struct sample sample;	/* on the device all the time */
	struct devthp_snapshot *before;
	char *addr;
	size_t bytes;		/* that are mapped there */
	char *buffer;
	int file;
	int to_child;		/* closed: it looks, and ends */
	pid_t child;
};

FIXTURE_VARIANT(range)
{
	enum kind kind;
	int to_device, to_system;
	int access;		/* of the device, and as a pin */
	int exclusive;
};

#define NO_MEMORY							\
	.to_device = -EINVAL, .to_system = -EINVAL, .access = -EFAULT,	\
	.exclusive = -EFAULT

FIXTURE_VARIANT_ADD(range, of_nothing) { .kind = NONE, NO_MEMORY };
FIXTURE_VARIANT_ADD(range, of_no_process) { .kind = BEYOND, NO_MEMORY };
FIXTURE_VARIANT_ADD(range, of_a_child) { .kind = CHILD, NO_MEMORY };
FIXTURE_VARIANT_ADD(range, forbidden) { .kind = FORBIDDEN, NO_MEMORY };
FIXTURE_VARIANT_ADD(range, shared) {
	.kind = SHARED, .to_device = -ENOENT, .exclusive = -EOPNOTSUPP
};
FIXTURE_VARIANT_ADD(range, of_a_file) {
	.kind = OF_A_FILE, .to_device = -ENOENT, .exclusive = -EOPNOTSUPP
};
FIXTURE_VARIANT_ADD(range, of_hugetlb) {
	.kind = HUGETLB, .to_device = -EINVAL, .to_system = -EINVAL,
	.exclusive = -EOPNOTSUPP
};

static bool is_marked(const char *addr, size_t bytes)
{
	size_t i;

	for (i = 0; i < bytes; i++) {
		if (addr[i] != MARK)
			return false;
	}
	return true;
}

/* A child that has the memory as it is now, and looks at it when it is let go. */
static const char *fork_owner(FIXTURE_DATA(range) *self)
{
	int ends[2];
	char c;

	if (pipe(ends))
		return went_well("pipe", -errno);
	self->child = fork();
	if (self->child < 0)
		return went_well("fork", -errno);
	if (!self->child) {
		close(ends[1]);
		while (read(ends[0], &c, 1) > 0)
			;
		_exit(is_marked(self->addr, PAGES * devthp_page_size()) ? 0 : 1);
	}
	close(ends[0]);
	self->to_child = ends[1];
	return RIGHT;
}

static const char *owner_has_its_own(FIXTURE_DATA(range) *self)
{
	int status;

	if (!self->child)
		return RIGHT;
	close(self->to_child);
	if (waitpid(self->child, &status, 0) != self->child || status)
		return wrong("a child's memory has changed");
	self->child = 0;
	return RIGHT;
}

static const char *map(FIXTURE_DATA(range) *self, enum kind kind)
{
	const int private = MAP_PRIVATE | MAP_ANONYMOUS;
	int flags = kind < SHARED ? private : MAP_SHARED;

	flags |= kind == SHARED ? MAP_ANONYMOUS : 0;
	if (self->file >= 0 && ftruncate(self->file, self->bytes))
		return went_well("make a file", -errno);
	self->addr = mmap(NULL, self->bytes, PROT_READ | PROT_WRITE, flags,
			  self->file, 0);
	if (self->addr == MAP_FAILED)
		return went_well("mmap", -errno);
	memset(self->addr, MARK, self->bytes);
	if (kind == CHILD)
		CHECK(fork_owner(self));
	if (kind <= CHILD && munmap(self->addr, self->bytes))
		return went_well("munmap", -errno);
	if (kind <= CHILD)
		self->bytes = 0;
	if (kind == BEYOND)
		self->addr = (char *)(UINTPTR_MAX / 2 + 1);
	if (kind == FORBIDDEN && mprotect(self->addr, self->bytes, PROT_NONE))
		return went_well("mprotect", -errno);
	return RIGHT;
}

FIXTURE_SETUP(range)
{
	const enum kind kind = variant->kind;

	self->file = -1;
	SETUP_BASELINE(&self->baseline);
	if (kind == HUGETLB)
		NEED(hugetlb_pages_needed);
	/* Asking for the driver empties the device. */
	NEED(driver_needed);
	SETUP_SAMPLE_ON_DEVICE(&self->sample, 1);
	self->buffer = self->sample.buffer;
	memset(self->buffer, MARK, PAGES * devthp_page_size());
	self->bytes = kind == HUGETLB ? devthp_pmd_size() :
					PAGES * devthp_page_size();
	if (kind >= OF_A_FILE)
		self->file = memfd_create("devthp", MFD_CLOEXEC |
					  (kind == HUGETLB ? MFD_HUGETLB : 0));
	ASSERT_TRUE(kind < OF_A_FILE || self->file >= 0);
	ASSERT_RIGHT(map(self, kind));
	ASSERT_RIGHT(still_begin(&self->sample, &self->before));
}

FIXTURE_TEARDOWN(range)
{
	EXPECT_RIGHT(owner_has_its_own(self));
	if (self->bytes)
		munmap(self->addr, self->bytes);
	if (self->file >= 0)
		close(self->file);
	devthp_snapshot_free(self->before);
	sample_release(&self->sample);
	TEARDOWN_BASELINE(&self->baseline);
}

/* Neither the memory of the device, nor the range, as far as it can be looked at. */
static const char *nothing_changed(FIXTURE_DATA(range) *self, enum kind kind)
{
	struct sample *sample = &self->sample;

	CHECK(still_untouched(sample, 0, sample->pages, self->before));
	if (kind == FORBIDDEN && mprotect(self->addr, self->bytes, PROT_READ))
		return went_well("mprotect", -errno);
	if (!is_marked(self->addr, self->bytes))
		return wrong("the range holds something else");
	return RIGHT;
}

TEST_F(range, migrates_or_not)
{
	struct devthp_device *dev = self->sample.dev;

	EXPECT_EQ(variant->to_device,
		  devthp_migrate_to_device(dev, self->addr, PAGES, NULL));
	EXPECT_EQ(variant->to_system,
		  devthp_migrate_to_system(dev, self->addr, PAGES, NULL));
	EXPECT_RIGHT(nothing_changed(self, variant->kind));
}

TEST_F(range, is_read_and_written_or_not)
{
	struct devthp_device *dev = self->sample.dev;

	EXPECT_EQ(variant->access, devthp_device_write(dev, self->addr, PAGES,
						       self->buffer, NULL));
	memset(self->buffer, 0, PAGES * devthp_page_size());
	EXPECT_EQ(variant->access, devthp_device_read(dev, self->addr, PAGES,
						      self->buffer, NULL));
	EXPECT_EQ(!variant->access,
		  is_marked(self->buffer, PAGES * devthp_page_size()));
	EXPECT_RIGHT(nothing_changed(self, variant->kind));
}

TEST_F(range, is_seen)
{
	uint8_t prot[PAGES];
	size_t i;

	ASSERT_EQ(0, devthp_device_snapshot(self->sample.dev, self->addr, PAGES,
					    prot));
	for (i = 0; i < PAGES; i++)
		EXPECT_EQ(!!variant->access, prot[i] == DEVTHP_PROT_ERROR);
	EXPECT_RIGHT(nothing_changed(self, variant->kind));
}

TEST_F(range, is_nobodys_own)
{
	struct devthp_device *dev = self->sample.dev;

	EXPECT_EQ(variant->exclusive,
		  devthp_device_exclusive(dev, self->addr, PAGES, NULL));
	EXPECT_EQ(0, devthp_device_is_exclusive(dev, self->addr, PAGES));
	EXPECT_RIGHT(nothing_changed(self, variant->kind));
}

/* There is no page of the device to refer to; but all that can be used can be pinned. */
TEST_F(range, is_held_or_not)
{
	struct devthp_device *dev = self->sample.dev;
	uint64_t held = 1, want = variant->access ? 0 : PAGES;

	EXPECT_EQ(0, devthp_device_hold(dev, self->addr, PAGES, 0, &held));
	EXPECT_EQ(0, held);
	EXPECT_EQ(variant->access,
		  devthp_device_hold(dev, self->addr, PAGES, DEVTHP_HOLD_PIN,
				     NULL));
	EXPECT_EQ(0, devthp_device_unhold(dev, self->addr, PAGES, &held));
	EXPECT_EQ(want, held);
	EXPECT_RIGHT(nothing_changed(self, variant->kind));
}

TEST_HARNESS_MAIN
