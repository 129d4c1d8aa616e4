// SPDX-License-Identifier: GPL-2.0
/* Protection changes while a huge folio is on the device. */
#include <errno.h>
#include <sys/mman.h>

#include "common/harness.h"

FIXTURE(protect)
{
	struct sample sample;
};

FIXTURE_SETUP(protect)
{
	SETUP_SAMPLE_ON_DEVICE(&self->sample, 2);
}

FIXTURE_TEARDOWN(protect)
{
	sample_release(&self->sample);
}

static const char *protect(struct sample *sample, size_t first, size_t npages,
			   int prot)
{
	const size_t size = devthp_page_size();

	if (mprotect(sample->addr + first * size, npages * size, prot))
		return went_well("mprotect", -errno);
	return RIGHT;
}

/* Entries of pages allow writing, or do not; unknown fits if not required. */
static const char *writable(const struct sample *sample, size_t first,
			    size_t npages, bool want)
{
	struct devthp_page page = { .size = sizeof(page) };
	struct devthp_snapshot *snap;
	size_t i;
	int err = 0;

	CHECK(went_well("take a snapshot",
			devthp_snapshot_take(&snap, sample->addr,
					     sample->pages, NULL)));
	for (i = first; i < first + npages && !err; i++) {
		err = devthp_snapshot_page(snap, i, &page);
		if (!(page.known & DEVTHP_KNOWN_WRITE) ?
		    everything_is_required() :
		    !!(page.bits & DEVTHP_BIT_WRITE) != want)
			break;
	}
	devthp_snapshot_free(snap);
	CHECK(went_well("read a snapshot", err));
	if (i < first + npages)
		return wrong("page %zu is %swritable; should be the opposite",
			     i, want ? "not " : "");
	return RIGHT;
}

/* A system call that writes is refused; unlike the CPU it does not kill. */
static void write_is_refused(struct __test_metadata *_metadata,
			     struct sample *sample, size_t page)
{
	const char *refused;

	refused = sample_access(sample, page, ACCESS_KERNEL_WRITE);
	sample->generation[page]--;
	ASSERT_STRNE(RIGHT, refused);
	ASSERT_NE(NULL, strstr(refused, strerror(EFAULT)))
		TH_LOG("refused for another reason: %s", refused);
}

TEST_F(protect, read_only_keeps_it_whole)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(writable(sample, 0, sample->pages, true));
	ASSERT_RIGHT(protect(sample, 0, sample->pages, PROT_READ));
	ASSERT_RIGHT(layout_of_all(sample, whole(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(writable(sample, 0, sample->pages, false));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(layout_of_all(sample, whole(DEVTHP_LOC_DEVICE, 1)));
}

TEST_F(protect, read_only_for_the_device)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(protect(sample, 0, sample->pages, PROT_READ));
	ASSERT_EQ(-EPERM, devthp_device_write(sample->dev, sample->addr, 1,
					      sample->buffer, NULL));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(protect, read_only_comes_back_read_only)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(protect(sample, 0, sample->pages, PROT_READ));
	write_is_refused(_metadata, sample, 1);
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(layout_of_all(sample, whole(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(writable(sample, 0, sample->pages, false));
	write_is_refused(_metadata, sample, 1);
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(protect, read_only_and_writable_again)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(protect(sample, 0, sample->pages, PROT_READ));
	ASSERT_RIGHT(protect(sample, 0, sample->pages, PROT_READ | PROT_WRITE));
	ASSERT_RIGHT(layout_of_all(sample, whole(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(sample_fill_whole(sample));
	ASSERT_RIGHT(sample_data(sample));
}

/* A folio that was read-only all the way is read-only on the device, too. */
TEST_F(protect, read_only_before_migration)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(sample_to_system_whole(sample));
	ASSERT_RIGHT(protect(sample, 0, sample->pages, PROT_READ));
	ASSERT_RIGHT(sample_to_device_whole(sample));
	ASSERT_RIGHT(writable(sample, 0, sample->pages, false));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(layout_of_all(sample, whole(DEVTHP_LOC_SYSTEM, 1)));
	write_is_refused(_metadata, sample, 1);
}

/* The entry still is read-only, its mapping is not: the device may write. */
TEST_F(protect, writable_again_for_the_device)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(protect(sample, 0, sample->pages, PROT_READ));
	ASSERT_RIGHT(protect(sample, 0, sample->pages, PROT_READ | PROT_WRITE));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(protect, none_and_back)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(protect(sample, 0, sample->pages, PROT_NONE));
	ASSERT_RIGHT(protect(sample, 0, sample->pages, PROT_READ | PROT_WRITE));
	ASSERT_RIGHT(layout_of_all(sample, whole(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(sample_data(sample));
}

/* Part of the first folio; the second is not concerned. */
TEST_F(protect, half)
{
	struct sample *sample = &self->sample;
	const size_t n = sample->folio_pages, half = n / 2;

	ASSERT_RIGHT(protect(sample, 0, half, PROT_READ));
	ASSERT_RIGHT(layout_of(sample, 0, n, by_pages(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(layout_of(sample, n, n, whole(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(writable(sample, 0, half, false));
	ASSERT_RIGHT(writable(sample, half, half, true));
	ASSERT_RIGHT(sample_device_data(sample));

	write_is_refused(_metadata, sample, half - 1);
	ASSERT_RIGHT(sample_access(sample, half, ACCESS_WRITE));
	ASSERT_RIGHT(layout_of(sample, half, 1, small(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(sample_data(sample));
	write_is_refused(_metadata, sample, half - 1);
	ASSERT_RIGHT(writable(sample, 0, half, false));
}

TEST_F(protect, one_page)
{
	struct sample *sample = &self->sample;
	const size_t n = sample->folio_pages, page = n / 3;

	ASSERT_RIGHT(protect(sample, page, 1, PROT_READ));
	ASSERT_RIGHT(layout_of(sample, 0, n, by_pages(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(writable(sample, 0, page, true));
	ASSERT_RIGHT(writable(sample, page, 1, false));
	ASSERT_RIGHT(writable(sample, page + 1, n - page - 1, true));
	ASSERT_RIGHT(sample_data(sample));
	write_is_refused(_metadata, sample, page);
}

TEST_HARNESS_MAIN
