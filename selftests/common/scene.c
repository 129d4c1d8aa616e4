// SPDX-License-Identifier: GPL-2.0
/* What is to be seen of a sample in a state, before and after an access. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "form.h"
#include "need.h"
#include "pagemap.h"
#include "ready.h"
#include "rules.h"
#include "scene.h"
#include "settle.h"
#include "verdict.h"

bool scene_is(const struct scene *scene, unsigned int what)
{
	return scene->state->is & what ||
	       (what & STATE_COHERENT && scene->sample.coherent);
}

const char *scene_enter_cgroup(struct scene *scene)
{
	const char *why = RIGHT;

	if (memcg_needed(&why) == KSFT_SKIP)
		return RIGHT;
	CHECK(why);
	scene->charged = true;
	return charges_begin(&scene->memcg, &scene->charges);
}

const char *scene_set(struct scene *scene, const struct state *state)
{
	const char *verdict;
	char failure[400];

	scene->state = state;
	scene->uffd = -1;
	verdict = state->enter(scene);
	if (is_right(verdict))
		verdict = scene_is_unchanged(scene);
	if (is_right(verdict))
		verdict = rules_hold(&scene->sample,
				     !scene_is(scene, STATE_SHARED));
	if (is_right(verdict))
		return RIGHT;
	/* Nobody else will end it; what that says does not matter any more. */
	snprintf(failure, sizeof(failure), "%s", verdict);
	scene_end(scene);
	return wrong("enter the state %s: %s", state->name, failure);
}

/* ---- Bits of the entries ---- */

/* Who shares it, or is to be told of a write, has entries that are read-only. */
#define STATES_WITHOUT_WRITE						\
	(STATE_READ_ONLY | STATE_SHARED | STATE_WP | STATE_CLEAN)

/* Bits that a state has a say in, and what they are. */
static void bits_of(const struct scene *scene, unsigned int *mask,
		    unsigned int *want)
{
	*mask = DEVTHP_BIT_WRITE | DEVTHP_BIT_EXCLUSIVE | DEVTHP_BIT_UFFD_WP;
	*want = 0;
	if (scene->protection_changed)
		*mask &= ~DEVTHP_BIT_WRITE;
	else if (!scene_is(scene, STATES_WITHOUT_WRITE))
		*want |= DEVTHP_BIT_WRITE;
	if (!scene_is(scene, STATE_SHARED))
		*want |= DEVTHP_BIT_EXCLUSIVE;
	if (scene_is(scene, STATE_WP))
		*want |= DEVTHP_BIT_UFFD_WP;
	if (scene_is(scene, STATE_CLEAN | STATE_DIRTY))
		*mask |= DEVTHP_BIT_SOFT_DIRTY;
	if (scene_is(scene, STATE_DIRTY))
		*want |= DEVTHP_BIT_SOFT_DIRTY;
}

const char *scene_keeps_bits(const struct scene *scene, size_t first,
			     size_t npages)
{
	unsigned int mask, want;

	/* Only the probe tells them. */
	if (!everything_is_required())
		return RIGHT;
	if (!scene_is(scene, STATE_FREE))
		CHECK(pages_are_dirty(&scene->sample, first, npages));
	bits_of(scene, &mask, &want);
	CHECK(entry_bits(&scene->sample, first, npages, mask, want));
	return rules_hold(&scene->sample, false);
}

const char *scene_has_written(const struct scene *scene, size_t first,
			      size_t npages)
{
	unsigned int mask = DEVTHP_BIT_WRITE | DEVTHP_BIT_EXCLUSIVE |
			    DEVTHP_BIT_UFFD_WP;
	unsigned int want = DEVTHP_BIT_WRITE | DEVTHP_BIT_EXCLUSIVE;

	if (!everything_is_required())
		return RIGHT;
	CHECK(pages_are_dirty(&scene->sample, first, npages));
	if (scene_is(scene, STATE_CLEAN | STATE_DIRTY)) {
		mask |= DEVTHP_BIT_SOFT_DIRTY;
		want |= DEVTHP_BIT_SOFT_DIRTY;
	}
	return entry_bits(&scene->sample, first, npages, mask, want);
}

/* ---- Layout ---- */

/* [first, end), if there is anything in it. */
static const char *pages_are(const struct scene *scene, size_t first,
			     size_t end, struct layout want)
{
	if (first >= end)
		return RIGHT;
	return layout_of(&scene->sample, first, end - first, want);
}

/* The pages that a state has at a place, from first on up to end. */
static const char *device_part_is(const struct scene *scene, size_t first,
				  size_t end, struct layout want)
{
	const size_t back = SCENE_BACK_FIRST;
	const size_t behind = back + SCENE_BACK_PAGES;

	if (!scene_is(scene, STATE_MIXED) || first >= behind || end <= back)
		return pages_are(scene, first, end, want);
	CHECK(pages_are(scene, first, back, want));
	CHECK(pages_are(scene, back, behind, small(DEVTHP_LOC_SYSTEM, 1)));
	return pages_are(scene, behind, end, want);
}

static struct layout layout_on(const struct scene *scene, unsigned int location)
{
	const int mapcount = scene->state->mapcount;

	if (scene_is(scene, STATE_PMD))
		return whole(location, mapcount);
	if (!scene_is(scene, STATE_HUGE))
		return small(location, mapcount);
	return form_layout(FORM_BY_PAGES, location, mapcount);
}

const char *scene_keeps_layout(const struct scene *scene)
{
	const struct sample *sample = &scene->sample;

	CHECK(device_part_is(scene, 0, sample->pages,
			     layout_on(scene, DEVTHP_LOC_DEVICE)));
	return holes_are_empty(sample);
}

const char *scene_is_unchanged(const struct scene *scene)
{
	CHECK(scene_keeps_layout(scene));
	if (scene->charged)
		CHECK(charges_are_right(scene, CHARGES_SLACK));
	return scene_keeps_bits(scene, 0, scene->sample.pages);
}

const char *scene_keeps_device(const struct scene *scene)
{
	const size_t behind = SCENE_BACK_FIRST + SCENE_BACK_PAGES;
	const struct sample *sample = &scene->sample;

	if (!scene_is(scene, STATE_MIXED))
		return scene_is_unchanged(scene);
	CHECK(layout_of(sample, 0, SCENE_BACK_FIRST,
			small(DEVTHP_LOC_DEVICE, 1)));
	return layout_of(sample, behind, sample->pages - behind,
			 small(DEVTHP_LOC_DEVICE, 1));
}

const char *scene_is_by_pages(const struct scene *scene)
{
	const struct sample *sample = &scene->sample;

	if (!scene_is(scene, STATE_PMD))
		return scene_keeps_layout(scene);
	CHECK(layout_of_all(sample, by_pages(DEVTHP_LOC_DEVICE,
					     scene->state->mapcount)));
	return holes_are_empty(sample);
}

size_t scene_page(const struct scene *scene)
{
	return scene->sample.folio_pages / 3;
}

/* What the CPU can use on the device stays, but for who pins it for long. */
static bool stays(const struct scene *scene)
{
	return scene_is(scene, STATE_COHERENT) && !scene->pinned_for_long;
}

/* A PMD entry brings all of its folio back, a PTE one page, by a split. */
static const char *is_back(const struct scene *scene, size_t page)
{
	const struct layout rest = small(DEVTHP_LOC_DEVICE,
					 scene->state->mapcount);
	const size_t pages = scene->sample.pages;

	if (stays(scene))
		return scene_keeps_layout(scene);
	if (scene_is(scene, STATE_PMD))
		return pages_are(scene, 0, pages,
				 layout_on(scene, DEVTHP_LOC_SYSTEM));
	CHECK(pages_are(scene, page, page + 1,
			small(DEVTHP_LOC_SYSTEM, scene->state->mapcount)));
	CHECK(device_part_is(scene, 0, page, rest));
	return device_part_is(scene, page + 1, pages, rest);
}

const char *scene_was_read(const struct scene *scene, size_t page)
{
	CHECK(is_back(scene, page));
	CHECK(holes_are_empty(&scene->sample));
	return scene_keeps_bits(scene, 0, scene->sample.pages);
}

/*
 * A write to what others have, too, makes a copy of that page; to what is
 * write-protected, it ends that for that page. Both need entries by pages.
 */
static const char *is_taken_apart(const struct scene *scene, size_t page)
{
	struct layout rest = by_pages(DEVTHP_LOC_SYSTEM, ANY_MAPCOUNT);
	struct layout own = rest;

	/* They were taken apart on the device, and only that page is back. */
	if (scene_is(scene, STATE_COHERENT))
		rest = by_pages(DEVTHP_LOC_DEVICE, ANY_MAPCOUNT);
	else if (!scene_is(scene, STATE_PMD))
		rest = small(DEVTHP_LOC_DEVICE, scene->state->mapcount);
	if (scene_is(scene, STATE_SHARED))
		own = small(DEVTHP_LOC_SYSTEM, 1);
	else if (stays(scene))
		own = rest;
	CHECK(pages_are(scene, page, page + 1, own));
	CHECK(pages_are(scene, 0, page, rest));
	return pages_are(scene, page + 1, scene->sample.pages, rest);
}

/* The page apart, all others are as the state says. */
static const char *others_keep_bits(const struct scene *scene, size_t page)
{
	const size_t behind = page + 1;

	CHECK(holes_are_empty(&scene->sample));
	CHECK(scene_keeps_bits(scene, 0, page));
	return scene_keeps_bits(scene, behind, scene->sample.pages - behind);
}

const char *scene_was_pinned(const struct scene *scene, size_t page)
{
	if (!scene_is(scene, STATE_SHARED))
		return scene_was_read(scene, page);
	CHECK(is_taken_apart(scene, page));
	if (everything_is_required())
		CHECK(entry_bits(&scene->sample, page, 1, DEVTHP_BIT_EXCLUSIVE,
				 DEVTHP_BIT_EXCLUSIVE));
	return others_keep_bits(scene, page);
}

const char *scene_was_written(const struct scene *scene, size_t page)
{
	CHECK(scene_has_written(scene, page, 1));
	if (scene_is(scene, STATE_SHARED | STATE_WP)) {
		CHECK(is_taken_apart(scene, page));
		return others_keep_bits(scene, page);
	}
	CHECK(is_back(scene, page));
	/* One entry maps them all. */
	if (scene_is(scene, STATE_PMD))
		return holes_are_empty(&scene->sample);
	return others_keep_bits(scene, page);
}

/* ---- Data, and the end ---- */

const char *scene_lift_limit(const struct scene *scene)
{
	return scene_is(scene, STATE_LIMITED) ?
	       memcg_write(&scene->memcg, "memory.max", "max") : RIGHT;
}

/* There is no room for a second huge page, but for page tables and the like. */
const char *scene_limit(const struct scene *scene)
{
	return scene_is(scene, STATE_LIMITED) ?
	       memcg_limit(&scene->memcg, devthp_pmd_size() / 4) : RIGHT;
}

static const char *children_end(struct scene *scene)
{
	while (scene->children) {
		struct peer *child = &scene->child[--scene->children];
		const char *told = peer_tell(child);

		CHECK(peer_end(child));
		CHECK(told);
	}
	return RIGHT;
}

const char *scene_data(struct scene *scene)
{
	CHECK(sample_data(&scene->sample));
	CHECK(children_end(scene));
	return sample_data(&scene->sample);
}

/* The device has all of its memory back, before closing it sees to that. */
static const char *device_memory_is_free(const void *dev)
{
	struct devthp_usage usage = { .size = sizeof(usage) };
	int err = (devthp_device_usage)((struct devthp_device *)dev, &usage);

	/* It may not know. */
	if (err == -EOPNOTSUPP)
		return RIGHT;
	CHECK(went_well("ask for the use of the device", err));
	if (usage.pages_free != usage.pages_total)
		return wrong("%llu pages of the device are still in use",
			     (unsigned long long)(usage.pages_total -
						  usage.pages_free));
	return RIGHT;
}

static const char *device_end(struct scene *scene)
{
	devthp_range_free(scene->sample.range);
	scene->sample.range = NULL;
	if (!scene->sample.dev)
		return RIGHT;
	return settles(device_memory_is_free, scene->sample.dev);
}

static const char *sample_end(struct scene *scene)
{
	sample_release(&scene->sample);
	if (scene->uffd >= 0)
		close(scene->uffd);
	scene->uffd = -1;
	return RIGHT;
}

static const char *memcg_end(struct scene *scene)
{
	const char *verdict;

	if (!scene->memcg.path[0])
		return RIGHT;
	verdict = charges_are_gone(scene, CHARGES_SLACK);
	if (!is_right(verdict)) {
		memcg_exit(&scene->memcg);
		return verdict;
	}
	return memcg_remove(&scene->memcg);
}

static const char *disk_end(struct scene *scene)
{
	return swapdisk_remove(&scene->disk);
}

static const char *baseline_end(struct scene *scene)
{
	const char *verdict = baseline_is_back(&scene->baseline);

	baseline_forget(&scene->baseline);
	return verdict;
}

const char *scene_end(struct scene *scene)
{
	static const char *(*const steps[])(struct scene *) = {
		children_end, device_end, sample_end, memcg_end, disk_end,
		baseline_end,
	};
	char first[512] = RIGHT;
	size_t i;

	/* All of them, whatever fails; the first failure counts. */
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		const char *verdict = steps[i](scene);

		if (is_right(first))
			snprintf(first, sizeof(first), "%s", verdict);
	}
	return is_right(first) ? RIGHT : wrong("%s", first);
}
