// SPDX-License-Identifier: GPL-2.0
/*
 * Nobody gets at the struct pages behind what a driver maps by page frame number, where
 * there are any, by GUP or by what is made of it.
 *
 * Rules: GUP-fast leaves what is special to GUP, which refuses a VM_PFNMAP area with EFAULT,
 * for every purpose (mm/gup.c); it faults nothing in. Pins and references do not move.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "common/driver.h"
#include "common/harness.h"
#include "common/pfnmap.h"
#include "common/pin.h"
#include "common/swapdisk.h"

FIXTURE(refused)
{
	struct pfnmap map;
	uint64_t taken, released;	/* pins, by anybody */
};

FIXTURE_VARIANT(refused) { struct pfnmap_kind kind; };
FOR_EACH_KIND(PFNMAP_VARIANT, refused)

FIXTURE_SETUP(refused)
{
	SETUP_PFNMAP(&self->map, &variant->kind);
	NEED(pin_needed, PIN_SLOW);
	ASSERT_RIGHT(pin_statistics(&self->taken, &self->released));
}

static const char *no_pin_was_taken(const FIXTURE_DATA(refused) *self)
{
	uint64_t taken, released;

	CHECK(pin_statistics(&taken, &released));
	if (taken != self->taken || released != self->released)
		return wrong("%llu pages were pinned, %llu unpinned",
			     (unsigned long long)(taken - self->taken),
			     (unsigned long long)(released - self->released));
	return RIGHT;
}

/* And all is mapped as before, with the same in it. */
FIXTURE_TEARDOWN(refused)
{
	if (__test_passed(_metadata)) {
		EXPECT_RIGHT(no_pin_was_taken(self));
		EXPECT_RIGHT(pfnmap_data(&self->map));
		EXPECT_RIGHT(pfnmap_entry_is(&self->map, self->map.addr,
					     pfnmap_level(self->map.order), true));
	}
	TEARDOWN_PFNMAP(&self->map);
}

/* In the middle of an entry as well, in one go and page by page. */
static const char *gets_nothing(const struct pfnmap *map, enum gup_call call)
{
	static const size_t offsets[] = { 0, SIZE_64K + SIZE_4K };
	size_t i, at_a_time, got;

	for (i = 0; i < 2; i++)
		for (at_a_time = 1; at_a_time <= 16; at_a_time *= 16) {
			CHECK(gup_got(call, map->addr + offsets[i], 16, at_a_time, &got));
			if (got)
				return wrong("call %u got %zu pages at %#zx, %zu at a time",
					     call, got, offsets[i], at_a_time);
		}
	return pfnmap_is_untouched(map);
}

static const char *gup_gets_nothing(const struct pfnmap *map)
{
	enum gup_call call;

	for (call = 0; call < GUP_CALLS; call++)
		CHECK(gets_nothing(map, call));
	return RIGHT;
}

TEST_F(refused, gup)
{
	ASSERT_RIGHT(pfnmap_data(&self->map));
	ASSERT_RIGHT(gup_gets_nothing(&self->map));
}

/* What was never touched is refused, too, and not faulted in. */
TEST_F(refused, gup_of_what_is_not_mapped)
{
	ASSERT_RIGHT(gup_gets_nothing(&self->map));
	ASSERT_RIGHT(pfnmap_entries_are_none(&self->map));
}

TEST_F(refused, gup_of_what_is_read_only)
{
	ASSERT_RIGHT(pfnmap_data(&self->map));
	ASSERT_EQ(0, mprotect(self->map.addr, self->map.mapped, PROT_READ));
	ASSERT_RIGHT(gup_gets_nothing(&self->map));
	ASSERT_EQ(0, mprotect(self->map.addr, self->map.mapped, PROT_READ | PROT_WRITE));
}

/* A range that only begins in other memory: no more than that memory. */
TEST_F(refused, gup_from_other_memory_on)
{
	char *before = self->map.addr - SIZE_4K;
	enum gup_call call;
	size_t got;

	ASSERT_EQ(before, mmap(before, SIZE_4K, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
	*before = 1;
	ASSERT_RIGHT(pfnmap_data(&self->map));
	for (call = 0; call < PIN_USER_PAGES; call++) {
		ASSERT_RIGHT(gup_got(call, before, 2, 1, &got));
		ASSERT_EQ(1, got);
	}
	ASSERT_EQ(0, munmap(before, SIZE_4K));
	ASSERT_RIGHT(pfnmap_is_untouched(&self->map));
}

static const char *is_not_held(const struct pfnmap *map, enum pin_how how, int err)
{
	struct pin pin;
	const char *verdict = pin_take(&pin, how, map->addr + SIZE_4K, 4);

	CHECK(fails_with(verdict, err));
	return pfnmap_is_untouched(map);
}

TEST_F(refused, for_a_long_time)
{
	static const enum pin_how hows[] = { PIN_SLOW, PIN_FAST, PIN_SLOW_READ, PIN_FAST_READ };
	size_t i;

	ASSERT_RIGHT(pfnmap_data(&self->map));
	for (i = 0; i < ARRAY_SIZE(hows); i++)
		ASSERT_RIGHT(is_not_held(&self->map, hows[i], -EFAULT));
}

TEST_F(refused, as_a_buffer_of_io_uring)
{
	NEED(pin_needed, PIN_RING);
	ASSERT_RIGHT(pfnmap_data(&self->map));
	ASSERT_RIGHT(is_not_held(&self->map, PIN_RING, -EFAULT));
}

TEST_F(refused, by_vmsplice)
{
	ASSERT_RIGHT(pfnmap_data(&self->map));
	ASSERT_RIGHT(is_not_held(&self->map, REFERENCE_PIPE, -EFAULT));
}

/* Another driver, by hmm_range_fault(). */
TEST_F(refused, by_a_device)
{
	struct devthp_device *dev;
	char page[SIZE_4K];

	NEED(device_ready, &dev);
	ASSERT_RIGHT(pfnmap_data(&self->map));
	ASSERT_EQ(-EFAULT, sample_device_reads(dev, self->map.addr, 1, page));
	ASSERT_EQ(-EFAULT, sample_device_writes(dev, self->map.addr, 1, page));
	devthp_device_close(dev);
}

/* Disks read and write the pages themselves. */
TEST_F(refused, by_direct_io)
{
	struct swapdisk disk;
	int file;

	NEED(swapdisk_needed);
	ASSERT_RIGHT(swapdisk_make(&disk, SIZE_2M));
	ASSERT_RIGHT(pfnmap_data(&self->map));
	file = open(disk.path, O_RDWR | O_DIRECT | O_CLOEXEC);
	ASSERT_LE(0, file);
	EXPECT_EQ(-1, pwrite(file, self->map.addr, SIZE_4K, 0));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, pread(file, self->map.addr, SIZE_64K, 0));
	EXPECT_EQ(EFAULT, errno);
	close(file);
	ASSERT_RIGHT(swapdisk_remove(&disk));
}

TEST_F(refused, by_process_vm_readv)
{
	char page[SIZE_4K];
	struct iovec here = { page, sizeof(page) }, there = { self->map.addr, sizeof(page) };

	ASSERT_RIGHT(pfnmap_data(&self->map));
	ASSERT_EQ(-1, process_vm_readv(getpid(), &here, 1, &there, 1, 0));
	ASSERT_EQ(EFAULT, errno);
	ASSERT_EQ(-1, process_vm_writev(getpid(), &here, 1, &there, 1, 0));
	ASSERT_EQ(EFAULT, errno);
}

TEST_HARNESS_MAIN
