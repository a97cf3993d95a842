// SPDX-License-Identifier: GPL-2.0-only
#include "config/session_read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/reading.h"
#include "core/flow.h"
#include "core/fsm.h"
#include "core/names.h"
#include "migwarden/reason.h"

/* A list of more sessions than any daemon keeps; each takes some 24 KiB. */
#define SESSIONS_MAX 4096

static int read_integer(const struct reading *reading, const struct node *node, int64_t least,
			int64_t most, int64_t *out)
{
	if (node->kind != NODE_INTEGER || node->integer < least || node->integer > most)
		return reading_expected(reading, node, "an integer from %lld to %lld",
					(long long)least, (long long)most);
	*out = node->integer;
	return 0;
}

static int read_u64(const struct reading *reading, const struct node *node,
		    const struct field *field, void *object)
{
	int64_t value = 0;
	int r = read_integer(reading, node, 0, INT64_MAX, &value);

	if (!r)
		*field_target(object, field, uint64_t) = (uint64_t)value;
	return r;
}

static int read_i64(const struct reading *reading, const struct node *node,
		    const struct field *field, void *object)
{
	return read_integer(reading, node, INT64_MIN, INT64_MAX,
			    field_target(object, field, int64_t));
}

static int read_u32(const struct reading *reading, const struct node *node,
		    const struct field *field, void *object)
{
	int64_t value = 0;
	int r = read_integer(reading, node, 0, UINT32_MAX, &value);

	if (!r)
		*field_target(object, field, uint32_t) = (uint32_t)value;
	return r;
}

static int read_i32(const struct reading *reading, const struct node *node,
		    const struct field *field, void *object)
{
	int64_t value = 0;
	int r = read_integer(reading, node, INT32_MIN, INT32_MAX, &value);

	if (!r)
		*field_target(object, field, int32_t) = (int32_t)value;
	return r;
}

static int read_bool(const struct reading *reading, const struct node *node,
		     const struct field *field, void *object)
{
	if (node->kind != NODE_BOOLEAN)
		return reading_expected(reading, node, "true or false");
	*field_target(object, field, uint32_t) = node->integer != 0;
	return 0;
}

static int read_schema(const struct reading *reading, const struct node *node,
		       const struct field *field, void *object)
{
	(void)field;
	(void)object;
	return reading_schema_name(reading, node, SESSION_SCHEMA);
}

static int read_text(const struct reading *reading, const struct node *node,
		     const struct field *field, void *object, size_t size)
{
	if (node->kind != NODE_STRING || strlen(node->text) >= size)
		return reading_expected(reading, node, "a string of at most %zu bytes", size - 1);
	memcpy(field_target(object, field, char), node->text, strlen(node->text) + 1);
	return 0;
}

#define TEXT_READER(name, size)                                                        \
	static int read_##name(const struct reading *reading, const struct node *node, \
			       const struct field *field, void *object)                \
	{                                                                              \
		return read_text(reading, node, field, object, size);                  \
	}

TEXT_READER(name, SESSION_NAME_BYTES)
TEXT_READER(uuid, SESSION_UUID_BYTES)
TEXT_READER(device, MW_DEVICE_BYTES)
TEXT_READER(module, MW_MODULE_BYTES)
TEXT_READER(comm, MW_COMM_BYTES)
TEXT_READER(file_name, MW_FILE_NAME_BYTES)

typedef const char *(*namer)(uint32_t value);

/* One of the words that @name has for least to most - 1. */
static int read_word(const struct reading *reading, const struct node *node,
		     const struct field *field, void *object, namer name, uint32_t least,
		     uint32_t most)
{
	for (uint32_t value = least; node->kind == NODE_STRING && value < most; value++) {
		if (strcmp(node->text, name(value)) == 0) {
			*field_target(object, field, uint32_t) = value;
			return 0;
		}
	}
	return reading_expected(reading, node, "a word such as \"%s\"", name(least));
}

#define WORD_READER(word, name, least, most)                                           \
	static int read_##word(const struct reading *reading, const struct node *node, \
			       const struct field *field, void *object)                \
	{                                                                              \
		return read_word(reading, node, field, object, name, least, most);     \
	}

WORD_READER(side, session_side_name, 0, SESSION_SIDE_COUNT_)
WORD_READER(end, session_end_name, 0, SESSION_END_COUNT_)
WORD_READER(cause, session_cause_name, 0, SESSION_CAUSE_COUNT_)
WORD_READER(failure_kind, session_failure_name, 0, SESSION_FAILURE_COUNT_)
WORD_READER(alarm_kind, alarm_kind_name, 0, ALARM_KIND_COUNT_)
WORD_READER(answer, gate_answer_name, MW_GATE_PASSED, MW_GATE_AUDITED + 1)
WORD_READER(basis, gate_basis_name, MW_BASIS_DEFAULT, MW_BASIS_ADMISSION + 1)
WORD_READER(direction, flow_direction_name, MW_FLOW_READ, MW_FLOW_WRITE + 1)
WORD_READER(flow_end, flow_end_name, MW_FLOW_LEFT, MW_FLOW_DEVICE_CLOSED + 1)

/* "UNKNOWN" is MW_STATE_NONE, as mig_state_name has it. */
static int read_state(const struct reading *reading, const struct node *node,
		      const struct field *field, void *object)
{
	enum mig_state state;

	if (node->kind == NODE_STRING && mig_state_from_name(node->text, &state))
		*field_target(object, field, uint32_t) = state;
	else if (node->kind == NODE_STRING &&
		 strcmp(node->text, mig_state_name(MW_STATE_NONE)) == 0)
		*field_target(object, field, uint32_t) = MW_STATE_NONE;
	else
		return reading_expected(reading, node, "a state such as \"STOP_COPY\"");
	return 0;
}

static int read_reason(const struct reading *reading, const struct node *node,
		       const struct field *field, void *object)
{
	enum mw_reason reason;

	if (node->kind != NODE_STRING || !mw_reason_from_name(node->text, &reason))
		return reading_expected(reading, node, "a reason such as \"ok\"");
	*field_target(object, field, uint32_t) = reason;
	return 0;
}

#define AT(type, name, reader, member)                                                      \
	{                                                                                   \
		.key = name, .read = read_##reader, .offset = offsetof(struct type, member) \
	}
/* What other keys say too, for people. */
#define DERIVED(name)                                \
	{                                            \
		.key = name, .read = reading_nothing \
	}
#define MAPPING(id, text)                               \
	static const struct mapping id##_mapping = {    \
		.name = #id,                            \
		.what = text,                           \
		.fields = id##_fields,                  \
		.field_count = ARRAY_SIZE(id##_fields), \
		.null_is_absent = true,                 \
	}

static const struct field process_fields[] = {
	AT(session, "pid", u32, pid),
	AT(session, "tid", u32, tid),
	AT(session, "comm", comm, comm),
	AT(session, "cgroup_id", u64, cgroup_id),
};
MAPPING(process, "a process");

static const struct field vm_fields[] = {
	AT(session, "name", name, vm_name),
	AT(session, "uuid", uuid, vm_uuid),
};
MAPPING(vm, "a VM");

static const struct field blackout_fields[] = {
	AT(session, "begin_ns", u64, blackout_begin_ns),
	AT(session, "end_ns", u64, blackout_end_ns),
	DERIVED("duration_ns"),
};
MAPPING(blackout, "a blackout");

static const struct field p2p_fields[] = {
	AT(session, "arc_ns", u64, p2p_arc_ns),
	AT(session, "wait_ns", u64, p2p_wait_ns),
};
MAPPING(p2p, "the time in P2P");

static const struct field gate_fields[] = {
	AT(session_gate, "answer", answer, answer),
	AT(session_gate, "time_ns", u64, time_ns),
	AT(session_gate, "basis", basis, basis),
	AT(session_gate, "admission", u64, admission),
	AT(session_gate, "reason", reason, reason),
	AT(session_gate, "generation", u32, generation),
	AT(session_gate, "feature_index", u32, feature),
	AT(session_gate, "target", state, target),
	AT(session_gate, "answers", u32, answers),
	AT(session_gate, "result", i32, error),
	DERIVED("errno"),
};
MAPPING(gate, "an answer of the gate");

static const struct field failure_fields[] = {
	AT(session_failure, "kind", failure_kind, kind),
	AT(session_failure, "result", i32, error),
	AT(session_failure, "offset", u64, offset),
	AT(session_failure, "time_ns", u64, time_ns),
	AT(session_failure, "state", state, state),
	AT(session_failure, "to", state, to),
	DERIVED("errno"),
};
MAPPING(failure, "a failure");

static const struct field reports_fields[] = {
	AT(session_reports, "calls", u64, calls),
	AT(session_reports, "failures", u64, failures),
	AT(session_reports, "range_bytes", u64, range_bytes),
	AT(session_reports, "time_ns", u64, time_ns),
	AT(session_reports, "longest_ns", u64, longest_ns),
};
MAPPING(reports, "sums of reports");

/* An object inside: the field's offset is where it lies. */
#define OBJECT_READER(id)                                                            \
	static int read_##id(const struct reading *reading, const struct node *node, \
			     const struct field *field, void *object)                \
	{                                                                            \
		return reading_mapping(reading, node, &id##_mapping,                 \
				       field_target(object, field, char));           \
	}

OBJECT_READER(process)
OBJECT_READER(vm)
OBJECT_READER(blackout)
OBJECT_READER(p2p)
OBJECT_READER(gate)
OBJECT_READER(failure)
OBJECT_READER(reports)

static const struct field dirty_fields[] = {
	AT(session_dirty, "start_ns", u64, start_ns),
	AT(session_dirty, "start_duration_ns", u64, start_duration_ns),
	AT(session_dirty, "start_result", i32, start_result),
	AT(session_dirty, "page_bytes", u64, page_bytes),
	AT(session_dirty, "ranges", u32, range_count),
	AT(session_dirty, "stop_ns", u64, stop_ns),
	AT(session_dirty, "stop_duration_ns", u64, stop_duration_ns),
	AT(session_dirty, "stop_result", i32, stop_result),
	AT(session_dirty, "running", reports, running),
	AT(session_dirty, "stopped", reports, stopped),
};
MAPPING(dirty, "dirty tracking");
OBJECT_READER(dirty)

static const struct field sample_fields[] = {
	AT(session_sample, "time_ns", u64, time_ns),
	AT(session_sample, "duration_ns", u64, duration_ns),
	AT(session_sample, "bytes", u64, bytes),
	AT(session_sample, "dirty_bytes", u64, dirty_bytes),
	AT(session_sample, "result", i32, result),
	DERIVED("errno"),
};
MAPPING(sample, "an answer");
OBJECT_READER(sample)

/*
 * Reads a list of objects into an array of @most elements of @size bytes; *count is how many.
 */
static int read_items(const struct reading *reading, const struct node *node,
		      const struct mapping *mapping, void *items, size_t size, uint32_t most,
		      uint32_t *count)
{
	char *item = items;
	int r = reading_list(reading, node, mapping->what, 0);

	if (r)
		return r;
	if (node->count > most)
		return reading_refuse(reading, node->position, "expected at most %u items, got %zu",
				      most, node->count);
	for (const struct node *child = node->first; child; child = child->next, item += size) {
		r = reading_mapping(reading, child, mapping, item);
		if (r)
			return r;
	}
	*count = (uint32_t)node->count;
	return 0;
}

static int read_samples(const struct reading *reading, const struct node *node,
			const struct field *field, void *object)
{
	struct session_series *series = object;

	(void)field;
	return read_items(reading, node, &sample_mapping, series->items, sizeof(series->items[0]),
			  SESSION_SAMPLES_MAX, &series->count);
}

static const struct field series_fields[] = {
	AT(session_series, "calls", u64, calls),       AT(session_series, "changes", u64, changes),
	AT(session_series, "failures", u64, failures), AT(session_series, "stride", u32, stride),
	AT(session_series, "last", sample, last),      AT(session_series, "items", samples, items),
};
MAPPING(series, "answers over time");
OBJECT_READER(series)

static const struct field arc_fields[] = {
	AT(session_arc, "from", state, from),
	AT(session_arc, "to", state, to),
	AT(session_arc, "target", state, target),
	AT(session_arc, "end_ns", u64, end_ns),
	AT(session_arc, "duration_ns", u64, duration_ns),
	AT(session_arc, "result", i32, result),
	DERIVED("errno"),
};
MAPPING(arc, "an arc");

static int read_arcs(const struct reading *reading, const struct node *node,
		     const struct field *field, void *object)
{
	struct session *session = object;

	(void)field;
	return read_items(reading, node, &arc_mapping, session->arcs, sizeof(session->arcs[0]),
			  SESSION_ARCS_MAX, &session->arc_count);
}

static int read_histogram(const struct reading *reading, const struct node *node,
			  const struct field *field, void *object, size_t buckets)
{
	uint32_t *counts = field_target(object, field, uint32_t);
	int r = reading_list(reading, node, "counts", 0);

	if (!r && node->count > buckets)
		r = reading_refuse(reading, node->position, "expected at most %zu counts, got %zu",
				   buckets, node->count);
	for (const struct node *child = node->first; !r && child; child = child->next) {
		int64_t count = 0;

		r = read_integer(reading, child, 0, UINT32_MAX, &count);
		*counts++ = (uint32_t)count;
	}
	return r;
}

static int read_sizes(const struct reading *reading, const struct node *node,
		      const struct field *field, void *object)
{
	return read_histogram(reading, node, field, object, MW_SIZE_BUCKETS);
}

static int read_latencies(const struct reading *reading, const struct node *node,
			  const struct field *field, void *object)
{
	return read_histogram(reading, node, field, object, MW_LATENCY_BUCKETS);
}

static const struct field flow_fields[] = {
	AT(session_phase, "state", state, flow.state),
	AT(session_phase, "direction", direction, flow.direction),
	AT(session_phase, "end", flow_end, flow_end),
	AT(session_phase, "begin_ns", u64, flow.begin_ns),
	AT(session_phase, "end_ns", u64, flow.end_ns),
	AT(session_phase, "first_byte_ns", u64, flow.first_byte_ns),
	AT(session_phase, "last_ns", u64, flow.last_ns),
	AT(session_phase, "bytes", u64, flow.bytes),
	AT(session_phase, "calls", u64, flow.calls),
	AT(session_phase, "driver_ns", u64, flow.driver_ns),
	AT(session_phase, "gap_ns", u64, flow.gap_ns),
	AT(session_phase, "missed_bytes", u64, flow.missed_bytes),
	AT(session_phase, "infos", u64, flow.infos),
	AT(session_phase, "info_ns", u64, flow.info_ns),
	AT(session_phase, "ends", u32, flow.ends),
	AT(session_phase, "pauses", u32, flow.pauses),
	AT(session_phase, "errors", u32, flow.errors),
	AT(session_phase, "result", i32, flow.error),
	DERIVED("errno"),
	AT(session_phase, "error_offset", u64, flow.error_offset),
	AT(session_phase, "size_log2", sizes, flow.size_log2),
	AT(session_phase, "latency_log2", latencies, flow.latency_log2),
};
MAPPING(flow, "the sums of a phase");

static int read_flow(const struct reading *reading, const struct node *node,
		     const struct field *field, void *object)
{
	struct session_phase *phase = object;

	(void)field;
	phase->has_flow = 1;
	return reading_mapping(reading, node, &flow_mapping, phase);
}

static const struct field phase_fields[] = {
	AT(session_phase, "state", state, state),
	AT(session_phase, "begin_ns", u64, begin_ns),
	AT(session_phase, "end_ns", u64, end_ns),
	{.key = "flow", .read = read_flow},
};
MAPPING(phase, "a phase");

static int read_phases(const struct reading *reading, const struct node *node,
		       const struct field *field, void *object)
{
	struct session *session = object;

	(void)field;
	return read_items(reading, node, &phase_mapping, session->phases,
			  sizeof(session->phases[0]), SESSION_PHASES_MAX, &session->phase_count);
}

static int read_values(const struct reading *reading, const struct node *node,
		       const struct field *field, void *object)
{
	struct session_alarm *alarm = object;
	int r = reading_list(reading, node, "numbers", 0);
	size_t i = 0;

	(void)field;
	if (!r && node->count > ARRAY_SIZE(alarm->value))
		r = reading_refuse(reading, node->position, "expected at most %zu numbers, got %zu",
				   ARRAY_SIZE(alarm->value), node->count);
	for (const struct node *child = node->first; !r && child; child = child->next) {
		int64_t value = 0;

		r = read_integer(reading, child, 0, INT64_MAX, &value);
		alarm->value[i++] = (uint64_t)value;
	}
	return r;
}

static const struct field alarm_fields[] = {
	AT(session_alarm, "alarm", alarm_kind, kind),
	AT(session_alarm, "time_ns", u64, time_ns),
	AT(session_alarm, "result", i32, error),
	AT(session_alarm, "values", values, value),
	DERIVED("errno"),
	DERIVED("text"),
};
MAPPING(alarm, "an alarm");

static int read_alarms(const struct reading *reading, const struct node *node,
		       const struct field *field, void *object)
{
	struct session *session = object;

	(void)field;
	return read_items(reading, node, &alarm_mapping, session->alarms,
			  sizeof(session->alarms[0]), SESSION_ALARMS_MAX, &session->alarm_count);
}

static const struct field dropped_fields[] = {
	AT(session, "arcs", u32, arcs_dropped),
	AT(session, "phases", u32, phases_dropped),
	AT(session, "alarms", u32, alarms_dropped),
};
MAPPING(dropped, "what did not fit");
OBJECT_READER(dropped)

static int read_lost(const struct reading *reading, const struct node *node,
		     const struct field *field, void *object)
{
	struct session *session = object;

	(void)field;
	if (node->kind != NODE_MAPPING)
		return reading_expected(reading, node, "lost records by kind (a mapping)");
	for (const struct node *child = node->first; child; child = child->next) {
		uint32_t kind = event_kind_from_name(child->key);
		int64_t count = 0;
		int r;

		if (!kind)
			return reading_refuse(reading, child->key_position,
					      "expected a kind of record, got \"%.60s\"",
					      child->key);
		r = read_integer(reading, child, 0, INT64_MAX, &count);
		if (r)
			return r;
		session->lost[kind] = (uint64_t)count;
	}
	return 0;
}

#define REQUIRED(name, reader, member)                                                          \
	{                                                                                       \
		.key = name, .read = read_##reader, .offset = offsetof(struct session, member), \
		.flags = FIELD_REQUIRED                                                         \
	}

static const struct field session_fields[] = {
	{.key = "schema", .read = read_schema, .flags = FIELD_REQUIRED | FIELD_FIRST},
	AT(session, "id", u64, id),
	AT(session, "group", u64, group),
	REQUIRED("side", side, side),
	REQUIRED("end", end, end),
	AT(session, "cause", cause, cause),
	DERIVED("refused"),
	AT(session, "host", name, host),
	AT(session, "boot_id", uuid, boot_id),
	AT(session, "clock_offset_ns", i64, clock_offset_ns),
	REQUIRED("device", device, device),
	AT(session, "driver", module, driver),
	AT(session, "file_name", file_name, file_name),
	{.key = "process", .read = read_process},
	{.key = "vm", .read = read_vm},
	/* Of a line among those of other events. */
	DERIVED("event"),
	DERIVED("time"),
	REQUIRED("begin_ns", u64, begin_ns),
	AT(session, "end_ns", u64, end_ns),
	AT(session, "returned_ns", u64, returned_ns),
	AT(session, "state", state, state),
	{.key = "blackout", .read = read_blackout},
	{.key = "p2p", .read = read_p2p},
	AT(session, "bytes", u64, bytes),
	AT(session, "final_bytes", u64, final_bytes),
	AT(session, "estimate_bytes", u64, estimate_bytes),
	AT(session, "joined", bool, is_joined),
	AT(session, "read_to_end", bool, is_read_to_end),
	AT(session, "incomplete", bool, is_incomplete),
	{.key = "lost", .read = read_lost},
	AT(session, "gate", gate, gate),
	AT(session, "failure", failure, failure),
	AT(session, "dirty", dirty, dirty),
	AT(session, "data_size", series, data_size),
	AT(session, "precopy", series, precopy),
	{.key = "arcs", .read = read_arcs},
	{.key = "phases", .read = read_phases},
	{.key = "alarms", .read = read_alarms},
	{.key = "dropped", .read = read_dropped},
};
MAPPING(session, "a session");

int session_from_node(const char *file, const struct node *node, struct session *out,
		      struct parse_error *error)
{
	struct reading reading = {.file = file, .error = error};
	AUTO_FREE struct session *session = calloc(1, sizeof(*session));
	int r;

	if (!session)
		return -ENOMEM;
	session->state = MW_STATE_NONE;
	session->estimate_bytes = UINT64_MAX;
	reading.owner = session;
	r = reading_mapping(&reading, node, &session_mapping, session);
	if (!r)
		*out = *session;
	return r;
}

static int read_tree(const struct input *input, struct session **out, size_t *count,
		     struct parse_error *error)
{
	AUTO_NODE_TREE struct node_tree tree = {0};
	AUTO_FREE struct session *sessions = NULL;
	const struct node *node;
	size_t expected, used = 0;
	int r = node_tree_from_json(input, &tree, error);

	if (r)
		return r;
	node = tree.root->kind == NODE_LIST ? tree.root->first : tree.root;
	expected = tree.root->kind == NODE_LIST ? tree.root->count : 1;
	if (expected > SESSIONS_MAX)
		return parse_error_set(error, input->name, tree.root->position.line,
				       tree.root->position.column,
				       "expected at most %u sessions, got %zu", SESSIONS_MAX,
				       expected);
	sessions = calloc(expected ? expected : 1, sizeof(*sessions));
	if (!sessions)
		return -ENOMEM;
	for (; used < expected; used++, node = node->next) {
		r = session_from_node(input->name, node, &sessions[used], error);
		if (r)
			return r;
	}
	*out = TAKE_PTR(sessions);
	*count = used;
	return 0;
}

int session_read_text(const char *name, const char *text, size_t length, struct session **out,
		      size_t *count, struct parse_error *error)
{
	struct input input;
	int r = input_from_memory(name, text, length, SESSION_FILE_MAX, "a session", &input, error);

	if (r)
		return r;
	return reading_done(read_tree(&input, out, count, error), name, error);
}
