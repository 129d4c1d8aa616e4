// SPDX-License-Identifier: GPL-2.0
/*
 * What the device does. Names of the library in parentheses: a member that the backend
 * does not have is a reason to leave the step out, which is for others to say.
 */
#include <errno.h>

#include "acts.h"

int act_dev_write(struct worker *worker, const struct step *step)
{
	const struct devthp_pattern_opts opts = {
		.size = sizeof(opts), .seed = worker->list->seed,
		.generation = worker->station->generation,
	};
	struct devthp_access report = { .size = sizeof(report) };
	struct devthp_device *dev;
	int ret = worker_device(worker, step->device, &dev);

	if (ret)
		return ret;
	devthp_pattern_fill(worker->buffer, page_number(step->range, step->first), step->npages,
			    &opts);
	ret = (devthp_device_write)(dev, worker_page(worker, step->range, step->first),
				    step->npages, worker->buffer, &report);
	worker->station->reply.count = report.pages;
	return ret;
}

/* Reads, and judges what it has read if that is to be. */
static int read_pages(struct worker *worker, uint32_t device, uint32_t range, uint32_t first,
		      uint32_t npages)
{
	struct devthp_access report = { .size = sizeof(report) };
	struct devthp_device *dev;
	int ret = worker_device(worker, device, &dev);

	if (!ret)
		ret = (devthp_device_read)(dev, worker_page(worker, range, first), npages,
					   worker->buffer, &report);
	worker->station->reply.count = report.pages;
	if (!ret)
		worker_judges_buffer(worker, range, first, npages);
	return ret;
}

int act_dev_read(struct worker *worker, const struct step *step)
{
	return read_pages(worker, step->device, step->range, step->first, step->npages);
}

/* It reads them in the course of that. */
int act_exclusive(struct worker *worker, const struct step *step)
{
	struct devthp_device *dev;
	int ret = worker_device(worker, step->device, &dev);

	if (!ret)
		ret = (devthp_device_exclusive)(dev, worker_page(worker, step->range, step->first),
						step->npages, worker->buffer);
	if (!ret)
		worker_judges_buffer(worker, step->range, step->first, step->npages);
	return ret;
}

/* Pages in a row that are looked at by the same means. */
static uint32_t alike(const uint8_t *means, uint32_t room)
{
	uint32_t n = 1;

	while (n < room && means[n] == means[0])
		n++;
	return n;
}

int worker_looks_at_data(struct worker *worker)
{
	struct station *station = worker->station;
	uint32_t range, page, n, i;
	int ret = 0;

	for (range = 0; range < RANGES; range++) {
		for (page = 0; page < RANGE_PAGES && !ret; page += n) {
			const uint32_t number = page_number(range, page);
			const uint8_t means = station->means[number];

			n = alike(&station->means[number], RANGE_PAGES - page);
			if (means >= MEANS_DEVICE)
				ret = read_pages(worker, means - MEANS_DEVICE, range, page, n);
			for (i = 0; i < n && means == MEANS_CPU; i++)
				station->signal[number + i] = worker_reads(worker, range, page + i);
		}
	}
	return ret;
}

int act_to_device(struct worker *worker, const struct step *step)
{
	struct devthp_device *dev;
	int ret = worker_device(worker, step->device, &dev);

	return ret ? ret : (devthp_migrate_to_device)
		(dev, worker_page(worker, step->range, step->first), step->npages, NULL);
}

int act_to_system(struct worker *worker, const struct step *step)
{
	struct devthp_device *dev;
	int ret = worker_device(worker, step->device, &dev);

	return ret ? ret : (devthp_migrate_to_system)
		(dev, worker_page(worker, step->range, step->first), step->npages, NULL);
}

int act_fail(struct worker *worker, const struct step *step)
{
	struct devthp_device *dev;
	int ret = worker_device(worker, step->device, &dev);

	return ret ? ret : (devthp_device_fail_alloc)(dev, step->value);
}

int act_hold(struct worker *worker, const struct step *step)
{
	struct devthp_device *dev;
	int ret = worker_device(worker, step->device, &dev);

	return ret ? ret : (devthp_device_hold)
		(dev, worker_page(worker, step->range, step->first), step->npages, 0,
		 &worker->station->reply.count);
}

int act_unhold(struct worker *worker, const struct step *step)
{
	struct devthp_device *dev;
	int ret = worker_device(worker, step->device, &dev);

	return ret ? ret : (devthp_device_unhold)
		(dev, worker_page(worker, step->range, step->first), step->npages,
		 &worker->station->reply.count);
}

int act_drain(struct worker *worker, const struct step *step)
{
	struct devthp_eviction report = { .size = sizeof(report) };
	struct devthp_device *dev;
	int ret = worker_device(worker, step->device, &dev);

	if (!ret)
		ret = (devthp_device_drain)(dev, &report);
	worker->station->reply.count = report.evicted;
	worker->station->reply.left = report.left;
	return ret;
}

int act_evict(struct worker *worker, const struct step *step)
{
	struct devthp_device *dev;
	int ret = worker_device(worker, step->device, &dev);

	return ret ? ret : (devthp_device_evict)(dev);
}

int act_close(struct worker *worker, const struct step *step)
{
	worker_close(worker, step->device);
	return 0;
}

int worker_looks_at_use(struct worker *worker)
{
	struct devthp_usage usage = { .size = sizeof(usage) };
	struct devthp_device *dev;
	int ret = worker_device(worker, worker->station->step.device, &dev);

	if (!ret)
		ret = (devthp_device_usage)(dev, &usage);
	worker->station->reply.count = usage.pages_total - usage.pages_free;
	return ret;
}
