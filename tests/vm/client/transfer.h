/* SPDX-License-Identifier: GPL-2.0-only */
/* The ways in which bytes get out of a data fd and into it: all of them reach the driver. */
#ifndef TRANSFER_H
#define TRANSFER_H

#include <errno.h>
#include <linux/io_uring.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum transfer_way {
	TRANSFER_PLAIN,  /* read, write */
	TRANSFER_VECTOR, /* readv, writev, with two parts */
	TRANSFER_URING,  /* io_uring, one request at a time */
	TRANSFER_WAYS,
};

static const char *const transfer_names[TRANSFER_WAYS] = {"plain", "vector", "uring"};

/* The two rings in one mapping, and the entries. */
struct transfer_uring {
	int fd;
	uint8_t *rings;
	struct io_uring_sqe *entries;
	struct io_uring_params params;
};

/* Opened by the first request, and open until the end of the process. */
static int transfer_uring_open(struct transfer_uring *uring)
{
	const int rights = PROT_READ | PROT_WRITE;
	struct io_uring_params *p = &uring->params;
	size_t size;

	uring->fd = (int)syscall(SYS_io_uring_setup, 1, p);
	if (uring->fd < 0)
		return -errno;
	size = p->cq_off.cqes + p->cq_entries * sizeof(struct io_uring_cqe);
	uring->rings =
		mmap(NULL, size, rights, MAP_SHARED | MAP_POPULATE, uring->fd, IORING_OFF_SQ_RING);
	uring->entries = mmap(NULL, sizeof(struct io_uring_sqe), rights, MAP_SHARED | MAP_POPULATE,
			      uring->fd, IORING_OFF_SQES);
	return (void *)uring->rings == MAP_FAILED || (void *)uring->entries == MAP_FAILED ? -ENOMEM
											  : 0;
}

static ssize_t transfer_by_uring(bool is_write, int fd, void *bytes, size_t count)
{
	static struct transfer_uring uring = {.fd = -1};
	const struct io_uring_params *p = &uring.params;
	struct io_uring_cqe *answers;
	uint32_t *tail, *head;
	ssize_t done;

	if (uring.fd < 0 && (done = transfer_uring_open(&uring)) < 0)
		return done;
	*uring.entries = (struct io_uring_sqe){
		.opcode = is_write ? IORING_OP_WRITE : IORING_OP_READ,
		.fd = fd,
		.off = UINT64_MAX,
		.addr = (uintptr_t)bytes,
		.len = (uint32_t)count,
	};
	tail = (uint32_t *)(uring.rings + p->sq_off.tail);
	((uint32_t *)(uring.rings + p->sq_off.array))[0] = 0;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, uring.fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		return -errno;
	head = (uint32_t *)(uring.rings + p->cq_off.head);
	answers = (struct io_uring_cqe *)(uring.rings + p->cq_off.cqes);
	done = answers[*head % p->cq_entries].res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return done;
}

/* Moves up to @count bytes; gives their number, 0 at the end, or -errno. */
static ssize_t transfer(enum transfer_way way, bool is_write, int fd, void *bytes, size_t count)
{
	const struct iovec parts[2] = {
		{.iov_base = bytes, .iov_len = count / 2},
		{.iov_base = (uint8_t *)bytes + count / 2, .iov_len = count - count / 2},
	};
	ssize_t done = -EINVAL;

	switch (way) {
	case TRANSFER_PLAIN:
		done = is_write ? write(fd, bytes, count) : read(fd, bytes, count);
		break;
	case TRANSFER_VECTOR:
		done = is_write ? writev(fd, parts, 2) : readv(fd, parts, 2);
		break;
	case TRANSFER_URING:
		return transfer_by_uring(is_write, fd, bytes, count);
	case TRANSFER_WAYS:
		break;
	}
	return done < 0 ? -errno : done;
}

#endif
