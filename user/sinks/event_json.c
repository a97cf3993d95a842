// SPDX-License-Identifier: GPL-2.0-only
#include "sinks/event_json.h"

#include <stdbool.h>

#include "core/decode.h"
#include "core/flow.h"
#include "core/fsm.h"
#include "core/names.h"
#include "migwarden/reason.h"
#include "sinks/json_set.h"

static void set_head(json_t *object, const struct mw_event_head *head, int64_t clock_offset_ns)
{
	json_object_set_new(object, "event", json_string(event_kind_name(head->kind)));
	json_set_clock(object, "time", head->time_ns, clock_offset_ns);
	json_set_number(object, "time_ns", head->time_ns);
	json_set_text(object, "device", head->device);
	json_set_number(object, "pid", head->pid);
	json_set_number(object, "tid", head->tid);
	json_set_text(object, "comm", head->comm);
	json_set_number(object, "cgroup_id", head->cgroup_id);
}

static json_t *migration_flags_to_json(uint64_t flags)
{
	static const char *const names[] = {"stop-copy", "p2p", "pre-copy"};
	json_t *list = json_array();

	for (unsigned int bit = 0; bit < 3; bit++)
		if (flags & (1u << bit))
			json_array_append_new(list, json_string(names[bit]));
	return list;
}

static json_t *payload_to_json(const struct mw_event_ioctl *event)
{
	struct feature_payload payload;
	json_t *object = json_object();

	feature_decode(event, &payload);
	switch (payload.kind) {
	case FEATURE_PAYLOAD_NONE:
		json_decref(object);
		return json_null();
	case FEATURE_PAYLOAD_MIGRATION:
		json_object_set_new(object, "capabilities",
				    migration_flags_to_json(payload.migration_flags));
		break;
	case FEATURE_PAYLOAD_STATE:
		json_object_set_new(object, "state", json_string(mig_state_name(payload.state)));
		json_object_set_new(object, "data_fd",
				    payload.data_fd < 0 ? json_null()
							: json_integer(payload.data_fd));
		break;
	case FEATURE_PAYLOAD_LOGGING_START:
		json_set_number(object, "page_size", payload.page_size);
		json_set_number(object, "ranges", payload.range_count);
		break;
	case FEATURE_PAYLOAD_LOGGING_REPORT:
		json_set_number(object, "iova", payload.iova);
		json_set_number(object, "length", payload.length);
		json_set_number(object, "page_size", payload.page_size);
		break;
	case FEATURE_PAYLOAD_DATA_SIZE:
		json_set_number(object, "stop_copy_bytes", payload.stop_copy_bytes);
		break;
	}
	return object;
}

static void set_feature(json_t *object, const struct mw_event_ioctl *event)
{
	uint32_t index = event->flags & MW_FEATURE_MASK;
	const char *name = feature_name(index);

	json_set_number(object, "feature_index", index);
	json_object_set_new(object, "feature", name ? json_string(name) : json_null());
	json_object_set_new(object, "op", json_string(feature_op_name(event->flags)));
	json_object_set_new(object, "payload", payload_to_json(event));
}

static void set_ioctl(json_t *object, const struct mw_event_ioctl *event)
{
	const char *name = ioctl_name(event->cmd);

	json_set_number(object, "cmd_number", event->cmd);
	json_object_set_new(object, "cmd", name ? json_string(name) : json_null());
	if (is_feature_call(event))
		set_feature(object, event);
	json_set_result(object, event->result);
	json_set_number(object, "duration_ns", event->duration_ns);
}

static void set_arc(json_t *object, const struct mw_event_arc *event)
{
	json_object_set_new(object, "from", json_string(mig_state_name(event->from)));
	json_object_set_new(object, "to", json_string(mig_state_name(event->to)));
	json_object_set_new(object, "target", json_string(mig_state_name(event->target)));
	json_set_result(object, event->result);
	json_set_number(object, "duration_ns", event->duration_ns);
}

static void set_attribute(json_t *object, const struct mw_event_attribute *event)
{
	json_object_set_new(object, "op",
			    json_string(event->op == MW_ATTRIBUTE_WRITE ? "write" : "read"));
	json_object_set_new(object, "scope",
			    json_string(event->scope == MW_SCOPE_DEVICE ? "device" : "type"));
	json_set_text(object, "parent", event->parent);
	json_set_text(object, "type", event->type);
	json_set_text(object, "attribute", event->attribute);
	json_set_bytes(object, "value", event->value, event->value_size);
	json_object_set_new(object, "value_cut",
			    json_boolean(event->result > (int32_t)event->value_size));
	json_set_result(object, event->result);
}

static void set_mdev(json_t *object, const struct mw_event_mdev *event)
{
	json_object_set_new(object, "op",
			    json_string(event->op == MW_MDEV_REMOVE ? "remove" : "create"));
	json_set_text(object, "parent", event->parent);
	json_set_text(object, "type", event->type);
	json_set_result(object, event->result);
}

static void set_gate(json_t *object, const struct mw_event_gate *event)
{
	bool by_admission = event->basis == MW_BASIS_ADMISSION;

	json_object_set_new(object, "answer", json_string(gate_answer_name(event->answer)));
	json_object_set_new(object, "direction", json_string(direction_label(event->direction)));
	json_object_set_new(object, "feature", json_string(feature_name(event->feature)));
	json_object_set_new(object, "target",
			    event->feature == MW_FEATURE_MIG_DEVICE_STATE
				    ? json_string(mig_state_name(event->target))
				    : json_null());
	json_object_set_new(object, "basis", json_string(by_admission ? "admission" : "default"));
	json_object_set_new(object, "admission",
			    by_admission ? json_number_of(event->admission) : json_null());
	json_object_set_new(object, "reason", json_string(mw_reason_name(event->reason)));
	/* Of a bypass: what the caller's memory said a moment before. */
	json_object_set_new(object, "seen",
			    event->reason == MW_REASON_STATE_BYPASS && event->seen != MW_STATE_NONE
				    ? json_string(mig_state_name(event->seen))
				    : json_null());
	json_object_set_new(object, "killed", json_boolean(event->killed));
	json_set_number(object, "generation", event->generation);
	json_set_result(object, event->error);
}

static void set_module(json_t *object, const struct mw_event_module *event)
{
	json_object_set_new(object, "op",
			    json_string(event->op == MW_MODULE_UNLOAD ? "unload" : "load"));
	json_set_text(object, "module", event->module);
}

static void set_shield(json_t *object, const struct mw_event_shield *event)
{
	json_object_set_new(object, "piece", json_string(shield_piece_name(event->piece)));
	json_set_text(object, "name", event->name);
	json_set_number(object, "id", event->id);
	json_set_number(object, "uid", event->uid);
	json_set_result(object, event->error);
}

static void set_data_file(json_t *object, const struct mw_event_data_file *event)
{
	static const char *const keys[MW_FILE_FUNCTIONS] = {"read", "write", "ioctl", "release"};

	bool is_closed = event->op == MW_DATA_FILE_CLOSED;

	json_set_word(object, "op", is_closed ? "closed" : "made");
	json_object_set_new(object, "state",
			    is_closed ? json_null() : json_string(mig_state_name(event->state)));
	json_set_text(object, "name", event->name);
	for (int i = 0; i < MW_FILE_FUNCTIONS; i++)
		json_set_text(object, keys[i], event->function[i]);
}

static void set_precopy(json_t *object, const struct mw_event_precopy *event)
{
	json_set_number(object, "initial_bytes", event->initial_bytes);
	json_set_number(object, "dirty_bytes", event->dirty_bytes);
	json_set_result(object, event->result);
	json_set_number(object, "duration_ns", event->duration_ns);
}

static void set_flow(json_t *object, const struct mw_event_flow *event)
{
	json_set_flow(object, &event->flow);
	json_set_word(object, "end", flow_end_name(event->end));
}

json_t *event_to_json(const union mw_event *event, int64_t clock_offset_ns)
{
	json_t *object = json_object();

	if (!object)
		return NULL;
	set_head(object, &event->head, clock_offset_ns);
	switch ((enum mw_event_kind)event->head.kind) {
	case MW_EVENT_IOCTL:
		set_ioctl(object, &event->ioctl);
		break;
	case MW_EVENT_ARC:
		set_arc(object, &event->arc);
		break;
	case MW_EVENT_ATTRIBUTE:
		set_attribute(object, &event->attribute);
		break;
	case MW_EVENT_MDEV:
		set_mdev(object, &event->mdev);
		break;
	case MW_EVENT_GATE:
		set_gate(object, &event->gate);
		break;
	case MW_EVENT_MODULE:
		set_module(object, &event->module);
		break;
	case MW_EVENT_SHIELD:
		set_shield(object, &event->shield);
		break;
	case MW_EVENT_DATA_FILE:
		set_data_file(object, &event->data_file);
		break;
	case MW_EVENT_PRECOPY:
		set_precopy(object, &event->precopy);
		break;
	case MW_EVENT_FLOW:
		set_flow(object, &event->flow);
		break;
	case MW_EVENT_CLOSE:
	case MW_EVENT_KIND_END_:
		break;
	}
	return object;
}
