// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Names of enumerators. */
#include "internal.h"

static const char *name_of(const char *const *names, size_t count, unsigned int value)
{
	return value < count ? names[value] : "?";
}

const char *devthp_verdict_name(unsigned int verdict)
{
	static const char *const names[] = {
		[DEVTHP_GOOD] = "good",
		[DEVTHP_ZERO] = "zero",
		[DEVTHP_STALE] = "stale",
		[DEVTHP_NEWER] = "newer",
		[DEVTHP_FOREIGN] = "foreign",
		[DEVTHP_TORN] = "torn",
		[DEVTHP_GARBAGE] = "garbage",
	};

	_Static_assert(ARRAY_SIZE(names) == DEVTHP_VERDICTS, "every verdict has a name");
	return name_of(names, ARRAY_SIZE(names), verdict);
}

const char *devthp_location_name(unsigned int location)
{
	static const char *const names[] = {
		[DEVTHP_LOC_UNMAPPED] = "unmapped",
		[DEVTHP_LOC_EMPTY] = "empty",
		[DEVTHP_LOC_SYSTEM] = "system",
		[DEVTHP_LOC_DEVICE] = "device",
		[DEVTHP_LOC_EXCLUSIVE] = "exclusive",
		[DEVTHP_LOC_MIGRATION] = "migration",
		[DEVTHP_LOC_SWAP] = "swap",
		[DEVTHP_LOC_ZERO] = "zero page",
		[DEVTHP_LOC_SPECIAL] = "special",
		[DEVTHP_LOC_MARKER] = "marker",
		[DEVTHP_LOC_POISON] = "poison",
		[DEVTHP_LOC_UNKNOWN] = "unknown",
	};

	_Static_assert(ARRAY_SIZE(names) == DEVTHP_LOCATIONS, "every location has a name");
	return name_of(names, ARRAY_SIZE(names), location);
}

const char *devthp_level_name(unsigned int level)
{
	static const char *const names[] = {
		[DEVTHP_LEVEL_PTE] = "PTE",
		[DEVTHP_LEVEL_PMD] = "PMD",
		[DEVTHP_LEVEL_PUD] = "PUD",
	};

	return name_of(names, ARRAY_SIZE(names), level);
}
