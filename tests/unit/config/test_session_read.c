// SPDX-License-Identifier: GPL-2.0-only
#include "config/session_read.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "sinks/session_json.h"

TestSuite(session_read);

/* Who it is of, and how it went in all. */
static const struct session summary = {
	.id = 7,
	.group = 5,
	.side = SESSION_DESTINATION,
	.end = SESSION_LOST,
	.cause = SESSION_CAUSE_RESET,
	.state = MW_STATE_RUNNING,
	.host = "hyper-3",
	.boot_id = "83b8f4f2-1111-2222-3333-444455556666",
	.clock_offset_ns = -12345,
	.device = "0000:3b:00.4",
	.driver = "mlx5_vfio_pci",
	.file_name = "mlx5vf_mig",
	.pid = 4711,
	.tid = 4712,
	.comm = "qemu-system-x86",
	.cgroup_id = 99,
	.vm_name = "db \"3\"",
	.vm_uuid = "00000000-1111-2222-3333-444455556666",
	.begin_ns = 1000,
	.end_ns = 9000,
	.returned_ns = 9500,
	.blackout_begin_ns = 5000,
	.blackout_end_ns = 8000,
	.p2p_arc_ns = 11,
	.p2p_wait_ns = 12,
	.bytes = 1 << 20,
	.final_bytes = 1 << 19,
	.estimate_bytes = 77,
	.is_joined = 1,
	.is_read_to_end = 1,
	.arcs_dropped = 1,
	.phases_dropped = 2,
	.alarms_dropped = 3,
	.lost = {[MW_EVENT_ARC] = 4},
	.is_incomplete = 1,
};

/* What was done in it. */
static const struct session steps = {
	.gate = {.time_ns = 900,
		 .admission = 3,
		 .generation = 4,
		 .answer = MW_GATE_AUDITED,
		 .basis = MW_BASIS_ADMISSION,
		 .reason = 1,
		 .feature = 2,
		 .target = MW_STATE_RESUMING,
		 .error = -1,
		 .answers = 6},
	.failure = {.kind = SESSION_FAILURE_WRITE,
		    .error = -EFAULT,
		    .offset = 4096,
		    .time_ns = 6,
		    .state = MW_STATE_RESUMING,
		    .to = MW_STATE_NONE},
	.dirty = {.start_ns = 1,
		  .start_duration_ns = 2,
		  .page_bytes = 4096,
		  .range_count = 3,
		  .start_result = -5,
		  .stop_ns = 4,
		  .stop_duration_ns = 5,
		  .stop_result = -6,
		  .running = {1, 2, 3, 4, 5},
		  .stopped = {6, 7, 8, 9, 10}},
	.data_size = {.items = {{1, 2, 3, 0, -25, 0}},
		      .count = 1,
		      .stride = 2,
		      .changes = 3,
		      .calls = 4,
		      .failures = 5,
		      .last = {6, 7, 8, 9, 0, 0}},
	.precopy = {.items = {{1, 2, 3, 4, 0, 0}, {5, 6, 7, 8, 0, 0}},
		    .count = 2,
		    .stride = 1,
		    .changes = 2,
		    .calls = 9,
		    .last = {5, 6, 7, 8, 0, 0}},
	.arcs = {{2000, 10, MW_STATE_STOP, MW_STATE_RESUMING, MW_STATE_RESUMING, 0},
		 {7000, 20, MW_STATE_RESUMING, MW_STATE_STOP, MW_STATE_RUNNING, -EINVAL}},
	.arc_count = 2,
	.phase_count = 2,
	.phases = {{.begin_ns = 2000,
		    .end_ns = 7000,
		    .state = MW_STATE_RESUMING,
		    .has_flow = 1,
		    .flow_end = MW_FLOW_RESET},
		   {.begin_ns = 7500, .state = MW_STATE_STOP}},
	.alarms = {{8000, ALARM_DEVICE_LOST, -EINVAL, {1, 2}}},
	.alarm_count = 1,
};

static const struct mw_flow flow = {
	.begin_ns = 2001,
	.end_ns = 7001,
	.first_byte_ns = 5,
	.last_ns = 6000,
	.bytes = 10,
	.calls = 11,
	.driver_ns = 12,
	.gap_ns = 13,
	.missed_bytes = 14,
	.error_offset = 15,
	.infos = 16,
	.info_ns = 17,
	.error = -EFAULT,
	.errors = 1,
	.ends = 2,
	.pauses = 3,
	.state = MW_STATE_RESUMING,
	.direction = MW_FLOW_WRITE,
	.size_log2 = {1, 2, 3},
	.latency_log2 = {4, 5},
};

/* Something in every field. */
static void fill(struct session *session)
{
	*session = summary;
	session->gate = steps.gate;
	session->failure = steps.failure;
	session->dirty = steps.dirty;
	session->data_size = steps.data_size;
	session->precopy = steps.precopy;
	memcpy(session->arcs, steps.arcs, sizeof(steps.arcs));
	session->arc_count = steps.arc_count;
	memcpy(session->phases, steps.phases, sizeof(steps.phases));
	session->phases[0].flow = flow;
	session->phase_count = steps.phase_count;
	memcpy(session->alarms, steps.alarms, sizeof(steps.alarms));
	session->alarm_count = steps.alarm_count;
}

static char *write_text(const struct session *session)
{
	json_t *object = session_to_json(session);
	char *text = json_dumps(object, JSON_INDENT(1));

	json_decref(object);
	cr_assert(text);
	return text;
}

Test(session_read, what_is_written_reads_back_equal)
{
	AUTO_FREE struct session *read = NULL;
	AUTO_FREE char *text = NULL;
	struct parse_error error;
	struct session session;
	size_t count = 0;
	char why[800];
	int r;

	fill(&session);
	text = write_text(&session);
	r = session_read_text("s.json", text, strlen(text), &read, &count, &error);
	if (r)
		parse_error_format(&error, why, sizeof(why));
	cr_assert_eq(r, 0, "%s", r ? why : "");
	cr_assert_eq(count, 1);
	cr_assert_eq(memcmp(read, &session, sizeof(session)), 0);
}

Test(session_read, an_empty_session_reads_back_equal)
{
	AUTO_FREE struct session *read = NULL;
	AUTO_FREE char *text = NULL;
	struct session session = {
		.device = "d", .state = MW_STATE_NONE, .estimate_bytes = UINT64_MAX};
	struct parse_error error;
	size_t count = 0;

	/* A begin is never 0: "not seen" is null, and there it is required. */
	session.begin_ns = 1;
	text = write_text(&session);
	cr_assert_eq(session_read_text("s.json", text, strlen(text), &read, &count, &error), 0);
	cr_assert_eq(memcmp(read, &session, sizeof(session)), 0);
}

static void refused(const char *text, unsigned int line, unsigned int column, const char *part)
{
	struct session *read = NULL;
	struct parse_error error = {0};
	size_t count = 0;

	cr_assert_eq(session_read_text("s.json", text, strlen(text), &read, &count, &error),
		     -EINVAL);
	cr_assert_eq(read, NULL);
	cr_assert_eq(error.line, line, "%u: %s", error.line, error.text);
	cr_assert_eq(error.column, column, "%u: %s", error.column, error.text);
	cr_assert(strstr(error.text, part), "%s", error.text);
}

#define HEAD                                                                               \
	"{\"schema\": \"migwarden.session/1\", \"side\": \"source\", \"end\": \"open\",\n" \
	"\"device\": \"d\", \"begin_ns\": 1"

Test(session_read, refusals_say_where_and_what)
{
	refused("[]x", 1, 3, "");
	refused("{\"schema\": \"migwarden.session/2\"}", 1, 12, "migwarden.session/1");
	refused("{\"schema\": \"migwarden.session/1\"}", 1, 1, "\"side\"");
	refused(HEAD ", \"bytes\": -1}", 2, 40, "an integer from 0");
	refused(HEAD ", \"pid\": 1}", 2, 31, "expected a key of a session");
	refused(HEAD ", \"state\": \"FLYING\"}", 2, 40, "a state such as");
	refused(HEAD ", \"host\": 5}", 2, 39, "a string of at most 127 bytes");
	refused(HEAD ", \"lost\": {\"luggage\": 1}}", 2, 40, "a kind of record");
	refused(HEAD ", \"gate\": {\"answer\": \"perhaps\"}}", 2, 50, "\"passed\"");
}

Test(session_read, a_list_longer_than_its_array_is_refused)
{
	char text[8192] = HEAD ", \"alarms\": [";
	size_t used = strlen(text);

	for (int i = 0; i <= SESSION_ALARMS_MAX; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s{}", i ? "," : "");
	snprintf(text + used, sizeof(text) - used, "]}");
	refused(text, 2, 41, "at most 16 items, got 17");
}

Test(session_read, a_list_gives_each_session)
{
	static const char text[] = "[" HEAD "}, " HEAD ", \"id\": 2}]";
	AUTO_FREE struct session *read = NULL;
	struct parse_error error;
	size_t count = 0;

	cr_assert_eq(session_read_text("s.json", text, strlen(text), &read, &count, &error), 0);
	cr_assert_eq(count, 2);
	cr_assert_eq(read[1].id, 2);
}
