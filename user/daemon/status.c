// SPDX-License-Identifier: GPL-2.0-only
/* What `migwarden status` shows, as JSON. */
#include <stdio.h>

#include "base/clock.h"
#include "base/units.h"
#include "core/names.h"
#include "daemon/domains.h"
#include "daemon/privileges.h"
#include "daemon/state.h"
#include "migwarden/reason.h"

static json_t *counts_to_json(const struct ring *ring)
{
	struct ring_counts counts;
	json_t *object;

	if (ring_counts(ring, &counts))
		return json_null();
	object = json_object();
	for (uint32_t kind = 1; kind < MW_EVENT_KINDS; kind++) {
		const struct ring_count *count = &counts.kind[kind];

		if (count->produced || count->delivered)
			json_object_set_new(object, event_kind_name(kind),
					    json_pack("{s:I, s:I, s:I}", "produced",
						      (json_int_t)count->produced, "delivered",
						      (json_int_t)count->delivered, "lost",
						      (json_int_t)count->lost));
	}
	return object;
}

struct listing {
	const struct daemon *daemon;
	json_t *list;
};

/* A reason that a later build wrote has no name here. */
static const char *reason_text(uint32_t reason)
{
	const char *name = mw_reason_name(reason);

	return name ? name : "unknown";
}

/* Also one that an earlier daemon made: of it, all that is left is what the kernel knows. */
static void list_admission(void *context, const struct mw_admission_key *key,
			   const struct mw_admission *left)
{
	const struct listing *listing = context;
	const struct admission *known = admissions_find(&listing->daemon->admissions, left->id);
	char clock[UNITS_TEXT_BYTES], device[MW_DEVICE_BYTES + 1];

	snprintf(device, sizeof(device), "%.*s", MW_DEVICE_BYTES, key->device);
	json_array_append_new(
		listing->list,
		json_pack("{s:I, s:s, s:s, s:b, s:I, s:s, s:s, s:s, s:b}", "id",
			  (json_int_t)left->id, "device", device, "direction",
			  direction_label(key->direction), "admitted", (int)left->allow,
			  "uses_left", (json_int_t)left->uses, "expires",
			  format_clock(left->expires_ns, listing->daemon->clock_offset_ns, clock),
			  "reason", reason_text(left->reason), "explanation",
			  known ? known->explanation : reason_text(left->reason), "inherited",
			  known == NULL));
}

/* What the kernel holds, without what has expired. */
static json_t *admissions_to_json(struct daemon *daemon)
{
	struct listing listing = {.daemon = daemon, .list = json_array()};

	tickets_sweep(daemon);
	if (daemon->gate)
		gate_each_admission(daemon->gate, list_admission, &listing);
	return listing.list;
}

/* Those that stand, with what each is there for, and those that are missing, with what that leaves
 * open. */
static json_t *programs_to_json(const struct gate *gate)
{
	json_t *list = json_array();

	for (size_t i = 0; gate && gate_program_name(i); i++) {
		const char *gap = gate_program_gap(gate, i);

		if (gate_program_stands(gate, i) || gap)
			json_array_append_new(list,
					      json_pack("{s:s, s:b, s:s, s:s?, s:I}", "name",
							gate_program_name(i), "stands", gap == NULL,
							"covers", gate_program_covers(i), "open",
							gap, "missed",
							(json_int_t)gate_program_missed(gate, i)));
	}
	return list;
}

static json_t *gate_to_json(const struct daemon *daemon)
{
	const struct gate *gate = daemon->gate;

	return json_pack("{s:b, s:b, s:b, s:b, s:s, s:o}", "stands", gate != NULL, "pinned",
			 gate && !daemon->options->transient, "adopted",
			 gate && gate_was_adopted(gate), "shielded", daemon->shield != NULL,
			 "state", gate_support_text(gate_support()), "programs",
			 programs_to_json(gate));
}

static json_t *files_to_json(const struct policy *policy)
{
	json_t *list = json_array();

	for (size_t i = 0; i < policy->file_count; i++)
		json_array_append_new(list, json_string(policy->files[i]));
	return list;
}

static const char *default_word(enum mw_action action)
{
	return action == MW_ACTION_DENY ? "deny" : "allow";
}

static json_t *default_to_json(const struct policy *policy, const struct mw_admission *of,
			       enum mw_direction direction)
{
	unsigned int line = engine_default_position(policy, direction, of->id).line;

	return json_pack("{s:s, s:i}", "default", of->allow ? "allow" : "deny", "line", (int)line);
}

/* What the gate was told of each device, where the policy tells them apart. */
static json_t *defaults_to_json(const struct daemon *daemon)
{
	json_t *list = json_array();

	for (size_t i = 0; i < daemon->defaults.count; i++) {
		const struct gate_default *own = &daemon->defaults.devices[i];

		json_array_append_new(
			list, json_pack("{s:s, s:o, s:o}", "device", own->device, "incoming",
					default_to_json(daemon->policy, &own->of[MW_INCOMING - 1],
							MW_INCOMING),
					"outgoing",
					default_to_json(daemon->policy, &own->of[MW_OUTGOING - 1],
							MW_OUTGOING)));
	}
	return list;
}

static json_t *policy_to_json(const struct daemon *daemon)
{
	const struct policy *policy = daemon->policy;

	return json_pack("{s:s, s:o, s:s, s:s, s:s, s:i, s:s, s:s, s:o, s:i}", "file", policy->file,
			 "files", files_to_json(policy), "blake2b", policy->digest, "mode",
			 policy_mode_word(policy), "on_bypass",
			 policy->on_bypass == BYPASS_KILL ? "kill" : "refuse", "rules",
			 (int)policy->rule_count, "incoming", default_word(policy->incoming),
			 "outgoing", default_word(policy->outgoing), "device_defaults",
			 defaults_to_json(daemon), "generation", (int)daemon->rules.generation);
}

static json_t *shadow_policy_to_json(const struct daemon *daemon)
{
	const struct policy *shadow = daemon->shadow;

	if (!shadow)
		return json_null();
	return json_pack("{s:s, s:o, s:s, s:s, s:I}", "file", shadow->file, "files",
			 files_to_json(shadow), "blake2b", shadow->digest, "mode",
			 policy_mode_word(shadow), "differences",
			 (json_int_t)daemon->shadow_differences);
}

static json_t *capabilities_to_json(void)
{
	capability_set held = privileges_held();
	json_t *list = json_array();

	for (unsigned int i = 0; i < 64; i++) {
		const char *name = privileges_name(i);

		if (held >> i & 1)
			json_array_append_new(list, name ? json_string(name) : json_integer(i));
	}
	return list;
}

json_t *status_to_json(struct daemon *daemon)
{
	return json_pack(
		"{s:s, s:o, s:o, s:o, s:{s:b, s:b}, s:o, s:o, s:{s:o, s:o}, s:o, s:o, s:o}",
		"version", MW_VERSION, "gate", gate_to_json(daemon), "policy",
		policy_to_json(daemon), "shadow", shadow_policy_to_json(daemon), "observers",
		"vfio", observe_has(daemon->observe, OBSERVE_VFIO), "mdev",
		observe_has(daemon->observe, OBSERVE_MDEV), "sessions",
		chronicle_to_json(daemon->chronicle), "capabilities", capabilities_to_json(),
		"events", "observed", counts_to_json(observe_ring(daemon->observe)), "gate",
		daemon->gate ? counts_to_json(gate_ring(daemon->gate)) : json_null(), "admissions",
		admissions_to_json(daemon), "domains", domains_to_json(daemon), "audit",
		trail_to_json(daemon));
}
