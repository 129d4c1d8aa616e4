// SPDX-License-Identifier: GPL-2.0
/*
 * Commands of the test device for huge pfnmaps with bad arguments: what is wrong with the
 * structure, the command or the file. (lib/test_huge_pfnmap_uapi.h)
 */
#include "common/pfnmap_command.h"

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
