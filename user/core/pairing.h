/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two sides of one migration, which two hosts have seen: which sessions belong together, and
 * what puts the destination's clock on the source's. docs/report.md says for people how. Pure.
 */
#ifndef CORE_PAIRING_H
#define CORE_PAIRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/anatomy.h"

enum pairing_method {
	PAIRING_SAME_CLOCK, /* both were seen by one kernel: exact */
	/* By the wall clocks of both, within their error and what can have happened. */
	PAIRING_WALL_CLOCK,
	/* The wall clocks are wrong by more than their error: the least that can have happened. */
	PAIRING_CAUSALITY,
	PAIRING_METHOD_COUNT_,
};

/* What is known of the two clocks. */
struct pairing {
	enum pairing_method method;
	int64_t shift_ns; /* added to the destination's times: the source's clock */
	/* It may be that much more or less; UINT64_MAX: it may be more, nobody knows by how much.
	 */
	uint64_t uncertainty_ns;
	int64_t wall_ns;        /* the shift by the wall clocks alone */
	uint64_t wall_error_ns; /* by which these may be wrong, as the caller said */
	int64_t earliest_ns;    /* a smaller shift has bytes arrive before they were read */
	/* Whether the VM's UUID says that they are one migration; else devices and bytes do. */
	bool is_by_uuid;
};

/* Why two sessions, or two sets of them, are no migration. The value of the first that differs. */
enum pairing_refusal {
	PAIRING_OK,
	PAIRING_NO_SOURCE,      /* not all of the source's side were read to their end */
	PAIRING_NO_DESTINATION, /* not all of the destination's side were written to */
	PAIRING_UUID,           /* other VMs */
	PAIRING_COUNT,          /* another number of devices */
	PAIRING_DRIVER,         /* a device of another driver */
	PAIRING_BYTES,          /* not as many bytes written as read */
	PAIRING_TIME,           /* by the clocks, too far apart to be one migration */
	PAIRING_REFUSAL_COUNT_,
};

/* Wall clocks of two hosts that differ by more make no pair, whatever else fits. */
#define PAIRING_APART_MAX_NS (600ull * 1000000000)

/*
 * pairing_judge - whether @sources and @destinations, the sessions of one group each, are the two
 * sides of one migration, and what puts their clocks together. Devices are told apart by driver and
 * bytes; each wall clock difference is right within @wall_error_ns. Gives PAIRING_OK and fills
 * @items, which has room for both counts (the sources first), and @out; or the first that does not
 * fit, and leaves both alone.
 */
enum pairing_refusal pairing_judge(const struct session *const *sources, size_t source_count,
				   const struct session *const *destinations,
				   size_t destination_count, uint64_t wall_error_ns,
				   struct anatomy_item *items, struct pairing *out);

/* pairing_apart_ns - how far two sets are apart by their wall clocks: the last read of the one from
 * the last write of the other; UINT64_MAX when one has no such time. */
uint64_t pairing_apart_ns(const struct session *const *sources, size_t source_count,
			  const struct session *const *destinations, size_t destination_count);

/* pairing_method_name - "same-clock", …; "unknown" outside. Static. */
const char *pairing_method_name(uint32_t method);

#endif
