// SPDX-License-Identifier: GPL-2.0-only
/* SEMANTICS 4, what needs no file. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "core/descriptor.h"
#include "core/policy.h"

struct table {
	struct policy *policy;
	struct rule rules[8];
};

static struct table new_table(size_t count)
{
	struct table table = {0};

	cr_assert_eq(policy_new(&table.policy), 0);
	table.policy->file = "p.yaml";
	table.policy->rule_count = count;
	for (size_t i = 0; i < count; i++) {
		static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h"};

		policy_rule_init(&table.rules[i]);
		table.rules[i].name = names[i];
		table.rules[i].position = (struct position){(unsigned int)(10 * (i + 1)), 5};
	}
	return table;
}

static struct parse_error error;

static int check(struct table *table)
{
	error = (struct parse_error){0};
	table->policy->rules = table->rules;
	return policy_check(table->policy, &error);
}

/* Whether a rule by @earlier makes one by @later unreachable. */
static bool shadows(struct rule_match earlier, struct rule_match later)
{
	struct table table = new_table(2);
	int r;

	table.rules[0].match = earlier;
	table.rules[1].match = later;
	r = check(&table);
	cr_assert(r == 0 || (r == -EINVAL && error.line == 20 && error.column == 5));
	policy_free(table.policy);
	return r;
}

#define TYPE(pattern) ((struct rule_match){.mdev_type = (pattern)})

Test(policy, a_rule_behind_one_that_matches_everything_is_unreachable)
{
	cr_expect(shadows(TYPE(NULL), TYPE("a")));
	cr_expect(shadows(TYPE(NULL), TYPE(NULL)));
	cr_expect_str_eq(error.file, "p.yaml");
	cr_expect_not(shadows(TYPE("a"), TYPE(NULL)));
}

Test(policy, a_rule_behind_a_wider_one_is_unreachable)
{
	cr_expect(shadows(TYPE("a"), TYPE("a")));
	cr_expect(shadows(TYPE("i915-*"), TYPE("i915-GVTg_V5_4")));
	cr_expect(shadows(TYPE("i915-*"), TYPE("i915-GVTg_*")));
	cr_expect(shadows(TYPE("*V5*"), TYPE("i915-GVTg_V5_?")));
	cr_expect(shadows(TYPE("i915-?"), TYPE("i915-x")));
	cr_expect(shadows(TYPE("[ab]"), TYPE("a")));
	cr_expect(shadows(TYPE("[ab]"), TYPE("[ab]")));
}

Test(policy, a_rule_that_could_match_something_new_is_reachable)
{
	cr_expect_not(shadows(TYPE("i915-GVTg_*"), TYPE("i915-*")));
	cr_expect_not(shadows(TYPE("a"), TYPE("b")));
	cr_expect_not(shadows(TYPE("a?"), TYPE("a*")));
	cr_expect_not(shadows(TYPE("*a*"), TYPE("[ab]")));
	cr_expect_not(shadows(TYPE("a"), TYPE("a*")));
	cr_expect_not(shadows(TYPE("*"), TYPE(NULL)));
}

Test(policy, every_field_counts_for_reachability)
{
	struct rule_match intel = {.vendor = "8086", .mdev_type = "i915-*"};
	struct rule_match intel_one = {.vendor = "8086", .mdev_type = "i915-1"};
	struct rule_match other = {.vendor = "10de", .mdev_type = "i915-1"};

	cr_expect(shadows(intel, intel_one));
	cr_expect_not(shadows(intel, other));
	cr_expect_not(shadows(intel, TYPE("i915-1")));
}

Test(policy, two_rules_of_a_name_are_refused_at_the_second)
{
	struct table table = new_table(3);

	table.rules[0].match = TYPE("a");
	table.rules[1].match = TYPE("b");
	table.rules[2].match = TYPE("c");
	table.rules[2].name = "a";
	cr_expect_eq(check(&table), -EINVAL);
	cr_expect_eq(error.line, 30);
	cr_expect_not_null(strstr(error.text, "'a'"));
	table.rules[2].name = NULL;
	cr_expect_eq(check(&table), 0);
	policy_free(table.policy);
}

Test(policy, two_aliases_of_a_name_are_refused)
{
	struct table table = new_table(1);
	const char *one[] = {"qat-v4"};
	const char *two[] = {"qat-v5"};
	struct alias_group groups[] = {
		{.name = "qat",
		 .vendor = "8086",
		 .drivers = one,
		 .driver_count = 1,
		 .position = {3, 5}},
		{.name = "qat",
		 .vendor = "8086",
		 .drivers = two,
		 .driver_count = 1,
		 .position = {4, 5}},
	};

	table.policy->aliases = groups;
	table.policy->alias_count = 2;
	cr_expect_eq(check(&table), -EINVAL);
	cr_expect_eq(error.line, 4);
	groups[1].name = "other";
	cr_expect_eq(check(&table), 0);
	policy_free(table.policy);
}

Test(policy, a_driver_belongs_to_one_alias_group)
{
	struct table table = new_table(1);
	const char *one[] = {"qat-v4", "qat-v5"};
	const char *two[] = {"qat-v6", "qat-v4"};
	struct alias_group groups[] = {
		{.name = "a",
		 .vendor = "8086",
		 .drivers = one,
		 .driver_count = 2,
		 .position = {3, 5}},
		{.name = "b",
		 .vendor = "8086",
		 .drivers = two,
		 .driver_count = 2,
		 .position = {4, 5}},
	};

	table.policy->aliases = groups;
	table.policy->alias_count = 2;
	cr_expect_eq(check(&table), -EINVAL);
	cr_expect_eq(error.line, 4);
	cr_expect_not_null(strstr(error.text, "'qat-v4'"));
	two[1] = "qat-v7";
	cr_expect_eq(check(&table), 0);
	policy_free(table.policy);
}

Test(policy, an_empty_policy_has_nothing_wrong)
{
	struct table table = new_table(0);

	cr_expect_eq(check(&table), 0);
	policy_free(table.policy);
	policy_free(NULL);
}

Test(policy, ten_thousand_rules_are_checked_in_time, .timeout = 20)
{
	struct policy *policy;
	const size_t count = 10000;

	cr_assert_eq(policy_new(&policy), 0);
	policy->rules = arena_alloc(policy->arena, count * sizeof(*policy->rules));
	policy->rule_count = count;
	for (size_t i = 0; i < count; i++) {
		policy_rule_init(&policy->rules[i]);
		policy->rules[i].name = arena_printf(policy->arena, "rule-%zu", i);
		policy->rules[i].match.mdev_type = arena_printf(policy->arena, "type-%zu-*", i);
		policy->rules[i].position = (struct position){(unsigned int)i + 1, 1};
	}
	policy->rules[count - 1].match.mdev_type = "type-4711-x";
	cr_expect_eq(policy_check(policy, &error), -EINVAL);
	cr_expect_eq(error.line, count);
	policy_free(policy);
}

Test(policy, the_defaults_are_those_of_the_semantics)
{
	struct policy *policy;

	cr_assert_eq(policy_default(&policy), 0);
	cr_expect_eq(policy->mode, POLICY_ENFORCE);
	cr_expect_eq(policy->incoming, MW_ACTION_DENY);
	cr_expect_eq(policy->outgoing, MW_ACTION_ALLOW);
	cr_assert_eq(policy->rule_count, 1);
	cr_expect_str_eq(policy->file, "built-in");
	cr_expect_str_eq(policy->rules[0].name, "default");
	cr_expect_not(policy->rules[0].parent_ignore);
	cr_expect_eq(policy->rules[0].type, TYPE_EQUAL);
	cr_expect_eq(policy->rules[0].version, COMPARE_AUTO);
	cr_expect_eq(policy->rules[0].direction, DIRECTION_DESTINATION_ACCEPTS);
	cr_expect_eq(policy->rules[0].capabilities, CAPABILITY_STOP_COPY);
	cr_expect_eq(policy->rules[0].limits.stop_copy_bytes, -1);
	cr_expect_eq(policy->rules[0].limits.downtime_ns, -1);
	cr_expect_eq(policy->rules[0].limits.descriptor_age_s, -1);
	cr_expect_eq(policy->rules[0].action, MW_ACTION_ALLOW);
	cr_expect_eq(policy->rules[0].position.line, 0);
	policy_free(policy);
}

Test(policy, names_of_comparators_and_directions_go_both_ways)
{
	static const char *const comparators[] = {"auto",   "equal",    "numeric",  "at-least",
						  "xyz",    "ranges",   "template", "namespaced",
						  "opaque", "superset", "ignore"};
	static const char *const directions[] = {"destination-accepts", "source-offers", "mutual"};

	for (size_t i = 0; i < sizeof(comparators) / sizeof(comparators[0]); i++) {
		enum comparator comparator;

		cr_assert(comparator_from_name(comparators[i], &comparator));
		cr_expect_str_eq(comparator_name(comparator), comparators[i]);
	}
	for (size_t i = 0; i < sizeof(directions) / sizeof(directions[0]); i++) {
		enum direction direction;

		cr_assert(direction_from_name(directions[i], &direction));
		cr_expect_str_eq(direction_name(direction), directions[i]);
	}
}

Test(policy, an_unknown_name_leaves_the_result_alone)
{
	enum comparator comparator = COMPARE_XYZ;
	enum direction direction = DIRECTION_MUTUAL;

	cr_expect_not(comparator_from_name("Equal", &comparator));
	cr_expect_not(comparator_from_name(NULL, &comparator));
	cr_expect_not(direction_from_name("both", &direction));
	cr_expect_eq(comparator, COMPARE_XYZ);
	cr_expect_eq(direction, DIRECTION_MUTUAL);
	cr_expect_null(comparator_name((enum comparator)99));
	cr_expect_null(direction_name((enum direction)99));
}

Test(policy, the_shortest_downtime_of_its_rules_holds_for_all)
{
	struct table table = new_table(3);

	table.policy->rules = table.rules;
	cr_assert_eq(policy_downtime_ns(table.policy), 0);
	table.rules[1].limits.downtime_ns = 300;
	table.rules[2].limits.downtime_ns = 500;
	cr_assert_eq(policy_downtime_ns(table.policy), 300);
	policy_free(table.policy);
}
