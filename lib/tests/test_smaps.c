// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Levels that smaps tells a snapshot. It has sums of whole mappings only, so most of
 * this is on what must stay unknown.
 */
#include <stdio.h>
#include <string.h>

#include "smaps.h"

/* One mapping of pages [per, 2 * per), all of it looked at. */
static void one(const struct sums *sums, char level, bool kpage)
{
	struct devthp_snapshot *snap;

	mapping(per, 2 * per, sums);
	give_files();
	if (kpage)
		give_kpage();
	snap = take(per, 2 * per);
	levels(snap, 0, per, level);
	drop(snap);
}

static void none_by_pmd(void)
{
	struct sums sums = { 0 };
	struct devthp_snapshot *snap;
	size_t i;

	/* Page 2 is none, 3 is swapped out, 4 has a marker; the others are there. */
	start();
	sums.rss = sums.anonymous = per - 3;
	present(per, 2 * per, 1);
	words[per + 2] = 0;
	absent(per + 3, per + 4, TYPE_SWAP);
	absent(per + 4, per + 5, TYPE_MARKER);
	mapping(per, 2 * per, &sums);
	give_files();
	snap = take(per - 1, 2 * per + 1);
	levels(snap, 0, 1, '?');
	levels(snap, 1, 3, 't');
	levels(snap, 3, 6, '?');
	levels(snap, 6, per + 1, 't');
	levels(snap, per + 1, per + 2, '?');
	drop(snap);

	/* Who sees no frames does not know what is swapped out, if not all is counted. */
	for (i = 0; i < 2; i++) {
		start();
		present(per, 2 * per, 1);
		absent(per, per + 1, TYPE_DEVICE);
		hide_frames();
		sums = (struct sums){ .rss = per - 1 + i, .anonymous = per - 1 + i };
		one(&sums, i ? 't' : '?', false);
	}
}

static void all_by_pmd(void)
{
	struct sums sums = { 0 };
	struct devthp_page page = { .size = sizeof(page) };
	struct devthp_snapshot *snap;

	/* Looked at from the middle of the first entry to that of the second. */
	start();
	sums.rss = sums.anonymous = sums.anon_pmd = 2 * per;
	present(per, 3 * per, per);
	hide_frames();
	mapping(per, 3 * per, &sums);
	give_files();
	snap = take(per + per / 2, 2 * per + per / 2);
	levels(snap, 0, per, 'm');
	CHECK_CALL(devthp_snapshot_page(snap, 7, &page), 0);
	CHECK_INT(page.entry_page, 0);
	CHECK_CALL(devthp_snapshot_page(snap, per / 2 + 7, &page), 0);
	CHECK_INT(page.entry_page, per / 2);
	drop(snap);

	/* All that is there: the second entry is empty, and the mapping no round one. */
	start();
	sums.rss = sums.anonymous = sums.anon_pmd = per;
	present(per, 2 * per, per);
	mapping(per - 1, 2 * per + 1, &sums);
	give_files();
	snap = take(per - 1, 2 * per + 1);
	levels(snap, 0, 1, '?');
	levels(snap, 1, per + 1, 'm');
	levels(snap, per + 1, per + 2, '?');
	drop(snap);

	/* Of a file, which takes kpageflags. */
	start();
	present(per, 2 * per, per);
	one(&(struct sums){ .rss = per, .shmem_pmd = per }, 'm', true);
	start();
	present(per, 2 * per, per);
	one(&(struct sums){ .rss = per, .file_pmd = per }, 'm', true);
}

/* Some by PMD entries, which may be any; of any kind. */
static void mixed(void)
{
	struct sums sums = { .flags = NULL };
	struct devthp_snapshot *snap;
	int i;

	for (i = 0; i < 3; i++) {
		start();
		sums = (struct sums){ .rss = 2 * per, .anonymous = i ? 0 : 2 * per };
		*(i == 0 ? &sums.anon_pmd : i == 1 ? &sums.shmem_pmd : &sums.file_pmd) = per;
		present(per, 3 * per, per);
		mapping(per, 3 * per, &sums);
		give_files();
		give_kpage();
		snap = take(per, 3 * per);
		levels(snap, 0, 2 * per, '?');
		drop(snap);
	}
}

/* It is present, is no page that counts, and may be mapped by either. */
static void zero_page(void)
{
	struct sums sums = { 0 };
	struct devthp_snapshot *snap;
	bool told;

	for (told = false; ; told = true) {
		start();
		present(per, 3 * per, 1);
		present(2 * per, 3 * per, per);
		for (size_t i = 2 * per; i < 3 * per; i++)
			flags[i] |= KPAGE_ZERO;
		sums.rss = sums.anonymous = per;
		mapping(per, 3 * per, &sums);
		give_files();
		if (told)
			give_kpage();
		snap = take(per, 3 * per);
		levels(snap, 0, per, told ? 't' : '?');
		levels(snap, per, 2 * per, '?');
		drop(snap);
		if (told)
			break;
	}
}

/* Of a mapping that is not all looked at, the other pages may be what is counted. */
static void part_of_a_mapping(void)
{
	struct sums sums = { 0 };
	struct devthp_snapshot *snap;
	int i;

	for (i = 0; i < 3; i++) {
		start();
		present(per, 2 * per, 1);
		sums.rss = sums.anonymous = i == 1 ? per : per - 1;
		mapping(per, 2 * per, &sums);
		give_files();
		if (i == 2)
			give_kpage();
		snap = take(per + 1, 2 * per);
		levels(snap, 0, per - 1, i ? 't' : '?');
		drop(snap);
	}
}

/* PMD entries of DAX are not counted as such, even where their pages are. */
static void files(void)
{
	start();
	present(per, 2 * per, 1);
	one(&(struct sums){ .rss = per }, '?', false);
	start();
	present(per, 2 * per, 1);
	one(&(struct sums){ .rss = per, .anonymous = per - 1 }, '?', false);
	start();
	present(per, 2 * per, 1);
	one(&(struct sums){ .rss = per }, 't', true);
	/* A device's memory is none of kpageflags. */
	start();
	present(per, 2 * per, 1);
	for (size_t i = per; i < 2 * per; i++)
		flags[i] = KPAGE_NOPAGE;
	one(&(struct sums){ .rss = per }, '?', true);
}

static void special(void)
{
	static const struct {
		const char *flags;
		char level;
	} mappings[] = {
		{ "rd wr mr mw me ac sd", 't' }, { "rd mr pf sd", '?' }, { "rd mr io dd", '?' },
		{ "rd mm", '?' }, { "pf", '?' },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(mappings); i++) {
		start();
		present(per, 2 * per, 1);
		one(&(struct sums){ .rss = per, .flags = mappings[i].flags }, mappings[i].level,
		    true);
	}
}

static void larger_pages(void)
{
	start();
	present(per, 2 * per, per);
	one(&(struct sums){ .rss = per, .anonymous = per, .kernel_page = per }, '?', true);
	start();
	present(per, 2 * per, per);
	one(&(struct sums){ .rss = per, .anonymous = per, .mmu_page = per }, '?', true);
}

static void other_kernels(void)
{
	static const char *const fields[] = {
		"Rss", "Anonymous", "AnonHugePages", "ShmemPmdMapped", "FilePmdMapped",
		"KernelPageSize", "MMUPageSize", "VmFlags", "Pss",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		start();
		present(per, 2 * per, 1);
		one(&(struct sums){ .rss = per, .anonymous = per, .lacks = fields[i] },
		    strcmp(fields[i], "Pss") ? '?' : 't', true);
	}
	/* Without a size that PMD entries have. */
	start();
	pmd_size[0] = '\0';
	present(per, 2 * per, per);
	one(&(struct sums){ .rss = per, .anonymous = per, .anon_pmd = per }, '?', true);
}

/* Entries that are not present, and lead to pages nonetheless. */
static void on_a_device(void)
{
	static const unsigned int types[] = { TYPE_DEVICE, TYPE_EXCLUSIVE, TYPE_MIGRATION };
	struct sums sums = { 0 };
	struct devthp_snapshot *snap;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		start();
		absent(per, 2 * per, types[i]);
		one(&(struct sums){ .rss = per, .anonymous = per }, 't', false);
		start();
		absent(per, 2 * per, types[i]);
		one(&(struct sums){ .rss = per, .anonymous = per, .anon_pmd = per }, 'm', false);

		/* A part, beside one that lies elsewhere. */
		start();
		sums.rss = sums.anonymous = per + 1;
		absent(per, 2 * per, types[i]);
		mapping(per, 3 * per, &sums);
		give_files();
		snap = take(per, 2 * per);
		levels(snap, 0, per, 't');
		drop(snap);
	}
}

/* Each mapping speaks of its own pages. */
static void several_mappings(void)
{
	struct devthp_snapshot *snap;

	start();
	present(per, per + 8, 1);
	present(2 * per, 3 * per, per);
	present(3 * per, 3 * per + 8, 1);
	mapping(per, per + 8, &(struct sums){ .rss = 8, .anonymous = 8 });
	mapping(2 * per, 3 * per,
		&(struct sums){ .rss = per, .anonymous = per, .anon_pmd = per });
	mapping(3 * per, 3 * per + 8, &(struct sums){ .rss = 8 });
	mapping(3 * per + 8, 3 * per + 9, &(struct sums){ .rss = 0 });
	give_files();
	snap = take(per, 3 * per + 10);
	levels(snap, 0, 8, 't');
	levels(snap, 8, per, '?');
	levels(snap, per, 2 * per, 'm');
	levels(snap, 2 * per, 2 * per + 10, '?');
	drop(snap);
}

/* It has changed meanwhile: the sums are of other pages than were seen. */
static void contradictions(void)
{
	struct sums huge = { 0 };
	struct devthp_snapshot *snap;

	/* More are seen than were counted. */
	start();
	present(per, 2 * per, 1);
	one(&(struct sums){ .rss = per - 1, .anonymous = per - 1 }, '?', true);

	/* A hole within an entry. */
	start();
	huge.rss = huge.anonymous = huge.anon_pmd = per;
	present(per, 2 * per, per);
	words[2 * per - 1] = 0;
	one(&huge, '?', false);

	/* A folio that is too small for one. */
	start();
	present(per, 2 * per, per / 2);
	one(&huge, '?', true);

	/* An entry that is larger than the mapping, at its end or beginning. */
	start();
	present(per, 2 * per, 1);
	huge.rss = huge.anonymous = huge.anon_pmd = per - 1;
	mapping(per, 2 * per - 1, &huge);
	mapping(2 * per + 1, 3 * per, &huge);
	present(2 * per + 1, 3 * per, 1);
	give_files();
	snap = take(per, 3 * per);
	levels(snap, 0, 2 * per, '?');
	drop(snap);
}

static const struct tap_case cases[] = {
	{ "PMD entries map nothing", none_by_pmd },
	{ "PMD entries map all there is", all_by_pmd },
	{ "PMD entries map some", mixed },
	{ "the zero page", zero_page },
	{ "a part of a mapping", part_of_a_mapping },
	{ "files, and DAX", files },
	{ "mappings of PFNs", special },
	{ "hugetlb, and DAX devices", larger_pages },
	{ "kernels that tell less", other_kernels },
	{ "on a device, exclusive, and on the way", on_a_device },
	{ "several mappings", several_mappings },
	{ "sums of other pages than were seen", contradictions },
};

TAP_MAIN(cases)
