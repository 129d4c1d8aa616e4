// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "mock.h"
#include "source.h"

#define FD_DEVICE	1000
#define FD_PROBE	1001
#define FD_FILES	2000	/* and up: index of the file */
#define FILES_MAX	16

struct command {
	uint64_t addr, ptr, npages, cpages, faults;
};

static struct {
	unsigned int major;
	int minor;
	const struct mock_ioctl *calls;
	size_t ncalls, next;
	struct {
		const char *path;
		const void *bytes, *other;
		size_t count;
		int error;
		uint64_t word;	/* without bytes and error */
	} files[FILES_MAX];
	size_t nfiles;
	const struct folio_probe_record *records;
	size_t nrecords, chunk, scans;
	const char *release;
	unsigned int interrupts;
	int open;
} mock;

static void take_turns(size_t i)
{
	const void *bytes = mock.files[i].bytes;

	mock.files[i].bytes = mock.files[i].other;
	mock.files[i].other = bytes;
}

static int mock_open(const char *path, int flags)
{
	size_t i;

	if (mock.interrupts) {
		mock.interrupts--;
		return -EINTR;
	}
	for (i = 0; i < mock.nfiles; i++) {
		if (strcmp(path, mock.files[i].path))
			continue;
		if (mock.files[i].error)
			return mock.files[i].error;
		if (mock.files[i].other)
			take_turns(i);
		mock.open++;
		return FD_FILES + (int)i;
	}
	if (!strcmp(path, "/dev/folio_probe")) {
		if (!mock.records)
			return -ENOENT;
		mock.open++;
		return FD_PROBE;
	}
	/* A process of that number may be there, by chance. */
	if (!strncmp(path, "/proc/4711/", 11))
		return -ENOENT;
	if (!strncmp(path, "/dev/", 5)) {
		mock.open++;
		return FD_DEVICE;
	}
	return devthp_sys_kernel.open(path, flags);
}

static int mock_close(int fd)
{
	if (fd < FD_DEVICE)
		return devthp_sys_kernel.close(fd);
	mock.open--;
	return 0;
}

static ssize_t mock_pread(int fd, void *buf, size_t bytes, uint64_t offset)
{
	size_t i = (size_t)fd - FD_FILES;

	if (fd < FD_DEVICE)
		return devthp_sys_kernel.pread(fd, buf, bytes, offset);
	if (!mock.files[i].bytes) {
		bytes = bytes < sizeof(uint64_t) ? bytes : sizeof(uint64_t);
		memcpy(buf, &mock.files[i].word, bytes);
		return (ssize_t)bytes;
	}
	if (offset >= mock.files[i].count)
		return 0;
	if (bytes > mock.files[i].count - offset)
		bytes = mock.files[i].count - offset;
	memcpy(buf, (const char *)mock.files[i].bytes + offset, bytes);
	return (ssize_t)bytes;
}

static int mock_numbers(int fd, unsigned int *major, unsigned int *minor)
{
	(void)fd;
	*major = mock.major;
	*minor = (unsigned int)mock.minor;
	return mock.minor < 0 ? mock.minor : 0;
}

static int mock_uname(struct utsname *name)
{
	int ret = devthp_sys_kernel.uname(name);

	if (!ret && mock.release)
		snprintf(name->release, sizeof(name->release), "%s", mock.release);
	return ret;
}

static int device_ioctl(unsigned long request, void *arg)
{
	const size_t bytes = _IOC_SIZE(request);
	struct command cmd = { .addr = 0 };
	const struct mock_ioctl *call;

	CHECK(mock.next < mock.ncalls);
	if (mock.next >= mock.ncalls)
		return -ENOTTY;
	call = &mock.calls[mock.next++];
	CHECK_INT(request, call->request);
	memcpy(&cmd, arg, bytes < sizeof(cmd) ? bytes : sizeof(cmd));
	if (call->addr != MOCK_ANYWHERE)
		CHECK_INT(cmd.addr, call->addr);
	CHECK_INT(cmd.npages, call->npages);
	if (call->in)
		CHECK(!memcmp((void *)(uintptr_t)cmd.ptr, call->in, call->in_bytes));
	if (call->ret)
		return call->ret;
	if (call->out)
		memcpy((void *)(uintptr_t)cmd.ptr, call->out, call->out_bytes);
	cmd.cpages = call->cpages;
	cmd.faults = call->faults;
	memcpy(arg, &cmd, bytes < sizeof(cmd) ? bytes : sizeof(cmd));
	return 0;
}

static int probe_ioctl(unsigned long request, struct folio_probe_scan *scan)
{
	struct folio_probe_record *out;
	uint64_t from;
	size_t i;

	if (request == FOLIO_PROBE_GET_VERSION)
		return FOLIO_PROBE_VERSION;
	CHECK_INT(request, FOLIO_PROBE_SCAN);
	CHECK_INT(scan->size, sizeof(*scan));
	CHECK_INT(scan->record_size, sizeof(*out));
	if (mock.scans && !--mock.scans)
		mock.records += mock.nrecords;
	out = (void *)(uintptr_t)scan->records;
	from = scan->start;
	for (i = 0; i < mock.nrecords && scan->filled < mock.chunk; i++) {
		uint64_t end = mock.records[i].addr +
			(mock.records[i].level == FOLIO_PROBE_PMD ? devthp_pmd_size() :
			 devthp_page_size());

		if (end <= from || mock.records[i].addr >= scan->end)
			continue;
		out[scan->filled++] = mock.records[i];
		scan->start = end;
	}
	if (i == mock.nrecords)
		scan->start = scan->end;
	return 0;
}

static int mock_do_ioctl(int fd, unsigned long request, void *arg)
{
	return fd == FD_PROBE ? probe_ioctl(request, arg) : device_ioctl(request, arg);
}

static const struct devthp_sys mock_sys = {
	.open = mock_open,
	.close = mock_close,
	.ioctl = mock_do_ioctl,
	.pread = mock_pread,
	.numbers = mock_numbers,
	.uname = mock_uname,
};

void mock_start(int minor)
{
	static const char devices[] =
		"Character devices:\n  1 mem\n 42 HMM_DMIRROR\n142 HMM_DMIRROR2\n235 kfd\n\n"
		"Block devices:\n  8 sd\n";

	memset(&mock, 0, sizeof(mock));
	mock.major = 42;
	mock.minor = minor;
	atomic_store(&devthp_device_private_seen, false);
	devthp_sys = &mock_sys;
	mock_file("/proc/devices", devices, strlen(devices), 0);
}

void mock_major(unsigned int major)
{
	mock.major = major;
}

void mock_interrupts(unsigned int times)
{
	mock.interrupts = times;
}

void mock_expect(const struct mock_ioctl *calls, size_t count)
{
	CHECK_INT(mock.next, mock.ncalls);
	mock.calls = calls;
	mock.ncalls = count;
	mock.next = 0;
}

void mock_file(const char *path, const void *bytes, size_t count, int error)
{
	CHECK(mock.nfiles < FILES_MAX);
	mock.files[mock.nfiles].path = path;
	mock.files[mock.nfiles].bytes = bytes;
	mock.files[mock.nfiles].count = count;
	mock.files[mock.nfiles++].error = error;
}

void mock_file_turns(const char *path, const void *other)
{
	size_t i = 0;

	while (strcmp(path, mock.files[i].path))
		i++;
	mock.files[i].other = other;
}

void mock_words(const char *path, uint64_t word)
{
	mock_file(path, NULL, 0, 0);
	mock.files[mock.nfiles - 1].word = word;
}

void mock_probe(const struct folio_probe_record *records, size_t count, size_t chunk)
{
	mock.records = records;
	mock.nrecords = count;
	mock.chunk = chunk;
	mock.scans = 0;
}

void mock_probe_scans(const struct folio_probe_record *records, size_t count, size_t chunk,
		      size_t scan)
{
	mock_probe(records, count, chunk);
	mock.scans = scan;
}

void mock_device_private(bool built_in)
{
	static const char symbols[2][128] = {
		"0000000000000000 T make_device_exclusive_range\t[module]\n"
		"0000000000000000 T device_make_exclusive\n",
		"ffffffff81000000 T _stext\n0000000000000000 T make_device_exclusive_range\n",
	};

	mock_file("/proc/kallsyms", symbols[built_in], strlen(symbols[built_in]), 0);
}

void mock_release(const char *release)
{
	mock.release = release;
}

void mock_end(void)
{
	CHECK_INT(mock.next, mock.ncalls);
	CHECK_INT(mock.open, 0);
	devthp_sys = &devthp_sys_kernel;
}

struct devthp_device *mock_device(void)
{
	struct devthp_device *dev = NULL;

	CHECK_CALL(devthp_device_open(&dev, NULL), 0);
	return dev;
}
