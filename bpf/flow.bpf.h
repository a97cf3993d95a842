/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The data files of migrations and the sums of their calls, one place for both that have to do with
 * them: observe.bpf.c sees them made and sees their devices go from state to state, dataflow.bpf.c
 * sees drivers move their data. User space makes both share these maps (user/kern/dataflow.c).
 */
#ifndef FLOW_BPF_H
#define FLOW_BPF_H

#include "records.bpf.h"

#define DEVICES_MAX 4096
#define FOLLOWED_BYTES 256

/*
 * Open addressing by the file's address, in an array. Where a file is depends on the others that
 * are open, so who calls for every few bytes remembers its place (file_recall).
 */
#define FILES_BITS 9
#define FILES_MAX (1 << FILES_BITS)
#define FILES_PROBES 16

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, FILES_MAX);
	__type(key, __u32);
	__type(value, struct mw_flow_file);
} flow_files SEC(".maps");

/* A device whose state moves through a data file. */
struct flow_device {
	__u64 file;
	__u32 state;
	__u32 zero;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, DEVICES_MAX);
	__type(key, __u64);
	__type(value, struct flow_device);
} flow_devices SEC(".maps");

/* How many of them share each place: where it says 0, no look into the hash is needed. */
struct followed {
	__u32 devices[FOLLOWED_BYTES];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct followed);
} flow_followed SEC(".maps");

/* Where an address belongs among 2^bits places. Copied as 32 bits it is no pointer any more. */
static __always_inline __u32 spread(__u64 address, __u32 bits)
{
	__u32 number;

	asm volatile("%0 = %1" : "=w"(number) : "w"((__u32)address));
	return (number * 0x9e3779b9u) >> (32 - bits);
}

static __always_inline __u32 *followed_place(__u64 vdev)
{
	__u32 zero = 0;
	struct followed *followed = bpf_map_lookup_elem(&flow_followed, &zero);

	return followed ? &followed->devices[spread(vdev, 8)] : NULL;
}

static __always_inline bool is_followed(__u64 vdev)
{
	const __u32 *place = followed_place(vdev);

	return place && *place;
}

static __always_inline __u32 file_place(__u64 address, __u32 probe)
{
	return (spread(address, FILES_BITS) + probe) & (FILES_MAX - 1);
}

static __always_inline struct mw_flow_file *file_at(__u64 address, __u32 probe)
{
	__u32 place = file_place(address, probe);

	return bpf_map_lookup_elem(&flow_files, &place);
}

/* Which of its possible places a file has; FILES_PROBES: none. */
static __noinline __u32 file_probe(__u64 address)
{
	for (__u32 probe = 0; probe < FILES_PROBES; probe++) {
		const struct mw_flow_file *file = file_at(address, probe);

		if (file && file->address == address)
			return probe;
	}
	return FILES_PROBES;
}

/* @address is never 0, which is that of a free one. */
static __always_inline struct mw_flow_file *file_find(__u64 address)
{
	__u32 probe = file_probe(address);

	return probe < FILES_PROBES ? file_at(address, probe) : NULL;
}

/*
 * The same by the @place where the caller's last file was, which becomes this one's: what a call
 * costs does not hang on where the kernel has put the file. The place may be wrong.
 */
static __always_inline struct mw_flow_file *file_recall(__u64 address, __u32 *place)
{
	struct mw_flow_file *file = bpf_map_lookup_elem(&flow_files, place);
	__u32 probe;

	if (file && file->address == address)
		return file;
	probe = file_probe(address);
	if (probe == FILES_PROBES)
		return NULL;
	*place = file_place(address, probe);
	return bpf_map_lookup_elem(&flow_files, place);
}

static __noinline __u32 file_claim(__u64 address)
{
	__u32 probe = file_probe(address);

	for (__u32 fresh = 0; fresh < FILES_PROBES && probe == FILES_PROBES; fresh++) {
		struct mw_flow_file *file = file_at(address, fresh);

		if (file && !file->address &&
		    !__sync_val_compare_and_swap(&file->address, 0, address))
			probe = fresh;
	}
	return probe;
}

/* The place of a file, its own or a free one; NULL, and counted, where too many are open. */
static __always_inline struct mw_flow_file *file_make(__u64 address)
{
	__u32 probe = file_claim(address);

	if (probe < FILES_PROBES)
		return file_at(address, probe);
	count(MW_EVENT_FLOW, 1, true);
	return NULL;
}

static __always_inline enum mw_flow_phase phase_of_state(__u32 state)
{
	if (state == MW_STATE_PRE_COPY)
		return MW_PHASE_PRE_COPY;
	return state == MW_STATE_PRE_COPY_P2P ? MW_PHASE_PRE_COPY_P2P : MW_PHASE_LAST;
}

static __always_inline bool has_calls(const struct mw_flow *flow)
{
	return flow->calls || flow->infos;
}

static __always_inline void phase_emit(const struct mw_flow_file *file, const struct mw_flow *flow,
				       __u32 end)
{
	struct mw_event_flow *event = event_reserve(sizeof(*event), MW_EVENT_FLOW);

	if (!event)
		return;
	__builtin_memcpy(event->head.device, file->device, sizeof(event->head.device));
	event->end = end;
	event->zero = 0;
	__builtin_memcpy(&event->flow, flow, sizeof(event->flow));
	event_submit(event);
}

/* Tells the sums of a data file, a record for each phase that had calls, and forgets them. */
static __noinline int file_finish(__u64 address, __u32 end, __u64 now)
{
	struct mw_flow_file *file = file_find(address);

	if (!file || file->is_done)
		return 0;
	file->is_done = 1;
	for (__u32 phase = 0; phase < MW_PHASES; phase++) {
		struct mw_flow *flow = &file->flow[phase];

		if (!has_calls(flow))
			continue;
		if (!flow->end_ns)
			flow->end_ns = now;
		phase_emit(file, flow, end);
		__builtin_memset(flow, 0, sizeof(*flow));
	}
	return 0;
}

/* As a free one, but for its address. Its sums are told before. */
static __always_inline void file_reset(struct mw_flow_file *file)
{
	file->vdev = 0;
	file->begin_ns = 0;
	file->last_ns = 0;
	file->offset = 0;
	file->is_seen = 0;
	file->is_done = 0;
	file->is_answered = 0;
	__builtin_memset(file->device, 0, sizeof(file->device));
}

static __always_inline void file_free(struct mw_flow_file *file)
{
	file_reset(file);
	__sync_lock_test_and_set(&file->address, 0);
}

static __always_inline void device_forget(__u64 vdev)
{
	__u32 *place = followed_place(vdev);

	if (!bpf_map_delete_elem(&flow_devices, &vdev) && place)
		__sync_fetch_and_add(place, -1);
}

static __always_inline void device_follow(__u64 vdev, __u64 file, __u32 state)
{
	struct flow_device fresh = {.file = file, .state = state};
	__u32 *place = followed_place(vdev);

	if (!bpf_map_update_elem(&flow_devices, &vdev, &fresh, BPF_NOEXIST)) {
		if (place)
			__sync_fetch_and_add(place, 1);
	} else if (bpf_map_update_elem(&flow_devices, &vdev, &fresh, BPF_EXIST)) {
		count(MW_EVENT_FLOW, 1, true);
	}
}

#endif
