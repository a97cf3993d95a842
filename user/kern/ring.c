// SPDX-License-Identifier: GPL-2.0-only
#include "kern/ring.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"

#define INHERIT_TRIES 100

struct ring {
	struct ring_buffer *buffer;
	int map_fd;
	int counters_fd;
	int cpus;
	ring_handler handler;
	void *context;
	unsigned int budget; /* places until a batch ends; 0: no end */
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
static int on_place(void *context, void *data, size_t size)
{
	struct ring *ring = context;
	const uint8_t *at = data;

	while (size) {
		size_t taken = deliver(ring, at, size);

		if (!taken)
			break;
		at += taken;
		size -= taken;
	}
	/* libbpf gives back this place too before it stops. */
	return ring->budget && --ring->budget == 0 ? -EAGAIN : 0;
}

int ring_open(int map_fd, int counters_fd, ring_handler handler, void *context, struct ring **out)
{
	struct ring *ring;
	int cpus;

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
	ring->buffer = ring_buffer__new(map_fd, on_place, ring, NULL);
	if (!ring->buffer) {
		free(ring);
		return -errno;
	}
	*out = ring;
	return 0;
}

void ring_close(struct ring *ring)
{
	if (!ring)
		return;
	ring_buffer__free(ring->buffer);
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
	return ring_buffer__epoll_fd(ring->buffer);
}

int ring_consume(struct ring *ring)
{
	ring->budget = 0;
	return ring_buffer__consume(ring->buffer);
}

int ring_consume_batch(struct ring *ring, unsigned int limit)
{
	int r;

	ring->budget = limit;
	r = ring_buffer__consume(ring->buffer);
	return r == -EAGAIN ? (int)limit : r;
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
