// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/folio_probe with bad arguments, and with unusual ones. Rules: a bad one is
 * answered with the right errno, and nothing is written; nobody learns of page frames
 * who may not; and a scan that goes on in pieces, however small, tells what one tells
 * that does not. (include/uapi/linux/folio_probe.h)
 */
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "common/harness.h"
#include "common/probe.h"

#define PAGES 4
#define NOBODY 65534
#define UNTOUCHED 0x5a

FIXTURE(refused)
{
	int file;
	char *memory;		/* PAGES, used */
	struct folio_probe_record records[PAGES];
	char *read_only;	/* a page that cannot be written, */
	char *nowhere;		/* and one behind it that is not mapped */
};

FIXTURE_SETUP(refused)
{
	const size_t size = devthp_page_size();

	self->file = -1;
	NEED(probe_needed, &self->file);
	self->memory = mmap(NULL, (PAGES + 2) * size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->memory);
	memset(self->memory, 1, PAGES * size);
	memset(self->records, UNTOUCHED, sizeof(self->records));
	self->read_only = self->memory + PAGES * size;
	self->nowhere = self->read_only + size;
	ASSERT_EQ(0, munmap(self->nowhere, size));
}

FIXTURE_TEARDOWN(refused)
{
	if (self->file >= 0)
		close(self->file);
}

static struct folio_probe_scan scan_all(FIXTURE_DATA(refused) *self)
{
	return probe_scan_of(self->memory, PAGES * devthp_page_size(), self->records, PAGES);
}

static bool records_are_untouched(const FIXTURE_DATA(refused) *self)
{
	const unsigned char *byte = (const void *)self->records;
	size_t i;

	for (i = 0; i < sizeof(self->records); i++)
		if (byte[i] != UNTOUCHED)
			return false;
	return true;
}

/* Neither the structure nor the records are written. */
#define ASSERT_REFUSED(err, scan)					\
do {									\
	const struct folio_probe_scan before = *(scan);			\
									\
	ASSERT_EQ(err, probe_scan(self->file, scan));			\
	ASSERT_EQ(0, memcmp(&before, scan, sizeof(before)));		\
	ASSERT_TRUE(records_are_untouched(self));			\
} while (0)

TEST_F(refused, another_size)
{
	const uint32_t size = sizeof(struct folio_probe_scan);
	const struct { uint32_t size; int err; } bad[] = {
		{ 0, -EINVAL }, { 4, -EINVAL }, { size - 1, -EINVAL },
		{ devthp_page_size() + 1, -E2BIG }, { UINT32_MAX, -E2BIG },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		struct folio_probe_scan scan = scan_all(self);

		scan.size = bad[i].size;
		ASSERT_REFUSED(bad[i].err, &scan);
	}
}

/* What a later version has behind it must be 0: this one does not know it. */
TEST_F(refused, longer_structure_that_says_more)
{
	struct { struct folio_probe_scan scan; uint64_t more[4]; } longer = {
		.scan = scan_all(self),
	};

	longer.scan.size = sizeof(longer);
	longer.more[3] = 1;
	ASSERT_REFUSED(-E2BIG, &longer.scan);
	longer.more[3] = 0;
	ASSERT_EQ(0, probe_scan(self->file, &longer.scan));
	ASSERT_EQ(PAGES, longer.scan.filled);
}

static const struct bad_scan {
	const char *what;
	struct folio_probe_scan more;	/* is added to what is right */
	int err;
} bad_scans[] = {
	{ "flags", { .flags = 1 }, -EINVAL },
	{ "high flags", { .flags = 1U << 31 }, -EINVAL },
	{ "reserved[0]", { .reserved = { 1, 0 } }, -EINVAL },
	{ "reserved[1]", { .reserved = { 0, 1ULL << 63 } }, -EINVAL },
	{ "short records", { .record_size = -1 }, -EINVAL },
	{ "no records", { .record_size = -(uint32_t)sizeof(struct folio_probe_record) }, -EINVAL },
	{ "long records", { .record_size = 1U << 24 }, -E2BIG },
	{ "no room", { .capacity = -PAGES }, -EINVAL },
	{ "pid", { .pid = -1 }, -EINVAL },
	{ "start in a page", { .start = 8 }, -EINVAL },
	{ "end in a page", { .end = 8 }, -EINVAL },
	{ "end before start", { .start = 1ULL << 62 }, -EINVAL },
};

TEST_F(refused, bad_argument)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad_scans); i++) {
		const struct folio_probe_scan *more = &bad_scans[i].more;
		struct folio_probe_scan scan = scan_all(self);

		TH_LOG("%s", bad_scans[i].what);
		scan.record_size += more->record_size;
		scan.flags += more->flags;
		scan.pid += more->pid;
		scan.start += more->start;
		scan.end += more->end;
		scan.capacity += more->capacity;
		scan.reserved[0] += more->reserved[0];
		scan.reserved[1] += more->reserved[1];
		ASSERT_REFUSED(bad_scans[i].err, &scan);
	}
}

/* Not mapped, or only its first member; or nowhere to put the answer. */
TEST_F(refused, no_structure)
{
	const size_t size = devthp_page_size();
	struct folio_probe_scan scan = scan_all(self);
	char *last = self->nowhere - sizeof(scan.size);

	memcpy(last, &scan.size, sizeof(scan.size));
	ASSERT_EQ(-EFAULT, probe_scan(self->file, (void *)self->nowhere));
	ASSERT_EQ(-EFAULT, probe_scan(self->file, (void *)last));
	ASSERT_EQ(-EFAULT, probe_scan(self->file, NULL));
	ASSERT_TRUE(records_are_untouched(self));
	memcpy(self->read_only, &scan, sizeof(scan));
	ASSERT_EQ(0, mprotect(self->read_only, size, PROT_READ));
	ASSERT_EQ(-EFAULT, probe_scan(self->file, (void *)self->read_only));
}

/* Not mapped, read-only, the kernel's; or what is longer than known, and ends there. */
TEST_F(refused, no_place_for_the_records)
{
	const size_t size = devthp_page_size();
	const uint64_t bad[] = {
		(uintptr_t)self->nowhere, (uintptr_t)self->read_only, 0, 1ULL << 63, -16ULL,
	};
	struct folio_probe_scan scan;
	size_t i;

	ASSERT_EQ(0, mprotect(self->read_only, size, PROT_READ));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		scan = scan_all(self);
		scan.records = bad[i];
		ASSERT_REFUSED(-EFAULT, &scan);
	}
	ASSERT_EQ(0, mprotect(self->read_only, size, PROT_READ | PROT_WRITE));
	scan = scan_all(self);
	scan.record_size += 64;
	scan.records = (uintptr_t)self->nowhere - sizeof(struct folio_probe_record);
	ASSERT_REFUSED(-EFAULT, &scan);
}

/* One that has ended, with and without being asked how. */
TEST_F(refused, nobody)
{
	struct folio_probe_scan scan = scan_all(self);
	siginfo_t info;

	scan.pid = fork();
	if (!scan.pid)
		_exit(0);
	ASSERT_LT(0, scan.pid);
	ASSERT_EQ(0, waitid(P_PID, scan.pid, &info, WEXITED | WNOWAIT));
	ASSERT_REFUSED(-ESRCH, &scan);
	ASSERT_EQ(scan.pid, waitpid(scan.pid, NULL, 0));
	ASSERT_REFUSED(-ESRCH, &scan);
}

/* Who has the file, but may not trace the process. */
TEST_F(refused, another_users_process)
{
	struct folio_probe_scan scan = scan_all(self);
	int status;
	pid_t child;

	scan.pid = getpid();
	child = fork();
	if (!child) {
		if (setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY))
			_exit(0);
		_exit(-probe_scan(self->file, &scan));
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	ASSERT_TRUE(WIFEXITED(status));
	ASSERT_EQ(EACCES, WEXITSTATUS(status));
}

/* Of all that root can do, it takes this one. */
static int give_up_sys_admin(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data))
		return -errno;
	data[CAP_SYS_ADMIN / 32].effective &= ~(1U << CAP_SYS_ADMIN % 32);
	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

TEST_F(refused, to_open_it)
{
	ASSERT_EQ(0, give_up_sys_admin());
	ASSERT_EQ(-1, open(PROBE_NODE, O_RDONLY | O_CLOEXEC));
	ASSERT_EQ(EPERM, errno);
	ASSERT_EQ(0, setresuid(NOBODY, NOBODY, NOBODY));
	ASSERT_EQ(-1, open(PROBE_NODE, O_RDONLY | O_CLOEXEC));
	ASSERT_EQ(EACCES, errno);
}

TEST_F(refused, no_such_command)
{
	const unsigned long bad[] = {
		_IO('H', 0xC2), _IOR('H', 0xC0, struct folio_probe_scan),
		_IOWR('H', 0xC1, struct folio_probe_scan), _IO('I', 0xC1), 0,
	};
	struct folio_probe_scan scan = scan_all(self);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		ASSERT_EQ(-1, ioctl(self->file, bad[i], &scan));
		ASSERT_EQ(ENOTTY, errno);
	}
	ASSERT_TRUE(records_are_untouched(self));
	ASSERT_EQ(FOLIO_PROBE_VERSION, ioctl(self->file, FOLIO_PROBE_GET_VERSION));
}

/* ---- What is unusual, and right ---- */

/* The command of a later version has another number; its structure says how long it is. */
TEST_F(refused, not_the_command_of_another_size)
{
	struct folio_probe_scan scan = scan_all(self);

	ASSERT_EQ(0, ioctl(self->file, _IOWR('H', 0xC0, char[200]), &scan));
	ASSERT_EQ(PAGES, scan.filled);
}

TEST_F(refused, not_longer_records)
{
	struct { struct folio_probe_record known; uint64_t more[3]; } records[PAGES];
	struct folio_probe_scan scan = scan_all(self);
	size_t i, j;

	memset(records, UNTOUCHED, sizeof(records));
	scan.records = (uintptr_t)records;
	scan.record_size = sizeof(records[0]);
	ASSERT_EQ(0, probe_scan(self->file, &scan));
	ASSERT_EQ(PAGES, scan.filled);
	for (i = 0; i < PAGES; i++) {
		ASSERT_EQ((uintptr_t)self->memory + i * devthp_page_size(),
			  records[i].known.addr);
		for (j = 0; j < ARRAY_SIZE(records[i].more); j++)
			ASSERT_EQ(0, records[i].more[j]);
	}
}

/* Where nothing is, and nothing can be: done at once. */
TEST_F(refused, not_the_end_of_all_addresses)
{
	const uint64_t starts[] = { (uintptr_t)self->nowhere, 1ULL << 63,
				    -2 * (uint64_t)devthp_page_size() };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(starts); i++) {
		struct folio_probe_scan scan = scan_all(self);

		scan.start = starts[i];
		scan.end = starts[i] + devthp_page_size();
		ASSERT_EQ(0, probe_scan(self->file, &scan));
		ASSERT_EQ(scan.end, scan.start);
		ASSERT_EQ(0, scan.filled);
		scan.start = scan.end;
		ASSERT_EQ(0, probe_scan(self->file, &scan));
		ASSERT_EQ(0, scan.filled);
	}
	ASSERT_TRUE(records_are_untouched(self));
}

/* ---- A scan in pieces ---- */

/* A huge page, small pages with holes between them, no mapping, and nothing in one. */
static const char *map_mixture(char **mixture)
{
	const size_t pmd = devthp_pmd_size(), size = devthp_page_size();
	char *room = mmap(NULL, 5 * pmd, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t at;

	if (room == MAP_FAILED)
		return went_well("mmap", -errno);
	room += -(uintptr_t)room % pmd;
	if (madvise(room, pmd, MADV_HUGEPAGE) || madvise(room + pmd, 3 * pmd, MADV_NOHUGEPAGE) ||
	    munmap(room + 2 * pmd, pmd / 2))
		return went_well("madvise, munmap", -errno);
	for (at = 0; at < 2 * pmd; at += 2 * size)
		room[at] = 1;
	*mixture = room;
	return RIGHT;
}

static bool same_entry(const struct folio_probe_record *a, const struct folio_probe_record *b)
{
	return a->addr == b->addr && a->level == b->level && a->kind == b->kind &&
	       a->pfn == b->pfn && a->folio == b->folio && a->order == b->order &&
	       a->index == b->index;
}

/* Of more than one can be asked for at a time. */
#define ALL_RECORDS 2048

static const char *scan_in_pieces(int file, struct folio_probe_scan scan,
				  const struct folio_probe_record *whole, size_t all)
{
	static struct folio_probe_record records[ALL_RECORDS];
	size_t done = 0, i;

	scan.records = (uintptr_t)records;
	while (scan.start < scan.end) {
		const uint64_t before = scan.start;

		CHECK(went_well("scan a piece", probe_scan(file, &scan)));
		if (scan.start <= before || scan.filled > scan.capacity)
			return wrong("%u of %u records, and from %#llx it goes on at %#llx",
				     scan.filled, scan.capacity, (unsigned long long)before,
				     (unsigned long long)scan.start);
		if (done + scan.filled > all)
			return wrong("more than the %zu records of one scan", all);
		for (i = 0; i < scan.filled; i++)
			if (!same_entry(&records[i], &whole[done + i]))
				return wrong("record %zu is another", done + i);
		done += scan.filled;
	}
	return done == all ? RIGHT : wrong("%zu records in place of %zu", done, all);
}

TEST_F(refused, not_small_pieces)
{
	static const uint32_t capacities[] = { 1, 2, 3, 7, 511, 512, 513, ALL_RECORDS };
	static struct folio_probe_record whole[ALL_RECORDS];
	const size_t inside = 5 * devthp_page_size();
	struct folio_probe_scan scan, piece;
	char *mixture;
	size_t i;

	ASSERT_RIGHT(map_mixture(&mixture));
	/* Also from the middle of a huge page to the middle of nothing. */
	piece = probe_scan_of(mixture + inside, 4 * devthp_pmd_size() - 2 * inside, whole,
			      ALL_RECORDS);
	scan = piece;
	ASSERT_EQ(0, probe_scan(self->file, &scan));
	ASSERT_EQ(scan.end, scan.start);
	/* One for the huge page, if it is one, and the last two PMDs. */
	ASSERT_LE(devthp_pmd_size() / devthp_page_size() + 3, scan.filled);
	for (i = 0; i < ARRAY_SIZE(capacities); i++) {
		piece.capacity = capacities[i];
		ASSERT_RIGHT(scan_in_pieces(self->file, piece, whole, scan.filled)) {
			TH_LOG("with room for %u", capacities[i]);
		}
	}
}

TEST_HARNESS_MAIN
