// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a device can do, learnt without opening it (LAB.md): reading vfioN/uevent in sysfs calls
 * dev_uevent() with the struct device inside struct vfio_device; from there the driver's
 * migration_flags are one read away.
 */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "migwarden/wire.h"

/* The task that asks; nobody else's reads count. */
__u32 asker_tid;

/* The answer to its last read. */
__u32 answered;
__u32 migration_flags;
char device_name[MW_DEVICE_BYTES];

SEC("fexit/dev_uevent")
int BPF_PROG(features_dev_uevent, struct kobject *kobj)
{
	struct vfio_device *vdev;
	struct device *dev;

	if ((__u32)bpf_get_current_pid_tgid() != asker_tid)
		return 0;
	dev = (void *)kobj - bpf_core_field_offset(struct device, kobj);
	vdev = (void *)dev - bpf_core_field_offset(struct vfio_device, device);
	bpf_probe_read_kernel_str(device_name, sizeof(device_name),
				  BPF_CORE_READ(vdev, dev, kobj.name));
	migration_flags = BPF_CORE_READ(vdev, migration_flags);
	answered = 1;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
