// SPDX-License-Identifier: GPL-2.0-only
/* A migration as JSON: its sessions as they are, and what the anatomy says of them. */
#include "core/flow.h"
#include "core/fsm.h"
#include "sinks/json_set.h"
#include "sinks/report_words.h"
#include "sinks/session_json.h"

static void set_share(json_t *object, uint64_t ns, uint64_t all_ns)
{
	json_object_set_new(object, "share",
			    all_ns ? json_real((double)ns / (double)all_ns) : json_null());
}

static const char *place_name(uint32_t place)
{
	switch ((enum stretch_place)place) {
	case STRETCH_ALL:
		return "all";
	case STRETCH_BEFORE:
		return "before-data";
	case STRETCH_AFTER:
		return "after-data";
	}
	return "unknown";
}

/* Null for what has none. */
static void set_state(json_t *object, const char *key, uint32_t state)
{
	if (state == MW_STATE_NONE)
		json_object_set_new(object, key, json_null());
	else
		json_set_state(object, key, state);
}

static json_t *part_to_json(const struct anatomy *anatomy, const struct part *part)
{
	char label[REPORT_LABEL_BYTES];
	json_t *object = json_object();
	bool is_of_one = part->item < anatomy->count;

	json_set_word(object, "kind", part_kind_name(part->kind));
	json_set_word(object, "party", party_name(part_party(part)));
	json_object_set_new(object, "item", is_of_one ? json_integer(part->item) : json_null());
	json_set_text(object, "device",
		      is_of_one ? anatomy->items[part->item].session->device : "");
	set_state(object, "state", part->state);
	set_state(object, "to", part->to);
	json_set_word(object, "place", place_name(part->place));
	json_set_number(object, "ns", part->ns);
	set_share(object, part->ns, anatomy_blackout_ns(anatomy));
	json_set_word(object, "text", report_part_label(anatomy, part, label));
	return object;
}

static json_t *blackout_to_json(const struct anatomy *anatomy)
{
	json_t *object = json_object(), *parts = json_array(), *parties = json_object();
	uint64_t all = anatomy_blackout_ns(anatomy);

	json_set_number(object, "begin_ns", anatomy->blackout_begin_ns);
	json_set_number(object, "end_ns", anatomy->blackout_end_ns);
	json_set_number(object, "ns", all);
	json_object_set_new(object, "open", json_boolean(anatomy->is_open));
	for (size_t i = 0; i < anatomy->part_count; i++)
		json_array_append_new(parts, part_to_json(anatomy, &anatomy->parts[i]));
	json_object_set_new(object, "parts", parts);
	for (unsigned int party = 0; party < PARTY_COUNT_; party++) {
		json_t *value = json_object();

		json_set_number(value, "ns", anatomy->party_ns[party]);
		set_share(value, anatomy->party_ns[party], all);
		json_object_set_new(parties, party_name(party), value);
	}
	json_object_set_new(object, "parties", parties);
	json_object_set_new(object, "largest",
			    anatomy->largest
				    ? json_integer((json_int_t)(anatomy->largest - anatomy->parts))
				    : json_null());
	json_set_word(object, "bound", party_name(anatomy->bound));
	return object;
}

static json_t *pairing_to_json(const struct pairing *pairing)
{
	char sentence[REPORT_SENTENCE_BYTES];
	json_t *object = json_object();

	json_set_word(object, "method", pairing_method_name(pairing->method));
	json_object_set_new(object, "shift_ns", json_integer(pairing->shift_ns));
	json_object_set_new(object, "uncertainty_ns",
			    pairing->uncertainty_ns == UINT64_MAX
				    ? json_null()
				    : json_number_of(pairing->uncertainty_ns));
	json_object_set_new(object, "wall_ns", json_integer(pairing->wall_ns));
	json_set_number(object, "wall_error_ns", pairing->wall_error_ns);
	json_object_set_new(object, "earliest_ns", json_integer(pairing->earliest_ns));
	json_object_set_new(object, "by_uuid", json_boolean(pairing->is_by_uuid));
	json_set_word(object, "text", report_pairing_sentence(pairing, sentence));
	return object;
}

static json_t *stretch_to_json(const struct stretch *stretch)
{
	static const char *const kinds[STRETCH_COUNT_] = {
		[STRETCH_ARC] = "arc",
		[STRETCH_DATA] = "data",
		[STRETCH_WAIT] = "wait",
	};
	json_t *object = json_object();

	json_object_set_new(object, "item", json_integer(stretch->item));
	json_set_word(object, "kind",
		      stretch->kind < STRETCH_COUNT_ ? kinds[stretch->kind] : "unknown");
	set_state(object, "state", stretch->state);
	set_state(object, "to", stretch->to);
	json_set_word(object, "place", place_name(stretch->place));
	json_set_number(object, "begin_ns", stretch->begin_ns);
	json_set_number(object, "end_ns", stretch->end_ns);
	json_object_set_new(object, "open", json_boolean(stretch->is_open));
	return object;
}

/* What a phase with data comes to. */
static json_t *data_to_json(const struct session *session)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < session->phase_count; i++) {
		const struct mw_flow *flow = &session->phases[i].flow;
		json_t *object;

		if (!session->phases[i].has_flow)
			continue;
		object = json_object();
		json_set_state(object, "state", session->phases[i].state);
		json_set_number(object, "bytes", flow->bytes);
		json_set_number(object, "bytes_per_second", flow_bytes_per_second(flow));
		json_set_number(object, "driver_ns", flow->driver_ns);
		json_set_number(object, "gap_ns", flow->gap_ns);
		json_array_append_new(list, object);
	}
	return list;
}

static json_t *item_to_json(const struct anatomy_item *item)
{
	json_t *object = json_object();

	json_object_set_new(object, "shift_ns", json_integer(item->shift_ns));
	json_object_set_new(object, "session", session_to_json(item->session));
	json_object_set_new(object, "data", data_to_json(item->session));
	return object;
}

json_t *report_to_json(const struct report *report)
{
	const struct anatomy *anatomy = report->anatomy;
	json_t *object = json_object(), *items = json_array(), *stretches = json_array();
	char sentence[REPORT_SENTENCE_BYTES];

	json_set_word(object, "schema", REPORT_SCHEMA);
	json_set_word(object, "sentence", report_sentence(report, sentence));
	json_set_word(object, "side", anatomy->is_merged ? "both" : report_side_text(anatomy));
	json_set_text(object, "vm", anatomy->items[0].session->vm_name);
	json_set_text(object, "vm_uuid", anatomy->items[0].session->vm_uuid);
	json_object_set_new(object, "blackout",
			    anatomy->has_blackout ? blackout_to_json(anatomy) : json_null());
	json_object_set_new(object, "merge",
			    report->pairing ? pairing_to_json(report->pairing) : json_null());
	for (size_t i = 0; i < anatomy->stretch_count; i++)
		json_array_append_new(stretches, stretch_to_json(&anatomy->stretches[i]));
	json_object_set_new(object, "timeline", stretches);
	for (size_t i = 0; i < anatomy->count; i++)
		json_array_append_new(items, item_to_json(&anatomy->items[i]));
	json_object_set_new(object, "items", items);
	return object;
}

json_t *report_list_to_json(const struct session *const *sessions, size_t count)
{
	json_t *object = json_object(), *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, session_to_json_brief(sessions[i]));
	json_set_word(object, "schema", REPORT_LIST_SCHEMA);
	json_object_set_new(object, "sessions", list);
	return object;
}
