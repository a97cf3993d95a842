// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host/mdev.h"
#include "tree.h"

#define BUS "/sys/class/mdev_bus"

static struct tree tree;
static char parent[HOST_NAME_BYTES];

static void set_up(void)
{
	tree_make(&tree);
}

static void tear_down(void)
{
	tree_remove(&tree);
}

TestSuite(mdev, .init = set_up, .fini = tear_down);

static void offer(const char *name, const char *type, const char *available)
{
	char path[256];

	snprintf(path, sizeof(path), BUS "/%s/mdev_supported_types/%s/available_instances", name,
		 type);
	tree_file(&tree, path, available);
}

Test(mdev, the_first_parent_with_room_is_found)
{
	offer("0000:00:02.0", "i915-GVTg_V5_4", "0\n");
	offer("0000:01:02.0", "i915-GVTg_V5_4", "2\n");
	offer("0000:02:02.0", "i915-GVTg_V5_4", "7\n");
	cr_assert_eq(mdev_find_parent(tree.host, "i915-GVTg_V5_4", parent), 0);
	cr_assert_str_eq(parent, "0000:01:02.0");
}

Test(mdev, without_room_there_is_no_parent)
{
	offer("0000:00:02.0", "i915-GVTg_V5_4", "0\n");
	cr_assert_eq(mdev_find_parent(tree.host, "i915-GVTg_V5_4", parent), -ENOENT);
	cr_assert_eq(mdev_find_parent(tree.host, "i915-GVTg_V5_8", parent), -ENOENT);
}

Test(mdev, a_count_that_is_none_is_no_room)
{
	offer("a", "t", "-1\n");
	offer("b", "t", "many\n");
	offer("c", "t", "");
	cr_assert_eq(mdev_find_parent(tree.host, "t", parent), -ENOENT);
}

Test(mdev, without_mdevs_there_is_no_parent)
{
	cr_assert_eq(mdev_find_parent(tree.host, "t", parent), -ENOENT);
}

Test(mdev, one_that_is_gone_is_not_there_to_be_removed)
{
	cr_assert_eq(mdev_remove(tree.host, "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001"), -ENOENT);
}

Test(mdev, a_name_that_is_a_path_names_nothing)
{
	char uuid[MDEV_UUID_BYTES];

	offer("a", "t", "1\n");
	cr_assert_eq(mdev_find_parent(tree.host, "../a/mdev_supported_types/t", parent), -EINVAL);
	cr_assert_eq(mdev_find_parent(tree.host, "", parent), -EINVAL);
	cr_assert_eq(mdev_create(tree.host, "../../x", "t", uuid), -EINVAL);
	cr_assert_eq(mdev_remove(tree.host, "../x"), -EINVAL);
}
