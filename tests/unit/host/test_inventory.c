// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/inventory.h"
#include "tree.h"

static struct tree tree;
static struct inventory *inventory;

static void set_up(void)
{
	tree_make(&tree);
}

static void tear_down(void)
{
	inventory_free(inventory);
	tree_remove(&tree);
}

TestSuite(inventory, .init = set_up, .fini = tear_down);

static void read_all(void)
{
	cr_assert_eq(inventory_read(tree.host, &inventory), 0);
}

static void assert_found(const char *argument, const char *name)
{
	const struct inventory_device *device = NULL;

	cr_assert_eq(inventory_find(tree.host, inventory, argument, &device), 0, "%s", argument);
	cr_assert_str_eq(device->name, name, "%s", argument);
}

static void assert_unknown(const char *argument, int error)
{
	const struct inventory_device *device = NULL;

	cr_assert_eq(inventory_find(tree.host, inventory, argument, &device), error, "%s",
		     argument);
	cr_assert_null(device);
}

Test(inventory, a_host_without_vfio_has_no_devices_and_says_what_is_missing)
{
	read_all();
	cr_assert_eq(inventory->count, 0);
	cr_assert_not_null(strstr(inventory_missing(tree.host), "vfio"));
}

Test(inventory, loaded_vfio_without_devices_misses_nothing)
{
	tree_folder(&tree, "/sys/class/vfio-dev");
	read_all();
	cr_assert_eq(inventory->count, 0);
	cr_assert_null(inventory_missing(tree.host));
}

Test(inventory, every_kind_of_device_is_listed_once_by_name)
{
	tree_mtty(&tree);
	tree_mtty_device(&tree, "mtty-2", UUID_1, "vfio0");
	tree_mtty_device(&tree, "mtty-1", UUID_2, "vfio3");
	tree_mlx5(&tree, "vfio1");
	tree_platform(&tree, "vfio2");
	read_all();
	cr_assert_eq(inventory->count, 4);
	cr_assert_str_eq(inventory->devices[0].name, "0000:3b:00.2");
	cr_assert_eq(inventory->devices[0].bus, BUS_PCI);
	cr_assert_str_eq(inventory->devices[0].path, MLX5);
	cr_assert_str_eq(inventory->devices[0].vfio, "vfio1");
	cr_assert_str_eq(inventory->devices[1].name, UUID_1);
	cr_assert_eq(inventory->devices[1].bus, BUS_MDEV);
	cr_assert_str_eq(inventory->devices[1].vfio, "vfio0");
	cr_assert_str_eq(inventory->devices[2].name, UUID_2);
	cr_assert_str_eq(inventory->devices[3].name, "fff51000.ethernet");
	cr_assert_eq(inventory->devices[3].bus, BUS_PLATFORM);
}

Test(inventory, an_mdev_that_vfio_has_not_taken_is_listed_too)
{
	tree_mtty(&tree);
	tree_mtty_device(&tree, "mtty-2", UUID_1, NULL);
	read_all();
	cr_assert_eq(inventory->count, 1);
	cr_assert_null(inventory->devices[0].vfio);
}

Test(inventory, without_the_vfio_dev_class_the_drivers_name_decides)
{
	tree_mlx5(&tree, NULL);
	tree_platform(&tree, NULL);
	read_all();
	cr_assert_eq(inventory->count, 2);
	cr_assert_str_eq(inventory->devices[0].name, "0000:3b:00.2");
	cr_assert_null(inventory->devices[0].vfio);
	cr_assert_str_eq(inventory->devices[1].name, "fff51000.ethernet");
}

Test(inventory, with_the_class_a_drivers_name_alone_makes_no_vfio_device)
{
	tree_folder(&tree, "/sys/class/vfio-dev");
	tree_mlx5(&tree, NULL);
	read_all();
	cr_assert_eq(inventory->count, 0);
}

Test(inventory, the_queues_of_vfio_ap_are_no_vfio_devices)
{
	tree_link(&tree, "/sys/bus/ap/drivers/vfio_ap/05.0004", "/sys/devices/ap/card05/05.0004");
	tree_folder(&tree, "/sys/devices/ap/card05/05.0004");
	read_all();
	cr_assert_eq(inventory->count, 0);
}

Test(inventory, a_device_that_vanished_is_left_out)
{
	tree_mtty(&tree);
	tree_mtty_device(&tree, "mtty-2", UUID_1, "vfio0");
	tree_link(&tree, "/sys/bus/mdev/devices/" UUID_2, MTTY "/" UUID_2);
	tree_link(&tree, "/sys/class/vfio-dev/vfio9", "/sys/devices/gone/vfio-dev/vfio9");
	read_all();
	cr_assert_eq(inventory->count, 1);
}

Test(inventory, a_link_out_of_the_tree_is_an_error_and_no_device)
{
	tree_raw_link(&tree, "/sys/bus/mdev/devices/" UUID_2, "/etc");
	cr_assert_eq(inventory_read(tree.host, &inventory), -EXDEV);
	cr_assert_null(inventory);
}

Test(inventory, a_device_of_an_unknown_bus_is_listed_without_an_api)
{
	tree_folder(&tree, "/sys/devices/odd/thing/vfio-dev/vfio0");
	tree_link(&tree, "/sys/devices/odd/thing/vfio-dev/vfio0/device", "/sys/devices/odd/thing");
	tree_link(&tree, "/sys/class/vfio-dev/vfio0", "/sys/devices/odd/thing/vfio-dev/vfio0");
	read_all();
	cr_assert_eq(inventory->count, 1);
	cr_assert_eq(inventory->devices[0].bus, BUS_OTHER);
	cr_assert_null(inventory_bus_api(BUS_OTHER));
}

Test(inventory, a_device_is_found_by_each_of_its_names)
{
	tree_mtty(&tree);
	tree_mtty_device(&tree, "mtty-2", UUID_1, "vfio0");
	tree_mlx5(&tree, "vfio1");
	tree_platform(&tree, "vfio2");
	read_all();
	assert_found(UUID_1, UUID_1);
	assert_found("83B8F4F2-509F-382F-3C1E-E6BFE0FA1001", UUID_1);
	assert_found("vfio0", UUID_1);
	assert_found("0000:3b:00.2", "0000:3b:00.2");
	assert_found("3b:00.2", "0000:3b:00.2");
	assert_found("3B:00.2", "0000:3b:00.2");
	assert_found("0000:3B:00.2", "0000:3b:00.2");
	assert_found("vfio1", "0000:3b:00.2");
	assert_found("fff51000.ethernet", "fff51000.ethernet");
}

Test(inventory, a_device_is_found_by_each_of_its_paths)
{
	char path[HOST_PATH_BYTES];

	tree_mtty(&tree);
	tree_mtty_device(&tree, "mtty-2", UUID_1, "vfio0");
	read_all();
	assert_found(MTTY "/" UUID_1, UUID_1);
	assert_found(MTTY "/" UUID_1 "/", UUID_1);
	assert_found("/sys/bus/mdev/devices/" UUID_1, UUID_1);
	assert_found("/sys/class/vfio-dev/vfio0", UUID_1);
	assert_found("/sys/class/vfio-dev/vfio0/device", UUID_1);
	/* From a working folder inside of sysfs; only the machine's own root can show that. */
	snprintf(path, sizeof(path), "%s/sys/bus/mdev/devices", tree.root);
	cr_assert_eq(chdir(path), 0);
	assert_unknown("./" UUID_2, -ENODEV);
}

Test(inventory, nothing_else_names_a_device)
{
	tree_mtty(&tree);
	tree_mtty_device(&tree, "mtty-2", UUID_1, "vfio0");
	tree_mlx5(&tree, "vfio1");
	read_all();
	assert_unknown(UUID_2, -ENODEV);
	assert_unknown("", -ENODEV);
	assert_unknown("/", -ENODEV);
	assert_unknown(MTTY, -ENODEV);
	assert_unknown("83b8f4f2", -ENODEV);
	assert_unknown("VFIO0", -ENODEV);
	assert_unknown("vfio", -ENODEV);
	assert_unknown("../../../etc/passwd", -ENODEV);
	assert_unknown("b:00.2", -ENODEV);
	assert_unknown(":3b:00.2", -ENODEV);
	assert_unknown("0000:3b:00.0", -ENODEV);
	assert_unknown(MLX5_PF, -ENODEV);
}

Test(inventory, a_name_of_two_devices_asks_for_a_path)
{
	tree_folder(&tree, "/sys/devices/a/same/vfio-dev/vfio0");
	tree_link(&tree, "/sys/devices/a/same/vfio-dev/vfio0/device", "/sys/devices/a/same");
	tree_link(&tree, "/sys/class/vfio-dev/vfio0", "/sys/devices/a/same/vfio-dev/vfio0");
	tree_folder(&tree, "/sys/devices/b/same/vfio-dev/vfio1");
	tree_link(&tree, "/sys/devices/b/same/vfio-dev/vfio1/device", "/sys/devices/b/same");
	tree_link(&tree, "/sys/class/vfio-dev/vfio1", "/sys/devices/b/same/vfio-dev/vfio1");
	read_all();
	assert_unknown("same", -ENOTUNIQ);
	assert_found("/sys/devices/b/same", "same");
}

Test(inventory, a_pci_device_of_another_driver_is_told_from_none)
{
	char driver[HOST_NAME_BYTES];

	tree_mlx5(&tree, "vfio0");
	cr_assert_eq(inventory_bound_driver(tree.host, "3B:00.0", driver), 0);
	cr_assert_str_eq(driver, "mlx5_core");
	cr_assert_eq(inventory_bound_driver(tree.host, "0000:3b:00.7", driver), -ENODEV);
	cr_assert_eq(inventory_bound_driver(tree.host, "../../pci", driver), -ENODEV);
	cr_assert_eq(inventory_bound_driver(tree.host, "", driver), -ENODEV);
	tree_delete(&tree, MLX5_PF "/driver");
	cr_assert_eq(inventory_bound_driver(tree.host, "3b:00.0", driver), 0);
	cr_assert_str_eq(driver, "");
}

Test(inventory, a_device_of_many_is_found_once)
{
	for (int i = 0; i < 300; i++) {
		char path[256], link[64], target[64];

		snprintf(target, sizeof(target), "/sys/devices/x/%04d", i);
		snprintf(path, sizeof(path), "%s/vfio-dev/vfio%d/device", target, i);
		tree_link(&tree, path, target);
		snprintf(path, sizeof(path), "%s/vfio-dev/vfio%d", target, i);
		snprintf(link, sizeof(link), "/sys/class/vfio-dev/vfio%d", i);
		tree_link(&tree, link, path);
	}
	read_all();
	cr_assert_eq(inventory->count, 300);
	assert_found("vfio299", "0299");
}
