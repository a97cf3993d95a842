// SPDX-License-Identifier: GPL-2.0-only
#include "config/descriptor_read.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/config.h"
#include "config/scalar.h"

/* 2^52 ns, 52 days: a double holds them to the half. So that a number written reads back the same.
 */
#define DOWNTIME_MS_MAX 4503599627.0

const char descriptor_fact_schema[] =
	"{\"anyOf\": [{\"type\": \"string\"}, {\"$ref\": \"#/$defs/unreadable\"}]}";

static const struct choice choices_protocol[] = {
	{"v2", PROTOCOL_V2},
	{"v1", PROTOCOL_V1},
	{"none", PROTOCOL_NONE},
	{0},
};

static int read_schema(const struct reading *reading, const struct node *node,
		       const struct field *field, void *object)
{
	(void)field;
	(void)object;
	return reading_schema_name(reading, node, DESCRIPTOR_SCHEMA);
}

static int read_errno(const struct reading *reading, const struct node *node,
		      const struct field *field, void *object)
{
	int number;

	if (node->kind != NODE_STRING)
		return reading_expected(reading, node, "the name of an errno such as \"EIO\"");
	number = errno_from_name(node->text);
	if (number < 0)
		return reading_expected(reading, node, "the name of an errno such as \"EIO\"");
	*field_target(object, field, int) = number;
	return 0;
}

static const struct field unreadable_fields[] = {
	{
		.key = "unreadable",
		.read = read_errno,
		.flags = FIELD_REQUIRED,
		.schema = "{\"type\": \"string\", \"pattern\": \"^(E[A-Z0-9]+|errno [0-9]+)$\"}",
		.about = "the errno of reading it",
	},
};

static const struct mapping unreadable_mapping = {
	.name = "unreadable",
	.what = "an unreadable value",
	.fields = unreadable_fields,
	.field_count = ARRAY_SIZE(unreadable_fields),
};

/* A string, or {"unreadable": "EIO"} (*error_number then is that, else 0 and *text borrowed). */
static int read_text_or_errno(const struct reading *reading, const struct node *node,
			      const char **text, int *error_number)
{
	*error_number = 0;
	if (node->kind == NODE_MAPPING)
		return reading_mapping(reading, node, &unreadable_mapping, error_number);
	if (node->kind != NODE_STRING)
		return reading_expected(reading, node, "a string, or {\"unreadable\": ERRNO}");
	*text = node->text;
	return 0;
}

static int set_fact(const struct reading *reading, struct fact *fact, const char *text,
		    int error_number)
{
	if (!error_number)
		return descriptor_set_fact(reading->owner, fact, text);
	descriptor_set_unreadable(fact, error_number);
	return 0;
}

static int read_fact(const struct reading *reading, const struct node *node,
		     const struct field *field, void *object)
{
	const char *text = NULL;
	int error_number;
	int r = read_text_or_errno(reading, node, &text, &error_number);

	if (r)
		return r;
	return set_fact(reading, field_target(object, field, struct fact), text, error_number);
}

static int read_name(const struct reading *reading, const struct node *node,
		     const struct field *field, void *object)
{
	if (node->kind == NODE_STRING && !*node->text)
		return reading_expected(reading, node, "a name, or null");
	return read_fact(reading, node, field, object);
}

static int read_device_api(const struct reading *reading, const struct node *node,
			   const struct field *field, void *object)
{
	struct descriptor *descriptor = object;
	int r = read_name(reading, node, field, object);

	/* SEMANTICS 2.8. */
	if (r || descriptor->device_api.state != FACT_KNOWN ||
	    strcmp(descriptor->device_api.text, "pci") != 0)
		return r;
	r = descriptor_set_fact(descriptor, &descriptor->device_api, "vfio-pci");
	if (r)
		return r;
	return descriptor_warn(descriptor, "device_api: \"pci\" reads as \"vfio-pci\"");
}

static int read_id(const struct reading *reading, const struct node *node,
		   const struct field *field, void *object)
{
	const char *text = NULL;
	char canonical[9];
	int error_number;
	int r = read_text_or_errno(reading, node, &text, &error_number);

	if (r)
		return r;
	if (!error_number) {
		if (descriptor_canonical_id(text, 4, canonical))
			return reading_expected(reading, node,
						"a hexadecimal id of at most 32 bits");
		text = canonical;
	}
	return set_fact(reading, field_target(object, field, struct fact), text, error_number);
}

static int read_collected_at(const struct reading *reading, const struct node *node,
			     const struct field *field, void *object)
{
	struct descriptor *descriptor = object;
	int r = read_fact(reading, node, field, object);

	if (r || descriptor->collected_at.state != FACT_KNOWN)
		return r;
	if (time_parse(node->text, &descriptor->collected_at_s))
		return reading_expected(reading, node, "a time such as \"2026-11-20T12:00:00Z\"");
	return 0;
}

static int read_count(const struct reading *reading, const struct node *node,
		      const struct field *field, void *object)
{
	if (node->kind != NODE_INTEGER || node->integer < 0)
		return reading_expected(reading, node, "an integer of at least 0");
	*field_target(object, field, int64_t) = node->integer;
	return 0;
}

static int read_downtime(const struct reading *reading, const struct node *node,
			 const struct field *field, void *object)
{
	if ((node->kind != NODE_INTEGER && node->kind != NODE_REAL) ||
	    !(node->real >= 0 && node->real <= DOWNTIME_MS_MAX))
		return reading_expected(reading, node, "milliseconds from 0 to %.0f",
					DOWNTIME_MS_MAX);
	*field_target(object, field, int64_t) = (int64_t)(node->real * 1e6 + 0.5);
	return 0;
}

static int refuse_count(const struct reading *reading, const struct node *node, const char *what,
			size_t most)
{
	return reading_refuse(reading, node->position, "expected at most %zu %s, got %zu", most,
			      what, node->count);
}

static int read_bounded_list(const struct reading *reading, const struct node *node,
			     const char *what, size_t most)
{
	int r = reading_list(reading, node, what, 0);

	return !r && node->count > most ? refuse_count(reading, node, what, most) : r;
}

/* An item of offered_types while it is read. */
struct offer {
	const char *type;
	int64_t available_instances;
};

static int read_offer_type(const struct reading *reading, const struct node *node,
			   const struct field *field, void *object)
{
	return reading_string(reading, node, "a type", field_target(object, field, const char *));
}

static const struct field offer_fields[] = {
	{
		.key = "type",
		.read = read_offer_type,
		.offset = offsetof(struct offer, type),
		.flags = FIELD_REQUIRED,
		.schema = "{\"type\": \"string\", \"minLength\": 1}",
	},
	{
		.key = "available_instances",
		.read = read_count,
		.offset = offsetof(struct offer, available_instances),
		.schema = "{\"type\": \"integer\", \"minimum\": 0}",
		.about = "how many can still be made",
	},
};

static const struct mapping offer_mapping = {
	.name = "offered_type",
	.what = "an offered type",
	.fields = offer_fields,
	.field_count = ARRAY_SIZE(offer_fields),
	.null_is_absent = true,
};

static int read_offered_types(const struct reading *reading, const struct node *node,
			      const struct field *field, void *object)
{
	int r = read_bounded_list(reading, node, "types", DESCRIPTOR_TYPES_MAX);

	(void)field;
	for (const struct node *item = node->first; !r && item; item = item->next) {
		struct offer offer = {.available_instances = -1};

		r = reading_mapping(reading, item, &offer_mapping, &offer);
		if (!r)
			r = descriptor_add_offered_type(object, offer.type,
							offer.available_instances);
	}
	return r;
}

static int read_compatible_type(const struct reading *reading, const struct node *node,
				const struct field *field, void *object)
{
	int r = read_bounded_list(reading, node, "traits", DESCRIPTOR_TRAITS_MAX);

	(void)field;
	for (const struct node *item = node->first; !r && item; item = item->next) {
		const char *trait;

		r = reading_string(reading, item, "a trait", &trait);
		if (!r)
			r = descriptor_add_compatible_type(object, trait);
	}
	return r;
}

static int read_protocol(const struct reading *reading, const struct node *node,
			 const struct field *field, void *object)
{
	struct descriptor *descriptor = object;
	int value;
	int r;

	(void)field;
	if (node->kind == NODE_MAPPING)
		return reading_mapping(reading, node, &unreadable_mapping,
				       &descriptor->protocol_error);
	r = reading_choice(reading, node, choices_protocol, &value);
	if (!r)
		descriptor->protocol = (enum migration_protocol)value;
	return r;
}

static int read_capabilities(const struct reading *reading, const struct node *node,
			     const struct field *field, void *object)
{
	struct descriptor *descriptor = object;
	int r = reading_flags(reading, node, choices_capability, &descriptor->capabilities);

	(void)field;
	if (!r)
		descriptor->capabilities_known = true;
	return r;
}

static const struct field migration_fields[] = {
	{
		.key = "protocol",
		.read = read_protocol,
		.schema = "{\"anyOf\": [{\"enum\": [\"v2\", \"v1\", \"none\"]},"
			  " {\"$ref\": \"#/$defs/unreadable\"}]}",
		.about = "v2: VFIO_DEVICE_FEATURE_MIGRATION; v1: the migration region only",
	},
	{
		.key = "capabilities",
		.read = read_capabilities,
		.schema = "{\"type\": \"array\", \"uniqueItems\": true,"
			  " \"items\": {\"enum\": [\"stop-copy\", \"p2p\", \"pre-copy\"]}}",
		.about = "what the device can beside the base, stop-copy",
	},
	{
		.key = "stop_copy_bytes",
		.read = read_count,
		.offset = offsetof(struct descriptor, stop_copy_bytes),
		.schema = "{\"type\": \"integer\", \"minimum\": 0}",
		.about = "state that it expects to move while the VM stands still",
	},
	{
		.key = "downtime_ms",
		.read = read_downtime,
		.offset = offsetof(struct descriptor, downtime_ns),
		.schema = "{\"type\": \"number\", \"minimum\": 0, \"maximum\": 4503599627}",
		.about = "blackout that it expects",
	},
};

static const struct mapping migration_mapping = {
	.name = "migration",
	.what = "migration",
	.fields = migration_fields,
	.field_count = ARRAY_SIZE(migration_fields),
	.null_is_absent = true,
};

static int read_migration(const struct reading *reading, const struct node *node,
			  const struct field *field, void *object)
{
	(void)field;
	return reading_mapping(reading, node, &migration_mapping, object);
}

static int read_attribute(const struct reading *reading, const struct node *node,
			  struct descriptor *descriptor)
{
	const char *text = NULL;
	int error_number;
	int r;

	if (!*node->key)
		return reading_refuse(reading, node->key_position,
				      "expected the name of an attribute, got \"\"");
	if (node->kind == NODE_NULL)
		return 0;
	r = read_text_or_errno(reading, node, &text, &error_number);
	if (r)
		return r;
	return descriptor_add_attribute(descriptor, node->key, text, error_number);
}

static int read_attributes(const struct reading *reading, const struct node *node,
			   const struct field *field, void *object)
{
	const struct node **sorted;
	int r = 0;

	(void)field;
	if (node->kind != NODE_MAPPING)
		return reading_expected(reading, node, "attributes (a mapping)");
	if (node->count > DESCRIPTOR_ATTRIBUTES_MAX)
		return refuse_count(reading, node, "attributes", DESCRIPTOR_ATTRIBUTES_MAX);
	for (const struct node *child = node->first; !r && child; child = child->next)
		if (child->kind != NODE_STRING && child->kind != NODE_NULL &&
		    child->kind != NODE_MAPPING)
			r = reading_expected(reading, child,
					     "a string, or {\"unreadable\": ERRNO}");
	if (r)
		return r;
	/* In their final order, so that adding one never moves those before it. */
	sorted = node_sorted_children(node, reading->arena);
	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; !r && i < node->count; i++)
		r = read_attribute(reading, sorted[i], object);
	return r;
}

_Static_assert(DESCRIPTOR_TYPES_MAX == 4096 && DESCRIPTOR_ATTRIBUTES_MAX == 4096 &&
		       DESCRIPTOR_TRAITS_MAX == 256,
	       "the schema below says so too");

#define FACT(name, reader, fragment, text)                                                 \
	{                                                                                  \
		.key = #name, .read = reader, .offset = offsetof(struct descriptor, name), \
		.schema = fragment, .about = text,                                         \
	}
#define ANY_FACT "{\"$ref\": \"#/$defs/fact\"}"
#define NAME_FACT                                                \
	"{\"anyOf\": [{\"type\": \"string\", \"minLength\": 1}," \
	" {\"$ref\": \"#/$defs/unreadable\"}]}"
#define ID_FACT                                                                               \
	"{\"anyOf\": [{\"type\": \"string\", \"pattern\": \"^(0[xX])?0*[0-9A-Fa-f]{1,8}$\"}," \
	" {\"$ref\": \"#/$defs/unreadable\"}]}"
#define TIME_FACT                                                                    \
	"{\"anyOf\": [{\"type\": \"string\", \"format\": \"date-time\","             \
	" \"pattern\": \"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\"}," \
	" {\"$ref\": \"#/$defs/unreadable\"}]}"

static const struct field descriptor_fields[] = {
	{
		.key = "schema",
		.read = read_schema,
		.flags = FIELD_REQUIRED | FIELD_FIRST,
		.schema = "{\"const\": \"" DESCRIPTOR_SCHEMA "\"}",
	},
	FACT(host, read_fact, ANY_FACT, "name of the host"),
	FACT(boot_id, read_fact, ANY_FACT, "boot during which this was collected"),
	FACT(collected_at, read_collected_at, TIME_FACT, "when, RFC 3339"),
	FACT(device, read_fact, ANY_FACT, "UUID of an mdev, PCI address, …"),
	FACT(device_api, read_device_api, NAME_FACT,
	     "vfio-pci, vfio-platform, vfio-amba, vfio-ccw, vfio-ap, vfio-fsl-mc or vfio-cdx"),
	FACT(vendor, read_id, ID_FACT, "PCI vendor id in hex; of an mdev its parent's"),
	FACT(device_id, read_id, ID_FACT, "PCI device id in hex; of an mdev its parent's"),
	FACT(driver, read_name, NAME_FACT, "the driver, by its real name; of an mdev its parent's"),
	FACT(driver_version, read_fact, ANY_FACT, "version of that driver"),
	FACT(firmware_version, read_fact, ANY_FACT,
	     "firmware of the device, of its parent or its physical function"),
	FACT(mdev_type, read_name, NAME_FACT,
	     "full type, DRIVER-TYPE; null when the device is no mdev"),
	{
		.key = "offered_types",
		.read = read_offered_types,
		.schema = "{\"type\": \"array\", \"maxItems\": 4096,"
			  " \"items\": {\"$ref\": \"#/$defs/offered_type\"}}",
		.about = "mdev types that the parent can make",
	},
	{
		.key = "migration",
		.read = read_migration,
		.schema = "{\"$ref\": \"#/$defs/migration\"}",
		.about = "what it can of live migration",
	},
	FACT(version, read_fact, ANY_FACT, "COMMON:VENDOR_PART, the common part in hex"),
	FACT(interface_version, read_fact, ANY_FACT,
	     "MAJOR.MINOR[.BUGFIX], or what the vendor has instead"),
	FACT(interface_version_compatible, read_fact, ANY_FACT,
	     "versions that the device accepts, as in 2.0.2-2.0.4,2.1.0-"),
	{
		.key = "compatible_type",
		.read = read_compatible_type,
		.schema = "{\"type\": \"array\", \"maxItems\": 256,"
			  " \"items\": {\"type\": \"string\", \"minLength\": 1}}",
		.about = "traits",
	},
	{
		.key = "template",
		.read = read_fact,
		.offset = offsetof(struct descriptor, template_text),
		.schema = ANY_FACT,
		.about = "SELF and COMPATIBLE blocks, byte for byte",
	},
	{
		.key = "attributes",
		.read = read_attributes,
		.schema = "{\"type\": \"object\", \"maxProperties\": 4096,"
			  " \"propertyNames\": {\"minLength\": 1},"
			  " \"additionalProperties\": {\"anyOf\": [{\"$ref\": \"#/$defs/fact\"},"
			  " {\"type\": \"null\"}]}}",
		.about = "facts of the vendor, by name",
	},
};

const struct mapping descriptor_mapping = {
	.name = "descriptor",
	.what = "a descriptor",
	.fields = descriptor_fields,
	.field_count = ARRAY_SIZE(descriptor_fields),
	.null_is_absent = true,
};

/* The same without the key that says what it is: its place says so. */
static const struct mapping inline_mapping = {
	.name = "descriptor",
	.what = "a descriptor",
	.fields = descriptor_fields + 1,
	.field_count = ARRAY_SIZE(descriptor_fields) - 1,
	.null_is_absent = true,
};

const struct mapping *const descriptor_parts[] = {
	&unreadable_mapping,
	&offer_mapping,
	&migration_mapping,
	NULL,
};

int descriptor_from_node(const char *file, const struct node *node, bool is_inline,
			 struct descriptor **out, struct parse_error *error)
{
	AUTO_DESCRIPTOR struct descriptor *descriptor = NULL;
	bool has_schema = node->kind == NODE_MAPPING && node_child(node, "schema");
	struct reading reading = {.file = file, .error = error};
	int r = descriptor_new(&descriptor);

	if (r)
		return r;
	reading.arena = descriptor->arena;
	reading.owner = descriptor;
	r = reading_mapping(&reading, node,
			    is_inline && !has_schema ? &inline_mapping : &descriptor_mapping,
			    descriptor);
	if (r)
		return r;
	*out = TAKE_PTR(descriptor);
	return 0;
}

static int read_input(const struct input *input, struct descriptor **out, struct parse_error *error)
{
	AUTO_NODE_TREE struct node_tree tree = {0};
	int r = node_tree_from_json(input, &tree, error);

	if (r)
		return r;
	return descriptor_from_node(input->name, tree.root, false, out, error);
}

int descriptor_read_file(const char *path, struct descriptor **out, struct parse_error *error)
{
	AUTO_INPUT struct input input = {0};
	int r = input_open(path, DESCRIPTOR_FILE_MAX, "a descriptor", &input, error);

	if (r)
		return r;
	return reading_done(read_input(&input, out, error), input.name, error);
}

int descriptor_read_text(const char *name, const char *text, size_t length, struct descriptor **out,
			 struct parse_error *error)
{
	struct input input;
	int r = input_from_memory(name, text, length, DESCRIPTOR_FILE_MAX, "a descriptor", &input,
				  error);

	if (r)
		return r;
	return reading_done(read_input(&input, out, error), name, error);
}
