// SPDX-License-Identifier: GPL-2.0
/*
 * Commands of the test device for huge pfnmaps with bad arguments: each is answered with
 * the right errno, and changes nothing. (lib/test_huge_pfnmap_uapi.h)
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "common/harness.h"
#include "common/pfnmap.h"

static const struct pfnmap_kind kinds[] = {
	{ HUGE_PFNMAP_BARE, ORDER_2M, 2 * SIZE_2M },
};

FIXTURE(refused)
{
	struct pfnmap map;
	struct huge_pfnmap_stats stats;
	int empty;		/* a file that has no buffer */
	char *nowhere;		/* a page that cannot be accessed */
	char *read_only;	/* behind it, one for tests, and then another like the first */
};

FIXTURE_SETUP(refused)
{
	SETUP_PFNMAP(&self->map, &kinds[0]);
	self->empty = open(PFNMAP_NODE, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->empty);
	self->nowhere = mmap(NULL, 3 * SIZE_4K, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->nowhere);
	self->read_only = self->nowhere + SIZE_4K;
	ASSERT_EQ(0, mprotect(self->read_only, SIZE_4K, PROT_READ | PROT_WRITE));
	ASSERT_RIGHT(pfnmap_data(&self->map));
	ASSERT_RIGHT(pfnmap_stats(&self->map, &self->stats));
}

/* Counters, entries and content are as they were. */
static const char *nothing_changed(const FIXTURE_DATA(refused) *self)
{
	struct huge_pfnmap_stats now;

	CHECK(pfnmap_entries_are(&self->map, FOLIO_PROBE_PMD, true));
	CHECK(pfnmap_data(&self->map));
	CHECK(pfnmap_stats(&self->map, &now));
	if (memcmp(&now, &self->stats, sizeof(now)))
		return wrong("what the driver tells of the buffer has changed");
	return RIGHT;
}

FIXTURE_TEARDOWN(refused)
{
	if (__test_passed(_metadata))
		EXPECT_RIGHT(nothing_changed(self));
	munmap(self->nowhere, 3 * SIZE_4K);
	close(self->empty);
	TEARDOWN_PFNMAP(&self->map);
}

static int command(int file, unsigned long request, void *arg)
{
	return ioctl(file, request, arg) ? -errno : 0;
}

#define ASSERT_REFUSED(err, request, arg)				\
do {									\
	ASSERT_EQ(err, command(self->map.file, request, arg));		\
	ASSERT_RIGHT(nothing_changed(self));				\
} while (0)

/* ---- All commands ---- */

static const struct {
	unsigned long request;
	uint32_t size;
} commands[] = {
	{ HUGE_PFNMAP_INFO, sizeof(struct huge_pfnmap_info) },
	{ HUGE_PFNMAP_CREATE, sizeof(struct huge_pfnmap_create) },
	{ HUGE_PFNMAP_ENTRY, sizeof(struct huge_pfnmap_entry) },
	{ HUGE_PFNMAP_EVICT, sizeof(struct huge_pfnmap_range) },
	{ HUGE_PFNMAP_MOVE, sizeof(struct huge_pfnmap_move) },
	{ HUGE_PFNMAP_DATA, sizeof(struct huge_pfnmap_data) },
	{ HUGE_PFNMAP_STATS, sizeof(struct huge_pfnmap_stats) },
	{ HUGE_PFNMAP_PAGES, sizeof(struct huge_pfnmap_pages) },
};

TEST_F(refused, no_structure)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		ASSERT_REFUSED(-EFAULT, commands[i].request, self->nowhere);
}

/* One that begins where something is, and does not end there. */
TEST_F(refused, half_a_structure)
{
	uint32_t *last = (uint32_t *)(self->read_only + SIZE_4K) - 1;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		*last = commands[i].size;
		ASSERT_REFUSED(-EFAULT, commands[i].request, last);
	}
}

TEST_F(refused, sizes)
{
	uint32_t words[2 * 1024] = {};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		words[0] = 0;
		ASSERT_REFUSED(-EINVAL, commands[i].request, words);
		words[0] = commands[i].size - 1;
		ASSERT_REFUSED(-EINVAL, commands[i].request, words);
		words[0] = SIZE_4K + 1;
		ASSERT_REFUSED(-E2BIG, commands[i].request, words);
		words[0] = commands[i].size + 8;
		words[commands[i].size / 4 + 1] = 1;
		ASSERT_REFUSED(-E2BIG, commands[i].request, words);
		words[commands[i].size / 4 + 1] = 0;
	}
}

/* A longer one of a later time asks for no more than this kernel knows. */
TEST_F(refused, not_a_longer_structure)
{
	union {
		struct huge_pfnmap_info info;
		char longer[SIZE_4K];
	} arg = { .info.size = SIZE_4K };

	ASSERT_EQ(0, command(self->map.file, HUGE_PFNMAP_INFO, &arg));
	ASSERT_NE(0, arg.info.orders);
}

/* What answers in a structure that it cannot write says so. */
TEST_F(refused, no_room_for_the_answer)
{
	struct huge_pfnmap_pages pages = { .size = sizeof(pages), .bytes = SIZE_4K };
	struct huge_pfnmap_stats stats = { .size = sizeof(stats) };
	struct huge_pfnmap_info info = { .size = sizeof(info) };
	const struct {
		unsigned long request;
		const void *arg;
		size_t bytes;
	} answers[] = {
		{ HUGE_PFNMAP_INFO, &info, sizeof(info) },
		{ HUGE_PFNMAP_STATS, &stats, sizeof(stats) },
		{ HUGE_PFNMAP_PAGES, &pages, sizeof(pages) },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(answers); i++) {
		ASSERT_EQ(0, mprotect(self->read_only, SIZE_4K, PROT_READ | PROT_WRITE));
		memcpy(self->read_only, answers[i].arg, answers[i].bytes);
		ASSERT_EQ(0, mprotect(self->read_only, SIZE_4K, PROT_READ));
		ASSERT_REFUSED(-EFAULT, answers[i].request, self->read_only);
	}
}

TEST_F(refused, no_command)
{
	uint32_t words[64] = { sizeof(words) };

	ASSERT_REFUSED(-ENOTTY, _IOWR('P', 0xC8, struct huge_pfnmap_info), words);
	ASSERT_REFUSED(-ENOTTY, _IOWR('P', 0xBF, struct huge_pfnmap_info), words);
	ASSERT_REFUSED(-ENOTTY, _IOWR('Q', 0xC0, struct huge_pfnmap_info), words);
	ASSERT_REFUSED(-ENOTTY, _IOR('P', 0xC0, struct huge_pfnmap_info), words);
}

/* Where there is no buffer yet, these have nothing to work on; and nothing can be mapped. */
TEST_F(refused, no_buffer)
{
	struct huge_pfnmap_range evict = { .size = sizeof(evict), .bytes = SIZE_4K };
	struct huge_pfnmap_move move = { .size = sizeof(move) };
	struct huge_pfnmap_data data = {
		.size = sizeof(data), .access = HUGE_PFNMAP_FILL, .bytes = SIZE_4K,
	};
	struct huge_pfnmap_pages pages = { .size = sizeof(pages), .bytes = SIZE_4K };

	ASSERT_EQ(-ENODATA, command(self->empty, HUGE_PFNMAP_EVICT, &evict));
	ASSERT_EQ(-ENODATA, command(self->empty, HUGE_PFNMAP_MOVE, &move));
	ASSERT_EQ(-ENODATA, command(self->empty, HUGE_PFNMAP_DATA, &data));
	ASSERT_EQ(-ENODATA, command(self->empty, HUGE_PFNMAP_PAGES, &pages));
	ASSERT_EQ(MAP_FAILED, mmap(NULL, SIZE_4K, PROT_READ, MAP_SHARED, self->empty, 0));
	ASSERT_EQ(ENODATA, errno);
}

/* ---- INFO, ENTRY ---- */

TEST_F(refused, info)
{
	struct huge_pfnmap_info info = { .size = sizeof(info), .reserved = 1 };

	ASSERT_REFUSED(-EINVAL, HUGE_PFNMAP_INFO, &info);
}

TEST_F(refused, entry)
{
	const struct huge_pfnmap_entry bad[] = {
		{ .order = 1 }, { .order = 3 }, { .order = 5 }, { .order = 10 },
		{ .order = 17 }, { .order = 19 }, { .order = 63 }, { .order = 64 },
		{ .order = UINT32_MAX }, { .flags = 2 }, { .flags = 1U << 31 },
		{ .reserved = 1 },
	};
	struct huge_pfnmap_entry entry;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		entry = bad[i];
		entry.size = sizeof(entry);
		ASSERT_REFUSED(-EINVAL, HUGE_PFNMAP_ENTRY, &entry);
	}
	/* Faults are as they were. */
	ASSERT_RIGHT(pfnmap_map(&self->map, 0, self->map.bytes));
	ASSERT_RIGHT(pfnmap_data(&self->map));
	ASSERT_RIGHT(pfnmap_entries_are(&self->map, FOLIO_PROBE_PMD, true));
	ASSERT_RIGHT(pfnmap_stats(&self->map, &self->stats));
}

/* ---- CREATE, MOVE ---- */

/* Memory that cannot be had: the same for a buffer that is to be made, or to be moved. */
static const struct {
	uint32_t backing, order;
	uint64_t first, bytes;
	int err;
} memories[] = {
	{ HUGE_PFNMAP_BACKINGS, 0, 0, SIZE_2M, -EINVAL },
	{ UINT32_MAX, 0, 0, SIZE_2M, -EINVAL },
	{ HUGE_PFNMAP_BARE, 4, 0, SIZE_2M, -EINVAL },
	{ HUGE_PFNMAP_PAGED, 9, 0, SIZE_2M, -EINVAL },
	{ HUGE_PFNMAP_SYSTEM, 1, 0, SIZE_2M, -EINVAL },
	{ HUGE_PFNMAP_SYSTEM, 10, 0, SIZE_2M, -EINVAL },
	{ HUGE_PFNMAP_SYSTEM, 64, 0, SIZE_2M, -EINVAL },
	{ HUGE_PFNMAP_SYSTEM, 0, SIZE_4K, SIZE_2M, -EINVAL },
	{ HUGE_PFNMAP_BARE, 0, 1, SIZE_2M, -EINVAL },
	{ HUGE_PFNMAP_BARE, 0, SIZE_4K / 2, SIZE_2M, -EINVAL },
	{ HUGE_PFNMAP_BARE, 0, SIZE_1G, SIZE_2M, -ERANGE },
	{ HUGE_PFNMAP_BARE, 0, -SIZE_4K, SIZE_2M, -ERANGE },
	{ HUGE_PFNMAP_PAGED, 0, SIZE_1G - SIZE_4K, SIZE_2M, -ERANGE },
};

TEST_F(refused, create)
{
	struct huge_pfnmap_create create;
	struct huge_pfnmap_stats stats = { .size = sizeof(stats) };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(memories); i++) {
		create = (struct huge_pfnmap_create){
			.size = sizeof(create), .backing = memories[i].backing,
			.order = memories[i].order, .first = memories[i].first,
			.bytes = memories[i].bytes,
		};
		ASSERT_EQ(memories[i].err, command(self->empty, HUGE_PFNMAP_CREATE, &create)) {
			TH_LOG("memory %zu", i);
		}
	}
	ASSERT_EQ(0, command(self->empty, HUGE_PFNMAP_STATS, &stats));
	ASSERT_EQ(0, stats.bytes);
}

TEST_F(refused, create_lengths)
{
	const struct { uint32_t backing, order; uint64_t bytes; int err; } bad[] = {
		{ HUGE_PFNMAP_BARE, 0, 0, -EINVAL },
		{ HUGE_PFNMAP_BARE, 0, 1, -EINVAL },
		{ HUGE_PFNMAP_BARE, 0, SIZE_4K + 8, -EINVAL },
		{ HUGE_PFNMAP_BARE, 0, SIZE_1G + SIZE_4K, -ERANGE },
		{ HUGE_PFNMAP_PAGED, 0, -SIZE_4K, -ERANGE },
		{ HUGE_PFNMAP_SYSTEM, 0, SIZE_1G, -ERANGE },
		{ HUGE_PFNMAP_SYSTEM, 4, SIZE_64K + SIZE_4K, -EINVAL },
		{ HUGE_PFNMAP_SYSTEM, 9, SIZE_2M + SIZE_64K, -EINVAL },
	};
	struct huge_pfnmap_create create;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		create = (struct huge_pfnmap_create){
			.size = sizeof(create), .backing = bad[i].backing,
			.order = bad[i].order, .bytes = bad[i].bytes,
		};
		ASSERT_EQ(bad[i].err, command(self->empty, HUGE_PFNMAP_CREATE, &create)) {
			TH_LOG("length %zu", i);
		}
	}
	create = (struct huge_pfnmap_create){
		.size = sizeof(create), .bytes = SIZE_4K, .reserved = 1,
	};
	ASSERT_EQ(-EINVAL, command(self->empty, HUGE_PFNMAP_CREATE, &create));
	ASSERT_EQ(MAP_FAILED, mmap(NULL, SIZE_4K, PROT_READ, MAP_SHARED, self->empty, 0));
}

/* A file has one buffer, for its life. */
TEST_F(refused, create_once_more)
{
	struct huge_pfnmap_create create = { .size = sizeof(create), .bytes = SIZE_2M };

	ASSERT_REFUSED(-EBUSY, HUGE_PFNMAP_CREATE, &create);
	create.backing = HUGE_PFNMAP_SYSTEM;
	ASSERT_REFUSED(-EBUSY, HUGE_PFNMAP_CREATE, &create);
}

TEST_F(refused, move)
{
	struct huge_pfnmap_move move;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(memories); i++) {
		move = (struct huge_pfnmap_move){
			.size = sizeof(move), .backing = memories[i].backing,
			.order = memories[i].order, .first = memories[i].first,
		};
		ASSERT_REFUSED(memories[i].err, HUGE_PFNMAP_MOVE, &move);
	}
	move = (struct huge_pfnmap_move){
		.size = sizeof(move), .backing = HUGE_PFNMAP_PAGED, .flags = 2,
	};
	ASSERT_REFUSED(-EINVAL, HUGE_PFNMAP_MOVE, &move);
}

/* What would be read and written at the same time. */
TEST_F(refused, move_to_a_part_of_itself)
{
	struct huge_pfnmap_move move = { .size = sizeof(move), .backing = HUGE_PFNMAP_BARE };

	ASSERT_REFUSED(-EINVAL, HUGE_PFNMAP_MOVE, &move);
	move.first = 2 * SIZE_2M - SIZE_4K;
	ASSERT_REFUSED(-EINVAL, HUGE_PFNMAP_MOVE, &move);
}

/* ---- EVICT, DATA, PAGES: a part of the buffer ---- */

static const struct { uint64_t first, bytes; int err; } parts[] = {
	{ 0, 0, -EINVAL },
	{ SIZE_4K, 0, -EINVAL },
	{ 1, SIZE_4K, -EINVAL },
	{ 0, 1, -EINVAL },
	{ 0, SIZE_4K - 1, -EINVAL },
	{ SIZE_4K / 2, SIZE_4K / 2, -EINVAL },
	{ 0, 2 * SIZE_2M + SIZE_4K, -ERANGE },
	{ 2 * SIZE_2M, SIZE_4K, -ERANGE },
	{ SIZE_4K, 2 * SIZE_2M, -ERANGE },
	{ -SIZE_4K, SIZE_4K, -ERANGE },
	{ SIZE_4K, -SIZE_4K, -ERANGE },
	{ -SIZE_4K, -SIZE_4K, -ERANGE },
};

TEST_F(refused, part_to_evict)
{
	struct huge_pfnmap_range range;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		range = (struct huge_pfnmap_range){
			.size = sizeof(range), .first = parts[i].first, .bytes = parts[i].bytes,
		};
		ASSERT_REFUSED(parts[i].err, HUGE_PFNMAP_EVICT, &range);
	}
	range = (struct huge_pfnmap_range){
		.size = sizeof(range), .bytes = SIZE_4K, .reserved = 1,
	};
	ASSERT_REFUSED(-EINVAL, HUGE_PFNMAP_EVICT, &range);
}

TEST_F(refused, part_to_add_up)
{
	struct huge_pfnmap_pages pages;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		pages = (struct huge_pfnmap_pages){
			.size = sizeof(pages), .first = parts[i].first, .bytes = parts[i].bytes,
		};
		ASSERT_REFUSED(parts[i].err, HUGE_PFNMAP_PAGES, &pages);
	}
	pages = (struct huge_pfnmap_pages){
		.size = sizeof(pages), .bytes = SIZE_4K, .reserved = 1,
	};
	ASSERT_REFUSED(-EINVAL, HUGE_PFNMAP_PAGES, &pages);
}

TEST_F(refused, part_to_access)
{
	struct huge_pfnmap_data data;
	uint32_t access;
	size_t i;

	for (access = HUGE_PFNMAP_READ; access <= HUGE_PFNMAP_FILL; access++)
		for (i = 0; i < ARRAY_SIZE(parts); i++) {
			data = (struct huge_pfnmap_data){
				.size = sizeof(data), .access = access,
				.first = parts[i].first, .bytes = parts[i].bytes,
				.ptr = access == HUGE_PFNMAP_FILL ? 0 :
					(uintptr_t)self->read_only,
			};
			ASSERT_REFUSED(parts[i].err, HUGE_PFNMAP_DATA, &data);
		}
}

TEST_F(refused, access)
{
	const struct huge_pfnmap_data bad[] = {
		{ .access = 3 }, { .access = UINT32_MAX },
		{ .access = HUGE_PFNMAP_READ, .value = 1 },
		{ .access = HUGE_PFNMAP_WRITE, .value = 1 },
		{ .access = HUGE_PFNMAP_FILL, .ptr = (uintptr_t)self->read_only },
	};
	struct huge_pfnmap_data data;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		data = bad[i];
		data.size = sizeof(data);
		data.bytes = SIZE_4K;
		ASSERT_REFUSED(-EINVAL, HUGE_PFNMAP_DATA, &data);
	}
}

/* Half of it is there: what is written is all or nothing. */
TEST_F(refused, memory_of_the_caller)
{
	struct huge_pfnmap_data data = {
		.size = sizeof(data), .bytes = 2 * SIZE_4K,
		.ptr = (uintptr_t)self->read_only,
	};

	memset(self->read_only, 0x5a, SIZE_4K);
	data.access = HUGE_PFNMAP_WRITE;
	ASSERT_REFUSED(-EFAULT, HUGE_PFNMAP_DATA, &data);
	data.access = HUGE_PFNMAP_READ;
	ASSERT_REFUSED(-EFAULT, HUGE_PFNMAP_DATA, &data);
	data.bytes = SIZE_4K;
	ASSERT_EQ(0, mprotect(self->read_only, SIZE_4K, PROT_READ));
	ASSERT_REFUSED(-EFAULT, HUGE_PFNMAP_DATA, &data);
}

/* From and to its own memory, which has to be faulted in for that. */
TEST_F(refused, not_its_own_memory)
{
	struct pfnmap *map = &self->map;
	struct huge_pfnmap_data data = {
		.size = sizeof(data), .access = HUGE_PFNMAP_WRITE, .bytes = SIZE_64K,
		.ptr = (uintptr_t)map->addr,
	};

	ASSERT_RIGHT(pfnmap_map(map, 0, map->bytes));
	data.ptr = (uintptr_t)map->addr;
	ASSERT_EQ(0, command(map->file, HUGE_PFNMAP_DATA, &data));
	data.access = HUGE_PFNMAP_READ;
	ASSERT_EQ(0, command(map->file, HUGE_PFNMAP_DATA, &data));
	ASSERT_RIGHT(pfnmap_data(map));
	ASSERT_RIGHT(pfnmap_stats(map, &self->stats));
}

TEST_F(refused, much_at_once)
{
	static const struct pfnmap_kind large = { HUGE_PFNMAP_SYSTEM, ORDER_4K, 4 * SIZE_2M };
	struct pfnmap other;
	struct huge_pfnmap_data data = {
		.size = sizeof(data), .bytes = HUGE_PFNMAP_ACCESS_BYTES + SIZE_4K,
		.ptr = (uintptr_t)self->read_only,
	};

	pfnmap_none(&other);
	ASSERT_RIGHT(pfnmap_create(&other, &large));
	ASSERT_EQ(-E2BIG, command(other.file, HUGE_PFNMAP_DATA, &data));
	data.access = HUGE_PFNMAP_WRITE;
	ASSERT_EQ(-E2BIG, command(other.file, HUGE_PFNMAP_DATA, &data));
	pfnmap_close(&other);
}

/* ---- mmap() ---- */

static int mapping_error(const struct pfnmap *map, size_t bytes, int flags, off_t offset)
{
	void *addr = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, map->file, offset);

	if (addr == MAP_FAILED)
		return -errno;
	munmap(addr, bytes);
	return 0;
}

TEST_F(refused, mappings)
{
	struct pfnmap *map = &self->map;

	ASSERT_EQ(-EINVAL, mapping_error(map, SIZE_2M, MAP_PRIVATE, 0));
	ASSERT_EQ(-ERANGE, mapping_error(map, map->bytes + SIZE_4K, MAP_SHARED, 0));
	ASSERT_EQ(-ERANGE, mapping_error(map, SIZE_4K, MAP_SHARED, map->bytes));
	ASSERT_EQ(-ERANGE, mapping_error(map, map->bytes, MAP_SHARED, SIZE_4K));
	ASSERT_EQ(0, mapping_error(map, SIZE_4K, MAP_SHARED, map->bytes - SIZE_4K));
}

TEST_HARNESS_MAIN
