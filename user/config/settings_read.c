// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "base/cleanup.h"
#include "config/input.h"
#include "config/node.h"
#include "config/reading.h"
#include "config/settings.h"

#define PATH_SCHEMA "{\"type\": \"string\", \"pattern\": \"^/\"}"

static const struct choice choices_log[] = {
	{"text", LOG_TEXT},
	{"json", LOG_JSON},
	{0},
};

static const struct choice choices_audit[] = {
	{"required", AUDIT_REQUIRED},
	{"best-effort", AUDIT_BEST_EFFORT},
	{"off", AUDIT_OFF},
	{0},
};

static int read_schema(const struct reading *reading, const struct node *node,
		       const struct field *field, void *object)
{
	(void)field;
	(void)object;
	return reading_schema_name(reading, node, SETTINGS_SCHEMA);
}

/* A service has no folder of its own to begin from. */
static int read_path(const struct reading *reading, const struct node *node,
		     const struct field *field, void *object)
{
	const char **out = field_target(object, field, const char *);
	int r = reading_string(reading, node, "a path", out);

	if (r)
		return r;
	return **out == '/' ? 0 : reading_expected(reading, node, "a path from / on");
}

static int read_listen(const struct reading *reading, const struct node *node,
		       const struct field *field, void *object)
{
	const char *text;
	int r = reading_string(reading, node, "an address", &text);

	if (r)
		return r;
	if (!loopback_parse(text, field_target(object, field, struct loopback)))
		return reading_expected(reading, node, LOOPBACK_FORMS);
	return 0;
}

static int read_word(const struct reading *reading, const struct node *node,
		     const struct field *field, void *object)
{
	return reading_choice(reading, node, field->choices, field_target(object, field, int));
}

static int read_ring(const struct reading *reading, const struct node *node,
		     const struct field *field, void *object)
{
	int64_t bytes;
	int r = reading_quantity(reading, node, field->quantity, &bytes);

	if (r)
		return r;
	if (bytes < RING_BYTES_MIN || bytes > RING_BYTES_MAX || (bytes & (bytes - 1)))
		return reading_expected(reading, node,
					"a power of two from 4KiB to 256MiB, such as 4MiB");
	*field_target(object, field, int64_t) = bytes;
	return 0;
}

static const struct field rings_fields[] = {
	{
		.key = "gate",
		.read = read_ring,
		.offset = offsetof(struct settings, gate_ring_bytes),
		.quantity = &quantity_bytes,
		.about = "decisions; counts when the gate is raised anew",
	},
	{
		.key = "observe",
		.read = read_ring,
		.offset = offsetof(struct settings, observe_ring_bytes),
		.quantity = &quantity_bytes,
		.about = "everything else that is seen",
	},
};

static const struct mapping rings_mapping = {
	.name = "rings",
	.what = "rings",
	.fields = rings_fields,
	.field_count = ARRAY_SIZE(rings_fields),
};

static int read_rings(const struct reading *reading, const struct node *node,
		      const struct field *field, void *object)
{
	(void)field;
	return reading_mapping(reading, node, &rings_mapping, object);
}

static int read_uri(const struct reading *reading, const struct node *node,
		    const struct field *field, void *object)
{
	return reading_string(reading, node, "a URI of libvirt",
			      field_target(object, field, const char *));
}

static int read_flag(const struct reading *reading, const struct node *node,
		     const struct field *field, void *object)
{
	if (node->kind != NODE_BOOLEAN)
		return reading_expected(reading, node, "true or false");
	*field_target(object, field, bool) = node->integer;
	return 0;
}

static int read_time(const struct reading *reading, const struct node *node,
		     const struct field *field, void *object)
{
	int64_t *out = field_target(object, field, int64_t);
	int r = reading_quantity(reading, node, field->quantity, out);

	return r || *out ? r : reading_expected(reading, node, "more than no time at all");
}

static const struct field libvirt_fields[] = {
	{
		.key = "connect",
		.read = read_uri,
		.offset = offsetof(struct settings, libvirt_uri),
		.schema = "{\"type\": \"string\", \"minLength\": 1}",
		.about = "URI of the libvirt of this host; qemu:///system",
	},
	{
		.key = "stamp",
		.read = read_flag,
		.offset = offsetof(struct settings, libvirt_stamp),
		.schema = "{\"type\": \"boolean\"}",
		.about = "whether the daemon keeps the stamps of running domains fresh",
	},
	{
		.key = "refresh",
		.read = read_time,
		.offset = offsetof(struct settings, libvirt_refresh_s),
		.quantity = &quantity_s,
		.about = "how often it stamps them anew when nothing happens; 6h",
	},
	{
		.key = "hook-timeout",
		.read = read_time,
		.offset = offsetof(struct settings, hook_timeout_ns),
		.quantity = &quantity_ns,
		.about = "how long the libvirt hook waits for the daemon; 900ms",
	},
};

static const struct mapping libvirt_mapping = {
	.name = "libvirt",
	.what = "libvirt",
	.fields = libvirt_fields,
	.field_count = ARRAY_SIZE(libvirt_fields),
};

static int read_libvirt(const struct reading *reading, const struct node *node,
			const struct field *field, void *object)
{
	(void)field;
	return reading_mapping(reading, node, &libvirt_mapping, object);
}

static int read_age(const struct reading *reading, const struct node *node,
		    const struct field *field, void *object)
{
	int64_t age_s;
	int r = reading_quantity(reading, node, field->quantity, &age_s);

	if (r)
		return r;
	if (age_s <= 0 || age_s > AUDIT_AGE_S_MAX)
		return reading_expected(reading, node, "a time up to 36500d, such as 400d");
	*field_target(object, field, int64_t) = age_s;
	return 0;
}

static int read_size(const struct reading *reading, const struct node *node,
		     const struct field *field, void *object)
{
	int64_t bytes;
	int r = reading_quantity(reading, node, field->quantity, &bytes);

	if (r)
		return r;
	if (bytes < AUDIT_BYTES_MIN)
		return reading_expected(reading, node, "a size of 1MiB or more, such as 1GiB");
	*field_target(object, field, int64_t) = bytes;
	return 0;
}

static const struct field keep_fields[] = {
	{
		.key = "age",
		.read = read_age,
		.offset = offsetof(struct settings, audit_age_s),
		.quantity = &quantity_s,
		.about = "older rows are removed",
	},
	{
		.key = "size",
		.read = read_size,
		.offset = offsetof(struct settings, audit_bytes),
		.quantity = &quantity_bytes,
		.about = "of all rows, before the oldest are removed",
	},
};

static const struct mapping keep_mapping = {
	.name = "keep",
	.what = "what to keep",
	.fields = keep_fields,
	.field_count = ARRAY_SIZE(keep_fields),
};

static int read_keep(const struct reading *reading, const struct node *node,
		     const struct field *field, void *object)
{
	(void)field;
	return reading_mapping(reading, node, &keep_mapping, object);
}

static const struct field audit_fields[] = {
	{
		.key = "mode",
		.read = read_word,
		.offset = offsetof(struct settings, audit),
		.choices = choices_audit,
		.about = "whether what cannot be recorded is done all the same",
	},
	{
		.key = "file",
		.read = read_path,
		.offset = offsetof(struct settings, audit_file),
		.schema = PATH_SCHEMA,
		.about = "the database",
	},
	{
		.key = "keep",
		.read = read_keep,
		.schema = "{\"$ref\": \"#/$defs/keep\"}",
		.about = "how much of it",
	},
};

static const struct mapping audit_mapping = {
	.name = "audit",
	.what = "audit",
	.fields = audit_fields,
	.field_count = ARRAY_SIZE(audit_fields),
};

static int read_audit(const struct reading *reading, const struct node *node,
		      const struct field *field, void *object)
{
	(void)field;
	return reading_mapping(reading, node, &audit_mapping, object);
}

static const struct field metrics_fields[] = {
	{
		.key = "listen",
		.read = read_listen,
		.offset = offsetof(struct settings, metrics),
		.flags = FIELD_REQUIRED,
		.schema = "{\"type\": \"string\", \"pattern\": "
			  "\"^(127\\\\.0\\\\.0\\\\.1|\\\\[::1\\\\]):[0-9]{1,5}$\"}",
		.about = "loopback only, such as 127.0.0.1:9750",
	},
};

static const struct mapping metrics_mapping = {
	.name = "metrics",
	.what = "metrics",
	.fields = metrics_fields,
	.field_count = ARRAY_SIZE(metrics_fields),
};

static int read_metrics(const struct reading *reading, const struct node *node,
			const struct field *field, void *object)
{
	(void)field;
	return reading_mapping(reading, node, &metrics_mapping, object);
}

static const struct field settings_fields[] = {
	{
		.key = "schema",
		.read = read_schema,
		.flags = FIELD_REQUIRED | FIELD_FIRST,
		.schema = "{\"const\": \"" SETTINGS_SCHEMA "\"}",
	},
	{
		.key = "socket",
		.read = read_path,
		.offset = offsetof(struct settings, socket),
		.schema = PATH_SCHEMA,
		.about = "control socket",
	},
	{
		.key = "policies",
		.read = read_path,
		.offset = offsetof(struct settings, policies),
		.schema = PATH_SCHEMA,
		.about = "a folder whose *.yaml are one policy, in name order; or a file",
	},
	{
		.key = "shadow",
		.read = read_path,
		.offset = offsetof(struct settings, shadow),
		.schema = PATH_SCHEMA,
		.about = "a policy to compare with, without effect",
	},
	{
		.key = "rings",
		.read = read_rings,
		.schema = "{\"$ref\": \"#/$defs/rings\"}",
		.about = "room for what waits to be read",
	},
	{
		.key = "libvirt",
		.read = read_libvirt,
		.schema = "{\"$ref\": \"#/$defs/libvirt\"}",
		.about = "stamps and the hook",
	},
	{
		.key = "metrics",
		.read = read_metrics,
		.schema = "{\"$ref\": \"#/$defs/metrics\"}",
		.about = "metrics and a page, over HTTP; nowhere unless it says where",
	},
	{
		.key = "log",
		.read = read_word,
		.offset = offsetof(struct settings, log),
		.choices = choices_log,
		.about = "form of the decisions on standard output",
	},
	{
		.key = "audit",
		.read = read_audit,
		.schema = "{\"$ref\": \"#/$defs/audit\"}",
		.about = "the record of what was decided and done",
	},
	{
		.key = "key",
		.read = read_path,
		.offset = offsetof(struct settings, key),
		.schema = PATH_SCHEMA,
		.about = "what this host signs with",
	},
};

static const struct mapping settings_mapping = {
	.name = "config",
	.what = "a configuration",
	.fields = settings_fields,
	.field_count = ARRAY_SIZE(settings_fields),
};

int settings_new(struct settings **out)
{
	struct arena *arena = arena_new();
	struct settings *settings = arena ? arena_alloc(arena, sizeof(*settings)) : NULL;

	if (!settings) {
		arena_free(arena);
		return -ENOMEM;
	}
	settings->arena = arena;
	settings->policies = SETTINGS_POLICIES_DEFAULT;
	settings->libvirt_refresh_s = LIBVIRT_REFRESH_S_DEFAULT;
	settings->hook_timeout_ns = HOOK_TIMEOUT_NS_DEFAULT;
	settings->audit_age_s = AUDIT_AGE_S_DEFAULT;
	settings->audit_bytes = AUDIT_BYTES_DEFAULT;
	*out = settings;
	return 0;
}

void settings_free(struct settings *settings)
{
	/* It lives in its own arena. */
	if (settings)
		arena_free(settings->arena);
}

static int read_input(const struct input *input, struct settings **out, struct parse_error *error)
{
	AUTO_NODE_TREE struct node_tree tree = {0};
	AUTO_SETTINGS struct settings *settings = NULL;
	struct reading reading = {.file = input->name, .error = error};
	int r = node_tree_from_yaml(input, &tree, error);

	if (!r)
		r = settings_new(&settings);
	if (r)
		return r;
	reading.arena = settings->arena;
	reading.owner = settings;
	r = reading_mapping(&reading, tree.root, &settings_mapping, settings);
	if (!r)
		*out = TAKE_PTR(settings);
	return r;
}

int settings_read_file(const char *path, struct settings **out, struct parse_error *error)
{
	AUTO_INPUT struct input input = {0};
	int r = input_open(path, SETTINGS_FILE_MAX, "a configuration", &input, error);

	if (r)
		return r;
	return reading_done(read_input(&input, out, error), input.name, error);
}
