/* SPDX-License-Identifier: GPL-2.0-only */
/* What is counted; for metrics.c and metrics_text.c alone. */
#ifndef SINKS_METRICS_STATE_H
#define SINKS_METRICS_STATE_H

#include "core/fsm.h"
#include "core/session.h"
#include "migwarden/reason.h"
#include "sinks/metrics.h"

/* Arrays by the enums of wire.h, whose slot 0 takes what is outside of them. */
#define METRICS_DIRECTIONS (MW_OUTGOING + 1)
#define METRICS_ANSWERS (MW_GATE_AUDITED + 1)
#define METRICS_PIECES (MW_SHIELD_DAEMON + 1)
#define METRICS_FLOWS (MW_FLOW_WRITE + 1)
/* And one more, for what is outside of an enum that begins with 0. */
#define METRICS_STATES (MIG_STATE_COUNT_ + 1)
#define METRICS_REASONS (MW_REASON_COUNT_ + 1)

#define METRICS_SIDES (SESSION_SIDE_COUNT_ + 1)
#define METRICS_ALARMS (ALARM_KIND_COUNT_ + 1)
/* Ends, and the one that is told apart from the others: refused by the gate. */
#define METRICS_RESULTS (SESSION_END_COUNT_ + 1)
#define METRICS_REFUSED SESSION_END_COUNT_

/* Upper bounds in ns; what is above the last is in none of them. */
#define METRICS_BUCKETS 16
extern const uint64_t metrics_bounds_ns[METRICS_BUCKETS];

struct metrics_histogram {
	uint64_t buckets[METRICS_BUCKETS]; /* each without those below */
	uint64_t count;
	uint64_t sum_ns;
};

#define METRICS_RULE_DEFAULT "(default)"
#define METRICS_RULE_OTHER "(other)"

struct metrics_rule {
	char name[METRICS_RULE_BYTES];
	uint64_t answers[METRICS_ANSWERS];
};

struct metrics_data {
	uint64_t bytes;
	uint64_t calls;
	uint64_t errors;
	uint64_t driver_ns;
	uint64_t missed_bytes;
};

struct metrics {
	uint64_t attempts[METRICS_DIRECTIONS][METRICS_ANSWERS];
	uint64_t decisions[METRICS_DIRECTIONS][METRICS_ANSWERS][METRICS_REASONS];
	/* Two that are always there, then as they come. */
	struct metrics_rule rules[METRICS_RULES_MAX + 2];
	size_t rule_count;
	uint64_t shield[METRICS_PIECES];
	uint64_t arcs[METRICS_STATES][METRICS_STATES][2]; /* failed, walked */
	struct metrics_data data[METRICS_FLOWS];

	uint64_t sessions[METRICS_SIDES][METRICS_RESULTS];
	uint64_t alarms[METRICS_ALARMS];
	struct metrics_histogram blackout[METRICS_SIDES];
	struct metrics_histogram phases[METRICS_SIDES][METRICS_STATES];

	uint64_t admitted[METRICS_DIRECTIONS][2];
	uint64_t used[METRICS_DIRECTIONS];
	uint64_t revoked[METRICS_DIRECTIONS];
	uint64_t expired;

	uint64_t reloads[2];
	uint64_t reloaded_s;
	bool reload_failed; /* the last one */
};

#endif
