// SPDX-License-Identifier: GPL-2.0-only
#include "cli/recording_info.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "base/units.h"
#include "core/names.h"

#define LINE_BYTES 2048

/* What is in it, counted. */
struct contents {
	uint64_t events[MW_EVENT_KINDS];
	uint64_t event_count;
	uint64_t first_ns;
	uint64_t last_ns;
	uint64_t processes;
	uint64_t devices;
	bool has_end;
	struct recording_limits limits;
	struct recording_counts counts;
	struct recording_end end;
	json_t *filter; /* names */
};

static void contents_free(struct contents *contents)
{
	json_decref(contents->filter);
}

static void take_event(struct contents *contents, const struct mw_event_head *head)
{
	contents->events[head->kind]++;
	contents->event_count++;
	if (!contents->first_ns || head->time_ns < contents->first_ns)
		contents->first_ns = head->time_ns;
	if (head->time_ns > contents->last_ns)
		contents->last_ns = head->time_ns;
}

static json_t *text_json(const char *text)
{
	json_t *json = *text ? json_string(text) : json_null();

	return json ? json : json_null();
}

static void take(struct contents *contents, const struct recording_item *item)
{
	switch (item->type) {
	case RECORDING_FILTER:
		json_array_append_new(contents->filter, text_json(item->filter->device));
		break;
	case RECORDING_EVENT:
		take_event(contents, &item->event->head);
		break;
	case RECORDING_PROCESS:
		contents->processes++;
		break;
	case RECORDING_DEVICE:
		contents->devices++;
		break;
	case RECORDING_LIMITS:
		contents->limits = *item->limits;
		break;
	case RECORDING_COUNTS:
		contents->counts = *item->counts;
		break;
	case RECORDING_END:
		contents->end = *item->end;
		contents->has_end = true;
		break;
	case RECORDING_START:
		break;
	}
}

static const char *end_word(const struct contents *contents)
{
	if (!contents->has_end)
		return "missing";
	switch ((enum recording_cause)contents->end.cause) {
	case RECORDING_ASKED:
		return "asked";
	case RECORDING_FULL:
		return "full";
	}
	return "unknown";
}

static json_t *kinds_json(const struct contents *contents)
{
	json_t *kinds = json_object();

	for (uint32_t kind = 1; kind < MW_EVENT_KINDS; kind++)
		json_object_set_new(
			kinds, event_kind_name(kind),
			json_pack("{s:I, s:I, s:I, s:I}", "recorded",
				  (json_int_t)contents->events[kind], "produced",
				  (json_int_t)contents->counts.kind[kind].produced, "delivered",
				  (json_int_t)contents->counts.kind[kind].delivered, "lost",
				  (json_int_t)contents->counts.kind[kind].lost));
	return kinds;
}

/* By how much the clocks of the host went apart while it recorded. */
static int64_t clock_step_ns(const struct recording_start *start, const struct contents *contents)
{
	return (int64_t)((uint64_t)contents->end.wall_offset_ns - (uint64_t)start->wall_offset_ns);
}

static void show_json(const struct recording_reader *reader, const char *path,
		      const struct contents *contents)
{
	const struct recording_start *start = recording_reader_start(reader);
	char begin[UNITS_TEXT_BYTES];
	json_t *object = json_object();

	json_object_set_new(object, "file", text_json(path));
	json_object_set_new(object, "format", json_integer(RECORDING_FORMAT));
	json_object_set_new(object, "wire_version", json_integer(MW_WIRE_VERSION));
	json_object_set_new(object, "program", text_json(start->program));
	json_object_set_new(object, "host", text_json(start->host));
	json_object_set_new(object, "boot_id", text_json(start->boot_id));
	json_object_set_new(object, "kernel", text_json(start->kernel));
	json_object_set_new(
		object, "begin",
		json_string(format_clock(start->time_ns, start->wall_offset_ns, begin)));
	json_object_set_new(object, "begin_ns", json_integer((json_int_t)start->time_ns));
	json_object_set_new(object, "end_ns",
			    contents->has_end ? json_integer((json_int_t)contents->end.time_ns)
					      : json_null());
	json_object_set_new(object, "clock_offset_ns", json_integer(start->wall_offset_ns));
	json_object_set_new(object, "clock_step_ns",
			    contents->has_end ? json_integer(clock_step_ns(start, contents))
					      : json_null());
	json_object_set_new(object, "ring_bytes", json_integer((json_int_t)start->ring_bytes));
	json_object_set(object, "devices_wanted", contents->filter);
	json_object_set_new(object, "policy", text_json(contents->limits.policy));
	json_object_set_new(object, "downtime_limit_ns",
			    contents->limits.downtime_ns
				    ? json_integer((json_int_t)contents->limits.downtime_ns)
				    : json_null());
	json_object_set_new(object, "bytes",
			    json_integer((json_int_t)recording_reader_bytes(reader)));
	json_object_set_new(object, "events", json_integer((json_int_t)contents->event_count));
	json_object_set_new(object, "processes", json_integer((json_int_t)contents->processes));
	json_object_set_new(object, "devices", json_integer((json_int_t)contents->devices));
	json_object_set_new(object, "filtered",
			    json_integer((json_int_t)contents->counts.filtered));
	json_object_set_new(object, "left_out",
			    json_integer((json_int_t)contents->counts.left_out));
	json_object_set_new(object, "malformed",
			    json_integer((json_int_t)contents->counts.malformed));
	json_object_set_new(object, "unknown",
			    json_integer((json_int_t)recording_reader_unknown(reader)));
	json_object_set_new(object, "end", json_string(end_word(contents)));
	json_object_set_new(object, "kinds", kinds_json(contents));
	json_dumpf(object, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(object);
}

static void line(const char *key, const char *text)
{
	char clean[LINE_BYTES];

	printf("%-12s %s\n", key, *text ? escape_text(clean, sizeof(clean), text) : "-");
}

static void show_times(const struct recording_start *start, const struct contents *contents)
{
	char begin[UNITS_TEXT_BYTES], length[UNITS_TEXT_BYTES], step[UNITS_TEXT_BYTES];
	uint64_t end_ns = contents->has_end ? contents->end.time_ns : contents->last_ns;
	int64_t step_ns = clock_step_ns(start, contents);

	line("begin", format_clock(start->time_ns, start->wall_offset_ns, begin));
	line("length",
	     format_duration(end_ns > start->time_ns ? end_ns - start->time_ns : 0, length));
	if (!contents->has_end)
		return;
	printf("%-12s the wall clock went %s %s meanwhile\n", "clock",
	       format_duration((uint64_t)(step_ns < 0 ? -(uint64_t)step_ns : (uint64_t)step_ns),
			       step),
	       step_ns < 0 ? "back" : "ahead");
}

static void show_filter(const struct contents *contents)
{
	size_t index;
	json_t *name;

	json_array_foreach(contents->filter, index, name)
		line("only", json_string_value(name) ? json_string_value(name) : "?");
}

static void show_text(const struct recording_reader *reader, const char *path,
		      const struct contents *contents)
{
	const struct recording_start *start = recording_reader_start(reader);
	const struct recording_counts *counts = &contents->counts;
	char text[UNITS_TEXT_BYTES];

	line("file", path);
	line("host", start->host);
	line("boot id", start->boot_id);
	line("kernel", start->kernel);
	line("written by", start->program);
	printf("%-12s %u, records of version %u\n", "format", RECORDING_FORMAT, MW_WIRE_VERSION);
	show_times(start, contents);
	show_filter(contents);
	if (*contents->limits.policy) {
		line("policy", contents->limits.policy);
		/* Ours, and so is its µ. */
		printf("%-12s %s\n", "downtime",
		       contents->limits.downtime_ns
			       ? format_duration(contents->limits.downtime_ns, text)
			       : "-");
	}
	line("size", format_bytes(recording_reader_bytes(reader), text));
	line("end", end_word(contents));
	printf("%-12s %" PRIu64 " processes, %" PRIu64 " devices\n", "knows", contents->processes,
	       contents->devices);
	printf("\n%-10s %12s %12s %12s %12s\n", "EVENT", "RECORDED", "PRODUCED", "DELIVERED",
	       "LOST");
	for (uint32_t kind = 1; kind < MW_EVENT_KINDS; kind++)
		printf("%-10s %12" PRIu64 " %12" PRIu64 " %12" PRIu64 " %12" PRIu64 "\n",
		       event_kind_name(kind), contents->events[kind], counts->kind[kind].produced,
		       counts->kind[kind].delivered, counts->kind[kind].lost);
	printf("%" PRIu64 " recorded, %" PRIu64 " of other devices, %" PRIu64 " left out, %" PRIu64
	       " malformed, %" PRIu64 " unknown\n",
	       contents->event_count, counts->filtered, counts->left_out, counts->malformed,
	       recording_reader_unknown(reader));
}

int recording_info_show(struct recording_reader *reader, const char *path, bool is_json,
			struct parse_error *error)
{
	__attribute__((cleanup(contents_free))) struct contents contents = {.filter = json_array()};
	struct recording_item item;
	int r;

	while ((r = recording_reader_next(reader, &item, error)) == 1)
		take(&contents, &item);
	if (is_json)
		show_json(reader, path, &contents);
	else
		show_text(reader, path, &contents);
	return r < 0;
}
