/* SPDX-License-Identifier: GPL-2.0 */
/* Random numbers that a seed determines. */
#ifndef DICE_H
#define DICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dice {
	uint64_t state;
};

/* A number less than that, which is not 0. */
static inline uint64_t dice_roll(struct dice *dice, uint64_t below)
{
	uint64_t x = dice->state += 0x9e3779b97f4a7c15ULL;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return (x ^ (x >> 31)) % below;
}

/* One in so many times. */
static inline bool dice_chance(struct dice *dice, uint64_t in)
{
	return !dice_roll(dice, in);
}

#endif
