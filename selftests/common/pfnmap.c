// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <devthp.h>

#include "pfnmap.h"
#include "probe.h"

static const char *command(const struct pfnmap *map, const char *what,
			   unsigned long request, void *arg)
{
	return went_well(what, ioctl(map->file, request, arg) ? -errno : 0);
}

void pfnmap_none(struct pfnmap *map)
{
	*map = (struct pfnmap){ .file = -1, .probe = -1 };
}

static const char *open_node(struct pfnmap *map)
{
	map->file = open(PFNMAP_NODE, O_RDWR | O_CLOEXEC);
	return went_well(PFNMAP_NODE, map->file < 0 ? -errno : 0);
}

/*
 * Reserved memory is had, and 6.12 maps it by entries of 1 GiB, on x86_64 only: see needs.
 * Elsewhere that is a reason to skip, whatever is required.
 */
static int not_on_this_machine(const char *what, const char **why)
{
#ifdef __x86_64__
	return missing(what, why);
#else
	*why = what;
	return KSFT_SKIP;
#endif
}

int pfnmap_needed(const struct pfnmap_kind *kind, const char **why)
{
	struct huge_pfnmap_info info = { .size = sizeof(info) };
	struct pfnmap map;
	int probe, needed;

	needed = probe_needed(&probe, why);
	if (needed != KSFT_PASS)
		return needed;
	close(probe);
	needed = file_needed(PFNMAP_NODE, "CONFIG_TEST_HUGE_PFNMAP, or test_huge_pfnmap is not loaded: it",
			     why);
	if (needed != KSFT_PASS)
		return needed;
	*why = open_node(&map);
	if (!is_right(*why))
		return KSFT_FAIL;
	*why = command(&map, "HUGE_PFNMAP_INFO", HUGE_PFNMAP_INFO, &info);
	close(map.file);
	if (!is_right(*why))
		return KSFT_FAIL;
	if (!(info.orders & 1ULL << kind->order))
		return not_on_this_machine(wrong("no entries of order %u here", kind->order), why);
	if (info.bytes[kind->backing] < kind->bytes)
		return not_on_this_machine("no reserved memory: see what selftests/needs says of test_huge_pfnmap",
					   why);
	return KSFT_PASS;
}

/* System memory comes in chunks that such an entry can map. */
static unsigned int chunk_order(enum huge_pfnmap_backing backing, unsigned int order)
{
	return backing == HUGE_PFNMAP_SYSTEM ? order : 0;
}

const char *pfnmap_create(struct pfnmap *map, const struct pfnmap_kind *kind)
{
	struct huge_pfnmap_create create = {
		.size = sizeof(create),
		.backing = kind->backing,
		.order = chunk_order(kind->backing, kind->order),
		.bytes = kind->bytes,
	};

	CHECK(open_node(map));
	map->probe = open(PROBE_NODE, O_RDONLY | O_CLOEXEC);
	CHECK(went_well(PROBE_NODE, map->probe < 0 ? -errno : 0));
	CHECK(command(map, "HUGE_PFNMAP_CREATE", HUGE_PFNMAP_CREATE, &create));
	map->backing = kind->backing;
	map->order = kind->order;
	map->bytes = kind->bytes;
	CHECK(pfnmap_faults(map, kind->order, 0));
	return pfnmap_fill(map);
}

const char *pfnmap_map(struct pfnmap *map, size_t offset, size_t bytes)
{
	void *addr;

	if (map->addr)
		munmap(map->addr, map->mapped);
	map->addr = NULL;
	addr = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, map->file, offset);
	if (addr == MAP_FAILED)
		return went_well("map " PFNMAP_NODE, -errno);
	map->addr = addr;
	map->offset = offset;
	map->mapped = bytes;
	return RIGHT;
}

/* Where nothing was, as nothing is there that long, nothing else is near. */
const char *pfnmap_map_apart(struct pfnmap *map, size_t offset, size_t bytes)
{
	char *room = mmap(NULL, 2 * SIZE_1G, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char *addr;

	if (room == MAP_FAILED)
		return went_well("find room for a mapping", -errno);
	addr = (char *)(((uintptr_t)room + SIZE_1G - 1) / SIZE_1G * SIZE_1G) + SIZE_2M +
		offset % SIZE_2M;
	munmap(room, 2 * SIZE_1G);
	if (map->addr)
		munmap(map->addr, map->mapped);
	map->addr = NULL;
	if (mmap(addr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED_NOREPLACE,
		 map->file, offset) != addr)
		return went_well("map " PFNMAP_NODE " apart", -errno);
	map->addr = addr;
	map->offset = offset;
	map->mapped = bytes;
	return RIGHT;
}

void pfnmap_close(struct pfnmap *map)
{
	if (map->addr)
		munmap(map->addr, map->mapped);
	if (map->file >= 0)
		close(map->file);
	if (map->probe >= 0)
		close(map->probe);
	pfnmap_none(map);
}

const char *pfnmap_faults(struct pfnmap *map, unsigned int order, uint32_t flags)
{
	struct huge_pfnmap_entry entry = {
		.size = sizeof(entry), .order = order, .flags = flags,
	};

	return command(map, "HUGE_PFNMAP_ENTRY", HUGE_PFNMAP_ENTRY, &entry);
}

const char *pfnmap_evict(const struct pfnmap *map, size_t first, size_t bytes)
{
	struct huge_pfnmap_range range = {
		.size = sizeof(range), .first = first, .bytes = bytes,
	};

	return command(map, "HUGE_PFNMAP_EVICT", HUGE_PFNMAP_EVICT, &range);
}

bool pfnmap_moves_empty(const struct pfnmap *map)
{
	return map->bytes >= SIZE_1G;
}

const char *pfnmap_move(struct pfnmap *map, enum huge_pfnmap_backing backing,
			unsigned int order)
{
	struct huge_pfnmap_move move = {
		.size = sizeof(move),
		.backing = backing,
		.order = chunk_order(backing, order),
		.flags = pfnmap_moves_empty(map) ? HUGE_PFNMAP_DISCARD : 0,
	};

	CHECK(pfnmap_is_untouched(map));
	CHECK(command(map, "HUGE_PFNMAP_MOVE", HUGE_PFNMAP_MOVE, &move));
	map->backing = backing;
	return pfnmap_pages(map, &map->before);
}

/* The first page, the last, and those around a block, a PMD, and another one far behind. */
static const size_t places[] = {
	0, SIZE_4K, SIZE_64K - SIZE_4K, SIZE_64K, SIZE_2M / 2, SIZE_2M - SIZE_4K, SIZE_2M,
	2 * SIZE_2M - SIZE_4K, 77 * SIZE_2M + SIZE_64K, SIZE_1G - SIZE_4K,
};

const size_t *pfnmap_place(const struct pfnmap *map, const size_t *last)
{
	const size_t *next = last ? last + 1 : places;

	return next < places + sizeof(places) / sizeof(places[0]) && *next < map->bytes ?
		next : NULL;
}

const size_t *pfnmap_place_mapped(const struct pfnmap *map, const size_t *last)
{
	const size_t *next = pfnmap_place(map, last);

	while (next && (*next < map->offset || *next >= map->offset + map->mapped))
		next = pfnmap_place(map, next);
	return next;
}

/* Far apart, so that no page holds what another one held before. */
const char *pfnmap_fill(struct pfnmap *map)
{
	static uint64_t last = 0x5afe;
	struct huge_pfnmap_data fill = {
		.size = sizeof(fill),
		.access = HUGE_PFNMAP_FILL,
		.bytes = SIZE_4K,
	};
	const size_t *place;

	last += 1ULL << 32;
	fill.value = last;
	for (place = pfnmap_place(map, NULL); place; place = pfnmap_place(map, place)) {
		fill.first = *place;
		CHECK(command(map, "HUGE_PFNMAP_DATA", HUGE_PFNMAP_DATA, &fill));
	}
	map->value = last;
	return RIGHT;
}

const char *pfnmap_page_is_right(const struct pfnmap *map, const char *at, size_t offset)
{
	const uint64_t want = map->value + offset / SIZE_4K;
	const volatile uint64_t *word = (const volatile uint64_t *)at;
	size_t i;

	for (i = 0; i < SIZE_4K / sizeof(*word); i += 127)
		if (word[i] != want)
			return wrong("the page at %#zx of the buffer holds %#llx, not %#llx", offset,
				     (unsigned long long)word[i], (unsigned long long)want);
	return RIGHT;
}

const char *pfnmap_data_but(const struct pfnmap *map, size_t hole, size_t bytes)
{
	const size_t *place;

	for_each_place_mapped(map, place)
		if (*place < hole || *place >= hole + bytes)
			CHECK(pfnmap_page_is_right(map, pfnmap_at(map, *place), *place));
	return RIGHT;
}

const char *pfnmap_data(const struct pfnmap *map)
{
	return pfnmap_data_but(map, 0, 0);
}

const char *pfnmap_driver_reads(const struct pfnmap *map, size_t offset, void *to,
				size_t bytes)
{
	struct huge_pfnmap_data data = {
		.size = sizeof(data),
		.access = HUGE_PFNMAP_READ,
		.first = offset,
		.bytes = bytes,
		.ptr = (uintptr_t)to,
	};

	return command(map, "HUGE_PFNMAP_DATA", HUGE_PFNMAP_DATA, &data);
}

static void write_page(const struct pfnmap *map, size_t offset)
{
	volatile uint64_t *word = (volatile uint64_t *)pfnmap_at(map, offset);
	size_t i;

	for (i = 0; i < SIZE_4K / sizeof(*word); i++)
		word[i] = map->value + offset / SIZE_4K;
}

const char *pfnmap_write(struct pfnmap *map)
{
	uint64_t page[SIZE_4K / sizeof(uint64_t)];
	const size_t *place;

	map->value += 1ULL << 24;
	for_each_place_mapped(map, place) {
		write_page(map, *place);
		CHECK(pfnmap_driver_reads(map, *place, page, sizeof(page)));
		CHECK(pfnmap_page_is_right(map, (char *)page, *place));
	}
	return RIGHT;
}

const char *pfnmap_stats(const struct pfnmap *map, struct huge_pfnmap_stats *stats)
{
	*stats = (struct huge_pfnmap_stats){ .size = sizeof(*stats) };
	return command(map, "HUGE_PFNMAP_STATS", HUGE_PFNMAP_STATS, stats);
}

uint64_t pfnmap_fault_count(const struct pfnmap *map)
{
	struct huge_pfnmap_stats stats;

	if (!is_right(pfnmap_stats(map, &stats)))
		return UINT64_MAX;
	return stats.faults[HUGE_PFNMAP_PTE] + stats.faults[HUGE_PFNMAP_PMD] +
		stats.faults[HUGE_PFNMAP_PUD];
}

const char *pfnmap_pages(const struct pfnmap *map, struct huge_pfnmap_pages *pages)
{
	*pages = (struct huge_pfnmap_pages){ .size = sizeof(*pages), .bytes = map->bytes };
	return command(map, "HUGE_PFNMAP_PAGES", HUGE_PFNMAP_PAGES, pages);
}

const char *pfnmap_is_untouched(const struct pfnmap *map)
{
	const struct huge_pfnmap_pages *before = &map->before;
	struct huge_pfnmap_pages now;

	CHECK(pfnmap_pages(map, &now));
	if (now.pages != (map->backing == HUGE_PFNMAP_BARE ? 0 : map->bytes / SIZE_4K))
		return wrong("%llu pages have a struct page", (unsigned long long)now.pages);
	if (now.references != before->references || now.pins != before->pins)
		return wrong("struct pages have %llu references and %llu pins, not %llu and %llu",
			     (unsigned long long)now.references, (unsigned long long)now.pins,
			     (unsigned long long)before->references,
			     (unsigned long long)before->pins);
	if (now.mappings != before->mappings || now.flags != before->flags)
		return wrong("struct pages are mapped %llu times, flags %#llx, not %llu, %#llx",
			     (unsigned long long)now.mappings, (unsigned long long)now.flags,
			     (unsigned long long)before->mappings,
			     (unsigned long long)before->flags);
	return RIGHT;
}
