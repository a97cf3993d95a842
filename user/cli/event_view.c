// SPDX-License-Identifier: GPL-2.0-only
#include "cli/event_view.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/names.h"
#include "sinks/event_json.h"
#include "sinks/event_text.h"
#include "sinks/json_set.h"

int event_view_device(struct event_view *view, const struct verb *verb, const char *name)
{
	return text_list_add(&view->devices, name) ? verb_usage(verb, "out of memory") : EXIT_YES;
}

static int parse_kinds(const char *list, uint32_t *out)
{
	AUTO_TEXT_LIST struct text_list names = {0};
	uint32_t kinds = 0;

	if (text_list_split(&names, list) || !names.count)
		return -EINVAL;
	for (size_t i = 0; i < names.count; i++) {
		uint32_t kind = event_kind_from_name(names.items[i]);

		if (!kind && strcmp(names.items[i], "alarm"))
			return -EINVAL;
		kinds |= 1u << kind;
	}
	*out = kinds;
	return 0;
}

int event_view_kinds(struct event_view *view, const struct verb *verb, const char *list)
{
	if (!parse_kinds(list, &view->kinds))
		return EXIT_YES;
	return verb_usage(verb,
			  "--events: expected a comma list of ioctl, arc, close, attribute, mdev, "
			  "gate, module, shield, data-file, precopy, flow, alarm, got '%s'",
			  list);
}

void event_view_begin(const struct event_view *view)
{
	if (!view->json)
		event_text_heading(stdout);
	fflush(stdout);
}

bool event_view_has_device(const struct event_view *view, const char *device)
{
	return !view->devices.count || text_list_has(&view->devices, device);
}

bool event_view_has_alarms(const struct event_view *view)
{
	return !view->kinds || (view->kinds & 1u);
}

bool event_view_wants(const struct event_view *view, const union mw_event *event)
{
	return (!view->kinds || (view->kinds & (1u << event->head.kind))) &&
	       event_view_has_device(view, event->head.device);
}

void event_view_show(struct event_view *view, const union mw_event *event)
{
	if (!event_view_wants(view, event))
		return;
	view->shown++;
	if (view->json)
		json_put_line(stdout, event_to_json(event, view->clock_offset_ns));
	else
		event_text(stdout, event, view->clock_offset_ns);
}

static void sums_text(const struct event_view *view, const struct ring_counts *counts,
		      uint64_t malformed)
{
	fprintf(stderr, "\n%-10s %12s %12s %12s\n", "EVENT", "PRODUCED", "DELIVERED", "LOST");
	for (uint32_t kind = 1; kind < MW_EVENT_KINDS; kind++)
		fprintf(stderr, "%-10s %12llu %12llu %12llu\n", event_kind_name(kind),
			(unsigned long long)counts->kind[kind].produced,
			(unsigned long long)counts->kind[kind].delivered,
			(unsigned long long)counts->kind[kind].lost);
	fprintf(stderr, "%llu shown, %llu malformed\n", (unsigned long long)view->shown,
		(unsigned long long)malformed);
}

static void sums_json(const struct event_view *view, const struct ring_counts *counts,
		      uint64_t malformed)
{
	json_t *kinds = json_object();
	json_t *object;

	for (uint32_t kind = 1; kind < MW_EVENT_KINDS; kind++)
		json_object_set_new(kinds, event_kind_name(kind),
				    json_pack("{s:I, s:I, s:I}", "produced",
					      (json_int_t)counts->kind[kind].produced, "delivered",
					      (json_int_t)counts->kind[kind].delivered, "lost",
					      (json_int_t)counts->kind[kind].lost));
	object = json_pack("{s:s, s:o, s:I, s:I}", "event", "summary", "kinds", kinds, "shown",
			   (json_int_t)view->shown, "malformed", (json_int_t)malformed);
	json_put_line(stdout, object);
}

void event_view_sums(const struct event_view *view, const struct ring_counts *counts,
		     uint64_t malformed)
{
	if (view->json)
		sums_json(view, counts, malformed);
	else
		sums_text(view, counts, malformed);
}

void event_view_free(struct event_view *view)
{
	text_list_free(&view->devices);
}
