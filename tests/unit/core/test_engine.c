// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>

#include "base/cleanup.h"
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
	cr_assert_eq(rules.deny[MW_INCOMING - 1], 1);
	cr_assert_eq(rules.deny[MW_OUTGOING - 1], 0);

	policy->incoming = MW_ACTION_ALLOW;
	policy->outgoing = MW_ACTION_DENY;
	policy->mode = POLICY_ENFORCE;
	engine_rules(policy, &rules);
	cr_assert_eq(rules.audit, 0);
	cr_assert_eq(rules.deny[MW_INCOMING - 1], 0);
	cr_assert_eq(rules.deny[MW_OUTGOING - 1], 1);
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

static enum mw_gate_answer default_answer(enum mw_direction direction)
{
	struct mw_admission own = engine_default(policy, source, direction);

	return engine_admission_answer(policy, &own);
}

Test(engine, the_answer_to_a_default_follows_direction_and_mode)
{
	policy->incoming = MW_ACTION_DENY;
	policy->outgoing = MW_ACTION_ALLOW;
	cr_assert_eq(default_answer(MW_INCOMING), MW_GATE_REFUSED);
	cr_assert_eq(default_answer(MW_OUTGOING), MW_GATE_PASSED);
	policy->mode = POLICY_AUDIT;
	cr_assert_eq(default_answer(MW_INCOMING), MW_GATE_AUDITED);
	cr_assert_eq(default_answer(MW_OUTGOING), MW_GATE_PASSED);
}

/* The first is denied to come, the second to go; both are of one type, whose devices may come. */
static struct device_default own_defaults[] = {
	{.match = {.device = "a-*"},
	 .incoming = MW_ACTION_DENY,
	 .incoming_position = {11, 5},
	 .position = {11, 1}},
	{.match = {.mdev_type = "i915-*"},
	 .incoming = MW_ACTION_ALLOW,
	 .outgoing = MW_ACTION_DENY,
	 .incoming_position = {12, 5},
	 .outgoing_position = {12, 9},
	 .position = {12, 1}},
};

static void give_own_defaults(void)
{
	policy->incoming = MW_ACTION_ALLOW;
	policy->outgoing = MW_ACTION_ALLOW;
	policy->incoming_position = (struct position){3, 1};
	policy->outgoing_position = (struct position){4, 1};
	policy->device_defaults = own_defaults;
	policy->device_default_count = ARRAY_SIZE(own_defaults);
	policy->device_defaults_position = (struct position){10, 1};
	describe(source, "i915-1");
	descriptor_set_fact(source, &source->device, "b-1");
}

static void default_is(enum mw_direction direction, uint64_t number, bool allow)
{
	struct mw_admission own = engine_default(policy, source, direction);

	cr_assert_eq(own.id, number, "%llu", (unsigned long long)own.id);
	cr_assert_eq(own.allow, allow);
	cr_assert_eq(own.reason, allow ? MW_REASON_OK : MW_REASON_NO_ADMISSION);
	cr_assert_eq(own.expires_ns, UINT64_MAX);
}

Test(engine, a_device_has_the_first_default_that_fits_it)
{
	give_own_defaults();
	default_is(MW_INCOMING, 2, true);
	default_is(MW_OUTGOING, 2, false);
	descriptor_set_fact(source, &source->device, "a-1");
	default_is(MW_INCOMING, 1, false);
}

Test(engine, what_a_devices_default_does_not_say_is_as_for_all)
{
	give_own_defaults();
	descriptor_set_fact(source, &source->device, "a-1");
	default_is(MW_OUTGOING, 0, true);
	describe(source, "other-1");
	descriptor_set_fact(source, &source->device, "c-1");
	default_is(MW_INCOMING, 0, true);
}

Test(engine, an_unreadable_device_has_the_strictest_default)
{
	give_own_defaults();
	descriptor_set_unreadable(&source->mdev_type, 5);
	default_is(MW_INCOMING, MW_DEFAULT_UNSEEN, false);
	default_is(MW_OUTGOING, MW_DEFAULT_UNSEEN, false);
}

Test(engine, an_unknown_device_has_the_strictest_default_where_devices_have_their_own)
{
	cr_assert_eq(engine_default(policy, NULL, MW_OUTGOING).id, 0);
	give_own_defaults();
	cr_assert_eq(engine_default(policy, NULL, MW_OUTGOING).id, MW_DEFAULT_UNSEEN);
	cr_assert_not(engine_default(policy, NULL, MW_OUTGOING).allow);
	own_defaults[1].outgoing = MW_ACTION_ALLOW;
	cr_assert(engine_default(policy, NULL, MW_OUTGOING).allow);
}

Test(engine, the_gate_holds_the_strictest_for_whom_it_was_told_nothing)
{
	struct mw_gate_rules rules;

	engine_rules(policy, &rules);
	cr_assert_eq(rules.by_device, 0);
	give_own_defaults();
	engine_rules(policy, &rules);
	cr_assert_eq(rules.by_device, 1);
	cr_assert_eq(rules.deny[MW_INCOMING - 1], 1);
	cr_assert_eq(rules.deny[MW_OUTGOING - 1], 1);
}

Test(engine, a_default_is_explained_by_its_own_line)
{
	give_own_defaults();
	cr_assert_eq(engine_default_position(policy, MW_INCOMING, 0).line, 3);
	cr_assert_eq(engine_default_position(policy, MW_INCOMING, 1).line, 11);
	cr_assert_eq(engine_default_position(policy, MW_OUTGOING, 2).line, 12);
	cr_assert_eq(engine_default_position(policy, MW_OUTGOING, MW_DEFAULT_UNSEEN).line, 10);
	/* Of a generation that had more. */
	cr_assert_eq(engine_default_position(policy, MW_OUTGOING, 3).line, 4);
}

Test(engine, the_answer_to_an_admission_follows_it_and_the_mode)
{
	const struct mw_admission admitted = {.allow = 1}, refused = {.allow = 0};

	cr_assert_eq(engine_admission_answer(policy, &admitted), MW_GATE_PASSED);
	cr_assert_eq(engine_admission_answer(policy, &refused), MW_GATE_REFUSED);
	policy->mode = POLICY_AUDIT;
	cr_assert_eq(engine_admission_answer(policy, &refused), MW_GATE_AUDITED);
}
