// SPDX-License-Identifier: GPL-2.0-only
#include "tree.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

__attribute__((format(printf, 2, 3))) static void print_path(char out[static HOST_PATH_BYTES],
							     const char *format, ...)
{
	va_list args;

	va_start(args, format);
	cr_assert_lt(vsnprintf(out, HOST_PATH_BYTES, format, args), HOST_PATH_BYTES);
	va_end(args);
}

static void full(const struct tree *tree, const char *path, char out[static HOST_PATH_BYTES])
{
	print_path(out, "%s%s", tree->root, path);
}

static void make_folders(const struct tree *tree, const char *path, bool last_too)
{
	char name[HOST_PATH_BYTES];

	full(tree, path, name);
	for (char *slash = strchr(name + strlen(tree->root) + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		cr_assert(!mkdir(name, 0755) || errno == EEXIST, "%s", name);
		*slash = '/';
	}
	if (last_too)
		cr_assert(!mkdir(name, 0755) || errno == EEXIST, "%s", name);
}

void tree_make(struct tree *tree)
{
	strcpy(tree->root, "/tmp/migwarden-tree-XXXXXX");
	cr_assert_not_null(mkdtemp(tree->root));
	tree_folder(tree, "/sys");
	tree_file(tree, "/proc/sys/kernel/hostname", "hv-17\n");
	tree_file(tree, "/proc/sys/kernel/random/boot_id", "0b0c7a3e-boot\n");
	cr_assert_eq(host_open(tree->root, &tree->host), 0);
}

static int delete_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
	(void)status;
	(void)kind;
	(void)where;
	return remove(path);
}

void tree_remove(struct tree *tree)
{
	host_close(tree->host);
	nftw(tree->root, delete_one, 16, FTW_DEPTH | FTW_PHYS);
}

void tree_delete(const struct tree *tree, const char *path)
{
	char name[HOST_PATH_BYTES];

	full(tree, path, name);
	cr_assert_eq(nftw(name, delete_one, 16, FTW_DEPTH | FTW_PHYS), 0, "%s", name);
}

void tree_folder(const struct tree *tree, const char *path)
{
	make_folders(tree, path, true);
}

void tree_bytes(const struct tree *tree, const char *path, const void *bytes, size_t length)
{
	char name[HOST_PATH_BYTES];
	FILE *file;

	make_folders(tree, path, false);
	full(tree, path, name);
	file = fopen(name, "we");
	cr_assert_not_null(file, "%s", name);
	cr_assert_eq(fwrite(bytes, 1, length, file), length);
	cr_assert_eq(fclose(file), 0);
}

void tree_file(const struct tree *tree, const char *path, const char *text)
{
	tree_bytes(tree, path, text, strlen(text));
}

void tree_raw_link(const struct tree *tree, const char *path, const char *text)
{
	char name[HOST_PATH_BYTES];

	make_folders(tree, path, false);
	full(tree, path, name);
	cr_assert_eq(symlink(text, name), 0, "%s", name);
}

void tree_link(const struct tree *tree, const char *path, const char *target)
{
	char text[HOST_PATH_BYTES] = "";

	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/'))
		strcat(text, "../");
	strcat(text, target + 1);
	tree_raw_link(tree, path, text);
}

void tree_fifo(const struct tree *tree, const char *path)
{
	char name[HOST_PATH_BYTES];

	make_folders(tree, path, false);
	full(tree, path, name);
	cr_assert_eq(mkfifo(name, 0644), 0);
}

/* A file or a link in a folder. */
static void file_in(const struct tree *tree, const char *folder, const char *name, const char *text)
{
	char path[HOST_PATH_BYTES];

	print_path(path, "%s/%s", folder, name);
	tree_file(tree, path, text);
}

static void link_in(const struct tree *tree, const char *folder, const char *name,
		    const char *target)
{
	char path[HOST_PATH_BYTES];

	print_path(path, "%s/%s", folder, name);
	tree_link(tree, path, target);
}

static void pci_ids(const struct tree *tree, const char *device, const char *vendor, const char *id)
{
	tree_folder(tree, "/sys/bus/pci/devices");
	link_in(tree, device, "subsystem", "/sys/bus/pci");
	link_in(tree, "/sys/bus/pci/devices", strrchr(device, '/') + 1, device);
	file_in(tree, device, "vendor", vendor);
	file_in(tree, device, "device", id);
}

static void bind_driver(const struct tree *tree, const char *device, const char *bus,
			const char *driver, const char *module)
{
	char path[HOST_PATH_BYTES], module_path[HOST_PATH_BYTES];

	print_path(path, "/sys/bus/%s/drivers/%s", bus, driver);
	print_path(module_path, "/sys/module/%s", module);
	tree_folder(tree, path);
	tree_folder(tree, module_path);
	link_in(tree, device, "driver", path);
	link_in(tree, path, strrchr(device, '/') + 1, device);
	link_in(tree, path, "module", module_path);
	file_in(tree, path, "bind", "");
}

static void vfio_dev(const struct tree *tree, const char *device, const char *vfio)
{
	char path[HOST_PATH_BYTES];

	print_path(path, "%s/vfio-dev/%s", device, vfio);
	tree_folder(tree, path);
	link_in(tree, path, "device", device);
	link_in(tree, "/sys/class/vfio-dev", vfio, path);
}

static void mdev_type(const struct tree *tree, const char *parent, const char *type,
		      const char *api, const char *available)
{
	char path[HOST_PATH_BYTES];

	print_path(path, "%s/mdev_supported_types/%s", parent, type);
	file_in(tree, path, "device_api", api);
	file_in(tree, path, "available_instances", available);
}

static void mdev(const struct tree *tree, const char *parent, const char *type, const char *uuid,
		 const char *vfio)
{
	char device[HOST_PATH_BYTES], path[HOST_PATH_BYTES];

	print_path(device, "%s/%s", parent, uuid);
	print_path(path, "%s/mdev_supported_types/%s", parent, type);
	tree_folder(tree, device);
	link_in(tree, device, "mdev_type", path);
	link_in(tree, device, "subsystem", "/sys/bus/mdev");
	link_in(tree, "/sys/bus/mdev/devices", uuid, device);
	if (vfio)
		vfio_dev(tree, device, vfio);
}

void tree_mtty(const struct tree *tree)
{
	tree_folder(tree, "/sys/class/mtty");
	tree_link(tree, MTTY "/subsystem", "/sys/class/mtty");
	mdev_type(tree, MTTY, "mtty-1", "vfio-pci\n", "24\n");
	mdev_type(tree, MTTY, "mtty-2", "vfio-pci\n", "12\n");
	tree_file(tree, "/sys/module/mtty/version", "0.1\n");
}

void tree_mtty_device(const struct tree *tree, const char *type, const char *uuid, const char *vfio)
{
	char device[HOST_PATH_BYTES];

	mdev(tree, MTTY, type, uuid, vfio);
	print_path(device, MTTY "/%s", uuid);
	/* Only the first device makes the driver's folder. */
	if (!strcmp(uuid, UUID_1))
		bind_driver(tree, device, "mdev", "mtty", "mtty");
	else
		link_in(tree, device, "driver", "/sys/bus/mdev/drivers/mtty");
}

void tree_gvt(const struct tree *tree)
{
	pci_ids(tree, GVT, "0x8086\n", "0x591d\n");
	bind_driver(tree, GVT, "pci", "i915", "i915");
	mdev_type(tree, GVT, "i915-GVTg_V5_4", "vfio-pci\n", "1\n");
	mdev_type(tree, GVT, "i915-GVTg_V5_8", "vfio-pci\n", "0\n");
	mdev(tree, GVT, "i915-GVTg_V5_4", UUID_1, "vfio0");
	bind_driver(tree, GVT_DEVICE, "mdev", "intel_vgpu_mdev", "kvmgt");
}

void tree_mlx5(const struct tree *tree, const char *vfio)
{
	pci_ids(tree, MLX5_PF, "0x15b3\n", "0x101d\n");
	bind_driver(tree, MLX5_PF, "pci", "mlx5_core", "mlx5_core");
	tree_file(tree, MLX5_PF "/infiniband/mlx5_0/fw_ver", "22.39.1002\n");
	pci_ids(tree, MLX5, "0x15b3\n", "0x101e\n");
	tree_link(tree, MLX5 "/physfn", MLX5_PF);
	bind_driver(tree, MLX5, "pci", "mlx5_vfio_pci", "mlx5_vfio_pci");
	if (vfio)
		vfio_dev(tree, MLX5, vfio);
}

void tree_ap(const struct tree *tree)
{
	tree_folder(tree, "/sys/bus/matrix");
	tree_link(tree, AP "/subsystem", "/sys/bus/matrix");
	bind_driver(tree, AP, "matrix", "vfio_ap", "vfio_ap");
	mdev_type(tree, AP, "vfio_ap-passthrough", "vfio-ap\n", "65536\n");
	mdev(tree, AP, "vfio_ap-passthrough", UUID_2, "vfio0");
	tree_file(tree, AP_DEVICE "/matrix", "05.0004\n05.0047\n");
	tree_file(tree, AP_DEVICE "/control_domains", "0004\n");
}

void tree_platform(const struct tree *tree, const char *vfio)
{
	tree_folder(tree, "/sys/bus/platform");
	tree_link(tree, PLATFORM "/subsystem", "/sys/bus/platform");
	bind_driver(tree, PLATFORM, "platform", "vfio-platform", "vfio_platform");
	if (vfio)
		vfio_dev(tree, PLATFORM, vfio);
}
