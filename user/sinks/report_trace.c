// SPDX-License-Identifier: GPL-2.0-only
#include "sinks/report_trace.h"

#include <string.h>

#include "base/units.h"
#include "core/fsm.h"
#include "core/names.h"
#include "sinks/json_set.h"
#include "sinks/report_words.h"
#include "sinks/session_text.h"

#define NAME_BYTES (2 * SESSION_NAME_BYTES + 64)
/* The thread of the blackout; devices follow. */
#define TID_BLACKOUT 1
#define TID_DEVICE 2

/* Where the events of one report go. */
struct trace {
	json_t *events;
	const struct anatomy *anatomy;
	uint64_t zero_ns;
	json_int_t pid; /* of its first side; the other one's is the next */
};

/* µs since the begin; what is before it is the begin. */
static double time_us(const struct trace *trace, uint64_t time_ns)
{
	return time_ns > trace->zero_ns ? (double)(time_ns - trace->zero_ns) / 1e3 : 0;
}

static json_int_t pid_of(const struct trace *trace, uint32_t item)
{
	const struct session *first = trace->anatomy->items[0].session;

	return trace->pid + (trace->anatomy->items[item].session->side != first->side);
}

/* With "args", an object that the caller fills. */
static json_t *put(const struct trace *trace, const char *phase, const char *name, json_int_t pid,
		   json_int_t tid)
{
	json_t *event = json_object();

	json_set_text(event, "name", name);
	json_set_word(event, "ph", phase);
	json_object_set_new(event, "pid", json_integer(pid));
	json_object_set_new(event, "tid", json_integer(tid));
	json_object_set_new(event, "args", json_object());
	json_array_append_new(trace->events, event);
	return event;
}

static json_t *args_of(json_t *event)
{
	return json_object_get(event, "args");
}

static void name_process(const struct trace *trace, json_int_t pid, const struct session *session)
{
	char name[NAME_BYTES];
	const char *vm = *session->vm_name ? session->vm_name : session->vm_uuid;

	snprintf(name, sizeof(name), "%s%s%s, %s", *vm ? vm : "VM", *session->host ? " on " : "",
		 session->host, session_side_name(session->side));
	json_set_text(args_of(put(trace, "M", "process_name", pid, 0)), "name", name);
	json_object_set_new(args_of(put(trace, "M", "process_sort_index", pid, 0)), "sort_index",
			    json_integer(pid));
}

static void name_thread(const struct trace *trace, json_int_t pid, json_int_t tid, const char *name)
{
	json_set_text(args_of(put(trace, "M", "thread_name", pid, tid)), "name", name);
	json_object_set_new(args_of(put(trace, "M", "thread_sort_index", pid, tid)), "sort_index",
			    json_integer(tid));
}

static json_t *put_slice(const struct trace *trace, const char *category, const char *name,
			 json_int_t pid, json_int_t tid, uint64_t begin_ns, uint64_t end_ns)
{
	json_t *event = put(trace, "X", name, pid, tid);
	double begin = time_us(trace, begin_ns);

	json_set_word(event, "cat", category);
	json_object_set_new(event, "ts", json_real(begin));
	json_object_set_new(event, "dur", json_real(time_us(trace, end_ns) - begin));
	return event;
}

static json_t *put_at(const struct trace *trace, const char *phase, const char *name, uint32_t item,
		      uint64_t time_ns)
{
	json_t *event = put(trace, phase, name, pid_of(trace, item), TID_DEVICE + item);

	json_object_set_new(
		event, "ts",
		json_real(time_us(trace, anatomy_time(&trace->anatomy->items[item], time_ns))));
	return event;
}

static void put_arc(const struct trace *trace, const struct stretch *stretch)
{
	const struct session_arc *arc =
		&trace->anatomy->items[stretch->item].session->arcs[stretch->index];
	char label[REPORT_LABEL_BYTES];
	json_t *event = put_slice(trace, "arc", report_stretch_label(stretch, label),
				  pid_of(trace, stretch->item), TID_DEVICE + stretch->item,
				  stretch->begin_ns, stretch->end_ns);

	json_set_state(args_of(event), "target", arc->target);
	json_set_result(args_of(event), arc->result);
}

static bool is_same_state(const struct stretch *a, const struct stretch *b)
{
	return a->item == b->item && a->kind != STRETCH_ARC && b->kind != STRETCH_ARC &&
	       a->index == b->index;
}

/* The state from its first stretch to its last, and inside of it what moved data. */
static size_t put_state(const struct trace *trace, size_t first)
{
	const struct anatomy *anatomy = trace->anatomy;
	const struct stretch *stretch = &anatomy->stretches[first];
	const struct session_phase *phase =
		&anatomy->items[stretch->item].session->phases[stretch->index];
	json_int_t pid = pid_of(trace, stretch->item), tid = TID_DEVICE + stretch->item;
	char label[REPORT_LABEL_BYTES];
	size_t last = first;
	json_t *event;

	while (last + 1 < anatomy->stretch_count &&
	       is_same_state(stretch, &anatomy->stretches[last + 1]))
		last++;
	put_slice(trace, "state", report_stretch_label(stretch, label), pid, tid, stretch->begin_ns,
		  anatomy->stretches[last].end_ns);
	for (size_t i = first; i <= last; i++) {
		if (anatomy->stretches[i].kind != STRETCH_DATA)
			continue;
		event = put_slice(trace, "data",
				  phase->flow.direction == MW_FLOW_WRITE ? "write" : "read", pid,
				  tid, anatomy->stretches[i].begin_ns,
				  anatomy->stretches[i].end_ns);
		json_set_flow(args_of(event), &phase->flow);
	}
	return last + 1;
}

static void put_stretches(const struct trace *trace)
{
	const struct anatomy *anatomy = trace->anatomy;

	for (size_t i = 0; i < anatomy->stretch_count;) {
		if (anatomy->stretches[i].kind == STRETCH_ARC)
			put_arc(trace, &anatomy->stretches[i++]);
		else
			i = put_state(trace, i);
	}
}

/* A counter's name is per process: the device is in it. */
static void put_counters(const struct trace *trace, uint32_t item,
			 const struct session_series *series, bool is_precopy)
{
	const struct session *session = trace->anatomy->items[item].session;
	char name[MW_DEVICE_BYTES + 32];

	snprintf(name, sizeof(name), "%s %s", is_precopy ? "precopy" : "data size",
		 session->device);
	for (uint32_t i = 0; i < series->count && series->calls; i++) {
		const struct session_sample *sample = &series->items[i];
		json_t *args;

		if (sample->result)
			continue;
		args = args_of(put_at(trace, "C", name, item, sample->time_ns));
		json_set_number(args, is_precopy ? "initial_bytes" : "bytes", sample->bytes);
		if (is_precopy)
			json_set_number(args, "dirty_bytes", sample->dirty_bytes);
	}
}

static void put_instants(const struct trace *trace, uint32_t item)
{
	const struct session *session = trace->anatomy->items[item].session;
	char text[SESSION_ALARM_TEXT_BYTES];
	json_t *event;

	if (session->gate.answer) {
		event = put_at(trace, "i", "gate", item, session->gate.time_ns);
		json_set_word(event, "s", "t");
		json_set_word(args_of(event), "answer", gate_answer_name(session->gate.answer));
		json_set_text(args_of(event), "text", report_gate_text(session, text));
	}
	for (uint32_t i = 0; i < session->alarm_count; i++) {
		const struct session_alarm *alarm = &session->alarms[i];

		event = put_at(trace, "i", alarm_kind_name(alarm->kind), item, alarm->time_ns);
		json_set_word(event, "s", "t");
		json_set_text(args_of(event), "text",
			      session_alarm_text(session, alarm, text, sizeof(text)));
	}
}

static void put_report(const struct trace *trace, const struct report *report)
{
	const struct anatomy *anatomy = trace->anatomy;
	char sentence[REPORT_SENTENCE_BYTES];
	json_t *event;

	for (uint32_t i = 0; i < anatomy->count; i++) {
		const struct session *session = anatomy->items[i].session;

		if (!i || pid_of(trace, i) != pid_of(trace, i - 1))
			name_process(trace, pid_of(trace, i), session);
		name_thread(trace, pid_of(trace, i), TID_DEVICE + i, session->device);
	}
	if (anatomy->has_blackout) {
		name_thread(trace, trace->pid, TID_BLACKOUT, "blackout");
		event = put_slice(trace, "blackout", "blackout", trace->pid, TID_BLACKOUT,
				  anatomy->blackout_begin_ns, anatomy->blackout_end_ns);
		json_set_word(args_of(event), "text", report_sentence(report, sentence));
	}
	put_stretches(trace);
	for (uint32_t i = 0; i < anatomy->count; i++) {
		const struct session *session = anatomy->items[i].session;

		put_counters(trace, i, &session->precopy, true);
		put_counters(trace, i, &session->data_size, false);
		put_instants(trace, i);
	}
}

json_t *report_to_trace(const struct report *reports, size_t count)
{
	json_t *object = json_object(), *other = json_object();
	struct trace trace = {.events = json_array(), .zero_ns = UINT64_MAX, .pid = 1};
	const struct session *first = NULL;

	for (size_t i = 0; i < count; i++) {
		if (!reports[i].anatomy->begin_ns || reports[i].anatomy->begin_ns >= trace.zero_ns)
			continue;
		trace.zero_ns = reports[i].anatomy->begin_ns;
		first = reports[i].anatomy->items[0].session;
	}
	for (size_t i = 0; i < count; i++) {
		trace.anatomy = reports[i].anatomy;
		put_report(&trace, &reports[i]);
		trace.pid += 2;
	}
	json_set_word(other, "schema", REPORT_SCHEMA);
	if (first) {
		json_set_number(other, "begin_ns", trace.zero_ns);
		json_set_clock(other, "begin", trace.zero_ns, first->clock_offset_ns);
	}
	json_object_set_new(object, "traceEvents", trace.events);
	json_set_word(object, "displayTimeUnit", "ns");
	json_object_set_new(object, "otherData", other);
	return object;
}
