// SPDX-License-Identifier: GPL-2.0-only
#include "core/compare.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>

#include "core/compare_stage.h"
#include "core/policy_plan.h"

/* No name that identifies a device is longer; what is, was not read from one. */
#define NAME_MAX_BYTES 255u

struct step {
	enum mw_stage stage;
	enum stage_result (*run)(struct comparison *c);
};

static const struct step steps[] = {
	{MW_STAGE_PROTOCOL, stage_protocol},     {MW_STAGE_DEVICE_API, stage_device_api},
	{MW_STAGE_VENDOR, stage_vendor},         {MW_STAGE_DEVICE, stage_device},
	{MW_STAGE_MDEV_TYPE, stage_mdev_type},   {MW_STAGE_VERSION, stage_version},
	{MW_STAGE_ATTRIBUTES, stage_attributes}, {MW_STAGE_CAPABILITIES, stage_capabilities},
	{MW_STAGE_LIMITS, stage_limits},
};

/* SEMANTICS 2.6: the template takes the place of stages 4 to 7. */
static const struct step template_steps[] = {
	{MW_STAGE_PROTOCOL, stage_protocol},
	{MW_STAGE_DEVICE_API, stage_device_api},
	{MW_STAGE_VENDOR, stage_vendor},
	{MW_STAGE_TEMPLATE, stage_template},
	{MW_STAGE_CAPABILITIES, stage_capabilities},
	{MW_STAGE_LIMITS, stage_limits},
};

static const enum mw_stage replaced_by_template[] = {
	MW_STAGE_DEVICE,
	MW_STAGE_MDEV_TYPE,
	MW_STAGE_VERSION,
	MW_STAGE_ATTRIBUTES,
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct position at_rule = {0};

static enum stage_result check_names(struct comparison *c, const struct descriptor *descriptor,
				     bool is_source)
{
	const struct {
		const char *name;
		const struct fact *fact;
	} names[] = {
		{"device_api", &descriptor->device_api}, {"vendor", &descriptor->vendor},
		{"device_id", &descriptor->device_id},   {"driver", &descriptor->driver},
		{"mdev_type", &descriptor->mdev_type},
	};

	for (size_t i = 0; i < COUNT(names); i++) {
		struct slice text = slice_of(fact_text(names[i].fact));

		if (text.length <= NAME_MAX_BYTES)
			continue;
		if (is_source)
			stage_source_value(c, text);
		else
			stage_dest_value(c, text);
		return stage_fail(c, MW_REASON_DESCRIPTOR_MALFORMED, names[i].name, at_rule,
				  "%s of the %s has %zu bytes, %u at most: this is no name of a "
				  "device; describe it again",
				  names[i].name, is_source ? "source" : "destination", text.length,
				  NAME_MAX_BYTES);
	}
	return STAGE_PASSED;
}

/* A clock that runs ahead makes a descriptor as doubtful as one that lies too long. */
static enum stage_result check_age(struct comparison *c, const struct descriptor *descriptor,
				   bool is_source)
{
	const char *whose = is_source ? "source" : "destination";
	int64_t limit = c->rule->limits.descriptor_age_s;
	int64_t age;

	if (limit < 0 || c->context->now_s < 0)
		return STAGE_PASSED;
	stage_values(c, "age", &c->source->collected_at, &c->dest->collected_at);
	if (descriptor->collected_at_s < 0)
		return stage_fail(c, MW_REASON_DESCRIPTOR_STALE, "collected_at",
				  c->rule->limits_position,
				  "the %s descriptor does not say when it was collected, and the "
				  "rule limits its age to %lld s; describe the device again",
				  whose, (long long)limit);
	/* Neither is negative, so their difference fits. */
	age = c->context->now_s - descriptor->collected_at_s;
	if (age > limit || age < -limit)
		return stage_fail(c, MW_REASON_DESCRIPTOR_STALE, "collected_at",
				  c->rule->limits_position,
				  "the %s descriptor is %lld s %s, and the rule limits its age to "
				  "%lld s; describe the device again or raise `descriptor-age`",
				  whose, (long long)(age < 0 ? -age : age),
				  age < 0 ? "ahead of this clock" : "old", (long long)limit);
	stage_forget_values(c);
	return STAGE_PASSED;
}

static enum stage_result stage_descriptor(struct comparison *c)
{
	enum stage_result result = check_names(c, c->source, true);

	if (result == STAGE_PASSED)
		result = check_names(c, c->dest, false);
	if (result == STAGE_PASSED && c->rule)
		result = check_age(c, c->source, true);
	if (result == STAGE_PASSED && c->rule)
		result = check_age(c, c->dest, false);
	return result;
}

/* The first rule whose `match` fits the source (SEMANTICS 4), or the first that may. */
static enum match_answer choose_rule(struct comparison *c, enum match_field *field)
{
	struct match_subject subject = match_subject_of(c->source);

	for (size_t i = 0; i < c->policy->rule_count; i++) {
		const struct rule *rule = &c->policy->rules[i];
		enum match_answer answer = rule_matches(rule, &subject, field);

		if (answer == MATCH_NO)
			continue;
		c->rule = rule;
		c->verdict->position = rule->position;
		if (rule->file)
			c->verdict->policy_file = rule->file;
		/* The built-in rule stands in no file. */
		c->verdict->rule = rule->position.line ? rule : NULL;
		return answer;
	}
	return MATCH_NO;
}

static enum stage_result stage_rule(struct comparison *c, enum match_answer answer,
				    enum match_field field)
{
	const char *name = c->rule && c->rule->name ? c->rule->name : "";

	switch (answer) {
	case MATCH_NO:
		stage_values(c, "match", &c->source->mdev_type, &c->dest->mdev_type);
		return stage_fail(c, MW_REASON_POLICY_DENY, "mdev_type", at_rule,
				  "no rule of %s matches the source: add one whose `match` does",
				  c->policy->file);
	case MATCH_UNREADABLE:
		stage_values(c, "match", match_fact(c->source, field), match_fact(c->dest, field));
		return stage_fail(c, MW_REASON_UNREADABLE, match_field_name(field), at_rule,
				  "%s of the source could not be read, so it is not known whether "
				  "rule '%s' decides: find out why, then describe the device again",
				  match_field_name(field), name);
	case MATCH_YES:
		break;
	}
	assert(c->rule);
	if (c->rule->action == MW_ACTION_DENY) {
		stage_values(c, "match", &c->source->mdev_type, &c->dest->mdev_type);
		return stage_fail(c, MW_REASON_POLICY_DENY, "mdev_type", at_rule,
				  "rule '%s' says `action: deny`: change it, or put a rule that "
				  "allows this device before it",
				  name);
	}
	return STAGE_PASSED;
}

/* Records how a stage went; gives whether the next may run. */
static bool settle(struct comparison *c, enum mw_stage stage, enum stage_result result)
{
	struct verdict *verdict = c->verdict;

	if (result == STAGE_PASSED && c->warned)
		result = STAGE_PASSED_WITH_WARNING;
	c->warned = false;
	verdict->stages[stage] = result;
	if (result != STAGE_FAILED)
		return true;
	verdict->stage = stage;
	return false;
}

static bool run_steps(struct comparison *c, const struct step *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!settle(c, list[i].stage, list[i].run(c)))
			return false;
	}
	return true;
}

static void copy_warnings(struct comparison *c, const struct descriptor *descriptor,
			  const char *whose)
{
	for (size_t i = 0; i < descriptor->warning_count; i++)
		stage_warn(c, "%s: %s", whose, descriptor->warnings[i]);
}

/* Everything but the action; gives whether all stages passed. */
static bool judge(struct comparison *c)
{
	enum match_field field = MATCH_MDEV_TYPE;
	enum match_answer answer = MATCH_NO;

	copy_warnings(c, c->source, "source");
	copy_warnings(c, c->dest, "destination");
	/* Patterns are tried on names of decent length only; the age limit is the rule's. */
	if (check_names(c, c->source, true) == STAGE_PASSED)
		answer = choose_rule(c, &field);
	if (!settle(c, MW_STAGE_DESCRIPTOR, stage_descriptor(c)))
		return false;
	if (!settle(c, MW_STAGE_RULE, stage_rule(c, answer, field)))
		return false;
	if (c->rule->version != COMPARE_TEMPLATE)
		return run_steps(c, steps, COUNT(steps));
	for (size_t i = 0; i < COUNT(replaced_by_template); i++)
		c->verdict->stages[replaced_by_template[i]] = STAGE_SKIPPED;
	return run_steps(c, template_steps, COUNT(template_steps));
}

void compare(const struct policy *policy, const struct descriptor *source,
	     const struct descriptor *dest, const struct compare_context *context,
	     struct verdict *out)
{
	struct comparison c = {
		.policy = policy,
		.source = source,
		.dest = dest,
		.context = context,
		.verdict = out,
	};

	/* What warnings there are, warning_count says: the room for them need not be cleared. */
	memset(out, 0, offsetof(struct verdict, warnings));
	out->warning_count = 0;
	out->policy_file = policy->file;
	out->action = MW_ACTION_ALLOW;
	out->reason = MW_REASON_OK;
	out->stage = MW_STAGE_NONE;
	if (judge(&c))
		return;
	out->action = MW_ACTION_DENY;
	if (policy->mode == POLICY_AUDIT || (c.rule && c.rule->action == MW_ACTION_AUDIT))
		out->action = MW_ACTION_AUDIT;
}
