// SPDX-License-Identifier: GPL-2.0-only
/* SEMANTICS 2.6 (unconstrained), 2.7, 2.11, 2.12, and what policy.h adds. */
#include <criterion/criterion.h>
#include <string.h>

#include "pair.h"

/* One attribute under one attribute rule. */
static enum mw_reason under(enum comparator comparator, const char *name, const char *absent,
			    const char *source, const char *dest)
{
	AUTO_PAIR struct pair pair = pair_new();
	enum mw_reason reason;
	char field[64] = "attributes.";

	pair_attribute(&pair, name, source, dest);
	pair_attribute_rule(&pair, name, comparator, absent);
	reason = pair_judge(&pair);
	if (reason != MW_REASON_OK) {
		cr_expect_eq(pair.verdict.stage, MW_STAGE_ATTRIBUTES);
		cr_expect_str_eq(pair.verdict.field, strcat(field, name));
		cr_expect_eq(pair.verdict.position.line, 21);
		cr_expect_not_null(pair.verdict.comparator);
	}
	return reason;
}

/* One attribute that no rule names. */
static enum mw_reason unnamed(const char *name, const char *source, const char *dest)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair_attribute(&pair, name, source, dest);
	return pair_judge(&pair);
}

Test(compare_attributes, an_aggregator_that_is_malformed_mismatches_even_itself)
{
	static const char *const malformed[] = {"1/2", "0", "-1", "1.5", "x", "+1", "1 "};

	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
		cr_expect_eq(unnamed("aggregator", malformed[i], malformed[i]),
			     MW_REASON_AGGREGATOR_MISMATCH, "%s", malformed[i]);
		cr_expect_eq(under(COMPARE_EQUAL, "aggregator", NULL, malformed[i], malformed[i]),
			     MW_REASON_AGGREGATOR_MISMATCH, "%s", malformed[i]);
	}
}

Test(compare_attributes, aggregators_are_equal_by_default_and_absent_is_one)
{
	cr_expect_eq(unnamed("aggregator", "1", "2"), MW_REASON_AGGREGATOR_MISMATCH);
	cr_expect_eq(unnamed("aggregator", "2", NULL), MW_REASON_AGGREGATOR_MISMATCH);
	cr_expect_eq(unnamed("aggregator", NULL, "2"), MW_REASON_AGGREGATOR_MISMATCH);
	cr_expect_eq(unnamed("aggregator", "1", NULL), MW_REASON_OK);
	cr_expect_eq(unnamed("aggregator", NULL, "1"), MW_REASON_OK);
	cr_expect_eq(unnamed("aggregator", "", "1"), MW_REASON_OK);
	cr_expect_eq(unnamed("aggregator", "2", "02"), MW_REASON_OK);
}

Test(compare_attributes, an_aggregator_under_a_rule_keeps_its_default)
{
	cr_expect_eq(under(COMPARE_EQUAL, "aggregator", NULL, "2", NULL),
		     MW_REASON_AGGREGATOR_MISMATCH);
	cr_expect_eq(under(COMPARE_EQUAL, "aggregator", NULL, "1", NULL), MW_REASON_OK);
	cr_expect_eq(under(COMPARE_AT_LEAST, "aggregator", NULL, "2", "4"), MW_REASON_OK);
	cr_expect_eq(under(COMPARE_AT_LEAST, "aggregator", NULL, "4", "2"),
		     MW_REASON_AGGREGATOR_MISMATCH);
	cr_expect_eq(under(COMPARE_IGNORE, "aggregator", NULL, "4", "1/2"), MW_REASON_OK);
	cr_expect_eq(under(COMPARE_EQUAL, "aggregator", "4", "4", NULL), MW_REASON_OK);
}

Test(compare_attributes, pv_mode_that_is_absent_is_none)
{
	cr_expect_eq(unnamed("pv_mode", NULL, "none"), MW_REASON_OK);
	cr_expect_eq(unnamed("pv_mode", "none", NULL), MW_REASON_OK);
	cr_expect_eq(unnamed("pv_mode", "", "none"), MW_REASON_OK);
	cr_expect_eq(unnamed("pv_mode", "none+ppgtt", NULL), MW_REASON_ATTRIBUTE_MISMATCH);
	cr_expect_eq(unnamed("pv_mode", NULL, "none+ppgtt"), MW_REASON_ATTRIBUTE_MISMATCH);
}

Test(compare_attributes, a_feature_that_is_missing_is_named)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair_attribute(&pair, "pv_mode", "none+ppgtt", "none");
	pair_attribute_rule(&pair, "pv_mode", COMPARE_SUPERSET, "none");
	cr_expect_eq(pair_judge(&pair), MW_REASON_FEATURE_MISSING);
	cr_expect_str_eq(pair.verdict.comparator, "superset");
	cr_expect_not_null(strstr(pair.verdict.hint, "ppgtt"));
	cr_expect_str_eq(pair.verdict.source_value, "none+ppgtt");
	cr_expect_str_eq(pair.verdict.dest_value, "none");
}

Test(compare_attributes, a_superset_passes_in_any_order)
{
	cr_expect_eq(under(COMPARE_SUPERSET, "pv_mode", "none", "none", "none+ppgtt"),
		     MW_REASON_OK);
	cr_expect_eq(under(COMPARE_SUPERSET, "pv_mode", NULL, NULL, "ppgtt+none"), MW_REASON_OK);
	cr_expect_eq(under(COMPARE_SUPERSET, "pv_mode", NULL, "", "ppgtt"),
		     MW_REASON_FEATURE_MISSING);
	cr_expect_eq(under(COMPARE_SUPERSET, "pv_mode", "none", "none+context",
			   "context+ppgtt+none"),
		     MW_REASON_OK);
}

Test(compare_attributes, an_empty_set_is_absent_and_never_a_subset)
{
	cr_expect_eq(under(COMPARE_SUPERSET, "features", NULL, "", "a+b"),
		     MW_REASON_ATTRIBUTE_ABSENT);
	cr_expect_eq(under(COMPARE_SUPERSET, "features", NULL, NULL, "a+b"),
		     MW_REASON_ATTRIBUTE_ABSENT);
	cr_expect_eq(under(COMPARE_SUPERSET, "features", "a", "", "a+b"), MW_REASON_OK);
}

Test(compare_attributes, a_malformed_set_mismatches)
{
	cr_expect_eq(under(COMPARE_SUPERSET, "features", NULL, "a++b", "a++b"),
		     MW_REASON_ATTRIBUTE_MISMATCH);
	cr_expect_eq(under(COMPARE_SUPERSET, "features", NULL, "a", "a+"),
		     MW_REASON_ATTRIBUTE_MISMATCH);
}

Test(compare_attributes, an_attribute_that_a_rule_names_has_to_be_there)
{
	cr_expect_eq(under(COMPARE_EQUAL, "x", NULL, "1", NULL), MW_REASON_ATTRIBUTE_ABSENT);
	cr_expect_eq(under(COMPARE_EQUAL, "x", NULL, NULL, "1"), MW_REASON_ATTRIBUTE_ABSENT);
	cr_expect_eq(under(COMPARE_EQUAL, "x", NULL, NULL, NULL), MW_REASON_ATTRIBUTE_ABSENT);
	cr_expect_eq(under(COMPARE_EQUAL, "x", "1", "1", NULL), MW_REASON_OK);
	cr_expect_eq(under(COMPARE_EQUAL, "x", "1", NULL, NULL), MW_REASON_OK);
	cr_expect_eq(under(COMPARE_IGNORE, "x", NULL, NULL, "1"), MW_REASON_OK);
}

Test(compare_attributes, equal_is_plain_text)
{
	cr_expect_eq(under(COMPARE_EQUAL, "x", NULL, "1", "01"), MW_REASON_ATTRIBUTE_MISMATCH);
	cr_expect_eq(under(COMPARE_EQUAL, "x", NULL, "a", "a"), MW_REASON_OK);
	cr_expect_eq(under(COMPARE_EQUAL, "x", NULL, "", ""), MW_REASON_OK);
}

Test(compare_attributes, numbers_compare_as_integers)
{
	cr_expect_eq(under(COMPARE_NUMERIC, "x", NULL, "9", "10"), MW_REASON_ATTRIBUTE_MISMATCH);
	cr_expect_eq(under(COMPARE_NUMERIC, "x", NULL, "9", "09"), MW_REASON_OK);
	cr_expect_eq(under(COMPARE_NUMERIC, "x", NULL, "3a", "3a"), MW_REASON_ATTRIBUTE_MISMATCH);
	cr_expect_eq(under(COMPARE_AT_LEAST, "x", NULL, "9", "10"), MW_REASON_OK);
	cr_expect_eq(under(COMPARE_AT_LEAST, "x", NULL, "10", "9"), MW_REASON_ATTRIBUTE_MISMATCH);
	cr_expect_eq(under(COMPARE_NUMERIC, "x", NULL, "0", "0"), MW_REASON_OK);
}

Test(compare_attributes, an_attribute_by_ranges_has_its_list_beside_it)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair_attribute(&pair, "firmware", "2.0.3", "2.1.0");
	pair_attribute(&pair, "firmware_compatible", NULL, "2.0.2-2.0.4,2.1.0-");
	pair_attribute_rule(&pair, "firmware", COMPARE_RANGES, NULL);
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
	pair.dest->attributes[1].value.text = "2.0.4-,2.x";
	cr_expect_eq(pair_judge(&pair), MW_REASON_RANGE_MALFORMED);
	pair.dest->attributes[1].value.text = "2.0.4-";
	cr_expect_eq(pair_judge(&pair), MW_REASON_ATTRIBUTE_MISMATCH);
	cr_expect_str_eq(pair.verdict.comparator, "ranges");
	cr_expect_str_eq(pair.verdict.direction, "destination-accepts");
	cr_expect_str_eq(pair.verdict.dest_value, "2.0.4-");
	descriptor_set_unreadable(&pair.dest->attributes[1].value, 5);
	cr_expect_eq(pair_judge(&pair), MW_REASON_UNREADABLE);
}

Test(compare_attributes, an_attribute_by_ranges_without_list_is_xyz_or_equal)
{
	cr_expect_eq(under(COMPARE_RANGES, "firmware", NULL, "2.1.0", "2.0.0"),
		     MW_REASON_ATTRIBUTE_MISMATCH);
	cr_expect_eq(under(COMPARE_RANGES, "firmware", NULL, "2.0.0", "2.1.0"), MW_REASON_OK);
	cr_expect_eq(under(COMPARE_RANGES, "firmware", NULL, "r1", "r2"),
		     MW_REASON_ATTRIBUTE_MISMATCH);
	cr_expect_eq(under(COMPARE_RANGES, "firmware", NULL, "r1", "r1"), MW_REASON_OK);
}

Test(compare_attributes, driver_and_firmware_version_can_be_named_like_attributes)
{
	AUTO_PAIR struct pair pair = pair_new();

	set(pair.source, &pair.source->driver_version, "535.129.03");
	set(pair.dest, &pair.dest->driver_version, "535.129.04");
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
	pair_attribute_rule(&pair, "driver_version", COMPARE_EQUAL, NULL);
	cr_expect_eq(pair_judge(&pair), MW_REASON_ATTRIBUTE_MISMATCH);
	set(pair.dest, &pair.dest->driver_version, "535.129.03");
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
	set(pair.dest, &pair.dest->driver_version, NULL);
	cr_expect_eq(pair_judge(&pair), MW_REASON_ATTRIBUTE_ABSENT);
	descriptor_set_unreadable(&pair.dest->driver_version, 5);
	cr_expect_eq(pair_judge(&pair), MW_REASON_UNREADABLE);
}

Test(compare_attributes, what_no_rule_names_is_compared_for_equality)
{
	cr_expect_eq(unnamed("x", "1", "2"), MW_REASON_ATTRIBUTE_MISMATCH);
	cr_expect_eq(unnamed("x", "1", "1"), MW_REASON_OK);
}

Test(compare_attributes, what_no_rule_names_and_one_side_has_is_unconstrained)
{
	cr_expect_eq(unnamed("x", "1", NULL), MW_REASON_ATTRIBUTE_UNCONSTRAINED);
	cr_expect_eq(unnamed("x", NULL, "1"), MW_REASON_ATTRIBUTE_UNCONSTRAINED);
}

Test(compare_attributes, unconstrained_is_a_warning_in_audit_mode)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair_versions(&pair, "1.0", "1.0");
	pair_attribute(&pair, "x", "1", NULL);
	pair.policy->mode = POLICY_AUDIT;
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
	cr_expect_eq(pair.verdict.action, MW_ACTION_ALLOW);
	cr_expect_eq(pair.verdict.warning_count, 1);
	/* Unless the policy says otherwise. */
	pair.rule->unconstrained_set = true;
	cr_expect_eq(pair_judge(&pair), MW_REASON_ATTRIBUTE_UNCONSTRAINED);
	cr_expect_eq(pair.verdict.action, MW_ACTION_AUDIT);
}

Test(compare_attributes, unconstrained_warn_warns_and_goes_on)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair_versions(&pair, "1.0", "1.0");
	pair.rule->unconstrained_set = true;
	pair.rule->unconstrained_warn = true;
	pair_attribute(&pair, "x", "1", NULL);
	pair_attribute(&pair, "y", NULL, "1");
	pair_attribute(&pair, "z", "1", "2");
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
	cr_expect_eq(pair.verdict.warning_count, 3);
	cr_expect_eq(pair.verdict.stages[MW_STAGE_ATTRIBUTES], STAGE_PASSED_WITH_WARNING);
}

Test(compare_attributes, audit_mode_does_not_hide_a_difference)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair.policy->mode = POLICY_AUDIT;
	pair_attribute(&pair, "x", "1", "2");
	cr_expect_eq(pair_judge(&pair), MW_REASON_ATTRIBUTE_MISMATCH);
	cr_expect_eq(pair.verdict.action, MW_ACTION_AUDIT);
}

Test(compare_attributes, what_could_not_be_read_is_unreadable_named_or_not)
{
	for (int named = 0; named < 2; named++) {
		AUTO_PAIR struct pair pair = pair_new();

		pair_attribute(&pair, "x", "1", NULL);
		descriptor_add_attribute(pair.dest, "x", NULL, 5);
		pair.rule->unconstrained_set = true;
		pair.rule->unconstrained_warn = true;
		if (named)
			pair_attribute_rule(&pair, "x", COMPARE_EQUAL, "1");
		cr_expect_eq(pair_judge(&pair), MW_REASON_UNREADABLE);
		cr_expect_str_eq(pair.verdict.field, "attributes.x");
		cr_expect_str_eq(pair.verdict.dest_value, "unreadable (errno 5)");
	}
}

Test(compare_attributes, what_is_ignored_may_be_unreadable)
{
	AUTO_PAIR struct pair pair = pair_new();

	descriptor_add_attribute(pair.dest, "x", NULL, 5);
	pair_attribute_rule(&pair, "x", COMPARE_IGNORE, NULL);
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
}

Test(compare_attributes, rules_are_tried_in_the_order_of_the_file)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair_attribute(&pair, "a", "1", "2");
	pair_attribute(&pair, "b", "1", "2");
	pair_attribute_rule(&pair, "b", COMPARE_EQUAL, NULL);
	pair_attribute_rule(&pair, "a", COMPARE_EQUAL, NULL);
	cr_expect_eq(pair_judge(&pair), MW_REASON_ATTRIBUTE_MISMATCH);
	cr_expect_str_eq(pair.verdict.field, "attributes.b");
}

Test(compare_attributes, a_name_that_begins_like_a_rule_is_not_named_by_it)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair_attribute_rule(&pair, "mode", COMPARE_IGNORE, NULL);
	pair_attribute(&pair, "mod", "1", "1");
	pair_attribute(&pair, "mode", "1", "2");
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
	pair_attribute(&pair, "mode2", "1", "2");
	cr_expect_eq(pair_judge(&pair), MW_REASON_ATTRIBUTE_MISMATCH);
	cr_expect_str_eq(pair.verdict.field, "attributes.mode2");
}

Test(compare_attributes, a_list_without_a_ranges_rule_is_an_attribute_like_any)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair_attribute(&pair, "fw", "1.0", "1.0");
	pair_attribute(&pair, "fw_compatible", NULL, "1.0-");
	pair_attribute_rule(&pair, "fw", COMPARE_EQUAL, NULL);
	cr_expect_eq(pair_judge(&pair), MW_REASON_ATTRIBUTE_UNCONSTRAINED);
}
