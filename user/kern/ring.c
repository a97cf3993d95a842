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
#include "base/clock.h"

#define INHERIT_TRIES 100
#define NS_PER_MS 1000000ull

/*
 * The ring is read here and not by libbpf's ring_buffer__consume(), which gives each record back
 * before the next is seen: then each would have to be made durable alone.
 */
struct ring {
	struct ring_maps maps;
	int cpus;
	size_t page_bytes;
	size_t data_bytes;       /* a power of two */
	unsigned long *consumer; /* where we are; the kernel reads it */
	const void *producer;    /* where the kernel is; the data follow on the next page, twice */
	const unsigned char *data;
	/* Of the observers' own ring alone: the positions, and what wakes us instead of it. */
	struct mw_records *records;
	unsigned char *records_data;
	size_t records_size;  /* a power of two */
	size_t records_bytes; /* of the mapping */
	ring_handler handler;
	ring_settler settle;
	uint64_t *position;
	void *context;
	uint64_t delivered[MW_EVENT_KINDS];
};

/* The size of the record that begins there, and its kind; 0 and 0 for what is none. */
static size_t record_size(const void *data, size_t size, uint32_t *kind)
{
	struct mw_event_head head = {0};

	*kind = 0;
	if (size < sizeof(head))
		return 0;
	memcpy(&head, data, sizeof(head));
	if (head.kind < MW_EVENT_KINDS)
		*kind = head.kind;
	return head.size < sizeof(head) || head.size > size ? 0 : head.size;
}

/* Gives its size; 0 for what is none, which goes to the handler as it is. */
static size_t deliver(struct ring *ring, const void *data, size_t size)
{
	uint32_t kind;
	size_t taken = record_size(data, size, &kind);

	ring->delivered[kind]++;
	ring->handler(ring->context, data, taken ? taken : size);
	return taken;
}

/* A place in the ring may hold several records: a call, and before it the arcs that it walked. */
static void deliver_place(struct ring *ring, const void *data, size_t size)
{
	const uint8_t *at = data;
	size_t taken;

	do {
		taken = deliver(ring, at, size);
		at += taken;
		size -= taken;
	} while (taken && size);
}

/* Two mappings, as the kernel has them: one page that we write, and the rest, which we only read.
 */
static int map_ring(struct ring *ring)
{
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info);
	void *map;

	if (bpf_obj_get_info_by_fd(ring->maps.ring_fd, &info, &size))
		return -errno;
	if (info.type != BPF_MAP_TYPE_RINGBUF)
		return -EINVAL;
	ring->page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	ring->data_bytes = info.max_entries;
	map = mmap(NULL, ring->page_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, ring->maps.ring_fd,
		   0);
	if (map == MAP_FAILED)
		return -errno;
	ring->consumer = map;
	/* The data twice, so that a record that wraps around lies in one piece. */
	map = mmap(NULL, ring->page_bytes + 2 * ring->data_bytes, PROT_READ, MAP_SHARED,
		   ring->maps.ring_fd, (off_t)ring->page_bytes);
	if (map == MAP_FAILED)
		return -errno;
	ring->producer = map;
	ring->data = (const unsigned char *)map + ring->page_bytes;
	return 0;
}

static int map_records(struct ring *ring, int records_fd)
{
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info);
	void *map;

	if (bpf_obj_get_info_by_fd(records_fd, &info, &size))
		return -errno;
	if (info.type != BPF_MAP_TYPE_ARRAY || info.value_size <= RING_RECORDS_EXTRA)
		return -EINVAL;
	map = mmap(NULL, info.value_size, PROT_READ | PROT_WRITE, MAP_SHARED, records_fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	ring->records = map;
	ring->records_bytes = info.value_size;
	ring->records_size = info.value_size - RING_RECORDS_EXTRA;
	ring->records_data = (unsigned char *)map + sizeof(*ring->records);
	__atomic_store_n(&ring->records->is_awaited, 1, __ATOMIC_SEQ_CST);
	return 0;
}

int ring_open(const struct ring_maps *maps, ring_handler handler, void *context, struct ring **out)
{
	struct ring *ring;
	int cpus, r;

	cpus = libbpf_num_possible_cpus();
	if (cpus < 0)
		return cpus;
	ring = calloc(1, sizeof(*ring));
	if (!ring)
		return -ENOMEM;
	ring->maps = *maps;
	ring->cpus = cpus;
	ring->handler = handler;
	ring->context = context;
	r = map_ring(ring);
	if (!r && maps->records_fd >= 0)
		r = map_records(ring, maps->records_fd);
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

void ring_on_place(struct ring *ring, uint64_t *position)
{
	ring->position = position;
}

void ring_close(struct ring *ring)
{
	if (!ring)
		return;
	if (ring->consumer)
		munmap(ring->consumer, ring->page_bytes);
	if (ring->producer)
		munmap((void *)ring->producer, ring->page_bytes + 2 * ring->data_bytes);
	if (ring->records)
		munmap(ring->records, ring->records_bytes);
	free(ring);
}

const struct ring_maps *ring_maps(const struct ring *ring)
{
	return &ring->maps;
}

int ring_fd(const struct ring *ring)
{
	return ring->maps.ring_fd;
}

static unsigned long producer_position(const struct ring *ring)
{
	return __atomic_load_n((const unsigned long *)ring->producer, __ATOMIC_ACQUIRE);
}

struct place {
	const unsigned char *data;
	uint32_t size;
	bool is_discarded;
	unsigned long next;
};

/* Where the reader is. */
static unsigned long position(const struct ring *ring)
{
	return ring->records ? ring->records->given_back : *ring->consumer;
}

/* Where the next record will be. */
static unsigned long end_position(const struct ring *ring)
{
	return ring->records ? __atomic_load_n(&ring->records->taken, __ATOMIC_ACQUIRE)
			     : producer_position(ring);
}

/* Where that lies: places begin where words do, for their writers too. */
static size_t records_offset(const struct ring *ring, unsigned long at)
{
	return at & (ring->records_size - sizeof(uint64_t));
}

/* The same of the observers' own ring (wire.h). */
static bool look_at_record(const struct ring *ring, unsigned long at, struct place *out)
{
	const unsigned char *place = ring->records_data + records_offset(ring, at);
	unsigned long end = end_position(ring);
	bool is_sane = end - position(ring) <= ring->records_size;
	uint64_t size;

	if (at >= end)
		return false;
	size = __atomic_load_n((const uint64_t *)place, __ATOMIC_ACQUIRE);
	if (!size && is_sane)
		return false;
	out->data = place + sizeof(size);
	out->size = (uint32_t)size;
	out->is_discarded = false;
	out->next = at + size + sizeof(size);
	if (is_sane && size <= MW_RECORDS_SLACK - sizeof(size) && !(size & 7) && out->next <= end)
		return true;
	/* No program of ours makes such a place. What follows it cannot be found. */
	out->size = 0;
	out->next = end;
	return true;
}

/* What lies there. False: nothing, or a program is still writing it; those behind it have to wait.
 */
static bool look_at(const struct ring *ring, unsigned long at, struct place *out)
{
	const unsigned char *record = ring->data + (at & (ring->data_bytes - 1) & ~7ul);
	unsigned long end = producer_position(ring);
	uint32_t header;

	if (ring->records)
		return look_at_record(ring, at, out);
	if (at >= end)
		return false;
	header = __atomic_load_n((const uint32_t *)record, __ATOMIC_ACQUIRE);
	if (header & BPF_RINGBUF_BUSY_BIT)
		return false;
	out->data = record + BPF_RINGBUF_HDR_SZ;
	out->size = header & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
	out->is_discarded = header & BPF_RINGBUF_DISCARD_BIT;
	out->next = at + ((out->size + BPF_RINGBUF_HDR_SZ + 7) & ~7ul);
	if (end - at <= ring->data_bytes && out->next - at <= end - at)
		return true;
	/* The kernel makes no such place. What follows it cannot be found. */
	out->size = 0;
	out->next = end;
	return true;
}

/*
 * Before a writer may take it again it is cleared: a size that it has not stored yet reads 0. By
 * where it lies, not by what it says: of what made no sense nothing can be learnt a second time,
 * and behind @end others are writing.
 */
static void clear_records(struct ring *ring, unsigned long at, unsigned long end)
{
	size_t size = ring->records_size, begin = records_offset(ring, at);
	size_t behind = records_offset(ring, end);

	if (end - at >= size) {
		/* No writer gets room before it is given back. */
		memset(ring->records_data, 0, size + MW_RECORDS_SLACK);
	} else if (begin <= behind) {
		memset(ring->records_data + begin, 0, behind - begin);
	} else {
		/* The last place before the ring's end may go on in the slack, so far at most. */
		memset(ring->records_data + begin, 0,
		       size - begin + (behind < MW_RECORDS_SLACK ? behind : MW_RECORDS_SLACK));
		memset(ring->records_data, 0, behind);
	}
}

static void give_back(struct ring *ring, unsigned long at, unsigned long end)
{
	if (!ring->records) {
		__atomic_store_n(ring->consumer, end, __ATOMIC_RELEASE);
		return;
	}
	clear_records(ring, at, end);
	__atomic_store_n(&ring->records->given_back, end, __ATOMIC_RELEASE);
}

/* Hands over what lies in at most @limit places and gives these back. Gives their number. */
static unsigned int consume(struct ring *ring, unsigned int limit)
{
	unsigned long at = position(ring), end = at;
	unsigned int count = 0;
	struct place place;

	while (count < limit && look_at(ring, end, &place)) {
		if (!place.is_discarded) {
			if (ring->position)
				*ring->position = place.next;
			deliver_place(ring, place.data, place.size);
			count++;
		}
		end = place.next;
	}
	if (end == at)
		return 0;
	if (count && ring->settle)
		ring->settle(ring->context);
	give_back(ring, at, end);
	return count;
}

/* The bell has rung, or is yet to be heard. */
static bool bell_rings(const struct ring *ring)
{
	return producer_position(ring) != *ring->consumer;
}

static void bell_silence(struct ring *ring)
{
	__atomic_store_n(ring->consumer, producer_position(ring), __ATOMIC_RELEASE);
}

/*
 * Whether the reader may go and wait for ring_fd: nothing is left of which it would not hear. Who
 * publishes after is_awaited was set rings, and nobody silences that but the next look; what was
 * published before is seen here.
 */
static bool may_wait(struct ring *ring)
{
	struct place place;

	if (!ring->records)
		return true;
	if (look_at_record(ring, position(ring), &place)) {
		__atomic_store_n(&ring->records->is_awaited, 1, __ATOMIC_SEQ_CST);
		return bell_rings(ring);
	}
	bell_silence(ring);
	__atomic_store_n(&ring->records->is_awaited, 1, __ATOMIC_SEQ_CST);
	return !look_at_record(ring, position(ring), &place);
}

/* In batches, so that each is settled before it is forgotten. */
static unsigned int consume_some(struct ring *ring, unsigned int limit)
{
	unsigned int count, total = 0;

	do {
		count = consume(ring,
				limit - total < RING_SETTLE_MAX ? limit - total : RING_SETTLE_MAX);
		total += count;
	} while (count && total < limit);
	return total;
}

/* What comes meanwhile is for the next time: else a flood would keep us here. */
int ring_consume(struct ring *ring)
{
	unsigned long end = end_position(ring);
	unsigned int count, total = 0;

	do {
		count = consume(ring, RING_SETTLE_MAX);
		total += count;
	} while (count && position(ring) < end);
	while (!may_wait(ring))
		total += consume(ring, RING_SETTLE_MAX);
	return (int)total;
}

int ring_consume_batch(struct ring *ring, unsigned int limit)
{
	unsigned int total = consume_some(ring, limit);

	while (!may_wait(ring))
		total += consume(ring, RING_SETTLE_MAX);
	return (int)total;
}

static void records_counts(const struct ring *ring, struct ring_counts *out)
{
	for (uint32_t kind = 0; kind < MW_EVENT_KINDS; kind++) {
		const struct mw_counter *counter = &ring->records->counts[kind];

		out->kind[kind] = (struct ring_count){
			.produced = __atomic_load_n(&counter->produced, __ATOMIC_ACQUIRE),
			.lost = __atomic_load_n(&counter->lost, __ATOMIC_ACQUIRE),
			.delivered = ring->delivered[kind],
		};
	}
}

int ring_counts(const struct ring *ring, struct ring_counts *out)
{
	AUTO_FREE struct mw_counter *per_cpu = NULL;

	if (ring->records) {
		records_counts(ring, out);
		return 0;
	}
	per_cpu = calloc((size_t)ring->cpus, sizeof(*per_cpu));
	if (!per_cpu)
		return -ENOMEM;
	memset(out, 0, sizeof(*out));
	for (uint32_t kind = 0; kind < MW_EVENT_KINDS; kind++) {
		struct ring_count *count = &out->kind[kind];

		if (bpf_map_lookup_elem(ring->maps.counters_fd, &kind, per_cpu))
			return -errno;
		for (int cpu = 0; cpu < ring->cpus; cpu++) {
			count->produced += per_cpu[cpu].produced;
			count->lost += per_cpu[cpu].lost;
		}
		count->delivered = ring->delivered[kind];
	}
	return 0;
}

static uint64_t accepted(const struct ring_count *count)
{
	return count->produced - count->lost;
}

static bool same_accepted(const struct ring_counts *a, const struct ring_counts *b)
{
	for (uint32_t kind = 1; kind < MW_EVENT_KINDS; kind++)
		if (accepted(&a->kind[kind]) != accepted(&b->kind[kind]))
			return false;
	return true;
}

/* How many of each kind wait, without handing them over. False: one is still being written. */
static bool count_waiting(const struct ring *ring, uint64_t waiting[static MW_EVENT_KINDS])
{
	unsigned long at = *ring->consumer;
	struct place place;

	memset(waiting, 0, MW_EVENT_KINDS * sizeof(*waiting));
	for (; look_at(ring, at, &place); at = place.next) {
		size_t taken = 0, size;
		uint32_t kind;

		for (size_t done = 0; !place.is_discarded && done < place.size; done += taken) {
			size = place.size - done;
			taken = record_size(place.data + done, size, &kind);
			waiting[kind]++;
			if (!taken)
				break;
		}
	}
	return at >= producer_position(ring);
}

/*
 * Whoever read the ring before left its place in the ring itself, but not how much it took: that is
 * what was produced, less what was lost, less what waits; told at a moment when nothing was under
 * way. In a flood there is one too: when the ring is full.
 */
int ring_inherit(struct ring *ring)
{
	uint64_t waiting[MW_EVENT_KINDS];
	struct ring_counts before, after;
	int r = ring_consume(ring);

	for (unsigned int tries = 0; tries < INHERIT_TRIES && r >= 0; tries++) {
		bool is_whole = false;

		r = ring_counts(ring, &before);
		if (!r)
			is_whole = count_waiting(ring, waiting);
		if (!r)
			r = ring_counts(ring, &after);
		if (!r && is_whole && same_accepted(&before, &after))
			break;
	}
	if (r)
		return r;
	for (uint32_t kind = 1; kind < MW_EVENT_KINDS; kind++)
		ring->delivered[kind] = accepted(&after.kind[kind]) - waiting[kind];
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
	const struct timespec pause = {.tv_nsec = NS_PER_MS};
	uint64_t end_ns = clock_ns(CLOCK_MONOTONIC) + limit_ms * NS_PER_MS;
	struct ring_counts counts;
	int r;

	/* A program that was inside when it was detached may still submit its record. */
	do {
		r = ring_consume(ring);
		if (r < 0)
			return r;
		r = ring_counts(ring, &counts);
		if (r)
			return r;
		if (is_accounted_for(&counts))
			return 0;
		nanosleep(&pause, NULL);
	} while (clock_ns(CLOCK_MONOTONIC) < end_ns);
	return -ETIMEDOUT;
}
