/* SPDX-License-Identifier: GPL-2.0-only */
/* Records of the observers, in memory shared with their reader (wire.h, struct mw_records). */
#ifndef RECORDS_BPF_H
#define RECORDS_BPF_H

#include "common.bpf.h"

/* Of a place in the ring, whose size is a power of two: set before loading. Places begin where
 * words do. */
const volatile __u64 records_mask;

struct records {
	struct mw_records head;
	unsigned char data[MW_RECORDS_SLACK]; /* and as much as user space gives it */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	/* No types: user space makes the value larger than its type. */
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct records));
} records SEC(".maps");

/* Holds nothing that is read: a place in it wakes the reader. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} bell SEC(".maps");

/* Others that take room at the same moment make us try again; each of them has got its own. */
#define CLAIMS_MAX 64

/* The ring; never NULL, which only the verifier does not know. */
static __always_inline struct records *records_all(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&records, &zero);
}

/* Room for @size bytes, all 0; NULL when there is none. To be handed to records_publish(). */
static __always_inline void *records_reserve(struct records *all, __u32 size)
{
	__u32 whole = size + sizeof(__u64);

	for (__u32 i = 0; i < CLAIMS_MAX; i++) {
		__u64 taken = *(volatile __u64 *)&all->head.taken, before;
		__u64 back = *(volatile __u64 *)&all->head.given_back;

		/* Signed: the reader may be beyond what was taken when we looked. */
		if ((__s64)(taken + whole - back) > (__s64)(records_mask + sizeof(__u64)))
			return NULL;
		before = __sync_val_compare_and_swap(&all->head.taken, taken, taken + whole);
		barrier_var(before);
		if (before == taken)
			return &all->data[taken & records_mask] + sizeof(__u64);
	}
	return NULL;
}

/*
 * Records that were made, and were lost if there was no room for them. Atomic, and beside what was
 * taken: that line of the cache is here anyhow.
 */
static __always_inline void records_count(struct records *all, __u16 kind, __u64 produced,
					  bool lost)
{
	__sync_fetch_and_add(&all->head.counts[kind].produced, produced);
	if (lost)
		__sync_fetch_and_add(&all->head.counts[kind].lost, produced);
}

static __always_inline void count(__u16 kind, __u64 produced, bool lost)
{
	struct records *all = records_all();

	if (all)
		records_count(all, kind, produced, lost);
}

/* A place in which nothing is to be read. */
static __noinline int records_wake(void)
{
	__u64 nothing = 0;

	return (int)bpf_ringbuf_output(&bell, &nothing, sizeof(nothing), BPF_RB_FORCE_WAKEUP);
}

/* The exchange is a barrier: what was written is seen with the size, and who waits after it. */
static __always_inline void records_publish(struct records *all, void *place, __u32 size)
{
	__sync_lock_test_and_set((__u64 *)place - 1, size);
	if (*(volatile __u32 *)&all->head.is_awaited &&
	    __sync_lock_test_and_set(&all->head.is_awaited, 0))
		records_wake();
}

/*
 * Room for one record, its head filled and all else 0. NULL when the ring is full: the loss is
 * counted, and the caller has nothing more to do.
 */
static __always_inline void *event_reserve(__u32 size, __u16 kind)
{
	struct records *all = records_all();
	void *event;

	if (!all)
		return NULL;
	event = records_reserve(all, size);
	records_count(all, kind, 1, !event);
	if (event)
		fill_head(event, size, kind, bpf_ktime_get_ns());
	return event;
}

static __always_inline void event_submit(void *event)
{
	struct records *all = records_all();

	if (all)
		records_publish(all, event, ((struct mw_event_head *)event)->size);
}

#endif
