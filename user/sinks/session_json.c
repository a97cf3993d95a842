// SPDX-License-Identifier: GPL-2.0-only
#include "sinks/session_json.h"

#include "base/cleanup.h"
#include "core/flow.h"
#include "core/names.h"
#include "migwarden/reason.h"
#include "sinks/json_set.h"
#include "sinks/session_text.h"

static json_t *process_to_json(const struct session *session)
{
	json_t *object = json_object();

	json_set_number(object, "pid", session->pid);
	json_set_number(object, "tid", session->tid);
	json_set_text(object, "comm", session->comm);
	json_set_number(object, "cgroup_id", session->cgroup_id);
	return object;
}

static json_t *vm_to_json(const struct session *session)
{
	json_t *object;

	if (!session->vm_name[0] && !session->vm_uuid[0])
		return json_null();
	object = json_object();
	json_set_text(object, "name", session->vm_name);
	json_set_text(object, "uuid", session->vm_uuid);
	return object;
}

static json_t *blackout_to_json(const struct session *session)
{
	json_t *object = json_object();

	json_set_time(object, "begin_ns", session->blackout_begin_ns);
	json_set_time(object, "end_ns", session->blackout_end_ns);
	json_set_time(object, "duration_ns", session_blackout_ns(session, 0));
	return object;
}

static json_t *p2p_to_json(const struct session *session)
{
	json_t *object = json_object();

	json_set_number(object, "arc_ns", session->p2p_arc_ns);
	json_set_number(object, "wait_ns", session->p2p_wait_ns);
	return object;
}

static json_t *gate_to_json(const struct session_gate *gate)
{
	json_t *object;

	if (!gate->answer)
		return json_null();
	object = json_object();
	json_set_word(object, "answer", gate_answer_name(gate->answer));
	json_set_time(object, "time_ns", gate->time_ns);
	json_set_word(object, "basis", gate->basis == MW_BASIS_ADMISSION ? "admission" : "default");
	json_set_number(object, "admission",
			gate->basis == MW_BASIS_ADMISSION ? gate->admission : 0);
	json_set_word(object, "reason", mw_reason_name(gate->reason));
	json_set_number(object, "generation", gate->generation);
	json_set_number(object, "feature_index", gate->feature);
	json_set_state(object, "target", gate->target);
	json_set_number(object, "answers", gate->answers);
	json_set_result(object, gate->error);
	return object;
}

static json_t *failure_to_json(const struct session_failure *failure)
{
	json_t *object;

	if (failure->kind == SESSION_FAILURE_NONE)
		return json_null();
	object = json_object();
	json_set_word(object, "kind", session_failure_name(failure->kind));
	json_set_result(object, failure->error);
	json_set_number(object, "offset", failure->offset);
	json_set_time(object, "time_ns", failure->time_ns);
	json_set_state(object, "state", failure->state);
	json_set_state(object, "to", failure->to);
	return object;
}

static json_t *reports_to_json(const struct session_reports *reports)
{
	json_t *object = json_object();

	json_set_number(object, "calls", reports->calls);
	json_set_number(object, "failures", reports->failures);
	json_set_number(object, "range_bytes", reports->range_bytes);
	json_set_number(object, "time_ns", reports->time_ns);
	json_set_number(object, "longest_ns", reports->longest_ns);
	return object;
}

static json_t *dirty_to_json(const struct session_dirty *dirty)
{
	json_t *object;

	if (!dirty->start_ns && !dirty->stop_ns && !dirty->running.calls && !dirty->stopped.calls)
		return json_null();
	object = json_object();
	json_set_time(object, "start_ns", dirty->start_ns);
	json_set_number(object, "start_duration_ns", dirty->start_duration_ns);
	json_object_set_new(object, "start_result", json_integer(dirty->start_result));
	json_set_number(object, "page_bytes", dirty->page_bytes);
	json_set_number(object, "ranges", dirty->range_count);
	json_set_time(object, "stop_ns", dirty->stop_ns);
	json_set_number(object, "stop_duration_ns", dirty->stop_duration_ns);
	json_object_set_new(object, "stop_result", json_integer(dirty->stop_result));
	json_object_set_new(object, "running", reports_to_json(&dirty->running));
	json_object_set_new(object, "stopped", reports_to_json(&dirty->stopped));
	return object;
}

static json_t *sample_to_json(const struct session_sample *sample)
{
	json_t *object = json_object();

	json_set_time(object, "time_ns", sample->time_ns);
	json_set_number(object, "duration_ns", sample->duration_ns);
	json_set_number(object, "bytes", sample->bytes);
	json_set_number(object, "dirty_bytes", sample->dirty_bytes);
	json_set_result(object, sample->result);
	return object;
}

static json_t *series_to_json(const struct session_series *series)
{
	json_t *object, *items;

	if (!series->calls)
		return json_null();
	object = json_object();
	items = json_array();
	json_set_number(object, "calls", series->calls);
	json_set_number(object, "changes", series->changes);
	json_set_number(object, "failures", series->failures);
	json_set_number(object, "stride", series->stride);
	json_object_set_new(object, "last", sample_to_json(&series->last));
	for (uint32_t i = 0; i < series->count; i++)
		json_array_append_new(items, sample_to_json(&series->items[i]));
	json_object_set_new(object, "items", items);
	return object;
}

static json_t *arc_to_json(const struct session_arc *arc)
{
	json_t *object = json_object();

	json_set_state(object, "from", arc->from);
	json_set_state(object, "to", arc->to);
	json_set_state(object, "target", arc->target);
	json_set_time(object, "end_ns", arc->end_ns);
	json_set_number(object, "duration_ns", arc->duration_ns);
	json_set_result(object, arc->result);
	return object;
}

static json_t *phase_to_json(const struct session_phase *phase)
{
	json_t *object = json_object(), *flow;

	json_set_state(object, "state", phase->state);
	json_set_time(object, "begin_ns", phase->begin_ns);
	json_set_time(object, "end_ns", phase->end_ns);
	if (!phase->has_flow) {
		json_object_set_new(object, "flow", json_null());
		return object;
	}
	flow = json_object();
	json_set_flow(flow, &phase->flow);
	json_set_word(flow, "end", flow_end_name(phase->flow_end));
	json_object_set_new(object, "flow", flow);
	return object;
}

static json_t *lost_to_json(const struct session *session)
{
	json_t *object = json_object();

	for (uint32_t kind = 1; kind < MW_EVENT_KINDS; kind++)
		if (session->lost[kind])
			json_set_number(object, event_kind_name(kind), session->lost[kind]);
	return object;
}

json_t *alarm_to_json(const struct session *session, const struct session_alarm *alarm)
{
	char text[SESSION_ALARM_TEXT_BYTES];
	json_t *object = json_object();

	json_set_word(object, "alarm", alarm_kind_name(alarm->kind));
	json_set_time(object, "time_ns", alarm->time_ns);
	json_set_result(object, alarm->error);
	json_object_set_new(object, "values", json_array());
	for (size_t i = 0; i < ARRAY_SIZE(alarm->value); i++)
		json_array_append_new(json_object_get(object, "values"),
				      json_number_of(alarm->value[i]));
	json_set_word(object, "text", session_alarm_text(session, alarm, text, sizeof(text)));
	return object;
}

static void set_identity(json_t *object, const struct session *session)
{
	json_set_number(object, "id", session->id);
	json_set_number(object, "group", session->group);
	json_set_word(object, "side", session_side_name(session->side));
	json_set_word(object, "end", session_end_name(session->end));
	json_set_word(object, "cause", session_cause_name(session->cause));
	json_object_set_new(object, "refused", json_boolean(session_is_refused(session)));
	json_set_text(object, "host", session->host);
	json_set_text(object, "boot_id", session->boot_id);
	json_object_set_new(object, "clock_offset_ns", json_integer(session->clock_offset_ns));
	json_set_text(object, "device", session->device);
	json_set_text(object, "driver", session->driver);
	json_set_text(object, "file_name", session->file_name);
	json_object_set_new(object, "process", process_to_json(session));
	json_object_set_new(object, "vm", vm_to_json(session));
}

static void set_sums(json_t *object, const struct session *session)
{
	json_set_clock(object, "time", session->begin_ns, session->clock_offset_ns);
	json_set_time(object, "begin_ns", session->begin_ns);
	json_set_time(object, "end_ns", session->end_ns);
	json_set_time(object, "returned_ns", session->returned_ns);
	json_set_state(object, "state", session->state);
	json_object_set_new(object, "blackout", blackout_to_json(session));
	json_object_set_new(object, "p2p", p2p_to_json(session));
	json_set_number(object, "bytes", session->bytes);
	json_set_number(object, "final_bytes", session->final_bytes);
	json_object_set_new(object, "estimate_bytes",
			    session->estimate_bytes == UINT64_MAX
				    ? json_null()
				    : json_number_of(session->estimate_bytes));
	json_object_set_new(object, "joined", json_boolean(session->is_joined));
	json_object_set_new(object, "read_to_end", json_boolean(session->is_read_to_end));
	json_object_set_new(object, "incomplete", json_boolean(session->is_incomplete));
	json_object_set_new(object, "lost", lost_to_json(session));
	json_object_set_new(object, "gate", gate_to_json(&session->gate));
	json_object_set_new(object, "failure", failure_to_json(&session->failure));
	json_object_set_new(object, "dirty", dirty_to_json(&session->dirty));
}

static void set_alarms(json_t *object, const struct session *session)
{
	json_t *alarms = json_array();

	for (uint32_t i = 0; i < session->alarm_count; i++)
		json_array_append_new(alarms, alarm_to_json(session, &session->alarms[i]));
	json_object_set_new(object, "alarms", alarms);
}

static json_t *dropped_to_json(const struct session *session)
{
	json_t *object = json_object();

	json_set_number(object, "arcs", session->arcs_dropped);
	json_set_number(object, "phases", session->phases_dropped);
	json_set_number(object, "alarms", session->alarms_dropped);
	return object;
}

json_t *session_to_json_brief(const struct session *session)
{
	json_t *object = json_object();

	set_identity(object, session);
	set_sums(object, session);
	set_alarms(object, session);
	return object;
}

json_t *session_to_json(const struct session *session)
{
	json_t *object = json_object();
	json_t *arcs = json_array(), *phases = json_array();

	json_set_word(object, "schema", SESSION_SCHEMA);
	set_identity(object, session);
	set_sums(object, session);
	json_object_set_new(object, "data_size", series_to_json(&session->data_size));
	json_object_set_new(object, "precopy", series_to_json(&session->precopy));
	for (uint32_t i = 0; i < session->arc_count; i++)
		json_array_append_new(arcs, arc_to_json(&session->arcs[i]));
	json_object_set_new(object, "arcs", arcs);
	for (uint32_t i = 0; i < session->phase_count; i++)
		json_array_append_new(phases, phase_to_json(&session->phases[i]));
	json_object_set_new(object, "phases", phases);
	set_alarms(object, session);
	json_object_set_new(object, "dropped", dropped_to_json(session));
	return object;
}
