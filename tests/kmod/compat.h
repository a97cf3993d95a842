/* SPDX-License-Identifier: GPL-2.0-only */
/* What Linux 6.1 has not, of all that this module needs: there its devices have no PRE_COPY. */
#ifndef COMPAT_H
#define COMPAT_H

#include <linux/device/class.h>
#include <linux/version.h>
#include <linux/vfio.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define HAS_PRE_COPY false
#define VFIO_DEVICE_STATE_PRE_COPY 6
#define VFIO_DEVICE_STATE_PRE_COPY_P2P 7
#define VFIO_MIGRATION_PRE_COPY (1 << 2)
#define VFIO_MIG_GET_PRECOPY_INFO _IO(VFIO_TYPE, VFIO_BASE + 21)
struct vfio_precopy_info {
	__u32 argsz;
	__u32 flags;
	__aligned_u64 initial_bytes;
	__aligned_u64 dirty_bytes;
};
#else
#define HAS_PRE_COPY true
#define HAS_DATA_SIZE
#define HAS_IOMMUFD
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
#define make_class(name) class_create(THIS_MODULE, name)
#else
#define make_class(name) class_create(name)
#endif

#endif
