// SPDX-License-Identifier: GPL-2.0-only
/* SEMANTICS 2.13 (capabilities) and 4 (limits). */
#include <criterion/criterion.h>
#include <string.h>

#include "pair.h"

Test(compare_capabilities, a_required_capability_that_is_missing_is_named)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair.rule->capabilities = 7;
	pair.rule->capabilities_position = (struct position){17, 5};
	pair.dest->capabilities = 3;
	cr_expect_eq(pair_judge(&pair), MW_REASON_CAPABILITY_MISSING);
	cr_expect_eq(pair.verdict.stage, MW_STAGE_CAPABILITIES);
	cr_expect_not_null(strstr(pair.verdict.hint, "pre-copy"));
	cr_expect_null(strstr(pair.verdict.hint, "stop-copy"));
	cr_expect_str_eq(pair.verdict.source_value, "stop-copy,p2p,pre-copy");
	cr_expect_str_eq(pair.verdict.dest_value, "stop-copy,p2p");
	cr_expect_eq(pair.verdict.position.line, 17);
}

Test(compare_capabilities, the_default_asks_for_stop_copy_only)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair.source->capabilities = 7;
	pair.dest->capabilities = 1;
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
}

Test(compare_capabilities, every_required_set_is_judged_as_bits_say)
{
	for (uint32_t required = 0; required < 8; required++) {
		for (uint32_t has = 1; has < 8; has += 2) {
			AUTO_PAIR struct pair pair = pair_new();

			pair.rule->capabilities = required;
			pair.dest->capabilities = has;
			cr_expect_eq(pair_judge(&pair),
				     required & ~has ? MW_REASON_CAPABILITY_MISSING : MW_REASON_OK);
		}
	}
}

Test(compare_capabilities, several_devices_in_a_vm_each_need_p2p)
{
	for (uint32_t source = 1; source < 8; source += 2) {
		for (uint32_t dest = 1; dest < 8; dest += 2) {
			AUTO_PAIR struct pair pair = pair_new();
			bool fits = source & dest & CAPABILITY_P2P;

			pair.source->capabilities = source;
			pair.dest->capabilities = dest;
			cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
			pair.context.device_count = 2;
			cr_expect_eq(pair_judge(&pair),
				     fits ? MW_REASON_OK : MW_REASON_P2P_REQUIRED);
			pair.context.device_count = 0;
			cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
		}
	}
}

Test(compare_limits, what_is_over_a_limit_is_refused)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair.rule->limits.stop_copy_bytes = 1000;
	pair.rule->limits_position = (struct position){18, 5};
	pair.source->stop_copy_bytes = 1001;
	cr_expect_eq(pair_judge(&pair), MW_REASON_LIMIT_EXCEEDED);
	cr_expect_eq(pair.verdict.stage, MW_STAGE_LIMITS);
	cr_expect_str_eq(pair.verdict.source_value, "1001 bytes");
	cr_expect_str_eq(pair.verdict.field, "stop-copy-bytes");
	cr_expect_eq(pair.verdict.position.line, 18);
	pair.source->stop_copy_bytes = 1000;
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
}

Test(compare_limits, the_destination_has_nothing_to_copy)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair.rule->limits.stop_copy_bytes = 1000;
	pair.source->stop_copy_bytes = 10;
	pair.dest->stop_copy_bytes = 100000;
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
}

Test(compare_limits, either_side_may_be_down_too_long)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair.rule->limits.downtime_ns = 300;
	pair.source->downtime_ns = 300;
	pair.dest->downtime_ns = 300;
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
	pair.source->downtime_ns = 301;
	cr_expect_eq(pair_judge(&pair), MW_REASON_LIMIT_EXCEEDED);
	pair.source->downtime_ns = -1;
	pair.dest->downtime_ns = 301;
	cr_expect_eq(pair_judge(&pair), MW_REASON_LIMIT_EXCEEDED);
	cr_expect_not(pair.verdict.has_source_value);
}

Test(compare_limits, what_is_not_known_is_a_warning)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair_versions(&pair, "1.0", "1.0");
	pair.rule->limits.stop_copy_bytes = 1000;
	pair.rule->limits.downtime_ns = 300;
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
	cr_expect_eq(pair.verdict.warning_count, 2);
	cr_expect_eq(pair.verdict.stages[MW_STAGE_LIMITS], STAGE_PASSED_WITH_WARNING);
}

Test(compare_limits, a_limit_of_zero_is_a_limit)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair.rule->limits.stop_copy_bytes = 0;
	pair.source->stop_copy_bytes = 1;
	cr_expect_eq(pair_judge(&pair), MW_REASON_LIMIT_EXCEEDED);
	pair.source->stop_copy_bytes = 0;
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
}

Test(compare_limits, the_version_that_passed_stays_in_the_verdict)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair_versions(&pair, "1.0.0", "1.2.0");
	pair.rule->limits.stop_copy_bytes = 10;
	pair.source->stop_copy_bytes = 1;
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
	cr_expect_str_eq(pair.verdict.comparator, "xyz");
	cr_expect_str_eq(pair.verdict.source_value, "1.0.0");
	cr_expect_str_eq(pair.verdict.dest_value, "1.2.0");
}
