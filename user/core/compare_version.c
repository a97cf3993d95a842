// SPDX-License-Identifier: GPL-2.0-only
/* Stage version: SEMANTICS 2.1 to 2.5, and `auto` of 4. */
#include "core/compare_stage.h"

#include <errno.h>

#include "core/prepared.h"
#include "core/version.h"

static enum mw_reason by_number(struct slice source, struct slice dest, bool at_least)
{
	struct slice a;
	struct slice b;
	int order;

	if (!numeric_parse(source, &a) || !numeric_parse(dest, &b))
		return MW_REASON_VERSION_MALFORMED;
	order = numeric_order(b, a);
	if (order == 0 || (at_least && order > 0))
		return MW_REASON_OK;
	return MW_REASON_VERSION_MISMATCH;
}

static enum mw_reason by_xyz(struct slice source, struct slice dest)
{
	struct xyz a;
	struct xyz b;

	if (!xyz_parse(source, &a) || !xyz_parse(dest, &b))
		return MW_REASON_VERSION_MALFORMED;
	return xyz_compare(a, b);
}

static enum mw_reason by_namespace(struct slice source, struct slice dest)
{
	struct namespaced a;
	struct namespaced b;

	if (!namespaced_parse(source, &a) || !namespaced_parse(dest, &b))
		return MW_REASON_VERSION_MALFORMED;
	return namespaced_compare(&a, &b);
}

enum mw_reason versions_by(enum comparator comparator, const struct fact *source,
			   const struct fact *dest)
{
	struct slice a = fact_line(source);
	struct slice b = fact_line(dest);

	switch (comparator) {
	case COMPARE_NUMERIC:
		return by_number(a, b, false);
	case COMPARE_AT_LEAST:
		return by_number(a, b, true);
	case COMPARE_XYZ:
		return by_xyz(a, b);
	case COMPARE_NAMESPACED:
		return by_namespace(a, b);
	case COMPARE_OPAQUE:
		return slice_equal(a, b) ? MW_REASON_OK : MW_REASON_OPAQUE_MISMATCH;
	case COMPARE_EQUAL:
	case COMPARE_AUTO:
	case COMPARE_RANGES:
	case COMPARE_TEMPLATE:
	case COMPARE_SUPERSET:
	case COMPARE_IGNORE:
		break;
	}
	return slice_equal(a, b) ? MW_REASON_OK : MW_REASON_VERSION_MISMATCH;
}

/* SEMANTICS 2.4, no list: x.y.z when both are, else equality. */
static struct version_answer without_list(const struct version_pair *pair)
{
	struct version_answer answer = {.comparator = COMPARE_XYZ};

	answer.reason = versions_by(COMPARE_XYZ, pair->source, pair->dest);
	if (answer.reason == MW_REASON_VERSION_MALFORMED) {
		answer.comparator = COMPARE_EQUAL;
		answer.reason = versions_by(COMPARE_EQUAL, pair->source, pair->dest);
	}
	return answer;
}

/* 1, 0, -EINVAL as ranges_contain, from what was prepared where that is there. */
static int look_up(const struct descriptor *owner, const struct fact *list, struct xyz version,
		   struct range_error *fault)
{
	const struct descriptor_prepared *prepared = owner ? owner->prepared : NULL;

	if (!prepared || prepared->ranges_text != list->text || prepared->ranges_malformed)
		return ranges_contain(slice_of(list->text), version, fault);
	for (size_t i = 0; i < prepared->range_count; i++) {
		if (range_contains(&prepared->ranges[i], version))
			return 1;
	}
	return 0;
}

/* Whether @list, which stands beside @own, takes @other. */
static struct version_answer in_list(const struct version_pair *pair, bool of_source)
{
	const struct fact *list = of_source ? pair->source_list : pair->dest_list;
	const struct fact *own = of_source ? pair->source : pair->dest;
	const struct fact *other = of_source ? pair->dest : pair->source;
	const struct descriptor *owner = of_source ? pair->source_owner : pair->dest_owner;
	struct version_answer answer = {
		.comparator = COMPARE_RANGES,
		.list = list,
		.list_of_source = of_source,
	};
	struct xyz version = {0};
	struct xyz own_version;
	bool is_xyz = xyz_parse(fact_line(other), &version);
	int r;

	if (!fact_known(list))
		return without_list(pair);
	r = look_up(owner, list, version, &answer.fault);
	if (r < 0)
		answer.reason = MW_REASON_RANGE_MALFORMED;
	else if (is_xyz && r > 0)
		answer.reason = MW_REASON_OK;
	else if (slice_equal(fact_line(own), fact_line(other)))
		/* A device accepts its own exact version. */
		answer.reason = MW_REASON_OK;
	else if (!is_xyz)
		answer.reason = MW_REASON_VERSION_MALFORMED;
	else if (xyz_parse(fact_line(own), &own_version) && !xyz_order(own_version, version))
		answer.reason = MW_REASON_OK;
	else
		answer.reason = MW_REASON_VERSION_NOT_LISTED;
	return answer;
}

struct version_answer versions_by_ranges(const struct version_pair *pair)
{
	struct version_answer answer = {0};

	switch (pair->direction) {
	case DIRECTION_DESTINATION_ACCEPTS:
		return in_list(pair, false);
	case DIRECTION_SOURCE_OFFERS:
		return in_list(pair, true);
	case DIRECTION_MUTUAL:
		answer = in_list(pair, false);
		if (answer.reason == MW_REASON_OK) {
			struct version_answer back = in_list(pair, true);

			/* What passes is shown by the list that was there. */
			if (back.reason != MW_REASON_OK || !answer.list)
				answer = back;
		}
		break;
	}
	return answer;
}

const char *version_hint(enum mw_reason reason)
{
	static const char *const hints[MW_REASON_COUNT_] = {
		[MW_REASON_VERSION_ABSENT] =
			"describe the device where its version can be read, or use `compare: auto` "
			"where no side has one",
		[MW_REASON_VERSION_MALFORMED] =
			"the text has not the form that this comparator reads: correct the "
			"device's "
			"version, or choose another comparator (`equal` takes any text)",
		[MW_REASON_VERSION_MISMATCH] =
			"choose a destination of the same version, or a comparator that says which "
			"others fit (at-least, xyz, ranges)",
		[MW_REASON_VERSION_MAJOR] = "another major has lost features: choose a destination "
					    "of the same major, or "
					    "have it list the source's version (`compare: ranges`)",
		[MW_REASON_VERSION_MINOR_OLDER] =
			"the destination lacks features that the source may use: update its driver "
			"to the source's minor version at least",
		[MW_REASON_VERSION_NOT_LISTED] =
			"choose a destination whose list has the source's version, or have the "
			"driver's list (interface_version_compatible) extended",
		[MW_REASON_NAMESPACE_MISMATCH] =
			"the common parts name another vendor or kind of device, or one side only "
			"has one: choose a destination of the same namespace",
		[MW_REASON_OPAQUE_MISMATCH] =
			"opaque text has to be equal: choose a destination with the same text",
	};

	return hints[reason] ? hints[reason] : "";
}

static bool has_text(const struct fact *fact)
{
	return fact_known(fact) && fact->text[0];
}

/* Known and empty says as little as absent; unreadable says that there is something. */
static bool says_something(const struct fact *fact)
{
	return has_text(fact) || fact->state == FACT_UNREADABLE;
}

/* Which facts are the versions, and how they are compared (SEMANTICS 4, `auto`). */
static enum comparator choose(const struct comparison *c, struct version_pair *pair)
{
	static const struct fact no_list = {.state = FACT_UNKNOWN};
	const struct descriptor *source = c->source;
	const struct descriptor *dest = c->dest;
	enum comparator comparator = c->rule->version;

	pair->direction = c->rule->direction;
	if (comparator != COMPARE_NAMESPACED && (says_something(&source->interface_version) ||
						 says_something(&dest->interface_version))) {
		pair->source = &source->interface_version;
		pair->dest = &dest->interface_version;
		pair->source_list = &source->interface_version_compatible;
		pair->dest_list = &dest->interface_version_compatible;
		pair->source_owner = source;
		pair->dest_owner = dest;
		/* `ranges` falls back on xyz and equal just as `auto` does. */
		return comparator == COMPARE_AUTO ? COMPARE_RANGES : comparator;
	}
	pair->source = &source->version;
	pair->dest = &dest->version;
	pair->source_list = &no_list;
	pair->dest_list = &no_list;
	return comparator == COMPARE_AUTO ? COMPARE_NAMESPACED : comparator;
}

static const char *field_of(const struct comparison *c, const struct version_pair *pair)
{
	return pair->source == &c->source->version ? "version" : "interface_version";
}

static enum stage_result fail_absent(struct comparison *c, const struct version_pair *pair,
				     enum comparator comparator)
{
	bool on_source = has_text(pair->source);
	bool on_dest = has_text(pair->dest);

	if (!on_source && !on_dest && c->rule->version == COMPARE_AUTO) {
		stage_warn(c, "version is on neither side: not compared");
		stage_forget_values(c);
		return STAGE_PASSED;
	}
	stage_values(c, comparator_name(comparator), pair->source, pair->dest);
	return stage_fail(c, MW_REASON_VERSION_ABSENT, field_of(c, pair), c->rule->version_position,
			  "%s: %s",
			  on_source ? "absent on the destination"
			  : on_dest ? "absent on the source"
				    : "absent on both sides",
			  version_hint(MW_REASON_VERSION_ABSENT));
}

static bool lists_unreadable(struct comparison *c, const struct version_pair *pair)
{
	static const struct fact fine = {.state = FACT_UNKNOWN};
	bool source = pair->direction != DIRECTION_DESTINATION_ACCEPTS;
	bool dest = pair->direction != DIRECTION_SOURCE_OFFERS;

	return stage_unreadable(c, "ranges", "interface_version_compatible",
				c->rule->version_position, source ? pair->source_list : &fine,
				dest ? pair->dest_list : &fine);
}

/* The values of a comparison by list are a version and the list that it has to be in. */
static void show(struct comparison *c, const struct version_pair *pair,
		 const struct version_answer *answer)
{
	const struct fact *source = pair->source;
	const struct fact *dest = pair->dest;

	if (answer->list && answer->list_of_source)
		source = answer->list;
	else if (answer->list)
		dest = answer->list;
	stage_values(c, comparator_name(answer->comparator), source, dest);
	if (answer->list)
		c->verdict->direction = direction_name(pair->direction);
}

static enum stage_result finish(struct comparison *c, const struct version_pair *pair,
				const struct version_answer *answer)
{
	const char *field = field_of(c, pair);

	show(c, pair, answer);
	if (answer->reason == MW_REASON_OK)
		return STAGE_PASSED;
	if (answer->reason != MW_REASON_RANGE_MALFORMED)
		return stage_fail(c, answer->reason, field, c->rule->version_position, "%s",
				  version_hint(answer->reason));
	return stage_fail(
		c, answer->reason, "interface_version_compatible", c->rule->version_position,
		"the list of the %s cannot be used: %s: '%.*s'; have the driver corrected, "
		"or compare by `xyz`",
		answer->list_of_source ? "source" : "destination",
		range_fault_text(answer->fault.fault),
		answer->fault.item.length < 64 ? (int)answer->fault.item.length : 64,
		answer->fault.item.length ? answer->fault.item.text : "");
}

enum stage_result stage_version(struct comparison *c)
{
	struct version_pair pair = {0};
	struct version_answer answer;

	if (fact_known(&c->dest->template_text))
		stage_warn(c, "destination: template is present and unused");
	answer = (struct version_answer){.comparator = choose(c, &pair)};
	if (stage_unreadable(c, comparator_name(answer.comparator), field_of(c, &pair),
			     c->rule->version_position, pair.source, pair.dest))
		return STAGE_FAILED;
	if (!has_text(pair.source) || !has_text(pair.dest))
		return fail_absent(c, &pair, answer.comparator);
	if (answer.comparator != COMPARE_RANGES) {
		answer.reason = versions_by(answer.comparator, pair.source, pair.dest);
		return finish(c, &pair, &answer);
	}
	if (lists_unreadable(c, &pair))
		return STAGE_FAILED;
	answer = versions_by_ranges(&pair);
	return finish(c, &pair, &answer);
}
