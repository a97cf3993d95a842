// SPDX-License-Identifier: GPL-2.0-only
#include "pair.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void set(struct descriptor *descriptor, struct fact *fact, const char *text)
{
	cr_assert_eq(descriptor_set_fact(descriptor, fact, text), 0);
}

static struct descriptor *device(void)
{
	struct descriptor *descriptor;

	cr_assert_eq(descriptor_new(&descriptor), 0);
	set(descriptor, &descriptor->device_api, "vfio-pci");
	set(descriptor, &descriptor->vendor, "8086");
	set(descriptor, &descriptor->device_id, "591d");
	set(descriptor, &descriptor->driver, "i915");
	set(descriptor, &descriptor->mdev_type, "i915-GVTg_V5_4");
	descriptor->protocol = PROTOCOL_V2;
	descriptor->capabilities_known = true;
	descriptor->capabilities = 7;
	return descriptor;
}

struct pair pair_new(void)
{
	struct pair pair = {
		.source = device(),
		.dest = device(),
		.context = {.now_s = -1, .device_count = 1},
	};

	cr_assert_eq(policy_default(&pair.policy), 0);
	pair.policy->file = "test.yaml";
	pair.rule = pair.policy->rules;
	pair.rule->position = (struct position){10, 5};
	return pair;
}

void pair_free(struct pair *pair)
{
	descriptor_free(pair->source);
	descriptor_free(pair->dest);
	policy_free(pair->policy);
}

enum mw_reason pair_judge(struct pair *pair)
{
	struct verdict prepared;

	pair->rule->plan = NULL;
	pair->source->prepared = NULL;
	pair->dest->prepared = NULL;
	compare(pair->policy, pair->source, pair->dest, &pair->context, &pair->verdict);

	cr_assert_eq(descriptor_prepare(pair->source), 0);
	cr_assert_eq(descriptor_prepare(pair->dest), 0);
	cr_assert_eq(policy_compile(pair->policy), 0);
	compare(pair->policy, pair->source, pair->dest, &pair->context, &prepared);
	cr_assert_eq(prepared.reason, pair->verdict.reason);
	cr_assert_eq(prepared.action, pair->verdict.action);
	cr_assert_eq(prepared.stage, pair->verdict.stage);
	cr_assert_str_eq(prepared.hint, pair->verdict.hint);
	cr_assert_str_eq(prepared.field, pair->verdict.field);
	cr_assert_str_eq(prepared.source_value, pair->verdict.source_value);
	cr_assert_str_eq(prepared.dest_value, pair->verdict.dest_value);
	cr_assert_eq(prepared.warning_count, pair->verdict.warning_count);
	return pair->verdict.reason;
}

void pair_types(struct pair *pair, const char *source, const char *dest)
{
	set(pair->source, &pair->source->mdev_type, source);
	set(pair->dest, &pair->dest->mdev_type, dest);
}

void pair_drivers(struct pair *pair, const char *source, const char *dest)
{
	set(pair->source, &pair->source->driver, source);
	set(pair->dest, &pair->dest->driver, dest);
}

void pair_versions(struct pair *pair, const char *source, const char *dest)
{
	set(pair->source, &pair->source->interface_version, source);
	set(pair->dest, &pair->dest->interface_version, dest);
}

void pair_opaque(struct pair *pair, const char *source, const char *dest)
{
	set(pair->source, &pair->source->version, source);
	set(pair->dest, &pair->dest->version, dest);
}

void pair_attribute(struct pair *pair, const char *name, const char *source, const char *dest)
{
	if (source)
		cr_assert_eq(descriptor_add_attribute(pair->source, name, source, 0), 0);
	if (dest)
		cr_assert_eq(descriptor_add_attribute(pair->dest, name, dest, 0), 0);
}

void pair_attribute_rule(struct pair *pair, const char *name, enum comparator comparator,
			 const char *absent)
{
	struct rule *rule = pair->rule;

	rule->attributes = arena_grow(pair->policy->arena, rule->attributes, rule->attribute_count,
				      sizeof(*rule->attributes));
	cr_assert_not_null(rule->attributes);
	rule->attributes[rule->attribute_count++] = (struct attribute_rule){
		.name = name,
		.comparator = comparator,
		.separator = "+",
		.absent = absent,
		.position = {20 + (unsigned int)rule->attribute_count, 9},
	};
}

void pair_alias(struct pair *pair, const char *vendor, const char *one, const char *other)
{
	struct policy *policy = pair->policy;
	const char **drivers = arena_alloc(policy->arena, 2 * sizeof(*drivers));

	drivers[0] = one;
	drivers[1] = other;
	policy->aliases = arena_grow(policy->arena, policy->aliases, policy->alias_count,
				     sizeof(*policy->aliases));
	policy->aliases[policy->alias_count++] = (struct alias_group){
		.name = "group",
		.vendor = vendor,
		.drivers = drivers,
		.driver_count = 2,
		.position = {3, 5},
	};
}

void pair_cross(struct pair *pair, const char *from, const char *to)
{
	struct rule *rule = pair->rule;

	rule->type = TYPE_CROSS;
	rule->cross = arena_grow(pair->policy->arena, rule->cross, rule->cross_count,
				 sizeof(*rule->cross));
	rule->cross[rule->cross_count++] = (struct type_pair){from, to, {15, 7}};
}

char *golden(const char *name)
{
	char path[256];
	char *text = calloc(1, 65536);
	FILE *file;

	snprintf(path, sizeof(path), "tests/golden/%s", name);
	file = fopen(path, "re");
	cr_assert_not_null(file, "%s, from the root of the repository", path);
	cr_assert_gt(fread(text, 1, 65535, file), 0);
	fclose(file);
	return text;
}
