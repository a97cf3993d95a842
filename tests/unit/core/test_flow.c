// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>

#include "core/flow.h"

Test(flow, numbers_from_elsewhere_are_unknown)
{
	cr_assert_str_eq(flow_direction_name(MW_FLOW_READ), "read");
	cr_assert_str_eq(flow_direction_name(0), "unknown");
	cr_assert_str_eq(flow_direction_name(99), "unknown");
	cr_assert_str_eq(flow_end_name(MW_FLOW_DEVICE_CLOSED), "device-closed");
	cr_assert_str_eq(flow_end_name(0), "unknown");
	cr_assert_str_eq(flow_end_name(99), "unknown");
}

Test(flow, an_empty_histogram_has_no_percentile)
{
	uint32_t histogram[MW_LATENCY_BUCKETS] = {0};

	cr_assert_eq(flow_percentile(histogram, MW_LATENCY_BUCKETS, 50), 0);
}

Test(flow, a_percentile_is_the_top_of_its_bucket)
{
	uint32_t histogram[MW_LATENCY_BUCKETS] = {[3] = 98, [10] = 1, [20] = 1};

	cr_assert_eq(flow_percentile(histogram, MW_LATENCY_BUCKETS, 50), 15);
	cr_assert_eq(flow_percentile(histogram, MW_LATENCY_BUCKETS, 98), 15);
	cr_assert_eq(flow_percentile(histogram, MW_LATENCY_BUCKETS, 99), 2047);
	cr_assert_eq(flow_percentile(histogram, MW_LATENCY_BUCKETS, 100), (2u << 20) - 1);
}

Test(flow, the_zeroth_percentile_is_the_least_that_was_counted)
{
	uint32_t histogram[MW_LATENCY_BUCKETS] = {[5] = 1, [9] = 3};

	cr_assert_eq(flow_percentile(histogram, MW_LATENCY_BUCKETS, 0), 63);
}

Test(flow, full_counters_do_not_wrap)
{
	uint32_t histogram[MW_LATENCY_BUCKETS];

	for (int i = 0; i < MW_LATENCY_BUCKETS; i++)
		histogram[i] = UINT32_MAX;
	cr_assert_eq(flow_percentile(histogram, MW_LATENCY_BUCKETS, 100), (1ull << 40) - 1);
}

Test(flow, a_rate_needs_time)
{
	struct mw_flow flow = {.bytes = 1 << 20};

	cr_assert_eq(flow_bytes_per_second(&flow), 0);
	flow.driver_ns = 250000000;
	flow.gap_ns = 250000000;
	cr_assert_eq(flow_bytes_per_second(&flow), 2 << 20);
}

Test(flow, a_rate_beyond_all_numbers_is_the_highest)
{
	struct mw_flow flow = {.bytes = UINT64_MAX, .driver_ns = 1};

	cr_assert_eq(flow_bytes_per_second(&flow), UINT64_MAX);
	flow.driver_ns = UINT64_MAX;
	flow.gap_ns = UINT64_MAX;
	cr_assert_lt(flow_bytes_per_second(&flow), 1000000000);
}

Test(flow, the_larger_part_of_the_time_binds)
{
	struct mw_flow flow = {0};

	cr_assert_eq(flow_bound(&flow), FLOW_BOUND_NONE);
	flow.gap_ns = 2;
	cr_assert_eq(flow_bound(&flow), FLOW_BOUND_CALLER);
	flow.driver_ns = 3;
	cr_assert_eq(flow_bound(&flow), FLOW_BOUND_DRIVER);
}
