// SPDX-License-Identifier: GPL-2.0-only
/* SEMANTICS 0, 1 and 4: stages, rules, actions, and what a verdict explains. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pair.h"

static struct rule *add_rule(struct pair *pair, const char *name, unsigned int line)
{
	struct policy *policy = pair->policy;
	struct rule *rules = arena_alloc(policy->arena, (policy->rule_count + 1) * sizeof(*rules));

	memcpy(rules, policy->rules, policy->rule_count * sizeof(*rules));
	policy->rules = rules;
	pair->rule = &rules[0];
	policy_rule_init(&rules[policy->rule_count]);
	rules[policy->rule_count].name = name;
	rules[policy->rule_count].position = (struct position){line, 5};
	return &rules[policy->rule_count++];
}

Test(compare, equal_devices_pass_every_stage)
{
	AUTO_PAIR struct pair pair = pair_new();

	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
	cr_expect_eq(pair.verdict.action, MW_ACTION_ALLOW);
	cr_expect_eq(pair.verdict.stage, MW_STAGE_NONE);
	cr_expect_eq(pair.verdict.stages[MW_STAGE_LIMITS], STAGE_PASSED);
	cr_expect_eq(pair.verdict.stages[MW_STAGE_VERSION], STAGE_PASSED_WITH_WARNING);
	cr_expect_str_eq(pair.verdict.hint, "");
	cr_expect_eq(pair.verdict.rule, pair.rule);
	cr_expect_str_eq(pair.verdict.policy_file, "test.yaml");
	cr_expect_eq(pair.verdict.position.line, 10);
}

static const struct {
	enum mw_stage stage;
	enum mw_reason reason;
} steps[] = {
	{MW_STAGE_PROTOCOL, MW_REASON_PROTOCOL_V1},
	{MW_STAGE_DEVICE_API, MW_REASON_DEVICE_API_MISMATCH},
	{MW_STAGE_VENDOR, MW_REASON_VENDOR_MISMATCH},
	{MW_STAGE_DEVICE, MW_REASON_DEVICE_MISMATCH},
	{MW_STAGE_MDEV_TYPE, MW_REASON_TYPE_MISMATCH},
	{MW_STAGE_VERSION, MW_REASON_VERSION_MAJOR},
	{MW_STAGE_ATTRIBUTES, MW_REASON_AGGREGATOR_MISMATCH},
	{MW_STAGE_CAPABILITIES, MW_REASON_CAPABILITY_MISSING},
	{MW_STAGE_LIMITS, MW_REASON_LIMIT_EXCEEDED},
};

/* Wrong at every stage. */
static void spoil(struct pair *pair)
{
	struct descriptor *dest = pair->dest;

	dest->protocol = PROTOCOL_V1;
	set(dest, &dest->device_api, "vfio-ap");
	set(dest, &dest->vendor, "10de");
	set(dest, &dest->device_id, "1234");
	set(dest, &dest->mdev_type, "i915-GVTg_V5_8");
	pair_versions(pair, "1.0.0", "2.0.0");
	pair_attribute(pair, "aggregator", "1", "2");
	dest->capabilities = 1;
	pair->rule->capabilities = 3;
	pair->rule->limits.stop_copy_bytes = 10;
	pair->source->stop_copy_bytes = 11;
}

static void repair(struct pair *pair, enum mw_stage stage)
{
	struct descriptor *dest = pair->dest;

	switch (stage) {
	case MW_STAGE_PROTOCOL:
		dest->protocol = PROTOCOL_V2;
		break;
	case MW_STAGE_DEVICE_API:
		set(dest, &dest->device_api, "vfio-pci");
		break;
	case MW_STAGE_VENDOR:
		set(dest, &dest->vendor, "8086");
		break;
	case MW_STAGE_DEVICE:
		set(dest, &dest->device_id, "591d");
		break;
	case MW_STAGE_MDEV_TYPE:
		set(dest, &dest->mdev_type, "i915-GVTg_V5_4");
		break;
	case MW_STAGE_VERSION:
		pair_versions(pair, "1.0.0", "1.0.0");
		break;
	case MW_STAGE_ATTRIBUTES:
		pair_attribute_rule(pair, "aggregator", COMPARE_IGNORE, NULL);
		break;
	case MW_STAGE_CAPABILITIES:
		dest->capabilities = 3;
		break;
	case MW_STAGE_LIMITS:
		pair->source->stop_copy_bytes = 10;
		break;
	case MW_STAGE_NONE:
	case MW_STAGE_DESCRIPTOR:
	case MW_STAGE_RULE:
	case MW_STAGE_TEMPLATE:
	case MW_STAGE_ADMISSION:
	case MW_STAGE_COUNT_:
		cr_assert_fail("not one of the steps");
	}
}

/* Everything is wrong at once; each repair brings the next stage forward. */
Test(compare, the_first_failing_stage_is_the_reason_and_later_ones_are_not_evaluated)
{
	AUTO_PAIR struct pair pair = pair_new();

	spoil(&pair);

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		cr_expect_eq(pair_judge(&pair), steps[i].reason);
		cr_expect_eq(pair.verdict.stage, steps[i].stage);
		cr_expect_eq(pair.verdict.action, MW_ACTION_DENY);
		cr_expect_eq(pair.verdict.stages[steps[i].stage], STAGE_FAILED);
		cr_expect_str_not_empty(pair.verdict.hint);
		cr_expect_str_not_empty(pair.verdict.field);
		cr_expect_not_null(pair.verdict.comparator);
		cr_expect(pair.verdict.has_source_value, "%zu", i);
		for (size_t j = i + 1; j < sizeof(steps) / sizeof(steps[0]); j++)
			cr_expect_eq(pair.verdict.stages[steps[j].stage], STAGE_NOT_EVALUATED);
		repair(&pair, steps[i].stage);
	}
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
}

Test(compare, no_rule_that_matches_denies_by_policy)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair.rule->match.vendor = "10de";
	cr_expect_eq(pair_judge(&pair), MW_REASON_POLICY_DENY);
	cr_expect_eq(pair.verdict.stage, MW_STAGE_RULE);
	cr_expect_eq(pair.verdict.stages[MW_STAGE_PROTOCOL], STAGE_NOT_EVALUATED);
	cr_expect_null(pair.verdict.rule);
	cr_expect_eq(pair.verdict.position.line, 0);
	pair.policy->rule_count = 0;
	cr_expect_eq(pair_judge(&pair), MW_REASON_POLICY_DENY);
}

Test(compare, a_rule_may_say_deny)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair.rule->action = MW_ACTION_DENY;
	cr_expect_eq(pair_judge(&pair), MW_REASON_POLICY_DENY);
	cr_expect_eq(pair.verdict.action, MW_ACTION_DENY);
	cr_expect_eq(pair.verdict.stage, MW_STAGE_RULE);
	cr_expect_eq(pair.verdict.position.line, 10);
}

Test(compare, the_first_rule_that_matches_the_source_decides)
{
	AUTO_PAIR struct pair pair = pair_new();
	struct rule *second = add_rule(&pair, "second", 20);

	second->action = MW_ACTION_DENY;
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
	pair.rule->match.mdev_type = "i915-GVTg_V4_*";
	cr_expect_eq(pair_judge(&pair), MW_REASON_POLICY_DENY);
	cr_expect_eq(pair.verdict.position.line, 20);
	cr_expect_eq(pair.verdict.rule, second);
	/* Over the source: the destination's type does not choose the rule. */
	set(pair.dest, &pair.dest->mdev_type, "i915-GVTg_V4_1");
	cr_expect_eq(pair_judge(&pair), MW_REASON_POLICY_DENY);
}

Test(compare, patterns_of_a_match_are_fnmatch)
{
	static const struct {
		const char *pattern;
		bool matches;
	} cases[] = {
		{"i915-GVTg_V5_4", true},
		{"i915-*", true},
		{"*", true},
		{"*_V5_*", true},
		{"i915-GVTg_V5_?", true},
		{"i915-GVTg_V5_[1-4]", true},
		{"i915-GVTg_V5_[!4]", false},
		{"I915-*", false},
		{"i915", false},
		{"", false},
		{"i915-GVTg_V5_4*", true},
		{"i915-GVTg_V5_4?", false},
		{"i915-GVTg_V5\\_4", true},
		{"qat-*", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO_PAIR struct pair pair = pair_new();

		pair.rule->match.mdev_type = cases[i].pattern;
		cr_expect_eq(pair_judge(&pair) == MW_REASON_OK, cases[i].matches, "%s",
			     cases[i].pattern);
	}
}

Test(compare, what_is_not_known_matches_no_pattern)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair.rule->match.driver = "*";
	set(pair.source, &pair.source->driver, NULL);
	cr_expect_eq(pair_judge(&pair), MW_REASON_POLICY_DENY);
}

Test(compare, every_field_of_a_match_has_to_fit)
{
	AUTO_PAIR struct pair pair = pair_new();
	struct rule_match *match = &pair.rule->match;

	*match = (struct rule_match){"vfio-pci", "8086", "591d", "i915", "i915-*", NULL};
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
	const char **fields[] = {&match->device_api, &match->vendor, &match->device_id,
				 &match->driver, &match->mdev_type};
	for (size_t i = 0; i < 5; i++) {
		const char *kept = *fields[i];

		*fields[i] = "other";
		cr_expect_eq(pair_judge(&pair), MW_REASON_POLICY_DENY, "%zu", i);
		*fields[i] = kept;
	}
}

/* A rule that denies must not be passed by because the fact it asks for could not be read. */
Test(compare, a_match_on_what_could_not_be_read_is_unreadable)
{
	AUTO_PAIR struct pair pair = pair_new();

	add_rule(&pair, "open", 20);
	pair.rule->match.driver = "nvidia*";
	pair.rule->action = MW_ACTION_DENY;
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
	descriptor_set_unreadable(&pair.source->driver, 5);
	cr_expect_eq(pair_judge(&pair), MW_REASON_UNREADABLE);
	cr_expect_eq(pair.verdict.stage, MW_STAGE_RULE);
	cr_expect_str_eq(pair.verdict.field, "driver");
	/* Another field rules it out all the same. */
	pair.rule->match.vendor = "10de";
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
}

Test(compare, audit_mode_keeps_the_reason_and_lets_pass)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair.policy->mode = POLICY_AUDIT;
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
	cr_expect_eq(pair.verdict.action, MW_ACTION_ALLOW);
	pair_types(&pair, "i915-GVTg_V5_4", "i915-GVTg_V5_8");
	cr_expect_eq(pair_judge(&pair), MW_REASON_TYPE_MISMATCH);
	cr_expect_eq(pair.verdict.action, MW_ACTION_AUDIT);
	cr_expect_eq(pair.verdict.stage, MW_STAGE_MDEV_TYPE);
	pair.rule->match.vendor = "10de";
	cr_expect_eq(pair_judge(&pair), MW_REASON_POLICY_DENY);
	cr_expect_eq(pair.verdict.action, MW_ACTION_AUDIT);
}

Test(compare, a_rule_with_action_audit_keeps_the_reason_and_lets_pass)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair.rule->action = MW_ACTION_AUDIT;
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
	cr_expect_eq(pair.verdict.action, MW_ACTION_ALLOW);
	pair_types(&pair, "i915-GVTg_V5_4", "i915-GVTg_V5_8");
	cr_expect_eq(pair_judge(&pair), MW_REASON_TYPE_MISMATCH);
	cr_expect_eq(pair.verdict.action, MW_ACTION_AUDIT);
}

Test(compare, the_built_in_rule_is_not_named)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair.rule->position = (struct position){0};
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
	cr_expect_null(pair.verdict.rule);
}

Test(compare, a_name_without_end_is_malformed_before_any_pattern_sees_it)
{
	AUTO_PAIR struct pair pair = pair_new();
	char *name = calloc(1, (1 << 20) + 1);

	memset(name, 'a', 1 << 20);
	pair.rule->match.mdev_type = "*a*a*a*a*a*a*a*a*a*b";
	pair_types(&pair, name, "i915-GVTg_V5_4");
	cr_expect_eq(pair_judge(&pair), MW_REASON_DESCRIPTOR_MALFORMED);
	cr_expect_eq(pair.verdict.stage, MW_STAGE_DESCRIPTOR);
	cr_expect_eq(pair.verdict.stages[MW_STAGE_RULE], STAGE_NOT_EVALUATED);
	pair_types(&pair, "i915-GVTg_V5_4", name);
	pair.rule->match.mdev_type = NULL;
	cr_expect_eq(pair_judge(&pair), MW_REASON_DESCRIPTOR_MALFORMED);
	free(name);
}

Test(compare, a_descriptor_older_than_the_limit_is_stale)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair.rule->limits.descriptor_age_s = 60;
	pair.rule->limits_position = (struct position){30, 3};
	pair.context.now_s = 1000;
	pair.source->collected_at_s = 940;
	pair.dest->collected_at_s = 1000;
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
	pair.source->collected_at_s = 939;
	cr_expect_eq(pair_judge(&pair), MW_REASON_DESCRIPTOR_STALE);
	cr_expect_eq(pair.verdict.stage, MW_STAGE_DESCRIPTOR);
	cr_expect_eq(pair.verdict.position.line, 30);
	pair.source->collected_at_s = 1000;
	pair.dest->collected_at_s = 939;
	cr_expect_eq(pair_judge(&pair), MW_REASON_DESCRIPTOR_STALE);
}

Test(compare, a_descriptor_from_the_future_or_of_no_time_is_stale)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair.rule->limits.descriptor_age_s = 60;
	pair.context.now_s = 1000;
	pair.source->collected_at_s = 1060;
	pair.dest->collected_at_s = 1000;
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
	pair.source->collected_at_s = 1061;
	cr_expect_eq(pair_judge(&pair), MW_REASON_DESCRIPTOR_STALE);
	pair.source->collected_at_s = INT64_MAX;
	cr_expect_eq(pair_judge(&pair), MW_REASON_DESCRIPTOR_STALE);
	pair.source->collected_at_s = -1;
	cr_expect_eq(pair_judge(&pair), MW_REASON_DESCRIPTOR_STALE);
}

Test(compare, without_a_clock_or_a_limit_no_age_is_checked)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair.rule->limits.descriptor_age_s = 60;
	pair.source->collected_at_s = 0;
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
	pair.rule->limits.descriptor_age_s = -1;
	pair.context.now_s = 1000000;
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
}

Test(compare, warnings_of_reading_are_passed_on)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair_versions(&pair, "1.0", "1.0");
	descriptor_warn(pair.dest, "device_api: %s", "odd");
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
	cr_assert_eq(pair.verdict.warning_count, 1);
	cr_expect_str_eq(pair.verdict.warnings[0], "destination: device_api: odd");
}

Test(compare, warnings_beyond_the_room_are_counted)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair_versions(&pair, "1.0", "1.0");
	for (int i = 0; i < 2 * VERDICT_WARNINGS; i++)
		descriptor_warn(pair.source, "w%d", i);
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
	cr_expect_eq(pair.verdict.warning_count, 2 * VERDICT_WARNINGS);
	cr_expect_str_eq(pair.verdict.warnings[VERDICT_WARNINGS - 1], "source: w15");
}

Test(compare, values_are_cut_between_characters)
{
	AUTO_PAIR struct pair pair = pair_new();
	char value[700] = "";

	for (int i = 0; i < 130; i++)
		strcat(value, "ä€");
	pair_versions(&pair, "1.0.0", "2.0.0");
	set(pair.source, &pair.source->interface_version, value);
	cr_expect_eq(pair_judge(&pair), MW_REASON_VERSION_MISMATCH);
	cr_expect_leq(strlen(pair.verdict.source_value), VERDICT_VALUE_BYTES - 1);
	cr_expect_str_eq(pair.verdict.source_value + strlen(pair.verdict.source_value) - 3, "…");
	cr_expect_neq(
		(unsigned char)pair.verdict.source_value[strlen(pair.verdict.source_value) - 4] &
			0xc0,
		0xc0);
}

/* Each of the biggest things that a descriptor of 1 MiB can hold, at once, on both sides. */
Test(compare, a_hostile_pair_is_judged_at_once, .timeout = 20)
{
	AUTO_PAIR struct pair pair = pair_new();
	size_t size = (size_t)1 << 20;
	char *text = calloc(1, size + 1);
	struct timespec start;
	struct timespec end;
	double ms;

	pair.rule->unconstrained_set = true;
	pair.rule->unconstrained_warn = true;
	for (int i = 0; i < DESCRIPTOR_ATTRIBUTES_MAX - 8; i++) {
		char name[32];

		snprintf(name, sizeof(name), "attribute-%d", i);
		pair_attribute(&pair, name, i % 2 ? "a" : "b", "a");
	}
	for (int i = 0; i < 50; i++) {
		char *name = arena_printf(pair.policy->arena, "attribute-%d", i * 3);

		pair_attribute_rule(&pair, name, COMPARE_IGNORE, NULL);
	}
	for (size_t i = 0; i < size; i++)
		text[i] = "a+"[i % 2];
	pair_attribute(&pair, "pv_mode", text, text);
	memset(text, '0', size);
	pair_versions(&pair, text, text);
	for (size_t i = 0; i < size; i++)
		text[i] = "1.0-,"[i % 5];
	set(pair.dest, &pair.dest->interface_version_compatible, text);
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (int i = 0; i < 10; i++)
		compare(pair.policy, pair.source, pair.dest, &pair.context, &pair.verdict);
	clock_gettime(CLOCK_MONOTONIC, &end);
	ms = (double)(end.tv_sec - start.tv_sec) * 1e3 +
	     (double)(end.tv_nsec - start.tv_nsec) / 1e6;
	/* Very loose: sanitizers and a busy machine; it is some 2 ms a pair. */
	cr_expect_lt(ms / 10, 500.0, "%f ms", ms / 10);
	free(text);
}
