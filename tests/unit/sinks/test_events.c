// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "migwarden/reason.h"
#include "sinks/decision.h"
#include "sinks/event_json.h"
#include "sinks/event_text.h"

static union mw_event event_of(uint16_t kind)
{
	union mw_event event = {0};

	event.head.kind = kind;
	event.head.pid = 4711;
	strcpy(event.head.comm, "qemu");
	strcpy(event.head.device, "0000:3b:00.2");
	return event;
}

static const char *text_of(const union mw_event *event)
{
	static char text[2048];
	FILE *file = fmemopen(text, sizeof(text), "w");

	event_text(file, event, 0);
	fclose(file);
	return text;
}

static void expect_in_text(const union mw_event *event, const char *part)
{
	cr_assert_not_null(strstr(text_of(event), part), "\"%s\" is not in \"%s\"", part,
			   text_of(event));
}

static const char *json_text_at(const union mw_event *event, const char *key)
{
	static char value[512];
	json_t *object = event_to_json(event, 0);
	const char *text = json_string_value(json_object_get(object, key));

	snprintf(value, sizeof(value), "%s", text ? text : "(not a string)");
	json_decref(object);
	return value;
}

Test(events, an_arc_names_its_states_and_where_it_leads)
{
	union mw_event event = event_of(MW_EVENT_ARC);

	event.arc.from = MW_STATE_RUNNING;
	event.arc.to = MW_STATE_RUNNING_P2P;
	event.arc.target = MW_STATE_STOP_COPY;
	event.arc.duration_ns = 14200;
	expect_in_text(&event, "RUNNING -> RUNNING_P2P (towards STOP_COPY)");
	expect_in_text(&event, "14.2 µs");
	expect_in_text(&event, "qemu[4711]");
	cr_assert_str_eq(json_text_at(&event, "from"), "RUNNING");
	cr_assert_str_eq(json_text_at(&event, "target"), "STOP_COPY");
}

Test(events, an_errno_has_its_name)
{
	union mw_event event = event_of(MW_EVENT_IOCTL);

	event.ioctl.cmd = MW_VFIO_DEVICE_RESET;
	event.ioctl.result = -ENOTTY;
	expect_in_text(&event, "RESET");
	expect_in_text(&event, "ENOTTY");
	cr_assert_str_eq(json_text_at(&event, "errno"), "ENOTTY");
}

Test(events, a_number_that_is_no_errno_is_shown_as_it_is)
{
	union mw_event event = event_of(MW_EVENT_IOCTL);

	event.ioctl.result = INT32_MIN;
	expect_in_text(&event, "-2147483648");
	cr_assert_str_eq(json_text_at(&event, "errno"), "(not a string)");
	event.ioctl.result = -5000;
	expect_in_text(&event, "-5000");
}

Test(events, a_probe_is_shown_as_one)
{
	union mw_event event = event_of(MW_EVENT_IOCTL);

	event.ioctl.cmd = MW_VFIO_DEVICE_FEATURE;
	event.ioctl.flags = MW_FEATURE_PROBE | MW_FEATURE_SET | MW_FEATURE_MIG_DEVICE_STATE;
	event.ioctl.payload_size = 8;
	event.ioctl.payload[0] = MW_STATE_RESUMING;
	expect_in_text(&event, "PROBE SET MIG_DEVICE_STATE ");
	cr_assert_null(strstr(text_of(&event), "RESUMING"));
}

Test(events, bytes_of_a_value_cannot_move_the_cursor)
{
	union mw_event event = event_of(MW_EVENT_ATTRIBUTE);

	event.attribute.scope = MW_SCOPE_DEVICE;
	strcpy(event.attribute.attribute, "name");
	memcpy(event.attribute.value, "a\x1b[2J\n", 6);
	event.attribute.value_size = 6;
	expect_in_text(&event, "name = a\\x1b[2J");
}

Test(events, a_value_that_is_not_utf8_is_still_json)
{
	union mw_event event = event_of(MW_EVENT_ATTRIBUTE);

	memcpy(event.attribute.value,
	       "a\xff"
	       "b",
	       3);
	event.attribute.value_size = 3;
	cr_assert_str_eq(json_text_at(&event, "value"), "a?b");
}

Test(events, a_full_value_without_an_end_is_not_overrun)
{
	union mw_event event = event_of(MW_EVENT_ATTRIBUTE);

	memset(event.attribute.value, 0xff, MW_VALUE_BYTES);
	event.attribute.value_size = MW_VALUE_BYTES;
	event.attribute.result = 4096;
	cr_assert_eq(strlen(json_text_at(&event, "value")), MW_VALUE_BYTES);
	expect_in_text(&event, "\\xff");
}

Test(events, a_decision_tells_what_was_refused_to_whom_and_why)
{
	union mw_event event = event_of(MW_EVENT_GATE);
	struct decision decision = {
		.event = &event,
		.vm = "db-3",
		.explanation = "type-mismatch: source mtty-2, destination mtty-1 (site.yaml:14)",
	};
	char text[512];
	FILE *file = fmemopen(text, sizeof(text), "w");

	event.gate.answer = MW_GATE_REFUSED;
	event.gate.direction = MW_INCOMING;
	event.gate.feature = MW_FEATURE_MIG_DEVICE_STATE;
	event.gate.target = MW_STATE_RESUMING;
	decision_line(file, &decision);
	fclose(file);
	cr_assert_str_eq(text,
			 "00:00:00.000000  refused  qemu[4711] vm=db-3  0000:3b:00.2  "
			 "incoming RESUMING  type-mismatch: source mtty-2, destination mtty-1 "
			 "(site.yaml:14)\n");
}

Test(events, a_decision_that_killed_the_caller_says_so)
{
	union mw_event event = event_of(MW_EVENT_GATE);
	struct decision decision = {.event = &event, .vm = "", .explanation = "state-bypass"};
	char text[512];
	FILE *file = fmemopen(text, sizeof(text), "w");

	event.gate.answer = MW_GATE_REFUSED;
	event.gate.killed = 1;
	decision_line(file, &decision);
	fclose(file);
	cr_assert_not_null(strstr(text, "state-bypass; the caller was killed\n"), "%s", text);
}

Test(events, an_explanation_names_reason_values_and_rule)
{
	struct verdict verdict = {
		.reason = MW_REASON_TYPE_MISMATCH,
		.has_source_value = true,
		.source_value = "mtty-2",
		.policy_file = "site.yaml",
		.position = {.line = 14, .column = 3},
	};
	char *text = decision_explain(&verdict);

	cr_assert_str_eq(text, "type-mismatch: source mtty-2, destination (none) (site.yaml:14)");
	free(text);
}

static union mw_event flow_event(void)
{
	union mw_event event = event_of(MW_EVENT_FLOW);

	event.flow.end = MW_FLOW_LEFT;
	event.flow.flow = (struct mw_flow){
		.bytes = 96,
		.calls = 2,
		.driver_ns = 12000,
		.gap_ns = 40000,
		.state = MW_STATE_STOP_COPY,
		.direction = MW_FLOW_READ,
		.size_log2 = {[6] = 1},
	};
	return event;
}

Test(events, a_flow_says_how_much_went_where_the_time_did)
{
	union mw_event event = flow_event();

	expect_in_text(&event, "STOP_COPY read 96 B in 2 calls");
	expect_in_text(&event, "12.0 µs in driver, 40.0 µs between");
	cr_assert_null(strstr(text_of(&event), "failed"));
	cr_assert_str_eq(json_text_at(&event, "state"), "STOP_COPY");
	cr_assert_str_eq(json_text_at(&event, "direction"), "read");
	cr_assert_str_eq(json_text_at(&event, "end"), "left");
}

Test(events, a_flow_that_failed_says_with_what_and_where)
{
	union mw_event event = flow_event();

	event.flow.flow.error = -EFAULT;
	event.flow.flow.error_offset = 24;
	event.flow.flow.calls = 1;
	expect_in_text(&event, "in 1 call ");
	expect_in_text(&event, "EFAULT");
	expect_in_text(&event, "failed at byte 24");
	cr_assert_str_eq(json_text_at(&event, "errno"), "EFAULT");
}

Test(events, a_histogram_ends_with_its_last_count)
{
	union mw_event event = flow_event();
	json_t *object = event_to_json(&event, 0);

	cr_assert_eq(json_array_size(json_object_get(object, "size_log2")), 7);
	cr_assert_eq(json_array_size(json_object_get(object, "latency_log2")), 0);
	json_decref(object);
}

Test(events, a_flow_of_extremes_is_still_a_line)
{
	union mw_event event = event_of(MW_EVENT_FLOW);
	json_t *object;

	memset(&event.flow.flow, 0xff, sizeof(event.flow.flow));
	event.flow.end = 0xffffffff;
	expect_in_text(&event, "failed at byte 18446744073709551615");
	object = event_to_json(&event, 0);
	cr_assert_not_null(object);
	json_decref(object);
}

Test(events, a_data_file_names_who_serves_it)
{
	union mw_event event = event_of(MW_EVENT_DATA_FILE);

	event.data_file.state = MW_STATE_RESUMING;
	strcpy(event.data_file.name, "mtty_mig");
	strcpy(event.data_file.function[MW_FILE_WRITE], "mtty_resume_write [mtty]");
	expect_in_text(&event, "mtty_mig for RESUMING");
	cr_assert_str_eq(json_text_at(&event, "op"), "made");
	cr_assert_str_eq(json_text_at(&event, "write"), "mtty_resume_write [mtty]");
	cr_assert_str_eq(json_text_at(&event, "read"), "(not a string)");
}

Test(events, a_data_file_that_is_closed_is_no_new_one)
{
	union mw_event event = event_of(MW_EVENT_DATA_FILE);

	event.data_file.state = MW_STATE_NONE;
	event.data_file.op = MW_DATA_FILE_CLOSED;
	expect_in_text(&event, "closed");
	cr_assert_str_eq(json_text_at(&event, "op"), "closed");
	cr_assert_str_eq(json_text_at(&event, "state"), "(not a string)");
}

Test(events, precopy_says_what_is_left)
{
	union mw_event event = event_of(MW_EVENT_PRECOPY);

	event.precopy.initial_bytes = 24;
	event.precopy.dirty_bytes = 1 << 20;
	expect_in_text(&event, "initial 24 B, dirty 1.00 MiB");
}
