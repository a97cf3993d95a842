// SPDX-License-Identifier: GPL-2.0-only
/* SEMANTICS 2.4. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "core/ranges.h"

#define HUCK "2.0.2-2.0.4,2.1.0-"

static int contains(const char *list, const char *version)
{
	struct xyz xyz;

	cr_assert(xyz_parse(slice_of(version), &xyz), "%s", version);
	return ranges_contain(slice_of(list), xyz, NULL);
}

static enum range_fault fault_of(const char *list)
{
	struct range_error error = {0};
	int r = ranges_contain(slice_of(list), (struct xyz){0}, &error);

	cr_assert_eq(r < 0, error.fault != RANGE_FINE, "%s", list);
	return error.fault;
}

Test(ranges, an_empty_list_is_malformed)
{
	cr_expect_eq(fault_of(""), RANGE_EMPTY);
	cr_expect_eq(fault_of("\n"), RANGE_EMPTY);
	cr_expect_eq(fault_of("  "), RANGE_EMPTY);
	cr_expect_eq(fault_of(NULL), RANGE_EMPTY);
}

Test(ranges, an_empty_item_is_malformed)
{
	cr_expect_eq(fault_of("2.0.2,,2.1.0"), RANGE_EMPTY);
	cr_expect_eq(fault_of(",2.0.2"), RANGE_EMPTY);
	cr_expect_eq(fault_of("2.0.2,"), RANGE_EMPTY);
	cr_expect_eq(fault_of("2.0.2, ,2.1.0"), RANGE_EMPTY);
}

Test(ranges, a_range_that_ends_before_it_begins_is_malformed)
{
	cr_expect_eq(fault_of("2.0.4-2.0.2"), RANGE_BACKWARDS);
	cr_expect_eq(fault_of("2.1-2.0.9"), RANGE_BACKWARDS);
}

Test(ranges, a_range_whose_ends_differ_in_major_is_malformed)
{
	cr_expect_eq(fault_of("1.9.0-2.0.0"), RANGE_CROSSES_MAJOR);
	cr_expect_eq(fault_of("2.0.0-1.9.0"), RANGE_CROSSES_MAJOR);
}

Test(ranges, an_item_that_is_no_xyz_is_malformed)
{
	static const char *const malformed[] = {
		"2.x",
		"2.01.0",
		"2.1.0-rc1",
		"2.1.0.0",
		"2.1.4294967296",
		"2",
		"2-",
		"-2.1.0",
		"-",
		"2.1.0--",
		"2.1.0-2.2.0-",
		"2.1.0 - 2.2.0",
		"2.1.0- 2.2.0",
		"a",
		"*",
		"2.1.0;2.2.0",
		"2.1.0\n\n",
		"\n2.1.0",
		"2.1.0\n,2.2.0",
		">=2.1.0",
		"2.1.0-3",
	};

	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++)
		cr_expect_eq(fault_of(malformed[i]), RANGE_NOT_XYZ, "'%s'", malformed[i]);
}

Test(ranges, one_malformed_item_makes_the_whole_list_unusable)
{
	cr_expect_eq(contains("2.0.3,2.x", "2.0.3"), -EINVAL);
	cr_expect_eq(contains("2.x,2.0.3", "2.0.3"), -EINVAL);
	cr_expect_eq(contains("2.0.3,2.0.4-2.0.2,9.9.9", "2.0.3"), -EINVAL);
}

Test(ranges, the_malformed_item_is_named)
{
	struct range_error error = {0};

	ranges_contain(slice_of("2.0.3, 2.x ,2.1.0"), (struct xyz){0}, &error);
	cr_expect(slice_is(error.item, "2.x"), "%.*s", (int)error.item.length, error.item.text);
	cr_expect_str_not_empty(range_fault_text(error.fault));
}

Test(ranges, a_list_without_end_is_refused_and_quickly)
{
	size_t length = (size_t)1 << 20;
	char *list = calloc(1, length + 1);

	for (size_t i = 0; i < length; i++)
		list[i] = "1.0,"[i % 4];
	list[length - 1] = '\0';
	cr_expect_eq(fault_of(list), RANGE_TOO_LONG);
	list[4 * (RANGES_ITEMS_MAX + 1) - 1] = '\0';
	cr_expect_eq(fault_of(list), RANGE_TOO_LONG);
	list[4 * RANGES_ITEMS_MAX - 1] = '\0';
	cr_expect_eq(fault_of(list), RANGE_FINE);
	free(list);
}

Test(ranges, both_ends_of_a_range_belong_to_it)
{
	cr_expect_eq(contains(HUCK, "2.0.2"), 1);
	cr_expect_eq(contains(HUCK, "2.0.3"), 1);
	cr_expect_eq(contains(HUCK, "2.0.4"), 1);
	cr_expect_eq(contains(HUCK, "2.0.1"), 0);
	cr_expect_eq(contains(HUCK, "2.0.5"), 0);
}

Test(ranges, an_open_range_ends_at_its_major)
{
	cr_expect_eq(contains(HUCK, "2.1.0"), 1);
	cr_expect_eq(contains(HUCK, "2.4294967295.4294967295"), 1);
	cr_expect_eq(contains(HUCK, "3.0.0"), 0);
	cr_expect_eq(contains("4294967295.1-", "4294967295.2.0"), 1);
}

Test(ranges, other_majors_are_refused_unless_an_item_names_them)
{
	cr_expect_eq(contains(HUCK, "1.9.9"), 0);
	cr_expect_eq(contains(HUCK, "3.1.0"), 0);
	cr_expect_eq(contains(HUCK ",3.1.0", "3.1.0"), 1);
}

Test(ranges, components_compare_as_numbers)
{
	cr_expect_eq(contains("2.0.2-2.0.4", "2.0.10"), 0);
	cr_expect_eq(contains("2.0.2-2.0.10", "2.0.4"), 1);
	cr_expect_eq(contains("2.1.0-", "2.10.0"), 1);
	cr_expect_eq(contains("2.10.0-", "2.9.0"), 0);
}

Test(ranges, a_single_version_is_only_itself)
{
	cr_expect_eq(contains("2.0.2", "2.0.2"), 1);
	cr_expect_eq(contains("2.0", "2.0.0"), 1);
	cr_expect_eq(contains("2.0", "2.0.1"), 0);
	cr_expect_eq(contains("2.0.2-2.0.2", "2.0.2"), 1);
}

/* [004]: after ppgtt was removed, 1.0.0 takes exactly {0.0.0, 1.x}. */
Test(ranges, the_list_after_a_removed_feature_takes_exactly_what_it_names)
{
	cr_expect_eq(contains("0.0.0,1.0.0-", "0.0.0"), 1);
	cr_expect_eq(contains("0.0.0,1.0.0-", "0.1.0"), 0);
	cr_expect_eq(contains("0.0.0,1.0.0-", "0.2.0"), 0);
	cr_expect_eq(contains("0.0.0,1.0.0-", "1.0.0"), 1);
	cr_expect_eq(contains("0.0.0,1.0.0-", "1.7.3"), 1);
	cr_expect_eq(contains("0.0.0,1.0.0-", "2.0.0"), 0);
}

Test(ranges, blanks_around_items_and_one_newline_are_tolerated)
{
	cr_expect_eq(contains(" 2.0.2-2.0.4 ,\t2.1.0- \n", "2.1.5"), 1);
	cr_expect_eq(contains("2.0.2\n", "2.0.2"), 1);
	cr_expect_lt(contains("2.0.2\n\n", "2.0.2"), 0);
}

Test(ranges, parsing_and_looking_up_agree)
{
	struct arena *arena = arena_new();
	const struct range *ranges;
	size_t count;

	cr_assert_eq(ranges_parse(arena, slice_of(HUCK "\n"), &ranges, &count, NULL), 0);
	cr_expect_eq(count, 2);
	cr_expect_eq(ranges[0].last.bugfix, 4);
	cr_expect_eq(ranges[1].last.major, 2);
	cr_expect(range_contains(&ranges[1], (struct xyz){2, 5, 0}));
	cr_expect_not(range_contains(&ranges[1], (struct xyz){3, 0, 0}));
	arena_free(arena);
}

Test(ranges, a_malformed_list_leaves_the_results_alone)
{
	struct arena *arena = arena_new();
	const struct range *ranges = NULL;
	struct range_error error;
	size_t count = 7;

	cr_expect_eq(ranges_parse(arena, slice_of("2.0.2,2.x"), &ranges, &count, &error), -EINVAL);
	cr_expect_null(ranges);
	cr_expect_eq(count, 7);
	cr_expect_eq(error.fault, RANGE_NOT_XYZ);
	arena_free(arena);
}

/* The oracle knows places in a cube of versions, not versions. */
enum {
	SIDE = 3,
	CUBE = SIDE * SIDE * SIDE
};

static void place_text(int place, char out[static 40])
{
	snprintf(out, 40, "%d.%d.%d", place / (SIDE * SIDE), place / SIDE % SIDE, place % SIDE);
}

Test(ranges, agree_with_brute_force_over_a_small_cube)
{
	char a[40];
	char b[40];
	char version[40];
	char list[96];

	for (int first = 0; first < CUBE; first++) {
		for (int last = -1; last < CUBE; last++) {
			bool crosses = last >= 0 && first / (SIDE * SIDE) != last / (SIDE * SIDE);
			bool malformed = crosses || (last >= 0 && last < first);

			place_text(first, a);
			place_text(last < 0 ? 0 : last, b);
			snprintf(list, sizeof(list), "%s-%s", a, last < 0 ? "" : b);
			for (int place = 0; place < CUBE; place++) {
				int end = last < 0 ? first - first % (SIDE * SIDE) + SIDE * SIDE - 1
						   : last;
				int expected = place >= first && place <= end;

				place_text(place, version);
				if (malformed)
					expected = -EINVAL;
				cr_assert_eq(contains(list, version), expected, "%s in %s", version,
					     list);
			}
		}
	}
}

Test(ranges, a_list_takes_what_any_of_its_items_takes)
{
	unsigned int seed = 1;

	for (int round = 0; round < 3000; round++) {
		char items[3][96];
		char list[320];
		char a[40];
		char b[40];
		char version[40];
		int expected = 0;

		for (int i = 0; i < 3; i++) {
			int first = rand_r(&seed) % CUBE;
			int last = first - first % (SIDE * SIDE) + SIDE * SIDE - 1;

			last = first + rand_r(&seed) % (last - first + 1);
			place_text(first, a);
			place_text(last, b);
			snprintf(items[i], sizeof(items[i]), "%s-%s", a, b);
		}
		place_text(rand_r(&seed) % CUBE, version);
		snprintf(list, sizeof(list), "%s, %s,%s\n", items[0], items[1], items[2]);
		for (int i = 0; i < 3; i++)
			expected |= contains(items[i], version);
		cr_assert_eq(contains(list, version), expected, "%s in %s", version, list);
	}
}
