// SPDX-License-Identifier: GPL-2.0-only
#include "config/policy_suite.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/config.h"
#include "config/descriptor_read.h"
#include "config/policy_read.h"
#include "config/reading.h"

/* What cases refer to, while a suite is read. */
struct loading {
	struct policy_suite *suite;
	/* Named descriptors as trees, their `like` resolved. */
	struct node *named;
	struct arena *nodes;
};

void policy_suite_free(struct policy_suite *suite)
{
	if (!suite)
		return;
	for (size_t i = 0; i < suite->case_count; i++) {
		descriptor_free(suite->cases[i].source);
		descriptor_free(suite->cases[i].dest);
	}
	arena_free(suite->arena);
	free(suite);
}

static int read_schema(const struct reading *reading, const struct node *node,
		       const struct field *field, void *object)
{
	(void)field;
	(void)object;
	return reading_schema_name(reading, node, POLICY_SUITE_SCHEMA);
}

/* A mapping with `like` becomes one without; *out is @node itself where there is none. */
static int resolve_like(const struct reading *reading, const struct loading *loading,
			const struct node *node, const struct node **out)
{
	const struct node *like;
	const struct node *base;
	struct node *merged;

	*out = node;
	if (node->kind != NODE_MAPPING)
		return reading_expected(reading, node, "a descriptor (a mapping)");
	like = node_child(node, "like");
	if (!like)
		return 0;
	base = like->kind == NODE_STRING ? node_child(loading->named, like->text) : NULL;
	if (!base)
		return reading_expected(reading, like, "the name of an earlier descriptor");
	merged = node_merge(loading->nodes, base, node);
	if (!merged)
		return -ENOMEM;
	*out = merged;
	/* It has done its work; the reader of descriptors does not know it. */
	for (struct node **link = &merged->first; *link; link = &(*link)->next) {
		if (strcmp((*link)->key, "like") != 0)
			continue;
		*link = (*link)->next;
		merged->count--;
		break;
	}
	return 0;
}

static int read_descriptors(const struct reading *reading, const struct node *node,
			    const struct field *field, void *object)
{
	struct loading *loading = object;
	struct node_tree tree = {.arena = loading->nodes};

	(void)field;
	if (node->kind != NODE_MAPPING)
		return reading_expected(reading, node, "descriptors by name (a mapping)");
	for (const struct node *child = node->first; child; child = child->next) {
		const struct node *resolved;
		struct node *named;
		int r = resolve_like(reading, loading, child, &resolved);

		if (r)
			return r;
		named = node_tree_add(&tree, NULL);
		if (!named)
			return -ENOMEM;
		*named = *resolved;
		named->next = NULL;
		if (loading->named->last)
			loading->named->last->next = named;
		else
			loading->named->first = named;
		loading->named->last = named;
		loading->named->count++;
	}
	return 0;
}

/* FILE is beside the suite, wherever that was started from. */
static int read_descriptor_file(const struct reading *reading, const struct loading *loading,
				const struct node *node, struct descriptor **out)
{
	const char *file = loading->suite->file;
	const char *slash = strrchr(file, '/');
	const char *path = node->text;

	if (slash && *path != '/')
		path = arena_printf(reading->arena, "%.*s/%s", (int)(slash - file), file, path);
	if (!path)
		return -ENOMEM;
	return descriptor_read_file(path, out, reading->error);
}

struct case_loading {
	struct loading *loading;
	struct policy_case *policy_case;
};

static int read_device(const struct reading *reading, const struct node *node,
		       const struct field *field, void *object)
{
	struct case_loading *at = object;
	struct descriptor **out = field_target(at->policy_case, field, struct descriptor *);
	const struct node *resolved = NULL;
	int r;

	if (node->kind == NODE_STRING) {
		resolved = node_child(at->loading->named, node->text);
		if (!resolved)
			return read_descriptor_file(reading, at->loading, node, out);
	} else {
		r = resolve_like(reading, at->loading, node, &resolved);
		if (r)
			return r;
	}
	return descriptor_from_node(reading->file, resolved, true, out, reading->error);
}

static int read_case_text(const struct reading *reading, const struct node *node,
			  const struct field *field, void *object)
{
	struct case_loading *at = object;

	return reading_string(reading, node, "a name",
			      field_target(at->policy_case, field, const char *));
}

static int read_verdict(const struct reading *reading, const struct node *node,
			const struct field *field, void *object)
{
	struct case_loading *at = object;
	int value;
	int r = reading_choice(reading, node, field->choices, &value);

	if (!r)
		at->policy_case->verdict = (enum mw_action)value;
	return r;
}

static int read_reason(const struct reading *reading, const struct node *node,
		       const struct field *field, void *object)
{
	struct case_loading *at = object;

	(void)field;
	if (node->kind == NODE_STRING && mw_reason_from_name(node->text, &at->policy_case->reason))
		return 0;
	return reading_expected(reading, node, "a reason code such as type-mismatch");
}

static int read_stage(const struct reading *reading, const struct node *node,
		      const struct field *field, void *object)
{
	struct case_loading *at = object;

	(void)field;
	for (int stage = 0; node->kind == NODE_STRING && stage < MW_STAGE_COUNT_; stage++) {
		if (strcmp(node->text, mw_stage_name((enum mw_stage)stage)) != 0)
			continue;
		at->policy_case->stage = (enum mw_stage)stage;
		return 0;
	}
	return reading_expected(reading, node, "a stage such as mdev_type");
}

static int read_device_count(const struct reading *reading, const struct node *node,
			     const struct field *field, void *object)
{
	struct case_loading *at = object;

	(void)field;
	if (node->kind != NODE_INTEGER || node->integer < 1 || node->integer > INT_MAX)
		return reading_expected(reading, node, "a number of devices from 1");
	at->policy_case->context.device_count = (unsigned int)node->integer;
	return 0;
}

static int read_create(const struct reading *reading, const struct node *node,
		       const struct field *field, void *object)
{
	struct case_loading *at = object;

	(void)field;
	if (node->kind != NODE_BOOLEAN)
		return reading_expected(reading, node, "true or false");
	at->policy_case->context.may_create = node->integer;
	return 0;
}

static int read_now(const struct reading *reading, const struct node *node,
		    const struct field *field, void *object)
{
	struct case_loading *at = object;

	(void)field;
	if (node->kind != NODE_STRING || time_parse(node->text, &at->policy_case->context.now_s))
		return reading_expected(reading, node, "a time such as \"2026-11-20T12:00:00Z\"");
	return 0;
}

static const struct field case_fields[] = {
	{
		.key = "name",
		.read = read_case_text,
		.offset = offsetof(struct policy_case, name),
		.flags = FIELD_REQUIRED,
	},
	{
		.key = "source",
		.read = read_device,
		.offset = offsetof(struct policy_case, source),
		.flags = FIELD_REQUIRED,
	},
	{
		.key = "dest",
		.read = read_device,
		.offset = offsetof(struct policy_case, dest),
		.flags = FIELD_REQUIRED,
	},
	{
		.key = "verdict",
		.read = read_verdict,
		.flags = FIELD_REQUIRED,
		.choices = choices_action,
	},
	{.key = "reason", .read = read_reason, .flags = FIELD_REQUIRED},
	{.key = "stage", .read = read_stage},
	{.key = "rule", .read = read_case_text, .offset = offsetof(struct policy_case, rule)},
	{.key = "devices", .read = read_device_count},
	{.key = "create", .read = read_create},
	{.key = "now", .read = read_now},
};

static const struct mapping case_mapping = {
	.name = "case",
	.what = "a case",
	.fields = case_fields,
	.field_count = ARRAY_SIZE(case_fields),
};

static int read_cases(const struct reading *reading, const struct node *node,
		      const struct field *field, void *object)
{
	struct loading *loading = object;
	struct policy_suite *suite = loading->suite;
	int r = reading_list(reading, node, "cases", 1);

	(void)field;
	if (r)
		return r;
	suite->cases = arena_alloc(suite->arena, node->count * sizeof(*suite->cases));
	if (!suite->cases)
		return -ENOMEM;
	for (const struct node *item = node->first; !r && item; item = item->next) {
		struct case_loading at = {loading, &suite->cases[suite->case_count++]};

		*at.policy_case = (struct policy_case){
			.position = item->position,
			.context = {.now_s = -1, .device_count = 1, .may_create = true},
			.stage = MW_STAGE_COUNT_,
		};
		r = reading_mapping(reading, item, &case_mapping, &at);
	}
	return r;
}

static const struct field suite_fields[] = {
	{.key = "schema", .read = read_schema, .flags = FIELD_REQUIRED | FIELD_FIRST},
	/* First too, so that the cases know them wherever they stand. */
	{.key = "descriptors", .read = read_descriptors, .flags = FIELD_FIRST},
	{.key = "cases", .read = read_cases, .flags = FIELD_REQUIRED},
};

static const struct mapping suite_mapping = {
	.name = "suite",
	.what = "policy tests",
	.fields = suite_fields,
	.field_count = ARRAY_SIZE(suite_fields),
};

static int read_input(const struct input *input, struct policy_suite *suite,
		      struct parse_error *error)
{
	AUTO_NODE_TREE struct node_tree tree = {0};
	struct node named = {.kind = NODE_MAPPING};
	struct loading loading = {.suite = suite, .named = &named};
	struct reading reading = {
		.file = input->name,
		.error = error,
		.arena = suite->arena,
		.owner = suite,
	};
	int r = node_tree_from_yaml(input, &tree, error);

	if (r)
		return r;
	suite->file = arena_strdup(suite->arena, input->name);
	if (!suite->file)
		return -ENOMEM;
	loading.nodes = tree.arena;
	return reading_mapping(&reading, tree.root, &suite_mapping, &loading);
}

int policy_suite_read_file(const char *path, struct policy_suite **out, struct parse_error *error)
{
	AUTO_POLICY_SUITE struct policy_suite *suite = calloc(1, sizeof(*suite));
	AUTO_INPUT struct input input = {0};
	int r;

	if (suite)
		suite->arena = arena_new();
	if (!suite || !suite->arena)
		return reading_done(-ENOMEM, path, error);
	r = input_open(path, POLICY_FILE_MAX, "policy tests", &input, error);
	if (r)
		return r;
	r = reading_done(read_input(&input, suite, error), input.name, error);
	if (r)
		return r;
	*out = TAKE_PTR(suite);
	return 0;
}

bool policy_case_run(const struct policy_case *policy_case, const struct policy *policy,
		     struct verdict *verdict)
{
	compare(policy, policy_case->source, policy_case->dest, &policy_case->context, verdict);
	if (verdict->action != policy_case->verdict || verdict->reason != policy_case->reason)
		return false;
	if (policy_case->stage != MW_STAGE_COUNT_ && verdict->stage != policy_case->stage)
		return false;
	return !policy_case->rule ||
	       (verdict->rule && strcmp(verdict->rule->name, policy_case->rule) == 0);
}
