// SPDX-License-Identifier: GPL-2.0
/* An io_uring pins a buffer that is registered with it, until that is undone. */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <devthp.h>

#include "pin_kind.h"
#include "verdict.h"

struct ring {
	struct io_uring_params params;
	int fd;
	int file;		/* that the ring writes the buffer to */
	char *queues;		/* the two of them share a mapping */
	struct io_uring_sqe *entries;
};

static unsigned int *word(struct ring *ring, unsigned int offset)
{
	return (unsigned int *)(ring->queues + offset);
}

static size_t queue_bytes(const struct io_uring_params *params)
{
	const size_t sq = params->sq_off.array +
			  params->sq_entries * sizeof(unsigned int);
	const size_t cq = params->cq_off.cqes +
			  params->cq_entries * sizeof(struct io_uring_cqe);

	return sq > cq ? sq : cq;
}

static void ring_free(struct ring *ring)
{
	if (ring->queues)
		munmap(ring->queues, queue_bytes(&ring->params));
	if (ring->entries)
		munmap(ring->entries, ring->params.sq_entries *
				      sizeof(*ring->entries));
	if (ring->fd >= 0)
		close(ring->fd);
	if (ring->file >= 0)
		close(ring->file);
	free(ring);
}

static void *ring_map(struct ring *ring, size_t bytes, off_t offset)
{
	void *addr = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_POPULATE, ring->fd, offset);

	return addr == MAP_FAILED ? NULL : addr;
}

static struct ring *ring_new(void)
{
	struct ring *ring = calloc(1, sizeof(*ring));

	if (!ring)
		return NULL;
	ring->file = -1;
	ring->fd = syscall(SYS_io_uring_setup, 1, &ring->params);
	if (ring->fd < 0 || !(ring->params.features & IORING_FEAT_SINGLE_MMAP))
		goto none;
	ring->file = memfd_create("what the ring saw", MFD_CLOEXEC);
	ring->queues = ring_map(ring, queue_bytes(&ring->params),
				IORING_OFF_SQ_RING);
	ring->entries = ring_map(ring, ring->params.sq_entries *
				       sizeof(*ring->entries), IORING_OFF_SQES);
	if (ring->file >= 0 && ring->queues && ring->entries)
		return ring;
none:
	ring_free(ring);
	return NULL;
}

int pin_ring_needed(const char **why)
{
	struct ring *ring = ring_new();

	if (!ring)
		return missing(wrong("io_uring: %s: it takes CONFIG_IO_URING and kernel.io_uring_disabled=0",
					      strerror(errno)), why);
	ring_free(ring);
	return KSFT_PASS;
}

const char *pin_ring_take(struct pin *pin)
{
	struct iovec buffer = {
		pin->addr, pin->npages * devthp_page_size(),
	};
	struct ring *ring = ring_new();

	if (!ring)
		return went_well("make an io_uring", -errno);
	if (syscall(SYS_io_uring_register, ring->fd, IORING_REGISTER_BUFFERS,
		    &buffer, 1)) {
		const char *verdict = went_well("register a buffer", -errno);

		ring_free(ring);
		return verdict;
	}
	pin->holder = ring;
	return RIGHT;
}

/* One request and its answer. */
static int ring_do(struct ring *ring, const struct io_uring_sqe *request)
{
	const struct io_sqring_offsets *sq = &ring->params.sq_off;
	const struct io_cqring_offsets *cq = &ring->params.cq_off;
	unsigned int *tail = word(ring, sq->tail);
	unsigned int *head = word(ring, cq->head);
	struct io_uring_cqe *answers;
	int result;

	ring->entries[0] = *request;
	word(ring, sq->array)[*tail & *word(ring, sq->ring_mask)] = 0;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring->fd, 1, 1, IORING_ENTER_GETEVENTS,
		    NULL, 0) != 1)
		return -errno;
	if (__atomic_load_n(word(ring, cq->tail), __ATOMIC_ACQUIRE) == *head)
		return -EIO;
	answers = (struct io_uring_cqe *)(ring->queues + cq->cqes);
	result = answers[*head & *word(ring, cq->ring_mask)].res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return result;
}

static const char *ring_copy(struct ring *ring, const struct pin *pin,
			     void *copy)
{
	const size_t bytes = pin->npages * devthp_page_size();
	const struct io_uring_sqe request = {
		.opcode = IORING_OP_WRITE_FIXED,
		.fd = ring->file,
		.addr = (uintptr_t)pin->addr,
		.len = bytes,
	};
	int written = ring_do(ring, &request);

	CHECK(went_well("write a file from the buffer of an io_uring",
			written));
	if ((size_t)written != bytes)
		return wrong("an io_uring wrote %d bytes of %zu", written,
			     bytes);
	if (pread(ring->file, copy, bytes, 0) != (ssize_t)bytes)
		return went_well("read what an io_uring wrote", -errno);
	return RIGHT;
}

const char *pin_ring_drop(struct pin *pin, void *copy)
{
	struct ring *ring = pin->holder;
	const char *verdict = RIGHT;

	if (copy)
		verdict = ring_copy(ring, pin, copy);
	/* Closing does it as well, but some time later. */
	if (syscall(SYS_io_uring_register, ring->fd, IORING_UNREGISTER_BUFFERS,
		    NULL, 0) && is_right(verdict))
		verdict = went_well("unregister a buffer", -errno);
	ring_free(ring);
	return verdict;
}
