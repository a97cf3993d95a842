// SPDX-License-Identifier: GPL-2.0-only
/* What the store does when all is well, and when the disk, the file or somebody else is not. */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit_fixture.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "sinks/audit_schema.h"

TestSuite(audit, .init = audit_fixture_init, .fini = audit_fixture_fini);

static const struct audit_row decision = {
	.wall_ns = 1700000000000000000,
	.kind = AUDIT_DECISION,
	.device = "0000:3b:00.1",
	.verdict = "deny",
};

static struct audit_status status_of(void)
{
	struct audit_status status;

	audit_get_status(fixture.audit, &status);
	return status;
}

static void is_sound(void)
{
	struct audit_report report = audit_fixture_verify();

	cr_assert_eq(report.soundness, AUDIT_SOUND, "row %llu: %s",
		     (unsigned long long)report.bad_row, report.why);
}

static int64_t count(const char *condition)
{
	char sql[256];

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM record WHERE %s", condition);
	return audit_fixture_number(sql);
}

static sqlite3 *locked_by_somebody(void)
{
	sqlite3 *db;

	cr_assert_eq(sqlite3_open(fixture.file, &db), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	return db;
}

Test(audit, its_files_are_for_their_owner_alone_whatever_the_umask)
{
	static const char *const suffixes[] = {"", "-wal", "-shm", AUDIT_HEAD_SUFFIX};

	umask(0);
	audit_fixture_open();
	audit_fixture_fill(1);
	cr_assert_eq(audit_settle(fixture.audit), 0);
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		char path[128];
		struct stat st;

		snprintf(path, sizeof(path), "%s%s", fixture.file, suffixes[i]);
		cr_assert_eq(stat(path, &st), 0, "%s", path);
		cr_assert_eq(st.st_mode & 07777, 0600, "%s: %o", path, st.st_mode);
	}
}

Test(audit, the_next_process_goes_on_with_the_chain)
{
	audit_fixture_open();
	audit_fixture_fill(10);
	audit_fixture_close();
	audit_fixture_open();
	audit_fixture_fill(10);
	audit_fixture_close();
	is_sound();
	cr_assert_eq(audit_fixture_number("SELECT max(seq) FROM record"), 21);
	cr_assert_eq(count("kind = 'begin'"), 1);
	cr_assert_eq(count("kind = 'incident'"), 0);
}

Test(audit, an_intent_gives_the_number_that_its_answer_refers_to)
{
	uint64_t seq;
	struct audit_row answer = {.wall_ns = 1, .kind = AUDIT_ANSWER, .verdict = "done"};

	audit_fixture_open();
	cr_assert_eq(audit_intend(fixture.audit, &decision, &seq), 0);
	cr_assert_eq(seq, 2);
	answer.refers = seq;
	cr_assert_eq(audit_append(fixture.audit, &answer), 0);
	cr_assert_eq(count("refers = 2 AND verdict = 'done'"), 1);
}

Test(audit, bytes_that_are_no_text_are_stored_as_text)
{
	struct audit_row row = decision;

	row.comm = "a\xff\xc3(\xe2\x82";
	row.vm = "b\xc3\xa9";
	audit_fixture_open();
	cr_assert_eq(audit_append(fixture.audit, &row), 0);
	cr_assert_eq(count("hex(comm) = '613F3F283F3F' AND vm = 'b\xc3\xa9'"), 1);
}

Test(audit, rows_wait_while_somebody_else_holds_the_database_and_keep_their_order)
{
	struct audit_row row = decision;
	sqlite3 *other;

	audit_fixture_open();
	other = locked_by_somebody();
	for (row.pid = 1; row.pid <= 100; row.pid++)
		cr_assert_eq(audit_append(fixture.audit, &row), -EBUSY);
	cr_assert_eq(status_of().state, AUDIT_FAILING);
	cr_assert_eq(status_of().pending, 100);
	cr_assert_not_null(strstr(status_of().error, "locked"), "%s", status_of().error);
	sqlite3_close(other);
	cr_assert_eq(audit_append(fixture.audit, &row), 0);
	cr_assert_eq(status_of().state, AUDIT_RECORDING);
	cr_assert_eq(status_of().lost, 0);
	cr_assert_eq(count("kind = 'decision' AND seq = pid + 1"), 101);
	audit_fixture_close();
	is_sound();
}

Test(audit, a_batch_is_written_with_one_signature_and_before_what_comes_after_it)
{
	struct audit_row row = decision;

	audit_fixture_open();
	for (row.pid = 1; row.pid <= 50; row.pid++)
		audit_queue(fixture.audit, &row);
	cr_assert_eq(count("kind = 'decision'"), 0);
	cr_assert_eq(audit_append(fixture.audit, &row), 0);
	cr_assert_eq(count("kind = 'decision' AND seq = pid + 1"), 51);
	cr_assert_eq(audit_retry(fixture.audit), 0);
	audit_fixture_close();
	is_sound();
}

Test(audit, an_intent_that_cannot_be_recorded_is_not_recorded_later_either)
{
	uint64_t seq;
	sqlite3 *other;

	audit_fixture_open();
	other = locked_by_somebody();
	cr_assert_eq(audit_intend(fixture.audit, &decision, &seq), -EBUSY);
	sqlite3_close(other);
	cr_assert_eq(audit_retry(fixture.audit), 0);
	cr_assert_eq(count("kind = 'decision'"), 0);
}

Test(audit, what_finds_no_place_to_wait_is_counted_and_the_gap_is_told)
{
	struct audit_row row = decision;
	sqlite3 *other;

	fixture.options.busy_ms = 0;
	audit_fixture_open();
	other = locked_by_somebody();
	for (int i = 0; i < AUDIT_PENDING_MAX + 5; i++, row.wall_ns++)
		audit_append(fixture.audit, &row);
	cr_assert_eq(status_of().pending, AUDIT_PENDING_MAX);
	cr_assert_eq(status_of().lost, 5);
	sqlite3_close(other);
	cr_assert_eq(audit_retry(fixture.audit), 0);
	cr_assert_eq(count("kind = 'decision'"), AUDIT_PENDING_MAX);
	cr_assert_eq(count("kind = 'gap' AND detail LIKE '%\"lost\":5,%locked%'"), 1);
	cr_assert_eq(audit_fixture_number("SELECT max(seq) FROM record"), AUDIT_PENDING_MAX + 2);
	audit_fixture_close();
	is_sound();
}

/* RLIMIT_FSIZE is what a process has of a full disk. */
Test(audit, a_full_disk_costs_no_row_once_there_is_room_again)
{
	const struct rlimit full = {.rlim_cur = 48 << 10, .rlim_max = RLIM_INFINITY};
	const struct rlimit room = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
	struct audit_row row = decision;
	int failed = 0;

	signal(SIGXFSZ, SIG_IGN);
	audit_fixture_open();
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &full), 0);
	for (row.pid = 1; row.pid <= 200; row.pid++)
		failed += audit_append(fixture.audit, &row) != 0;
	cr_assert_gt(failed, 100);
	cr_assert_eq(status_of().state, AUDIT_FAILING);
	cr_assert_neq(status_of().error[0], '\0');
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &room), 0);
	cr_assert_eq(audit_retry(fixture.audit), 0, "%s", status_of().error);
	cr_assert_eq(status_of().state, AUDIT_RECORDING);
	cr_assert_eq(count("kind = 'decision' AND seq = pid + 1"), 200);
	audit_fixture_close();
	is_sound();
}

Test(audit, a_folder_that_is_not_there_yet_is_waited_for)
{
	char path[128];

	/* Only the last folder is made. */
	snprintf(path, sizeof(path), "%s/mount/later/audit.db", fixture.folder);
	fixture.options.file = path;
	cr_assert_eq(audit_open(&fixture.options, &fixture.audit), 0);
	cr_assert_eq(status_of().state, AUDIT_FAILING);
	cr_assert_eq(audit_append(fixture.audit, &decision), -ENOENT);
	snprintf(fixture.file, sizeof(fixture.file), "%s/mount", fixture.folder);
	cr_assert_eq(mkdir(fixture.file, 0700), 0);
	cr_assert_eq(audit_retry(fixture.audit), 0, "%s", status_of().error);
	snprintf(fixture.file, sizeof(fixture.file), "%s/mount/later/audit.db", fixture.folder);
	cr_assert_eq(count("kind = 'decision'"), 1);
}

Test(audit, rows_wait_for_the_key)
{
	fixture.key_is_missing = true;
	cr_assert_eq(audit_open(&fixture.options, &fixture.audit), 0);
	cr_assert_eq(audit_append(fixture.audit, &decision), -ENOENT);
	cr_assert_not_null(strstr(status_of().error, "cannot sign"), "%s", status_of().error);
	fixture.key_is_missing = false;
	cr_assert_eq(audit_retry(fixture.audit), 0, "%s", status_of().error);
	cr_assert_eq(count("kind = 'begin' AND seq = 1"), 1);
	cr_assert_eq(count("kind = 'decision' AND seq = 2"), 1);
	audit_fixture_close();
	is_sound();
}

Test(audit, a_damaged_database_is_kept_as_evidence_and_a_new_one_says_so)
{
	char command[192];

	audit_fixture_open();
	audit_fixture_fill(5);
	audit_fixture_close();
	snprintf(command, sizeof(command), "head -c 100 /dev/zero >%s", fixture.file);
	cr_assert_eq(system(command), 0);
	audit_fixture_open();
	audit_fixture_close();
	cr_assert_eq(count("kind = 'incident' AND reason = 'audit-tampered'"), 1);
	cr_assert_eq(audit_fixture_verify().soundness, AUDIT_BROKEN);
	snprintf(command, sizeof(command), "ls %s.damaged-* | grep -q head && test -e %s",
		 fixture.file, fixture.file);
	cr_assert_eq(system(command), 0);
}

static void found_tampered(const char *what)
{
	char condition[192];

	audit_fixture_open();
	audit_fixture_close();
	snprintf(condition, sizeof(condition), "reason = 'audit-tampered' AND detail LIKE '%%%s%%'",
		 what);
	cr_assert_eq(count(condition), 1, "no incident: %s", what);
	cr_assert_eq(audit_fixture_verify().soundness, AUDIT_BROKEN);
}

Test(audit, a_database_that_was_taken_away_is_missed_at_the_next_start)
{
	audit_fixture_open();
	audit_fixture_fill(5);
	audit_fixture_close();
	cr_assert_eq(unlink(fixture.file), 0);
	found_tampered("taken away");
}

Test(audit, an_end_that_was_cut_off_is_missed_at_the_next_start)
{
	audit_fixture_open();
	audit_fixture_fill(5);
	audit_fixture_close();
	audit_fixture_sql("DELETE FROM record WHERE seq > 3; DELETE FROM checkpoint WHERE seq > 3");
	found_tampered("not there");
}

/* Row 64 is signed for good, so the end looks as it should. */
Test(audit, an_end_that_was_cut_off_at_a_signature_with_the_head_is_missed_too)
{
	audit_fixture_open();
	audit_fixture_fill(80);
	audit_fixture_close();
	audit_fixture_sql(
		"DELETE FROM record WHERE seq > 64; DELETE FROM checkpoint WHERE seq > 64");
	cr_assert_eq(unlink(fixture.head), 0);
	found_tampered("head is missing");
}

Test(audit, a_row_that_was_added_meanwhile_is_told_at_the_next_start)
{
	audit_fixture_open();
	audit_fixture_fill(5);
	audit_fixture_close();
	audit_fixture_sql("INSERT INTO record (seq, wall_ns, kind, hash)"
			  " VALUES (7, 1, 'decision', zeroblob(32))");
	audit_fixture_open();
	audit_fixture_close();
	cr_assert_eq(count("reason = 'audit-tampered' AND detail LIKE '%not signed%'"), 1);
	cr_assert_eq(audit_fixture_verify().bad_row, 7);
}

Test(audit, a_row_that_is_added_under_us_is_told_and_no_row_of_ours_is_lost)
{
	audit_fixture_open();
	audit_fixture_fill(5);
	audit_fixture_sql("INSERT INTO record (seq, wall_ns, kind, hash)"
			  " VALUES (7, 1, 'decision', zeroblob(32))");
	cr_assert_neq(audit_append(fixture.audit, &decision), 0);
	cr_assert_eq(audit_retry(fixture.audit), 0);
	cr_assert_eq(count("detail LIKE '%not written here%'"), 1);
	cr_assert_eq(
		count("kind = 'decision' AND device = '0000:3b:00.1' AND vm IS NULL AND seq > 7"),
		1);
}

Test(audit, a_file_that_is_removed_under_us_is_made_anew_and_missed)
{
	audit_fixture_open();
	audit_fixture_fill(70);
	cr_assert_eq(unlink(fixture.file), 0);
	cr_assert_eq(audit_append(fixture.audit, &decision), 0);
	cr_assert_eq(count("kind = 'decision'"), 1);
	cr_assert_eq(count("detail LIKE '%taken away%'"), 1);
}

Test(audit, a_trigger_that_somebody_put_in_is_not_written_through)
{
	audit_fixture_open();
	audit_fixture_close();
	audit_fixture_sql("CREATE TRIGGER hide AFTER INSERT ON record BEGIN"
			  " DELETE FROM record WHERE verdict = 'deny'; END");
	audit_fixture_open();
	cr_assert_eq(audit_append(fixture.audit, &decision), 0);
	cr_assert_eq(count("verdict = 'deny'"), 1);
}

Test(audit, a_newer_schema_is_left_alone)
{
	audit_fixture_open();
	audit_fixture_close();
	audit_fixture_sql("PRAGMA user_version = %d", AUDIT_SCHEMA_VERSION + 1);
	cr_assert_eq(audit_open(&fixture.options, &fixture.audit), 0);
	cr_assert_eq(status_of().state, AUDIT_FAILING);
	cr_assert_not_null(strstr(status_of().error, "newer"), "%s", status_of().error);
	cr_assert_eq(audit_fixture_number("PRAGMA user_version"), AUDIT_SCHEMA_VERSION + 1);
}

/* An audit that @sql has made one of an older schema, and that is opened and written to. */
static void bring_up_to_date(const char *sql)
{
	audit_fixture_open();
	audit_fixture_fill(10);
	audit_fixture_close();
	audit_fixture_sql("%s", sql);
	is_sound();
	audit_fixture_open();
	audit_fixture_fill(1);
	audit_fixture_close();
	is_sound();
	cr_assert_eq(audit_fixture_number("PRAGMA user_version"), AUDIT_SCHEMA_VERSION);
}

Test(audit, what_an_older_schema_holds_stays_sound_when_it_is_brought_up_to_date)
{
	/* Version 1 had no indices. */
	bring_up_to_date("DROP TABLE tally; DROP INDEX record_admission; DROP INDEX record_refers;"
			 "PRAGMA user_version = 1");
	cr_assert_eq(count("kind = 'incident'"), 0);
}

Test(audit, version_2_is_brought_up_to_date)
{
	/* It looked through all decisions of an admission for the admission. */
	bring_up_to_date("DROP TABLE tally; DROP INDEX record_admission; CREATE INDEX "
			 "record_admission ON record"
			 " (admission) WHERE admission IS NOT NULL; PRAGMA user_version = 2");
	cr_assert_eq(audit_fixture_number("SELECT count(*) FROM sqlite_master WHERE name ="
					  " 'record_admission' AND sql LIKE '%kind = %'"),
		     1);
}

Test(audit, old_rows_go_by_age_and_the_rest_is_still_a_chain)
{
	struct audit_row row = decision;

	audit_fixture_open();
	audit_fixture_fill(100);
	audit_fixture_close();
	/* All of these are older than now; what comes is not. */
	fixture.options.age_max_ns = 1;
	audit_fixture_open();
	row.wall_ns = (int64_t)clock_ns(CLOCK_REALTIME) + INT64_C(3600000000000);
	cr_assert_eq(audit_append(fixture.audit, &row), 0);
	audit_fixture_close();
	cr_assert_eq(count("wall_ns < 1700000001000000000"), 0);
	cr_assert_eq(count("kind = 'retention' AND detail LIKE '%\"last\":101,%\"age\"%'"), 1);
	is_sound();
}

Test(audit, the_size_is_held_while_rows_come_without_end)
{
	fixture.options.bytes_max = 256 << 10;
	audit_fixture_open();
	for (int i = 0; i < 30; i++) {
		audit_fixture_fill(100);
		cr_assert_lt(audit_fixture_number("PRAGMA page_count") * 4096, 512 << 10);
	}
	cr_assert_gt(count("kind = 'retention'"), 0);
	cr_assert_eq(audit_fixture_number("SELECT max(seq) - min(seq) + 1 - count(*) FROM record"),
		     0);
	cr_assert_gt(count("1"), 300);
	audit_fixture_close();
	is_sound();
	/* And what retention left over can be tampered with as little. */
	audit_fixture_sql("DELETE FROM record WHERE seq = (SELECT min(seq) FROM record)");
	cr_assert_eq(audit_fixture_verify().soundness, AUDIT_BROKEN);
}

Test(audit, an_admission_is_found_by_later_processes_of_this_boot)
{
	struct audit_row row = {
		.wall_ns = 1,
		.kind = AUDIT_ADMISSION,
		.device = "0000:3b:00.1",
		.admission = 17,
		.pair = "{\"source\": {}, \"dest\": {}}",
		.rule = "site.yaml:14",
		.detail = "{\"explanation\": \"type-mismatch\"}",
	};
	struct audit_admission found;

	audit_fixture_open();
	cr_assert_eq(audit_append(fixture.audit, &row), 0);
	audit_fixture_close();
	audit_fixture_open();
	cr_assert(audit_admission_find(fixture.audit, 17, "0000:3b:00.1", &found));
	cr_assert_str_eq(found.pair, row.pair);
	cr_assert_str_eq(found.rule, row.rule);
	cr_assert_str_eq(found.explanation, "type-mismatch");
	cr_assert_null(found.rule_name);
	audit_admission_free(&found);
	cr_assert_not(audit_admission_find(fixture.audit, 17, "0000:3b:00.2", &found));
	cr_assert_not(audit_admission_find(fixture.audit, 18, "0000:3b:00.1", &found));
	audit_fixture_close();
	/* The kernel counts its admissions anew. */
	fixture.options.boot_id = "another";
	audit_fixture_open();
	cr_assert_not(audit_admission_find(fixture.audit, 17, "0000:3b:00.1", &found));
}

Test(audit, the_policy_of_a_generation_and_what_the_ring_has_lost_are_found)
{
	struct audit_row row = {.wall_ns = 1, .kind = AUDIT_ANSWER};
	char policy[AUDIT_POLICY_BYTES];

	audit_fixture_open();
	for (row.generation = 1; row.generation <= 3; row.generation++) {
		row.policy = row.generation == 2 ? "second" : "other";
		cr_assert_eq(audit_append(fixture.audit, &row), 0);
	}
	cr_assert(audit_policy_find(fixture.audit, 2, policy));
	cr_assert_str_eq(policy, "second");
	cr_assert_not(audit_policy_find(fixture.audit, 9, policy));
	cr_assert_eq(audit_ring_lost_find(fixture.audit), 0);
	row = (struct audit_row){.wall_ns = 1, .kind = AUDIT_GAP};
	row.detail = "{\"where\": \"ring\", \"total\": 41}";
	cr_assert_eq(audit_append(fixture.audit, &row), 0);
	row.detail = "{\"lost\": 7}";
	cr_assert_eq(audit_append(fixture.audit, &row), 0);
	cr_assert_eq(audit_ring_lost_find(fixture.audit), 41);
}
