// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * What the program does to its mappings, before the kernel is told: these take the
 * place of the C library's. They come before any device is opened as well.
 */
#undef _FILE_OFFSET_BITS	/* would make mmap() another name of mmap64() */

#include <errno.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "model.h"

#define OUTSIDE __attribute__((visibility("default")))

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ	22
#define MADV_POPULATE_WRITE	23
#endif
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED	24
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE		25
#endif

void *mmap64(void *addr, size_t bytes, int prot, int flags, int fd, off_t offset);

int model_mprotect(uintptr_t addr, size_t bytes, int prot)
{
	return (int)syscall(SYS_mprotect, addr, bytes, prot);
}

int model_madvise(uintptr_t addr, size_t bytes, int advice)
{
	return (int)syscall(SYS_madvise, addr, bytes, advice);
}

/* The pages are no more: what is in the device's memory is nobody's. */
static void forget(uintptr_t addr, size_t bytes)
{
	uintptr_t end = addr + bytes;
	long frame;

	for (; addr < end; addr += model_page_size()) {
		frame = model_frame_of(addr);
		if (frame != MODEL_NONE)
			model_unmap(frame);
	}
}

OUTSIDE int munmap(void *addr, size_t bytes)
{
	int ret;

	if (!model_memory_is_made())
		return (int)syscall(SYS_munmap, addr, bytes);
	model_lock();
	ret = (int)syscall(SYS_munmap, addr, bytes);
	if (!ret && !FAULT(3))
		forget((uintptr_t)addr, bytes);
	model_unlock();
	return ret;
}

OUTSIDE void *mmap(void *addr, size_t bytes, int prot, int flags, int fd, off_t offset)
{
	void *ret;

	if (!model_memory_is_made() || !(flags & MAP_FIXED))
		return (void *)syscall(SYS_mmap, addr, bytes, prot, flags, fd, offset);
	model_lock();
	ret = (void *)syscall(SYS_mmap, addr, bytes, prot, flags, fd, offset);
	if (ret != MAP_FAILED && !FAULT(4))
		forget((uintptr_t)addr, bytes);
	model_unlock();
	return ret;
}

OUTSIDE void *mmap64(void *addr, size_t bytes, int prot, int flags, int fd, off_t offset)
{
	return mmap(addr, bytes, prot, flags, fd, offset);
}

/* Bytes from addr on, up to end, that are alike in being on a device or not. */
static size_t run_length(uintptr_t addr, uintptr_t end)
{
	const bool on_device = model_frame_of(addr) != MODEL_NONE;
	uintptr_t next = addr + model_page_size();

	while (next < end && (model_frame_of(next) != MODEL_NONE) == on_device)
		next += model_page_size();
	return (next < end ? next : end) - addr;
}

/* What is on a device remains inaccessible: it is for when it comes back. */
static void protect_on_device(uintptr_t addr, size_t bytes, int prot)
{
	uintptr_t page;

	for (page = addr; page < addr + bytes; page += model_page_size()) {
		long frame = model_frame_of(page);

		if (bytes < model_folio_pages() * model_page_size())
			model_split(frame);
		if (!FAULT(5))
			*model_prot_of(frame) = prot;
	}
}

OUTSIDE int mprotect(void *given, size_t bytes, int prot)
{
	uintptr_t addr = (uintptr_t)given, end = addr + bytes;
	int ret = 0;
	size_t run;

	if (!model_memory_is_made() || !bytes || end < addr || addr % model_page_size())
		return model_mprotect(addr, bytes, prot);
	model_lock();
	for (; addr < end && !ret; addr += run) {
		run = run_length(addr, end);
		if (model_frame_of(addr) != MODEL_NONE)
			protect_on_device(addr, run, prot);
		else
			ret = model_mprotect(addr, run, prot);
	}
	model_unlock();
	return ret;
}

/* What it held is given up, so that the next touch finds nothing. */
static void drop(uintptr_t addr, size_t bytes)
{
	uintptr_t end = addr + bytes;
	long frame;

	for (; addr < end; addr += model_page_size()) {
		frame = model_frame_of(addr);
		if (frame == MODEL_NONE)
			continue;
		model_mprotect(addr, model_page_size(), *model_prot_of(frame));
		model_unmap(frame);
	}
}

static bool drops(int advice)
{
	return advice == MADV_DONTNEED || advice == MADV_DONTNEED_LOCKED ||
	       advice == MADV_FREE || advice == MADV_REMOVE;
}

OUTSIDE int madvise(void *given, size_t bytes, int advice)
{
	uintptr_t addr = (uintptr_t)given;
	int ret, err;

	if (!model_memory_is_made() || addr % model_page_size() || addr + bytes < addr)
		return model_madvise(addr, bytes, advice);
	model_lock();
	switch (advice) {
	case MADV_POPULATE_READ:
	case MADV_POPULATE_WRITE:
	case MADV_COLLAPSE:
		model_bring_back(addr, bytes);
		break;
	}
	ret = model_madvise(addr, bytes, advice);
	err = errno;
	/* What the kernel refuses is not done here. ENOMEM: there are holes, the rest was. */
	if (drops(advice) && (!ret || err == ENOMEM) && !FAULT(6))
		drop(addr, bytes);
	model_unlock();
	errno = err;
	return ret;
}

OUTSIDE void *mremap(void *addr, size_t old, size_t bytes, int flags, ...)
{
	void *to = NULL, *ret;
	va_list args;

	if (flags & MREMAP_FIXED) {
		va_start(args, flags);
		to = va_arg(args, void *);
		va_end(args);
	}
	if (!model_memory_is_made())
		return (void *)syscall(SYS_mremap, addr, old, bytes, flags, to);
	model_lock();
	if (!FAULT(7))
		model_bring_back((uintptr_t)addr, old);
	ret = (void *)syscall(SYS_mremap, addr, old, bytes, flags, to);
	if (ret != MAP_FAILED && flags & MREMAP_FIXED)
		forget((uintptr_t)to, bytes);
	model_unlock();
	return ret;
}
