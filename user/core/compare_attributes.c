// SPDX-License-Identifier: GPL-2.0-only
/* Stage attributes: SEMANTICS 2.6 (unconstrained), 2.7, 2.11, 2.12; policy.h says the rest. */
#include "core/compare_stage.h"

#include <assert.h>
#include <stdio.h>

#include "core/policy_plan.h"
#include "core/sets.h"
#include "core/version.h"

#define AGGREGATOR "aggregator"
#define PV_MODE "pv_mode"
#define LIST_SUFFIX "_compatible"

/* One attribute under comparison. */
struct check {
	struct attribute_rule rule;
	struct fact source;
	struct fact dest;
};

static const char *default_absent(const char *name)
{
	if (text_equal(name, AGGREGATOR))
		return "1";
	if (text_equal(name, PV_MODE))
		return "none";
	return NULL;
}

/* An attribute, or one of the two facts that can be named like one. */
static struct fact find_fact(const struct descriptor *descriptor, const char *name)
{
	const struct attribute *attribute = descriptor_attribute(descriptor, name);

	if (attribute)
		return attribute->value;
	if (text_equal(name, "driver_version"))
		return descriptor->driver_version;
	if (text_equal(name, "firmware_version"))
		return descriptor->firmware_version;
	return (struct fact){.state = FACT_UNKNOWN};
}

/* What absent and "" stand for. A set that is empty is absent: it would be part of any other. */
static struct fact resolve(struct fact fact, const struct attribute_rule *rule)
{
	bool empty = fact_known(&fact) && !fact.text[0];

	if (empty && (rule->absent || rule->comparator == COMPARE_SUPERSET))
		fact = (struct fact){.state = FACT_UNKNOWN};
	if (fact.state == FACT_UNKNOWN && rule->absent)
		fact = (struct fact){.state = FACT_KNOWN, .text = rule->absent};
	return fact;
}

static struct check check_of(const struct comparison *c, const struct attribute_rule *rule)
{
	struct check check = {.rule = *rule};

	if (!check.rule.absent)
		check.rule.absent = default_absent(rule->name);
	check.source = resolve(find_fact(c->source, rule->name), &check.rule);
	check.dest = resolve(find_fact(c->dest, rule->name), &check.rule);
	return check;
}

static enum stage_result fail(struct comparison *c, const struct check *check,
			      enum mw_reason reason, const char *hint, const char *detail)
{
	char field[VERDICT_NOTE_BYTES];

	snprintf(field, sizeof(field), "attributes.%s", check->rule.name);
	return stage_fail(c, reason, field, check->rule.position, "%s%s", hint, detail);
}

static enum stage_result mismatch(struct comparison *c, const struct check *check, const char *hint)
{
	enum mw_reason reason = text_equal(check->rule.name, AGGREGATOR)
					? MW_REASON_AGGREGATOR_MISMATCH
					: MW_REASON_ATTRIBUTE_MISMATCH;

	stage_values(c, comparator_name(check->rule.comparator), &check->source, &check->dest);
	return fail(c, check, reason, hint, "");
}

static enum stage_result compare_numbers(struct comparison *c, const struct check *check,
					 bool at_least)
{
	bool positive = text_equal(check->rule.name, AGGREGATOR);
	struct slice source;
	struct slice dest;
	int order;

	if (!numeric_parse(fact_line(&check->source), &source) ||
	    !numeric_parse(fact_line(&check->dest), &dest))
		return mismatch(
			c, check,
			"malformed: not a whole number on both sides; correct the attribute");
	if (positive && (slice_is(source, "0") || slice_is(dest, "0")))
		return mismatch(c, check, "malformed: an aggregator is 1 or more");
	order = numeric_order(dest, source);
	if (!order || (at_least && order > 0))
		return STAGE_PASSED;
	return mismatch(c, check,
			at_least ? "the destination has less: choose one with as much at least"
				 : "choose a destination with the same number, or relax the "
				   "attribute's comparator in the rule (at-least, ignore)");
}

static enum stage_result compare_sets(struct comparison *c, const struct check *check)
{
	const char *separator = check->rule.separator ? check->rule.separator : "+";
	char missing[128];
	struct set source;
	struct set dest;

	if (!set_parse(fact_line(&check->source), separator, &source) ||
	    !set_parse(fact_line(&check->dest), separator, &dest))
		return mismatch(c, check,
				"malformed: a set with an empty member, or with too many; correct "
				"the attribute");
	if (!set_missing(&dest, &source, missing, sizeof(missing)))
		return STAGE_PASSED;
	stage_values(c, "superset", &check->source, &check->dest);
	return fail(c, check, MW_REASON_FEATURE_MISSING,
		    "choose a destination that has what is missing there: ", missing);
}

/* The list stands in NAME_compatible, as that of interface_version does (SEMANTICS 2.4). */
static enum stage_result compare_by_ranges(struct comparison *c, const struct check *check)
{
	char name[VERDICT_NOTE_BYTES];
	struct fact lists[2] = {0};
	struct version_pair pair = {
		.source = &check->source,
		.dest = &check->dest,
		.source_list = &lists[0],
		.dest_list = &lists[1],
		.direction = c->rule->direction,
	};
	struct version_answer answer;

	if (snprintf(name, sizeof(name), "%s" LIST_SUFFIX, check->rule.name) < (int)sizeof(name)) {
		lists[0] = find_fact(c->source, name);
		lists[1] = find_fact(c->dest, name);
	}
	if (stage_unreadable(c, "ranges", name, check->rule.position, &lists[0], &lists[1]))
		return STAGE_FAILED;
	answer = versions_by_ranges(&pair);
	if (answer.reason == MW_REASON_OK)
		return STAGE_PASSED;
	stage_values(c, comparator_name(answer.comparator),
		     answer.list && answer.list_of_source ? answer.list : pair.source,
		     answer.list && !answer.list_of_source ? answer.list : pair.dest);
	if (answer.list)
		c->verdict->direction = direction_name(pair.direction);
	if (answer.reason == MW_REASON_RANGE_MALFORMED)
		return fail(c, check, answer.reason,
			    "the list cannot be used: ", range_fault_text(answer.fault.fault));
	return fail(c, check, MW_REASON_ATTRIBUTE_MISMATCH, version_hint(answer.reason), "");
}

static enum stage_result compare_values(struct comparison *c, const struct check *check)
{
	switch (check->rule.comparator) {
	case COMPARE_NUMERIC:
		return compare_numbers(c, check, false);
	case COMPARE_AT_LEAST:
		return compare_numbers(c, check, true);
	case COMPARE_SUPERSET:
		return compare_sets(c, check);
	case COMPARE_RANGES:
		return compare_by_ranges(c, check);
	case COMPARE_IGNORE:
		return STAGE_PASSED;
	case COMPARE_AUTO:
	case COMPARE_EQUAL:
	case COMPARE_OPAQUE:
	case COMPARE_TEMPLATE:
	case COMPARE_NAMESPACED:
	case COMPARE_XYZ:
		/* For versions only; equality is the strictest reading. */
		break;
	}
	if (text_equal(check->rule.name, AGGREGATOR))
		return compare_numbers(c, check, false);
	if (text_equal(check->source.text, check->dest.text))
		return STAGE_PASSED;
	return mismatch(c, check,
			"choose a destination with the same value, or name the attribute in the "
			"rule's `attributes` with a comparator that fits (superset, ignore, …)");
}

static enum stage_result run_check(struct comparison *c, const struct check *check)
{
	char name[VERDICT_NOTE_BYTES];
	bool on_source = fact_known(&check->source);
	bool on_dest = fact_known(&check->dest);

	if (check->rule.comparator == COMPARE_IGNORE)
		return STAGE_PASSED;
	if (on_source && on_dest)
		return compare_values(c, check);
	snprintf(name, sizeof(name), "attributes.%s", check->rule.name);
	if (stage_unreadable(c, comparator_name(check->rule.comparator), name, check->rule.position,
			     &check->source, &check->dest))
		return STAGE_FAILED;
	stage_values(c, comparator_name(check->rule.comparator), &check->source, &check->dest);
	return fail(
		c, check, MW_REASON_ATTRIBUTE_ABSENT,
		"the rule asks for it: describe the device again, or give the attribute rule an "
		"`absent` value; absent on the ",
		on_source ? "destination"
		: on_dest ? "source"
			  : "source and the destination");
}

/* Over the sorted rules where there is a plan. */
static bool is_named(const struct rule *rule, struct slice name, bool ranges_only)
{
	size_t low = 0;
	size_t high = rule->attribute_count;

	if (!rule->plan) {
		for (size_t i = 0; i < rule->attribute_count; i++) {
			if (slice_is(name, rule->attributes[i].name) &&
			    (!ranges_only || rule->attributes[i].comparator == COMPARE_RANGES))
				return true;
		}
		return false;
	}
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct attribute_rule *candidate = rule->plan->attributes[middle];
		int order = strncmp(name.text, candidate->name, name.length);

		if (!order && candidate->name[name.length])
			order = -1;
		if (!order)
			return !ranges_only || candidate->comparator == COMPARE_RANGES;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

/* Whether a rule or a default of ours has dealt with it. */
static bool is_covered(const struct rule *rule, const char *name)
{
	static const size_t suffix = sizeof(LIST_SUFFIX) - 1;
	struct slice text = slice_of(name);

	if (default_absent(name) || is_named(rule, text, false))
		return true;
	if (text.length <= suffix || !text_equal(name + text.length - suffix, LIST_SUFFIX))
		return false;
	text.length -= suffix;
	return is_named(rule, text, true);
}

static bool unconstrained_warns(const struct comparison *c)
{
	if (c->rule->unconstrained_set)
		return c->rule->unconstrained_warn;
	return c->policy->mode == POLICY_AUDIT;
}

/* An attribute that no rule names; one of the two sides may lack it. */
static enum stage_result check_unnamed(struct comparison *c, const char *name,
				       const struct fact *source, const struct fact *dest)
{
	struct check check = {
		.rule = {.name = name, .comparator = COMPARE_EQUAL},
		.source = *source,
		.dest = *dest,
	};
	bool on_source = fact_known(source);
	bool warns = unconstrained_warns(c);

	if (is_covered(c->rule, name) ||
	    (source->state == FACT_UNKNOWN && dest->state == FACT_UNKNOWN))
		return STAGE_PASSED;
	if (source->state == FACT_UNREADABLE || dest->state == FACT_UNREADABLE)
		return run_check(c, &check);
	if (on_source && fact_known(dest)) {
		if (text_equal(source->text, dest->text))
			return STAGE_PASSED;
		/* What enforcement would say, audit mode shall show; only the rule can waive it. */
		if (!c->rule->unconstrained_set || !warns)
			return compare_values(c, &check);
		stage_warn(c, "attributes.%.64s differs and no rule names it", name);
		return STAGE_PASSED;
	}
	if (warns) {
		stage_warn(c, "attributes.%.64s is on the %s only and no rule names it", name,
			   on_source ? "source" : "destination");
		return STAGE_PASSED;
	}
	stage_values(c, "equal", source, dest);
	return fail(
		c, &check, MW_REASON_ATTRIBUTE_UNCONSTRAINED,
		"name it in the rule's `attributes`, or say `unconstrained: warn`; it is on one "
		"side only, the ",
		on_source ? "source" : "destination");
}

/* Both lists are sorted by name: one walk over the two. */
static enum stage_result check_all_unnamed(struct comparison *c)
{
	static const struct fact absent = {.state = FACT_UNKNOWN};
	const struct descriptor *source = c->source;
	const struct descriptor *dest = c->dest;
	size_t i = 0;
	size_t j = 0;

	while (i < source->attribute_count || j < dest->attribute_count) {
		const struct attribute *a =
			i < source->attribute_count ? &source->attributes[i] : NULL;
		const struct attribute *b = j < dest->attribute_count ? &dest->attributes[j] : NULL;
		int order = !a ? 1 : !b ? -1 : strcmp(a->name, b->name);
		enum stage_result result;

		assert(a || b);

		result = check_unnamed(c, order <= 0 ? a->name : b->name,
				       order <= 0 ? &a->value : &absent,
				       order >= 0 ? &b->value : &absent);
		if (result != STAGE_PASSED)
			return result;
		i += order <= 0;
		j += order >= 0;
	}
	return STAGE_PASSED;
}

static enum stage_result check_default(struct comparison *c, const char *name)
{
	const struct attribute_rule rule = {.name = name, .comparator = COMPARE_EQUAL};
	struct check check;

	if (is_named(c->rule, slice_of(name), false))
		return STAGE_PASSED;
	check = check_of(c, &rule);
	return run_check(c, &check);
}

enum stage_result stage_attributes(struct comparison *c)
{
	enum stage_result result = STAGE_PASSED;

	for (size_t i = 0; i < c->rule->attribute_count && result == STAGE_PASSED; i++) {
		struct check check = check_of(c, &c->rule->attributes[i]);

		result = run_check(c, &check);
	}
	if (result == STAGE_PASSED)
		result = check_default(c, AGGREGATOR);
	if (result == STAGE_PASSED)
		result = check_default(c, PV_MODE);
	if (result == STAGE_PASSED)
		result = check_all_unnamed(c);
	return result;
}
