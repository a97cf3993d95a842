// SPDX-License-Identifier: GPL-2.0-only
#include "sinks/audit_verify.h"

#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "sinks/audit_head.h"
#include "sinks/audit_query.h"

#define HEX AUDIT_HASH_HEX_BYTES

struct verification {
	sqlite3 *db;
	const struct audit_verifier *verifier;
	struct audit_report *report;
	struct audit_head head;
	bool has_head;
	bool head_is_met;
	sqlite3_stmt *signature; /* of the row that is looked at */
	uint64_t anchor;
	char anchor_hash[HEX];
	unsigned char hash[AUDIT_HASH_BYTES]; /* of the last row that held */
	uint64_t signed_last;
	/* What the newest row of retention says of the anchor. */
	uint64_t retained;
	char retained_hash[HEX];
};

/* The first thing that is wrong is the one that is told. Gives 1: no need to go on. */
static int broken(struct audit_report *report, uint64_t row, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static int broken(struct audit_report *report, uint64_t row, const char *format, ...)
{
	va_list args;

	if (report->soundness == AUDIT_BROKEN)
		return 1;
	report->soundness = AUDIT_BROKEN;
	report->bad_row = row;
	va_start(args, format);
	vsnprintf(report->why, sizeof(report->why), format, args);
	va_end(args);
	return 1;
}

static bool read_meta(sqlite3 *db, const char *name, char *out, size_t size)
{
	sqlite3_stmt *statement;
	bool found = false;

	if (sqlite3_prepare_v2(db, "SELECT value FROM meta WHERE name = ?", -1, &statement, NULL))
		return false;
	sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
	if (sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_text(statement, 0)) {
		snprintf(out, size, "%s", (const char *)sqlite3_column_text(statement, 0));
		found = true;
	}
	sqlite3_finalize(statement);
	return found;
}

/* Where the chain begins: at row 1, from the database's own name, or where retention left off. */
static int read_begin(struct verification *state)
{
	struct audit_report *report = state->report;
	char anchor[HEX + 32] = "", hex[HEX];
	unsigned char begin[AUDIT_HASH_BYTES];
	struct slice rest, number;

	if (!read_meta(state->db, "database", report->database, sizeof(report->database)) ||
	    !read_meta(state->db, "anchor", anchor, sizeof(anchor)))
		return broken(report, 0, "the database does not say what it is");
	rest = slice_of(anchor);
	if (!slice_cut(&rest, " ", &number) || !slice_to_u64(number, &state->anchor) ||
	    !rest.text || !audit_hash_from_hex(rest.text, state->hash))
		return broken(report, 0, "the anchor is none: %.80s", anchor);
	snprintf(state->anchor_hash, sizeof(state->anchor_hash), "%s", rest.text);
	audit_hash_begin(report->database, begin);
	if (!state->anchor && memcmp(begin, state->hash, sizeof(begin)))
		return broken(report, 0, "the chain does not begin with this database's name, %s",
			      audit_hash_hex(begin, hex));
	return 0;
}

static int check_signature(struct verification *state, uint64_t seq)
{
	struct audit_report *report = state->report;
	char text[AUDIT_STATEMENT_BYTES];
	size_t length = audit_statement(report->database, seq, state->hash, text);
	const char *key;
	int r;

	sqlite3_reset(state->signature);
	sqlite3_bind_int64(state->signature, 1, (sqlite3_int64)seq);
	if (sqlite3_step(state->signature) != SQLITE_ROW)
		return 0;
	key = (const char *)sqlite3_column_text(state->signature, 0) ?: "";
	r = sqlite3_column_bytes(state->signature, 1) == AUDIT_SIGNATURE_BYTES
		    ? state->verifier->verify(state->verifier->context, key, text, length,
					      sqlite3_column_blob(state->signature, 1))
		    : -EBADMSG;
	if (r == -ENOKEY)
		return broken(report, seq, "it is signed by the key %.32s, which is not known here",
			      key);
	if (r)
		return broken(report, seq,
			      "what key %.32s signed is another row: this one, or one of the %llu "
			      "before it, was changed",
			      key, (unsigned long long)(seq - state->signed_last - 1));
	state->signed_last = seq;
	report->signatures++;
	snprintf(report->key_id, sizeof(report->key_id), "%s", key);
	return 0;
}

static int check_head(struct verification *state, uint64_t seq)
{
	if (!state->has_head || state->head.seq != seq)
		return 0;
	state->head_is_met = true;
	if (!memcmp(state->head.hash, state->hash, sizeof(state->hash)))
		return 0;
	return broken(state->report, seq, "the head vouches for another row of this number");
}

/* A row of retention says where the anchor must be; the newest one counts. */
static void note_retention(struct verification *state, const struct audit_row *row)
{
	json_t *detail = json_loads(row->detail ? row->detail : "", 0, NULL);
	const char *hash = json_string_value(json_object_get(detail, "hash"));

	state->retained = (uint64_t)json_integer_value(json_object_get(detail, "last"));
	snprintf(state->retained_hash, sizeof(state->retained_hash), "%s", hash ? hash : "");
	json_decref(detail);
}

static int check_kind(struct verification *state, const struct audit_row *row)
{
	if (!row->kind)
		return 0;
	if (text_equal(row->kind, AUDIT_RETENTION))
		note_retention(state, row);
	/* The daemon has seen it already, and says so in a row that holds. */
	if (text_equal(row->kind, AUDIT_INCIDENT) && row->reason &&
	    text_equal(row->reason, AUDIT_TAMPERED))
		return broken(state->report, row->seq,
			      "here the daemon found the audit not as it had left it: %.300s",
			      row->detail ? row->detail : "");
	return 0;
}

static int check_row(struct verification *state, const struct audit_record *record)
{
	struct audit_report *report = state->report;
	uint64_t expected = report->rows ? report->last + 1 : state->anchor + 1;
	unsigned char hash[AUDIT_HASH_BYTES];

	if (record->row.seq != expected)
		return broken(report, expected, "it is missing; the next is row %llu",
			      (unsigned long long)record->row.seq);
	if (!audit_hash(state->hash, record->values, hash))
		return broken(report, expected, "a value in it is of a type that no row has");
	if (!record->hash || memcmp(hash, record->hash, sizeof(hash)))
		return broken(report, expected,
			      "its hash is not that of its values and of the row before it: it was "
			      "changed, moved or added");
	memcpy(state->hash, hash, sizeof(hash));
	if (!report->rows++)
		report->first = expected;
	report->last = expected;
	return check_signature(state, expected) || check_head(state, expected) ||
	       check_kind(state, &record->row);
}

static int check_rows(struct verification *state)
{
	struct audit_report *report = state->report;
	struct audit_record record;
	sqlite3_stmt *statement;
	char sql[512];
	int bad = 0, r;

	snprintf(sql, sizeof(sql), "SELECT %s FROM record ORDER BY seq", audit_record_columns);
	r = sqlite3_prepare_v2(state->db, sql, -1, &statement, NULL);
	while (!r && !bad && (r = sqlite3_step(statement)) == SQLITE_ROW) {
		audit_record_read(statement, &record);
		bad = check_row(state, &record);
		r = 0;
	}
	if (!bad && r != SQLITE_DONE)
		bad = broken(report, report->last + 1, "the database is damaged: %s",
			     sqlite3_errmsg(state->db));
	sqlite3_finalize(statement);
	return bad;
}

/* What holds to its end may still have lost its end, or got another one. */
static int check_end(struct verification *state)
{
	struct audit_report *report = state->report;

	if (state->has_head && state->head.seq > report->last)
		return broken(report, report->last + 1,
			      "the end is cut off: the head vouches for row %llu",
			      (unsigned long long)state->head.seq);
	if (state->has_head && !state->head_is_met && state->head.seq > state->anchor)
		return broken(report, state->head.seq, "the head vouches for it; it is not there");
	if (state->retained != state->anchor)
		return broken(report, state->anchor + 1,
			      "rows before it were removed, and not by retention");
	if (state->anchor && !text_equal(state->retained_hash, state->anchor_hash))
		return broken(report, state->anchor + 1,
			      "it does not follow what retention removed");
	if (report->rows && state->signed_last != report->last)
		return broken(report, state->signed_last + 1,
			      "it and what follows was never signed");
	return 0;
}

/* An index that hides rows would make a list lie; the chain is read without one. */
static int check_database(struct verification *state)
{
	sqlite3_stmt *statement;
	const char *text = NULL;
	int r = sqlite3_prepare_v2(state->db, "PRAGMA integrity_check(1)", -1, &statement, NULL);
	int bad = 0;

	if (!r)
		r = sqlite3_step(statement);
	if (r == SQLITE_ROW)
		text = (const char *)sqlite3_column_text(statement, 0);
	if (!text || !text_equal(text, "ok"))
		bad = broken(state->report, 0, "the database is damaged: %.300s",
			     text ? text : sqlite3_errmsg(state->db));
	sqlite3_finalize(statement);
	return bad;
}

static int check_head_file(struct verification *state, int found, const char *path)
{
	const struct audit_verifier *verifier = state->verifier;
	struct audit_report *report = state->report;
	struct audit_head *head = &state->head;
	char text[AUDIT_STATEMENT_BYTES];
	size_t length;
	int r;

	if (found == -ENOENT)
		return broken(report, 0, "%.200s: the head is missing", path);
	if (found)
		return broken(report, 0, "%.200s: it is no head", path);
	if (!text_equal(head->database, report->database))
		return broken(report, 0, "the head is of another database, %s", head->database);
	length = audit_statement(head->database, head->seq, head->hash, text);
	r = verifier->verify(verifier->context, head->key_id, text, length, head->signature);
	if (r == -ENOKEY)
		return broken(report, 0,
			      "the head is signed by the key %s, which is not known here",
			      head->key_id);
	return r ? broken(report, 0, "the head is not what key %s signed", head->key_id) : 0;
}

/* A row that is wrong is told before a head that is: it is what people look for. */
static void verify(struct verification *state, const char *path)
{
	/* Read first: the daemon may go on, and then the rows are newer than the head, never older.
	 */
	int found = audit_head_read(path, &state->head);

	state->has_head = found == 0;
	state->report->head = found ? 0 : state->head.seq;
	/* All else is of one moment. */
	sqlite3_exec(state->db, "BEGIN", NULL, NULL, NULL);
	if (read_begin(state))
		return;
	/* That of another database says nothing of these rows. */
	state->has_head =
		state->has_head && text_equal(state->head.database, state->report->database);
	if (!check_rows(state) && !check_end(state) && !check_head_file(state, found, path))
		check_database(state);
}

int audit_verify(const char *file, const char *head, const struct audit_verifier *verifier,
		 struct audit_report *out)
{
	struct verification state = {.verifier = verifier, .report = out};
	AUTO_FREE char *beside = NULL;
	int r;

	*out = (struct audit_report){0};
	if (sodium_init() < 0 || asprintf(&beside, "%s" AUDIT_HEAD_SUFFIX, file) < 0)
		return -ENOMEM;
	r = audit_read_open(file, &state.db, out->why);
	if (r == -EUCLEAN) {
		out->soundness = AUDIT_BROKEN;
		return 0;
	}
	if (r)
		return r;
	r = sqlite3_prepare_v2(state.db, "SELECT key_id, signature FROM checkpoint WHERE seq = ?",
			       -1, &state.signature, NULL);
	if (r)
		broken(out, 0, "the database is damaged: %s", sqlite3_errmsg(state.db));
	else
		verify(&state, head ? head : beside);
	sqlite3_finalize(state.signature);
	sqlite3_close(state.db);
	return 0;
}
