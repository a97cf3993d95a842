// SPDX-License-Identifier: GPL-2.0-only
#include "json_schema.h"

#include <criterion/criterion.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* What a keyword says about a value. */
struct question {
	const json_t *root;
	const json_t *schema;
	const json_t *argument;
	const json_t *value;
};

static const json_t *resolve(const json_t *root, const char *reference)
{
	AUTO_FREE char *path = strdup(reference);
	const json_t *at = root;
	char *rest = path + 1;
	char *part;

	cr_assert_eq(strncmp(reference, "#/", 2), 0);
	while ((part = strsep(&rest, "/")))
		if (*part)
			at = json_object_get(at, part);
	cr_assert_not_null(at, "%s leads nowhere", reference);
	return at;
}

static bool on_ref(const struct question *q)
{
	return json_schema_accepts(q->root, resolve(q->root, json_string_value(q->argument)),
				   q->value);
}

static bool on_any_of(const struct question *q)
{
	const json_t *branch;
	size_t i;

	json_array_foreach(q->argument, i,
			   branch) if (json_schema_accepts(q->root, branch, q->value)) return true;
	return false;
}

static bool on_type(const struct question *q)
{
	const char *type = json_string_value(q->argument);

	if (strcmp(type, "object") == 0)
		return json_is_object(q->value);
	if (strcmp(type, "array") == 0)
		return json_is_array(q->value);
	if (strcmp(type, "string") == 0)
		return json_is_string(q->value);
	if (strcmp(type, "integer") == 0)
		return json_is_integer(q->value);
	if (strcmp(type, "number") == 0)
		return json_is_number(q->value);
	cr_assert_str_eq(type, "null");
	return json_is_null(q->value);
}

static bool on_const(const struct question *q)
{
	return json_equal(q->argument, q->value);
}

static bool on_enum(const struct question *q)
{
	json_t *word;
	size_t i;

	json_array_foreach(q->argument, i, word) if (json_equal(word, q->value)) return true;
	return false;
}

static bool on_pattern(const struct question *q)
{
	regex_t regex;
	bool matches;

	if (!json_is_string(q->value))
		return true;
	cr_assert_eq(regcomp(&regex, json_string_value(q->argument), REG_EXTENDED | REG_NOSUB), 0);
	matches = regexec(&regex, json_string_value(q->value), 0, NULL, 0) == 0;
	regfree(&regex);
	return matches;
}

static bool on_min_length(const struct question *q)
{
	return !json_is_string(q->value) ||
	       (json_int_t)json_string_length(q->value) >= json_integer_value(q->argument);
}

static bool on_properties(const struct question *q)
{
	const char *key;
	json_t *schema;

	json_object_foreach((json_t *)q->argument, key, schema)
	{
		const json_t *value = json_object_get(q->value, key);

		if (value && !json_schema_accepts(q->root, schema, value))
			return false;
	}
	return true;
}

static bool on_additional_properties(const struct question *q)
{
	const json_t *known = json_object_get(q->schema, "properties");
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)q->value, key, value)
	{
		if (json_object_get(known, key))
			continue;
		if (json_is_false(q->argument) || !json_schema_accepts(q->root, q->argument, value))
			return false;
	}
	return true;
}

static bool on_property_names(const struct question *q)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)q->value, key, value)
	{
		json_t *name = json_string(key);
		bool accepts = json_schema_accepts(q->root, q->argument, name);

		json_decref(name);
		if (!accepts)
			return false;
	}
	return true;
}

static bool on_required(const struct question *q)
{
	const json_t *key;
	size_t i;

	json_array_foreach(q->argument, i,
			   key) if (json_is_object(q->value) &&
				    !json_object_get(q->value,
						     json_string_value(key))) return false;
	return true;
}

static bool on_items(const struct question *q)
{
	const json_t *item;
	size_t i;

	json_array_foreach(q->value, i,
			   item) if (!json_schema_accepts(q->root, q->argument, item)) return false;
	return true;
}

static bool on_min_items(const struct question *q)
{
	return !json_is_array(q->value) ||
	       (json_int_t)json_array_size(q->value) >= json_integer_value(q->argument);
}

static bool on_max_items(const struct question *q)
{
	return (json_int_t)json_array_size(q->value) <= json_integer_value(q->argument);
}

static bool on_max_properties(const struct question *q)
{
	return (json_int_t)json_object_size(q->value) <= json_integer_value(q->argument);
}

static bool on_unique_items(const struct question *q)
{
	for (size_t i = 0; i < json_array_size(q->value); i++)
		for (size_t k = 0; k < i; k++)
			if (json_equal(json_array_get(q->value, i), json_array_get(q->value, k)))
				return false;
	return true;
}

static bool on_minimum(const struct question *q)
{
	return !json_is_number(q->value) ||
	       json_number_value(q->value) >= json_number_value(q->argument);
}

static bool on_maximum(const struct question *q)
{
	return !json_is_number(q->value) ||
	       json_number_value(q->value) <= json_number_value(q->argument);
}

static bool on_annotation(const struct question *q)
{
	(void)q;
	return true;
}

static const struct keyword {
	const char *name;
	bool (*accepts)(const struct question *question);
} keywords[] = {
	{"$ref", on_ref},
	{"anyOf", on_any_of},
	{"type", on_type},
	{"const", on_const},
	{"enum", on_enum},
	{"pattern", on_pattern},
	{"minLength", on_min_length},
	{"properties", on_properties},
	{"additionalProperties", on_additional_properties},
	{"propertyNames", on_property_names},
	{"required", on_required},
	{"items", on_items},
	{"minItems", on_min_items},
	{"maxItems", on_max_items},
	{"maxProperties", on_max_properties},
	{"uniqueItems", on_unique_items},
	{"minimum", on_minimum},
	{"maximum", on_maximum},
	{"$schema", on_annotation},
	{"$defs", on_annotation},
	{"title", on_annotation},
	{"description", on_annotation},
	{"format", on_annotation},
};

static const struct keyword *find_keyword(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(keywords); i++)
		if (strcmp(keywords[i].name, name) == 0)
			return &keywords[i];
	cr_assert_fail("unknown keyword %s", name);
	return NULL;
}

bool json_schema_accepts(const json_t *root, const json_t *schema, const json_t *value)
{
	struct question question = {.root = root, .schema = schema, .value = value};
	const char *name;
	json_t *argument;

	json_object_foreach((json_t *)schema, name, argument)
	{
		question.argument = argument;
		if (!find_keyword(name)->accepts(&question))
			return false;
	}
	return true;
}

static const char *const pool[] = {
	"null",
	"true",
	"7",
	"-1",
	"1.5",
	"4503599628",
	"\"\"",
	"\"x\"",
	"\"v2\"",
	"\"stop-copy\"",
	"\"8086\"",
	"\"0x1g\"",
	"\"8*\"",
	"\"deny\"",
	"\"1ms\"",
	"\"1KiB\"",
	"\"1d\"",
	"\"match\"",
	"\"traits\"",
	"\"auto\"",
	"[]",
	"[\"x\"]",
	"[[\"a\", \"b\"]]",
	"[\"p2p\", \"p2p\"]",
	"{}",
	"{\"x\": 1}",
	"{\"unreadable\": \"EIO\"}",
	"{\"unreadable\": null}",
	"{\"cross\": [[\"a\", \"b\"]]}",
	"{\"compare\": \"ranges\"}",
	"{\"compare\": \"superset\", \"separator\": \",\"}",
};

/* Replaces by each of the pool what set() puts into its place; the original comes back. */
static void mutate_place(json_t *document, json_t *parent, const char *key, size_t index,
			 mutation_visitor visit, void *data)
{
	json_t *original = key ? json_object_get(parent, key) : json_array_get(parent, index);

	json_incref(original);
	for (size_t i = 0; i < ARRAY_SIZE(pool); i++) {
		json_t *value = json_loads(pool[i], JSON_DECODE_ANY, NULL);

		cr_assert_not_null(value);
		if (key)
			json_object_set_new(parent, key, value);
		else
			json_array_set_new(parent, index, value);
		visit(document, data);
	}
	if (key)
		json_object_set_new(parent, key, original);
	else
		json_array_set_new(parent, index, original);
}

static void mutate_object(json_t *document, json_t *object, mutation_visitor visit, void *data);

static void mutate_below(json_t *document, json_t *value, mutation_visitor visit, void *data)
{
	if (json_is_object(value))
		mutate_object(document, value, visit, data);
	for (size_t i = 0; i < json_array_size(value); i++) {
		mutate_place(document, value, NULL, i, visit, data);
		mutate_below(document, json_array_get(value, i), visit, data);
	}
}

static void mutate_object(json_t *document, json_t *object, mutation_visitor visit, void *data)
{
	json_t *copy = json_copy(object);
	const char *key;
	json_t *value;

	json_object_foreach(copy, key, value)
	{
		mutate_place(document, object, key, 0, visit, data);
		mutate_below(document, value, visit, data);
		json_object_del(object, key);
		visit(document, data);
		json_object_set(object, key, value);
	}
	json_object_set_new(object, "zzz", json_true());
	visit(document, data);
	json_object_del(object, "zzz");
	json_decref(copy);
}

void mutations_each(json_t *document, mutation_visitor visit, void *data)
{
	visit(document, data);
	mutate_below(document, document, visit, data);
	visit(document, data);
}
