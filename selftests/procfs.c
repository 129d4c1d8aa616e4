// SPDX-License-Identifier: GPL-2.0
/*
 * Whoever looks into /proc at a process with memory on the device sees that
 * memory, and disturbs neither the kernel nor the memory.
 */
#include <errno.h>
#include <fcntl.h>

#include "common/harness.h"

FIXTURE(stages)
{
	struct sample sample;
};

FIXTURE_SETUP(stages)
{
	SETUP_SAMPLE(&self->sample, 2);
	ASSERT_RIGHT(sample_fill_whole(&self->sample));
}

FIXTURE_TEARDOWN(stages)
{
	sample_release(&self->sample);
}

static const char *read_to_the_end(const char *path)
{
	char text[4096];
	ssize_t length;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int err;

	/* What this kernel was not built with has nothing to show. */
	if (fd < 0 && errno == ENOENT)
		return RIGHT;
	if (fd < 0)
		return went_well(path, -errno);
	do {
		length = read(fd, text, sizeof(text));
		err = length < 0 ? -errno : 0;
	} while (length > 0);
	close(fd);
	return went_well(path, err);
}

/* kB that smaps gives as resident for the mapping that begins at addr. */
static const char *smaps_rss(const void *addr, unsigned long *rss)
{
	FILE *smaps = fopen("/proc/self/smaps", "re");
	unsigned long start, end;
	bool inside = false;
	char line[512];

	if (!smaps)
		return went_well("/proc/self/smaps", -errno);
	*rss = 0;
	while (fgets(line, sizeof(line), smaps)) {
		unsigned long kb;

		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			inside = start == (unsigned long)addr;
		else if (inside && sscanf(line, "Rss: %lu kB", &kb) == 1)
			*rss = kb;
	}
	fclose(smaps);
	return RIGHT;
}

/* An entry of pagemap: bit 63 present, bit 62 swapped, both 0 for nothing. */
static const char *pagemap_bits(const struct sample *sample, bool present)
{
	const size_t size = devthp_page_size();
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	const char *verdict = RIGHT;
	uint64_t entry;
	size_t i;

	if (fd < 0)
		return went_well("/proc/self/pagemap", -errno);
	for (i = 0; i < sample->pages && is_right(verdict); i++) {
		off_t where = ((uintptr_t)sample->addr / size + i) *
			      sizeof(entry);
		unsigned int want = sample->hole[i] ? 0 : present ? 2 : 1;

		if (pread(fd, &entry, sizeof(entry), where) != sizeof(entry))
			verdict = went_well("/proc/self/pagemap", -errno);
		else if (entry >> 62 != want)
			verdict = wrong("page %zu: pagemap says %#llx; its upper two bits should be %u",
					i, (unsigned long long)entry, want);
	}
	close(fd);
	return verdict;
}

/* Device memory is resident, and counts as that. */
static const char *proc_shows(const struct sample *sample, bool present)
{
	static const char * const files[] = {
		"/proc/self/smaps", "/proc/self/smaps_rollup",
		"/proc/self/numa_maps", "/proc/self/maps", "/proc/self/status",
	};
	unsigned long rss, want = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(files); i++)
		CHECK(read_to_the_end(files[i]));
	CHECK(pagemap_bits(sample, present));
	for (i = 0; i < sample->pages; i++)
		if (!sample->hole[i])
			want += devthp_page_size() / 1024;
	CHECK(smaps_rss(sample->addr, &rss));
	if (rss != want)
		return wrong("smaps says %lu kB are resident; should be %lu",
			     rss, want);
	return RIGHT;
}

TEST_F(stages, in_system_memory)
{
	ASSERT_RIGHT(proc_shows(&self->sample, true));
}

TEST_F(stages, whole_on_device)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(sample_to_device_whole(sample));
	ASSERT_RIGHT(proc_shows(sample, false));
	ASSERT_RIGHT(layout_of_all(sample, whole(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(proc_shows(sample, true));
}

TEST_F(stages, by_pages_on_device)
{
	struct sample *sample = &self->sample;

	ASSERT_RIGHT(sample_to_device_whole(sample));
	ASSERT_RIGHT(sample_cut(sample, 1, 64, HOLE_DROPPED));
	ASSERT_RIGHT(proc_shows(sample, false));
	ASSERT_RIGHT(holes_are_empty(sample));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(proc_shows(sample, true));
}

TEST_F(stages, base_pages_on_device)
{
	struct sample *sample = &self->sample;

	ASSERT_EQ(0, devthp_device_fail_alloc(sample->dev, 1));
	ASSERT_RIGHT(sample_to_device(sample));
	ASSERT_RIGHT(proc_shows(sample, false));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(proc_shows(sample, true));
}

/* Soft-dirty is cleared in the entry where it is, and says "written" again. */
TEST_F(stages, soft_dirty_cleared_on_device)
{
	struct sample *sample = &self->sample;
	int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
	int bit;

	if (fd < 0 && errno == ENOENT)
		SKIP(return, "no /proc/self/clear_refs: CONFIG_PROC_PAGE_MONITOR is off");
	ASSERT_LE(0, fd);
	ASSERT_RIGHT(sample_to_device_whole(sample));
	for (bit = 1; bit <= 4; bit += 3) {
		char what = '0' + bit;

		ASSERT_EQ(1, write(fd, &what, 1));
		ASSERT_RIGHT(layout_of_all(sample,
					   whole(DEVTHP_LOC_DEVICE, 1)));
	}
	close(fd);
	ASSERT_RIGHT(proc_shows(sample, false));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(sample_fill_whole(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_HARNESS_MAIN
