// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Ranges: where they lie, what surrounds them, what free leaves alone. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mock.h"

static unsigned char resident;

static bool is_mapped(void *addr)
{
	return !mincore(addr, devthp_page_size(), &resident);
}

static bool is_accessible(const void *addr)
{
	int ends[2];
	bool accessible;

	if (pipe(ends))
		return false;
	accessible = write(ends[1], addr, 1) == 1;
	close(ends[0]);
	close(ends[1]);
	return accessible;
}

static void placement(void)
{
	const size_t page = devthp_page_size(), pmd = devthp_pmd_size();
	struct devthp_range_opts opts = { .size = sizeof(opts), .bytes = 5 * page };
	struct devthp_range *range;
	char *addr;

	if (!pmd) {
		tap_skip("this kernel has no huge pages");
		return;
	}
	CHECK_CALL(devthp_range_alloc(&range, NULL), 0);
	CHECK_INT((uintptr_t)devthp_range_addr(range) % pmd, 0);
	CHECK_INT(devthp_range_bytes(range), pmd);
	CHECK_INT(devthp_range_pages(range), pmd / page);
	CHECK_CALL(devthp_range_free(range), 0);

	opts.offset = pmd - 2 * page;
	CHECK_CALL(devthp_range_alloc(&range, &opts), 0);
	addr = devthp_range_addr(range);
	CHECK_INT((uintptr_t)addr % pmd, opts.offset);
	CHECK_INT(devthp_range_pages(range), 5);
	memset(addr, 1, opts.bytes);
	CHECK(is_accessible(addr));
	CHECK(is_mapped(addr - pmd));
	CHECK(is_mapped(addr + opts.bytes + pmd - page));
	CHECK(!is_accessible(addr - 1));
	CHECK(!is_accessible(addr + opts.bytes));
	CHECK_CALL(devthp_range_free(range), 0);
	CHECK(!is_mapped(addr));
	CHECK(!is_mapped(addr - page));
	CHECK(!is_mapped(addr + 5 * page));
}

static void refused(void)
{
	const size_t page = devthp_page_size();
	struct devthp_range_opts opts = { .size = sizeof(opts), .bytes = page + 1 };
	struct devthp_range *range = (void *)&opts;

	CHECK_CALL(devthp_range_alloc(&range, &opts), -EINVAL);
	opts.bytes = page;
	opts.offset = 1;
	CHECK_CALL(devthp_range_alloc(&range, &opts), -EINVAL);
	opts.offset = devthp_pmd_size() ? devthp_pmd_size() : page;
	CHECK_CALL(devthp_range_alloc(&range, &opts), -EINVAL);
	opts.offset = 0;
	opts.advice = DEVTHP_ADVICE_NONE + 1;
	CHECK_CALL(devthp_range_alloc(&range, &opts), -EINVAL);
	opts.advice = DEVTHP_ADVICE_NONE;
	opts.reserved = 1;
	CHECK_CALL(devthp_range_alloc(&range, &opts), -EINVAL);
	opts.reserved = 0;
	opts.bytes = SIZE_MAX / page * page;
	CHECK_CALL(devthp_range_alloc(&range, &opts), -ENOMEM);
	CHECK(range == (void *)&opts);
}

static void without_thp(void)
{
	struct devthp_range_opts opts = { .size = sizeof(opts), .bytes = devthp_page_size() };
	struct devthp_range *range;

	mock_start(0);
	mock_file("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", NULL, 0, -ENOENT);
	CHECK_INT(devthp_pmd_size(), 0);
	CHECK_CALL(devthp_range_alloc(&range, NULL), -EOPNOTSUPP);
	CHECK_CALL(devthp_range_alloc(&range, &opts), -EOPNOTSUPP);
	opts.advice = DEVTHP_ADVICE_SMALL;
	CHECK_CALL(devthp_range_alloc(&range, &opts), 0);
	CHECK_CALL(devthp_range_free(range), 0);
	mock_end();
}

/* Of a file of the kernel's, its text, or (NULL) the error of opening it. */
static void without_file(const char *name, const char *text, int error)
{
	struct devthp_system system = { .size = sizeof(system) };
	char path[64];
	struct devthp_snapshot *snap;
	struct devthp_range *range;

	snprintf(path, sizeof(path), "/sys/kernel/mm/transparent_hugepage/%s", name);
	printf("# %s: %s\n", name, text ? text : strerror(-error));
	mock_start(0);
	mock_file(path, text, text ? strlen(text) : 0, text ? 0 : error);
	CHECK_CALL(devthp_system_query(&system), error);
	if (!strcmp(name, "hpage_pmd_size")) {
		CHECK_CALL(devthp_range_alloc(&range, NULL), error);
		CHECK_CALL(devthp_snapshot_take(&snap, (void *)devthp_page_size(), 1, NULL), error);
		CHECK_INT(devthp_pmd_size(), 0);
	}
	mock_end();
}

/* Which is not the same as a kernel that cannot be asked. */
static void without_files(void)
{
	static const char *const names[] = { "hpage_pmd_size", "enabled" };
	static const int errors[] = { -EMFILE, -EACCES, -EIO, -EINTR };
	static const char *const nonsense[] = { "", "?", "4095", "2097153", "99999999999" };
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		for (j = 0; j < ARRAY_SIZE(errors); j++)
			without_file(names[i], NULL, errors[j]);
	for (j = 0; j < ARRAY_SIZE(nonsense); j++)
		without_file(names[0], nonsense[j], -EIO);
}

/* A hole that somebody else moved into is not the range's any more. */
static void holes(void)
{
	const size_t page = devthp_page_size();
	struct devthp_range_opts opts = {
		.size = sizeof(opts), .bytes = 16 * page, .advice = DEVTHP_ADVICE_NONE,
	};
	struct devthp_range *range;
	char *addr, *moved, *stranger;

	CHECK_CALL(devthp_range_alloc(&range, &opts), 0);
	addr = devthp_range_addr(range);
	CHECK_CALL(devthp_range_unmap(range, 4, 2), 0);
	CHECK(!is_mapped(addr + 4 * page));
	CHECK(!is_mapped(addr + 5 * page));
	CHECK(is_mapped(addr + 6 * page));
	CHECK_CALL(devthp_range_unmap(range, 5, 2), -EINVAL);
	CHECK_CALL(devthp_range_unmap(range, 15, 2), -ERANGE);
	CHECK_CALL(devthp_range_unmap(range, 16, 1), -ERANGE);
	CHECK_CALL(devthp_range_unmap(range, 0, 0), -EINVAL);
	CHECK(is_mapped(addr + 6 * page));

	stranger = mmap(addr + 4 * page, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
			-1, 0);
	moved = mremap(addr + 8 * page, page, page, MREMAP_MAYMOVE | MREMAP_FIXED,
		       addr + 5 * page);
	CHECK(moved == addr + 5 * page);
	CHECK_CALL(devthp_range_disown(range, 8, 1), 0);
	CHECK_CALL(devthp_range_free(range), 0);
	CHECK(is_mapped(stranger));
	CHECK(is_mapped(moved));
	CHECK(!is_mapped(addr));
	CHECK(!is_mapped(addr + 15 * page));
	munmap(stranger, 2 * page);
}

static const struct tap_case cases[] = {
	{ "placement and guards", placement },
	{ "bad options are refused", refused },
	{ "a kernel without huge pages", without_thp },
	{ "no file can be opened", without_files },
	{ "holes are remembered", holes },
};

TAP_MAIN(cases)
