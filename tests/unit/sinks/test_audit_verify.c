// SPDX-License-Identifier: GPL-2.0-only
/* Whatever an enemy who can write the file, and has no key, does to it is found. */
#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit_fixture.h"
#include "base/cleanup.h"
#include "sinks/audit_query.h"

#define ROWS 150

TestSuite(audit_verify, .init = audit_fixture_init, .fini = audit_fixture_fini);

/* Each test has rows of its own; the seed is told, so that a failure can be had again. */
static unsigned int seed_of(void)
{
	unsigned int seed = (unsigned int)getpid();

	srand(seed);
	return seed;
}

static unsigned int any(unsigned int from, unsigned int to)
{
	return from + (unsigned int)rand() % (to - from + 1);
}

static void make(void)
{
	audit_fixture_open();
	audit_fixture_fill(ROWS - 1);
	audit_fixture_close();
	cr_assert_eq(audit_fixture_verify().soundness, AUDIT_SOUND, "%s",
		     audit_fixture_verify().why);
}

static void keep(void)
{
	char command[640];

	snprintf(command, sizeof(command), "cp %s %s.kept && cp %s %s.kept", fixture.file,
		 fixture.file, fixture.head, fixture.head);
	cr_assert_eq(system(command), 0);
}

static void restore(void)
{
	char command[640];

	snprintf(command, sizeof(command), "rm -f %s-wal %s-shm && cp %s.kept %s && cp %s.kept %s",
		 fixture.file, fixture.file, fixture.file, fixture.file, fixture.head,
		 fixture.head);
	cr_assert_eq(system(command), 0);
}

static void broken_at(uint64_t row)
{
	struct audit_report report = audit_fixture_verify();

	cr_assert_eq(report.soundness, AUDIT_BROKEN);
	cr_assert_eq(report.bad_row, row, "row %llu, not %llu: %s",
		     (unsigned long long)report.bad_row, (unsigned long long)row, report.why);
	cr_assert_neq(report.why[0], '\0');
}

Test(audit_verify, an_untouched_one_is_sound_and_all_of_it_was_looked_at)
{
	struct audit_report report;

	make();
	report = audit_fixture_verify();
	cr_assert_eq(report.rows, ROWS);
	cr_assert_eq(report.first, 1);
	cr_assert_eq(report.last, ROWS);
	cr_assert_eq(report.head, ROWS);
	/* Every 64th and the last. */
	cr_assert_eq(report.signatures, 3);
}

Test(audit_verify, an_edit_of_any_column_of_any_row_is_found_at_that_row)
{
	unsigned int seed = seed_of();

	make();
	keep();
	for (size_t column = 1; column < AUDIT_COLUMNS; column++) {
		unsigned int row = any(1, ROWS);
		struct audit_report report;

		restore();
		audit_fixture_sql("UPDATE record SET %s = ifnull(%s, 0) || '1' WHERE seq = %u",
				  audit_column_name(column), audit_column_name(column), row);
		report = audit_fixture_verify();
		cr_assert_eq(report.soundness, AUDIT_BROKEN, "seed %u: %s of row %u", seed,
			     audit_column_name(column), row);
		cr_assert_eq(report.bad_row, row, "seed %u: %s of row %u: %s", seed,
			     audit_column_name(column), row, report.why);
	}
}

Test(audit_verify, a_value_that_only_changes_its_type_or_goes_is_found)
{
	static const char *const edits[] = {
		"wall_ns = wall_ns + 0.5",
		"detail = CAST(detail AS BLOB)",
		"rule_name = NULL",
		"rule = NULL",
		"vm_uuid = ''",
		"pid = 0",
		"hash = zeroblob(32)",
		"hash = CAST(hex(hash) AS TEXT)",
		"hash = substr(hash, 1, 31)",
		"device = device || char(0)",
		"kind = upper(kind)",
		"reason = verdict, verdict = reason",
		"rule = rule || rule_name, rule_name = ''",
	};

	make();
	keep();
	for (size_t i = 0; i < ARRAY_SIZE(edits); i++) {
		restore();
		/* A row in which each of them is a change. */
		audit_fixture_sql("UPDATE record SET %s WHERE seq = 9", edits[i]);
		if (audit_fixture_verify().soundness == AUDIT_SOUND)
			cr_assert_fail("%s", edits[i]);
		broken_at(9);
	}
}

Test(audit_verify, a_row_that_is_gone_is_missed_by_its_number)
{
	unsigned int seed = seed_of();

	make();
	keep();
	for (unsigned int i = 0; i < 25; i++) {
		unsigned int row = i == 0 ? 1 : i == 1 ? ROWS : any(2, ROWS - 1);

		restore();
		audit_fixture_sql("DELETE FROM record WHERE seq = %u", row);
		cr_log_info("seed %u: row %u", seed, row);
		broken_at(row);
	}
}

Test(audit_verify, a_hole_that_is_closed_by_renumbering_is_found)
{
	seed_of();
	make();
	keep();
	for (unsigned int i = 0; i < 10; i++) {
		unsigned int row = any(1, ROWS - 1);

		restore();
		audit_fixture_sql("DELETE FROM record WHERE seq = %u;"
				  "UPDATE record SET seq = seq - 1 WHERE seq > %u;",
				  row, row);
		broken_at(row);
	}
}

Test(audit_verify, two_rows_that_change_places_are_found_at_the_first)
{
	seed_of();
	make();
	keep();
	for (unsigned int i = 0; i < 20; i++) {
		unsigned int first = any(1, ROWS - 1), second = any(first + 1, ROWS);

		restore();
		audit_fixture_sql("UPDATE record SET seq = 100000 WHERE seq = %u;"
				  "UPDATE record SET seq = %u WHERE seq = %u;"
				  "UPDATE record SET seq = %u WHERE seq = 100000;",
				  first, first, second, second);
		broken_at(first);
	}
}

Test(audit_verify, an_end_that_is_cut_off_is_missed_however_short)
{
	seed_of();
	make();
	keep();
	for (unsigned int i = 0; i < 20; i++) {
		unsigned int last = i == 0 ? ROWS - 1 : any(1, ROWS - 1);

		restore();
		audit_fixture_sql("DELETE FROM record WHERE seq > %u;"
				  "DELETE FROM checkpoint WHERE seq > %u;",
				  last, last);
		broken_at(last + 1);
	}
}

/* An enemy who knows how the chain is made: all hashes anew from that row on. */
static void chain_anew(uint64_t from)
{
	unsigned char before[AUDIT_HASH_BYTES], hash[AUDIT_HASH_BYTES];
	struct audit_record record;
	sqlite3_stmt *rows, *update;
	char sql[512];
	sqlite3 *db;

	cr_assert_eq(sqlite3_open(fixture.file, &db), SQLITE_OK);
	snprintf(sql, sizeof(sql), "SELECT %s FROM record WHERE seq >= %llu ORDER BY seq",
		 audit_record_columns, (unsigned long long)from - 1);
	cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &rows, NULL), SQLITE_OK);
	cr_assert_eq(sqlite3_prepare_v2(db, "UPDATE record SET hash = ? WHERE seq = ?", -1, &update,
					NULL),
		     SQLITE_OK);
	cr_assert_eq(sqlite3_step(rows), SQLITE_ROW);
	audit_record_read(rows, &record);
	memcpy(before, record.hash, sizeof(before));
	while (sqlite3_step(rows) == SQLITE_ROW) {
		audit_record_read(rows, &record);
		cr_assert(audit_hash(before, record.values, hash));
		sqlite3_bind_blob(update, 1, hash, sizeof(hash), SQLITE_TRANSIENT);
		sqlite3_bind_int64(update, 2, (sqlite3_int64)record.row.seq);
		cr_assert_eq(sqlite3_step(update), SQLITE_DONE);
		sqlite3_reset(update);
		memcpy(before, hash, sizeof(before));
	}
	sqlite3_finalize(rows);
	sqlite3_finalize(update);
	sqlite3_close(db);
}

Test(audit_verify, a_row_that_is_put_in_with_all_hashes_made_anew_meets_the_next_signature)
{
	make();
	audit_fixture_sql(
		"UPDATE record SET seq = -seq WHERE seq > 70;"
		"UPDATE record SET seq = 1 - seq WHERE seq < 0;"
		"INSERT INTO record SELECT 71, wall_ns, monotonic_ns, boot_id, kind, refers,"
		" device, direction, vm, vm_uuid, pid, comm, exe, 'allow', reason, rule,"
		" rule_name, policy, generation, admission, pair, detail, hash"
		" FROM record WHERE seq = 70;");
	chain_anew(71);
	broken_at(128);
}

Test(audit_verify, an_edit_with_all_hashes_made_anew_meets_the_next_signature)
{
	make();
	keep();
	audit_fixture_sql("UPDATE record SET verdict = 'allow' WHERE seq = 129");
	chain_anew(129);
	broken_at(ROWS);
	/* Nor does it help to take the signatures away: the head has one more. */
	audit_fixture_sql("DELETE FROM checkpoint WHERE seq > 128");
	broken_at(ROWS);
}

Test(audit_verify, rows_that_are_added_at_the_end_were_never_signed)
{
	make();
	audit_fixture_sql(
		"INSERT INTO record SELECT seq + 1, wall_ns, monotonic_ns, boot_id, kind,"
		" refers, device, direction, vm, vm_uuid, pid, comm, exe, 'allow', reason,"
		" rule, rule_name, policy, generation, admission, pair, detail, hash"
		" FROM record WHERE seq = %u",
		ROWS);
	chain_anew(ROWS + 1);
	broken_at(ROWS + 1);
}

Test(audit_verify, a_begin_that_is_cut_off_is_not_taken_for_retention)
{
	unsigned char hash[AUDIT_HASH_BYTES];
	char hex[AUDIT_HASH_HEX_BYTES];
	sqlite3_stmt *statement;
	sqlite3 *db;

	make();
	cr_assert_eq(sqlite3_open(fixture.file, &db), SQLITE_OK);
	sqlite3_prepare_v2(db, "SELECT hash FROM record WHERE seq = 20", -1, &statement, NULL);
	cr_assert_eq(sqlite3_step(statement), SQLITE_ROW);
	memcpy(hash, sqlite3_column_blob(statement, 0), sizeof(hash));
	sqlite3_finalize(statement);
	sqlite3_close(db);
	audit_fixture_sql("DELETE FROM record WHERE seq <= 20;"
			  "UPDATE meta SET value = '20 %s' WHERE name = 'anchor'",
			  audit_hash_hex(hash, hex));
	broken_at(21);
}

Test(audit_verify, another_database_or_another_head_is_found)
{
	make();
	keep();
	audit_fixture_sql("UPDATE meta SET value = '00112233445566778899aabbccddeeff' WHERE name = "
			  "'database'");
	broken_at(0);
	restore();
	cr_assert_eq(unlink(fixture.head), 0);
	broken_at(0);
	restore();
	cr_assert_eq(truncate(fixture.head, 100), 0);
	broken_at(0);
}

Test(audit_verify, a_head_that_was_edited_is_not_what_was_signed)
{
	char command[128];

	make();
	/* As if fewer rows had been there. */
	audit_fixture_sql(
		"DELETE FROM record WHERE seq > 128; DELETE FROM checkpoint WHERE seq > 128");
	snprintf(command, sizeof(command), "sed -i 's/^row .*/row 128/' %s", fixture.head);
	cr_assert_eq(system(command), 0);
	cr_assert_eq(audit_fixture_verify().soundness, AUDIT_BROKEN);
}

Test(audit_verify, a_signature_of_another_key_counts_for_nothing)
{
	make();
	audit_fixture_sql("UPDATE checkpoint SET key_id = 'another' WHERE seq = 64");
	broken_at(64);
}

Test(audit_verify, a_trigger_or_a_view_is_not_ours)
{
	make();
	audit_fixture_sql("CREATE TRIGGER hide AFTER INSERT ON record BEGIN"
			  " DELETE FROM record WHERE verdict = 'deny'; END");
	cr_assert_eq(audit_fixture_verify().soundness, AUDIT_BROKEN);
}

Test(audit_verify, a_file_with_any_page_overwritten_is_found_or_reads_the_same)
{
	unsigned int seed = seed_of();

	make();
	keep();
	for (unsigned int i = 0; i < 40; i++) {
		struct audit_report report;
		unsigned int size, at;
		FILE *file;
		int r;

		restore();
		size = (unsigned int)audit_fixture_number(
			"SELECT page_count * 4096 FROM pragma_page_count()");
		at = any(0, size - 17);
		file = fopen(fixture.file, "r+");
		cr_assert_not_null(file);
		fseek(file, at, SEEK_SET);
		fwrite("an enemy's bytes", 1, 16, file);
		fclose(file);
		r = audit_verify(fixture.file, NULL, &fixture.options.verifier, &report);
		/* Free space of a page may hold anything. */
		if (r == 0 && report.soundness == AUDIT_SOUND)
			cr_assert_eq(report.rows, ROWS, "seed %u: byte %u", seed, at);
	}
}
