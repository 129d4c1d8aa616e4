// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* The rules of devthp_check() in words; docs/invariants.md has the same. */
#include "internal.h"

static const struct {
	const char *name, *statement;
} catalogue[DEVTHP_RULES] = {
	[DEVTHP_RULE_AT_REST] = {
		"at-rest",
		"at rest there is no migration entry",
	},
	[DEVTHP_RULE_CONTINUITY] = {
		"continuity",
		"an entry leads to the page that its index in the folio says, and the folio is aligned",
	},
	[DEVTHP_RULE_ONE_FOLIO] = {
		"one-folio",
		"all entries that lead to a folio find the same order and owner",
	},
	[DEVTHP_RULE_ENTIRE_MAPCOUNT] = {
		"entire-mapcount",
		"a folio's entire mapcount is the number of PMD entries that map it",
	},
	[DEVTHP_RULE_PAGE_MAPCOUNT] = {
		"page-mapcount",
		"a page's own mapcount is the number of PTEs that map it",
	},
	[DEVTHP_RULE_LARGE_MAPCOUNT] = {
		"large-mapcount",
		"a large folio's mapcount is the number of all entries that map it",
	},
	[DEVTHP_RULE_REFCOUNT] = {
		"refcount",
		"a folio has a reference for each entry, and for each who is known to hold one",
	},
	[DEVTHP_RULE_PINCOUNT] = {
		"pincount",
		"a folio's pincount is the number of pins held on its pages",
	},
	[DEVTHP_RULE_EXCLUSIVE] = {
		"exclusive",
		"a page that is exclusive to a process is mapped once",
	},
	[DEVTHP_RULE_WRITE_ALLOWED] = {
		"write-allowed",
		"an entry that allows writing is in a mapping that does",
	},
	[DEVTHP_RULE_WRITE_EXCLUSIVE] = {
		"write-exclusive",
		"an anonymous page that may be written is exclusive to its process",
	},
	[DEVTHP_RULE_UFFD_WP] = {
		"uffd-wp",
		"an entry that userfaultfd protects allows no writing",
	},
	[DEVTHP_RULE_DEVICE_FOLIO] = {
		"device-folio",
		"a device-private entry leads to an anonymous folio of a device, on no list of the system",
	},
	[DEVTHP_RULE_SYSTEM_FOLIO] = {
		"system-folio",
		"a present or device-exclusive entry never leads to device-private memory",
	},
	[DEVTHP_RULE_DEVICE_VIEW] = {
		"device-view",
		"what a device has mapped has the entry's level and permission",
	},
	[DEVTHP_RULE_RESIDENT] = {
		"resident",
		"smaps counts as resident in a mapping the pages that its entries lead to",
	},
	[DEVTHP_RULE_ANONYMOUS] = {
		"anonymous",
		"smaps counts as anonymous in a mapping the pages of anonymous folios",
	},
	[DEVTHP_RULE_HUGE] = {
		"huge",
		"smaps counts as huge in a mapping the pages that PMD entries lead to",
	},
	[DEVTHP_RULE_SWAPPED] = {
		"swapped",
		"smaps counts as swapped in a mapping of anonymous memory its swap entries",
	},
	[DEVTHP_RULE_CONTIGUOUS] = {
		"contiguous",
		"an aligned block of PTEs has the contiguous bit in all, of successive pages of one folio and with equal attributes, or in none",
	},
};

const char *devthp_rule_name(unsigned int rule)
{
	return rule && rule < DEVTHP_RULES ? catalogue[rule].name : "?";
}

const char *devthp_rule_statement(unsigned int rule)
{
	return rule && rule < DEVTHP_RULES ? catalogue[rule].statement : "?";
}
