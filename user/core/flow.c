// SPDX-License-Identifier: GPL-2.0-only
#include "core/flow.h"

#define NS_PER_SECOND 1000000000ull

const char *flow_direction_name(uint32_t direction)
{
	switch ((enum mw_flow_direction)direction) {
	case MW_FLOW_READ:
		return "read";
	case MW_FLOW_WRITE:
		return "write";
	}
	return "unknown";
}

const char *flow_end_name(uint32_t end)
{
	switch ((enum mw_flow_end)end) {
	case MW_FLOW_LEFT:
		return "left";
	case MW_FLOW_CLOSED:
		return "closed";
	case MW_FLOW_RESET:
		return "reset";
	case MW_FLOW_DEVICE_CLOSED:
		return "device-closed";
	}
	return "unknown";
}

uint64_t flow_percentile(const uint32_t *histogram, size_t buckets, unsigned int percent)
{
	uint64_t all = 0, wanted, seen = 0;

	for (size_t i = 0; i < buckets; i++)
		all += histogram[i];
	if (!all)
		return 0;
	wanted = (all * percent + 99) / 100;
	for (size_t i = 0; i < buckets; i++) {
		seen += histogram[i];
		if (seen >= wanted && histogram[i])
			return (2ull << i) - 1;
	}
	return (2ull << (buckets - 1)) - 1;
}

uint64_t flow_bytes_per_second(const struct mw_flow *flow)
{
	long double time_ns = (long double)flow->driver_ns + (long double)flow->gap_ns;
	long double rate;

	if (time_ns <= 0)
		return 0;
	rate = (long double)flow->bytes * NS_PER_SECOND / time_ns;
	return rate < (long double)UINT64_MAX ? (uint64_t)rate : UINT64_MAX;
}

enum flow_bound flow_bound(const struct mw_flow *flow)
{
	if (!flow->driver_ns && !flow->gap_ns)
		return FLOW_BOUND_NONE;
	return flow->driver_ns >= flow->gap_ns ? FLOW_BOUND_DRIVER : FLOW_BOUND_CALLER;
}
