// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/utf8.h"
#include "base/cleanup.h"
#include "config/input.h"

static char folder[] = "/tmp/migwarden-input-XXXXXX";
static struct parse_error error;

static void set_up(void)
{
	cr_assert_not_null(mkdtemp(folder));
	cr_assert_eq(chdir(folder), 0);
	error = (struct parse_error){0};
}

static void tear_down(void)
{
	unlink("f");
	cr_expect_eq(chdir("/"), 0);
	rmdir(folder);
}

TestSuite(input, .init = set_up, .fini = tear_down);

static void write_file(const char *text, size_t length)
{
	AUTO_FILE FILE *file = fopen("f", "w");

	cr_assert_not_null(file);
	cr_assert_eq(fwrite(text, 1, length, file), length);
}

static int open_path(const char *path)
{
	struct input input = {0};
	int r = input_open(path, 4096, "a thing", &input, &error);

	input_close(&input);
	return r;
}

Test(input, a_file_is_read_whole_and_ends_with_a_nul)
{
	struct input input = {0};

	write_file("a\xc3\xa4\n", 4);
	cr_assert_eq(input_open("f", 4096, "a thing", &input, &error), 0);
	cr_expect_eq(input.length, 4);
	cr_expect_str_eq(input.text, "a\xc3\xa4\n");
	cr_expect_str_eq(input.name, "f");
	input_close(&input);
	cr_expect_null(input.text);
}

Test(input, what_cannot_be_opened_says_why)
{
	cr_expect_eq(open_path("nowhere"), -ENOENT);
	cr_expect_str_eq(error.text, "expected a thing, got \"No such file or directory\"");
	cr_expect_eq(error.line, 0);
	cr_expect_eq(open_path("."), -EISDIR);
	cr_expect_str_eq(error.text, "expected a thing, got a directory");
}

Test(input, a_file_over_the_cap_is_refused_by_its_size_alone)
{
	/* Sparse: reading it would take long and much. */
	write_file("", 0);
	cr_assert_eq(truncate("f", INT64_C(100) << 20), 0);
	cr_expect_eq(open_path("f"), -EFBIG);
	cr_expect_str_eq(error.text, "expected a thing of at most 4 KiB, got a file of 102400 KiB");
}

Test(input, a_file_of_just_the_cap_is_read_and_one_byte_more_is_not)
{
	char text[4097];

	memset(text, 'x', sizeof(text));
	write_file(text, 4096);
	cr_expect_eq(open_path("f"), 0);
	write_file(text, 4097);
	cr_expect_eq(open_path("f"), -EFBIG);
}

Test(input, a_device_without_end_is_given_up_past_the_cap)
{
	cr_expect_eq(open_path("/dev/zero"), -EFBIG);
	cr_expect_str_eq(error.text, "expected a thing of at most 4 KiB, got more");
}

/* As from `migwarden check --source <(…)`, in pieces. */
static int read_pipe(size_t bytes)
{
	int ends[2];
	char path[32];
	int r;

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	for (size_t i = 0; i < bytes; i++)
		cr_assert_eq(write(ends[1], "x", 1), 1);
	close(ends[1]);
	snprintf(path, sizeof(path), "/dev/fd/%d", ends[0]);
	r = open_path(path);
	close(ends[0]);
	return r;
}

Test(input, a_pipe_is_read_to_its_end_or_the_cap)
{
	cr_expect_eq(read_pipe(4096), 0);
	cr_expect_eq(read_pipe(4097), -EFBIG);
	cr_expect_eq(read_pipe(0), -EINVAL);
	cr_expect_str_eq(error.text, "expected a thing, got an empty file");
}

Test(input, a_minus_is_standard_input)
{
	struct input input = {0};
	int saved = dup(STDIN_FILENO);
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(write(ends[1], "text", 4), 4);
	close(ends[1]);
	dup2(ends[0], STDIN_FILENO);
	cr_expect_eq(input_open("-", 4096, "a thing", &input, &error), 0);
	cr_expect_str_eq(input.name, "<stdin>");
	cr_expect_str_eq(input.text, "text");
	input_close(&input);
	dup2(saved, STDIN_FILENO);
	close(saved);
	close(ends[0]);
}

Test(input, binary_is_refused_at_its_first_byte_that_is_no_text)
{
	cr_expect_eq(open_path("/proc/self/exe"), -EFBIG);
	write_file("\x7f"
		   "ELF\x02\x01\x01\0",
		   8);
	cr_expect_eq(open_path("f"), -EINVAL);
	cr_expect_eq(error.line, 1);
	cr_expect_eq(error.column, 8);
	cr_expect_str_eq(error.text, "expected text, got a NUL byte");
}

Test(input, a_cursor_counts_lines_and_bytes_in_both_directions)
{
	const struct input input = {.name = "x", .text = "ab\ncd\n\ne", .length = 8};
	struct cursor cursor = cursor_at_start(&input);

	cursor_move(&cursor, 4);
	cr_expect_eq(cursor.position.line, 2);
	cr_expect_eq(cursor.position.column, 2);
	cursor_move(&cursor, 1);
	cr_expect_eq(cursor.position.line, 1);
	cr_expect_eq(cursor.position.column, 2);
	cursor_move(&cursor, 100);
	cr_expect_eq(cursor.offset, 8);
	cr_expect_eq(cursor.position.line, 4);
	cr_expect_eq(cursor.position.column, 2);
}

/* The definition, without tables: decode, then look at what came out. */
static bool is_scalar_value(const unsigned char *bytes, size_t length)
{
	static const unsigned int least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned int value = bytes[0];

	if (length > 1)
		value &= 0xffu >> (length + 1);
	for (size_t i = 1; i < length; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return false;
		value = value << 6 | (bytes[i] & 0x3fu);
	}
	return value >= least[length] && value <= 0x10ffff && (value < 0xd800 || value > 0xdfff);
}

Test(input, utf8_is_what_its_definition_says_for_every_three_bytes_and_the_edges_of_four)
{
	for (unsigned int first = 0; first < 256; first++) {
		size_t length = first < 0x80   ? 1
				: first < 0xc0 ? 0
				: first < 0xe0 ? 2
				: first < 0xf0 ? 3
				: first < 0xf8 ? 4
					       : 0;

		for (unsigned int second = 0; second < 256; second++) {
			const unsigned char thirds[] = {0, 0x7f, 0x80, 0xbf, 0xc0, 0xff};

			for (size_t i = 0; i < ARRAY_SIZE(thirds) && length; i++) {
				unsigned char bytes[4] = {(unsigned char)first,
							  (unsigned char)second, thirds[i], 0x80};
				bool valid = is_scalar_value(bytes, length);

				cr_assert_eq(utf8_valid_length((char *)bytes, length) == length,
					     valid, "%02x %02x %02x", first, second, thirds[i]);
			}
		}
	}
	cr_expect_eq(utf8_valid_length("\xf8\x88\x80\x80\x80", 5), 0);
	cr_expect_eq(utf8_valid_length("a\x80", 2), 1);
}
