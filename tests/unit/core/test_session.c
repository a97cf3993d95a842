// SPDX-License-Identifier: GPL-2.0-only
#include "core/session.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "migration_records.h"

TestSuite(session);

#define MS 1000000ull

/* What QEMU does with a device that has PRE_COPY and P2P, until its state is read. */
static void source_to_stop_copy(struct bench *bench)
{
	bench_logging_start(bench);
	bench_data_size(bench, 4096, 0);
	bench_data_file(bench, MW_STATE_PRE_COPY);
	bench_arc(bench, MW_STATE_RUNNING, MW_STATE_PRE_COPY, MW_STATE_PRE_COPY, 2 * MS, 0);
	bench_precopy(bench, 24, 0);
	bench_logging_report(bench, MS);
	bench_pass(bench, 100 * MS);
	bench_arc(bench, MW_STATE_PRE_COPY, MW_STATE_PRE_COPY_P2P, MW_STATE_PRE_COPY_P2P, 3 * MS,
		  0);
	bench_pass(bench, 7 * MS);
	bench_arc(bench, MW_STATE_PRE_COPY_P2P, MW_STATE_STOP_COPY, MW_STATE_STOP_COPY, 5 * MS, 0);
	bench_logging_report(bench, 2 * MS);
	bench_pass(bench, 20 * MS);
}

static void source_flows(struct bench *bench, uint32_t ends, uint64_t last_ns)
{
	bench_flow(bench, MW_FLOW_LEFT, (struct mw_flow){.state = MW_STATE_PRE_COPY, .bytes = 24});
	bench_flow(bench, MW_FLOW_LEFT,
		   (struct mw_flow){.state = MW_STATE_STOP_COPY,
				    .bytes = 4072,
				    .ends = ends,
				    .last_ns = last_ns});
}

static struct session migrate_source(struct bench *bench)
{
	uint64_t last_ns;

	source_to_stop_copy(bench);
	last_ns = bench->now_ns;
	bench_arc(bench, MW_STATE_STOP_COPY, MW_STATE_STOP, MW_STATE_STOP, 50 * MS, 0);
	source_flows(bench, 1, last_ns);
	bench_logging_stop(bench);
	return bench_last(bench, SESSION_ENDED)->session;
}

Test(session, a_source_that_was_read_to_its_end_is_completed)
{
	AUTO_BENCH struct bench bench;
	struct session session;

	bench_open(&bench, NULL);
	session = migrate_source(&bench);

	cr_assert_eq(session.end, SESSION_COMPLETED);
	cr_assert_eq(session.side, SESSION_SOURCE);
	cr_assert_eq(session.bytes, 4096);
	cr_assert_eq(session.final_bytes, 4072);
	cr_assert_eq(session.estimate_bytes, 4096);
	cr_assert_eq(session.is_incomplete, 0);
	cr_assert_str_eq(session.driver, "test_driver");
	cr_assert_eq(bench_count(&bench, SESSION_ALARMED), 0);
}

Test(session, the_source_s_blackout_is_from_the_stop_to_the_last_read)
{
	AUTO_BENCH struct bench bench;
	struct session session;

	bench_open(&bench, NULL);
	session = migrate_source(&bench);
	/* P2P arc, wait, arc, report, reading, and the steps of four records. */
	cr_assert_eq(session_blackout_ns(&session, 0), (3 + 7 + 5 + 2 + 20) * MS + 3000);
	cr_assert_eq(session.p2p_arc_ns, 3 * MS);
	cr_assert_eq(session.p2p_wait_ns, 7 * MS + 1000);
}

Test(session, phases_lie_between_the_arcs)
{
	AUTO_BENCH struct bench bench;
	struct session session;

	bench_open(&bench, NULL);
	session = migrate_source(&bench);
	cr_assert_eq(session.phase_count, 3);
	cr_assert_eq(session.phases[0].state, MW_STATE_PRE_COPY);
	cr_assert_eq(session.phases[1].state, MW_STATE_PRE_COPY_P2P);
	cr_assert_eq(session.phases[2].state, MW_STATE_STOP_COPY);
	cr_assert_eq(session.phases[0].has_flow, 1);
	cr_assert_eq(session.phases[1].has_flow, 0);
	cr_assert_eq(session.phases[2].flow.bytes, 4072);
	for (uint32_t i = 0; i + 1 < session.phase_count; i++)
		cr_assert_eq(session.phases[i].end_ns + session.arcs[i + 1].duration_ns,
			     session.phases[i + 1].begin_ns);
}

Test(session, reports_are_apart_by_the_blackout)
{
	AUTO_BENCH struct bench bench;
	struct session session;

	bench_open(&bench, NULL);
	session = migrate_source(&bench);
	cr_assert_eq(session.dirty.range_count, 3);
	cr_assert_eq(session.dirty.running.calls, 1);
	cr_assert_eq(session.dirty.running.time_ns, MS);
	cr_assert_eq(session.dirty.stopped.calls, 1);
	cr_assert_eq(session.dirty.stopped.time_ns, 2 * MS);
	cr_assert_neq(session.dirty.stop_ns, 0);
}

Test(session, what_was_asked_before_the_begin_belongs_to_it)
{
	AUTO_BENCH struct bench bench;
	struct session session;

	bench_open(&bench, NULL);
	session = migrate_source(&bench);
	cr_assert_eq(session.data_size.calls, 1);
	cr_assert_lt(session.data_size.items[0].time_ns, session.begin_ns);
	cr_assert_eq(session.precopy.calls, 1);
	cr_assert_eq(session.precopy.last.bytes, 24);
}

Test(session, reading_that_was_left_before_its_end_is_a_cancel)
{
	AUTO_BENCH struct bench bench;

	bench_open(&bench, NULL);
	source_to_stop_copy(&bench);
	bench_arc(&bench, MW_STATE_STOP_COPY, MW_STATE_STOP, MW_STATE_RUNNING, MS, 0);
	bench_arc(&bench, MW_STATE_STOP, MW_STATE_RUNNING_P2P, MW_STATE_RUNNING, MS, 0);
	bench_arc(&bench, MW_STATE_RUNNING_P2P, MW_STATE_RUNNING, MW_STATE_RUNNING, MS, 0);
	source_flows(&bench, 0, 0);
	bench_logging_stop(&bench);
	cr_assert_eq(bench_last(&bench, SESSION_ENDED)->session.end, SESSION_CANCELLED);
}

Test(session, a_cancel_in_pre_copy_has_no_blackout)
{
	AUTO_BENCH struct bench bench;
	struct session session;

	bench_open(&bench, NULL);
	bench_data_file(&bench, MW_STATE_PRE_COPY);
	bench_arc(&bench, MW_STATE_RUNNING, MW_STATE_PRE_COPY, MW_STATE_PRE_COPY, MS, 0);
	bench_arc(&bench, MW_STATE_PRE_COPY, MW_STATE_RUNNING, MW_STATE_RUNNING, MS, 0);
	bench_flow(&bench, MW_FLOW_LEFT, (struct mw_flow){.state = MW_STATE_PRE_COPY, .bytes = 9});
	session = bench_last(&bench, SESSION_ENDED)->session;
	cr_assert_eq(session.end, SESSION_CANCELLED);
	cr_assert_eq(session.blackout_begin_ns, 0);
	cr_assert_eq(session_blackout_ns(&session, bench.now_ns), 0);
}

Test(session, a_source_that_runs_again_says_when)
{
	AUTO_BENCH struct bench bench;
	struct session session;

	bench_open(&bench, NULL);
	migrate_source(&bench);
	bench_pass(&bench, 5 * MS);
	bench_arc(&bench, MW_STATE_STOP, MW_STATE_RUNNING_P2P, MW_STATE_RUNNING, MS, 0);
	bench_arc(&bench, MW_STATE_RUNNING_P2P, MW_STATE_RUNNING, MW_STATE_RUNNING, MS, 0);
	session = bench_last(&bench, SESSION_CHANGED)->session;
	cr_assert_eq(session.id, 1);
	cr_assert_eq(session.end, SESSION_COMPLETED);
	cr_assert_gt(session.returned_ns, session.end_ns);
	/* A pause after that is nobody's. */
	bench_arc(&bench, MW_STATE_RUNNING, MW_STATE_RUNNING_P2P, MW_STATE_STOP, MS, 0);
	cr_assert_eq(bench_count(&bench, SESSION_ENDED), 1);
	cr_assert_eq(bench_count(&bench, SESSION_BEGAN), 1);
}

Test(session, a_device_without_pre_copy_has_its_way_down_in_the_blackout)
{
	AUTO_BENCH struct bench bench;
	struct session session;

	bench_open(&bench, NULL);
	bench_arc(&bench, MW_STATE_RUNNING, MW_STATE_RUNNING_P2P, MW_STATE_STOP, MS, 0);
	bench_arc(&bench, MW_STATE_RUNNING_P2P, MW_STATE_STOP, MW_STATE_STOP, MS, 0);
	bench_pass(&bench, 10 * MS);
	bench_data_file(&bench, MW_STATE_STOP_COPY);
	bench_arc(&bench, MW_STATE_STOP, MW_STATE_STOP_COPY, MW_STATE_STOP_COPY, MS, 0);
	bench_pass(&bench, 10 * MS);
	bench_arc(&bench, MW_STATE_STOP_COPY, MW_STATE_STOP, MW_STATE_STOP, MS, 0);
	bench_flow(&bench, MW_FLOW_LEFT,
		   (struct mw_flow){.state = MW_STATE_STOP_COPY,
				    .bytes = 100,
				    .ends = 1,
				    .last_ns = bench.now_ns});
	session = bench_last(&bench, SESSION_ENDED)->session;
	cr_assert_eq(session.end, SESSION_COMPLETED);
	cr_assert_eq(session.arc_count, 4);
	cr_assert_eq(session.begin_ns, 1000000000);
	cr_assert_eq(session.blackout_begin_ns, session.begin_ns);
	cr_assert_eq(session.p2p_arc_ns, MS);
}

Test(session, a_pause_is_no_migration)
{
	AUTO_BENCH struct bench bench;

	bench_open(&bench, NULL);
	bench_arc(&bench, MW_STATE_RUNNING, MW_STATE_RUNNING_P2P, MW_STATE_STOP, MS, 0);
	bench_arc(&bench, MW_STATE_RUNNING_P2P, MW_STATE_STOP, MW_STATE_STOP, MS, 0);
	bench_arc(&bench, MW_STATE_STOP, MW_STATE_RUNNING_P2P, MW_STATE_RUNNING, MS, 0);
	bench_arc(&bench, MW_STATE_RUNNING_P2P, MW_STATE_RUNNING, MW_STATE_RUNNING, MS, 0);
	bench_close(&bench);
	cr_assert_eq(bench.outcome_count, 0);
}

static void destination_to_resuming(struct bench *bench)
{
	bench_arc(bench, MW_STATE_RUNNING, MW_STATE_RUNNING_P2P, MW_STATE_RESUMING, MS, 0);
	bench_arc(bench, MW_STATE_RUNNING_P2P, MW_STATE_STOP, MW_STATE_RESUMING, MS, 0);
	bench_data_file(bench, MW_STATE_RESUMING);
	bench_arc(bench, MW_STATE_STOP, MW_STATE_RESUMING, MW_STATE_RESUMING, MS, 0);
	bench_pass(bench, 30 * MS);
}

Test(session, a_destination_ends_when_its_device_runs)
{
	AUTO_BENCH struct bench bench;
	struct session session;
	uint64_t last_ns;

	bench_open(&bench, NULL);
	destination_to_resuming(&bench);
	last_ns = bench.now_ns;
	bench_pass(&bench, 2 * MS);
	bench_arc(&bench, MW_STATE_RESUMING, MW_STATE_STOP, MW_STATE_RUNNING_P2P, 4 * MS, 0);
	bench_flow(&bench, MW_FLOW_LEFT,
		   (struct mw_flow){.state = MW_STATE_RESUMING, .bytes = 96, .last_ns = last_ns});
	bench_arc(&bench, MW_STATE_STOP, MW_STATE_RUNNING_P2P, MW_STATE_RUNNING_P2P, MS, 0);
	bench_pass(&bench, 3 * MS);
	bench_arc(&bench, MW_STATE_RUNNING_P2P, MW_STATE_RUNNING, MW_STATE_RUNNING, MS, 0);
	session = bench_last(&bench, SESSION_ENDED)->session;
	cr_assert_eq(session.side, SESSION_DESTINATION);
	cr_assert_eq(session.end, SESSION_COMPLETED);
	cr_assert_eq(session.final_bytes, 96);
	cr_assert_eq(session.blackout_begin_ns, last_ns);
	cr_assert_eq(session.blackout_end_ns, session.end_ns);
	cr_assert_eq(session.p2p_arc_ns, MS);
	cr_assert_eq(session.p2p_wait_ns, 3 * MS + 1000);
}

Test(session, a_destination_that_ran_and_was_closed_at_once_is_completed)
{
	AUTO_BENCH struct bench bench;
	struct session session;

	bench_open(&bench, NULL);
	destination_to_resuming(&bench);
	bench_arc(&bench, MW_STATE_RESUMING, MW_STATE_STOP, MW_STATE_RUNNING, MS, 0);
	bench_arc(&bench, MW_STATE_STOP, MW_STATE_RUNNING, MW_STATE_RUNNING, MS, 0);
	/* Its sums never come: nobody watches the data of that driver. */
	bench_close(&bench);
	sessions_finish(bench.sessions, bench.now_ns);
	session = bench_last(&bench, SESSION_ENDED)->session;
	cr_assert_eq(session.end, SESSION_COMPLETED);
	cr_assert_eq(session.cause, SESSION_CAUSE_NONE);
}

Test(session, a_device_reset_after_it_could_not_start_is_lost)
{
	AUTO_BENCH struct bench bench;
	const struct session_alarm *alarm;

	bench_open(&bench, NULL);
	destination_to_resuming(&bench);
	bench_arc(&bench, MW_STATE_RESUMING, MW_STATE_STOP, MW_STATE_RUNNING_P2P, MS, -EINVAL);
	bench_flow(&bench, MW_FLOW_LEFT, (struct mw_flow){.state = MW_STATE_RESUMING, .bytes = 7});
	bench_reset(&bench);
	cr_assert_eq(bench_last(&bench, SESSION_ENDED)->session.end, SESSION_LOST);
	cr_assert_eq(bench_last(&bench, SESSION_ENDED)->session.cause, SESSION_CAUSE_RESET);
	alarm = bench_alarm(&bench, ALARM_DEVICE_LOST);
	cr_assert(alarm);
	cr_assert_eq(alarm->error, -EINVAL);
}

Test(session, a_second_try_that_runs_loses_nothing)
{
	AUTO_BENCH struct bench bench;

	bench_open(&bench, NULL);
	destination_to_resuming(&bench);
	bench_arc(&bench, MW_STATE_RESUMING, MW_STATE_STOP, MW_STATE_RUNNING, MS, -EIO);
	bench_flow(&bench, MW_FLOW_LEFT, (struct mw_flow){.state = MW_STATE_RESUMING, .bytes = 7});
	bench_arc(&bench, MW_STATE_RESUMING, MW_STATE_STOP, MW_STATE_RUNNING, MS, 0);
	bench_arc(&bench, MW_STATE_STOP, MW_STATE_RUNNING, MW_STATE_RUNNING, MS, 0);
	cr_assert_eq(bench_last(&bench, SESSION_ENDED)->session.end, SESSION_COMPLETED);
	cr_assert_not(bench_alarm(&bench, ALARM_DEVICE_LOST));
}

Test(session, a_write_that_failed_is_the_failure_and_not_the_arc_after_it)
{
	AUTO_BENCH struct bench bench;
	struct session session;

	bench_open(&bench, NULL);
	destination_to_resuming(&bench);
	bench_arc(&bench, MW_STATE_RESUMING, MW_STATE_STOP, MW_STATE_STOP, MS, -EINVAL);
	bench_flow(&bench, MW_FLOW_DEVICE_CLOSED,
		   (struct mw_flow){.state = MW_STATE_RESUMING,
				    .bytes = 7,
				    .error = -EFAULT,
				    .errors = 1,
				    .error_offset = 7});
	bench_close(&bench);
	session = bench_last(&bench, SESSION_ENDED)->session;
	cr_assert_eq(session.failure.kind, SESSION_FAILURE_WRITE);
	cr_assert_eq(session.failure.error, -EFAULT);
	cr_assert_eq(session.failure.offset, 7);
	cr_assert_eq(bench_alarm(&bench, ALARM_TRANSFER_FAILED)->error, -EFAULT);
}

Test(session, a_destination_closed_in_resuming_was_given_up)
{
	AUTO_BENCH struct bench bench;
	struct session session;

	bench_open(&bench, NULL);
	destination_to_resuming(&bench);
	bench_close(&bench);
	/* The kernel tells its sums after the close. */
	bench_flow(&bench, MW_FLOW_DEVICE_CLOSED,
		   (struct mw_flow){.state = MW_STATE_RESUMING, .bytes = 7});
	session = bench_last(&bench, SESSION_ENDED)->session;
	cr_assert_eq(session.end, SESSION_CANCELLED);
	cr_assert_eq(session.cause, SESSION_CAUSE_CLOSED);
	cr_assert_eq(session.bytes, 7);
}

Test(session, a_source_closed_when_all_was_read_is_completed)
{
	AUTO_BENCH struct bench bench;

	bench_open(&bench, NULL);
	source_to_stop_copy(&bench);
	source_flows(&bench, 1, 0);
	bench_close(&bench);
	cr_assert_eq(bench_last(&bench, SESSION_ENDED)->session.end, SESSION_COMPLETED);
}

Test(session, a_source_reset_after_a_failed_read_has_failed)
{
	AUTO_BENCH struct bench bench;
	struct session session;

	bench_open(&bench, NULL);
	source_to_stop_copy(&bench);
	bench_reset(&bench);
	bench_flow(&bench, MW_FLOW_RESET,
		   (struct mw_flow){.state = MW_STATE_STOP_COPY, .error = -EIO, .errors = 1});
	bench_logging_stop(&bench);
	session = bench_last(&bench, SESSION_ENDED)->session;
	cr_assert_eq(session.end, SESSION_FAILED);
	cr_assert_eq(session.failure.kind, SESSION_FAILURE_READ);
}

Test(session, the_first_arc_may_fail)
{
	AUTO_BENCH struct bench bench;
	struct session session;

	bench_open(&bench, NULL);
	bench_arc(&bench, MW_STATE_RUNNING, MW_STATE_PRE_COPY, MW_STATE_PRE_COPY, MS, -EIO);
	session = bench_last(&bench, SESSION_ENDED)->session;
	cr_assert_eq(session.end, SESSION_FAILED);
	cr_assert_eq(session.state, MW_STATE_RUNNING);
	cr_assert_eq(session.phase_count, 0);
	cr_assert_eq(session.failure.to, MW_STATE_PRE_COPY);
}

Test(session, a_refusal_of_the_gate_is_a_session_that_failed)
{
	AUTO_BENCH struct bench bench;
	struct session session;

	bench_open(&bench, NULL);
	bench_gate(&bench, MW_INCOMING, MW_GATE_REFUSED, 5);
	bench_pass(&bench, 1000 * MS);
	sessions_tick(bench.sessions, bench.now_ns);
	session = bench_last(&bench, SESSION_ENDED)->session;
	cr_assert_eq(session.end, SESSION_FAILED);
	cr_assert_eq(session.cause, SESSION_CAUSE_REFUSED);
	cr_assert_eq(session.side, SESSION_DESTINATION);
	cr_assert_eq(session.gate.reason, 5);
	cr_assert(session_is_refused(&session));
	/* The gate has said it; it is no failed transfer. */
	cr_assert_not(bench_alarm(&bench, ALARM_TRANSFER_FAILED));
}

Test(session, the_arc_that_a_refusal_fails_belongs_to_it)
{
	AUTO_BENCH struct bench bench;

	bench_open(&bench, NULL);
	bench_gate(&bench, MW_INCOMING, MW_GATE_REFUSED, 5);
	bench_arc(&bench, MW_STATE_STOP, MW_STATE_RESUMING, MW_STATE_RESUMING, MS, -EPERM);
	sessions_finish(bench.sessions, bench.now_ns);
	cr_assert_eq(bench_count(&bench, SESSION_BEGAN), 1);
	cr_assert_eq(bench_last(&bench, SESSION_ENDED)->session.arc_count, 1);
	cr_assert_eq(bench_last(&bench, SESSION_ENDED)->session.cause, SESSION_CAUSE_REFUSED);
}

Test(session, an_answer_of_the_gate_goes_with_the_migration_after_it)
{
	AUTO_BENCH struct bench bench;
	struct session session;

	bench_open(&bench, NULL);
	bench_gate(&bench, MW_OUTGOING, MW_GATE_PASSED, 0);
	bench_gate(&bench, MW_OUTGOING, MW_GATE_AUDITED, 4);
	session = migrate_source(&bench);
	cr_assert_eq(session.gate.answer, MW_GATE_AUDITED);
	cr_assert_eq(session.gate.answers, 2);
	cr_assert_eq(session.gate.generation, 3);
	cr_assert_eq(session.end, SESSION_COMPLETED);
}

Test(session, watching_that_begins_in_the_middle_says_so)
{
	AUTO_BENCH struct bench bench;
	struct session session;

	bench_open(&bench, NULL);
	bench_arc(&bench, MW_STATE_PRE_COPY, MW_STATE_PRE_COPY_P2P, MW_STATE_STOP_COPY, MS, 0);
	bench_arc(&bench, MW_STATE_PRE_COPY_P2P, MW_STATE_STOP_COPY, MW_STATE_STOP_COPY, MS, 0);
	bench_arc(&bench, MW_STATE_STOP_COPY, MW_STATE_STOP, MW_STATE_STOP, MS, 0);
	sessions_finish(bench.sessions, bench.now_ns);
	session = bench_last(&bench, SESSION_ENDED)->session;
	cr_assert_eq(session.is_joined, 1);
	cr_assert_eq(session.is_incomplete, 1);
	cr_assert_eq(session.phases[0].state, MW_STATE_PRE_COPY);
	cr_assert_eq(session.phases[0].begin_ns, 0);
	/* Nobody watches the data: the SET alone says how it ended. */
	cr_assert_eq(session.end, SESSION_COMPLETED);
}

Test(session, a_missed_end_is_unknown_and_the_next_one_is_whole)
{
	AUTO_BENCH struct bench bench;
	struct session session;

	bench_open(&bench, NULL);
	bench_arc(&bench, MW_STATE_RUNNING, MW_STATE_PRE_COPY, MW_STATE_PRE_COPY, MS, 0);
	sessions_lost(bench.sessions, MW_EVENT_ARC, 3);
	bench_arc(&bench, MW_STATE_RUNNING, MW_STATE_PRE_COPY, MW_STATE_PRE_COPY, MS, 0);
	session = bench_last(&bench, SESSION_ENDED)->session;
	cr_assert_eq(session.end, SESSION_UNKNOWN);
	cr_assert_eq(session.cause, SESSION_CAUSE_MISSED);
	cr_assert_eq(session.lost[MW_EVENT_ARC], 3);
	cr_assert_eq(session.is_incomplete, 1);
	session = bench_last(&bench, SESSION_BEGAN)->session;
	cr_assert_eq(session.id, 2);
	cr_assert_eq(session.is_incomplete, 0);
}

Test(session, lost_sums_leave_the_end_open)
{
	AUTO_BENCH struct bench bench;
	struct session session;

	bench_open(&bench, NULL);
	source_to_stop_copy(&bench);
	sessions_lost(bench.sessions, MW_EVENT_FLOW, 1);
	bench_arc(&bench, MW_STATE_STOP_COPY, MW_STATE_STOP, MW_STATE_STOP, MS, 0);
	bench_pass(&bench, 1000 * MS);
	sessions_tick(bench.sessions, bench.now_ns);
	session = bench_last(&bench, SESSION_ENDED)->session;
	cr_assert_eq(session.end, SESSION_UNKNOWN);
	cr_assert_eq(session.is_incomplete, 1);
}

Test(session, lost_luggage_records_touch_nobody)
{
	AUTO_BENCH struct bench bench;

	bench_open(&bench, NULL);
	source_to_stop_copy(&bench);
	sessions_lost(bench.sessions, MW_EVENT_ATTRIBUTE, 5);
	sessions_lost(bench.sessions, 0, 5);
	sessions_lost(bench.sessions, MW_EVENT_KINDS, 5);
	cr_assert_eq(sessions_next_open(bench.sessions, 0)->is_incomplete, 0);
	cr_assert_eq(sessions_next_open(bench.sessions, 0)->lost[MW_EVENT_ATTRIBUTE], 5);
}

Test(session, what_settles_waits_for_time_alone)
{
	AUTO_BENCH struct bench bench;
	uint64_t next_ns;

	bench_open(&bench, NULL);
	cr_assert_eq(sessions_next_ns(bench.sessions), 0);
	source_to_stop_copy(&bench);
	cr_assert_eq(sessions_next_ns(bench.sessions), 0);
	bench_arc(&bench, MW_STATE_STOP_COPY, MW_STATE_STOP, MW_STATE_STOP, MS, 0);
	next_ns = sessions_next_ns(bench.sessions);
	cr_assert_gt(next_ns, bench.now_ns);
	sessions_tick(bench.sessions, next_ns - 1);
	cr_assert_eq(bench_count(&bench, SESSION_ENDED), 0);
	sessions_tick(bench.sessions, next_ns);
	cr_assert_eq(bench_count(&bench, SESSION_ENDED), 1);
	cr_assert_eq(sessions_next_ns(bench.sessions), 0);
}

Test(session, devices_of_one_process_are_a_group)
{
	AUTO_BENCH struct bench bench;
	uint64_t first;

	bench_open(&bench, NULL);
	bench_arc(&bench, MW_STATE_RUNNING, MW_STATE_PRE_COPY, MW_STATE_PRE_COPY, MS, 0);
	first = bench_last(&bench, SESSION_BEGAN)->session.id;
	bench.device = "dev-2";
	bench_arc(&bench, MW_STATE_RUNNING, MW_STATE_PRE_COPY, MW_STATE_PRE_COPY, MS, 0);
	cr_assert_eq(bench_last(&bench, SESSION_BEGAN)->session.group, first);
	bench.device = "dev-3";
	bench.pid = 78;
	bench_arc(&bench, MW_STATE_RUNNING, MW_STATE_PRE_COPY, MW_STATE_PRE_COPY, MS, 0);
	cr_assert_neq(bench_last(&bench, SESSION_BEGAN)->session.group, first);
	cr_assert_eq(sessions_counts(bench.sessions).open, 3);
}

static struct session with_window(uint64_t begin_ns, uint64_t end_ns)
{
	struct session session = {.group = 1, .end = SESSION_COMPLETED, .bytes = 10};

	session.phase_count = 1;
	session.phases[0] = (struct session_phase){.state = MW_STATE_STOP_COPY, .has_flow = 1};
	session.phases[0].flow =
		(struct mw_flow){.begin_ns = begin_ns - 5, .first_byte_ns = 5, .last_ns = end_ns};
	session.begin_ns = begin_ns;
	session.end_ns = end_ns;
	session.blackout_begin_ns = begin_ns;
	session.blackout_end_ns = end_ns;
	return session;
}

Test(session, a_group_knows_serial_from_parallel)
{
	struct session a = with_window(100, 200), b = with_window(200, 400);
	struct session c = with_window(150, 250), other = with_window(100, 900);
	const struct session *serial[] = {&b, &other, &a};
	const struct session *parallel[] = {&a, &b, &c};
	struct session_group group;

	other.group = 9;
	cr_assert_eq(session_group_of(serial, 3, 1, &group), 2);
	cr_assert_eq(group.order, SESSION_ORDER_SERIAL);
	cr_assert_eq(group.overlap_ns, 0);
	cr_assert_eq(group.data_ns, 300);
	cr_assert_eq(group.blackout_begin_ns, 100);
	cr_assert_eq(group.blackout_end_ns, 400);
	cr_assert_eq(group.bytes, 20);
	session_group_of(parallel, 3, 1, &group);
	cr_assert_eq(group.order, SESSION_ORDER_PARALLEL);
	cr_assert_eq(group.overlap_ns, 100);
	session_group_of(serial, 3, 9, &group);
	cr_assert_eq(group.order, SESSION_ORDER_SINGLE);
	cr_assert_eq(session_group_of(serial, 3, 77, &group), 0);
}

Test(session, over_capacity_the_longest_silent_device_is_let_go)
{
	struct session_limits limits = session_limits_default;
	AUTO_BENCH struct bench bench;
	char name[8];

	limits.devices_max = 2;
	bench_open(&bench, &limits);
	bench.device = name;
	for (int i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "dev-%d", i);
		bench_arc(&bench, MW_STATE_RUNNING, MW_STATE_PRE_COPY, MW_STATE_PRE_COPY, MS, 0);
	}
	cr_assert_eq(bench_last(&bench, SESSION_ENDED)->session.end, SESSION_UNKNOWN);
	cr_assert_eq(bench_last(&bench, SESSION_ENDED)->session.cause, SESSION_CAUSE_EVICTED);
	cr_assert_str_eq(bench_last(&bench, SESSION_ENDED)->session.device, "dev-0");
	cr_assert_eq(sessions_counts(bench.sessions).evicted, 1);
	cr_assert_eq(sessions_counts(bench.sessions).open, 2);
}

Test(session, what_does_not_fit_is_counted)
{
	AUTO_BENCH struct bench bench;
	struct session session;

	bench_open(&bench, NULL);
	bench_arc(&bench, MW_STATE_RUNNING, MW_STATE_PRE_COPY, MW_STATE_PRE_COPY, 0, 0);
	for (int i = 0; i < 100; i++) {
		bench_arc(&bench, MW_STATE_PRE_COPY, MW_STATE_PRE_COPY_P2P, MW_STATE_PRE_COPY_P2P,
			  0, 0);
		bench_arc(&bench, MW_STATE_PRE_COPY_P2P, MW_STATE_PRE_COPY, MW_STATE_PRE_COPY, 0,
			  0);
	}
	session = *sessions_next_open(bench.sessions, 0);
	cr_assert_eq(session.arc_count + session.arcs_dropped, 201);
	cr_assert_eq(session.phase_count + session.phases_dropped, 201);
}

Test(session, a_long_curve_keeps_its_shape_and_its_last_point)
{
	AUTO_BENCH struct bench bench;
	const struct session_series *series;

	bench_open(&bench, NULL);
	bench_arc(&bench, MW_STATE_RUNNING, MW_STATE_PRE_COPY, MW_STATE_PRE_COPY, 0, 0);
	for (uint64_t i = 0; i < 1000; i++) {
		bench_precopy(&bench, i, 2 * i);
		bench_precopy(&bench, i, 2 * i);
	}
	series = &sessions_next_open(bench.sessions, 0)->precopy;
	cr_assert_eq(series->calls, 2000);
	cr_assert_eq(series->changes, 1000);
	cr_assert_eq(series->stride, 16);
	cr_assert_eq(series->count, 63);
	for (uint32_t i = 0; i < series->count; i++)
		cr_assert_eq(series->items[i].bytes, 16 * i);
	cr_assert_eq(series->last.bytes, 999);
}

Test(session, without_a_data_size_nothing_converges)
{
	AUTO_BENCH struct bench bench;

	bench_open(&bench, NULL);
	bench_data_size(&bench, 0, -ENOTTY);
	cr_assert_eq(bench_count(&bench, SESSION_ALARMED), 0);
	bench_arc(&bench, MW_STATE_RUNNING, MW_STATE_PRE_COPY, MW_STATE_PRE_COPY, MS, 0);
	bench_data_size(&bench, 0, -ENOTTY);
	cr_assert_eq(bench_count(&bench, SESSION_ALARMED), 1);
	cr_assert_eq(bench_alarm(&bench, ALARM_NO_DATA_SIZE)->error, -ENOTTY);
}

static void migrate_with_estimate(struct bench *bench, uint64_t estimate, uint64_t bytes)
{
	bench_data_size(bench, estimate, 0);
	bench_arc(bench, MW_STATE_STOP, MW_STATE_STOP_COPY, MW_STATE_STOP_COPY, MS, 0);
	bench_data_size(bench, 1, 0);
	bench_flow(bench, MW_FLOW_CLOSED,
		   (struct mw_flow){.state = MW_STATE_STOP_COPY, .bytes = bytes, .ends = 1});
	bench_arc(bench, MW_STATE_STOP_COPY, MW_STATE_STOP, MW_STATE_STOP, MS, 0);
}

Test(session, an_estimate_is_off_by_a_factor)
{
	static const struct {
		uint64_t estimate, bytes;
		bool is_off;
	} cases[] = {
		{8 << 20, 8 << 20, false}, {8 << 20, 15 << 20, false}, {8 << 20, 16 << 20, true},
		{8 << 20, 4 << 20, true},  {8 << 20, 5 << 20, false},  {96, 24, false},
		{0, 4 << 20, true},        {4 << 20, 0, true},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO_BENCH struct bench bench;

		bench_open(&bench, NULL);
		migrate_with_estimate(&bench, cases[i].estimate, cases[i].bytes);
		cr_assert_eq(bench_last(&bench, SESSION_ENDED)->session.end, SESSION_COMPLETED);
		cr_assert_eq(!!bench_alarm(&bench, ALARM_ESTIMATE_OFF), cases[i].is_off, "%zu", i);
	}
}

Test(session, a_blackout_over_the_budget_is_an_alarm)
{
	AUTO_BENCH struct bench bench;
	const struct session_alarm *alarm;

	bench_open(&bench, NULL);
	sessions_set_downtime(bench.sessions, 37 * MS);
	migrate_source(&bench);
	alarm = bench_alarm(&bench, ALARM_BLACKOUT);
	cr_assert(alarm);
	cr_assert_eq(alarm->value[0], 37 * MS + 3000);
	cr_assert_eq(alarm->value[1], 37 * MS);
}

/* A destination whose device could not start, and was reset. */
static void lose_with_file_open(struct bench *bench)
{
	destination_to_resuming(bench);
	bench_arc(bench, MW_STATE_RESUMING, MW_STATE_STOP, MW_STATE_RUNNING, MS, -EINVAL);
	bench_reset(bench);
	bench_flow(bench, MW_FLOW_RESET, (struct mw_flow){.state = MW_STATE_RESUMING, .bytes = 7});
}

/* Longer than a data file may stay open. */
static void pass_for_closing(struct bench *bench)
{
	bench_pass(bench, 10 * session_limits_default.file_open_ns);
	sessions_tick(bench->sessions, bench->now_ns);
}

Test(session, a_data_file_that_stays_open_after_a_failure_is_an_alarm)
{
	AUTO_BENCH struct bench bench;
	uint64_t due_ns;

	bench_open(&bench, NULL);
	lose_with_file_open(&bench);
	cr_assert_eq(bench_last(&bench, SESSION_ENDED)->session.end, SESSION_LOST);
	due_ns = sessions_next_ns(bench.sessions);
	cr_assert_neq(due_ns, 0);
	sessions_tick(bench.sessions, due_ns - 1);
	cr_assert_not(bench_alarm(&bench, ALARM_FILE_LEFT_OPEN));
	sessions_tick(bench.sessions, due_ns);
	cr_assert_eq(bench_alarm(&bench, ALARM_FILE_LEFT_OPEN)->value[0],
		     session_limits_default.file_open_ns);
	cr_assert_eq(sessions_next_ns(bench.sessions), 0);
}

/* What the gate said a while ago comes only now. */
static void answer_late(struct bench *bench, uint32_t direction, uint64_t ago_ns)
{
	bench->now_ns -= ago_ns;
	bench_gate(bench, direction, MW_GATE_PASSED, 0);
	bench->now_ns += ago_ns;
}

Test(session, a_late_answer_of_the_gate_belongs_to_what_is_over)
{
	AUTO_BENCH struct bench bench;

	bench_open(&bench, NULL);
	migrate_source(&bench);
	cr_assert_eq(bench_last(&bench, SESSION_ENDED)->session.gate.answer, 0);
	bench_pass(&bench, 50 * MS);
	answer_late(&bench, MW_OUTGOING, 80 * MS);
	cr_assert_eq(bench_last(&bench, SESSION_CHANGED)->session.gate.answer, MW_GATE_PASSED);
	migrate_source(&bench);
	cr_assert_eq(bench_last(&bench, SESSION_ENDED)->session.id, 2);
	cr_assert_eq(bench_last(&bench, SESSION_ENDED)->session.gate.answer, 0);
}

Test(session, a_late_answer_of_the_gate_is_no_sign_that_a_file_stays_open)
{
	AUTO_BENCH struct bench bench;

	bench_open(&bench, NULL);
	lose_with_file_open(&bench);
	bench_pass(&bench, 50 * MS);
	answer_late(&bench, MW_INCOMING, 80 * MS);
	cr_assert_not(bench_alarm(&bench, ALARM_FILE_LEFT_OPEN));
	bench_data_file_closed(&bench);
	pass_for_closing(&bench);
	cr_assert_not(bench_alarm(&bench, ALARM_FILE_LEFT_OPEN));
}

Test(session, a_data_file_that_stays_open_is_told_as_of_when_that_was_clear)
{
	AUTO_BENCH struct bench bench;

	bench_open(&bench, NULL);
	lose_with_file_open(&bench);
	pass_for_closing(&bench);
	cr_assert_eq(bench_alarm(&bench, ALARM_FILE_LEFT_OPEN)->value[0],
		     session_limits_default.file_open_ns);
}

Test(session, a_data_file_that_is_closed_soon_is_none)
{
	AUTO_BENCH struct bench bench;

	bench_open(&bench, NULL);
	lose_with_file_open(&bench);
	bench_data_file_closed(&bench);
	pass_for_closing(&bench);
	cr_assert_not(bench_alarm(&bench, ALARM_FILE_LEFT_OPEN));
}

Test(session, a_data_file_outlives_its_device)
{
	AUTO_BENCH struct bench bench;

	bench_open(&bench, NULL);
	lose_with_file_open(&bench);
	bench_close(&bench);
	pass_for_closing(&bench);
	cr_assert(bench_alarm(&bench, ALARM_FILE_LEFT_OPEN));
}

Test(session, a_data_file_that_stays_open_after_a_success_is_none)
{
	AUTO_BENCH struct bench bench;

	bench_open(&bench, NULL);
	migrate_source(&bench);
	pass_for_closing(&bench);
	cr_assert_not(bench_alarm(&bench, ALARM_FILE_LEFT_OPEN));
}

Test(session, at_the_end_of_watching_what_is_open_is_unknown)
{
	AUTO_BENCH struct bench bench;

	bench_open(&bench, NULL);
	source_to_stop_copy(&bench);
	sessions_finish(bench.sessions, bench.now_ns);
	cr_assert_eq(bench_last(&bench, SESSION_ENDED)->session.end, SESSION_UNKNOWN);
	cr_assert_eq(bench_last(&bench, SESSION_ENDED)->session.cause, SESSION_CAUSE_STOPPED);
	cr_assert_not(sessions_next_open(bench.sessions, 0));
}

Test(session, a_vm_is_who_the_caller_says)
{
	AUTO_BENCH struct bench bench;
	char name[300];

	bench_open(&bench, NULL);
	source_to_stop_copy(&bench);
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	sessions_identify(bench.sessions, 1, name, "u-u");
	sessions_identify(bench.sessions, 55, "nobody", NULL);
	sessions_identify(bench.sessions, 0, "nobody", NULL);
	cr_assert_str_eq(sessions_next_open(bench.sessions, 0)->vm_uuid, "u-u");
	cr_assert_lt(strlen(sessions_next_open(bench.sessions, 0)->vm_name), SESSION_NAME_BYTES);
}

Test(session, records_of_no_device_are_nobody_s)
{
	AUTO_BENCH struct bench bench;

	bench_open(&bench, NULL);
	bench.device = "";
	bench_arc(&bench, MW_STATE_RUNNING, MW_STATE_PRE_COPY, MW_STATE_PRE_COPY, MS, 0);
	cr_assert_eq(bench.outcome_count, 0);
}

Test(session, names_outside_of_their_enums_are_unknown)
{
	cr_assert_str_eq(session_side_name(99), "unknown");
	cr_assert_str_eq(session_end_name(99), "unknown");
	cr_assert_str_eq(session_cause_name(99), "unknown");
	cr_assert_str_eq(session_failure_name(99), "unknown");
	cr_assert_str_eq(session_order_name(99), "unknown");
	cr_assert_str_eq(alarm_kind_name(99), "unknown");
}
