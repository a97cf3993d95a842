// SPDX-License-Identifier: GPL-2.0-only
/* SEMANTICS 2.6, the stage. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "pair.h"

#define FULL "none+ppgtt+context"

/* A pair whose destination carries the sample and whose source is its SELF. */
static struct pair sample(void)
{
	struct pair pair = pair_new();
	char *text = golden("gvt-g.template");

	pair.rule->version = COMPARE_TEMPLATE;
	pair.rule->version_position = (struct position){12, 7};
	set(pair.dest, &pair.dest->template_text, text);
	free(text);
	pair_types(&pair, "i915-GVTg_V5_2", "i915-GVTg_V5_2");
	pair_versions(&pair, "3", "3");
	pair_attribute(&pair, "aggregator", "1", "1");
	pair_attribute(&pair, "pv_mode", FULL, FULL);
	return pair;
}

static enum mw_reason changed(const char *type, const char *aggregator, const char *pv_mode,
			      const char *version)
{
	AUTO_PAIR struct pair pair = sample();

	set(pair.source, &pair.source->mdev_type, type);
	set(pair.source, &pair.source->interface_version, version);
	set(pair.source, &pair.source->attributes[0].value, aggregator);
	set(pair.source, &pair.source->attributes[1].value, pv_mode);
	return pair_judge(&pair);
}

Test(compare_template, the_vectors_of_the_semantics_that_are_refused)
{
	cr_expect_eq(changed("i915-GVTg_V5_4", "1", FULL, "3"), MW_REASON_TEMPLATE_NO_MATCH);
	cr_expect_eq(changed("i915-GVTg_V5_1", "1/2", FULL, "3"), MW_REASON_TEMPLATE_NO_MATCH);
	cr_expect_eq(changed("i915-GVTg_V5_2", "1", FULL, "1"), MW_REASON_TEMPLATE_NO_MATCH);
	cr_expect_eq(changed("i915-GVTg_V5_2", "1", "none+context+ppgtt", "3"),
		     MW_REASON_TEMPLATE_NO_MATCH);
}

Test(compare_template, the_vectors_of_the_semantics_that_pass)
{
	cr_expect_eq(changed("i915-GVTg_V5_2", "1", FULL, "3"), MW_REASON_OK);
	cr_expect_eq(changed("i915-GVTg_V5_4", "2", FULL, "3"), MW_REASON_OK);
	cr_expect_eq(changed("i915-GVTg_V5_8", "4", "none+context", "2"), MW_REASON_OK);
	cr_expect_eq(changed("i915-GVTg_V5_2", "1", NULL, "1"), MW_REASON_OK);
}

Test(compare_template, it_takes_the_place_of_four_stages)
{
	AUTO_PAIR struct pair pair = sample();

	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
	for (enum mw_stage stage = MW_STAGE_DEVICE; stage <= MW_STAGE_ATTRIBUTES; stage++)
		cr_expect_eq(pair.verdict.stages[stage], STAGE_SKIPPED);
	cr_expect_eq(pair.verdict.stages[MW_STAGE_TEMPLATE], STAGE_PASSED_WITH_WARNING);
	cr_expect_eq(pair.verdict.stages[MW_STAGE_VENDOR], STAGE_PASSED);
	cr_expect_eq(pair.verdict.stages[MW_STAGE_CAPABILITIES], STAGE_PASSED);
	cr_expect_str_eq(pair.verdict.comparator, "template");
	cr_assert_eq(pair.verdict.warning_count, 1);
	cr_expect_not_null(strstr(pair.verdict.warnings[0], "pci reads as"));
}

Test(compare_template, device_api_and_vendor_run_as_always)
{
	AUTO_PAIR struct pair pair = sample();

	set(pair.dest, &pair.dest->vendor, "10de");
	cr_expect_eq(pair_judge(&pair), MW_REASON_VENDOR_MISMATCH);
	set(pair.dest, &pair.dest->device_api, "vfio-ap");
	cr_expect_eq(pair_judge(&pair), MW_REASON_DEVICE_API_MISMATCH);
}

Test(compare_template, capabilities_run_after_it)
{
	AUTO_PAIR struct pair pair = sample();

	pair.rule->capabilities = 5;
	pair.dest->capabilities = 1;
	cr_expect_eq(pair_judge(&pair), MW_REASON_CAPABILITY_MISSING);
}

Test(compare_template, a_rule_by_template_needs_a_template)
{
	AUTO_PAIR struct pair pair = sample();

	set(pair.dest, &pair.dest->template_text, NULL);
	cr_expect_eq(pair_judge(&pair), MW_REASON_TEMPLATE_NO_MATCH);
	cr_expect_eq(pair.verdict.stage, MW_STAGE_TEMPLATE);
	cr_expect_eq(pair.verdict.position.line, 12);
	descriptor_set_unreadable(&pair.dest->template_text, 5);
	cr_expect_eq(pair_judge(&pair), MW_REASON_UNREADABLE);
}

Test(compare_template, a_malformed_template_is_refused_with_its_place)
{
	AUTO_PAIR struct pair pair = sample();

	set(pair.dest, &pair.dest->template_text, "SELF:\n\ta=1\nCOMPATIBLE:\n\ta={v}\n");
	cr_expect_eq(pair_judge(&pair), MW_REASON_TEMPLATE_MALFORMED);
	cr_expect_eq(pair.verdict.stage, MW_STAGE_TEMPLATE);
	cr_expect_not_null(strstr(pair.verdict.hint, "line 4"));
}

Test(compare_template, the_source_template_has_to_describe_the_source)
{
	AUTO_PAIR struct pair pair = sample();

	set(pair.source, &pair.source->template_text, pair.dest->template_text.text);
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
	set(pair.source, &pair.source->interface_version, "2");
	cr_expect_eq(pair_judge(&pair), MW_REASON_TEMPLATE_MALFORMED);
	cr_expect_not_null(strstr(pair.verdict.hint, "interface_version"));
	set(pair.source, &pair.source->template_text, "nonsense");
	cr_expect_eq(pair_judge(&pair), MW_REASON_TEMPLATE_MALFORMED);
	descriptor_set_unreadable(&pair.source->template_text, 5);
	cr_expect_eq(pair_judge(&pair), MW_REASON_UNREADABLE);
}

Test(compare_template, an_unreadable_fact_of_the_source_is_unreadable)
{
	AUTO_PAIR struct pair pair = sample();

	descriptor_set_unreadable(&pair.source->attributes[1].value, 5);
	cr_expect_eq(pair_judge(&pair), MW_REASON_UNREADABLE);
	cr_expect_str_eq(pair.verdict.field, "attributes.pv_mode");
	cr_expect_eq(pair.verdict.stage, MW_STAGE_TEMPLATE);
}

Test(compare_template, what_a_block_leaves_open_is_refused_in_enforce_mode)
{
	AUTO_PAIR struct pair pair = sample();

	pair_attribute(&pair, "extra", "1", "1");
	cr_expect_eq(pair_judge(&pair), MW_REASON_ATTRIBUTE_UNCONSTRAINED);
	cr_expect_not_null(strstr(pair.verdict.hint, "extra"));
	pair.policy->mode = POLICY_AUDIT;
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
	cr_expect_eq(pair.verdict.warning_count, 2);
	pair.policy->mode = POLICY_ENFORCE;
	pair.rule->unconstrained_set = true;
	pair.rule->unconstrained_warn = true;
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
}

Test(compare_template, the_nearest_block_is_explained)
{
	AUTO_PAIR struct pair pair = sample();

	set(pair.source, &pair.source->interface_version, "7");
	cr_expect_eq(pair_judge(&pair), MW_REASON_TEMPLATE_NO_MATCH);
	cr_expect_str_eq(pair.verdict.source_value, "7");
	cr_expect_str_eq(pair.verdict.dest_value, "{val3:int:2,3}");
	cr_expect_not_null(strstr(pair.verdict.hint, "line 8"));
}

Test(compare_template, a_bomb_is_defused_at_once, .timeout = 10)
{
	AUTO_PAIR struct pair pair = sample();
	char text[8192] = "SELF:\n\ta=1\nCOMPATIBLE:\n\ta={v:int:0}";
	char zeros[400] = "";

	for (int i = 0; i < 50; i++)
		strcat(text, "{v}");
	strcat(text, "x\n");
	memset(zeros, '0', sizeof(zeros) - 1);
	pair_attribute(&pair, "a", zeros, NULL);
	set(pair.dest, &pair.dest->template_text, text);
	cr_expect_eq(pair_judge(&pair), MW_REASON_TEMPLATE_MALFORMED);
}
