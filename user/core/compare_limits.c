// SPDX-License-Identifier: GPL-2.0-only
/* Stages capabilities and limits: SEMANTICS 2.13 and 4. */
#include "core/compare_stage.h"

#include <inttypes.h>
#include <stdio.h>

static const struct position at_rule = {0};

/* "stop-copy,p2p"; "none" for the empty set. */
static const char *capability_names(uint32_t capabilities, char *out, size_t size)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} names[] = {
		{CAPABILITY_STOP_COPY, "stop-copy"},
		{CAPABILITY_P2P, "p2p"},
		{CAPABILITY_PRE_COPY, "pre-copy"},
	};
	size_t used = 0;

	snprintf(out, size, "none");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && used < size; i++) {
		if (capabilities & names[i].bit)
			used += (size_t)snprintf(out + used, size - used, "%s%s", used ? "," : "",
						 names[i].name);
	}
	return out;
}

static void show_capabilities(struct comparison *c)
{
	char text[64];

	stage_forget_values(c);
	c->verdict->comparator = "superset";
	stage_source_value(c,
			   slice_of(capability_names(c->source->capabilities, text, sizeof(text))));
	stage_dest_value(c, slice_of(capability_names(c->dest->capabilities, text, sizeof(text))));
}

enum stage_result stage_capabilities(struct comparison *c)
{
	uint32_t missing = c->rule->capabilities & ~c->dest->capabilities;
	bool source_p2p = c->source->capabilities & CAPABILITY_P2P;
	bool dest_p2p = c->dest->capabilities & CAPABILITY_P2P;
	char text[64];

	if (missing) {
		show_capabilities(c);
		return stage_fail(
			c, MW_REASON_CAPABILITY_MISSING, "migration.capabilities",
			c->rule->capabilities_position,
			"the destination lacks %s: choose one that has it, or take it off "
			"the rule's `capabilities`",
			capability_names(missing, text, sizeof(text)));
	}
	if (c->context->device_count < 2 || (source_p2p && dest_p2p))
		return STAGE_PASSED;
	show_capabilities(c);
	return stage_fail(c, MW_REASON_P2P_REQUIRED, "migration.capabilities", at_rule,
			  "%u devices migrate with this VM, so each needs p2p, which the %s lacks: "
			  "detach the others first, or choose a device that has it",
			  c->context->device_count, source_p2p ? "destination" : "source");
}

/* One number that a device reports against one limit; what is not known is said, not refused. */
static enum stage_result check_limit(struct comparison *c, const char *name, const char *unit,
				     int64_t limit, int64_t source, int64_t dest)
{
	int64_t over = source > limit ? source : dest;
	char text[32];

	if (limit < 0)
		return STAGE_PASSED;
	if (source <= limit && dest <= limit) {
		if (source < 0)
			stage_warn(c, "%s of the source is not known: its limit was not checked",
				   name);
		return STAGE_PASSED;
	}
	stage_forget_values(c);
	c->verdict->comparator = "at-most";
	if (source >= 0) {
		snprintf(text, sizeof(text), "%" PRId64 " %s", source, unit);
		stage_source_value(c, slice_of(text));
	}
	if (dest >= 0) {
		snprintf(text, sizeof(text), "%" PRId64 " %s", dest, unit);
		stage_dest_value(c, slice_of(text));
	}
	return stage_fail(c, MW_REASON_LIMIT_EXCEEDED, name, c->rule->limits_position,
			  "%" PRId64 " %s is over the rule's limit of %" PRId64
			  " %s: raise `%s`, or "
			  "migrate when the device holds less",
			  over, unit, limit, unit, name);
}

enum stage_result stage_limits(struct comparison *c)
{
	const struct rule_limits *limits = &c->rule->limits;
	enum stage_result result;

	/* What is copied, the source holds; the destination has nothing yet. */
	result = check_limit(c, "stop-copy-bytes", "bytes", limits->stop_copy_bytes,
			     c->source->stop_copy_bytes, -1);
	if (result == STAGE_PASSED)
		result = check_limit(c, "downtime", "ns", limits->downtime_ns,
				     c->source->downtime_ns, c->dest->downtime_ns);
	return result;
}
