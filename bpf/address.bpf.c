// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the kernel has what a pointer is compared with. It is asked: to read /proc/kallsyms, as
 * libbpf does for a symbol without a type, makes it print every symbol that it has.
 */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>

#include <asm-generic/errno-base.h>

/* 0: the module is not loaded. */
__u64 vfio_device_fops_address;
__u64 mdev_bus_type_address;

static const char fops[] = "vfio_device_fops";
static const char bus_type[] = "mdev_bus_type";

/* Gives 0, or the -errno of a kernel that tells nobody like us. */
SEC("syscall")
int address_find(void *ctx)
{
	long error = bpf_kallsyms_lookup_name(fops, sizeof(fops), 0, &vfio_device_fops_address);

	if (error && error != -ENOENT)
		return (int)error;
	error = bpf_kallsyms_lookup_name(bus_type, sizeof(bus_type), 0, &mdev_bus_type_address);
	return error == -ENOENT ? 0 : (int)error;
}

char LICENSE[] SEC("license") = "GPL";
