// SPDX-License-Identifier: GPL-2.0
/*
 * process_vm_readv(2) pins the pages that it copies from, for as long as it
 * takes. Here that is until we let it: a page that it copies to is missing, and
 * a userfaultfd knows when it has come that far and when it may go on.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <devthp.h>

#include "pin_kind.h"
#include "verdict.h"

/*
 * What may be in registers when the store of it faults, and so be read before it
 * stops: no copy routine takes more at once.
 */
#define READ_EARLY 256

struct call {
	pthread_t thread;
	struct iovec to, from;
	ssize_t result;		/* bytes or a negative errno */
	int userfault;
};

static int open_userfault(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);

	if (fd >= 0 && ioctl(fd, UFFDIO_API, &api)) {
		close(fd);
		return -1;
	}
	return fd;
}

int pin_call_needed(const char **why)
{
	int fd = open_userfault();

	if (fd < 0)
		return missing(wrong("userfaultfd: %s: it takes root and CONFIG_USERFAULTFD",
					      strerror(errno)), why);
	close(fd);
	return KSFT_PASS;
}

static void *copy_pages(void *arg)
{
	struct call *call = arg;

	call->result = process_vm_readv(getpid(), &call->to, 1, &call->from, 1,
					0);
	if (call->result < 0)
		call->result = -errno;
	return NULL;
}

/* The first page of the target is the one that stops it. */
static const char *set_trap(struct call *call)
{
	struct uffdio_register trap = {
		.range = {
			(uintptr_t)call->to.iov_base, devthp_page_size(),
		},
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	if (ioctl(call->userfault, UFFDIO_REGISTER, &trap))
		return went_well("watch a page by userfaultfd", -errno);
	return RIGHT;
}

static const char *wait_until_trapped(struct call *call)
{
	struct uffd_msg message;

	if (read(call->userfault, &message, sizeof(message)) !=
	    sizeof(message))
		return went_well("wait for a fault by userfaultfd", -errno);
	if (message.event != UFFD_EVENT_PAGEFAULT)
		return wrong("userfaultfd tells event %#x; should be a fault",
			     message.event);
	return RIGHT;
}

static const char *open_trap(struct call *call)
{
	struct uffdio_zeropage page = {
		.range = {
			(uintptr_t)call->to.iov_base, devthp_page_size(),
		},
	};

	if (ioctl(call->userfault, UFFDIO_ZEROPAGE, &page))
		return went_well("let a fault go by userfaultfd", -errno);
	return RIGHT;
}

static void call_free(struct call *call)
{
	if (call->to.iov_base != MAP_FAILED)
		munmap(call->to.iov_base, call->to.iov_len);
	if (call->userfault >= 0)
		close(call->userfault);
	free(call);
}

static const char *call_start(struct call *call)
{
	int err;

	if (call->userfault < 0 || call->to.iov_base == MAP_FAILED)
		return went_well("prepare a process_vm_readv", -errno);
	/* Only base pages can be missing one by one. */
	madvise(call->to.iov_base, call->to.iov_len, MADV_NOHUGEPAGE);
	CHECK(set_trap(call));
	err = pthread_create(&call->thread, NULL, copy_pages, call);
	return went_well("make a thread", -err);
}

const char *pin_call_take(struct pin *pin)
{
	const size_t bytes = pin->npages * devthp_page_size();
	struct call *call = malloc(sizeof(*call));
	const char *verdict;

	if (!call)
		return went_well("process_vm_readv", -ENOMEM);
	*call = (struct call){
		.userfault = open_userfault(),
		.from = { pin->addr, bytes },
		.to = {
			mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), bytes,
		},
	};
	verdict = call_start(call);
	if (!is_right(verdict)) {
		call_free(call);
		return verdict;
	}
	pin->holder = call;
	return wait_until_trapped(call);
}

const char *pin_call_drop(struct pin *pin, void *copy)
{
	struct call *call = pin->holder;
	const char *verdict;

	CHECK(open_trap(call));
	pthread_join(call->thread, NULL);
	verdict = went_well("process_vm_readv", call->result);
	if (is_right(verdict) && (size_t)call->result != call->to.iov_len)
		verdict = wrong("process_vm_readv: copied %zd bytes of %zu",
				call->result, call->to.iov_len);
	if (copy) {
		memcpy(copy, call->to.iov_base, call->to.iov_len);
		memcpy(copy, pin->addr, READ_EARLY);
	}
	call_free(call);
	return verdict;
}
