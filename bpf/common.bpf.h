/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every program of ours needs: who and what a record is about. Where records go, and how they
 * are counted, is in ring.bpf.h or records.bpf.h.
 */
#ifndef COMMON_BPF_H
#define COMMON_BPF_H

#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "migwarden/wire.h"

/* What a task is called, in two words: the helper that copies a string costs ten times as much. */
static __always_inline void copy_comm(char *to, const char *from)
{
	_Static_assert(MW_COMM_BYTES == 2 * sizeof(__u64), "two words");
	((__u64 *)to)[0] = ((const __u64 *)from)[0];
	((__u64 *)to)[1] = ((const __u64 *)from)[1];
}

/* The same for the name of a device; both begin where a word does. */
static __always_inline void copy_device(char *to, const char *from)
{
	_Static_assert(MW_DEVICE_BYTES == 5 * sizeof(__u64), "five words");
	for (__u32 i = 0; i < MW_DEVICE_BYTES / sizeof(__u64); i++)
		((__u64 *)to)[i] = ((const __u64 *)from)[i];
}

/* Who a record is about: read once, however many records tell of one call. */
struct who {
	__u32 pid;
	__u32 tid;
	char comm[MW_COMM_BYTES];
	__u64 cgroup_id;
};

static __always_inline void who_but_cgroup(struct who *who, const struct task_struct *task)
{
	who->pid = task->tgid;
	who->tid = task->pid;
	copy_comm(who->comm, task->comm);
}

/*
 * The cgroup as bpf_get_current_cgroup_id() finds it, in a few loads. For what happens often, and
 * early in a program: on each way that comes to them the verifier looks up ten names among all the
 * kernel's types.
 */
static __always_inline void who_of(struct who *who, const struct task_struct *task)
{
	who_but_cgroup(who, task);
	who->cgroup_id = task->cgroups->dfl_cgrp->kn->id;
}

/* The same of the current task, for anything else: a few instructions more, and little to verify.
 */
static __always_inline void who_is_current(struct who *who)
{
	who_but_cgroup(who, bpf_get_current_task_btf());
	who->cgroup_id = bpf_get_current_cgroup_id();
}

/* All but the device. */
static __always_inline void fill_head_of(struct mw_event_head *head, __u32 size, __u16 kind,
					 __u64 now, const struct who *who)
{
	head->size = size;
	head->version = MW_WIRE_VERSION;
	head->kind = kind;
	head->time_ns = now;
	head->pid = who->pid;
	head->tid = who->tid;
	copy_comm(head->comm, who->comm);
	head->cgroup_id = who->cgroup_id;
}

static __always_inline void fill_head(struct mw_event_head *head, __u32 size, __u16 kind, __u64 now)
{
	struct who who;

	who_is_current(&who);
	fill_head_of(head, size, kind, now, &who);
	__builtin_memset(head->device, 0, sizeof(head->device));
}

/* The device behind an open VFIO device fd; NULL when the kernel has none. */
static __always_inline struct vfio_device *vfio_device_of(const struct file *file)
{
	void *data = file->private_data;

	if (!bpf_core_type_exists(struct vfio_device_file))
		return data;
	return BPF_CORE_READ((struct vfio_device_file *)data, device);
}

static __always_inline void read_device_name(char *name, const struct device *dev)
{
	bpf_probe_read_kernel_str(name, MW_DEVICE_BYTES, BPF_CORE_READ(dev, kobj.name));
}

static __always_inline void read_vfio_name(char *name, const struct vfio_device *vdev)
{
	read_device_name(name, BPF_CORE_READ(vdev, dev));
}

#endif
