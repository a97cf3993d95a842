// SPDX-License-Identifier: GPL-2.0-only
#include "config/policy_read.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/config.h"
#include "config/policy_hook.h"
#include "core/policy.h"

const struct choice choices_mode[] = {
	{"enforce", POLICY_ENFORCE},
	{"audit", POLICY_AUDIT},
	{0},
};

const struct choice choices_bypass[] = {
	{"refuse", BYPASS_REFUSE},
	{"kill", BYPASS_KILL},
	{0},
};

const struct choice choices_action[] = {
	{"allow", MW_ACTION_ALLOW},
	{"deny", MW_ACTION_DENY},
	{"audit", MW_ACTION_AUDIT},
	{0},
};

static const struct choice choices_default[] = {
	{"allow", MW_ACTION_ALLOW},
	{"deny", MW_ACTION_DENY},
	{0},
};

static const struct choice choices_parent[] = {
	{"match", false},
	{"ignore", true},
	{0},
};

static const struct choice choices_type[] = {
	{"equal", TYPE_EQUAL},
	{"traits", TYPE_TRAITS},
	{0},
};

const struct choice choices_unconstrained[] = {
	{"deny", false},
	{"warn", true},
	{0},
};

const struct choice choices_version_comparator[] = {
	{"auto", COMPARE_AUTO},         {"equal", COMPARE_EQUAL},
	{"numeric", COMPARE_NUMERIC},   {"at-least", COMPARE_AT_LEAST},
	{"xyz", COMPARE_XYZ},           {"ranges", COMPARE_RANGES},
	{"template", COMPARE_TEMPLATE}, {"namespaced", COMPARE_NAMESPACED},
	{"opaque", COMPARE_OPAQUE},     {0},
};

const struct choice choices_attribute_comparator[] = {
	{"equal", COMPARE_EQUAL},     {"superset", COMPARE_SUPERSET},
	{"numeric", COMPARE_NUMERIC}, {"at-least", COMPARE_AT_LEAST},
	{"ranges", COMPARE_RANGES},   {"opaque", COMPARE_OPAQUE},
	{"ignore", COMPARE_IGNORE},   {0},
};

const struct choice choices_direction[] = {
	{"destination-accepts", DIRECTION_DESTINATION_ACCEPTS},
	{"source-offers", DIRECTION_SOURCE_OFFERS},
	{"mutual", DIRECTION_MUTUAL},
	{0},
};

/* Far over any policy; each pair of rules is looked at for one that hides the other. */
#define RULES_MAX 20000u
#define DEVICE_DEFAULTS_MAX 1000u
#define RULE_ATTRIBUTES_MAX 256u

#define TEXT_SCHEMA "{\"type\": \"string\", \"minLength\": 1}"

static int read_schema(const struct reading *reading, const struct node *node,
		       const struct field *field, void *object)
{
	(void)field;
	(void)object;
	return reading_schema_name(reading, node, POLICY_SCHEMA);
}

/* Any member that is an enum, or as wide as one. */
static int read_enum(const struct reading *reading, const struct node *node,
		     const struct field *field, void *object)
{
	return reading_choice(reading, node, field->choices, field_target(object, field, int));
}

static int read_text(const struct reading *reading, const struct node *node,
		     const struct field *field, void *object)
{
	return reading_string(reading, node, "a value", field_target(object, field, const char *));
}

static int read_quantity(const struct reading *reading, const struct node *node,
			 const struct field *field, void *object)
{
	return reading_quantity(reading, node, field->quantity,
				field_target(object, field, int64_t));
}

static int read_mode(const struct reading *reading, const struct node *node,
		     const struct field *field, void *object)
{
	struct policy *policy = object;

	policy->mode_position = node->key_position;
	return read_enum(reading, node, field, object);
}

static int read_bypass(const struct reading *reading, const struct node *node,
		       const struct field *field, void *object)
{
	struct policy *policy = object;

	policy->on_bypass_position = node->key_position;
	return read_enum(reading, node, field, object);
}

/* aliases */

static int read_vendor(const struct reading *reading, const struct node *node,
		       const struct field *field, void *object)
{
	const char **out = field_target(object, field, const char *);
	char canonical[9];
	int r = reading_string(reading, node, "a vendor id", out);

	if (r)
		return r;
	if (descriptor_canonical_id(node->text, 4, canonical))
		return reading_expected(reading, node, "a hexadecimal id of at most 32 bits");
	*out = arena_strdup(reading->arena, canonical);
	return *out ? 0 : -ENOMEM;
}

static int read_drivers(const struct reading *reading, const struct node *node,
			const struct field *field, void *object)
{
	struct alias_group *group = object;
	int r = reading_list(reading, node, "drivers", 1);

	(void)field;
	if (r)
		return r;
	group->drivers = arena_alloc(reading->arena, node->count * sizeof(*group->drivers));
	if (!group->drivers)
		return -ENOMEM;
	for (const struct node *item = node->first; item; item = item->next) {
		r = reading_string(reading, item, "the name of a driver",
				   &group->drivers[group->driver_count]);
		if (r)
			return r;
		group->driver_count++;
	}
	return 0;
}

static const struct field alias_fields[] = {
	{
		.key = "name",
		.read = read_text,
		.offset = offsetof(struct alias_group, name),
		.flags = FIELD_REQUIRED,
		.schema = TEXT_SCHEMA,
	},
	{
		.key = "vendor",
		.read = read_vendor,
		.offset = offsetof(struct alias_group, vendor),
		.flags = FIELD_REQUIRED,
		.schema = "{\"type\": \"string\", \"pattern\": \"^(0[xX])?0*[0-9A-Fa-f]{1,8}$\"}",
		.about = "hex, in quotes",
	},
	{
		.key = "drivers",
		.read = read_drivers,
		.flags = FIELD_REQUIRED,
		.schema = "{\"type\": \"array\", \"minItems\": 1, \"uniqueItems\": true,"
			  " \"items\": " TEXT_SCHEMA "}",
		.about = "exact names",
	},
};

static const struct mapping alias_mapping = {
	.name = "alias",
	.what = "an alias group",
	.fields = alias_fields,
	.field_count = ARRAY_SIZE(alias_fields),
};

static int read_aliases(const struct reading *reading, const struct node *node,
			const struct field *field, void *object)
{
	struct policy *policy = object;
	int r = reading_list(reading, node, "alias groups", 0);

	(void)field;
	if (r)
		return r;
	policy->aliases = arena_alloc(reading->arena, (node->count + 1) * sizeof(*policy->aliases));
	if (!policy->aliases)
		return -ENOMEM;
	for (const struct node *item = node->first; !r && item; item = item->next) {
		struct alias_group *group = &policy->aliases[policy->alias_count++];

		group->position = item->position;
		r = reading_mapping(reading, item, &alias_mapping, group);
	}
	return r;
}

/* rules: match */

/* A glob stays as written, in lower case as the ids it is held against; an id becomes canonical. */
static int read_id_pattern(const struct reading *reading, const struct node *node,
			   const struct field *field, void *object)
{
	const char **out = field_target(object, field, const char *);
	char canonical[9];
	char *pattern;
	int r = reading_string(reading, node, "an id or a pattern", out);

	if (r)
		return r;
	if (!strpbrk(node->text, "*?[")) {
		if (descriptor_canonical_id(node->text, 4, canonical))
			return reading_expected(
				reading, node, "a hexadecimal id of at most 32 bits, or a pattern");
		*out = arena_strdup(reading->arena, canonical);
		return *out ? 0 : -ENOMEM;
	}
	pattern = arena_strdup(reading->arena, node->text);
	if (!pattern)
		return -ENOMEM;
	for (char *at = pattern; *at; at++)
		if (*at >= 'A' && *at <= 'F')
			*at = (char)(*at - 'A' + 'a');
	*out = pattern;
	return 0;
}

#define MATCH(name)                                                                           \
	{                                                                                     \
		.key = #name, .read = read_text, .offset = offsetof(struct rule_match, name), \
		.schema = TEXT_SCHEMA, .about = "pattern (fnmatch) over the source",          \
	}

/* What a rule and the default of a device can ask for. */
#define MATCH_FACTS                                                       \
	MATCH(device_api),                                                \
		{                                                         \
			.key = "vendor",                                  \
			.read = read_id_pattern,                          \
			.offset = offsetof(struct rule_match, vendor),    \
			.schema = "{\"$ref\": \"#/$defs/id_pattern\"}",   \
			.about = "hex, in quotes",                        \
		},                                                        \
		{                                                         \
			.key = "device_id",                               \
			.read = read_id_pattern,                          \
			.offset = offsetof(struct rule_match, device_id), \
			.schema = "{\"$ref\": \"#/$defs/id_pattern\"}",   \
		},                                                        \
		MATCH(driver), MATCH(mdev_type)

static const struct field match_fields[] = {MATCH_FACTS};

static const struct mapping match_mapping = {
	.name = "match",
	.what = "match",
	.fields = match_fields,
	.field_count = ARRAY_SIZE(match_fields),
};

static int read_match(const struct reading *reading, const struct node *node,
		      const struct field *field, void *object)
{
	struct rule *rule = object;

	(void)field;
	return reading_mapping(reading, node, &match_mapping, &rule->match);
}

/* defaults */

static const struct field device_match_fields[] = {
	MATCH_FACTS,
	{
		.key = "device",
		.read = read_text,
		.offset = offsetof(struct rule_match, device),
		.schema = TEXT_SCHEMA,
		.about = "pattern (fnmatch) over its name: a UUID, a PCI address",
	},
};

static const struct mapping device_match_mapping = {
	.name = "device_match",
	.what = "match",
	.fields = device_match_fields,
	.field_count = ARRAY_SIZE(device_match_fields),
};

static int read_device_match(const struct reading *reading, const struct node *node,
			     const struct field *field, void *object)
{
	struct device_default *own = object;

	(void)field;
	return reading_mapping(reading, node, &device_match_mapping, &own->match);
}

/* Of all devices in a policy, of some in one of its `devices`: the position stands behind. */
#define DEFAULT(type, name, target)                                                             \
	{                                                                                       \
		.key = #name, .read = read_default_of_##type, .offset = offsetof(target, name), \
		.choices = choices_default,                                                     \
	}

static int read_default_of_devices(const struct reading *reading, const struct node *node,
				   const struct field *field, void *object)
{
	struct device_default *own = object;
	bool is_incoming = field->offset == offsetof(struct device_default, incoming);

	*(is_incoming ? &own->incoming_position : &own->outgoing_position) = node->key_position;
	return read_enum(reading, node, field, object);
}

static const struct field device_default_fields[] = {
	{
		.key = "match",
		.read = read_device_match,
		.flags = FIELD_REQUIRED,
		.schema = "{\"$ref\": \"#/$defs/device_match\"}",
		.about = "which devices of this host it is for",
	},
	DEFAULT(devices, incoming, struct device_default),
	DEFAULT(devices, outgoing, struct device_default),
};

static const struct mapping device_default_mapping = {
	.name = "device_default",
	.what = "the default of a device",
	.fields = device_default_fields,
	.field_count = ARRAY_SIZE(device_default_fields),
};

static int read_device_defaults(const struct reading *reading, const struct node *node,
				const struct field *field, void *object)
{
	struct policy *policy = object;
	int r = reading_list(reading, node, "defaults of devices", 0);

	(void)field;
	if (r)
		return r;
	if (node->count > DEVICE_DEFAULTS_MAX)
		return reading_refuse(reading, node->position,
				      "expected at most %u defaults of devices, got %zu",
				      DEVICE_DEFAULTS_MAX, node->count);
	policy->device_defaults_position = node->key_position;
	policy->device_defaults =
		arena_alloc(reading->arena, (node->count + 1) * sizeof(*policy->device_defaults));
	if (!policy->device_defaults)
		return -ENOMEM;
	for (const struct node *item = node->first; !r && item; item = item->next) {
		struct device_default *own =
			&policy->device_defaults[policy->device_default_count++];

		own->position = item->position;
		r = reading_mapping(reading, item, &device_default_mapping, own);
	}
	return r;
}

static int read_default_of_all(const struct reading *reading, const struct node *node,
			       const struct field *field, void *object)
{
	struct policy *policy = object;
	bool is_incoming = field->offset == offsetof(struct policy, incoming);

	*(is_incoming ? &policy->incoming_position : &policy->outgoing_position) =
		node->key_position;
	return read_enum(reading, node, field, object);
}

static const struct field defaults_fields[] = {
	DEFAULT(all, incoming, struct policy),
	DEFAULT(all, outgoing, struct policy),
	{
		.key = "devices",
		.read = read_device_defaults,
		.schema = "{\"type\": \"array\", \"maxItems\": 1000,"
			  " \"items\": {\"$ref\": \"#/$defs/device_default\"}}",
		.about = "of some devices; the first whose match fits the device decides",
	},
};

static const struct mapping defaults_mapping = {
	.name = "defaults",
	.what = "defaults",
	.fields = defaults_fields,
	.field_count = ARRAY_SIZE(defaults_fields),
};

static int read_defaults(const struct reading *reading, const struct node *node,
			 const struct field *field, void *object)
{
	(void)field;
	return reading_mapping(reading, node, &defaults_mapping, object);
}

/* rules: require */

static int read_parent(const struct reading *reading, const struct node *node,
		       const struct field *field, void *object)
{
	struct rule *rule = object;
	int value;
	int r = reading_choice(reading, node, field->choices, &value);

	if (r)
		return r;
	rule->parent_ignore = value;
	rule->parent_position = node->key_position;
	return 0;
}

static int read_pair(const struct reading *reading, const struct node *node, struct type_pair *pair)
{
	int r;

	if (node->kind != NODE_LIST || node->count != 2)
		return reading_expected(reading, node, "a pair [from, to]");
	pair->position = node->position;
	r = reading_string(reading, node->first, "a type", &pair->from);
	return r ? r : reading_string(reading, node->last, "a type", &pair->to);
}

static int read_cross(const struct reading *reading, const struct node *node,
		      const struct field *field, void *object)
{
	struct rule *rule = object;
	int r = reading_list(reading, node, "pairs of types", 1);

	(void)field;
	if (r)
		return r;
	rule->type = TYPE_CROSS;
	rule->cross = arena_alloc(reading->arena, node->count * sizeof(*rule->cross));
	if (!rule->cross)
		return -ENOMEM;
	for (const struct node *item = node->first; !r && item; item = item->next)
		r = read_pair(reading, item, &rule->cross[rule->cross_count++]);
	return r;
}

static const struct field type_fields[] = {
	{
		.key = "cross",
		.read = read_cross,
		.flags = FIELD_REQUIRED,
		.schema = "{\"type\": \"array\", \"minItems\": 1, \"items\": {\"type\": \"array\","
			  " \"minItems\": 2, \"maxItems\": 2, \"items\": " TEXT_SCHEMA "}}",
		.about = "pairs of types, from and to",
	},
};

static const struct mapping type_mapping = {
	.name = "cross_type",
	.what = "type",
	.fields = type_fields,
	.field_count = ARRAY_SIZE(type_fields),
};

static int read_type(const struct reading *reading, const struct node *node,
		     const struct field *field, void *object)
{
	struct rule *rule = object;
	int value;
	int r;

	(void)field;
	rule->type_position = node->key_position;
	if (node->kind == NODE_MAPPING)
		return reading_mapping(reading, node, &type_mapping, rule);
	if (node->kind != NODE_STRING)
		return reading_expected(reading, node, "equal, traits or {cross: [[from, to], …]}");
	r = reading_choice(reading, node, choices_type, &value);
	if (!r)
		rule->type = (enum type_rule)value;
	return r;
}

static const struct field version_fields[] = {
	{
		.key = "compare",
		.read = read_enum,
		.offset = offsetof(struct rule, version),
		.choices = choices_version_comparator,
		.about = "the comparator",
	},
	{
		.key = "direction",
		.read = read_enum,
		.offset = offsetof(struct rule, direction),
		.choices = choices_direction,
		.about = "whose list of versions is asked",
	},
};

static const struct mapping version_mapping = {
	.name = "version",
	.what = "version",
	.fields = version_fields,
	.field_count = ARRAY_SIZE(version_fields),
};

static int read_version(const struct reading *reading, const struct node *node,
			const struct field *field, void *object)
{
	struct rule *rule = object;

	(void)field;
	rule->version_position = node->key_position;
	if (node->kind == NODE_MAPPING)
		return reading_mapping(reading, node, &version_mapping, rule);
	return read_enum(reading, node, &version_fields[0], rule);
}

/* Also "": the value that stands for absent may be the empty one. */
static int read_any_text(const struct reading *reading, const struct node *node,
			 const struct field *field, void *object)
{
	const char *copy;

	if (node->kind != NODE_STRING)
		return reading_expected(reading, node, "a string");
	copy = arena_strdup(reading->arena, node->text);
	if (!copy)
		return -ENOMEM;
	*field_target(object, field, const char *) = copy;
	return 0;
}

static const struct field attribute_fields[] = {
	{
		.key = "compare",
		.read = read_enum,
		.offset = offsetof(struct attribute_rule, comparator),
		.flags = FIELD_REQUIRED,
		.choices = choices_attribute_comparator,
		.about = "the comparator",
	},
	{
		.key = "separator",
		.read = read_text,
		.offset = offsetof(struct attribute_rule, separator),
		.schema = TEXT_SCHEMA,
		.about = "between the members of a set; +",
	},
	{
		.key = "absent",
		.read = read_any_text,
		.offset = offsetof(struct attribute_rule, absent),
		.schema = "{\"type\": \"string\"}",
		.about = "the value that absent and empty stand for",
	},
};

static const struct mapping attribute_mapping = {
	.name = "attribute",
	.what = "an attribute",
	.fields = attribute_fields,
	.field_count = ARRAY_SIZE(attribute_fields),
};

static int read_attribute_mapping(const struct reading *reading, const struct node *node,
				  struct attribute_rule *attribute)
{
	const struct node *separator;
	int r = reading_mapping(reading, node, &attribute_mapping, attribute);

	if (r)
		return r;
	separator = node_child(node, "separator");
	if (separator && attribute->comparator != COMPARE_SUPERSET)
		return reading_refuse(reading, separator->key_position,
				      "expected no separator without compare: superset");
	return 0;
}

static int read_attribute(const struct reading *reading, const struct node *node,
			  struct attribute_rule *attribute)
{
	int r;

	attribute->position = node->key_position;
	if (!*node->key)
		return reading_refuse(reading, node->key_position,
				      "expected the name of an attribute, got \"\"");
	attribute->name = arena_strdup(reading->arena, node->key);
	if (!attribute->name)
		return -ENOMEM;
	if (node->kind == NODE_MAPPING)
		r = read_attribute_mapping(reading, node, attribute);
	else
		r = read_enum(reading, node, &attribute_fields[0], attribute);
	if (!r && attribute->comparator == COMPARE_SUPERSET && !attribute->separator)
		attribute->separator = "+";
	return r;
}

static int read_attributes(const struct reading *reading, const struct node *node,
			   const struct field *field, void *object)
{
	struct rule *rule = object;
	int r = 0;

	(void)field;
	if (node->kind != NODE_MAPPING)
		return reading_expected(reading, node, "attributes (a mapping)");
	if (node->count > RULE_ATTRIBUTES_MAX)
		return reading_refuse(reading, node->position,
				      "expected at most %u attributes, got %zu",
				      RULE_ATTRIBUTES_MAX, node->count);
	rule->attributes =
		arena_alloc(reading->arena, (node->count + 1) * sizeof(*rule->attributes));
	if (!rule->attributes)
		return -ENOMEM;
	for (const struct node *child = node->first; !r && child; child = child->next)
		r = read_attribute(reading, child, &rule->attributes[rule->attribute_count++]);
	return r;
}

static int read_unconstrained(const struct reading *reading, const struct node *node,
			      const struct field *field, void *object)
{
	struct rule *rule = object;
	int value;
	int r = reading_choice(reading, node, field->choices, &value);

	if (r)
		return r;
	rule->unconstrained_warn = value;
	rule->unconstrained_set = true;
	return 0;
}

static int read_capabilities(const struct reading *reading, const struct node *node,
			     const struct field *field, void *object)
{
	struct rule *rule = object;

	(void)field;
	rule->capabilities_position = node->key_position;
	return reading_flags(reading, node, choices_capability, &rule->capabilities);
}

static const struct field require_fields[] = {
	{
		.key = "parent",
		.read = read_parent,
		.choices = choices_parent,
		.about = "whether vendor and device id of the parent must be the same",
	},
	{
		.key = "type",
		.read = read_type,
		.schema = "{\"anyOf\": [{\"enum\": [\"equal\", \"traits\"]},"
			  " {\"$ref\": \"#/$defs/cross_type\"}]}",
		.about = "equal names, listed pairs, or traits",
	},
	{
		.key = "version",
		.read = read_version,
		.schema = "{\"anyOf\": [{\"$ref\": \"#/$defs/version/properties/compare\"},"
			  " {\"$ref\": \"#/$defs/version\"}]}",
		.about = "how versions compare",
	},
	{
		.key = "attributes",
		.read = read_attributes,
		.schema = "{\"type\": \"object\", \"maxProperties\": 256,"
			  " \"propertyNames\": {\"minLength\": 1},"
			  " \"additionalProperties\": {\"anyOf\":"
			  " [{\"$ref\": \"#/$defs/attribute/properties/compare\"},"
			  " {\"$ref\": \"#/$defs/attribute\"}]}}",
	},
	{
		.key = "unconstrained",
		.read = read_unconstrained,
		.choices = choices_unconstrained,
		.about = "what becomes of an attribute that one side only has",
	},
	{
		.key = "capabilities",
		.read = read_capabilities,
		.schema = "{\"type\": \"array\", \"uniqueItems\": true,"
			  " \"items\": {\"enum\": [\"stop-copy\", \"p2p\", \"pre-copy\"]}}",
	},
};

static const struct mapping require_mapping = {
	.name = "require",
	.what = "require",
	.fields = require_fields,
	.field_count = ARRAY_SIZE(require_fields),
};

static int read_require(const struct reading *reading, const struct node *node,
			const struct field *field, void *object)
{
	(void)field;
	return reading_mapping(reading, node, &require_mapping, object);
}

/* rules: limits */

static const struct field limits_fields[] = {
	{
		.key = "stop-copy-bytes",
		.read = read_quantity,
		.offset = offsetof(struct rule_limits, stop_copy_bytes),
		.quantity = &quantity_bytes,
		.about = "most state to move while the VM stands still",
	},
	{
		.key = "downtime",
		.read = read_quantity,
		.offset = offsetof(struct rule_limits, downtime_ns),
		.quantity = &quantity_ns,
		.about = "longest blackout",
	},
	{
		.key = "descriptor-age",
		.read = read_quantity,
		.offset = offsetof(struct rule_limits, descriptor_age_s),
		.quantity = &quantity_s,
		.about = "oldest description of a device",
	},
};

static const struct mapping limits_mapping = {
	.name = "limits",
	.what = "limits",
	.fields = limits_fields,
	.field_count = ARRAY_SIZE(limits_fields),
};

static int read_limits(const struct reading *reading, const struct node *node,
		       const struct field *field, void *object)
{
	struct rule *rule = object;

	(void)field;
	rule->limits_position = node->key_position;
	return reading_mapping(reading, node, &limits_mapping, &rule->limits);
}

/* rules */

static const struct field rule_fields[] = {
	{
		.key = "name",
		.read = read_text,
		.offset = offsetof(struct rule, name),
		.flags = FIELD_REQUIRED,
		.schema = TEXT_SCHEMA,
	},
	{
		.key = "match",
		.read = read_match,
		.schema = "{\"$ref\": \"#/$defs/match\"}",
		.about = "which sources the rule is for; all without it",
	},
	{
		.key = "require",
		.read = read_require,
		.schema = "{\"$ref\": \"#/$defs/require\"}",
		.about = "what must fit",
	},
	{
		.key = "limits",
		.read = read_limits,
		.schema = "{\"$ref\": \"#/$defs/limits\"}",
		.about = "what must not be exceeded",
	},
	{
		.key = "action",
		.read = read_enum,
		.offset = offsetof(struct rule, action),
		.choices = choices_action,
		.about = "of a pair that passes; deny compares nothing, audit never refuses",
	},
};

static const struct mapping rule_mapping = {
	.name = "rule",
	.what = "a rule",
	.fields = rule_fields,
	.field_count = ARRAY_SIZE(rule_fields),
};

static int read_rules(const struct reading *reading, const struct node *node,
		      const struct field *field, void *object)
{
	struct policy *policy = object;
	int r = reading_list(reading, node, "rules", 1);

	(void)field;
	if (r)
		return r;
	if (node->count > RULES_MAX)
		return reading_refuse(reading, node->position, "expected at most %u rules, got %zu",
				      RULES_MAX, node->count);
	policy->rules = arena_alloc(reading->arena, node->count * sizeof(*policy->rules));
	if (!policy->rules)
		return -ENOMEM;
	for (const struct node *item = node->first; !r && item; item = item->next) {
		struct rule *rule = &policy->rules[policy->rule_count++];

		policy_rule_init(rule);
		rule->position = item->position;
		r = reading_mapping(reading, item, &rule_mapping, rule);
	}
	return r;
}

static const struct field policy_fields[] = {
	{
		.key = "schema",
		.read = read_schema,
		.flags = FIELD_REQUIRED | FIELD_FIRST,
		.schema = "{\"const\": \"" POLICY_SCHEMA "\"}",
	},
	{
		.key = "mode",
		.read = read_mode,
		.offset = offsetof(struct policy, mode),
		.choices = choices_mode,
		.about = "enforce refuses; audit lets pass and records what it would have refused",
	},
	{
		.key = "on-bypass",
		.read = read_bypass,
		.offset = offsetof(struct policy, on_bypass),
		.choices = choices_bypass,
		.about = "what becomes of who changes a request while it is judged, beside the "
			 "refusal; refuse",
	},
	{
		.key = "defaults",
		.read = read_defaults,
		.schema = "{\"$ref\": \"#/$defs/defaults\"}",
		.about = "what becomes of a device that no admission covers",
	},
	{
		.key = "aliases",
		.read = read_aliases,
		.schema = "{\"type\": \"array\", \"items\": {\"$ref\": \"#/$defs/alias\"}}",
		.about = "drivers whose types are one namespace",
	},
	{
		.key = "trust",
		.read = policy_trust_read,
		.schema = "{\"type\": \"array\", \"maxItems\": 1024, \"uniqueItems\": true,"
			  " \"items\": {\"type\": \"string\", \"pattern\": \"^/\"}}",
		.about = "files of public keys whose signatures on stamps count",
	},
	{
		.key = "unsigned",
		.read = policy_hook_read,
		.offset = HOOK_UNSIGNED,
		.choices = choices_action,
		.about = "what becomes of a stamp that nobody trusted has signed",
	},
	{
		.key = "stamp-max-age",
		.read = policy_hook_read,
		.offset = HOOK_STAMP_MAX_AGE,
		.quantity = &quantity_s,
		.about = "oldest stamp of a domain that migrates; 1d",
	},
	{
		.key = "remap",
		.read = policy_hook_read,
		.offset = HOOK_REMAP,
		.choices = choices_remap,
		.about = "whether a domain may come to another mdev than it names; off",
	},
	{
		.key = "hook-without-daemon",
		.read = policy_hook_read,
		.offset = HOOK_WITHOUT_DAEMON,
		.choices = choices_default,
		.about = "what the libvirt hook answers when no daemon does",
	},
	{
		.key = "restore",
		.read = policy_hook_read,
		.offset = HOOK_RESTORE,
		.choices = choices_restore,
		.about = "whether a domain restored from a saved image is judged; allow",
	},
	{
		.key = "admission-ttl",
		.read = policy_hook_read,
		.offset = HOOK_ADMISSION_TTL,
		.quantity = &quantity_s,
		.about = "how long a domain that the hook admitted may take to come; 5min",
	},
	{
		.key = "rules",
		.read = read_rules,
		.flags = FIELD_REQUIRED | FIELD_OF_THE_WHOLE,
		.schema = "{\"type\": \"array\", \"minItems\": 1, \"maxItems\": 20000,"
			  " \"items\": {\"$ref\": \"#/$defs/rule\"}}",
		.about = "the first whose match fits the source decides",
	},
};

const struct mapping policy_mapping = {
	.name = "policy",
	.what = "a policy",
	.fields = policy_fields,
	.field_count = ARRAY_SIZE(policy_fields),
};

const struct mapping *const policy_parts[] = {
	&defaults_mapping, &device_default_mapping, &device_match_mapping, &alias_mapping,
	&rule_mapping,     &match_mapping,          &require_mapping,      &type_mapping,
	&version_mapping,  &attribute_mapping,      &limits_mapping,       NULL,
};

int policy_read_part(const struct input *input, bool is_whole, struct policy *policy,
		     struct parse_error *error)
{
	AUTO_NODE_TREE struct node_tree tree = {0};
	struct reading reading = {
		.file = input->name,
		.error = error,
		.arena = policy->arena,
		.owner = policy,
		.is_part = !is_whole,
	};
	int r = node_tree_from_yaml(input, &tree, error);

	if (r)
		return r;
	policy->file = arena_strdup(policy->arena, input->name);
	if (!policy->file)
		return -ENOMEM;
	return reading_mapping(&reading, tree.root, &policy_mapping, policy);
}

int policy_finish(struct policy *policy, struct parse_error *error)
{
	int r = policy_check(policy, error);

	return r ? r : policy_compile(policy);
}

static int read_input(const struct input *input, struct policy **out, struct parse_error *error)
{
	AUTO_POLICY struct policy *policy = NULL;
	int r = policy_new(&policy);

	if (!r)
		r = policy_read_part(input, true, policy, error);
	if (!r)
		r = policy_finish(policy, error);
	if (r)
		return r;
	*out = TAKE_PTR(policy);
	return 0;
}

int policy_read_file(const char *path, struct policy **out, struct parse_error *error)
{
	AUTO_INPUT struct input input = {0};
	int r = input_open(path, POLICY_FILE_MAX, "a policy", &input, error);

	if (r)
		return r;
	return reading_done(read_input(&input, out, error), input.name, error);
}

int policy_read_text(const char *name, const char *text, size_t length, struct policy **out,
		     struct parse_error *error)
{
	struct input input;
	int r = input_from_memory(name, text, length, POLICY_FILE_MAX, "a policy", &input, error);

	if (r)
		return r;
	return reading_done(read_input(&input, out, error), name, error);
}
