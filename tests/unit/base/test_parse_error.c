// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/parse_error.h"

Test(parse_error, it_reads_file_line_column_text)
{
	struct parse_error error;
	char text[256];

	cr_expect_eq(parse_error_set(&error, "p.yaml", 3, 7, "expected %s", "a number"), -EINVAL);
	parse_error_format(&error, text, sizeof(text));
	cr_expect_str_eq(text, "p.yaml:3:7: expected a number");
	parse_error_set(&error, "p.yaml", 0, 0, "expected a file");
	parse_error_format(&error, text, sizeof(text));
	cr_expect_str_eq(text, "p.yaml: expected a file");
}

Test(parse_error, control_characters_are_shown)
{
	struct parse_error error;
	char text[256];

	parse_error_set(&error, "a\nb", 1, 1, "expected x, got '\x1b[31m\x7f'");
	parse_error_format(&error, text, sizeof(text));
	cr_expect_str_eq(text, "a\\x0ab:1:1: expected x, got '\\x1b[31m\\x7f'");
}

Test(parse_error, what_does_not_fit_is_cut_and_terminated)
{
	struct parse_error error;
	char text[10];
	char tiny[1] = "x";

	parse_error_set(&error, "file", 1, 1, "%s", "\x01\x01\x01\x01");
	parse_error_format(&error, text, sizeof(text));
	cr_expect_str_eq(text, "file:1:1:");
	parse_error_format(&error, tiny, sizeof(tiny));
	cr_expect_str_eq(tiny, "");
}

Test(parse_error, nobody_has_to_want_it)
{
	cr_expect_eq(parse_error_set(NULL, "f", 1, 1, "x"), -EINVAL);
}
