// SPDX-License-Identifier: GPL-2.0
/*
 * Whoever looks at memory on a device, by any of the files and calls that there
 * are for it, sees what it is and leaves it as it is.
 *
 * The rule, unless said otherwise: a huge page on the device shows what as many
 * base pages on the device show. Where the CPU can use it, that is what memory of
 * the system shows.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "common/harness.h"
#include "common/matrix.h"
#include "common/pagemap.h"
#include "common/textfile.h"

MATRIX(look, FOR_EACH_STATE)

/* What the folio probe knows, to compare others with. */
struct truth {
	const struct devthp_page *page;
	size_t pages;
	size_t page_kb;
	bool swapped;		/* entries for device memory are like swap entries */
};

static const char *find_truth(const struct sample *sample, struct truth *truth)
{
	truth->page = sample->page;
	truth->pages = sample->pages;
	truth->page_kb = devthp_page_size() / 1024;
	truth->swapped = !sample->coherent;
	return sample_look(sample);
}

static bool is_at(const struct truth *truth, size_t i, unsigned int location)
{
	return truth->page[i].location == location;
}

static bool has(const struct truth *truth, size_t i, unsigned int bit)
{
	return truth->page[i].bits & bit;
}

/* ---- /proc/PID/pagemap ---- */

/* Frame of device memory: a swap type for each of writable and not, and the PFN. */
static const char *frame_is_right(const struct truth *truth, size_t i,
				  uint64_t frame, uint64_t type[2])
{
	const uint64_t pfn = frame >> PAGEMAP_SWAP_SHIFT;
	const int writable = has(truth, i, DEVTHP_BIT_WRITE);

	if (pfn != truth->page[i].pfn)
		return wrong("page %zu: pagemap has it at offset %#llx; should be its PFN, %#llx",
			     i, (unsigned long long)pfn,
			     (unsigned long long)truth->page[i].pfn);
	if (type[writable] == DEVTHP_NONE)
		type[writable] = frame & PAGEMAP_SWAP_TYPE;
	if (type[writable] != (frame & PAGEMAP_SWAP_TYPE))
		return wrong("page %zu: pagemap has the swap type %llu for it; should be as for those %s, %llu",
			     i, (unsigned long long)(frame & PAGEMAP_SWAP_TYPE),
			     writable ? "that are writable" : "that are not",
			     (unsigned long long)type[writable]);
	return RIGHT;
}

static const char *pagemap_entry_is_right(const struct truth *truth, size_t i,
					  uint64_t entry, uint64_t type[2])
{
	const struct devthp_page *page = &truth->page[i];
	uint64_t upper = entry & ~PAGEMAP_FRAME & ~PAGEMAP_SOFT_DIRTY;
	uint64_t want = 0;

	if (truth->swapped && page->location == DEVTHP_LOC_DEVICE)
		want = PAGEMAP_SWAP;
	else if (page->location == DEVTHP_LOC_DEVICE ||
		 page->location == DEVTHP_LOC_SYSTEM)
		want = PAGEMAP_PRESENT |
		       (page->mapcount == 1 ? PAGEMAP_EXCLUSIVE : 0);
	if (page->bits & DEVTHP_BIT_UFFD_WP)
		want |= PAGEMAP_UFFD_WP;
	/* Of a folio that is also mapped by pages, the probe may not know. */
	if (!(page->known & DEVTHP_KNOWN_MAPCOUNT))
		upper &= ~PAGEMAP_EXCLUSIVE;
	if (upper != want)
		return wrong("page %zu (%s): pagemap says %#llx; its upper bits should be %#llx",
			     i, devthp_location_name(page->location),
			     (unsigned long long)entry,
			     (unsigned long long)want);
	/* It can also be set for the whole mapping, when that is new. */
	if (page->bits & DEVTHP_BIT_SOFT_DIRTY && !(entry & PAGEMAP_SOFT_DIRTY))
		return wrong("page %zu: pagemap does not say that it is soft-dirty",
			     i);
	if (want & PAGEMAP_SWAP)
		return frame_is_right(truth, i, entry & PAGEMAP_FRAME, type);
	if (want & PAGEMAP_PRESENT && (entry & PAGEMAP_FRAME) != page->pfn)
		return wrong("page %zu: pagemap has it at %#llx; should be its PFN, %#llx",
			     i, (unsigned long long)(entry & PAGEMAP_FRAME),
			     (unsigned long long)page->pfn);
	return RIGHT;
}

static const char *pagemap_is_right(const struct scene *scene,
				    const struct truth *truth)
{
	const char *addr = scene->sample.addr;
	uint64_t *entries = calloc(truth->pages, sizeof(*entries));
	uint64_t type[2] = { DEVTHP_NONE, DEVTHP_NONE };
	size_t i;

	if (!entries)
		return wrong("no memory for entries of pagemap");
	CHECK(pagemap_read(addr, truth->pages, entries));
	for (i = 0; i < truth->pages; i++)
		CHECK(pagemap_entry_is_right(truth, i, entries[i], type));
	/* It may be read from anywhere in a huge page. */
	for (i = 0; i < truth->pages; i += 73) {
		uint64_t one;

		CHECK(pagemap_read(addr + i * devthp_page_size(), 1, &one));
		if (one != entries[i])
			return wrong("page %zu: pagemap says %#llx when it is asked for that page alone, and %#llx else",
				     i, (unsigned long long)one,
				     (unsigned long long)entries[i]);
	}
	free(entries);
	return RIGHT;
}

/* ---- PAGEMAP_SCAN ---- */

#define ALL_CATEGORIES (PAGE_IS_WPALLOWED | PAGE_IS_WRITTEN | PAGE_IS_FILE | \
			PAGE_IS_PRESENT | PAGE_IS_SWAPPED | PAGE_IS_PFNZERO | \
			PAGE_IS_HUGE | PAGE_IS_SOFT_DIRTY)

static uint64_t categories_of(const struct scene *scene,
			      const struct truth *truth, size_t i)
{
	uint64_t want = truth->swapped && is_at(truth, i, DEVTHP_LOC_DEVICE) ?
			PAGE_IS_SWAPPED : PAGE_IS_PRESENT;

	if (!has(truth, i, DEVTHP_BIT_UFFD_WP))
		want |= PAGE_IS_WRITTEN;
	if (truth->page[i].level == DEVTHP_LEVEL_PMD)
		want |= PAGE_IS_HUGE;
	if (scene_is(scene, STATE_WP))
		want |= PAGE_IS_WPALLOWED;
	return want;
}

static const char *region_is_right(const struct scene *scene,
				   const struct truth *truth,
				   const struct page_region *region)
{
	const size_t size = devthp_page_size();
	const uint64_t addr = (uintptr_t)scene->sample.addr;
	size_t i;

	for (i = (region->start - addr) / size; i < (region->end - addr) / size;
	     i++) {
		const uint64_t seen = region->categories & ~PAGE_IS_SOFT_DIRTY;
		uint64_t want;

		if (scene->sample.hole[i])
			continue;
		want = categories_of(scene, truth, i);
		if (seen != want)
			return wrong("page %zu: PAGEMAP_SCAN says %#llx; should be %#llx",
				     i, (unsigned long long)seen,
				     (unsigned long long)want);
		if (has(truth, i, DEVTHP_BIT_SOFT_DIRTY) &&
		    !(region->categories & PAGE_IS_SOFT_DIRTY))
			return wrong("page %zu: PAGEMAP_SCAN does not say that it is soft-dirty",
				     i);
	}
	return RIGHT;
}

static const char *scan_is_right(const struct scene *scene,
				 const struct truth *truth)
{
	struct page_region regions[16];
	struct pm_scan_arg arg = {
		.size = sizeof(arg),
		.start = (uintptr_t)scene->sample.addr,
		.end = (uintptr_t)scene->sample.addr +
		       truth->pages * devthp_page_size(),
		.vec = (uintptr_t)regions,
		.vec_len = ARRAY_SIZE(regions),
		.return_mask = ALL_CATEGORIES,
	};
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t seen = 0;
	long i, found;

	if (fd < 0)
		return went_well("/proc/self/pagemap", -errno);
	found = ioctl(fd, PAGEMAP_SCAN, &arg);
	close(fd);
	if (found < 0)
		return went_well("PAGEMAP_SCAN", -errno);
	if (arg.walk_end != arg.end)
		return wrong("PAGEMAP_SCAN ends at %#llx; should be %#llx",
			     (unsigned long long)arg.walk_end,
			     (unsigned long long)arg.end);
	for (i = 0; i < found; i++) {
		CHECK(region_is_right(scene, truth, &regions[i]));
		seen += (regions[i].end - regions[i].start) / devthp_page_size();
	}
	for (i = 0; i < (long)truth->pages; i++)
		seen -= scene->sample.hole[i] != HOLE_UNMAPPED;
	if (seen)
		return wrong("PAGEMAP_SCAN finds %lld pages more than there are",
			     (long long)seen);
	return RIGHT;
}

/* ---- smaps, smaps_rollup, numa_maps ---- */

static bool is_of(const struct scene *scene, unsigned long start)
{
	const uintptr_t addr = (uintptr_t)scene->sample.addr;

	return start >= addr &&
	       start < addr + scene->sample.pages * devthp_page_size();
}

/* Sum, in kB, of a field over the sample's mappings, or over all if it is NULL. */
static const char *smaps_sum(const struct scene *scene, const char *field,
			     unsigned long *sum)
{
	FILE *smaps = fopen("/proc/self/smaps", "re");
	const size_t length = strlen(field);
	bool inside = !scene;
	char line[512];

	if (!smaps)
		return went_well("/proc/self/smaps", -errno);
	*sum = 0;
	while (fgets(line, sizeof(line), smaps)) {
		unsigned long start, end, kb;

		if (scene && sscanf(line, "%lx-%lx ", &start, &end) == 2)
			inside = is_of(scene, start);
		else if (inside && !strncmp(line, field, length) &&
			 sscanf(line + length, ": %lu kB", &kb) == 1)
			*sum += kb;
	}
	fclose(smaps);
	return RIGHT;
}

static const char *smaps_says(const struct scene *scene, const char *field,
			      unsigned long want)
{
	unsigned long seen;

	CHECK(smaps_sum(scene, field, &seen));
	if (seen != want)
		return wrong("smaps says %lu kB for %s; should be %lu", seen,
			     field, want);
	return RIGHT;
}

static bool is_dirty(const struct truth *truth, size_t i)
{
	return truth->page[i].flags & DEVTHP_FOLIO_DIRTY ||
	       has(truth, i, DEVTHP_BIT_DIRTY);
}

/* Documentation/filesystems/proc.rst: each page divided by who shares it. */
static const char *sharing_is_right(const struct scene *scene,
				    const struct truth *truth)
{
	unsigned long alone = 0, written = 0, clean, dirty, pss;
	double share = 0;
	size_t i;

	for (i = 0; i < truth->pages; i++) {
		const struct devthp_page *page = &truth->page[i];

		if (scene->sample.hole[i])
			continue;
		if (!(page->known & DEVTHP_KNOWN_MAPCOUNT))
			return RIGHT;
		alone += page->mapcount == 1 ? truth->page_kb : 0;
		written += page->mapcount == 1 && is_dirty(truth, i) ? truth->page_kb : 0;
		share += (double)truth->page_kb / page->mapcount;
	}
	CHECK(smaps_sum(scene, "Private_Clean", &clean));
	CHECK(smaps_sum(scene, "Private_Dirty", &dirty));
	if (clean + dirty != alone)
		return wrong("smaps says %lu kB are private; should be %lu",
			     clean + dirty, alone);
	if (dirty != written)
		return wrong("smaps says %lu kB are dirty; should be %lu", dirty, written);
	CHECK(smaps_sum(scene, "Pss", &pss));
	/* A fraction of a byte is lost per page, of a kB per mapping. */
	if (pss > share || pss + 4 < share)
		return wrong("smaps says %lu kB for Pss; should be %.0f", pss,
			     share);
	if (scene_is(scene, STATE_LOCKED))
		return smaps_says(scene, "Locked", pss);
	return smaps_says(scene, "Locked", 0);
}

/* As base pages of a device it is resident, as a huge page it is one. */
static const char *smaps_is_right(const struct scene *scene,
				  const struct truth *truth)
{
	unsigned long resident = 0, huge = 0, all;
	uint64_t rollup;
	size_t i;

	for (i = 0; i < truth->pages; i++) {
		if (scene->sample.hole[i])
			continue;
		resident += truth->page_kb;
		if (truth->page[i].level == DEVTHP_LEVEL_PMD)
			huge += truth->page_kb;
	}
	CHECK(smaps_says(scene, "Rss", resident));
	CHECK(smaps_says(scene, "Anonymous", resident));
	CHECK(smaps_says(scene, "AnonHugePages", huge));
	CHECK(smaps_says(scene, "FilePmdMapped", 0));
	CHECK(smaps_says(scene, "Swap", 0));
	CHECK(smaps_says(scene, "SwapPss", 0));
	CHECK(sharing_is_right(scene, truth));
	CHECK(smaps_sum(NULL, "AnonHugePages", &all));
	CHECK(file_field("/proc/self/smaps_rollup", "AnonHugePages:",
			 &rollup));
	if (rollup != all)
		return wrong("smaps_rollup says %llu kB for AnonHugePages; should be %lu, as in smaps",
			     (unsigned long long)rollup, all);
	return RIGHT;
}

/* Device memory is on no node that a policy could name: it is not counted. */
static const char *numa_maps_is_right(const struct scene *scene,
				      const struct truth *truth)
{
	FILE *maps = fopen("/proc/self/numa_maps", "re");
	unsigned long start, pages, seen = 0, want = 0;
	char line[512];
	size_t i;

	if (!maps && errno == ENOENT)
		return RIGHT;
	if (!maps)
		return went_well("/proc/self/numa_maps", -errno);
	while (fgets(line, sizeof(line), maps)) {
		const char *anon = strstr(line, " anon=");

		if (sscanf(line, "%lx ", &start) == 1 && is_of(scene, start) &&
		    anon && sscanf(anon, " anon=%lu", &pages) == 1)
			seen += pages;
	}
	fclose(maps);
	for (i = 0; i < truth->pages; i++)
		want += is_at(truth, i, DEVTHP_LOC_SYSTEM);
	if (seen != want)
		return wrong("numa_maps counts %lu pages; should be %lu", seen,
			     want);
	return RIGHT;
}

/* ---- mincore(2): what needs no reading from a disk is resident ---- */

static const char *mincore_is_right(const struct scene *scene,
				    const struct truth *truth)
{
	const size_t size = devthp_page_size();
	unsigned char resident;
	size_t i;

	for (i = 0; i < truth->pages; i++) {
		const unsigned int want = !scene->sample.hole[i];

		if (scene->sample.hole[i] == HOLE_UNMAPPED)
			continue;
		if (mincore(scene->sample.addr + i * size, size, &resident))
			return went_well("mincore", -errno);
		if ((resident & 1) != want)
			return wrong("page %zu: mincore says %u; should be %u",
				     i, resident & 1, want);
	}
	return RIGHT;
}

/* ---- Files by page frame: these are about memory that is online ---- */

/*
 * The entry of a page frame; *there is false where the file ends before that, as
 * it does at the end of memory that was ever online. A file that is missing, or
 * that fails, is neither.
 */
static const char *kpage_entry(const char *path, uint64_t pfn, uint64_t *entry,
			       bool *there)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length;

	if (fd < 0)
		return went_well(path, -errno);
	length = pread(fd, entry, sizeof(*entry), pfn * sizeof(*entry));
	close(fd);
	if (length && length != sizeof(*entry))
		return wrong("%s, read at page frame %#llx, gives %zd bytes",
			     path, (unsigned long long)pfn, length);
	*there = length;
	return RIGHT;
}

#define KPAGE_NOPAGE	(1ULL << 20)
#define KPAGE_ANON	(1ULL << 12)

static const char *kpage_is_right(const struct truth *truth, size_t i)
{
	const uint64_t pfn = truth->page[i].pfn;
	uint64_t entry;
	bool there;

	if (!is_at(truth, i, DEVTHP_LOC_DEVICE))
		return RIGHT;
	CHECK(kpage_entry("/proc/kpagecount", pfn, &entry, &there));
	if (there && entry)
		return wrong("page %zu: kpagecount says %llu; should be 0", i,
			     (unsigned long long)entry);
	CHECK(kpage_entry("/proc/kpageflags", pfn, &entry, &there));
	if (there && entry != KPAGE_NOPAGE)
		return wrong("page %zu: kpageflags says %#llx; should be %#llx",
			     i, (unsigned long long)entry,
			     (unsigned long long)KPAGE_NOPAGE);
	return RIGHT;
}

#define IDLE_BITMAP "/sys/kernel/mm/page_idle/bitmap"

/* Mark 64 page frames idle, and read which are; -ENXIO: the bitmap ends before. */
static int mark_idle(uint64_t pfn, uint64_t *bits)
{
	int fd = open(IDLE_BITMAP, O_RDWR | O_CLOEXEC);
	const off_t where = pfn / 64 * sizeof(uint64_t);
	const uint64_t all = UINT64_MAX;
	ssize_t wrote, seen;
	int err;

	if (fd < 0)
		return -errno;
	wrote = pwrite(fd, &all, sizeof(all), where);
	err = wrote < 0 ? -errno : 0;
	seen = pread(fd, bits, sizeof(*bits), where);
	if (seen < 0)
		err = -errno;
	else if (!err != (seen == sizeof(*bits)))
		err = -EIO;
	close(fd);
	return err;
}

/* The bitmap of idle pages has nothing to say about it, and takes nothing. */
static const char *idle_is_right(const struct truth *truth, size_t i)
{
	uint64_t bits;
	int err;

	if (!is_at(truth, i, DEVTHP_LOC_DEVICE))
		return RIGHT;
	err = mark_idle(truth->page[i].pfn, &bits);
	if (err == -ENXIO)
		return RIGHT;
	if (!err && bits)
		return wrong("page %zu: device memory is idle: %#llx", i,
			     (unsigned long long)bits);
	return went_well("the bitmap of idle pages", err);
}

/* What these files say of a page that they are about: else they say nothing. */
static const char *system_page_is_idle(const void *addr)
{
	uint64_t entry, bits;
	uint64_t pfn;

	CHECK(pagemap_read(addr, 1, &entry));
	pfn = entry & PAGEMAP_FRAME;
	CHECK(went_well("the bitmap of idle pages", mark_idle(pfn, &bits)));
	if (!(bits & 1ULL << pfn % 64))
		return wrong("a page that was marked idle is not: %#llx",
			     (unsigned long long)bits);
	return RIGHT;
}

static const char *system_page_is_right(const struct sample *sample)
{
	uint64_t entry, pfn;
	bool there;

	*(volatile char *)sample->buffer = 1;
	CHECK(pagemap_read(sample->buffer, 1, &entry));
	pfn = entry & PAGEMAP_FRAME;
	CHECK(kpage_entry("/proc/kpagecount", pfn, &entry, &there));
	if (!there || entry != 1)
		return wrong("kpagecount says %llu for a page that is mapped once",
			     (unsigned long long)entry);
	CHECK(kpage_entry("/proc/kpageflags", pfn, &entry, &there));
	if (!there || !(entry & KPAGE_ANON) || entry & KPAGE_NOPAGE)
		return wrong("kpageflags says %#llx for an anonymous page",
			     (unsigned long long)entry);
	return settles(system_page_is_idle, sample->buffer);
}

/* ---- All of them, in every state ---- */

TEST_F(look, by_entries)
{
	struct scene *scene = &self->scene;
	struct truth truth;

	ASSERT_RIGHT(find_truth(&scene->sample, &truth));
	ASSERT_RIGHT(pagemap_is_right(scene, &truth));
	ASSERT_RIGHT(scan_is_right(scene, &truth));
	ASSERT_RIGHT(mincore_is_right(scene, &truth));
	ASSERT_RIGHT(scene_is_unchanged(scene));
	ASSERT_RIGHT(scene_data(scene));
}

TEST_F(look, by_sums)
{
	static const enum clear_refs other_bits[] = {
		CLEAR_REFS_OF_ALL, CLEAR_REFS_OF_ANON, CLEAR_REFS_OF_FILES,
		CLEAR_PEAK_RSS,
	};
	struct scene *scene = &self->scene;
	struct truth truth;
	size_t i;

	ASSERT_RIGHT(find_truth(&scene->sample, &truth));
	ASSERT_RIGHT(smaps_is_right(scene, &truth));
	ASSERT_RIGHT(numa_maps_is_right(scene, &truth));
	NEED(file_needed, IDLE_BITMAP, "CONFIG_IDLE_PAGE_TRACKING");
	NEED(file_needed, "/proc/kpageflags", "CONFIG_PROC_PAGE_MONITOR");
	for (i = 0; i < truth.pages; i += 73) {
		ASSERT_RIGHT(kpage_is_right(&truth, i));
		ASSERT_RIGHT(idle_is_right(&truth, i));
	}
	/* What a child has of the buffer, too, is mapped more than once. */
	if (!scene_is(scene, STATE_SHARED))
		ASSERT_RIGHT(system_page_is_right(&scene->sample));
	for (i = 0; i < ARRAY_SIZE(other_bits); i++)
		ASSERT_RIGHT(clear_refs(other_bits[i]));
	ASSERT_RIGHT(scene_is_unchanged(scene));
	ASSERT_RIGHT(scene_data(scene));
}

TEST_HARNESS_MAIN
