// SPDX-License-Identifier: GPL-2.0-only
/* SEMANTICS 2.6, the form of a template. What it matches: test_template_match.c. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/template.h"
#include "pair.h"

static struct template parsed;
static struct template_error failure;

static bool parses(const char *text)
{
	failure = (struct template_error){0};
	return !template_parse(slice_of(text), &parsed, &failure);
}

/* A COMPATIBLE block of the given fields. */
static bool block_parses(const char *fields)
{
	char text[2048];

	snprintf(text, sizeof(text), "SELF:\n\ta=1\nCOMPATIBLE:\n%s", fields);
	return parses(text);
}

#define refused(condition) cr_expect_not(condition, "line %u", __LINE__)

Test(template, a_file_without_self_is_malformed)
{
	refused(parses(""));
	refused(parses("\n"));
	refused(parses(NULL));
	refused(parses("COMPATIBLE:\n\ta=1\n"));
	refused(parses("\ta=1\n"));
}

Test(template, a_second_self_is_malformed)
{
	refused(parses("SELF:\n\ta=1\nSELF:\n\ta=1\n"));
	refused(parses("SELF:\n\ta=1\nCOMPATIBLE:\n\ta=1\nSELF:\n\ta=1\n"));
}

Test(template, a_block_without_fields_is_malformed)
{
	refused(parses("SELF:\n"));
	refused(parses("SELF:\n\ta=1\nCOMPATIBLE:\n"));
	refused(parses("SELF:\nCOMPATIBLE:\n\ta=1\n"));
}

Test(template, a_line_that_is_neither_block_nor_field_is_malformed)
{
	refused(parses("SELF:\n\ta=1\n\n\tb=1\n"));
	refused(parses("SELF:\n\ta=1\n\n"));
	refused(parses("SELF:\na=1\n"));
	refused(parses("SELF: \n\ta=1\n"));
	refused(parses("self:\n\ta=1\n"));
	refused(parses("SELF:\r\n\ta=1\r\n"));
	refused(parses("SELF:\n\ta\n"));
	refused(parses("SELF:\n\t=1\n"));
	refused(parses("SELF:\n\ta =1\n"));
	refused(parses("SELF:\n\ta= 1\n"));
	refused(parses("SELF:\n\ta=1 b\n"));
	refused(parses("SELF:\n\t#comment\n"));
}

Test(template, a_reference_without_declaration_is_malformed)
{
	refused(block_parses("\ta={v}\n"));
	/* Another block's does not count. */
	refused(block_parses("\ta={v:int:1}\nCOMPATIBLE:\n\ta={v}\n"));
}

Test(template, two_declarations_of_a_name_in_a_block_are_malformed)
{
	refused(block_parses("\ta={v:int:1}\n\tb={v:int:1}\n"));
	refused(block_parses("\ta={v:int:1}{v:int:1}\n"));
	cr_expect(block_parses("\ta={v:int:1}\nCOMPATIBLE:\n\ta={v:int:1}\n"));
}

Test(template, a_declaration_may_stand_after_its_reference)
{
	cr_expect(block_parses("\ta={v}\n\tb={v:int:1}\n"));
}

Test(template, a_variable_in_self_is_malformed)
{
	refused(parses("SELF:\n\ta={v:int:1}\n"));
	refused(parses("SELF:\n\ta={v}\n"));
}

Test(template, a_malformed_declaration_spoils_the_template)
{
	static const char *const malformed[] = {
		"{}",
		"{v",
		"{v:int}",
		"{v:int:}",
		"{v:float:1}",
		"{v::1}",
		"{:int:1}",
		"{v:int:1,}",
		"{v:int:,1}",
		"{v:int:1,,2}",
		"{v:int:a}",
		"{v:int:-1}",
		"{v:int:1 }",
		"{v:int: 1}",
		"{v:int:1",
		"{v:string:}",
		"{v:string:",
		"{v:int:\"1\"}",
		"{v:string:\"a}",
		"}",
		"{v:int:1}}",
		"{ v:int:1}",
		"{v:int:1.5}",
		"{v:INT:1}",
		"{v:string:a#b}",
		"{v:string:a:b}",
		"{{v:int:1}}",
		"{v:int:18446744073709551616}",
	};

	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
		char text[128];

		snprintf(text, sizeof(text), "\ta=%s\n", malformed[i]);
		cr_expect_not(block_parses(text), "%s", malformed[i]);
	}
}

Test(template, a_division_by_zero_or_of_a_string_is_malformed)
{
	refused(block_parses("\ta={v:int:1}/0\n"));
	refused(block_parses("\ta={v:string:1}/2\n"));
	refused(block_parses("\ta={v:int:1}/18446744073709551616\n"));
	refused(block_parses("\ta={v:int:1}/4294967296/4294967296\n"));
	cr_expect(block_parses("\ta={v:int:8}/2/2\n"));
	cr_expect(block_parses("\ta={v:string:1}/x\n"));
}

Test(template, a_quote_that_is_not_closed_is_malformed)
{
	refused(parses("SELF:\n\ta=\"b\n"));
	refused(parses("SELF:\n\ta=\"b\nc\"\n"));
}

Test(template, a_comment_opens_outside_quotes_and_after_a_blank_only)
{
	cr_assert(parses("SELF:\n\ta=\"x # y\"  # z \"{\n\tb=1\n"));
	cr_expect_eq(parsed.field_count, 2);
	cr_expect(slice_is(parsed.fields[0].value, "\"x # y\""));
	cr_expect(slice_is(parsed.pieces[0].text, "x # y"));
	/* Whether it belongs to the value is anybody's guess: refused. */
	refused(parses("SELF:\n\ta=x#y\n"));
}

Test(template, blanks_at_the_end_of_a_line_and_a_missing_newline_are_tolerated)
{
	cr_expect(parses("SELF:\n \t a=1 \t\n\tb="));
	cr_expect_eq(parsed.field_count, 2);
}

Test(template, the_bindings_of_a_block_are_capped_at_4096)
{
	static char text[65536];
	size_t used;

	/* 16 * 16 * 16 are 4096. */
	for (int extra = 0; extra < 2; extra++) {
		used = (size_t)sprintf(text, "SELF:\n\ta=1\nCOMPATIBLE:\n");
		for (int i = 0; i < 3; i++) {
			used += (size_t)sprintf(text + used, "\ta%d={v%d:int:1", i, i);
			for (int j = 2; j <= 16 + (i == 2 ? extra : 0); j++)
				used += (size_t)sprintf(text + used, ",%d", j);
			used += (size_t)sprintf(text + used, "}\n");
		}
		cr_expect_eq(parses(text), !extra);
	}
	cr_expect_str_eq(failure.text, "a block with more than 4096 bindings");
	for (int count = 4096; count <= 4097; count++) {
		used = (size_t)sprintf(text, "SELF:\n\ta=1\nCOMPATIBLE:\n\ta={v:int:1");
		for (int j = 2; j <= count; j++)
			used += (size_t)sprintf(text + used, ",%d", j);
		sprintf(text + used, "}\n");
		cr_expect_eq(parses(text), count == 4096);
	}
}

Test(template, more_of_anything_than_its_bound_is_malformed)
{
	static char text[TEMPLATE_BYTES_MAX + 64];
	size_t used = (size_t)sprintf(text, "SELF:\n");

	for (unsigned int i = 0; i < TEMPLATE_BLOCK_FIELDS_MAX; i++)
		used += (size_t)sprintf(text + used, "\tf%u=1\n", i);
	cr_expect(parses(text));
	sprintf(text + used, "\tone_more=1\n");
	refused(parses(text));

	used = (size_t)sprintf(text, "SELF:\n\ta=1\n");
	for (unsigned int i = 1; i < TEMPLATE_BLOCKS_MAX; i++)
		used += (size_t)sprintf(text + used, "COMPATIBLE:\n\ta=1\n");
	cr_expect(parses(text));
	sprintf(text + used, "COMPATIBLE:\n\ta=1\n");
	refused(parses(text));

	used = (size_t)sprintf(text, "SELF:\n\ta=1\nCOMPATIBLE:\n");
	for (unsigned int i = 0; i <= TEMPLATE_BLOCK_VARIABLES_MAX; i++)
		used += (size_t)sprintf(text + used, "\tf%u={v%u:int:1}\n", i, i);
	refused(parses(text));

	used = (size_t)sprintf(text, "SELF:\n\ta=");
	memset(text + used, 'x', TEMPLATE_LITERAL_MAX + 1);
	text[used + TEMPLATE_LITERAL_MAX] = '\0';
	cr_expect(parses(text));
	text[used + TEMPLATE_LITERAL_MAX] = 'x';
	text[used + TEMPLATE_LITERAL_MAX + 1] = '\0';
	refused(parses(text));

	memset(text, ' ', sizeof(text) - 1);
	memcpy(text, "SELF:\n\ta=1\n", 11);
	refused(parses(text));
}

Test(template, a_megabyte_is_malformed)
{
	char *text = malloc((size_t)1 << 20);

	memset(text, 'x', (size_t)1 << 20);
	memcpy(text, "SELF:\n\ta=1\n", 11);
	cr_expect_eq(template_parse((struct slice){text, (size_t)1 << 20}, &parsed, &failure),
		     -EINVAL);
	free(text);
}

Test(template, what_is_wrong_is_named_by_line_and_column)
{
	refused(parses("SELF:\n\ta=1\n\tb=\"x\n"));
	cr_expect_eq(failure.line, 3);
	cr_expect_eq(failure.column, 5);
	cr_expect_str_not_empty(failure.text);
	refused(parses("SELF:\n\ta=1\n\tbb!=x\n"));
	cr_expect_eq(failure.line, 3);
	cr_expect_eq(failure.column, 4);
}

Test(template, the_sample_of_the_thread_parses_byte_for_byte)
{
	char *text = golden("gvt-g.template");

	cr_assert(parses(text), "%u:%u %s", failure.line, failure.column, failure.text);
	cr_expect_eq(parsed.block_count, 3);
	cr_expect_eq(parsed.field_count, 18);
	cr_expect_eq(parsed.variable_count, 4);
	cr_expect(slice_is(parsed.fields[9].key, "aggregator"));
	cr_expect_eq(parsed.pieces[parsed.fields[9].first_piece].divisor, 2);
	free(text);
}

Test(template, the_sample_of_the_thread_has_a_dead_binding)
{
	struct template_note notes[8];
	char *text = golden("gvt-g.template");
	size_t count;

	cr_assert(parses(text));
	count = template_lint(&parsed, notes, 8);
	/* val1=1 gives aggregator 1/2, in both blocks. */
	cr_assert_eq(count, 2);
	for (size_t i = 0; i < count; i++) {
		cr_expect_eq(notes[i].kind, TEMPLATE_DEAD_BINDING);
		cr_expect(slice_is(notes[i].variable, "val1"));
		cr_expect(slice_is(notes[i].item, "1"));
	}
	cr_expect_eq(notes[0].line, 8);
	cr_expect_eq(notes[1].line, 15);
	free(text);
}

Test(template, sparse_lists_and_single_items_are_linted)
{
	struct template_note notes[2];

	cr_assert(block_parses("\ta={v:int:2,7,12,23}\n\tb={w:string:x}\n"));
	cr_expect_eq(template_lint(&parsed, notes, 2), 2);
	cr_expect_eq(notes[0].kind, TEMPLATE_SPARSE_LIST);
	cr_expect_eq(notes[1].kind, TEMPLATE_SINGLE_ITEM);
	cr_expect_eq(template_lint(&parsed, notes, 0), 2);
	cr_assert(block_parses("\ta={v:int:1,2,4,8}\n\tb={w:int:4,5,6}\n\tc={x:int:3,9}\n"));
	cr_expect_eq(template_lint(&parsed, notes, 2), 0);
}
