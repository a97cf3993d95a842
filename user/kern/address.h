/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the running kernel has what our programs compare pointers with. */
#ifndef KERN_ADDRESS_H
#define KERN_ADDRESS_H

#include <stdint.h>

struct addresses {
	uint64_t vfio_device_fops; /* 0: vfio is not loaded */
	uint64_t mdev_bus_type;    /* 0: mdev is not loaded */
};

/*
 * addresses_find - asks the kernel, which takes what loading programs takes, and CAP_SYSLOG.
 * Gives 0, or -errno with *out untouched: -EPERM where the kernel keeps its addresses to itself.
 */
int addresses_find(struct addresses *out);

#endif
