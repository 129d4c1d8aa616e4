/* SPDX-License-Identifier: GPL-2.0 */
/* What counts as locked in memory. */
#ifndef MLOCKED_H
#define MLOCKED_H

#include <stddef.h>
#include <stdint.h>

struct scene;

/*
 * So many bytes of Mlocked more than before the scene, soon; in its cgroup, if
 * it has one, as many are unevictable.
 */
const char *mlocked_is(const struct scene *scene, uint64_t bytes);

/*
 * As many as these pages have in system memory, as this process maps it now. A
 * huge folio that is mapped by pages, after a write of what is write-protected
 * for instance, is not counted before reclaim has seen it, as ever.
 */
const char *mlocked_is_what_is_back(const struct scene *scene, size_t first,
				    size_t npages);

#endif
