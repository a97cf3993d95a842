// SPDX-License-Identifier: GPL-2.0-only
/* Stage mdev_type: SEMANTICS 2.7 (traits), 2.9 and 2.10. */
#include "core/compare_stage.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/sets.h"

enum type_answer {
	TYPES_FIT,
	TYPES_DIFFER,
	TYPES_ALIAS_OF_ANOTHER_VENDOR,
	TYPES_CROSS_DENIED,
};

/* What follows "<driver>-" in a type name; NULL when the driver is not known or not in it. */
static const char *type_part(const struct descriptor *descriptor)
{
	const char *type = fact_text(&descriptor->mdev_type);
	struct slice driver = slice_of(fact_text(&descriptor->driver));

	/* The driver's real name, never a guess at the first dash: qat-v4-type1, vfio_ap-x. */
	if (!driver.length || strncmp(type, driver.text, driver.length) ||
	    type[driver.length] != '-' || !type[driver.length + 1])
		return NULL;
	return type + driver.length + 1;
}

static bool has_driver(const struct alias_group *group, const struct fact *driver)
{
	for (size_t i = 0; fact_known(driver) && i < group->driver_count; i++) {
		if (text_equal(group->drivers[i], driver->text))
			return true;
	}
	return false;
}

static bool is_of_vendor(const struct alias_group *group, const struct fact *vendor)
{
	uint32_t wanted;
	uint32_t id;

	return group->vendor && fact_known(vendor) &&
	       slice_hex_to_u32(slice_of(group->vendor), &wanted) &&
	       slice_hex_to_u32(slice_of(vendor->text), &id) && wanted == id;
}

static enum type_answer compare_by_alias(const struct comparison *c)
{
	const char *source = type_part(c->source);
	const char *dest = type_part(c->dest);
	enum type_answer answer = TYPES_DIFFER;

	if (!source || !dest || !text_equal(source, dest))
		return TYPES_DIFFER;
	for (size_t i = 0; i < c->policy->alias_count; i++) {
		const struct alias_group *group = &c->policy->aliases[i];

		if (!has_driver(group, &c->source->driver) || !has_driver(group, &c->dest->driver))
			continue;
		/* The destination's vendor is the same: a stage before this one has seen to it. */
		if (is_of_vendor(group, &c->source->vendor))
			return TYPES_FIT;
		answer = TYPES_ALIAS_OF_ANOTHER_VENDOR;
	}
	return answer;
}

static bool is_listed_pair(const struct comparison *c)
{
	for (size_t i = 0; i < c->rule->cross_count; i++) {
		const struct type_pair *pair = &c->rule->cross[i];

		if (text_equal(pair->from, c->source->mdev_type.text) &&
		    text_equal(pair->to, c->dest->mdev_type.text))
			return true;
	}
	return false;
}

/* Two types by name. */
static enum type_answer compare_types(const struct comparison *c)
{
	enum type_answer answer;

	if (text_equal(c->source->mdev_type.text, c->dest->mdev_type.text))
		return TYPES_FIT;
	answer = compare_by_alias(c);
	if (answer == TYPES_FIT)
		return answer;
	if (c->rule->type == TYPE_CROSS) {
		if (is_listed_pair(c))
			return TYPES_FIT;
		if (answer == TYPES_DIFFER)
			return TYPES_CROSS_DENIED;
	}
	return answer;
}

static enum stage_result fail_types(struct comparison *c, enum type_answer answer)
{
	const char *source = c->source->mdev_type.text;
	const char *dest = c->dest->mdev_type.text;
	struct position position = c->rule->type_position;

	switch (answer) {
	case TYPES_FIT:
		return STAGE_PASSED;
	case TYPES_ALIAS_OF_ANOTHER_VENDOR:
		return stage_fail(c, MW_REASON_ALIAS_VENDOR_MISMATCH, "mdev_type", position,
				  "an alias group names both drivers, but for another vendor than "
				  "%s: correct the group's `vendor`, or choose another destination",
				  fact_text(&c->source->vendor));
	case TYPES_CROSS_DENIED:
		return stage_fail(c, MW_REASON_CROSS_TYPE_DENIED, "mdev_type", position,
				  "the rule's `cross` list does not name this pair: add [\"%s\", "
				  "\"%s\"] when the vendor vouches for it",
				  source, dest);
	case TYPES_DIFFER:
		break;
	}
	return stage_fail(c, MW_REASON_TYPE_MISMATCH, "mdev_type", position,
			  "choose a destination of type %s, or name the pair in the rule: "
			  "`type: {cross: [[\"%s\", \"%s\"]]}`",
			  source, source, dest);
}

static const struct offered_type *find_offer(const struct descriptor *dest, const char *type)
{
	for (size_t i = 0; i < dest->offered_type_count; i++) {
		if (text_equal(dest->offered_types[i].type, type))
			return &dest->offered_types[i];
	}
	return NULL;
}

/*
 * The destination is not of the source's type, but its parent may offer that type. Gives
 * STAGE_NOT_EVALUATED when it does not, or when a device that is there cannot become it.
 */
static enum stage_result try_offer(struct comparison *c)
{
	const char *type = c->source->mdev_type.text;
	const struct offered_type *offer = find_offer(c->dest, type);
	char room[64] = "how many are free is not known";

	if (!offer)
		return STAGE_NOT_EVALUATED;
	if (offer->available_instances > 0) {
		text_copy_cut(c->verdict->create_type, sizeof(c->verdict->create_type),
			      slice_of(type));
		if (!c->context->may_create)
			return STAGE_NOT_EVALUATED;
		stage_warn(c, "create a device of type %s on the destination: %" PRId64 " free",
			   type, offer->available_instances);
		stage_forget_values(c);
		return STAGE_PASSED;
	}
	if (!c->context->may_create && fact_known(&c->dest->mdev_type))
		return STAGE_NOT_EVALUATED;
	stage_values(c, "equal", &c->source->mdev_type, &c->dest->mdev_type);
	if (!offer->available_instances)
		snprintf(room, sizeof(room), "none is free");
	return stage_fail(c, MW_REASON_NO_CAPACITY, "offered_types", c->rule->type_position,
			  "the destination offers %s, but %s: remove a device there, or choose "
			  "another parent",
			  type, room);
}

/* SEMANTICS 2.7; STAGE_NOT_EVALUATED when the source has no traits to go by. */
static enum stage_result compare_traits(struct comparison *c)
{
	struct set source;
	struct set dest;
	char missing[128];

	if (!set_of(c->source->compatible_type, c->source->compatible_type_count, &source) ||
	    !set_of(c->dest->compatible_type, c->dest->compatible_type_count, &dest)) {
		stage_values(c, "traits", &c->source->mdev_type, &c->dest->mdev_type);
		return stage_fail(c, MW_REASON_DESCRIPTOR_MALFORMED, "compatible_type",
				  c->rule->type_position, "compatible_type has more than %u traits",
				  SET_MEMBERS_MAX);
	}
	/* The empty set is a subset of everything: it says nothing. */
	if (!source.count)
		return STAGE_NOT_EVALUATED;
	if (!set_missing(&dest, &source, missing, sizeof(missing)))
		return STAGE_PASSED;
	stage_values(c, "traits", &c->source->mdev_type, &c->dest->mdev_type);
	return stage_fail(c, MW_REASON_FEATURE_MISSING, "compatible_type", c->rule->type_position,
			  "the destination lacks the trait %s: choose one that has it, or "
			  "`type: equal` to go by the name of the type",
			  missing);
}

static enum stage_result fail_absent(struct comparison *c)
{
	bool on_source = !fact_known(&c->source->mdev_type);

	stage_values(c, "equal", &c->source->mdev_type, &c->dest->mdev_type);
	if (c->verdict->create_type[0])
		return stage_fail(c, MW_REASON_TYPE_ABSENT, "mdev_type", c->rule->type_position,
				  "the destination is no mdev, but offers the type: create a "
				  "device of type %s there",
				  c->verdict->create_type);
	return stage_fail(c, MW_REASON_TYPE_ABSENT, "mdev_type", c->rule->type_position,
			  "the %s is no mdev and the other side is one: choose a destination of "
			  "the same kind",
			  on_source ? "source" : "destination");
}

enum stage_result stage_mdev_type(struct comparison *c)
{
	const struct fact *source = &c->source->mdev_type;
	const struct fact *dest = &c->dest->mdev_type;
	enum stage_result result = STAGE_NOT_EVALUATED;
	enum type_answer answer;

	if (stage_unreadable(c, "equal", "mdev_type", c->rule->type_position, source, dest))
		return STAGE_FAILED;
	if (fact_known(source) && !fact_known(dest))
		result = try_offer(c);
	if (result != STAGE_NOT_EVALUATED)
		return result;
	if (fact_known(source) != fact_known(dest))
		return fail_absent(c);
	if (c->rule->type == TYPE_TRAITS)
		result = compare_traits(c);
	if (result != STAGE_NOT_EVALUATED)
		return result;
	if (!fact_known(source))
		return STAGE_SKIPPED;
	answer = compare_types(c);
	if (answer == TYPES_FIT)
		return STAGE_PASSED;
	/* Without the driver's name, nobody knows whether an alias would have made them fit. */
	if (answer == TYPES_DIFFER && c->policy->alias_count &&
	    stage_unreadable(c, "equal", "driver", c->rule->type_position, &c->source->driver,
			     &c->dest->driver))
		return STAGE_FAILED;
	stage_values(c, "equal", source, dest);
	result = try_offer(c);
	if (result != STAGE_NOT_EVALUATED)
		return result;
	if (c->verdict->create_type[0])
		return stage_fail(
			c, MW_REASON_TYPE_MISMATCH, "mdev_type", c->rule->type_position,
			"this device cannot become a %s, but its parent still offers that "
			"type: create one and migrate into it",
			source->text);
	return fail_types(c, answer);
}
