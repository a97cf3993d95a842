// SPDX-License-Identifier: GPL-2.0-only
#include "core/policy.h"

#include <errno.h>

#include "core/descriptor.h"
#include "core/policy_plan.h"

static const char *const comparator_names[] = {
	[COMPARE_AUTO] = "auto",         [COMPARE_EQUAL] = "equal",
	[COMPARE_NUMERIC] = "numeric",   [COMPARE_AT_LEAST] = "at-least",
	[COMPARE_XYZ] = "xyz",           [COMPARE_RANGES] = "ranges",
	[COMPARE_TEMPLATE] = "template", [COMPARE_NAMESPACED] = "namespaced",
	[COMPARE_OPAQUE] = "opaque",     [COMPARE_SUPERSET] = "superset",
	[COMPARE_IGNORE] = "ignore",
};

static const char *const direction_names[] = {
	[DIRECTION_DESTINATION_ACCEPTS] = "destination-accepts",
	[DIRECTION_SOURCE_OFFERS] = "source-offers",
	[DIRECTION_MUTUAL] = "mutual",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

uint64_t policy_downtime_ns(const struct policy *policy)
{
	uint64_t shortest = 0;

	for (size_t i = 0; i < policy->rule_count; i++) {
		int64_t limit = policy->rules[i].limits.downtime_ns;

		if (limit > 0 && (!shortest || (uint64_t)limit < shortest))
			shortest = (uint64_t)limit;
	}
	return shortest;
}

const char *comparator_name(enum comparator comparator)
{
	return (size_t)comparator < COUNT(comparator_names) ? comparator_names[comparator] : NULL;
}

bool comparator_from_name(const char *name, enum comparator *out)
{
	for (size_t i = 0; name && i < COUNT(comparator_names); i++) {
		if (text_equal(name, comparator_names[i])) {
			*out = (enum comparator)i;
			return true;
		}
	}
	return false;
}

const char *direction_name(enum direction direction)
{
	return (size_t)direction < COUNT(direction_names) ? direction_names[direction] : NULL;
}

bool direction_from_name(const char *name, enum direction *out)
{
	for (size_t i = 0; name && i < COUNT(direction_names); i++) {
		if (text_equal(name, direction_names[i])) {
			*out = (enum direction)i;
			return true;
		}
	}
	return false;
}

int policy_new(struct policy **out)
{
	struct arena *arena = arena_new();
	struct policy *policy = arena ? arena_alloc(arena, sizeof(*policy)) : NULL;

	if (!policy) {
		arena_free(arena);
		return -ENOMEM;
	}
	policy->arena = arena;
	policy->file = "";
	policy->mode = POLICY_ENFORCE;
	policy->incoming = MW_ACTION_DENY;
	policy->outgoing = MW_ACTION_ALLOW;
	policy->hook[HOOK_UNSIGNED].value = MW_ACTION_DENY;
	policy->hook[HOOK_STAMP_MAX_AGE].value = STAMP_MAX_AGE_S_DEFAULT;
	policy->hook[HOOK_REMAP].value = REMAP_OFF;
	policy->hook[HOOK_WITHOUT_DAEMON].value = MW_ACTION_DENY;
	policy->hook[HOOK_RESTORE].value = RESTORE_ALLOW;
	policy->hook[HOOK_ADMISSION_TTL].value = POLICY_ADMISSION_TTL_S_DEFAULT;
	*out = policy;
	return 0;
}

void policy_free(struct policy *policy)
{
	/* It lives in its own arena. */
	if (policy)
		arena_free(policy->arena);
}

void policy_rule_init(struct rule *rule)
{
	*rule = (struct rule){
		.type = TYPE_EQUAL,
		.version = COMPARE_AUTO,
		.direction = DIRECTION_DESTINATION_ACCEPTS,
		.capabilities = CAPABILITY_STOP_COPY,
		.limits = {.stop_copy_bytes = -1, .downtime_ns = -1, .descriptor_age_s = -1},
		.action = MW_ACTION_ALLOW,
	};
}

int policy_default(struct policy **out)
{
	struct policy *policy;
	int r = policy_new(&policy);

	if (r)
		return r;
	policy->file = "built-in";
	policy->rules = arena_alloc(policy->arena, sizeof(*policy->rules));
	if (!policy->rules) {
		policy_free(policy);
		return -ENOMEM;
	}
	policy->rule_count = 1;
	policy_rule_init(policy->rules);
	policy->rules->name = "default";
	*out = policy;
	return 0;
}
