// SPDX-License-Identifier: GPL-2.0
/*
 * Commands of the test device for huge pfnmaps that name memory which cannot be had, or a
 * part of the buffer that is none. (lib/test_huge_pfnmap_uapi.h)
 */
#include "common/pfnmap_command.h"

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

TEST_HARNESS_MAIN
