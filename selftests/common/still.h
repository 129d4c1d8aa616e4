/* SPDX-License-Identifier: GPL-2.0 */
/* What is mapped, and how, is the same as before. */
#ifndef STILL_H
#define STILL_H

#include <stddef.h>

struct devthp_snapshot;
struct sample;

/* Remember; free it with devthp_snapshot_free(). */
const char *still_begin(const struct sample *sample,
			struct devthp_snapshot **before);

/*
 * Since then nobody touched an entry of pages [first, first + npages): not even
 * a bit of it changed, and it leads to the same page of the same folio, which
 * is mapped and pinned as often.
 */
const char *still_untouched(const struct sample *sample, size_t first,
			    size_t npages,
			    const struct devthp_snapshot *before);

/*
 * The same but for what the CPU notes in an entry: it may have been taken away
 * and put back meanwhile.
 */
const char *still_mapped(const struct sample *sample, size_t first,
			 size_t npages, const struct devthp_snapshot *before);

/* The same pages, however they are mapped now. */
const char *still_same_pages(const struct sample *sample, size_t first,
			     size_t npages,
			     const struct devthp_snapshot *before);

#endif
