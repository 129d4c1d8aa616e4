// SPDX-License-Identifier: GPL-2.0
/*
 * Pages are pinned while they are on the device: they come back first, in one
 * piece where one entry maps a huge folio, and what is pinned then is system
 * memory, for as long as it takes.
 *
 * Of two folios it is pages of the second, or of both.
 */
#include <stdlib.h>
#include <sys/mman.h>

#include "common/baseline.h"
#include "common/form.h"
#include "common/harness.h"
#include "common/need.h"
#include "common/peer.h"
#include "common/pin.h"
#include "common/settle.h"
#include "common/still.h"

enum how_mapped {
	WHOLE,			/* mapped by a PMD entry */
	READ_ONLY,		/* the same, in memory that cannot be written */
	MLOCKED,		/* the same */
	SHARED,			/* the same, and a child maps it as well */
	BY_PAGES,		/* a huge folio mapped by PTEs */
	SMALL,			/* base pages */
};

static const char *read_then_write(struct sample *sample, struct peer *parent)
{
	CHECK(peer_tell(parent));
	CHECK(peer_wait(parent));
	CHECK(sample_data(sample));
	CHECK(sample_fill(sample));
	CHECK(peer_tell(parent));
	CHECK(peer_wait(parent));
	return sample_data(sample);
}

static const char *prepare(struct sample *sample, enum how_mapped mapped,
			   struct peer *child)
{
	CHECK(sample_fill_whole(sample));
	if (mapped == SMALL)
		return form_to_device(sample, FORM_SMALL);
	if (mapped == BY_PAGES)
		return form_to_device(sample, FORM_BY_PAGES);
	CHECK(sample_to_device_whole(sample));
	switch (mapped) {
	case READ_ONLY:
		return went_well("mprotect", mprotect(sample->addr,
					sample->pages * devthp_page_size(),
					PROT_READ) ? -errno : 0);
	case MLOCKED:
		/* Waits for what is on the device, and would bring it back. */
		return went_well("mlock2", mlock2(sample->addr, sample->pages *
						  devthp_page_size(),
						  MLOCK_ONFAULT) ? -errno : 0);
	case SHARED:
		CHECK(peer_fork(child, read_then_write, sample));
		return peer_wait(child);
	default:
		return RIGHT;
	}
}

/* ---- Pins that are held ---- */

FIXTURE(held)
{
	struct baseline baseline;
	struct sample sample;
	struct pin pin;
	struct devthp_snapshot *before;
	struct peer child;
	size_t first, npages;	/* of the sample, that are pinned */
	uint64_t taken, released;	/* pins, before */
};

/* Pages are numbered by 1/512 of a folio; 0 of them are one. */
FIXTURE_VARIANT(held)
{
	enum pin_how how;
	enum how_mapped mapped;
	size_t page, npages;
};

#define VARIANT(name, ...) FIXTURE_VARIANT_ADD(held, name) { __VA_ARGS__ }

VARIANT(first_page, .how = PIN_FAST, .page = 512);
VARIANT(page, .how = PIN_FAST, .page = 812);
VARIANT(last_page, .how = PIN_FAST, .page = 1023);
VARIANT(all, .how = PIN_FAST, .page = 512, .npages = 512);
VARIANT(of_both, .how = PIN_FAST, .page = 100, .npages = 600);
VARIANT(slowly, .how = PIN_SLOW, .page = 812);
VARIANT(all_slowly, .how = PIN_SLOW, .page = 512, .npages = 512);
VARIANT(of_both_slowly, .how = PIN_SLOW, .page = 100, .npages = 600);
VARIANT(for_reading, .how = PIN_FAST_READ, .page = 512, .npages = 512);
VARIANT(for_reading_slowly, .how = PIN_SLOW_READ, .page = 812);
VARIANT(by_ring, .how = PIN_RING, .page = 812);
VARIANT(all_by_ring, .how = PIN_RING, .page = 512, .npages = 512);
VARIANT(short_term, .how = PIN_CALL, .page = 812);
VARIANT(all_short_term, .how = PIN_CALL, .page = 512, .npages = 512);
VARIANT(by_driver, .how = PIN_DRIVER, .page = 812);
VARIANT(all_by_driver, .how = PIN_DRIVER, .page = 512, .npages = 512);
VARIANT(referenced, .how = REFERENCE_PIPE, .page = 812);
VARIANT(all_referenced, .how = REFERENCE_PIPE, .page = 512, .npages = 512);
VARIANT(read_only, .how = PIN_FAST_READ, .mapped = READ_ONLY, .page = 812);
VARIANT(mlocked, .how = PIN_FAST, .mapped = MLOCKED, .page = 812);
VARIANT(shared, .how = PIN_FAST, .mapped = SHARED, .page = 812);
VARIANT(shared_all, .how = PIN_SLOW, .mapped = SHARED, .page = 512,
	.npages = 512);
VARIANT(shared_for_reading, .how = PIN_FAST_READ, .mapped = SHARED,
	.page = 512, .npages = 512);
VARIANT(by_pages, .how = PIN_FAST, .mapped = BY_PAGES, .page = 812);
VARIANT(by_pages_all, .how = PIN_SLOW, .mapped = BY_PAGES, .page = 512,
	.npages = 512);
VARIANT(small, .how = PIN_FAST, .mapped = SMALL, .page = 812);
VARIANT(small_of_both, .how = PIN_SLOW, .mapped = SMALL, .page = 100,
	.npages = 600);

FIXTURE_SETUP(held)
{
	struct sample *sample = &self->sample;

	NEED(pin_needed, variant->how);
	SETUP_BASELINE(&self->baseline);
	SETUP_SAMPLE(sample, 2);
	ASSERT_RIGHT(prepare(sample, variant->mapped, &self->child));
	self->first = variant->page * sample->folio_pages / 512;
	self->npages = variant->npages * sample->folio_pages / 512;
	if (!self->npages)
		self->npages = 1;
	ASSERT_RIGHT(pin_statistics(&self->taken, &self->released));
	ASSERT_RIGHT(pin_take(&self->pin, variant->how,
			      sample->addr + self->first * devthp_page_size(),
			      self->npages));
	ASSERT_RIGHT(still_begin(sample, &self->before));
}

FIXTURE_TEARDOWN(held)
{
	pin_drop(&self->pin, NULL);
	devthp_snapshot_free(self->before);
	sample_release(&self->sample);
	TEARDOWN_BASELINE(&self->baseline);
}

static bool is_pinned(const FIXTURE_DATA(held) *self, size_t page)
{
	return page >= self->first && page < self->first + self->npages;
}

/* Of the huge folio that the page was in before. */
static int pinned_of_folio(const FIXTURE_DATA(held) *self, size_t page)
{
	const size_t n = self->sample.folio_pages;
	int pinned = 0;
	size_t i;

	for (i = page / n * n; i < page / n * n + n; i++)
		pinned += is_pinned(self, i);
	return pinned;
}

static const char *count_is_right(const FIXTURE_DATA(held) *self,
				  const FIXTURE_VARIANT(held) *variant,
				  const struct devthp_page *page, size_t i)
{
	int want = page->order ? pinned_of_folio(self, i) : 1;

	if (!pin_is_pin(variant->how) || !is_pinned(self, i))
		return RIGHT;
	if (!(page->known & DEVTHP_KNOWN_PINCOUNT))
		return everything_is_required() ?
		       wrong("page %zu: nobody knows its pins", i) : RIGHT;
	/* One for a whole folio. */
	if (!pin_is_by_page(variant->how) && want > page->pincount)
		want = 1;
	if (page->pincount != want)
		return wrong("page %zu: its folio has %d pins; should be %d",
			     i, page->pincount, want);
	return RIGHT;
}

struct held_pages {
	const FIXTURE_DATA(held) *self;
	const FIXTURE_VARIANT(held) *variant;
	bool pinned;		/* by now: not any more */
};

/* A pin of a small page is so many references, GUP_PIN_COUNTING_BIAS of the kernel. */
#define PIN_OF_SMALL 1024

static const char *refcount_is_right(const struct held_pages *held,
				     const struct devthp_page *page, size_t i)
{
	const unsigned int known = DEVTHP_KNOWN_REFCOUNT |
				   DEVTHP_KNOWN_MAPCOUNT |
				   DEVTHP_KNOWN_PINCOUNT;
	uint64_t want = page->mapcount;

	if ((page->known & known) != known)
		return everything_is_required() ?
		       wrong("page %zu: not all its counts are known", i) : RIGHT;
	/* Of what PTEs map of a huge folio, a page does not know all mappings. */
	if (page->order && page->level != DEVTHP_LEVEL_PMD)
		return RIGHT;
	if (!held->pinned && page->pincount)
		return wrong("page %zu is still pinned", i);
	want += (uint64_t)page->pincount * (page->order ? 1 : PIN_OF_SMALL);
	if (held->pinned && !pin_is_pin(held->variant->how))
		want += page->order ? pinned_of_folio(held->self, i) :
				      is_pinned(held->self, i);
	if (page->refcount != want)
		return wrong("page %zu: its folio has %llu references; should be %llu",
			     i, (unsigned long long)page->refcount,
			     (unsigned long long)want);
	return RIGHT;
}

/* Batches of CPUs have some for a moment, so this is to settle. */
static const char *refcounts_are_right(const void *arg)
{
	const struct held_pages *held = arg;
	struct devthp_snapshot *now;
	const char *verdict = RIGHT;
	size_t i;

	CHECK(still_begin(&held->self->sample, &now));
	for (i = 0; i < held->self->sample.pages && is_right(verdict); i++) {
		struct devthp_page page = { .size = sizeof(page) };

		verdict = went_well("read a snapshot",
				    devthp_snapshot_page(now, i, &page));
		if (is_right(verdict))
			verdict = refcount_is_right(held, &page, i);
	}
	devthp_snapshot_free(now);
	return verdict;
}

/* The folios that no page is pinned of are on the device as before. */
static const char *place_is_right(const FIXTURE_DATA(held) *self,
				  const FIXTURE_VARIANT(held) *variant,
				  const struct devthp_page *page, size_t i)
{
	bool back = is_pinned(self, i);

	if (variant->mapped < BY_PAGES)
		back = pinned_of_folio(self, i);
	if (page->location != (back ? DEVTHP_LOC_SYSTEM : DEVTHP_LOC_DEVICE))
		return wrong("page %zu is %s; should be %s", i,
			     devthp_location_name(page->location),
			     back ? "back" : "on the device");
	if (variant->mapped < SHARED && page->known & DEVTHP_KNOWN_LEVEL &&
	    page->level != DEVTHP_LEVEL_PMD)
		return wrong("page %zu: its folio did not come back whole", i);
	return RIGHT;
}

static const char *pages_are_right(const FIXTURE_DATA(held) *self,
				   const FIXTURE_VARIANT(held) *variant)
{
	size_t i;

	for (i = 0; i < self->sample.pages; i++) {
		struct devthp_page page = { .size = sizeof(page) };

		CHECK(went_well("read a snapshot",
				devthp_snapshot_page(self->before, i, &page)));
		CHECK(place_is_right(self, variant, &page, i));
		CHECK(count_is_right(self, variant, &page, i));
	}
	return RIGHT;
}

/* Taken and not released are so many pins more than before. */
static const char *statistics_are_right(const FIXTURE_DATA(held) *self,
					size_t want)
{
	uint64_t taken, released;

	CHECK(pin_statistics(&taken, &released));
	taken -= self->taken;
	released -= self->released;
	if (taken - released != want)
		return wrong("%llu pins taken, %llu released; should differ by %zu",
			     (unsigned long long)taken,
			     (unsigned long long)released, want);
	return RIGHT;
}

/* Nobody gets another page in its place, by whatever happens to the mapping. */
TEST_F(held, comes_back_and_stays)
{
	struct held_pages held = { self, variant, true };
	struct sample *sample = &self->sample;
	/* To a mere reference fork() pays no attention. */
	const bool writes = pin_is_pin(variant->how) && variant->mapped != READ_ONLY;

	ASSERT_RIGHT(pages_are_right(self, variant));
	ASSERT_RIGHT(settles(refcounts_are_right, &held));
	if (pin_is_by_page(variant->how) || self->npages == 1)
		ASSERT_RIGHT(statistics_are_right(self,
				pin_is_pin(variant->how) ? self->npages : 0));
	devthp_migrate_to_device(sample->dev, sample->addr, sample->pages,
				 NULL);
	ASSERT_RIGHT(still_same_pages(sample, self->first, self->npages,
				      self->before));
	if (writes && variant->mapped != SHARED) {
		ASSERT_RIGHT(peer_fork(&self->child, read_then_write, sample));
		ASSERT_RIGHT(peer_wait(&self->child));
	}
	if (writes) {
		/* Both write, the parent first. */
		ASSERT_RIGHT(sample_fill(sample));
		ASSERT_RIGHT(still_same_pages(sample, self->first,
					      self->npages, self->before));
		ASSERT_RIGHT(peer_tell(&self->child));
		ASSERT_RIGHT(peer_wait(&self->child));
		ASSERT_RIGHT(still_same_pages(sample, self->first,
					      self->npages, self->before));
		ASSERT_RIGHT(peer_tell(&self->child));
		ASSERT_RIGHT(peer_end(&self->child));
	}
	ASSERT_RIGHT(pin_drop(&self->pin, sample->buffer));
	ASSERT_RIGHT(sample_compare(sample, sample->buffer, self->first,
				    self->npages, "who pinned it reads"));
	ASSERT_RIGHT(statistics_are_right(self, 0));
	held.pinned = false;
	ASSERT_RIGHT(settles(refcounts_are_right, &held));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(sample_to_device(sample));
	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(sample_data(sample));
}

/* ---- What is got and put at once ---- */

FIXTURE(at_once)
{
	struct baseline baseline;
	struct sample sample;
};

FIXTURE_VARIANT(at_once)
{
	enum gup_call call;
};

FIXTURE_VARIANT_ADD(at_once, get) { .call = GET_USER_PAGES };
FIXTURE_VARIANT_ADD(at_once, get_fast) { .call = GET_USER_PAGES_FAST };
FIXTURE_VARIANT_ADD(at_once, pin) { .call = PIN_USER_PAGES };
FIXTURE_VARIANT_ADD(at_once, pin_fast) { .call = PIN_USER_PAGES_FAST };
FIXTURE_VARIANT_ADD(at_once, pin_longterm) { .call = PIN_USER_PAGES_LONGTERM };

FIXTURE_SETUP(at_once)
{
	NEED(pin_needed, PIN_SLOW);
	SETUP_BASELINE(&self->baseline);
	SETUP_SAMPLE_ON_DEVICE(&self->sample, 2);
}

FIXTURE_TEARDOWN(at_once)
{
	sample_release(&self->sample);
	TEARDOWN_BASELINE(&self->baseline);
}

/* No reference is left that would keep a folio, wherever it is now. */
static const char *send(struct sample *sample)
{
	CHECK(went_well("migrate to the device",
			devthp_migrate_to_device(sample->dev, sample->addr,
						 sample->pages, NULL)));
	return layout_of_all(sample, whole(DEVTHP_LOC_DEVICE, 1));
}

TEST_F(at_once, brings_folios_back)
{
	struct sample *sample = &self->sample;
	const size_t n = sample->folio_pages;
	uint64_t taken, released, taken_by_now, released_by_now;

	ASSERT_RIGHT(pin_statistics(&taken, &released));
	/* One page, then all, then one page at a time of what is there. */
	ASSERT_RIGHT(gup_and_put(variant->call, sample->addr +
				 n / 3 * devthp_page_size(), 1, 1));
	ASSERT_RIGHT(layout_of(sample, 0, n, whole(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(layout_of(sample, n, n, whole(DEVTHP_LOC_DEVICE, 1)));
	ASSERT_RIGHT(send(sample));
	ASSERT_RIGHT(gup_and_put(variant->call, sample->addr, sample->pages,
				 sample->pages));
	ASSERT_RIGHT(layout_of_all(sample, whole(DEVTHP_LOC_SYSTEM, 1)));
	ASSERT_RIGHT(send(sample));
	ASSERT_RIGHT(gup_and_put(variant->call, sample->addr, sample->pages,
				 1));
	ASSERT_RIGHT(layout_of_all(sample, whole(DEVTHP_LOC_SYSTEM, 1)));

	ASSERT_RIGHT(pin_statistics(&taken_by_now, &released_by_now));
	taken_by_now -= taken;
	released_by_now -= released;
	ASSERT_EQ(taken_by_now, released_by_now);
	ASSERT_EQ(variant->call >= PIN_USER_PAGES ? 1 + 2 * sample->pages : 0,
		  taken_by_now);
	ASSERT_RIGHT(send(sample));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_HARNESS_MAIN
