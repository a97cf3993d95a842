// SPDX-License-Identifier: GPL-2.0-only
#include "sinks/metrics.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sinks/metrics_state.h"

enum {
	RULE_DEFAULT,
	RULE_OTHER,
	RULES_FIXED,
};

int metrics_new(struct metrics **out)
{
	struct metrics *metrics = calloc(1, sizeof(*metrics));

	if (!metrics)
		return -ENOMEM;
	strcpy(metrics->rules[RULE_DEFAULT].name, METRICS_RULE_DEFAULT);
	strcpy(metrics->rules[RULE_OTHER].name, METRICS_RULE_OTHER);
	metrics->rule_count = RULES_FIXED;
	*out = metrics;
	return 0;
}

void metrics_free(struct metrics *metrics)
{
	free(metrics);
}

/* A slot of an array by an enum from 1: a record may hold any number. */
static uint32_t slot(uint32_t number, uint32_t slots)
{
	return number < slots ? number : 0;
}

/* And by one from 0, whose last slot is for the rest. */
static uint32_t slot_or_last(uint32_t number, uint32_t slots)
{
	return number < slots ? number : slots - 1;
}

/*
 * Of one outgoing migration DMA logging starts before the state changes: let pass, it is no attempt
 * of its own; refused, it is the end of one.
 */
static bool is_attempt(const struct mw_event_gate *event)
{
	return event->feature == MW_FEATURE_MIG_DEVICE_STATE || event->answer == MW_GATE_REFUSED;
}

static void count_decision(struct metrics *metrics, const struct mw_event_gate *event)
{
	uint32_t direction = slot(event->direction, METRICS_DIRECTIONS);
	uint32_t answer = slot(event->answer, METRICS_ANSWERS);
	uint32_t reason = slot_or_last(event->reason, METRICS_REASONS);

	metrics->attempts[direction][answer] += is_attempt(event);
	metrics->decisions[direction][answer][reason]++;
	metrics->used[direction] += event->basis == MW_BASIS_ADMISSION &&
				    event->answer == MW_GATE_PASSED &&
				    event->feature == MW_FEATURE_MIG_DEVICE_STATE;
}

static void count_arc(struct metrics *metrics, const struct mw_event_arc *event)
{
	uint32_t from = slot_or_last(event->from, METRICS_STATES);
	uint32_t to = slot_or_last(event->to, METRICS_STATES);

	metrics->arcs[from][to][event->result == 0]++;
}

static void count_flow(struct metrics *metrics, const struct mw_flow *flow)
{
	struct metrics_data *data = &metrics->data[slot(flow->direction, METRICS_FLOWS)];

	data->bytes += flow->bytes;
	data->calls += flow->calls;
	data->errors += flow->errors;
	data->driver_ns += flow->driver_ns;
	data->missed_bytes += flow->missed_bytes;
}

void metrics_event(struct metrics *metrics, const union mw_event *event)
{
	switch ((enum mw_event_kind)event->head.kind) {
	case MW_EVENT_GATE:
		count_decision(metrics, &event->gate);
		break;
	case MW_EVENT_ARC:
		count_arc(metrics, &event->arc);
		break;
	case MW_EVENT_FLOW:
		count_flow(metrics, &event->flow.flow);
		break;
	case MW_EVENT_SHIELD:
		metrics->shield[slot(event->shield.piece, METRICS_PIECES)]++;
		break;
	case MW_EVENT_IOCTL:
	case MW_EVENT_CLOSE:
	case MW_EVENT_ATTRIBUTE:
	case MW_EVENT_MDEV:
	case MW_EVENT_MODULE:
	case MW_EVENT_DATA_FILE:
	case MW_EVENT_PRECOPY:
	case MW_EVENT_KIND_END_:
		break;
	}
}

static struct metrics_rule *find_rule(struct metrics *metrics, const char *name)
{
	char cut[METRICS_RULE_BYTES];
	struct metrics_rule *rule;

	text_copy_cut(cut, sizeof(cut), slice_of(name));
	for (size_t i = RULES_FIXED; i < metrics->rule_count; i++)
		if (text_equal(metrics->rules[i].name, cut))
			return &metrics->rules[i];
	if (metrics->rule_count == METRICS_RULES_MAX + RULES_FIXED)
		return &metrics->rules[RULE_OTHER];
	rule = &metrics->rules[metrics->rule_count++];
	memcpy(rule->name, cut, sizeof(cut));
	return rule;
}

void metrics_rule(struct metrics *metrics, const char *rule, enum mw_gate_answer answer)
{
	struct metrics_rule *found =
		rule ? find_rule(metrics, rule) : &metrics->rules[RULE_DEFAULT];

	found->answers[slot(answer, METRICS_ANSWERS)]++;
}

const uint64_t metrics_bounds_ns[METRICS_BUCKETS] = {
	1000000,     2500000,     5000000,     10000000,     25000000,   50000000,
	100000000,   250000000,   500000000,   1000000000,   2500000000, 5000000000,
	10000000000, 30000000000, 60000000000, 300000000000,
};

static void count_time(struct metrics_histogram *histogram, uint64_t ns)
{
	size_t bucket = 0;

	while (bucket < METRICS_BUCKETS && ns > metrics_bounds_ns[bucket])
		bucket++;
	if (bucket < METRICS_BUCKETS)
		histogram->buckets[bucket]++;
	histogram->count++;
	histogram->sum_ns += ns;
}

void metrics_session(struct metrics *metrics, const struct session *session)
{
	uint32_t side = slot_or_last(session->side, METRICS_SIDES);
	uint32_t result =
		session_is_refused(session)
			? METRICS_REFUSED
			: (session->end < SESSION_END_COUNT_ ? session->end : SESSION_UNKNOWN);

	metrics->sessions[side][result]++;
	/* One that was not seen whole would tell of a shorter time than it was. */
	if (session->blackout_begin_ns && session->blackout_end_ns && !session->is_incomplete)
		count_time(&metrics->blackout[side], session_blackout_ns(session, 0));
	for (uint32_t i = 0; i < session->phase_count && i < SESSION_PHASES_MAX; i++) {
		const struct session_phase *phase = &session->phases[i];

		if (phase->begin_ns && phase->end_ns >= phase->begin_ns)
			count_time(
				&metrics->phases[side][slot_or_last(phase->state, METRICS_STATES)],
				phase->end_ns - phase->begin_ns);
	}
}

void metrics_alarm(struct metrics *metrics, uint32_t kind)
{
	metrics->alarms[slot_or_last(kind, METRICS_ALARMS)]++;
}

void metrics_admitted(struct metrics *metrics, enum mw_direction direction, bool allow)
{
	metrics->admitted[slot(direction, METRICS_DIRECTIONS)][allow]++;
}

void metrics_revoked(struct metrics *metrics, enum mw_direction direction)
{
	metrics->revoked[slot(direction, METRICS_DIRECTIONS)]++;
}

void metrics_expired(struct metrics *metrics, uint64_t count)
{
	metrics->expired += count;
}

void metrics_reloaded(struct metrics *metrics, bool succeeded, uint64_t now_s)
{
	metrics->reloads[succeeded]++;
	metrics->reload_failed = !succeeded;
	if (succeeded)
		metrics->reloaded_s = now_s;
}

bool metrics_reload_failed(const struct metrics *metrics)
{
	return metrics->reload_failed;
}
