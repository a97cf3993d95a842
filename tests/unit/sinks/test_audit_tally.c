// SPDX-License-Identifier: GPL-2.0-only
/* Refusals without end: the first have rows, the rest is counted, and no count is lost. */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit_fixture.h"
#include "sinks/audit_query.h"
#include "sinks/audit_text.h"

#define S 1000000000ull
#define WALL 1700000000000000000
#define DAY_S 86400ull

TestSuite(audit_tally, .init = audit_fixture_init, .fini = audit_fixture_fini);

static const struct audit_like refusal = {
	.kind = AUDIT_DECISION,
	.device = "0000:3b:00.1",
	.direction = "incoming",
	.verdict = "deny",
	.reason = "no-admission",
	.what = "RESUMING",
	.generation = 3,
	.cgroup_id = 17,
};

/* As the daemon does it: a row, or one more. */
static void happens_by(const struct audit_like *like, uint64_t now_ns, int64_t pid,
		       uint64_t admission)
{
	const struct audit_row row = {
		.wall_ns = WALL + (int64_t)now_ns,
		.monotonic_ns = now_ns,
		.kind = like->kind,
		.device = like->device,
		.direction = like->direction,
		.verdict = like->verdict,
		.reason = like->reason,
		.pid = pid,
		.comm = "qemu",
		.generation = like->generation,
		.admission = admission,
		.rule = "a.yaml:3",
		.detail = "{\"asked\":\"RESUMING\",\"explanation\":\"no-admission (a.yaml:3)\"}",
	};
	const struct audit_again again = {
		.wall_ns = row.wall_ns,
		.monotonic_ns = now_ns,
		.now_ns = now_ns,
		.pid = pid,
		.admission = admission,
		.count = 1,
	};

	if (!audit_repeats(fixture.audit, like, &again))
		audit_queue_like(fixture.audit, &row, like, now_ns);
}

static void happens(const struct audit_like *like, uint64_t now_ns, int64_t pid)
{
	happens_by(like, now_ns, pid, 0);
}

static void happens_often(const struct audit_like *like, unsigned int times, uint64_t now_ns)
{
	for (unsigned int i = 0; i < times; i++)
		happens(like, now_ns, 4711);
}

static int64_t rows_of(const char *kind)
{
	char sql[128];

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM record WHERE kind = '%s'", kind);
	return audit_fixture_number(sql);
}

/* Told one by one, and counted, in the chain. */
static int64_t told(void)
{
	return rows_of(AUDIT_DECISION) +
	       audit_fixture_number("SELECT coalesce(sum(json_extract(detail, '$.count')), 0)"
				    " FROM record WHERE kind = 'tally'");
}

static void settle(void)
{
	cr_assert_eq(audit_retry(fixture.audit), 0);
}

static void finish(void)
{
	audit_tallies_close(fixture.audit, 0, true);
	settle();
	audit_fixture_close();
}

static void is_sound(void)
{
	struct audit_report report = audit_fixture_verify();

	cr_assert_eq(report.soundness, AUDIT_SOUND, "row %llu: %s",
		     (unsigned long long)report.bad_row, report.why);
}

Test(audit_tally, the_first_have_rows_and_the_rest_is_one_row_with_its_number_and_times)
{
	audit_fixture_open();
	happens_often(&refusal, 999, 10 * S);
	happens_often(&refusal, 1, 12 * S);
	settle();
	cr_assert_eq(rows_of(AUDIT_DECISION), AUDIT_LIKE_ROWS);
	cr_assert_eq(rows_of(AUDIT_TALLY), 0);
	finish();
	cr_assert_eq(rows_of(AUDIT_DECISION), AUDIT_LIKE_ROWS);
	cr_assert_eq(audit_fixture_number(
			     "SELECT count(*) FROM record WHERE kind = 'tally'"
			     " AND device = '0000:3b:00.1' AND verdict = 'deny' AND pid = 4711"
			     " AND reason = 'no-admission' AND generation = 3"
			     " AND json_extract(detail, '$.of') = 'decision'"
			     " AND json_extract(detail, '$.count') = 968"
			     " AND json_extract(detail, '$.asked') = 'RESUMING'"
			     " AND json_extract(detail, '$.first_ns') = 1700000010000000000"
			     " AND json_extract(detail, '$.last_ns') = 1700000012000000000"
			     " AND wall_ns = 1700000012000000000"),
		     1);
	cr_assert_eq(audit_fixture_number("SELECT count(*) FROM tally"), 0);
	is_sound();
}

Test(audit_tally, few_are_not_counted_but_told)
{
	audit_fixture_open();
	happens_often(&refusal, AUDIT_LIKE_ROWS, S);
	cr_assert_eq(audit_tallies_next_ns(fixture.audit), 0);
	/* Long after it is a new matter. */
	happens_often(&refusal, AUDIT_LIKE_ROWS, S + AUDIT_WINDOW_MAX_NS);
	finish();
	cr_assert_eq(rows_of(AUDIT_DECISION), 2 * AUDIT_LIKE_ROWS);
	cr_assert_eq(rows_of(AUDIT_TALLY), 0);
}

Test(audit_tally, what_differs_in_anything_is_told_apart)
{
	struct audit_like others[6];

	for (size_t i = 0; i < 6; i++)
		others[i] = refusal;
	others[0].device = "0000:3b:00.2";
	others[1].direction = "outgoing";
	others[2].reason = "type-mismatch";
	others[3].what = "PRE_COPY";
	others[4].generation = 4;
	others[5].cgroup_id = 18;
	audit_fixture_open();
	happens_often(&refusal, 100, S);
	for (size_t i = 0; i < 6; i++)
		happens_often(&others[i], 100, S);
	finish();
	cr_assert_eq(rows_of(AUDIT_DECISION), 7 * AUDIT_LIKE_ROWS);
	cr_assert_eq(rows_of(AUDIT_TALLY), 7);
	cr_assert_eq(told(), 700);
}

Test(audit_tally, of_many_processes_none_is_named)
{
	audit_fixture_open();
	for (int64_t pid = 1; pid <= 100; pid++)
		happens(&refusal, S, pid);
	finish();
	cr_assert_eq(audit_fixture_number("SELECT count(*) FROM record WHERE kind = 'tally'"
					  " AND pid IS NULL AND comm = 'qemu'"
					  " AND json_extract(detail, '$.many_processes')"),
		     1);
}

/* By hand: whoever is refused admits it anew each time. */
Test(audit_tally, of_many_admissions_each_refusal_has_a_row_and_their_count_names_none)
{
	audit_fixture_open();
	for (uint64_t id = 1; id <= AUDIT_LIKE_ROWS; id++)
		happens_by(&refusal, id * S, 4711, id);
	settle();
	cr_assert_eq(rows_of(AUDIT_DECISION), AUDIT_LIKE_ROWS);
	for (uint64_t id = 41; id <= 50; id++)
		happens_by(&refusal, 100 * S, 4711, id);
	finish();
	cr_assert_eq(rows_of(AUDIT_DECISION), AUDIT_LIKE_ROWS);
	cr_assert_eq(told(), AUDIT_LIKE_ROWS + 10);
	cr_assert_eq(audit_fixture_number("SELECT count(*) FROM record WHERE kind = 'tally'"
					  " AND admission IS NULL AND rule IS NULL AND pid = 4711"
					  " AND json_extract(detail, '$.many_admissions')"),
		     1);
}

Test(audit_tally, of_one_admission_the_count_names_it)
{
	audit_fixture_open();
	for (int i = 0; i < 100; i++)
		happens_by(&refusal, S, 4711, 9);
	finish();
	cr_assert_eq(audit_fixture_number("SELECT count(*) FROM record WHERE kind = 'tally'"
					  " AND admission = 9 AND rule = 'a.yaml:3'"),
		     1);
}

/* As a process that is killed: nothing is closed. */
static void killed_after(unsigned int times)
{
	pid_t child = fork();
	int status;

	cr_assert_geq(child, 0);
	if (!child) {
		if (audit_open(&fixture.options, &fixture.audit))
			_exit(1);
		happens_often(&refusal, times, S);
		audit_mark(fixture.audit, 4096, S);
		_exit(audit_retry(fixture.audit) ? 2 : 0);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert_eq(status, 0);
}

Test(audit_tally, the_count_of_a_process_that_was_killed_is_told_by_the_next)
{
	killed_after(500);
	cr_assert_eq(audit_fixture_number("SELECT json_extract(detail, '$.count') FROM tally"),
		     500 - AUDIT_LIKE_ROWS);
	/* By whoever opens it, once. */
	for (int i = 0; i < 2; i++) {
		audit_fixture_open();
		audit_fixture_close();
		cr_assert_eq(told(), 500);
		cr_assert_eq(rows_of(AUDIT_TALLY), 1);
	}
	cr_assert_eq(audit_fixture_number("SELECT count(*) FROM tally"), 0);
	is_sound();
}

Test(audit_tally, the_next_process_knows_what_of_the_ring_was_told)
{
	killed_after(500);
	audit_fixture_open();
	cr_assert(audit_is_marked(fixture.audit, 4096, S));
	cr_assert(audit_is_marked(fixture.audit, 4000, S));
	/* Behind it; and in another ring, which is younger. */
	cr_assert_not(audit_is_marked(fixture.audit, 4104, S));
	cr_assert_not(audit_is_marked(fixture.audit, 4000, S + 1));
	audit_fixture_close();
	fixture.options.boot_id = "00000000-0000-0000-0000-000000000000";
	audit_fixture_open();
	cr_assert_not(audit_is_marked(fixture.audit, 4096, S));
}

/* Something is in its place that cannot be opened. */
static void file_goes_away(void)
{
	char away[sizeof(fixture.file) + 8];

	snprintf(away, sizeof(away), "%s.away", fixture.file);
	cr_assert_eq(rename(fixture.file, away), 0);
	cr_assert_eq(mkdir(fixture.file, 0700), 0);
}

static void file_comes_back(void)
{
	char away[sizeof(fixture.file) + 8];

	snprintf(away, sizeof(away), "%s.away", fixture.file);
	cr_assert_eq(rmdir(fixture.file), 0);
	cr_assert_eq(rename(away, fixture.file), 0);
}

Test(audit_tally, what_of_the_ring_was_told_is_known_also_where_the_database_opens_late)
{
	killed_after(500);
	file_goes_away();
	cr_assert_eq(audit_open(&fixture.options, &fixture.audit), 0);
	/* The first record is read before. */
	audit_mark(fixture.audit, 8, S / 2);
	cr_assert_neq(audit_retry(fixture.audit), 0);
	file_comes_back();
	happens(&refusal, S, 1);
	settle();
	cr_assert(audit_is_marked(fixture.audit, 4096, S));
	cr_assert_not(audit_is_marked(fixture.audit, 4104, S));
	/* Nor is it forgotten by what was saved now. */
	audit_fixture_close();
	audit_fixture_open();
	cr_assert(audit_is_marked(fixture.audit, 4096, S));
	/* What we have saved ourselves is nothing that an earlier process told. */
	audit_mark(fixture.audit, 8192, 2 * S);
	happens(&refusal, 2 * S, 1);
	settle();
	file_goes_away();
	happens(&refusal, 3 * S, 1);
	cr_assert_neq(audit_retry(fixture.audit), 0);
	file_comes_back();
	settle();
	cr_assert_not(audit_is_marked(fixture.audit, 8192, 2 * S));
}

Test(audit_tally, rows_that_still_wait_are_not_marked_as_told)
{
	audit_fixture_open();
	happens_often(&refusal, 100, S);
	audit_mark(fixture.audit, 4096, S);
	/* The rows cannot be signed; the mark alone could be written. */
	fixture.key_is_missing = true;
	cr_assert_eq(audit_retry(fixture.audit), -ENOENT);
	cr_assert_eq(audit_fixture_number("SELECT count(*) FROM meta WHERE name = 'settled'"), 0);
	fixture.key_is_missing = false;
	settle();
	cr_assert_eq(audit_fixture_number("SELECT count(*) FROM meta WHERE name = 'settled'"), 1);
	cr_assert_eq(told(), AUDIT_LIKE_ROWS);
}

#define DIFFERENT 200

/* All different, so that each has a row: as from a ring, of which what is marked is told already.
 */
static void happen_from_the_ring(void)
{
	for (uint64_t place = 1; place <= DIFFERENT; place++) {
		const struct audit_row row = {
			.wall_ns = WALL + (int64_t)place,
			.monotonic_ns = place,
			.kind = AUDIT_DECISION,
			.pid = (int64_t)place,
		};

		if (audit_is_marked(fixture.audit, place, place))
			continue;
		audit_mark(fixture.audit, place, place);
		audit_queue(fixture.audit, &row);
	}
}

/* The ring is given back after the settling: it is read again by the next process. */
Test(audit_tally, whoever_is_killed_while_many_rows_are_settled_leaves_none_to_be_told_twice)
{
	for (unsigned int signature = 1; signature <= 2; signature++) {
		pid_t child = fork();
		int status;

		cr_assert_geq(child, 0);
		if (!child) {
			if (audit_open(&fixture.options, &fixture.audit))
				_exit(1);
			happen_from_the_ring();
			fixture.dies_at_signature = signature;
			audit_retry(fixture.audit);
			_exit(2);
		}
		cr_assert_eq(waitpid(child, &status, 0), child);
		cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		audit_fixture_open();
		happen_from_the_ring();
		settle();
		cr_assert_eq(rows_of(AUDIT_DECISION), DIFFERENT,
			     "%lld rows, killed at signature %u",
			     (long long)rows_of(AUDIT_DECISION), signature);
		is_sound();
		audit_fixture_close();
		audit_fixture_fini();
		audit_fixture_init();
	}
}

Test(audit_tally, a_flood_of_a_day_is_few_rows_and_every_refusal_is_in_them)
{
	audit_fixture_open();
	for (uint64_t second = 1; second <= DAY_S; second++) {
		happens_often(&refusal, 10, second * S);
		audit_tallies_close(fixture.audit, second * S, false);
	}
	finish();
	cr_assert_eq(told(), 10 * (int64_t)DAY_S);
	cr_assert_eq(rows_of(AUDIT_DECISION), AUDIT_LIKE_ROWS);
	cr_assert_leq(rows_of(AUDIT_TALLY), 24 + 7, "%lld", (long long)rows_of(AUDIT_TALLY));
	is_sound();
}

/* However he spreads them: the count of rows is what he must not have in his hand. */
Test(audit_tally, whoever_tries_now_and_then_writes_few_rows_too)
{
	for (uint64_t pause_s = 5; pause_s <= 5120; pause_s *= 4) {
		int64_t tries = 0;

		audit_fixture_open();
		for (uint64_t second = 1; second <= DAY_S; second++) {
			if (second % pause_s == 0) {
				tries++;
				happens(&refusal, second * S, 1);
			}
			audit_tallies_close(fixture.audit, second * S, false);
		}
		finish();
		cr_assert_eq(told(), tries, "%lld", (long long)told());
		cr_assert_leq(rows_of(AUDIT_TALLY) + rows_of(AUDIT_DECISION), 120,
			      "every %llu s: %lld rows", (unsigned long long)pause_s,
			      (long long)(rows_of(AUDIT_TALLY) + rows_of(AUDIT_DECISION)));
		audit_fixture_fini();
		audit_fixture_init();
	}
}

Test(audit_tally, a_flood_that_ends_is_told_soon)
{
	uint64_t next_ns;

	audit_fixture_open();
	happens_often(&refusal, 100, 10 * S);
	next_ns = audit_tallies_next_ns(fixture.audit);
	cr_assert_eq(next_ns, 10 * S + AUDIT_WINDOW_MIN_NS / 4);
	audit_tallies_close(fixture.audit, next_ns - 1, false);
	cr_assert_neq(audit_tallies_next_ns(fixture.audit), 0);
	audit_tallies_close(fixture.audit, next_ns, false);
	/* And nobody has to wake up any more. */
	cr_assert_eq(audit_tallies_next_ns(fixture.audit), 0);
	settle();
	cr_assert_eq(told(), 100);
}

Test(audit_tally, more_kinds_than_there_is_room_for_are_bounded_and_counted)
{
	struct audit_like like = refusal;
	char device[32];

	audit_fixture_open();
	like.device = device;
	for (unsigned int i = 0; i < 100; i++)
		for (like.cgroup_id = 1; like.cgroup_id <= 20; like.cgroup_id++) {
			snprintf(device, sizeof(device), "0000:%02x:00.0", i);
			happens_often(&like, 10, S);
			settle();
		}
	finish();
	cr_assert_eq(told(), 100 * 20 * 10);
	cr_assert_leq(rows_of(AUDIT_DECISION), AUDIT_TALLIES_MAX * AUDIT_LIKE_ROWS);
	cr_assert_leq(rows_of(AUDIT_TALLY), AUDIT_TALLIES_MAX + 8);
	/* Of a device that has used up its places the device is still known. */
	cr_assert_gt(audit_fixture_number(
			     "SELECT count(*) FROM record WHERE kind = 'tally' AND device IS NOT "
			     "NULL AND json_extract(detail, '$.various')"),
		     0);
	is_sound();
}

Test(audit_tally, one_device_does_not_take_the_places_of_all_others)
{
	struct audit_like like = refusal;

	audit_fixture_open();
	for (like.cgroup_id = 1; like.cgroup_id <= 1000; like.cgroup_id++)
		happens(&like, S, 1);
	settle();
	cr_assert_eq(rows_of(AUDIT_DECISION), AUDIT_DEVICE_TALLIES_MAX);
	like.device = "0000:3b:00.2";
	happens(&like, S, 1);
	settle();
	cr_assert_eq(rows_of(AUDIT_DECISION), AUDIT_DEVICE_TALLIES_MAX + 1);
}

Test(audit_tally, single_refusals_by_hand_each_have_a_row_however_they_differ)
{
	struct audit_like like = refusal;

	audit_fixture_open();
	for (like.cgroup_id = 1; like.cgroup_id <= 3 * AUDIT_DEVICE_TALLIES_MAX; like.cgroup_id++)
		happens(&like, like.cgroup_id * S, 1);
	finish();
	cr_assert_eq(rows_of(AUDIT_DECISION), 3 * AUDIT_DEVICE_TALLIES_MAX);
	cr_assert_eq(rows_of(AUDIT_TALLY), 0);
}

/* Slowly enough that each time another one makes room. */
Test(audit_tally, whoever_takes_turns_writes_no_more_rows_than_his_places_have)
{
	struct audit_like like = refusal;

	audit_fixture_open();
	for (uint64_t i = 0; i < 10000; i++) {
		like.cgroup_id = i % (2 * AUDIT_DEVICE_TALLIES_MAX);
		happens(&like, (i + 1) * S, 1);
		audit_tallies_close(fixture.audit, (i + 1) * S, false);
		settle();
	}
	finish();
	cr_assert_eq(told(), 10000);
	cr_assert_eq(rows_of(AUDIT_DECISION), AUDIT_DEVICE_TALLIES_MAX * AUDIT_LIKE_ROWS);
	is_sound();
}

Test(audit_tally, where_all_places_are_taken_an_idle_one_of_another_device_makes_room)
{
	struct audit_like like = refusal;
	char device[32];

	audit_fixture_open();
	like.device = device;
	for (unsigned int i = 0; i < AUDIT_TALLIES_MAX + 10; i++) {
		snprintf(device, sizeof(device), "0000:%02x:00.0", i);
		happens(&like, (i + 1) * S, 1);
		settle();
	}
	cr_assert_eq(rows_of(AUDIT_DECISION), AUDIT_TALLIES_MAX + 10);
}

Test(audit_tally, what_is_counted_while_the_database_is_locked_is_not_lost)
{
	struct audit_status status;
	sqlite3 *other;

	audit_fixture_open();
	cr_assert_eq(sqlite3_open(fixture.file, &other), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	happens_often(&refusal, 100000, S);
	cr_assert_eq(audit_retry(fixture.audit), -EBUSY);
	/* It is over, and its row finds a place to wait. */
	audit_tallies_close(fixture.audit, 3600 * S, false);
	audit_get_status(fixture.audit, &status);
	cr_assert_eq(status.state, AUDIT_FAILING);
	cr_assert_eq(status.lost, 0);
	sqlite3_close(other);
	finish();
	cr_assert_eq(told(), 100000);
	cr_assert_eq(audit_fixture_number("SELECT count(*) FROM tally"), 0);
	is_sound();
}

Test(audit_tally, a_count_goes_on_in_a_database_that_was_begun_anew)
{
	audit_fixture_open();
	happens_often(&refusal, 100, S);
	settle();
	cr_assert_eq(unlink(fixture.file), 0);
	happens_often(&refusal, 100, S);
	settle();
	cr_assert_eq(audit_fixture_number("SELECT json_extract(detail, '$.count') FROM tally"),
		     200 - AUDIT_LIKE_ROWS);
	finish();
	cr_assert_eq(rows_of(AUDIT_TALLY), 1);
}

Test(audit_tally, a_flood_does_not_push_other_rows_out)
{
	audit_fixture_open();
	audit_fixture_fill(100);
	audit_fixture_close();
	fixture.options.bytes_max = 256 << 10;
	audit_fixture_open();
	for (unsigned int i = 0; i < 2000; i++) {
		happens_often(&refusal, 100, S + i);
		settle();
	}
	finish();
	cr_assert_eq(told(), 66 + 200000);
	cr_assert_eq(audit_fixture_number("SELECT min(seq) FROM record"), 1);
	cr_assert_eq(rows_of(AUDIT_RETENTION), 0);
}

static int note(void *context, const struct audit_record *record)
{
	uint64_t *count = context;

	cr_assert_eq(record->row.seq, 0);
	cr_assert_null(record->hash);
	*count += audit_count(&record->row);
	return 0;
}

static uint64_t open_of(const struct audit_filter *filter)
{
	char error[AUDIT_ERROR_BYTES];
	uint64_t count = 0;
	sqlite3 *db;

	cr_assert_eq(audit_read_open(fixture.file, &db, error), 0, "%s", error);
	cr_assert_eq(audit_read_open_tallies(db, filter, note, &count, error), 0, "%s", error);
	sqlite3_close(db);
	return count;
}

Test(audit_tally, what_is_being_counted_can_be_read)
{
	audit_fixture_open();
	happens_often(&refusal, 100, S);
	settle();
	cr_assert_eq(open_of(&(struct audit_filter){0}), 68);
	cr_assert_eq(open_of(&(struct audit_filter){.verdict = "deny", .kind = AUDIT_TALLY}), 68);
	cr_assert_eq(open_of(&(struct audit_filter){.device = "0000:3b:00.2"}), 0);
	happens_often(&refusal, 50, S);
	settle();
	cr_assert_eq(open_of(&(struct audit_filter){0}), 118);
	finish();
	cr_assert_eq(open_of(&(struct audit_filter){0}), 0);
}

static int count_record(void *context, const struct audit_record *record)
{
	unsigned int *count = context;

	(void)record;
	(*count)++;
	return 0;
}

Test(audit_tally, one_that_is_closed_while_a_list_is_read_is_in_it_once)
{
	const struct audit_filter all = {0};
	char error[AUDIT_ERROR_BYTES];
	unsigned int rows = 0, open = 0;
	sqlite3 *db;

	audit_fixture_open();
	happens_often(&refusal, 100, S);
	settle();
	cr_assert_eq(audit_read_open(fixture.file, &db, error), 0, "%s", error);
	cr_assert_eq(audit_read_begin(db, error), 0, "%s", error);
	cr_assert_eq(audit_read(db, &all, count_record, &rows, error), 0, "%s", error);
	audit_tallies_close(fixture.audit, 0, true);
	settle();
	cr_assert_eq(audit_read_open_tallies(db, &all, count_record, &open, error), 0, "%s", error);
	audit_read_end(db);
	cr_assert_eq(rows, 1 + AUDIT_LIKE_ROWS);
	cr_assert_eq(open, 1);
	/* And the next one has it as a row. */
	rows = open = 0;
	cr_assert_eq(audit_read(db, &all, count_record, &rows, error), 0, "%s", error);
	cr_assert_eq(audit_read_open_tallies(db, &all, count_record, &open, error), 0, "%s", error);
	cr_assert_eq(rows, 2 + AUDIT_LIKE_ROWS);
	cr_assert_eq(open, 0);
	sqlite3_close(db);
}

Test(audit_tally, losses_of_the_ring_are_found_also_where_they_were_counted)
{
	const struct audit_like like = {.kind = AUDIT_GAP, .what = "ring"};
	struct audit_again again = {.now_ns = S, .count = 5};
	struct audit_row row = {.wall_ns = WALL, .kind = AUDIT_GAP};
	char detail[64];

	audit_fixture_open();
	for (unsigned int i = 1; i <= 20; i++) {
		snprintf(detail, sizeof(detail), "{\"where\":\"ring\",\"lost\":5,\"total\":%u}",
			 i * 5);
		row.detail = detail;
		again.total = i * 5;
		if (!audit_repeats(fixture.audit, &like, &again))
			audit_queue_like(fixture.audit, &row, &like, S);
	}
	audit_tallies_close(fixture.audit, 0, true);
	settle();
	cr_assert_eq(audit_ring_lost_find(fixture.audit), 100);
	cr_assert_eq(audit_fixture_number("SELECT sum(json_extract(detail, '$.lost')) FROM record"
					  " WHERE json_extract(detail, '$.where') = 'ring'"),
		     100);
}
