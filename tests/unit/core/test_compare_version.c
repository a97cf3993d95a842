// SPDX-License-Identifier: GPL-2.0-only
/* SEMANTICS 2.1 to 2.5 and 2.12, and `auto` of 4, as the stage judges them. */
#include <criterion/criterion.h>
#include <string.h>

#include "pair.h"

static enum mw_reason by(enum comparator comparator, const char *source, const char *dest)
{
	AUTO_PAIR struct pair pair = pair_new();
	enum mw_reason reason;

	pair.rule->version = comparator;
	pair_versions(&pair, source, dest);
	reason = pair_judge(&pair);
	if (reason != MW_REASON_OK)
		cr_expect_eq(pair.verdict.stage, MW_STAGE_VERSION);
	return reason;
}

static enum mw_reason by_list(struct pair *pair, const char *source, const char *dest,
			      const char *list)
{
	pair_versions(pair, source, dest);
	set(pair->dest, &pair->dest->interface_version_compatible, list);
	return pair_judge(pair);
}

Test(compare_version, a_version_on_one_side_only_is_absent)
{
	static const enum comparator all[] = {COMPARE_AUTO,     COMPARE_EQUAL, COMPARE_NUMERIC,
					      COMPARE_AT_LEAST, COMPARE_XYZ,   COMPARE_RANGES,
					      COMPARE_OPAQUE};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		cr_expect_eq(by(all[i], "1", NULL), MW_REASON_VERSION_ABSENT, "%zu", i);
		cr_expect_eq(by(all[i], NULL, "1"), MW_REASON_VERSION_ABSENT, "%zu", i);
		cr_expect_eq(by(all[i], "", "1"), MW_REASON_VERSION_ABSENT, "%zu", i);
	}
}

Test(compare_version, no_version_on_both_sides_passes_auto_with_a_warning)
{
	AUTO_PAIR struct pair pair = pair_new();

	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
	cr_expect_eq(pair.verdict.stages[MW_STAGE_VERSION], STAGE_PASSED_WITH_WARNING);
	cr_assert_eq(pair.verdict.warning_count, 1);
	cr_expect_not_null(strstr(pair.verdict.warnings[0], "version"));
	cr_expect_null(pair.verdict.comparator);
	cr_expect_not(pair.verdict.has_source_value);
}

Test(compare_version, a_comparator_that_is_asked_for_needs_versions)
{
	static const enum comparator asked[] = {COMPARE_EQUAL,     COMPARE_NUMERIC,
						COMPARE_AT_LEAST,  COMPARE_XYZ,
						COMPARE_RANGES,    COMPARE_OPAQUE,
						COMPARE_NAMESPACED};

	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++)
		cr_expect_eq(by(asked[i], NULL, NULL), MW_REASON_VERSION_ABSENT, "%zu", i);
}

Test(compare_version, equal_is_plain_text)
{
	cr_expect_eq(by(COMPARE_EQUAL, "3", "03"), MW_REASON_VERSION_MISMATCH);
	cr_expect_eq(by(COMPARE_EQUAL, "2.1", "2.1.0"), MW_REASON_VERSION_MISMATCH);
	cr_expect_eq(by(COMPARE_EQUAL, "custom-build", "custom-build"), MW_REASON_OK);
	cr_expect_eq(by(COMPARE_EQUAL, "2.1\n", "2.1"), MW_REASON_OK);
}

Test(compare_version, numeric_is_equality_of_integers)
{
	cr_expect_eq(by(COMPARE_NUMERIC, "3", "03"), MW_REASON_OK);
	cr_expect_eq(by(COMPARE_NUMERIC, "9", "10"), MW_REASON_VERSION_MISMATCH);
	cr_expect_eq(by(COMPARE_NUMERIC, "10", "9"), MW_REASON_VERSION_MISMATCH);
	cr_expect_eq(by(COMPARE_NUMERIC, "3a", "3a"), MW_REASON_VERSION_MALFORMED);
}

Test(compare_version, at_least_takes_what_is_newer_and_nothing_older)
{
	cr_expect_eq(by(COMPARE_AT_LEAST, "9", "10"), MW_REASON_OK);
	cr_expect_eq(by(COMPARE_AT_LEAST, "9", "9"), MW_REASON_OK);
	cr_expect_eq(by(COMPARE_AT_LEAST, "10", "9"), MW_REASON_VERSION_MISMATCH);
	cr_expect_eq(by(COMPARE_AT_LEAST, "9", "3a"), MW_REASON_VERSION_MALFORMED);
}

Test(compare_version, xyz_follows_its_rules)
{
	cr_expect_eq(by(COMPARE_XYZ, "0.1.0", "0.0.0"), MW_REASON_VERSION_MINOR_OLDER);
	cr_expect_eq(by(COMPARE_XYZ, "0.2.0", "1.0.0"), MW_REASON_VERSION_MAJOR);
	cr_expect_eq(by(COMPARE_XYZ, "3", "3"), MW_REASON_VERSION_MALFORMED);
	cr_expect_eq(by(COMPARE_XYZ, "0.0.0", "0.1.0"), MW_REASON_OK);
}

Test(compare_version, opaque_text_is_equal_or_not)
{
	cr_expect_eq(by(COMPARE_OPAQUE, "1.0", "1.0.0"), MW_REASON_OPAQUE_MISMATCH);
	cr_expect_eq(by(COMPARE_OPAQUE, "1.0", "1.0"), MW_REASON_OK);
}

Test(compare_version, an_unreadable_version_is_no_mismatch)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair_versions(&pair, "1.0", "2.0");
	descriptor_set_unreadable(&pair.dest->interface_version, 5);
	cr_expect_eq(pair_judge(&pair), MW_REASON_UNREADABLE);
	cr_expect_eq(pair.verdict.stage, MW_STAGE_VERSION);
	pair_versions(&pair, NULL, NULL);
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
	descriptor_set_unreadable(&pair.source->version, 5);
	cr_expect_eq(pair_judge(&pair), MW_REASON_UNREADABLE);
}

/* [004]: by version refused, by feature set accepted; the verdict names which one it was. */
Test(compare_version, the_hard_case_of_the_thread_depends_on_the_comparator)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair_attribute(&pair, "pv_mode", "none+context", "none+ppgtt+context");
	pair_attribute_rule(&pair, "pv_mode", COMPARE_SUPERSET, "none");
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
	pair_versions(&pair, "1.0.0", "0.2.0");
	pair.rule->version = COMPARE_XYZ;
	cr_expect_eq(pair_judge(&pair), MW_REASON_VERSION_MAJOR);
	cr_expect_str_eq(pair.verdict.comparator, "xyz");
}

Test(compare_version, a_malformed_list_is_refused_even_for_the_same_version)
{
	static const char *const malformed[] = {
		"2.0.4-2.0.2", "2.x", "2.01.0",         "2.1.0-rc1",   "2.0.2,,2.1.0",
		"2.0.2.0",     "",    "2.0.4294967296", "1.0.0-2.0.0", "2.0.3,2.x"};

	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
		AUTO_PAIR struct pair pair = pair_new();

		cr_expect_eq(by_list(&pair, "2.0.3", "2.0.3", malformed[i]),
			     MW_REASON_RANGE_MALFORMED, "%s", malformed[i]);
		cr_expect_str_eq(pair.verdict.field, "interface_version_compatible");
	}
}

Test(compare_version, a_version_outside_the_list_is_refused_and_the_list_is_shown)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair.rule->version_position = (struct position){14, 9};
	cr_expect_eq(by_list(&pair, "2.0.5", "2.1.3", "2.0.2-2.0.4,2.1.0-"),
		     MW_REASON_VERSION_NOT_LISTED);
	cr_expect_str_eq(pair.verdict.comparator, "ranges");
	cr_expect_str_eq(pair.verdict.direction, "destination-accepts");
	cr_expect_str_eq(pair.verdict.source_value, "2.0.5");
	cr_expect_str_eq(pair.verdict.dest_value, "2.0.2-2.0.4,2.1.0-");
	cr_expect_eq(pair.verdict.position.line, 14);
	cr_expect_str_eq(pair.verdict.policy_file, "test.yaml");
}

Test(compare_version, a_version_in_the_list_passes)
{
	AUTO_PAIR struct pair pair = pair_new();

	cr_expect_eq(by_list(&pair, "2.0.3", "2.1.3", "2.0.2-2.0.4,2.1.0-\n"), MW_REASON_OK);
	cr_expect_str_eq(pair.verdict.comparator, "ranges");
	cr_expect_str_eq(pair.verdict.source_value, "2.0.3");
	/* The list wins over x.y.z: this would be an older minor. */
	cr_expect_eq(by_list(&pair, "2.5.0", "2.1.3", "2.1.0-"), MW_REASON_OK);
	cr_expect_eq(by_list(&pair, "1.9.0", "2.1.3", "1.9.0,2.1.0-"), MW_REASON_OK);
}

Test(compare_version, a_device_accepts_its_own_exact_version)
{
	AUTO_PAIR struct pair pair = pair_new();

	cr_expect_eq(by_list(&pair, "3.0.0", "3.0.0", "2.1.0-"), MW_REASON_OK);
	cr_expect_eq(by_list(&pair, "3.0", "3.0.0", "2.1.0-"), MW_REASON_OK);
	cr_expect_eq(by_list(&pair, "custom", "custom", "2.1.0-"), MW_REASON_OK);
	cr_expect_eq(by_list(&pair, "3.0.1", "3.0.0", "2.1.0-"), MW_REASON_VERSION_NOT_LISTED);
}

Test(compare_version, a_version_that_no_list_can_hold_is_malformed)
{
	AUTO_PAIR struct pair pair = pair_new();

	cr_expect_eq(by_list(&pair, "custom", "2.1.0", "2.1.0-"), MW_REASON_VERSION_MALFORMED);
}

Test(compare_version, an_unreadable_list_is_no_missing_list)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair_versions(&pair, "2.1.0", "2.1.0");
	descriptor_set_unreadable(&pair.dest->interface_version_compatible, 5);
	cr_expect_eq(pair_judge(&pair), MW_REASON_UNREADABLE);
	cr_expect_str_eq(pair.verdict.field, "interface_version_compatible");
	/* The other side's list is not asked for. */
	pair.rule->direction = DIRECTION_SOURCE_OFFERS;
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
	pair.rule->direction = DIRECTION_MUTUAL;
	cr_expect_eq(pair_judge(&pair), MW_REASON_UNREADABLE);
}

Test(compare_version, without_a_list_auto_is_xyz_or_else_equality)
{
	AUTO_PAIR struct pair pair = pair_new();

	cr_expect_eq(by_list(&pair, "2.1.0", "2.0.0", NULL), MW_REASON_VERSION_MINOR_OLDER);
	cr_expect_str_eq(pair.verdict.comparator, "xyz");
	cr_expect_null(pair.verdict.direction);
	cr_expect_eq(by_list(&pair, "3", "4", NULL), MW_REASON_VERSION_MISMATCH);
	cr_expect_str_eq(pair.verdict.comparator, "equal");
	cr_expect_eq(by_list(&pair, "2.1.0", "x", NULL), MW_REASON_VERSION_MISMATCH);
	cr_expect_eq(by_list(&pair, "2.1.0", "2.2.0", NULL), MW_REASON_OK);
	cr_expect_eq(by_list(&pair, "r3", "r3", NULL), MW_REASON_OK);
}

Test(compare_version, ranges_without_a_list_do_the_same)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair.rule->version = COMPARE_RANGES;
	cr_expect_eq(by_list(&pair, "2.1.0", "2.0.0", NULL), MW_REASON_VERSION_MINOR_OLDER);
	cr_expect_eq(by_list(&pair, "r3", "r3", NULL), MW_REASON_OK);
}

Test(compare_version, xyz_when_asked_for_does_not_read_a_list)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair.rule->version = COMPARE_XYZ;
	cr_expect_eq(by_list(&pair, "1.9.0", "2.1.3", "1.9.0"), MW_REASON_VERSION_MAJOR);
	cr_expect_null(pair.verdict.direction);
}

Test(compare_version, the_source_may_be_the_one_that_offers)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair.rule->direction = DIRECTION_SOURCE_OFFERS;
	set(pair.source, &pair.source->interface_version_compatible, "2.0.0,2.5.0-");
	cr_expect_eq(by_list(&pair, "2.5.0", "2.1.0", "2.5.0"), MW_REASON_VERSION_NOT_LISTED);
	cr_expect_str_eq(pair.verdict.direction, "source-offers");
	cr_expect_str_eq(pair.verdict.source_value, "2.0.0,2.5.0-");
	cr_expect_str_eq(pair.verdict.dest_value, "2.1.0");
	cr_expect_eq(by_list(&pair, "2.5.0", "2.0.0", "9.9"), MW_REASON_OK);
}

Test(compare_version, mutual_needs_both_lists_to_agree)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair.rule->direction = DIRECTION_MUTUAL;
	set(pair.source, &pair.source->interface_version_compatible, "2.0.0");
	cr_expect_eq(by_list(&pair, "2.5.0", "2.1.0", "2.5.0"), MW_REASON_VERSION_NOT_LISTED);
	cr_expect_str_eq(pair.verdict.direction, "mutual");
	cr_expect_str_eq(pair.verdict.source_value, "2.0.0");
	cr_expect_eq(by_list(&pair, "2.5.0", "2.0.0", "2.4.0"), MW_REASON_VERSION_NOT_LISTED);
	cr_expect_str_eq(pair.verdict.dest_value, "2.4.0");
	cr_expect_eq(by_list(&pair, "2.5.0", "2.0.0", "2.5.0"), MW_REASON_OK);
	/* The source's list alone is read, too. */
	cr_expect_eq(by_list(&pair, "2.0.0", "2.5.0", NULL), MW_REASON_VERSION_NOT_LISTED);
	cr_expect_str_eq(pair.verdict.direction, "mutual");
}

Test(compare_version, auto_reads_version_where_no_side_has_an_interface_version)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair_opaque(&pair, "00028086:v1", "00021217:v1");
	cr_expect_eq(pair_judge(&pair), MW_REASON_NAMESPACE_MISMATCH);
	cr_expect_str_eq(pair.verdict.comparator, "namespaced");
	cr_expect_str_eq(pair.verdict.field, "version");
	pair_opaque(&pair, "00028086:v1", "0x28086:v1");
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
	pair_opaque(&pair, "00028086:v1", NULL);
	cr_expect_eq(pair_judge(&pair), MW_REASON_VERSION_ABSENT);
	/* One interface_version is enough to leave `version` alone. */
	pair_versions(&pair, "1.0", NULL);
	pair_opaque(&pair, "00028086:v1", "00028086:v1");
	cr_expect_eq(pair_judge(&pair), MW_REASON_VERSION_ABSENT);
	cr_expect_str_eq(pair.verdict.field, "interface_version");
	pair_versions(&pair, "1.0", "1.1");
	pair_opaque(&pair, "00028086:v1", "00028086:v2");
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
}

Test(compare_version, namespaced_reads_version_whatever_else_is_there)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair.rule->version = COMPARE_NAMESPACED;
	pair_versions(&pair, "1.0", "1.0");
	cr_expect_eq(pair_judge(&pair), MW_REASON_VERSION_ABSENT);
	pair_opaque(&pair, "00028086:v1", "v1");
	cr_expect_eq(pair_judge(&pair), MW_REASON_NAMESPACE_MISMATCH);
	pair_opaque(&pair, "00028086:v1", "00028086:v2");
	cr_expect_eq(pair_judge(&pair), MW_REASON_OPAQUE_MISMATCH);
	pair_opaque(&pair, "100028086:v1", "100028086:v1");
	cr_expect_eq(pair_judge(&pair), MW_REASON_VERSION_MALFORMED);
	pair_opaque(&pair, "00028086:v1", "28086:v1");
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
}

Test(compare_version, a_template_that_no_rule_asks_for_is_a_warning)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair_versions(&pair, "1.0", "1.0");
	set(pair.dest, &pair.dest->template_text, "not even a template");
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
	cr_assert_eq(pair.verdict.warning_count, 1);
	cr_expect_not_null(strstr(pair.verdict.warnings[0], "present and unused"));
	cr_expect_eq(pair.verdict.stages[MW_STAGE_TEMPLATE], STAGE_NOT_EVALUATED);
}

Test(compare_version, a_fact_that_is_set_again_is_parsed_again)
{
	AUTO_PAIR struct pair pair = pair_new();

	cr_expect_eq(by_list(&pair, "2.0.5", "2.1.3", "2.0.5"), MW_REASON_OK);
	/* pair_judge leaves the lists prepared; they must not outlive their text. */
	set(pair.dest, &pair.dest->interface_version_compatible, "2.0.4");
	compare(pair.policy, pair.source, pair.dest, &pair.context, &pair.verdict);
	cr_expect_eq(pair.verdict.reason, MW_REASON_VERSION_NOT_LISTED);
}

Test(compare_version, an_empty_interface_version_hides_no_version)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair_versions(&pair, "", "");
	set(pair.source, &pair.source->version, "28086:a");
	set(pair.dest, &pair.dest->version, "28086:b");
	cr_expect_eq(pair_judge(&pair), MW_REASON_OPAQUE_MISMATCH);
}
