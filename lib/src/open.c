// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Devices: opening and closing, by whichever backend. */
#include <stdlib.h>

#include "backend.h"

/* Which promise of devthp_backend.h the backend has not kept; NULL: it has. */
static const char *broken_promise(const struct devthp_backend_device *facts)
{
	const uint32_t kinds = DEVTHP_CAP_PRIVATE | DEVTHP_CAP_COHERENT;

	if (!facts->window_pages)
		return "window_pages is 0";
	if (facts->caps & ~kinds || facts->caps == kinds)
		return "caps is neither 0, nor one of DEVTHP_CAP_PRIVATE and _COHERENT";
	if (facts->reserved)
		return "reserved is not 0";
	return NULL;
}

/* What was opened and is of no use is closed again. */
static int open_with(const struct devthp_backend *backend, const struct devthp_device_opts *opts,
		     struct devthp_backend_device *facts)
{
	const struct devthp_backend_request request = {
		.path = opts->path, .minor = opts->minor,
	};
	const int opened = backend->open(&request, facts);
	const char *broken = opened ? NULL : broken_promise(facts);
	int ret = devthp_backend_answer(backend, "open", opened);

	if (broken) {
		devthp_log(DEVTHP_LOG_ERROR, 0, "backend %s breaks a promise: of its device %s",
			   backend->name, broken);
		ret = -EPROTO;
	}
	if (broken || (opened > 0 && facts->state))
		backend->close(facts->state);
	return ret;
}

int devthp_device_open(struct devthp_device **dev, const struct devthp_device_opts *given)
{
	DEVTHP_KEEP_ERRNO;
	struct devthp_device_opts opts;
	struct devthp_device *d;
	int ret;

	ret = devthp_opts_get(&opts, sizeof(opts), given);
	if (ret)
		return ret;
	if (!dev)
		return -EINVAL;
	if (opts.reserved)
		return DEVTHP_REFUSE("reserved");
	if (opts.path && opts.minor)
		return DEVTHP_REFUSE("minor together with path");

	d = calloc(1, sizeof(*d));
	if (!d)
		return -ENOMEM;
	/* Before it is opened: others may feel it if that is closed again. */
	ret = devthp_live_add(d);
	if (ret) {
		free(d);
		return ret;
	}
	d->backend = devthp_backend_find(opts.backend);
	ret = d->backend ? open_with(d->backend, &opts, &d->facts) : -EPROTONOSUPPORT;
	if (ret) {
		devthp_log(DEVTHP_LOG_ERROR, ret, "backend %s: no device opened: %m",
			   d->backend ? d->backend->name : opts.backend);
		devthp_live_remove(d);
		free(d);
		return ret;
	}
	d->facts.path[sizeof(d->facts.path) - 1] = '\0';
	devthp_log(DEVTHP_LOG_INFO, 0, "backend %s%s: opened %s", d->backend->name,
		   opts.backend ? "" : " (nobody named one)", d->facts.path);
	*dev = d;
	return 0;
}

int devthp_device_close(struct devthp_device *dev)
{
	DEVTHP_KEEP_ERRNO;
	int ret;

	if (!dev)
		return 0;
	if (!devthp_live_remove(dev))
		return -EBADF;
	ret = devthp_backend_answer(dev->backend, "close", dev->backend->close(dev->facts.state));
	free(dev);
	return ret;
}
