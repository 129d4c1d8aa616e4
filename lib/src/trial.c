// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Trying out how whole a huge folio stays on a device. */
#include "internal.h"

#define SEED	0x7472796f7574ULL

struct trial {
	struct devthp_device *dev;
	void *addr;
	size_t npages;
	uint32_t pmd_order;
	struct devthp_trial facts;
};

/* The caller gets the errno; of what, tells the log. */
static int step(const char *what, int ret)
{
	if (ret < 0)
		devthp_log(DEVTHP_LOG_ERROR, ret, "%s: %m", what);
	return ret;
}

/* Order of the folio if one PMD entry at "location" maps it whole, else 0. */
static int whole_order(struct trial *t, unsigned int location, uint32_t *order)
{
	struct devthp_snapshot_opts opts = { .size = sizeof(opts), .dev = t->dev };
	struct devthp_summary sum = { .size = sizeof(sum) };
	struct devthp_snapshot *snap;
	int ret;

	ret = devthp_snapshot_take(&snap, t->addr, t->npages, &opts);
	if (ret)
		return ret;
	ret = devthp_snapshot_summarize(snap, 0, t->npages, &sum);
	devthp_snapshot_free(snap);
	if (ret)
		return ret;
	t->facts.orders_known = !sum.level_unknown && !sum.pages[DEVTHP_LOC_UNKNOWN];
	*order = 0;
	/* Without the probe a device folio's order is that of its entry. */
	if (sum.pages[location] == t->npages && sum.pmd_entries[location] == 1 &&
	    (sum.order_unknown || sum.min_order == t->pmd_order))
		*order = t->pmd_order;
	return 0;
}

static int verify(struct trial *t, const struct devthp_pattern_opts *pattern)
{
	void *seen;
	int ret;

	ret = devthp_scratch_get(&seen, t->npages);
	if (ret)
		return ret;
	ret = step("the device reads", devthp_device_read(t->dev, t->addr, t->npages, seen, NULL));
	if (!ret)
		ret = devthp_pattern_verify(seen, 0, t->npages, pattern, NULL);
	devthp_scratch_put(seen, t->npages);
	if (ret < 0)
		return ret;
	t->facts.data_good = !ret;
	return 0;
}

static int there_and_back(struct trial *t)
{
	struct devthp_pattern_opts pattern = {
		.size = sizeof(pattern), .seed = SEED, .generation = 1,
	};
	uint32_t order;
	int ret;

	ret = devthp_pattern_fill(t->addr, 0, t->npages, &pattern);
	ret = ret ? ret : whole_order(t, DEVTHP_LOC_SYSTEM, &order);
	if (ret)
		return ret;
	t->facts.system_huge = order == t->pmd_order;

	ret = step("migrating to the device",
		   devthp_migrate_to_device(t->dev, t->addr, t->npages, NULL));
	ret = ret ? ret : whole_order(t, DEVTHP_LOC_DEVICE, &t->facts.device_order);
	ret = ret ? ret : verify(t, &pattern);
	if (ret || !t->facts.data_good)
		return ret;

	ret = step("migrating back", devthp_migrate_to_system(t->dev, t->addr, t->npages, NULL));
	ret = ret ? ret : whole_order(t, DEVTHP_LOC_SYSTEM, &t->facts.system_order);
	if (ret)
		return ret;
	ret = devthp_pattern_verify(t->addr, 0, t->npages, &pattern, NULL);
	if (ret < 0)
		return ret;
	t->facts.data_good = !ret;
	return 0;
}

int devthp_device_try(struct devthp_device *dev, struct devthp_trial *trial)
{
	DEVTHP_KEEP_ERRNO;
	struct devthp_system system = { .size = sizeof(system) };
	struct trial t = { .dev = dev };
	struct devthp_range *range;
	int ret;

	ret = devthp_live(dev);
	if (!ret && !trial)
		ret = -EINVAL;
	ret = ret ? ret : devthp_report_check(trial);
	if (ret)
		return ret;

	t.facts.fail_alloc = !devthp_device_fail_alloc(dev, 0);
	ret = devthp_system_query(&system);
	ret = ret ? ret : devthp_range_alloc(&range, NULL);
	if (!ret) {
		t.addr = devthp_range_addr(range);
		t.npages = devthp_range_pages(range);
		t.pmd_order = system.pmd_order;
		ret = there_and_back(&t);
		devthp_range_free(range);
	}
	devthp_report_put(trial, &t.facts, sizeof(t.facts));
	return ret;
}
