// SPDX-License-Identifier: GPL-2.0
/* The entries of a pfnmap, as /dev/folio_probe tells of them. */
#include <stdlib.h>

#include <devthp.h>

#include "pfnmap.h"
#include "probe.h"

enum folio_probe_level pfnmap_level(unsigned int order)
{
	if (order >= ORDER_1G)
		return FOLIO_PROBE_PUD;
	return order >= ORDER_2M ? FOLIO_PROBE_PMD : FOLIO_PROBE_PTE;
}

size_t pfnmap_size(enum folio_probe_level level)
{
	static const size_t sizes[] = {
		[FOLIO_PROBE_PTE] = SIZE_4K,
		[FOLIO_PROBE_PMD] = SIZE_2M,
		[FOLIO_PROBE_PUD] = SIZE_1G,
	};

	return sizes[level];
}

static const char *record_is(const struct folio_probe_record *record,
			     enum folio_probe_level level, bool writable)
{
	static const char *const names[] = { "PTE", "PMD", "PUD" };

	if (record->kind != FOLIO_PROBE_KIND_SPECIAL || record->level != level)
		return wrong("%#llx is mapped by an entry of kind %u, a %s, not special by a %s",
			     (unsigned long long)record->addr, record->kind,
			     names[record->level], names[level]);
	if (!(record->bits & FOLIO_PROBE_SPECIAL))
		return wrong("%#llx: the %s has no special bit: %#llx",
			     (unsigned long long)record->addr, names[level],
			     (unsigned long long)record->entry);
	if (!(record->bits & FOLIO_PROBE_WRITE) == writable)
		return wrong("%#llx: the %s can%s be written",
			     (unsigned long long)record->addr, names[level],
			     writable ? "not" : "");
	if (record->addr % pfnmap_size(level))
		return wrong("%#llx is no address of a %s", (unsigned long long)record->addr,
			     names[level]);
	if (record->folio != FOLIO_PROBE_NONE || record->refcount || record->page_mapcount)
		return wrong("the probe tells of a folio behind a special entry");
	return RIGHT;
}

static const char *look(const struct pfnmap *map, const char *addr, size_t bytes,
			struct folio_probe_scan *scan, struct folio_probe_record *records,
			unsigned int capacity)
{
	*scan = probe_scan_of(addr, bytes, records, capacity);
	return went_well("scan", probe_scan(map->probe, scan));
}

/* A page of it, wherever in the entry; a PMD that is none is a record of its own. */
static const char *look_at(const struct pfnmap *map, const void *addr,
			   struct folio_probe_record *record)
{
	struct folio_probe_scan scan;

	CHECK(look(map, addr, SIZE_4K, &scan, record, 1));
	return scan.filled == 1 ? RIGHT : wrong("no record for an address that is mapped");
}

const char *pfnmap_entry_is(const struct pfnmap *map, const void *addr,
			    enum folio_probe_level level, bool writable)
{
	struct folio_probe_record record;

	CHECK(look_at(map, addr, &record));
	return record_is(&record, level, writable);
}

static const char *record_is_none(const struct folio_probe_record *record)
{
	if (record->kind == FOLIO_PROBE_KIND_NONE && !record->entry)
		return RIGHT;
	return wrong("%#llx has an entry of level %u, %#llx", (unsigned long long)record->addr,
		     record->level, (unsigned long long)record->entry);
}

const char *pfnmap_entry_is_none(const struct pfnmap *map, const void *addr)
{
	struct folio_probe_record record;

	CHECK(look_at(map, addr, &record));
	return record_is_none(&record);
}

/* For each record of all that is mapped. */
static const char *for_each_entry(const struct pfnmap *map,
				  const char *(*check)(const struct folio_probe_record *record,
						       const void *arg), const void *arg)
{
	const unsigned int capacity = 512;
	struct folio_probe_record *records = calloc(capacity, sizeof(*records));
	const char *verdict = records ? RIGHT : wrong("no memory for records");
	const char *end = map->addr + map->mapped, *addr = map->addr;
	struct folio_probe_scan scan;
	unsigned int i;

	while (addr < end && is_right(verdict)) {
		verdict = look(map, addr, end - addr, &scan, records, capacity);
		for (i = 0; is_right(verdict) && i < scan.filled; i++)
			verdict = check(&records[i], arg);
		addr = (const char *)(uintptr_t)scan.start;
	}
	free(records);
	return verdict;
}

struct wanted {
	enum folio_probe_level level;
	bool writable;
};

static const char *is_as_wanted(const struct folio_probe_record *record, const void *arg)
{
	const struct wanted *wanted = arg;

	return record_is(record, wanted->level, wanted->writable);
}

const char *pfnmap_entries_are(const struct pfnmap *map, enum folio_probe_level level,
			       bool writable)
{
	const struct wanted wanted = { level, writable };

	return for_each_entry(map, is_as_wanted, &wanted);
}

static const char *is_none(const struct folio_probe_record *record, const void *nothing)
{
	return record_is_none(record);
}

const char *pfnmap_entries_are_none(const struct pfnmap *map)
{
	return for_each_entry(map, is_none, NULL);
}
