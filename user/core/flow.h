/* SPDX-License-Identifier: GPL-2.0-only */
/* What the sums of a data file's phase say. */
#ifndef CORE_FLOW_H
#define CORE_FLOW_H

#include <stddef.h>
#include <stdint.h>

#include "migwarden/wire.h"

/* flow_direction_name - "read", "write", or "unknown"; static. */
const char *flow_direction_name(uint32_t direction);

/* flow_end_name - "left", "closed", "reset", "device-closed", or "unknown"; static. */
const char *flow_end_name(uint32_t end);

/*
 * flow_percentile - of a log2 histogram (struct mw_flow): a value that @percent of what it counted
 * do not exceed, as exact as its buckets. 0 when it is empty.
 */
uint64_t flow_percentile(const uint32_t *histogram, size_t buckets, unsigned int percent);

/* flow_bytes_per_second - over the time in calls and between them; 0 when there was none. */
uint64_t flow_bytes_per_second(const struct mw_flow *flow);

/* Who took the larger part of the time of a phase's data. */
enum flow_bound {
	FLOW_BOUND_NONE,   /* no time was taken */
	FLOW_BOUND_DRIVER, /* the device and its driver */
	FLOW_BOUND_CALLER, /* whoever makes the calls: the VMM, or its network */
};

enum flow_bound flow_bound(const struct mw_flow *flow);

#endif
