// SPDX-License-Identifier: GPL-2.0-only
/* A policy from one file, or from a folder of files that are one policy together. */
#include <dirent.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "config/config.h"
#include "config/input.h"
#include "config/policy_hook.h"
#include "config/policy_read.h"

#define FILES_MAX 1024
#define DIGEST_BYTES 32

_Static_assert(POLICY_DIGEST_BYTES == 2 * DIGEST_BYTES + 1, "two digits a byte");

struct gathering {
	struct policy *policy;
	struct parse_error *error;
	crypto_generichash_state digest;
	size_t bytes;
};

/* The later of two files that say the same thing, with the place of the other one. */
static int refuse_twice(const struct gathering *gathering, const char *key,
			const struct policy *part, struct position later, struct position first,
			const char *first_file)
{
	return parse_error_set(gathering->error, part->file, later.line, later.column,
			       "expected %s in one file, got it again (first on line %u of %s)",
			       key, first.line, first_file);
}

static struct position defaults_position(const struct policy *policy)
{
	if (policy->incoming_position.line)
		return policy->incoming_position;
	return policy->outgoing_position.line ? policy->outgoing_position
					      : policy->device_defaults_position;
}

static int take_mode(const struct gathering *gathering, const struct policy *part)
{
	struct policy *policy = gathering->policy;

	if (!part->mode_position.line)
		return 0;
	if (policy->mode_position.line)
		return refuse_twice(gathering, "mode", part, part->mode_position,
				    policy->mode_position, policy->mode_file);
	policy->mode = part->mode;
	policy->mode_position = part->mode_position;
	policy->mode_file = part->file;
	return 0;
}

static int take_bypass(const struct gathering *gathering, const struct policy *part)
{
	struct policy *policy = gathering->policy;

	if (!part->on_bypass_position.line)
		return 0;
	if (policy->on_bypass_position.line)
		return refuse_twice(gathering, "on-bypass", part, part->on_bypass_position,
				    policy->on_bypass_position, policy->on_bypass_file);
	policy->on_bypass = part->on_bypass;
	policy->on_bypass_position = part->on_bypass_position;
	policy->on_bypass_file = part->file;
	return 0;
}

static int take_defaults(const struct gathering *gathering, const struct policy *part)
{
	struct position first = defaults_position(gathering->policy);
	struct position later = defaults_position(part);
	struct policy *policy = gathering->policy;

	if (!later.line)
		return 0;
	if (first.line)
		return refuse_twice(gathering, "defaults", part, later, first,
				    policy->defaults_file);
	if (part->incoming_position.line)
		policy->incoming = part->incoming;
	if (part->outgoing_position.line)
		policy->outgoing = part->outgoing;
	policy->incoming_position = part->incoming_position;
	policy->outgoing_position = part->outgoing_position;
	policy->device_defaults = part->device_defaults;
	policy->device_default_count = part->device_default_count;
	policy->device_defaults_position = part->device_defaults_position;
	policy->defaults_file = part->file;
	return 0;
}

static int take_hook(const struct gathering *gathering, const struct policy *part)
{
	struct policy *policy = gathering->policy;

	for (int i = 0; i < HOOK_KEYS; i++) {
		struct policy_hook *there = &policy->hook[i];

		if (!part->hook[i].position.line)
			continue;
		if (there->position.line)
			return refuse_twice(gathering,
					    policy_hook_key_name((enum policy_hook_key)i), part,
					    part->hook[i].position, there->position, there->file);
		*there = part->hook[i];
		there->file = part->file;
	}
	return 0;
}

/* @more behind what is there: a new array in the arena, or NULL. */
static void *join(struct arena *arena, const void *there, size_t count, const void *more,
		  size_t more_count, size_t size)
{
	char *joined = arena_alloc(arena, (count + more_count + 1) * size);

	if (joined && count)
		memcpy(joined, there, count * size);
	if (joined && more_count)
		memcpy(joined + count * size, more, more_count * size);
	return joined;
}

static void name_file(const struct policy *part)
{
	for (size_t i = 0; i < part->rule_count; i++)
		part->rules[i].file = part->file;
	for (size_t i = 0; i < part->alias_count; i++)
		part->aliases[i].file = part->file;
	for (size_t i = 0; i < part->trust_count; i++)
		part->trust[i].file = part->file;
}

static int take_lists(struct policy *policy, const struct policy *part)
{
	struct rule *rules = join(policy->arena, policy->rules, policy->rule_count, part->rules,
				  part->rule_count, sizeof(*rules));
	struct alias_group *aliases = join(policy->arena, policy->aliases, policy->alias_count,
					   part->aliases, part->alias_count, sizeof(*aliases));
	struct policy_trust *trust = join(policy->arena, policy->trust, policy->trust_count,
					  part->trust, part->trust_count, sizeof(*trust));
	const char **files = join(policy->arena, policy->files, policy->file_count, &part->file, 1,
				  sizeof(*files));

	if (!rules || !aliases || !trust || !files)
		return -ENOMEM;
	policy->rules = rules;
	policy->rule_count += part->rule_count;
	policy->aliases = aliases;
	policy->alias_count += part->alias_count;
	policy->trust = trust;
	policy->trust_count += part->trust_count;
	policy->files = files;
	policy->file_count++;
	return 0;
}

static int take_file(struct gathering *gathering, const char *path, bool is_whole)
{
	struct policy part = {.arena = gathering->policy->arena};
	AUTO_INPUT struct input input = {0};
	int r = input_open(path, POLICY_FILE_MAX, "a policy", &input, gathering->error);

	if (r)
		return r;
	gathering->bytes += input.length;
	if (gathering->bytes > POLICY_FILE_MAX)
		return parse_error_set(gathering->error, path, 0, 0,
				       "expected at most %u MiB in all files of a policy",
				       POLICY_FILE_MAX >> 20);
	crypto_generichash_update(&gathering->digest, (const unsigned char *)input.text,
				  input.length);
	r = policy_read_part(&input, is_whole, &part, gathering->error);
	if (!r)
		r = take_mode(gathering, &part);
	if (!r)
		r = take_bypass(gathering, &part);
	if (!r)
		r = take_defaults(gathering, &part);
	if (!r)
		r = take_hook(gathering, &part);
	if (r)
		return r;
	name_file(&part);
	return take_lists(gathering->policy, &part);
}

static int is_policy_file(const struct dirent *entry)
{
	const char *end = strrchr(entry->d_name, '.');

	return entry->d_name[0] != '.' && end && strcmp(end, ".yaml") == 0;
}

/* By bytes, whatever the locale: the order of rules must not depend on who starts the daemon. */
static int order_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int take_folder(struct gathering *gathering, const char *path)
{
	struct dirent **entries;
	int count = scandir(path, &entries, is_policy_file, order_names);
	int r = 0;

	if (count < 0) {
		r = -errno;
		parse_error_set(gathering->error, path, 0, 0, "expected a folder, got \"%s\"",
				strerror(-r));
		return r;
	}
	if (!count || count > FILES_MAX)
		r = parse_error_set(gathering->error, path, 0, 0,
				    "expected 1 to %d files *.yaml, got %d", FILES_MAX, count);
	for (int i = 0; i < count; i++) {
		AUTO_FREE char *file = NULL;

		if (!r && asprintf(&file, "%s/%s", path, entries[i]->d_name) < 0) {
			file = NULL;
			r = -ENOMEM;
		}
		if (!r)
			r = take_file(gathering, file, false);
		free(entries[i]);
	}
	free(entries);
	if (!r && !gathering->policy->rule_count)
		r = parse_error_set(gathering->error, path, 0, 0,
				    "expected a rule in one of its files, got none");
	return r;
}

static int gather(const char *path, struct gathering *gathering)
{
	struct policy *policy = gathering->policy;
	unsigned char digest[DIGEST_BYTES];
	struct stat status;
	int r;

	policy->file = arena_strdup(policy->arena, path);
	if (!policy->file || sodium_init() < 0 ||
	    crypto_generichash_init(&gathering->digest, NULL, 0, sizeof(digest)))
		return -ENOMEM;
	if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
		r = take_folder(gathering, path);
	else
		r = take_file(gathering, path, true);
	if (r)
		return r;
	crypto_generichash_final(&gathering->digest, digest, sizeof(digest));
	sodium_bin2hex(policy->digest, sizeof(policy->digest), digest, sizeof(digest));
	return policy_finish(policy, gathering->error);
}

int policy_read_path(const char *path, struct policy **out, struct parse_error *error)
{
	AUTO_POLICY struct policy *policy = NULL;
	struct gathering gathering = {.error = error};
	int r = policy_new(&policy);

	gathering.policy = policy;
	if (!r)
		r = gather(path, &gathering);
	if (!r)
		*out = TAKE_PTR(policy);
	return reading_done(r, path, error);
}
