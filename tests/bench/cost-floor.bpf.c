// SPDX-License-Identifier: GPL-2.0-only
/*
 * The least that programs can cost which tell of each call with its duration: no device's name, no
 * task, no sums, no counter. What `migwarden watch` costs stands beside it in docs/COST.md.
 *
 * Three steps, each a set of programs whose names begin alike (cost-probe attach): an exit program
 * that does nothing, an entry program beside it, and both with the clock and a record in a ring of
 * the kernel's that nobody reads and that is never full. An arc ends where the next one begins, so
 * it has an entry program alone, in each step. And beside the last step those that a gate has with
 * two walls, which do nothing.
 */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "migwarden/wire.h"

/* STOP to RUNNING of a device that has RUNNING_P2P. */
#define ARCS 2

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 27);
} floor_ring SEC(".maps");

/* One task measures: a place for each call that it can be in. */
__u64 enter_ns;
__u64 arc_ns[ARCS];
__u32 arc_from[ARCS];

SEC("fexit/vfio_device_fops_unl_ioctl")
int BPF_PROG(exit_ioctl)
{
	return 0;
}

SEC("fentry/vfio_mig_get_next_state")
int BPF_PROG(exit_state)
{
	return 0;
}

SEC("fexit/mwtest_save_read")
int BPF_PROG(exit_read)
{
	return 0;
}

SEC("fexit/mwtest_resume_write")
int BPF_PROG(exit_write)
{
	return 0;
}

SEC("fentry/vfio_device_fops_unl_ioctl")
int BPF_PROG(enter_ioctl)
{
	return 0;
}

SEC("fentry/mwtest_save_read")
int BPF_PROG(enter_read)
{
	return 0;
}

SEC("fentry/mwtest_resume_write")
int BPF_PROG(enter_write)
{
	return 0;
}

SEC("fentry/vfio_device_fops_unl_ioctl")
int BPF_PROG(record_ioctl_enter)
{
	enter_ns = bpf_ktime_get_ns();
	return 0;
}

SEC("fentry/vfio_mig_get_next_state")
int BPF_PROG(record_state, struct vfio_device *device, __u32 cur, __u32 target)
{
	__u32 arc = target == MW_STATE_RUNNING && cur == MW_STATE_RUNNING_P2P;

	arc_ns[arc] = bpf_ktime_get_ns();
	arc_from[arc] = cur;
	return 0;
}

/* A SET has an argument to be read; its arcs are told with it. */
static __always_inline int record_set(__u64 now, unsigned long arg)
{
	struct {
		struct mw_event_arc arcs[ARCS];
		struct mw_event_ioctl ioctl;
	} *record = bpf_ringbuf_reserve(&floor_ring, sizeof(*record), 0);

	if (!record)
		return 0;
	record->ioctl.duration_ns = now - enter_ns;
	record->arcs[0].duration_ns = arc_ns[1] - arc_ns[0];
	record->arcs[1].duration_ns = now - arc_ns[1];
	bpf_probe_read_user(&record->ioctl.argsz, 2 * sizeof(__u64), (void *)arg);
	bpf_ringbuf_submit(record, 0);
	return 0;
}

SEC("fexit/vfio_device_fops_unl_ioctl")
int BPF_PROG(record_ioctl_exit, struct file *file, unsigned int cmd, unsigned long arg)
{
	__u64 now = bpf_ktime_get_ns();
	struct mw_event_ioctl *record;

	if (cmd == MW_VFIO_DEVICE_FEATURE)
		return record_set(now, arg);
	record = bpf_ringbuf_reserve(&floor_ring, sizeof(*record), 0);
	if (!record)
		return 0;
	record->duration_ns = now - enter_ns;
	bpf_ringbuf_submit(record, 0);
	return 0;
}

SEC("fentry/mwtest_save_read")
int BPF_PROG(record_read_enter)
{
	enter_ns = bpf_ktime_get_ns();
	return 0;
}

SEC("fexit/mwtest_save_read")
int BPF_PROG(record_read_exit)
{
	arc_ns[0] += bpf_ktime_get_ns() - enter_ns;
	return 0;
}

SEC("fentry/mwtest_resume_write")
int BPF_PROG(record_write_enter)
{
	enter_ns = bpf_ktime_get_ns();
	return 0;
}

SEC("fexit/mwtest_resume_write")
int BPF_PROG(record_write_exit)
{
	arc_ns[0] += bpf_ktime_get_ns() - enter_ns;
	return 0;
}

/* Where the gate has programs that such a call passes, the same that do nothing. */
SEC("lsm.s/file_ioctl")
int BPF_PROG(gate_hook)
{
	return 0;
}

SEC("fexit/vfio_mig_get_next_state")
int BPF_PROG(gate_state)
{
	return 0;
}

SEC("fexit/vfio_mig_get_next_state")
int BPF_PROG(gate_state_again)
{
	return 0;
}

SEC("fexit/vfio_device_fops_unl_ioctl")
int BPF_PROG(gate_ioctl)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
