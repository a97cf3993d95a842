// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>

#include "core/engine.h"

static struct policy *policy;
static struct descriptor *source, *dest;

static void set_up(void)
{
	cr_assert_eq(policy_default(&policy), 0);
	cr_assert_eq(descriptor_new(&source), 0);
	cr_assert_eq(descriptor_new(&dest), 0);
}

static void tear_down(void)
{
	policy_free(policy);
	descriptor_free(source);
	descriptor_free(dest);
}

TestSuite(engine, .init = set_up, .fini = tear_down);

static void describe(struct descriptor *descriptor, const char *type)
{
	descriptor_set_fact(descriptor, &descriptor->device_api, "vfio-pci");
	descriptor_set_fact(descriptor, &descriptor->vendor, "8086");
	descriptor_set_fact(descriptor, &descriptor->device_id, "591d");
	descriptor_set_fact(descriptor, &descriptor->mdev_type, type);
	descriptor->protocol = PROTOCOL_V2;
	descriptor->capabilities_known = true;
	descriptor->capabilities = CAPABILITY_STOP_COPY;
}

static struct engine_admission admit(uint64_t now_ns, uint64_t ttl_ns)
{
	const struct engine_request request = {
		.id = 7,
		.direction = MW_INCOMING,
		.now_ns = now_ns,
		.ttl_ns = ttl_ns,
		.uses = 3,
		.context = {.now_s = -1, .device_count = 1},
	};
	struct engine_admission made;

	engine_admit(policy, source, dest, &request, &made);
	return made;
}

Test(engine, a_pair_that_fits_is_admitted_for_its_time_and_uses)
{
	struct engine_admission made;

	describe(source, "i915-GVTg_V5_4");
	describe(dest, "i915-GVTg_V5_4");
	made = admit(1000, 500);
	cr_assert_eq(made.admission.allow, 1);
	cr_assert_eq(made.admission.reason, MW_REASON_OK);
	cr_assert_eq(made.admission.id, 7);
	cr_assert_eq(made.admission.expires_ns, 1500);
	cr_assert_eq(made.admission.uses, 3);
}

Test(engine, a_pair_that_does_not_fit_is_refused_with_its_reason)
{
	struct engine_admission made;

	describe(source, "i915-GVTg_V5_4");
	describe(dest, "i915-GVTg_V5_8");
	made = admit(1000, 500);
	cr_assert_eq(made.admission.allow, 0);
	cr_assert_eq(made.admission.reason, MW_REASON_TYPE_MISMATCH);
}

Test(engine, audit_mode_still_writes_a_refusal_as_one)
{
	struct engine_admission made;

	policy->mode = POLICY_AUDIT;
	describe(source, "i915-GVTg_V5_4");
	describe(dest, "i915-GVTg_V5_8");
	made = admit(1000, 500);
	cr_assert_eq(made.admission.allow, 0);
	cr_assert_eq(made.admission.reason, MW_REASON_TYPE_MISMATCH);
}

Test(engine, nothing_known_is_never_admitted)
{
	cr_assert_eq(admit(1000, 500).admission.allow, 0);
}

Test(engine, a_time_beyond_the_clock_does_not_wrap_into_the_past)
{
	cr_assert_eq(admit(1000, UINT64_MAX).admission.expires_ns, UINT64_MAX);
}

Test(engine, rules_follow_the_defaults_and_the_mode)
{
	struct mw_gate_rules rules;

	policy->incoming = MW_ACTION_DENY;
	policy->outgoing = MW_ACTION_ALLOW;
	policy->mode = POLICY_AUDIT;
	engine_rules(policy, &rules);
	cr_assert_eq(rules.audit, 1);
	cr_assert_eq(rules.deny[MW_INCOMING], 1);
	cr_assert_eq(rules.deny[MW_OUTGOING], 0);

	policy->incoming = MW_ACTION_ALLOW;
	policy->outgoing = MW_ACTION_DENY;
	policy->mode = POLICY_ENFORCE;
	engine_rules(policy, &rules);
	cr_assert_eq(rules.audit, 0);
	cr_assert_eq(rules.deny[MW_INCOMING], 0);
	cr_assert_eq(rules.deny[MW_OUTGOING], 1);
}

Test(engine, nobody_is_killed_unless_the_policy_says_so)
{
	struct mw_gate_rules rules;

	engine_rules(policy, &rules);
	cr_assert_eq(rules.kill, 0);
	policy->on_bypass = BYPASS_KILL;
	engine_rules(policy, &rules);
	cr_assert_eq(rules.kill, 1);
}

Test(engine, the_answer_to_a_default_follows_direction_and_mode)
{
	policy->incoming = MW_ACTION_DENY;
	policy->outgoing = MW_ACTION_ALLOW;
	cr_assert_eq(engine_default_answer(policy, MW_INCOMING), MW_GATE_REFUSED);
	cr_assert_eq(engine_default_answer(policy, MW_OUTGOING), MW_GATE_PASSED);
	policy->mode = POLICY_AUDIT;
	cr_assert_eq(engine_default_answer(policy, MW_INCOMING), MW_GATE_AUDITED);
	cr_assert_eq(engine_default_answer(policy, MW_OUTGOING), MW_GATE_PASSED);
}

Test(engine, the_answer_to_an_admission_follows_it_and_the_mode)
{
	const struct mw_admission admitted = {.allow = 1}, refused = {.allow = 0};

	cr_assert_eq(engine_admission_answer(policy, &admitted), MW_GATE_PASSED);
	cr_assert_eq(engine_admission_answer(policy, &refused), MW_GATE_REFUSED);
	policy->mode = POLICY_AUDIT;
	cr_assert_eq(engine_admission_answer(policy, &refused), MW_GATE_AUDITED);
}
