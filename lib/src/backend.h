/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Which backends there are, and a device that one has opened. */
#ifndef DEVTHP_BACKENDS_H
#define DEVTHP_BACKENDS_H

#include "devthp_backend.h"
#include "internal.h"

struct devthp_device {
	const struct devthp_backend *backend;
	struct devthp_backend_device facts;
};

/* NULL: the default one. Returns NULL if there is none of that name. */
const struct devthp_backend *devthp_backend_find(const char *name);

/* What a member returned, for who called: -EPROTO, if that is nothing that it may return. */
int devthp_backend_answer(const struct devthp_backend *backend, const char *member, int ret);

extern const struct devthp_backend devthp_test_hmm;
/* Path of its node by minor number, as snprintf(); -ENOENT: there is no such. */
int devthp_test_hmm_node(uint32_t minor, char *path, size_t room);

#endif
