/* SPDX-License-Identifier: GPL-2.0-only */
/* Records of the gate, in the kernel's ring: it outlives the daemon that reads it. */
#ifndef RING_BPF_H
#define RING_BPF_H

#include "common.bpf.h"

/* One ring for all programs of one loader; its size is set before loading. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, MW_EVENT_KINDS);
	__type(key, __u32);
	__type(value, struct mw_counter);
} counters SEC(".maps");

/*
 * Records that were made, and were lost if there was no room for them. Atomic: a tracing program
 * can be preempted by another one on the same CPU.
 */
static __always_inline void count(__u16 kind, __u32 produced, bool lost)
{
	__u32 slot = kind;
	struct mw_counter *counter = bpf_map_lookup_elem(&counters, &slot);

	if (!counter)
		return;
	__sync_fetch_and_add(&counter->produced, produced);
	if (lost)
		__sync_fetch_and_add(&counter->lost, produced);
}

/*
 * Room for one record, its head filled. NULL when the ring is full: the loss is counted, and the
 * caller has nothing more to do.
 */
static __always_inline void *event_reserve(__u32 size, __u16 kind)
{
	void *event = bpf_ringbuf_reserve(&ring, size, 0);

	count(kind, 1, !event);
	if (event)
		fill_head(event, size, kind, bpf_ktime_get_ns());
	return event;
}

static __always_inline void event_submit(void *event)
{
	bpf_ringbuf_submit(event, 0);
}

#endif
