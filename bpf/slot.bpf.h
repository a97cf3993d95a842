/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Task storage costs more than a whole record, so a task takes a slot of an array by its number for
 * the time of a call. Whoever finds the slot taken by somebody else's call has its task storage.
 * The arrays are variables, not maps: a map costs twice as much to look into.
 */
#ifndef SLOT_BPF_H
#define SLOT_BPF_H

#include "common.bpf.h"

#define SLOTS 256

static __always_inline __u32 slot_index(int tid)
{
	return (__u32)tid & (SLOTS - 1);
}

/* Whether the slot with that @owner is the caller's from now on. */
static __always_inline bool slot_take(int *owner, int tid)
{
	int before = __sync_val_compare_and_swap(owner, 0, tid);

	return !before || before == tid;
}

/* Of the task that has it. */
static __always_inline void slot_leave(int *owner)
{
	*(volatile int *)owner = 0;
}

#endif
