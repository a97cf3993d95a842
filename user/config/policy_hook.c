// SPDX-License-Identifier: GPL-2.0-only
#include "config/policy_hook.h"

#include <errno.h>
#include <string.h>

const struct choice choices_remap[] = {
	{"off", REMAP_OFF},
	{"uuid", REMAP_UUID},
	{"create", REMAP_CREATE},
	{0},
};

const struct choice choices_restore[] = {
	{"allow", RESTORE_ALLOW},
	{"judge", RESTORE_JUDGE},
	{0},
};

const char *policy_hook_key_name(enum policy_hook_key key)
{
	switch (key) {
	case HOOK_UNSIGNED:
		return "unsigned";
	case HOOK_STAMP_MAX_AGE:
		return "stamp-max-age";
	case HOOK_REMAP:
		return "remap";
	case HOOK_WITHOUT_DAEMON:
		return "hook-without-daemon";
	case HOOK_RESTORE:
		return "restore";
	case HOOK_ADMISSION_TTL:
		return "admission-ttl";
	case HOOK_KEYS:
		break;
	}
	return "unknown";
}

int policy_hook_read(const struct reading *reading, const struct node *node,
		     const struct field *field, void *object)
{
	struct policy *policy = object;
	struct policy_hook *hook = &policy->hook[field->offset];
	int word = 0;
	int r;

	hook->position = node->key_position;
	if (field->quantity) {
		r = reading_quantity(reading, node, field->quantity, &hook->value);
		if (!r && field->offset == HOOK_ADMISSION_TTL &&
		    (!hook->value || hook->value > POLICY_ADMISSION_TTL_S_MAX))
			return reading_expected(reading, node, "a time of 1s to 1d");
		return r;
	}
	r = reading_choice(reading, node, field->choices, &word);
	if (!r)
		hook->value = word;
	return r;
}

static int read_path(const struct reading *reading, const struct node *node,
		     const struct policy *policy, struct policy_trust *trust)
{
	int r = reading_string(reading, node, "a file of public keys", &trust->path);

	if (r)
		return r;
	if (*trust->path != '/')
		return reading_expected(reading, node, "a path from / on");
	for (size_t i = 0; i < policy->trust_count; i++)
		if (strcmp(policy->trust[i].path, trust->path) == 0)
			return reading_expected(reading, node, "each file once");
	trust->position = node->position;
	return 0;
}

int policy_trust_read(const struct reading *reading, const struct node *node,
		      const struct field *field, void *object)
{
	struct policy *policy = object;
	int r = reading_list(reading, node, "files of public keys", 0);

	(void)field;
	if (r)
		return r;
	if (node->count > POLICY_TRUST_MAX)
		return reading_refuse(reading, node->position,
				      "expected at most %d files of public keys, got %zu",
				      POLICY_TRUST_MAX, node->count);
	policy->trust = arena_alloc(reading->arena, (node->count + 1) * sizeof(*policy->trust));
	if (!policy->trust)
		return -ENOMEM;
	for (const struct node *item = node->first; !r && item; item = item->next) {
		r = read_path(reading, item, policy, &policy->trust[policy->trust_count]);
		policy->trust_count += !r;
	}
	return r;
}
