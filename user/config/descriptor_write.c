// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/utf8.h"
#include "config/config.h"
#include "config/input.h"
#include "config/json_text.h"
#include "config/reading.h"
#include "config/scalar.h"

static json_t *unreadable_to_json(int error_number)
{
	char name[ERRNO_NAME_BYTES];

	errno_to_name(error_number, name);
	return json_pack("{s:s}", "unreadable", name);
}

static bool is_utf8(const char *text)
{
	size_t length = strlen(text);

	return utf8_valid_length(text, length) == length;
}

static json_t *fact_to_json(const struct fact *fact)
{
	switch (fact->state) {
	case FACT_UNKNOWN:
		return json_null();
	case FACT_UNREADABLE:
		return unreadable_to_json(fact->error);
	case FACT_KNOWN:
		break;
	}
	/* A repaired value could equal another one: what JSON cannot carry was not read. */
	return is_utf8(fact->text) ? json_string(fact->text) : unreadable_to_json(EILSEQ);
}

static json_t *offered_types_to_json(const struct descriptor *descriptor)
{
	AUTO_JSON json_t *list = json_array();

	if (!descriptor->offered_type_count)
		return json_null();
	for (size_t i = 0; i < descriptor->offered_type_count; i++) {
		const struct offered_type *offer = &descriptor->offered_types[i];
		json_t *available = offer->available_instances < 0
					    ? json_null()
					    : json_integer(offer->available_instances);

		if (json_array_append_new(list,
					  json_pack("{s:o, s:o}", "type", json_text(offer->type),
						    "available_instances", available)))
			return NULL;
	}
	return TAKE_PTR(list);
}

static json_t *capabilities_to_json(const struct descriptor *descriptor)
{
	AUTO_JSON json_t *list = json_array();

	if (!descriptor->capabilities_known)
		return json_null();
	for (const struct choice *choice = choices_capability; choice->name; choice++)
		if ((descriptor->capabilities & (uint32_t)choice->value) &&
		    json_array_append_new(list, json_string(choice->name)))
			return NULL;
	return TAKE_PTR(list);
}

static json_t *protocol_to_json(const struct descriptor *descriptor)
{
	if (descriptor->protocol_error)
		return unreadable_to_json(descriptor->protocol_error);
	switch (descriptor->protocol) {
	case PROTOCOL_UNKNOWN:
		return json_null();
	case PROTOCOL_NONE:
		return json_string("none");
	case PROTOCOL_V1:
		return json_string("v1");
	case PROTOCOL_V2:
		return json_string("v2");
	}
	return NULL;
}

/* Whole milliseconds as an integer: 300, not 300.0. */
static json_t *milliseconds_to_json(int64_t ns)
{
	return ns % 1000000 ? json_real((double)ns / 1e6) : json_integer(ns / 1000000);
}

static json_t *migration_to_json(const struct descriptor *descriptor)
{
	AUTO_JSON json_t *object = json_object();

	if (descriptor->protocol == PROTOCOL_UNKNOWN && !descriptor->protocol_error &&
	    !descriptor->capabilities_known && descriptor->stop_copy_bytes < 0 &&
	    descriptor->downtime_ns < 0)
		return json_null();
	if (json_object_set_new(object, "protocol", protocol_to_json(descriptor)) ||
	    json_object_set_new(object, "capabilities", capabilities_to_json(descriptor)))
		return NULL;
	if (descriptor->stop_copy_bytes >= 0 &&
	    json_object_set_new(object, "stop_copy_bytes",
				json_integer(descriptor->stop_copy_bytes)))
		return NULL;
	if (descriptor->downtime_ns >= 0 &&
	    json_object_set_new(object, "downtime_ms",
				milliseconds_to_json(descriptor->downtime_ns)))
		return NULL;
	return TAKE_PTR(object);
}

static json_t *compatible_type_to_json(const struct descriptor *descriptor)
{
	AUTO_JSON json_t *list = json_array();

	if (!descriptor->compatible_type_count)
		return json_null();
	for (size_t i = 0; i < descriptor->compatible_type_count; i++) {
		/* No set at all never passes (SEMANTICS 2.7); a set with a hole in it might. */
		if (!is_utf8(descriptor->compatible_type[i]))
			return json_null();
		if (json_array_append_new(list, json_string(descriptor->compatible_type[i])))
			return NULL;
	}
	return TAKE_PTR(list);
}

static json_t *attributes_to_json(const struct descriptor *descriptor)
{
	AUTO_JSON json_t *object = json_object();

	for (size_t i = 0; i < descriptor->attribute_count; i++) {
		const struct attribute *attribute = &descriptor->attributes[i];

		if (json_object_set_new(object, attribute->name, fact_to_json(&attribute->value)))
			return NULL;
	}
	return TAKE_PTR(object);
}

/* The keys in the order of SEMANTICS 3: a fact by its offset, or a function for the rest. */
static const struct part {
	const char *key;
	size_t offset;
	json_t *(*to_json)(const struct descriptor *descriptor);
} parts[] = {
#define FACT(name)                                             \
	{                                                      \
#name, offsetof(struct descriptor, name), NULL \
	}
	FACT(host),
	FACT(boot_id),
	FACT(collected_at),
	FACT(device),
	FACT(device_api),
	FACT(vendor),
	FACT(device_id),
	FACT(driver),
	FACT(driver_version),
	FACT(firmware_version),
	FACT(mdev_type),
	{"offered_types", 0, offered_types_to_json},
	{"migration", 0, migration_to_json},
	FACT(version),
	FACT(interface_version),
	FACT(interface_version_compatible),
	{"compatible_type", 0, compatible_type_to_json},
	{"template", offsetof(struct descriptor, template_text), NULL},
	{"attributes", 0, attributes_to_json},
};

json_t *descriptor_to_json(const struct descriptor *descriptor)
{
	AUTO_JSON json_t *object = json_object();

	if (json_object_set_new(object, "schema", json_string(DESCRIPTOR_SCHEMA)))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		const struct part *part = &parts[i];
		const void *fact = (const char *)descriptor + part->offset;
		json_t *value = part->to_json ? part->to_json(descriptor) : fact_to_json(fact);

		if (json_object_set_new(object, part->key, value))
			return NULL;
	}
	return TAKE_PTR(object);
}
