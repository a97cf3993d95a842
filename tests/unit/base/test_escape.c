// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <string.h>

#include "base/escape.h"

Test(escape, what_a_terminal_would_obey_is_shown_as_hex)
{
	char out[64];

	cr_assert_str_eq(escape_text(out, sizeof(out), "a\x1b[2Jb"), "a\\x1b[2Jb");
	cr_assert_str_eq(escape_text(out, sizeof(out), "\r\t\x7f"), "\\x0d\\x09\\x7f");
	cr_assert_str_eq(escape_text(out, sizeof(out), "\xc3\xa9"), "\\xc3\\xa9");
}

Test(escape, a_backslash_cannot_pretend_to_be_an_escape)
{
	char out[64];

	cr_assert_str_eq(escape_text(out, sizeof(out), "\\x1b"), "\\x5cx1b");
}

Test(escape, only_the_last_newline_is_left_out)
{
	char out[64];

	cr_assert_str_eq(escape_text(out, sizeof(out), "11\n"), "11");
	cr_assert_str_eq(escape_text(out, sizeof(out), "1\n1\n"), "1\\x0a1");
}

Test(escape, what_does_not_fit_is_cut_and_never_overruns)
{
	char text[300], out[300];

	memset(text, '\x01', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (size_t size = 1; size < sizeof(out); size++) {
		memset(out, 'z', sizeof(out));
		escape_text(out, size, text);
		cr_assert_lt(strlen(out), size);
		cr_assert_eq(out[size], 'z');
	}
}

Test(escape, appending_goes_on_where_the_text_ends)
{
	char out[16] = "ab";

	cr_assert_str_eq(escape_append(out, sizeof(out), "cd", 2), "abcd");
}
