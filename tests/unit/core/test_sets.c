// SPDX-License-Identifier: GPL-2.0-only
/* SEMANTICS 2.7. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "core/sets.h"

static struct set set(const char *text)
{
	struct set out;

	cr_assert(set_parse(slice_of(text), "+", &out), "%s", text);
	return out;
}

static bool is_superset(const char *dest, const char *source)
{
	struct set a = set(dest);
	struct set b = set(source);
	char missing[64];

	return !set_missing(&a, &b, missing, sizeof(missing));
}

Test(sets, an_empty_member_is_malformed)
{
	struct set out;

	cr_expect_not(set_parse(slice_of("a++b"), "+", &out));
	cr_expect_not(set_parse(slice_of("+a"), "+", &out));
	cr_expect_not(set_parse(slice_of("a+"), "+", &out));
	cr_expect_not(set_parse(slice_of("+"), "+", &out));
}

Test(sets, too_many_members_are_malformed)
{
	char text[2 * SET_MEMBERS_MAX + 2];
	struct set out;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = "a+"[i % 2];
	text[2 * SET_MEMBERS_MAX - 1] = '\0';
	cr_expect(set_parse(slice_of(text), "+", &out));
	cr_expect_eq(out.count, SET_MEMBERS_MAX);
	text[2 * SET_MEMBERS_MAX - 1] = '+';
	text[2 * SET_MEMBERS_MAX + 1] = '\0';
	cr_expect_not(set_parse(slice_of(text), "+", &out));
}

Test(sets, a_megabyte_is_malformed)
{
	size_t length = (size_t)1 << 20;
	char *text = malloc(length + 1);
	struct set out;

	memset(text, 'a', length);
	text[length] = '\0';
	cr_expect_not(set_parse(slice_of(text), "+", &out));
	cr_expect_not(set_of((const char *const[]){text}, 1, &out));
	free(text);
}

Test(sets, empty_text_is_the_empty_set)
{
	cr_expect_eq(set("").count, 0);
}

Test(sets, more_features_fit_and_fewer_do_not)
{
	cr_expect(is_superset("none+ppgtt", "none"));
	cr_expect_not(is_superset("none", "none+ppgtt"));
}

/* [004]: by version 1.0.0 to 0.2.0 is refused, by features it fits. */
Test(sets, the_hard_case_of_the_thread_fits_by_features)
{
	cr_expect(is_superset("none+ppgtt+context", "none+context"));
	cr_expect_not(is_superset("none+context", "none+ppgtt"));
}

Test(sets, order_and_repetition_are_irrelevant)
{
	cr_expect(is_superset("context+none+ppgtt", "ppgtt+none"));
	cr_expect(is_superset("a+b", "b+b+a+b"));
}

Test(sets, members_are_whole_words_and_case_counts)
{
	cr_expect_not(is_superset("ppgtt2", "ppgtt"));
	cr_expect_not(is_superset("ppgt", "ppgtt"));
	cr_expect_not(is_superset("PPGTT", "ppgtt"));
}

Test(sets, what_is_missing_is_named)
{
	struct set dest = set("none");
	struct set source = set("none+ppgtt+context");
	char missing[64];

	cr_expect_eq(set_missing(&dest, &source, missing, sizeof(missing)), 2);
	cr_expect_str_eq(missing, "ppgtt, context");
}

Test(sets, what_is_missing_is_cut_to_its_room)
{
	struct set dest = set("");
	struct set source = set("aaaaaaaa+bbbbbbbb+cccccccc");
	char missing[12];

	cr_expect_eq(set_missing(&dest, &source, missing, sizeof(missing)), 3);
	cr_expect_eq(strlen(missing), sizeof(missing) - 1);
}

Test(sets, a_separator_may_have_several_characters)
{
	struct set out;

	cr_assert(set_parse(slice_of("a, b,c"), ", ", &out));
	cr_expect_eq(out.count, 2);
	cr_expect(slice_is(out.members[1], "b,c"));
}

Test(sets, empty_traits_are_left_out)
{
	struct set out;

	cr_assert(set_of((const char *const[]){"", "v4", ""}, 3, &out));
	cr_expect_eq(out.count, 1);
	cr_assert(set_of(NULL, 0, &out));
	cr_expect_eq(out.count, 0);
}

/* All 16 subsets of four features as text, by bit. */
static void subset_text(unsigned int bits, char out[static 16])
{
	size_t used = 0;

	for (unsigned int i = 0; i < 4; i++) {
		if (!(bits & 1u << i))
			continue;
		if (used)
			out[used++] = '+';
		out[used++] = (char)('a' + i);
	}
	out[used] = '\0';
}

Test(sets, superset_is_what_bits_say)
{
	char a[16];
	char b[16];

	for (unsigned int dest = 0; dest < 16; dest++) {
		for (unsigned int source = 0; source < 16; source++) {
			subset_text(dest, a);
			subset_text(source, b);
			cr_assert_eq(is_superset(a, b), (source & ~dest) == 0, "%s %s", a, b);
		}
	}
}

Test(sets, superset_is_reflexive_and_transitive)
{
	char a[16];
	char b[16];
	char c[16];

	for (unsigned int i = 0; i < 16; i++) {
		subset_text(i, a);
		cr_assert(is_superset(a, a));
		for (unsigned int j = 0; j < 16; j++) {
			subset_text(j, b);
			for (unsigned int k = 0; k < 16; k++) {
				subset_text(k, c);
				if (is_superset(a, b) && is_superset(b, c))
					cr_assert(is_superset(a, c), "%s %s %s", a, b, c);
			}
		}
	}
}
