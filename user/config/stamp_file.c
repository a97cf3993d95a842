// SPDX-License-Identifier: GPL-2.0-only
#include "config/stamp_file.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "config/config.h"
#include "config/descriptor_read.h"
#include "config/input.h"
#include "config/json_text.h"
#include "config/reading.h"
#include "config/scalar.h"

#define TIME_BYTES 32

static int read_schema(const struct reading *reading, const struct node *node,
		       const struct field *field, void *object)
{
	(void)field;
	(void)object;
	return reading_schema_name(reading, node, STAMP_SCHEMA);
}

static int read_text(const struct reading *reading, const struct node *node,
		     const struct field *field, void *object)
{
	return reading_string(reading, node, "a value", field_target(object, field, const char *));
}

static int read_time(const struct reading *reading, const struct node *node,
		     const struct field *field, void *object)
{
	if (node->kind != NODE_STRING ||
	    time_parse(node->text, field_target(object, field, int64_t)))
		return reading_expected(reading, node, "a time such as 2026-11-20T12:00:00Z");
	return 0;
}

#define TEXT(name, is_required)                                                          \
	{                                                                                \
		.key = #name, .read = read_text, .offset = offsetof(struct stamp, name), \
		.flags = (is_required) ? FIELD_REQUIRED : 0,                             \
	}

static const struct field stamp_fields[] = {
	{.key = "schema", .read = read_schema, .flags = FIELD_REQUIRED | FIELD_FIRST},
	TEXT(domain, true),
	TEXT(device, true),
	TEXT(slot, false),
	TEXT(host, true),
	TEXT(boot_id, true),
	{
		.key = "time",
		.read = read_time,
		.offset = offsetof(struct stamp, time_s),
		.flags = FIELD_REQUIRED,
	},
	TEXT(key, false),
	/* It was read before, since its arena takes the rest. */
	{.key = "descriptor", .read = reading_nothing, .flags = FIELD_REQUIRED},
};

static const struct mapping stamp_mapping = {
	.name = "stamp",
	.what = "a stamp",
	.fields = stamp_fields,
	.field_count = ARRAY_SIZE(stamp_fields),
	.null_is_absent = true,
};

static int read_tree(const struct input *input, const struct node *root, struct stamp **out,
		     struct parse_error *error)
{
	AUTO_DESCRIPTOR struct descriptor *descriptor = NULL;
	struct reading reading = {.file = input->name, .error = error};
	const struct node *inner =
		root->kind == NODE_MAPPING ? node_child(root, "descriptor") : NULL;
	struct stamp *stamp;
	int r = inner ? descriptor_from_node(input->name, inner, false, &descriptor, error)
		      : descriptor_new(&descriptor);

	if (r)
		return r;
	reading.arena = descriptor->arena;
	stamp = arena_alloc(descriptor->arena, sizeof(*stamp));
	if (!stamp)
		return -ENOMEM;
	reading.owner = stamp;
	r = reading_mapping(&reading, root, &stamp_mapping, stamp);
	if (r)
		return r;
	stamp->descriptor = TAKE_PTR(descriptor);
	*out = stamp;
	return 0;
}

int stamp_read_text(const char *name, const char *text, size_t length, struct stamp **out,
		    struct parse_error *error)
{
	AUTO_NODE_TREE struct node_tree tree = {0};
	struct input input;
	int r = input_from_memory(name, text, length, STAMP_TEXT_MAX, "a stamp", &input, error);

	if (!r)
		r = node_tree_from_json(&input, &tree, error);
	if (!r)
		r = read_tree(&input, tree.root, out, error);
	return reading_done(r, name, error);
}

char *stamp_to_text(const struct stamp *stamp)
{
	AUTO_JSON json_t *descriptor = descriptor_to_json(stamp->descriptor);
	AUTO_JSON json_t *object = NULL;
	time_t time_s = (time_t)stamp->time_s;
	char clock[TIME_BYTES];
	struct tm utc;

	if (!descriptor || !gmtime_r(&time_s, &utc) ||
	    !strftime(clock, sizeof(clock), "%Y-%m-%dT%H:%M:%SZ", &utc))
		return NULL;
	object = json_pack("{s:s, s:s, s:s, s:s?, s:s, s:s, s:s, s:s?, s:O}", "schema",
			   STAMP_SCHEMA, "domain", stamp->domain, "device", stamp->device, "slot",
			   stamp->slot, "host", stamp->host, "boot_id", stamp->boot_id, "time",
			   clock, "key", stamp->key, "descriptor", descriptor);
	return object ? json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
}
