// SPDX-License-Identifier: GPL-2.0-only
#include "core/policy_plan.h"

#include <errno.h>
#include <fnmatch.h>

struct glob glob_of(const char *pattern)
{
	struct glob glob = {.pattern = pattern};

	if (!pattern)
		return glob;
	glob.length = strcspn(pattern, "*?[\\");
	if (!pattern[glob.length])
		glob.kind = GLOB_LITERAL;
	else if (pattern[glob.length] == '*' && !pattern[glob.length + 1])
		glob.kind = GLOB_PREFIX;
	else
		glob.kind = GLOB_FNMATCH;
	return glob;
}

/* The first byte tells most names apart without a call; of an empty one it is the NUL. */
static bool starts_with(struct slice value, const struct glob *glob)
{
	return (!glob->length || value.text[0] == glob->pattern[0]) &&
	       !memcmp(value.text, glob->pattern, glob->length);
}

bool glob_matches(const struct glob *glob, struct slice value)
{
	switch (glob->kind) {
	case GLOB_ANYTHING:
		return true;
	case GLOB_LITERAL:
		return value.length == glob->length && starts_with(value, glob);
	case GLOB_PREFIX:
		return value.length >= glob->length && starts_with(value, glob);
	case GLOB_FNMATCH:
		return !fnmatch(glob->pattern, value.text, 0);
	}
	return false;
}

const char *match_pattern(const struct rule_match *match, enum match_field field)
{
	switch (field) {
	case MATCH_MDEV_TYPE:
		return match->mdev_type;
	case MATCH_VENDOR:
		return match->vendor;
	case MATCH_DEVICE_ID:
		return match->device_id;
	case MATCH_DRIVER:
		return match->driver;
	case MATCH_DEVICE_API:
		return match->device_api;
	case MATCH_DEVICE:
		return match->device;
	case MATCH_FIELDS_:
		break;
	}
	return NULL;
}

const char *match_field_name(enum match_field field)
{
	switch (field) {
	case MATCH_MDEV_TYPE:
		return "mdev_type";
	case MATCH_VENDOR:
		return "vendor";
	case MATCH_DEVICE_ID:
		return "device_id";
	case MATCH_DRIVER:
		return "driver";
	case MATCH_DEVICE_API:
		return "device_api";
	case MATCH_DEVICE:
		return "device";
	case MATCH_FIELDS_:
		break;
	}
	return "unknown";
}

const struct fact *match_fact(const struct descriptor *source, enum match_field field)
{
	switch (field) {
	case MATCH_MDEV_TYPE:
	case MATCH_FIELDS_:
		break;
	case MATCH_VENDOR:
		return &source->vendor;
	case MATCH_DEVICE_ID:
		return &source->device_id;
	case MATCH_DRIVER:
		return &source->driver;
	case MATCH_DEVICE_API:
		return &source->device_api;
	case MATCH_DEVICE:
		return &source->device;
	}
	return &source->mdev_type;
}

struct match_subject match_subject_of(const struct descriptor *source)
{
	struct match_subject subject;

	for (unsigned int i = 0; i < MATCH_FIELDS_; i++) {
		const struct fact *fact = match_fact(source, (enum match_field)i);

		subject.states[i] = fact->state;
		subject.values[i] = slice_of(fact->text);
	}
	if (slice_is(subject.values[MATCH_DEVICE_API], "pci"))
		subject.values[MATCH_DEVICE_API] = slice_of("vfio-pci");
	return subject;
}

static void plan_match(const struct rule_match *match, struct rule_plan *plan)
{
	plan->named_count = 0;
	for (unsigned int i = 0; i < MATCH_FIELDS_; i++) {
		enum match_field field = (enum match_field)i;

		plan->globs[i] = glob_of(match_pattern(match, field));
		if (plan->globs[i].kind != GLOB_ANYTHING)
			plan->named[plan->named_count++] = field;
	}
}

/* Out of line, so that ruling a rule out, which most are, has no registers to save. */
__attribute__((noinline)) static enum match_answer plan_matches(const struct rule_plan *plan,
								const struct match_subject *subject,
								enum match_field *field)
{
	enum match_answer answer = MATCH_YES;

	for (unsigned int i = 0; i < plan->named_count; i++) {
		enum match_field named = plan->named[i];

		if (subject->states[named] == FACT_UNREADABLE) {
			*field = named;
			answer = MATCH_UNREADABLE;
		} else if (subject->states[named] != FACT_KNOWN ||
			   !glob_matches(&plan->globs[named], subject->values[named])) {
			return MATCH_NO;
		}
	}
	return answer;
}

__attribute__((noinline)) enum match_answer match_fits(const struct rule_match *match,
						       const struct match_subject *subject,
						       enum match_field *field)
{
	struct rule_plan plan;

	plan_match(match, &plan);
	return plan_matches(&plan, subject, field);
}

/* Whether the first field that it names already says no, by its first byte. */
static bool is_ruled_out(const struct rule_plan *plan, const struct match_subject *subject)
{
	enum match_field first = plan->named[0];
	const struct glob *glob = &plan->globs[first];

	return plan->named_count && subject->states[first] == FACT_KNOWN && glob->length &&
	       glob->kind != GLOB_FNMATCH && subject->values[first].text[0] != glob->pattern[0];
}

enum match_answer rule_matches(const struct rule *rule, const struct match_subject *subject,
			       enum match_field *field)
{
	if (!rule->plan)
		return match_fits(&rule->match, subject, field);
	if (is_ruled_out(rule->plan, subject))
		return MATCH_NO;
	return plan_matches(rule->plan, subject, field);
}

static int plan_attributes(struct arena *arena, const struct rule *rule, struct rule_plan *plan)
{
	if (!rule->attribute_count)
		return 0;
	plan->attributes = arena_alloc(arena, rule->attribute_count * sizeof(*plan->attributes));
	if (!plan->attributes)
		return -ENOMEM;
	for (size_t i = 0; i < rule->attribute_count; i++) {
		const struct attribute_rule *attribute = &rule->attributes[i];
		size_t at = i;

		for (; at && strcmp(plan->attributes[at - 1]->name, attribute->name) > 0; at--)
			plan->attributes[at] = plan->attributes[at - 1];
		plan->attributes[at] = attribute;
	}
	return 0;
}

int policy_compile(struct policy *policy)
{
	for (size_t i = 0; i < policy->rule_count; i++) {
		struct rule *rule = &policy->rules[i];
		struct rule_plan *plan = arena_alloc(policy->arena, sizeof(*plan));

		if (!plan || plan_attributes(policy->arena, rule, plan))
			return -ENOMEM;
		plan_match(&rule->match, plan);
		rule->plan = plan;
	}
	return 0;
}
