// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Backends that are built in, and those that programs register. */
#include <string.h>

#include "backend.h"

#define ROOM 16

static const struct devthp_backend *const built_in[] = { &devthp_test_hmm };

static struct devthp_backend registered[ROOM];
static size_t count;

const struct devthp_backend *devthp_backend_find(const char *name)
{
	size_t i;

	if (!name)
		return count ? &registered[count - 1] : built_in[0];
	for (i = 0; i < count; i++) {
		if (!strcmp(registered[i].name, name))
			return &registered[i];
	}
	for (i = 0; i < ARRAY_SIZE(built_in); i++) {
		if (!strcmp(built_in[i]->name, name))
			return built_in[i];
	}
	return NULL;
}

const char *devthp_backend_default(void)
{
	return devthp_backend_find(NULL)->name;
}

int devthp_backend_answer(const struct devthp_backend *backend, const char *member, int ret)
{
	/* One of them answers a question. */
	if (ret > !strcmp(member, "is_exclusive")) {
		devthp_log(DEVTHP_LOG_ERROR, 0, "backend %s breaks a promise: its %s() returned %d",
			   backend->name, member, ret);
		return -EPROTO;
	}
	if (ret < 0)
		devthp_log(DEVTHP_LOG_DEBUG, ret, "backend %s: its %s() says: %m", backend->name,
			   member);
	return ret;
}

/* What comes together is there, or is not. */
static bool is_whole(const struct devthp_backend *b)
{
	return !b->migrate_to_device == !b->migrate_to_system && !b->read == !b->write &&
	       !b->hold == !b->unhold && !b->hold_frames == !b->unhold_frames &&
	       !b->pause == !b->pause_wait && !b->pause == !b->resume &&
	       !b->exclusive == !b->is_exclusive;
}

int devthp_backend_register(const struct devthp_backend *backend)
{
	DEVTHP_KEEP_ERRNO;
	struct devthp_backend b;
	int ret;

	if (!backend)
		return -EINVAL;
	ret = devthp_opts_get(&b, sizeof(b), backend);
	if (ret)
		return ret;
	if (!b.name || !*b.name || !b.open || !b.close)
		return DEVTHP_REFUSE("a backend without name, open or close");
	if (!is_whole(&b))
		return DEVTHP_REFUSE("one of members that come together");
	if (devthp_backend_find(b.name))
		return -EEXIST;
	if (count == ROOM)
		return -ENOSPC;
	registered[count++] = b;
	devthp_log(DEVTHP_LOG_INFO, 0, "backend %s: registered, and the default", b.name);
	return 0;
}
