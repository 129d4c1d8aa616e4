// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Looking at memory of all kinds, of this kernel: nothing made up. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "internal.h"
#include "tap.h"

#define PAGES	4
#define MANY	20000

static size_t size;

/* Location of each page; rules are applied as well, and find nothing. */
static void look(const void *addr, pid_t pid, struct devthp_page *pages)
{
	struct devthp_snapshot_opts opts = { .size = sizeof(opts), .pid = pid };
	struct devthp_region region = {
		.size = sizeof(region), .addr = addr, .npages = PAGES, .pid = pid,
	};
	const struct devthp_region *regions[] = { &region };
	struct devthp_snapshot *snap = NULL;
	size_t i;
	int ret;

	memset(pages, 0, PAGES * sizeof(*pages));
	CHECK_CALL(devthp_snapshot_take(&snap, addr, PAGES, &opts), 0);
	for (i = 0; i < PAGES; i++) {
		pages[i].size = sizeof(pages[i]);
		CHECK_CALL(devthp_snapshot_page(snap, i, &pages[i]), 0);
	}
	CHECK_CALL(devthp_snapshot_free(snap), 0);
	ret = devthp_check(regions, 1, NULL, NULL);
	CHECK(ret == 0 || ret == -ENODATA);
}

static char *map(int prot, int flags, int fd)
{
	char *p = mmap(NULL, PAGES * size, prot, flags, fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void anonymous(void)
{
	struct devthp_page pages[PAGES];
	char *p;

	size = devthp_page_size();
	p = map(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	madvise(p, PAGES * size, MADV_NOHUGEPAGE);
	p[0] = 1;
	mprotect(p + size, size, PROT_NONE);
	munmap(p + 2 * size, size);
	look(p, 0, pages);
	CHECK_INT(pages[0].location, DEVTHP_LOC_SYSTEM);
	CHECK_INT(pages[0].vma, DEVTHP_VMA_READ | DEVTHP_VMA_WRITE);
	CHECK(!(pages[0].known & DEVTHP_KNOWN_LEVEL) || pages[0].level == DEVTHP_LEVEL_PTE);
	CHECK_INT(pages[1].location, DEVTHP_LOC_EMPTY);
	CHECK_INT(pages[1].vma, 0);
	CHECK_INT(pages[2].location, DEVTHP_LOC_UNMAPPED);
	CHECK_INT(pages[3].location, DEVTHP_LOC_EMPTY);
	munmap(p, 2 * size);
	munmap(p + 3 * size, size);
}

static void of_a_file(void)
{
	struct devthp_page pages[PAGES];
	int fd = memfd_create("devthp", 0);
	char *p;

	size = devthp_page_size();
	/* The mapping reaches beyond the end of the file. */
	if (fd < 0 || ftruncate(fd, (off_t)(2 * size))) {
		tap_skip("no memfd here");
		return;
	}
	p = map(PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	close(fd);
	p[0] = 1;
	look(p, 0, pages);
	CHECK_INT(pages[0].location, DEVTHP_LOC_SYSTEM);
	CHECK_INT(pages[0].vma, DEVTHP_VMA_READ | DEVTHP_VMA_WRITE | DEVTHP_VMA_SHARED);
	CHECK_INT(pages[3].location, DEVTHP_LOC_EMPTY);
	munmap(p, PAGES * size);
}

static void hugetlb(void)
{
	struct devthp_page pages[PAGES];
	const size_t bytes = devthp_pmd_size();
	char *p;

	p = mmap(NULL, bytes ? bytes : 1, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	if (p == MAP_FAILED) {
		tap_skip("there are no hugetlb pages");
		return;
	}
	p[0] = 1;
	look(p, 0, pages);
	CHECK_INT(pages[0].location, DEVTHP_LOC_SYSTEM);
	CHECK_INT(pages[PAGES - 1].location, DEVTHP_LOC_SYSTEM);
	munmap(p, bytes);
}

/* The kernel's own page, and the end of all addresses: in no page table of ours. */
static void beyond_the_process(void)
{
	static const uint64_t addresses[] = {
		0, 0xffffffffff600000, 0xffffffffffff0000, 1ULL << 63, 0x7fffffff0000,
	};
	struct devthp_page pages[PAGES];
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(addresses); i++) {
		if (addresses[i] > UINTPTR_MAX || addresses[i] % devthp_page_size())
			continue;
		look((void *)(uintptr_t)addresses[i], 0, pages);
		for (j = 0; j < PAGES; j++)
			CHECK(pages[j].location == DEVTHP_LOC_UNMAPPED ||
			      !(pages[j].known & DEVTHP_KNOWN_LOCATION));
	}
}

static void of_another_process(void)
{
	struct devthp_snapshot_opts opts = { .size = sizeof(opts) };
	struct devthp_page pages[PAGES];
	struct devthp_snapshot *snap;
	siginfo_t info;
	char *p;
	int up[2];

	size = devthp_page_size();
	p = map(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	madvise(p, PAGES * size, MADV_NOHUGEPAGE);
	CHECK(!pipe(up));
	opts.pid = fork();
	if (!opts.pid) {
		p[size] = 1;
		(void)!write(up[1], "", 1);
		for (;;)
			pause();
	}
	CHECK_INT(read(up[0], pages, 1), 1);
	look(p, opts.pid, pages);
	CHECK_INT(pages[0].location, DEVTHP_LOC_EMPTY);
	CHECK_INT(pages[1].location, DEVTHP_LOC_SYSTEM);
	look(p, 0, pages);
	CHECK_INT(pages[1].location, DEVTHP_LOC_EMPTY);

	kill(opts.pid, SIGKILL);
	CHECK_INT(waitid(P_PID, opts.pid, &info, WEXITED | WNOWAIT), 0);
	CHECK_CALL(devthp_snapshot_take(&snap, p, PAGES, &opts), -ESRCH);
	CHECK_INT(waitpid(opts.pid, NULL, 0), opts.pid);
	CHECK_CALL(devthp_snapshot_take(&snap, p, PAGES, &opts), -ESRCH);
	munmap(p, PAGES * size);
	close(up[0]);
	close(up[1]);
}

/* Process 1 is another user's: root's. */
static void no_permission(void)
{
	struct devthp_snapshot_opts opts = { .size = sizeof(opts), .pid = 1 };
	struct devthp_region region = {
		.size = sizeof(region), .addr = (void *)devthp_page_size(), .npages = 1, .pid = 1,
	};
	const struct devthp_region *regions[] = { &region };
	struct devthp_snapshot *snap;
	pid_t child;
	int status;

	if (geteuid()) {
		tap_skip("not root, who could become somebody else");
		return;
	}
	child = fork();
	if (!child) {
		int ret;

		if (setgid(65534) || setuid(65534))
			_exit(2);
		ret = devthp_snapshot_take(&snap, region.addr, 1, &opts);
		if (ret != -EACCES && ret != -EPERM && ret != -ESRCH)
			_exit(1);
		_exit(devthp_check(regions, 1, NULL, NULL) == ret ? 0 : 3);
	}
	CHECK_INT(waitpid(child, &status, 0), child);
	CHECK_INT(status, 0);
}

/* Objects come and go, at whatever addresses, and the table of them grows by no page. */
static void table_of_objects(void)
{
	const uint32_t anon = DEVTHP_COUNT_ANON;
	struct devthp_counters *before, *after;
	uintptr_t object;
	int64_t grown;

	if (getenv("WATCHED")) {
		tap_skip("who watches has memory of his own");
		return;
	}
	CHECK_CALL(devthp_counters_take_some(&after, &anon, 1), 0);
	CHECK_CALL(devthp_counters_take_some(&before, &anon, 1), 0);
	CHECK_CALL(devthp_counters_free(after), 0);
	for (object = 1 << 20; object < (1 << 20) + 2000 * 16; object += 16)
		CHECK(!devthp_live_add((void *)object));
	for (object = 1 << 20; object < (1 << 20) + 2000 * 16; object += 16)
		CHECK(devthp_live_remove((void *)object));
	CHECK_CALL(devthp_counters_take_some(&after, &anon, 1), 0);
	if (devthp_counters_delta(before, after, anon, &grown))
		tap_skip("this kernel does not tell");
	else
		CHECK_INT(grown, 0);
	devthp_counters_free(before);
	devthp_counters_free(after);
}

/* Far more of them than the table has room for at first: each is known, until it is closed. */
static void many_objects(void)
{
	struct devthp_counters *counters;
	const uintptr_t begin = 1 << 20;
	size_t i, known = 0;
	uint64_t value;

	for (i = 0; i < MANY; i++)
		CHECK(!devthp_live_add((void *)(begin + i * 16)));
	CHECK_CALL(devthp_counters_take(&counters), 0);
	CHECK_CALL(devthp_counters_free(counters), 0);
	CHECK_CALL(devthp_counters_free(counters), -EBADF);
	CHECK_CALL(devthp_counters_get(counters, DEVTHP_COUNT_SWAP, &value), -EBADF);
	for (i = 0; i < MANY; i += 2)
		CHECK(devthp_live_remove((void *)(begin + i * 16)));
	for (i = 0; i < MANY; i++)
		known += devthp_live((void *)(begin + i * 16)) == (i % 2 ? 0 : -EBADF);
	CHECK_INT(known, MANY);
	for (i = 0; i < MANY; i++)
		CHECK(devthp_live_remove((void *)(begin + i * 16)) == i % 2);
}

static const struct tap_case cases[] = {
	{ "the table of objects", table_of_objects },
	{ "more objects than the table has room for", many_objects },
	{ "anonymous, forbidden, and none", anonymous },
	{ "of a file, and beyond its end", of_a_file },
	{ "hugetlb", hugetlb },
	{ "beyond the process", beyond_the_process },
	{ "of another process, and of one that ended", of_another_process },
	{ "of another user", no_permission },
};

TAP_MAIN(cases)
