// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Backends of others: what is registered is found, what they lack is unsupported. */
#include <stdlib.h>
#include <string.h>

#include "devthp_backend.h"
#include "internal.h"
#include "tap.h"

static int opened, closed;
static char state;

static int least_open(const struct devthp_backend_request *request,
		      struct devthp_backend_device *device)
{
	if (request->minor)
		return -ENOENT;
	CHECK(!device->state);
	opened++;
	errno = ENOTTY;
	device->state = &state;
	device->window_pages = 16;
	/* Only what the memory is comes from here. */
	device->caps = DEVTHP_CAP_COHERENT | DEVTHP_CAP_HOLD;
	memset(device->path, 'x', sizeof(device->path));
	return 0;
}

static int least_close(void *given)
{
	CHECK(given == &state);
	closed++;
	return -EIO;
}

static int some_evict(void *given)
{
	CHECK(given == &state);
	errno = ENOTTY;
	return -EXDEV;
}

static int some_pause(void *given, unsigned int point)
{
	(void)given, (void)point;
	return 0;
}

static struct devthp_backend least = {
	.size = sizeof(least), .name = "least", .open = least_open, .close = least_close,
};

static void refused(void)
{
	struct devthp_backend b = least;
	struct devthp_device *dev;

	CHECK_CALL(devthp_backend_register(NULL), -EINVAL);
	b.size = 4;
	CHECK_CALL(devthp_backend_register(&b), -EINVAL);
	b = least;
	b.name = NULL;
	CHECK_CALL(devthp_backend_register(&b), -EINVAL);
	b.name = "";
	CHECK_CALL(devthp_backend_register(&b), -EINVAL);
	b.name = "test_hmm";
	CHECK_CALL(devthp_backend_register(&b), -EEXIST);
	b = least;
	b.close = NULL;
	CHECK_CALL(devthp_backend_register(&b), -EINVAL);
	b = least;
	b.pause = some_pause;
	CHECK_CALL(devthp_backend_register(&b), -EINVAL);
	CHECK_CALL(devthp_device_open(&dev, &(struct devthp_device_opts){
		.size = sizeof(struct devthp_device_opts), .backend = "least" }),
		   -EPROTONOSUPPORT);
}

/* One that can do next to nothing, and is known from here on. */
static void the_least(void)
{
	struct devthp_device_opts opts = { .size = sizeof(opts), .backend = "least" };
	struct devthp_device_info info = { .size = sizeof(info) };
	void *page = aligned_alloc(devthp_page_size(), devthp_page_size());
	struct devthp_usage usage = { .size = sizeof(usage) };
	struct devthp_times times = { .size = sizeof(times) };
	struct devthp_device *dev = NULL;
	uint8_t prot;

	least.evict = some_evict;
	CHECK_CALL(devthp_backend_register(&least), 0);
	CHECK_CALL(devthp_backend_register(&least), -EEXIST);
	opts.minor = 1;
	CHECK_CALL(devthp_device_open(&dev, &opts), -ENOENT);
	opts.minor = 0;
	CHECK_CALL(devthp_device_open(&dev, &opts), 0);
	CHECK_INT(opened, 1);
	CHECK_CALL(devthp_device_query(dev, &info), 0);
	CHECK(!strcmp(info.backend, "least"));
	CHECK_INT(strlen(info.path), sizeof(info.path) - 1);
	CHECK_INT(info.window_pages, 16);
	CHECK_INT(info.caps, DEVTHP_CAP_COHERENT | DEVTHP_CAP_EVICT);

	CHECK_CALL(devthp_migrate_to_device(dev, page, 1, NULL), -EOPNOTSUPP);
	CHECK_CALL(devthp_migrate_to_system(dev, page, 1, NULL), -EOPNOTSUPP);
	CHECK_CALL(devthp_device_read(dev, page, 1, page, NULL), -EOPNOTSUPP);
	CHECK_CALL(devthp_device_write(dev, page, 1, page, NULL), -EOPNOTSUPP);
	CHECK_CALL(devthp_device_snapshot(dev, page, 1, &prot), -EOPNOTSUPP);
	CHECK_CALL(devthp_device_fail_alloc(dev, 1), -EOPNOTSUPP);
	CHECK_CALL(devthp_device_drain(dev, NULL), -EOPNOTSUPP);
	CHECK_CALL(devthp_device_usage(dev, &usage), -EOPNOTSUPP);
	CHECK_CALL(devthp_device_times(dev, &times), -EOPNOTSUPP);
	CHECK_CALL(devthp_device_hold(dev, page, 1, 0, NULL), -EOPNOTSUPP);
	CHECK_CALL(devthp_device_unhold(dev, page, 1, NULL), -EOPNOTSUPP);
	CHECK_CALL(devthp_device_hold_frames(dev, 1, 1, NULL), -EOPNOTSUPP);
	CHECK_CALL(devthp_device_unhold_frames(dev, 1, 1, NULL), -EOPNOTSUPP);
	CHECK_CALL(devthp_device_pause(dev, 1), -EOPNOTSUPP);
	CHECK_CALL(devthp_device_pause_wait(dev, 1, 0), -EOPNOTSUPP);
	CHECK_CALL(devthp_device_resume(dev, 1), -EOPNOTSUPP);
	CHECK_CALL(devthp_device_exclusive(dev, page, 1, NULL), -EOPNOTSUPP);
	CHECK_CALL(devthp_device_is_exclusive(dev, page, 1), -EOPNOTSUPP);
	/* What it has is asked, and may change errno. */
	CHECK_CALL(devthp_device_evict(dev), -EXDEV);
	CHECK_CALL(devthp_device_close(dev), -EIO);
	CHECK_INT(closed, 1);
	free(page);
}

/* No name: the last one that was registered. */
static void default_backend(void)
{
	struct devthp_device *dev = NULL;

	CHECK_CALL(devthp_device_open(&dev, NULL), 0);
	CHECK_INT(opened, 2);
	CHECK_CALL(devthp_device_close(dev), -EIO);
}

static void too_many(void)
{
	static char names[32][2];
	struct devthp_backend b = least;
	int ret = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names) && !ret; i++) {
		names[i][0] = (char)('A' + i);
		b.name = names[i];
		ret = devthp_backend_register(&b);
	}
	CHECK_INT(ret, -ENOSPC);
}

static const struct tap_case cases[] = {
	{ "what is no backend is refused", refused },
	{ "the least a backend can be", the_least },
	{ "the last one is the default", default_backend },
	{ "too many", too_many },
};

TAP_MAIN(cases)
