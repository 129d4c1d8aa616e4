// SPDX-License-Identifier: GPL-2.0
/*
 * What /dev/folio_probe says of entries that are none of memory that a device could
 * have: what the kernel maps for every process, broken pages, markers, hugetlb; and of
 * what is on its way. Rule: of each its kind, and no folio where none is certain.
 * (include/uapi/linux/folio_probe.h)
 */
#include <linux/userfaultfd.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>

#include "common/baseline.h"
#include "common/harness.h"
#include "common/probe.h"
#include "common/uffd.h"
#include "common/window.h"

FIXTURE(entry)
{
	int file, uffd;
	char *page;		/* of a mapping of two, that nobody has touched */
};

FIXTURE_SETUP(entry)
{
	self->file = -1;
	self->uffd = -1;
	NEED(probe_needed, &self->file);
	self->page = mmap(NULL, 2 * devthp_page_size(), PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->page);
}

FIXTURE_TEARDOWN(entry)
{
	if (self->uffd >= 0)
		close(self->uffd);
	if (self->file >= 0)
		close(self->file);
}

static const char *look(int file, const void *addr, struct folio_probe_record *record)
{
	struct folio_probe_scan scan = probe_scan_of(addr, devthp_page_size(), record, 1);

	CHECK(went_well("scan", probe_scan(file, &scan)));
	return scan.filled == 1 ? RIGHT : wrong("no record for an entry");
}

static const char *is_kind(const struct folio_probe_record *record,
			   enum folio_probe_kind kind, enum folio_probe_level level)
{
	if (record->kind != kind || record->level != level)
		return wrong("kind %u at level %u, not kind %u at level %u", record->kind,
			     record->level, kind, level);
	return RIGHT;
}

static const char *has_no_folio(const struct folio_probe_record *record)
{
	if (record->folio != FOLIO_PROBE_NONE || record->folio_flags || record->order ||
	    record->refcount || record->page_mapcount)
		return wrong("it says something of a folio");
	return RIGHT;
}

/* ---- What the kernel maps by page frame ---- */

/* The data that clock_gettime() reads, if this machine has such a mapping. */
static int vvar_needed(char **start, char **end, const char **why)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	bool found = false;
	char line[256];

	while (maps && !found && fgets(line, sizeof(line), maps))
		found = strstr(line, "[vvar]") &&
			sscanf(line, "%p-%p", (void **)start, (void **)end) == 2;
	if (maps)
		fclose(maps);
	return found ? KSFT_PASS : missing("no mapping [vvar] in /proc/self/maps", why);
}

TEST_F(entry, of_the_kernel)
{
	struct folio_probe_record record;
	char *start, *end, *addr;
	struct timespec now;
	size_t special = 0;

	NEED(vvar_needed, &start, &end);
	ASSERT_EQ(0, clock_gettime(CLOCK_MONOTONIC, &now));
	for (addr = start; addr < end; addr += devthp_page_size()) {
		ASSERT_RIGHT(look(self->file, addr, &record));
		if (record.kind == FOLIO_PROBE_KIND_NONE)
			continue;
		ASSERT_RIGHT(is_kind(&record, FOLIO_PROBE_KIND_SPECIAL, FOLIO_PROBE_PTE));
		ASSERT_RIGHT(has_no_folio(&record));
		ASSERT_EQ((uintptr_t)addr, record.addr);
		ASSERT_EQ(FOLIO_PROBE_NONE, record.pfn);
		ASSERT_NE(0, record.entry);
		ASSERT_EQ(0, record.bits & FOLIO_PROBE_WRITE);
		special++;
	}
	ASSERT_LT(0, special);
}

/* ---- What is broken ---- */

/* It is told that something was lost. It knows, and a signal that is ignored kills. */
static void on_bus_error(int signal)
{
}

static int break_page(char *page, const char **why)
{
	signal(SIGBUS, on_bus_error);
	if (!madvise(page, devthp_page_size(), MADV_HWPOISON))
		return KSFT_PASS;
	if (errno == EINVAL)
		return missing("no MADV_HWPOISON: CONFIG_MEMORY_FAILURE is off", why);
	*why = went_well("MADV_HWPOISON", -errno);
	return KSFT_FAIL;
}

TEST_F(entry, of_a_broken_page)
{
	struct folio_probe_record before, record;

	*self->page = 1;
	ASSERT_RIGHT(look(self->file, self->page, &before));
	ASSERT_RIGHT(is_kind(&before, FOLIO_PROBE_KIND_PRESENT, FOLIO_PROBE_PTE));
	NEED(break_page, self->page);
	ASSERT_RIGHT(look(self->file, self->page, &record));
	ASSERT_RIGHT(is_kind(&record, FOLIO_PROBE_KIND_HWPOISON, FOLIO_PROBE_PTE));
	ASSERT_EQ(before.pfn, record.pfn);
	ASSERT_RIGHT(has_no_folio(&record));
}

/* ---- Markers: something is said of where nothing is ---- */

#define MARKERS (UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_WP_UNPOPULATED | \
		 UFFD_FEATURE_WP_HUGETLBFS_SHMEM | UFFD_FEATURE_POISON)

TEST_F(entry, of_nothing_that_is_protected)
{
	const size_t size = devthp_page_size();
	struct folio_probe_record record;

	NEED(uffd_needed);
	ASSERT_RIGHT(uffd_open(&self->uffd, MARKERS));
	ASSERT_RIGHT(uffd_register(self->uffd, self->page, 2 * size,
				   UFFDIO_REGISTER_MODE_WP));
	ASSERT_RIGHT(uffd_protect(self->uffd, self->page, size));
	ASSERT_RIGHT(look(self->file, self->page, &record));
	ASSERT_RIGHT(is_kind(&record, FOLIO_PROBE_KIND_MARKER, FOLIO_PROBE_PTE));
	ASSERT_EQ(FOLIO_PROBE_UFFD_WP, record.bits);
	ASSERT_RIGHT(has_no_folio(&record));
	ASSERT_RIGHT(look(self->file, self->page + size, &record));
	ASSERT_RIGHT(is_kind(&record, FOLIO_PROBE_KIND_NONE, FOLIO_PROBE_PTE));
}

TEST_F(entry, of_nothing_that_is_poisoned)
{
	const size_t size = devthp_page_size();
	struct uffdio_poison poison = {
		.range = { .start = (uintptr_t)self->page, .len = size },
	};
	struct folio_probe_record record;

	NEED(uffd_needed);
	ASSERT_RIGHT(uffd_open(&self->uffd, MARKERS));
	ASSERT_RIGHT(uffd_register(self->uffd, self->page, 2 * size,
				   UFFDIO_REGISTER_MODE_MISSING));
	ASSERT_EQ(0, ioctl(self->uffd, UFFDIO_POISON, &poison));
	ASSERT_RIGHT(look(self->file, self->page, &record));
	ASSERT_RIGHT(is_kind(&record, FOLIO_PROBE_KIND_MARKER, FOLIO_PROBE_PTE));
	ASSERT_EQ(0, record.bits);
	ASSERT_RIGHT(has_no_folio(&record));
}

/* ---- hugetlb, of which no page is taken ---- */

static int hugetlb_needed(char **addr, size_t bytes, const char **why)
{
	*addr = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS |
		     MAP_HUGETLB | MAP_NORESERVE, -1, 0);
	if (*addr != MAP_FAILED)
		return KSFT_PASS;
	return missing("no memory of hugetlbfs: CONFIG_HUGETLBFS is off", why);
}

/* The default size of huge pages is that of a PMD where the guests run. */
TEST_F(entry, of_hugetlb_without_a_page)
{
	const size_t size = devthp_pmd_size();
	struct folio_probe_record record;
	char *huge;

	NEED(uffd_needed);
	NEED(hugetlb_needed, &huge, 2 * size);
	ASSERT_RIGHT(uffd_open(&self->uffd, MARKERS));
	ASSERT_RIGHT(uffd_register(self->uffd, huge, 2 * size, UFFDIO_REGISTER_MODE_WP));
	ASSERT_RIGHT(uffd_protect(self->uffd, huge, size));
	ASSERT_RIGHT(look(self->file, huge + devthp_page_size(), &record));
	ASSERT_RIGHT(is_kind(&record, FOLIO_PROBE_KIND_MARKER, FOLIO_PROBE_PMD));
	ASSERT_EQ((uintptr_t)huge, record.addr);
	ASSERT_EQ(FOLIO_PROBE_UFFD_WP, record.bits);
	ASSERT_RIGHT(has_no_folio(&record));
	ASSERT_RIGHT(look(self->file, huge + size, &record));
	ASSERT_RIGHT(is_kind(&record, FOLIO_PROBE_KIND_NONE, FOLIO_PROBE_PMD));
}

/* ---- What is migrated, and cannot be written, but is this process's alone ---- */

FIXTURE(migrating)
{
	struct window window;
	struct baseline baseline;
};

static const struct window_point unmapped = {
	.migrate = window_to_system, .takes_mm = true,
	.point = DEVTHP_POINT_TO_SYSTEM_SETUP,
};

/* Of the thread that looks, too. */
static int migrating_file = -1;

FIXTURE_SETUP(migrating)
{
	struct window *window = &self->window;

	SETUP_BASELINE(&self->baseline);
	ASSERT_RIGHT(window_open(window, &unmapped));
	NEED(probe_needed, &migrating_file);
	SETUP_SAMPLE(&window->sample, 1);
	NEED(window_needed, window);
	ASSERT_RIGHT(window_fill(window));
}

FIXTURE_TEARDOWN(migrating)
{
	window_close(&self->window);
	close(migrating_file);
	TEARDOWN_BASELINE(&self->baseline);
}

static const char *looks(struct window *window)
{
	const uint32_t bits = FOLIO_PROBE_WRITE | FOLIO_PROBE_EXCLUSIVE;
	struct folio_probe_record record;

	CHECK(look(migrating_file, window->sample.addr, &record));
	CHECK(is_kind(&record, FOLIO_PROBE_KIND_MIGRATION, FOLIO_PROBE_PMD));
	if ((record.bits & bits) != FOLIO_PROBE_EXCLUSIVE)
		return wrong("the bits of the entry are %#x", record.bits);
	return RIGHT;
}

TEST_F(migrating, without_write_permission)
{
	struct window *window = &self->window;
	struct sample *sample = &window->sample;

	ASSERT_EQ(0, mprotect(sample->addr, bytes_of(sample), PROT_READ));
	ASSERT_RIGHT(window_intrude(window, looks, false));
	ASSERT_EQ(0, mprotect(sample->addr, bytes_of(sample), PROT_READ | PROT_WRITE));
	ASSERT_RIGHT(window_end(window));
}

TEST_HARNESS_MAIN
