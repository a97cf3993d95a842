// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"
#include "tree.h"

static struct tree tree;

static void set_up(void)
{
	tree_make(&tree);
}

static void tear_down(void)
{
	tree_remove(&tree);
}

TestSuite(host, .init = set_up, .fini = tear_down);

static int read_back(const char *path, struct host_text *text)
{
	return host_read(tree.host, text, "%s", path);
}

Test(host, a_root_without_sysfs_is_refused)
{
	struct host *host = NULL;
	char root[128];

	cr_assert_eq(host_open("/nowhere/at/all", &host), -ENOENT);
	tree_file(&tree, "/other/sys", "a file");
	snprintf(root, sizeof(root), "%s/other", tree.root);
	cr_assert_eq(host_open(root, &host), -ENOTDIR);
	cr_assert_null(host);
}

Test(host, one_trailing_newline_is_no_part_of_a_line)
{
	struct host_text text;

	tree_file(&tree, "/sys/a", "x\n\n");
	cr_assert_eq(host_read_line(tree.host, &text, "/sys/a"), 0);
	cr_assert_str_eq(text.text, "x\n");
	cr_assert_eq(text.length, 2);
}

Test(host, what_is_not_there_is_absent)
{
	struct host_text text;

	tree_file(&tree, "/sys/file", "x");
	cr_assert_eq(read_back("/sys/none", &text), -ENOENT);
	cr_assert_eq(read_back("/sys/file/below", &text), -ENOTDIR);
	cr_assert(host_is_absent(-ENOENT) && host_is_absent(-ENOTDIR) && !host_is_absent(-EIO));
	cr_assert_str_eq(text.text, "");
}

Test(host, a_page_is_read_and_one_byte_more_is_not)
{
	static char big[HOST_TEXT_MAX + 1];
	struct host_text text;

	memset(big, 'a', sizeof(big));
	tree_bytes(&tree, "/sys/page", big, HOST_TEXT_MAX);
	cr_assert_eq(read_back("/sys/page", &text), 0);
	cr_assert_eq(text.length, HOST_TEXT_MAX);
	tree_bytes(&tree, "/sys/more", big, HOST_TEXT_MAX + 1);
	cr_assert_eq(read_back("/sys/more", &text), -EFBIG);
	cr_assert_eq(text.length, 0);
	cr_assert_str_eq(text.text, "");
}

Test(host, a_fifo_is_refused_and_does_not_hang, .timeout = 5)
{
	struct host_text text;

	tree_fifo(&tree, "/sys/fifo");
	cr_assert_eq(read_back("/sys/fifo", &text), -EINVAL);
}

Test(host, a_folder_and_a_link_are_no_attributes)
{
	struct host_text text;

	tree_folder(&tree, "/sys/folder");
	cr_assert_eq(read_back("/sys/folder", &text), -EISDIR);
	tree_raw_link(&tree, "/sys/passwd", "/etc/passwd");
	cr_assert_eq(read_back("/sys/passwd", &text), -ELOOP);
}

Test(host, binary_is_no_text)
{
	struct host_text text;

	tree_bytes(&tree, "/sys/nul", "a\0b", 3);
	cr_assert_eq(read_back("/sys/nul", &text), -EILSEQ);
	tree_file(&tree, "/sys/latin", "caf\xe9");
	cr_assert_eq(read_back("/sys/latin", &text), -EILSEQ);
	tree_file(&tree, "/sys/utf8", "caf\xc3\xa9");
	cr_assert_eq(read_back("/sys/utf8", &text), 0);
}

Test(host, overlong_forms_surrogates_and_cut_sequences_are_no_utf8)
{
	static const char *const bad[] = {"\xc0\x80",         "\xc1\xbf",
					  "\xe0\x9f\xbf",     "\xed\xa0\x80",
					  "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
					  "\xf5\x80\x80\x80", "\x80",
					  "\xe2\x82",         "\xff"};
	static const char *const good[] = {"\xc2\x80", "\xe0\xa0\x80", "\xed\x9f\xbf",
					   "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_assert_eq(utf8_length(bad[i], strlen(bad[i])), 0, "bad %zu", i);
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		cr_assert_eq(utf8_length(good[i], strlen(good[i])), strlen(good[i]));
}

Test(host, a_path_does_not_lead_out_of_the_root)
{
	char path[HOST_PATH_BYTES];

	tree_raw_link(&tree, "/sys/out", "/etc");
	cr_assert_eq(host_resolve(tree.host, path, "/sys/out"), -EXDEV);
	cr_assert_eq(host_resolve(tree.host, path, "/../../etc"), -EXDEV);
	cr_assert_str_eq(path, "");
	tree_link(&tree, "/sys/class/x/y", "/sys");
	cr_assert_eq(host_resolve(tree.host, path, "/sys/class/x/y"), 0);
	cr_assert_str_eq(path, "/sys");
}

Test(host, a_root_is_no_prefix_of_a_sibling)
{
	char path[HOST_PATH_BYTES], sibling[128], text[160];

	snprintf(sibling, sizeof(sibling), "%s-sibling", tree.root);
	snprintf(text, sizeof(text), "../../%s", strrchr(sibling, '/') + 1);
	cr_assert_eq(symlink("/", sibling), 0);
	tree_raw_link(&tree, "/sys/next", text);
	cr_assert_eq(host_resolve(tree.host, path, "/sys/next"), -EXDEV);
	unlink(sibling);
}

Test(host, a_path_longer_than_the_system_allows_is_refused)
{
	char name[HOST_NAME_BYTES];
	struct host_text text;

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	cr_assert_eq(host_read(tree.host, &text, "/sys/%5000s", name), -ENAMETOOLONG);
}

Test(host, a_link_is_named_by_its_last_part)
{
	char name[HOST_NAME_BYTES];

	tree_raw_link(&tree, "/sys/driver", "../../bus/pci/drivers/i915");
	cr_assert_eq(host_link_name(tree.host, name, "/sys/driver"), 0);
	cr_assert_str_eq(name, "i915");
	tree_raw_link(&tree, "/sys/up", "../..");
	cr_assert_eq(host_link_name(tree.host, name, "/sys/up"), -EINVAL);
	tree_raw_link(&tree, "/sys/slash", "x/");
	cr_assert_eq(host_link_name(tree.host, name, "/sys/slash"), -EINVAL);
	tree_file(&tree, "/sys/file", "x");
	cr_assert_eq(host_link_name(tree.host, name, "/sys/file"), -EINVAL);
	cr_assert_eq(host_link_name(tree.host, name, "/sys/none"), -ENOENT);
	cr_assert_str_eq(name, "");
}

Test(host, a_list_is_sorted_and_without_hidden_names)
{
	AUTO_NAMES struct host_names names = {0};

	tree_file(&tree, "/sys/d/b", "");
	tree_file(&tree, "/sys/d/a", "");
	tree_file(&tree, "/sys/d/.hidden", "");
	cr_assert_eq(host_list(tree.host, &names, "/sys/d"), 0);
	cr_assert_eq(names.count, 2);
	cr_assert_str_eq(names.names[0], "a");
	cr_assert_str_eq(names.names[1], "b");
}

Test(host, a_list_of_nothing_says_that_there_is_no_folder)
{
	struct host_names names;

	cr_assert_eq(host_list(tree.host, &names, "/sys/none"), -ENOENT);
	cr_assert_eq(names.count, 0);
	host_names_free(&names);
}
