// SPDX-License-Identifier: GPL-2.0-only
#include "daemon/recent.h"

#include <stdio.h>
#include <string.h>

#include "core/fsm.h"
#include "core/names.h"
#include "host/inventory.h"
#include "migwarden/reason.h"
#include "sinks/json_set.h"

static void list_add(struct recent_list *list, json_t *item)
{
	json_decref(list->items[list->next]);
	list->items[list->next] = item;
	list->next = (list->next + 1) % RECENT_ITEMS_MAX;
}

static bool says(const json_t *item, const char *key, const char *text)
{
	const char *there = json_string_value(json_object_get(item, key));

	return text ? there && strcmp(there, text) == 0 : !there;
}

/* The newest first. NULL: it was the last. */
static json_t *list_at(const struct recent_list *list, size_t age)
{
	return age < RECENT_ITEMS_MAX
		       ? list->items[(list->next + RECENT_ITEMS_MAX - 1 - age) % RECENT_ITEMS_MAX]
		       : NULL;
}

static void count_more(json_t *item, uint64_t time_ns, int64_t clock_offset_ns)
{
	json_int_t more = json_integer_value(json_object_get(item, "more"));

	json_object_set_new(item, "more", json_integer(more + 1));
	json_set_clock(item, "last", time_ns, clock_offset_ns);
}

static json_t *list_to_json(const struct recent_list *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < RECENT_ITEMS_MAX; i++) {
		size_t slot = (list->next + RECENT_ITEMS_MAX - 1 - i) % RECENT_ITEMS_MAX;

		if (list->items[slot])
			json_array_append(array, list->items[slot]);
	}
	return array;
}

static void list_free(struct recent_list *list)
{
	for (size_t i = 0; i < RECENT_ITEMS_MAX; i++)
		json_decref(list->items[i]);
}

/* Its place; else the one that was silent the longest. */
static struct recent_device *place_of(struct recent *recent, const char *device)
{
	struct recent_device *oldest = &recent->devices[0];

	for (size_t i = 0; i < RECENT_DEVICES_MAX; i++) {
		struct recent_device *place = &recent->devices[i];

		if (place->time_ns && strcmp(place->device, device) == 0)
			return place;
		if (place->time_ns < oldest->time_ns)
			oldest = place;
	}
	return oldest;
}

static void remember_state(struct recent *recent, const struct mw_event_head *head, uint32_t state)
{
	struct recent_device *place = place_of(recent, head->device);

	snprintf(place->device, sizeof(place->device), "%s", head->device);
	snprintf(place->comm, sizeof(place->comm), "%s", head->comm);
	place->pid = head->pid;
	place->time_ns = head->time_ns;
	place->state = state;
}

/* A reset leaves a device in RUNNING, whatever it was in; who never migrated stays unknown. */
static void remember_reset(struct recent *recent, const struct mw_event_ioctl *event)
{
	const struct recent_device *place = place_of(recent, event->head.device);

	if (event->cmd == MW_VFIO_DEVICE_RESET && !event->result && place->time_ns &&
	    strcmp(place->device, event->head.device) == 0)
		remember_state(recent, &event->head, MIG_RUNNING);
}

static bool incident_repeats(struct recent *recent, const struct mw_event_head *head,
			     const char *what, int64_t clock_offset_ns)
{
	json_t *item;

	for (size_t age = 0; (item = list_at(&recent->incidents, age)); age++)
		if (says(item, "what", what) && says(item, "comm", head->comm) &&
		    says(item, "device", *head->device ? head->device : NULL)) {
			count_more(item, head->time_ns, clock_offset_ns);
			return true;
		}
	return false;
}

static void remember_incident(struct recent *recent, const struct mw_event_head *head,
			      const char *what, int64_t clock_offset_ns)
{
	json_t *item;

	if (incident_repeats(recent, head, what, clock_offset_ns))
		return;
	item = json_object();

	json_set_word(item, "what", what);
	json_set_clock(item, "time", head->time_ns, clock_offset_ns);
	json_set_text(item, "device", head->device);
	json_set_text(item, "comm", head->comm);
	json_set_number(item, "pid", head->pid);
	list_add(&recent->incidents, item);
}

void recent_event(struct recent *recent, const union mw_event *event, int64_t clock_offset_ns)
{
	char what[64];

	if (event->head.kind == MW_EVENT_ARC) {
		remember_state(recent, &event->head, event->arc.result ? MIG_ERROR : event->arc.to);
	} else if (event->head.kind == MW_EVENT_IOCTL) {
		remember_reset(recent, &event->ioctl);
	} else if (event->head.kind == MW_EVENT_SHIELD) {
		snprintf(what, sizeof(what), "kept off: %s",
			 shield_piece_name(event->shield.piece));
		remember_incident(recent, &event->head, what, clock_offset_ns);
	} else if (event->head.kind == MW_EVENT_GATE &&
		   event->gate.reason == MW_REASON_STATE_BYPASS) {
		remember_incident(recent, &event->head, mw_reason_name(MW_REASON_STATE_BYPASS),
				  clock_offset_ns);
	}
}

void recent_decision(struct recent *recent, json_t *decision)
{
	list_add(&recent->decisions, json_incref(decision));
}

bool recent_repeats(struct recent *recent, const struct mw_event_gate *event,
		    int64_t clock_offset_ns)
{
	json_t *item;

	for (size_t age = 0; (item = list_at(&recent->decisions, age)); age++)
		if (says(item, "device", event->head.device) &&
		    says(item, "answer", gate_answer_name(event->answer)) &&
		    says(item, "reason", mw_reason_name(event->reason)) &&
		    says(item, "direction", direction_label(event->direction))) {
			count_more(item, event->head.time_ns, clock_offset_ns);
			return true;
		}
	return false;
}

static json_t *device_to_json(const struct recent *recent, const char *name,
			      int64_t clock_offset_ns)
{
	json_t *object = json_object();

	json_set_text(object, "device", name);
	for (size_t i = 0; i < RECENT_DEVICES_MAX; i++) {
		const struct recent_device *place = &recent->devices[i];

		if (!place->time_ns || strcmp(place->device, name) != 0)
			continue;
		json_set_state(object, "state", place->state);
		json_set_clock(object, "time", place->time_ns, clock_offset_ns);
		json_set_text(object, "comm", place->comm);
		json_set_number(object, "pid", place->pid);
		return object;
	}
	json_set_word(object, "state", "not seen to migrate");
	return object;
}

void recent_to_json(const struct recent *recent, const struct host *host, int64_t clock_offset_ns,
		    json_t *object)
{
	AUTO_INVENTORY struct inventory *inventory = NULL;
	json_t *devices = json_array();

	if (inventory_read(host, &inventory) == 0)
		for (size_t i = 0; i < inventory->count; i++)
			json_array_append_new(devices,
					      device_to_json(recent, inventory->devices[i].name,
							     clock_offset_ns));
	json_object_set_new(object, "devices", devices);
	json_object_set_new(object, "decisions", list_to_json(&recent->decisions));
	json_object_set_new(object, "incidents", list_to_json(&recent->incidents));
}

void recent_free(struct recent *recent)
{
	list_free(&recent->decisions);
	list_free(&recent->incidents);
}
