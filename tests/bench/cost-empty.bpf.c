// SPDX-License-Identifier: GPL-2.0-only
/* The least that a BPF LSM can do on each ioctl: the floor of every gate (docs/COST.md). */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

SEC("lsm/file_ioctl")
int BPF_PROG(empty_ioctl)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
