// SPDX-License-Identifier: GPL-2.0-only
#include "sinks/json_set.h"

#include <string.h>

#include "base/units.h"
#include "core/flow.h"
#include "core/fsm.h"
#include "sinks/errno_name.h"

void json_put_line(FILE *out, json_t *object)
{
	json_dumpf(object, out, JSON_COMPACT);
	fputc('\n', out);
	json_decref(object);
}

void json_set_bytes(json_t *object, const char *key, const char *text, size_t length)
{
	char clean[MW_VALUE_BYTES + 1];
	json_t *json = json_stringn(text, length);

	if (!json && length < sizeof(clean)) {
		for (size_t i = 0; i < length; i++)
			clean[i] = (unsigned char)text[i] < 0x80 ? text[i] : '?';
		json = json_stringn(clean, length);
	}
	json_object_set_new(object, key, json);
}

void json_set_text(json_t *object, const char *key, const char *text)
{
	if (*text)
		json_set_bytes(object, key, text, strlen(text));
	else
		json_object_set_new(object, key, json_null());
}

void json_set_word(json_t *object, const char *key, const char *word)
{
	json_object_set_new(object, key, json_string(word));
}

json_t *json_number_of(uint64_t number)
{
	return json_integer(number < INT64_MAX ? (json_int_t)number : INT64_MAX);
}

void json_set_number(json_t *object, const char *key, uint64_t number)
{
	json_object_set_new(object, key, json_number_of(number));
}

void json_set_time(json_t *object, const char *key, uint64_t time_ns)
{
	if (time_ns)
		json_set_number(object, key, time_ns);
	else
		json_object_set_new(object, key, json_null());
}

void json_set_clock(json_t *object, const char *key, uint64_t time_ns, int64_t clock_offset_ns)
{
	char clock[UNITS_TEXT_BYTES];

	json_set_word(object, key, format_clock(time_ns, clock_offset_ns, clock));
}

void json_set_state(json_t *object, const char *key, uint32_t state)
{
	json_set_word(object, key, mig_state_name(state));
}

void json_set_result(json_t *object, int32_t result)
{
	const char *name = errno_name(result);

	json_object_set_new(object, "result", json_integer(result));
	json_object_set_new(object, "errno", name ? json_string(name) : json_null());
}

/* As far as something was counted. */
static json_t *histogram_to_json(const uint32_t *counts, size_t buckets)
{
	json_t *list = json_array();

	while (buckets && !counts[buckets - 1])
		buckets--;
	for (size_t i = 0; i < buckets; i++)
		json_array_append_new(list, json_integer(counts[i]));
	return list;
}

void json_set_flow(json_t *object, const struct mw_flow *flow)
{
	json_set_state(object, "state", flow->state);
	json_set_word(object, "direction", flow_direction_name(flow->direction));
	json_set_time(object, "begin_ns", flow->begin_ns);
	json_set_time(object, "end_ns", flow->end_ns);
	json_set_time(object, "first_byte_ns", flow->first_byte_ns);
	json_set_time(object, "last_ns", flow->last_ns);
	json_set_number(object, "bytes", flow->bytes);
	json_set_number(object, "calls", flow->calls);
	json_set_number(object, "driver_ns", flow->driver_ns);
	json_set_number(object, "gap_ns", flow->gap_ns);
	json_set_number(object, "missed_bytes", flow->missed_bytes);
	json_set_number(object, "infos", flow->infos);
	json_set_number(object, "info_ns", flow->info_ns);
	json_set_number(object, "ends", flow->ends);
	json_set_number(object, "pauses", flow->pauses);
	json_set_number(object, "errors", flow->errors);
	json_set_result(object, flow->error);
	json_object_set_new(object, "error_offset",
			    flow->error ? json_number_of(flow->error_offset) : json_null());
	json_object_set_new(object, "size_log2",
			    histogram_to_json(flow->size_log2, MW_SIZE_BUCKETS));
	json_object_set_new(object, "latency_log2",
			    histogram_to_json(flow->latency_log2, MW_LATENCY_BUCKETS));
}
