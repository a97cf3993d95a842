// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <stdio.h>

#include "host/in_use.h"
#include "tree.h"

static struct tree tree;
static struct inventory *inventory;
static bool in_use[4];

static void set_up(void)
{
	tree_make(&tree);
	tree_mtty(&tree);
	tree_mtty_device(&tree, "mtty-2", UUID_1, "vfio0");
	tree_mtty_device(&tree, "mtty-2", UUID_2, "vfio1");
	cr_assert_eq(inventory_read(tree.host, &inventory), 0);
	cr_assert_eq(inventory->count, 2);
}

static void tear_down(void)
{
	inventory_free(inventory);
	tree_remove(&tree);
}

TestSuite(in_use, .init = set_up, .fini = tear_down);

/* /dev/null is 1:3, and a file of it is what a process of the tree has open. */
static void open_null(const char *pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%s/fd/7", pid);
	tree_raw_link(&tree, path, "/dev/null");
}

Test(in_use, what_a_process_has_open_is_in_use)
{
	tree_file(&tree, "/sys/class/vfio-dev/vfio1/dev", "1:3\n");
	tree_file(&tree, "/sys/class/vfio-dev/vfio0/dev", "1:4\n");
	open_null("4711");
	cr_assert_eq(in_use_read(tree.host, inventory, in_use), 0);
	cr_assert_not(in_use[0]);
	cr_assert(in_use[1]);
}

Test(in_use, what_nobody_has_open_is_free)
{
	tree_file(&tree, "/sys/class/vfio-dev/vfio0/dev", "1:4\n");
	open_null("4711");
	cr_assert_eq(in_use_read(tree.host, inventory, in_use), 0);
	cr_assert_not(in_use[0]);
	cr_assert_not(in_use[1]);
}

Test(in_use, only_processes_count)
{
	tree_file(&tree, "/sys/class/vfio-dev/vfio0/dev", "1:3\n");
	open_null("self");
	cr_assert_eq(in_use_read(tree.host, inventory, in_use), 0);
	cr_assert_not(in_use[0]);
}

Test(in_use, a_number_that_cannot_be_read_is_nobodys)
{
	tree_file(&tree, "/sys/class/vfio-dev/vfio0/dev", "null\n");
	open_null("4711");
	cr_assert_eq(in_use_read(tree.host, inventory, in_use), 0);
	cr_assert_not(in_use[0]);
}
