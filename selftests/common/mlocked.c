// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>

#include "mlocked.h"
#include "scene.h"
#include "settle.h"
#include "textfile.h"
#include "verdict.h"

struct amount {
	const struct scene *scene;
	uint64_t bytes;
};

static const char *read_mlocked(const struct devthp_counters *counters,
				uint64_t *bytes)
{
	return went_well("read Mlocked",
			 devthp_counters_get(counters,
					     DEVTHP_COUNT_SYS_MLOCKED, bytes));
}

static const char *mlocked_since(const struct scene *scene, int64_t *bytes)
{
	struct devthp_counters *now;
	uint64_t before = 0, after = 0;
	const char *verdict;

	CHECK(read_mlocked(scene->baseline.before, &before));
	/* Collect what each CPU has counted; only root may, others wait. */
	file_write("/proc/sys/vm/stat_refresh", "1");
	CHECK(went_well("read counters", devthp_counters_take(&now)));
	verdict = read_mlocked(now, &after);
	devthp_counters_free(now);
	*bytes = after - before;
	return verdict;
}

static const char *is_amount(const void *arg)
{
	const struct amount *amount = arg;
	const struct memcg *memcg = &amount->scene->memcg;
	uint64_t unevictable;
	int64_t bytes = 0;

	CHECK(mlocked_since(amount->scene, &bytes));
	if (bytes != (int64_t)amount->bytes)
		return wrong("%" PRId64 " bytes more count as Mlocked; should be %" PRIu64,
			     bytes, amount->bytes);
	if (!memcg->path[0])
		return RIGHT;
	CHECK(memcg_stat(memcg, "unevictable", &unevictable));
	if (unevictable != amount->bytes)
		return wrong("%" PRIu64 " bytes of the cgroup are unevictable; should be %" PRIu64,
			     unevictable, amount->bytes);
	return RIGHT;
}

const char *mlocked_is(const struct scene *scene, uint64_t bytes)
{
	const struct amount amount = { scene, bytes };

	return settles(is_amount, &amount);
}

const char *mlocked_is_what_is_back(const struct scene *scene, size_t first,
				    size_t npages)
{
	const struct sample *sample = &scene->sample;
	uint64_t bytes = 0;
	size_t i;

	CHECK(sample_look(sample));
	for (i = first; i < first + npages; i++) {
		if (sample->page[i].location != DEVTHP_LOC_SYSTEM)
			continue;
		if (sample->page[i].order &&
		    sample->page[i].level != DEVTHP_LEVEL_PMD)
			return RIGHT;
		bytes += devthp_page_size();
	}
	return mlocked_is(scene, bytes);
}
