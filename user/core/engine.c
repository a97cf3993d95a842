// SPDX-License-Identifier: GPL-2.0-only
#include "core/engine.h"

void engine_rules(const struct policy *policy, struct mw_gate_rules *out)
{
	*out = (struct mw_gate_rules){
		.audit = policy->mode == POLICY_AUDIT,
		.kill = policy->on_bypass == BYPASS_KILL,
	};
	out->deny[MW_INCOMING] = policy->incoming == MW_ACTION_DENY;
	out->deny[MW_OUTGOING] = policy->outgoing == MW_ACTION_DENY;
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

struct position engine_default_position(const struct policy *policy, enum mw_direction direction)
{
	return direction == MW_INCOMING ? policy->incoming_position : policy->outgoing_position;
}

static enum mw_gate_answer answer_of(const struct policy *policy, bool denied)
{
	if (!denied)
		return MW_GATE_PASSED;
	return policy->mode == POLICY_AUDIT ? MW_GATE_AUDITED : MW_GATE_REFUSED;
}

enum mw_gate_answer engine_default_answer(const struct policy *policy, enum mw_direction direction)
{
	enum mw_action action = direction == MW_INCOMING ? policy->incoming : policy->outgoing;

	return answer_of(policy, action == MW_ACTION_DENY);
}

enum mw_gate_answer engine_admission_answer(const struct policy *policy,
					    const struct mw_admission *admission)
{
	return answer_of(policy, !admission->allow);
}
