// SPDX-License-Identifier: GPL-2.0-only
#include "kern/ring.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"

#define INHERIT_TRIES 100

/* Places until the handler's batch is settled and the ring forgets them. */
#define SETTLE_RECORDS 64

/*
 * The ring is read here and not by libbpf's ring_buffer__consume(), which gives each record back
 * before the next is seen: then each would have to be made durable alone.
 */
struct ring {
	int map_fd;
	int counters_fd;
	int cpus;
	size_t page_bytes;
	size_t data_bytes;       /* a power of two */
	unsigned long *consumer; /* where we are; the kernel reads it */
	const void *producer;    /* where the kernel is; the data follow on the next page, twice */
	const unsigned char *data;
	ring_handler handler;
	ring_settler settle;
	void *context;
	uint64_t delivered[MW_EVENT_KINDS];
};

/* Gives its size; 0 for what is none, which goes to the handler as it is. */
static size_t deliver(struct ring *ring, const void *data, size_t size)
{
	struct mw_event_head head = {0};
	uint32_t kind = 0;

	if (size >= sizeof(head)) {
		memcpy(&head, data, sizeof(head));
		if (head.kind < MW_EVENT_KINDS)
			kind = head.kind;
	}
	if (head.size < sizeof(head) || head.size > size)
		head.size = 0;
	ring->delivered[kind]++;
	ring->handler(ring->context, data, head.size ? head.size : size);
	return head.size;
}

/* A place in the ring may hold several records: a call, and before it the arcs that it walked. */
static void deliver_place(struct ring *ring, const void *data, size_t size)
{
	const uint8_t *at = data;

	while (size) {
		size_t taken = deliver(ring, at, size);

		if (!taken)
			break;
		at += taken;
		size -= taken;
	}
}

/* Two mappings, as the kernel has them: one page that we write, and the rest, which we only read.
 */
static int map_ring(struct ring *ring)
{
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info);
	void *map;

	if (bpf_obj_get_info_by_fd(ring->map_fd, &info, &size))
		return -errno;
	if (info.type != BPF_MAP_TYPE_RINGBUF)
		return -EINVAL;
	ring->page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	ring->data_bytes = info.max_entries;
	map = mmap(NULL, ring->page_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, ring->map_fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	ring->consumer = map;
	/* The data twice, so that a record that wraps around lies in one piece. */
	map = mmap(NULL, ring->page_bytes + 2 * ring->data_bytes, PROT_READ, MAP_SHARED,
		   ring->map_fd, (off_t)ring->page_bytes);
	if (map == MAP_FAILED)
		return -errno;
	ring->producer = map;
	ring->data = (const unsigned char *)map + ring->page_bytes;
	return 0;
}

int ring_open(int map_fd, int counters_fd, ring_handler handler, void *context, struct ring **out)
{
	struct ring *ring;
	int cpus, r;

	cpus = libbpf_num_possible_cpus();
	if (cpus < 0)
		return cpus;
	ring = calloc(1, sizeof(*ring));
	if (!ring)
		return -ENOMEM;
	ring->map_fd = map_fd;
	ring->counters_fd = counters_fd;
	ring->cpus = cpus;
	ring->handler = handler;
	ring->context = context;
	r = map_ring(ring);
	if (r) {
		ring_close(ring);
		return r;
	}
	*out = ring;
	return 0;
}

void ring_on_settled(struct ring *ring, ring_settler settle)
{
	ring->settle = settle;
}

void ring_close(struct ring *ring)
{
	if (!ring)
		return;
	if (ring->consumer)
		munmap(ring->consumer, ring->page_bytes);
	if (ring->producer)
		munmap((void *)ring->producer, ring->page_bytes + 2 * ring->data_bytes);
	free(ring);
}

int ring_map_fd(const struct ring *ring)
{
	return ring->map_fd;
}

int ring_counters_fd(const struct ring *ring)
{
	return ring->counters_fd;
}

int ring_fd(const struct ring *ring)
{
	return ring->map_fd;
}

/* Hands over what lies in at most @limit places and gives these back. Gives their number. */
static unsigned int consume(struct ring *ring, unsigned int limit)
{
	unsigned long at = *ring->consumer, end = at;
	unsigned int count = 0;

	while (count < limit) {
		const unsigned char *record = ring->data + (end & (ring->data_bytes - 1));
		uint32_t header, size;

		if (end >= __atomic_load_n((const unsigned long *)ring->producer, __ATOMIC_ACQUIRE))
			break;
		header = __atomic_load_n((const uint32_t *)record, __ATOMIC_ACQUIRE);
		/* A program is still writing it; those behind it have to wait. */
		if (header & BPF_RINGBUF_BUSY_BIT)
			break;
		size = header & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
		if (!(header & BPF_RINGBUF_DISCARD_BIT)) {
			deliver_place(ring, record + BPF_RINGBUF_HDR_SZ, size);
			count++;
		}
		end += (size + BPF_RINGBUF_HDR_SZ + 7) & ~7ul;
	}
	if (end == at)
		return 0;
	if (count && ring->settle)
		ring->settle(ring->context);
	__atomic_store_n(ring->consumer, end, __ATOMIC_RELEASE);
	return count;
}

/* A program that found us behind has not woken us: we look again until there is nothing. */
int ring_consume(struct ring *ring)
{
	unsigned int count, total = 0;

	do {
		count = consume(ring, SETTLE_RECORDS);
		total += count;
	} while (count);
	return (int)total;
}

int ring_consume_batch(struct ring *ring, unsigned int limit)
{
	unsigned int count, total = 0;

	do {
		count = consume(ring,
				limit - total < SETTLE_RECORDS ? limit - total : SETTLE_RECORDS);
		total += count;
	} while (count && total < limit);
	return (int)total;
}

int ring_counts(const struct ring *ring, struct ring_counts *out)
{
	AUTO_FREE struct mw_counter *per_cpu = calloc((size_t)ring->cpus, sizeof(*per_cpu));

	if (!per_cpu)
		return -ENOMEM;
	memset(out, 0, sizeof(*out));
	for (uint32_t kind = 0; kind < MW_EVENT_KINDS; kind++) {
		struct ring_count *count = &out->kind[kind];

		if (bpf_map_lookup_elem(ring->counters_fd, &kind, per_cpu))
			return -errno;
		for (int cpu = 0; cpu < ring->cpus; cpu++) {
			count->produced += per_cpu[cpu].produced;
			count->lost += per_cpu[cpu].lost;
		}
		count->delivered = ring->delivered[kind];
	}
	return 0;
}

static bool same_produced(const struct ring_counts *a, const struct ring_counts *b)
{
	for (uint32_t kind = 1; kind < MW_EVENT_KINDS; kind++)
		if (a->kind[kind].produced != b->kind[kind].produced)
			return false;
	return true;
}

/*
 * Whoever read the ring before left its place in the ring itself, but not how much it took: that is
 * what was produced, less what was lost, less what we found waiting; told at a moment when nothing
 * was under way.
 */
int ring_inherit(struct ring *ring)
{
	struct ring_counts before, after;

	for (unsigned int tries = 0; tries < INHERIT_TRIES; tries++) {
		int r = ring_counts(ring, &before);

		if (!r)
			r = ring_consume(ring);
		if (r >= 0)
			r = ring_counts(ring, &after);
		if (r)
			return r;
		if (ring_consume(ring) == 0 && same_produced(&before, &after))
			break;
	}
	for (uint32_t kind = 1; kind < MW_EVENT_KINDS; kind++)
		ring->delivered[kind] = after.kind[kind].produced - after.kind[kind].lost;
	return 0;
}

static bool is_accounted_for(const struct ring_counts *counts)
{
	for (uint32_t kind = 1; kind < MW_EVENT_KINDS; kind++)
		if (counts->kind[kind].produced !=
		    counts->kind[kind].delivered + counts->kind[kind].lost)
			return false;
	return true;
}

int ring_drain(struct ring *ring, unsigned int limit_ms)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	struct ring_counts counts;
	int r;

	/* A program that was inside when it was detached may still submit its record. */
	for (unsigned int waited = 0; waited <= limit_ms; waited++) {
		r = ring_consume(ring);
		if (r < 0)
			return r;
		r = ring_counts(ring, &counts);
		if (r)
			return r;
		if (is_accounted_for(&counts))
			return 0;
		nanosleep(&pause, NULL);
	}
	return -ETIMEDOUT;
}
