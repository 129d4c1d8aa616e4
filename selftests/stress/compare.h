/* SPDX-License-Identifier: GPL-2.0 */
/* What is seen against what must be: the parts of world_compare(). */
#ifndef COMPARE_H
#define COMPARE_H

#include "oracle.h"

/* Which page of which process is spoken of; as text, until the next one. */
struct place_name {
	uint32_t process, range, page;
};

const char *name_of_page(struct place_name where);

/* What stayed behind in a migration. */
const char *compare_stay(struct world *world);

/* Who shares memory with whom; before that, what the kernel has copied meanwhile. */
const char *note_copies(struct world *world, const struct station *station);
void note_zeros(struct world *world, const struct station *station);
const char *compare_sharing(const struct world *world, const struct station *station);

#endif
