/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What some counters say beyond what there is in mappings and page tables, of this
 * process or of all. What remains is of nobody, however processes have grown, come and
 * gone meanwhile. In bytes.
 */
#ifndef EXPLAINED_H
#define EXPLAINED_H

#include <stdint.h>

/* Of RssAnon: anonymous memory that this process maps. */
const char *rss_anon_remains(int64_t *bytes);

/*
 * Of VmPTE: page tables of all that it maps, which is read for that. It may have others
 * where nothing can be read.
 */
const char *page_tables_remain(int64_t *bytes);

/* Of AnonPages: what this process has alone; what others map remains. */
const char *anon_of_others(int64_t *bytes);

/* Of AnonPages and PageTables: the same of all processes, which root may see. */
const char *all_remain(int64_t *anon_bytes, int64_t *table_bytes);

#endif
