// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <string.h>

#include "base/text.h"

static int pieces(const char *text, const char *separator)
{
	struct slice rest = slice_of(text);
	struct slice piece;
	int count = 0;

	while (slice_cut(&rest, separator, &piece))
		count++;
	return count;
}

Test(text, a_number_over_64_bits_is_none)
{
	uint64_t number = 7;

	cr_expect_not(slice_to_u64(slice_of("18446744073709551616"), &number));
	cr_expect_not(slice_to_u64(slice_of(""), &number));
	cr_expect_not(slice_to_u64(slice_of("-1"), &number));
	cr_expect_not(slice_to_u64(slice_of("1 "), &number));
	cr_expect_eq(number, 7);
	cr_expect(slice_to_u64(slice_of("18446744073709551615"), &number));
	cr_expect_eq(number, UINT64_MAX);
	cr_expect(slice_to_u64(slice_of("0000000000000000000000042"), &number));
	cr_expect_eq(number, 42);
}

Test(text, hex_over_32_bits_is_none)
{
	uint32_t number = 7;

	cr_expect_not(slice_hex_to_u32(slice_of("100000000"), &number));
	cr_expect_not(slice_hex_to_u32(slice_of("0x"), &number));
	cr_expect_not(slice_hex_to_u32(slice_of(""), &number));
	cr_expect_not(slice_hex_to_u32(slice_of("x8086"), &number));
	cr_expect_eq(number, 7);
	cr_expect(slice_hex_to_u32(slice_of("0xFFFFFFFF"), &number));
	cr_expect_eq(number, UINT32_MAX);
	cr_expect(slice_hex_to_u32(slice_of("000000000001"), &number));
	cr_expect_eq(number, 1);
}

Test(text, every_separator_ends_a_piece)
{
	cr_expect_eq(pieces("a,,b", ","), 3);
	cr_expect_eq(pieces("a,", ","), 2);
	cr_expect_eq(pieces("", ","), 1);
	cr_expect_eq(pieces(NULL, ","), 0);
	cr_expect_eq(pieces("a, b,c", ", "), 2);
	cr_expect_eq(pieces("aaa", "aa"), 2);
	cr_expect_eq(pieces("a,b", ""), 1);
}

Test(text, skipping_more_than_there_is_leaves_nothing)
{
	cr_expect_eq(slice_skip(slice_of("abc"), 4).length, 0);
	cr_expect(slice_is(slice_skip(slice_of("abc"), 2), "c"));
	cr_expect_eq(slice_skip((struct slice){NULL, 0}, 3).length, 0);
}

Test(text, one_newline_goes_and_no_more)
{
	cr_expect(slice_is(slice_chomp(slice_of("a\n\n")), "a\n"));
	cr_expect(slice_is(slice_chomp(slice_of("a")), "a"));
	cr_expect(slice_is(slice_trim(slice_of(" \ta b\t ")), "a b"));
	cr_expect(slice_is(slice_trim(slice_of(" ")), ""));
}

Test(text, what_does_not_fit_is_cut_at_a_character)
{
	char out[8];

	cr_expect(text_copy_cut(out, sizeof(out), slice_of("1234567")));
	cr_expect_str_eq(out, "1234567");
	cr_expect_not(text_copy_cut(out, sizeof(out), slice_of("12345678")));
	cr_expect_str_eq(out, "1234…");
	cr_expect_not(text_copy_cut(out, sizeof(out), slice_of("123€5678")));
	cr_expect_str_eq(out, "123…");
	cr_expect(text_copy_cut(out, sizeof(out), slice_of(NULL)));
	cr_expect_str_eq(out, "");
}

Test(text, a_cut_is_marked_at_a_character)
{
	char out[8] = "123€5";

	text_mark_cut(out, sizeof(out));
	cr_expect_str_eq(out, "123…");
}
