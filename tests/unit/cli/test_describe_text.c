// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/describe_text.h"

static struct descriptor *descriptor;

static void set_up(void)
{
	cr_redirect_stdout();
	cr_assert_eq(descriptor_new(&descriptor), 0);
	cr_assert_eq(descriptor_set_fact(descriptor, &descriptor->device, "0000:3b:00.2"), 0);
	cr_assert_eq(descriptor_set_fact(descriptor, &descriptor->vendor, "15b3"), 0);
	cr_assert_eq(descriptor_set_fact(descriptor, &descriptor->device_id, "101e"), 0);
}

static void tear_down(void)
{
	descriptor_free(descriptor);
}

TestSuite(describe_text, .init = set_up, .fini = tear_down);

/* What was printed so far. */
static const char *printed(void)
{
	static char text[16384];
	FILE *out = cr_get_redirected_stdout();
	size_t length;

	fflush(stdout);
	fclose(stdout);
	length = fread(text, 1, sizeof(text) - 1, out);
	text[length] = '\0';
	return text;
}

static void assert_prints(const char *text)
{
	const char *all = printed();

	cr_assert_not_null(strstr(all, text), "not in:\n%s", all);
}

Test(describe_text, an_unknown_fact_is_a_dash_and_an_unreadable_one_says_why)
{
	descriptor_set_unreadable(&descriptor->version, EIO);
	cr_assert_eq(describe_text_block(descriptor), 0);
	assert_prints("\nmigration                     -\n"
		      "version                       unreadable (EIO)\n"
		      "interface_version             -\n");
}

Test(describe_text, lines_of_a_value_stand_below_each_other)
{
	cr_assert_eq(descriptor_set_fact(descriptor, &descriptor->template_text,
					 "SELF:\n\ta=1\nCOMPATIBLE:\n"),
		     0);
	cr_assert_eq(describe_text_block(descriptor), 0);
	assert_prints("\ntemplate                      SELF:\n"
		      "                                      a=1\n"
		      "                              COMPATIBLE:\n");
}

Test(describe_text, what_a_driver_wrote_cannot_move_the_cursor)
{
	cr_assert_eq(descriptor_add_attribute(descriptor, "a\x1b[2J", "\x1b[31m\r", 0), 0);
	cr_assert_eq(describe_text_block(descriptor), 0);
	assert_prints("\nattributes.a\\x1b[2J           \\x1b[31m\\x0d\n");
}

Test(describe_text, a_table_has_a_line_for_each_whatever_is_in_a_cell)
{
	struct text_table table = {0};

	cr_assert_eq(descriptor_set_fact(descriptor, &descriptor->driver, "a\nb"), 0);
	descriptor->protocol = PROTOCOL_V2;
	descriptor->capabilities = CAPABILITY_STOP_COPY;
	cr_assert_eq(describe_text_add(&table, descriptor), 0);
	descriptor_set_unreadable(&descriptor->vendor, EIO);
	cr_assert_eq(describe_text_add(&table, descriptor), 0);
	text_table_print(&table, 0, stdout);
	text_table_free(&table);
	assert_prints("DEVICE        API  IDS               DRIVER  TYPE  MIGRATION\n"
		      "0000:3b:00.2  -    15b3:101e         a\\x0ab  -     v2 stop-copy\n"
		      "0000:3b:00.2  -    unreadable (EIO)  a\\x0ab  -     v2 stop-copy\n");
}

Test(describe_text, an_empty_table_prints_nothing)
{
	struct text_table table = {0};

	text_table_print(&table, 0, stdout);
	text_table_free(&table);
	cr_assert_str_eq(printed(), "");
}
