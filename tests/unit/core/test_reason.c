// SPDX-License-Identifier: GPL-2.0-only
/* SEMANTICS 1: the codes are a contract. */
#include <criterion/criterion.h>
#include <string.h>

#include "migwarden/reason.h"

Test(reason, every_code_of_the_semantics_has_its_name)
{
	static const char *const codes[] = {
		"protocol-v1",         "not-migratable",
		"capability-invalid",  "device-api-invalid",
		"device-api-mismatch", "namespace-mismatch",
		"vendor-mismatch",     "device-mismatch",
		"type-absent",         "type-mismatch",
		"cross-type-denied",   "alias-vendor-mismatch",
		"no-capacity",         "version-absent",
		"version-malformed",   "version-mismatch",
		"version-major",       "version-minor-older",
		"version-not-listed",  "range-malformed",
		"template-malformed",  "template-no-match",
		"opaque-mismatch",     "feature-missing",
		"aggregator-mismatch", "attribute-mismatch",
		"attribute-absent",    "attribute-unconstrained",
		"capability-missing",  "p2p-required",
		"limit-exceeded",      "descriptor-stale",
		"descriptor-unsigned", "signature-invalid",
		"key-untrusted",       "descriptor-malformed",
		"unreadable",          "policy-deny",
		"no-admission",        "ok",
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		enum mw_reason reason = MW_REASON_COUNT_;

		cr_assert(mw_reason_from_name(codes[i], &reason), "%s", codes[i]);
		cr_assert_str_eq(mw_reason_name(reason), codes[i]);
	}
}

Test(reason, names_and_numbers_go_both_ways)
{
	for (unsigned int i = 0; i < MW_REASON_COUNT_; i++) {
		enum mw_reason reason = MW_REASON_COUNT_;

		cr_assert(mw_reason_from_name(mw_reason_name((enum mw_reason)i), &reason));
		cr_assert_eq((unsigned int)reason, i);
	}
}

Test(reason, an_unknown_name_leaves_the_result_alone)
{
	enum mw_reason reason = MW_REASON_NO_CAPACITY;

	cr_expect_not(mw_reason_from_name("no-such-code", &reason));
	cr_expect_not(mw_reason_from_name("", &reason));
	cr_expect_not(mw_reason_from_name(NULL, &reason));
	cr_expect_not(mw_reason_from_name("OK", &reason));
	cr_expect_eq(reason, MW_REASON_NO_CAPACITY);
}

Test(reason, numbers_outside_the_enums_are_unknown)
{
	cr_expect_str_eq(mw_reason_name(MW_REASON_COUNT_), "unknown");
	cr_expect_str_eq(mw_reason_name((enum mw_reason)0xffffffffu), "unknown");
	cr_expect_str_eq(mw_stage_name(MW_STAGE_COUNT_), "unknown");
	cr_expect_str_eq(mw_action_name((enum mw_action)77), "unknown");
}

Test(reason, stages_stand_in_the_order_of_the_semantics)
{
	static const char *const order[] = {"protocol",     "device_api", "vendor",     "device",
					    "mdev_type",    "version",    "attributes", "template",
					    "capabilities", "limits"};

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		cr_expect_str_eq(mw_stage_name((enum mw_stage)(MW_STAGE_PROTOCOL + i)), order[i]);
	cr_expect_str_eq(mw_stage_name(MW_STAGE_NONE), "none");
}

Test(reason, actions_read_as_in_a_policy)
{
	cr_expect_str_eq(mw_action_name(MW_ACTION_ALLOW), "allow");
	cr_expect_str_eq(mw_action_name(MW_ACTION_DENY), "deny");
	cr_expect_str_eq(mw_action_name(MW_ACTION_AUDIT), "audit");
}
