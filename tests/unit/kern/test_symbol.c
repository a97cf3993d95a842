// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "kern/symbol.h"

Test(symbol, a_function_of_a_module_has_both)
{
	struct symbol symbol;

	cr_assert_eq(symbol_parse("mtty_save_read [mtty]", &symbol), 0);
	cr_assert_str_eq(symbol.function, "mtty_save_read");
	cr_assert_str_eq(symbol.module, "mtty");
}

Test(symbol, a_function_of_the_kernel_has_no_module)
{
	struct symbol symbol;

	cr_assert_eq(symbol_parse("vfs_read.cold", &symbol), 0);
	cr_assert_str_eq(symbol.function, "vfs_read.cold");
	cr_assert_str_eq(symbol.module, "");
}

Test(symbol, what_is_no_function_is_refused_and_leaves_out_alone)
{
	static const char *const texts[] = {
		"",
		" [mtty]",
		"0xffffffffc0a11000",
		"f+0x10",
		"f+0x10 [m]",
		"f []",
		"f [m",
		"f [m] ",
		"f [m]x",
		"f  [m]",
		"f m",
		"[m]",
		"f [0123456789012345678901234567890123456789012345678901234567890]",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct symbol symbol = {.function = "untouched"};

		cr_assert_eq(symbol_parse(texts[i], &symbol), -EINVAL, "\"%s\"", texts[i]);
		cr_assert_str_eq(symbol.function, "untouched");
	}
}

Test(symbol, a_name_that_fills_its_place_is_refused)
{
	char text[MW_FUNCTION_BYTES + 1];
	struct symbol symbol;

	memset(text, 'f', sizeof(text));
	text[MW_FUNCTION_BYTES] = '\0';
	cr_assert_eq(symbol_parse(text, &symbol), -EINVAL);
	text[MW_FUNCTION_BYTES - 1] = '\0';
	cr_assert_eq(symbol_parse(text, &symbol), 0);
}
