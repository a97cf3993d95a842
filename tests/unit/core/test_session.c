// SPDX-License-Identifier: GPL-2.0-only
#include "core/session.h"

#include <criterion/criterion.h>

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
