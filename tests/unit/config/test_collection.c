// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "config/collection.h"

#define DEVICE(host) "{\"schema\": \"migwarden.descriptor/1\", \"host\": \"" host "\"}"

static char folder[] = "/tmp/migwarden-collection-XXXXXX";
static struct parse_error error;
static char seen[1024];

static void set_up(void)
{
	cr_assert_not_null(mkdtemp(folder));
	cr_assert_eq(chdir(folder), 0);
	error = (struct parse_error){0};
	*seen = '\0';
}

static void tear_down(void)
{
	static const char *const files[] = {"a.json", "b.jsonl", "c.json", "ignored.txt"};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		unlink(files[i]);
	cr_expect_eq(chdir("/"), 0);
	rmdir(folder);
}

TestSuite(collection, .init = set_up, .fini = tear_down);

static void write_bytes(const char *name, const char *text, size_t length)
{
	AUTO_FILE FILE *file = fopen(name, "w");

	cr_assert_not_null(file);
	cr_assert_eq(fwrite(text, 1, length, file), length);
}

static void write_file(const char *name, const char *text)
{
	write_bytes(name, text, strlen(text));
}

static int visit(const char *place, struct descriptor *descriptor, void *data)
{
	size_t used = strlen(seen);
	int *left = data;

	snprintf(seen + used, sizeof(seen) - used, "%s=%s ", place, descriptor->host.text);
	descriptor_free(descriptor);
	return left && --*left == 0 ? 7 : 0;
}

Test(collection, a_folder_gives_its_files_by_name_and_nothing_else)
{
	write_file("c.json", DEVICE("4"));
	write_file("a.json", DEVICE("1"));
	write_file("b.jsonl", DEVICE("2") "\n\n" DEVICE("3") "\n");
	write_file("ignored.txt", "x");
	cr_expect_eq(collection_each(".", visit, NULL, &error), 0, "%s", error.text);
	cr_expect_str_eq(seen, "./a.json=1 ./b.jsonl:1=2 ./b.jsonl:3=3 ./c.json=4 ");
}

Test(collection, the_last_line_needs_no_newline)
{
	write_file("b.jsonl", DEVICE("2") "\r\n" DEVICE("3"));
	cr_expect_eq(collection_each("b.jsonl", visit, NULL, &error), 0, "%s", error.text);
	cr_expect_str_eq(seen, "b.jsonl:1=2 b.jsonl:2=3 ");
}

Test(collection, a_line_that_is_none_is_refused_by_its_number)
{
	write_file("b.jsonl", DEVICE("2") "\n\n  {\"schema\": 1}\n");
	cr_expect_eq(collection_each("b.jsonl", visit, NULL, &error), -EINVAL);
	cr_expect_str_eq(error.file, "b.jsonl");
	cr_expect_eq(error.line, 3);
	cr_expect_eq(error.column, 14);
	cr_expect_str_eq(seen, "b.jsonl:1=2 ");
}

Test(collection, a_nul_byte_does_not_end_a_line_early)
{
	static const char text[] = DEVICE("2") "\0garbage";

	write_bytes("b.jsonl", text, sizeof(text) - 1);
	cr_expect_eq(collection_each("b.jsonl", visit, NULL, &error), -EINVAL);
	cr_expect_str_eq(error.text, "expected text, got a NUL byte");
}

Test(collection, a_line_over_the_cap_is_refused)
{
	AUTO_FREE char *text = malloc((1 << 20) + 1);

	memset(text, ' ', (1 << 20) + 1);
	write_bytes("b.jsonl", text, (1 << 20) + 1);
	cr_expect_eq(collection_each("b.jsonl", visit, NULL, &error), -EINVAL);
	cr_expect_str_eq(error.text, "expected a line of at most 1024 KiB");
}

Test(collection, the_visitor_ends_the_walk)
{
	int left = 2;

	write_file("b.jsonl", DEVICE("1") "\n" DEVICE("2") "\n" DEVICE("3") "\n");
	cr_expect_eq(collection_each("b.jsonl", visit, &left, &error), 7);
	cr_expect_str_eq(seen, "b.jsonl:1=1 b.jsonl:2=2 ");
}

Test(collection, what_is_not_there_is_said)
{
	cr_expect_eq(collection_each("nowhere", visit, NULL, &error), -ENOENT);
	cr_expect_eq(collection_each("nowhere.jsonl", visit, NULL, &error), -ENOENT);
	cr_expect_not_null(strstr(error.text, "No such file"));
}

static int told;

static int tell(int r, const struct parse_error *told_error, void *data)
{
	size_t used = strlen(seen);

	(void)data;
	told = r;
	snprintf(seen + used, sizeof(seen) - used, "!%s:%u:%u ", told_error->file, told_error->line,
		 told_error->column);
	return 0;
}

Test(collection, a_bad_line_is_told_and_the_next_is_read)
{
	write_file("b.jsonl", DEVICE("1") "\n{\"schema\": 1}\n" DEVICE("3") "\n{");
	cr_expect_eq(collection_each_readable("b.jsonl", visit, tell, NULL, &error), 0);
	cr_expect_str_eq(seen, "b.jsonl:1=1 !b.jsonl:2:12 b.jsonl:3=3 !b.jsonl:4:2 ");
	cr_expect_eq(told, -EINVAL);
}

Test(collection, behind_a_line_over_the_cap_the_next_is_read)
{
	AUTO_FREE char *text = malloc((1 << 20) + 10 + sizeof(DEVICE("2")));

	memset(text, ' ', (1 << 20) + 9);
	memcpy(text + (1 << 20) + 9, "\n" DEVICE("2"), sizeof(DEVICE("2")) + 1);
	write_file("b.jsonl", text);
	cr_expect_eq(collection_each_readable("b.jsonl", visit, tell, NULL, &error), 0);
	cr_expect_str_eq(seen, "!b.jsonl:1:1 b.jsonl:2=2 ");
}

Test(collection, a_bad_file_is_told_and_the_next_is_read)
{
	write_file("a.json", "");
	write_file("c.json", DEVICE("4"));
	cr_expect_eq(collection_each_readable(".", visit, tell, NULL, &error), 0);
	cr_expect_str_eq(seen, "!./a.json:1:1 ./c.json=4 ");
}

Test(collection, a_file_that_is_not_there_is_told_with_its_errno)
{
	cr_expect_eq(collection_each_readable("nowhere.jsonl", visit, tell, NULL, &error), 0);
	cr_expect_eq(told, -ENOENT);
}
