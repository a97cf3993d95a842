// SPDX-License-Identifier: GPL-2.0-only
/*
 * The JSON Schema of a file, made from the tables that read it. A schema describes one key at a
 * time; what spans several (a separator without superset, a rule that hides another) is lint's.
 */
#include <stdlib.h>

#include "base/cleanup.h"
#include "config/config.h"
#include "config/descriptor_read.h"
#include "config/json_text.h"
#include "config/policy_read.h"

static json_t *words_schema(const struct choice *choices)
{
	AUTO_JSON json_t *words = json_array();

	for (; choices->name; choices++)
		if (json_array_append_new(words, json_string(choices->name)))
			return NULL;
	return json_pack("{s:O}", "enum", words);
}

static json_t *value_schema(const struct field *field, bool or_null)
{
	AUTO_JSON json_t *schema = NULL;

	if (field->choices)
		schema = words_schema(field->choices);
	else
		schema = json_loads(field->quantity ? field->quantity->schema : field->schema, 0,
				    NULL);
	if (schema && or_null)
		schema = json_pack("{s:[o, {s:s}]}", "anyOf", schema, "type", "null");
	if (field->about && json_object_set_new(schema, "description", json_string(field->about)))
		return NULL;
	return TAKE_PTR(schema);
}

static json_t *mapping_schema(const struct mapping *mapping)
{
	AUTO_JSON json_t *properties = json_object();
	AUTO_JSON json_t *required = json_array();

	for (size_t i = 0; i < mapping->field_count; i++) {
		const struct field *field = &mapping->fields[i];
		bool is_required = field->flags & FIELD_REQUIRED;

		if (json_object_set_new(properties, field->key,
					value_schema(field,
						     mapping->null_is_absent && !is_required)))
			return NULL;
		if (is_required && json_array_append_new(required, json_string(field->key)))
			return NULL;
	}
	return json_pack("{s:s, s:O, s:b, s:O}", "type", "object", "properties", properties,
			 "additionalProperties", 0, "required", required);
}

/* A shape that several fields refer to and no mapping has. */
struct definition {
	const char *name;
	const char *schema;
};

static char *whole_schema(const struct mapping *top, const struct mapping *const *parts,
			  const char *title, const struct definition *shared)
{
	AUTO_JSON json_t *definitions = json_object();
	AUTO_JSON json_t *schema =
		json_pack("{s:s, s:s}", "$schema", "https://json-schema.org/draft/2020-12/schema",
			  "title", title);
	AUTO_JSON json_t *body = mapping_schema(top);

	for (; *parts; parts++)
		if (json_object_set_new(definitions, (*parts)->name, mapping_schema(*parts)))
			return NULL;
	if (json_object_set_new(definitions, shared->name, json_loads(shared->schema, 0, NULL)) ||
	    json_object_update(schema, body) || json_object_set(schema, "$defs", definitions))
		return NULL;
	return json_dumps(schema, JSON_INDENT(2));
}

char *descriptor_schema_json(void)
{
	const struct definition fact = {"fact", descriptor_fact_schema};

	return whole_schema(&descriptor_mapping, descriptor_parts, DESCRIPTOR_SCHEMA, &fact);
}

char *policy_schema_json(void)
{
	/* A glob, or an id as it may be written. */
	const struct definition pattern = {
		"id_pattern",
		"{\"type\": \"string\","
		" \"pattern\": \"^(.*[*?[].*|(0[xX])?0*[0-9A-Fa-f]{1,8})$\"}",
	};

	return whole_schema(&policy_mapping, policy_parts, POLICY_SCHEMA, &pattern);
}
