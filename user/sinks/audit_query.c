// SPDX-License-Identifier: GPL-2.0-only
#include "sinks/audit_query.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "sinks/audit_schema.h"

/* A reader waits longer than the daemon may. */
#define BUSY_MS 5000

#define COLUMNS                                                                              \
	"seq, wall_ns, monotonic_ns, boot_id, kind, refers, device, direction, vm, vm_uuid," \
	" pid, comm, exe, verdict, reason, rule, rule_name, policy, generation, admission,"  \
	" pair, detail, hash"

const char audit_record_columns[] = COLUMNS;

const char *const audit_kinds[] = {
	AUDIT_BEGIN,  AUDIT_START,     AUDIT_STOP,    AUDIT_RAISE,  AUDIT_DECISION, AUDIT_ADMISSION,
	AUDIT_REVOKE, AUDIT_RELOAD,    AUDIT_RELEASE, AUDIT_ANSWER, AUDIT_INCIDENT, AUDIT_SESSION,
	AUDIT_GAP,    AUDIT_RETENTION, AUDIT_TALLY,   NULL,
};

/* A parameter that is NULL does not restrict. */
#define FILTERS                                                                   \
	" WHERE (?1 IS NULL OR wall_ns >= ?1)"                                    \
	" AND (?2 IS NULL OR wall_ns < ?2) AND (?3 IS NULL OR kind = ?3)"         \
	" AND (?4 IS NULL OR device = ?4 COLLATE NOCASE)"                         \
	" AND (?5 IS NULL OR vm = ?5 OR vm_uuid = ?5 COLLATE NOCASE)"             \
	" AND (?6 IS NULL OR verdict = ?6) AND (?7 IS NULL OR reason = ?7)"       \
	" AND (?8 IS NULL OR rule = ?8 OR rule GLOB ?8 OR rule GLOB '*/' || ?8"   \
	" OR rule_name = ?8 OR rule_name GLOB ?8)"                                \
	" AND (?11 IS NULL OR refers = ?11) AND (?13 IS NULL OR admission = ?13)" \
	" AND (?14 IS NULL OR boot_id = ?14)"

/* The answer to an intent stands beside it. */
#define SELECT                                                                                   \
	"SELECT " COLUMNS ", (SELECT a.verdict FROM record AS a WHERE a.refers = r.seq LIMIT 1)" \
	" FROM record AS r" FILTERS " AND (?9 IS NULL OR seq = ?9) AND (?10 IS NULL OR seq > ?10)"

/* What is still being counted has no number, and no hash. */
#define SELECT_OPEN "SELECT *, NULL FROM tally" FILTERS " ORDER BY wall_ns"

/* The newest so many are found from the end, and told from the begin. */
#define SELECT_NEWEST "SELECT * FROM (" SELECT " ORDER BY seq DESC LIMIT ?12) ORDER BY seq"
#define SELECT_ALL SELECT " ORDER BY seq"

static int fail(sqlite3 *db, int code, const char *file, char error[static AUDIT_ERROR_BYTES])
{
	snprintf(error, AUDIT_ERROR_BYTES, "%s%s%s", file ? file : "", file ? ": " : "",
		 db ? sqlite3_errmsg(db) : sqlite3_errstr(code));
	switch (code & 0xff) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EUCLEAN;
	case SQLITE_BUSY:
		return -EBUSY;
	case SQLITE_CANTOPEN:
		return -ENOENT;
	}
	return -EIO;
}

/* The path as SQLite's URI, in which these characters mean something. */
static char *uri_of(const char *file, const char *parameters)
{
	char *uri = sqlite3_mprintf("file:%s%s", "", "");

	for (const char *c = file; uri && *c; c++)
		uri = sqlite3_mprintf(strchr("%?#", *c) ? "%z%%%02x" : "%z%c", uri,
				      (unsigned char)*c);
	return uri ? sqlite3_mprintf("%z?%s", uri, parameters) : NULL;
}

static int open_as(const char *file, const char *parameters, sqlite3 **out)
{
	char *uri = uri_of(file, parameters);
	int r = uri ? sqlite3_open_v2(uri, out, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL)
		    : SQLITE_NOMEM;

	sqlite3_free(uri);
	if (!r)
		r = audit_schema_configure(*out, BUSY_MS);
	if (!r)
		r = sqlite3_exec(*out, "SELECT count(*) FROM sqlite_master", NULL, NULL, NULL);
	return r;
}

static int check_schema(sqlite3 *db, const char *file, char error[static AUDIT_ERROR_BYTES])
{
	int version = audit_schema_version(db);

	if (version > AUDIT_SCHEMA_VERSION) {
		snprintf(error, AUDIT_ERROR_BYTES, "%s: made by a newer migwarden (schema %d)",
			 file, version);
		return -ENOTSUP;
	}
	if (version > 0 && audit_schema_is_ours(db))
		return 0;
	snprintf(error, AUDIT_ERROR_BYTES,
		 version > 0 ? "%s: the tables in it are not those of an audit"
			     : "%s: not an audit of migwarden",
		 file);
	return -EUCLEAN;
}

int audit_read_open(const char *file, sqlite3 **out, char error[static AUDIT_ERROR_BYTES])
{
	sqlite3 *db = NULL;
	int r;

	if (access(file, R_OK)) {
		r = -errno;
		snprintf(error, AUDIT_ERROR_BYTES, "%s: %s", file, strerror(-r));
		return r;
	}
	r = open_as(file, "mode=ro", &db);
	if ((r & 0xff) == SQLITE_CANTOPEN || (r & 0xff) == SQLITE_READONLY) {
		/* A copy where nothing can be written beside it: nobody else writes it either. */
		sqlite3_close(db);
		db = NULL;
		r = open_as(file, "immutable=1", &db);
	}
	r = r ? fail(db, r, file, error) : check_schema(db, file, error);
	if (r) {
		sqlite3_close(db);
		return r;
	}
	*out = db;
	return 0;
}

static void bind_number(sqlite3_stmt *statement, int at, int64_t number)
{
	if (number)
		sqlite3_bind_int64(statement, at, number);
}

static void bind_text(sqlite3_stmt *statement, int at, const char *text)
{
	if (text)
		sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC);
}

static int prepare(sqlite3 *db, const struct audit_filter *filter, const char *sql,
		   sqlite3_stmt **out)
{
	int r = sqlite3_prepare_v2(db, sql, -1, out, NULL);

	if (r)
		return r;
	bind_number(*out, 1, filter->since_ns);
	bind_number(*out, 2, filter->until_ns);
	bind_text(*out, 3, filter->kind);
	bind_text(*out, 4, filter->device);
	bind_text(*out, 5, filter->vm);
	bind_text(*out, 6, filter->verdict);
	bind_text(*out, 7, filter->reason);
	bind_text(*out, 8, filter->rule);
	bind_number(*out, 9, (int64_t)filter->seq);
	bind_number(*out, 10, (int64_t)filter->after);
	bind_number(*out, 11, (int64_t)filter->refers);
	bind_number(*out, 12, (int64_t)filter->limit);
	bind_number(*out, 13, (int64_t)filter->admission);
	bind_text(*out, 14, filter->boot_id);
	return SQLITE_OK;
}

static void read_value(sqlite3_stmt *statement, int at, struct audit_value *out)
{
	*out = (struct audit_value){.type = AUDIT_FOREIGN};
	switch (sqlite3_column_type(statement, at)) {
	case SQLITE_NULL:
		out->type = AUDIT_NULL;
		break;
	case SQLITE_INTEGER:
		out->type = AUDIT_NUMBER;
		out->number = sqlite3_column_int64(statement, at);
		break;
	case SQLITE_TEXT:
		out->type = AUDIT_TEXT;
		out->text = (const char *)sqlite3_column_text(statement, at);
		out->length = (size_t)sqlite3_column_bytes(statement, at);
		break;
	}
}

void audit_record_read(sqlite3_stmt *statement, struct audit_record *out)
{
	for (int i = 0; i < AUDIT_COLUMNS; i++)
		read_value(statement, i, &out->values[i]);
	audit_row_of_values(out->values, &out->row);
	out->hash =
		sqlite3_column_type(statement, AUDIT_COLUMNS) == SQLITE_BLOB &&
				sqlite3_column_bytes(statement, AUDIT_COLUMNS) == AUDIT_HASH_BYTES
			? sqlite3_column_blob(statement, AUDIT_COLUMNS)
			: NULL;
	out->answer = "";
}

int audit_read_begin(sqlite3 *db, char error[static AUDIT_ERROR_BYTES])
{
	int r = sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);

	return r ? fail(db, r, NULL, error) : 0;
}

void audit_read_end(sqlite3 *db)
{
	sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
}

int audit_read(sqlite3 *db, const struct audit_filter *filter, audit_handler handler, void *context,
	       char error[static AUDIT_ERROR_BYTES])
{
	struct audit_record record;
	sqlite3_stmt *statement;
	int r = prepare(db, filter, filter->limit ? SELECT_NEWEST : SELECT_ALL, &statement);
	int answer = 0;

	if (r)
		return fail(db, r, NULL, error);
	while (!answer && (r = sqlite3_step(statement)) == SQLITE_ROW) {
		audit_record_read(statement, &record);
		record.answer =
			(const char *)sqlite3_column_text(statement, AUDIT_COLUMNS + 1) ?: "";
		answer = handler(context, &record);
	}
	if (!answer && r != SQLITE_DONE)
		answer = fail(db, r, NULL, error);
	sqlite3_finalize(statement);
	return answer;
}

int audit_read_open_tallies(sqlite3 *db, const struct audit_filter *filter, audit_handler handler,
			    void *context, char error[static AUDIT_ERROR_BYTES])
{
	struct audit_record record;
	sqlite3_stmt *statement;
	int r, answer = 0;

	/* Of an earlier migwarden: it had none. */
	if (audit_schema_version(db) < AUDIT_SCHEMA_TALLIES)
		return 0;
	r = prepare(db, filter, SELECT_OPEN, &statement);
	if (r)
		return fail(db, r, NULL, error);
	while (!answer && (r = sqlite3_step(statement)) == SQLITE_ROW) {
		audit_record_read(statement, &record);
		record.row.seq = 0;
		record.values[AUDIT_AT_SEQ] = (struct audit_value){.type = AUDIT_NULL};
		answer = handler(context, &record);
	}
	if (!answer && r != SQLITE_DONE)
		answer = fail(db, r, NULL, error);
	sqlite3_finalize(statement);
	return answer;
}

int64_t audit_read_last(sqlite3 *db)
{
	sqlite3_stmt *statement;
	int64_t last = -EIO;

	if (sqlite3_prepare_v2(db, "SELECT max(seq) FROM record", -1, &statement, NULL))
		return -EIO;
	if (sqlite3_step(statement) == SQLITE_ROW)
		last = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return last;
}
