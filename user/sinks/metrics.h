/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Metrics: what the daemon counts from one start to the next, and what it reads when it is asked,
 * as OpenMetrics or Prometheus text. docs/metrics.md says what each one means.
 *
 * Every set of labels is bounded, whatever records and policies hold: labels are enums, or one of
 * METRICS_RULES_MAX rules, and never a device, a VM or a process.
 */
#ifndef SINKS_METRICS_H
#define SINKS_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/session.h"
#include "migwarden/wire.h"

/* Rules with series of their own, in the order in which they first decided; the rest are one. */
#define METRICS_RULES_MAX 64
#define METRICS_RULE_BYTES 128

struct metrics;

/* metrics_new - all zero. 0 and *out, or -ENOMEM. */
int metrics_new(struct metrics **out);

/* metrics_free - NULL is fine. */
void metrics_free(struct metrics *metrics);

/* metrics_event - counts a record that was decoded: decisions, arcs, data, the shield. */
void metrics_event(struct metrics *metrics, const union mw_event *event);

/*
 * metrics_rule - a decision of the gate goes back to the rule of that name; NULL: to a default.
 * @rule is cut to METRICS_RULE_BYTES - 1.
 */
void metrics_rule(struct metrics *metrics, const char *rule, enum mw_gate_answer answer);

/* METRICS_RULE_LOST - as @rule: an earlier daemon's admission decided, and its rule is not known.
 */
#define METRICS_RULE_LOST "(unknown)"

/* metrics_session - a session that ended, once. metrics_alarm - one of any session's, once. */
void metrics_session(struct metrics *metrics, const struct session *session);
void metrics_alarm(struct metrics *metrics, uint32_t kind);

/* metrics_admitted - an admission was written: one that admits, or one that refuses. */
void metrics_admitted(struct metrics *metrics, enum mw_direction direction, bool allow);

/* metrics_revoked, metrics_expired - admissions that are gone without having been used up. */
void metrics_revoked(struct metrics *metrics, enum mw_direction direction);
void metrics_expired(struct metrics *metrics, uint64_t count);

/* metrics_reloaded - a reload put a policy in force at @now_s (since the epoch), or failed. */
void metrics_reloaded(struct metrics *metrics, bool succeeded, uint64_t now_s);

/* metrics_reload_failed - whether the last reload did. */
bool metrics_reload_failed(const struct metrics *metrics);

/* What is there now, read by whoever asks for the text. All text is borrowed. */
struct metrics_view {
	const char *version;

	bool gate_stands;
	bool gate_pinned;
	bool gate_adopted;
	bool gate_shielded;
	uint64_t gate_proven_s; /* since the epoch; 0: not proven */
	/* Of a whole gate, without those that this kernel does not need. */
	const struct metrics_part {
		const char *name;
		bool stands;
	} * programs, *observers;
	size_t program_count;
	size_t observer_count;

	/* The policy in force, and the shadow (mode NULL: there is none). */
	struct metrics_policy {
		const char *mode;
		const char *digest;
		uint64_t rules;
	} policy, shadow;
	bool policy_enforces;
	uint64_t generation;
	uint64_t shadow_differences;

	uint64_t sessions_open;
	uint64_t admissions[3][2]; /* by enum mw_direction, refused and admitted */

	const struct metrics_ring {
		const char *name;
		struct {
			uint64_t produced;
			uint64_t delivered;
			uint64_t lost;
		} kind[MW_EVENT_KINDS];
	} * rings;
	size_t ring_count;
	uint64_t malformed;

	struct metrics_audit {
		bool is_on; /* without one, the rest is not there */
		bool records;
		uint64_t rows; /* number of the last */
		uint64_t waiting;
		uint64_t lost;
		uint64_t counted;
	} audit;

	uint64_t start_ms; /* since the epoch */
	uint64_t cpu_ns;
	uint64_t resident_bytes;
	uint64_t virtual_bytes;
	uint64_t open_fds;
	uint64_t max_fds;

	bool bpf_stats; /* kernel.bpf_stats_enabled: the kernel counts runs and time */
	/* Each name once; a program has runs and run_ns, a map bytes. */
	const struct metrics_cost {
		const char *name;
		uint64_t runs;
		uint64_t run_ns;
		uint64_t bytes;
	} * bpf_programs, *bpf_maps;
	size_t bpf_program_count;
	size_t bpf_map_count;
};

enum metrics_format {
	METRICS_OPENMETRICS, /* application/openmetrics-text; version=1.0.0 */
	METRICS_TEXT,        /* text/plain; version=0.0.4 */
};

/* metrics_content_type - for the head of an answer; static. */
const char *metrics_content_type(enum metrics_format format);

/* metrics_write - all of them, complete or with ferror(@out). */
void metrics_write(const struct metrics *metrics, const struct metrics_view *view,
		   enum metrics_format format, FILE *out);

/*
 * metrics_family - the families from 0 to the first false, as OpenMetrics has them: the name of a
 * counter is without its _total. Static.
 */
bool metrics_family(size_t index, const char **name, const char **type, const char **help);

#endif
