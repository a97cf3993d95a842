// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "migwarden/reason.h"
#include "sinks/metrics.h"

#define PAGE "docs/metrics.md"

static struct metrics *metrics;
static struct metrics_view view;
static char *text;

static void set_up(void)
{
	cr_assert_eq(metrics_new(&metrics), 0);
	view = (struct metrics_view){
		.version = "1.2.3", .policy = {"enforce", "abcd", 3}, .policy_enforces = true};
}

static void tear_down(void)
{
	metrics_free(metrics);
	free(text);
}

TestSuite(metrics, .init = set_up, .fini = tear_down);

static const char *written(enum metrics_format format)
{
	size_t size;
	FILE *out;

	free(text);
	out = open_memstream(&text, &size);
	metrics_write(metrics, &view, format, out);
	fclose(out);
	return text;
}

/* Whether the text has that line, whole. */
static bool has_line(enum metrics_format format, const char *line)
{
	const char *at = written(format);
	size_t length = strlen(line);

	while (at) {
		if (strncmp(at, line, length) == 0 && at[length] == '\n')
			return true;
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	return false;
}

static void expect_line(const char *line)
{
	cr_expect(has_line(METRICS_OPENMETRICS, line), "\"%s\" is not in\n%s", line, text);
}

static void expect_no_line(const char *line)
{
	cr_expect_not(has_line(METRICS_OPENMETRICS, line), "\"%s\"", line);
}

static union mw_event decision(enum mw_gate_answer answer, enum mw_reason reason,
			       enum mw_gate_basis basis)
{
	union mw_event event = {0};

	event.head.kind = MW_EVENT_GATE;
	event.gate.direction = MW_OUTGOING;
	event.gate.answer = answer;
	event.gate.reason = reason;
	event.gate.basis = basis;
	event.gate.feature = MW_FEATURE_MIG_DEVICE_STATE;
	return event;
}

Test(metrics, a_decision_is_counted_by_direction_verdict_and_reason)
{
	union mw_event event =
		decision(MW_GATE_REFUSED, MW_REASON_TYPE_MISMATCH, MW_BASIS_ADMISSION);

	metrics_event(metrics, &event);
	expect_line("migwarden_decisions_total{direction=\"outgoing\",verdict=\"refused\","
		    "reason=\"type-mismatch\"} 1");
	expect_line("migwarden_attempts_total{direction=\"outgoing\",verdict=\"refused\"} 1");
	expect_line("migwarden_attempts_total{direction=\"incoming\",verdict=\"refused\"} 0");
	expect_line("migwarden_admissions_used_total{direction=\"outgoing\"} 0");
}

Test(metrics, dirty_tracking_that_passes_is_no_attempt_of_its_own)
{
	union mw_event event = decision(MW_GATE_PASSED, MW_REASON_OK, MW_BASIS_ADMISSION);

	metrics_event(metrics, &event);
	event.gate.feature = MW_FEATURE_DMA_LOGGING_START;
	metrics_event(metrics, &event);
	expect_line("migwarden_attempts_total{direction=\"outgoing\",verdict=\"passed\"} 1");
	expect_line("migwarden_decisions_total{direction=\"outgoing\",verdict=\"passed\","
		    "reason=\"ok\"} 2");
	expect_line("migwarden_admissions_used_total{direction=\"outgoing\"} 1");
	event.gate.answer = MW_GATE_REFUSED;
	metrics_event(metrics, &event);
	expect_line("migwarden_attempts_total{direction=\"outgoing\",verdict=\"refused\"} 1");
}

Test(metrics, numbers_outside_of_the_enums_are_counted_as_unknown)
{
	union mw_event event = decision(77, 4000, MW_BASIS_DEFAULT);

	event.gate.direction = 0xffffffff;
	metrics_event(metrics, &event);
	expect_line("migwarden_decisions_total{direction=\"unknown\",verdict=\"unknown\","
		    "reason=\"unknown\"} 1");
	event = (union mw_event){0};
	event.head.kind = MW_EVENT_ARC;
	event.arc.from = MW_STATE_NONE;
	event.arc.to = MW_STATE_RUNNING;
	metrics_event(metrics, &event);
	expect_line("migwarden_arcs_total{from=\"UNKNOWN\",to=\"RUNNING\",result=\"ok\"} 1");
	event = (union mw_event){0};
	event.head.kind = MW_EVENT_FLOW;
	event.flow.flow.direction = 9;
	event.flow.flow.bytes = 5;
	metrics_event(metrics, &event);
	expect_line("migwarden_data_bytes_total{side=\"unknown\"} 5");
	event.head.kind = 60000;
	metrics_event(metrics, &event);
}

Test(metrics, state_that_is_read_leaves_and_what_is_written_enters)
{
	union mw_event event = {0};

	event.head.kind = MW_EVENT_FLOW;
	event.flow.flow = (struct mw_flow){
		.direction = MW_FLOW_WRITE, .bytes = 96, .calls = 3, .driver_ns = 1500000001};
	metrics_event(metrics, &event);
	expect_line("migwarden_data_bytes_total{side=\"destination\"} 96");
	expect_line("migwarden_data_bytes_total{side=\"source\"} 0");
	expect_line("migwarden_data_driver_seconds_total{side=\"destination\"} 1.500000001");
}

Test(metrics, rules_beyond_the_bound_are_one)
{
	char name[32];

	for (int i = 0; i < METRICS_RULES_MAX + 10; i++) {
		snprintf(name, sizeof(name), "rule-%d", i);
		metrics_rule(metrics, name, MW_GATE_PASSED);
	}
	metrics_rule(metrics, "rule-0", MW_GATE_REFUSED);
	metrics_rule(metrics, NULL, MW_GATE_AUDITED);
	expect_line("migwarden_rule_decisions_total{rule=\"rule-0\",verdict=\"passed\"} 1");
	expect_line("migwarden_rule_decisions_total{rule=\"rule-0\",verdict=\"refused\"} 1");
	expect_line("migwarden_rule_decisions_total{rule=\"rule-63\",verdict=\"passed\"} 1");
	expect_no_line("migwarden_rule_decisions_total{rule=\"rule-64\",verdict=\"passed\"} 1");
	expect_line("migwarden_rule_decisions_total{rule=\"(other)\",verdict=\"passed\"} 10");
	expect_line("migwarden_rule_decisions_total{rule=\"(default)\",verdict=\"audited\"} 1");
}

Test(metrics, a_rule_cannot_write_a_line_of_its_own)
{
	metrics_rule(metrics, "a\"} 1\nmigwarden_gate_stands 7\\", MW_GATE_PASSED);
	expect_line("migwarden_rule_decisions_total{"
		    "rule=\"a\\\"} 1\\nmigwarden_gate_stands 7\\\\\",verdict=\"passed\"} 1");
	expect_line("migwarden_gate_stands 0");
	expect_no_line("migwarden_gate_stands 7\\\\\",verdict=\"passed\"} 1");
}

Test(metrics, what_is_not_utf8_does_not_spoil_the_text)
{
	metrics_rule(metrics, "\xff\xc3\xa9\xc3", MW_GATE_PASSED);
	expect_line("migwarden_rule_decisions_total{rule=\"?\xc3\xa9?\",verdict=\"passed\"} 1");
}

Test(metrics, long_names_of_rules_are_cut_and_stay_one_series)
{
	char name[3 * METRICS_RULE_BYTES];

	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	metrics_rule(metrics, name, MW_GATE_PASSED);
	name[sizeof(name) - 2] = 'y';
	metrics_rule(metrics, name, MW_GATE_PASSED);
	cr_assert_not_null(strstr(written(METRICS_TEXT), "xxx…\",verdict=\"passed\"} 2\n"));
}

Test(metrics, a_counter_has_its_suffix_where_the_format_wants_it)
{
	cr_expect(has_line(METRICS_OPENMETRICS, "# TYPE migwarden_attempts counter"));
	cr_expect(has_line(METRICS_TEXT, "# TYPE migwarden_attempts_total counter"));
	cr_expect(has_line(METRICS_OPENMETRICS, "# TYPE migwarden_build info"));
	cr_expect(has_line(METRICS_TEXT, "# TYPE migwarden_build_info gauge"));
	cr_expect(has_line(METRICS_OPENMETRICS, "migwarden_build_info{version=\"1.2.3\"} 1"));
	cr_expect(has_line(METRICS_OPENMETRICS, "# UNIT migwarden_data_bytes bytes"));
	cr_expect_not(has_line(METRICS_TEXT, "# UNIT migwarden_data_bytes bytes"));
	cr_expect(has_line(METRICS_OPENMETRICS, "# EOF"));
	cr_expect_not(has_line(METRICS_TEXT, "# EOF"));
}

Test(metrics, a_failed_reload_is_the_last_one_until_the_next)
{
	expect_line("migwarden_policy_reload_success 1");
	metrics_reloaded(metrics, true, 1700000000);
	metrics_reloaded(metrics, false, 1700000009);
	expect_line("migwarden_policy_reload_success 0");
	expect_line("migwarden_policy_reload_timestamp_seconds 1700000000");
	expect_line("migwarden_policy_reloads_total{result=\"failed\"} 1");
	metrics_reloaded(metrics, true, 1700000010);
	expect_line("migwarden_policy_reload_success 1");
}

Test(metrics, without_bpf_stats_there_are_no_runs)
{
	const struct metrics_cost program = {.name = "hook_ioctl", .runs = 5, .run_ns = 1000};

	view.bpf_programs = &program;
	view.bpf_program_count = 1;
	expect_no_line("migwarden_bpf_runs_total{program=\"hook_ioctl\"} 5");
	view.bpf_stats = true;
	expect_line("migwarden_bpf_runs_total{program=\"hook_ioctl\"} 5");
	expect_line("migwarden_bpf_run_seconds_total{program=\"hook_ioctl\"} 0.000001000");
}

static struct session session_of(uint32_t end, uint64_t blackout_ns)
{
	return (struct session){
		.side = SESSION_SOURCE,
		.end = end,
		.blackout_begin_ns = 1000,
		.blackout_end_ns = 1000 + blackout_ns,
	};
}

Test(metrics, a_blackout_is_in_every_bucket_that_is_not_below_it)
{
	struct session session = session_of(SESSION_COMPLETED, 2500000);

	metrics_session(metrics, &session);
	session = session_of(SESSION_COMPLETED, 2500001);
	metrics_session(metrics, &session);
	session = session_of(SESSION_COMPLETED, 400000000000);
	metrics_session(metrics, &session);
	expect_line("migwarden_session_blackout_seconds_bucket{side=\"source\",le=\"0.001\"} 0");
	expect_line("migwarden_session_blackout_seconds_bucket{side=\"source\",le=\"0.0025\"} 1");
	expect_line("migwarden_session_blackout_seconds_bucket{side=\"source\",le=\"0.005\"} 2");
	expect_line("migwarden_session_blackout_seconds_bucket{side=\"source\",le=\"300.0\"} 2");
	expect_line("migwarden_session_blackout_seconds_bucket{side=\"source\",le=\"+Inf\"} 3");
	expect_line("migwarden_session_blackout_seconds_count{side=\"source\"} 3");
	expect_line("migwarden_session_blackout_seconds_sum{side=\"source\"} 400.005000001");
	expect_line("migwarden_sessions_total{side=\"source\",result=\"completed\"} 3");
}

Test(metrics, a_blackout_that_was_not_seen_whole_is_not_timed)
{
	struct session session = session_of(SESSION_FAILED, 5000000);

	session.is_incomplete = true;
	metrics_session(metrics, &session);
	session = session_of(SESSION_CANCELLED, 0);
	session.blackout_end_ns = 0;
	metrics_session(metrics, &session);
	expect_line("migwarden_sessions_total{side=\"source\",result=\"failed\"} 1");
	expect_line("migwarden_session_blackout_seconds_count{side=\"source\"} 0");
}

Test(metrics, a_refused_session_is_told_apart_from_one_that_failed)
{
	struct session session = session_of(SESSION_FAILED, 0);

	session.cause = SESSION_CAUSE_REFUSED;
	session.gate.answer = MW_GATE_REFUSED;
	metrics_session(metrics, &session);
	expect_line("migwarden_sessions_total{side=\"source\",result=\"refused\"} 1");
	expect_line("migwarden_sessions_total{side=\"source\",result=\"failed\"} 0");
}

Test(metrics, numbers_of_a_session_outside_of_the_enums_are_counted)
{
	struct session session = session_of(99, 0);

	session.side = 7;
	session.phase_count = 4000000;
	session.phases[0] = (struct session_phase){.begin_ns = 5, .end_ns = 6, .state = 500};
	metrics_session(metrics, &session);
	metrics_alarm(metrics, 4711);
	expect_line("migwarden_sessions_total{side=\"unknown\",result=\"unknown\"} 1");
	expect_line("migwarden_session_phase_seconds_count{side=\"unknown\",state=\"UNKNOWN\"} 1");
	expect_line("migwarden_session_alarms_total{alarm=\"unknown\"} 1");
}

Test(metrics, the_manual_has_every_metric_and_no_other)
{
	AUTO_FILE FILE *page = fopen(PAGE, "r");
	char line[1024], entry[256];
	const char *name, *type, *help;
	size_t families = 0, entries = 0;

	cr_assert_not_null(page, "%s", PAGE);
	for (; metrics_family(families, &name, &type, &help); families++) {
		bool found = false;

		snprintf(entry, sizeof(entry), "| `%s%s` | %s |", name,
			 strcmp(type, "counter") == 0 ? "_total"
			 : strcmp(type, "info") == 0  ? "_info"
						      : "",
			 type);
		rewind(page);
		while (!found && fgets(line, sizeof(line), page))
			found = strncmp(line, entry, strlen(entry)) == 0;
		cr_expect(found, "no line of %s begins with %s", PAGE, entry);
	}
	rewind(page);
	while (fgets(line, sizeof(line), page))
		entries += strncmp(line, "| `", 3) == 0 && strncmp(line, "| `Migwarden", 12) != 0;
	cr_assert_eq(entries, families);
}
