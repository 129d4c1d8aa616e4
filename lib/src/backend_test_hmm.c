// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* The kernel's test_hmm module: /dev/hmm_dmirror0 to 3. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "backend.h"

struct test_hmm_cmd {
	uint64_t addr;
	uint64_t ptr;
	uint64_t npages;
	uint64_t cpages;
	uint64_t faults;
};

#define TEST_HMM_READ		_IOWR('H', 0x00, struct test_hmm_cmd)
#define TEST_HMM_WRITE		_IOWR('H', 0x01, struct test_hmm_cmd)
#define TEST_HMM_TO_DEVICE	_IOWR('H', 0x02, struct test_hmm_cmd)
#define TEST_HMM_TO_SYSTEM	_IOWR('H', 0x03, struct test_hmm_cmd)
#define TEST_HMM_SNAPSHOT	_IOWR('H', 0x04, struct test_hmm_cmd)
#define TEST_HMM_EXCLUSIVE	_IOWR('H', 0x05, struct test_hmm_cmd)
#define TEST_HMM_IS_EXCLUSIVE	_IOWR('H', 0x06, struct test_hmm_cmd)
#define TEST_HMM_RELEASE	_IOWR('H', 0x07, struct test_hmm_cmd)
#define TEST_HMM_FLAGS		_IOWR('H', 0x08, struct test_hmm_cmd)

struct test_hmm_times {
	uint32_t size;
	uint32_t reserved;
	struct devthp_time time[4];	/* as the module has them */
};

#define TEST_HMM_TIMES		_IOWR('H', 0x85, struct test_hmm_times)

struct test_hmm_fail_alloc {
	uint32_t size;
	uint32_t reserved;
	uint64_t nth;
};

#define TEST_HMM_FAIL_ALLOC	_IOWR('H', 0x86, struct test_hmm_fail_alloc)

/* Its own commands, of structures that begin with their size. */
struct test_hmm_hold {
	uint32_t size;
	uint32_t flags;		/* DEVTHP_HOLD_*, as the module has them, or: */
	uint64_t addr;
	uint64_t npages;
	uint64_t held;
};

struct test_hmm_pause {
	uint32_t size;
	uint32_t point;		/* enum devthp_point, as the module has it */
	uint32_t action;
	uint32_t reserved;
	uint64_t timeout_ms;
};

struct test_hmm_evict {
	uint32_t size;
	uint32_t flags;
	uint64_t evicted;
	uint64_t left;
};

struct test_hmm_stats {
	uint32_t size;
	uint32_t reserved;
	uint64_t pages_total;
	uint64_t pages_free;
	uint64_t folios_free;
	uint64_t allocated;
	uint64_t freed;
	uint64_t src_pinned;
};

#define TEST_HMM_HOLD		_IOWR('H', 0x80, struct test_hmm_hold)
#define TEST_HMM_UNHOLD		_IOWR('H', 0x81, struct test_hmm_hold)
#define TEST_HMM_PAUSE		_IOWR('H', 0x82, struct test_hmm_pause)
#define TEST_HMM_EVICT		_IOWR('H', 0x83, struct test_hmm_evict)
#define TEST_HMM_STATS		_IOWR('H', 0x84, struct test_hmm_stats)

#define HOLD_FRAMES		8	/* addr is physical */

#define PAUSE_ARM		1
#define PAUSE_WAIT		2
#define PAUSE_RESUME		3
#define PAUSE_MAX_MS		3600000U

_Static_assert(TEST_HMM_READ == 0xc0284800, "the module's ioctl numbers");

/*
 * The flags travel in npages, where 0 is refused before they are looked at.
 * Any other value with the bit clear clears it.
 */
#define FLAG_FAIL_ALLOC		1
#define FLAG_NONE		2

/* Minors 0 and 1 are device-private, 2 and 3 device-coherent. */
#define MINORS			4
#define FIRST_COHERENT		2
#define WINDOW_PAGES		512

struct test_hmm {
	int fd;
};

static int fd_of(const void *state)
{
	return ((const struct test_hmm *)state)->fd;
}

static int command(void *state, unsigned long request, void *cmd)
{
	int ret = devthp_sys->ioctl(fd_of(state), request, cmd);

	return ret < 0 ? ret : 0;
}

/* To a command that it does not know the module says -EINVAL, and others say -ENOTTY. */
static int or_unknown(int ret)
{
	return ret == -EINVAL || ret == -ENOTTY ? -EOPNOTSUPP : ret;
}

int devthp_test_hmm_node(uint32_t minor, char *path, size_t room)
{
	if (minor >= MINORS)
		return -ENOENT;
	return snprintf(path, room, "/dev/hmm_dmirror%u", minor);
}

static int node_path(const struct devthp_backend_request *request,
		     struct devthp_backend_device *device)
{
	const size_t room = sizeof(device->path);
	int length;

	if (request->path)
		length = snprintf(device->path, room, "%s", request->path);
	else
		length = devthp_test_hmm_node(request->minor, device->path, room);
	if (length < 0)
		return length;
	return (size_t)length < room ? 0 : -ENAMETOOLONG;
}

/* Is the number that of the module, by the name that it has given to it? */
static int check_major(unsigned int major)
{
	char *text, line[64];
	int ret;

	ret = devthp_read_text("/proc/devices", &text);
	if (ret)
		return ret;
	snprintf(line, sizeof(line), "\n%3u HMM_DMIRROR\n", major);
	ret = strstr(text, line) ? 0 : -ENODEV;
	free(text);
	return ret;
}

/* Is it one of ours? Then its minor number. Others, like /dev/kfd, are not asked anything. */
static int identify(struct test_hmm *hmm)
{
	unsigned int major, minor;
	int ret;

	ret = devthp_sys->numbers(hmm->fd, &major, &minor);
	ret = ret ? ret : check_major(major);
	if (ret)
		return ret;
	return minor < MINORS ? (int)minor : -ENODEV;
}

static int test_hmm_open(const struct devthp_backend_request *request,
			 struct devthp_backend_device *device)
{
	struct test_hmm *hmm;
	int ret;

	ret = node_path(request, device);
	if (ret)
		return ret;
	hmm = malloc(sizeof(*hmm));
	if (!hmm)
		return -ENOMEM;
	/* The module gives up if there is a signal, or work of an io_uring for us. */
	do {
		hmm->fd = devthp_sys->open(device->path, O_RDWR);
	} while (hmm->fd == -EINTR);
	if (hmm->fd < 0) {
		ret = hmm->fd;
		goto out_free;
	}
	ret = identify(hmm);
	if (ret < 0)
		goto out_close;
	device->state = hmm;
	device->window_pages = WINDOW_PAGES;
	device->caps = ret < FIRST_COHERENT ? DEVTHP_CAP_PRIVATE : DEVTHP_CAP_COHERENT;
	return 0;

out_close:
	devthp_sys->close(hmm->fd);
out_free:
	free(hmm);
	return ret;
}

static int test_hmm_close(void *state)
{
	int ret = devthp_sys->close(fd_of(state));

	free(state);
	return ret;
}

static int test_hmm_to_device(void *state, uintptr_t addr,
			      size_t npages, void *buf, uint64_t *entries)
{
	struct test_hmm_cmd cmd = {
		.addr = addr, .ptr = (uintptr_t)buf, .npages = npages,
	};
	int ret = command(state, TEST_HMM_TO_DEVICE, &cmd);

	if (!ret)
		*entries = cmd.cpages;
	return ret;
}

static int test_hmm_to_system(void *state, uintptr_t addr,
			      size_t npages, uint64_t *entries)
{
	struct test_hmm_cmd cmd = { .addr = addr, .npages = npages };
	int ret = command(state, TEST_HMM_TO_SYSTEM, &cmd);

	if (!ret)
		*entries = cmd.cpages;
	return ret;
}

static int access_memory(void *state, unsigned long request,
			 uintptr_t addr, size_t npages, uintptr_t buf,
			 uint64_t *pages, uint64_t *faults)
{
	struct test_hmm_cmd cmd = { .addr = addr, .ptr = buf, .npages = npages };
	int ret = command(state, request, &cmd);

	if (!ret) {
		*pages = cmd.cpages;
		*faults = cmd.faults;
	}
	return ret;
}

static int test_hmm_read(void *state, uintptr_t addr,
			 size_t npages, void *buf, uint64_t *pages,
			 uint64_t *faults)
{
	return access_memory(state, TEST_HMM_READ, addr, npages, (uintptr_t)buf,
			     pages, faults);
}

static int test_hmm_write(void *state, uintptr_t addr,
			  size_t npages, const void *buf, uint64_t *pages,
			  uint64_t *faults)
{
	return access_memory(state, TEST_HMM_WRITE, addr, npages, (uintptr_t)buf,
			     pages, faults);
}

static int test_hmm_snapshot(void *state, uintptr_t addr,
			     size_t npages, uint8_t *prot)
{
	struct test_hmm_cmd cmd = {
		.addr = addr, .ptr = (uintptr_t)prot, .npages = npages,
	};

	return command(state, TEST_HMM_SNAPSHOT, &cmd);
}

/* Any module knows of the next one; to count is a command of its own. */
static int test_hmm_fail_alloc(void *state, uint64_t nth)
{
	struct test_hmm_cmd cmd = { .npages = nth ? FLAG_FAIL_ALLOC : FLAG_NONE };
	struct test_hmm_fail_alloc count = { .size = sizeof(count), .nth = nth };

	if (nth > 1)
		return or_unknown(command(state, TEST_HMM_FAIL_ALLOC, &count));
	return or_unknown(command(state, TEST_HMM_FLAGS, &cmd));
}

static int test_hmm_evict(void *state)
{
	struct test_hmm_cmd cmd = { .npages = 1 };

	return or_unknown(command(state, TEST_HMM_RELEASE, &cmd));
}

static int test_hmm_drain(void *state, struct devthp_eviction *eviction)
{
	struct test_hmm_evict cmd = { .size = sizeof(cmd) };
	int ret = or_unknown(command(state, TEST_HMM_EVICT, &cmd));

	if (ret)
		return ret;
	eviction->evicted = cmd.evicted;
	eviction->left = cmd.left;
	return 0;
}

static int test_hmm_usage(void *state, struct devthp_usage *usage)
{
	struct test_hmm_stats cmd = { .size = sizeof(cmd) };
	int ret = or_unknown(command(state, TEST_HMM_STATS, &cmd));

	if (ret)
		return ret;
	usage->pages_total = cmd.pages_total;
	usage->pages_free = cmd.pages_free;
	usage->folios_free = cmd.folios_free;
	usage->allocated = cmd.allocated;
	usage->freed = cmd.freed;
	usage->pinned = cmd.src_pinned;
	return 0;
}

static int hold_command(void *state, unsigned long request, uint64_t addr,
			size_t npages, uint32_t flags, uint64_t *held)
{
	struct test_hmm_hold cmd = {
		.size = sizeof(cmd), .flags = flags, .addr = addr, .npages = npages,
	};
	int ret = command(state, request, &cmd);

	if (!ret)
		*held = cmd.held;
	return ret;
}

static int test_hmm_hold(void *state, uintptr_t addr, size_t npages,
			 uint32_t flags, uint64_t *held)
{
	int ret = hold_command(state, TEST_HMM_HOLD, addr, npages, flags, held);
	struct devthp_usage usage;

	/* Of a process that has ended, one that knows the command says -EINVAL as well. */
	if (ret == -EINVAL && !test_hmm_usage(state, &usage))
		return ret;
	return or_unknown(ret);
}

static int test_hmm_unhold(void *state, uintptr_t addr, size_t npages,
			   uint64_t *held)
{
	return or_unknown(hold_command(state, TEST_HMM_UNHOLD, addr, npages, 0, held));
}

static int test_hmm_hold_frames(void *state, uint64_t pfn, size_t npages,
				uint64_t *held)
{
	return or_unknown(hold_command(state, TEST_HMM_HOLD, pfn * devthp_page_size(), npages,
				       HOLD_FRAMES, held));
}

static int test_hmm_unhold_frames(void *state, uint64_t pfn, size_t npages,
				  uint64_t *held)
{
	return or_unknown(hold_command(state, TEST_HMM_UNHOLD, pfn * devthp_page_size(), npages,
				       HOLD_FRAMES, held));
}

static int pause_command(void *state, unsigned int point, uint32_t action,
			 unsigned int timeout_ms)
{
	struct test_hmm_pause cmd = {
		.size = sizeof(cmd), .point = point, .action = action,
		.timeout_ms = timeout_ms < PAUSE_MAX_MS ? timeout_ms : PAUSE_MAX_MS,
	};

	return or_unknown(command(state, TEST_HMM_PAUSE, &cmd));
}

static int test_hmm_pause(void *state, unsigned int point)
{
	return pause_command(state, point, PAUSE_ARM, 0);
}

static int test_hmm_pause_wait(void *state, unsigned int point,
			       unsigned int timeout_ms)
{
	return pause_command(state, point, PAUSE_WAIT, timeout_ms);
}

static int test_hmm_resume(void *state, unsigned int point)
{
	return pause_command(state, point, PAUSE_RESUME, 0);
}

static int test_hmm_times(void *state, struct devthp_times *times)
{
	struct test_hmm_times cmd = { .size = sizeof(cmd) };
	int ret = or_unknown(command(state, TEST_HMM_TIMES, &cmd));

	if (ret)
		return ret;
	times->to_device = cmd.time[0];
	times->to_system = cmd.time[1];
	times->fault = cmd.time[2];
	times->evict = cmd.time[3];
	return 0;
}

static int test_hmm_is_exclusive(void *state, uintptr_t addr,
				 size_t npages)
{
	struct test_hmm_cmd cmd = { .addr = addr, .npages = npages };
	int ret = or_unknown(command(state, TEST_HMM_IS_EXCLUSIVE, &cmd));

	return ret == -EPERM ? 1 : ret;
}

static int test_hmm_exclusive(void *state, uintptr_t addr,
			      size_t npages, void *buf)
{
	struct test_hmm_cmd cmd = {
		.addr = addr, .ptr = (uintptr_t)buf, .npages = npages,
	};
	int ret = command(state, TEST_HMM_EXCLUSIVE, &cmd);

	/* The same here; the other one came with it, and needs no memory. */
	if (ret == -EINVAL && test_hmm_is_exclusive(state, addr, npages) >= 0)
		return ret;
	return or_unknown(ret);
}

const struct devthp_backend devthp_test_hmm = {
	.size = sizeof(devthp_test_hmm),
	.name = "test_hmm",
	.open = test_hmm_open,
	.close = test_hmm_close,
	.migrate_to_device = test_hmm_to_device,
	.migrate_to_system = test_hmm_to_system,
	.read = test_hmm_read,
	.write = test_hmm_write,
	.snapshot = test_hmm_snapshot,
	.fail_alloc = test_hmm_fail_alloc,
	.evict = test_hmm_evict,
	.drain = test_hmm_drain,
	.usage = test_hmm_usage,
	.times = test_hmm_times,
	.hold = test_hmm_hold,
	.unhold = test_hmm_unhold,
	.hold_frames = test_hmm_hold_frames,
	.unhold_frames = test_hmm_unhold_frames,
	.pause = test_hmm_pause,
	.pause_wait = test_hmm_pause_wait,
	.resume = test_hmm_resume,
	.exclusive = test_hmm_exclusive,
	.is_exclusive = test_hmm_is_exclusive,
};
