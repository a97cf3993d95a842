// SPDX-License-Identifier: GPL-2.0-only
#include "core/engine.h"

#include "core/policy_plan.h"

/* What one of the policy's `devices` says of a direction; false: nothing. */
static bool device_default_says(const struct device_default *own, enum mw_direction direction,
				enum mw_action *action)
{
	bool is_incoming = direction == MW_INCOMING;

	*action = is_incoming ? own->incoming : own->outgoing;
	return (is_incoming ? own->incoming_position : own->outgoing_position).line;
}

static enum mw_action general_default(const struct policy *policy, enum mw_direction direction)
{
	return direction == MW_INCOMING ? policy->incoming : policy->outgoing;
}

static bool strictest_denies(const struct policy *policy, enum mw_direction direction)
{
	bool denies = general_default(policy, direction) == MW_ACTION_DENY;
	enum mw_action action;

	for (size_t i = 0; i < policy->device_default_count; i++)
		denies |= device_default_says(&policy->device_defaults[i], direction, &action) &&
			  action == MW_ACTION_DENY;
	return denies;
}

void engine_rules(const struct policy *policy, struct mw_gate_rules *out)
{
	*out = (struct mw_gate_rules){
		.audit = policy->mode == POLICY_AUDIT,
		.by_device = policy->device_default_count > 0,
		.kill = policy->on_bypass == BYPASS_KILL,
	};
	out->deny[MW_INCOMING - 1] = strictest_denies(policy, MW_INCOMING);
	out->deny[MW_OUTGOING - 1] = strictest_denies(policy, MW_OUTGOING);
}

void engine_admission(const struct policy *policy, const struct engine_request *request,
		      struct engine_admission *out)
{
	uint64_t expires_ns = request->now_ns + request->ttl_ns;

	if (expires_ns < request->now_ns)
		expires_ns = UINT64_MAX;
	out->admission = (struct mw_admission){
		.id = request->id,
		.expires_ns = expires_ns,
		.uses = request->uses,
		/* A rule with `action: audit` admits; what it found goes with it as the reason. */
		.allow = out->verdict.action == MW_ACTION_ALLOW ||
			 (out->verdict.action == MW_ACTION_AUDIT && policy->mode == POLICY_ENFORCE),
		.reason = out->verdict.reason,
	};
}

void engine_admit(const struct policy *policy, const struct descriptor *source,
		  const struct descriptor *dest, const struct engine_request *request,
		  struct engine_admission *out)
{
	compare(policy, source, dest, &request->context, &out->verdict);
	engine_admission(policy, request, out);
}

static struct mw_admission default_of(uint64_t number, bool denies)
{
	return (struct mw_admission){
		.id = number,
		.expires_ns = UINT64_MAX,
		.allow = !denies,
		.reason = denies ? MW_REASON_NO_ADMISSION : MW_REASON_OK,
	};
}

struct mw_admission engine_default(const struct policy *policy, const struct descriptor *device,
				   enum mw_direction direction)
{
	enum mw_action action = general_default(policy, direction);
	struct match_subject subject = {0};
	enum match_field field;

	if (!device && policy->device_default_count)
		return default_of(MW_DEFAULT_UNSEEN, strictest_denies(policy, direction));
	if (device)
		subject = match_subject_of(device);
	for (size_t i = 0; i < policy->device_default_count; i++) {
		const struct device_default *own = &policy->device_defaults[i];
		enum match_answer answer = match_fits(&own->match, &subject, &field);

		if (answer == MATCH_NO)
			continue;
		if (answer == MATCH_UNREADABLE)
			return default_of(MW_DEFAULT_UNSEEN, strictest_denies(policy, direction));
		if (device_default_says(own, direction, &action))
			return default_of(i + 1, action == MW_ACTION_DENY);
		break;
	}
	return default_of(0, general_default(policy, direction) == MW_ACTION_DENY);
}

struct position engine_default_position(const struct policy *policy, enum mw_direction direction,
					uint64_t number)
{
	const struct device_default *own;

	if (number == MW_DEFAULT_UNSEEN && policy->device_default_count)
		return policy->device_defaults_position;
	if (!number || number > policy->device_default_count)
		return direction == MW_INCOMING ? policy->incoming_position
						: policy->outgoing_position;
	own = &policy->device_defaults[number - 1];
	return direction == MW_INCOMING ? own->incoming_position : own->outgoing_position;
}

static enum mw_gate_answer answer_of(const struct policy *policy, bool denied)
{
	if (!denied)
		return MW_GATE_PASSED;
	return policy->mode == POLICY_AUDIT ? MW_GATE_AUDITED : MW_GATE_REFUSED;
}

enum mw_gate_answer engine_admission_answer(const struct policy *policy,
					    const struct mw_admission *admission)
{
	return answer_of(policy, !admission->allow);
}
