/* SPDX-License-Identifier: GPL-2.0-only */
/* A host made of files in a temporary folder: what sysfs and /proc look like for a kind of device.
 */
#ifndef TESTS_HOST_TREE_H
#define TESTS_HOST_TREE_H

#include "host/host.h"

#define UUID_1 "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001"
#define UUID_2 "83b8f4f2-509f-382f-3c1e-e6bfe0fa1002"

struct tree {
	char root[64];
	struct host *host;
};

/* All paths are the host's ("/sys/…"); folders above are made as needed. Failures abort the test.
 */
void tree_make(struct tree *tree);
void tree_remove(struct tree *tree);
void tree_folder(const struct tree *tree, const char *path);
void tree_file(const struct tree *tree, const char *path, const char *text);
void tree_bytes(const struct tree *tree, const char *path, const void *bytes, size_t length);
/* A relative link, as sysfs makes them. */
void tree_link(const struct tree *tree, const char *path, const char *target);
/* A link with that very text. */
void tree_raw_link(const struct tree *tree, const char *path, const char *text);
void tree_fifo(const struct tree *tree, const char *path);
void tree_delete(const struct tree *tree, const char *path);

/* The mtty sample: a parent in a class of its own, without driver or ids, with two types. */
#define MTTY "/sys/devices/virtual/mtty/mtty"
void tree_mtty(const struct tree *tree);
void tree_mtty_device(const struct tree *tree, const char *type, const char *uuid,
		      const char *vfio);

/* Intel graphics with GVT-g: a PCI parent, and an mdev of i915-GVTg_V5_4 below it. */
#define GVT "/sys/devices/pci0000:00/0000:00:02.0"
#define GVT_TYPE GVT "/mdev_supported_types/i915-GVTg_V5_4"
#define GVT_DEVICE GVT "/" UUID_1
void tree_gvt(const struct tree *tree);

/* An mlx5 virtual function bound to mlx5_vfio_pci, with its physical function. */
#define MLX5 "/sys/devices/pci0000:3a/0000:3a:00.0/0000:3b:00.2"
#define MLX5_PF "/sys/devices/pci0000:3a/0000:3a:00.0/0000:3b:00.0"
void tree_mlx5(const struct tree *tree, const char *vfio);

/* A vfio_ap matrix mdev on s390. */
#define AP "/sys/devices/vfio_ap/matrix"
#define AP_DEVICE AP "/" UUID_2
void tree_ap(const struct tree *tree);

/* A platform device bound to vfio-platform. */
#define PLATFORM "/sys/devices/platform/fff51000.ethernet"
void tree_platform(const struct tree *tree, const char *vfio);

#endif
