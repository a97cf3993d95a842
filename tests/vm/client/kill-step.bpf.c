// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kills a process named migwarden where it pins, renames or unlinks for the Nth time: a shield is
 * raised, and a gate released, by these steps, and nothing else stops a process between two of them
 * that may not be traced.
 */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define BPF_OBJ_PIN 6
#define SIGKILL 9

/* 0: at which step; 1: how many there were. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	/* The shield keeps others from looking through all maps for it. */
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, __u32);
} steps SEC(".maps");

static __always_inline int step(void)
{
	static const char name[] = "migwarden";
	__u32 first = 0, second = 1;
	__u32 *wanted = bpf_map_lookup_elem(&steps, &first);
	__u32 *done = bpf_map_lookup_elem(&steps, &second);
	char comm[16] = {};

	bpf_get_current_comm(comm, sizeof(comm));
	for (__u32 i = 0; i < sizeof(name); i++)
		if (comm[i] != name[i])
			return 0;
	if (wanted && done && ++*done == *wanted)
		bpf_send_signal(SIGKILL);
	return 0;
}

SEC("lsm/bpf")
int BPF_PROG(step_pin, int cmd)
{
	return cmd == BPF_OBJ_PIN ? step() : 0;
}

SEC("lsm/inode_rename")
int BPF_PROG(step_rename)
{
	return step();
}

SEC("lsm/inode_unlink")
int BPF_PROG(step_unlink)
{
	return step();
}

char LICENSE[] SEC("license") = "GPL";
