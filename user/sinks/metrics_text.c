// SPDX-License-Identifier: GPL-2.0-only
/* The metrics as text: one table of families, each with what writes its samples. */
#include <string.h>

#include "base/cleanup.h"
#include "base/utf8.h"
#include "core/names.h"
#include "sinks/metrics_state.h"

#define NS_PER_S 1000000000u

enum family_type {
	COUNTER,
	GAUGE,
	INFO,
	HISTOGRAM,
};

struct exposition;

struct family {
	const char *name; /* without the suffix of its type */
	enum family_type type;
	const char *unit; /* the end of the name; NULL: none */
	const char *help;
	void (*write)(const struct exposition *to);
	/* Without @write: a number of struct metrics_view, by its offset and kind. */
	size_t offset;
	enum {
		AS_BOOL = 1,
		AS_COUNT,
		AS_NS,
		AS_MS,
	} kind;
};

struct exposition {
	const struct metrics *metrics;
	const struct metrics_view *view;
	enum metrics_format format;
	const struct family *family;
	FILE *out;
};

/* Name and value in turns, to a NULL. */
#define LABELS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* In quotes, and UTF-8 whatever came in: a reader refuses the whole text for one bad byte. */
static void write_quoted(FILE *out, const char *text)
{
	size_t left = strlen(text);

	fputc('"', out);
	while (left) {
		size_t length = utf8_length(text, left);

		if (length == 1 && (*text == '"' || *text == '\\'))
			fprintf(out, "\\%c", *text);
		else if (*text == '\n')
			fputs("\\n", out);
		else
			fprintf(out, "%.*s", length ? (int)length : 1, length ? text : "?");
		text += length ? length : 1;
		left -= length ? length : 1;
	}
	fputc('"', out);
}

static const char *type_suffix(enum family_type type)
{
	switch (type) {
	case COUNTER:
		return "_total";
	case INFO:
		return "_info";
	case GAUGE:
	case HISTOGRAM:
		return "";
	}
	return "";
}

static void write_name_as(const struct exposition *to, const char *suffix,
			  const char *const *labels)
{
	const char *separator = "{";

	fprintf(to->out, "%s%s", to->family->name, suffix);
	for (; labels && labels[0]; labels += 2) {
		fprintf(to->out, "%s%s=", separator, labels[0]);
		write_quoted(to->out, labels[1]);
		separator = ",";
	}
	fputs(*separator == ',' ? "} " : " ", to->out);
}

static void write_name(const struct exposition *to, const char *const *labels)
{
	write_name_as(to, type_suffix(to->family->type), labels);
}

static void write_count(const struct exposition *to, const char *const *labels, uint64_t count)
{
	write_name(to, labels);
	fprintf(to->out, "%llu\n", (unsigned long long)count);
}

static void write_seconds(const struct exposition *to, const char *const *labels, uint64_t ns)
{
	write_name(to, labels);
	fprintf(to->out, "%llu.%09llu\n", (unsigned long long)(ns / NS_PER_S),
		(unsigned long long)(ns % NS_PER_S));
}

/* @state: NULL where the family has no such label. */
static void write_histogram(const struct exposition *to, const char *side, const char *state,
			    const struct metrics_histogram *histogram)
{
	const char *const *labels =
		state ? LABELS("side", side, "state", state) : LABELS("side", side);
	uint64_t below = 0;
	char bound[32];

	for (size_t i = 0; i <= METRICS_BUCKETS; i++) {
		bool is_last = i == METRICS_BUCKETS;

		below = is_last ? histogram->count : below + histogram->buckets[i];
		/* OpenMetrics wants a point in each bound: 1.0, 2.5, 0.001. */
		snprintf(bound, sizeof(bound),
			 is_last || metrics_bounds_ns[i] % NS_PER_S ? "%g" : "%.1f",
			 is_last ? 0 : (double)metrics_bounds_ns[i] / NS_PER_S);
		write_name_as(to, "_bucket",
			      state ? LABELS("side", side, "state", state, "le",
					     is_last ? "+Inf" : bound)
				    : LABELS("side", side, "le", is_last ? "+Inf" : bound));
		fprintf(to->out, "%llu\n", (unsigned long long)below);
	}
	write_name_as(to, "_sum", labels);
	fprintf(to->out, "%llu.%09llu\n", (unsigned long long)(histogram->sum_ns / NS_PER_S),
		(unsigned long long)(histogram->sum_ns % NS_PER_S));
	write_name_as(to, "_count", labels);
	fprintf(to->out, "%llu\n", (unsigned long long)histogram->count);
}

static void write_number(const struct exposition *to)
{
	const char *at = (const char *)to->view + to->family->offset;
	uint64_t number = 0;

	if (to->family->kind == AS_BOOL)
		number = *(const bool *)at;
	else
		memcpy(&number, at, sizeof(number));
	if (to->family->kind == AS_NS)
		write_seconds(to, NULL, number);
	else if (to->family->kind == AS_MS)
		write_seconds(to, NULL, number * 1000000);
	else
		write_count(to, NULL, number);
}

/* Slot 0 is for what no build of ours writes: only there when somebody did. */
static bool is_shown(uint32_t slot, uint64_t count)
{
	return slot || count;
}

static void write_build(const struct exposition *to)
{
	write_count(to, LABELS("version", to->view->version), 1);
}

static void write_policy(const struct exposition *to)
{
	const struct metrics_policy *shadow = &to->view->shadow;

	write_count(to,
		    LABELS("role", "active", "mode", to->view->policy.mode, "blake2b",
			   to->view->policy.digest),
		    1);
	if (shadow->mode)
		write_count(to,
			    LABELS("role", "shadow", "mode", shadow->mode, "blake2b",
				   shadow->digest),
			    1);
}

static void write_policy_rules(const struct exposition *to)
{
	write_count(to, LABELS("role", "active"), to->view->policy.rules);
	if (to->view->shadow.mode)
		write_count(to, LABELS("role", "shadow"), to->view->shadow.rules);
}

static void write_reloads(const struct exposition *to)
{
	write_count(to, LABELS("result", "ok"), to->metrics->reloads[true]);
	write_count(to, LABELS("result", "failed"), to->metrics->reloads[false]);
}

static void write_reload_success(const struct exposition *to)
{
	write_count(to, NULL, !to->metrics->reload_failed);
}

static void write_reload_time(const struct exposition *to)
{
	if (to->metrics->reloaded_s)
		write_count(to, NULL, to->metrics->reloaded_s);
}

static void write_proven_time(const struct exposition *to)
{
	if (to->view->gate_proven_s)
		write_count(to, NULL, to->view->gate_proven_s);
}

static void write_programs(const struct exposition *to)
{
	for (size_t i = 0; i < to->view->program_count; i++)
		write_count(to, LABELS("program", to->view->programs[i].name),
			    to->view->programs[i].stands);
}

static void write_programs_missing(const struct exposition *to)
{
	uint64_t missing = 0;

	for (size_t i = 0; i < to->view->program_count; i++)
		missing += !to->view->programs[i].stands;
	write_count(to, NULL, missing);
}

static void write_observers(const struct exposition *to)
{
	for (size_t i = 0; i < to->view->observer_count; i++)
		write_count(to, LABELS("group", to->view->observers[i].name),
			    to->view->observers[i].stands);
}

static void write_attempts(const struct exposition *to)
{
	for (uint32_t direction = 0; direction < METRICS_DIRECTIONS; direction++)
		for (uint32_t answer = 0; answer < METRICS_ANSWERS; answer++) {
			uint64_t count = to->metrics->attempts[direction][answer];

			if (is_shown(direction && answer, count))
				write_count(to,
					    LABELS("direction", direction_label(direction),
						   "verdict", gate_answer_name(answer)),
					    count);
		}
}

/* Which reasons there can be is a policy's affair: what never was is not shown. */
static void write_reasons(const struct exposition *to, uint32_t direction, uint32_t answer)
{
	for (uint32_t reason = 0; reason < METRICS_REASONS; reason++) {
		uint64_t count = to->metrics->decisions[direction][answer][reason];

		if (count)
			write_count(to,
				    LABELS("direction", direction_label(direction), "verdict",
					   gate_answer_name(answer), "reason",
					   mw_reason_name((enum mw_reason)reason)),
				    count);
	}
}

static void write_decisions(const struct exposition *to)
{
	for (uint32_t direction = 0; direction < METRICS_DIRECTIONS; direction++)
		for (uint32_t answer = 0; answer < METRICS_ANSWERS; answer++)
			write_reasons(to, direction, answer);
}

static void write_rules(const struct exposition *to)
{
	for (size_t i = 0; i < to->metrics->rule_count; i++)
		for (uint32_t answer = 0; answer < METRICS_ANSWERS; answer++) {
			const struct metrics_rule *rule = &to->metrics->rules[i];

			if (is_shown(answer, rule->answers[answer]))
				write_count(to,
					    LABELS("rule", rule->name, "verdict",
						   gate_answer_name(answer)),
					    rule->answers[answer]);
		}
}

static void write_admissions_by(const struct exposition *to, const uint64_t (*counts)[2])
{
	for (uint32_t direction = MW_INCOMING; direction < METRICS_DIRECTIONS; direction++)
		for (int allow = 1; allow >= 0; allow--)
			write_count(to,
				    LABELS("direction", direction_label(direction), "admitted",
					   allow ? "yes" : "no"),
				    counts[direction][allow]);
}

static void write_admissions(const struct exposition *to)
{
	write_admissions_by(to, to->view->admissions);
}

static void write_admissions_made(const struct exposition *to)
{
	write_admissions_by(to, to->metrics->admitted);
}

static void write_by_direction(const struct exposition *to, const uint64_t *counts)
{
	for (uint32_t direction = 0; direction < METRICS_DIRECTIONS; direction++)
		if (is_shown(direction, counts[direction]))
			write_count(to, LABELS("direction", direction_label(direction)),
				    counts[direction]);
}

static void write_used(const struct exposition *to)
{
	write_by_direction(to, to->metrics->used);
}

static void write_revoked(const struct exposition *to)
{
	write_by_direction(to, to->metrics->revoked);
}

static void write_expired(const struct exposition *to)
{
	write_count(to, NULL, to->metrics->expired);
}

static void write_shield(const struct exposition *to)
{
	for (uint32_t piece = 0; piece < METRICS_PIECES; piece++)
		if (is_shown(piece, to->metrics->shield[piece]))
			write_count(to, LABELS("piece", shield_piece_name(piece)),
				    to->metrics->shield[piece]);
}

/* The walks are many, and few of them are ever walked. */
static void write_arcs(const struct exposition *to)
{
	for (uint32_t from = 0; from < METRICS_STATES; from++)
		for (uint32_t next = 0; next < METRICS_STATES; next++)
			for (int walked = 1; walked >= 0; walked--) {
				uint64_t count = to->metrics->arcs[from][next][walked];

				if (count)
					write_count(to,
						    LABELS("from", mig_state_name(from), "to",
							   mig_state_name(next), "result",
							   walked ? "ok" : "failed"),
						    count);
			}
}

/* State that is read leaves the host, state that is written enters it. */
static const char *flow_side(uint32_t direction)
{
	switch ((enum mw_flow_direction)direction) {
	case MW_FLOW_READ:
		return "source";
	case MW_FLOW_WRITE:
		return "destination";
	}
	return "unknown";
}

/* Sessions that are open have no result yet; the last slot of sides is for what none writes. */
static void write_sessions(const struct exposition *to)
{
	for (uint32_t side = 0; side < METRICS_SIDES; side++)
		for (uint32_t result = SESSION_COMPLETED; result < METRICS_RESULTS; result++) {
			uint64_t count = to->metrics->sessions[side][result];

			if (is_shown(side < SESSION_SIDE_COUNT_, count))
				write_count(to,
					    LABELS("side", session_side_name(side), "result",
						   result == METRICS_REFUSED
							   ? "refused"
							   : session_end_name(result)),
					    count);
		}
}

static void write_blackouts(const struct exposition *to)
{
	for (uint32_t side = 0; side < METRICS_SIDES; side++)
		if (is_shown(side < SESSION_SIDE_COUNT_, to->metrics->blackout[side].count))
			write_histogram(to, session_side_name(side), NULL,
					&to->metrics->blackout[side]);
}

static void write_phases(const struct exposition *to)
{
	for (uint32_t side = 0; side < METRICS_SIDES; side++)
		for (uint32_t state = 0; state < METRICS_STATES; state++)
			if (to->metrics->phases[side][state].count)
				write_histogram(to, session_side_name(side), mig_state_name(state),
						&to->metrics->phases[side][state]);
}

static void write_alarms(const struct exposition *to)
{
	for (uint32_t kind = 0; kind < METRICS_ALARMS; kind++)
		if (is_shown(kind < ALARM_KIND_COUNT_, to->metrics->alarms[kind]))
			write_count(to, LABELS("alarm", alarm_kind_name(kind)),
				    to->metrics->alarms[kind]);
}

static void write_data(const struct exposition *to, size_t offset, bool is_time)
{
	for (uint32_t direction = 0; direction < METRICS_FLOWS; direction++) {
		const char *data = (const char *)&to->metrics->data[direction];
		uint64_t count = *(const uint64_t *)(data + offset);
		const char *const *labels = LABELS("side", flow_side(direction));

		if (!is_shown(direction, count))
			continue;
		if (is_time)
			write_seconds(to, labels, count);
		else
			write_count(to, labels, count);
	}
}

static void write_data_bytes(const struct exposition *to)
{
	write_data(to, offsetof(struct metrics_data, bytes), false);
}

static void write_data_missed(const struct exposition *to)
{
	write_data(to, offsetof(struct metrics_data, missed_bytes), false);
}

static void write_data_calls(const struct exposition *to)
{
	write_data(to, offsetof(struct metrics_data, calls), false);
}

static void write_data_errors(const struct exposition *to)
{
	write_data(to, offsetof(struct metrics_data, errors), false);
}

static void write_data_time(const struct exposition *to)
{
	write_data(to, offsetof(struct metrics_data, driver_ns), true);
}

enum ring_count {
	RING_PRODUCED,
	RING_DELIVERED,
	RING_LOST,
};

static void write_events(const struct exposition *to, enum ring_count which)
{
	for (size_t i = 0; i < to->view->ring_count; i++) {
		const struct metrics_ring *ring = &to->view->rings[i];

		for (uint32_t kind = 1; kind < MW_EVENT_KINDS; kind++) {
			const uint64_t counts[] = {ring->kind[kind].produced,
						   ring->kind[kind].delivered,
						   ring->kind[kind].lost};

			write_count(to, LABELS("ring", ring->name, "kind", event_kind_name(kind)),
				    counts[which]);
		}
	}
}

static void write_produced(const struct exposition *to)
{
	write_events(to, RING_PRODUCED);
}

static void write_delivered(const struct exposition *to)
{
	write_events(to, RING_DELIVERED);
}

static void write_lost(const struct exposition *to)
{
	write_events(to, RING_LOST);
}

static void write_audit(const struct exposition *to, uint64_t number)
{
	if (to->view->audit.is_on)
		write_count(to, NULL, number);
}

static void write_audit_records(const struct exposition *to)
{
	write_audit(to, to->view->audit.records);
}

static void write_audit_row(const struct exposition *to)
{
	write_audit(to, to->view->audit.rows);
}

static void write_audit_waiting(const struct exposition *to)
{
	write_audit(to, to->view->audit.waiting);
}

static void write_audit_lost(const struct exposition *to)
{
	write_audit(to, to->view->audit.lost);
}

static void write_audit_counted(const struct exposition *to)
{
	write_audit(to, to->view->audit.counted);
}

static void write_bpf_runs(const struct exposition *to)
{
	for (size_t i = 0; to->view->bpf_stats && i < to->view->bpf_program_count; i++)
		write_count(to, LABELS("program", to->view->bpf_programs[i].name),
			    to->view->bpf_programs[i].runs);
}

static void write_bpf_time(const struct exposition *to)
{
	for (size_t i = 0; to->view->bpf_stats && i < to->view->bpf_program_count; i++)
		write_seconds(to, LABELS("program", to->view->bpf_programs[i].name),
			      to->view->bpf_programs[i].run_ns);
}

static void write_bpf_maps(const struct exposition *to)
{
	for (size_t i = 0; i < to->view->bpf_map_count; i++)
		write_count(to, LABELS("map", to->view->bpf_maps[i].name),
			    to->view->bpf_maps[i].bytes);
}

#define VIEW(member, as) .offset = offsetof(struct metrics_view, member), .kind = (as)

static const struct family families[] = {
	{"migwarden_build", INFO, NULL, "Version of the daemon.", .write = write_build},

	{"migwarden_gate_stands", GAUGE, NULL,
	 "1 while migrations are judged in the kernel; 0 while vfio is not loaded.",
	 VIEW(gate_stands, AS_BOOL)},
	{"migwarden_gate_proven_timestamp_seconds", GAUGE, "seconds",
	 "When the gate last proved that it judges; absent before.", .write = write_proven_time},
	{"migwarden_gate_pinned", GAUGE, NULL, "1 if the gate outlives the daemon.",
	 VIEW(gate_pinned, AS_BOOL)},
	{"migwarden_gate_adopted", GAUGE, NULL, "1 if the gate stood before the daemon started.",
	 VIEW(gate_adopted, AS_BOOL)},
	{"migwarden_gate_shielded", GAUGE, NULL,
	 "1 if other processes are kept from the gate's pieces.", VIEW(gate_shielded, AS_BOOL)},
	{"migwarden_gate_program_stands", GAUGE, NULL,
	 "1 for each program of the gate that is attached, 0 for one that is missing.",
	 .write = write_programs},
	{"migwarden_gate_programs_missing", GAUGE, NULL,
	 "Programs of the gate that should be attached and are not.",
	 .write = write_programs_missing},
	{"migwarden_observer_attached", GAUGE, NULL,
	 "1 for each group of observers that is attached, 0 while its module is not loaded.",
	 .write = write_observers},

	{"migwarden_policy", INFO, NULL, "The policy in force, and the shadow beside it.",
	 .write = write_policy},
	{"migwarden_policy_generation", GAUGE, NULL, "Generation of the policy in force.",
	 VIEW(generation, AS_COUNT)},
	{"migwarden_policy_enforcing", GAUGE, NULL,
	 "1 in enforce mode, 0 in audit mode: nothing is refused.", VIEW(policy_enforces, AS_BOOL)},
	{"migwarden_policy_rules", GAUGE, NULL, "Rules of the policy.",
	 .write = write_policy_rules},
	{"migwarden_policy_reloads", COUNTER, NULL, "Reloads of the policy that were asked for.",
	 .write = write_reloads},
	{"migwarden_policy_reload_success", GAUGE, NULL, "0 if the last reload failed.",
	 .write = write_reload_success},
	{"migwarden_policy_reload_timestamp_seconds", GAUGE, "seconds",
	 "When a reload last put a policy in force; absent before.", .write = write_reload_time},

	{"migwarden_attempts", COUNTER, NULL,
	 "Starts of a migration that the gate judged, by what became of them.",
	 .write = write_attempts},
	{"migwarden_decisions", COUNTER, NULL, "Decisions of the gate, by reason code.",
	 .write = write_decisions},
	{"migwarden_rule_decisions", COUNTER, NULL,
	 "Decisions of the gate, by the rule that they go back to.", .write = write_rules},
	{"migwarden_shadow_differences", COUNTER, NULL,
	 "Decisions that the shadow policy would have made otherwise.",
	 VIEW(shadow_differences, AS_COUNT)},
	{"migwarden_shield_refusals", COUNTER, NULL,
	 "Attempts of other processes to reach a piece of the gate.", .write = write_shield},

	{"migwarden_admissions", GAUGE, NULL, "Admissions that the kernel holds.",
	 .write = write_admissions},
	{"migwarden_admissions_made", COUNTER, NULL, "Admissions that were written.",
	 .write = write_admissions_made},
	{"migwarden_admissions_used", COUNTER, NULL, "Uses of admissions by migrations.",
	 .write = write_used},
	{"migwarden_admissions_revoked", COUNTER, NULL,
	 "Admissions taken back, by request or because the device is gone.",
	 .write = write_revoked},
	{"migwarden_admissions_expired", COUNTER, NULL,
	 "Admissions whose time was over, counted when they were cleared away.",
	 .write = write_expired},

	{"migwarden_arcs", COUNTER, NULL,
	 "Arcs of the migration state machine that drivers walked.", .write = write_arcs},
	{"migwarden_sessions", COUNTER, NULL,
	 "Sessions that ended: a device on one side of a migration.", .write = write_sessions},
	{"migwarden_sessions_open", GAUGE, NULL, "Sessions that have begun and not ended.",
	 VIEW(sessions_open, AS_COUNT)},
	{"migwarden_session_blackout_seconds", HISTOGRAM, "seconds",
	 "Blackout of a device as seen on one side.", .write = write_blackouts},
	{"migwarden_session_phase_seconds", HISTOGRAM, "seconds",
	 "Time that a device was in a state of the migration.", .write = write_phases},
	{"migwarden_session_alarms", COUNTER, NULL, "Alarms that sessions raised.",
	 .write = write_alarms},
	{"migwarden_data_bytes", COUNTER, "bytes",
	 "Device state moved, counted when a phase of its data file is over.",
	 .write = write_data_bytes},
	{"migwarden_data_missed_bytes", COUNTER, "bytes",
	 "Device state moved before the first call that was seen.", .write = write_data_missed},
	{"migwarden_data_calls", COUNTER, NULL, "Reads and writes of device state.",
	 .write = write_data_calls},
	{"migwarden_data_errors", COUNTER, NULL, "Reads and writes of device state that failed.",
	 .write = write_data_errors},
	{"migwarden_data_driver_seconds", COUNTER, "seconds",
	 "Time in the driver's functions that move device state.", .write = write_data_time},

	{"migwarden_events_produced", COUNTER, NULL, "Records that the kernel side made.",
	 .write = write_produced},
	{"migwarden_events_delivered", COUNTER, NULL, "Records that the daemon read.",
	 .write = write_delivered},
	{"migwarden_events_lost", COUNTER, NULL, "Records that found their ring full.",
	 .write = write_lost},
	{"migwarden_events_malformed", COUNTER, NULL, "Records that the daemon could not read.",
	 VIEW(malformed, AS_COUNT)},

	{"migwarden_audit_recording", GAUGE, NULL,
	 "1 if the audit can be written; 0 while rows wait or are lost; absent without an audit.",
	 .write = write_audit_records},
	{"migwarden_audit_last_row", GAUGE, NULL, "Number of the audit's newest row.",
	 .write = write_audit_row},
	{"migwarden_audit_rows_waiting", GAUGE, NULL, "Rows that wait to be written.",
	 .write = write_audit_waiting},
	{"migwarden_audit_rows_lost", COUNTER, NULL, "Rows that could not be kept.",
	 .write = write_audit_lost},
	{"migwarden_audit_counted", COUNTER, NULL,
	 "Refusals so many alike that they were counted together and have no row each.",
	 .write = write_audit_counted},

	{"migwarden_bpf_stats_enabled", GAUGE, NULL,
	 "1 if kernel.bpf_stats_enabled is set, and runs and time of programs are counted.",
	 VIEW(bpf_stats, AS_BOOL)},
	{"migwarden_bpf_runs", COUNTER, NULL,
	 "Runs of our programs; only with kernel.bpf_stats_enabled.", .write = write_bpf_runs},
	{"migwarden_bpf_run_seconds", COUNTER, "seconds",
	 "Time in our programs; only with kernel.bpf_stats_enabled.", .write = write_bpf_time},
	{"migwarden_bpf_map_bytes", GAUGE, "bytes", "Memory of our maps, as the kernel counts it.",
	 .write = write_bpf_maps},

	{"process_cpu_seconds", COUNTER, "seconds", "User and system time of the daemon.",
	 VIEW(cpu_ns, AS_NS)},
	{"process_resident_memory_bytes", GAUGE, "bytes", "Resident memory of the daemon.",
	 VIEW(resident_bytes, AS_COUNT)},
	{"process_virtual_memory_bytes", GAUGE, "bytes", "Virtual memory of the daemon.",
	 VIEW(virtual_bytes, AS_COUNT)},
	{"process_open_fds", GAUGE, NULL, "Open file descriptors of the daemon.",
	 VIEW(open_fds, AS_COUNT)},
	{"process_max_fds", GAUGE, NULL, "How many file descriptors the daemon may have open.",
	 VIEW(max_fds, AS_COUNT)},
	{"process_start_time_seconds", GAUGE, "seconds", "When the daemon started.",
	 VIEW(start_ms, AS_MS)},
};

static const char *type_name(enum family_type type, enum metrics_format format)
{
	switch (type) {
	case COUNTER:
		return "counter";
	case GAUGE:
		return "gauge";
	case INFO:
		return format == METRICS_OPENMETRICS ? "info" : "gauge";
	case HISTOGRAM:
		return "histogram";
	}
	return "unknown";
}

bool metrics_family(size_t index, const char **name, const char **type, const char **help)
{
	if (index >= ARRAY_SIZE(families))
		return false;
	*name = families[index].name;
	*type = type_name(families[index].type, METRICS_OPENMETRICS);
	*help = families[index].help;
	return true;
}

const char *metrics_content_type(enum metrics_format format)
{
	switch (format) {
	case METRICS_OPENMETRICS:
		return "application/openmetrics-text; version=1.0.0; charset=utf-8";
	case METRICS_TEXT:
		return "text/plain; version=0.0.4; charset=utf-8";
	}
	return "text/plain";
}

/* In the older format the suffix belongs to the name, and there are no units. */
static void write_head(const struct exposition *to)
{
	const struct family *family = to->family;
	bool is_new = to->format == METRICS_OPENMETRICS;
	const char *suffix = is_new ? "" : type_suffix(family->type);

	fprintf(to->out, "# HELP %s%s %s\n", family->name, suffix, family->help);
	fprintf(to->out, "# TYPE %s%s %s\n", family->name, suffix,
		type_name(family->type, to->format));
	if (is_new && family->unit)
		fprintf(to->out, "# UNIT %s %s\n", family->name, family->unit);
}

void metrics_write(const struct metrics *metrics, const struct metrics_view *view,
		   enum metrics_format format, FILE *out)
{
	struct exposition to = {.metrics = metrics, .view = view, .format = format, .out = out};

	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		to.family = &families[i];
		write_head(&to);
		if (families[i].write)
			families[i].write(&to);
		else
			write_number(&to);
	}
	if (format == METRICS_OPENMETRICS)
		fputs("# EOF\n", out);
}
