// SPDX-License-Identifier: GPL-2.0
/* How a sample gets into each state. */
#include <errno.h>
#include <linux/userfaultfd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "form.h"
#include "mlocked.h"
#include "need.h"
#include "pagemap.h"
#include "reclaim.h"
#include "scene.h"
#include "settle.h"
#include "textfile.h"
#include "uffd.h"
#include "verdict.h"

#ifndef MADV_FREE
#define MADV_FREE 8
#endif
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

/* Where a hole is made. */
#define CUT_FIRST 200
#define CUT_PAGES 64

static const char *advise(const struct sample *sample, const char *what,
			  int advice)
{
	if (madvise(sample->addr, sample->pages * devthp_page_size(), advice))
		return went_well(what, -errno);
	return RIGHT;
}

/* ---- Forms ---- */

static const char *enter_whole(struct scene *scene)
{
	CHECK(sample_fill_whole(&scene->sample));
	return form_to_device(&scene->sample, FORM_WHOLE);
}

static const char *enter_entries_split(struct scene *scene)
{
	CHECK(enter_whole(scene));
	return form_split_entries(&scene->sample);
}

/* One page comes back, which splits the folio on the device, and goes again. */
static const char *enter_folio_split(struct scene *scene)
{
	struct sample *sample = &scene->sample;
	char *addr = sample->addr + 100 * devthp_page_size();

	CHECK(enter_whole(scene));
	CHECK(went_well("migrate a page to system memory",
			devthp_migrate_to_system(sample->dev, addr, 1, NULL)));
	return went_well("migrate a page to the device",
			 devthp_migrate_to_device(sample->dev, addr, 1, NULL));
}

/* Not while a test looks at it. */
static const char *cut(struct sample *sample, enum hole how)
{
	CHECK(sample_cut(sample, CUT_FIRST, CUT_PAGES, how));
	return form_settles(sample, FORM_SMALL);
}

static const char *enter_cut(struct scene *scene)
{
	CHECK(enter_whole(scene));
	return cut(&scene->sample, HOLE_UNMAPPED);
}

static const char *enter_dropped(struct scene *scene)
{
	CHECK(enter_whole(scene));
	return cut(&scene->sample, HOLE_DROPPED);
}

static const char *enter_partly_back(struct scene *scene)
{
	struct sample *sample = &scene->sample;

	CHECK(enter_entries_split(scene));
	/* Where the CPU uses it, it would stay. */
	if (sample->coherent)
		return went_well("migrate pages to system memory",
				 devthp_migrate_to_system(sample->dev,
					page_of(sample, SCENE_BACK_FIRST),
					SCENE_BACK_PAGES, NULL));
	return sample_access_range(sample, SCENE_BACK_FIRST, SCENE_BACK_PAGES,
				   ACCESS_READ);
}

/* ---- Bits ---- */

static const char *enter_read_only(struct scene *scene)
{
	struct sample *sample = &scene->sample;

	CHECK(enter_whole(scene));
	if (mprotect(sample->addr, sample->pages * devthp_page_size(),
		     PROT_READ))
		return went_well("mprotect", -errno);
	return RIGHT;
}

static const char *enter_soft_dirty(struct scene *scene)
{
	CHECK(clear_refs(CLEAR_SOFT_DIRTY));
	return enter_whole(scene);
}

static const char *enter_soft_clean(struct scene *scene)
{
	CHECK(enter_whole(scene));
	return clear_refs(CLEAR_SOFT_DIRTY);
}

static const char *enter_uffd_wp(struct scene *scene)
{
	struct sample *sample = &scene->sample;
	const size_t bytes = sample->pages * devthp_page_size();

	/* For who asks it for what is missing, too: there can be no second one. */
	CHECK(uffd_open(&scene->uffd, UFFD_FEATURE_PAGEFAULT_FLAG_WP |
			UFFD_FEATURE_WP_ASYNC | UFFD_FEATURE_SIGBUS |
			UFFD_FEATURE_MOVE));
	CHECK(uffd_register(scene->uffd, sample->addr, bytes,
			    UFFDIO_REGISTER_MODE_WP));
	CHECK(enter_whole(scene));
	return uffd_protect(scene->uffd, sample->addr, bytes);
}

static const char *enter_locked(struct scene *scene)
{
	struct sample *sample = &scene->sample;

	if (mlock(sample->addr, sample->pages * devthp_page_size()))
		return went_well("mlock", -errno);
	CHECK(sample_fill_whole(sample));
	/* The process that a test watches has a baseline to compare with. */
	if (scene->baseline.before)
		CHECK(mlocked_is(scene, bytes_of(sample)));
	CHECK(form_to_device(sample, FORM_WHOLE));
	return scene->baseline.before ? mlocked_is(scene, 0) : RIGHT;
}

/* ---- Other processes ---- */

/* Which does not keep the device open when its parent is told to close it. */
static const char *have_a_child(struct sample *sample, struct peer *parent)
{
	struct peer grandchild;
	const char *verdict;
	size_t page;

	CHECK(peer_fork(&grandchild, peer_without_device_reads_later,
			sample));
	CHECK(peer_wait(&grandchild));
	verdict = peer_reads_later(sample, parent);
	/* What it has lost meanwhile, that one has lost, too. */
	for (page = 0; page < sample->pages; page++)
		if (sample->hole[page])
			CHECK(peer_lose_page(&grandchild, page));
	CHECK(peer_tell(&grandchild));
	CHECK(peer_end(&grandchild));
	return verdict;
}

static const char *protect_half(struct sample *sample, struct peer *parent)
{
	if (mprotect(sample->addr, sample->pages / 2 * devthp_page_size(),
		     PROT_READ))
		return went_well("mprotect", -errno);
	return peer_reads_later(sample, parent);
}

/* By a page, so that its entries are at other places in the page tables. */
static const char *move_by_a_page(struct sample *sample, struct peer *parent)
{
	struct devthp_range *room;

	CHECK(sample_room(sample, 1, &room));
	CHECK(sample_move(sample, room));
	return peer_reads_later(sample, parent);
}

static const char *cut_half(struct sample *sample, struct peer *parent)
{
	CHECK(sample_cut(sample, 0, sample->pages / 2, HOLE_UNMAPPED));
	return peer_reads_later(sample, parent);
}

static const char *add_child(struct scene *scene, peer_life *life)
{
	struct peer *child = &scene->child[scene->children];

	CHECK(peer_fork(child, life, &scene->sample));
	scene->children++;
	return peer_wait(child);
}

static const char *enter_forked(struct scene *scene)
{
	CHECK(enter_whole(scene));
	return add_child(scene, peer_reads_later);
}

static const char *enter_forked_twice(struct scene *scene)
{
	CHECK(enter_forked(scene));
	return add_child(scene, peer_reads_later);
}

static const char *enter_forked_thrice(struct scene *scene)
{
	CHECK(enter_forked_twice(scene));
	return add_child(scene, peer_reads_later);
}

static const char *enter_forked_twice_over(struct scene *scene)
{
	CHECK(enter_whole(scene));
	return add_child(scene, have_a_child);
}

static const char *enter_child_protected(struct scene *scene)
{
	CHECK(enter_whole(scene));
	return add_child(scene, protect_half);
}

static const char *enter_child_moved(struct scene *scene)
{
	CHECK(enter_whole(scene));
	return add_child(scene, move_by_a_page);
}

static const char *enter_child_cut(struct scene *scene)
{
	CHECK(enter_whole(scene));
	return add_child(scene, cut_half);
}

/* The child's PMD entry maps every page, the parent's entries those left. */
static const char *is_cut_here(const struct sample *sample)
{
	const int left = sample->pages - CUT_PAGES;
	const struct devthp_page *page = &sample->page[0];

	CHECK(layout_of_all(sample, form_layout(FORM_BY_PAGES,
						DEVTHP_LOC_DEVICE, 2)));
	CHECK(sample_look(sample));
	if (page->known & DEVTHP_KNOWN_MAPCOUNTS &&
	    (page->entire_mapcount != 1 || page->large_mapcount != 1 + left))
		return wrong("the folio is mapped %d times as a whole, %d in all; should be 1 and %d",
			     page->entire_mapcount, page->large_mapcount,
			     1 + left);
	return RIGHT;
}

/* No page is without a mapping, so the kernel does not split the folio. */
static const char *enter_parent_cut(struct scene *scene)
{
	struct sample *sample = &scene->sample;

	CHECK(enter_forked(scene));
	CHECK(sample_cut(sample, CUT_FIRST, CUT_PAGES, HOLE_UNMAPPED));
	return is_cut_here(sample);
}

/* ---- Limits ---- */

/* What tests allocate besides the sample is there before. */
static const char *enter_limited(struct scene *scene)
{
	struct sample *sample = &scene->sample;

	if (!scene->charged)
		CHECK(memcg_enter(&scene->memcg));
	memset(sample->buffer, 1, sample->pages * devthp_page_size());
	CHECK(enter_whole(scene));
	return scene_limit(scene);
}

/* ---- Origins ---- */

static const char *enter_from_empty(struct scene *scene)
{
	CHECK(sample_to_device_whole(&scene->sample));
	return sample_device_write(&scene->sample);
}

#define USE_ZERO_PAGE "/sys/kernel/mm/transparent_hugepage/use_zero_page"

static int huge_zero_needed(const char **why)
{
	uint64_t used = 0;

	if (is_right(file_number(USE_ZERO_PAGE, &used)) && used)
		return KSFT_PASS;
	return missing("no huge zero page: write 1 to " USE_ZERO_PAGE, why);
}

static const char *enter_from_zero(struct scene *scene)
{
	struct sample *sample = &scene->sample;
	struct devthp_summary sum;

	CHECK(sample_data(sample));
	CHECK(layout_summary(sample->addr, sample->pages, &sum));
	if (sum.pmd_entries[DEVTHP_LOC_ZERO] != 1)
		return wrong("%llu entries are of the huge zero page; should be 1",
			     (unsigned long long)sum.pmd_entries[DEVTHP_LOC_ZERO]);
	return enter_from_empty(scene);
}

static const char *swap_out_and_in(struct scene *scene)
{
	struct sample *sample = &scene->sample;

	CHECK(sample_fill_whole(sample));
	CHECK(swapdisk_make(&scene->disk, 4 * sample->pages *
			    devthp_page_size()));
	CHECK(swapdisk_swap_on(&scene->disk));
	CHECK(reclaim_to_swap(sample));
	return sample_data(sample);
}

static const char *enter_from_swap(struct scene *scene)
{
	CHECK(swap_out_and_in(scene));
	CHECK(went_well("MADV_COLLAPSE", sample_collapse(&scene->sample)));
	return sample_to_device_whole(&scene->sample);
}

static const char *enter_from_swap_small(struct scene *scene)
{
	CHECK(swap_out_and_in(scene));
	return sample_to_device(&scene->sample);
}

static const char *enter_from_free(struct scene *scene)
{
	CHECK(sample_fill_whole(&scene->sample));
	CHECK(advise(&scene->sample, "MADV_FREE", MADV_FREE));
	return sample_to_device_whole(&scene->sample);
}

/* ---- The table ---- */

#define STATE(state_name, traits, mappings, what_is_needed)		\
	const struct state state_##state_name = {			\
		.name = #state_name,					\
		.is = traits,						\
		.mapcount = mappings,					\
		.enter = enter_##state_name,				\
		.needed = what_is_needed,				\
	}

#define WHOLE (STATE_PMD | STATE_HUGE)

STATE(whole, WHOLE, 1, NULL);
STATE(entries_split, STATE_HUGE, 1, NULL);
STATE(folio_split, 0, 1, NULL);
STATE(cut, STATE_HOLES, 1, NULL);
STATE(dropped, STATE_HOLES, 1, NULL);
STATE(partly_back, STATE_MIXED, 1, NULL);
STATE(read_only, WHOLE | STATE_READ_ONLY, 1, NULL);
STATE(forked, WHOLE | STATE_SHARED, 2, NULL);
STATE(forked_twice, WHOLE | STATE_SHARED, 3, NULL);
STATE(forked_thrice, WHOLE | STATE_SHARED, 4, NULL);
STATE(forked_twice_over, WHOLE | STATE_SHARED, 3, NULL);
STATE(child_protected, WHOLE | STATE_SHARED, ANY_MAPCOUNT, NULL);
STATE(child_moved, WHOLE | STATE_SHARED, ANY_MAPCOUNT, NULL);
STATE(child_cut, WHOLE | STATE_SHARED, ANY_MAPCOUNT, NULL);
STATE(parent_cut, STATE_HUGE | STATE_HOLES | STATE_SHARED, 2, NULL);
STATE(soft_dirty, WHOLE | STATE_DIRTY, 1, soft_dirty_needed);
STATE(soft_clean, WHOLE | STATE_CLEAN, 1, soft_dirty_needed);
STATE(uffd_wp, WHOLE | STATE_WP, 1, uffd_needed);
STATE(locked, WHOLE | STATE_LOCKED, 1, NULL);
STATE(limited, WHOLE | STATE_LIMITED, 1, memcg_needed);
STATE(from_empty, WHOLE, 1, NULL);
STATE(from_zero, WHOLE, 1, huge_zero_needed);
STATE(from_swap, WHOLE, 1, swapdisk_needed);
STATE(from_swap_small, 0, 1, swapdisk_needed);
STATE(from_free, WHOLE | STATE_FREE, 1, NULL);

#define IS_STATE(name, state) || (state) == &state_##name

static bool is_typical(const struct state *state)
{
	return false FOR_EACH_STATE_TYPICAL(IS_STATE, state);
}

static bool is_of_the_few(const struct state *state)
{
	return false FOR_EACH_STATE_FEW(IS_STATE, state);
}

static bool states_are(const char *which)
{
	const char *states = getenv("DEVTHP_STATES");

	return states && !strcmp(states, which);
}

bool states_are_chosen(void)
{
	return states_are("typical") || states_are("few");
}

bool state_is_left_out(const struct state *state)
{
	return (states_are("typical") && !is_typical(state)) ||
	       (states_are("few") && !is_of_the_few(state));
}

int state_needed(const struct state *state, const char **why)
{
	if (state_is_left_out(state)) {
		*why = "left out by DEVTHP_STATES";
		return KSFT_SKIP;
	}
	return state->needed ? state->needed(why) : KSFT_PASS;
}
