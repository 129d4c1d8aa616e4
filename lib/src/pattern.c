// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Patterns: pages that say which they are and when they were written. */
#include <limits.h>
#include <string.h>

#include "internal.h"

/*
 * A stamp is what all words of a page have in common: 32 bits of index, 24 of
 * generation, 8 of check. A word is the stamp, scrambled by a mask that depends
 * on the seed and the word's place in the page, so that words out of place are
 * noticed as well.
 */
struct stamp {
	uint64_t index;
	uint32_t generation;
};

/* Fewer words than one in this many carry something: the page is garbage. */
#define GARBAGE_RATIO 16

static uint64_t scramble(uint64_t x)
{
	x ^= x >> 31;
	x *= 0x9e3779b97f4a7c15ULL;
	x ^= x >> 29;
	x *= 0xd6e8feb86659fd93ULL;
	return x ^ (x >> 32);
}

static uint64_t mask_of(uint64_t seed, size_t word)
{
	return scramble(seed + 0x632be59bd9b4e019ULL * (word + 1));
}

static uint64_t encode(struct stamp s)
{
	uint64_t body = s.index << 24 | s.generation;

	return body << 8 | (scramble(body) & 0xff);
}

static bool decode(uint64_t plain, struct stamp *s)
{
	s->index = plain >> 32;
	s->generation = (plain >> 8) & DEVTHP_PATTERN_MAX_GENERATION;
	return s->generation && encode(*s) == plain;
}

static uint32_t generation_of(const struct devthp_pattern_opts *opts, size_t page)
{
	return opts->generations ? opts->generations[page] : opts->generation;
}

static bool skipped(const struct devthp_pattern_opts *opts, size_t page)
{
	return opts->skip && opts->skip[page];
}

static int check(const void *addr, uint64_t first, size_t npages,
		 const struct devthp_pattern_opts *opts)
{
	size_t i;

	if (!addr || (uintptr_t)addr % sizeof(uint64_t) || !npages)
		return -EINVAL;
	if (opts->reserved)
		return devthp_refuse("a pattern", "reserved");
	if (npages > INT_MAX || first > DEVTHP_PATTERN_MAX_INDEX ||
	    npages - 1 > DEVTHP_PATTERN_MAX_INDEX - first)
		return -ERANGE;
	if (npages > (UINTPTR_MAX - (uintptr_t)addr) / devthp_page_size())
		return -EINVAL;
	for (i = 0; i < npages; i++) {
		if (generation_of(opts, i) > DEVTHP_PATTERN_MAX_GENERATION)
			return -ERANGE;
		if (!opts->generations)
			break;
	}
	return 0;
}

int devthp_pattern_fill(void *addr, uint64_t first, size_t npages,
			const struct devthp_pattern_opts *given)
{
	DEVTHP_KEEP_ERRNO;
	const size_t bytes = devthp_page_size(), words = bytes / sizeof(uint64_t);
	struct devthp_pattern_opts opts;
	size_t page, w;
	int ret;

	ret = devthp_opts_get(&opts, sizeof(opts), given);
	ret = ret ? ret : check(addr, first, npages, &opts);
	if (ret)
		return ret;
	for (page = 0; page < npages; page++) {
		struct stamp s = { first + page, generation_of(&opts, page) };
		uint64_t *data = (uint64_t *)((char *)addr + page * bytes);
		uint64_t plain = encode(s);

		if (skipped(&opts, page))
			continue;
		if (!s.generation) {
			memset(data, 0, bytes);
			continue;
		}
		for (w = 0; w < words; w++)
			data[w] = plain ^ mask_of(opts.seed, w);
	}
	return 0;
}

/* First word that is not as it should be; words if all are. */
static size_t first_wrong(const volatile uint64_t *data, size_t words, uint64_t seed,
			  struct stamp expected)
{
	uint64_t plain = encode(expected);
	size_t w;

	for (w = 0; w < words; w++) {
		if (data[w] != (expected.generation ? plain ^ mask_of(seed, w) : 0))
			break;
	}
	return w;
}

static enum devthp_verdict judge_stamp(struct stamp seen, struct stamp expected)
{
	if (seen.index != expected.index)
		return DEVTHP_FOREIGN;
	/* Where zero is expected, whatever was written is of the past. */
	if (!expected.generation || seen.generation < expected.generation)
		return DEVTHP_STALE;
	return seen.generation > expected.generation ? DEVTHP_NEWER : DEVTHP_GOOD;
}

/* What is in a page that is known to be wrong. */
static enum devthp_verdict judge_page(const volatile uint64_t *data, size_t words, uint64_t seed,
				      struct stamp expected)
{
	size_t zero = 0, stamped = 0, w;
	struct stamp common = { 0, 0 };
	bool same = true;

	for (w = 0; w < words; w++) {
		uint64_t word = data[w];
		struct stamp s;

		if (!word) {
			zero++;
		} else if (decode(word ^ mask_of(seed, w), &s)) {
			if (!stamped++)
				common = s;
			same = same && s.index == common.index &&
			       s.generation == common.generation;
		}
	}
	/* Where nothing was written yet, what was there before is gone meanwhile. */
	if (zero == words)
		return expected.generation ? DEVTHP_ZERO : DEVTHP_GOOD;
	if (stamped == words && same)
		return judge_stamp(common, expected);
	return zero + stamped < words / GARBAGE_RATIO ? DEVTHP_GARBAGE : DEVTHP_TORN;
}

static void describe(struct devthp_pattern_report *facts, size_t page, size_t wrong, uint64_t word,
		     uint64_t seed, struct stamp expected, enum devthp_verdict verdict)
{
	struct stamp seen;

	facts->bad_page = page;
	facts->bad_verdict = verdict;
	facts->bad_offset = wrong * sizeof(uint64_t);
	facts->expected_index = expected.index;
	facts->expected_generation = expected.generation;
	facts->seen_word = word;
	facts->seen_index = DEVTHP_NONE;
	if (word && decode(word ^ mask_of(seed, wrong), &seen)) {
		facts->seen_index = seen.index;
		facts->seen_generation = seen.generation;
	}
}

int devthp_pattern_verify(const void *addr, uint64_t first, size_t npages,
			  const struct devthp_pattern_opts *given,
			  struct devthp_pattern_report *report)
{
	DEVTHP_KEEP_ERRNO;
	const size_t bytes = devthp_page_size(), words = bytes / sizeof(uint64_t);
	struct devthp_pattern_report facts = { .bad_page = DEVTHP_NONE };
	struct devthp_pattern_opts opts;
	size_t page;
	int ret;

	ret = devthp_opts_get(&opts, sizeof(opts), given);
	ret = ret ? ret : devthp_report_check(report);
	ret = ret ? ret : check(addr, first, npages, &opts);
	if (ret)
		return ret;
	for (page = 0; page < npages; page++) {
		const volatile uint64_t *data = (const void *)((const char *)addr + page * bytes);
		struct stamp expected = { first + page, generation_of(&opts, page) };
		enum devthp_verdict verdict = DEVTHP_GOOD;
		size_t wrong;

		if (skipped(&opts, page)) {
			facts.skipped++;
			continue;
		}
		facts.checked++;
		wrong = first_wrong(data, words, opts.seed, expected);
		if (wrong < words)
			verdict = judge_page(data, words, opts.seed, expected);
		/* Wrong at first sight, right at the second: it changes under us. */
		if (wrong < words && verdict == DEVTHP_GOOD)
			verdict = DEVTHP_TORN;
		facts.count[verdict]++;
		if (verdict != DEVTHP_GOOD && facts.bad_page == DEVTHP_NONE)
			describe(&facts, page, wrong, data[wrong], opts.seed, expected, verdict);
	}
	devthp_report_put(report, &facts, sizeof(facts));
	return (int)(facts.checked - facts.count[DEVTHP_GOOD]);
}
