// SPDX-License-Identifier: GPL-2.0-only
#include "core/session_fill.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

bool is_saving(uint32_t state)
{
	return state == MW_STATE_PRE_COPY || state == MW_STATE_PRE_COPY_P2P ||
	       state == MW_STATE_STOP_COPY;
}

bool is_migrating(uint32_t state)
{
	return is_saving(state) || state == MW_STATE_RESUMING;
}

bool is_running(uint32_t state)
{
	return state == MW_STATE_RUNNING || state == MW_STATE_PRE_COPY;
}

static bool is_p2p(uint32_t state)
{
	return state == MW_STATE_RUNNING_P2P || state == MW_STATE_PRE_COPY_P2P;
}

uint64_t event_begin_ns(uint64_t end_ns, uint64_t duration_ns)
{
	return duration_ns < end_ns ? end_ns - duration_ns : 0;
}

static struct session_phase *phase_add(struct session *session)
{
	if (session->phase_count == SESSION_PHASES_MAX) {
		session->phases_dropped++;
		return NULL;
	}
	return &session->phases[session->phase_count++];
}

void session_enter_phase(struct session *session, uint64_t begin_ns)
{
	struct session_phase *phase = phase_add(session);

	if (phase)
		*phase = (struct session_phase){.begin_ns = begin_ns, .state = session->state};
}

void session_leave_phase(struct session *session, uint64_t now_ns)
{
	struct session_phase *phase;

	if (!session->phase_count)
		return;
	phase = &session->phases[session->phase_count - 1];
	if (phase->end_ns || phase->state != session->state)
		return;
	phase->end_ns = now_ns;
}

static void keep_arc(struct session *session, const struct mw_event_arc *event)
{
	if (session->arc_count == SESSION_ARCS_MAX) {
		session->arcs_dropped++;
		return;
	}
	session->arcs[session->arc_count++] = (struct session_arc){
		.end_ns = event->head.time_ns,
		.duration_ns = event->duration_ns,
		.from = event->from,
		.to = event->to,
		.target = event->target,
		.result = event->result,
	};
}

static void fail_arc(struct session *session, const struct mw_event_arc *event)
{
	struct session_failure *failure = &session->failure;

	if (failure->kind != SESSION_FAILURE_NONE)
		return;
	failure->kind = SESSION_FAILURE_ARC;
	failure->error = event->result;
	failure->offset = session->bytes;
	failure->time_ns = event->head.time_ns;
	failure->state = event->from;
	failure->to = event->to;
}

/* A device that comes back to running has had no blackout, or its blackout ends. */
static void follow_source_blackout(struct session *session, const struct mw_event_arc *event,
				   uint64_t begin_ns)
{
	if (is_running(event->from) && !is_running(event->to)) {
		session->blackout_begin_ns = begin_ns;
		session->blackout_end_ns = 0;
		session->p2p_arc_ns = 0;
		session->p2p_wait_ns = 0;
	} else if (is_running(event->to) && session->blackout_begin_ns &&
		   !session->blackout_end_ns) {
		session->blackout_end_ns = event->head.time_ns;
	}
}

/* The sums say better when the last byte came, if they come. */
static void follow_destination_blackout(struct session *session, const struct mw_event_arc *event,
					uint64_t begin_ns)
{
	if (event->from == MW_STATE_RESUMING && !session->blackout_begin_ns)
		session->blackout_begin_ns = begin_ns;
	if (event->to == MW_STATE_RUNNING)
		session->blackout_end_ns = event->head.time_ns;
}

/* Source: on the way down. Destination: on the way up. A way back is nobody's. */
static void follow_p2p(struct session *session, const struct mw_event_arc *event, uint64_t begin_ns)
{
	const struct session_phase *left = NULL;
	bool is_source = session->side == SESSION_SOURCE;

	if (is_p2p(event->to) && is_running(event->from) == is_source)
		session->p2p_arc_ns += event->duration_ns;
	if (session->phase_count)
		left = &session->phases[session->phase_count - 1];
	if (left && left->state == event->from && is_p2p(event->from) && left->begin_ns &&
	    begin_ns > left->begin_ns && is_running(event->to) != is_source)
		session->p2p_wait_ns += begin_ns - left->begin_ns;
}

void session_add_arc(struct session *session, const struct mw_event_arc *event)
{
	uint64_t begin_ns = event_begin_ns(event->head.time_ns, event->duration_ns);

	keep_arc(session, event);
	if (event->result) {
		fail_arc(session, event);
		session->state = event->from;
		return;
	}
	session_leave_phase(session, begin_ns);
	if (session->side == SESSION_SOURCE)
		follow_source_blackout(session, event, begin_ns);
	else
		follow_destination_blackout(session, event, begin_ns);
	follow_p2p(session, event, begin_ns);
	session->state = event->to;
}

/*
 * The first visit to the state that has no sums yet: the kernel sums all visits with one file, and
 * tells the files one after the other.
 */
static struct session_phase *phase_of_flow(struct session *session, const struct mw_flow *flow)
{
	for (uint32_t i = 0; i < session->phase_count; i++) {
		struct session_phase *phase = &session->phases[i];

		if (phase->state == flow->state && !phase->has_flow)
			return phase;
	}
	return NULL;
}

/* A failed read or write comes before the arc that fails for it. */
static void fail_flow(struct session *session, const struct mw_flow *flow)
{
	struct session_failure *failure = &session->failure;

	if (failure->kind == SESSION_FAILURE_READ || failure->kind == SESSION_FAILURE_WRITE ||
	    (failure->kind == SESSION_FAILURE_ARC && failure->state != flow->state))
		return;
	*failure = (struct session_failure){
		.kind = flow->direction == MW_FLOW_WRITE ? SESSION_FAILURE_WRITE
							 : SESSION_FAILURE_READ,
		.error = flow->error,
		.offset = flow->error_offset,
		.state = flow->state,
		.to = MW_STATE_NONE,
	};
}

static void sum_flow(struct session *session, const struct mw_flow *flow)
{
	session->bytes += flow->bytes;
	if (flow->error)
		fail_flow(session, flow);
	if (flow->state == MW_STATE_STOP_COPY && session->side == SESSION_SOURCE) {
		session->final_bytes += flow->bytes;
		session->is_read_to_end |= flow->ends > 0;
		if (!session->blackout_end_ns && session->blackout_begin_ns)
			session->blackout_end_ns = flow->last_ns;
	}
	if (flow->state == MW_STATE_RESUMING && session->side == SESSION_DESTINATION) {
		session->final_bytes += flow->bytes;
		session->blackout_begin_ns = flow->last_ns;
	}
}

bool session_add_flow(struct session *session, const struct mw_event_flow *event)
{
	const struct mw_flow *flow = &event->flow;
	struct session_phase *phase = phase_of_flow(session, flow);
	bool is_known = phase;

	sum_flow(session, flow);
	if (!phase) {
		phase = phase_add(session);
		if (!phase)
			return false;
		*phase = (struct session_phase){
			.begin_ns = flow->begin_ns,
			.end_ns = flow->end_ns,
			.state = flow->state,
		};
	}
	phase->has_flow = 1;
	phase->flow_end = event->end;
	phase->flow = *flow;
	return is_known;
}

static bool same_answer(const struct session_sample *a, const struct session_sample *b)
{
	return a->result == b->result && a->bytes == b->bytes && a->dirty_bytes == b->dirty_bytes;
}

static void series_halve(struct session_series *series)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < series->count; i += 2)
		series->items[kept++] = series->items[i];
	series->count = kept;
	series->stride *= 2;
}

static void series_add(struct session_series *series, const struct session_sample *sample)
{
	bool is_new = !series->calls || !same_answer(&series->last, sample);

	series->calls++;
	series->failures += sample->result < 0;
	series->last = *sample;
	if (!is_new)
		return;
	if (!series->stride)
		series->stride = 1;
	if (series->changes++ % series->stride)
		return;
	if (series->count == SESSION_SAMPLES_MAX)
		series_halve(series);
	series->items[series->count++] = *sample;
}

void session_add_precopy(struct session *session, const struct mw_event_precopy *event)
{
	struct session_sample sample = {
		.time_ns = event->head.time_ns,
		.duration_ns = event->duration_ns,
		.result = event->result,
	};

	if (!event->result) {
		sample.bytes = event->initial_bytes;
		sample.dirty_bytes = event->dirty_bytes;
	}
	series_add(&session->precopy, &sample);
}

void session_add_data_size(struct session *session, const struct mw_event_ioctl *event,
			   const struct feature_payload *payload)
{
	struct session_sample sample = {
		.time_ns = event->head.time_ns,
		.duration_ns = event->duration_ns,
		.result = event->result < 0 ? event->result : 0,
	};

	if (!sample.result) {
		sample.bytes = payload->stop_copy_bytes;
		if (session->state != MW_STATE_STOP_COPY)
			session->estimate_bytes = sample.bytes;
	}
	series_add(&session->data_size, &sample);
}

static void add_report(struct session_reports *reports, const struct mw_event_ioctl *event,
		       const struct feature_payload *payload)
{
	reports->calls++;
	reports->failures += event->result < 0;
	reports->range_bytes += payload->length;
	reports->time_ns += event->duration_ns;
	if (event->duration_ns > reports->longest_ns)
		reports->longest_ns = event->duration_ns;
}

void session_add_logging(struct session *session, const struct mw_event_ioctl *event,
			 const struct feature_payload *payload)
{
	struct session_dirty *dirty = &session->dirty;

	switch (event->flags & MW_FEATURE_MASK) {
	case MW_FEATURE_DMA_LOGGING_START:
		dirty->start_ns = event->head.time_ns;
		dirty->start_duration_ns = event->duration_ns;
		dirty->start_result = event->result;
		dirty->page_bytes = payload->page_size;
		dirty->range_count = payload->range_count;
		break;
	case MW_FEATURE_DMA_LOGGING_REPORT:
		add_report(session->blackout_begin_ns && !session->blackout_end_ns
				   ? &dirty->stopped
				   : &dirty->running,
			   event, payload);
		break;
	case MW_FEATURE_DMA_LOGGING_STOP:
		dirty->stop_ns = event->head.time_ns;
		dirty->stop_duration_ns = event->duration_ns;
		dirty->stop_result = event->result;
		break;
	}
}

void session_add_gate(struct session *session, const struct mw_event_gate *event)
{
	uint32_t answers = session->gate.answers + 1;

	if (session->gate.answer == MW_GATE_REFUSED && event->answer != MW_GATE_REFUSED) {
		session->gate.answers = answers;
		return;
	}
	session->gate = (struct session_gate){
		.time_ns = event->head.time_ns,
		.admission = event->admission,
		.generation = event->generation,
		.answer = event->answer,
		.basis = event->basis,
		.reason = event->reason,
		.feature = event->feature,
		.target = event->target,
		.error = event->error,
		.answers = answers,
	};
}

/* "mtty_save_read [mtty]": the module of the first function that has one. */
void session_add_data_file(struct session *session, const struct mw_event_data_file *event)
{
	memcpy(session->file_name, event->name, sizeof(session->file_name));
	for (int i = 0; i < MW_FILE_FUNCTIONS; i++) {
		struct slice rest = slice_of(event->function[i]);
		size_t open = slice_find(rest, '[');
		struct slice module = slice_skip(rest, open + 1);

		module.length = slice_find(module, ']');
		if (open == rest.length || !module.length)
			continue;
		snprintf(session->driver, sizeof(session->driver), "%.*s", (int)module.length,
			 module.text);
		return;
	}
}
