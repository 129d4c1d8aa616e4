// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Pages that change sides: when told, and when a CPU touches what is on the device. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "model.h"

/* So far; tells whether a page came back while somebody waited for his turn. */
static uint64_t came_back;

static bool allocation_fails(struct model_handle *handle)
{
	if (!handle || !handle->fail_at)
		return false;
	return !--handle->fail_at;
}

/* Nobody can reach them any more before they are read. */
static bool go(struct model_handle *handle, uintptr_t addr, size_t npages, int prot)
{
	const size_t bytes = npages * model_page_size();
	long frame;

	if (allocation_fails(handle))
		return false;
	frame = model_take(handle->minor, npages);
	if (frame == MODEL_NONE)
		return false;
	model_mprotect(addr, bytes, PROT_NONE);
	if (model_peek(addr, model_data_of(frame), bytes) != (ssize_t)bytes) {
		model_mprotect(addr, bytes, prot);
		model_give_back(frame, npages);
		return false;
	}
	if (FAULT(8))
		memset(model_data_of(frame), 0, bytes);
	model_madvise(addr, bytes, MADV_DONTNEED);
	model_map(frame, npages, addr, FAULT(9) ? PROT_READ | PROT_WRITE : prot);
	return true;
}

/* Nobody can reach them before they have been written. */
static void come(long frame, size_t npages)
{
	const uintptr_t addr = model_addr_of(frame);
	const size_t bytes = npages * model_page_size();
	size_t i;

	if (!FAULT(10) && model_poke(addr, model_data_of(frame), bytes) != (ssize_t)bytes) {
		/* No file is to be had for it: better that others see half a page than none. */
		model_mprotect(addr, bytes, PROT_READ | PROT_WRITE);
		memcpy((void *)addr, model_data_of(frame), bytes);
	}
	model_mprotect(addr, bytes, *model_prot_of(frame));
	for (i = 0; i < npages; i++)
		model_unmap(frame + (long)i);
	came_back++;
}

/* A huge page lies here, or nothing does where one might. */
static bool is_huge(uintptr_t addr, size_t npages, const uint8_t *what)
{
	const size_t n = model_folio_pages(), size = model_page_size();
	size_t i;

	if (addr % (n * size) || npages < n || FAULT(11))
		return false;
	if (what[0] & MODEL_PRESENT ? !(what[0] & MODEL_HUGE) : what[0] & MODEL_SMALL)
		return false;
	for (i = 0; i < n; i++)
		if (what[i] != what[0] || model_frame_of(addr + i * size) != MODEL_NONE)
			return false;
	return true;
}

static int can_go(const uint8_t *what, size_t npages)
{
	size_t i;

	for (i = 0; i < npages; i++)
		if ((what[i] & (MODEL_MAPPED | MODEL_FOREIGN | PROT_READ)) !=
		    (MODEL_MAPPED | PROT_READ))
			return FAULT(12) ? 0 : -EINVAL;
	return 0;
}

/* What is on another device comes back first. */
static bool is_there(const struct model_handle *handle, uintptr_t addr)
{
	long frame = model_frame_of(addr);

	if (frame == MODEL_NONE)
		return false;
	if (model_minor_of(frame) == handle->minor || FAULT(30))
		return true;
	model_bring_back(addr, model_page_size());
	return false;
}

int model_to_device(struct model_handle *handle, uintptr_t addr, size_t npages,
		    uint64_t *moved)
{
	const size_t n = model_folio_pages(), size = model_page_size();
	uint8_t *what = malloc(npages);
	size_t i = 0;
	int ret;

	*moved = 0;
	if (!what)
		return -ENOMEM;
	ret = model_mappings(addr, npages, true, what);
	if (!ret)
		ret = model_present(addr, npages, what);
	if (!ret)
		ret = can_go(what, npages);
	if (ret)
		goto out_free;
	while (i < npages) {
		const int prot = what[i] & (PROT_READ | PROT_WRITE | PROT_EXEC);
		const uintptr_t page = addr + i * size;

		if (is_huge(page, npages - i, &what[i]) && go(handle, page, n, prot)) {
			*moved += n;
			i += n;
			continue;
		}
		/* Of a folio that could not go as a whole, all pages in turn. */
		do {
			if (is_there(handle, addr + i * size))
				;
			else if (go(handle, addr + i * size, 1, what[i] & 7))
				++*moved;
			else if (!FAULT(13))
				ret = -ENOENT;
			i++;
		} while (i < npages && (addr + i * size) % (n * size));
	}
out_free:
	free(what);
	return ret;
}

int model_to_system(struct model_handle *handle, unsigned int minor, uintptr_t addr,
		    size_t npages, uint64_t *moved)
{
	const size_t n = model_folio_pages(), size = model_page_size();
	uintptr_t end = addr + npages * size;
	int ret = 0;

	*moved = 0;
	while (addr < end) {
		long frame = model_frame_of(addr);

		if (frame == MODEL_NONE || model_minor_of(frame) != minor ||
		    model_is_held(frame)) {
			addr += size;
			continue;
		}
		if (model_folio_of(frame) == frame && (end - addr >= n * size || FAULT(29)) &&
		    !allocation_fails(handle)) {
			come(frame, n);
			*moved += n;
			addr += n * size;
			continue;
		}
		model_split(frame);
		if (!allocation_fails(handle)) {
			come(frame, 1);
			++*moved;
		} else if (!FAULT(14)) {
			ret = -ENOMEM;
		}
		addr += size;
	}
	return ret;
}

uint64_t model_drain(unsigned int minor)
{
	const long first = (long)(minor * model_device_frames());
	const long end = first + (long)model_device_frames();
	uint64_t moved, sum = 0;
	long frame;

	for (frame = first; frame < end; frame++) {
		if (!model_addr_of(frame))
			continue;
		model_to_system(NULL, minor, model_addr_of(frame), model_folio_of(frame) == frame ?
				model_folio_pages() : 1, &moved);
		sum += moved;
		if (FAULT(15) && sum)
			break;
	}
	return sum;
}

/* A whole folio comes back as one. What is held comes when its holder lets go. */
static void bring_back_page(uintptr_t addr)
{
	long frame, folio;

	for (;;) {
		frame = model_frame_of(addr);
		if (frame == MODEL_NONE)
			return;
		if (!model_is_held(frame))
			break;
		model_unlock();
		sched_yield();
		model_lock();
	}
	folio = model_folio_of(frame);
	if (folio != MODEL_NONE)
		come(folio, model_folio_pages());
	else
		come(frame, 1);
}

void model_bring_back(uintptr_t addr, size_t bytes)
{
	const size_t size = model_page_size();
	uintptr_t page = addr - addr % size, end = addr + bytes;

	for (; page < end; page += size)
		bring_back_page(page);
}

static struct sigaction others;

/* Not ours: once more, and it is what it would be without us. */
static void pass_on(int signal, siginfo_t *info, void *context)
{
	if (others.sa_flags & SA_SIGINFO)
		others.sa_sigaction(signal, info, context);
	else if (others.sa_handler != SIG_DFL && others.sa_handler != SIG_IGN)
		others.sa_handler(signal);
	else
		sigaction(SIGSEGV, &others, NULL);
}

/*
 * A page that is on no device may have come back before this thread's turn: it looks
 * again. If nothing has come back meanwhile and it is here again, it may not.
 */
static void touched(int signal, siginfo_t *info, void *context)
{
	static __thread uintptr_t last_addr;
	static __thread uint64_t last_time;
	const uintptr_t addr = (uintptr_t)info->si_addr;
	const uintptr_t page = addr - addr % model_page_size();
	const int before = errno;
	bool ours;
	long frame;

	model_lock();
	frame = model_frame_of(page);
	ours = frame != MODEL_NONE || last_addr != addr || last_time != came_back;
	bring_back_page(page);
	last_addr = addr;
	last_time = came_back;
	model_unlock();
	if (!ours)
		pass_on(signal, info, context);
	errno = before;
}

int model_catch_faults(void)
{
	struct sigaction action = { .sa_sigaction = touched, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	static bool done;

	if (done)
		return 0;
	sigemptyset(&action.sa_mask);
	if (sigaction(SIGSEGV, &action, &others))
		return -errno;
	done = true;
	return 0;
}
