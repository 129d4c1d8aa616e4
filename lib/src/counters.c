// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Counters of the kernel, read together, and compared. */
#include <stdlib.h>

#include "counters.h"

static int take(struct devthp_counters **counters, const uint32_t *wanted, size_t nwanted)
{
	struct devthp_counters *c;
	size_t i;
	int ret;

	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	for (i = 0; i < nwanted; i++) {
		const size_t place = devthp_counter_place(wanted[i]);

		if (place >= ALL_COUNTERS) {
			free(c);
			return -EINVAL;
		}
		c->wanted[place] = true;
	}
	for (i = 0; !wanted && i < ALL_COUNTERS; i++)
		c->wanted[i] = true;
	/* Before they are read: it may need memory. */
	ret = devthp_live_add(c);
	if (ret) {
		free(c);
		return ret;
	}
	devthp_counters_read(c);
	*counters = c;
	return 0;
}

int devthp_counters_take(struct devthp_counters **counters)
{
	DEVTHP_KEEP_ERRNO;

	return counters ? take(counters, NULL, 0) : -EINVAL;
}

int devthp_counters_take_some(struct devthp_counters **counters, const uint32_t *wanted,
			      size_t nwanted)
{
	DEVTHP_KEEP_ERRNO;

	return counters && wanted && nwanted ? take(counters, wanted, nwanted) : -EINVAL;
}

int devthp_counters_free(struct devthp_counters *counters)
{
	if (counters && !devthp_live_remove(counters))
		return -EBADF;
	free(counters);
	return 0;
}

int devthp_counters_get(const struct devthp_counters *counters, unsigned int counter,
			uint64_t *value)
{
	const size_t place = devthp_counter_place(counter);
	int ret = devthp_live(counters);

	if (ret)
		return ret;
	if (place >= ALL_COUNTERS || !value)
		return -EINVAL;
	if (!counters->known[place])
		return -ENODATA;
	*value = counters->value[place];
	return 0;
}

int devthp_counters_delta(const struct devthp_counters *before,
			  const struct devthp_counters *after, unsigned int counter,
			  int64_t *delta)
{
	uint64_t from, to;
	int ret;

	if (!delta)
		return -EINVAL;
	ret = devthp_counters_get(before, counter, &from);
	ret = ret ? ret : devthp_counters_get(after, counter, &to);
	if (!ret)
		*delta = (int64_t)(to - from);
	return ret;
}

/* 1 if it differs beyond the slack, or is known once only; 0 if not. */
static int differs(const struct devthp_counters *before, const struct devthp_counters *after,
		   const struct devthp_slack *slack, struct devthp_count_difference *found)
{
	int was, is;

	found->counter = slack->counter;
	found->before = found->after = DEVTHP_NONE;
	was = devthp_counters_get(before, slack->counter, &found->before);
	is = devthp_counters_get(after, slack->counter, &found->after);
	if (was || is)
		return was == is ? 0 : 1;
	found->delta = (int64_t)(found->after - found->before);
	return found->delta < -slack->less || found->delta > slack->more;
}

int devthp_counters_compare(const struct devthp_counters *before,
			    const struct devthp_counters *after,
			    const struct devthp_slack *slacks, size_t nslacks, size_t from,
			    struct devthp_count_difference *report)
{
	size_t i;
	int ret;

	ret = devthp_live(before);
	ret = ret ? ret : devthp_live(after);
	if (!ret && !slacks)
		ret = -EINVAL;
	ret = ret ? ret : devthp_report_check(report);
	if (ret)
		return ret;
	for (i = 0; i < nslacks; i++) {
		if (devthp_counter_place(slacks[i].counter) >= ALL_COUNTERS ||
		    slacks[i].reserved || slacks[i].less < 0 || slacks[i].more < 0)
			return -EINVAL;
	}
	if (from > nslacks)
		return -ERANGE;
	for (i = from; i < nslacks; i++) {
		struct devthp_count_difference found = { .index = i };

		if (differs(before, after, &slacks[i], &found)) {
			devthp_report_put(report, &found, sizeof(found));
			return 1;
		}
	}
	return 0;
}
