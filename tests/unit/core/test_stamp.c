// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <string.h>

#include "core/stamp.h"

#define DOMAIN "11111111-2222-4333-8444-555555555555"
#define DEVICE "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001"
#define NOW 1795176000

static struct policy *policy;
static struct stamp stamp;
static struct stamp_evidence evidence;
static struct stamp_context context;
static struct verdict verdict;

static void set_up(void)
{
	cr_assert_eq(policy_default(&policy), 0);
	policy->hook[HOOK_STAMP_MAX_AGE].value = 3600;
	policy->hook[HOOK_STAMP_MAX_AGE].position.line = 7;
	stamp = (struct stamp){
		.host = "hv-17",
		.boot_id = "one",
		.domain = DOMAIN,
		.device = DEVICE,
		.slot = "0000:00:01.0",
		.key = "0123456789abcdef",
		.time_s = NOW - 60,
	};
	evidence = (struct stamp_evidence){
		.form = STAMP_WHOLE,
		.stamp = &stamp,
		.signature = SIGNATURE_VALID,
		.key = stamp.key,
	};
	context = (struct stamp_context){
		.now_s = NOW,
		.domain = DOMAIN,
		.device = DEVICE,
		.slot = "0000:00:01.0",
		.has_age = true,
	};
}

static void tear_down(void)
{
	policy_free(policy);
}

TestSuite(stamp, .init = set_up, .fini = tear_down);

static bool judge(void)
{
	return stamp_judge(policy, &evidence, &context, &verdict);
}

static void refused(enum mw_reason reason)
{
	cr_assert_not(judge());
	cr_assert_eq(verdict.reason, reason, "%s", mw_reason_name(verdict.reason));
	cr_assert_eq(verdict.action, MW_ACTION_DENY);
	cr_assert_eq(verdict.stage, MW_STAGE_DESCRIPTOR);
	cr_assert(*verdict.hint);
}

Test(stamp, a_good_one_is_believed)
{
	cr_assert(judge());
	cr_assert_eq(verdict.action, MW_ACTION_ALLOW);
	cr_assert_eq(verdict.reason, MW_REASON_OK);
}

Test(stamp, none_at_all_is_descriptor_absent)
{
	evidence = (struct stamp_evidence){.form = STAMP_ABSENT};
	refused(MW_REASON_DESCRIPTOR_ABSENT);
	policy->hook[HOOK_UNSIGNED].value = MW_ACTION_ALLOW;
	refused(MW_REASON_DESCRIPTOR_ABSENT);
}

Test(stamp, one_that_is_too_large_is_descriptor_too_large)
{
	evidence = (struct stamp_evidence){.form = STAMP_TOO_LARGE};
	refused(MW_REASON_DESCRIPTOR_TOO_LARGE);
}

Test(stamp, one_that_cannot_be_read_says_what_was_expected)
{
	evidence = (struct stamp_evidence){.form = STAMP_MALFORMED, .complaint = "expected JSON"};
	refused(MW_REASON_DESCRIPTOR_MALFORMED);
	cr_assert_not_null(strstr(verdict.hint, "expected JSON"));
}

Test(stamp, one_without_a_signature_is_descriptor_unsigned)
{
	evidence.signature = SIGNATURE_NONE;
	evidence.key = NULL;
	refused(MW_REASON_DESCRIPTOR_UNSIGNED);
}

Test(stamp, one_of_a_stranger_is_key_untrusted)
{
	evidence.signature = SIGNATURE_UNTRUSTED;
	refused(MW_REASON_KEY_UNTRUSTED);
	cr_assert_str_eq(verdict.source_value, "0123456789abcdef");
}

Test(stamp, a_broken_signature_is_refused_whatever_the_policy_says_of_unsigned_ones)
{
	policy->hook[HOOK_UNSIGNED].value = MW_ACTION_ALLOW;
	evidence.signature = SIGNATURE_INVALID;
	refused(MW_REASON_SIGNATURE_INVALID);
}

Test(stamp, unsigned_ones_pass_where_the_policy_allows_them)
{
	policy->hook[HOOK_UNSIGNED].value = MW_ACTION_ALLOW;
	evidence.signature = SIGNATURE_NONE;
	cr_assert(judge());
	cr_assert_eq(verdict.action, MW_ACTION_ALLOW);
	evidence.signature = SIGNATURE_UNTRUSTED;
	cr_assert(judge());
}

Test(stamp, unsigned_ones_pass_and_are_told_of_where_the_policy_audits_them)
{
	policy->hook[HOOK_UNSIGNED].value = MW_ACTION_AUDIT;
	evidence.signature = SIGNATURE_NONE;
	cr_assert(judge());
	cr_assert_eq(verdict.action, MW_ACTION_AUDIT);
	cr_assert_eq(verdict.reason, MW_REASON_DESCRIPTOR_UNSIGNED);
}

Test(stamp, an_audited_one_is_refused_all_the_same_when_it_is_stale)
{
	policy->hook[HOOK_UNSIGNED].value = MW_ACTION_AUDIT;
	evidence.signature = SIGNATURE_NONE;
	stamp.time_s = NOW - 3601;
	refused(MW_REASON_DESCRIPTOR_STALE);
}

Test(stamp, in_mode_audit_a_refusal_is_told_of_and_is_none)
{
	policy->mode = POLICY_AUDIT;
	evidence = (struct stamp_evidence){.form = STAMP_ABSENT};
	cr_assert_not(judge());
	cr_assert_eq(verdict.action, MW_ACTION_AUDIT);
	cr_assert_eq(verdict.reason, MW_REASON_DESCRIPTOR_ABSENT);
}

Test(stamp, one_of_another_domain_proves_nothing)
{
	stamp.domain = "11111111-2222-4333-8444-555555555556";
	refused(MW_REASON_SIGNATURE_INVALID);
}

Test(stamp, one_of_another_device_proves_nothing)
{
	stamp.device = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1002";
	stamp.slot = "0000:00:02.0";
	refused(MW_REASON_SIGNATURE_INVALID);
	stamp.slot = NULL;
	context.slot = NULL;
	refused(MW_REASON_SIGNATURE_INVALID);
}

Test(stamp, one_of_another_name_in_the_same_slot_is_of_this_device)
{
	stamp.device = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1002";
	cr_assert(judge());
}

Test(stamp, age_counts_to_the_second)
{
	stamp.time_s = NOW - 3600;
	cr_assert(judge());
	stamp.time_s = NOW - 3601;
	refused(MW_REASON_DESCRIPTOR_STALE);
	cr_assert_str_eq(verdict.source_value, "3601 s old");
	cr_assert_str_eq(verdict.dest_value, "at most 3600 s");
	cr_assert_eq(verdict.position.line, 7);
}

Test(stamp, one_from_the_future_is_stale)
{
	stamp.time_s = NOW + 3600;
	cr_assert(judge());
	stamp.time_s = NOW + 3601;
	refused(MW_REASON_DESCRIPTOR_STALE);
}

Test(stamp, the_age_of_one_in_a_saved_image_does_not_count)
{
	stamp.time_s = 0;
	context.has_age = false;
	cr_assert(judge());
}

Test(stamp, one_from_before_the_last_boot_is_stale)
{
	context.boot_id = "two";
	context.boot_time_s = NOW - 30;
	refused(MW_REASON_DESCRIPTOR_STALE);
	cr_assert_str_eq(verdict.source_value, "one");
	cr_assert_str_eq(verdict.dest_value, "two");
}

Test(stamp, one_of_this_host_is_stale_where_the_domain_comes_from_another)
{
	context.own_host = "hv-17";
	context.own_boot_id = "two";
	refused(MW_REASON_DESCRIPTOR_STALE);
	cr_assert_str_eq(verdict.source_value, "hv-17");
	cr_assert_not_null(strstr(verdict.hint, "it was stamped here"));
}

Test(stamp, one_of_this_very_boot_is_stale_whatever_the_host_is_called)
{
	context.own_host = "renamed";
	context.own_boot_id = "one";
	refused(MW_REASON_DESCRIPTOR_STALE);
}

Test(stamp, one_of_another_host_is_good_here)
{
	context.own_host = "hv-18";
	context.own_boot_id = "two";
	cr_assert(judge());
}

Test(stamp, one_from_a_boot_that_is_newer_than_the_last_known_is_good)
{
	context.boot_id = "zero";
	context.boot_time_s = NOW - 90;
	cr_assert(judge());
}
