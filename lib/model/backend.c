// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * The model as a backend: see model.h. Two devices, minors 0 and 1.
 *
 *	make -C lib BACKEND=model	the devthp command on it
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "model.h"

#ifdef MODEL_FAULTS
int model_fault;
#endif

static unsigned int users[MODEL_DEVICES];

/* Begin a call for this state, unless it is another process's. */
static int enter(const struct model_handle *handle)
{
	if (handle->pid != getpid())
		return -EOPNOTSUPP;
	model_lock();
	return 0;
}

static int leave(int ret)
{
	model_unlock();
	return ret;
}

static int model_open(const struct devthp_backend_request *request,
		      struct devthp_backend_device *device)
{
	struct model_handle *handle;
	int ret;

	if (request->path || request->minor >= MODEL_DEVICES)
		return -ENOENT;
	model_lock();
	ret = model_memory_make();
	if (!ret)
		ret = model_catch_faults();
	model_unlock();
	if (ret)
		return ret;
	handle = calloc(1, sizeof(*handle));
	if (!handle)
		return -ENOMEM;
	handle->held = calloc(model_all_frames(), sizeof(*handle->held));
	if (!handle->held) {
		free(handle);
		return -ENOMEM;
	}
	handle->minor = request->minor;
	handle->pid = getpid();
	model_lock();
	users[handle->minor]++;
	model_unlock();
	device->state = handle;
	device->window_pages = model_folio_pages();
	snprintf(device->path, sizeof(device->path), "device %u in this process", request->minor);
	return 0;
}

/* With the last user all goes back that is on the device. */
static int model_close(void *state)
{
	struct model_handle *handle = state;

	if (!enter(handle)) {
		model_let_go_of_all(handle);
		if (FAULT(16))
			memset(model_data_of(0), 0, model_folio_pages() * model_page_size());
		if (!--users[handle->minor])
			model_drain(handle->minor);
		model_unlock();
	}
	free(handle->held);
	free(handle);
	return 0;
}

static int model_migrate_to_device(void *state, uintptr_t addr, size_t npages, void *buf,
				   uint64_t *entries)
{
	int ret = enter(state);

	(void)buf;
	return ret ? ret : leave(model_to_device(state, addr, npages, entries));
}

static int model_migrate_to_system(void *state, uintptr_t addr, size_t npages, uint64_t *entries)
{
	struct model_handle *handle = state;
	int ret = enter(handle);

	return ret ? ret : leave(model_to_system(handle, handle->minor, addr, npages, entries));
}

/* Before anything is changed. */
static int may(int access, uintptr_t addr, size_t npages)
{
	uint8_t *what = malloc(npages);
	size_t i;
	int ret;

	if (!what)
		return -ENOMEM;
	ret = model_mappings(addr, npages, false, what);
	for (i = 0; i < npages && !ret; i++) {
		if (!(what[i] & MODEL_MAPPED))
			ret = FAULT(17) ? -EPERM : -EFAULT;
		else if ((what[i] & access) != access && !FAULT(18))
			ret = -EPERM;
	}
	free(what);
	return ret;
}

/*
 * Where the data of a page are: an address, whatever the program may do there. The
 * device maps no system memory for longer than a call.
 */
static uintptr_t data_at(uintptr_t addr, uint64_t *faults)
{
	long frame = model_frame_of(addr);

	if (frame != MODEL_NONE)
		return (uintptr_t)model_data_of(frame);
	*faults = 1;
	return addr;
}

static int copy_pages(uintptr_t addr, size_t npages, char *to, const char *from,
		      uint64_t *pages, uint64_t *faults)
{
	const size_t size = model_page_size();
	size_t i;

	*faults = 0;
	for (i = 0; i < npages; i++) {
		uintptr_t data = data_at(addr + i * size, faults);
		ssize_t done;

		/* "to" and "from" are the caller's: the kernel says if they are not. */
		if (to)
			done = model_peek(data, to + i * size, size);
		else
			done = model_poke(data, from + i * size, size);
		if (done != (ssize_t)size)
			return -EFAULT;
	}
	*pages = npages - (FAULT(19) && npages > 1);
	return 0;
}

static int model_read(void *state, uintptr_t addr, size_t npages, void *buf, uint64_t *pages,
		      uint64_t *faults)
{
	int ret = enter(state);

	if (ret)
		return ret;
	model_bring_back((uintptr_t)buf, npages * model_page_size());
	ret = may(PROT_READ, addr, npages);
	if (!ret)
		ret = copy_pages(addr, npages, buf, NULL, pages, faults);
	if (!ret && FAULT(20))
		model_bring_back(addr, npages * model_page_size());
	return leave(ret);
}

static int model_write(void *state, uintptr_t addr, size_t npages, const void *buf,
		       uint64_t *pages, uint64_t *faults)
{
	int ret = enter(state);

	if (ret)
		return ret;
	model_bring_back((uintptr_t)buf, npages * model_page_size());
	ret = may(PROT_READ | PROT_WRITE, addr, npages);
	if (!ret)
		ret = copy_pages(addr, FAULT(21) && npages > 1 ? npages - 1 : npages, NULL, buf,
				 pages, faults);
	return leave(ret);
}

static uint8_t seen(const struct model_handle *handle, uintptr_t addr, uint8_t what)
{
	long frame = model_frame_of(addr);
	uint8_t prot;

	if (!(what & MODEL_MAPPED))
		return FAULT(22) ? DEVTHP_PROT_NONE : DEVTHP_PROT_ERROR;
	if (!(what & PROT_READ) || (frame == MODEL_NONE && !(what & MODEL_PRESENT)))
		return DEVTHP_PROT_NONE;
	prot = DEVTHP_PROT_READ | (what & PROT_WRITE ? DEVTHP_PROT_WRITE : 0);
	if (frame == MODEL_NONE)
		return prot | (what & MODEL_HUGE ? DEVTHP_PROT_PMD : 0);
	if (model_folio_of(frame) != MODEL_NONE)
		prot |= DEVTHP_PROT_PMD;
	return prot | (model_minor_of(frame) == handle->minor ? DEVTHP_PROT_PRIVATE_LOCAL :
		       DEVTHP_PROT_PRIVATE_REMOTE);
}

static int model_snapshot(void *state, uintptr_t addr, size_t npages, uint8_t *prot)
{
	int ret = enter(state);
	size_t i;

	if (ret)
		return ret;
	ret = model_mappings(addr, npages, false, prot);
	if (!ret)
		ret = model_present(addr, npages, prot);
	for (i = 0; i < npages && !ret; i++)
		prot[i] = seen(state, addr + i * model_page_size(), prot[i]);
	if (!ret && FAULT(23))
		model_bring_back(addr, npages * model_page_size());
	return leave(ret);
}

static int model_fail_alloc(void *state, uint64_t nth)
{
	struct model_handle *handle = state;
	int ret = enter(handle);

	if (ret)
		return ret;
	if (nth || !FAULT(24))
		handle->fail_at = FAULT(25) && nth > 1 ? nth - 1 : nth;
	return leave(0);
}

static int model_drain_device(void *state, struct devthp_eviction *eviction)
{
	const struct model_handle *handle = state;
	struct devthp_usage usage;
	int ret = enter(handle);

	if (ret)
		return ret;
	eviction->evicted = model_drain(handle->minor);
	model_usage(handle->minor, &usage);
	eviction->left = FAULT(26) ? 0 : usage.pages_total - usage.pages_free;
	return leave(0);
}

/* Waits for who holds pages, which is for another thread to end. */
static int model_evict(void *state)
{
	struct devthp_eviction eviction;
	int ret;

	do {
		ret = model_drain_device(state, &eviction);
		if (ret)
			return ret;
		usleep(eviction.left ? 1000 : 0);
	} while (eviction.left && !FAULT(1) && !FAULT(15));
	return 0;
}

static int model_usage_of_device(void *state, struct devthp_usage *usage)
{
	const struct model_handle *handle = state;
	int ret = enter(handle);

	if (ret)
		return ret;
	model_usage(handle->minor, usage);
	return leave(0);
}

static int model_hold_pages(void *state, uintptr_t addr, size_t npages, uint32_t flags,
			    uint64_t *held)
{
	int ret = flags ? -EOPNOTSUPP : enter(state);

	if (ret)
		return ret;
	*held = model_take_hold(state, addr, npages);
	return leave(0);
}

static int model_unhold_pages(void *state, uintptr_t addr, size_t npages, uint64_t *held)
{
	int ret = enter(state);

	if (ret)
		return ret;
	*held = model_let_go(state, addr, npages);
	return leave(0);
}

static const struct devthp_backend model = {
	.size = sizeof(model),
	.name = "model",
	.open = model_open,
	.close = model_close,
	.migrate_to_device = model_migrate_to_device,
	.migrate_to_system = model_migrate_to_system,
	.read = model_read,
	.write = model_write,
	.snapshot = model_snapshot,
	.fail_alloc = model_fail_alloc,
	.evict = model_evict,
	.drain = model_drain_device,
	.usage = model_usage_of_device,
	.hold = model_hold_pages,
	.unhold = model_unhold_pages,
};

/* Handles that it inherits are its parent's, and what they hold is. */
static void in_child(void)
{
	memset(users, 0, sizeof(users));
	if (!FAULT(31))
		model_unhold_all();
	model_unlock();
}

/* Linked in, it is the default backend. */
__attribute__((constructor)) static void model_register(void)
{
#ifdef MODEL_FAULTS
	model_fault = atoi(getenv("MODEL_FAULT") ? getenv("MODEL_FAULT") : "0");
#endif
	if (devthp_backend_register(&model))
		abort();
	/* A child would wait for the turn of a thread that it does not have. */
	if (pthread_atfork(model_lock, model_unlock, in_child))
		abort();
}
