// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Backends of others: what is registered is found, what they lack is unsupported. */
#include <limits.h>
#include <stdio.h>
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
	device->caps = DEVTHP_CAP_COHERENT;
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

	CHECK(!strcmp(devthp_backend_default(), "test_hmm"));
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

	CHECK(!strcmp(devthp_backend_default(), "least"));
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

/* What open() of a backend returns and says that does not keep to its promises. */
static const struct lie {
	const char *told;	/* in the log */
	int ret;
	bool state;
	uint64_t window_pages;
	uint32_t caps, reserved;
} lies[] = {
	{ "open() returned 1", 1, true, 16, 0, 0 },
	{ "open() returned 2147483647", INT_MAX, false, 16, 0, 0 },
	{ "window_pages is 0", 0, true, 0, DEVTHP_CAP_PRIVATE, 0 },
	/* Who needs no state has opened one all the same. */
	{ "window_pages is 0", 0, false, 0, 0, 0 },
	{ "caps", 0, true, 16, DEVTHP_CAP_PRIVATE | DEVTHP_CAP_COHERENT, 0 },
	/* These come from the members that are there. */
	{ "caps", 0, true, 16, DEVTHP_CAP_PRIVATE | DEVTHP_CAP_HOLD, 0 },
	{ "caps", 0, true, 16, 1U << 31, 0 },
	{ "reserved", 0, true, 16, 0, 1 },
	/* No promise broken, but what it leaves behind is nobody's to close. */
	{ "Input/output error", -EIO, true, 0, 1U << 31, 1 },
};

static const struct lie *lie;
static unsigned int lie_closed;
static char lie_log[1024];

static int liar_open(const struct devthp_backend_request *request,
		     struct devthp_backend_device *device)
{
	(void)request;
	device->state = lie->state ? &state : NULL;
	device->window_pages = lie->window_pages;
	device->caps = lie->caps;
	device->reserved = lie->reserved;
	return lie->ret;
}

static int liar_close(void *given)
{
	CHECK(given == (lie->state ? &state : NULL));
	lie_closed++;
	return 0;
}

static void hear(void *context, unsigned int level, const char *message)
{
	const size_t length = strlen(lie_log);

	(void)context, (void)level;
	snprintf(lie_log + length, sizeof(lie_log) - length, "%s\n", message);
}

static void liar(void)
{
	const struct devthp_backend b = {
		.size = sizeof(b), .name = "liar", .open = liar_open, .close = liar_close,
	};
	struct devthp_device_opts opts = { .size = sizeof(opts), .backend = "liar" };

	CHECK_CALL(devthp_backend_register(&b), 0);
	CHECK_CALL(devthp_log_set(hear, NULL, DEVTHP_LOG_ERROR), 0);
	for (lie = lies; lie < lies + ARRAY_SIZE(lies); lie++) {
		struct devthp_device *dev = NULL;

		lie_log[0] = '\0';
		lie_closed = 0;
		printf("# %s\n", lie->told);
		CHECK_CALL(devthp_device_open(&dev, &opts), lie->ret < 0 ? lie->ret : -EPROTO);
		CHECK(!dev);
		CHECK_INT(lie_closed, !lie->ret || (lie->ret > 0 && lie->state));
		CHECK(strstr(lie_log, "liar") && strstr(lie_log, lie->told));
	}
	CHECK_CALL(devthp_log_set(NULL, NULL, 0), 0);
}

static const struct tap_case cases[] = {
	{ "what is no backend is refused", refused },
	{ "the least a backend can be", the_least },
	{ "the last one is the default", default_backend },
	{ "what it says of its device cannot be", liar },
	{ "too many", too_many },
};

TAP_MAIN(cases)
