// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Trying out how whole a huge folio stays on a device. */
#include "internal.h"

#define SEED	0x7472796f7574ULL

struct trial {
	struct devthp_device *dev;
	void *addr;
	size_t npages;
	uint32_t pmd_order;
	bool coherent;
	struct devthp_trial facts;
};

/* The caller gets the errno; of what, tells the log. */
static int step(const char *what, int ret)
{
	if (ret < 0)
		devthp_log(DEVTHP_LOG_ERROR, ret, "%s: %m", what);
	return ret;
}

/*
 * For the CPU, device-coherent memory is where system memory is. What the folio is, or
 * what the device sees, tells which it is.
 */
static bool coherent_at(const struct devthp_snapshot *snap, bool on_device, bool *known)
{
	struct devthp_page page = { .size = sizeof(page) };

	if (devthp_snapshot_page(snap, 0, &page))
		return false;
	*known = page.known & (DEVTHP_KNOWN_FLAGS | DEVTHP_KNOWN_PROT);
	if (page.known & DEVTHP_KNOWN_FLAGS)
		return !!(page.flags & DEVTHP_FOLIO_DEVICE_COHERENT) == on_device;
	return ((page.prot & DEVTHP_PROT_WHERE) == DEVTHP_PROT_COHERENT_LOCAL) == on_device;
}

/* Order of the folio if one PMD entry maps it whole, there or in system memory, else 0. */
static int whole_order(struct trial *t, bool on_device, uint32_t *order)
{
	const unsigned int location = on_device && !t->coherent ? DEVTHP_LOC_DEVICE :
								  DEVTHP_LOC_SYSTEM;
	struct devthp_snapshot_opts opts = { .size = sizeof(opts), .dev = t->dev };
	struct devthp_summary sum = { .size = sizeof(sum) };
	struct devthp_snapshot *snap;
	bool there = true, known = true;
	int ret;

	ret = devthp_snapshot_take(&snap, t->addr, t->npages, &opts);
	if (ret)
		return ret;
	ret = devthp_snapshot_summarize(snap, 0, t->npages, &sum);
	if (!ret && t->coherent)
		there = coherent_at(snap, on_device, &known);
	devthp_snapshot_free(snap);
	if (ret)
		return ret;
	/* Each look has to see it. */
	if (sum.level_unknown || sum.pages[DEVTHP_LOC_UNKNOWN] || !known)
		t->facts.orders_known = 0;
	*order = 0;
	/* Without the probe a device folio's order is that of its entry. */
	if (there && sum.pages[location] == t->npages && sum.pmd_entries[location] == 1 &&
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
	ret = ret ? ret : whole_order(t, false, &order);
	if (ret)
		return ret;
	t->facts.system_huge = order == t->pmd_order;

	ret = step("migrating to the device",
		   devthp_migrate_to_device(t->dev, t->addr, t->npages, NULL));
	ret = ret ? ret : whole_order(t, true, &t->facts.device_order);
	ret = ret ? ret : verify(t, &pattern);
	if (ret || !t->facts.data_good)
		return ret;

	ret = step("migrating back", devthp_migrate_to_system(t->dev, t->addr, t->npages, NULL));
	ret = ret ? ret : whole_order(t, false, &t->facts.system_order);
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
	struct devthp_device_info info = { .size = sizeof(info) };
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
	ret = devthp_device_query(dev, &info);
	ret = ret ? ret : devthp_system_query(&system);
	ret = ret ? ret : devthp_range_alloc(&range, NULL);
	if (!ret) {
		t.coherent = info.caps & DEVTHP_CAP_COHERENT;
		t.facts.orders_known = 1;
		t.addr = devthp_range_addr(range);
		t.npages = devthp_range_pages(range);
		t.pmd_order = system.pmd_order;
		ret = there_and_back(&t);
		devthp_range_free(range);
	}
	devthp_report_put(trial, &t.facts, sizeof(t.facts));
	return ret;
}
