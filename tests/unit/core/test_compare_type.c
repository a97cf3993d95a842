// SPDX-License-Identifier: GPL-2.0-only
/* SEMANTICS 2.7 (traits), 2.9 and 2.10. */
#include <criterion/criterion.h>
#include <string.h>

#include "pair.h"

static struct pair qat(void)
{
	struct pair pair = pair_new();

	pair_drivers(&pair, "qat-v4", "qat-v5");
	pair_types(&pair, "qat-v4-type1", "qat-v5-type1");
	return pair;
}

static void traits(struct descriptor *descriptor, const char *one, const char *two)
{
	if (one)
		cr_assert_eq(descriptor_add_compatible_type(descriptor, one), 0);
	if (two)
		cr_assert_eq(descriptor_add_compatible_type(descriptor, two), 0);
}

Test(compare_type, types_that_only_look_alike_mismatch)
{
	AUTO_PAIR struct pair pair = qat();

	cr_expect_eq(pair_judge(&pair), MW_REASON_TYPE_MISMATCH);
	cr_expect_eq(pair.verdict.stage, MW_STAGE_MDEV_TYPE);
	cr_expect_str_eq(pair.verdict.field, "mdev_type");
	cr_expect_str_eq(pair.verdict.source_value, "qat-v4-type1");
	cr_expect_str_eq(pair.verdict.dest_value, "qat-v5-type1");
	cr_expect_not_null(strstr(pair.verdict.hint, "cross"));
}

Test(compare_type, a_type_is_compared_as_a_whole_and_case_counts)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair_types(&pair, "i915-GVTg_V5_4", "i915-gvtg_v5_4");
	cr_expect_eq(pair_judge(&pair), MW_REASON_TYPE_MISMATCH);
	pair_types(&pair, "i915-GVTg_V5_4", "i915-GVTg_V5_4 ");
	cr_expect_eq(pair_judge(&pair), MW_REASON_TYPE_MISMATCH);
}

Test(compare_type, a_type_on_one_side_only_is_absent)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair_types(&pair, "i915-GVTg_V5_4", NULL);
	cr_expect_eq(pair_judge(&pair), MW_REASON_TYPE_ABSENT);
	pair_types(&pair, NULL, "i915-GVTg_V5_4");
	cr_expect_eq(pair_judge(&pair), MW_REASON_TYPE_ABSENT);
	cr_expect_eq(pair.verdict.stage, MW_STAGE_MDEV_TYPE);
}

Test(compare_type, no_type_on_both_sides_skips_the_stage)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair_types(&pair, NULL, NULL);
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
	cr_expect_eq(pair.verdict.stages[MW_STAGE_MDEV_TYPE], STAGE_SKIPPED);
}

Test(compare_type, an_unreadable_type_is_no_mismatch)
{
	AUTO_PAIR struct pair pair = pair_new();

	descriptor_set_unreadable(&pair.dest->mdev_type, 5);
	cr_expect_eq(pair_judge(&pair), MW_REASON_UNREADABLE);
	cr_expect_eq(pair.verdict.stage, MW_STAGE_MDEV_TYPE);
}

Test(compare_type, an_alias_of_another_vendor_is_refused)
{
	AUTO_PAIR struct pair pair = qat();

	pair_alias(&pair, "1af4", "qat-v4", "qat-v5");
	cr_expect_eq(pair_judge(&pair), MW_REASON_ALIAS_VENDOR_MISMATCH);
	cr_expect_eq(pair.verdict.stage, MW_STAGE_MDEV_TYPE);
}

Test(compare_type, an_alias_takes_exact_driver_names_never_prefixes)
{
	AUTO_PAIR struct pair pair = qat();

	pair_alias(&pair, "8086", "qat", "qat-v5");
	cr_expect_eq(pair_judge(&pair), MW_REASON_TYPE_MISMATCH);
	pair_alias(&pair, "8086", "qat-v4", "qat-v6");
	cr_expect_eq(pair_judge(&pair), MW_REASON_TYPE_MISMATCH);
}

Test(compare_type, an_alias_compares_the_type_part)
{
	AUTO_PAIR struct pair pair = qat();

	pair_alias(&pair, "8086", "qat-v4", "qat-v5");
	pair_types(&pair, "qat-v4-type1", "qat-v5-type2");
	cr_expect_eq(pair_judge(&pair), MW_REASON_TYPE_MISMATCH);
	pair_types(&pair, "qat-v4-type1", "qat-v5-type1");
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
	pair_types(&pair, "qat-v4-", "qat-v5-");
	cr_expect_eq(pair_judge(&pair), MW_REASON_TYPE_MISMATCH);
}

Test(compare_type, a_type_is_never_split_at_its_first_dash)
{
	AUTO_PAIR struct pair pair = qat();

	pair_alias(&pair, "8086", "qat-v4", "qat-v5");
	/* The descriptor says another driver than the name of the type would suggest. */
	pair_drivers(&pair, "qat", "qat-v5");
	cr_expect_eq(pair_judge(&pair), MW_REASON_TYPE_MISMATCH);
	pair_drivers(&pair, NULL, "qat-v5");
	cr_expect_eq(pair_judge(&pair), MW_REASON_TYPE_MISMATCH);
}

Test(compare_type, an_alias_leaves_the_other_stages_alone)
{
	AUTO_PAIR struct pair pair = qat();

	pair_alias(&pair, "8086", "qat-v4", "qat-v5");
	pair_versions(&pair, "1.1.0", "1.0.0");
	cr_expect_eq(pair_judge(&pair), MW_REASON_VERSION_MINOR_OLDER);
	set(pair.dest, &pair.dest->device_api, "vfio-ap");
	cr_expect_eq(pair_judge(&pair), MW_REASON_DEVICE_API_MISMATCH);
}

Test(compare_type, an_alias_never_changes_a_verdict_inside_one_driver)
{
	static const char *const types[] = {"qat-v4-type1",   "qat-v4-type2", "qat-v4",
					    "qat-v4-",        "qat-v5-type1", "type1",
					    "qat-v4-v4-type1"};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		for (size_t j = 0; j < sizeof(types) / sizeof(types[0]); j++) {
			AUTO_PAIR struct pair pair = qat();
			enum mw_reason without;

			pair_drivers(&pair, "qat-v4", "qat-v4");
			pair_types(&pair, types[i], types[j]);
			without = pair_judge(&pair);
			pair_alias(&pair, "8086", "qat-v4", "qat-v5");
			cr_expect_eq(pair_judge(&pair), without, "%s %s", types[i], types[j]);
		}
	}
}

Test(compare_type, a_pair_outside_the_cross_list_is_denied)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair_types(&pair, "i915-GVTg_V5_4", "i915-GVTg_V5_8");
	pair.rule->type_position = (struct position){14, 13};
	pair_cross(&pair, "i915-GVTg_V5_8", "i915-GVTg_V5_4");
	cr_expect_eq(pair_judge(&pair), MW_REASON_CROSS_TYPE_DENIED);
	cr_expect_eq(pair.verdict.position.line, 14);
	pair_cross(&pair, "i915-GVTg_V5_*", "i915-GVTg_V5_*");
	cr_expect_eq(pair_judge(&pair), MW_REASON_CROSS_TYPE_DENIED);
}

Test(compare_type, a_listed_pair_may_cross_in_its_direction)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair_cross(&pair, "a-1", "a-2");
	pair_cross(&pair, "i915-GVTg_V5_4", "i915-GVTg_V5_8");
	pair_types(&pair, "i915-GVTg_V5_4", "i915-GVTg_V5_8");
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
	pair_types(&pair, "i915-GVTg_V5_8", "i915-GVTg_V5_4");
	cr_expect_eq(pair_judge(&pair), MW_REASON_CROSS_TYPE_DENIED);
	pair_types(&pair, "i915-GVTg_V5_8", "i915-GVTg_V5_8");
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
}

Test(compare_type, a_type_on_offer_without_a_free_instance_is_no_capacity)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair.context.may_create = true;
	pair_types(&pair, "i915-GVTg_V5_4", "i915-GVTg_V5_8");
	descriptor_add_offered_type(pair.dest, "i915-GVTg_V5_8", 4);
	descriptor_add_offered_type(pair.dest, "i915-GVTg_V5_4", 0);
	cr_expect_eq(pair_judge(&pair), MW_REASON_NO_CAPACITY);
	cr_expect_eq(pair.verdict.stage, MW_STAGE_MDEV_TYPE);
	cr_expect_str_eq(pair.verdict.create_type, "");
	pair.dest->offered_types[1].available_instances = -1;
	cr_expect_eq(pair_judge(&pair), MW_REASON_NO_CAPACITY);
	cr_expect_not_null(strstr(pair.verdict.hint, "not known"));
}

Test(compare_type, a_type_on_offer_with_a_free_instance_is_the_answer)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair.context.may_create = true;
	descriptor_add_offered_type(pair.dest, "i915-GVTg_V5_4", 1);
	pair_types(&pair, "i915-GVTg_V5_4", "i915-GVTg_V5_8");
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
	cr_expect_str_eq(pair.verdict.create_type, "i915-GVTg_V5_4");
	cr_expect_eq(pair.verdict.stages[MW_STAGE_MDEV_TYPE], STAGE_PASSED_WITH_WARNING);
	/* A parent without a device yet. */
	pair_types(&pair, "i915-GVTg_V5_4", NULL);
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
	cr_expect_str_eq(pair.verdict.create_type, "i915-GVTg_V5_4");
}

Test(compare_type, a_device_that_is_there_does_not_become_what_its_parent_offers)
{
	AUTO_PAIR struct pair pair = pair_new();

	descriptor_add_offered_type(pair.dest, "mtty-2", 1);
	pair_types(&pair, "mtty-2", "mtty-1");
	cr_expect_eq(pair_judge(&pair), MW_REASON_TYPE_MISMATCH);
	cr_expect_str_eq(pair.verdict.create_type, "mtty-2");
	cr_expect_str_eq(pair.verdict.source_value, "mtty-2");
	cr_expect_str_eq(pair.verdict.dest_value, "mtty-1");
	pair.dest->offered_types[0].available_instances = 0;
	cr_expect_eq(pair_judge(&pair), MW_REASON_TYPE_MISMATCH);
	cr_expect_str_eq(pair.verdict.create_type, "");
}

Test(compare_type, an_offer_of_a_kindred_type_is_no_answer)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair.context.may_create = true;
	descriptor_add_offered_type(pair.dest, "i915-GVTg_V5_2", 4);
	pair_types(&pair, "i915-GVTg_V5_4", "i915-GVTg_V5_8");
	cr_expect_eq(pair_judge(&pair), MW_REASON_TYPE_MISMATCH);
	pair_types(&pair, "i915-GVTg_V5_4", NULL);
	cr_expect_eq(pair_judge(&pair), MW_REASON_TYPE_ABSENT);
}

Test(compare_type, a_device_that_fits_needs_no_offer)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair.context.may_create = true;
	descriptor_add_offered_type(pair.dest, "i915-GVTg_V5_4", 0);
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
	cr_expect_str_eq(pair.verdict.create_type, "");
}

Test(compare_type, traits_are_off_unless_the_rule_turns_them_on)
{
	AUTO_PAIR struct pair pair = qat();

	traits(pair.source, "v4", NULL);
	traits(pair.dest, "v4", "v5");
	cr_expect_eq(pair_judge(&pair), MW_REASON_TYPE_MISMATCH);
	pair.rule->type = TYPE_TRAITS;
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
}

Test(compare_type, a_missing_trait_is_a_missing_feature)
{
	AUTO_PAIR struct pair pair = qat();

	pair.rule->type = TYPE_TRAITS;
	traits(pair.source, "v4", "v5");
	traits(pair.dest, "v5", NULL);
	cr_expect_eq(pair_judge(&pair), MW_REASON_FEATURE_MISSING);
	cr_expect_eq(pair.verdict.stage, MW_STAGE_MDEV_TYPE);
	cr_expect_not_null(strstr(pair.verdict.hint, "v4"));
	cr_expect_str_eq(pair.verdict.comparator, "traits");
	/* Equal names do not make up for it. */
	pair_types(&pair, "qat-v4-type1", "qat-v4-type1");
	cr_expect_eq(pair_judge(&pair), MW_REASON_FEATURE_MISSING);
}

Test(compare_type, an_empty_set_of_traits_never_passes_by_itself)
{
	AUTO_PAIR struct pair pair = qat();

	pair.rule->type = TYPE_TRAITS;
	traits(pair.dest, "v4", NULL);
	cr_expect_eq(pair_judge(&pair), MW_REASON_TYPE_MISMATCH);
	traits(pair.source, "", NULL);
	cr_expect_eq(pair_judge(&pair), MW_REASON_TYPE_MISMATCH);
	pair_types(&pair, "qat-v4-type1", "qat-v4-type1");
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
}

Test(compare_type, traits_do_not_make_up_for_a_type_on_one_side_only)
{
	AUTO_PAIR struct pair pair = qat();

	pair.rule->type = TYPE_TRAITS;
	traits(pair.source, "v4", NULL);
	traits(pair.dest, "v4", NULL);
	pair_types(&pair, "qat-v4-type1", NULL);
	cr_expect_eq(pair_judge(&pair), MW_REASON_TYPE_ABSENT);
	pair_types(&pair, NULL, NULL);
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
}

Test(compare_type, an_alias_by_a_driver_that_could_not_be_read_is_unreadable)
{
	AUTO_PAIR struct pair pair = qat();

	descriptor_set_unreadable(&pair.dest->driver, 5);
	cr_expect_eq(pair_judge(&pair), MW_REASON_TYPE_MISMATCH);
	pair_alias(&pair, "8086", "qat-v4", "qat-v5");
	cr_expect_eq(pair_judge(&pair), MW_REASON_UNREADABLE);
	cr_expect_str_eq(pair.verdict.field, "driver");
}

Test(compare_type, a_hint_that_is_too_long_is_cut_between_characters)
{
	AUTO_PAIR struct pair pair = pair_new();
	char type[256] = "";

	for (int i = 0; i < 80; i++)
		strcat(type, "€");
	pair_types(&pair, type, "i915-GVTg_V5_4");
	cr_expect_eq(pair_judge(&pair), MW_REASON_TYPE_MISMATCH);
	cr_expect_lt(strlen(pair.verdict.hint), VERDICT_HINT_BYTES);
	cr_expect_str_eq(pair.verdict.hint + strlen(pair.verdict.hint) - 6, "€…");
}
