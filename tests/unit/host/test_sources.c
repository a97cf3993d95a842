// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "host/sources.h"
#include "tree.h"

static struct tree tree;
static struct sources *sources;
static struct parse_error error;

static void set_up(void)
{
	tree_make(&tree);
	cr_assert_eq(sources_new(&sources), 0);
}

static void tear_down(void)
{
	sources_free(sources);
	tree_remove(&tree);
}

TestSuite(sources, .init = set_up, .fini = tear_down);

static int read_table(const char *text)
{
	error = (struct parse_error){0};
	return sources_read_text(sources, "site", text, strlen(text), &error);
}

static void assert_refused(const char *text, unsigned int line, unsigned int column)
{
	size_t count = sources->count;

	cr_assert_eq(read_table(text), -EINVAL, "%s", text);
	cr_assert_str_eq(error.file, "site");
	cr_assert_eq(error.line, line, "%s: line %u", text, error.line);
	cr_assert_eq(error.column, column, "%s: column %u", text, error.column);
	cr_assert_not_null(strstr(error.text, "expected"), "%s", error.text);
	cr_assert_eq(sources->count, count);
}

Test(sources, a_sites_lines_stand_before_the_built_in_ones_in_their_order)
{
	size_t builtin = sources->count;

	cr_assert_eq(read_table("# site\n\n"
				"device\tfw  firmware_version\n"
				"  type a/*/b attributes.x-y/z  acme-*  # why\n"
				"parent p version"),
		     0, "%s", error.text);
	cr_assert_eq(sources->count, builtin + 3);
	cr_assert_eq(sources->items[0].base, SOURCE_DEVICE);
	cr_assert_str_eq(sources->items[0].path, "fw");
	cr_assert_eq(sources->items[0].target, TARGET_FIRMWARE_VERSION);
	cr_assert_null(sources->items[0].driver);
	cr_assert_eq(sources->items[1].base, SOURCE_TYPE);
	cr_assert_eq(sources->items[1].target, TARGET_ATTRIBUTE);
	cr_assert_str_eq(sources->items[1].attribute, "x-y/z");
	cr_assert_str_eq(sources->items[1].driver, "acme-*");
	cr_assert_eq(sources->items[2].base, SOURCE_PARENT);
}

Test(sources, an_empty_table_adds_nothing)
{
	size_t builtin = sources->count;

	cr_assert_eq(read_table(""), 0);
	cr_assert_eq(read_table("\n # only a comment\n\t\n"), 0);
	cr_assert_eq(sources->count, builtin);
}

Test(sources, a_bad_line_is_refused_at_its_place)
{
	assert_refused("devise fw version", 1, 1);
	assert_refused("\ndevice fw versio", 2, 11);
	assert_refused("device fw", 1, 10);
	assert_refused("device", 1, 7);
	assert_refused("device fw version a b", 1, 21);
	assert_refused("device fw attributes.", 1, 11);
	assert_refused("device fw attribute.x", 1, 11);
	assert_refused("device caf\xc3\xa9 version", 1, 11);
	assert_refused("device f\x01 version", 1, 9);
	assert_refused("device fw version\r\n", 1, 18);
}

Test(sources, a_path_that_could_escape_is_refused)
{
	assert_refused("device ../x version", 1, 8);
	assert_refused("device a/../x version", 1, 10);
	assert_refused("device /sys/kernel/debug/x version", 1, 8);
	assert_refused("device a//b version", 1, 10);
	assert_refused("device a/ version", 1, 10);
	assert_refused("device ./a version", 1, 8);
	assert_refused("device 1/2/3/4/5/6/7/8/9 version", 1, 24);
}

Test(sources, a_duplicate_line_is_refused)
{
	assert_refused("device fw version\n\ndevice   fw   version", 3, 1);
	cr_assert_eq(read_table("device fw version\ndevice fw version acme"), 0);
}

Test(sources, a_nul_byte_is_refused)
{
	static const char text[] = "device f\0w version";

	cr_assert_eq(sources_read_text(sources, "site", text, sizeof(text) - 1, &error), -EINVAL);
	cr_assert_eq(error.column, 9);
}

Test(sources, a_missing_folder_or_endless_file_is_refused)
{
	cr_assert_eq(sources_read_file(sources, "/nowhere/site", &error), -ENOENT);
	cr_assert_eq(error.line, 0);
	cr_assert_str_eq(error.file, "/nowhere/site");
	cr_assert_eq(sources_read_file(sources, "/tmp", &error), -EISDIR);
	cr_assert_eq(sources_read_file(sources, "/dev/zero", &error), -EINVAL);
}

Test(sources, a_file_over_the_limit_is_refused)
{
	static char big[SOURCES_FILE_MAX + 1];
	char path[128];

	memset(big, '\n', sizeof(big));
	tree_bytes(&tree, "/big", big, sizeof(big));
	snprintf(path, sizeof(path), "%s/big", tree.root);
	cr_assert_eq(sources_read_file(sources, path, &error), -EFBIG);
	tree_bytes(&tree, "/big", big, sizeof(big) - 1);
	cr_assert_eq(sources_read_file(sources, path, &error), 0);
}

static int read_source(const char *path, struct host_text *text)
{
	const struct source source = {.path = path};

	return source_read(tree.host, &source, "/sys/devices/x", text);
}

Test(sources, a_pattern_takes_the_first_name_that_fits)
{
	struct host_text text;

	tree_file(&tree, "/sys/devices/x/ib/mlx5_1/fw", "two");
	tree_file(&tree, "/sys/devices/x/ib/mlx5_0/fw", "one");
	tree_file(&tree, "/sys/devices/x/ib/.hidden/fw", "none");
	cr_assert_eq(read_source("ib/*/fw", &text), 0);
	cr_assert_str_eq(text.text, "one");
	cr_assert_eq(read_source("ib/mlx?_1/f[w]", &text), 0);
	cr_assert_str_eq(text.text, "two");
	cr_assert_eq(read_source("ib/mlx4_*/fw", &text), -ENOENT);
	cr_assert_eq(read_source("none/*/fw", &text), -ENOENT);
	cr_assert_eq(read_source("ib/mlx5_0/fw/below", &text), -ENOENT);
}

Test(sources, a_path_through_a_link_stays_in_sysfs)
{
	struct host_text text;

	tree_folder(&tree, "/sys/devices/x");
	tree_file(&tree, "/sys/devices/y/fw", "y");
	tree_link(&tree, "/sys/devices/x/peer", "/sys/devices/y");
	cr_assert_eq(read_source("peer/fw", &text), 0);
	cr_assert_str_eq(text.text, "y");
	tree_raw_link(&tree, "/sys/devices/x/etc", "/etc");
	cr_assert_eq(read_source("etc/hostname", &text), -EXDEV);
	tree_link(&tree, "/sys/devices/x/proc", "/proc/sys/kernel");
	cr_assert_eq(read_source("proc/hostname", &text), -EXDEV);
}
