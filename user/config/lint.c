// SPDX-License-Identifier: GPL-2.0-only
#include "config/lint.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "config/policy_read.h"
#include "core/ranges.h"
#include "core/template.h"

#define NOTES_MAX 64

/* Where a type was seen first, and with which parent and api. */
struct seen_type {
	const char *type;
	const char *place;
	const char *parent;
	const char *device_api;
};

struct lint {
	struct arena *arena;
	struct lint_finding *findings;
	size_t count;
	struct seen_type *seen;
	size_t seen_count;
	int result;
};

static const struct {
	const char *name;
	bool is_style;
} codes[] = {
#define X(id, name, is_style) [LINT_##id] = {name, is_style},
	LINT_CODES(X)
#undef X
};

const char *lint_code_name(enum lint_code code)
{
	return codes[code].name;
}

bool lint_code_is_style(enum lint_code code)
{
	return codes[code].is_style;
}

struct lint *lint_new(void)
{
	struct lint *lint = calloc(1, sizeof(*lint));

	if (lint)
		lint->arena = arena_new();
	if (lint && !lint->arena) {
		free(lint);
		return NULL;
	}
	return lint;
}

void lint_free(struct lint *lint)
{
	if (!lint)
		return;
	arena_free(lint->arena);
	free(lint);
}

const struct lint_finding *lint_findings(const struct lint *lint, size_t *count)
{
	*count = lint->count;
	return lint->findings;
}

/* Memory that runs out is kept until the end of the pass: each finding need not ask. */
__attribute__((format(printf, 5, 6))) static void find(struct lint *lint, enum lint_code code,
						       const char *file, struct position position,
						       const char *format, ...)
{
	struct lint_finding *findings =
		arena_grow(lint->arena, lint->findings, lint->count, sizeof(*findings));
	struct lint_finding *finding;
	va_list args;

	if (!findings) {
		lint->result = -ENOMEM;
		return;
	}
	lint->findings = findings;
	finding = &findings[lint->count++];
	va_start(args, format);
	*finding = (struct lint_finding){
		.code = code,
		.file = arena_strdup(lint->arena, file),
		.position = position,
		.text = arena_vprintf(lint->arena, format, args),
	};
	va_end(args);
	if (!finding->file || !finding->text)
		lint->result = -ENOMEM;
}

/* A `v` with digits that stands by itself: GVTg_V5_4, qat-v4-type1; not nvidia-256 or vfio_ap. */
static bool has_version_part(const char *type)
{
	for (const char *at = type; *at; at++) {
		if ((at == type || strchr("-_.", at[-1])) && (*at == 'v' || *at == 'V') &&
		    is_digit(at[1]))
			return true;
	}
	return false;
}

static void lint_type_name(struct lint *lint, const char *file, struct position position,
			   const char *type)
{
	if (!strchr(type, '-'))
		find(lint, LINT_TYPE_WITHOUT_DRIVER, file, position,
		     "type \"%s\" has no driver prefix (DRIVER-TYPE)", type);
	if (has_version_part(type))
		find(lint, LINT_VERSION_IN_TYPE, file, position,
		     "type \"%s\" carries a version in its name; interface_version is for that",
		     type);
}

/* Policies. A position of a part falls back to its rule's. */
static struct position part_position(const struct rule *rule, struct position part)
{
	return part.line ? part : rule->position;
}

static void lint_match(struct lint *lint, const char *file, const struct rule *rule)
{
	static const char *const known[] = {
		"vfio-pci", "vfio-platform", "vfio-amba", "vfio-ccw",
		"vfio-ap",  "vfio-fsl-mc",   "vfio-cdx",
	};
	const char *api = rule->match.device_api;

	if (!api || strpbrk(api, "*?["))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(api, known[i]) == 0)
			return;
	find(lint, LINT_MATCHES_NOTHING, file, rule->position,
	     "rule \"%s\": no device that can migrate has device_api \"%s\"", rule->name, api);
}

static void lint_cross(struct lint *lint, const char *file, const struct rule *rule)
{
	for (size_t i = 0; i < rule->cross_count; i++) {
		const struct type_pair *pair = &rule->cross[i];

		if (strcmp(pair->from, pair->to) == 0)
			find(lint, LINT_NO_EFFECT, file, pair->position,
			     "rule \"%s\": the pair of \"%s\" with itself says nothing", rule->name,
			     pair->from);
		lint_type_name(lint, file, pair->position, pair->from);
		if (strcmp(pair->from, pair->to) != 0)
			lint_type_name(lint, file, pair->position, pair->to);
	}
}

static void lint_version(struct lint *lint, const char *file, const struct rule *rule)
{
	bool reads_list = rule->version == COMPARE_AUTO || rule->version == COMPARE_RANGES;

	if (!reads_list && rule->direction != DIRECTION_DESTINATION_ACCEPTS)
		find(lint, LINT_NO_EFFECT, file, part_position(rule, rule->version_position),
		     "rule \"%s\": a direction has no effect with compare: %s", rule->name,
		     choice_name(choices_version_comparator, (int)rule->version));
	if (rule->version != COMPARE_TEMPLATE)
		return;
	/* The template takes the place of stages 4 to 7 (SEMANTICS 2.6). */
	if (rule->type_position.line)
		find(lint, LINT_NO_EFFECT, file, rule->type_position,
		     "rule \"%s\": type has no effect with compare: template", rule->name);
	for (size_t i = 0; i < rule->attribute_count; i++)
		find(lint, LINT_NO_EFFECT, file, rule->attributes[i].position,
		     "rule \"%s\": attributes.%s has no effect with compare: template", rule->name,
		     rule->attributes[i].name);
}

static void lint_deny(struct lint *lint, const char *file, const struct rule *rule)
{
	bool requires_any = rule->parent_position.line || rule->type_position.line ||
			    rule->version_position.line || rule->capabilities_position.line ||
			    rule->limits_position.line || rule->attribute_count;

	if (rule->action == MW_ACTION_DENY && requires_any)
		find(lint, LINT_NO_EFFECT, file, rule->position,
		     "rule \"%s\": require and limits have no effect with action: deny",
		     rule->name);
}

static void lint_capabilities(struct lint *lint, const char *file, const struct rule *rule)
{
	if (!(rule->capabilities & CAPABILITY_STOP_COPY))
		find(lint, LINT_WEAK_REQUIREMENT, file,
		     part_position(rule, rule->capabilities_position),
		     "rule \"%s\": capabilities without stop-copy, which no migration does without",
		     rule->name);
}

/* What weakens the libvirt hook, where the policy asks for it. */
static void lint_hook(struct lint *lint, const struct policy *policy)
{
	const struct policy_hook *unsigned_stamps = &policy->hook[HOOK_UNSIGNED];
	const struct policy_hook *alone = &policy->hook[HOOK_WITHOUT_DAEMON];

	if (unsigned_stamps->value != MW_ACTION_DENY)
		find(lint, LINT_WEAK_REQUIREMENT, policy->file, unsigned_stamps->position,
		     "unsigned: %s lets whoever may write a domain's XML say what its devices are",
		     mw_action_name((enum mw_action)unsigned_stamps->value));
	if (alone->value == MW_ACTION_ALLOW)
		find(lint, LINT_WEAK_REQUIREMENT, policy->file, alone->position,
		     "hook-without-daemon: allow lets domains come unjudged while no daemon runs");
}

/* The file of a part, in a policy that may have come in several. */
static const char *file_of(const struct policy *policy, const char *file)
{
	return file ? file : policy->file;
}

int lint_policy(struct lint *lint, const struct policy *policy)
{
	for (size_t i = 0; i < policy->alias_count; i++)
		if (policy->aliases[i].driver_count < 2)
			find(lint, LINT_NO_EFFECT, file_of(policy, policy->aliases[i].file),
			     policy->aliases[i].position,
			     "alias group \"%s\" of one driver says nothing",
			     policy->aliases[i].name);
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct rule *rule = &policy->rules[i];
		const char *file = file_of(policy, rule->file);

		lint_match(lint, file, rule);
		lint_deny(lint, file, rule);
		lint_cross(lint, file, rule);
		lint_version(lint, file, rule);
		lint_capabilities(lint, file, rule);
	}
	if (policy->on_bypass == BYPASS_KILL && policy->mode == POLICY_AUDIT)
		find(lint, LINT_NO_EFFECT, file_of(policy, policy->on_bypass_file),
		     policy->on_bypass_position, "on-bypass: kill kills nobody in audit mode");
	lint_hook(lint, policy);
	return lint->result;
}

/* Descriptors. They have no lines of their own by now: the file is the place. */
static const struct position whole_file;

static void lint_template(struct lint *lint, const char *place, const struct descriptor *descriptor)
{
	AUTO_FREE struct template *template = malloc(sizeof(*template));
	struct template_note notes[NOTES_MAX];
	struct template_error error = {0};
	size_t count;

	if (descriptor->template_text.state != FACT_KNOWN)
		return;
	if (!template) {
		lint->result = -ENOMEM;
		return;
	}
	if (template_parse(slice_of(descriptor->template_text.text), template, &error)) {
		find(lint, LINT_TEMPLATE_MALFORMED, place, whole_file,
		     "template, line %u, column %u: %s", error.line, error.column, error.text);
		return;
	}
	count = template_lint(template, notes, NOTES_MAX);
	for (size_t i = 0; i < count && i < NOTES_MAX; i++) {
		const struct template_note *note = &notes[i];
		int name_length = (int)note->variable.length;

		switch (note->kind) {
		case TEMPLATE_DEAD_BINDING:
			find(lint, LINT_DEAD_BINDING, place, whole_file,
			     "template, line %u: with {%.*s} = %.*s nothing can match", note->line,
			     name_length, note->variable.text, (int)note->item.length,
			     note->item.text);
			break;
		case TEMPLATE_SPARSE_LIST:
			find(lint, LINT_SPARSE_LIST, place, whole_file,
			     "template, line %u: the integers of {%.*s} are sparse; x.y.z and "
			     "ranges "
			     "say it better",
			     note->line, name_length, note->variable.text);
			break;
		case TEMPLATE_SINGLE_ITEM:
			find(lint, LINT_SINGLE_ITEM, place, whole_file,
			     "template, line %u: {%.*s} has one item: write it out", note->line,
			     name_length, note->variable.text);
			break;
		}
	}
}

static void lint_ranges(struct lint *lint, const char *place, const struct fact *list)
{
	const struct xyz any = {0};
	struct range_error error = {0};

	if (list->state != FACT_KNOWN ||
	    ranges_contain(slice_of(list->text), any, &error) != -EINVAL)
		return;
	find(lint, LINT_RANGE_MALFORMED, place, whole_file,
	     "interface_version_compatible: \"%.*s\": %s, which makes the whole list unusable",
	     (int)error.item.length, error.item.text ? error.item.text : "",
	     range_fault_text(error.fault));
}

/* Several lines with a `=` in two of them: a format of its own inside one file ([001], Huck). */
static bool has_key_value_lines(const char *text)
{
	struct slice rest = slice_of(text);
	struct slice line;
	int count = 0;

	while (slice_cut(&rest, "\n", &line))
		count += slice_find(line, '=') < line.length;
	return count > 1;
}

static void lint_shape(struct lint *lint, const char *place, const char *name,
		       const struct fact *fact)
{
	if (fact->state == FACT_KNOWN && has_key_value_lines(fact->text))
		find(lint, LINT_NOT_SYSFS_SHAPED, place, whole_file,
		     "%s: several key=value lines in one file are not sysfs-shaped", name);
}

/* The same type under another parent and another api: it names more than one thing. */
static void lint_authority(struct lint *lint, const char *place,
			   const struct descriptor *descriptor)
{
	struct seen_type *seen;

	if (descriptor->mdev_type.state != FACT_KNOWN ||
	    descriptor->device_api.state != FACT_KNOWN || descriptor->vendor.state != FACT_KNOWN ||
	    descriptor->device_id.state != FACT_KNOWN)
		return;
	seen = arena_grow(lint->arena, lint->seen, lint->seen_count, sizeof(*seen));
	if (!seen) {
		lint->result = -ENOMEM;
		return;
	}
	lint->seen = seen;
	seen += lint->seen_count++;
	*seen = (struct seen_type){
		.type = arena_strdup(lint->arena, descriptor->mdev_type.text),
		.place = arena_strdup(lint->arena, place),
		.parent = arena_printf(lint->arena, "%s:%s", descriptor->vendor.text,
				       descriptor->device_id.text),
		.device_api = arena_strdup(lint->arena, descriptor->device_api.text),
	};
	if (!seen->type || !seen->place || !seen->parent || !seen->device_api) {
		lint->seen_count--;
		lint->result = -ENOMEM;
	}
}

static int compare_seen(const void *a, const void *b)
{
	const struct seen_type *left = a;
	const struct seen_type *right = b;
	int r = strcmp(left->type, right->type);

	return r ? r : strcmp(left->place, right->place);
}

int lint_finish(struct lint *lint)
{
	const struct seen_type *first = NULL;
	bool is_reported = false;

	if (lint->seen_count)
		qsort(lint->seen, lint->seen_count, sizeof(*lint->seen), compare_seen);
	for (size_t i = 0; i < lint->seen_count; i++) {
		const struct seen_type *seen = &lint->seen[i];

		if (!first || strcmp(first->type, seen->type) != 0) {
			first = seen;
			is_reported = false;
		} else if (!is_reported && strcmp(first->parent, seen->parent) != 0 &&
			   strcmp(first->device_api, seen->device_api) != 0) {
			is_reported = true;
			find(lint, LINT_TYPE_NOT_AUTHORITATIVE, seen->place, whole_file,
			     "type \"%s\" is not authoritative: %s on %s here, %s on %s in %s",
			     seen->type, seen->device_api, seen->parent, first->device_api,
			     first->parent, first->place);
		}
	}
	return lint->result;
}

int lint_descriptor(struct lint *lint, const char *place, const struct descriptor *descriptor)
{
	const struct {
		const char *name;
		const struct fact *fact;
	} facts[] = {
		{"version", &descriptor->version},
		{"interface_version", &descriptor->interface_version},
		{"interface_version_compatible", &descriptor->interface_version_compatible},
		{"driver_version", &descriptor->driver_version},
		{"firmware_version", &descriptor->firmware_version},
	};

	if (descriptor->mdev_type.state == FACT_KNOWN)
		lint_type_name(lint, place, whole_file, descriptor->mdev_type.text);
	lint_ranges(lint, place, &descriptor->interface_version_compatible);
	lint_template(lint, place, descriptor);
	for (size_t i = 0; i < ARRAY_SIZE(facts); i++)
		lint_shape(lint, place, facts[i].name, facts[i].fact);
	for (size_t i = 0; i < descriptor->attribute_count; i++)
		lint_shape(lint, place, descriptor->attributes[i].name,
			   &descriptor->attributes[i].value);
	lint_authority(lint, place, descriptor);
	return lint->result;
}
