// SPDX-License-Identifier: GPL-2.0-only
/* Stage template: SEMANTICS 2.6. */
#include "core/compare_stage.h"

#include <stdio.h>

#include "core/prepared.h"
#include "core/template.h"

/* A slice for "%.*s", cut to what a hint has room for. */
#define SHOWN(slice) \
	((slice).length < 48 ? (int)(slice).length : 48), ((slice).length ? (slice).text : "")

/* The parsed template, prepared or in @room; NULL when it is malformed. */
static const struct template *get_template(const struct descriptor *descriptor,
					   struct template *room, struct template_error *error)
{
	const struct descriptor_prepared *prepared = descriptor->prepared;
	const char *text = descriptor->template_text.text;

	if (prepared && prepared->template_text == text) {
		*error = prepared->template_error;
		return prepared->template;
	}
	return template_parse(slice_of(text), room, error) ? NULL : room;
}

static enum stage_result fail_malformed(struct comparison *c, bool of_source,
					const struct template_error *error)
{
	return stage_fail(c, MW_REASON_TEMPLATE_MALFORMED, "template", c->rule->version_position,
			  "the template of the %s cannot be used: line %u, column %u: %s; have the "
			  "driver corrected, or choose another version comparator",
			  of_source ? "source" : "destination", error->line, error->column,
			  error->text);
}

/* Every fact that a template can speak of has to be readable on the source. */
static bool source_unreadable(struct comparison *c)
{
	static const struct fact fine = {.state = FACT_UNKNOWN};
	const struct descriptor *source = c->source;
	struct position position = c->rule->version_position;
	char name[VERDICT_NOTE_BYTES];

	if (stage_unreadable(c, "template", "device_id", position, &source->device_id, &fine) ||
	    stage_unreadable(c, "template", "mdev_type", position, &source->mdev_type, &fine) ||
	    stage_unreadable(c, "template", "interface_version", position,
			     &source->interface_version, &fine))
		return true;
	for (size_t i = 0; i < source->attribute_count; i++) {
		const struct attribute *attribute = &source->attributes[i];

		if (attribute->value.state != FACT_UNREADABLE)
			continue;
		snprintf(name, sizeof(name), "attributes.%.128s", attribute->name);
		return stage_unreadable(c, "template", name, position, &attribute->value, &fine);
	}
	return false;
}

/* SEMANTICS 2.6: where the source has a template, it has to describe the source. */
static enum stage_result check_source_template(struct comparison *c, struct template *room)
{
	const struct template *template;
	const struct template_field *field;
	struct template_error error;

	if (!fact_known(&c->source->template_text))
		return STAGE_PASSED;
	template = get_template(c->source, room, &error);
	if (!template)
		return fail_malformed(c, true, &error);
	field = template_self_agrees(template, c->source);
	if (!field)
		return STAGE_PASSED;
	return stage_fail(c, MW_REASON_TEMPLATE_MALFORMED, "template", c->rule->version_position,
			  "SELF of the source's own template says %.*s=%.*s, which its descriptor "
			  "does not: describe the device again",
			  SHOWN(field->key), SHOWN(field->value));
}

static enum stage_result fail_no_match(struct comparison *c, const struct template *template,
				       const struct template_result *result)
{
	const struct template_field *field = result->field;
	const char *block = template->block_count > 1 ? "COMPATIBLE" : "SELF";
	unsigned int line = template->blocks[result->block].line;

	if (!field) {
		return stage_fail(
			c, MW_REASON_TEMPLATE_NO_MATCH, "template", c->rule->version_position,
			"no block takes the source; in the nearest (%s, line %u) each field "
			"fits alone, but no binding of its variables fits all",
			block, line);
	}
	stage_source_value(c, result->source_absent ? slice_of(NULL) : result->source);
	stage_dest_value(c, field->value);
	return stage_fail(c, MW_REASON_TEMPLATE_NO_MATCH, "template", c->rule->version_position,
			  "no block takes the source; the nearest (%s, line %u) wants %.*s=%.*s: "
			  "choose a destination whose template names this source",
			  block, line, SHOWN(field->key), SHOWN(field->value));
}

static enum stage_result check_open(struct comparison *c, const struct template *template,
				    const struct template_result *result)
{
	unsigned int line = template->blocks[result->block].line;
	bool warns = c->rule->unconstrained_set ? c->rule->unconstrained_warn
						: c->policy->mode == POLICY_AUDIT;

	if (warns) {
		stage_warn(c, "template: the block on line %u does not constrain %.*s", line,
			   SHOWN(result->source));
		return STAGE_PASSED;
	}
	return stage_fail(c, MW_REASON_ATTRIBUTE_UNCONSTRAINED, "template",
			  c->rule->version_position,
			  "the block on line %u fits but does not constrain %.*s, which the source "
			  "has: have the template extended, or say `unconstrained: warn`",
			  line, SHOWN(result->source));
}

static enum stage_result match(struct comparison *c, const struct template *template)
{
	static const struct template_error too_costly = {
		.line = 1, .column = 1, .text = "more combinations than can be tried"};
	char scratch[TEMPLATE_KEY_BYTES];
	struct template_result result;

	template_match(template, c->source, c->rule->parent_ignore, scratch, &result);
	if (result.reads_pci)
		stage_warn(c, "template: device_type=pci reads as device_api: vfio-pci");
	switch (result.answer) {
	case TEMPLATE_MATCH:
		return STAGE_PASSED;
	case TEMPLATE_UNCONSTRAINED:
		return check_open(c, template, &result);
	case TEMPLATE_NO_MATCH:
		return fail_no_match(c, template, &result);
	case TEMPLATE_TOO_COSTLY:
		break;
	}
	return fail_malformed(c, false, &too_costly);
}

enum stage_result stage_template(struct comparison *c)
{
	static const struct fact fine = {.state = FACT_UNKNOWN};
	const struct fact *text = &c->dest->template_text;
	struct position position = c->rule->version_position;
	const struct template *template;
	struct template_error error;
	struct template room;
	enum stage_result result;

	if (stage_unreadable(c, "template", "template", position, &fine, text) ||
	    stage_unreadable(c, "template", "template", position, &c->source->template_text,
			     &fine) ||
	    source_unreadable(c))
		return STAGE_FAILED;
	stage_values(c, "template", &c->source->mdev_type, text);
	if (!fact_known(text))
		return stage_fail(
			c, MW_REASON_TEMPLATE_NO_MATCH, "template", position,
			"the rule goes by template and the destination has none: describe "
			"it again, or choose another version comparator");
	result = check_source_template(c, &room);
	if (result != STAGE_PASSED)
		return result;
	template = get_template(c->dest, &room, &error);
	if (!template)
		return fail_malformed(c, false, &error);
	return match(c, template);
}
