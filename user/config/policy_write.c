// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/config.h"
#include "config/policy_hook.h"
#include "config/policy_read.h"
#include "config/scalar.h"

/* Always in quotes: no word can then turn into a number, a boolean or an indicator. */
static void put_text(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte == '"' || byte == '\\')
			fprintf(out, "\\%c", byte);
		else if (byte < 0x20 || byte == 0x7f)
			fprintf(out, "\\x%02x", byte);
		else
			fputc(byte, out);
	}
	fputc('"', out);
}

static void put_aliases(FILE *out, const struct policy *policy)
{
	if (policy->alias_count)
		fputs("aliases:\n", out);
	for (size_t i = 0; i < policy->alias_count; i++) {
		const struct alias_group *group = &policy->aliases[i];

		fputs("  - {name: ", out);
		put_text(out, group->name);
		fputs(", vendor: ", out);
		put_text(out, group->vendor);
		fputs(", drivers: [", out);
		for (size_t k = 0; k < group->driver_count; k++) {
			fputs(k ? ", " : "", out);
			put_text(out, group->drivers[k]);
		}
		fputs("]}\n", out);
	}
}

static void put_trust(FILE *out, const struct policy *policy)
{
	if (policy->trust_count)
		fputs("trust:\n", out);
	for (size_t i = 0; i < policy->trust_count; i++) {
		fputs("  - ", out);
		put_text(out, policy->trust[i].path);
		fputc('\n', out);
	}
}

/* Only what the policy says: most have nothing to do with libvirt. */
static void put_hook(FILE *out, const struct policy *policy)
{
	static const struct choice *const choices[HOOK_KEYS] = {
		[HOOK_UNSIGNED] = choices_action,
		[HOOK_REMAP] = choices_remap,
		[HOOK_WITHOUT_DAEMON] = choices_action,
		[HOOK_RESTORE] = choices_restore,
	};

	for (int i = 0; i < HOOK_KEYS; i++) {
		const struct policy_hook *hook = &policy->hook[i];
		char age[QUANTITY_BYTES] = "";

		if (!hook->position.line)
			continue;
		if (!choices[i])
			quantity_format(&quantity_s, hook->value, age);
		fprintf(out, "%s: %s\n", policy_hook_key_name((enum policy_hook_key)i),
			choices[i] ? choice_name(choices[i], (int)hook->value) : age);
	}
}

static void put_match(FILE *out, const struct rule_match *match)
{
	const struct {
		const char *key;
		const char *pattern;
	} parts[] = {
		{"device_api", match->device_api}, {"vendor", match->vendor},
		{"device_id", match->device_id},   {"driver", match->driver},
		{"mdev_type", match->mdev_type},   {"device", match->device},
	};
	const char *before = "";

	fputs("match: {", out);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (!parts[i].pattern)
			continue;
		fprintf(out, "%s%s: ", before, parts[i].key);
		put_text(out, parts[i].pattern);
		before = ", ";
	}
	fputs("}", out);
}

static void put_defaults(FILE *out, const struct policy *policy)
{
	if (!policy->device_default_count) {
		fprintf(out, "defaults: {incoming: %s, outgoing: %s}\n",
			mw_action_name(policy->incoming), mw_action_name(policy->outgoing));
		return;
	}
	fprintf(out, "defaults:\n  incoming: %s\n  outgoing: %s\n  devices:\n",
		mw_action_name(policy->incoming), mw_action_name(policy->outgoing));
	for (size_t i = 0; i < policy->device_default_count; i++) {
		const struct device_default *own = &policy->device_defaults[i];

		fputs("    - {", out);
		put_match(out, &own->match);
		if (own->incoming_position.line)
			fprintf(out, ", incoming: %s", mw_action_name(own->incoming));
		if (own->outgoing_position.line)
			fprintf(out, ", outgoing: %s", mw_action_name(own->outgoing));
		fputs("}\n", out);
	}
}

static void put_type(FILE *out, const struct rule *rule)
{
	switch (rule->type) {
	case TYPE_EQUAL:
		fputs("      type: equal\n", out);
		return;
	case TYPE_TRAITS:
		fputs("      type: traits\n", out);
		return;
	case TYPE_CROSS:
		break;
	}
	fputs("      type:\n        cross:\n", out);
	for (size_t i = 0; i < rule->cross_count; i++) {
		fputs("          - [", out);
		put_text(out, rule->cross[i].from);
		fputs(", ", out);
		put_text(out, rule->cross[i].to);
		fputs("]\n", out);
	}
}

static void put_attributes(FILE *out, const struct rule *rule)
{
	if (rule->attribute_count)
		fputs("      attributes:\n", out);
	for (size_t i = 0; i < rule->attribute_count; i++) {
		const struct attribute_rule *attribute = &rule->attributes[i];

		fputs("        ", out);
		put_text(out, attribute->name);
		fprintf(out, ": {compare: %s",
			choice_name(choices_attribute_comparator, (int)attribute->comparator));
		if (attribute->comparator == COMPARE_SUPERSET && attribute->separator) {
			fputs(", separator: ", out);
			put_text(out, attribute->separator);
		}
		if (attribute->absent) {
			fputs(", absent: ", out);
			put_text(out, attribute->absent);
		}
		fputs("}\n", out);
	}
}

static void put_require(FILE *out, const struct rule *rule)
{
	const char *before = "";

	fputs("    require:\n", out);
	fprintf(out, "      parent: %s\n", rule->parent_ignore ? "ignore" : "match");
	put_type(out, rule);
	fprintf(out, "      version: {compare: %s, direction: %s}\n",
		choice_name(choices_version_comparator, (int)rule->version),
		choice_name(choices_direction, (int)rule->direction));
	put_attributes(out, rule);
	if (rule->unconstrained_set)
		fprintf(out, "      unconstrained: %s\n",
			choice_name(choices_unconstrained, rule->unconstrained_warn));
	fputs("      capabilities: [", out);
	for (const struct choice *choice = choices_capability; choice->name; choice++) {
		if (!(rule->capabilities & (uint32_t)choice->value))
			continue;
		fprintf(out, "%s%s", before, choice->name);
		before = ", ";
	}
	fputs("]\n", out);
}

static void put_limits(FILE *out, const struct rule_limits *limits)
{
	const struct {
		const char *key;
		const struct quantity *quantity;
		int64_t value;
	} parts[] = {
		{"stop-copy-bytes", &quantity_bytes, limits->stop_copy_bytes},
		{"downtime", &quantity_ns, limits->downtime_ns},
		{"descriptor-age", &quantity_s, limits->descriptor_age_s},
	};
	const char *before = "    limits: {";

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		char text[QUANTITY_BYTES];

		if (parts[i].value < 0)
			continue;
		quantity_format(parts[i].quantity, parts[i].value, text);
		fprintf(out, "%s%s: %s", before, parts[i].key, text);
		before = ", ";
	}
	if (*before == ',')
		fputs("}\n", out);
}

static void put_rule(FILE *out, const struct rule *rule)
{
	fputs("  - name: ", out);
	put_text(out, rule->name);
	fputs("\n", out);
	fputs("    ", out);
	put_match(out, &rule->match);
	fputs("\n", out);
	put_require(out, rule);
	put_limits(out, &rule->limits);
	fprintf(out, "    action: %s\n", mw_action_name(rule->action));
}

char *policy_to_yaml(const struct policy *policy)
{
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	bool is_broken;

	if (!out)
		return NULL;
	fprintf(out, "schema: %s\nmode: %s\non-bypass: %s\n", POLICY_SCHEMA,
		choice_name(choices_mode, (int)policy->mode),
		choice_name(choices_bypass, (int)policy->on_bypass));
	put_defaults(out, policy);
	put_aliases(out, policy);
	put_trust(out, policy);
	put_hook(out, policy);
	fputs("rules:\n", out);
	for (size_t i = 0; i < policy->rule_count; i++)
		put_rule(out, &policy->rules[i]);
	is_broken = ferror(out);
	if (fclose(out) || is_broken)
		return NULL;
	return TAKE_PTR(text);
}
