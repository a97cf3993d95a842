// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "cli/text_table.h"

static struct text_table table;

static void set_up(void)
{
	cr_assert_eq(text_table_init(&table, 3), 0);
}

static void tear_down(void)
{
	text_table_free(&table);
}

TestSuite(text_table, .init = set_up, .fini = tear_down);

static void assert_prints(int indent, const char *expected)
{
	AUTO_FREE char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	text_table_print(&table, indent, out);
	fclose(out);
	cr_assert_str_eq(text, expected);
}

Test(text_table, columns_are_as_wide_as_their_widest_cell_once_escaped)
{
	cr_assert_eq(text_table_add(&table, (const char *const[]){"A", "B", "C"}), 0);
	cr_assert_eq(text_table_add(&table, (const char *const[]){"a\x1b[m", "b", "c"}), 0);
	assert_prints(2, "  A        B  C\n"
			 "  a\\x1b[m  b  c\n");
}

Test(text_table, empty_cells_leave_no_blanks_at_the_end_of_a_line)
{
	cr_assert_eq(text_table_add(&table, (const char *const[]){"long", "", ""}), 0);
	cr_assert_eq(text_table_add(&table, (const char *const[]){"", "", "c"}), 0);
	assert_prints(0, "long\n"
			 "        c\n");
}

Test(text_table, a_cell_that_had_no_memory_leaves_the_table_as_it_was)
{
	cr_assert_eq(text_table_add(&table, (const char *const[]){"a", NULL, "c"}), -ENOMEM);
	assert_prints(0, "");
}
