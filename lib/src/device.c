// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Devices that are open: the public calls, over whichever backend. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"

/* Which member a call needs, for check_able(). */
#define MEMBER(name) offsetof(struct devthp_backend, name), #name

/* Call the member, which is there. */
#define ASK(dev, member, ...) \
	devthp_backend_answer((dev)->backend, #member, \
			      (dev)->backend->member((dev)->facts.state, ##__VA_ARGS__))

/* A report that must be there. */
static int check_report(const struct devthp_device *dev, const void *report)
{
	int ret = devthp_live(dev);

	if (!ret && !report)
		ret = -EINVAL;
	return ret ? ret : devthp_report_check(report);
}

/* The member of the backend, as an offset: is it there? */
static int check_able(const struct devthp_device *dev, size_t member, const char *name)
{
	static int (*const absent)(void);
	int ret = devthp_live(dev);

	if (ret || memcmp((const char *)dev->backend + member, &absent, sizeof(absent)))
		return ret;
	devthp_log(DEVTHP_LOG_INFO, 0, "backend %s: %s is not supported", dev->backend->name, name);
	return -EOPNOTSUPP;
}

int devthp_device_query(const struct devthp_device *dev, struct devthp_device_info *info)
{
	struct devthp_device_info facts = { .caps = 0 };
	const struct devthp_backend *b;
	int ret;

	ret = check_report(dev, info);
	if (ret)
		return ret;

	b = dev->backend;
	facts.caps |= b->migrate_to_device ? DEVTHP_CAP_MIGRATE : 0;
	facts.caps |= b->read ? DEVTHP_CAP_ACCESS : 0;
	facts.caps |= b->snapshot ? DEVTHP_CAP_SNAPSHOT : 0;
	facts.caps |= b->fail_alloc ? DEVTHP_CAP_FAIL_ALLOC : 0;
	facts.caps |= b->evict ? DEVTHP_CAP_EVICT : 0;
	facts.caps |= b->exclusive ? DEVTHP_CAP_EXCLUSIVE : 0;
	facts.caps |= b->hold ? DEVTHP_CAP_HOLD : 0;
	facts.caps |= b->pause ? DEVTHP_CAP_PAUSE : 0;
	facts.caps |= dev->facts.caps & (DEVTHP_CAP_COHERENT | DEVTHP_CAP_PRIVATE);
	facts.window_pages = dev->facts.window_pages;
	snprintf(facts.backend, sizeof(facts.backend), "%s", b->name);
	snprintf(facts.path, sizeof(facts.path), "%s", dev->facts.path);
	devthp_report_put(info, &facts, sizeof(facts));
	return 0;
}

/* A device, a member its backend must have, a range, and a report. */
static int check(const struct devthp_device *dev, size_t member, const char *name,
		 const void *addr, size_t npages, const void *report)
{
	int ret = check_able(dev, member, name);

	ret = ret ? ret : devthp_check_pages(addr, npages);
	return ret ? ret : devthp_report_check(report);
}

static uint64_t pages_on_device(struct devthp_device *dev, uintptr_t addr, size_t npages)
{
	uint64_t count = 0;
	uint8_t *prot;
	size_t i;

	if (!dev->backend->snapshot)
		return DEVTHP_NONE;
	prot = malloc(npages);
	if (!prot)
		return DEVTHP_NONE;
	if (ASK(dev, snapshot, addr, npages, prot)) {
		free(prot);
		return DEVTHP_NONE;
	}
	for (i = 0; i < npages; i++) {
		unsigned int where = prot[i] & DEVTHP_PROT_WHERE;

		count += prot[i] != DEVTHP_PROT_ERROR &&
			 (where == DEVTHP_PROT_PRIVATE_LOCAL ||
			  where == DEVTHP_PROT_COHERENT_LOCAL);
	}
	free(prot);
	return count;
}

/* Pages that went from one count to the other; others may interfere. */
static uint64_t moved(uint64_t fewer, uint64_t more)
{
	if (fewer == DEVTHP_NONE || more == DEVTHP_NONE)
		return DEVTHP_NONE;
	return more > fewer ? more - fewer : 0;
}

int devthp_migrate_to_device(struct devthp_device *dev, void *addr, size_t npages,
			     struct devthp_migration *report)
{
	DEVTHP_KEEP_ERRNO;
	struct devthp_migration facts = { .entries = DEVTHP_NONE };
	uint64_t before = 0;
	void *buf;
	int ret;

	ret = check(dev, MEMBER(migrate_to_device), addr, npages, report);
	if (ret)
		return ret;
	ret = devthp_scratch_get_apart(&buf, npages, addr);
	if (ret)
		return ret;

	if (report)
		before = pages_on_device(dev, (uintptr_t)addr, npages);
	ret = ASK(dev, migrate_to_device, (uintptr_t)addr, npages, buf, &facts.entries);
	if (report) {
		facts.pages = moved(before, pages_on_device(dev, (uintptr_t)addr, npages));
		devthp_report_put(report, &facts, sizeof(facts));
	}
	devthp_scratch_put(buf, npages);
	return ret;
}

int devthp_migrate_to_system(struct devthp_device *dev, void *addr, size_t npages,
			     struct devthp_migration *report)
{
	DEVTHP_KEEP_ERRNO;
	struct devthp_migration facts = { .entries = DEVTHP_NONE };
	uint64_t before = 0;
	int ret;

	ret = check(dev, MEMBER(migrate_to_system), addr, npages, report);
	if (ret)
		return ret;

	if (report)
		before = pages_on_device(dev, (uintptr_t)addr, npages);
	ret = ASK(dev, migrate_to_system, (uintptr_t)addr, npages, &facts.entries);
	if (report) {
		facts.pages = moved(pages_on_device(dev, (uintptr_t)addr, npages), before);
		devthp_report_put(report, &facts, sizeof(facts));
	}
	return ret;
}

int devthp_device_read(struct devthp_device *dev, const void *addr, size_t npages, void *buf,
		       struct devthp_access *report)
{
	DEVTHP_KEEP_ERRNO;
	struct devthp_access facts = { .pages = 0 };
	int ret;

	ret = check(dev, MEMBER(read), addr, npages, report);
	if (!ret && !buf)
		ret = -EINVAL;
	if (ret)
		return ret;
	ret = ASK(dev, read, (uintptr_t)addr, npages, buf, &facts.pages, &facts.faults);
	devthp_report_put(report, &facts, sizeof(facts));
	return ret;
}

int devthp_device_write(struct devthp_device *dev, void *addr, size_t npages, const void *buf,
			struct devthp_access *report)
{
	DEVTHP_KEEP_ERRNO;
	struct devthp_access facts = { .pages = 0 };
	int ret;

	ret = check(dev, MEMBER(write), addr, npages, report);
	if (!ret && !buf)
		ret = -EINVAL;
	if (ret)
		return ret;
	ret = ASK(dev, write, (uintptr_t)addr, npages, buf, &facts.pages, &facts.faults);
	devthp_report_put(report, &facts, sizeof(facts));
	return ret;
}

int devthp_device_snapshot(struct devthp_device *dev, const void *addr, size_t npages,
			   uint8_t *prot)
{
	DEVTHP_KEEP_ERRNO;
	int ret;

	ret = check(dev, MEMBER(snapshot), addr, npages, NULL);
	if (!ret && !prot)
		ret = -EINVAL;
	return ret ? ret : ASK(dev, snapshot, (uintptr_t)addr, npages, prot);
}

int devthp_device_fail_alloc(struct devthp_device *dev, uint64_t nth)
{
	DEVTHP_KEEP_ERRNO;
	int ret = check_able(dev, MEMBER(fail_alloc));

	return ret ? ret : ASK(dev, fail_alloc, nth);
}

int devthp_device_evict(struct devthp_device *dev)
{
	DEVTHP_KEEP_ERRNO;
	int ret = check_able(dev, MEMBER(evict));

	return ret ? ret : ASK(dev, evict);
}

int devthp_device_drain(struct devthp_device *dev, struct devthp_eviction *report)
{
	DEVTHP_KEEP_ERRNO;
	struct devthp_eviction facts = { .left = 0 };
	int ret;

	ret = check_able(dev, MEMBER(drain));
	ret = ret ? ret : devthp_report_check(report);
	if (!ret)
		ret = ASK(dev, drain, &facts);
	if (!ret)
		devthp_report_put(report, &facts, sizeof(facts));
	return ret;
}

int devthp_device_usage(struct devthp_device *dev, struct devthp_usage *usage)
{
	DEVTHP_KEEP_ERRNO;
	struct devthp_usage facts = { .size = 0 };
	int ret;

	ret = check_report(dev, usage);
	ret = ret ? ret : check_able(dev, MEMBER(usage));
	if (!ret)
		ret = ASK(dev, usage, &facts);
	if (!ret)
		devthp_report_put(usage, &facts, sizeof(facts));
	return ret;
}

int devthp_device_hold(struct devthp_device *dev, void *addr, size_t npages, uint32_t flags,
		       uint64_t *held)
{
	DEVTHP_KEEP_ERRNO;
	const uint32_t known = DEVTHP_HOLD_PIN | DEVTHP_HOLD_LONGTERM | DEVTHP_HOLD_WRITE;
	uint64_t count = 0;
	int ret;

	ret = check(dev, MEMBER(hold), addr, npages, NULL);
	if (!ret && (flags & ~known || (flags && !(flags & DEVTHP_HOLD_PIN))))
		ret = -EINVAL;
	if (!ret)
		ret = ASK(dev, hold, (uintptr_t)addr, npages, flags, &count);
	if (!ret && held)
		*held = count;
	return ret;
}

int devthp_device_unhold(struct devthp_device *dev, void *addr, size_t npages, uint64_t *held)
{
	DEVTHP_KEEP_ERRNO;
	uint64_t count = 0;
	int ret;

	ret = check(dev, MEMBER(unhold), addr, npages, NULL);
	if (!ret)
		ret = ASK(dev, unhold, (uintptr_t)addr, npages, &count);
	if (!ret && held)
		*held = count;
	return ret;
}

/* Numbers of pages, such that each has an address. */
static int check_frames(const struct devthp_device *dev, uint64_t pfn, size_t npages)
{
	const uint64_t end = UINT64_MAX / devthp_page_size();

	int ret = check_able(dev, MEMBER(hold_frames));

	if (!ret && (!npages || npages > end || pfn > end - npages))
		ret = -EINVAL;
	return ret;
}

int devthp_device_hold_frames(struct devthp_device *dev, uint64_t pfn, size_t npages,
			      uint64_t *held)
{
	DEVTHP_KEEP_ERRNO;
	uint64_t count = 0;
	int ret;

	ret = check_frames(dev, pfn, npages);
	if (!ret)
		ret = ASK(dev, hold_frames, pfn, npages, &count);
	if (!ret && held)
		*held = count;
	return ret;
}

int devthp_device_unhold_frames(struct devthp_device *dev, uint64_t pfn, size_t npages,
				uint64_t *held)
{
	DEVTHP_KEEP_ERRNO;
	uint64_t count = 0;
	int ret;

	ret = check_frames(dev, pfn, npages);
	if (!ret)
		ret = ASK(dev, unhold_frames, pfn, npages, &count);
	if (!ret && held)
		*held = count;
	return ret;
}

static int check_point(const struct devthp_device *dev, unsigned int point)
{
	int ret = check_able(dev, MEMBER(pause));

	if (!ret && (point < DEVTHP_POINT_TO_DEVICE_SETUP || point > DEVTHP_POINT_CLEAR))
		ret = -EINVAL;
	return ret;
}

int devthp_device_pause(struct devthp_device *dev, unsigned int point)
{
	DEVTHP_KEEP_ERRNO;
	int ret = check_point(dev, point);

	return ret ? ret : ASK(dev, pause, point);
}

int devthp_device_pause_wait(struct devthp_device *dev, unsigned int point,
			     unsigned int timeout_ms)
{
	DEVTHP_KEEP_ERRNO;
	int ret = check_point(dev, point);

	return ret ? ret : ASK(dev, pause_wait, point, timeout_ms);
}

int devthp_device_resume(struct devthp_device *dev, unsigned int point)
{
	DEVTHP_KEEP_ERRNO;
	int ret = check_point(dev, point);

	return ret ? ret : ASK(dev, resume, point);
}

int devthp_device_times(struct devthp_device *dev, struct devthp_times *times)
{
	DEVTHP_KEEP_ERRNO;
	struct devthp_times facts = { .size = 0 };
	int ret;

	ret = check_report(dev, times);
	ret = ret ? ret : check_able(dev, MEMBER(times));
	if (!ret)
		ret = ASK(dev, times, &facts);
	if (!ret)
		devthp_report_put(times, &facts, sizeof(facts));
	return ret;
}

int devthp_device_exclusive(struct devthp_device *dev, void *addr, size_t npages, void *buf)
{
	DEVTHP_KEEP_ERRNO;
	void *scratch = NULL;
	int ret;

	ret = check(dev, MEMBER(exclusive), addr, npages, NULL);
	if (!ret && !buf)
		ret = devthp_scratch_get_apart(&scratch, npages, addr);
	if (ret)
		return ret;
	ret = ASK(dev, exclusive, (uintptr_t)addr, npages, buf ? buf : scratch);
	if (scratch)
		devthp_scratch_put(scratch, npages);
	return ret;
}

int devthp_device_is_exclusive(struct devthp_device *dev, const void *addr, size_t npages)
{
	DEVTHP_KEEP_ERRNO;
	int ret;

	ret = check(dev, MEMBER(is_exclusive), addr, npages, NULL);
	return ret ? ret : ASK(dev, is_exclusive, (uintptr_t)addr, npages);
}
